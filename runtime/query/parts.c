/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace of several probes: a part for each, with its own names and moments, and one row for all of
 * them. A column is what they call alike and what is of one sort; what a probe does not have is
 * absent in its rows.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probe/matches.h"
#include "query/plan.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* So many programs, at most; a pattern of more places has one for all, which knows no arguments. */
#define PARTS_MAX   32
#define COLUMNS_MAX 16
#define ABSENT_MAX  30

/* ------------------------------------------------------------------ which probes */

struct place {
    char *spec;
    const char *pattern; /* the spec that it is a match of, or NULL */
    bool stays;          /* the other end of the same call is among the probes, too */
};

struct places {
    RP_VEC(struct place);
    struct rp_texts patterns;
};

static void places_clear(struct places *places) {
    for (size_t i = 0; i < places->count; i++)
        free(places->items[i].spec);
    rp_vec_clear(places);
    rp_texts_clear(&places->patterns);
}

static struct rp_error *add_place(struct places *places, char *spec, const char *pattern) {
    struct place place = {.spec = spec, .pattern = pattern};
    if (spec && rp_vec_push(places, place))
        return NULL;
    free(spec);
    return rp_error_nomem();
}

/* Each match, where there are few enough. */
static struct rp_error *add_matches(struct places *places, const char *pattern) {
    RP_AUTO(rp_matches_clear) struct rp_matches matches = {0};
    RP_TRY(rp_matches_find(pattern, 0, &matches));
    if (!rp_texts_add(&places->patterns, strdup(pattern)))
        return rp_error_nomem();
    const char *own = places->patterns.items[places->patterns.count - 1];
    if (matches.count > PARTS_MAX)
        return add_place(places, strdup(pattern), own);
    for (size_t i = 0; i < matches.count; i++)
        RP_TRY(add_place(places, strdup(matches.items[i].spec), own));
    return NULL;
}

static bool has_place(const struct places *places, const char *spec) {
    for (size_t i = 0; spec && i < places->count; i++)
        if (!strcmp(places->items[i].spec, spec))
            return true;
    return false;
}

/* Whoever asks for both ends of a call wants to see what there is at each. */
static struct rp_error *find_both_ends(struct places *places) {
    for (size_t i = 0; i < places->count; i++) {
        struct place *place = &places->items[i];
        RP_AUTO(rp_spec_clear) struct rp_spec spec = {0};
        if (rp_probe_is_pattern(place->spec))
            continue;
        RP_TRY(rp_spec_parse(place->spec, &spec));
        bool end = rp_spec_is_return(&spec);
        RP_AUTO_FREE char *other = rp_spec_call(&spec, end ? RP_CALL_ENTRY : RP_CALL_RETURN);
        place->stays = other && has_place(places, other) && strcmp(other, place->spec) != 0;
    }
    return NULL;
}

static struct rp_error *find_places(struct rp_query_plan *p, struct places *places) {
    const struct rp_question *q = p->question;
    for (size_t i = 0; i < q->probe_count; i++) {
        RP_AUTO_FREE char *spec = NULL, *note = NULL;
        RP_TRY(rp_question_spec(q->probes[i], &spec, &note));
        if (note && !p->note)
            p->note = rp_take(note);
        if (rp_span_middle(spec))
            return rp_cannot_answer(q, EINVAL, "%s cannot be one of several probes", spec);
        RP_TRY(rp_probe_is_pattern(spec) ? add_matches(places, spec)
                                         : add_place(places, rp_take(spec), NULL));
    }
    if (places->count <= PARTS_MAX)
        return find_both_ends(places);
    return rp_error_hint_set(
        rp_cannot_answer(q, E2BIG, "it is about %zu probes, of which each takes a program",
                         places->count),
        "ask of at most %d; count takes any number", PARTS_MAX);
}

/* ------------------------------------------------------------------ a part's question */

static struct rp_error *copy_question(const struct rp_question *from, const char *spec,
                                      struct rp_query_plan *part) {
    struct rp_question *own = calloc(1, sizeof(*own));
    part->own_question = own;
    part->question = own;
    if (!own)
        return rp_error_nomem();
    *own = *from;
    own->probes = calloc(1, sizeof(*own->probes));
    own->exprs = calloc(from->expr_count + 1, sizeof(*own->exprs));
    own->probe_count = 1;
    own->expr_count = 0;
    if (!own->probes || !own->exprs || !(own->probes[0] = strdup(spec)))
        return rp_error_nomem();
    return NULL;
}

/* What can be asked of each of the probes. */
struct asked {
    bool *exprs; /* of the question: whether any of them has it */
    struct rp_error **errors;
    struct rp_error *condition, *end;
    bool any_condition, any_end;
};

static void asked_clear(struct asked *asked, size_t count) {
    for (size_t i = 0; asked->errors && i < count; i++)
        rp_error_free(asked->errors[i]);
    free(asked->errors);
    free(asked->exprs);
    rp_error_free(asked->condition);
    rp_error_free(asked->end);
}

/* Whether the expression has a meaning there; *why says why it has not, the first time. */
static struct rp_error *try(struct rp_query_plan *part, const char *text, bool *has,
                            struct rp_error **why) {
    const struct rp_node *node = NULL;
    *has = rp_plan_is_args(part, text);
    if (*has)
        return NULL;
    struct rp_error *err = rp_plan_tree(part, text, &node);
    if (err && rp_error_errno(err) == ENOMEM)
        return err;
    if (!err)
        err = part->stays ? rp_plan_check_end(part, node) : rp_plan_check_return(part, node);
    *has = !err;
    if (*why)
        rp_error_free(err);
    else
        *why = err;
    return NULL;
}

/* Of the expressions those that it has. *skip: the condition cannot be true there. */
static struct rp_error *choose(const struct rp_question *q, struct rp_query_plan *part,
                               struct asked *asked, bool *skip) {
    struct rp_question *own = part->own_question;
    bool has;
    for (size_t i = 0; i < q->expr_count; i++) {
        RP_TRY(try(part, q->exprs[i], &has, &asked->errors[i]));
        asked->exprs[i] |= has;
        if (has)
            own->exprs[own->expr_count++] = q->exprs[i];
    }
    if (q->predicate) {
        RP_TRY(try(part, q->predicate, &has, &asked->condition));
        asked->any_condition |= has;
        *skip = !has;
    }
    if (q->until_condition) {
        RP_TRY(try(part, q->until_condition, &has, &asked->end));
        asked->any_end |= has;
        own->until_condition = has ? q->until_condition : NULL;
    }
    return NULL;
}

/* ------------------------------------------------------------------ all parts */

static struct rp_error *what_set(const struct rp_question *q, struct rp_error *err) {
    RP_AUTO_FREE char *line = rp_question_line(q);
    return rp_error_what_set(err, "cannot answer `%s`", line ? line : "");
}

static struct rp_error *plan_part(struct rp_query_plan *p, const struct place *place,
                                  struct asked *asked, bool *skip) {
    const struct rp_question *q = p->question;
    struct rp_query_plan *part = &p->parts[p->part_count];
    part->part = p->part_count + 1;
    part->whole = p;
    part->stays = place->stays;
    part->pattern = place->pattern ? strdup(place->pattern) : NULL;
    RP_TRY(copy_question(q, place->spec, part));
    RP_TRY(rp_plan_begin(part));
    if (part->points[0].spec.kind && part->points[0].spec.kind->open)
        return rp_cannot_answer(q, EINVAL, "%s is an iterator: it cannot be one of several probes",
                                place->spec);
    RP_TRY(choose(q, part, asked, skip));
    /* What it has none of is not all that it has. */
    part->has_no_columns = q->expr_count && !part->own_question->expr_count;
    return *skip ? NULL : rp_plan_end(part);
}

static struct rp_error *check_asked(const struct rp_query_plan *p, struct asked *asked) {
    const struct rp_question *q = p->question;
    for (size_t i = 0; i < q->expr_count; i++)
        if (!asked->exprs[i])
            return what_set(q, rp_take(asked->errors[i]));
    if (q->predicate && !asked->any_condition)
        return what_set(q, rp_take(asked->condition));
    if (q->until_condition && !asked->any_end)
        return what_set(q, rp_take(asked->end));
    return NULL;
}

static struct rp_error *note_skipped(struct rp_query_plan *p, const char *skipped) {
    if (!skipped || p->note)
        return NULL;
    p->note = rp_text("the condition cannot be true at %s: no rows of that", skipped);
    return p->note ? NULL : rp_error_nomem();
}

static struct rp_error *plan_parts(struct rp_query_plan *p, const struct places *places,
                                   struct asked *asked) {
    RP_AUTO_FREE char *skipped = NULL;
    for (size_t i = 0; i < places->count; i++) {
        bool skip = false;
        struct rp_error *err = plan_part(p, &places->items[i], asked, &skip);
        if (!err && !skip) {
            p->part_count++;
            continue;
        }
        rp_query_plan_clear(&p->parts[p->part_count]);
        RP_TRY(err);
        if (!rp_text_list(&skipped, places->items[i].spec))
            return rp_error_nomem();
    }
    RP_TRY(check_asked(p, asked));
    for (size_t i = 0; i < p->part_count && !p->note; i++)
        if (p->parts[i].note && !p->parts[i].pattern)
            p->note = strdup(p->parts[i].note);
    return note_skipped(p, skipped);
}

/* ------------------------------------------------------------------ one row for all */

/* What a column is: of two sorts there are two columns. */
static unsigned sort_of(const struct rp_query_plan *part, const struct rp_value *value) {
    const struct rp_node *node = value->node;
    if (rp_node_is_stack(node))
        return rp_plan_is_user_stack(part, node) ? 1 : 2;
    if (rp_node_is_bytes(node))
        return 3;
    if (node->is_text)
        return 4;
    if (node->type->kind == RP_C_ARRAY)
        return 5;
    return rp_c_is_address(node->type) ? 6 : 7;
}

static bool is_same_type(const struct rp_c_type *a, const struct rp_c_type *b) {
    RP_AUTO_FREE char *left = rp_c_type_text(a), *right = rp_c_type_text(b);
    return left && right && !strcmp(left, right);
}

/* A type that has room for the numbers of both; NULL: there is none. */
static const struct rp_c_type *common_type(const struct rp_c_type *a, const struct rp_c_type *b) {
    bool is_signed = a->is_signed || b->is_signed;
    if (is_same_type(a, b))
        return a;
    if (!is_signed)
        return &rp_c_unsigned_long;
    bool too_wide = (!a->is_signed && a->size == 8) || (!b->is_signed && b->size == 8);
    return too_wide ? NULL : &rp_c_long;
}

static const struct rp_c_type *type_of(const struct rp_value *value) {
    return value->type ? value->type : value->node->type;
}

static bool is_same_look(const char *a, const char *b) {
    return a && b ? !strcmp(a, b) : a == b;
}

/* Whether `value` of the part goes into the column. */
static bool takes(const struct rp_value *column, const struct rp_query_plan *part,
                  const struct rp_value *value) {
    unsigned sort = sort_of(part, value);
    if (strcmp(column->text, value->text) != 0 || sort_of(column->part, column) != sort)
        return false;
    return sort == 7   ? common_type(type_of(column), value->node->type) != NULL
           : sort == 5 ? is_same_type(column->node->type, value->node->type)
                       : true;
}

static void join(struct rp_value *column, const struct rp_query_plan *part,
                 const struct rp_value *value) {
    column->may_fail |= rp_node_may_fail(value->node);
    column->capacity = value->capacity < column->capacity ? value->capacity : column->capacity;
    if (sort_of(part, value) == 7) {
        column->type = common_type(type_of(column), value->node->type);
        /* Each look may read a file. */
        if (!column->has_no_look)
            column->has_no_look = !is_same_look(rp_plan_look(column->part, column->node),
                                                rp_plan_look(part, value->node));
    }
}

/* The column of the value, which is made where there is none; -1: a row has no room for it. */
static struct rp_error *column_of(struct rp_query_plan *p, const struct rp_query_plan *part,
                                  const struct rp_value *value, ssize_t *out) {
    for (size_t i = 0; i < p->columns.count; i++)
        if (takes(&p->columns.items[i], part, value)) {
            join(&p->columns.items[i], part, value);
            *out = (ssize_t)i;
            return NULL;
        }
    *out = -1;
    if (!p->question->expr_count && p->columns.count == COLUMNS_MAX)
        return NULL;
    static const char *const own[] = {"pid", "comm", "place", "absent", NULL};
    struct rp_value *column = rp_value_add(&p->columns, value->text, value->node, own);
    if (!column)
        return rp_error_nomem();
    column->part = part;
    column->expr = value->expr;
    column->capacity = value->capacity;
    column->may_fail = rp_node_may_fail(value->node);
    *out = (ssize_t)p->columns.count - 1;
    return NULL;
}

/* Its columns are those of the row from now on; those that it has not are absent. */
static struct rp_error *spread(const struct rp_query_plan *p, struct rp_query_plan *part,
                               const ssize_t *places) {
    struct rp_values spread = {0};
    for (size_t i = 0; i < p->columns.count; i++) {
        struct rp_value value = {.is_absent = true, .text = p->columns.items[i].text};
        for (size_t own = 0; own < part->columns.count; own++)
            if (places[own] == (ssize_t)i)
                value = part->columns.items[own];
        memcpy(value.member, p->columns.items[i].member, sizeof(value.member));
        value.capacity = p->columns.items[i].capacity;
        if (!rp_vec_push(&spread, value)) {
            rp_vec_clear(&spread);
            return rp_error_nomem();
        }
    }
    rp_vec_clear(&part->columns);
    part->columns = spread;
    return NULL;
}

static struct rp_error *join_columns(struct rp_query_plan *p) {
    size_t most = 0, dropped = 0;
    for (size_t i = 0; i < p->part_count; i++)
        most = p->parts[i].columns.count > most ? p->parts[i].columns.count : most;
    RP_AUTO_FREE ssize_t *places = calloc(p->part_count * (most + 1) + 1, sizeof(*places));
    if (!places)
        return rp_error_nomem();
    for (size_t i = 0; i < p->part_count; i++)
        for (size_t own = 0; own < p->parts[i].columns.count; own++) {
            ssize_t *place = &places[i * (most + 1) + own];
            RP_TRY(column_of(p, &p->parts[i], &p->parts[i].columns.items[own], place));
            dropped += *place < 0;
        }
    if (p->columns.count > ABSENT_MAX)
        return rp_cannot_answer(p->question, E2BIG, "a row has %zu columns, and %d are possible",
                                p->columns.count, ABSENT_MAX);
    for (size_t i = 0; i < p->part_count; i++)
        RP_TRY(spread(p, &p->parts[i], &places[i * (most + 1)]));
    if (dropped && !p->note)
        p->note = strdup("not all arguments are shown: a row has no room for more; name those that "
                         "you want");
    return NULL;
}

/* ------------------------------------------------------------------ one program */

/* Of a call the return comes first, as it is attached first. */
static struct rp_error *join_points(struct rp_query_plan *p) {
    size_t count = 0;
    for (size_t i = 0; i < p->part_count; i++)
        count += p->parts[i].point_count;
    p->points = calloc(count + 1, sizeof(*p->points));
    if (!p->points)
        return rp_error_nomem();
    for (size_t i = 0; i < p->part_count; i++) {
        struct rp_query_plan *part = &p->parts[i];
        part->first_point = p->point_count;
        for (size_t s = 0; s < part->point_count; s++)
            p->points[p->point_count++] = part->points[part->pair ? 1 - s : s];
    }
    for (size_t i = 0; i < count; i++)
        for (size_t other = 0; other < i; other++)
            if (!strcmp(p->points[i].function, p->points[other].function))
                return rp_error_hint_set(
                    rp_cannot_answer(p->question, EINVAL, "%s is there twice", p->points[i].text),
                    "`ret` and `duration` take the return of a call themselves");
    return NULL;
}

/* Maps of calls are those of one part; what counts losses is there once. */
static struct rp_error *name_calls(struct rp_query_plan *p) {
    bool type = false, maps = false;
    for (size_t i = 0; i < p->part_count; i++) {
        struct rp_query_plan *part = &p->parts[i];
        if (!part->pair)
            continue;
        part->has_call_type = type;
        part->has_call_maps = maps;
        type |= part->points[0].spec.kind->write_frame != NULL;
        maps = true;
        part->map = rp_arena_text(&part->scope.types.arena, "%s_%zu", part->map, i + 1);
        if (!part->map)
            return rp_error_nomem();
    }
    return NULL;
}

static bool has_parts(const struct rp_question *q) {
    return q->verb == RP_VERB_TRACE &&
           (q->probe_count > 1 ||
            (q->probe_count && rp_probe_is_pattern(q->probes[0]) && !rp_span_middle(q->probes[0])));
}

static struct rp_error *plan(struct rp_query_plan *p, struct asked *asked) {
    const struct rp_question *q = p->question;
    RP_AUTO(places_clear) struct places places = {0};
    RP_TRY(find_places(p, &places));
    asked->exprs = calloc(q->expr_count + 1, sizeof(*asked->exprs));
    asked->errors = calloc(q->expr_count + 1, sizeof(struct rp_error *));
    p->parts = calloc(places.count + 1, sizeof(*p->parts));
    if (!asked->exprs || !asked->errors || !p->parts)
        return rp_error_nomem();
    RP_TRY(plan_parts(p, &places, asked));
    RP_TRY(join_columns(p));
    RP_TRY(join_points(p));
    return name_calls(p);
}

struct rp_error *rp_query_plan(const struct rp_question *question, struct rp_query_plan *p) {
    p->question = question;
    if (!has_parts(question)) {
        RP_TRY(rp_plan_begin(p));
        return rp_plan_end(p);
    }
    struct asked asked = {0};
    struct rp_error *err = plan(p, &asked);
    asked_clear(&asked, question->expr_count);
    return err;
}
