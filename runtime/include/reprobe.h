/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libreprobe: compile BPF C at run time, attach it, read typed events.
 *
 * This header follows the data:
 *
 *   source text -> module -> probe -> session -> records -> rows, JSON, CSV
 *                     `----> maps  -> tables, histograms, stacks
 *
 * reprobe_query.h turns questions ("hist vfs_read ret") into source text, has what programs need
 * that one talks to, completes what is being typed, says what maps mean, lists and inspects probes,
 * types and programs. reprobe_tool.h is for programs with a command line.
 *
 * These rules hold everywhere:
 *  - A function that can fail returns `struct rp_error *`. NULL means success. The caller owns the
 *    error and frees it with rp_error_free(). Nothing in this library prints or exits; functions
 *    that write do so to the FILE that they are given.
 *  - If there is an rp_NOUN_free(), the noun belongs to the caller of the function that made it.
 *    What a session makes belongs to the session. Text that is marked as malloc()ed is the
 *    caller's to free().
 *  - A string that an object returns belongs to that object and lives as long as it does.
 *  - A struct of options begins with `size_t size`. Set it to sizeof the struct, so that the
 *    struct can grow. Zero in any other member means its default.
 *  - libbcc is opened when it is needed. Some of its functions are defined here, and it must find
 *    these first: a program that links the static library exports them (-rdynamic), and one that
 *    opens the shared library by dlopen() does so with RTLD_GLOBAL.
 *  - The library is not thread-safe: libbcc changes the working directory and the environment of
 *    the process while it compiles. Use one thread, or hold a lock around every call.
 *  - A Linux version in a comment is the first one that has what the function needs.
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
#pragma GCC visibility push(default)

/* The library's version, "MAJOR.MINOR.PATCH". */
const char *rp_version(void);

/* ------------------------------------------------------------------ errors */

struct rp_error;

/* What failed ("cannot attach kprobe:vfs_raed") and why, in the kernel's or the compiler's words,
 * which may have several lines: never NULL. What the user can do about it, and the long text behind
 * it, such as the verifier's whole log: NULL if there is none. The errno (positive), or 0. */
const char *rp_error_what(const struct rp_error *err);
const char *rp_error_why(const struct rp_error *err);
const char *rp_error_hint(const struct rp_error *err);
const char *rp_error_detail(const struct rp_error *err);
int rp_error_errno(const struct rp_error *err);
/* Prints "reprobe: WHAT: WHY" and, if there is a hint, "hint: HINT". */
void rp_error_print(const struct rp_error *err, FILE *out);
/* `err` may be NULL. */
void rp_error_free(struct rp_error *err);

/* Makes an error, for a callback to return. What failed: `what`, a format as for printf(). Why:
 * `why`, or strerror(errnum) if it is NULL. Never returns NULL: without memory it is
 * rp_error_nomem(). */
struct rp_error *rp_error_new(int errnum, const char *why, const char *what, ...)
    __attribute__((format(printf, 3, 4)));
/* Sets the hint, a format as for printf(). Returns `err`. */
struct rp_error *rp_error_hint_set(struct rp_error *err, const char *hint, ...)
    __attribute__((format(printf, 2, 3)));
/* "cannot go on: out of memory". It takes no memory itself. */
struct rp_error *rp_error_nomem(void);

/* ------------------------------------------------------------------ targets */

/* Which tasks a program traces: those for which its is_target() is true. A task must meet every
 * condition that is set; a zeroed target is met by every task. */
struct rp_target {
    size_t size;
    pid_t pid;    /* this process and its descendants; the source sees it as TARGET_PID */
    bool has_uid; /* `uid` is set */
    uid_t uid;
    const char *comm;   /* the task's own name, at most 15 bytes */
    const char *cgroup; /* a directory of cgroup v2; those below count, too (Linux 5.7) */
};

/* ------------------------------------------------------------------ modules: source -> programs */

struct rp_module;
struct rp_schema; /* what maps mean: reprobe_query.h */

/* Where kernel types come from when a source is compiled. */
enum rp_types {
    RP_TYPES_AUTO,    /* BTF; if that does not compile, the installed kernel headers */
    RP_TYPES_BTF,     /* only the running kernel's BTF (/sys/kernel/btf/vmlinux, Linux 5.4) */
    RP_TYPES_HEADERS, /* only the installed kernel headers, as stock libbcc does */
};

/* How BPF C is written. */
enum rp_dialect {
    RP_DIALECT_AUTO,   /* the text tells: one with sections, or that includes libbpf's headers or
                          vmlinux.h,   is libbpf's */
    RP_DIALECT_BCC,    /* BPF_HASH(), TRACEPOINT_PROBE(), kprobe__vfs_read() */
    RP_DIALECT_LIBBPF, /* SEC("kprobe/vfs_read"), maps in SEC(".maps"), BPF_CORE_READ() */
};

struct rp_compile_opts {
    size_t size;
    const char *name;          /* what messages call the source; default "source" */
    const char *path;          /* the file it came from: its own headers are found beside it */
    const char *const *cflags; /* more clang flags: -D, -I, -W… */
    size_t cflag_count;
    enum rp_types types;
    const struct rp_target *target; /* NULL: every task; rp_session_compile() sets it */
    /* "FUNCTION=SPEC" for functions that will be attached to a USDT probe that their names do not
     * say: they can read its arguments with bpf_usdt_readarg(). */
    const char *const *attach;
    size_t attach_count;
    bool any_target; /* rp_module_save() keeps it usable for every target, not only for processes */
    /* Lets probes be moved and paused at once: each program gets a gate, which costs a few
     * nanoseconds an event (Linux 5.12). Otherwise rp_probe_move() and rp_probe_pause() wait for
     * the kernel, some tens of milliseconds. */
    bool movable;
    /* This module takes over that one's maps, with their contents, where both declare a map alike
     * (name, kind, sizes, types) and it means the same. Outputs are not taken over. May be NULL;
     * only read while compiling. */
    const struct rp_module *keep_maps_of;
    bool dry_run; /* create no maps: needs no privileges, but no program can be loaded */
    const struct rp_schema *schema; /* see rp_module_set_schema(); NULL: all of it is inferred */
    enum rp_dialect dialect;
    /* libbpf's dialect: with CO-RE relocations throughout, so that rp_module_save() writes an
     * object for other kernels, too. */
    bool portable;
    /* "NAME=VALUE": what `const volatile` variables of libbpf's dialect are; the values are written
     * as rp_map_set() reads them. */
    const char *const *settings;
    size_t setting_count;
    /* Refuses a program that changes the system: by what it calls (rp_module_effects()), or where
     * its result decides (rp_probe_effect()). The text is the hint of that error. NULL: it may. */
    const char *read_only;
    /* The module will not be attached where that of `keep_maps_of` was: maps whose keys or values
     * are numbers of attach points (RP_MEMBER_ATTACH_POINT) are not taken over. */
    bool attaches_elsewhere;
};

/* How long each step took, in milliseconds; 0 for a step that was not needed. */
struct rp_timings {
    double types_ms, compile_ms, load_ms, attach_ms;
    bool cached; /* the program came from the cache or an object file: nothing was compiled */
};

/* Compiles `text`, which is C as BCC takes it. *out is the module: its maps exist in the kernel,
 * its programs are loaded when they are attached. Errors have the author's own line numbers.
 * Needs CAP_BPF (or root) if the source declares a map. What was compiled on this kernel before
 * comes from the user's cache (reprobe_query.h). */
struct rp_error *rp_module_compile(const char *text, const struct rp_compile_opts *opts,
                                   struct rp_module **out);
/* The same for a file. A file that rp_module_save() wrote is loaded as it is; it is refused if the
 * kernel's types differ from those that it was compiled for. */
struct rp_error *rp_module_compile_file(const char *path, const struct rp_compile_opts *opts,
                                        struct rp_module **out);
/* Writes the compiled module to an object file (.rpo), replacing what is at `path`. A module of a
 * dry run can be saved; one with pinned, shared or nested maps cannot. */
struct rp_error *rp_module_save(const struct rp_module *module, const char *path);
void rp_module_free(struct rp_module *module);

/* Something that the user should know although it is not an error (such as: installed headers were
 * used), or NULL. */
const char *rp_module_note(const struct rp_module *module);
/* Whether the source reads its target: with is_target() or, if the target is only a process, with
 * TARGET_PID. */
bool rp_module_uses_target(const struct rp_module *module);
/* Whether a function of it writes to the kernel's trace pipe (bpf_trace_printk), or rows as an
 * iterator does (bpf_seq_write, bpf_seq_printf). */
bool rp_module_prints_trace(const struct rp_module *module);
bool rp_module_writes_rows(const struct rp_module *module);

/* What its functions change the system with: "kill_it calls bpf_send_signal", a line for each,
 * malloc()ed. *out is NULL if none does. */
struct rp_error *rp_module_effects(const struct rp_module *module, char **out);

/* Its functions and its maps; the names are NULL if there is no number `i`. */
size_t rp_module_function_count(const struct rp_module *module);
const char *rp_module_function_name(const struct rp_module *module, size_t i);
size_t rp_module_map_count(const struct rp_module *module);
const char *rp_module_map_name(const struct rp_module *module, size_t i);
/* The descriptor of the map `name`, which the module owns, or -1. */
int rp_module_map_fd(const struct rp_module *module, const char *name);

/* ------------------------------------------------------------------ probes */

/* NULL if this process may load BPF programs here; otherwise why not and what to do. */
struct rp_error *rp_kernel_usable(void);

struct rp_probe;

/* Attaches `function` to the probe spec `spec`:
 *   kprobe:FUNC[+OFF]  kretprobe:FUNC  fentry:FUNC  fexit:FUNC
 *   tracepoint:CATEGORY:NAME  rawtracepoint:NAME  tp_btf:NAME
 *   uprobe:PATH:FUNC[+OFF]  uretprobe:PATH:FUNC  usdt:PATH:[PROVIDER:]NAME
 *   profile:UNIT:N  interval:UNIT:N (hz, s, ms, us)  software:EVENT[:COUNT]  hardware:EVENT[:COUNT]
 *   lsm:HOOK  xdp:INTERFACE  tc:ingress|egress:INTERFACE  socket:INTERFACE  cgroup:ACTION[:DIR]
 * Probes in files and perf events see all processes. The function is loaded first, once for each
 * type of program (fentry, fexit and tp_btf: once for each attach point). tracefs or debugfs is
 * mounted if that is all that is missing. *out is the probe; rp_probe_free() detaches it. */
struct rp_error *rp_probe_attach(struct rp_module *module, const char *function, const char *spec,
                                 struct rp_probe **out);
void rp_probe_free(struct rp_probe *probe);

/* Whether `spec` could be attached on this kernel. Loads nothing. */
bool rp_probe_exists(const char *spec);
/* "what becomes of packets": what a program's result decides at that spec; NULL: nothing. */
const char *rp_probe_effect(const char *spec);
/* The spec in full, as it was attached; the function that its program was made from; and the
 * program's descriptor, which the probe owns. */
const char *rp_probe_spec(const struct rp_probe *probe);
const char *rp_probe_function(const struct rp_probe *probe);
int rp_probe_program(const struct rp_probe *probe);

/* Attaches the program to another spec, of a kind with the same type of program, and then detaches
 * it from the old one. From the return on every event of the new spec is seen and none of the old
 * one. If it fails the probe stays where it was. A USDT probe cannot be moved: the program was
 * compiled for its arguments. */
struct rp_error *rp_probe_move(struct rp_probe *probe, const char *spec);
/* From the return on no event is seen, until rp_probe_resume(). */
struct rp_error *rp_probe_pause(struct rp_probe *probe);
struct rp_error *rp_probe_resume(struct rp_probe *probe);
bool rp_probe_is_paused(const struct rp_probe *probe);

/* A spec can be a shell pattern ("kprobe:vfs_*", "tracepoint:sched:*") of the kinds kprobe,
 * kretprobe, tracepoint, uprobe and uretprobe. The program is attached to all matches: by one link
 * where the kernel can (functions of the kernel since Linux 5.18, of files since 6.6), otherwise
 * one after another, for which the soft limit of open files may be raised. Matches that the kernel
 * refuses are left out, and those at whose return a probe would destroy the program.
 * bpf_get_attach_cookie(ctx) is the number of the match, from 0 (Linux 5.15). This is how many
 * matches the probe has; 1 if its spec is not a pattern. */
size_t rp_probe_match_count(const struct rp_probe *probe);
/* How many more match the pattern, and were left out. */
size_t rp_probe_left_out(const struct rp_probe *probe);
/* The spec of match `i`, or NULL. */
const char *rp_probe_match(const struct rp_probe *probe, size_t i);

/* ------------------------------------------------------------------ sessions */

/* One run of a tool, or one prompt: it owns modules, probes and the readers of their outputs, and
 * has the event loop. */
struct rp_session;
struct rp_trace_line;

/* What it points to must live as long as the session. */
struct rp_session_opts {
    size_t size;
    const struct rp_target *target; /* NULL: every task */
    /* Run by /bin/sh once everything is attached; its process becomes the target's. */
    const char *command;
    uint64_t duration_ns; /* the loop ends after this time, */
    uint64_t event_limit; /* or after so many records; 0: it does not */
    /* The user talks to the program while it traces (reprobe_query.h): rp_session_run() keeps in
     * memory what the next compile can use, and leaves the command to rp_session_start_command()
     * and the time to rp_session_start_time(). */
    bool interactive;
    /* Whoever types has the terminal for himself: the command reads none of it, and its Ctrl-C does
     * not reach the command. */
    bool command_apart;
    /* Once the command has started, rp_session_run() gives up for good all capabilities of the
     * process that reading what was attached does not need: see docs/security.md. */
    bool drop_privileges;
    /* Called when all records are read and the loop is about to wait; may be NULL. */
    void (*before_wait)(void *ctx);
    /* Called for SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGWINCH and SIGTSTP, under a flood perhaps
     * between two records, and for SIGCHLD when the target's process has ended; true ends the loop.
     * NULL: the first three, and the end of the command or the target's process, do. */
    bool (*on_signal)(void *ctx, int signal);
    void *ctx; /* of all */
    /* Called while the matches of a pattern are attached one by one, after each; may be NULL. */
    void (*on_attach)(void *ctx, size_t done, size_t count);
};

/* Called with each record or line, which lives until they return; with each interval; and when a
 * descriptor can be read. The loop ends when they return false. */
typedef bool (*rp_record_fn)(void *ctx, const void *data, size_t size);
typedef bool (*rp_trace_fn)(void *ctx, const struct rp_trace_line *line);
typedef bool (*rp_interval_fn)(void *ctx);
typedef bool (*rp_ready_fn)(void *ctx);

/* Starts opts->command, which waits for rp_session_run(). Until rp_session_free(), SIGINT, SIGTERM,
 * SIGHUP and SIGCHLD are blocked and SIGPIPE is ignored. Outside the loop, or when that is stuck in
 * a write, the first three end the process, after 100 ms, by a thread of the session's: there is
 * one session at a time. */
struct rp_error *rp_session_new(const struct rp_session_opts *opts, struct rp_session **out);
/* Detaches everything, ends the command if it still runs, and frees all that the session owns. */
void rp_session_free(struct rp_session *session);

/* The process that is traced, the command's or the target's, or 0. */
pid_t rp_session_target(const struct rp_session *session);

/* rp_module_compile() with the session's target; the session owns the module. */
struct rp_error *rp_session_compile(struct rp_session *session, const char *text,
                                    const struct rp_compile_opts *opts, struct rp_module **out);
/* The same for a file; "-" is standard input. */
struct rp_error *rp_session_compile_file(struct rp_session *session, const char *path,
                                         const struct rp_compile_opts *opts,
                                         struct rp_module **out);
/* rp_probe_attach(); the session owns the probe, and `out` may be NULL. If the target is a process
 * (not a command), a probe in a program or library is put in that process only. */
struct rp_error *rp_session_attach(struct rp_session *session, struct rp_module *module,
                                   const char *function, const char *spec, struct rp_probe **out);
/* Attaches each function of the module that names its own probe. *count is how many there were
 * (`count` may be NULL). If it fails, what was attached stays attached. */
struct rp_error *rp_session_attach_named(struct rp_session *session, struct rp_module *module,
                                         size_t *count);
/* How the functions of an ELF file are attached; all but the size may be zero. */
struct rp_attach_opts {
    size_t size;
    const char *const *attach; /* "FUNCTION=SPEC": there, and not where the section says */
    size_t attach_count;
    const char
        *interface; /* where programs of the network are; those of cgroups are at the target's */
    /* Called with a function that is left out, and why; and with each probe. */
    void (*left_out)(void *ctx, const char *function, const struct rp_error *why);
    struct rp_error *(*attached)(void *ctx, struct rp_probe *probe);
    void *ctx;
};
/* The same for a module of an ELF file, whose functions name their probes by their sections. A
 * function that cannot be attached is left out, and so is one that sees the same events as another
 * of the module (a kprobe and an fentry of one function). An error if all are left out. */
struct rp_error *rp_session_attach_sections(struct rp_session *session, struct rp_module *module,
                                            const struct rp_attach_opts *opts, size_t *count);
/* Whether the module is of an ELF file: of libbpf's dialect. */
bool rp_module_has_sections(const struct rp_module *module);
/* Prints a line for each probe, and for each match of a pattern. */
void rp_session_print_probes(const struct rp_session *session, FILE *out);
/* Prints what is not seen where they are attached, such as the system calls of 32-bit programs; not
 * for a session with a command, whose program is not known yet. */
void rp_session_print_notes(const struct rp_session *session, FILE *out);

/* Reads the module's output `name` (BPF_PERF_OUTPUT, or BPF_RINGBUF_OUTPUT, Linux 5.8). */
struct rp_error *rp_session_read(struct rp_session *session, struct rp_module *module,
                                 const char *name, rp_record_fn fn, void *ctx);
/* Reads the lines that BPF programs write to the kernel's trace pipe from now on. */
struct rp_error *rp_session_read_trace(struct rp_session *session, rp_trace_fn fn, void *ctx);
/* Reads what the module's iterators write, once each, when the loop runs: `fn` gets a record at a
 * time, or of text a line without its end. To be called before they are attached; if it is not,
 * nobody sees their rows. */
struct rp_error *rp_session_read_rows(struct rp_session *session, struct rp_module *module,
                                      rp_record_fn fn, void *ctx);
/* Calls `fn` every `every_ns` nanoseconds while the loop runs. */
struct rp_error *rp_session_every(struct rp_session *session, uint64_t every_ns, rp_interval_fn fn,
                                  void *ctx);
/* Calls `fn` whenever `fd`, which can be a file, can be read. The caller owns `fd` and calls
 * rp_session_unwatch() before closing it. */
struct rp_error *rp_session_watch(struct rp_session *session, int fd, rp_ready_fn fn, void *ctx);
void rp_session_unwatch(struct rp_session *session, int fd);

/* The event loop. Starts the command, and returns after a signal, the time, the event limit, the
 * end of the command or of the target's process, a callback's false, when nobody reads standard
 * output any more, or (if it is not interactive and has no command) when all probes are iterators
 * that have come to their end. Then it detaches the probes and delivers what was still on its way,
 * up to the limit. */
struct rp_error *rp_session_run(struct rp_session *session);
/* Flushes standard output, as the loop does before it waits. Returns 0, or the errno of the first
 * write that failed, now or before: EPIPE if nobody reads it any more, EIO if the errno is lost. */
int rp_output_flush(void);

/* rp_probe_move() and rp_probe_pause(). What the program sent until then is delivered before they
 * return; when called from a record's callback, after that. */
struct rp_error *rp_session_move(struct rp_session *session, struct rp_probe *probe,
                                 const char *spec);
struct rp_error *rp_session_pause(struct rp_session *session, struct rp_probe *probe);
/* rp_probe_resume(). If all probes of the module were paused, the calls that a question's program
 * saw begin before are counted as losses: their returns may not have been seen. */
struct rp_error *rp_session_resume(struct rp_session *session, struct rp_probe *probe);
/* Ends the module: its probes, then its outputs once they are read, then the module itself. When
 * called from a record's callback, what the outputs hold is dropped. */
void rp_session_remove(struct rp_session *session, struct rp_module *module);

struct rp_stats {
    uint64_t delivered; /* records that a callback got */
    uint64_t lost;      /* records that a program tried to send, or the kernel dropped */
    uint64_t dropped;   /* records left unread because event_limit or a callback ended the loop */
    uint64_t refused;   /* of those that were lost: not since a buffer was full */
};
/* What happened so far; it belongs to the session, which changes it with the next call. */
const struct rp_stats *rp_session_stats(struct rp_session *session);
/* The same for one module. */
const struct rp_stats *rp_session_module_stats(struct rp_session *session,
                                               const struct rp_module *module);
/* The sum of the modules' times so far; it belongs to the session. */
const struct rp_timings *rp_session_timings(struct rp_session *session);
/* What the user should know at the end: how many events were lost, with a cure, what else was left
 * out or missed (rp_module_losses()), and how the command ended. Prints nothing if no event was
 * lost and the command ended well. */
void rp_session_report(struct rp_session *session, FILE *out);
/* What was lost since it was last told of; what grows is told again when it has doubled. To be
 * called each second or so, by who shows rows as they come. */
void rp_session_report_so_far(struct rp_session *session, FILE *out);

/* ------------------------------------------------------------------ JSON */

/* Puts JSON (RFC 8259) together in a small buffer before a FILE. It writes the commas and quotes,
 * and escapes text so that it is always valid: bytes that are not UTF-8 become `\xNN`, as in rows.
 * `name` is a member's name; NULL in an array. The members of the struct are for the library only.
 */
struct rp_writer {
    FILE *out;
    size_t used;    /* of `bytes` */
    size_t flushed; /* bytes that were written before those */
    size_t unseen;  /* bytes so far that take no column: the rest of a UTF-8 sequence */
    bool comma;     /* a JSON value precedes */
    char bytes[2048];
};

/* Begins an object on a line of its own; ends it, and writes what is in the buffer. */
void rp_json_begin(struct rp_writer *json, FILE *out);
void rp_json_end(struct rp_writer *json);

void rp_json_object(struct rp_writer *json, const char *name);
void rp_json_object_end(struct rp_writer *json);
void rp_json_array(struct rp_writer *json, const char *name);
void rp_json_array_end(struct rp_writer *json);

void rp_json_uint(struct rp_writer *json, const char *name, uint64_t value);
void rp_json_int(struct rp_writer *json, const char *name, int64_t value);
/* With that many decimals; null if it is infinite or not a number. */
void rp_json_double(struct rp_writer *json, const char *name, int decimals, double value);
/* `digits` is written as it is. */
void rp_json_number(struct rp_writer *json, const char *name, const char *digits);
void rp_json_bool(struct rp_writer *json, const char *name, bool value);
void rp_json_string(struct rp_writer *json, const char *name, const char *text);
/* The same; ends at the first NUL, or after `max` bytes. */
void rp_json_text(struct rp_writer *json, const char *name, const char *text, size_t max);

/* ------------------------------------------------------------------ records -> rows, JSON, CSV */

/* How the records of one output are laid out. */
struct rp_layout;

/* The layout of what `module` sends through its output `name`, from libbcc and the module's BTF,
 * with the headers of its schema. Records of an unknown layout are printed in hexadecimal. */
struct rp_error *rp_layout_of_output(const struct rp_module *module, const char *name,
                                     struct rp_layout **out);
/* The layout of what its iterators write; *out is NULL if that is lines of text. */
struct rp_error *rp_layout_of_rows(const struct rp_module *module, struct rp_layout **out);
void rp_layout_free(struct rp_layout *layout);
/* An output may carry records of several types, which their sizes tell apart: the layout of one of
 * that size. It belongs to `layout`, which it is itself where there is one type. */
const struct rp_layout *rp_layout_of_record(const struct rp_layout *layout, size_t size);
/* A note for the user, malloc()ed, where a record's size fits several of the types; NULL where it
 * does not, or after the first one. */
char *rp_layout_doubt(struct rp_layout *layout, const char *output, size_t size);

/* A line with the names of the columns, and a record as one aligned line. */
void rp_layout_print_header(const struct rp_layout *layout, FILE *out);
void rp_layout_print_row(const struct rp_layout *layout, const void *data, size_t size, FILE *out);

/* The record as a JSON object. */
void rp_json_record(struct rp_writer *json, const char *name, const struct rp_layout *layout,
                    const void *data, size_t size);
/* The names of the columns, and a record, as a line of CSV (RFC 4180). */
void rp_layout_print_csv_header(const struct rp_layout *layout, FILE *out);
void rp_layout_print_csv(const struct rp_layout *layout, const void *data, size_t size, FILE *out);

/* Prints text of unknown origin so that it is safe on a terminal: control characters and invalid
 * UTF-8 are escaped (\n, \x1b). Ends at a NUL, or after `max` bytes. Returns the columns printed.
 */
size_t rp_print_text(const char *text, size_t max, FILE *out);

/* A line of the kernel's trace pipe, as bpf_trace_printk() writes it. */
struct rp_trace_line {
    char task[32];
    pid_t pid;
    int cpu;
    double time; /* seconds since boot, by the trace clock */
    const char *message;
};

/* The names of the columns, and the line as a row or as members of a JSON object. */
void rp_trace_line_print_header(FILE *out);
void rp_trace_line_print_row(const struct rp_trace_line *line, FILE *out);
void rp_json_trace_line(struct rp_writer *json, const struct rp_trace_line *line);

/* ------------------------------------------------------------------ maps */

enum rp_map_output { RP_MAP_TEXT, RP_MAP_JSON, RP_MAP_CSV };

struct rp_map_number; /* reprobe_query.h */
struct rp_map_past;   /* there, too */

/* How a map is printed; all but the size may be zero. */
struct rp_map_format {
    size_t size;
    enum rp_map_output as;
    const char *title; /* default: the map's name */
    /* Returns what the number means, malloc()ed; NULL to have the number printed. May be NULL. */
    char *(*text)(void *ctx, const struct rp_map_number *number);
    void *ctx;
    size_t columns; /* of the terminal, which text fits: longer cells are cut; 0: no end */
    size_t most;    /* rows of a table that are shown; 0: all */
    /* NULL, or how fast the numbers of a table have grown since the last call with it stands behind
     * them, a second; the fastest come first. */
    struct rp_map_past *past;
    const char *mark, *unmark; /* around a row whose number has grown; NULL: nothing */
    const uint32_t *interval;  /* of a map whose keys have an RP_MEMBER_INTERVAL: only entries of
                                  this one; NULL: all */
    bool largest_first;        /* of a table's rows; else they come last */
    const char *time;          /* JSON: of each line, its first member; NULL: none */
    bool named;                /* CSV: a first column, `map`, has the title */
};

/* Prints all entries of the map `name` as its schema says: as a table, sorted by value if the
 * values are numbers and by key otherwise, or as histograms, the largest last. A histogram with
 * entries that it cannot have is printed as a table. `format` may be NULL. Maps that do not hold
 * data print nothing. */
struct rp_error *rp_map_print(const struct rp_module *module, const char *name,
                              const struct rp_map_format *format, FILE *out);
/* Whether rp_map_print() can print a map of this kind. */
bool rp_map_is_data(const struct rp_module *module, const char *name);
/* The sizes of the map's keys and values in bytes, and how many values an entry has: 1, or in a
 * per-CPU map one for each possible CPU. */
struct rp_error *rp_map_sizes(const struct rp_module *module, const char *name, size_t *key_size,
                              size_t *value_size, size_t *value_count);
/* Calls `each` with every entry of the map `name`, in no particular order, until it returns an
 * error. If there are several values, each is at a multiple of 8 bytes. */
typedef struct rp_error *(*rp_map_entry_fn)(void *ctx, const void *key, const void *value);
struct rp_error *rp_map_each(const struct rp_module *module, const char *name, rp_map_entry_fn each,
                             void *ctx);

/* Draws a log2 histogram as BCC's tools do. counts[i] is the number of values for which
 * bpf_log2l(value) was i, which is 2^(i-1) to 2^i - 1; counts[1] has the zeros as well, counts[0]
 * is not used. BPF_HISTOGRAM(name) has no place for the last one, from 2^63 on. */
#define RP_LOG2_SLOTS 65
void rp_print_log2(const char *unit, const uint64_t counts[RP_LOG2_SLOTS], FILE *out);
/* The same as a JSON array, [{"min":…,"max":…,"count":…},…]. */
void rp_json_log2(struct rp_writer *json, const char *name, const uint64_t counts[RP_LOG2_SLOTS]);

/* ------------------------------------------------------------------ stacks */

/* The functions of a stack, innermost first: the kernel's, then the process's. One that the
 * compiler has put into its caller is there, too, where debug information of root's or this user's
 * tells: "NAME (inlined)". */
struct rp_stack;

/* For stacks that the module's BPF_STACK_TRACE maps hold. */
struct rp_error *rp_stack_new(const struct rp_module *module, struct rp_stack **out);
/* Before the session that it watches processes in. */
void rp_stack_free(struct rp_stack *stack);
/* Reads each of the module's RP_MEANS_PROCESSES outputs, through which the program sends the id
 * (u32) of each process that it sees for the first time, or in another program. So functions can be
 * named even after the process has ended. */
struct rp_error *rp_stack_watch(struct rp_session *session, struct rp_stack *stack);
void rp_stack_clear(struct rp_stack *stack);
/* Adds the stack `id`, which unwound_stack() or get_stackid() returned, that is in the
 * BPF_STACK_TRACE `map`; of the process `pid` or (0) of the kernel. A stack that did not fit into
 * the map (-EEXIST) adds
 * "[missed]", other negative ids nothing. `mark` is appended to each name. */
void rp_stack_add(struct rp_stack *stack, const char *map, int32_t id, pid_t pid, const char *mark);
/* A stack that unwound_stack() gave an id may have got another one when it was first seen: the one
 * that counts, so that both are the same. Other ids are their own. */
int32_t rp_stack_first_id(struct rp_stack *stack, int32_t id);
/* From here on " FILE:LINE" is behind each function of a process of which that is known. */
void rp_stack_show_lines(bool shows);
bool rp_stack_shows_lines(void);
/* Adds a line that is not a function. */
void rp_stack_add_line(struct rp_stack *stack, const char *line);
/* Adds the stacks that a record of that layout has; false if it has none. */
bool rp_stack_add_record(struct rp_stack *stack, const struct rp_layout *layout, const void *data,
                         size_t size);
/* The stack that the number is, in one line, malloc()ed; NULL if it is not a stack. */
char *rp_stack_text(struct rp_stack *stack, const struct rp_map_number *number);
/* A line for each function, or a JSON array of names. */
void rp_stack_print(const struct rp_stack *stack, FILE *out);
void rp_json_stack(struct rp_writer *json, const char *name, const struct rp_stack *stack);
/* "COMM;OUTERMOST;…;INNERMOST", which flame graph programs read; malloc()ed, NULL without memory.
 * `comm` has at most `max` bytes. */
char *rp_stack_fold(const struct rp_stack *stack, const char *comm, size_t max);

/* ------------------------------------------------------------------ records to programs */

/* A ring buffer that this process writes and programs read with bpf_user_ringbuf_drain(). */
struct rp_user_ringbuf;

/* Opens the module's BPF_USER_RINGBUF `name` (Linux 6.1). Only one thread at a time may write to
 * it. Free it before the module. */
struct rp_error *rp_user_ringbuf_open(const struct rp_module *module, const char *name,
                                      struct rp_user_ringbuf **out);
/* `ring` may be NULL. Programs can still read what was sent. */
void rp_user_ringbuf_free(struct rp_user_ringbuf *ring);
/* Sends a record. Returns 0 or an errno: ENOSPC if the buffer is full until a program drains it,
 * E2BIG if the record can never fit. */
int rp_user_ringbuf_send(struct rp_user_ringbuf *ring, const void *data, size_t size);
/* The same in two steps and without a copy: reserves `size` bytes at *out, aligned to 8, to be
 * filled and then submitted or discarded, in any order. Programs see a record once it and all that
 * were reserved before it are submitted or discarded. If the buffer is full, waits up to
 * `timeout_ms` (-1: for ever) for a program to drain it. Returns 0 or an errno, as above. */
int rp_user_ringbuf_reserve(struct rp_user_ringbuf *ring, size_t size, int timeout_ms, void **out);
void rp_user_ringbuf_submit(struct rp_user_ringbuf *ring, void *record);
/* No program will see the record. */
void rp_user_ringbuf_discard(struct rp_user_ringbuf *ring, void *record);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
