/* SPDX-License-Identifier: Apache-2.0 */
/* unlinksnoop: a line for each file that is removed. */
#include <argp.h>
#include <string.h>

#include "reprobe_tool.h"

extern const char rp_embedded_unlinksnoop_c[];

enum { KEY_PROBE = 0x1100 };

static const struct argp_option options[] = {
    {"failed", 'x', 0, 0, "Show only files that could not be removed", 0},
    {"probe", KEY_PROBE, "fentry|kprobe|tracepoint", 0,
     "Where to trace: the kernel's own function or the system calls (default: the first that this "
     "kernel has)",
     0},
    {0}};

/* The kinds of probes, best first: a spec to test whether the kernel has the kind, and the macro
 * that selects it. */
static const struct kind {
    const char *name, *spec, *macro;
} kinds[] = {
    {"fentry", "fentry:do_unlinkat", "PROBE_FENTRY"},
    {"kprobe", "kprobe:do_unlinkat", "PROBE_KPROBE"},
    {"tracepoint", "tracepoint:syscalls:sys_enter_unlinkat", "PROBE_TRACEPOINT"},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct unlinksnoop {
    struct rp_tool *tool;
    const struct kind *kind;
};

/* As in bpf-src/unlinksnoop.c. */
struct event {
    uint32_t pid;
    int32_t ret;
    char comm[16];
    char path[4096];
};

static const struct kind *kind_named(const char *name) {
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(name, kinds[i].name) == 0)
            return &kinds[i];
    }
    return NULL;
}

static const struct kind *best_kind(void) {
    size_t i = 0;
    while (i < KINDS - 1 && !rp_probe_exists(kinds[i].spec))
        i++;
    return &kinds[i];
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct unlinksnoop *tool = state->input;
    switch (key) {
    case 'x':
        rp_tool_define(tool->tool, "FAILED");
        return 0;
    case KEY_PROBE:
        tool->kind = kind_named(arg);
        if (!tool->kind)
            argp_error(state, "`%s` is not a kind of probe (it is fentry, kprobe or tracepoint)",
                       arg);
        return 0;
    case ARGP_KEY_END:
        rp_tool_define(tool->tool, "%s", (tool->kind ? tool->kind : best_kind())->macro);
        if (rp_tool_has_syscall("unlink"))
            rp_tool_define(tool->tool, "HAVE_UNLINK");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void cells(struct rp_row *row, const void *record, const void *ctx) {
    const struct event *e = record;
    (void)ctx;
    rp_cell_uint(row, "PID", 7, e->pid);
    rp_cell_text(row, "COMM", 16, e->comm, sizeof(e->comm));
    rp_cell_int(row, "RET", -4, e->ret);
    rp_cell_text(row, "PATH", 0, e->path, sizeof(e->path));
}

int main(int argc, char **argv) {
    struct unlinksnoop tool = {.tool = rp_tool_new()};
    const struct rp_snoop snoop = {.size = sizeof(snoop),
                                   .name = "unlinksnoop.c",
                                   .source = rp_embedded_unlinksnoop_c,
                                   .record_size = sizeof(struct event),
                                   .least_size = offsetof(struct event, path),
                                   .cells = cells,
                                   .ctx = &tool};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .doc =
                                  "Prints a line for each attempt to remove a file: the process, "
                                  "the result, the path as given."};
    return rp_snoop_main(argc, argv, &argp, tool.tool, &snoop);
}
