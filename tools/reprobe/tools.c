/* SPDX-License-Identifier: Apache-2.0 */
/* reprobe tools: lists the tools, runs one, links them into a directory or takes the links away. */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "prompt/tools.h"
#include "reprobe_tool.h"
#include "util/cleanup.h"
#include "util/text.h"

enum { KEY_LINK = 0x3200, KEY_UNLINK };

static const struct argp_option options[] = {
    {"link", KEY_LINK, "DIR", 0, "Make a link in DIR to each tool, or to those that are named", 0},
    {"unlink", KEY_UNLINK, "DIR", 0, "Remove these links again", 0},
    {0}};

struct request {
    const char *link, *unlink;
    char **words;
};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct request *request = state->input;
    switch (key) {
    case KEY_LINK:
        request->link = arg;
        return 0;
    case KEY_UNLINK:
        request->unlink = arg;
        return 0;
    case ARGP_KEY_ARGS:
        request->words = state->argv + state->next;
        for (char **word = request->words; *word; word++)
            if (!tool_find(*word, strlen(*word)) && (word == request->words || request->link))
                argp_error(state, "there is no tool `%s`: reprobe tools lists them", *word);
        state->next = state->argc;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Whether `link` is a link to `path`. */
static bool leads_to(const char *link, const char *path) {
    char target[PATH_MAX];
    ssize_t length = readlink(link, target, sizeof(target) - 1);
    if (length < 0)
        return false;
    target[length] = '\0';
    return strcmp(target, path) == 0;
}

/* What is there already stays as it is. */
static struct rp_error *make_link(const char *link, const char *path) {
    if (leads_to(link, path) || symlink(path, link) == 0)
        return NULL;
    return rp_error_new(errno, errno == EEXIST ? "something else is there already" : NULL,
                        "cannot make the link %s", link);
}

static struct rp_error *remove_link(const char *link, const char *path) {
    if (!leads_to(link, path) || unlink(link) == 0)
        return NULL;
    return rp_error_new(errno, NULL, "cannot remove the link %s", link);
}

static bool is_named(char **words, const char *name) {
    for (char **word = words; word && *word; word++)
        if (strcmp(*word, name) == 0)
            return true;
    return !words || !*words;
}

/* Goes on to the others behind one that fails. */
static int change_links(const struct request *request) {
    const char *directory = request->link ? request->link : request->unlink;
    int status = 0;
    for (const struct tool *tool = tools; tool->name; tool++) {
        if (!is_named(request->words, tool->name))
            continue;
        RP_AUTO_FREE char *link = rp_text("%s/%s", directory, tool->name);
        RP_AUTO_FREE char *path = tool_path(tool->name);
        struct rp_error *err = !link   ? rp_error_nomem()
                               : !path ? rp_error_new(ENOENT, NULL, "cannot find %s", tool->name)
                               : request->link ? make_link(link, path)
                                               : remove_link(link, path);
        status |= rp_tool_end(err, false);
    }
    return status;
}

int command_tools(int argc, char **argv) {
    const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "[TOOL [ARG…]]",
        .doc =
            "Lists the tools, or runs one, as `reprobe TOOL` does where the prompt has no "
            "command of that name. They are installed in a directory of their own, since others "
            "have programs of these names; --link makes links to them where you want them.\v"
            "With --link and --unlink, TOOL… are the tools to link; without, all are. What is in "
            "DIR already stays as it is."};
    struct request request = {0};
    rp_argp_parse(&argp, argc, argv, ARGP_IN_ORDER, &request);
    if (request.link || request.unlink)
        return change_links(&request);
    if (request.words)
        return tool_run(request.words[0], request.words);
    for (const struct tool *tool = tools; tool->name; tool++)
        printf("%-14s %s\n", tool->name, tool->what);
    return rp_tool_end(NULL, false);
}
