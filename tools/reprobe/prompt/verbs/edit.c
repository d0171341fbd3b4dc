/* SPDX-License-Identifier: Apache-2.0 */
/* edit N: opens the program in the user's editor, which has the terminal while the session's loop
 * goes on. inotify reports a save, which reloads the program at once; errors are printed when the
 * editor has ended and the screen is ours again.
 */
#include "prompt/verbs/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prompt/child.h"
#include "prompt/entry.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file.h"
#include "util/private_dir.h"

static struct edit {
    struct entry *entry;
    pid_t editor;
    int status;
    int saves; /* an inotify */
    struct rp_private_dir directory;
    char file[sizeof((struct rp_private_dir){0}.path) + 32];
    char *seen;           /* the text that was tried last */
    struct rp_error *err; /* what came of it */
    unsigned reloads;
} edit;

/* ------------------------------------------------------------------ the file */

static bool fill(void *ctx, const char *directory) {
    const struct entry *entry = ctx;
    snprintf(edit.file, sizeof(edit.file), "%s/%u.c", directory, entry->number);
    FILE *file = fopen(edit.file, "we");
    bool failed = !file || fputs(edit.seen, file) < 0;
    return !(file && fclose(file)) && !failed;
}

static struct rp_error *make_file(struct entry *entry) {
    edit.seen = strdup(entry->draft ? entry->draft : entry->text);
    if (!edit.seen)
        return rp_error_nomem();
    if (rp_private_dir_make(&edit.directory, "edit", fill, entry))
        return NULL;
    return rp_error_hint_set(
        rp_error_new(errno, NULL, "cannot make a file for the editor"),
        "free some space in /tmp, or set TMPDIR to a directory that only you can write to");
}

/* ------------------------------------------------------------------ reloading */

/* Loads what is in the file, if that is new. */
static void reload(struct prompt *prompt) {
    char *text;
    struct rp_error *err = rp_file_read(edit.file, &text);
    if (!err && strcmp(text, edit.seen) == 0) {
        free(text);
        return;
    }
    rp_error_free(edit.err);
    edit.err = err;
    if (err)
        return;
    free(edit.seen);
    edit.seen = text;
    edit.err = entry_replace(prompt, edit.entry, text);
    edit.reloads += !edit.err;
}

static bool on_save(void *ctx) {
    char events[4096];
    while (read(edit.saves, events, sizeof(events)) > 0)
        ;
    reload(ctx);
    return true;
}

static struct rp_error *watch_file(struct prompt *prompt) {
    edit.saves = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (edit.saves < 0 ||
        inotify_add_watch(edit.saves, edit.directory.path, IN_CLOSE_WRITE | IN_MOVED_TO) < 0)
        return rp_error_new(errno, NULL, "cannot watch %s", edit.directory.path);
    return rp_session_watch(prompt->session, edit.saves, on_save, prompt);
}

/* ------------------------------------------------------------------ the editor */

static const char *editor_command(void) {
    const char *visual = getenv("VISUAL"), *editor = getenv("EDITOR");
    return visual && *visual ? visual : editor && *editor ? editor : "vi";
}

static struct rp_error *start_editor(const struct prompt *prompt) {
    RP_AUTO_FREE char *command = NULL;
    if (asprintf(&command, "%s \"$1\"", editor_command()) < 0)
        return rp_error_nomem();
    return child_start(prompt, command, edit.file, -1, &edit.editor);
}

static void end_editor(void) {
    if (edit.editor <= 0)
        return;
    kill(edit.editor, SIGTERM);
    waitpid(edit.editor, NULL, 0);
    edit.editor = 0;
}

static bool child_ended(struct prompt *prompt, void *ctx) {
    (void)ctx;
    if (edit.editor <= 0 || waitpid(edit.editor, &edit.status, WNOHANG) != edit.editor)
        return true; /* that was another one */
    edit.editor = 0;
    reload(prompt);
    return false;
}

/* ------------------------------------------------------------------ beginning and ending */

/* Keeps a text that did not run: the next `edit` opens it. */
static void keep_draft(void) {
    free(rp_take(edit.entry->draft));
    if (edit.err)
        edit.entry->draft = rp_take(edit.seen);
}

static void say_what_came_of_it(struct prompt *prompt) {
    if (edit.reloads) {
        entry_print_title(edit.entry);
        prompt_say("[%u] reloaded\n", edit.entry->number);
    }
    if (edit.err) {
        prompt_fail(prompt, rp_take(edit.err));
        prompt_say("[%u] still runs the old program; `edit %u` opens your text again\n",
                   edit.entry->number, edit.entry->number);
    } else if (edit.status) {
        prompt_fail(prompt, rp_error_new(EINVAL,
                                         WIFEXITED(edit.status) && WEXITSTATUS(edit.status) == 127
                                             ? "it could not be started"
                                             : "it failed",
                                         "cannot edit with `%s`", editor_command()));
    } else if (!edit.reloads) {
        prompt_say("[%u] is unchanged\n", edit.entry->number);
    }
}

static void clean(struct prompt *prompt) {
    end_editor();
    if (edit.saves >= 0) {
        rp_session_unwatch(prompt->session, edit.saves);
        close(edit.saves);
    }
    rp_private_dir_remove(&edit.directory);
    free(edit.seen);
    rp_error_free(edit.err);
    edit = (struct edit){.saves = -1};
}

static void end(struct prompt *prompt, void *ctx) {
    (void)ctx;
    end_editor();
    input_return(prompt);
    keep_draft();
    say_what_came_of_it(prompt);
    clean(prompt);
}

static struct rp_error *begin(struct prompt *prompt) {
    RP_TRY(make_file(edit.entry));
    RP_TRY(watch_file(prompt));
    RP_TRY(start_editor(prompt));
    return prompt_start(prompt, &(struct job){.child_ended = child_ended,
                                              .end = end,
                                              .mute = true,
                                              .ignores_interrupts = true});
}

struct rp_error *edit_start(struct prompt *prompt, struct entry *entry) {
    edit = (struct edit){.entry = entry, .saves = -1};
    input_leave(prompt);
    struct rp_error *err = begin(prompt);
    if (!err)
        return NULL;
    clean(prompt);
    input_return(prompt);
    return err;
}
