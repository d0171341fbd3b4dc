/* SPDX-License-Identifier: Apache-2.0 */
/* What a program reads: columns, keys, a number, conditions. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "query/plan.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

/* As many as an 80 column terminal has room for. */
#define COLUMNS_MAX 10

static void free_own(struct rp_question *own) {
    if (!own)
        return;
    free(own->probes ? own->probes[0] : NULL);
    free(own->probes);
    free(own->exprs);
    free(own);
}

void rp_query_plan_clear(struct rp_query_plan *program) {
    for (size_t i = 0; i < program->part_count; i++)
        rp_query_plan_clear(&program->parts[i]);
    for (size_t i = 0; i < program->point_count && !program->parts; i++)
        rp_attach_point_clear(&program->points[i]);
    free(program->parts);
    free_own(program->own_question);
    free(program->pattern);
    free(program->points);
    rp_vec_clear(&program->columns);
    rp_vec_clear(&program->keys);
    rp_vec_clear(&program->saved);
    rp_vec_clear(&program->terms);
    rp_question_scope_clear(&program->scope);
    rp_question_scope_clear(&program->start);
    free(program->note);
    *program = (struct rp_query_plan){0};
}

/* ------------------------------------------------------------------ columns */

/* That a record begins with, or NULL. */
static const char *const *own_members(const struct rp_query_plan *p) {
    static const char *const members[] = {"pid", "comm", NULL};
    const char *task = p->points[0].task;
    return task && !*task ? NULL : members;
}

static bool is_full(const struct rp_query_plan *p) {
    return p->columns.count >= COLUMNS_MAX;
}

static struct rp_error *add_value(struct rp_query_plan *p, const char *text,
                                  const struct rp_node *node) {
    return rp_value_add(&p->columns, text, node, own_members(p)) ? NULL : rp_error_nomem();
}

struct expansion {
    struct rp_query_plan *program;
    const struct rp_node *of;
    struct rp_error *err;
    bool any;
};

/* Not every kernel has every member. */
static bool add_default_field(void *ctx, const char *path) {
    struct expansion *e = ctx;
    struct rp_query_plan *p = e->program;
    bool leads = e->of->kind == RP_NODE_INDEX && e->of->length == e->of->a->length;
    bool plain = e->of->kind == RP_NODE_VARIABLE || e->of->kind == RP_NODE_MEMBER || leads;
    const char *text =
        rp_arena_text(&p->scope.types.arena, plain ? "%.*s%s%s" : "(%.*s)%s%s", (int)e->of->length,
                      e->of->text, e->of->type->kind == RP_C_POINTER ? "->" : ".", path);
    const struct rp_node *node = NULL;
    if (is_full(p))
        return false;
    struct rp_error *err = text ? rp_plan_tree(p, text, &node) : rp_error_nomem();
    if (!err)
        err = e->err = add_value(p, text, node);
    else
        rp_error_free(err);
    e->any |= !err;
    return !e->err;
}

/* What each record begins with: the same value is shown once. From A to B there are two tasks. */
static bool is_shown(const struct rp_query_plan *p, const struct rp_node *node) {
    const char *const *own = own_members(p);
    if (node->alias || node->look || p->is_span || p->question->print)
        return false;
    for (size_t i = 0; own && own[i]; i++)
        if (rp_node_is_builtin(node, own[i]))
            return true;
    return false;
}

/* A struct of a program that is looked at, or the address of one: what is in it is known. */
static bool is_of_program(struct rp_query_plan *p, const struct rp_c_type *type) {
    const struct rp_c_type *of =
        type->kind == RP_C_POINTER ? rp_c_type_to(&p->scope.types, type) : type;
    return of && of->kind == RP_C_COMPOSITE && of->btf && of->btf->of_program;
}

/* The expression, or of a struct of the kernel's or of a program's its default fields. */
static struct rp_error *add_column(struct rp_query_plan *p, const char *text,
                                   const struct rp_node *node) {
    if (is_shown(p, node))
        return NULL;
    struct expansion e = {.program = p, .of = node};
    bool pointer = node->type->kind == RP_C_POINTER && node->memory != RP_MEMORY_USER;
    if (pointer || (node->type->kind == RP_C_COMPOSITE && node->place != RP_MEMORY_USER) ||
        is_of_program(p, node->type))
        rp_default_fields(&p->scope.types, node->type, add_default_field, &e);
    return e.err || e.any ? e.err : add_value(p, text, node);
}

static bool is_scalar_array(const struct rp_node *node) {
    return node->type->kind == RP_C_ARRAY && !node->is_text;
}

/* Nothing where it cannot be shown, such as a struct of nothing but floating point: why not. */
static struct rp_error *add_one_argument(struct rp_query_plan *p,
                                         const struct rp_argument *argument, const char **why) {
    const struct rp_node *node;
    *why = argument->missing;
    if (argument->missing)
        return NULL;
    RP_TRY(rp_plan_shown(p, argument->name, &node));
    size_t before = p->columns.count;
    if (!is_scalar_array(node) || rp_plan_look(p, node))
        RP_TRY(add_column(p, argument->name, node));
    bool is_whole = argument->btf && node->type->kind == RP_C_COMPOSITE &&
                    p->columns.count == before + 1 && p->columns.items[before].node == node;
    if (!is_whole)
        return NULL;
    p->columns.count = before;
    *why = "is a struct: ask for members of it";
    return NULL;
}

static struct rp_error *note_missing(struct rp_query_plan *p, const char *name, const char *why) {
    if (p->note)
        return NULL;
    return asprintf(&p->note, "`%s` is not shown: it %s", name, why) < 0 ? rp_error_nomem() : NULL;
}

static struct rp_error *add_all_arguments(struct rp_query_plan *p) {
    const struct rp_arguments *arguments = rp_plan_entry(p)->arguments;
    size_t i, own = 0;
    while (own < arguments->count && !arguments->list[own].is_spare)
        own++;
    for (i = 0; i < own && i < arguments->readable && !is_full(p); i++) {
        const char *why;
        RP_TRY(add_one_argument(p, &arguments->list[i], &why));
        if (why)
            RP_TRY(note_missing(p, arguments->list[i].name, why));
    }
    if (i == own || !arguments->known || p->note)
        return NULL;
    const char *why = is_full(p) ? "a row has no room for more" : "no register has them";
    if (asprintf(&p->note, "%zu of the %zu arguments are shown: %s", i, own, why) < 0)
        return rp_error_nomem();
    return NULL;
}

static struct rp_error *add_result(struct rp_query_plan *p) {
    const struct rp_arguments *arguments = p->points[0].arguments;
    const struct rp_node *node;
    if (!arguments->result)
        return NULL;
    if (arguments->typed.missing)
        return note_missing(p, "ret", arguments->typed.missing);
    RP_TRY(rp_plan_tree(p, "ret", &node));
    return arguments->typed.btf ? add_column(p, "ret", node) : add_value(p, "ret", node);
}

static struct rp_error *choose_columns(struct rp_query_plan *p) {
    const struct rp_question *q = p->question;
    const struct rp_attach_point *point = &p->points[0];
    if (p->has_no_columns)
        return NULL;
    if (!q->expr_count && point->is_return && point->spec.kind->result != RP_RESULT_ARGUMENT)
        return add_result(p);
    if (!q->expr_count)
        return point->arguments->known ? add_all_arguments(p) : NULL;
    for (size_t i = 0; i < q->expr_count; i++) {
        size_t first = p->columns.count;
        RP_TRY(add_column(p, q->exprs[i], p->exprs[i]));
        for (size_t c = first; c < p->columns.count; c++)
            p->columns.items[c].expr = q->exprs[i];
    }
    return NULL;
}

/* ------------------------------------------------------------------ keys */

static const char *const stack_members[] = {"pid", "comm", NULL};

static bool is_stack_verb(const struct rp_question *q) {
    return q->verb == RP_VERB_STACK || q->verb == RP_VERB_PROFILE;
}

static struct rp_error *check_key(const struct rp_query_plan *p, const struct rp_value *key) {
    if (key->node->type->kind != RP_C_COMPOSITE && !is_scalar_array(key->node))
        return NULL;
    RP_AUTO_FREE char *type = rp_c_type_text(key->node->type);
    return rp_error_hint_set(
        rp_cannot_answer(p->question, EINVAL,
                         "`%s` is a %s: a key is a number, a pointer or a text", key->text,
                         type ? type : ""),
        "use a member of it");
}

bool rp_node_is_stack(const struct rp_node *node) {
    return rp_node_is_builtin(node, "stack") || rp_node_is_builtin(node, "kstack") ||
           rp_node_is_builtin(node, "ustack");
}

bool rp_plan_is_user_stack(const struct rp_query_plan *p, const struct rp_node *node) {
    return rp_node_is_builtin(node, "ustack") ||
           (rp_node_is_builtin(node, "stack") && rp_plan_has_user_stack(p));
}

static bool has_user_stack(const struct rp_query_plan *p) {
    for (size_t i = 0; i < p->keys.count; i++)
        if (rp_plan_is_user_stack(p, p->keys.items[i].node))
            return true;
    return false;
}

static bool has_key(const struct rp_query_plan *p, const char *name) {
    for (size_t i = 0; i < p->keys.count; i++)
        if (rp_node_is_builtin(p->keys.items[i].node, name))
            return true;
    return false;
}

/* Functions of a process have names only if it is known which process it is. */
static struct rp_error *add_pid_of_stack(struct rp_query_plan *p) {
    const struct rp_node *node;
    if (is_stack_verb(p->question) || !has_user_stack(p) || has_key(p, "pid"))
        return NULL;
    /* Not `pid`, which may be an argument of the probe's. */
    RP_TRY(rp_plan_tree(p, "(u32)(bpf_get_current_pid_tgid() >> 32)", &node));
    struct rp_value *process = rp_value_add(&p->keys, "pid", node, NULL);
    if (process)
        process->is_process = true;
    return process ? NULL : rp_error_nomem();
}

/* They are part of a stack's key; of a probe in a file the kernel's stack is not. */
static bool has_place_in_stack(const struct rp_query_plan *p, const char *key) {
    return !strcmp(key, "pid") || !strcmp(key, "comm") || !strcmp(key, "stack") ||
           !strcmp(key, "ustack") || (!strcmp(key, "kstack") && !p->points[0].spec.kind->in_files);
}

static struct rp_error *add_keys(struct rp_query_plan *p) {
    const struct rp_question *q = p->question;
    for (size_t i = 0; i < q->key_count; i++) {
        if (is_stack_verb(q) && has_place_in_stack(p, q->keys[i]))
            continue;
        struct rp_value *key =
            rp_value_add(&p->keys, q->keys[i], p->by[i], is_stack_verb(q) ? stack_members : NULL);
        if (!key)
            return rp_error_nomem();
        RP_TRY(check_key(p, key));
        rp_value_set_capacity(key);
        RP_TRY(rp_plan_moment(p, &key->node));
    }
    return add_pid_of_stack(p);
}

/* ------------------------------------------------------------------ the verbs' own */

static struct rp_error *plan_columns(struct rp_query_plan *p) {
    RP_TRY(choose_columns(p));
    for (size_t i = 0; i < p->columns.count; i++) {
        struct rp_value *value = &p->columns.items[i];
        RP_AUTO_FREE char *type = rp_c_type_text(value->node->type);
        if (value->node->type->kind == RP_C_COMPOSITE)
            return rp_error_hint_set(rp_cannot_answer(p->question, EINVAL,
                                                      "`%s` is a %s, which has no default fields",
                                                      value->text, type ? type : ""),
                                     "ask for members of it");
        rp_value_set_capacity(value);
        RP_TRY(rp_plan_moment(p, &value->node));
    }
    return NULL;
}

/* "EXPR in us": a histogram is of whole ones. */
static struct rp_error *divide(struct rp_query_plan *p, const struct rp_node **node) {
    static const char in[] = "in:";
    const char *look = (*node)->look;
    if (p->question->verb != RP_VERB_HIST || !look || strncmp(look, in, strlen(in)) != 0)
        return NULL;
    const char *unit = look + strlen(in);
    const char *text = rp_arena_text(&p->scope.types.arena, "(%.*s) / 1%s", (int)(*node)->length,
                                     (*node)->text, unit);
    return text ? rp_plan_tree(p, text, node) : rp_error_nomem();
}

/* What a histogram says of its numbers. */
static const char *number_text(struct rp_query_plan *p, const struct rp_node *node,
                               const char *text) {
    if (node->alias)
        return node->alias;
    const char *look = rp_plan_look(p, node);
    return look && !strcmp(look, "duration") ? rp_arena_text(&p->scope.types.arena, "%s (ns)", text)
                                             : text;
}

static const char *sum_text(const struct rp_query_plan *p) {
    return p->question->verb == RP_VERB_HIST ? "a histogram" : "a sum";
}

static struct rp_error *check_width(struct rp_query_plan *p) {
    if (p->number.node->type->size <= sizeof(uint64_t))
        return NULL;
    return rp_error_hint_set(rp_cannot_answer(p->question, EINVAL,
                                              "`%s` has 128 bits: %s is of numbers of 64 at most",
                                              p->number.text, sum_text(p)),
                             "take a half of it: (u64)%s", p->number.text);
}

static struct rp_error *plan_number(struct rp_query_plan *p) {
    const struct rp_node *node = p->exprs[0];
    p->number =
        (struct rp_value){.text = number_text(p, node, p->question->exprs[0]), .node = node};
    if (!p->number.text)
        return rp_error_nomem();
    if (rp_c_is_integer(node->type)) {
        RP_TRY(check_width(p));
        RP_TRY(divide(p, &p->number.node));
        return rp_plan_moment(p, &p->number.node);
    }
    RP_AUTO_FREE char *type = rp_c_type_text(node->type);
    struct rp_error *err =
        rp_cannot_answer(p->question, EINVAL, "`%s` is %s (%s): %s is of a number", p->number.text,
                         node->is_text ? "text" : "not a number", type ? type : "", sum_text(p));
    return rp_error_hint_set(err,
                             node->is_text ? "count by it: count %s by %s"
                                           : "use a member of it that is a number: %s's %s->MEMBER",
                             p->question->probes[0], p->number.text);
}

static const struct {
    enum rp_verb verb;
    const char *map;
    unsigned figures;
} verbs[] = {{RP_VERB_SUM, "sums", RP_FIGURE_SUM},
             {RP_VERB_AVG, "averages", RP_FIGURE_AVG},
             {RP_VERB_MIN, "minima", RP_FIGURE_MIN},
             {RP_VERB_MAX, "maxima", RP_FIGURE_MAX},
             {RP_VERB_STATS, "figures",
              RP_FIGURE_COUNT | RP_FIGURE_SUM | RP_FIGURE_AVG | RP_FIGURE_MIN | RP_FIGURE_MAX}};

unsigned rp_plan_figures(const struct rp_query_plan *p, const char **map) {
    for (size_t i = 0; i < RP_COUNT(verbs); i++)
        if (verbs[i].verb == p->question->verb) {
            if (map)
                *map = verbs[i].map;
            return verbs[i].figures;
        }
    return 0;
}

/* "count openat comm": what is asked by comes behind `by`. */
static struct rp_error *not_a_probe(const struct rp_query_plan *p, const char *word,
                                    struct rp_error *err) {
    if (!rp_builtin_find(word) && !rp_argument_find(p->points[0].arguments, word))
        return err;
    return rp_error_hint_set(err, "to count by it: count %s by %s", p->question->probes[0], word);
}

static struct rp_error *plan_points(struct rp_query_plan *p) {
    const struct rp_question *q = p->question;
    if (!q->probe_count)
        return rp_cannot_answer(q, EINVAL, "it does not say where");
    p->points = calloc(q->probe_count + 1, sizeof(*p->points)); /* a pair has one more */
    if (!p->points)
        return rp_error_nomem();
    for (size_t i = 0; i < q->probe_count; i++) {
        RP_AUTO_FREE char *spec = NULL, *note = NULL;
        char fallback[40] = "on_event";
        struct rp_error *err = rp_question_spec(q->probes[i], &spec, &note);
        if (err)
            return i ? not_a_probe(p, q->probes[i], err) : err;
        if (rp_span_middle(spec)) {
            if (q->probe_count > 1)
                return rp_cannot_answer(q, EINVAL, "%s cannot be one of several probes", spec);
            p->note = rp_take(note);
            return rp_attach_points_span(p, spec);
        }
        if (i || p->part)
            snprintf(fallback, sizeof(fallback), "on_event_%zu", p->part ? p->part : i + 1);
        p->point_count = i + 1;
        /* A part's own question has no expressions yet. */
        const struct rp_question *names = p->whole ? p->whole->question : q;
        RP_TRY(rp_attach_point_open(spec, fallback, names, &p->points[i]));
        if (note && !p->note)
            p->note = rp_take(note);
    }
    return NULL;
}

/* Several places have nothing in common but the task that comes by. */
static struct rp_error *check_several(struct rp_query_plan *p) {
    const struct rp_question *q = p->question;
    if (p->is_span || p->part)
        return NULL;
    bool counts = q->verb == RP_VERB_COUNT || q->verb == RP_VERB_TOP;
    p->by_match = counts && (p->point_count > 1 || p->points[0].is_pattern);
    if (!p->by_match && !p->points[0].is_pattern)
        return NULL;
    if (!counts && q->verb != RP_VERB_STACK)
        return rp_error_hint_set(
            rp_cannot_answer(q, EINVAL,
                             "%s is a pattern, and only trace, count, top and stack take patterns",
                             p->points[0].text),
            "count %s says which of them are used", p->points[0].text);
    return NULL;
}

struct search {
    const struct rp_query_plan *plan;
    const char *name;
    const struct rp_attach_point *found;
};

static void look_for(void *ctx, const struct rp_variable *variable) {
    struct search *search = ctx;
    if (!search->found && !strcmp(variable->name, search->name))
        search->found = rp_plan_place(search->plan, variable);
}

/* As everywhere in C, the nearest declaration counts; but it may not be what was meant. Where that
 * is, or NULL. */
static const struct rp_attach_point *hides(const struct rp_query_plan *p,
                                           const struct rp_builtin *builtin) {
    const struct rp_question *q = p->question;
    struct search search = {.plan = p, .name = builtin->name};
    for (size_t i = 0; i < q->expr_count; i++)
        rp_tree_each_variable(p->exprs[i], look_for, &search);
    for (size_t i = 0; i < q->key_count; i++)
        rp_tree_each_variable(p->by[i], look_for, &search);
    if (p->predicate)
        rp_tree_each_variable(p->predicate, look_for, &search);
    if (p->until)
        rp_tree_each_variable(p->until, look_for, &search);
    return search.found;
}

static struct rp_error *note_hidden(struct rp_query_plan *p) {
    for (const struct rp_builtin *b = rp_builtins; b->name && !p->note; b++) {
        const struct rp_attach_point *point = hides(p, b);
        if (point && asprintf(&p->note, "`%s` is the %s of %s, not %s that is there", b->name,
                              rp_spec_noun(&point->spec), point->spec.target, b->what) < 0)
            return rp_error_nomem();
    }
    return NULL;
}

/* Iterators are told of what is there, not of what somebody does; and at once. */
static struct rp_error *check_iterators(const struct rp_query_plan *p) {
    for (size_t i = 0; i < p->point_count; i++) {
        if (!p->points[i].spec.kind || !p->points[i].spec.kind->open)
            continue;
        if (p->question->every_ns || p->question->verb == RP_VERB_TOP)
            return rp_error_hint_set(rp_cannot_answer(p->question, EINVAL,
                                                      "%s is an iterator, which is over at once",
                                                      p->points[i].text),
                                     "count takes it");
        if (is_stack_verb(p->question))
            return rp_error_hint_set(rp_cannot_answer(p->question, EINVAL,
                                                      "%s is an iterator, and no code leads to it",
                                                      p->points[i].text),
                                     "trace, count, hist, sum and their like take it");
    }
    return NULL;
}

struct rp_error *rp_plan_begin(struct rp_query_plan *p) {
    RP_TRY(plan_points(p));
    RP_TRY(check_iterators(p));
    RP_TRY(check_several(p));
    return rp_plan_names(p);
}

/* `args` among the expressions is all arguments. */
bool rp_plan_is_args(const struct rp_query_plan *p, const char *expr) {
    return p->question->verb == RP_VERB_TRACE && !strcmp(expr, "args") &&
           !rp_argument_find(p->points[0].arguments, "args");
}

static struct rp_error *add_names(struct rp_query_plan *p, struct rp_question *own) {
    const struct rp_arguments *arguments = p->points[0].arguments;
    for (size_t i = 0; i < arguments->readable; i++) {
        const char *name = arguments->list[i].name;
        if (arguments->list[i].is_spare || arguments->list[i].missing)
            continue;
        char *copy = rp_arena_copy(&p->scope.types.arena, name, strlen(name));
        if (!copy)
            return rp_error_nomem();
        own->exprs[own->expr_count++] = copy;
    }
    return NULL;
}

/* The texts are the first question's, or the arena's. */
static struct rp_error *expand_args(struct rp_query_plan *p) {
    const struct rp_question *q = p->question;
    size_t readable = p->points[0].arguments->readable;
    bool any = false;
    for (size_t i = 0; i < q->expr_count; i++)
        any |= rp_plan_is_args(p, q->exprs[i]);
    if (!any)
        return NULL;
    struct rp_question *own = calloc(1, sizeof(*own));
    if (!own)
        return rp_error_nomem();
    *own = *q;
    own->expr_count = 0;
    own->exprs = calloc(q->expr_count * (readable + 1) + 1, sizeof(*own->exprs));
    own->probes = calloc(1, sizeof(*own->probes));
    own->probe_count = 1;
    struct rp_question *before = p->own_question;
    p->own_question = own;
    p->question = own;
    if (own->probes)
        own->probes[0] = strdup(q->probes[0]);
    bool whole = own->exprs && own->probes && own->probes[0];
    struct rp_error *err = whole ? NULL : rp_error_nomem();
    for (size_t i = 0; whole && !err && i < q->expr_count; i++) {
        if (rp_plan_is_args(p, q->exprs[i]))
            err = add_names(p, own);
        else
            own->exprs[own->expr_count++] = q->exprs[i];
    }
    free_own(before);
    return err;
}

/* An iterator runs in whoever reads it. */
static struct rp_error *check_user_addresses(const struct rp_query_plan *p) {
    const struct rp_attach_point *point = &p->points[p->is_span];
    if (!point->task || !rp_plan_any(p, rp_node_reads_user_address))
        return NULL;
    return rp_cannot_answer(p->question, EINVAL,
                            "at %s the process that runs is not the one that it is about",
                            point->text);
}

static const struct rp_variable *first_unwritten(const struct rp_query_plan *p) {
    const struct rp_question *q = p->question;
    const struct rp_variable *found = NULL;
    for (size_t i = 0; i < q->expr_count && !found; i++)
        found = rp_node_reads_result(p->exprs[i]);
    for (size_t i = 0; i < q->key_count && !found; i++)
        found = rp_node_reads_result(p->by[i]);
    for (size_t i = 0; i < p->columns.count && !q->expr_count && !found; i++)
        found = rp_node_reads_result(p->columns.items[i].node);
    found = found ? found : rp_node_reads_result(p->predicate);
    return found ? found : rp_node_reads_result(p->until);
}

static struct rp_error *note_unwritten(struct rp_query_plan *p) {
    const struct rp_probe_kind *kind = p->points[0].spec.kind;
    if (p->note || (p->pair && !p->is_span) || kind->is_return || kind->is_both)
        return NULL;
    const struct rp_variable *found = first_unwritten(p);
    if (!found)
        return NULL;
    p->note =
        found->is_filled
            ? rp_text("`%s` is what was there before the call: return(%s) is what it has read",
                      found->name, found->name)
            : rp_text("`%s` leads to what was there before the call: return(%s…) has what "
                      "the call has written",
                      found->name, found->name);
    return p->note ? NULL : rp_error_nomem();
}

/* Tracepoints that tell of another task than the one that runs; the target is checked on that one.
 */
static bool is_of_another(const struct rp_attach_point *point) {
    static const char *const names[] = {
        "sched_wakeup",     "sched_waking",       "sched_wakeup_new",
        "sched_switch",     "sched_migrate_task", "sched_stat_wait",
        "sched_stat_sleep", "sched_stat_blocked", "signal_generate"};
    const struct rp_spec *spec = &point->spec;
    for (size_t i = 0; spec->target && !spec->kind->of_functions && i < RP_COUNT(names); i++)
        if (!strcmp(spec->target, names[i]))
            return true;
    return false;
}

static struct rp_error *note_others(struct rp_query_plan *p) {
    for (size_t i = 0; i < p->point_count && p->question->ask_target && !p->is_span; i++) {
        if (!is_of_another(&p->points[i]))
            continue;
        RP_AUTO_FREE char *before = rp_take(p->note);
        p->note = rp_text("%s%s%s is seen where a traced process runs: what others do to it (wake "
                          "it, switch to it, signal it) is not",
                          before ? before : "", before ? "; " : "", p->points[i].spec.target);
        return p->note ? NULL : rp_error_nomem();
    }
    return NULL;
}

struct rp_error *rp_plan_end(struct rp_query_plan *p) {
    RP_TRY(expand_args(p));
    const struct rp_question *question = p->question;
    RP_TRY(rp_plan_trees(p));
    RP_TRY(check_user_addresses(p));
    if (question->verb == RP_VERB_LATENCY && !p->is_span) {
        p->map = "start";
        p->timed = true;
        RP_TRY(rp_attach_points_pair(p));
    }
    if (!p->pair && !p->by_match)
        RP_TRY(rp_attach_points_choose(p));
    if (question->verb == RP_VERB_TRACE)
        RP_TRY(plan_columns(p));
    if (question->verb == RP_VERB_HIST || rp_plan_figures(p, NULL))
        RP_TRY(plan_number(p));
    RP_TRY(add_keys(p));
    RP_TRY(rp_plan_predicate(p));
    if (p->match[0] && question->ask_target && !p->note) {
        p->note = strdup("what is matched is seen of every process, not of the target only");
        if (!p->note)
            return rp_error_nomem();
    }
    RP_TRY(note_hidden(p));
    RP_TRY(note_unwritten(p));
    RP_TRY(note_others(p));
    rp_values_fit(&p->saved);
    rp_values_take_capacity(p, &p->columns);
    rp_values_take_capacity(p, &p->keys);
    rp_values_fit(&p->keys);
    if (p->points[0].spec.kind->write_row)
        rp_values_fit(&p->columns);
    return NULL;
}
