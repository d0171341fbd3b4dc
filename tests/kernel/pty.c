/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program in a terminal, types, and looks at the screen: what a person would see.
 *   pty [--size COLSxROWS] [--raw FILE] PROGRAM [ARG]... <SCRIPT
 * With --raw what the program writes goes to FILE as well, as it is.
 * A line of the script is one of
 *   send TEXT             types it; \r is Enter, \t Tab, \e Escape, \xNN any byte, \\ a backslash
 *   key NAME              ctrl-c, ctrl-d, ctrl-z, up, down, left, right
 *   wait REGEX            until some line of the screen matches, which must happen
 *   row REGEX             some line of the screen matches now
 *   refuse REGEX          no line of the screen does, nor of what has scrolled away
 *   count N REGEX         waits until N lines that were shown match; more must not
 *   last REGEX            waits until the line that the cursor is in matches
 *   until COMMAND         waits until a shell command ends with status 0
 *   idle MILLISECONDS     lets the program run on: only before a look at what must not be
 *   size COLS ROWS        of the terminal, from now on
 *   clear                 forgets what was shown before, but for the line of the cursor
 *   print                 the screen, on standard output
 *   signal NAME           INT, TERM, TSTP, CONT, … to the program
 *   stopped               the program has stopped, as by Ctrl-Z
 *   run COMMAND           a shell command, whose status must be 0
 *   begin COMMAND         the same, and does not wait for it
 *   eof                   hangs up
 *   status N              waits until the program has ended: with that status, or 128 + signal
 * REGEX is an extended one, up to the end of the line. What is waited for must come within
 * $REPROBE_TEST_LIMIT seconds (300), which is there to end what hangs. Ends with 1, and the screen
 * on stderr, when something is not as it should be.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <regex.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#define COLS_MAX 512
#define ROWS_MAX 128

struct row {
    /* A byte a column: a character of several bytes is a '?' of ours in each cell that it takes. */
    char text[COLS_MAX + 1];
    bool wrapped; /* it goes on in the next row */
};

static struct {
    int rows, cols, row, col;
    bool pending; /* the cursor stands behind the last column: the next character wraps */
    struct row lines[ROWS_MAX];
    char *gone; /* what scrolled away, as lines */
    size_t gone_size;
    enum { PLAIN, ESCAPE, CSI, OSC, CHARSET } state;
    char args[64];
    size_t arg_size;
    int skip; /* bytes of a character that are still to come */
    wchar_t character;
} screen = {.rows = 24, .cols = 80};

static int master = -1;
static pid_t child;
static int status = -1;
static unsigned line_number;
static double limit_s = 300;
static FILE *raw;

/* ------------------------------------------------------------------ the terminal */

static void row_clear(struct row *row, int from, int to) {
    memset(row->text + from, ' ', (size_t)(to - from));
    if (to == screen.cols)
        row->wrapped = false;
}

static int row_length(const struct row *row) {
    int length = screen.cols;
    while (length && row->text[length - 1] == ' ')
        length--;
    return length;
}

static void keep_gone(const struct row *row) {
    int length = row->wrapped ? screen.cols : row_length(row);
    char *longer = realloc(screen.gone, screen.gone_size + (size_t)length + 2);
    if (!longer)
        exit(2);
    screen.gone = longer;
    memcpy(longer + screen.gone_size, row->text, (size_t)length);
    screen.gone_size += (size_t)length;
    if (!row->wrapped)
        longer[screen.gone_size++] = '\n';
    longer[screen.gone_size] = '\0';
}

static void line_feed(void) {
    if (screen.row + 1 < screen.rows) {
        screen.row++;
        return;
    }
    keep_gone(&screen.lines[0]);
    memmove(&screen.lines[0], &screen.lines[1],
            (size_t)(screen.rows - 1) * sizeof(screen.lines[0]));
    screen.lines[screen.rows - 1].wrapped = false;
    row_clear(&screen.lines[screen.rows - 1], 0, screen.cols);
}

static void put(char c) {
    if (screen.pending) {
        screen.lines[screen.row].wrapped = true;
        line_feed();
        screen.col = 0;
        screen.pending = false;
    }
    screen.lines[screen.row].text[screen.col] = c;
    if (screen.col + 1 < screen.cols)
        screen.col++;
    else
        screen.pending = true;
}

static int clamp(int value, int low, int high) {
    return value < low ? low : value > high ? high : value;
}

static void erase_display(int kind) {
    int first = kind == 0 ? screen.row + 1 : 0, last = kind == 1 ? screen.row : screen.rows;
    for (int i = first; i < last; i++)
        row_clear(&screen.lines[i], 0, screen.cols);
    struct row *row = &screen.lines[screen.row];
    if (kind == 0)
        row_clear(row, screen.col, screen.cols);
    else if (kind == 1)
        row_clear(row, 0, screen.col + 1);
}

static void insert_or_delete(int count, bool insert) {
    char *at = screen.lines[screen.row].text + screen.col;
    size_t rest = (size_t)(screen.cols - screen.col), n = (size_t)clamp(count, 0, (int)rest);
    if (insert) {
        memmove(at + n, at, rest - n);
        memset(at, ' ', n);
    } else {
        memmove(at, at + n, rest - n);
        memset(at + rest - n, ' ', n);
    }
}

static void control_sequence(char final) {
    int args[2] = {0, 0};
    screen.args[screen.arg_size] = '\0';
    if (*screen.args == '?' || *screen.args == '>')
        return; /* modes */
    char *rest = screen.args;
    for (int i = 0; i < 2; i++) {
        args[i] = (int)strtol(rest, &rest, 10);
        rest += *rest == ';';
    }
    int n = args[0] ? args[0] : 1;
    struct row *row = &screen.lines[screen.row];
    if (!strchr("mJKPX@", final))
        screen.pending = false;
    switch (final) {
    case 'A':
        screen.row = clamp(screen.row - n, 0, screen.rows - 1);
        break;
    case 'B':
        screen.row = clamp(screen.row + n, 0, screen.rows - 1);
        break;
    case 'C':
        screen.col = clamp(screen.col + n, 0, screen.cols - 1);
        break;
    case 'D':
        screen.col = clamp(screen.col - n, 0, screen.cols - 1);
        break;
    case 'G':
        screen.col = clamp(n - 1, 0, screen.cols - 1);
        break;
    case 'H':
        screen.row = clamp(n - 1, 0, screen.rows - 1);
        screen.col = clamp((args[1] ? args[1] : 1) - 1, 0, screen.cols - 1);
        break;
    case 'J':
        erase_display(args[0]);
        break;
    case 'K':
        row_clear(row, args[0] ? 0 : screen.col, args[0] == 1 ? screen.col + 1 : screen.cols);
        break;
    case 'P':
        insert_or_delete(n, false);
        break;
    case '@':
        insert_or_delete(n, true);
        break;
    case 'm':
    case 'h':
    case 'l':
    case 't': /* the window's title */
        break;
    default:
        fprintf(stderr, "pty: the terminal does not know ESC [ %s %c\n", screen.args, final);
        exit(2);
    }
}

static void plain(unsigned char c) {
    if (screen.skip && (c & 0xc0) == 0x80) {
        screen.character = (wchar_t)(screen.character << 6 | (c & 0x3f));
        if (!--screen.skip)
            for (int i = 0, cells = wcwidth(screen.character); i < (cells < 0 ? 1 : cells); i++)
                put('?');
        return;
    }
    screen.skip = 0;
    switch (c) {
    case '\r':
        screen.col = 0;
        screen.pending = false;
        break;
    case '\n':
        line_feed();
        break;
    case '\b':
        screen.col -= screen.col > 0;
        screen.pending = false;
        break;
    case '\t':
        screen.col = clamp((screen.col / 8 + 1) * 8, 0, screen.cols - 1);
        break;
    case '\a':
        break;
    case 033:
        screen.state = ESCAPE;
        break;
    default:
        if (c >= 0xc0) {
            screen.skip = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
            screen.character = c & (0x3f >> screen.skip);
        } else {
            put((char)(c >= 0x80 ? '?' : c));
        }
    }
}

static void show(unsigned char c) {
    switch (screen.state) {
    case PLAIN:
        plain(c);
        break;
    case ESCAPE:
        screen.arg_size = 0;
        screen.state = c == '[' ? CSI : c == ']' ? OSC : strchr("()", c) ? CHARSET : PLAIN;
        if (c == 'M')
            screen.row -= screen.row > 0;
        break;
    case CSI:
        if (c >= 0x40) {
            screen.state = PLAIN;
            control_sequence((char)c);
        } else if (screen.arg_size + 1 < sizeof(screen.args)) {
            screen.args[screen.arg_size++] = (char)c;
        }
        break;
    case OSC:
        screen.state = c == '\a' ? PLAIN : OSC;
        break;
    case CHARSET:
        screen.state = PLAIN;
        break;
    }
}

static void resize(int cols, int rows) {
    screen.cols = clamp(cols, 1, COLS_MAX);
    screen.rows = clamp(rows, 1, ROWS_MAX);
    screen.row = clamp(screen.row, 0, screen.rows - 1);
    screen.col = clamp(screen.col, 0, screen.cols - 1);
    const struct winsize size = {.ws_col = (unsigned short)screen.cols,
                                 .ws_row = (unsigned short)screen.rows};
    if (master >= 0)
        ioctl(master, TIOCSWINSZ, &size);
}

/* ------------------------------------------------------------------ the program */

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Shows what the program has written; waits for some at most `ms`. False: it has ended. */
static bool take_output(int ms) {
    unsigned char bytes[4096];
    struct pollfd input = {.fd = master, .events = POLLIN};
    if (master < 0)
        return false;
    if (poll(&input, 1, ms) <= 0)
        return true;
    ssize_t got = read(master, bytes, sizeof(bytes));
    if (got <= 0)
        return got < 0 && errno == EINTR;
    if (raw)
        fwrite(bytes, 1, (size_t)got, raw);
    for (ssize_t i = 0; i < got; i++)
        show(bytes[i]);
    return true;
}

static void print_screen(FILE *out) {
    int last = screen.rows - 1;
    while (last > 0 && !row_length(&screen.lines[last]))
        last--;
    for (int i = 0; i <= last; i++)
        fprintf(out, "|%.*s\n", row_length(&screen.lines[i]), screen.lines[i].text);
}

static _Noreturn void fail(const char *what, const char *detail) {
    fprintf(stderr, "pty: line %u: %s: %s\nthe screen:\n", line_number, what, detail);
    print_screen(stderr);
    if (child > 0)
        kill(child, SIGKILL);
    exit(1);
}

static void type(const char *bytes, size_t size) {
    while (size) {
        ssize_t put = write(master, bytes, size);
        if (put < 0)
            fail("cannot type", strerror(errno));
        bytes += put;
        size -= (size_t)put;
    }
}

static void start(char **argv) {
    const struct winsize size = {.ws_col = (unsigned short)screen.cols,
                                 .ws_row = (unsigned short)screen.rows};
    child = forkpty(&master, NULL, NULL, &size);
    if (child == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        for (int i = 1; i < 32; i++)
            signal(i, SIG_DFL);
        execvp(argv[0], argv);
        _exit(127);
    }
    if (child < 0)
        fail("cannot start", argv[0]);
    fcntl(master, F_SETFD, FD_CLOEXEC);
}

/* ------------------------------------------------------------------ what is seen */

/* Everything that was shown, as lines; malloc()ed. */
static char *all_lines(bool with_gone) {
    size_t size =
        (with_gone ? screen.gone_size : 0) + (size_t)screen.rows * ((size_t)screen.cols + 1) + 1;
    char *text = malloc(size), *end = text;
    if (!text)
        exit(2);
    if (with_gone && screen.gone_size) {
        memcpy(end, screen.gone, screen.gone_size);
        end += screen.gone_size;
    }
    for (int i = 0; i < screen.rows; i++) {
        const struct row *row = &screen.lines[i];
        size_t length = (size_t)(row->wrapped ? screen.cols : row_length(row));
        memcpy(end, row->text, length);
        end += length;
        if (!row->wrapped)
            *end++ = '\n';
    }
    *end = '\0';
    return text;
}

static int count_matches(const char *pattern, bool with_gone) {
    regex_t regex;
    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB))
        fail("not a regular expression", pattern);
    char *text = all_lines(with_gone), *rest = text;
    int count = 0;
    for (char *line; (line = strsep(&rest, "\n"));)
        count += regexec(&regex, line, 0, NULL, 0) == 0;
    regfree(&regex);
    free(text);
    return count;
}

static bool is_shown(const char *pattern) {
    return count_matches(pattern, false) > 0;
}

static bool succeeds(const char *command) {
    return system(command) == 0;
}

/* Until holds(what): it must, while the program runs. */
static void wait_until(bool (*holds)(const char *what), const char *what) {
    for (double end = now() + limit_s; !holds(what);) {
        bool runs = take_output(20);
        if (!runs && !holds(what))
            fail("the program ended before there was", what);
        if (now() > end)
            fail("waited in vain for", what);
    }
}

static void idle(double seconds) {
    for (double end = now() + seconds; now() < end;)
        if (!take_output(10))
            break;
}

static void expect_status(int wanted) {
    double end = now() + limit_s;
    int raw = 0;
    pid_t ended = 0;
    while (!(ended = waitpid(child, &raw, WNOHANG)) && now() < end)
        if (!take_output(20))
            usleep(10000);
    if (!ended)
        fail("the program still runs", "");
    child = 0;
    while (master >= 0 && take_output(20) && poll(&(struct pollfd){master, POLLIN, 0}, 1, 0) > 0)
        ;
    status = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
    char got[16];
    snprintf(got, sizeof(got), "%d", status);
    if (status != wanted)
        fail("the status was", got);
}

static void expect_stopped(void) {
    int raw;
    for (double end = now() + limit_s; now() < end; take_output(20))
        if (waitpid(child, &raw, WNOHANG | WUNTRACED) == child && WIFSTOPPED(raw))
            return;
    fail("the program has not stopped", "");
}

/* ------------------------------------------------------------------ the script */

static void send_text(const char *text) {
    char bytes[1024];
    size_t size = 0;
    for (; *text && size < sizeof(bytes); text++) {
        char c = *text;
        if (c == '\\') {
            c = *++text;
            if (c == 'x') {
                char hex[3] = {text[1], text[1] ? text[2] : '\0', '\0'};
                c = (char)strtol(hex, NULL, 16);
                text += 2;
            } else {
                c = c == 'r' ? '\r' : c == 't' ? '\t' : c == 'e' ? '\033' : c;
            }
        }
        bytes[size++] = c;
    }
    type(bytes, size);
}

static void press(const char *name) {
    static const struct {
        const char *name, *bytes;
    } keys[] = {{"ctrl-c", "\003"}, {"ctrl-d", "\004"},  {"ctrl-z", "\032"}, {"up", "\033[A"},
                {"down", "\033[B"}, {"right", "\033[C"}, {"left", "\033[D"}, {"enter", "\r"},
                {"tab", "\t"},      {"ctrl-a", "\001"},  {"ctrl-l", "\014"}};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (strcmp(keys[i].name, name) == 0) {
            type(keys[i].bytes, strlen(keys[i].bytes));
            return;
        }
    fail("no such key", name);
}

static void send_signal(const char *name) {
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"INT", SIGINT},   {"TERM", SIGTERM}, {"HUP", SIGHUP},
                   {"TSTP", SIGTSTP}, {"CONT", SIGCONT}, {"KILL", SIGKILL}};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        if (strcmp(signals[i].name, name) == 0) {
            kill(child, signals[i].number);
            return;
        }
    fail("no such signal", name);
}

static void forget(void) {
    screen.gone_size = 0;
    for (int i = 0; i < screen.rows; i++)
        if (i != screen.row)
            row_clear(&screen.lines[i], 0, screen.cols);
}

/* Whether the line of the cursor matches. */
static bool is_last(const char *pattern) {
    regex_t regex;
    char text[COLS_MAX + 1];
    const struct row *row = &screen.lines[screen.row];
    snprintf(text, sizeof(text), "%.*s", row_length(row), row->text);
    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB))
        fail("not a regular expression", pattern);
    bool matches = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return matches;
}

/* args: N REGEX */
static bool are_as_many(const char *args) {
    char *pattern;
    long wanted = strtol(args, &pattern, 10);
    int got = count_matches(pattern + 1, true);
    if (got > wanted) {
        char text[600];
        snprintf(text, sizeof(text), "%d lines match %s", got, pattern + 1);
        fail("there are too many", text);
    }
    return got == wanted;
}

static void begin(const char *command) {
    if (fork() == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
}

static void run_line(char *line) {
    char *args = line + strcspn(line, " ");
    if (*args)
        *args++ = '\0';
    if (strcmp(line, "send") == 0)
        send_text(args);
    else if (strcmp(line, "key") == 0)
        press(args);
    else if (strcmp(line, "wait") == 0)
        wait_until(is_shown, args);
    else if (strcmp(line, "until") == 0)
        wait_until(succeeds, args);
    else if (strcmp(line, "row") == 0 && !count_matches(args, false))
        fail("no line of the screen matches", args);
    else if (strcmp(line, "refuse") == 0 && count_matches(args, true))
        fail("there is a line that matches", args);
    else if (strcmp(line, "last") == 0)
        wait_until(is_last, args);
    else if (strcmp(line, "count") == 0)
        wait_until(are_as_many, args);
    else if (strcmp(line, "idle") == 0)
        idle(strtod(args, NULL) / 1e3);
    else if (strcmp(line, "clear") == 0)
        forget();
    else if (strcmp(line, "print") == 0)
        print_screen(stdout);
    else if (strcmp(line, "signal") == 0)
        send_signal(args);
    else if (strcmp(line, "stopped") == 0)
        expect_stopped();
    else if (strcmp(line, "status") == 0)
        expect_status(atoi(args));
    else if (strcmp(line, "run") == 0 && system(args) != 0)
        fail("failed", args);
    else if (strcmp(line, "begin") == 0)
        begin(args);
    else if (strcmp(line, "eof") == 0) {
        close(master);
        master = -1;
    } else if (strcmp(line, "size") == 0) {
        char *rows;
        long cols = strtol(args, &rows, 10);
        resize((int)cols, (int)strtol(rows, NULL, 10));
    } else if (!strstr(" row refuse run ", line)) {
        fail("no such command", line);
    }
}

int main(int argc, char **argv) {
    setlocale(LC_CTYPE, "C.UTF-8"); /* for the widths of characters */
    char line[4096];
    const char *limit = getenv("REPROBE_TEST_LIMIT");
    if (limit)
        limit_s = strtod(limit, NULL);
    for (; argc > 3 && strncmp(argv[1], "--", 2) == 0; argv += 2, argc -= 2) {
        char *rows;
        if (strcmp(argv[1], "--raw") == 0) {
            raw = fopen(argv[2], "we");
            continue;
        }
        long cols = strtol(argv[2], &rows, 10);
        resize((int)cols, (int)strtol(rows + 1, NULL, 10));
    }
    if (argc < 2) {
        fprintf(stderr, "pty: see the head of tests/kernel/pty.c\n");
        return 2;
    }
    for (int i = 0; i < ROWS_MAX; i++)
        memset(screen.lines[i].text, ' ', COLS_MAX);
    start(argv + 1);
    while (fgets(line, sizeof(line), stdin)) {
        line_number++;
        char *text = line + strspn(line, " \t");
        text[strcspn(text, "\n")] = '\0';
        if (*text && *text != '#')
            run_line(text);
        take_output(0);
    }
    if (child > 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    if (raw)
        fclose(raw);
    return 0;
}
