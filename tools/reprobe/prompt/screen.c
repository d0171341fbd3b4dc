/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line that is being typed. readline reads it by its callbacks, a byte at a time, whenever the
 * session's loop finds one. Before anything is printed the line is taken off the screen; it comes
 * back when the loop has nothing left to do. So a burst of rows hides and shows it once.
 */
#include "screen.h"

#include <locale.h>
#include <poll.h>
#include <readline/readline.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "prompt.h"
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

/* ------------------------------------------------------------------ reading */

static void take_line(char *line) {
    screen.shown = false; /* it stays where it is, above the cursor */
    screen.hidden_at = rp_now_ns();
    if (!line)
        fputc('\n', rl_outstream);
    screen.line(line);
    free(line);
}

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

/* ------------------------------------------------------------------ what can be shown */

int screen_columns(void) {
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

static const char *colour_on(enum colour colour, int fd) {
    static const char *const codes[] = {
        [COLOUR_NONE] = "\033[0m",   [COLOUR_NUMBER] = "\033[36m", [COLOUR_HEADER] = "\033[1m",
        [COLOUR_ERROR] = "\033[31m", [COLOUR_HINT] = "\033[33m",   [COLOUR_DIM] = "\033[2m",
    };
    const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    bool may = isatty(fd) && !(no_colour && *no_colour) && term && strcmp(term, "dumb") != 0;
    return may ? codes[colour] : "";
}

const char *screen_colour(enum colour colour) {
    return colour_on(colour, STDOUT_FILENO);
}

const char *screen_talk_colour(int colour) {
    return colour_on((enum colour)colour, STDERR_FILENO);
}

/* Bytes and columns of the character at `text`. */
static size_t character(const char *text, size_t length, int *columns) {
    wchar_t wide;
    mbstate_t state = {0};
    size_t bytes = mbrtowc(&wide, text, length, &state);
    *columns = 1;
    if (bytes == 0 || bytes > length)
        return 1;
    int width = wcwidth(wide);
    if (width >= 0)
        *columns = width;
    return bytes;
}

size_t screen_fit(const char *text, size_t length, int columns) {
    size_t at = 0;
    while (at < length) {
        int width;
        size_t bytes = character(text + at, length - at, &width);
        if (width > columns)
            break;
        columns -= width;
        at += bytes;
    }
    return at;
}

void screen_wrap(FILE *out, const char *text, int indent) {
    int capacity = screen_columns();
    if (!isatty(fileno(out)))
        capacity = 1 << 20;
    for (int used = 0; *text; used = indent) {
        size_t all = strlen(text), fits = screen_fit(text, all, capacity - used), end = fits;
        while (fits < all && end > 0 && text[end] != ' ')
            end--;
        if (!end)
            end = fits ? fits : 1;
        fprintf(out, "%*s%.*s\n", used, "", (int)end, text);
        text += end;
        text += strspn(text, " ");
    }
}
