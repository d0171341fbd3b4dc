/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libreprobe_tool: what host programs with a command line share. The rules of reprobe.h hold, but
 * for one: functions of this library may print to stdout and stderr and may exit.
 *
 *   command line -> rp_tool -> a session -> a row for each record (snoop)
 *                                        -> a report at each interval (report, sums, irqs)
 *                                        -> stacks, at the end
 */
#ifndef REPROBE_TOOL_H
#define REPROBE_TOOL_H

#include "reprobe.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* ------------------------------------------------------------------ the command line */

/* What the command lines of all host programs have in common: -p PID, -c CMD, -u USER, --comm NAME,
 * --cgroup DIR, --for DURATION, --events N, --json, -t, -v. */
struct rp_tool {
    bool json;       /* print one JSON object a line */
    bool timestamps; /* add a column with the time of day */
    bool verbose;
    struct rp_session_opts *session;
    struct rp_target *target; /* the session's */
    bool since_start;         /* the time is the seconds since the tracing began */
    bool utc;                 /* the time of day is that of UTC */
    bool csv;                 /* rows are comma-separated values */
};

/* Exits if there is no memory. */
struct rp_tool *rp_tool_new(void);
/* `tool` may be NULL. */
void rp_tool_free(struct rp_tool *tool);

/* How often to report. These are its only members for good. */
struct rp_interval {
    uint64_t every_ns; /* 0: one report, at the end */
    uint64_t count;    /* the number of reports; 0: no limit */
};

struct argp;
struct argp_state;
/* The options above: an argp child with a `struct rp_tool` as its input. */
extern const struct argp rp_tool_argp;

/* Parses a host program's command line: its own options (`own`, with `ctx` as input), those of
 * rp_tool_argp and, unless `interval` is NULL, the arguments [INTERVAL [COUNT]]. */
void rp_tool_parse(int argc, char **argv, const struct argp *own, void *ctx, struct rp_tool *tool,
                   struct rp_interval *interval);

/* argp_parse(), but for one thing: if the only argument is --list-options, what shells complete is
 * printed, and the program exits with 0. A line is "args", a tab, and the names of the arguments as
 * --help shows them; or "option", "-p" or "--pid", its argument's name, what it does. */
void rp_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, void *input);

/* Defines a macro ("FAILED", "SIGNAL=%d") for rp_tool_compile(). */
void rp_tool_define(struct rp_tool *tool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Defines MACRO(x), which is true for the numbers of a list such as "12,40", from `min` to `max`;
 * false if `list` is not one. */
bool rp_tool_define_list(struct rp_tool *tool, const char *macro, const char *list, uint64_t min,
                         uint64_t max);
/* Defines MACRO(port), which is true for the ports of a list such as "80,443"; false if `list` is
 * not one. */
bool rp_tool_define_ports(struct rp_tool *tool, const char *macro, const char *list);
/* Defines FAMILY, AF_INET for the option -4 and AF_INET6 for -6; false for all other keys. */
bool rp_tool_define_family(struct rp_tool *tool, int key);
/* Whether TRACEPOINT_PROBE(syscalls, sys_enter_NAME) has a probe: the tracepoint, or where this
 * user cannot read those of system calls, rawsyscall:sys_enter_NAME. */
bool rp_tool_has_syscall(const char *name);
/* Compiles `source` with these macros; messages call it `name`. */
struct rp_error *rp_tool_compile(struct rp_session *session, const struct rp_tool *tool,
                                 const char *name, const char *source, struct rp_module **out);

/* The rest of main(): makes a session, calls `run` with it, reports what was lost, and frees the
 * session and `tool`. Returns the exit status. */
int rp_tool_run(struct rp_tool *tool,
                struct rp_error *(*run)(struct rp_session *session, void *ctx), void *ctx);
/* Says on stderr, once all is attached, with -v what that is, and what there is to note. From then
 * on `since_start` counts. */
void rp_tool_print_start(struct rp_session *session, const struct rp_tool *tool);
/* Says on stderr that the module sees every process when the command line names some, and it does
 * not ask for them; messages call it `name`. */
void rp_tool_note_target(const struct rp_tool *tool, const char *name,
                         const struct rp_module *module);
/* Flushes stdout, prints `err` to stderr (if `verbose`, with its long text) and frees it. Returns
 * the exit status: 0 if `err` is NULL and all output was written, else 1. */
int rp_tool_end(struct rp_error *err, bool verbose);

/* ------------------------------------------------------------------ text */

/* "90", "1.5s", "200ms", "5m", "1h" in nanoseconds; false if `text` is not a duration. */
bool rp_parse_duration(const char *text, uint64_t *ns);
/* The argument of an option: "10", "500ms"; else the program ends with the words for it. */
void rp_tool_parse_duration(struct argp_state *state, const char *text, uint64_t *ns);
/* A decimal number from 1 to `max`; false if `text` is not one: *count stays as it was. */
bool rp_parse_count(const char *text, uint64_t max, uint64_t *count);
/* A signal by number (1 to 64) or by name, with or without SIG, in any case; false if `text` is
 * neither. */
bool rp_parse_signal(const char *text, int *signal);

#define RP_SIGNAL_NAME 16
/* "SIGKILL", "SIGRTMIN+3" (34 + 3). Returns `text`. */
const char *rp_signal_name(int signal, char text[RP_SIGNAL_NAME]);

/* The time of day, "12:00:01". */
void rp_time_of_day(char text[16]);
/* The same of that time, in seconds since 1970. */
void rp_time_text(time_t at, char text[16]);
/* Prints the time of day, padded to the width of its column. */
void rp_print_time(FILE *out);
/* The time of day as the member "time" of a JSON object. */
void rp_json_time(struct rp_writer *json);
/* Begins a JSON object on a line of stdout; with -t its first member is the time of day. */
void rp_tool_json_begin(const struct rp_tool *tool, struct rp_writer *json);

/* ------------------------------------------------------------------ metrics */

struct rp_metrics; /* reprobe_query.h */
/* Offers metrics to monitoring while a session runs. */
struct rp_exporter;

/* The options --metrics[=ADDR:PORT|FILE] and --metrics-limit=N: an argp child with this as its
 * input. */
extern const struct argp rp_exporter_argp;
struct rp_exporter_opts {
    size_t size;
    const char
        *where;     /* "127.0.0.1:9435", "9435", a file with a `/` or ending in .prom; NULL: none */
    uint64_t limit; /* keys of a map; 0: the default of rp_metrics_add_map() */
    /* Adds what there is now; an error is what a client is answered. */
    struct rp_error *(*collect)(void *ctx, struct rp_metrics *metrics);
    void *ctx;
};
/* Says on stderr where the metrics are. An address is answered over HTTP from the session's loop:
 * at most 16 clients at a time, each for at most 5 seconds, and what was gathered is up to a second
 * old. A file is replaced every 10 seconds, and when the exporter is closed. *out is NULL if
 * `where` is. */
struct rp_error *rp_exporter_open(struct rp_session *session, const struct rp_exporter_opts *opts,
                                  struct rp_exporter **out);
/* When the session's loop has ended, and before the session is freed. `exporter` may be NULL. */
void rp_exporter_close(struct rp_exporter *exporter);

/* ------------------------------------------------------------------ rows */

struct rp_row;

/* Writes the cells of `record` with the functions below. Which cells there are must depend on `ctx`
 * alone: the same function writes the header (for a zeroed record), rows and JSON objects. */
typedef void (*rp_cells_fn)(struct rp_row *row, const void *record, const void *ctx);

/* `name` is the column's ("LAT(ms)") and, in JSON, the member's ("lat_ms"). `width` is in columns:
 * negative to align to the right, 0 for the last cell of a row. */
void rp_cell_uint(struct rp_row *row, const char *name, int width, uint64_t value);
void rp_cell_int(struct rp_row *row, const char *name, int width, int64_t value);
void rp_cell_double(struct rp_row *row, const char *name, int width, int decimals, double value);
/* Text as in rp_print_text() and rp_json_text(); always aligned to the left. */
void rp_cell_text(struct rp_row *row, const char *name, int width, const char *text, size_t max);
/* What is not known: `?`, in JSON null. */
void rp_cell_none(struct rp_row *row, const char *name, int width);
/* Texts with blanks between them, in JSON an array; with `quoted` each stands in quotes,
 * and one in it behind a backslash. */
void rp_cell_texts(struct rp_row *row, const char *name, int width, const char *const *texts,
                   size_t count, bool quoted);
/* `family` is AF_INET or AF_INET6, `address` its 4 or 16 bytes. */
void rp_cell_address(struct rp_row *row, const char *name, int width, int family,
                     const void *address);

/* ------------------------------------------------------------------ a row for each record */

struct rp_snoop {
    size_t size;
    const char *name, *source; /* what messages call the source, and its text */
    size_t record_size;        /* of the records of its output `events` */
    size_t least_size;         /* shorter records are skipped; 0: all that are not whole. What is
                                  missing of a record is zero. */
    rp_cells_fn cells;
    /* Attaches the probes; NULL: rp_session_attach_named(). */
    struct rp_error *(*attach)(struct rp_session *session, struct rp_module *module, void *ctx);
    void *ctx; /* of all, and the input of `argp` below */
    /* Sees each record first; false: no row is printed for it, and --events does not count it.
     * NULL: each has a row. */
    bool (*take)(const void *record, const void *ctx);
};

/* The whole main() of a snoop: parses the command line with `argp` and rp_tool_argp, compiles,
 * attaches, and prints a row to stdout for each record until the session ends. Frees `tool`.
 * Returns the exit status. */
int rp_snoop_main(int argc, char **argv, const struct argp *argp, struct rp_tool *tool,
                  const struct rp_snoop *snoop);

/* ------------------------------------------------------------------ a report at each interval */

struct rp_report {
    size_t size;
    const struct rp_tool *tool;
    struct rp_interval interval;
    struct rp_error *(*print)(void *ctx);
    void *ctx;
    bool has_rows; /* it prints rows of events as well: --events is a number of these */
};

/* Runs the session, to which everything is attached, and prints at each interval and at the end.
 * With -t the time of day is printed above each report; in JSON that is up to `print`. */
struct rp_error *rp_report_run(struct rp_session *session, const struct rp_report *report);

/* ------------------------------------------------------------------ reports of sums by key */

#define RP_SUM_TEXT 64

/* What was added for one key since the last report. The map is not cleared in between: these are
 * differences, so nothing is lost. */
struct rp_sum {
    const char *text;       /* what the key means, at most RP_SUM_TEXT bytes */
    const uint64_t *values; /* as many as a value of the map has */
    uint64_t total;         /* the first value; of a histogram, the sum of all */
};

struct rp_sums {
    size_t size;
    const struct rp_tool *tool;
    struct rp_interval interval;
    /* What messages call the source, and its text. The values of its map `sums` consist of one or
     * more u64 that only grow; they may be per CPU. */
    const char *name, *source;
    /* Attaches the probes; NULL: rp_session_attach_named(). */
    struct rp_error *(*attach)(struct rp_session *session, struct rp_module *module, void *ctx);
    const char *noun; /* what a key is: "softirq"; NULL: there is only one */
    int width;        /* of its column */
    const char *unit; /* "usecs" */
    unsigned unit_ns; /* a total is divided by this, which gives that unit */
    bool histograms;  /* a value is 64 counts by bpf_log2l(), in that unit */
    void (*text)(const void *key, char text[RP_SUM_TEXT]);
    bool is_number;    /* `text` writes a number: JSON has it without quotes */
    rp_cells_fn cells; /* of a struct rp_sum; NULL: the noun and the total */
    void *ctx;         /* of `attach` and `cells` */
};

/* Compiles, attaches, and at each interval and at the end reports the keys for which something was
 * added, the largest last. */
struct rp_error *rp_sums_run(struct rp_session *session, const struct rp_sums *sums);

/* ------------------------------------------------------------------ interrupts */

/* A tool that times interrupts. Its source keeps `sums` as rp_sums_run() wants them: times in
 * nanoseconds. These macros are defined for it by the command line: COUNT: the value is the number
 * of events; DIST: it is a histogram, by bpf_log2l(time / UNIT); CPU: only events on that CPU
 * count. */
struct rp_irqs {
    size_t size;
    const char *doc;           /* for --help */
    const char *name, *source; /* what messages call the source, and its text */
    const char *noun;          /* "softirq" */
    int width;                 /* of its column */
    void (*text)(const void *key, char text[RP_SUM_TEXT]);
    /* The raw tracepoints of the source's functions raw_tracepoint__NAME, in the order in which to
     * attach them, NULL at the end; they become tp_btf where the kernel has that. Functions that
     * the macros leave out are skipped. */
    const char *const *tracepoints;
};

/* The whole main() of such a tool. Returns the exit status. */
int rp_irqs_main(int argc, char **argv, const struct rp_irqs *irqs);

/* ------------------------------------------------------------------ stacks, counted */

enum rp_stacks_output {
    RP_STACKS_TEXT,   /* a line for each function, innermost first; the most frequent stack last */
    RP_STACKS_JSON,   /* an object for each stack */
    RP_STACKS_FOLDED, /* a line for each stack, which flame graph programs read */
    RP_STACKS_SVG,    /* a flame graph, in the file `path` */
};

struct rp_stacks {
    size_t size;
    const struct rp_tool *tool;
    const struct rp_module *module;
    const char *map; /* one of RP_MEANS_STACKS */
    enum rp_stacks_output as;
    bool annotate; /* append "_[k]" to the kernel's functions (SVG always has it) */
    const char *path, *title;
    const uint32_t *interval; /* as in struct rp_map_format */
    size_t most;              /* only so many stacks: those with most; 0: all */
    const char *time;         /* as in struct rp_map_format */
    bool delimit;             /* a line stands between the kernel's functions and the others */
};

/* Prints the stacks that were counted so far, text and JSON to `out`. `stack` is the module's. */
struct rp_error *rp_stacks_print(const struct rp_stacks *stacks, struct rp_stack *stack, FILE *out);
/* Runs the session, to which everything is attached, and then prints the stacks and, to stderr,
 * what was left out. */
struct rp_error *rp_stacks_run(struct rp_session *session, const struct rp_stacks *stacks);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
