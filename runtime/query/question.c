/* SPDX-License-Identifier: Apache-2.0 */
/* A question as it is typed, taken apart: "PROBE EXPR… by KEY… if COND". */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "query/plan.h"
#include "query/question_parser.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"

#define AUTO_QUESTION RP_AUTO(cleanup_question)
static void cleanup_question(struct rp_question **question) {
    rp_question_free(*question);
}

/* What each verb takes. */
static const struct rp_grammar grammars[] = {
    [RP_VERB_TRACE] = {"trace", "trace PROBE[, PROBE…] [EXPR…|print TEXT] [if COND]", 1, SIZE_MAX,
                       0, SIZE_MAX, false},
    [RP_VERB_COUNT] = {"count", "count PROBE… [by KEY…] [if COND]", 1, SIZE_MAX, 0, 0, true},
    [RP_VERB_HIST] = {"hist", "hist PROBE EXPR [linear(LOW,HIGH,STEP)] [by KEY…] [if COND]", 1, 1,
                      1, 1, true},
    [RP_VERB_LATENCY] = {"latency",
                         "latency FUNCTION|A..B [matching EXPR[, EXPR]] [by KEY…] [if COND]", 1, 1,
                         0, 0, true},
    [RP_VERB_STACK] = {"stack", "stack PROBE [by KEY…] [if COND]", 1, 1, 0, 0, true},
    [RP_VERB_PROFILE] = {"profile", "profile [HZ] [by KEY…] [if COND]", 0, 1, 0, 0, true},
    [RP_VERB_SUM] = {"sum", "sum PROBE EXPR [by KEY…] [if COND]", 1, 1, 1, 1, true},
    [RP_VERB_AVG] = {"avg", "avg PROBE EXPR [by KEY…] [if COND]", 1, 1, 1, 1, true},
    [RP_VERB_MIN] = {"min", "min PROBE EXPR [by KEY…] [if COND]", 1, 1, 1, 1, true},
    [RP_VERB_MAX] = {"max", "max PROBE EXPR [by KEY…] [if COND]", 1, 1, 1, 1, true},
    [RP_VERB_STATS] = {"stats", "stats PROBE EXPR [by KEY…] [if COND]", 1, 1, 1, 1, true},
    [RP_VERB_TOP] = {"top", "top [N] PROBE… by KEY… [if COND]", 1, SIZE_MAX, 0, 0, true},
};

const char *rp_verb_name(enum rp_verb verb) {
    return grammars[verb].verb;
}

bool rp_verb_find(const char *name, enum rp_verb *verb) {
    for (size_t i = 0; i < RP_COUNT(grammars); i++)
        if (!strcmp(grammars[i].verb, name)) {
            *verb = (enum rp_verb)i;
            return true;
        }
    return false;
}

/* ------------------------------------------------------------------ linear(LOW,HIGH,STEP) */

static bool take_number(struct rp_question_parser *p, const char *after, int64_t *out) {
    const char *from = p->lexer.p;
    char *end;
    errno = 0;
    *out = strtoll(from, &end, 0);
    while (isspace((unsigned char)*end))
        end++;
    if (end == from || errno || *end != *after)
        return false;
    p->lexer.p = end + 1;
    return true;
}

static struct rp_error *take_linear(struct rp_question_parser *p) {
    struct rp_question *q = p->question;
    struct rp_token word = rp_lex(&p->lexer), open = rp_lex(&p->lexer);
    if (!rp_token_is(&open, "(") || !take_number(p, ",", &q->low) ||
        !take_number(p, ",", &q->high) || !take_number(p, ")", &q->step))
        return rp_question_wrong_at(
            p, word.text, "a linear histogram is linear(LOW,HIGH,STEP), three whole numbers");
    if (q->step <= 0 || q->low >= q->high)
        return rp_question_wrong_at(p, word.text, "LOW must be below HIGH, and STEP above 0");
    int64_t below;
    if (__builtin_sub_overflow(q->low, q->step, &below) || below == INT64_MIN)
        return rp_question_wrong_at(
            p, word.text, "LOW - STEP must be above -2^63: it is the bucket of what is below LOW");
    q->linear = true;
    return NULL;
}

/* ------------------------------------------------------------------ probes */

/* "top 5 openat by comm": how many rows. */
static struct rp_error *take_rows(struct rp_question_parser *p, const char **at) {
    size_t digits = strspn(*at, "0123456789");
    if (!digits || ((*at)[digits] && !isspace((unsigned char)(*at)[digits])))
        return NULL;
    errno = 0;
    p->question->top = strtoull(*at, NULL, 10);
    if (errno || !p->question->top)
        return rp_question_wrong_at(p, *at, "`top` takes a number of rows, such as top 5");
    *at = rp_question_skip_space(*at + digits);
    return NULL;
}

/* Quotation marks are as for a shell, but around the whole word. */
static struct rp_error *unquote(struct rp_question_parser *p, struct rp_token *word) {
    const char *at = word->text;
    if (word->len < 2 || at[word->len - 1] != *at)
        return rp_question_wrong_at(p, at, "no %c follows this one, which closes it", *at);
    word->text++;
    word->len -= 2;
    if (rp_question_skip_space(word->text) >= word->text + word->len)
        return rp_question_wrong_at(p, at, "the probe between these quotes is missing");
    const char *behind = at + word->len + 2;
    return *behind && *behind != ',' && !isspace((unsigned char)*behind)
               ? rp_question_wrong_at(p, behind, "a space is missing behind the probe's quotes")
               : NULL;
}

/* Words up to `by` and `if`, or only one: they are no C, so the lexer does not see them. */
static struct rp_error *take_probes(struct rp_question_parser *p) {
    struct rp_question *q = p->question;
    const char *at = rp_question_skip_space(p->line);
    bool more = true;
    if (q->verb == RP_VERB_TOP)
        RP_TRY(take_rows(p, &at));
    while (more && *at && q->probe_count < p->grammar->most_probes) {
        const char *end = rp_question_word_end(at);
        struct rp_token word = {.text = at, .len = (size_t)(end - at)};
        if (rp_question_is_section(&word))
            break;
        bool comma = word.len > 1 && at[word.len - 1] == ','; /* "count a, b" */
        word.len -= comma;
        if (!comma && *rp_question_skip_space(end) == ',') {
            comma = true;
            end = rp_question_skip_space(end) + 1;
        }
        more = q->verb != RP_VERB_TRACE || comma;
        if (strchr("'\"", *at))
            RP_TRY(unquote(p, &word));
        if (!rp_question_add(&q->probes, &q->probe_count, word.text, word.len))
            return rp_error_nomem();
        at = rp_question_skip_space(end);
    }
    p->lexer = (struct rp_lexer){.p = at, .end = p->line + strlen(p->line)};
    if (q->probe_count < p->grammar->least_probes)
        return rp_question_wrong(p, "it does not say where: the probe is missing");
    return NULL;
}

/* "profile 99": the probe is a number of samples a second. */
static struct rp_error *set_frequency(struct rp_question_parser *p) {
    struct rp_question *q = p->question;
    const char *hz = q->probe_count ? q->probes[0] : "49";
    if (strncmp(hz, "profile:", 8) == 0)
        return NULL;
    char *end;
    long number = strtol(hz, &end, 10);
    if (*end || number < 1 || number > 100000)
        return rp_question_wrong_at(p, rp_question_skip_space(p->line),
                                    "\"%s\" is no number of samples a second", hz);
    char *spec;
    if (asprintf(&spec, "profile:hz:%ld", number) < 0)
        return rp_error_nomem();
    if (q->probe_count) {
        free(q->probes[0]);
        q->probes[0] = spec;
        return NULL;
    }
    bool added = rp_question_add(&q->probes, &q->probe_count, spec, strlen(spec));
    free(spec);
    return added ? NULL : rp_error_nomem();
}

/* ------------------------------------------------------------------ the line */

static struct rp_error *take_exprs(struct rp_question_parser *p) {
    struct rp_question *q = p->question;
    for (;;) {
        struct rp_token token = rp_question_peek(p);
        if (rp_token_is(&token, ",") && q->expr_count) {
            rp_lex(&p->lexer);
            token = rp_question_peek(p);
        } else if (token.kind == RP_TOKEN_END || rp_question_is_section(&token)) {
            break;
        }
        if (p->question->verb == RP_VERB_HIST && rp_token_is(&token, "linear")) {
            RP_TRY(take_linear(p));
            continue;
        }
        const char *text = NULL;
        size_t length = 0;
        RP_TRY(rp_question_take_expression(p, false, &text, &length));
        if (q->expr_count == p->grammar->most_exprs)
            return p->grammar->most_exprs
                       ? rp_question_wrong_at(p, text,
                                              "it takes one expression, and this is another")
                       : rp_question_wrong_at(p, text, "it takes no expression here");
        if (!rp_question_add(&q->exprs, &q->expr_count, text, length))
            return rp_error_nomem();
    }
    if (q->expr_count < p->grammar->least_exprs)
        return rp_question_wrong(p, "it does not say of what: the expression is missing");
    return NULL;
}

static struct rp_error *parse(struct rp_question_parser *p) {
    RP_TRY(take_probes(p));
    if (p->question->verb == RP_VERB_PROFILE)
        RP_TRY(set_frequency(p));
    RP_TRY(take_exprs(p));
    for (;;) {
        struct rp_token token = rp_question_peek(p);
        if (token.kind == RP_TOKEN_END)
            break;
        RP_TRY(rp_question_take_section(p, &token));
    }
    return p->question->verb == RP_VERB_TOP && !p->had_keys
               ? rp_question_wrong(p, "it does not say of what: top 5 PROBE by comm")
               : NULL;
}

struct rp_error *rp_question_parse(enum rp_verb verb, const char *line, struct rp_question **out) {
    AUTO_QUESTION struct rp_question *question = calloc(1, sizeof(*question));
    if (!question)
        return rp_error_nomem();
    question->verb = verb;
    question->began_ns = rp_now_ns();
    struct rp_question_parser p = {
        .grammar = &grammars[verb], .line = rp_question_skip_space(line), .question = question};
    RP_TRY(parse(&p));
    *out = rp_take(question);
    return NULL;
}

static void free_list(char **list, size_t count) {
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

void rp_question_free(struct rp_question *question) {
    if (!question)
        return;
    free_list(question->probes, question->probe_count);
    free_list(question->exprs, question->expr_count);
    free_list(question->keys, question->key_count);
    free_list(question->matching, question->matching_count);
    free(question->predicate);
    free(question->until_condition);
    free(question->print);
    free(question->types);
    free(question);
}
