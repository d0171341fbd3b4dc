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

/* ------------------------------------------------------------------ targets */

/* Whose events programs shall look at: what is_target() tells them. Everything that is set must
 * hold; zeroed: anyone's. */
struct rp_target {
    pid_t pid;    /* this process and its descendants; also the constant TARGET_PID */
    bool has_uid; /* `uid` is set */
    uid_t uid;
    const char *comm;   /* a task's own name, at most 15 bytes */
    const char *cgroup; /* directory of a cgroup v2 (Linux 5.7): its tasks, those below included */
};

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
    struct rp_target target;
    /* "FUNCTION=PROBE" of what will be attached by other means than the functions' names: where
     * PROBE is a USDT probe, FUNCTION can read its arguments with bpf_usdt_readarg(). */
    const char *const *attach;
    size_t attach_count;
    bool any_target; /* what is saved shall serve any target, not just processes */
    /* Its probes can be moved and paused at once: each program stands behind a gate (Linux 5.12;
     * a few nanoseconds an event). Without it rp_probe_move() and rp_probe_pause() wait for the
     * kernel, some tens of milliseconds. */
    bool movable;
    /* Maps that this module declares alike (name, kind, sizes, types) become its maps too, with all
     * that is in them; outputs do not. May be NULL; used only while compiling. */
    const struct rp_module *keep_maps_of;
    bool dry_run; /* create no maps: needs no privileges, but no program can be loaded */
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

/* Does beforehand what the first compile of a process does once (half of its time): for a program
 * that waits for someone anyway. */
void rp_compile_warm_up(void);

/* A note for the user that is no error (such as: fell back to installed headers), or NULL. */
const char *rp_module_note(const struct rp_module *module);
/* Whether the source asks for the target that it was compiled for: by is_target() or, where that is
 * a process only, by the constant TARGET_PID. */
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
 *   kprobe:FUNC[+OFF]  kretprobe:FUNC  fentry:FUNC  fexit:FUNC
 *   tracepoint:CATEGORY:NAME  rawtracepoint:NAME  tp_btf:NAME
 *   uprobe:PATH:FUNC[+OFF]  uretprobe:PATH:FUNC  usdt:PATH:[PROVIDER:]NAME
 *   profile:UNIT:N  interval:UNIT:N (hz, s, ms, us)  software:EVENT[:COUNT]  hardware:EVENT[:COUNT]
 * Probes in files and perf events are of all processes. Loads the function first if it is not
 * loaded as that program type (and for that place, of fentry, fexit and tp_btf) yet. Mounts tracefs
 * or debugfs when that is all that is missing. On success *out is the probe: rp_probe_free()
 * detaches it. */
struct rp_error *rp_probe_attach(struct rp_module *module, const char *function, const char *spec,
                                 struct rp_probe **out);
/* The nearest place that works here instead of `spec`, such as the syscall's tracepoint on a
 * kernel without kprobes; malloc()ed, or NULL. */
char *rp_probe_suggest(const char *spec);
/* Says whether `spec` could be attached here, without loading anything. */
struct rp_error *rp_probe_check(const char *spec);
/* The same, where why not is of no interest. */
bool rp_probe_exists(const char *spec);
/* The spec in full, as it was attached. */
const char *rp_probe_spec(const struct rp_probe *probe);
/* Its program's descriptor, the probe's own; and the function it was made of. */
int rp_probe_program(const struct rp_probe *probe);
const char *rp_probe_function(const struct rp_probe *probe);
void rp_probe_free(struct rp_probe *probe);

/* Attaches the same program to another place, of a kind with the same type of program, and then
 * detaches it from the old one: no event of the new place is missed from then on, and none of the
 * old place happens after the return. On an error the probe is where it was. From a USDT probe it
 * cannot move: how its arguments are read is compiled into the program. */
struct rp_error *rp_probe_move(struct rp_probe *probe, const char *spec);
/* No event happens from the return on, until rp_probe_resume(). */
struct rp_error *rp_probe_pause(struct rp_probe *probe);
struct rp_error *rp_probe_resume(struct rp_probe *probe);
bool rp_probe_is_paused(const struct rp_probe *probe);

/* A spec may be a shell pattern ("kprobe:vfs_*", "tracepoint:sched:*"): the program is attached to
 * all places that match, by one kprobe.multi link where the kernel has it (Linux 5.18), else one
 * after another (which may raise the process's soft limit of descriptors). Places that the kernel
 * refuses are left out. bpf_get_attach_cookie(ctx) (Linux 5.15) is the number of the place, from 0.
 * Kinds: kprobe, kretprobe, tracepoint, uprobe and uretprobe (by one link since Linux 6.6). */
bool rp_probe_is_pattern(const char *spec);
/* How many places match, and whether they would be attached all at once. */
struct rp_error *rp_probe_count(const char *pattern, size_t *count, bool *at_once);
size_t rp_probe_match_count(const struct rp_probe *probe);
/* The spec of place `i`, or NULL. */
const char *rp_probe_match(const struct rp_probe *probe, size_t i);

/* The spec that `function` names by itself after BCC's conventions (kprobe__X, kretprobe__X,
 * tracepoint__CAT__NAME as TRACEPOINT_PROBE makes it, raw_tracepoint__X, kfunc__X and kretfunc__X
 * as KFUNC_PROBE and KRETFUNC_PROBE do) or as tp_btf__X; syscall names get this kernel's prefix.
 * malloc()ed, or NULL when the name says nothing. */
char *rp_probe_spec_of_function(const char *function);

/* Calls `each` with every probe spec of `kind` ("kprobe", …; NULL for all kinds) that matches the
 * shell pattern `glob` (NULL for all); stops when it returns false. `glob` may begin with a kind.
 * Kinds that are in files (uprobe, uretprobe, usdt) need one that begins with the file
 * ("bash:*readline*"), and are passed over with all kinds. */
struct rp_error *rp_probe_list(const char *kind, const char *glob,
                               bool (*each)(void *ctx, const char *spec), void *ctx);

/* ------------------------------------------------------------------ questions: a line -> C */

/* What a program can read at a place: a function's parameters, or a tracepoint's fields. */
struct rp_argument {
    const char *name; /* "dfd" */
    const char *type; /* in C, "struct filename *" */
};
struct rp_arguments {
    struct rp_argument *list;
    size_t count;
    const char *result; /* what the function returns, in C; NULL where that cannot be read */
    bool known;         /* false: nobody tells (a uprobe's function); list is arg0, arg1, … */
};
/* *out is ended by rp_arguments_free(). */
struct rp_error *rp_arguments_of(const char *spec, struct rp_arguments **out);
void rp_arguments_free(struct rp_arguments *arguments);
/* "kprobe:do_unlinkat(int dfd, struct filename *name)", malloc()ed. */
char *rp_arguments_signature(const char *spec, const struct rp_arguments *arguments);

/* The spec that a word means: itself when it is one; a function's kprobe ("vfs_read"), or where
 * there are none what rp_probe_suggest() says, with *note (malloc()ed, or NULL) telling so; a
 * tracepoint ("sched_switch", "sched:sched_switch"); patterns of these. malloc()ed. */
struct rp_error *rp_question_spec(const char *word, char **spec, char **note);

enum rp_verb {
    RP_VERB_TRACE,   /* trace PROBE [EXPR…] [if COND] */
    RP_VERB_COUNT,   /* count PROBE… [by KEY…] [if COND] */
    RP_VERB_HIST,    /* hist PROBE EXPR [linear(lo,hi,step)] [by KEY] [if COND] */
    RP_VERB_LATENCY, /* latency FUNC [by KEY] [if COND] */
    RP_VERB_STACK,   /* stack PROBE [by KEY…] [if COND] */
    RP_VERB_PROFILE, /* profile [HZ] [by KEY…] [if COND] */
};

/* A question as it is typed at the prompt, in parts. */
struct rp_question {
    enum rp_verb verb;
    char **probes, **exprs, **keys;
    size_t probe_count, expr_count, key_count;
    char *predicate; /* or NULL */
    bool linear;
    int64_t low, high, step;
    bool ask_target; /* write is_target() into the program */
};
/* `line` is what stands behind the verb. */
struct rp_error *rp_question_parse(enum rp_verb verb, const char *line, struct rp_question **out);
void rp_question_free(struct rp_question *question);
/* As one would type it, verb and all; malloc()ed. */
char *rp_question_line(const struct rp_question *question);

/* The program that answers a question. Its maps, those of them that it needs:
 *   events          records that begin with `u32 pid; char comm[16]` (or `events_`, where an
 * argument is called so) counts, dist    sums (BPF_ARRAY of one, BPF_HISTOGRAM), or by a `struct
 * key`, whose members are the question's keys; of a stack it begins as struct rp_stack_key does
 *   dist_linear     by a key whose last member, `s64 slot`, is the lower end of a bucket: LOW -
 * STEP for what is below LOW, HIGH for what is not below HIGH stacks          what the ids in keys
 * and records that are called `stack`, `user_stack` and `kernel_stack` mean missed BPF_ARRAY of
 * one: events whose key found no room negative        BPF_ARRAY of one: numbers that a histogram by
 * powers of two has no place for start, entered  calls that have not returned yet, by thread:
 * nothing to show A key's member `u64 place` is which of several places: in the upper 32 bits the
 * index in `attach`, in the lower ones that of the place within a pattern (rp_probe_match()). A
 * latency is in microseconds. */
struct rp_generated {
    char *text;    /* BCC C */
    char *neutral; /* the same with nothing in it that names its places: where two are equal, the
                      one's program can be moved to the other's */
    struct {
        char *function, *spec;
    } * attach; /* in the order in which they are to be attached */
    size_t attach_count;
    char **headers; /* of the columns of its records, after those of `pid` and `comm` */
    size_t header_count;
    char *title; /* "kprobe:do_unlinkat(int dfd, struct filename *name)" */
    char *note;  /* for the user, or NULL */
};
struct rp_error *rp_question_generate(const struct rp_question *question,
                                      struct rp_generated **out);
void rp_generated_free(struct rp_generated *written);

/* ------------------------------------------------------------------ completion */

/* Calls `each` with every way to go on at byte `at` of a C text, as clang knows the language and
 * the running kernel's types: `text` is the word in full, `what` its type or kind. */
typedef void (*rp_completion_fn)(void *ctx, const char *text, const char *what);
struct rp_error *rp_complete_c(const char *source, size_t at, rp_completion_fn each, void *ctx);
/* The same inside the expression of a question whose probe is `spec`: arguments, pid, comm, … and
 * members. */
struct rp_error *rp_complete_expression(const char *spec, const char *expression, size_t at,
                                        rp_completion_fn each, void *ctx);
/* The kernel's structs, unions, enums and typedefs that begin so; none for "", there are too many.
 */
void rp_complete_type(const char *prefix, rp_completion_fn each, void *ctx);
/* Words that a probe's spec can go on with: kinds, functions, tracepoints, files, their functions.
 */
struct rp_error *rp_complete_probe(const char *prefix, rp_completion_fn each, void *ctx);

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

/* The columns' names, and a record, as a line of CSV (RFC 4180), its end included. */
void rp_layout_print_csv_header(const struct rp_layout *layout, FILE *out);
void rp_layout_print_csv(const struct rp_layout *layout, const void *data, size_t size, FILE *out);

/* Text of unknown origin for a terminal: control characters and invalid UTF-8 escaped (\n, \x1b).
 * At most `max` bytes, ending at the first NUL. Returns the columns printed. */
size_t rp_print_text(const char *text, size_t max, FILE *out);
/* The same as a JSON string, quotes included. */
void rp_print_json_text(const char *text, size_t max, FILE *out);

/* Names column `i` of a layout's rows, and the member in JSON; where another column has that name
 * it stays as it was. False: no memory, or no such one. */
bool rp_layout_set_header(struct rp_layout *layout, size_t i, const char *header);

/* How a map is written. Zeroed: as a table or a histogram. */
struct rp_map_format {
    enum { RP_MAP_TEXT, RP_MAP_JSON, RP_MAP_CSV } as;
    const char *title;       /* instead of the map's name; NULL: that */
    const char *unit;        /* of a histogram's values; NULL: "value" */
    int64_t low, high, step; /* of a linear histogram's buckets; step 0: as far apart as they are */
    /* What the number `value` of the key's member `member` ("" when the key is but a number) means:
     * true when it wrote that to `text`. May be NULL. */
    bool (*text)(void *ctx, const char *member, uint64_t value, char *text, size_t size);
    void *ctx;
};

/* Prints every entry of the map `name` with typed keys and values, sorted by value where values
 * are numbers and by key otherwise. Histograms are drawn: BPF_HISTOGRAM, and one for each key where
 * the key is a struct whose last member is `slot`, the one with most last. In a map whose name ends
 * in "_linear" a slot, or the key, is a bucket's lower bound: one below `low` for what is below it,
 * `high` for what is above. `format` may be NULL. Maps that carry events or
 * programs print nothing. */
struct rp_error *rp_map_print(const struct rp_module *module, const char *name,
                              const struct rp_map_format *format, FILE *out);
/* Whether rp_map_print() has anything to print of such a map. */
bool rp_map_is_data(const struct rp_module *module, const char *name);
/* Empties it; of an array, zeroes it. */
struct rp_error *rp_map_clear(const struct rp_module *module, const char *name);
/* `key` and `value` as text: numbers, "strings", and of structs {a, b, …} or {.member = a}. */
struct rp_error *rp_map_set(const struct rp_module *module, const char *name, const char *key,
                            const char *value);
struct rp_error *rp_map_delete(const struct rp_module *module, const char *name, const char *key);
/* "hash, u32 -> u64, 3 of 10240 entries", malloc()ed. */
struct rp_error *rp_map_describe(const struct rp_module *module, const char *name, char **text);

/* Calls `each` with every entry of the map `name`, in no order; it ends with the first error. The
 * value of a per-CPU map is one for each possible CPU, at strides of 8 bytes' multiples. */
typedef struct rp_error *(*rp_map_entry_fn)(void *ctx, const void *key, const void *value);
struct rp_error *rp_map_each(const struct rp_module *module, const char *name, rp_map_entry_fn each,
                             void *ctx);

/* Log2 histograms as BCC's tools draw them. counts[i] is how many values had bpf_log2l(value) == i:
 * 2^(i-1) to 2^i - 1, and 1 has 0 as well; counts[0] is not used. */
#define RP_LOG2_SLOTS 64
void rp_print_log2(const char *unit, const uint64_t counts[RP_LOG2_SLOTS], FILE *out);
/* The same as a JSON array, [{"min":…,"max":…,"count":…},…], no newline. */
void rp_print_json_log2(const uint64_t counts[RP_LOG2_SLOTS], FILE *out);

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
    struct rp_target target;
    const char
        *command; /* run by /bin/sh once everything is attached; its process is the target's */
    uint64_t duration_ns; /* 0: no end */
    uint64_t event_limit; /* records delivered, 0: no limit */
    /* For a program that talks to someone while it traces; `ctx` is given to both. */
    bool interactive; /* what one compile leaves for the next is kept while the loop runs */
    void (*before_wait)(void *ctx); /* nothing is left to be read: the loop is about to wait */
    /* SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGWINCH or SIGTSTP came (under a flood it may be between
     * two records); true: the loop ends. NULL: the first three end it, and the command's end. */
    bool (*on_signal)(void *ctx, int signal);
    void *ctx;
};

/* Called with each record; `data` lives until it returns. Return false to end the loop. */
typedef bool (*rp_record_fn)(void *ctx, const void *data, size_t size);
typedef bool (*rp_trace_fn)(void *ctx, const struct rp_trace_line *line);

/* Starts opts->command, held back until rp_session_run(). Blocks SIGINT, SIGTERM, SIGHUP and
 * SIGCHLD, and ignores SIGPIPE, until rp_session_free(). */
struct rp_error *rp_session_new(const struct rp_session_opts *opts, struct rp_session **out);
/* Detaches everything, ends the command if it still runs, and frees all the session owns. */
void rp_session_free(struct rp_session *session);

/* The process to trace: the command's or the target's; 0 when there is none. */
pid_t rp_session_target(const struct rp_session *session);

/* rp_module_compile() with the session's target filled in; the session owns the module. */
struct rp_error *rp_session_compile(struct rp_session *session, const char *text,
                                    const struct rp_compile_opts *opts, struct rp_module **out);
/* The same, of a file ("-" is standard input). */
struct rp_error *rp_session_compile_file(struct rp_session *session, const char *path,
                                         const struct rp_compile_opts *opts,
                                         struct rp_module **out);
/* rp_probe_attach(); with a target process (not a command) a probe in a program or library is put
 * in that process only. The session owns the probe; `out` may be NULL. */
struct rp_error *rp_session_attach(struct rp_session *session, struct rp_module *module,
                                   const char *function, const char *spec, struct rp_probe **out);
/* Attaches each function of the module that names its own probe. *count (may be NULL) is how many
 * there were. On an error what was attached before stays attached. */
struct rp_error *rp_session_attach_named(struct rp_session *session, struct rp_module *module,
                                         size_t *count);

/* A line for each probe: what it is attached to; and for each place of a pattern. */
void rp_session_print_probes(const struct rp_session *session, FILE *out);

/* rp_probe_move(), _pause(), and the end of a probe (freed in the background); what its program had
 * sent until then is delivered before they return; called from within a callback of records, after
 * that. */
struct rp_error *rp_session_move(struct rp_session *session, struct rp_probe *probe,
                                 const char *spec);
struct rp_error *rp_session_pause(struct rp_session *session, struct rp_probe *probe);
void rp_session_detach(struct rp_session *session, struct rp_probe *probe);
/* Ends the module: its probes, then its outputs when what they hold is delivered, then itself. From
 * within a callback of records: what they hold is dropped. */
void rp_session_remove(struct rp_session *session, struct rp_module *module);

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

/* Calls `fn` when `fd` (a file, too) can be read, as often as it can; it ends the loop by returning
 * false. `fd` stays the caller's, who ends this before it closes it. */
typedef bool (*rp_ready_fn)(void *ctx);
struct rp_error *rp_session_watch(struct rp_session *session, int fd, rp_ready_fn fn, void *ctx);
void rp_session_unwatch(struct rp_session *session, int fd);

/* Lets the command begin, if it has not yet: for interactive ones, whose rp_session_run() does not.
 */
void rp_session_start_command(struct rp_session *session);

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
/* The same of one module. */
void rp_session_module_stats(const struct rp_session *session, const struct rp_module *module,
                             struct rp_stats *out);
/* How the command ended, as wait(2) gives it; -1 when there was none or it had not ended. */
int rp_session_command_status(const struct rp_session *session);
/* Sum of the modules' times so far. */
void rp_session_timings(const struct rp_session *session, struct rp_timings *out);
/* What the user should know at the end: how many events were lost, with a cure, and how the
 * command ended. Nothing when none were and it ended well. */
void rp_session_report(const struct rp_session *session, FILE *out);

/* ------------------------------------------------------------------ symbols and stacks */

/* Names of functions, in the kernel and in processes. */
struct rp_symbols;
struct rp_error *rp_symbols_new(struct rp_symbols **out);
void rp_symbols_free(struct rp_symbols *symbols);
/* Looks where the process's files are mapped: to be called while it lives, if names are wanted when
 * it has ended. */
void rp_symbols_notice(struct rp_symbols *symbols, pid_t pid);
/* The same for all processes that were noticed before. */
void rp_symbols_notice_again(struct rp_symbols *symbols);
/* The function that has the address, in the process or (pid 0) in the kernel, C++ names demangled;
 * "[FILE]" where the file has no symbols, "[unknown]" when nothing can be told. Owned by `symbols`,
 * until the next call. */
const char *rp_symbols_name(struct rp_symbols *symbols, pid_t pid, uint64_t address);

/* The functions of a stack, innermost first: the kernel's are added before the process's. */
struct rp_stack;
/* For stacks in the module's BPF_STACK_TRACE `map`. */
struct rp_error *rp_stack_new(const struct rp_module *module, const char *map,
                              struct rp_stack **out);
void rp_stack_free(struct rp_stack *stack);
void rp_stack_clear(struct rp_stack *stack);
/* Reads the module's ring buffer `output`, in which the program sends the id (u32) of each process
 * that it sees for the first time, or in another program: names of functions can be told even when
 * the process has ended since. */
struct rp_error *rp_stack_watch(struct rp_session *session, struct rp_stack *stack,
                                const char *output);
/* Adds the stack `id`, as get_stackid() gave it, of the process or (pid 0) of the kernel. One that
 * could not be kept (-EEXIST) adds "[missed]", other negative ids nothing. `mark` is put behind
 * each name. */
void rp_stack_add(struct rp_stack *stack, int32_t id, pid_t pid, const char *mark);
/* Says how many `noun` ("stacks") found no room in `map`, as the program's BPF_ARRAY `missed` of
 * one u64 counts them; nothing when all did. */
struct rp_error *rp_stack_report_missed(const struct rp_stack *stack, const char *noun,
                                        const char *map, FILE *out);
/* A line a function; or a JSON array of names. */
void rp_stack_print(const struct rp_stack *stack, FILE *out);
void rp_stack_print_json(const struct rp_stack *stack, FILE *out);
/* "COMM;OUTERMOST;…;INNERMOST", as flame graph programs read it, malloc()ed; NULL without memory.
 * `comm` has `max` bytes at most. */
char *rp_stack_fold(const struct rp_stack *stack, const char *comm, size_t max);

/* ---- flame graphs */

struct rp_flamegraph;
struct rp_error *rp_flamegraph_new(struct rp_flamegraph **out);
void rp_flamegraph_free(struct rp_flamegraph *graph);
/* Adds a stack that was seen `count` times: its functions from the outermost on, joined by ';';
 * those of the kernel end in "_[k]". */
struct rp_error *rp_flamegraph_add(struct rp_flamegraph *graph, const char *folded, uint64_t count);
/* As an SVG that can be zoomed by clicking and searched. */
void rp_flamegraph_write(struct rp_flamegraph *graph, const char *title, FILE *out);

/* ---- stacks that are counted */

/* The key of a program's BPF_HASH `counts`, whose values are u64; the ids are those of its
 * BPF_STACK_TRACE `stacks`, below 0 where there is none. Its BPF_ARRAY `missed` of one u64 counts
 * what found no room (see bpf-src/profile.c). */
struct rp_stack_key {
    uint32_t pid; /* process id: the kernel's tgid */
    int32_t user_stack, kernel_stack;
    char comm[16];
};

struct rp_stacks {
    const struct rp_tool *tool;
    const struct rp_module *module;
    enum {
        RP_STACKS_TEXT,   /* a line a function, innermost first; the stack seen most last */
        RP_STACKS_JSON,   /* an object a stack */
        RP_STACKS_FOLDED, /* a line a stack, as flame graph programs read it */
        RP_STACKS_SVG,    /* a flame graph in the file `path` */
    } as;
    bool annotate; /* "_[k]" behind the kernel's functions (always in SVG) */
    const char *path, *title;
};

/* Prints the stacks that were counted until now, text and JSON to `out`, and says on stderr how
 * many were not. `stack`, of the module's `stacks`, names them. */
struct rp_error *rp_stacks_print(const struct rp_stacks *stacks, struct rp_stack *stack, FILE *out);
/* Runs the session, all of which is attached, and then prints the stacks. */
struct rp_error *rp_stacks_run(struct rp_session *session, const struct rp_stacks *stacks);

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

/* ------------------------------------------------------------------ looking */

/* All of these write text for people to `out`. */
/* What a place is: its kind, where it is, its arguments with their types, its format. */
struct rp_error *rp_inspect_probe(const char *spec, FILE *out);
/* A kernel struct, union, enum or typedef as C, with offsets and sizes as comments. `name` may have
 * its tag ("struct file"). */
struct rp_error *rp_inspect_type(const char *name, FILE *out);
/* The program's BPF instructions with source lines, and where the kernel shows it (as root, with
 * kernel.kptr_restrict below 2) its machine code, through LLVM. */
struct rp_error *rp_inspect_program(const struct rp_probe *probe, FILE *out);
/* What the verifier wrote about the program: it is verified once more. */
struct rp_error *rp_inspect_verifier(const struct rp_module *module, const struct rp_probe *probe,
                                     FILE *out);

/* How often a probe's program ran and for how long, while the kernel counted. Probes of one
 * function that are not movable share a program, and this number. */
struct rp_run_stats {
    uint64_t runs, ns;
};
/* The kernel counts while the descriptor is open (Linux 5.8). */
struct rp_error *rp_run_stats_enable(int *fd);
struct rp_error *rp_run_stats(const struct rp_probe *probe, struct rp_run_stats *out);

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
 * child and a `struct rp_tool` as its input: -p PID, -c CMD, -u USER, --comm NAME, --cgroup DIR,
 * --for DURATION, --events N, --json, -t, -v. */
struct rp_tool {
    struct rp_session_opts session;
    bool json;       /* one object a line */
    bool timestamps; /* a column with the time of day */
    bool verbose;
    struct { /* what rp_tool_define() gathered */
        char **flags;
        size_t count;
        bool nomem;
    } defines;
};

struct argp;
extern const struct argp rp_tool_argp;

struct rp_interval;
/* Reads a host program's command line: its own options (`own`, with `ctx` as its input), those of
 * all tools and, unless `interval` is NULL, the arguments of `rp_interval_argp`. */
void rp_tool_parse(int argc, char **argv, const struct argp *own, void *ctx, struct rp_tool *tool,
                   struct rp_interval *interval);

/* The macro that `format` makes ("FAILED", "SIGNAL=%d") is defined when the tool's source is
 * compiled. Want of memory is rp_tool_compile()'s error. */
void rp_tool_define(struct rp_tool *tool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Compiles the tool's source with those macros; `name` is the source's in messages. */
struct rp_error *rp_tool_compile(struct rp_session *session, const struct rp_tool *tool,
                                 const char *name, const char *source, struct rp_module **out);

/* Defines MACRO(port), true for the ports of a list such as "80,443"; false when it is none. */
bool rp_tool_define_ports(struct rp_tool *tool, const char *macro, const char *list);

/* "90", "1.5s", "200ms", "5m", "1h" as nanoseconds; false when it is none of these. */
bool rp_parse_duration(const char *text, uint64_t *ns);
/* Decimal, 1 to `max`; false when it is not. */
bool rp_parse_count(const char *text, uint64_t max, uint64_t *count);

/* "SIGKILL", "SIGRTMIN+3" (34 + 3); returns `text`. */
#define RP_SIGNAL_NAME 16
const char *rp_signal_name(int signal, char text[RP_SIGNAL_NAME]);
/* A number from 1 to 64 or a name, with or without SIG, in any case; false when it is neither. */
bool rp_parse_signal(const char *text, int *signal);

/* The time of day, "12:00:01". */
void rp_time_of_day(char text[16]);
/* The same, padded to the width of its column. */
void rp_print_time(FILE *out);

/* The same as the first member of a JSON object: "time":"12:00:01", with its comma. */
void rp_print_json_time(FILE *out);

/* What main() does once the command line is read: makes a session, calls `run` with it, says what
 * was lost, cleans up. Returns the exit status. */
int rp_tool_run(struct rp_tool *tool,
                struct rp_error *(*run)(struct rp_session *session, void *ctx), void *ctx);

/* ---- rows */

struct rp_row;

/* Writes the cells of `record`, by the functions below, and always the same ones for a `ctx`: of a
 * row, of the header and of a JSON object alike. */
typedef void (*rp_cells_fn)(struct rp_row *row, const void *record, const void *ctx);

struct rp_table {
    const struct rp_tool *tool; /* --json, -t */
    rp_cells_fn cells;
    const void *ctx;
};

/* To stdout. With -t a row begins with the time of day. */
void rp_table_row(const struct rp_table *table, const void *record);
/* The columns' names; nothing with --json. `record` may be zeroed. */
void rp_table_header(const struct rp_table *table, const void *record);

/* `name` heads the column ("LAT(ms)"), and is the member in JSON ("lat_ms"). `width` is in columns,
 * below 0 for what stands at the right; 0 for the last cell of a row. */
void rp_cell_uint(struct rp_row *row, const char *name, int width, uint64_t value);
void rp_cell_int(struct rp_row *row, const char *name, int width, int64_t value);
void rp_cell_double(struct rp_row *row, const char *name, int width, int decimals, double value);
/* Text as rp_print_text() and rp_print_json_text() take it; at the left only. */
void rp_cell_text(struct rp_row *row, const char *name, int width, const char *text, size_t max);

/* `family` is AF_INET or AF_INET6, `address` its 4 or 16 bytes. */
void rp_cell_address(struct rp_row *row, const char *name, int width, int family,
                     const void *address);

/* ---- a row for each record */

struct rp_snoop {
    const char *name, *source; /* the source's name in messages, and its text */
    size_t record_size;        /* of the records in its output `events` */
    size_t least_size;         /* shorter ones are passed over; 0: all that are not whole. What a
                                  record lacks is zero. */
    struct rp_table table;
    /* Attaches what is to be attached, with the table's ctx; NULL: rp_session_attach_named(). */
    struct rp_error *(*attach)(struct rp_session *session, struct rp_module *module, void *ctx);
};

/* Compiles, attaches, and prints until the session ends. */
struct rp_error *rp_snoop_run(struct rp_session *session, const struct rp_snoop *snoop);

/* All of a snoop's main(): reads the command line, by `argp` and by rp_tool_argp, and runs. `tool`
 * is the table's, and argp's input is the table's ctx. Returns the exit status. */
int rp_snoop_main(int argc, char **argv, const struct argp *argp, struct rp_tool *tool,
                  const struct rp_snoop *snoop);

/* ---- a report at each interval */

struct rp_interval {
    uint64_t every_ns; /* 0: one report, at the end */
    uint64_t count;    /* of reports, 0: no limit */
};

/* The arguments [INTERVAL [COUNT]]; an argp child with a `struct rp_interval` as its input. */
extern const struct argp rp_interval_argp;

struct rp_report {
    const struct rp_tool *tool;
    struct rp_interval interval;
    struct rp_error *(*print)(void *ctx);
    void *ctx;
};

/* Runs the session, all of which is attached, and prints at each interval and at its end. With -t
 * the time of day stands above a report; JSON has it where `print` puts it. */
struct rp_error *rp_report_run(struct rp_session *session, const struct rp_report *report);

/* ---- a report of sums by key */

#define RP_SUM_TEXT 64

/* What is new for one key since the report before: differences, so that nothing is lost by
 * clearing. */
struct rp_sum {
    const char *text;       /* what it means, at most RP_SUM_TEXT bytes */
    const uint64_t *values; /* as many as a value of the map has */
    uint64_t total;         /* the first of them; of a histogram, their sum */
};

struct rp_sums {
    const struct rp_tool *tool;
    struct rp_interval interval;
    /* The source's name in messages, and its text. Its map `sums` has values of one or several u64
     * that only grow, and may be per CPU. */
    const char *name, *source;
    /* Attaches what is to be attached, with `ctx`; NULL: rp_session_attach_named(). */
    struct rp_error *(*attach)(struct rp_session *session, struct rp_module *module, void *ctx);
    const char *noun; /* what a key is: "softirq"; NULL: there is but one */
    int width;        /* its column's */
    const char *unit; /* "usecs" */
    unsigned unit_ns; /* what a total is divided by to be in that unit */
    bool histograms;  /* a value is RP_LOG2_SLOTS counts, already in that unit */
    void (*text)(const void *key, char text[RP_SUM_TEXT]);
    bool is_number;    /* what `text` gives: so it is in JSON */
    rp_cells_fn cells; /* of a struct rp_sum; NULL: the noun and the total */
    void *ctx;         /* of `attach` and `cells` */
};

/* Compiles, attaches, and prints a report at each interval and at the end:
 * keys of which there is something new, those with most last. */
struct rp_error *rp_sums_run(struct rp_session *session, const struct rp_sums *sums);

/* ---- tools that time interrupts */

/* The source keeps sums as rp_sums_run() wants them; the value is the sum of times in nanoseconds.
 * By the command line it is compiled with COUNT: the value is the number of events; DIST: it is a
 * histogram, by bpf_log2l(time / UNIT); CPU: only events on that CPU count. */
struct rp_irqs {
    const char *doc;           /* for --help */
    const char *name, *source; /* the source's name in messages, and its text */
    const char *noun;          /* "softirq" */
    int width;                 /* its column's */
    void (*text)(const void *key, char text[RP_SUM_TEXT]);
    /* The raw tracepoints of the source's functions raw_tracepoint__NAME, in the order in which
     * they are attached, NULL at the end: as tp_btf where the kernel has that. A function may be
     * missing from what the source is compiled to. */
    const char *const *tracepoints;
};

/* All of such a tool's main(). Returns the exit status. */
int rp_irqs_main(int argc, char **argv, const struct rp_irqs *irqs);

/* Prints the error to stderr (with its long text when `verbose`) and frees it. Returns the exit
 * status: 0 for NULL, else 1. */
int rp_tool_end(struct rp_error *err, bool verbose);

#ifdef __cplusplus
}
#endif
#endif
