/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libreprobe: questions, programs that one talks to while they trace, completion, and what there is
 * to see. The rules of reprobe.h hold.
 *
 *   line -> question -> generated program (source text for rp_module_compile())
 */
#ifndef REPROBE_QUERY_H
#define REPROBE_QUERY_H

#include "reprobe.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* ------------------------------------------------------------------ what maps mean */

enum rp_meaning {
    RP_MEANS_OTHER,     /* nothing to print: programs, stacks, maps, records to programs */
    RP_MEANS_ROWS,      /* an output: each record is a row */
    RP_MEANS_ITERATED,  /* not a map: each row that iterators write */
    RP_MEANS_PROCESSES, /* an output: the id (u32) of each process whose stacks are counted */
    RP_MEANS_TABLE,     /* each entry is a row */
    RP_MEANS_COUNTER,   /* an array of one number */
    RP_MEANS_LOG2,      /* a histogram by bpf_log2l(), or one for each key */
    RP_MEANS_LINEAR,    /* the same by the lower ends of buckets */
    RP_MEANS_STACKS,    /* how often each stack was seen: the key is stacks, and whose they are */
    RP_MEANS_SCRATCH,   /* the program's notes for itself: only printed when asked for by name */
    RP_MEANS_LOSS,      /* an array of one u64, how much was left out, or of two: of how much */
    RP_MEANS_VARIABLES, /* the program's global variables, in libbpf's dialect */
    RP_MEANS_STATS,     /* per CPU: the sum and the extremes of numbers, as struct rp_stats_s64 or
                           rp_stats_u64 (docs/writing-programs.md) */
    RP_MEANS_TAKEN,     /* an array of one u64: how many events a question that ends came to */
    RP_MEANS_INTERVAL,  /* an array of one u32: the number of the interval that goes on */
};

enum rp_member_meaning {
    RP_MEMBER_PLAIN,
    RP_MEMBER_ATTACH_POINT, /* which one: see struct rp_generated */
    RP_MEMBER_KERNEL_STACK, /* what get_stackid() returned */
    RP_MEMBER_USER_STACK,   /* the same, for the process in the key's RP_MEMBER_PID */
    RP_MEMBER_PID,          /* a process: the kernel's tgid */
    RP_MEMBER_COMM,         /* the name of a task */
    RP_MEMBER_BUCKET,       /* a histogram's: of a key that is a struct, the bucket; of a value, an
                               array with the counts of all buckets */
    RP_MEMBER_UNREAD,       /* of a record or a key: bit 0 is set where the member behind it could
                               not be read, bit 1 for the next one, …; not shown itself */
    RP_MEMBER_SIZE,         /* how many bytes of the text behind it there are; not shown itself */
    RP_MEMBER_OPEN_TEXT, /* text that goes on if it fills its array: it is shown with a mark, … */
    RP_MEMBER_ABSENT,   /* of a record: bit 0 is set where the member behind it is not there at all,
                           bit 1 for the next one, …; not shown itself */
    RP_MEMBER_INTERVAL, /* of a key: the number (u32) of the interval that it was counted in; not
                           shown itself */
};

/* What is shown of RP_MEANS_STATS, in this order. */
enum rp_figure {
    RP_FIGURE_COUNT = 1,
    RP_FIGURE_SUM = 2,
    RP_FIGURE_AVG = 4,
    RP_FIGURE_MIN = 8,
    RP_FIGURE_MAX = 16,
};

/* A member of a key, a value or a record. Members that are not listed are plain. These are its only
 * members for good. */
struct rp_member_schema {
    const char *name; /* as in C, "outer.inner"; "" for a key that is not a struct */
    bool of_value;    /* of the map's value, not of its key */
    enum rp_member_meaning means;
    const char *header; /* of its column; default: the name */
    const char *unit;   /* "ns", or how the number is shown: "duration" (ns in the unit that fits),
                           "in:us", "hex", "oct", "errno", "signal", "open" (flags), "dev" (as the
                           kernel has it), "udev" (as programs do), "user", "port", "ip" and "ip6"
                           (in the network's order), "time" (of day, of ns since boot), "ksym" (the
                           kernel's function there), "usym" (a process's: its id is in the upper
                           half of 128 bits), "syscall", "names:0=A,1=B", "flags:1=A,2=B"; NULL:
                           none, or not known */
    const char *stacks; /* of a stack: the BPF_STACK_TRACE that has it */
    uint32_t offset, size; /* bytes; set by the library, and of records only where `name` is NULL
                            */
};

struct rp_map_schema {
    size_t size;
    const char *name; /* the map's, or the output's */
    enum rp_meaning means;
    const struct rp_member_schema *members;
    size_t member_count;
    const char *unit;        /* of a histogram's values; NULL: not known */
    int64_t low, high, step; /* of a linear histogram: the buckets from `low` to below `high`; one
                                below `low` is for all that is below, `high` for all that is
                                above; step 0: not known, and a key is the lower end of
                                its bucket */
    const char *loss;        /* of a loss: "events were not counted: the map counts is full"; of
                                notes: what their entries are */
    uint32_t key_size, value_size; /* bytes that the host program reads; 0: any */
    bool from_zero; /* of a log2 histogram: slot 0 counts 0 and 1, as in libbpf's tools; else slot 1
                       does, as with bpf_log2l(). Of variables: their `slots` are such histograms */
    unsigned figures; /* of RP_MEANS_STATS: enum rp_figure; 0: all */
};

/* What the maps of a program mean. Generated programs come with a schema. For all other maps it is
 * inferred: from types, from BCC's conventions for histograms (docs/writing-programs.md), and from
 * what the program stores where. */
struct rp_schema {
    size_t size;
    const struct rp_map_schema *maps;
    size_t map_count;
};

/* NULL if there is no such map. It belongs to the module. */
const struct rp_map_schema *rp_module_map_schema(const struct rp_module *module, const char *map);
/* Says what maps mean; those that `schema` does not list stay as they are. It is copied. If it does
 * not fit the types and sizes of the maps, that is an error, and nothing changes. */
struct rp_error *rp_module_set_schema(struct rp_module *module, const struct rp_schema *schema);

/* Puts a sample into the module's user ring buffer `name` (rp_user_ringbuf_open()): `text` is
 * written as for rp_map_set(), of the type that the module's programs read by bpf_dynptr_read() or
 * bpf_dynptr_data(). Where these are several, "NAME VALUE" says which. */
struct rp_error *rp_user_ringbuf_send_text(const struct rp_module *module, const char *name,
                                           const char *text);

/* A number in a map that its schema says more of: an attach point, or a stack. */
struct rp_map_number {
    const struct rp_member_schema *member;
    uint64_t value;
    pid_t pid; /* whose stack it is; 0: the kernel's */
};

/* Calls `each` with a line about each loss, "1 event was not counted: the map counts is full", from
 * RP_MEANS_LOSS maps whose number is not 0, and RP_MEANS_SCRATCH maps that have a `loss`, and
 * entries. Maps with the same `loss` make one line. A hash with as many entries as it can have is
 * told as well, unless the program counts what did not fit. */
struct rp_error *rp_module_losses(const struct rp_module *module,
                                  void (*each)(void *ctx, const char *text), void *ctx);

/* ------------------------------------------------------------------ metrics */

/* What monitoring reads: gathered once, then printed. */
struct rp_metrics;

enum rp_metric_type {
    RP_METRIC_UNKNOWN, /* a number: a table's that an author wrote, a sum */
    RP_METRIC_COUNTER, /* it only grows; its name ends in _total */
    RP_METRIC_GAUGE,
    RP_METRIC_HISTOGRAM,
};

struct rp_metrics_opts {
    size_t size;
    const char *question; /* a label `question`; NULL: none */
    uint64_t limit;       /* so many keys, those with the largest numbers; 0: 1000 */
    bool counts;          /* a table's numbers only grow */
    /* As in struct rp_map_format. */
    char *(*text)(void *ctx, const struct rp_map_number *number);
    void *ctx;
};

struct rp_error *rp_metrics_new(struct rp_metrics **out);
/* `metrics` may be NULL. */
void rp_metrics_free(struct rp_metrics *metrics);
/* Adds what the map `map` has now: each number of a table as reprobe_MAP, or reprobe_MAP_MEMBER
 * where a value is a struct, a histogram as one, with the members of the key as labels. Adds
 * nothing of a map that has no such numbers: of stacks, global variables, and intervals. */
struct rp_error *rp_metrics_add_map(struct rp_metrics *metrics, const struct rp_module *module,
                                    const char *map, const struct rp_metrics_opts *opts);
/* Adds the number as reprobe_NAME; labels are names, each with its value behind it, ended by a
 * NULL; NULL: there are none. */
struct rp_error *rp_metrics_add(struct rp_metrics *metrics, const char *name,
                                enum rp_metric_type type, const char *help,
                                const char *const *labels, uint64_t number);
/* How many keys were left out so far. */
uint64_t rp_metrics_left_out(const struct rp_metrics *metrics);
/* As OpenMetrics 1.0, or as Prometheus's older text (0.0.4), which node-exporter reads in files. */
void rp_metrics_print(struct rp_metrics *metrics, bool openmetrics, FILE *out);

/* ------------------------------------------------------------------ questions */

enum rp_verb {
    RP_VERB_TRACE,   /* trace PROBE[, PROBE…] [EXPR…] [if COND] */
    RP_VERB_COUNT,   /* count PROBE… [by KEY…] [if COND] */
    RP_VERB_HIST,    /* hist PROBE EXPR [linear(lo,hi,step)] [by KEY] [if COND] */
    RP_VERB_LATENCY, /* latency FUNC|A..B [matching EXPR[, EXPR]] [by KEY] [if COND] */
    RP_VERB_STACK,   /* stack PROBE [by KEY…] [if COND] */
    RP_VERB_PROFILE, /* profile [HZ] [by KEY…] [if COND] */
    RP_VERB_SUM,     /* sum PROBE EXPR [by KEY…] [if COND] */
    RP_VERB_AVG,     /* avg, and so on: the same */
    RP_VERB_MIN,
    RP_VERB_MAX,
    RP_VERB_STATS,
    RP_VERB_TOP, /* top [N] PROBE… by KEY… [if COND]: what count gathers, shown as it grows */
};

/* The parts of a question as it is typed at the prompt. */
struct rp_question {
    enum rp_verb verb;
    char **probes, **exprs, **keys;
    size_t probe_count, expr_count, key_count;
    char *predicate; /* or NULL */
    bool linear;     /* low, high and step are set */
    int64_t low, high, step;
    bool ask_target; /* the program calls is_target() */
    char **matching; /* of "A..B": what says at A, and at B, which belong together; or NULL */
    size_t matching_count;
    char *types;     /* C declarations of what is in the memory of processes, or NULL */
    uint64_t sample; /* one event of so many is taken; 0: all */
    uint64_t until;  /* so many events are taken, and no more; 0: all. Those that came are counted
                        in the map that is RP_MEANS_TAKEN */
    char *until_condition; /* the first event for which it is true is the last one; the map has 1
                              from then on. NULL: none */
    char *print;       /* text for each event, in its quotation marks, with expressions in braces,
                          which are in `exprs`; NULL: a row of a table */
    uint64_t every_ns; /* an answer for each interval of so long; 0: one for all. The key has
                          an RP_MEMBER_INTERVAL then, and what counts intervals is
                          RP_MEANS_INTERVAL; but RP_VERB_TOP goes on adding up */
    uint64_t began_ns; /* when it was asked, since boot: `elapsed` counts from then on */
    uint64_t top;      /* so many rows of it; 0: all */
    bool skip_self;    /* what the process that asks does itself is left out, with its compilers */
};
/* The shortest interval, in nanoseconds. */
#define RP_EVERY_LEAST_NS 10000000
/* NULL if `text` declares structs, unions, enums and typedefs, as struct rp_question can have them:
 * "struct conf { int n; char *s; };". Else why not. */
struct rp_error *rp_question_check_types(const char *text);
/* The verb that is called so; false if there is none. */
bool rp_verb_find(const char *name, enum rp_verb *verb);
/* `line` is what follows the verb. */
struct rp_error *rp_question_parse(enum rp_verb verb, const char *line, struct rp_question **out);
void rp_question_free(struct rp_question *question);
/* The whole line, verb included; malloc()ed. */
char *rp_question_line(const struct rp_question *question);

/* The probe spec that a word means: the word itself if it is a spec; the kprobe of a function
 * ("vfs_read"), or what rp_probe_suggest() says where there are no kprobes, with *note (malloc()ed,
 * or NULL) saying so; a tracepoint ("sched_switch", "sched:sched_switch"); or a pattern of these.
 * *spec is malloc()ed. */
struct rp_error *rp_question_spec(const char *word, char **spec, char **note);

/* A function of a generated program, and the spec that it is to be attached to. These are its only
 * members for good. */
struct rp_generated_attach {
    char *function, *spec;
};

/* A piece of the text that a row becomes: of its own, or values of it. These are its only members
 * for good. */
struct rp_text_piece {
    char *text;   /* as it is; NULL: values */
    size_t first; /* the columns of the row that they are in, from 0 on */
    size_t count;
    int width; /* cells that they take at least; below 0: they stand at the left of them */
};

/* The program that answers a question. Its schema tells what its maps mean, of which there are as
 * many as it needs:
 *  - records (trace), which begin with `u32 pid; char comm[16]`; of several probes there is an
 * RP_MEMBER_ATTACH_POINT before that;
 *  - counts (count), sums and extremes (sum, avg, min, max, stats), histograms (hist, latency;
 * latencies are in microseconds) and counted stacks (stack, profile): one, or one for each `struct
 * key`, whose members are the question's keys;
 *  - the stacks whose ids are in keys and records;
 *  - what did not fit into those, or has no place in a histogram;
 *  - calls that have not returned yet, by thread.
 * An RP_MEMBER_ATTACH_POINT tells attach points apart: its upper 32 bits are the index in `attach`,
 * the lower 32 bits the number of the match (rp_probe_match()). */
struct rp_generated {
    char *text;    /* BCC C */
    char *neutral; /* the text without the names of attach points: where it is equal for two
                      questions, the program of one can be moved to the specs of the other */
    struct rp_generated_attach *attach; /* in the order in which they are to be attached */
    size_t attach_count;
    struct rp_schema *schema;
    char *title;                  /* "kprobe:do_unlinkat(int dfd, struct filename *name)" */
    char *note;                   /* for the user, or NULL */
    struct rp_text_piece *pieces; /* of the text that each row becomes; NULL: none was asked for */
    size_t piece_count;
};
/* NULL is allowed. */
void rp_text_pieces_free(struct rp_text_piece *pieces, size_t count);
struct rp_error *rp_question_generate(const struct rp_question *question,
                                      struct rp_generated **out);
void rp_generated_free(struct rp_generated *generated);

/* ------------------------------------------------------------------ programs that one talks to */

/* Does in advance what the first compile of a process would do, half of its time: for programs
 * that wait for their user anyway. */
void rp_compile_warm_up(void);

/* To compile in advance what may be asked for: a child process calls rp_compile_ahead_to() and
 * compiles as its parent would. It makes no module (ECANCELED): the object goes to `file`, an empty
 * file open for reading and writing, and then its key to `answer`, a pipe. */
#define RP_AHEAD_KEY 64
void rp_compile_ahead_to(int file, int answer);
/* The next compile of that key in this process takes the object in `file`, which is closed when it
 * is taken, or when another one comes; 0: there is none. */
void rp_compile_ahead_take(int file, const char key[RP_AHEAD_KEY]);

/* For a caller who attaches many, one after another: `done` of `count` are. Calls
 * opts.on_attach; false when a signal asks an interactive session to end or to stop, as it also
 * ends an rp_session_attach() of a pattern (with ECANCELED). */
bool rp_session_attaching(struct rp_session *session, size_t done, size_t count);
/* The signal that asks to end (SIGINT, SIGTERM, SIGHUP) which has come and which the loop has not
 * seen, or 0: what can be read from a terminal was typed behind it. */
int rp_session_interrupted_by(const struct rp_session *session);
/* Takes an interrupt (SIGINT) that has ended such a thing, so that the loop does not see it. */
void rp_session_take_interrupt(struct rp_session *session);
/* Whether the probe is an iterator, which comes to an end by itself. */
bool rp_session_probe_ends(const struct rp_session *session, const struct rp_probe *probe);
/* Whether the probe is an iterator that has come to its end. */
bool rp_session_probe_ended(const struct rp_session *session, const struct rp_probe *probe);
/* For interactive sessions: starts the command if it has not started; lets duration_ns begin if it
 * has not. */
void rp_session_start_command(struct rp_session *session);
struct rp_error *rp_session_start_time(struct rp_session *session);
/* The command's status as wait(2) gives it; -1 if there is none or it has not ended. */
int rp_session_command_status(const struct rp_session *session);
/* Whether the command has ended, or the target's process. */
bool rp_session_target_ended(const struct rp_session *session);

/* ---- rows at a terminal */

/* The value of column `i` as in a row, malloc()ed; NULL: there is no such column, or no memory. */
char *rp_layout_cell(const struct rp_layout *layout, size_t i, const void *data, size_t size);
/* What an RP_MEMBER_ATTACH_POINT of its records is called: "place:NUMBER=NAME,NUMBER=NAME". */
struct rp_error *rp_layout_name_places(struct rp_layout *layout, const char *names);
/* Rows of one layout at a terminal: its columns are as wide as what comes, as far as a line has
 * room. Text that is too long is cut, with a mark; a number is not. */
struct rp_columns;
/* For records whose layout is known; not without columns. `layout` must outlive it. */
struct rp_error *rp_columns_new(const struct rp_layout *layout, struct rp_columns **out);
void rp_columns_free(struct rp_columns *columns);
/* Takes a record, which is to be printed in `room` cells. False: its numbers alone need more.
 * *changed: the columns stand elsewhere than in the header before. */
bool rp_columns_take(struct rp_columns *columns, const void *data, size_t size, size_t room,
                     bool *changed);
/* Of the record that was taken last, without a newline. */
void rp_columns_print_header(const struct rp_columns *columns, FILE *out);
void rp_columns_print_row(const struct rp_columns *columns, FILE *out);
/* A line for each column: its name, and all of its value. */
void rp_columns_print_expanded(const struct rp_columns *columns, FILE *out);

/* ---- maps that are printed again and again */

/* Deletes the entries of an interval from a map whose keys have an RP_MEMBER_INTERVAL. */
struct rp_error *rp_map_delete_interval(const struct rp_module *module, const char *name,
                                        uint32_t interval);
/* Waits until no program that began before is still running. */
struct rp_error *rp_wait_for_programs(void);

/* What maps had when they were last printed with it. NULL: no memory. */
struct rp_map_past *rp_map_past_new(void);
void rp_map_past_free(struct rp_map_past *past);

/* ------------------------------------------------------------------ completion */

/* `text` is a word that fits, in full; `what` is its type or kind. */
typedef void (*rp_completion_fn)(void *ctx, const char *text, const char *what);

/* Calls `each` with every word that a C text can have at byte `at`, going by clang and the running
 * kernel's types. */
struct rp_error *rp_complete_c(const char *source, size_t at, rp_completion_fn each, void *ctx);
/* The same inside an expression of a question about the probe `spec`: arguments, pid, comm, … and
 * members. */
struct rp_error *rp_complete_expression(const char *spec, const char *expression, size_t at,
                                        rp_completion_fn each, void *ctx);
/* The kernel's structs, unions, enums and typedefs that begin with `prefix`, or (`kind`, such as
 * "enum") those of one kind; none for "", as there are too many. */
void rp_complete_type(const char *kind, const char *prefix, rp_completion_fn each, void *ctx);
/* Kinds, functions, tracepoints, files and their functions, with which a spec that begins with
 * `prefix` can go on. */
struct rp_error *rp_complete_probe(const char *prefix, rp_completion_fn each, void *ctx);

/* ------------------------------------------------------------------ probes that there are */

/* NULL if `spec` could be attached on this kernel, else why not. Loads nothing. */
struct rp_error *rp_probe_check(const char *spec);
/* The nearest spec that works on this kernel in place of `spec`, such as the tracepoint of a system
 * call where there are no kprobes; malloc()ed, or NULL. */
char *rp_probe_suggest(const char *spec);
/* What is not seen at `spec` of the process (0: of any that runs), such as the system calls of
 * 32-bit programs; malloc()ed, NULL: nothing is known. */
char *rp_probe_note(const char *spec, pid_t pid);
/* What a probe at `spec`, which may be a pattern, may do to the program that it is in: a C++
 * exception that passes a function whose return is probed ends it. malloc()ed, NULL: nothing is
 * known. */
char *rp_probe_risk(const char *spec);
/* Which calls of a program's function a probe at `spec` does not see: of copies that the compiler
 * has made of it. malloc()ed, NULL: nothing is known. */
char *rp_probe_unseen(const char *spec);
/* NULL unless the C text reads fields at `from`, as args->FIELD, that `to` does not have in the
 * same place: a program that was compiled for one would read something else at the other. */
struct rp_error *rp_probe_check_fields(const char *source, const char *from, const char *to);
/* Whether it is a shell pattern. */
bool rp_probe_is_pattern(const char *spec);
/* How many matches a pattern has, and whether one link would attach them all. */
struct rp_error *rp_probe_count(const char *pattern, size_t *count, bool *at_once);
/* The spec that a function names by itself, by BCC's conventions (kprobe__X, kretprobe__X,
 * tracepoint__CAT__NAME as TRACEPOINT_PROBE makes it, raw_tracepoint__X, kfunc__X and kretfunc__X
 * as KFUNC_PROBE and KRETFUNC_PROBE make them) or as tp_btf__X. Names of system calls get this
 * kernel's prefix. malloc()ed, or NULL if the name says nothing. */
char *rp_probe_spec_of_function(const char *function);
/* The spec that a function of the module names by itself: by its section if the module is of an ELF
 * file (SEC("kprobe/vfs_read")), else by its name, as above. Programs of the network are at the
 * `interface`, those of cgroups at the directory `cgroup`; both may be NULL. *spec is malloc()ed;
 * NULL if it says nothing. An error where reprobe has no kind of probe of that section. */
struct rp_error *rp_module_probe_spec(const struct rp_module *module, const char *function,
                                      const char *interface, const char *cgroup, char **spec);
/* The `const volatile` variables of a module in libbpf's dialect, which rp_compile_opts.settings
 * can change: `each` gets the name, the type in C, and the value. */
struct rp_error *rp_module_settings(const struct rp_module *module,
                                    void (*each)(void *ctx, const char *name, const char *type,
                                                 const char *value),
                                    void *ctx);
/* Calls `each` with every probe spec of `kind` ("kprobe", …; NULL: every kind) that matches the
 * shell pattern `glob` (NULL: all), until it returns false. `glob` can begin with a kind. Kinds in
 * files (uprobe, uretprobe, usdt) need a `glob` that begins with the file ("bash:*readline*") and
 * are left out when every kind is listed. */
struct rp_error *rp_probe_list(const char *kind, const char *glob,
                               bool (*each)(void *ctx, const char *spec), void *ctx);

/* ------------------------------------------------------------------ inspecting */

/* The functions with an `out` write text for people. */

/* A probe: its kind, its attach point, its arguments with their types, its format. */
struct rp_error *rp_inspect_probe(const char *spec, FILE *out);
/* A kernel struct, union, enum or typedef in C, with offsets and sizes as comments. `name` can
 * include the tag ("struct file"). */
struct rp_error *rp_inspect_type(const char *name, FILE *out);
/* The program's BPF instructions with source lines, and its machine code where the kernel shows it
 * (to root, with kernel.kptr_restrict below 2). */
struct rp_error *rp_inspect_program(const struct rp_probe *probe, FILE *out);
/* The machine code of a function of a program or library (a uprobe's spec), with its lines where
 * debug information tells them. */
struct rp_error *rp_inspect_code(const char *spec, FILE *out);
/* The lines of its source, where they are on this machine. */
struct rp_error *rp_inspect_source(const char *spec, FILE *out);
/* The verifier's log of the program, which is verified once more. */
struct rp_error *rp_inspect_verifier(const struct rp_module *module, const struct rp_probe *probe,
                                     FILE *out);

/* Has the kernel count how often programs run, and for how long, while the descriptor *fd is open
 * (Linux 5.8). */
struct rp_error *rp_run_stats_enable(int *fd);
/* How often the probe's program ran, and for how many nanoseconds in all, while the kernel counted.
 * Probes of one function that are not movable share a program, and so these numbers. */
void rp_run_stats(const struct rp_probe *probe, uint64_t *runs, uint64_t *ns);

/* How maps are changed by hand. */

/* Deletes all entries; those of an array become zero. */
struct rp_error *rp_map_clear(const struct rp_module *module, const char *name);
/* `key` and `value` are text: numbers, "strings", and for structs {a, b, …} or {.member = a}. */
struct rp_error *rp_map_set(const struct rp_module *module, const char *name, const char *key,
                            const char *value);
struct rp_error *rp_map_delete(const struct rp_module *module, const char *name, const char *key);
/* "hash, u32 -> u64, 3 of 10240 entries", malloc()ed. */
struct rp_error *rp_map_describe(const struct rp_module *module, const char *name, char **text);

/* ------------------------------------------------------------------ the running kernel */

/* Something that tracing needs. */
struct rp_feature {
    const char *name; /* "kprobes" */
    bool present;
    const char *needed_for;
    const char *detail; /* what was seen */
    const char *cure;   /* what to do about it; NULL if it is present */
};

/* Calls `each` for every feature that reprobe looks at. */
void rp_kernel_features(void (*each)(void *ctx, const struct rp_feature *feature), void *ctx);

/* ------------------------------------------------------------------ the object cache */

/* A program that this build of reprobe and its compiler have compiled on this kernel before comes
 * from the user's cache: $REPROBE_CACHE (a directory, or "off"), else
 * $XDG_CACHE_HOME/reprobe/objects, else ~/.cache/reprobe/objects. The directory is only used if it
 * belongs to the user and nobody else can write to it. When it grows above $REPROBE_CACHE_LIMIT
 * bytes (64 MiB), the entries that were used longest ago are removed. */

/* A program in it. */
struct rp_cache_entry {
    const char *file;
    const char *source, *kernel; /* NULL: the file is damaged */
    time_t used;
    uint64_t size; /* bytes */
};

/* Writes the cache's directory to `path`; false if the cache is off or has no directory. */
bool rp_cache_path(char *path, size_t size);
/* In bytes. */
uint64_t rp_cache_limit(void);
/* Calls `each` with every entry, beginning with the one that was used last. */
void rp_cache_each(void (*each)(void *ctx, const struct rp_cache_entry *entry), void *ctx);
void rp_cache_clear(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
