/* SPDX-License-Identifier: Apache-2.0 */
/* bashreadline: a line for each command line that a user types into bash. */
#include <argp.h>

#include "reprobe_tool.h"

extern const char rp_embedded_bashreadline_c[];

static const struct argp_option options[] = {
    {"shared", 's', "PATH", 0,
     "Where readline() is: libreadline.so, or a bash that contains it (default: /bin/bash, or "
     "this machine's libreadline)",
     0},
    {0}};

struct bashreadline {
    struct rp_tool *tool;
    const char *path; /* of the program or library that contains readline() */
};

/* As in bpf-src/bashreadline.c. */
struct event {
    uint32_t pid;
    char command[4096];
};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct bashreadline *tool = state->input;
    switch (key) {
    case 's':
        tool->path = arg;
        rp_tool_define(tool->tool, "SHARED");
        return 0;
    case ARGP_KEY_END:
        if (tool->path)
            return 0;
        /* Debian's bash contains readline(); others link against the library. */
        tool->path = "/bin/bash";
        if (rp_probe_exists("uprobe:/bin/bash:readline") ||
            !rp_probe_exists("uprobe:readline:readline"))
            return 0;
        tool->path = "readline";
        rp_tool_define(tool->tool, "SHARED");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static struct rp_error *attach(struct rp_session *session, struct rp_module *module, void *ctx) {
    const struct bashreadline *tool = ctx;
    char spec[4200];
    snprintf(spec, sizeof(spec), "uretprobe:%s:readline", tool->path);
    return rp_session_attach(session, module, "readline_returns", spec, NULL);
}

static void cells(struct rp_row *row, const void *record, const void *ctx) {
    const struct event *e = record;
    (void)ctx;
    rp_cell_uint(row, "PID", 7, e->pid);
    rp_cell_text(row, "COMMAND", 0, e->command, sizeof(e->command));
}

int main(int argc, char **argv) {
    struct bashreadline tool = {.tool = rp_tool_new()};
    tool.tool->timestamps = true;
    const struct rp_snoop snoop = {.size = sizeof(snoop),
                                   .name = "bashreadline.c",
                                   .source = rp_embedded_bashreadline_c,
                                   .record_size = sizeof(struct event),
                                   .cells = cells,
                                   .ctx = &tool,
                                   .attach = attach};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .doc = "Prints a line for each command line that a user types into "
                                     "bash."};
    return rp_snoop_main(argc, argv, &argp, tool.tool, &snoop);
}
