/* SPDX-License-Identifier: Apache-2.0 */
/* How a tree grows: what the parser, its functions and macros share. */
#ifndef RP_QUERY_TREE_BUILD_H
#define RP_QUERY_TREE_BUILD_H

#include "compile/scan.h"
#include "query/tree/tree.h"
#include "util/error.h"

#define RP_CALL_ARGUMENTS_MAX 4

struct rp_parser {
    const struct rp_scope *scope;
    const char *text;
    struct rp_lexer lexer;
    unsigned depth;
    bool wants_text; /* what comes is compared with text */
    /* Take one, or one without operators between two (parse.c). */
    struct rp_error *(*expression)(struct rp_parser *p, const struct rp_node **out);
    struct rp_error *(*operand)(struct rp_parser *p, const struct rp_node **out);
    /* rp_build_shown() */
    struct rp_error *(*shown)(const struct rp_parser *p, const struct rp_node *node,
                              const struct rp_node **out);
    /* Of a macro's body: where it was used, and what its parameters are. */
    const struct rp_parser *outer;
    const char *used;
    size_t used_length;
    const char *parameters; /* "a, b" */
    const struct rp_node *values[RP_CALL_ARGUMENTS_MAX];
};

/* ------------------------------------------------------------------ token.c */

/* An error about what stands at `at`. */
struct rp_error *rp_parse_error(const struct rp_parser *p, const char *at, const char *fmt, ...)
    RP_PRINTF(3, 4);
struct rp_error *rp_parse_error_at(const struct rp_parser *p, const struct rp_node *node,
                                   const char *fmt, ...) RP_PRINTF(3, 4);

struct rp_token rp_parse_peek(const struct rp_parser *p);
bool rp_parse_at(const struct rp_parser *p, const char *punctuation);
/* Whether what comes next begins with these characters, as one operator. */
bool rp_parse_at_operator(const struct rp_parser *p, const char *operator);
void rp_parse_skip(struct rp_parser *p, size_t tokens);
/* Takes the token, or says that it is missing. */
struct rp_error *rp_parse_expect(struct rp_parser *p, const char *punctuation);
/* Why the token cannot go on or end an expression; NULL: it can. */
struct rp_error *rp_parse_out_of_place(const struct rp_parser *p, const struct rp_token *token);
/* A type's name. */
struct rp_error *rp_parse_type(struct rp_parser *p, const struct rp_c_type **out);

/* ------------------------------------------------------------------ build.c: looks */

/* The number `a`, shown as `look` says. */
struct rp_error *rp_build_look(const struct rp_parser *p, const struct rp_node *a, const char *look,
                               const struct rp_node **out);

/* ------------------------------------------------------------------ literal.c */

struct rp_error *rp_literal_number(struct rp_parser *p, const struct rp_token *token,
                                   const struct rp_node **out);
/* "text" and 'c'. */
struct rp_error *rp_literal_quoted(struct rp_parser *p, const struct rp_token *token,
                                   const struct rp_node **out);

/* ------------------------------------------------------------------ call.c, macro.c */

/* NAME(…), with the lexer behind the name. */
struct rp_error *rp_parse_call(struct rp_parser *p, const struct rp_token *name,
                               const struct rp_node **out);
/* return(a): what the call writes is not there where it has failed (result.c). */
struct rp_error *rp_build_result(const struct rp_parser *p, struct rp_node *moment);
/* The expression `text`, which lives as long as the scope's types, where the author has `used`. */
struct rp_error *rp_macro_body(const struct rp_parser *p, const char *text,
                               const struct rp_node *used, const struct rp_node **out);
/* A name that is not a variable's: a macro without parameters. *out is NULL when there is none. */
struct rp_error *rp_macro_name(struct rp_parser *p, const struct rp_token *name,
                               const struct rp_node **out);
/* The same of a shorthand. */
struct rp_error *rp_shorthand_name(struct rp_parser *p, const struct rp_token *name,
                                   const struct rp_node **out);
/* NAME(ARGUMENTS), with the lexer behind the name; *out is NULL when there is no such macro. */
struct rp_error *rp_macro_call(struct rp_parser *p, const struct rp_token *name,
                               const struct rp_node **out);
/* What a macro's parameter of that name stands for, or NULL. */
const struct rp_node *rp_macro_parameter(const struct rp_parser *p, const struct rp_token *name);
/* ------------------------------------------------------------------ build.c: nodes */

/* From `from` to `to` in the text; NULL without memory. */
struct rp_node *rp_node_new(const struct rp_parser *p, enum rp_node_kind kind, const char *from,
                            const char *to);
static inline const char *rp_node_end(const struct rp_node *node) {
    return node->text + node->length;
}
/* The same with up to three parts, which it takes as much as they do. */
struct rp_node *rp_node_of(const struct rp_parser *p, enum rp_node_kind kind, const char *from,
                           const char *to, const struct rp_node *a, const struct rp_node *b,
                           const struct rp_node *c);
/* *out, unless there was no memory. */
struct rp_error *rp_node_done(struct rp_node *node, const struct rp_node **out);
/* Whether it is shown and compared as text. */
bool rp_node_reads_as_text(const struct rp_parser *p, const struct rp_node *node);
/* Takes over what reading `part` takes. */
void rp_node_adopt(struct rp_node *node, const struct rp_node *part);

struct rp_error *rp_build_constant(const struct rp_parser *p, const struct rp_token *token,
                                   const struct rp_c_type *type, int64_t value, const char *name,
                                   const struct rp_node **out);
struct rp_error *rp_build_variable(const struct rp_parser *p, const struct rp_token *token,
                                   const struct rp_variable *variable, const struct rp_node **out);
/* What is neither a number nor an address has no place in arithmetic. */
struct rp_error *rp_build_check_scalar(const struct rp_parser *p, const struct rp_node *node);
/* `shown` as `count` bytes of text at `address`. */
struct rp_error *rp_build_bytes(const struct rp_parser *p, const struct rp_node *shown,
                                const struct rp_node *address, const struct rp_node *count,
                                const struct rp_node **out);

/* ------------------------------------------------------------------ strings.c */

/* The variable, with the bytes that it leads to where another one says how many; a string of C++ or
 * Rust as the bytes that it has; else itself. */
struct rp_error *rp_build_shown(const struct rp_parser *p, const struct rp_node *node,
                                const struct rp_node **out);

/* ------------------------------------------------------------------ build_memory.c */

/* The members "b.c" of `a`, one in the other; the text of all goes up to `end`. */
struct rp_error *rp_build_path(const struct rp_parser *p, const struct rp_node *a, bool arrow,
                               const char *path, const char *end, const struct rp_node **out);

struct rp_error *rp_build_member(const struct rp_parser *p, const struct rp_node *a, bool arrow,
                                 const struct rp_token *name, const struct rp_node **out);
/* a[b]; *a where `b` is NULL, which begins at `from`. */
struct rp_error *rp_build_index(const struct rp_parser *p, const struct rp_node *a,
                                const struct rp_node *b, const char *from, const char *to,
                                const struct rp_node **out);
struct rp_error *rp_build_address(const struct rp_parser *p, const struct rp_node *a,
                                  const char *from, const struct rp_node **out);
/* ------------------------------------------------------------------ build.c */

struct rp_error *rp_build_unary(const struct rp_parser *p, enum rp_op op, const struct rp_node *a,
                                const char *from, const struct rp_node **out);
struct rp_error *rp_build_binary(const struct rp_parser *p, enum rp_op op, const char *at,
                                 const struct rp_node *a, const struct rp_node *b,
                                 const struct rp_node **out);
struct rp_error *rp_build_condition(const struct rp_parser *p, const struct rp_node *a,
                                    const struct rp_node *b, const struct rp_node *c,
                                    const struct rp_node **out);
struct rp_error *rp_build_cast(const struct rp_parser *p, const struct rp_c_type *type,
                               const struct rp_node *a, const char *from,
                               const struct rp_node **out);

/* ------------------------------------------------------------------ build.c: text */

/* a == b, a != b, starts(a, b), of text. */
struct rp_error *rp_build_compare(const struct rp_parser *p, enum rp_op op, const char *from,
                                  const char *to, const struct rp_node *a, const struct rp_node *b,
                                  const struct rp_node **out);

#endif
