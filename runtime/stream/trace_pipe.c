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
 * kernel/trace/trace_output.c, trace_print_context():
 *   "            bash-3022    [001] d..21  9876.543210: bpf_trace_printk: Hello, World!"
 * The task's name may contain any character, so the line is parsed from its "-PID [CPU]" outwards;
 * with the record-tgid option there is a "(TGID)" before the CPU.
 */
static char *find_pid_end(char *text, char **cpu) {
    for (char *bracket = strstr(text, " ["); bracket; bracket = strstr(bracket + 1, " [")) {
        char *after;
        long number = strtol(bracket + 2, &after, 10);
        if (after == bracket + 2 || *after != ']' || number < 0)
            continue;
        char *end = bracket;
        while (end > text && isspace((unsigned char)end[-1]))
            end--;
        if (end > text && end[-1] == ')') { /* (TGID) */
            while (end > text && *--end != '(')
                ;
            while (end > text && isspace((unsigned char)end[-1]))
                end--;
        }
        char *digits = end;
        while (digits > text && isdigit((unsigned char)digits[-1]))
            digits--;
        if (digits < end && digits > text && digits[-1] == '-') {
            *cpu = bracket + 2;
            return digits;
        }
    }
    return NULL;
}

uint64_t rp_trace_lost_parse(const char *text) {
    unsigned long long lost;
    return sscanf(text, "CPU:%*u [LOST %llu EVENTS]", &lost) == 1 ? lost : 0;
}

bool rp_trace_line_parse(char *text, struct rp_trace_line *line) {
    static const char marker[] = ": bpf_trace_printk: ";
    char *cpu, *pid = find_pid_end(text, &cpu);
    char *message = pid ? strstr(cpu, marker) : NULL;
    if (!message)
        return false;
    *message = '\0';
    line->message = message + sizeof(marker) - 1;
    line->pid = (pid_t)strtol(pid, NULL, 10);
    line->cpu = (int)strtol(cpu, NULL, 10);
    char *time = strrchr(cpu, ' ');
    line->time = time ? strtod(time + 1, NULL) : 0;
    pid[-1] = '\0';
    while (isspace((unsigned char)*text))
        text++;
    snprintf(line->task, sizeof(line->task), "%s", text);
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

/* Passes on the complete lines in the buffer and keeps the rest. */
static bool take_lines(struct rp_trace_pipe *pipe, bool (*fn)(void *, const struct rp_trace_line *),
                       void *ctx) {
    char *start = pipe->line, *end = pipe->line + pipe->len, *nl;
    bool go_on = true;
    while (go_on && (nl = memchr(start, '\n', (size_t)(end - start)))) {
        struct rp_trace_line line;
        *nl = '\0';
        pipe->lost += rp_trace_lost_parse(start);
        if (rp_trace_line_parse(start, &line))
            go_on = fn(ctx, &line);
        start = nl + 1;
    }
    pipe->len = (size_t)(end - start);
    memmove(pipe->line, start, pipe->len);
    if (pipe->len == sizeof(pipe->line)) /* no line of ours is that long: skip it */
        pipe->len = 0;
    return go_on;
}

void rp_trace_pipe_consume(struct rp_trace_pipe *pipe,
                           bool (*fn)(void *ctx, const struct rp_trace_line *), void *ctx) {
    for (;;) {
        if (!take_lines(pipe, fn, ctx))
            return;
        ssize_t got = read(pipe->fd, pipe->line + pipe->len, sizeof(pipe->line) - pipe->len);
        if (got <= 0)
            return;
        pipe->len += (size_t)got;
    }
}
