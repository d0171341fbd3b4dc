/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a question's parser have in common. */
#ifndef RP_QUERY_QUESTION_PARSER_H
#define RP_QUERY_QUESTION_PARSER_H

#include "compile/scan.h"
#include "query/query.h"
#include "util/error.h"

/* What a verb takes. */
struct rp_grammar {
    const char *verb, *usage;
    size_t least_probes, most_probes, least_exprs, most_exprs;
    bool keys;
};

struct rp_question_parser {
    const struct rp_grammar *grammar;
    const char *line;
    struct rp_lexer lexer;
    struct rp_question *question;
    bool had_keys, had_predicate;
};

/* ------------------------------------------------------------------ question_words.c */

enum rp_question_section {
    RP_QUESTION_NONE,
    RP_QUESTION_BY,
    RP_QUESTION_IF,
    RP_QUESTION_UNTIL,
    RP_QUESTION_MATCHING,
    RP_QUESTION_SAMPLE,
    RP_QUESTION_EVERY,
    RP_QUESTION_TOP,
    RP_QUESTION_PRINT,
};
/* The section that the token begins. */
enum rp_question_section rp_question_section(const struct rp_token *token);
bool rp_question_is_section(const struct rp_token *token);

/* Why the line cannot be understood; rp_question_wrong_at() has a mark beneath what is at `at`. */
struct rp_error *rp_question_wrong(const struct rp_question_parser *p, const char *fmt, ...)
    RP_PRINTF(2, 3);
struct rp_error *rp_question_wrong_at(const struct rp_question_parser *p, const char *at,
                                      const char *fmt, ...) RP_PRINTF(3, 4);
struct rp_token rp_question_peek(const struct rp_question_parser *p);
const char *rp_question_skip_space(const char *text);
/* Where a probe's word ends: in quotes, or before white space that is not in parentheses. */
const char *rp_question_word_end(const char *text);
/* Whether it is read as one probe without quotes, whatever follows. */
bool rp_question_is_word(const char *text);
/* Adds a copy of the text without white space at its end; false: no memory. */
bool rp_question_add(char ***list, size_t *count, const char *text, size_t length);
/* Takes one expression: up to where an operand ends and another one begins, a comma, or a word that
 * begins a section; or (whole_rest) all up to such a word. */
struct rp_error *rp_question_take_expression(struct rp_question_parser *p, bool whole_rest,
                                             const char **text, size_t *length);
struct rp_error *rp_question_take_list(struct rp_question_parser *p, char ***list, size_t *count);

/* ------------------------------------------------------------------ question_sections.c */

/* Takes the section that begins with the token. */
struct rp_error *rp_question_take_section(struct rp_question_parser *p,
                                          const struct rp_token *token);

#endif
