/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line that is being typed. readline reads it by its callbacks, a byte at a time, whenever the
 * session's loop finds one. Before anything is printed the line is taken off the screen; it comes
 * back when the loop has nothing left to do. So a burst of rows hides and shows it once.
 */
#include "screen.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <readline/history.h>
#include <readline/readline.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/clock.h"

#define KEYS_A_LOOK 1024
/* Under a flood there is always something left to do; the line is shown now and then all the same.
 */
#define HIDDEN_MS 100

static struct {
    bool open;  /* a line is read */
    bool shown; /* it is on the screen */
    uint64_t hidden_at;
    const char *prompt;
    void (*line)(const char *line);
} screen = {.prompt = ""};

/* ------------------------------------------------------------------ hide and show */

void screen_show(void) {
    if (!screen.open || screen.shown)
        return;
    screen.shown = true;
    if (rl_outstream != stdout)
        fflush(stdout);
    rl_forced_update_display();
}

void screen_hide(void) {
    if (!screen.open)
        return;
    if (!screen.shown && rp_ms_since(screen.hidden_at) > HIDDEN_MS)
        screen_show();
    if (!screen.shown)
        return;
    rl_clear_visible_line();
    screen.shown = false;
    screen.hidden_at = rp_now_ns();
}

/* readline would draw the next line as soon as it has handed over the last one. */
static void redisplay(void) {
    if (screen.shown)
        rl_redisplay();
}

/* ------------------------------------------------------------------ history */

#define HISTORY_MAX 10000 /* lines */

static char history_file[PATH_MAX]; /* "": none */

/* $REPROBE_HISTORY (a file, or "off"), else $XDG_STATE_HOME/reprobe/history, else below
 * ~/.local/state. */
static void find_file(void) {
    const char *own = getenv("REPROBE_HISTORY"), *state = getenv("XDG_STATE_HOME"),
               *home = getenv("HOME");
    int length = 0;
    if (own && *own)
        length =
            strcmp(own, "off") == 0 ? 0 : snprintf(history_file, sizeof(history_file), "%s", own);
    else if (state && *state == '/')
        length = snprintf(history_file, sizeof(history_file), "%s/reprobe/history", state);
    else if (home && *home == '/')
        length =
            snprintf(history_file, sizeof(history_file), "%s/.local/state/reprobe/history", home);
    if (length <= 0 || (size_t)length >= sizeof(history_file))
        *history_file = '\0';
}

/* The directories above it. */
static void make_directories(void) {
    for (char *slash = strchr(history_file + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(history_file, 0700);
        *slash = '/';
    }
}

static void history_open(void) {
    using_history();
    stifle_history(HISTORY_MAX);
    find_file();
    if (*history_file)
        read_history(history_file);
}

void history_keep(const char *line) {
    if (!line[strspn(line, " \t")])
        return;
    const HIST_ENTRY *last = history_get(history_base + history_length - 1);
    if (last && strcmp(last->line, line) == 0)
        return;
    add_history(line);
    if (!*history_file)
        return;
    mode_t mask = umask(077);
    int failed = append_history(1, history_file);
    if (failed == ENOENT) { /* the first line ever */
        make_directories();
        write_history(history_file);
    }
    umask(mask);
}

static void history_close(void) {
    if (*history_file)
        history_truncate_file(history_file, HISTORY_MAX);
    clear_history();
}

void history_print(FILE *out) {
    HIST_ENTRY **list = history_list();
    for (int i = 0; list && list[i]; i++)
        fprintf(out, "%5d  %s\n", history_base + i, list[i]->line);
}

/* ------------------------------------------------------------------ reading */

static void take_line(char *line) {
    screen.shown = false; /* it stays where it is, above the cursor */
    screen.hidden_at = rp_now_ns();
    if (!line)
        fputc('\n', rl_outstream);
    screen.line(line);
    free(line);
}

/* Between two lines, too, the terminal stays as readline wants it: one that reads whole lines would
 * turn a Ctrl-D typed meanwhile into a NUL. */
static void keep_terminal(void) {}

static void install(void) {
    screen.open = true;
    screen.shown = false;
    screen.hidden_at = rp_now_ns();
    rl_callback_handler_install(screen.prompt, take_line);
}

void screen_open(void (*line)(const char *line)) {
    setlocale(LC_CTYPE, "");
    setvbuf(stdout, NULL, _IOFBF, 1 << 16); /* a burst is one write */
    screen.line = line;
    rl_readline_name = "reprobe";
    rl_catch_signals = rl_catch_sigwinch = 0; /* the session's loop has them */
    rl_change_environment = 0;
    rl_instream = stdin;
    rl_outstream = isatty(STDOUT_FILENO) ? stdout : stderr;
    rl_initialize(); /* with a function of ours it would not ask what the terminal can do */
    rl_redisplay_function = redisplay;
    rl_deprep_term_function = keep_terminal;
    history_open();
    install();
}

void screen_close(void) {
    if (!screen.line)
        return;
    screen_hide();
    screen_leave();
    history_close();
    screen.line = NULL;
}

void screen_key(void) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    screen_show();
    for (int i = 0; i < KEYS_A_LOOK && screen.open && screen.shown; i++) { /* up to a line's end */
        if (i && poll(&input, 1, 0) <= 0)
            break;
        rl_callback_read_char();
    }
}

void screen_set_prompt(const char *prompt) {
    screen.prompt = prompt;
    if (screen.open)
        rl_set_prompt(prompt);
}

bool screen_interrupt(void) {
    if (!screen.open)
        return false;
    bool typed = rl_end > 0;
    screen_show();
    rl_point = rl_end;
    rl_redisplay();
    fputs("^C\n", rl_outstream);
    rl_free_line_state();
    rl_callback_sigcleanup();
    rl_replace_line("", 1);
    rl_point = rl_mark = 0;
    screen.shown = false;
    screen.hidden_at = rp_now_ns();
    return typed;
}

void screen_leave(void) {
    if (!screen.open)
        return;
    screen_hide();
    fflush(stdout);
    rl_callback_handler_remove();
    rl_deprep_terminal();
    screen.open = false;
}

void screen_return(void) {
    if (!screen.open && screen.line)
        install();
}

/* As the shell would have it: the terminal as it was, and all of it again when we go on. */
void screen_suspend(void) {
    bool open = screen.open;
    if (open) {
        screen_hide();
        fflush(stdout);
        rl_deprep_terminal();
    }
    raise(SIGSTOP);
    if (open)
        rl_prep_terminal(1);
}

void screen_resize(void) {
    if (!screen.open)
        return;
    screen_hide();
    rl_resize_terminal();
}
