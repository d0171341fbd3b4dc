/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prompt REPROBE ROUNDS MOVES DIRECTORY: how long one waits at the prompt, typed at a
 * pseudo-terminal, and with bpftrace, whose one-liner is started again. What is traced is a process
 * that this starts: it calls getpgid(), getppid() and openat() a thousand times a second. Object
 * caches are off: each question is a new one. Prints "NAME MS" a line:
 *
 *   retarget         from Enter behind "retarget 1 PLACE" to its answer; two places, to and fro
 *                    (MOVES times)
 *   retarget-line    from the first key of that line, when the keys come all at once
 *   retarget-new     as retarget, each time to a new attach point, five a second
 * and, in each of ROUNDS, one after another:
 *   edit             from Enter behind "edit 1 FILE" to the first event of the new program
 *   ask-first        from Enter behind a prompt's first question to its first event
 *   ask              the same of its second one
 *   ask-pasted       the same of a line that came at once, and Enter 20 ms behind it
 *   ask-still        the same of a line that stood still for a while before Enter
 *   ask-again        the same of one that was asked before: with an object cache
 *   start            from starting `reprobe -e QUESTION` to its first event
 *   bpftrace         from starting a bpftrace one-liner to its first event
 *   restart          the same, from Ctrl-C for the one that ran before
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS    20000
#define KEY_MS     1   /* from one key to the next */
#define AT_ONCE_MS 20  /* readline has drawn the line */
#define STILL_MS   500 /* it stood still so long that it was compiled in advance */
#define MISSING    "/no/such/file"

static const char *reprobe;
static pid_t workload;

static double now_ms(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void sleep_ms(long ms) {
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

__attribute__((format(printf, 1, 2))) _Noreturn static void give_up(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("prompt: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static void ends_with_us(void) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void start_workload(void) {
    workload = fork();
    if (workload)
        return;
    ends_with_us();
    for (;;) {
        close(open(MISSING, O_RDONLY | O_CLOEXEC)); /* openat() by now */
        getpgid(0);
        getppid();
        sleep_ms(1);
    }
}

/* ------------------------------------------------------------------ a tracer */

struct tracer {
    pid_t pid;
    int in, out;
    char text[1 << 16]; /* what it wrote last */
    size_t length;
};

static void start_at_terminal(struct tracer *t, char *const argv[]) {
    struct winsize size = {.ws_row = 50, .ws_col = 160};
    *t = (struct tracer){0};
    t->pid = forkpty(&t->in, NULL, NULL, &size);
    t->out = t->in;
    if (t->pid)
        return;
    ends_with_us();
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "1", 1);
    execvp(argv[0], argv);
    _exit(127);
}

static void start_at_pipe(struct tracer *t, char *const argv[]) {
    int pipes[2];
    if (pipe2(pipes, O_CLOEXEC))
        give_up("no pipe");
    *t = (struct tracer){.in = -1, .out = pipes[0]};
    t->pid = fork();
    if (!t->pid) {
        ends_with_us();
        dup2(pipes[1], STDOUT_FILENO);
        dup2(pipes[1], STDERR_FILENO);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(pipes[1]);
}

/* What it writes from here on is waited for. */
static void forget(struct tracer *t) {
    struct pollfd ready = {.fd = t->out, .events = POLLIN};
    while (poll(&ready, 1, 0) > 0 && read(t->out, t->text, sizeof(t->text)) > 0)
        ;
    t->length = 0;
}

/* Reads until it has written `wanted`. */
static void wait_for(struct tracer *t, const char *wanted) {
    double end = now_ms() + WAIT_MS;
    struct pollfd ready = {.fd = t->out, .events = POLLIN};
    while (now_ms() < end) {
        if (t->length > sizeof(t->text) - 4096) { /* keeps what may be the beginning of it */
            memmove(t->text, t->text + t->length - 512, 512);
            t->length = 512;
        }
        if (poll(&ready, 1, 100) <= 0)
            continue;
        ssize_t n = read(t->out, t->text + t->length, sizeof(t->text) - 1 - t->length);
        if (n <= 0)
            break;
        t->length += (size_t)n;
        t->text[t->length] = '\0';
        if (strstr(t->text, wanted))
            return;
    }
    t->text[t->length] = '\0';
    give_up("waited in vain for \"%s\"; there was\n%s", wanted, t->text);
}

__attribute__((format(printf, 2, 3))) static void type(const struct tracer *t, const char *format,
                                                       ...) {
    char line[512];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (write(t->in, line, (size_t)length) != length)
        give_up("cannot type");
}

static double end(struct tracer *t) {
    double start = now_ms();
    kill(t->pid, SIGINT);
    int status;
    char rest[4096];
    struct pollfd ready = {.fd = t->out, .events = POLLIN};
    while (waitpid(t->pid, &status, WNOHANG) == 0) {
        if (poll(&ready, 1, 1) > 0 && read(t->out, rest, sizeof(rest)) <= 0)
            sleep_ms(1);
        if (now_ms() > start + WAIT_MS)
            kill(t->pid, SIGKILL);
    }
    close(t->out);
    return now_ms() - start;
}

static void leave(struct tracer *t) {
    type(t, "quit\n");
    end(t);
}

static void say(const char *name, double ms) {
    printf("%s %.4f\n", name, ms);
    fflush(stdout);
}

/* ------------------------------------------------------------------ the prompt */

static void open_prompt(struct tracer *t) {
    char pid[16];
    snprintf(pid, sizeof(pid), "%d", workload);
    start_at_terminal(t, (char *[]){(char *)reprobe, "-p", pid, NULL});
    wait_for(t, "reprobe> ");
}

/* Until the first of its rows, which tell the file's name. The line comes key by key, or at once.
 */
static double ask(struct tracer *t, bool at_once, long still_ms) {
    static const char line[] = "trace syscalls:sys_enter_openat";
    if (at_once)
        type(t, "%s", line);
    for (const char *key = line; *key && !at_once; key++) {
        type(t, "%c", *key);
        sleep_ms(KEY_MS);
    }
    sleep_ms(still_ms);
    forget(t);
    double start = now_ms();
    type(t, "\n");
    wait_for(t, MISSING);
    return now_ms() - start;
}

static void measure_asking(void) {
    struct tracer t;
    open_prompt(&t);
    sleep_ms(1000); /* nobody types sooner */
    say("ask-first", ask(&t, false, AT_ONCE_MS));
    type(&t, "detach 1\n");
    sleep_ms(1000); /* the kernel takes probes away in the background, and lets none in meanwhile */
    say("ask", ask(&t, false, AT_ONCE_MS));
    type(&t, "detach 2\n");
    sleep_ms(1000);
    say("ask-pasted", ask(&t, true, AT_ONCE_MS));
    type(&t, "detach 3\n");
    sleep_ms(1000);
    say("ask-still", ask(&t, false, STILL_MS));
    leave(&t);
}

static void measure_asking_again(const char *directory) {
    char cache[512];
    snprintf(cache, sizeof(cache), "%s/cache", directory);
    setenv("REPROBE_CACHE", cache, 1);
    struct tracer t;
    open_prompt(&t);
    ask(&t, false, AT_ONCE_MS);
    type(&t, "detach 1\n");
    sleep_ms(1000);
    say("ask-again", ask(&t, false, AT_ONCE_MS));
    leave(&t);
    setenv("REPROBE_CACHE", "off", 1);
}

/* With the keys all at once, or only Enter when the others have been seen to. */
static double move(struct tracer *t, const char *place, bool at_once) {
    char answer[128];
    snprintf(answer, sizeof(answer), "[1] tracepoint:syscalls:%s", place);
    if (!at_once) {
        type(t, "retarget 1 syscalls:%s", place);
        sleep_ms(10);
    }
    forget(t);
    double start = now_ms();
    if (at_once)
        type(t, "retarget 1 syscalls:%s\n", place);
    else
        type(t, "\n");
    wait_for(t, answer);
    return now_ms() - start;
}

static void open_to_move(struct tracer *t) {
    open_prompt(t);
    type(t, "trace syscalls:sys_enter_getpgid comm\n");
    wait_for(t, " prompt\r\n");
}

static void measure_moving(int moves) {
    struct tracer t;
    open_to_move(&t);
    for (int i = 0; i < 2 * moves; i++) {
        bool at_once = i >= moves;
        say(at_once ? "retarget-line" : "retarget",
            move(&t, i % 2 ? "sys_enter_getpgid" : "sys_enter_getppid", at_once));
        sleep_ms(2);
    }
    leave(&t);
}

static void measure_moving_on(int moves) {
    char command[4096], line[256];
    snprintf(command, sizeof(command), "%s list 'tracepoint:syscalls:sys_enter_*'", reprobe);
    FILE *list = popen(command, "re");
    struct tracer t;
    open_to_move(&t);
    while (moves-- > 0 && list && fgets(line, sizeof(line), list)) {
        line[strcspn(line, "\n")] = '\0';
        say("retarget-new", move(&t, strrchr(line, ':') + 1, false));
        sleep_ms(200);
    }
    leave(&t);
    if (list)
        pclose(list);
}

static void write_program(const char *path, int number) {
    FILE *file = fopen(path, "we");
    if (!file)
        give_up("cannot write %s", path);
    fprintf(file,
            "struct event { u32 pid; char comm[16]; u32 number; };\n"
            "BPF_RINGBUF_OUTPUT(events, 8);\n"
            "TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)\n"
            "{\n"
            "    struct event event = {.number = %d};\n"
            "    if (!is_target())\n"
            "        return 0;\n"
            "    event.pid = bpf_get_current_pid_tgid() >> 32;\n"
            "    bpf_get_current_comm(event.comm, sizeof(event.comm));\n"
            "    events.ringbuf_output(&event, sizeof(event), 0);\n"
            "    return 0;\n"
            "}\n",
            number);
    fclose(file);
}

/* Events of the text that came last tell its number. */
static double load(struct tracer *t, const char *verb, const char *path, int number) {
    char row[32];
    write_program(path, number);
    snprintf(row, sizeof(row), " %d\r\n", number);
    type(t, "%s %s", verb, path);
    sleep_ms(20);
    forget(t);
    double start = now_ms();
    type(t, "\n");
    wait_for(t, row);
    return now_ms() - start;
}

static void measure_editing(const char *directory) {
    static int number = 1000000;
    char path[512];
    snprintf(path, sizeof(path), "%s/edited.c", directory);
    struct tracer t;
    open_prompt(&t);
    load(&t, "load", path, ++number);
    sleep_ms(200);
    say("edit", load(&t, "edit 1", path, ++number));
    leave(&t);
}

static void measure_starting(void) {
    char pid[16];
    snprintf(pid, sizeof(pid), "%d", workload);
    struct tracer t;
    double start = now_ms();
    start_at_pipe(
        &t, (char *[]){(char *)reprobe, "-p", pid, "-e", "trace syscalls:sys_enter_openat", NULL});
    wait_for(&t, MISSING);
    say("start", now_ms() - start);
    end(&t);
}

static void measure_bpftrace(void) {
    char program[256];
    snprintf(program, sizeof(program),
             "tracepoint:syscalls:sys_enter_openat /pid == %d/ "
             "{ printf(\"%%d %%s %%d %%s\\n\", pid, comm, args->dfd, str(args->filename)); }",
             workload);
    double ended_ms = 0;
    for (int again = 0; again < 2; again++) {
        struct tracer t;
        double start = now_ms();
        start_at_pipe(&t, (char *[]){"bpftrace", "-B", "line", "-e", program, NULL});
        wait_for(&t, MISSING);
        double ms = now_ms() - start;
        if (again) {
            say("bpftrace", ms);
            say("restart", ended_ms + ms);
        }
        ended_ms = end(&t);
    }
}

int main(int argc, char **argv) {
    int rounds = argc == 5 ? atoi(argv[2]) : 0, moves = argc == 5 ? atoi(argv[3]) : 0;
    if (rounds < 1 || moves < 1) {
        fprintf(stderr, "Usage: prompt REPROBE ROUNDS MOVES DIRECTORY\n");
        return 2;
    }
    reprobe = argv[1];
    signal(SIGPIPE, SIG_IGN);
    setenv("REPROBE_CACHE", "off", 1);
    start_workload();
    measure_moving(moves);
    measure_moving_on(moves < 100 ? moves : 100);
    for (int i = 0; i < rounds; i++) {
        measure_editing(argv[4]);
        measure_asking();
        measure_asking_again(argv[4]);
        measure_starting();
        measure_bpftrace();
    }
    kill(workload, SIGKILL);
    return 0;
}
