/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind probes and expressions: keys, conditions, how many, how often. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "query/own_text.h"
#include "query/question_parser.h"
#include "record/look.h"
#include "util/cleanup.h"

static struct rp_error *take_keys(struct rp_question_parser *p) {
    struct rp_question *q = p->question;
    struct rp_token by = rp_lex(&p->lexer);
    if (!p->grammar->keys)
        return rp_question_wrong_at(p, by.text, "`by` is for sums: a row has all that it is about");
    if (p->had_keys)
        return rp_question_wrong_at(p, by.text, "`by` is there twice: its keys stand side by side");
    p->had_keys = true;
    RP_TRY(rp_question_take_list(p, &q->keys, &q->key_count));
    return q->key_count ? NULL : rp_question_wrong_at(p, by.text, "the key is missing behind `by`");
}

/* "matching pid, next_pid" */
static struct rp_error *take_matching(struct rp_question_parser *p) {
    struct rp_question *q = p->question;
    struct rp_token word = rp_lex(&p->lexer);
    if (!q->probe_count || !rp_span_middle(q->probes[0]))
        return rp_question_wrong_at(p, word.text,
                                    "`matching` is for the way from one probe to another, A..B");
    if (q->matching_count)
        return rp_question_wrong_at(p, word.text, "`matching` is there twice");
    RP_TRY(rp_question_take_list(p, &q->matching, &q->matching_count));
    return q->matching_count == 1 || q->matching_count == 2
               ? NULL
               : rp_question_wrong_at(
                     p, word.text,
                     "`matching` takes what is the same at both probes, or one expression for "
                     "each");
}

static struct rp_error *take_predicate(struct rp_question_parser *p) {
    struct rp_question *q = p->question;
    struct rp_token word = rp_lex(&p->lexer);
    if (p->had_predicate)
        return rp_question_wrong_at(p, word.text, "`if` is there twice: join conditions by &&");
    p->had_predicate = true;
    const char *text = NULL;
    size_t length = 0;
    RP_TRY(rp_question_take_expression(p, true, &text, &length));
    q->predicate = strndup(text, length);
    return q->predicate ? NULL : rp_error_nomem();
}

/* A whole number above 0; the word ends there. */
static bool take_count(struct rp_question_parser *p, uint64_t *out) {
    struct rp_token number = rp_lex(&p->lexer);
    char *end;
    errno = 0;
    if (number.kind == RP_TOKEN_END || !isdigit((unsigned char)*number.text))
        return false;
    *out = strtoull(number.text, &end, 0);
    return !errno && *out && end == number.text + number.len;
}

/* "until 100", "until ret < 0" */
static struct rp_error *take_until(struct rp_question_parser *p) {
    struct rp_question *q = p->question;
    struct rp_token word = rp_lex(&p->lexer);
    if (q->until || q->until_condition)
        return rp_question_wrong_at(p, word.text, "`until` is there twice");
    struct rp_lexer before = p->lexer;
    bool counted = take_count(p, &q->until);
    struct rp_token next = rp_question_peek(p);
    if (counted && (next.kind == RP_TOKEN_END || rp_question_is_section(&next)))
        return NULL;
    p->lexer = before;
    q->until = 0;
    struct rp_token first = rp_question_peek(p);
    if (first.kind == RP_TOKEN_END || rp_question_is_section(&first))
        return rp_question_wrong_at(p, word.text,
                                    "`until` takes a number of events (until 100), or what is true "
                                    "of the last one (until ret < 0)");
    const char *text = NULL;
    size_t length = 0;
    RP_TRY(rp_question_take_expression(p, true, &text, &length));
    if (strspn(text, "0123456789.") == length)
        return rp_question_wrong_at(p, word.text,
                                    "`until` takes a number of events that is above 0 and below "
                                    "2^64, such as until 100");
    q->until_condition = strndup(text, length);
    return q->until_condition ? NULL : rp_error_nomem();
}

static struct rp_error *take_sample(struct rp_question_parser *p) {
    struct rp_token word = rp_lex(&p->lexer);
    uint64_t one;
    if (p->question->sample)
        return rp_question_wrong_at(p, word.text, "`sample` is there twice");
    bool taken = take_count(p, &one) && one == 1;
    struct rp_token slash = rp_lex(&p->lexer);
    return taken && rp_token_is(&slash, "/") && take_count(p, &p->question->sample)
               ? NULL
               : rp_question_wrong_at(p, word.text,
                                      "`sample` takes one of N events, such as sample 1/100");
}

/* "1s", "0.5s"; false: it is not that. */
static bool take_time(struct rp_question_parser *p, uint64_t *ns) {
    struct rp_token token = rp_lex(&p->lexer);
    char *end;
    if (token.kind == RP_TOKEN_END || !isdigit((unsigned char)*token.text))
        return false;
    double number = strtod(token.text, &end);
    size_t unit = (size_t)(token.text + token.len - end);
    uint64_t factor = end > token.text + token.len || !unit ? 0 : rp_unit_factor(end, unit);
    bool is_time =
        factor && !memchr(end, 'B', unit) && number > 0 && number * (double)factor < 1e18;
    *ns = is_time ? (uint64_t)(number * (double)factor) : 0;
    return *ns > 0;
}

static struct rp_error *take_every(struct rp_question_parser *p) {
    struct rp_question *q = p->question;
    struct rp_token word = rp_lex(&p->lexer);
    if (q->every_ns)
        return rp_question_wrong_at(p, word.text, "`every` is there twice");
    if (q->verb == RP_VERB_TRACE)
        return rp_question_wrong_at(
            p, word.text,
            "`every` is for what is gathered: a row is shown when it comes; count, sum, hist and "
            "their like take it");
    if (!take_time(p, &q->every_ns))
        return rp_question_wrong_at(p, word.text,
                                    "`every` takes a time with its unit, such as every 1s or every "
                                    "500ms");
    return q->every_ns >= RP_EVERY_LEAST_NS
               ? NULL
               : rp_question_wrong_at(p, word.text, "the shortest time is 10ms");
}

/* "every 1s top 5"; the verb `top` has its number in front. */
static struct rp_error *take_top(struct rp_question_parser *p) {
    struct rp_question *q = p->question;
    struct rp_token word = rp_lex(&p->lexer);
    if (q->verb == RP_VERB_TOP)
        return rp_question_wrong_at(p, word.text, "the number stands in front: top 5 PROBE by KEY");
    if (q->top)
        return rp_question_wrong_at(p, word.text, "`top` is there twice");
    if (!q->every_ns)
        return rp_question_wrong_at(
            p, word.text,
            "`top` stands behind `every`: every 1s top 5; or begin with it: "
            "top 5 PROBE by KEY");
    return take_count(p, &q->top) ? NULL
                                  : rp_question_wrong_at(p, word.text,
                                                         "`top` takes a number of rows, such as "
                                                         "top 5");
}

static bool has_expr(const struct rp_question *q, const char *text) {
    for (size_t i = 0; i < q->expr_count; i++)
        if (!strcmp(q->exprs[i], text))
            return true;
    return false;
}

/* print "opened {filename}" */
static struct rp_error *take_print(struct rp_question_parser *p) {
    struct rp_question *q = p->question;
    struct rp_token word = rp_lex(&p->lexer), text = rp_lex(&p->lexer);
    if (q->verb != RP_VERB_TRACE)
        return rp_question_wrong_at(p, word.text, "`print` is for trace: text for each event");
    if (q->print)
        return rp_question_wrong_at(p, word.text, "`print` is there twice");
    if (q->expr_count)
        return rp_question_wrong_at(p, word.text,
                                    "`print` says what is shown: expressions are in its {braces}");
    if (text.len < 2 || text.text[text.len - 1] != '"')
        return rp_question_wrong_at(p, text.text, "the text is not closed");
    RP_AUTO(rp_own_text_clear) struct rp_own_text pieces = {0};
    const char *at, *why = rp_own_text_read(text.text, text.len, &pieces, &at);
    if (why)
        return rp_question_wrong_at(p, at, "%s", why);
    for (size_t i = 0; i < pieces.count; i++) {
        const char *expr = pieces.items[i].expr;
        if (expr && strcmp(expr, "probe") != 0 && !has_expr(q, expr) &&
            !rp_question_add(&q->exprs, &q->expr_count, expr, strlen(expr)))
            return rp_error_nomem();
    }
    q->print = strndup(text.text, text.len);
    return q->print ? NULL : rp_error_nomem();
}

struct rp_error *rp_question_take_section(struct rp_question_parser *p,
                                          const struct rp_token *token) {
    static struct rp_error *(*const takers[])(struct rp_question_parser * p) = {
        [RP_QUESTION_BY] = take_keys,       [RP_QUESTION_IF] = take_predicate,
        [RP_QUESTION_UNTIL] = take_until,   [RP_QUESTION_MATCHING] = take_matching,
        [RP_QUESTION_SAMPLE] = take_sample, [RP_QUESTION_EVERY] = take_every,
        [RP_QUESTION_TOP] = take_top,       [RP_QUESTION_PRINT] = take_print,
    };
    enum rp_question_section section = rp_question_section(token);
    return section == RP_QUESTION_NONE ? rp_question_wrong_at(p, token->text, "this is too much")
                                       : takers[section](p);
}
