/* SPDX-License-Identifier: Apache-2.0 */
/* Sampling and counting: profile, interval, software and hardware. Each is a perf event on every
 * online CPU (interval: on one CPU), which calls the program whenever it overflows. */
#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/bcc.h"
#include "kernel/features.h"
#include "probe/arguments.h"
#include "probe/completion.h"
#include "probe/kind.h"
#include "util/array.h"
#include "util/capture.h"
#include "util/cleanup.h"
#include "util/nearest.h"

/* ------------------------------------------------------------------ CPUs */

/* A list of ranges in sysfs: "0-3,8". */
static bool each_online_cpu(bool (*each)(void *ctx, int cpu), void *ctx) {
    RP_AUTO_FCLOSE FILE *file = fopen("/sys/devices/system/cpu/online", "re");
    int first, last;
    bool any = false;
    while (file && fscanf(file, "%d", &first) == 1) {
        int separator = getc(file);
        if (separator != '-' || fscanf(file, "%d", &last) != 1)
            last = first;
        else
            separator = getc(file);
        for (int cpu = first; cpu <= last; cpu++) {
            any = true;
            if (!each(ctx, cpu))
                return true;
        }
        if (separator != ',')
            break;
    }
    return any;
}

/* What to attach, to one CPU after the other. */
struct counter {
    uint32_t type, event;       /* perf_event_attr's type and config */
    uint64_t period, frequency; /* one of them is 0 */
    bool one_cpu;
    int prog_fd, errnum;
    struct rp_attachment *out;
    struct rp_error *err;
};

static bool attach_cpu(void *ctx, int cpu) {
    struct counter *counter = ctx;
    int fd = rp_bcc()->bpf_attach_perf_event(counter->prog_fd, counter->type, counter->event,
                                             counter->period, counter->frequency, -1, cpu, -1);
    /* It may have gone offline meanwhile. */
    if (fd < 0 && errno == ENODEV)
        return true;
    counter->errnum = fd < 0 ? errno : 0;
    if (fd >= 0)
        counter->err = rp_attachment_add(counter->out, fd, NULL);
    return !counter->errnum && !counter->err && !counter->one_cpu;
}

/* If the kernel refused, `counter->errnum` says why. */
static struct rp_error *attach_to_cpus(struct counter *counter) {
    struct rp_capture capture = rp_capture_begin();
    bool any = each_online_cpu(attach_cpu, counter);
    free(rp_capture_end(&capture));
    if (!any)
        return rp_probe_error(ENOENT, "/sys/devices/system/cpu/online does not list the CPUs");
    return counter->err;
}

static struct rp_error *explain_refusal(int errnum) {
    if (errnum == EPERM || errnum == EACCES)
        return rp_kernel_refusal(errnum);
    if (errnum == EMFILE)
        return rp_error_hint_set(rp_error_new(errnum, NULL, "cannot use the probe"),
                                 "it needs a descriptor for each CPU: raise ulimit -n");
    return rp_error_new(errnum, NULL, "cannot use the probe");
}

/* ------------------------------------------------------------------ time: profile, interval */

#define HRTIMER_MIN_NS 10000 /* kernel/events/core.c: the period that it uses for smaller ones */

static const struct {
    const char *name;
    uint64_t ns; /* 0: times a second */
} units[] = {{"hz", 0}, {"ms", 1000000}, {"s", 1000000000}, {"us", 1000}};

static struct rp_error *check_period(const struct rp_spec *spec, uint64_t number) {
    for (size_t i = 0; i < RP_COUNT(units); i++) {
        if (strcmp(units[i].name, spec->category) != 0)
            continue;
        if (units[i].ns && number > UINT64_MAX / 2 / units[i].ns)
            return rp_probe_error(ERANGE, "the time is too long");
        if (units[i].ns && number * units[i].ns < HRTIMER_MIN_NS)
            return rp_error_hint_set(
                rp_probe_error(ERANGE, "the kernel samples at most every 10 microseconds"),
                "use %s:us:10 or more", spec->kind->name);
        return NULL;
    }
    return rp_probe_error(EINVAL, "\"%.40s\" is not a unit of time: it is hz, s, ms or us",
                          spec->category);
}

static struct rp_error *parse_time(const char *rest, struct rp_spec *spec) {
    const char *colon = strchr(rest, ':');
    if (!*rest)
        return rp_probe_error(EINVAL, "the unit of time is missing");
    if (!colon)
        return rp_probe_error(EINVAL, "a probe of kind %s has two parts, a unit and a number",
                              spec->kind->name);
    RP_TRY(rp_spec_name(rest, (size_t)(colon - rest), "unit", "", &spec->category));
    RP_TRY(rp_spec_number(colon + 1, "number", &spec->number));
    RP_TRY(check_period(spec, spec->number));
    return asprintf(&spec->target, "%" PRIu64, spec->number) < 0 ? rp_error_nomem() : NULL;
}

static struct rp_error *complete_unit(struct rp_completion *completion, const char *rest) {
    completion->after = ":";
    completion->what = "unit of time";
    for (size_t i = 0; i < RP_COUNT(units); i++)
        if (!strncmp(units[i].name, rest, strlen(rest)))
            rp_completion_offer(completion, units[i].name);
    return NULL;
}

static uint64_t max_rate(void) {
    RP_AUTO_FCLOSE FILE *file = fopen("/proc/sys/kernel/perf_event_max_sample_rate", "re");
    uint64_t rate = 0;
    return file && fscanf(file, "%" SCNu64, &rate) == 1 ? rate : 0;
}

static struct rp_error *resolve_time(struct rp_spec *spec) {
    uint64_t most = max_rate();
    if (strcmp(spec->category, "hz") != 0 || !most || spec->number <= most)
        return NULL;
    return rp_error_hint_set(
        rp_probe_error(ERANGE, "this kernel samples at most %" PRIu64 " times a second", most),
        "use a lower rate, or as root: sysctl kernel.perf_event_max_sample_rate=%" PRIu64,
        spec->number);
}

static struct rp_error *attach_time(const struct rp_spec *spec, int prog_fd,
                                    struct rp_attachment *out) {
    struct counter counter = {.type = PERF_TYPE_SOFTWARE,
                              .event = PERF_COUNT_SW_CPU_CLOCK,
                              .one_cpu = spec->kind == &rp_interval_kind,
                              .prog_fd = prog_fd,
                              .out = out};
    for (size_t i = 0; i < RP_COUNT(units); i++)
        if (!strcmp(units[i].name, spec->category))
            counter.period = units[i].ns * spec->number;
    if (!counter.period)
        counter.frequency = spec->number;
    RP_TRY(attach_to_cpus(&counter));
    return counter.errnum ? explain_refusal(counter.errnum) : NULL;
}

/* ------------------------------------------------------------------ events: software, hardware */

struct event {
    const char *name, *alias;
    uint32_t event;
    uint64_t count; /* the default number of events per call, as in bpftrace */
};

/* Without bpf-output, which programs write to and libbcc refuses. */
static const struct event software[] = {
    {"alignment-faults", NULL, PERF_COUNT_SW_ALIGNMENT_FAULTS, 1},
    {"context-switches", "cs", PERF_COUNT_SW_CONTEXT_SWITCHES, 1000},
    {"cpu-clock", "cpu", PERF_COUNT_SW_CPU_CLOCK, 1000000},
    {"cpu-migrations", NULL, PERF_COUNT_SW_CPU_MIGRATIONS, 1},
    {"dummy", NULL, PERF_COUNT_SW_DUMMY, 1},
    {"emulation-faults", NULL, PERF_COUNT_SW_EMULATION_FAULTS, 1},
    {"major-faults", NULL, PERF_COUNT_SW_PAGE_FAULTS_MAJ, 1},
    {"minor-faults", NULL, PERF_COUNT_SW_PAGE_FAULTS_MIN, 100},
    {"page-faults", "faults", PERF_COUNT_SW_PAGE_FAULTS, 100},
    {"task-clock", NULL, PERF_COUNT_SW_TASK_CLOCK, 1000000},
    {0},
};

static const struct event hardware[] = {
    {"backend-stalls", NULL, PERF_COUNT_HW_STALLED_CYCLES_BACKEND, 1000000},
    {"branch-instructions", "branches", PERF_COUNT_HW_BRANCH_INSTRUCTIONS, 100000},
    {"branch-misses", NULL, PERF_COUNT_HW_BRANCH_MISSES, 100000},
    {"bus-cycles", NULL, PERF_COUNT_HW_BUS_CYCLES, 100000},
    {"cache-misses", NULL, PERF_COUNT_HW_CACHE_MISSES, 1000000},
    {"cache-references", NULL, PERF_COUNT_HW_CACHE_REFERENCES, 1000000},
    {"cpu-cycles", "cycles", PERF_COUNT_HW_CPU_CYCLES, 1000000},
    {"frontend-stalls", NULL, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND, 1000000},
    {"instructions", NULL, PERF_COUNT_HW_INSTRUCTIONS, 1000000},
    {"ref-cycles", NULL, PERF_COUNT_HW_REF_CPU_CYCLES, 1000000},
    {0},
};

static const struct event *events_of(const struct rp_probe_kind *kind) {
    return kind == &rp_software_kind ? software : hardware;
}

static uint32_t type_of(const struct rp_probe_kind *kind) {
    return kind == &rp_software_kind ? PERF_TYPE_SOFTWARE : PERF_TYPE_HARDWARE;
}

static const struct event *find_event(const struct rp_probe_kind *kind, const char *name) {
    for (const struct event *event = events_of(kind); event->name; event++)
        if (!strcmp(event->name, name) || (event->alias && !strcmp(event->alias, name)))
            return event;
    return NULL;
}

static struct rp_error *no_event(const struct rp_probe_kind *kind, const char *name) {
    struct rp_nearest nearest = {.wanted = name};
    for (const struct event *event = events_of(kind); event->name; event++)
        rp_nearest_add(&nearest, event->name);
    RP_AUTO_FREE char *guess = rp_nearest_text(&nearest, "");
    rp_nearest_clear(&nearest);
    struct rp_error *err =
        rp_probe_error(EINVAL, "the kernel has no %s event %s", kind->name, name);
    const struct rp_probe_kind *other =
        kind == &rp_software_kind ? &rp_hardware_kind : &rp_software_kind;
    if (find_event(other, name))
        return rp_error_hint_set(err, "did you mean %s:%s?", other->name, name);
    if (guess)
        return rp_error_hint_set(err, "did you mean %s?", guess);
    return rp_error_hint_set(err, "reprobe list %s lists them", kind->name);
}

static struct rp_error *parse_event(const char *rest, struct rp_spec *spec) {
    size_t length = strcspn(rest, ":");
    RP_AUTO_FREE char *name = NULL;
    RP_TRY(rp_spec_name(rest, length, "event", "-", &name));
    const struct event *event = find_event(spec->kind, name);
    if (!event)
        return no_event(spec->kind, name);
    spec->number = event->count;
    if (rest[length])
        RP_TRY(rp_spec_number(rest + length + 1, "count", &spec->number));
    /* perf_event_open() takes periods of 63 bits. */
    if (spec->number > INT64_MAX)
        return rp_probe_error(ERANGE, "the count is too large");
    spec->category = strdup(event->name);
    if (!spec->category || asprintf(&spec->target, "%" PRIu64, spec->number) < 0)
        return rp_error_nomem();
    return NULL;
}

/* Whether such an event can be counted here: 0 or a positive errno. */
static int try_event(uint32_t type, uint32_t event) {
    struct perf_event_attr attr = {
        .size = sizeof(attr), .type = type, .config = event, .disabled = 1};
    RP_AUTO_CLOSE int fd =
        (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    return fd < 0 ? errno : 0;
}

/* The kernel has no driver for the processor's counters, or they lack this one. */
static bool is_absent(int errnum) {
    return errnum == ENOENT || errnum == EOPNOTSUPP || errnum == EINVAL || errnum == ENODEV;
}

static struct rp_error *absent(const struct rp_spec *spec, int errnum) {
    return rp_error_hint_set(
        rp_probe_error(errnum,
                       "this machine does not count %s: its processor, or the kernel's driver, has "
                       "no such counter (virtual machines often have none)",
                       spec->category),
        spec->kind == &rp_hardware_kind ? "sample by time instead: software:cpu-clock or "
                                          "profile:hz:99"
                                        : "reprobe list software lists them");
}

static struct rp_error *resolve_event(struct rp_spec *spec) {
    const struct event *event = find_event(spec->kind, spec->category);
    int errnum = try_event(type_of(spec->kind), event->event);
    return is_absent(errnum) ? absent(spec, errnum) : errnum ? explain_refusal(errnum) : NULL;
}

static struct rp_error *attach_event(const struct rp_spec *spec, int prog_fd,
                                     struct rp_attachment *out) {
    struct counter counter = {.type = type_of(spec->kind),
                              .event = find_event(spec->kind, spec->category)->event,
                              .period = spec->number,
                              .prog_fd = prog_fd,
                              .out = out};
    RP_TRY(attach_to_cpus(&counter));
    if (!counter.errnum)
        return NULL;
    return is_absent(counter.errnum) ? absent(spec, counter.errnum)
                                     : explain_refusal(counter.errnum);
}

static struct rp_error *list_events(const struct rp_probe_kind *kind, const char *pattern,
                                    bool (*each)(void *ctx, const char *rest), void *ctx) {
    (void)pattern;
    int errnum = 0;
    bool any = false;
    for (const struct event *event = events_of(kind); event->name; event++) {
        int its_errnum = try_event(type_of(kind), event->event);
        if (is_absent(its_errnum)) {
            errnum = its_errnum;
            continue;
        }
        any = true;
        if (!each(ctx, event->name))
            break;
    }
    return any ? NULL
               : absent(&(struct rp_spec){.kind = kind, .category = (char *)"any event"}, errnum);
}

static void write_head(const struct rp_function_text *f) {
    fprintf(f->out, "int %s(struct bpf_perf_event_data *%s)\n{\n", f->name, f->context);
}

/* ------------------------------------------------------------------ the kinds */

/* It says no event: loaders sample, 49 times a second as BCC's profile does. */
static struct rp_error *spec_of_section(const struct rp_section *section, char **spec) {
    (void)section;
    *spec = strdup("profile:hz:49");
    return *spec ? NULL : rp_error_nomem();
}

const struct rp_probe_kind rp_profile_kind = {
    .name = "profile",
    .alias = "p",
    .usage = "profile:UNIT:NUMBER",
    .what = "NUMBER times a second (hz), or every NUMBER s, ms or us, on every CPU",
    .parse = parse_time,
    .sections = (const char *const[]){"perf_event", NULL},
    .spec_of_section = spec_of_section,
    .doer = RP_DOER_TASK,
    .prog_type = BPF_PROG_TYPE_PERF_EVENT,
    .resolve = resolve_time,
    .attach = attach_time,
    .write_head = write_head,
    .complete = complete_unit,
};

const struct rp_probe_kind rp_interval_kind = {
    .name = "interval",
    .alias = "i",
    .usage = "interval:UNIT:NUMBER",
    .what = "the same on one CPU",
    .parse = parse_time,
    .doer = RP_DOER_NOBODY,
    .prog_type = BPF_PROG_TYPE_PERF_EVENT,
    .resolve = resolve_time,
    .attach = attach_time,
    .write_head = write_head,
    .complete = complete_unit,
};

const struct rp_probe_kind rp_software_kind = {
    .name = "software",
    .alias = "s",
    .usage = "software:EVENT[:COUNT]",
    .what = "every COUNT-th event, on each CPU, that the kernel counts",
    .parse = parse_event,
    .doer = RP_DOER_TASK,
    .prog_type = BPF_PROG_TYPE_PERF_EVENT,
    .resolve = resolve_event,
    .attach = attach_event,
    .list = list_events,
    .write_head = write_head,
};

const struct rp_probe_kind rp_hardware_kind = {
    .name = "hardware",
    .alias = "h",
    .usage = "hardware:EVENT[:COUNT]",
    .what = "the same for events that the processor counts",
    .parse = parse_event,
    .doer = RP_DOER_TASK,
    .prog_type = BPF_PROG_TYPE_PERF_EVENT,
    .resolve = resolve_event,
    .attach = attach_event,
    .list = list_events,
    .write_head = write_head,
};
