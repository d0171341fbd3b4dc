/* SPDX-License-Identifier: Apache-2.0 */
/* A question as it is typed, taken apart: "PROBE EXPR… by KEY… if COND". */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "compile/scan.h"
#include "query/plan.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

#define AUTO_QUESTION RP_AUTO(cleanup_question)
static void cleanup_question(struct rp_question **question) {
    rp_question_free(*question);
}

/* What each verb takes. */
static const struct grammar {
    const char *verb, *usage;
    size_t least_probes, most_probes, least_exprs, most_exprs;
    bool keys;
} grammars[] = {
    [RP_VERB_TRACE] = {"trace", "trace PROBE [EXPR…] [if COND]", 1, 1, 0, SIZE_MAX, false},
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

/* ------------------------------------------------------------------ a walk over the line */

/* The sections that words of their own begin. */
enum section { AT_PROBES, AT_EXPRS, AT_KEYS, AT_CONDITION };

struct parser {
    const struct grammar *grammar;
    const char *line;
    struct rp_lexer lexer;
    struct rp_question *question;
    bool had_keys, had_predicate;
};

static struct rp_error *wrong_at(const struct parser *p, const char *at, const char *fmt, ...)
    RP_PRINTF(3, 4);
static struct rp_error *wrong(const struct parser *p, const char *fmt, ...) RP_PRINTF(2, 3);

static struct rp_error *wrong_with(const struct parser *p, const char *at, const char *why) {
    RP_AUTO_FREE char *shown = NULL;
    if (at && asprintf(&shown, "%s\n    %s\n    %*s^", why, p->line, (int)(at - p->line), "") < 0)
        shown = NULL;
    return rp_error_hint_set(rp_error_new(EINVAL, shown ? shown : why, "cannot understand `%s%s%s`",
                                          p->grammar->verb, *p->line ? " " : "", p->line),
                             "usage: %s [sample 1/N] [until N]", p->grammar->usage);
}

static struct rp_error *wrong_at(const struct parser *p, const char *at, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    RP_AUTO_FREE char *why = rp_text_of(fmt, args);
    va_end(args);
    return why ? wrong_with(p, at, why) : rp_error_nomem();
}

static struct rp_error *wrong(const struct parser *p, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    RP_AUTO_FREE char *why = rp_text_of(fmt, args);
    va_end(args);
    return why ? wrong_with(p, NULL, why) : rp_error_nomem();
}

static struct rp_token peek(const struct parser *p) {
    struct rp_lexer ahead = p->lexer;
    return rp_lex(&ahead);
}

static bool add(char ***list, size_t *count, const char *text, size_t length) {
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    struct rp_texts texts = {.items = *list, .count = *count, .capacity = *count};
    if (!rp_texts_add(&texts, strndup(text, length)))
        return false;
    *list = texts.items;
    *count = texts.count;
    return true;
}

static const char *skip_space(const char *text) {
    return text + strspn(text, " \t\r\n\v\f");
}

static bool is_blank_before(const struct parser *p, const char *at) {
    return at > p->line && isspace((unsigned char)at[-1]);
}

/* ------------------------------------------------------------------ expressions */

/* "sample 1/10": the word is a name wherever no number follows. */
static bool is_sample(const struct rp_token *token) {
    return rp_token_is(token, "sample") &&
           isdigit((unsigned char)*skip_space(token->text + token->len));
}

static bool is_reserved(const struct rp_token *token) {
    return rp_token_is(token, "if") || rp_token_is(token, "by") || rp_token_is(token, "matching") ||
           rp_token_is(token, "until") || is_sample(token);
}

/* Words that a type in parentheses begins with. */
static bool is_type_word(const struct rp_token *token) {
    static const char *const words[] = {"struct", "union", "enum",   "const",    "unsigned",
                                        "signed", "int",   "char",   "short",    "long",
                                        "void",   "bool",  "size_t", "volatile", "float"};
    for (size_t i = 0; i < RP_COUNT(words); i++)
        if (rp_token_is(token, words[i]))
            return true;
    /* u32, __u64, s8, and what ends in _t */
    const char *text = token->text;
    size_t length = token->len;
    if (length > 2 && !memcmp(text, "__", 2)) {
        text += 2;
        length -= 2;
    }
    if (length > 2 && !memcmp(text + length - 2, "_t", 2))
        return true;
    return (length == 2 || length == 3) && (*text == 'u' || *text == 's') &&
           strspn(text + 1, "1234568") >= length - 1;
}

/* What goes on behind an operand: "duration in us", "ret / 1024 as KIB". */
static bool is_joint(const struct rp_token *token) {
    return rp_token_is(token, "in") || rp_token_is(token, "as");
}

/* Whether the operator at `token` has an operand at its left, as awk has it: "a - b" and "a-b" are
 * one expression, "a -b" is two. */
static bool is_binary(const struct parser *p, const struct rp_token *token) {
    const char *at = token->text;
    if (!strchr("-*&!~", *at))
        return *at != '(' || !is_blank_before(p, at);
    if (*at == '!' && at[1] == '~')
        return true;
    if (*at == '~') /* "a ~b" is two */
        return at[1] == '"' || isspace((unsigned char)at[1]);
    if (*at == '!' && at[1] != '=')
        return false;
    if (at[1] == '=' || at[1] == '>' || (*at == '&' && at[1] == '&'))
        return true;
    return !is_blank_before(p, at) || isspace((unsigned char)at[1]);
}

/* What stands in an expression and cannot. */
static struct rp_error *check_token(const struct parser *p, const struct rp_token *token) {
    char c = *token->text;
    if (token->kind == RP_TOKEN_STRING)
        return token->len >= 2 && token->text[token->len - 1] == c
                   ? NULL
                   : wrong_at(p, token->text, "the %s is not closed",
                              c == '"' ? "text" : "character");
    if (token->kind != RP_TOKEN_PUNCT)
        return NULL;
    if (!strchr("+-*/%&|^~!<>=?:.,()[]", c))
        return wrong_at(p, token->text, "'%c' cannot be part of an expression", c);
    const char *at = token->text;
    if (c == '=' && at[1] != '=' && !strchr("=!<>", at == p->line ? ' ' : at[-1]))
        return wrong_at(p, at, "`=` would change the value; `==` compares");
    if (strchr("+-", c) && at[1] == c)
        return wrong_at(p, at, "`%c%c` would change the value, and nothing here can be changed", c,
                        c);
    return NULL;
}

struct nest {
    const char *open[32];
    unsigned depth;
};

static struct rp_error *step(const struct parser *p, const struct rp_token *token,
                             struct nest *nest) {
    if (token->kind != RP_TOKEN_PUNCT)
        return NULL;
    char c = *token->text;
    if (c == '(' || c == '[') {
        if (nest->depth == RP_COUNT(nest->open))
            return wrong_at(p, token->text, "this is too deep: %zu levels of brackets are enough",
                            RP_COUNT(nest->open));
        nest->open[nest->depth++] = token->text;
    } else if (c == ')' || c == ']') {
        char open = c == ')' ? '(' : '[';
        if (!nest->depth || *nest->open[nest->depth - 1] != open)
            return wrong_at(p, token->text, "this '%c' closes nothing", c);
        nest->depth--;
    }
    return NULL;
}

/* Whether the parentheses that closed last held a type: what follows is cast to it. */
static bool is_cast(const char *open, const char *close) {
    struct rp_lexer lexer = {.p = open + 1, .end = close};
    struct rp_token token = rp_lex(&lexer);
    return token.kind == RP_TOKEN_IDENT && is_type_word(&token);
}

/* Takes one expression: up to where an operand ends and another one begins, a comma, or a word of
 * the question's own. */
static struct rp_error *take_expression(struct parser *p, bool whole_rest, const char **text,
                                        size_t *length) {
    struct nest nest = {0};
    bool operand = false;      /* what was taken so far could end here */
    const char *opened = NULL; /* the last parenthesis that may be a cast's */
    *text = peek(p).text;
    const char *end = *text;
    for (;;) {
        struct rp_token token = peek(p);
        if (token.kind == RP_TOKEN_END)
            break;
        if (!nest.depth && token.kind == RP_TOKEN_IDENT && is_reserved(&token))
            break;
        RP_TRY(check_token(p, &token));
        bool punct = token.kind == RP_TOKEN_PUNCT || (operand && is_joint(&token));
        bool closes = punct && strchr(")]", *token.text);
        if (!nest.depth && punct && *token.text == ',')
            break;
        if (!nest.depth && operand && !closes && !whole_rest &&
            (!punct || (!is_joint(&token) && !is_binary(p, &token))))
            break;
        if (operand && !nest.depth && whole_rest && !punct)
            return wrong_at(p, token.text, "an operator such as && is missing before this");
        RP_TRY(step(p, &token, &nest));
        if (punct && *token.text == '(')
            opened = operand ? NULL : token.text; /* else it is a call's */
        rp_lex(&p->lexer);
        end = token.text + token.len;
        bool is_type = closes && opened && is_cast(opened, token.text);
        if (closes)
            opened = NULL;
        operand = (!punct || closes) && !is_type;
    }
    if (nest.depth)
        return wrong_at(p, nest.open[nest.depth - 1], "this '%c' is not closed",
                        *nest.open[nest.depth - 1]);
    struct rp_token next = peek(p);
    if (!operand)
        return wrong_at(p, next.text, "an expression is missing here");
    *length = (size_t)(end - *text);
    return NULL;
}

static struct rp_error *take_list(struct parser *p, char ***list, size_t *count) {
    for (;;) {
        struct rp_token token = peek(p);
        if (rp_token_is(&token, ",") && *count) {
            rp_lex(&p->lexer);
        } else if (token.kind == RP_TOKEN_END || is_reserved(&token)) {
            return NULL;
        }
        const char *text = NULL;
        size_t length = 0;
        RP_TRY(take_expression(p, false, &text, &length));
        if (!add(list, count, text, length))
            return rp_error_nomem();
    }
}

/* ------------------------------------------------------------------ linear(LOW,HIGH,STEP) */

static bool take_number(struct parser *p, const char *after, int64_t *out) {
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

static struct rp_error *take_linear(struct parser *p) {
    struct rp_question *q = p->question;
    struct rp_token word = rp_lex(&p->lexer), open = rp_lex(&p->lexer);
    if (!rp_token_is(&open, "(") || !take_number(p, ",", &q->low) ||
        !take_number(p, ",", &q->high) || !take_number(p, ")", &q->step))
        return wrong_at(p, word.text,
                        "a linear histogram is linear(LOW,HIGH,STEP), three whole numbers");
    if (q->step <= 0 || q->low >= q->high)
        return wrong_at(p, word.text, "LOW must be below HIGH, and STEP above 0");
    int64_t below;
    if (__builtin_sub_overflow(q->low, q->step, &below) || below == INT64_MIN)
        return wrong_at(p, word.text,
                        "LOW - STEP must be above -2^63: it is the bucket of what is below LOW");
    q->linear = true;
    return NULL;
}

/* ------------------------------------------------------------------ probes */

/* A word in quotes, or one that ends before white space that is not in parentheses. */
static const char *end_of_word(const char *text) {
    const char *quote = strchr("'\"", *text) ? strchr(text + 1, *text) : NULL;
    const char *end = quote ? quote + 1 : rp_spec_find(text, " \t\r\n\v\f");
    return end ? end : text + strlen(text);
}

/* Words up to `by` and `if`, or only one: they are no C, so the lexer does not see them. */
static struct rp_error *take_probes(struct parser *p) {
    struct rp_question *q = p->question;
    const char *at = skip_space(p->line);
    while (*at && q->probe_count < p->grammar->most_probes) {
        const char *end = end_of_word(at);
        struct rp_token word = {.text = at, .len = (size_t)(end - at)};
        if (is_reserved(&word))
            break;
        if (word.len > 1 && at[word.len - 1] == ',') /* "count a, b" */
            word.len--;
        if (strchr("'\"", *at) && word.len > 2 && at[word.len - 1] == *at) { /* as for a shell */
            word.text++;
            word.len -= 2;
        }
        if (!add(&q->probes, &q->probe_count, word.text, word.len))
            return rp_error_nomem();
        at = skip_space(end);
    }
    p->lexer = (struct rp_lexer){.p = at, .end = p->line + strlen(p->line)};
    if (q->probe_count < p->grammar->least_probes)
        return wrong(p, "it does not say where: the probe is missing");
    return NULL;
}

/* "profile 99": the probe is a number of samples a second. */
static struct rp_error *set_frequency(struct parser *p) {
    struct rp_question *q = p->question;
    const char *hz = q->probe_count ? q->probes[0] : "49";
    if (strncmp(hz, "profile:", 8) == 0)
        return NULL;
    char *end;
    long number = strtol(hz, &end, 10);
    if (*end || number < 1 || number > 100000)
        return wrong_at(p, skip_space(p->line), "\"%s\" is no number of samples a second", hz);
    char *spec;
    if (asprintf(&spec, "profile:hz:%ld", number) < 0)
        return rp_error_nomem();
    if (q->probe_count) {
        free(q->probes[0]);
        q->probes[0] = spec;
        return NULL;
    }
    bool added = add(&q->probes, &q->probe_count, spec, strlen(spec));
    free(spec);
    return added ? NULL : rp_error_nomem();
}

/* ------------------------------------------------------------------ the line */

static struct rp_error *take_exprs(struct parser *p) {
    struct rp_question *q = p->question;
    for (;;) {
        struct rp_token token = peek(p);
        if (rp_token_is(&token, ",") && q->expr_count) {
            rp_lex(&p->lexer);
            token = peek(p);
        } else if (token.kind == RP_TOKEN_END || is_reserved(&token)) {
            break;
        }
        if (p->question->verb == RP_VERB_HIST && rp_token_is(&token, "linear")) {
            RP_TRY(take_linear(p));
            continue;
        }
        const char *text = NULL;
        size_t length = 0;
        RP_TRY(take_expression(p, false, &text, &length));
        if (q->expr_count == p->grammar->most_exprs)
            return p->grammar->most_exprs
                       ? wrong_at(p, text, "it takes one expression, and this is another")
                       : wrong_at(p, text, "it takes no expression here");
        if (!add(&q->exprs, &q->expr_count, text, length))
            return rp_error_nomem();
    }
    if (q->expr_count < p->grammar->least_exprs)
        return wrong(p, "it does not say of what: the expression is missing");
    return NULL;
}

static struct rp_error *take_keys(struct parser *p) {
    struct rp_question *q = p->question;
    struct rp_token by = rp_lex(&p->lexer);
    if (!p->grammar->keys)
        return wrong_at(p, by.text, "`by` is for sums: a row has all that it is about");
    if (p->had_keys)
        return wrong_at(p, by.text, "`by` is there twice: its keys stand side by side");
    p->had_keys = true;
    RP_TRY(take_list(p, &q->keys, &q->key_count));
    return q->key_count ? NULL : wrong_at(p, by.text, "the key is missing behind `by`");
}

/* "matching pid, next_pid" */
static struct rp_error *take_matching(struct parser *p) {
    struct rp_question *q = p->question;
    struct rp_token word = rp_lex(&p->lexer);
    if (!q->probe_count || !rp_span_middle(q->probes[0]))
        return wrong_at(p, word.text, "`matching` is for the way from one probe to another, A..B");
    if (q->matching_count)
        return wrong_at(p, word.text, "`matching` is there twice");
    RP_TRY(take_list(p, &q->matching, &q->matching_count));
    return q->matching_count == 1 || q->matching_count == 2
               ? NULL
               : wrong_at(p, word.text,
                          "`matching` takes what is the same at both probes, or one expression for "
                          "each");
}

static struct rp_error *take_predicate(struct parser *p) {
    struct rp_question *q = p->question;
    struct rp_token word = rp_lex(&p->lexer);
    if (p->had_predicate)
        return wrong_at(p, word.text, "`if` is there twice: join conditions by &&");
    p->had_predicate = true;
    const char *text = NULL;
    size_t length = 0;
    RP_TRY(take_expression(p, true, &text, &length));
    q->predicate = strndup(text, length);
    return q->predicate ? NULL : rp_error_nomem();
}

/* A whole number above 0; the word ends there. */
static bool take_count(struct parser *p, uint64_t *out) {
    struct rp_token number = rp_lex(&p->lexer);
    char *end;
    errno = 0;
    if (number.kind == RP_TOKEN_END || !isdigit((unsigned char)*number.text))
        return false;
    *out = strtoull(number.text, &end, 0);
    return !errno && *out && end == number.text + number.len;
}

static struct rp_error *take_until(struct parser *p) {
    struct rp_token word = rp_lex(&p->lexer);
    if (p->question->until)
        return wrong_at(p, word.text, "`until` is there twice");
    return take_count(p, &p->question->until)
               ? NULL
               : wrong_at(p, word.text, "`until` takes a number of events, such as until 100");
}

static struct rp_error *take_sample(struct parser *p) {
    struct rp_token word = rp_lex(&p->lexer);
    uint64_t one;
    if (p->question->sample)
        return wrong_at(p, word.text, "`sample` is there twice");
    bool taken = take_count(p, &one) && one == 1;
    struct rp_token slash = rp_lex(&p->lexer);
    return taken && rp_token_is(&slash, "/") && take_count(p, &p->question->sample)
               ? NULL
               : wrong_at(p, word.text, "`sample` takes one of N events, such as sample 1/100");
}

static struct rp_error *take_section(struct parser *p, const struct rp_token *token) {
    if (rp_token_is(token, "matching"))
        return take_matching(p);
    if (rp_token_is(token, "by"))
        return take_keys(p);
    if (rp_token_is(token, "if"))
        return take_predicate(p);
    if (rp_token_is(token, "until"))
        return take_until(p);
    if (is_sample(token))
        return take_sample(p);
    return wrong_at(p, token->text, "this is too much");
}

static struct rp_error *parse(struct parser *p) {
    RP_TRY(take_probes(p));
    if (p->question->verb == RP_VERB_PROFILE)
        RP_TRY(set_frequency(p));
    RP_TRY(take_exprs(p));
    for (;;) {
        struct rp_token token = peek(p);
        if (token.kind == RP_TOKEN_END)
            return NULL;
        RP_TRY(take_section(p, &token));
    }
}

struct rp_error *rp_question_parse(enum rp_verb verb, const char *line, struct rp_question **out) {
    AUTO_QUESTION struct rp_question *question = calloc(1, sizeof(*question));
    if (!question)
        return rp_error_nomem();
    question->verb = verb;
    struct parser p = {.grammar = &grammars[verb], .line = skip_space(line), .question = question};
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
    free(question->types);
    free(question);
}
