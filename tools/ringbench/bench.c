/* SPDX-License-Identifier: Apache-2.0 */
/* One program, one reader, one load, and what they cost. */
#include "bench.h"
#include "reprobe_query.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

extern const char rp_embedded_ringbench_c[];

static bool say(struct rp_error *err, const struct bench *bench) {
    return rp_tool_end(err, bench->options->verbose) == 0;
}

static bool cannot(const char *what) {
    fprintf(stderr, "reprobe: cannot %s: %s\n", what, strerror(errno));
    return false;
}

/* ------------------------------------------------------------- the program */

/* With perf buffers the CPUs share the pages, in powers of two. */
static unsigned pages_a_cpu(const struct setup *setup) {
    unsigned pages = 1;
    while (pages * 2 * cpu_count() <= setup->pages)
        pages *= 2;
    return pages;
}

size_t bench_memory(const struct setup *setup) {
    if (setup->transport->reader == READER_PERF)
        return (size_t)cpu_count() * (pages_a_cpu(setup) + 1) * PAGE;
    return ((size_t)setup->pages + 2) * PAGE; /* the two positions have their own pages */
}

static struct rp_error *attach(struct bench *bench) {
    for (size_t i = 0; i < rp_module_function_count(bench->module); i++) {
        const char *function = rp_module_function_name(bench->module, i);
        char *spec = rp_probe_spec_of_function(function);
        if (!spec)
            continue;
        struct rp_error *err =
            rp_probe_attach(bench->module, function, spec, &bench->probes[bench->probe_count]);
        free(spec);
        if (err)
            return err;
        bench->probe_count++;
    }
    return NULL;
}

bool bench_open(struct bench *bench, const struct options *options, const struct setup *setup) {
    char size[32], pages[32], work[32];
    const char *flags[12] = {size, pages, work};
    size_t count = 3;
    *bench = (struct bench){.options = options, .setup = *setup};
    snprintf(size, sizeof(size), "-DSIZE=%u", setup->size);
    snprintf(pages, sizeof(pages), "-DPAGES=%u", setup->pages);
    snprintf(work, sizeof(work), "-DWORK=%u", setup->work);
    for (size_t i = 0; setup->transport->macros[i]; i++)
        flags[count++] = setup->transport->macros[i];
    if (setup->processes)
        flags[count++] = "-DPROCESSES";
    if (setup->kernel_wakes) /* the last definition wins */
        flags[count++] = "-URP_BATCH_WAKEUPS", flags[count++] = "-DRP_BATCH_WAKEUPS=0";
    const struct rp_target target = {.size = sizeof(target), .pid = getpid()};
    const struct rp_compile_opts opts = {.size = sizeof(opts),
                                         .name = "ringbench.c",
                                         .cflags = flags,
                                         .cflag_count = count,
                                         .target = &target};
    struct rp_error *err = rp_module_compile(rp_embedded_ringbench_c, &opts, &bench->module);
    if (!err)
        err = attach(bench);
    if (err)
        return say(err, bench);
    bench->events = rp_module_map_fd(bench->module, "events");
    bench->counts = rp_module_map_fd(bench->module, "counts");
    return true;
}

void bench_close(struct bench *bench) {
    for (size_t i = 0; i < bench->probe_count; i++)
        rp_probe_free(bench->probes[i]);
    rp_module_free(bench->module);
}

struct counts {
    uint64_t produced, failed;
};

/* The program's counters, summed over all CPUs. */
static struct counts counts_of(const struct bench *bench) {
    struct counts sum = {0, 0};
    int cpus = libbpf_num_possible_cpus();
    struct counts *each = cpus > 0 ? calloc((size_t)cpus, sizeof(*each)) : NULL;
    uint32_t zero = 0;
    if (each && !bpf_map_lookup_elem(bench->counts, &zero, each))
        for (int i = 0; i < cpus; i++) {
            sum.produced += each[i].produced;
            sum.failed += each[i].failed;
        }
    free(each);
    return sum;
}

/* ------------------------------------------------------------- readers */

static void take(struct bench *bench, const void *data) {
    bench->delivered++;
    if (!bench->on_record)
        return;
    struct event event;
    memcpy(&event, data, sizeof(event)); /* perf records are not aligned */
    bench->on_record(bench->ctx, &event);
}

static bool take_ours(void *ctx, const void *data, size_t size) {
    (void)size;
    take(ctx, data);
    return true;
}

static int take_libbpf(void *ctx, void *data, size_t size) {
    (void)size;
    take(ctx, data);
    return 0;
}

static enum bpf_perf_event_ret take_perf(void *ctx, int cpu, struct perf_event_header *header) {
    (void)cpu;
    if (header->type == PERF_RECORD_SAMPLE) /* struct perf_sample_raw: a size, then the record */
        take(ctx, (const char *)(header + 1) + sizeof(uint32_t));
    return LIBBPF_PERF_EVENT_CONT;
}

/* An open reader: one of the three. */
struct open_reader {
    struct bench *bench;
    enum reader kind;
    struct perf_buffer *perf;
    struct ring_buffer *ring;
    struct rp_session *session;
};

static bool open_perf(struct open_reader *r) {
    const struct setup *setup = &r->bench->setup;
    struct perf_event_attr attr = {.size = sizeof(attr),
                                   .type = PERF_TYPE_SOFTWARE,
                                   .config = PERF_COUNT_SW_BPF_OUTPUT,
                                   .sample_type = PERF_SAMPLE_RAW,
                                   .sample_period = 1,
                                   .wakeup_events = setup->transport->samples ? setup->every : 1};
    r->perf = perf_buffer__new_raw(r->bench->events, pages_a_cpu(setup), &attr, take_perf, r->bench,
                                   NULL);
    return r->perf || cannot("read the perf buffers");
}

static bool open_reader(struct open_reader *r) {
    switch (r->kind) {
    case READER_PERF:
        return open_perf(r);
    case READER_REPROBE: {
        const struct rp_session_opts opts = {.size = sizeof(opts)};
        struct rp_error *err = rp_session_new(&opts, &r->session);
        if (!err)
            err = rp_session_read(r->session, r->bench->module, "events", take_ours, r->bench);
        return say(err, r->bench);
    }
    default:
        r->ring = ring_buffer__new(r->bench->events, take_libbpf, r->bench, NULL);
        return r->ring || cannot("read the ring buffer");
    }
}

static void close_reader(struct open_reader *r) {
    perf_buffer__free(r->perf);
    ring_buffer__free(r->ring);
    rp_session_free(r->session);
}

static void drain(struct open_reader *r) {
    uint64_t before;
    do {
        before = r->bench->delivered;
        if (r->perf)
            perf_buffer__consume(r->perf);
        if (r->ring)
            ring_buffer__consume(r->ring);
    } while (r->bench->delivered != before);
}

/* Polls once, and may sleep this long. */
static void look(const struct open_reader *r, uint64_t ns) {
    bool looks = r->bench->setup.transport->looks;
    int ms = looks ? LOOK_MS : (int)(ns / 1000000) + 1;
    if (r->perf) {
        if (perf_buffer__poll(r->perf, ms) == 0 && looks)
            perf_buffer__consume(r->perf);
        return;
    }
    if (r->kind == READER_BUSY || (ring_buffer__poll(r->ring, ms) == 0 && looks))
        ring_buffer__consume(r->ring);
}

/* ------------------------------------------------------------- a run */

#define END_NS 100000000 /* how often a reader checks for the end of a load */

struct run {
    struct load *load;
    struct result *result;
    double start; /* seconds */
    uint64_t end_ns;
};

/* A load without an end runs until it is stopped. */
static bool is_over(const struct run *run) {
    return now_ns() >= run->end_ns || (run->load->calls && load_has_ended(run->load));
}

static void end_load(struct run *run) {
    load_end(run->load, &run->result->calls, &run->result->producer_s);
    run->result->seconds = seconds_now() - run->start;
}

/* For reprobe's loop. */
static bool go_on(void *ctx) {
    if (!is_over(ctx))
        return true;
    end_load(ctx);
    return false;
}

static bool read_until_over(struct open_reader *r, struct run *run, uint64_t ns) {
    run->end_ns = now_ns() + ns;
    uint64_t at_most =
        run->load->calls ? END_NS : ns; /* the end of a load does not wake the reader */
    if (r->session) {
        struct rp_error *err = rp_session_every(r->session, at_most, go_on, run);
        return say(err ? err : rp_session_run(r->session), r->bench);
    }
    while (!is_over(run))
        look(r, at_most);
    end_load(run);
    drain(r);
    return true;
}

static double processor_s(const struct rusage *usage) {
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

/* `earlier`: before the reader was open, so that what it sees of itself was produced, too. */
static bool run_reader(struct open_reader *r, struct counts earlier, struct load *load, uint64_t ns,
                       struct result *result) {
    struct rusage before, after;
    struct run run = {.load = load, .result = result};
    *result = (struct result){0};
    r->bench->delivered = 0;
    getrusage(RUSAGE_THREAD, &before);
    run.start = seconds_now();
    if (!load_start(load)) {
        end_load(&run);
        return false;
    }
    if (!read_until_over(r, &run, ns))
        return false;
    getrusage(RUSAGE_THREAD, &after);
    struct counts now = counts_of(r->bench);
    result->reader_s = processor_s(&after) - processor_s(&before);
    result->wakeups = (uint64_t)(after.ru_nvcsw - before.ru_nvcsw);
    result->produced = now.produced - earlier.produced;
    result->failed = now.failed - earlier.failed;
    result->delivered = r->bench->delivered;
    return true;
}

bool bench_run(struct bench *bench, enum reader reader, struct load *load, uint64_t ns,
               struct result *result) {
    struct open_reader r = {.bench = bench, .kind = reader};
    pin_reader();
    struct counts earlier = counts_of(bench);
    bool ok = open_reader(&r) && run_reader(&r, earlier, load, ns, result);
    close_reader(&r);
    return ok;
}

bool bench_run_unread(struct bench *bench, struct load *load, struct result *result) {
    struct open_reader r = {.bench = bench, .kind = bench->setup.transport->reader};
    struct run run = {.load = load, .result = result};
    *result = (struct result){0};
    bench->delivered = 0;
    if (r.kind == READER_REPROBE) /* the difference is not visible */
        r.kind = READER_LIBBPF;
    bool ok = open_reader(&r);
    if (ok) {
        struct counts earlier = counts_of(bench);
        run.start = seconds_now();
        ok = load_start(load);
        load_wait(load);
        end_load(&run);
        struct counts now = counts_of(bench);
        result->produced = now.produced - earlier.produced;
        result->failed = now.failed - earlier.failed;
        drain(&r);
        result->delivered = bench->delivered;
    }
    close_reader(&r);
    return ok;
}
