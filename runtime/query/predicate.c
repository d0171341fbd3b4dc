/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions: which part is asked at the entry of a call and which at its return, and how text is
 * compared, which C has no operator for. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/scan.h"
#include "query/plan.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

/* ------------------------------------------------------------------ conditions */

static bool is_and(const struct rp_token *token) {
    return rp_token_is(token, "&") && token->text[1] == '&';
}

/* || binds less than &&: what has it outside brackets is one term. */
static bool is_or(const struct rp_token *token) {
    return rp_token_is(token, "?") || (rp_token_is(token, "|") && token->text[1] == '|');
}

/* The first of these that is in no brackets; the text's end when there is none. */
static const char *find_outside(const char *text, bool (*is_wanted)(const struct rp_token *)) {
    struct rp_lexer lexer = {.p = text, .end = text + strlen(text)};
    int depth = 0;
    for (struct rp_token token = rp_lex(&lexer); token.kind != RP_TOKEN_END;
         token = rp_lex(&lexer)) {
        depth += rp_token_is(&token, "(") + rp_token_is(&token, "[");
        depth -= rp_token_is(&token, ")") + rp_token_is(&token, "]");
        if (!depth && is_wanted(&token))
            return token.text;
    }
    return lexer.end;
}

struct tokens {
    struct rp_token list[512];
    size_t count;
};

static bool is_equals(const struct tokens *t, size_t i, const char *first) {
    return i + 1 < t->count && rp_token_is(&t->list[i], first) &&
           rp_token_is(&t->list[i + 1], "=") && t->list[i + 1].text == t->list[i].text + 1;
}

/* Where what stands before the comparison at `i` begins. */
static size_t left_operand(const struct tokens *t, size_t i) {
    int depth = 0;
    while (i > 0) {
        const struct rp_token *token = &t->list[i - 1];
        depth += rp_token_is(token, ")") + rp_token_is(token, "]");
        depth -= rp_token_is(token, "(") + rp_token_is(token, "[");
        if (depth < 0)
            return i;
        bool ends = rp_token_is(token, "&") || rp_token_is(token, "|") || rp_token_is(token, "?") ||
                    rp_token_is(token, ":") || rp_token_is(token, ",") || rp_token_is(token, "!");
        if (!depth && ends)
            return i;
        i--;
    }
    return 0;
}

static size_t right_operand(const struct tokens *t, size_t i) {
    int depth = 0;
    for (; i < t->count; i++) {
        const struct rp_token *token = &t->list[i];
        depth += rp_token_is(token, "(") + rp_token_is(token, "[");
        depth -= rp_token_is(token, ")") + rp_token_is(token, "]");
        bool ends = rp_token_is(token, "&") || rp_token_is(token, "|") || rp_token_is(token, "?") ||
                    rp_token_is(token, ":") || rp_token_is(token, ",");
        if (depth < 0 || (!depth && ends))
            return i;
    }
    return i;
}

/* Bytes of a string literal, its end included; escapes count as one. */
static unsigned literal_size(const struct rp_token *token) {
    unsigned size = 1;
    for (size_t i = 1; i + 1 < token->len; i++, size++)
        if (token->text[i] == '\\')
            i++;
    return size;
}

static struct rp_error *compare_text(struct rp_query_plan *p, struct rp_term *term,
                                     const char *text, const struct rp_token *literal, bool equal,
                                     FILE *out) {
    struct rp_text_operand *operand = rp_vec_add(&term->operands);
    if (!operand || !(operand->text = strdup(text)))
        return rp_error_nomem();
    operand->is.text = operand->text;
    RP_TRY(rp_plan_types(p, &(struct rp_expression *){&operand->is}, 1));
    if (operand->is.shape != RP_SHAPE_TEXT)
        return rp_error_hint_set(
            rp_cannot_answer(p->question, EINVAL,
                             "`%s` is not text, but %s: it cannot be compared with %.*s", text,
                             operand->is.type, (int)literal->len, literal->text),
            "compare it with a number");
    unsigned size = literal_size(literal);
    bool is_comm = !strcmp(text, "comm") && !rp_argument_find(rp_plan_names(p), "comm");
    if (is_comm && size > 16)
        return rp_error_hint_set(
            rp_cannot_answer(p->question, EINVAL,
                             "%.*s is never a task's name: those have 15 bytes at most",
                             (int)literal->len, literal->text),
            "give the first 15 bytes");
    if (size > RP_PATH_CAPACITY - 8)
        return rp_error_hint_set(rp_cannot_answer(p->question, ENOTSUP,
                                                  "text that is compared has %d bytes "
                                                  "at most",
                                                  RP_PATH_CAPACITY - 9),
                                 "a BPF program's stack has 512 bytes");
    /* One more than the literal: else a longer text, cut short, would be the same. */
    operand->capacity = (size + 8) & ~7U;
    if (is_comm) {
        operand->capacity = 0;
        snprintf(operand->buffer, sizeof(operand->buffer), "comm");
    } else {
        char base[24];
        rp_value_member(text, base, sizeof(base));
        snprintf(operand->buffer, sizeof(operand->buffer), "%s_text_%zu", base,
                 term->operands.count % 1000);
        if (term->operands.count == 1)
            snprintf(operand->buffer, sizeof(operand->buffer), "%s_text", base);
    }
    fprintf(out, "%sis_text(%s, %.*s, sizeof(%.*s))", equal ? "" : "!", operand->buffer,
            (int)literal->len, literal->text, (int)literal->len, literal->text);
    return NULL;
}

static bool is_literal(const struct rp_token *token) {
    return token->kind == RP_TOKEN_STRING && *token->text == '"';
}

/* Writes the term with is_text() for `X == "text"` and `"text" != X`. */
static struct rp_error *rewrite(struct rp_query_plan *p, struct rp_term *term, FILE *out) {
    RP_AUTO_FREE struct tokens *t = calloc(1, sizeof(*t));
    struct rp_lexer lexer = {.p = term->text, .end = term->text + strlen(term->text)};
    if (!t)
        return rp_error_nomem();
    for (;;) {
        struct rp_token token = rp_lex(&lexer);
        if (token.kind == RP_TOKEN_END)
            break;
        if (t->count == RP_COUNT(t->list))
            return rp_cannot_answer(p->question, E2BIG, "the condition is too long");
        t->list[t->count++] = token;
    }
    const char *done = term->text;
    for (size_t i = 0; i + 2 < t->count; i++) {
        bool equal = is_equals(t, i, "="), unequal = is_equals(t, i, "!");
        if (!equal && !unequal)
            continue;
        bool right = is_literal(&t->list[i + 2]), left = i > 0 && is_literal(&t->list[i - 1]);
        if (!right && !left)
            continue;
        size_t from = right ? left_operand(t, i) : i + 2;
        size_t to = right ? i : right_operand(t, i + 2);
        size_t first = right ? from : i - 1, last = right ? i + 2 : to - 1;
        if (from >= to || t->list[first].text < done)
            return rp_cannot_answer(p->question, EINVAL, "a text is compared with nothing");
        const char *begin = t->list[from].text;
        const struct rp_token *end = &t->list[to - 1];
        RP_AUTO_FREE char *text = strndup(begin, (size_t)(end->text + end->len - begin));
        if (!text)
            return rp_error_nomem();
        fprintf(out, "%.*s", (int)(t->list[first].text - done), done);
        RP_TRY(compare_text(p, term, text, &t->list[right ? i + 2 : i - 1], equal, out));
        done = t->list[last].text + t->list[last].len;
        i = last;
    }
    fputs(done, out);
    return NULL;
}

/* What a condition is apart from comparisons of text, as clang is to read it: those are numbers. */
static struct rp_error *check_term(struct rp_query_plan *p, const struct rp_term *term) {
    if (term->operands.count)
        return rp_check_names(p, term->text);
    struct rp_expression is = {.text = term->text};
    RP_TRY(rp_plan_types(p, &(struct rp_expression *){&is}, 1));
    if (is.shape == RP_SHAPE_STRUCT)
        return rp_error_hint_set(rp_cannot_answer(p->question, EINVAL,
                                                  "`%s` is a %s, not true or false", term->text,
                                                  is.type),
                                 "compare one of its members");
    return NULL;
}

static struct rp_error *add_term(struct rp_query_plan *p, const char *text, size_t length) {
    struct rp_term *term = rp_vec_add(&p->terms);
    if (!term)
        return rp_error_nomem();
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    while (length && isspace((unsigned char)*text)) {
        text++;
        length--;
    }
    term->text = strndup(text, length);
    size_t size;
    FILE *out = term->text ? open_memstream(&term->code, &size) : NULL;
    if (!out)
        return rp_error_nomem();
    struct rp_error *err = rewrite(p, term, out);
    fclose(out);
    RP_TRY(err);
    RP_TRY(check_term(p, term));
    if (p->pair && rp_reads_argument(term->text, rp_plan_names(p))) {
        term->at_entry = !rp_reads_ret(p, term->text);
        if (!term->at_entry)
            return rp_save_arguments(p, term->text);
    }
    return NULL;
}

struct rp_error *rp_plan_predicate(struct rp_query_plan *p) {
    const char *text = p->question->predicate;
    if (!text)
        return NULL;
    if (*find_outside(text, is_or))
        return add_term(p, text, strlen(text));
    for (;;) {
        const char *end = find_outside(text, is_and);
        RP_TRY(add_term(p, text, (size_t)(end - text)));
        if (!*end)
            return NULL;
        text = end + 2;
    }
}
