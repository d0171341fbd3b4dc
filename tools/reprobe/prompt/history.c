/* SPDX-License-Identifier: Apache-2.0 */
/* The lines that were typed, across sessions. */
#include <errno.h>
#include <limits.h>
#include <readline/history.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "screen.h"

#define HISTORY_MAX 10000 /* lines */

static char file[PATH_MAX]; /* "": none */

/* $REPROBE_HISTORY (a file, or "off"), else $XDG_STATE_HOME/reprobe/history, else below
 * ~/.local/state. */
static void find_file(void) {
    const char *own = getenv("REPROBE_HISTORY"), *state = getenv("XDG_STATE_HOME"),
               *home = getenv("HOME");
    int length = 0;
    if (own && *own)
        length = strcmp(own, "off") == 0 ? 0 : snprintf(file, sizeof(file), "%s", own);
    else if (state && *state == '/')
        length = snprintf(file, sizeof(file), "%s/reprobe/history", state);
    else if (home && *home == '/')
        length = snprintf(file, sizeof(file), "%s/.local/state/reprobe/history", home);
    if (length <= 0 || (size_t)length >= sizeof(file))
        *file = '\0';
}

/* The directories above it. */
static void make_directories(void) {
    for (char *slash = strchr(file + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(file, 0700);
        *slash = '/';
    }
}

void history_open(void) {
    using_history();
    stifle_history(HISTORY_MAX);
    find_file();
    if (*file)
        read_history(file);
}

void history_keep(const char *line) {
    if (!line[strspn(line, " \t")])
        return;
    const HIST_ENTRY *last = history_get(history_base + history_length - 1);
    if (last && strcmp(last->line, line) == 0)
        return;
    add_history(line);
    if (!*file)
        return;
    mode_t mask = umask(077);
    int failed = append_history(1, file);
    if (failed == ENOENT) { /* the first line ever */
        make_directories();
        write_history(file);
    }
    umask(mask);
}

void history_close(void) {
    if (*file)
        history_truncate_file(file, HISTORY_MAX);
    clear_history();
}

void history_print(FILE *out) {
    HIST_ENTRY **list = history_list();
    for (int i = 0; list && list[i]; i++)
        fprintf(out, "%5d  %s\n", history_base + i, list[i]->line);
}
