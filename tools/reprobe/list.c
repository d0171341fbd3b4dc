/* SPDX-License-Identifier: Apache-2.0 */
/* reprobe list: lists the probes that exist. */
#include <argp.h>
#include <string.h>

#include "command.h"
#include "listing.h"
#include "probe/kind.h"
#include "reprobe_tool.h"
#include "util/cleanup.h"
#include "util/text.h"

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

/* "kprobe, kretprobe, …": those that can be listed; malloc()ed. */
static char *listed_kinds(void) {
    char *text = strdup("");
    const struct rp_probe_kind *kind;
    for (size_t i = 0; text && (kind = rp_probe_kind_at(i)); i++) {
        if (kind->list)
            rp_text_list(&text, kind->name);
    }
    return text;
}

int command_list(int argc, char **argv) {
    RP_AUTO_FREE char *kinds = listed_kinds();
    RP_AUTO_FREE char *doc =
        rp_text("Lists the probes that exist, one per line.\v"
                "KIND is one of %s. PATTERN is a shell pattern: 'vfs_*', 'sched:*', "
                "'tracepoint:*exec*'. For "
                "probes in a program or library it begins with the file: 'uprobe:bash:*readline*'.",
                kinds ? kinds : "");
    const struct argp argp = {.parser = parse, .args_doc = "[KIND] [PATTERN]", .doc = doc};
    struct request request = {0};
    rp_argp_parse(&argp, argc, argv, 0, &request);
    const char *kind = request.words[0], *pattern = request.words[1];
    if (request.count == 1 && strpbrk(kind, "*?[:_")) {
        pattern = kind;
        kind = NULL;
    }
    size_t count = 0;
    struct rp_error *err = list_probes(kind, pattern, SIZE_MAX, &count);
    if (err)
        return rp_tool_end(err, false);
    if (!count) {
        fprintf(stderr, "reprobe: no probe matches `%s`\n", pattern ? pattern : kind);
        return 1;
    }
    return rp_tool_end(NULL, false);
}
