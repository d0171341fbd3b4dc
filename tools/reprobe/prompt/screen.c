/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What someone sees: the line that is being typed, messages, errors, colours.
 *
 * readline reads the line by its callbacks, a byte at a time, whenever the session's loop finds
 * one. Before anything is printed the line is taken off the screen; it comes back when the loop has
 * nothing left to do. So a burst of rows hides and shows it once.
 */
#include "screen.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <readline/history.h>
#include <readline/readline.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cells.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/private_dir.h"
#include "util/text.h"

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

/* Makes the directories above it. Another user's file, or a link to one, is neither read nor
 * written. */
static void check_file(void) {
    char directory[PATH_MAX];
    const char *slash = strrchr(history_file, '/');
    snprintf(directory, sizeof(directory), "%.*s", slash ? (int)(slash - history_file) : 1,
             slash ? history_file : ".");
    if (rp_file_make_directory(directory) && rp_file_is_private(history_file))
        return;
    if (access(directory, F_OK) == 0)
        fprintf(stderr, "reprobe: the history is not kept: others can change %s\n", history_file);
    *history_file = '\0';
}

static void history_open(void) {
    using_history();
    stifle_history(HISTORY_MAX);
    find_file();
    if (*history_file)
        check_file();
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
    using_history(); /* the Up key begins behind it, if the next line has begun already */
    if (!*history_file)
        return;
    mode_t mask = umask(077);
    if (append_history(1, history_file) == ENOENT) /* the first line ever */
        write_history(history_file);
    umask(mask);
}

void history_drop(const char *line) {
    const HIST_ENTRY *last = history_get(history_base + history_length - 1);
    HIST_ENTRY *gone =
        last && strcmp(last->line, line) == 0 ? remove_history(history_length - 1) : NULL;
    if (gone)
        free_history_entry(gone);
    using_history();
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

void screen_key(const struct rp_session *session) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    screen_show();
    /* Up to a line's end. Ctrl-C takes away what was typed before it: even the first key may be
     * gone, and to read it would wait for another, and take no signal meanwhile. What comes behind
     * it is of the next line. */
    for (int i = 0; i < KEYS_A_LOOK && screen.open && screen.shown; i++) {
        if (poll(&input, 1, 0) <= 0 || rp_session_interrupted_by(session))
            break;
        rl_callback_read_char();
    }
}

void screen_set_prompt(const char *prompt) {
    screen.prompt = prompt;
    if (screen.open)
        rl_set_prompt(prompt);
}

const char *screen_line(void) {
    return screen.open && rl_line_buffer ? rl_line_buffer : "";
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

/* ------------------------------------------------------------------ colours and widths */

int screen_columns(void) {
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

int screen_rows(void) {
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

static bool is_dumb(void) {
    const char *term = getenv("TERM");
    return !term || strcmp(term, "dumb") == 0;
}

bool screen_can_move(void) {
    return isatty(STDOUT_FILENO) && !is_dumb();
}

bool screen_can_talk_in_place(void) {
    return isatty(STDERR_FILENO) && !is_dumb();
}

static const char *colour_on(enum colour colour, int fd) {
    static const char *const codes[] = {
        [COLOUR_NONE] = "\033[0m",   [COLOUR_NUMBER] = "\033[36m", [COLOUR_HEADER] = "\033[1m",
        [COLOUR_ERROR] = "\033[31m", [COLOUR_HINT] = "\033[33m",   [COLOUR_DIM] = "\033[2m",
    };
    const char *no_colour = getenv("NO_COLOR");
    bool may = isatty(fd) && !(no_colour && *no_colour) && !is_dumb();
    return may ? codes[colour] : "";
}

const char *screen_colour(enum colour colour) {
    return colour_on(colour, STDOUT_FILENO);
}

const char *screen_talk_colour(enum colour colour) {
    return colour_on(colour, STDERR_FILENO);
}

size_t screen_fit(const char *text, size_t length, int columns) {
    return rp_cells_fit(text, length, columns > 0 ? (size_t)columns : 0);
}

/* `used`: columns of the first line that are taken. */
static void wrap(FILE *out, const char *text, int used, int indent) {
    int capacity = screen_columns();
    if (!isatty(out == stdout ? STDOUT_FILENO
                              : fileno(out))) /* the pager's text is for a terminal */
        capacity = 1 << 20;
    for (int blanks = 0; *text; used = blanks = indent) {
        size_t all = strlen(text), fits = screen_fit(text, all, capacity - used), end = fits;
        while (fits < all && end > 0 && text[end] != ' ')
            end--;
        if (!end)
            end = fits ? fits : 1;
        fprintf(out, "%*s%.*s\n", blanks, "", (int)end, text);
        text += end;
        text += strspn(text, " ");
    }
}

void screen_wrap(FILE *out, const char *text, int indent) {
    wrap(out, text, 0, indent);
}

/* ------------------------------------------------------------------ messages and errors */

void prompt_say(const char *format, ...) {
    va_list args;
    screen_hide();
    fflush(stdout);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
}

/* "reprobe:" and "hint:" in colour, where there are any. */
void prompt_print_error(const struct rp_error *err) {
    RP_AUTO_FREE char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory)
        return rp_error_print(err, stderr);
    rp_error_print(err, memory);
    fclose(memory);
    const char *plain = screen_talk_colour(COLOUR_NONE);
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) && (*line || rest);) {
        size_t error = strncmp(line, "reprobe:", 8) == 0 ? 8 : 0;
        size_t hint = strncmp(line, "hint:", 5) == 0 ? 5 : 0;
        fprintf(stderr, "%s%.*s%s",
                error  ? screen_talk_colour(COLOUR_ERROR)
                : hint ? screen_talk_colour(COLOUR_HINT)
                       : "",
                (int)(error + hint), line, error + hint ? plain : "");
        if (error + hint)
            wrap(stderr, line + error + hint, (int)(error + hint), 0);
        else
            fprintf(stderr, "%s\n", line); /* code, and what points at it */
    }
}

/* Whoever ends a script with a signal knows why it was cut. */
void prompt_fail(struct prompt *prompt, struct rp_error *err) {
    bool is_cut = !prompt->terminal && rp_error_errno(err) == ECANCELED;
    int signal = prompt->terminal ? 0 : rp_session_interrupted_by(prompt->session);
    if (!prompt->cut_by)
        prompt->cut_by = is_cut && !signal ? SIGINT : signal;
    if (is_cut) {
        rp_error_free(err);
        return;
    }
    screen_hide();
    fflush(stdout);
    prompt_print_error(err);
    if (prompt->tool->verbose && rp_error_detail(err))
        fprintf(stderr, "%s\n", rp_error_detail(err));
    rp_error_free(err);
    prompt->failed |= !prompt->terminal;
}

void prompt_note(const char *note) {
    RP_AUTO_FREE char *line = note ? rp_text("reprobe: note: %s", note) : NULL;
    if (!line)
        return;
    screen_hide();
    fflush(stdout);
    screen_wrap(stderr, line, 0);
}
