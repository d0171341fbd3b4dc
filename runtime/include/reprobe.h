/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libreprobe: compile BPF C at run time, attach it, read typed events.
 *
 * The way data flows, and the order in which this header reads:
 *
 *   source text -> rp_module -> rp_probe -> rp_session's streams -> record -> text / JSON
 *
 * Conventions that hold everywhere:
 *  - A function that can fail returns `struct rp_error *`; NULL is success. The caller owns the
 *    error and ends it with rp_error_free(). Nothing here prints or exits.
 *  - A noun that has an rp_NOUN_free() belongs to whoever called the function that made it; what
 *    a session makes belongs to the session.
 *  - Option structs start with `size_t size`, set to sizeof(the struct): they can grow. Zero in
 *    any other field means its default.
 *  - Strings handed out are owned by the object they came from, and live as long as it does.
 *  - Link this library before libbcc: it defines a few of libbcc's functions itself.
 *  - Not thread-safe: libbcc changes the process's working directory and environment while it
 *    compiles. Use one thread, or a lock of your own around this library.
 */
#ifndef REPROBE_H
#define REPROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library's version, "MAJOR.MINOR.PATCH". */
const char *rp_version(void);

/* ------------------------------------------------------------------ errors */

struct rp_error;

/* What failed ("cannot attach kprobe:vfs_raed"). Never NULL. */
const char *rp_error_what(const struct rp_error *err);
/* Why, in the kernel's or the compiler's words. Never NULL, may be several lines. */
const char *rp_error_why(const struct rp_error *err);
/* What the user can do about it, or NULL. */
const char *rp_error_hint(const struct rp_error *err);
/* A long text behind it, such as the verifier's whole log, or NULL. */
const char *rp_error_detail(const struct rp_error *err);
/* The errno behind it (positive), or 0 when there is none. */
int rp_error_errno(const struct rp_error *err);
/* Prints "reprobe: WHAT: WHY" and, where there is one, "hint: HINT". */
void rp_error_print(const struct rp_error *err, FILE *out);
/* NULL is allowed. */
void rp_error_free(struct rp_error *err);

/* ------------------------------------------------------------------ modules: source -> programs */

struct rp_module;

/* Where kernel types come from while a source compiles. */
enum rp_types {
    RP_TYPES_AUTO,    /* BTF; installed headers when that does not compile and headers exist */
    RP_TYPES_BTF,     /* the running kernel's BTF only (needs /sys/kernel/btf/vmlinux, Linux 5.4) */
    RP_TYPES_HEADERS, /* installed kernel headers only, as stock libbcc does */
};

struct rp_compile_opts {
    size_t size;
    const char *name;          /* what messages call the source; default "source" */
    const char *path;          /* the file it came from, so that its own headers are found */
    const char *const *cflags; /* further clang flags: -D, -I, -W… */
    size_t cflag_count;
    enum rp_types types;
    pid_t target_pid; /* value of the constant TARGET_PID; 0: no target */
    bool dry_run;     /* create no maps: needs no privileges, but no program can be loaded */
};

/* How long each step took, in milliseconds. Zero for a step that did not happen. */
struct rp_timings {
    double types_ms, compile_ms, load_ms, attach_ms;
    bool cached; /* nothing was compiled: the object was in the cache, or a file */
};

/* Compiles `text`, BCC-style C. On success *out is the module; its maps exist in the kernel, its
 * programs are not loaded yet. Errors carry the author's own line numbers. Needs CAP_BPF (or root)
 * as soon as the source declares a map. */
struct rp_error *rp_module_compile(const char *text, const struct rp_compile_opts *opts,
                                   struct rp_module **out);
/* The same, of a file; one that rp_module_save() wrote is not compiled, but refused where the
 * kernel's types are not those that it was compiled for. */
struct rp_error *rp_module_compile_file(const char *path, const struct rp_compile_opts *opts,
                                        struct rp_module **out);
/* Writes the compiled module as an object file (.rpo), in place of what is at `path`. A module of a
 * dry run will do. Refused when it has pinned, shared or nested maps. */
struct rp_error *rp_module_save(const struct rp_module *module, const char *path);
void rp_module_free(struct rp_module *module);

/* A note for the user that is no error (such as: fell back to installed headers), or NULL. */
const char *rp_module_note(const struct rp_module *module);
/* Whether the source mentions the constant TARGET_PID, or is_target(), so that a target can have
 * an effect. */
bool rp_module_uses_target(const struct rp_module *module);
/* Whether any function writes to the kernel's trace pipe (bpf_trace_printk). */
bool rp_module_prints_trace(const struct rp_module *module);
void rp_module_timings(const struct rp_module *module, struct rp_timings *out);

size_t rp_module_function_count(const struct rp_module *module);
/* NULL when there is no function `i`. */
const char *rp_module_function_name(const struct rp_module *module, size_t i);

size_t rp_module_map_count(const struct rp_module *module);
const char *rp_module_map_name(const struct rp_module *module, size_t i);
/* enum bpf_map_type of map `i`, or -1. */
int rp_module_map_type(const struct rp_module *module, size_t i);
/* The map's file descriptor (owned by the module), or -1 when there is no map of that name. */
int rp_module_map_fd(const struct rp_module *module, const char *name);

/* ------------------------------------------------------------------ the object cache */

/*
 * A program that was compiled before, on this kernel and by this build of reprobe and its
 * compiler, is taken from the user's cache: $REPROBE_CACHE (a directory, or "off"), else
 * $XDG_CACHE_HOME/reprobe/objects, else ~/.cache/reprobe/objects. Only a directory that is the
 * user's own and closed to others is used. Above $REPROBE_CACHE_LIMIT bytes (64 MiB) the least
 * recently used go.
 */
struct rp_cache_entry {
    const char *file;
    const char *source, *kernel; /* NULL: a damaged file */
    time_t used;
    uint64_t size; /* bytes */
};

/* Where the cache is; false when it is off, or there is no place for it. */
bool rp_cache_path(char *path, size_t size);
uint64_t rp_cache_limit(void);
/* Calls `each` with every entry, the one used last first. */
void rp_cache_each(void (*each)(void *ctx, const struct rp_cache_entry *entry), void *ctx);
void rp_cache_clear(void);

/* ------------------------------------------------------------------ probes */

struct rp_probe;

/* Attaches `function` to the place `spec` names:
 *   kprobe:FUNC[+OFF]  kretprobe:FUNC  tracepoint:CATEGORY:NAME  rawtracepoint:NAME
 * Loads the function first if it is not loaded as that program type yet. Mounts tracefs or debugfs
 * when that is all that is missing. On success *out is the probe: rp_probe_free() detaches it. */
struct rp_error *rp_probe_attach(struct rp_module *module, const char *function, const char *spec,
                                 struct rp_probe **out);
/* The nearest place that works here instead of `spec`, such as the syscall's tracepoint on a
 * kernel without kprobes; malloc()ed, or NULL. */
char *rp_probe_suggest(const char *spec);
/* Says whether `spec` could be attached here, without loading anything. */
struct rp_error *rp_probe_check(const char *spec);
/* The spec in full, as it was attached. */
const char *rp_probe_spec(const struct rp_probe *probe);
void rp_probe_free(struct rp_probe *probe);

/* The spec that `function` names by itself after BCC's conventions (kprobe__X, kretprobe__X,
 * tracepoint__CAT__NAME as TRACEPOINT_PROBE makes it, raw_tracepoint__X); syscall names get this
 * kernel's prefix. malloc()ed, or NULL when the name says nothing. */
char *rp_probe_spec_of_function(const char *function);

/* Calls `each` with every probe spec of `kind` ("kprobe", …; NULL for all kinds) that matches the
 * shell pattern `glob` (NULL for all); stops when it returns false. */
struct rp_error *rp_probe_list(const char *kind, const char *glob,
                               bool (*each)(void *ctx, const char *spec), void *ctx);

/* ------------------------------------------------------------------ records: bytes -> text */

struct rp_layout;

/* How the records that `module` sends through the output `name` are laid out, as libbcc and the
 * module's BTF tell it; records of an unknown layout print as hex. The caller owns *out. */
struct rp_error *rp_layout_of_output(const struct rp_module *module, const char *name,
                                     struct rp_layout **out);
void rp_layout_free(struct rp_layout *layout);

/* A header line of column names, and one aligned row for one record, newline included. */
void rp_layout_print_header(const struct rp_layout *layout, FILE *out);
void rp_layout_print_row(const struct rp_layout *layout, const void *data, size_t size, FILE *out);
/* The record as one JSON object, no newline. */
void rp_layout_print_json(const struct rp_layout *layout, const void *data, size_t size, FILE *out);

/* Text of unknown origin for a terminal: control characters and invalid UTF-8 escaped (\n, \x1b).
 * At most `max` bytes, ending at the first NUL. Returns the columns printed. */
size_t rp_print_text(const char *text, size_t max, FILE *out);
/* The same as a JSON string, quotes included. */
void rp_print_json_text(const char *text, size_t max, FILE *out);

/* Prints every entry of the map `name` with typed keys and values, sorted by value where values
 * are numbers and by key otherwise; or as one JSON object a line with `json`. Maps that carry
 * events or programs print nothing. */
struct rp_error *rp_map_print(const struct rp_module *module, const char *name, bool json,
                              FILE *out);

/* A line of the kernel's trace pipe, as bpf_trace_printk() writes it. */
struct rp_trace_line {
    char task[32];
    pid_t pid;
    int cpu;
    double time; /* seconds since boot, the trace clock's */
    const char *message;
};

/* A header line of column names, and the line as a row or as one JSON object (no newline). */
void rp_trace_line_print_header(FILE *out);
void rp_trace_line_print_row(const struct rp_trace_line *line, FILE *out);
void rp_trace_line_print_json(const struct rp_trace_line *line, FILE *out);

/* ------------------------------------------------------------------ sessions */

/* One run of a tool, or one prompt: owns modules, probes and streams, and has the event loop. */
struct rp_session;

struct rp_session_opts {
    size_t size;
    pid_t pid;            /* target process (its children included), 0: none */
    const char *command;  /* run by /bin/sh once everything is attached; it is the target */
    uint64_t duration_ns; /* 0: no end */
    uint64_t event_limit; /* records delivered, 0: no limit */
};

/* Called with each record; `data` lives until it returns. Return false to end the loop. */
typedef bool (*rp_record_fn)(void *ctx, const void *data, size_t size);
typedef bool (*rp_trace_fn)(void *ctx, const struct rp_trace_line *line);

/* Starts opts->command, held back until rp_session_run(). Blocks SIGINT, SIGTERM, SIGHUP and
 * SIGCHLD, and ignores SIGPIPE, until rp_session_free(). */
struct rp_error *rp_session_new(const struct rp_session_opts *opts, struct rp_session **out);
/* Detaches everything, ends the command if it still runs, and frees all the session owns. */
void rp_session_free(struct rp_session *session);

/* The process to trace: the command's or opts->pid; 0 when there is none. */
pid_t rp_session_target(const struct rp_session *session);

/* rp_module_compile() with the session's target filled in; the session owns the module. */
struct rp_error *rp_session_compile(struct rp_session *session, const char *text,
                                    const struct rp_compile_opts *opts, struct rp_module **out);
/* The same, of a file ("-" is standard input). */
struct rp_error *rp_session_compile_file(struct rp_session *session, const char *path,
                                         const struct rp_compile_opts *opts,
                                         struct rp_module **out);
struct rp_error *rp_session_attach(struct rp_session *session, struct rp_module *module,
                                   const char *function, const char *spec);
/* Attaches each function of the module that names its own probe. *count (may be NULL) is how many
 * there were. On an error what was attached before stays attached. */
struct rp_error *rp_session_attach_named(struct rp_session *session, struct rp_module *module,
                                         size_t *count);

/* Reads the module's output `name` (BPF_PERF_OUTPUT or BPF_RINGBUF_OUTPUT). */
struct rp_error *rp_session_read(struct rp_session *session, struct rp_module *module,
                                 const char *name, rp_record_fn fn, void *ctx);
/* Reads the kernel's trace pipe: lines that BPF programs print, from now on. */
struct rp_error *rp_session_read_trace(struct rp_session *session, rp_trace_fn fn, void *ctx);

/* Calls `fn` every `every_ns` nanoseconds while the event loop runs; it ends the loop by returning
 * false. */
typedef bool (*rp_interval_fn)(void *ctx);
struct rp_error *rp_session_every(struct rp_session *session, uint64_t every_ns, rp_interval_fn fn,
                                  void *ctx);

/* The event loop. Starts the command; returns when a signal came, the time is over, the limit is
 * reached, the command ended, a callback said so or standard output was closed. Then it detaches
 * the probes and delivers what was still on its way (up to the limit). */
struct rp_error *rp_session_run(struct rp_session *session);

struct rp_stats {
    uint64_t delivered; /* records handed to a callback */
    uint64_t lost;    /* records a program wanted to send, or the kernel dropped, and nobody got */
    uint64_t dropped; /* records left unread because event_limit or a callback ended the loop */
};
void rp_session_stats(const struct rp_session *session, struct rp_stats *out);
/* How the command ended, as wait(2) gives it; -1 when there was none or it had not ended. */
int rp_session_command_status(const struct rp_session *session);
/* Sum of the modules' times so far. */
void rp_session_timings(const struct rp_session *session, struct rp_timings *out);
/* What the user should know at the end: how many events were lost, with a cure, and how the
 * command ended. Nothing when none were and it ended well. */
void rp_session_report(const struct rp_session *session, FILE *out);

/* ------------------------------------------------------------------ records to programs */

struct rp_user_ringbuf;

/* Opens the module's map `name` (BPF_USER_RINGBUF, Linux 6.1) for writing; programs read it with
 * bpf_user_ringbuf_drain(). One thread may write at a time. *out ends before the module. */
struct rp_error *rp_user_ringbuf_open(const struct rp_module *module, const char *name,
                                      struct rp_user_ringbuf **out);
/* Sends one record. Returns 0 or an errno: ENOSPC when there is no room until a program has drained
 * the buffer, E2BIG when there never will be. */
int rp_user_ringbuf_send(struct rp_user_ringbuf *ring, const void *data, size_t size);
/* The same in two steps, without a copy. Reserves `size` bytes, to be filled in place and then
 * submitted or discarded, in the order in which they were reserved or any other: programs see a
 * record when it and all before it are done. Where there is no room it waits for a program to make
 * some, up to `timeout_ms`, -1: for ever, 0: not at all. *out is aligned to 8 bytes. Returns 0 or
 * an errno, as above. */
int rp_user_ringbuf_reserve(struct rp_user_ringbuf *ring, size_t size, int timeout_ms, void **out);
void rp_user_ringbuf_submit(struct rp_user_ringbuf *ring, void *record);
/* No program will see it. */
void rp_user_ringbuf_discard(struct rp_user_ringbuf *ring, void *record);
/* NULL is allowed. What was sent stays for the programs. */
void rp_user_ringbuf_free(struct rp_user_ringbuf *ring);

/* ------------------------------------------------------------------ the running kernel */

/* One thing that tracing needs and this kernel has or lacks. */
struct rp_feature {
    const char *name; /* "kprobes" */
    bool present;
    const char *needed_for;
    const char *detail; /* what was seen */
    const char *cure;   /* what to do when it is absent; NULL when it is there */
};

/* Calls `each` for every feature that reprobe looks at. */
void rp_kernel_features(void (*each)(void *ctx, const struct rp_feature *feature), void *ctx);

/* NULL when this process may load BPF programs here; otherwise why not and what to do. */
struct rp_error *rp_kernel_usable(void);

/* ------------------------------------------------------------------ host programs */

/* What the command lines of all host programs have in common; give `&rp_tool_argp` as an argp
 * child and a `struct rp_tool` as its input: -p PID, -c CMD, --for DURATION, --events N, --json,
 * -t, -v. */
struct rp_tool {
    struct rp_session_opts session;
    bool json;       /* one object a line */
    bool timestamps; /* a column with the time of day */
    bool verbose;
};

struct argp;
extern const struct argp rp_tool_argp;

/* "90", "1.5s", "200ms", "5m", "1h" as nanoseconds; false when it is none of these. */
bool rp_parse_duration(const char *text, uint64_t *ns);

/* The time of day, "12:00:01", padded to the width of its column. */
void rp_print_time(FILE *out);

/* The same as the first member of a JSON object: "time":"12:00:01", with its comma. */
void rp_print_json_time(FILE *out);

/* What main() does once the command line is read: makes a session, calls `run` with it, says what
 * was lost, cleans up. Returns the exit status. */
int rp_tool_run(const struct rp_tool *tool,
                struct rp_error *(*run)(struct rp_session *session, void *ctx), void *ctx);

/* Prints the error to stderr (with its long text when `verbose`) and frees it. Returns the exit
 * status: 0 for NULL, else 1. */
int rp_tool_end(struct rp_error *err, bool verbose);

#ifdef __cplusplus
}
#endif
#endif
