/* SPDX-License-Identifier: Apache-2.0 */
/* profile: sample which code the CPUs run. */
#include <argp.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "reprobe_query.h"
#include "reprobe_tool.h"
#include "util/cleanup.h"

extern const char rp_embedded_profile_c[];

/* What the maps of bpf-src/profile.c mean. */
static const struct rp_member_schema key[] = {
    {.name = "pid", .means = RP_MEMBER_PID},
    {.name = "user_stack", .means = RP_MEMBER_USER_STACK, .stacks = "stacks"},
    {.name = "kernel_stack", .means = RP_MEMBER_KERNEL_STACK, .stacks = "stacks"},
    {.name = "comm", .means = RP_MEMBER_COMM},
};
static const struct rp_map_schema maps[] = {
    {.size = sizeof(maps[0]),
     .name = "counts",
     .means = RP_MEANS_STACKS,
     .members = key,
     .member_count = 4},
    {.size = sizeof(maps[0]),
     .name = "missed",
     .means = RP_MEANS_LOSS,
     .loss = "stacks were not counted: the map `counts` is full"},
    {.size = sizeof(maps[0]), .name = "processes", .means = RP_MEANS_PROCESSES},
    {.size = sizeof(maps[0]), .name = "memories", .means = RP_MEANS_SCRATCH},
};
static const struct rp_schema schema = {
    .size = sizeof(schema), .maps = maps, .map_count = sizeof(maps) / sizeof(maps[0])};

enum { KEY_SVG = 0x1100, KEY_LINES };

static const struct argp_option options[] = {
    {"frequency", 'F', "HZ", 0, "Take HZ samples a second on each CPU (default: 49)", 0},
    {"user-stacks-only", 'U', 0, 0, "Show only user stacks", 0},
    {"kernel-stacks-only", 'K', 0, 0, "Show only kernel stacks", 0},
    {0, 'p', "PID[,PID]...", 0, "Sample this process and its children; of a list, these processes",
     0},
    {"tid", 'L', "TID[,TID]...", 0, "Sample only these threads", 0},
    {"cpu", 'C', "CPU", 0, "Sample only this CPU", 0},
    {0, 'c', "CMD", 0,
     "Run CMD, sample it and its children, end when it ends; a number is the sample period, as in "
     "BCC's tool: CPU time in nanoseconds, in place of -F",
     0},
    {"include-idle", 'I', 0, 0, "Count what the CPUs do when they are idle, too", 0},
    {"delimited", 'd', 0, 0, "Put -- between kernel and user stacks", 0},
    {"annotations", 'a', 0, 0, "Mark kernel functions with _[k]", 0},
    {"folded", 'f', 0, 0,
     "Print a line for each stack, outermost function first, for flame graph programs", 0},
    {"svg", KEY_SVG, "FILE", 0, "Write a flame graph to FILE instead", 0},
    {"lines", KEY_LINES, 0, 0, "Show FILE:LINE of user functions that have debug information", 0},
    {0}};

struct profile {
    struct rp_tool *tool;
    unsigned hz;
    uint64_t period_ns; /* 0: `hz` */
    bool user_only, kernel_only, annotations, folded, delimited;
    const char *svg;
};

/* A pidfd is of a process, unless it is asked for as a thread's (Linux 6.9). */
static void check_task(int id, bool is_process, struct argp_state *state) {
    if (kill(id, 0) && errno == ESRCH)
        argp_failure(state, 1, ESRCH, "cannot sample %s %d", is_process ? "process" : "thread", id);
    RP_AUTO_CLOSE int fd = is_process ? (int)syscall(SYS_pidfd_open, id, 0) : -1;
    if (is_process && fd < 0 && (errno == EINVAL || errno == ENOENT))
        argp_failure(state, 1, 0, "cannot sample process %d: it is a thread of another process",
                     id);
}

/* Of a list that is one of numbers: that nobody samples in vain. */
static void check_tasks(const char *list, bool are_processes, struct argp_state *state) {
    for (const char *at = list; *at; at += strspn(at, ",")) {
        char *end;
        check_task((int)strtol(at, &end, 10), are_processes, state);
        at = end;
    }
}

/* One is the process of the common option. */
static void take_processes(struct profile *p, const char *list, struct argp_state *state) {
    uint64_t pid;
    if (rp_parse_count(list, INT32_MAX, &pid))
        p->tool->target->pid = (pid_t)pid;
    else if (!rp_tool_define_list(p->tool, "WANTED_PID", list, 1, INT32_MAX))
        argp_error(state, "`%s` is not a process id, or a list of them", list);
    else
        check_tasks(list, true, state);
}

static error_t parse_which(int key, char *arg, struct argp_state *state) {
    struct profile *p = state->input;
    unsigned last_cpu = (unsigned)libbpf_num_possible_cpus() - 1;
    switch (key) {
    case 'p':
        take_processes(p, arg, state);
        return 0;
    case 'L':
        if (!rp_tool_define_list(p->tool, "WANTED_TID", arg, 1, INT32_MAX))
            argp_error(state, "`%s` is not a thread id, or a list of them", arg);
        check_tasks(arg, false, state);
        return 0;
    case 'C':
        if (!rp_tool_define_list(p->tool, "WANTED_CPU", arg, 0, last_cpu))
            argp_error(state,
                       "`%s` is not a CPU number, or a list of them: this machine has 0 to %u", arg,
                       last_cpu);
        return 0;
    case 'c':
        if (!rp_parse_count(arg, UINT64_MAX, &p->period_ns))
            p->tool->session->command = arg;
        return 0;
    case 'I':
        rp_tool_define(p->tool, "INCLUDE_IDLE");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct profile *p = state->input;
    char *end;
    switch (key) {
    case 'F':
        p->hz = (unsigned)strtoul(arg, &end, 10);
        if (*end || *arg == '-' || !p->hz || p->hz > 100000)
            argp_error(state, "`%s` is not a number of samples a second", arg);
        return 0;
    case 'U':
        p->user_only = true;
        rp_tool_define(p->tool, "USER_ONLY");
        return 0;
    case 'K':
        p->kernel_only = true;
        rp_tool_define(p->tool, "KERNEL_ONLY");
        return 0;
    case 'a':
        p->annotations = true;
        return 0;
    case 'd':
        p->delimited = true;
        return 0;
    case 'f':
        p->folded = true;
        return 0;
    case KEY_SVG:
        p->svg = arg;
        return 0;
    case KEY_LINES:
        rp_stack_show_lines(true);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num || !rp_parse_duration(arg, &p->tool->session->duration_ns))
            argp_error(state, "`%s` is not a duration (try 10, 500ms, 2m)", arg);
        return 0;
    case ARGP_KEY_END:
        if (p->user_only && p->kernel_only)
            argp_error(state, "-U and -K exclude each other");
        if (p->tool->json && (p->folded || p->svg))
            argp_error(state, "--json excludes -f and --svg");
        return 0;
    default:
        return parse_which(key, arg, state);
    }
}

static struct rp_error *run(struct rp_session *session, void *ctx) {
    const struct profile *p = ctx;
    char spec[64], title[64];
    if (p->period_ns) {
        snprintf(spec, sizeof(spec), "software:cpu-clock:%" PRIu64, p->period_ns);
        snprintf(title, sizeof(title), "Stacks each %" PRIu64 " ns", p->period_ns);
    } else {
        snprintf(spec, sizeof(spec), "profile:hz:%u", p->hz);
        snprintf(title, sizeof(title), "Stacks at %u Hz", p->hz);
    }
    struct rp_stacks stacks = {.size = sizeof(stacks),
                               .tool = p->tool,
                               .map = "counts",
                               .as = p->svg          ? RP_STACKS_SVG
                                     : p->folded     ? RP_STACKS_FOLDED
                                     : p->tool->json ? RP_STACKS_JSON
                                                     : RP_STACKS_TEXT,
                               .annotate = p->annotations,
                               .delimit = p->delimited,
                               .path = p->svg,
                               .title = title};
    struct rp_module *module;
    struct rp_error *err =
        rp_tool_compile(session, p->tool, "profile.c", rp_embedded_profile_c, &module);
    if (!err)
        err = rp_module_set_schema(module, &schema);
    if (!err)
        err = rp_session_attach(session, module, "sample", spec, NULL);
    stacks.module = module;
    return err ? err : rp_stacks_run(session, &stacks);
}

int main(int argc, char **argv) {
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .args_doc = "[DURATION]",
                              .doc =
                                  "Samples the stacks of what the CPUs run, and prints how often "
                                  "each was seen, the most frequent last."};
    struct profile p = {.tool = rp_tool_new(), .hz = 49};
    rp_tool_parse(argc, argv, &argp, &p, p.tool, NULL);
    return rp_tool_run(p.tool, run, &p);
}
