/* SPDX-License-Identifier: Apache-2.0 */
/* reprobe list: lists the probes that exist. */
#include <argp.h>
#include <string.h>

#include "command.h"
#include "reprobe_tool.h"

struct request {
    const char *words[2];
    int count;
};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct request *request = state->input;
    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    if (request->count == 2)
        argp_error(state, "too many arguments: give a KIND and a PATTERN");
    request->words[request->count++] = arg;
    return 0;
}

static bool print(void *ctx, const char *spec) {
    *(bool *)ctx = true;
    puts(spec);
    return !ferror(stdout);
}

int command_list(int argc, char **argv) {
    const struct argp argp = {
        .parser = parse,
        .args_doc = "[KIND] [PATTERN]",
        .doc = "Lists the probes that exist, one per line.\v"
               "KIND is kprobe, kretprobe, fentry, fexit, uprobe, uretprobe, "
               "usdt, tracepoint, rawtracepoint, tp_btf, software or "
               "hardware. PATTERN is a shell pattern: 'vfs_*', 'sched:*', 'tracepoint:*exec*'. For "
               "probes in a program or library it begins with the file: 'uprobe:bash:*readline*'."};
    struct request request = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &request);
    const char *kind = request.words[0], *pattern = request.words[1];
    if (request.count == 1 && strpbrk(kind, "*?[:_")) {
        pattern = kind;
        kind = NULL;
    }
    bool any = false;
    struct rp_error *err = rp_probe_list(kind, pattern, print, &any);
    if (err)
        return rp_tool_end(err, false);
    if (!any) {
        fprintf(stderr, "reprobe: no probe matches `%s`\n", pattern ? pattern : kind);
        return 1;
    }
    return rp_tool_end(NULL, false);
}
