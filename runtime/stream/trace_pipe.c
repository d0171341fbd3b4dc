/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/trace_pipe.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/tracefs.h"
#include "util/cleanup.h"
#include "util/error.h"

/*
 * kernel/trace/trace_output.c, trace_print_context(), writes "%16s-%-7d " before all else:
 *   "            bash-3022    [001] d..21  9876.543210: bpf_trace_printk: Hello, World!"
 * A task may call itself anything that looks like the rest of a line, but no more than 15 bytes
 * long: so what counts is where things stand. With the record-tgid option there is a "(TGID)"
 * before the CPU.
 */
#define TASK_WIDTH 16

/* The digits of the process id; NULL: it is not such a line. */
static char *find_pid(char *text, size_t length) {
    char *pid = text + TASK_WIDTH + 1;
    return length > TASK_WIDTH + 1 && pid[-1] == '-' && isdigit((unsigned char)*pid) ? pid : NULL;
}

/* The digits of the CPU, behind the process id. */
static char *find_cpu(char *pid) {
    char *at = pid + strspn(pid, "0123456789");
    at += strspn(at, " ");
    if (*at == '(')
        at += strcspn(at, ")") + (at[strcspn(at, ")")] == ')');
    at += strspn(at, " ");
    return *at == '[' && isdigit((unsigned char)at[1]) ? at + 1 : NULL;
}

uint64_t rp_trace_lost_parse(const char *text) {
    unsigned long long lost;
    return sscanf(text, "CPU:%*u [LOST %llu EVENTS]", &lost) == 1 ? lost : 0;
}

bool rp_trace_line_parse(char *text, struct rp_trace_line *line) {
    static const char marker[] = ": bpf_trace_printk: ";
    char *pid = find_pid(text, strlen(text)), *cpu = pid ? find_cpu(pid) : NULL;
    char *message = cpu ? strstr(cpu, marker) : NULL;
    if (!message)
        return false;
    *message = '\0';
    line->message = message + sizeof(marker) - 1;
    line->pid = (pid_t)strtol(pid, NULL, 10);
    line->cpu = (int)strtol(cpu, NULL, 10);
    char *time = strrchr(cpu, ' ');
    line->time = time ? strtod(time + 1, NULL) : 0;
    pid[-1] = '\0';
    snprintf(line->task, sizeof(line->task), "%s", text + strspn(text, " "));
    return true;
}

void rp_trace_line_print_header(FILE *out) {
    fprintf(out, "%-16s %-7s %-3s %-13s %s\n", "TASK", "PID", "CPU", "TIME(s)", "MESSAGE");
}

void rp_trace_line_print_row(const struct rp_trace_line *line, FILE *out) {
    size_t width = rp_print_text(line->task, sizeof(line->task), out);
    fprintf(out, "%*s %-7d %-3d %-13.6f ", width < 16 ? (int)(16 - width) : 0, "", line->pid,
            line->cpu, line->time);
    rp_print_text(line->message, strlen(line->message), out);
    fputc('\n', out);
}

void rp_json_trace_line(struct rp_writer *json, const struct rp_trace_line *line) {
    rp_json_text(json, "task", line->task, sizeof(line->task));
    rp_json_int(json, "pid", line->pid);
    rp_json_int(json, "cpu", line->cpu);
    rp_json_double(json, "time", 6, line->time);
    rp_json_string(json, "message", line->message);
}

struct rp_error *rp_trace_pipe_open(struct rp_trace_pipe *pipe) {
    const char *tracefs;
    char path[PATH_MAX], chunk[4096];
    pipe->fd = -1;
    pipe->len = 0;
    pipe->lost = 0;
    RP_TRY(rp_tracefs_path(&tracefs));
    snprintf(path, sizeof(path), "%s/trace_pipe", tracefs);
    pipe->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (pipe->fd < 0)
        return rp_error_hint_set(rp_error_new(errno, NULL, "cannot read %s", path),
                                 errno == EBUSY
                                     ? "another program is reading it: end that program first"
                                     : "run as root (sudo)");
    while (read(pipe->fd, chunk, sizeof(chunk)) > 0)
        ;
    return NULL;
}

void rp_trace_pipe_close(struct rp_trace_pipe *pipe) {
    if (pipe->fd >= 0)
        close(pipe->fd);
    pipe->fd = -1;
}

/* The end of the line that begins at `start`; NULL: it is not there yet. A newline before the
 * process id may be of the task's name. */
static char *line_end(char *start, char *end) {
    char *newline = memchr(start, '\n', (size_t)(end - start));
    for (char *next = newline; next && next - start < TASK_WIDTH;) {
        next = memchr(next + 1, '\n', (size_t)(end - next - 1));
        if (next && find_pid(start, (size_t)(next - start)))
            return next;
    }
    return newline;
}

/* Whether the line up to `end` is the beginning of what the kernel tells: an event, or how many
 * were lost. */
static bool is_beginning(char *line, char *end) {
    *end = '\0';
    char *pid = find_pid(line, (size_t)(end - line));
    bool is_it = (pid && find_cpu(pid)) || rp_trace_lost_parse(line);
    *end = '\n';
    return is_it;
}

/* The end of the event that begins at `start`: a message may have lines of its own. NULL: it is not
 * there yet. `all`: nothing else is to come. */
static char *event_end(char *start, char *end, bool all) {
    char *newline = line_end(start, end), *next = newline;
    while (next && next + 1 < end && (next = line_end(newline + 1, end))) {
        if (is_beginning(newline + 1, next))
            return newline;
        newline = next;
    }
    return all ? newline : NULL;
}

/* A newline at the end of a message is in front of the event's own. */
static void terminate(const char *start, char *newline) {
    for (; newline > start && newline[-1] == '\n'; newline--)
        ;
    *newline = '\0';
}

/* Passes on the complete events in the buffer and keeps the rest. */
static bool take_events(struct rp_trace_pipe *pipe, bool all,
                        bool (*fn)(void *, const struct rp_trace_line *), void *ctx) {
    char *start = pipe->line, *end = pipe->line + pipe->len, *newline;
    bool go_on = true;
    while (go_on && (newline = event_end(start, end, all))) {
        struct rp_trace_line line;
        terminate(start, newline);
        pipe->lost += rp_trace_lost_parse(start);
        if (rp_trace_line_parse(start, &line))
            go_on = fn(ctx, &line);
        start = newline + 1;
    }
    pipe->len = (size_t)(end - start);
    memmove(pipe->line, start, pipe->len);
    return go_on;
}

/* The same, and makes space: no line of ours fills the buffer, and what does is skipped. */
static bool take_some(struct rp_trace_pipe *pipe, bool (*fn)(void *, const struct rp_trace_line *),
                      void *ctx) {
    bool go_on = take_events(pipe, false, fn, ctx);
    if (pipe->len == sizeof(pipe->line))
        go_on = take_events(pipe, true, fn, ctx);
    if (pipe->len == sizeof(pipe->line))
        pipe->len = 0;
    return go_on;
}

void rp_trace_pipe_consume(struct rp_trace_pipe *pipe,
                           bool (*fn)(void *ctx, const struct rp_trace_line *), void *ctx) {
    while (take_some(pipe, fn, ctx)) {
        ssize_t got = read(pipe->fd, pipe->line + pipe->len, sizeof(pipe->line) - pipe->len);
        if (got <= 0) {
            take_events(pipe, true, fn, ctx);
            return;
        }
        pipe->len += (size_t)got;
    }
}
