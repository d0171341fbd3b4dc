/* SPDX-License-Identifier: Apache-2.0 */
#include "debug_options.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug/debuginfod.h"
#include "prompt/prompt.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file.h"
#include "util/text.h"

#define URLS "DEBUGINFOD_URLS"
/* What a distribution names; and the one that asks all of theirs. */
#define FILES   "/etc/debuginfod/*.urls"
#define DEFAULT "https://debuginfod.elfutils.org/"

enum { KEY_DEBUGINFOD = 0x3200, KEY_LINES };

static const struct argp_option options[] = {
    {"debuginfod", KEY_DEBUGINFOD, "URLS", OPTION_ARG_OPTIONAL,
     "Fetch debug information that is not here from these servers (default: those of "
     "DEBUGINFOD_URLS, which fetches without this option, too, or of " FILES ")",
     0},
    {"lines", KEY_LINES, 0, 0,
     "Show FILE:LINE of functions in stacks of programs that have debug information", 0},
    {0}};

static struct {
    bool wanted;
    const char *urls; /* NULL: the default */
    struct rp_session *session;
    bool terminal; /* a Ctrl-C that has ended it has done what it was to */
} asked;

static error_t parse(int key, char *arg, struct argp_state *state) {
    (void)state;
    switch (key) {
    case KEY_DEBUGINFOD:
        asked.wanted = true;
        asked.urls = arg;
        return 0;
    case KEY_LINES:
        rp_stack_show_lines(true);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp debug_options_argp = {.options = options, .parser = parse};

/* ------------------------------------------------------------------ the servers */

/* Lines with URLs; malloc()ed, "" where there are none. */
static char *urls_of_files(void) {
    char *urls = strdup("");
    glob_t files;
    bool any = !glob(FILES, 0, NULL, &files);
    for (size_t i = 0; urls && any && i < files.gl_pathc; i++) {
        RP_AUTO_FREE char *text = NULL;
        rp_error_free(rp_file_read(files.gl_pathv[i], &text));
        char *more = text ? rp_text("%s %s", urls, text) : NULL;
        if (more) {
            free(urls);
            urls = more;
        }
    }
    if (any)
        globfree(&files);
    for (char *c = urls; c && *c; c++)
        *c = *c == '\n' ? ' ' : *c;
    return urls;
}

static bool is_blank(const char *text) {
    return !text || !text[strspn(text, " \t")];
}

static struct rp_error *choose_servers(void) {
    if (asked.wanted && !asked.urls && !is_blank(getenv(URLS)))
        return NULL;
    RP_AUTO_FREE char *urls = asked.urls ? strdup(asked.urls) : urls_of_files();
    if (!urls)
        return rp_error_nomem();
    return setenv(URLS, is_blank(urls) ? DEFAULT : urls, true) ? rp_error_nomem() : NULL;
}

/* ------------------------------------------------------------------ while it comes */

static bool on_progress(const char *program, uint64_t got, uint64_t all) {
    progress_fetching(program, got, all);
    int signal = rp_session_interrupted_by(asked.session);
    if (signal && asked.terminal)
        rp_session_take_interrupt(asked.session);
    return !signal;
}

static void on_end(const char *program, const char *url) {
    progress_end();
    const char *path = url ? strstr(url, "/buildid/") : NULL; /* the rest is of no interest */
    RP_AUTO_FREE char *note = url ? rp_text("the debug information of %s comes from %.*s", program,
                                            path ? (int)(path - url) : (int)strlen(url), url)
                                  : NULL;
    prompt_note(note);
}

struct rp_error *debug_options_begin(struct rp_session *session, bool terminal) {
    static const struct rp_debuginfod use = {.progress = on_progress, .end = on_end};
    asked.session = session;
    asked.terminal = terminal;
    if (!asked.wanted && is_blank(getenv(URLS)))
        return NULL;
    if (asked.wanted)
        RP_TRY(choose_servers());
    rp_debuginfod_use(&use);
    return NULL;
}
