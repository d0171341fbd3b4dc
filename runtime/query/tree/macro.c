/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's macros, of which BTF does not tell: the compiler's prelude has their bodies, which
 * are expressions. */
#include <string.h>

#include "query/tree/build.h"
#include "query/tree/prelude.h"
#include "util/cleanup.h"

/* Macros in macros. */
#define DEPTH_MAX 12

static bool find_macro(const struct rp_parser *p, const struct rp_token *name,
                       struct rp_macro *out) {
    return rp_macro_find(&p->scope->types->arena, name->text, name->len, out);
}

static unsigned depth_of(const struct rp_parser *p) {
    unsigned depth = 0;
    for (; p->outer; p = p->outer)
        depth++;
    return depth;
}

/* A parser of the macro's body, used from `used` to where the lexer of `p` is. */
static struct rp_parser inside(const struct rp_parser *p, const struct rp_macro *macro,
                               const char *used) {
    return (struct rp_parser){
        .scope = p->scope,
        .text = macro->body,
        .lexer = {.p = macro->body, .end = macro->body + strlen(macro->body)},
        .depth = p->depth,
        .expression = p->expression,
        .operand = p->operand,
        .shown = p->shown,
        .outer = p,
        .used = used,
        .used_length = (size_t)(p->lexer.p - used),
        .parameters = macro->parameters,
    };
}

static struct rp_error *parse_body(struct rp_parser *body, const struct rp_node **out) {
    RP_TRY(body->expression(body, out));
    struct rp_token token = rp_parse_peek(body);
    return token.kind == RP_TOKEN_END
               ? NULL
               : rp_parse_error(body, token.text, "this macro is not an expression");
}

struct rp_error *rp_macro_body(const struct rp_parser *p, const char *text,
                               const struct rp_node *used, const struct rp_node **out) {
    const struct rp_macro macro = {.body = text};
    struct rp_parser body = inside(p, &macro, used->text);
    body.used_length = used->length;
    return parse_body(&body, out);
}

struct rp_error *rp_macro_name(struct rp_parser *p, const struct rp_token *name,
                               const struct rp_node **out) {
    struct rp_macro macro;
    *out = NULL;
    if (depth_of(p) > DEPTH_MAX || !find_macro(p, name, &macro) || macro.parameters)
        return NULL;
    struct rp_parser body = inside(p, &macro, name->text);
    const struct rp_node *node;
    RP_TRY(parse_body(&body, &node));
    if (!node->is_constant) {
        *out = node;
        return NULL;
    }
    /* It goes by its name. */
    const char *text = rp_arena_copy(&p->scope->types->arena, name->text, name->len);
    return text ? rp_build_constant(p, name, node->type, node->value, text, out) : rp_error_nomem();
}

struct rp_error *rp_shorthand_name(struct rp_parser *p, const struct rp_token *name,
                                   const struct rp_node **out) {
    *out = NULL;
    for (size_t i = 0; i < p->scope->shorthand_count && depth_of(p) <= DEPTH_MAX; i++) {
        const struct rp_shorthand *shorthand = &p->scope->shorthands[i];
        if (!rp_token_is(name, shorthand->name))
            continue;
        const struct rp_macro macro = {.body = shorthand->text};
        struct rp_parser body = inside(p, &macro, name->text);
        RP_TRY(parse_body(&body, out));
        return shorthand->look ? rp_build_look(&body, *out, shorthand->look, out) : NULL;
    }
    return NULL;
}

static struct rp_error *take_arguments(struct rp_parser *p, const struct rp_token *name,
                                       unsigned count, const struct rp_node **values) {
    RP_TRY(rp_parse_expect(p, "("));
    for (unsigned i = 0; i < count; i++) {
        RP_TRY(p->expression(p, &values[i]));
        struct rp_token token = rp_parse_peek(p);
        if (i + 1 < count && rp_token_is(&token, ")"))
            return rp_parse_error(p, name->text, "%.*s takes %u expressions", (int)name->len,
                                  name->text, count);
        RP_TRY(rp_parse_expect(p, i + 1 < count ? "," : ")"));
    }
    return count ? NULL : rp_parse_expect(p, ")");
}

struct rp_error *rp_macro_call(struct rp_parser *p, const struct rp_token *name,
                               const struct rp_node **out) {
    struct rp_macro macro;
    *out = NULL;
    if (depth_of(p) > DEPTH_MAX || !find_macro(p, name, &macro) || !macro.parameters)
        return NULL;
    const struct rp_node *values[RP_CALL_ARGUMENTS_MAX];
    unsigned count = *macro.parameters ? 1 : 0;
    for (const char *c = macro.parameters; *c; c++)
        count += *c == ',';
    if (count > RP_CALL_ARGUMENTS_MAX)
        return NULL;
    RP_TRY(take_arguments(p, name, count, values));
    struct rp_parser body = inside(p, &macro, name->text);
    for (unsigned i = 0; i < count; i++)
        body.values[i] = values[i];
    return parse_body(&body, out);
}

const struct rp_node *rp_macro_parameter(const struct rp_parser *p, const struct rp_token *name) {
    const char *at = p->parameters;
    for (unsigned i = 0; at && *at && i < RP_CALL_ARGUMENTS_MAX; i++) {
        at += strspn(at, ", ");
        size_t length = strcspn(at, ", ");
        if (length == name->len && !memcmp(at, name->text, length))
            return p->values[i];
        at += length;
    }
    return NULL;
}
