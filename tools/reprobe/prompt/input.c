/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines wait in a queue, whether they come from -f, -e, a pipe or a terminal, and are run one at a
 * time by the session's loop: a descriptor that can be read while there is one and nothing else
 * goes on. A block (`c`) takes lines instead of running them.
 */
#include "entry.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "screen.h"
#include "source.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file.h"
#include "util/text.h"

struct block {
    bool open;
    bool braces; /* it ends with the last of them, else with a dot */
    char *args;
    char *first;       /* the line that began it, where it is not in `text` */
    RP_VEC(char) text; /* with its NUL */
    block_fn done;
};

struct lines {
    struct rp_texts queue;
    size_t next; /* the first one in it that waits: those before it are gone */
    int ready;   /* an eventfd: 1 while `armed` */
    bool armed;
    bool ended;        /* no more will come */
    bool over;         /* and all that came has run */
    bool watched;      /* standard input, by the loop */
    RP_VEC(char) rest; /* of a pipe, what is not a whole line yet */
    struct block block;
};

static struct prompt *typing; /* readline's callback has no context */

/* ------------------------------------------------------------------ the queue */

struct rp_error *input_add(struct prompt *prompt, const char *line) {
    return rp_texts_add(&prompt->lines->queue, strdup(line)) ? NULL : rp_error_nomem();
}

/* Each line of `text`; what stands behind the last newline as well. */
static struct rp_error *add_all(struct prompt *prompt, char *text) {
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) && (*line || rest);) {
        size_t length = strlen(line);
        if (length && line[length - 1] == '\r')
            line[length - 1] = '\0';
        RP_TRY(input_add(prompt, line));
    }
    return NULL;
}

struct rp_error *input_add_file(struct prompt *prompt, const char *path,
                                const struct rp_texts *parameters) {
    RP_AUTO_FREE char *text = NULL;
    note_file(path);
    RP_TRY(rp_file_read(path, &text));
    char *rest = text;
    size_t number = 1;
    for (char *line; (line = strsep(&rest, "\n")) && (*line || rest); number++) {
        RP_AUTO_FREE char *whole = NULL;
        line[strcspn(line, "\r")] = '\0';
        RP_TRY(parameters_put(parameters, path, number, line, &whole));
        RP_TRY(input_add(prompt, whole));
    }
    return NULL;
}

/* NULL: there is none. */
static char *next_line(struct lines *lines) {
    if (lines->next == lines->queue.count)
        return NULL;
    char *line = lines->queue.items[lines->next++];
    if (lines->next == lines->queue.count)
        lines->next = lines->queue.count = 0;
    return line;
}

/* Lines are taken when no job goes on: to be called when that has changed. */
static void update(struct prompt *prompt) {
    struct lines *lines = prompt->lines;
    bool wanted =
        !prompt->job && (lines->next < lines->queue.count || (lines->ended && !lines->over));
    if (wanted == lines->armed)
        return;
    uint64_t one = 1;
    ssize_t moved =
        wanted ? write(lines->ready, &one, sizeof(one)) : read(lines->ready, &one, sizeof(one));
    lines->armed = moved == sizeof(one) ? wanted : lines->armed;
}

static void block_clear(struct block *block) {
    free(block->args);
    free(block->first);
    rp_vec_clear(&block->text);
    *block = (struct block){0};
    screen_set_prompt("reprobe> ");
}

/* The whole block is one item of the history: one key brings it back, to be edited. */
static void keep_block(const struct prompt *prompt, const struct block *block) {
    if (!prompt->terminal || !block->text.count)
        return;
    const char *text = block->text.items;
    RP_AUTO_FREE char *whole = NULL;
    if (block->braces)
        whole = strndup(text, strlen(text) - (strlen(text) > 0));
    else if (block->first)
        whole = rp_text("%s\n%s.", block->first, text);
    if (whole)
        history_keep(whole);
}

bool input_clear(struct prompt *prompt) {
    struct lines *lines = prompt->lines;
    if (lines->block.open)
        keep_block(prompt, &lines->block);
    bool any = lines->block.open || lines->next < lines->queue.count;
    for (char *line; (line = next_line(lines));)
        free(line);
    block_clear(&lines->block);
    update(prompt);
    return any;
}

const char *input_block(const struct prompt *prompt) {
    return prompt->lines->block.open ? prompt->lines->block.text.items : NULL;
}

bool input_is_over(const struct prompt *prompt) {
    const struct lines *lines = prompt->lines;
    return lines->ended && lines->next == lines->queue.count && !lines->block.open && !prompt->job;
}

/* ------------------------------------------------------------------ jobs */

struct running_job {
    struct job job; /* first: prompt->job is this */
    int timer;
};

static bool on_tick(void *ctx) {
    struct prompt *prompt = ctx;
    struct running_job *running = (struct running_job *)prompt->job;
    uint64_t times;
    if (read(running->timer, &times, sizeof(times)) != sizeof(times))
        return true;
    if (!running->job.tick(prompt, running->job.ctx))
        prompt_end_job(prompt);
    return !prompt->leave;
}

struct rp_error *prompt_start(struct prompt *prompt, const struct job *job) {
    struct running_job *running = malloc(sizeof(*running));
    if (!running)
        return rp_error_nomem();
    *running = (struct running_job){.job = *job, .timer = -1};
    struct rp_error *err =
        job->every_ns ? prompt_timer(prompt, job->every_ns, on_tick, prompt, &running->timer)
                      : NULL;
    if (err) {
        if (running->timer >= 0)
            close(running->timer);
        free(running);
        return err;
    }
    prompt->job = &running->job;
    output_mute(job->mute);
    update(prompt);
    return NULL;
}

void prompt_end_job(struct prompt *prompt) {
    struct running_job *running = (struct running_job *)prompt->job;
    if (!running)
        return;
    prompt->job = NULL;
    if (running->timer >= 0) {
        rp_session_unwatch(prompt->session, running->timer);
        close(running->timer);
    }
    if (running->job.end)
        running->job.end(prompt, running->job.ctx);
    if (running->job.mute)
        output_mute(false);
    free(running);
    update(prompt);
}

/* ------------------------------------------------------------------ running lines */

struct rp_error *prompt_read_block(struct prompt *prompt, const char *args, block_fn done) {
    struct block *block = &prompt->lines->block;
    *block = (struct block){.open = true, .args = strdup(args), .done = done};
    if (!block->args || !rp_vec_push(&block->text, '\0')) {
        block_clear(block);
        return rp_error_nomem();
    }
    screen_set_prompt("... ");
    return NULL;
}

static struct rp_error *end_block(struct prompt *prompt) {
    struct block block = prompt->lines->block;
    prompt->lines->block = (struct block){0};
    screen_set_prompt("reprobe> ");
    keep_block(prompt, &block);
    struct rp_error *err = block.done ? block.done(prompt, block.args, block.text.items) : NULL;
    if (err && prompt->terminal) {
        prompt_fail(prompt, rp_take(err));
        prompt_say("%s    the Up key brings it back, to be edited%s\n",
                   screen_talk_colour(COLOUR_DIM), screen_talk_colour(COLOUR_NONE));
    }
    block_clear(&block);
    return err;
}

static bool is_closed(const char *text) {
    int depth = 0;
    for (; *text; text++)
        depth += (*text == '{') - (*text == '}');
    return depth <= 0;
}

static struct rp_error *add_to_block(struct prompt *prompt, const char *line) {
    struct block *block = &prompt->lines->block;
    if (strcmp(line, ".") == 0)
        return end_block(prompt);
    size_t length = strlen(line);
    if (!rp_vec_reserve(&block->text, length + 1))
        return rp_error_nomem();
    block->text.count--; /* over the NUL */
    rp_vec_append(&block->text, line, length);
    rp_vec_append(&block->text, "\n", 2);
    return block->braces && is_closed(block->text.items) ? end_block(prompt) : NULL;
}

struct rp_error *prompt_read_braces(struct prompt *prompt, const char *first, block_fn done) {
    RP_TRY(prompt_read_block(prompt, "", done));
    prompt->lines->block.braces = true;
    return add_to_block(prompt, first);
}

static void run_line(struct prompt *prompt, const char *line) {
    bool is_text = prompt->lines->block.open;
    if (!is_text)
        screen_hide();
    struct rp_error *err = is_text ? add_to_block(prompt, line) : verb_run(prompt, line);
    if (err)
        prompt_fail(prompt, err);
    struct block *block = &prompt->lines->block;
    if (!is_text && block->open && prompt->terminal) {
        history_drop(line);
        block->first = block->braces ? NULL : strdup(line);
    }
}

void input_run_all(struct prompt *prompt, const struct rp_texts *lines) {
    for (size_t i = 0; i < lines->count && !prompt->quit; i++)
        run_line(prompt, lines->items[i]);
}

bool input_start_command(const struct prompt *prompt) {
    bool in_vain = prompt->failed && !prompt->terminal && !prompt->entries.count;
    if (!in_vain)
        rp_session_start_command(prompt->session);
    return !in_vain;
}

/* From when on --for counts: whoever asks first has the time that was given. What cannot end in
 * time ends at once, but for somebody who types. */
static void start_time(struct prompt *prompt) {
    struct rp_error *err = rp_session_start_time(prompt->session);
    if (!err)
        return;
    prompt_fail(prompt, err);
    prompt->leave |= !prompt->terminal;
}

/* All that was to be run has: what goes on then is the command of -c, or what is held. */
static void end_of_lines(struct prompt *prompt) {
    bool has_command = prompt->tool->session->command;
    bool waits = has_command && rp_session_command_status(prompt->session) < 0;
    input_start_command(prompt);
    start_time(prompt);
    prompt->leave |= !prompt->entries.count || (has_command && !waits) ||
                     rp_session_target_ended(prompt->session);
}

/* A pipe whose writer says nothing more for now, or someone who types. */
static bool is_idle(const struct prompt *prompt) {
    const struct lines *lines = prompt->lines;
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    return prompt->entries.count && !prompt->job && lines->next == lines->queue.count &&
           !lines->block.open && lines->watched && (prompt->terminal || poll(&in, 1, 0) == 0);
}

/* Those of `begin` come behind all others, one at a time, too. False: there are none left. */
static bool begin_lines(struct prompt *prompt) {
    bool any = !prompt->begun && prompt->begins.count;
    prompt->begun = true;
    for (size_t i = 0; any && i < prompt->begins.count; i++)
        rp_error_free(input_add(prompt, prompt->begins.items[i]));
    return any;
}

static bool run_next(void *ctx) {
    struct prompt *prompt = ctx;
    struct lines *lines = prompt->lines;
    RP_AUTO_FREE char *line = next_line(lines);
    if (line)
        run_line(prompt, line);
    else if (lines->ended && lines->block.open)
        run_line(prompt, ".");
    lines->over = input_is_over(prompt) && !begin_lines(prompt);
    if (lines->over)
        end_of_lines(prompt);
    else if (is_idle(prompt))
        start_time(prompt);
    update(prompt);
    return !prompt->leave;
}

/* ------------------------------------------------------------------ standard input */

/* A line of the terminal, or what was pasted. */
static void take_typed(const char *line) {
    struct lines *lines = typing->lines;
    RP_AUTO_FREE char *copy = strdup(line ? line : "");
    if (typing->job && typing->job->enter_ends)
        prompt_end_job(typing);
    if (line && copy) {
        ahead_entered(typing, line);
        if (!lines->block.open)
            history_keep(line);
        rp_error_free(*copy ? add_all(typing, copy) : input_add(typing, ""));
    } else if (lines->block.open) { /* Ctrl-D */
        rp_error_free(input_add(typing, "."));
    } else {
        typing->leave = true;
    }
    update(typing);
}

static bool on_key(void *ctx) {
    struct prompt *prompt = ctx;
    if (prompt->interrupted || rp_session_interrupted_by(prompt->session))
        return true; /* Ctrl-C was typed before */
    /* What was pasted is shown below the prompt that it belongs to: a line is run before the next
     * one is read, unless it has to wait. */
    if (prompt->job || prompt->lines->next == prompt->lines->queue.count)
        screen_key(prompt->session);
    ahead_typed(prompt, !prompt->lines->block.open);
    return !prompt->leave;
}

static struct rp_error *add_piece(struct prompt *prompt, const char *piece, size_t size) {
    struct lines *lines = prompt->lines;
    if (!rp_vec_append(&lines->rest, piece, size))
        return rp_error_nomem();
    if (!lines->rest.count)
        return NULL;
    char *all = lines->rest.items;
    const char *last = size ? memrchr(all, '\n', lines->rest.count) : all + lines->rest.count;
    if (!last)
        return NULL;
    size_t whole = (size_t)(last - all), taken = whole + (size > 0);
    RP_AUTO_FREE char *text = strndup(all, whole);
    if (!text)
        return rp_error_nomem();
    lines->rest.count -= taken;
    memmove(all, all + taken, lines->rest.count);
    return add_all(prompt, text);
}

static void end_input(struct prompt *prompt) {
    if (prompt->lines->watched)
        rp_session_unwatch(prompt->session, STDIN_FILENO);
    prompt->lines->watched = false;
    prompt->lines->ended = true;
}

/* The line that has a NUL byte in it, and all behind it. */
static void refuse_rest(struct prompt *prompt) {
    prompt->lines->rest.count = 0;
    end_input(prompt);
    prompt_fail(prompt,
                rp_error_hint_set(
                    rp_error_new(EINVAL, "it contains a NUL byte", "cannot read a command"),
                    "commands are text; what stands before that line was taken, and no more"));
}

static bool on_input(void *ctx) {
    struct prompt *prompt = ctx;
    char piece[4096];
    ssize_t got = read(STDIN_FILENO, piece, sizeof(piece));
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    size_t size = got > 0 ? (size_t)got : 0, text = strnlen(piece, size);
    struct rp_error *err = text || !size ? add_piece(prompt, piece, text) : NULL;
    if (err)
        prompt_fail(prompt, err);
    if (text < size)
        refuse_rest(prompt);
    if (got <= 0)
        end_input(prompt);
    update(prompt);
    return !prompt->leave;
}

static struct rp_error *watch_input(struct prompt *prompt, rp_ready_fn fn) {
    RP_TRY(rp_session_watch(prompt->session, STDIN_FILENO, fn, prompt));
    prompt->lines->watched = true;
    return NULL;
}

struct rp_error *input_begin(struct prompt *prompt, bool ended) {
    RP_TRY(rp_session_watch(prompt->session, prompt->lines->ready, run_next, prompt));
    if (prompt->terminal) {
        typing = prompt;
        screen_set_prompt("reprobe> ");
        screen_open(take_typed);
        RP_TRY(ahead_open(prompt));
        RP_TRY(watch_input(prompt, on_key));
    } else if (ended) {
        prompt->lines->ended = true;
    } else {
        RP_TRY(watch_input(prompt, on_input));
    }
    update(prompt);
    return NULL;
}

void input_leave(struct prompt *prompt) {
    if (!prompt->terminal)
        return;
    ahead_typed(prompt, !prompt->lines->block.open);
    screen_leave();
    rp_session_unwatch(prompt->session, STDIN_FILENO);
}

void input_return(struct prompt *prompt) {
    if (!prompt->terminal)
        return;
    screen_return();
    rp_error_free(rp_session_watch(prompt->session, STDIN_FILENO, on_key, prompt));
}

/* ------------------------------------------------------------------ making and ending */

struct rp_error *input_open(struct prompt *prompt) {
    prompt->lines = calloc(1, sizeof(*prompt->lines));
    if (!prompt->lines)
        return rp_error_nomem();
    prompt->lines->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (prompt->lines->ready < 0)
        return rp_error_new(errno, NULL, "cannot open the prompt");
    return NULL;
}

void input_close(struct prompt *prompt) {
    struct lines *lines = prompt->lines;
    if (!lines)
        return;
    screen_close();
    ahead_close(prompt);
    for (char *line; (line = next_line(lines));)
        free(line);
    block_clear(&lines->block);
    if (lines->ready >= 0)
        close(lines->ready);
    rp_vec_clear(&lines->queue);
    rp_vec_clear(&lines->rest);
    free(lines);
    prompt->lines = NULL;
}
