/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to whoever sits there: messages and errors, their colours, and how wide text is. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "prompt.h"
#include "screen.h"
#include "util/cleanup.h"
#include "util/error.h"

/* ------------------------------------------------------------------ colours and widths */

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

const char *screen_talk_colour(enum colour colour) {
    return colour_on(colour, STDERR_FILENO);
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
        fprintf(stderr, "%s%.*s%s%s\n",
                error  ? screen_talk_colour(COLOUR_ERROR)
                : hint ? screen_talk_colour(COLOUR_HINT)
                       : "",
                (int)(error + hint), line, error + hint ? plain : "", line + error + hint);
    }
}

void prompt_fail(struct prompt *prompt, struct rp_error *err) {
    screen_hide();
    fflush(stdout);
    prompt_print_error(err);
    if (prompt->tool->verbose && rp_error_detail(err))
        fprintf(stderr, "%s\n", rp_error_detail(err));
    rp_error_free(err);
    prompt->failed |= !prompt->terminal;
}

void prompt_note(const char *note) {
    if (note)
        prompt_say("reprobe: note: %s\n", note);
}
