/* SPDX-License-Identifier: Apache-2.0 */
/* `! COMMAND`, and the tools by their names: other programs, which have the terminal meanwhile. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "prompt/child.h"
#include "prompt/tools.h"
#include "prompt/verbs/verbs.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* Where the tools are comes first: elsewhere they may be other people's. */
static void add_path(void) {
    static bool added;
    const char *path = getenv("PATH");
    RP_AUTO_FREE char *tool = added ? NULL : tool_path(tools[0].name);
    if (!tool)
        return;
    *strrchr(tool, '/') = '\0';
    RP_AUTO_FREE char *all = rp_text("%s:%s", tool, path ? path : "/usr/bin:/bin");
    added = all && !setenv("PATH", all, 1);
}

static void say_status(struct prompt *prompt, int status) {
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGINT)
        prompt_say("it was ended by signal %d (%s)\n", WTERMSIG(status),
                   strsignal(WTERMSIG(status)));
    else if (WIFEXITED(status) && WEXITSTATUS(status))
        prompt_say("it ended with status %d\n", WEXITSTATUS(status));
    prompt->failed |= !prompt->terminal && status;
}

static struct rp_error *shell(struct prompt *prompt, const char *args) {
    if (!*args)
        return args_missing("no command was given", "! execsnoop -x");
    add_path();
    return child_run(prompt, args, -1, say_status);
}

const struct verb shell_verbs[] = {
    {"!", "COMMAND", "run another program: a tool of reprobe's, or any",
     "Its rows are its own, and Ctrl-C is for it. Meanwhile the rows of the questions are counted "
     "and not shown. The tools can be run by their names, too.",
     "! true", WORDS_FILE, shell},
    {0}};
