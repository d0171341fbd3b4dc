/* SPDX-License-Identifier: Apache-2.0 */
/* What a program shall read: columns, keys, a number, conditions. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ask/write.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* As many as an 80 column terminal has room for. */
#define COLUMNS_MAX 10

struct rp_error *rp_cannot_answer(const struct rp_question *question, int errnum, const char *fmt,
                                  ...) RP_PRINTF(3, 4);
struct rp_error *rp_cannot_answer(const struct rp_question *question, int errnum, const char *fmt,
                                  ...) {
    RP_AUTO_FREE char *line = rp_question_line(question);
    va_list args;
    va_start(args, fmt);
    RP_AUTO_FREE char *why = rp_text_of(fmt, args);
    va_end(args);
    return rp_error_new(errnum, why, "cannot answer `%s`", line ? line : "");
}

void rp_program_clear(struct rp_answer *program) {
    for (size_t i = 0; i < program->site_count; i++)
        rp_site_clear(&program->sites[i]);
    free(program->sites);
    rp_values_clear(&program->columns);
    rp_values_clear(&program->keys);
    rp_values_clear(&program->kept);
    free(program->number.text);
    for (size_t i = 0; i < program->clause_count; i++) {
        struct rp_clause *clause = &program->clauses[i];
        for (size_t c = 0; c < clause->compared_count; c++)
            free(clause->compared[c].text);
        free(clause->compared);
        free(clause->text);
        free(clause->code);
    }
    free(program->clauses);
    free(program->note);
    *program = (struct rp_answer){0};
}

/* ------------------------------------------------------------------ columns */

static const char *const record_members[] = {"pid", "comm", NULL};

struct expansion {
    struct rp_answer *program;
    const char *base;
    bool pointer, nomem, any;
};

static bool is_full(const struct rp_answer *p) {
    return p->columns.count >= COLUMNS_MAX;
}

static bool add_telling(void *ctx, const char *path) {
    struct expansion *e = ctx;
    RP_AUTO_FREE char *text = NULL;
    if (is_full(e->program))
        return false;
    if (asprintf(&text, "%s%s%s", e->base, e->pointer ? "->" : ".", path) < 0)
        text = NULL;
    e->nomem = !text || !rp_value_add(&e->program->columns, text, record_members);
    e->any = true;
    return !e->nomem;
}

/* The expression, or of a struct its telling members. */
static struct rp_error *add_column(struct rp_answer *p, const char *text,
                                   const struct rp_expression *is) {
    struct expansion e = {.program = p, .base = text, .pointer = is->shape == RP_SHAPE_POINTER};
    bool kernel =
        !rp_program_entry(p)->user_memory || !rp_reads_argument(text, rp_program_names(p));
    RP_AUTO_FREE char *wrapped = NULL;
    if (!rp_is_simple(text)) {
        if (asprintf(&wrapped, "(%s)", text) < 0)
            return rp_error_nomem();
        e.base = wrapped;
    }
    if (kernel && (e.pointer || is->shape == RP_SHAPE_STRUCT) && !is->is_array)
        rp_telling_members(is->type, add_telling, &e);
    if (e.nomem || (!e.any && !rp_value_add(&p->columns, text, record_members)))
        return rp_error_nomem();
    return NULL;
}

static bool is_scalar_array(const struct rp_expression *is) {
    return is->is_array && is->shape != RP_SHAPE_TEXT;
}

static struct rp_error *add_all_arguments(struct rp_answer *p) {
    const struct rp_site *site = rp_program_entry(p);
    size_t i;
    for (i = 0; i < site->readable && !is_full(p); i++) {
        const struct rp_argument *argument = &site->arguments->list[i];
        struct rp_expression is = {.text = argument->name};
        if (!rp_path_look(site->arguments, &is))
            RP_TRY(rp_look(p, &(struct rp_expression *){&is}, 1));
        if (is_scalar_array(&is))
            continue;
        RP_TRY(add_column(p, argument->name, &is));
    }
    if (i == site->arguments->count || !site->arguments->known)
        return NULL;
    const char *why = is_full(p) ? "a row has no room for more" : "no register has them";
    if (asprintf(&p->note, "%zu of the %zu arguments are shown: %s", i, site->arguments->count,
                 why) < 0)
        return rp_error_nomem();
    return NULL;
}

static struct rp_error *choose_columns(struct rp_answer *p) {
    const struct rp_question *q = p->question;
    const struct rp_site *site = &p->sites[0];
    if (!q->expr_count && site->is_return && !rp_site_is(site, &rp_tracepoint_kind)) {
        if (!site->arguments->result)
            return NULL;
        return rp_value_add(&p->columns, "ret", record_members) ? NULL : rp_error_nomem();
    }
    if (!q->expr_count)
        return site->arguments->known ? add_all_arguments(p) : NULL;
    for (size_t i = 0; i < q->expr_count; i++) {
        struct rp_expression is = {.text = q->exprs[i]};
        RP_TRY(rp_look(p, &(struct rp_expression *){&is}, 1));
        RP_TRY(add_column(p, q->exprs[i], &is));
    }
    return NULL;
}

/* ------------------------------------------------------------------ keys */

static const char *const stack_members[] = {"pid", "comm", NULL};

static bool is_stack_verb(const struct rp_question *q) {
    return q->verb == RP_ASK_STACK || q->verb == RP_ASK_PROFILE;
}

static struct rp_error *check_key(const struct rp_answer *p, const struct rp_value *key) {
    if (key->is.shape != RP_SHAPE_STRUCT && !is_scalar_array(&key->is))
        return NULL;
    return rp_error_hint_set(
        rp_cannot_answer(p->question, EINVAL,
                         "`%s` is a %s: a key is a number, a pointer or a text", key->text,
                         key->is.type),
        "use a member of it");
}

static struct rp_error *add_keys(struct rp_answer *p) {
    const struct rp_question *q = p->question;
    for (size_t i = 0; i < q->key_count; i++) {
        /* They have their place in a stack's key. */
        if (is_stack_verb(q) && (!strcmp(q->keys[i], "pid") || !strcmp(q->keys[i], "comm") ||
                                 !strcmp(q->keys[i], "stack")))
            continue;
        struct rp_value *key =
            rp_value_add(&p->keys, q->keys[i], is_stack_verb(q) ? stack_members : NULL);
        if (!key)
            return rp_error_nomem();
        RP_TRY(rp_look(p, &(struct rp_expression *){&key->is}, 1));
        RP_TRY(check_key(p, key));
        rp_value_set_room(key);
        RP_TRY(rp_value_place(p, key));
    }
    return NULL;
}

/* ------------------------------------------------------------------ the verbs' own */

static struct rp_error *plan_columns(struct rp_answer *p) {
    RP_TRY(choose_columns(p));
    for (size_t i = 0; i < p->columns.count; i++) {
        struct rp_value *value = &p->columns.list[i];
        RP_TRY(rp_look(p, &(struct rp_expression *){&value->is}, 1));
        if (value->is.shape == RP_SHAPE_STRUCT)
            return rp_error_hint_set(
                rp_cannot_answer(p->question, EINVAL,
                                 "`%s` is a %s, of which nothing is known to be telling",
                                 value->text, value->is.type),
                "ask for members of it");
        rp_value_set_room(value);
        RP_TRY(rp_value_place(p, value));
    }
    return NULL;
}

static struct rp_error *plan_number(struct rp_answer *p) {
    struct rp_value *number = &p->number;
    number->text = strdup(p->question->exprs[0]);
    if (!number->text)
        return rp_error_nomem();
    number->is.text = number->text;
    snprintf(number->member, sizeof(number->member), "value");
    RP_TRY(rp_look(p, &(struct rp_expression *){&number->is}, 1));
    if (number->is.shape == RP_SHAPE_INT)
        return rp_value_place(p, number);
    struct rp_error *err = rp_cannot_answer(
        p->question, EINVAL, "`%s` is %s (%s): a histogram is of a number", number->text,
        number->is.shape == RP_SHAPE_TEXT ? "text" : "no number", number->is.type);
    return rp_error_hint_set(err,
                             number->is.shape == RP_SHAPE_TEXT
                                 ? "count by it: count %s by %s"
                                 : "use a member of it that is a number: %s's %s->MEMBER",
                             p->question->probes[0], number->text);
}

static struct rp_error *plan_sites(struct rp_answer *p) {
    const struct rp_question *q = p->question;
    if (!q->probe_count)
        return rp_cannot_answer(q, EINVAL, "it does not say where");
    p->sites = calloc(q->probe_count, sizeof(*p->sites));
    if (!p->sites)
        return rp_error_nomem();
    for (size_t i = 0; i < q->probe_count; i++) {
        RP_AUTO_FREE char *spec = NULL, *note = NULL;
        char fallback[40] = "on_event";
        RP_TRY(rp_question_place(q->probes[i], &spec, &note));
        if (i)
            snprintf(fallback, sizeof(fallback), "on_event_%zu", i + 1);
        p->site_count = i + 1;
        RP_TRY(rp_site_open(spec, fallback, &p->sites[i]));
        if (note && !p->note)
            p->note = rp_take(note);
    }
    return NULL;
}

static bool reads_own(void *ctx, const char *expression) {
    const struct rp_answer *p = ctx;
    bool own = rp_reads(expression, "ret");
    for (size_t i = 0; i < p->site_count; i++)
        own |= rp_reads_argument(expression, p->sites[i].arguments);
    return own;
}

/* Several places have nothing in common but the task that comes by. */
static struct rp_error *check_several(struct rp_answer *p) {
    const struct rp_question *q = p->question;
    p->has_place = q->verb == RP_ASK_COUNT && (p->site_count > 1 || p->sites[0].is_pattern);
    if (!p->has_place && !p->sites[0].is_pattern)
        return NULL;
    if (q->verb != RP_ASK_COUNT && q->verb != RP_ASK_STACK)
        return rp_error_hint_set(
            rp_cannot_answer(q, EINVAL, "%s is many places, and only count and stack take patterns",
                             p->sites[0].text),
            "count %s says which of them are used", p->sites[0].text);
    if (!rp_question_any(q, reads_own, p))
        return NULL;
    return rp_error_hint_set(
        rp_cannot_answer(q, EINVAL,
                         "it reads arguments, which are others at each of several places"),
        "pid, tid, uid, comm, cpu, nsecs, cgroup and stack are the same everywhere");
}

static bool reads_name(void *ctx, const char *expression) {
    return rp_reads(expression, ctx);
}

/* As everywhere in C, the nearest declaration counts; but it may not be what was meant. */
static struct rp_error *note_hidden(struct rp_answer *p) {
    const struct rp_site *site = rp_program_entry(p);
    for (const struct rp_builtin *b = rp_builtins; b->name && !p->note; b++) {
        if (!strcmp(b->name, "ret") || !rp_argument_find(site->arguments, b->name) ||
            !rp_question_any(p->question, reads_name, (void *)b->name))
            continue;
        const char *noun = rp_site_is(site, &rp_tracepoint_kind) ? "field" : "argument";
        if (asprintf(&p->note, "`%s` is the %s of %s, not %s that is there", b->name, noun,
                     site->spec.target, b->what) < 0)
            return rp_error_nomem();
    }
    return NULL;
}

struct rp_error *rp_plan(const struct rp_question *question, struct rp_answer *p) {
    p->question = question;
    RP_TRY(plan_sites(p));
    RP_TRY(check_several(p));
    if (question->verb == RP_ASK_LATENCY) {
        p->map = "start";
        p->timed = true;
        RP_TRY(rp_sites_pair(p));
    }
    if (!p->pair && !p->has_place)
        RP_TRY(rp_sites_choose(p));
    if (question->verb == RP_ASK_TRACE)
        RP_TRY(plan_columns(p));
    if (question->verb == RP_ASK_HIST)
        RP_TRY(plan_number(p));
    RP_TRY(add_keys(p));
    RP_TRY(rp_plan_condition(p));
    RP_TRY(note_hidden(p));
    for (size_t i = 0; i < p->kept.count; i++)
        if (!p->kept.list[i].argument)
            rp_value_set_room(&p->kept.list[i]);
    rp_values_fit(&p->kept);
    rp_values_take_room(p, &p->columns);
    rp_values_take_room(p, &p->keys);
    rp_values_fit(&p->keys);
    return NULL;
}
