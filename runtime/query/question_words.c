/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a question's line: where an expression ends, and what cannot be in one. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "probe/spec.h"
#include "query/question_parser.h"
#include "query/tree/habits.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/text.h"

#define SPACE " \t\r\n\v\f"

/* ------------------------------------------------------------------ words that begin a section */

/* A word is a section's only where this follows: else it may be a name of the probe's. */
enum follows { ANYTHING, A_NUMBER, A_TEXT };

static const struct {
    const char *word;
    enum follows follows;
} sections[] = {
    [RP_QUESTION_BY] = {"by", ANYTHING},         [RP_QUESTION_IF] = {"if", ANYTHING},
    [RP_QUESTION_UNTIL] = {"until", ANYTHING},   [RP_QUESTION_MATCHING] = {"matching", ANYTHING},
    [RP_QUESTION_SAMPLE] = {"sample", A_NUMBER}, [RP_QUESTION_EVERY] = {"every", A_NUMBER},
    [RP_QUESTION_TOP] = {"top", A_NUMBER},       [RP_QUESTION_PRINT] = {"print", A_TEXT},
};

enum rp_question_section rp_question_section(const struct rp_token *token) {
    const char *next = rp_question_skip_space(token->text + token->len);
    for (size_t i = 0; i < RP_COUNT(sections); i++) {
        enum follows wanted = sections[i].follows;
        bool follows = wanted == ANYTHING ||
                       (wanted == A_NUMBER && isdigit((unsigned char)*next)) ||
                       (wanted == A_TEXT && *next == '"');
        if (follows && sections[i].word && rp_token_is(token, sections[i].word))
            return (enum rp_question_section)i;
    }
    return RP_QUESTION_NONE;
}

bool rp_question_is_section(const struct rp_token *token) {
    return rp_question_section(token) != RP_QUESTION_NONE;
}

/* ------------------------------------------------------------------ a walk over the line */

static struct rp_error *wrong_with(const struct rp_question_parser *p, const char *at,
                                   const char *why) {
    RP_AUTO_FREE char *shown = NULL;
    if (at && asprintf(&shown, "%s\n    %s\n    %*s^", why, p->line, (int)(at - p->line), "") < 0)
        shown = NULL;
    return rp_error_hint_set(rp_error_new(EINVAL, shown ? shown : why, "cannot understand `%s%s%s`",
                                          p->grammar->verb, *p->line ? " " : "", p->line),
                             "usage: %s%s", p->grammar->usage,
                             p->grammar->keys ? " [every TIME [top N]] [sample 1/N] [until N|COND]"
                                              : " [sample 1/N] [until N|COND]");
}

struct rp_error *rp_question_wrong_at(const struct rp_question_parser *p, const char *at,
                                      const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    RP_AUTO_FREE char *why = rp_text_of(fmt, args);
    va_end(args);
    return why ? wrong_with(p, at, why) : rp_error_nomem();
}

struct rp_error *rp_question_wrong(const struct rp_question_parser *p, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    RP_AUTO_FREE char *why = rp_text_of(fmt, args);
    va_end(args);
    return why ? wrong_with(p, NULL, why) : rp_error_nomem();
}

struct rp_token rp_question_peek(const struct rp_question_parser *p) {
    struct rp_lexer ahead = p->lexer;
    return rp_lex(&ahead);
}

bool rp_question_add(char ***list, size_t *count, const char *text, size_t length) {
    while (length && isspace((unsigned char)text[length - 1]))
        length--;
    struct rp_texts texts = {.items = *list, .count = *count, .capacity = *count};
    if (!rp_texts_add(&texts, strndup(text, length)))
        return false;
    *list = texts.items;
    *count = texts.count;
    return true;
}

const char *rp_question_skip_space(const char *text) {
    return text + strspn(text, SPACE);
}

static bool is_blank_before(const struct rp_question_parser *p, const char *at) {
    return at > p->line && isspace((unsigned char)at[-1]);
}

/* ------------------------------------------------------------------ words of probes */

const char *rp_question_word_end(const char *text) {
    const char *quote = strchr("'\"", *text) ? strchr(text + 1, *text) : NULL;
    const char *end = quote ? quote + 1 : rp_spec_find(text, SPACE);
    return end ? end : text + strlen(text);
}

bool rp_question_is_word(const char *text) {
    const struct rp_token token = {.text = text, .len = strlen(text)};
    for (size_t i = 0; i < RP_COUNT(sections); i++)
        if (sections[i].word && rp_token_is(&token, sections[i].word))
            return false;
    RP_AUTO_FREE char *line = rp_text("%s .", text); /* an open parenthesis would take that, too */
    return line && token.len && !strchr("'\",", *text) && text[token.len - 1] != ',' &&
           rp_question_word_end(line) == line + token.len;
}

/* ------------------------------------------------------------------ expressions */

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
static bool is_binary(const struct rp_question_parser *p, const struct rp_token *token) {
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

/* As `err`, if need be with what is said here for what stands at `at`. */
static struct rp_error *with_habit(struct rp_error *err, const char *at, size_t length) {
    const char *habit = rp_habit_hint(at, length);
    return habit ? rp_error_hint_set(err, "%s", habit) : err;
}

/* What stands in an expression and cannot. */
static struct rp_error *check_token(const struct rp_question_parser *p,
                                    const struct rp_token *token) {
    char c = *token->text;
    if (token->kind == RP_TOKEN_STRING)
        return token->len >= 2 && token->text[token->len - 1] == c
                   ? NULL
                   : rp_question_wrong_at(p, token->text, "the %s is not closed",
                                          c == '"' ? "text" : "character");
    if (token->kind != RP_TOKEN_PUNCT)
        return NULL;
    if (!strchr("+-*/%&|^~!<>=?:.,()[]", c))
        return with_habit(
            rp_question_wrong_at(p, token->text, "'%c' cannot be part of an expression", c),
            token->text, 1);
    const char *at = token->text;
    if (c == '=' && at[1] != '=' && !strchr("=!<>", at == p->line ? ' ' : at[-1]))
        return with_habit(rp_question_wrong_at(p, at, "`=` would change the value; `==` compares"),
                          at, 2);
    if (strchr("+-", c) && at[1] == c)
        return rp_question_wrong_at(
            p, at, "`%c%c` would change the value, and nothing here can be changed", c, c);
    return NULL;
}

struct nest {
    const char *open[32];
    unsigned depth;
};

static struct rp_error *step(const struct rp_question_parser *p, const struct rp_token *token,
                             struct nest *nest) {
    if (token->kind != RP_TOKEN_PUNCT)
        return NULL;
    char c = *token->text;
    if (c == '(' || c == '[') {
        if (nest->depth == RP_COUNT(nest->open))
            return rp_question_wrong_at(p, token->text,
                                        "this is too deep: %zu levels of brackets are enough",
                                        RP_COUNT(nest->open));
        nest->open[nest->depth++] = token->text;
    } else if (c == ')' || c == ']') {
        char open = c == ')' ? '(' : '[';
        if (!nest->depth || *nest->open[nest->depth - 1] != open)
            return rp_question_wrong_at(p, token->text, "this '%c' closes nothing", c);
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

/* Whether the token is a member's name: "p->by", "s.until". */
static bool is_member(const char *text, const struct rp_token *token) {
    const char *at = token->text;
    while (at > text && isspace((unsigned char)at[-1]))
        at--;
    return (at - text > 0 && at[-1] == '.') || (at - text > 1 && at[-1] == '>' && at[-2] == '-');
}

/* Takes one expression: up to where an operand ends and another one begins, a comma, or a word of
 * the question's own. */
struct rp_error *rp_question_take_expression(struct rp_question_parser *p, bool whole_rest,
                                             const char **text, size_t *length) {
    struct nest nest = {0};
    bool operand = false;      /* what was taken so far could end here */
    const char *opened = NULL; /* the last parenthesis that may be a cast's */
    *text = rp_question_peek(p).text;
    const char *end = *text;
    for (;;) {
        struct rp_token token = rp_question_peek(p);
        if (token.kind == RP_TOKEN_END)
            break;
        bool is_name = token.kind == RP_TOKEN_IDENT && !is_member(*text, &token);
        if (!nest.depth && is_name && rp_question_is_section(&token))
            break;
        RP_TRY(check_token(p, &token));
        bool punct = token.kind == RP_TOKEN_PUNCT || (operand && is_name && is_joint(&token));
        bool closes = punct && strchr(")]", *token.text);
        if (!nest.depth && punct && *token.text == ',')
            break;
        if (!nest.depth && operand && !closes && !whole_rest &&
            (!punct || (!is_joint(&token) && !is_binary(p, &token))))
            break;
        if (operand && !nest.depth && whole_rest && !punct)
            return with_habit(
                with_habit(rp_question_wrong_at(p, token.text,
                                                "an operator such as && is missing before this"),
                           *text, (size_t)(end - *text)),
                token.text, token.len);
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
        return rp_question_wrong_at(p, nest.open[nest.depth - 1], "this '%c' is not closed",
                                    *nest.open[nest.depth - 1]);
    struct rp_token next = rp_question_peek(p);
    if (!operand)
        return rp_question_wrong_at(p, next.text, "an expression is missing here");
    *length = (size_t)(end - *text);
    return NULL;
}

struct rp_error *rp_question_take_list(struct rp_question_parser *p, char ***list, size_t *count) {
    for (;;) {
        struct rp_token token = rp_question_peek(p);
        if (rp_token_is(&token, ",") && *count) {
            rp_lex(&p->lexer);
        } else if (token.kind == RP_TOKEN_END || rp_question_is_section(&token)) {
            return NULL;
        }
        const char *text = NULL;
        size_t length = 0;
        RP_TRY(rp_question_take_expression(p, false, &text, &length));
        if (!rp_question_add(list, count, text, length))
            return rp_error_nomem();
    }
}
