/* SPDX-License-Identifier: Apache-2.0 */
/* ringbench: measures how records travel from programs to a process. */
#ifndef RINGBENCH_BENCH_H
#define RINGBENCH_BENCH_H

#include <pthread.h>
#include <stdatomic.h>

#include "reprobe_tool.h"

#define PAGE        4096u
#define MAX_CHOICES 8
#define MAX_ROUNDS  100
#define LOOK_MS     10 /* how often readers poll that are not always woken */

/* ------------------------------------------------------------- what is measured */

enum reader { READER_PERF, READER_LIBBPF, READER_BUSY, READER_REPROBE };

/* How records travel from a program to its reader: transport.c has the list. */
struct transport {
    const char *name;
    const char *about;
    const char *const *macros; /* of bpf-src/ringbench.c */
    enum reader reader;
    bool reserves; /* the program reserves space first */
    bool samples;  /* a perf buffer that wakes its reader at every Nth record */
    bool looks;    /* its reader may have to poll */
};

extern const struct transport transports[];
extern const size_t transport_count;
const struct transport *transport_named(const char *name, size_t len);

/* The parameters of a run. */
struct setup {
    const struct transport *transport;
    unsigned size;      /* of a record, bytes */
    unsigned pages;     /* all buffers together */
    unsigned producers; /* threads */
    unsigned work;      /* for each record, see bpf-src/ringbench.c */
    unsigned every;     /* perf-sampled: records per wake-up */
    bool processes;     /* trace forks, execs and exits instead of calls */
    bool kernel_wakes;  /* with any transport: wake as the kernel does */
};

/* As in bpf-src/ringbench.c. */
enum kind { KIND_CALL, KIND_FORK, KIND_EXEC, KIND_EXIT };
struct event {
    uint64_t time;
    uint32_t pid;
    uint16_t cpu;
    uint16_t kind;
};

struct result {
    double seconds;
    uint64_t calls;              /* of the producers */
    uint64_t produced, failed;   /* records, as counted by the program */
    uint64_t delivered;          /* as counted by the reader */
    double producer_s, reader_s; /* processor time */
    uint64_t wakeups;            /* the reader's voluntary context switches */
};

/* ------------------------------------------------------------- the command line */

struct options {
    bool json, verbose;
    const struct transport *transports[MAX_CHOICES];
    size_t transport_count;
    unsigned sizes[MAX_CHOICES], pages[MAX_CHOICES], producers[MAX_CHOICES];
    size_t size_count, page_count, producer_count;
    unsigned every, rounds, work, burst;
    uint64_t run_ns;
    bool chart;
};

/* One experiment. It prints its own errors and returns whether all went well. */
struct experiment {
    const char *name;
    bool (*run)(const struct options *options);
    const char *about;
};

bool throughput_run(const struct options *options);
bool libbpf_run(const struct options *options);
bool latency_run(const struct options *options);
bool ordering_run(const struct options *options);
bool burst_run(const struct options *options);
bool late_failure_run(const struct options *options);

/* ------------------------------------------------------------- program and reader: bench.c */

struct bench {
    const struct options *options;
    struct setup setup;
    struct rp_module *module;
    struct rp_probe *probes[4];
    size_t probe_count;
    int events, counts; /* maps */
    /* Called with each record by the reader; may be NULL. */
    void (*on_record)(void *ctx, const struct event *event);
    void *ctx;
    uint64_t delivered;
};

/* Compiles and attaches; prints what is wrong. Call bench_close() even if it fails. */
bool bench_open(struct bench *bench, const struct options *options, const struct setup *setup);
void bench_close(struct bench *bench);

struct load;
/* Starts the load, reads until it has ended or `ns` are over, ends it, reads the rest. The reader
 * is the transport's, or `reader`. */
bool bench_run(struct bench *bench, enum reader reader, struct load *load, uint64_t ns,
               struct result *result);
/* The same, but nobody reads before the load has ended. */
bool bench_run_unread(struct bench *bench, struct load *load, struct result *result);
/* Bytes of all buffers, including the kernel's own pages. */
size_t bench_memory(const struct setup *setup);

/* ------------------------------------------------------------- producers: load.c */

struct load {
    unsigned threads;
    uint64_t calls;     /* of each thread; 0: until it is stopped */
    uint64_t period_ns; /* between two calls; 0: none */
    bool processes;     /* start programs instead, on changing CPUs */
    atomic_bool stop;
    atomic_uint begun, running;
    pthread_t ids[64];
    uint64_t made[64];
    double cpu_s[64];
};

/* Returns when all threads run. */
bool load_start(struct load *load);
/* Stops and joins; the sums of calls and of processor time. */
void load_end(struct load *load, uint64_t *calls, double *cpu_s);
bool load_has_ended(struct load *load);
/* Waits until the load ends by itself. */
void load_wait(struct load *load);
/* Moves this thread to the last CPU, for readers; producers take the others. */
void pin_reader(void);
unsigned cpu_count(void);

/* ------------------------------------------------------------- numbers and their format: report.c
 */

double seconds_now(void);
uint64_t now_ns(void);
double median(double *values, size_t count);
/* The median of a field over `count` results. */
double median_of(const struct result *results, size_t count,
                 double (*field)(const struct result *));
double produced_rate(const struct result *result);
double delivered_rate(const struct result *result);
double lost_share(const struct result *result);
double producer_ms(const struct result *result); /* a million records */
double reader_ms(const struct result *result);
double wakeup_rate(const struct result *result);

/* A bar for `value` of `max`, at most `width` columns wide. */
void print_bar(double value, double max, int width);
/* "1.23M", "45.6k" */
const char *short_number(double value, char text[16]);
/* Begins a line of --json; `transport` may be NULL. */
void json_begin(struct rp_writer *json, const char *experiment, const struct transport *transport);

#endif
