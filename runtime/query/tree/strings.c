/* SPDX-License-Identifier: Apache-2.0 */
/* What is shown and compared as so many bytes of text: what a variable says the length of, and
 * strings of C++ and Rust. */
#include <string.h>

#include "query/tree/build.h"
#include "query/tree/string_type.h"
#include "util/cleanup.h"

/* The member of the string that is called ROOT.PATH. */
static struct rp_error *member(const struct rp_parser *p, const struct rp_node *string,
                               const char *root, const char *path, const struct rp_node **out) {
    bool arrow = string->type->kind == RP_C_POINTER;
    const char *both = rp_arena_text(&p->scope->types->arena, *root ? "%s.%s" : "%s%s", root, path);
    return both ? rp_build_path(p, string, arrow, both, rp_node_end(string), out)
                : rp_error_nomem();
}

/* A number that nobody wrote. */
static struct rp_error *number(const struct rp_parser *p, const struct rp_node *string,
                               const struct rp_node **out) {
    struct rp_token token = {.text = string->text, .len = string->length};
    return rp_build_constant(p, &token, &rp_c_int, 1, "1", out);
}

/* Whether the string has the long layout, and the length that it has in the short one. */
static struct rp_error *read_short(const struct rp_parser *p, const struct rp_node *string,
                                   const struct rp_string_type *type,
                                   const struct rp_node **is_long, const struct rp_node **size) {
    const struct rp_node *one = NULL;
    RP_TRY(member(p, string, type->root, "__s.__size_", size));
    if (type->has_bit)
        return member(p, string, type->root, "__s.__is_long_", is_long);
    RP_TRY(number(p, string, &one));
    RP_TRY(rp_build_binary(p, RP_OP_AND, string->text, *size, one, is_long));
    return rp_build_binary(p, RP_OP_SHIFT_RIGHT, string->text, *size, one, size);
}

static struct rp_error *read_libcxx(const struct rp_parser *p, const struct rp_node *string,
                                    const struct rp_string_type *type, const struct rp_node **text,
                                    const struct rp_node **length) {
    const struct rp_node *is_long = NULL, *text_of[2] = {NULL}, *length_of[2] = {NULL};
    RP_TRY(read_short(p, string, type, &is_long, &length_of[0]));
    RP_TRY(member(p, string, type->root, "__s.__data_", &text_of[0]));
    RP_TRY(member(p, string, type->root, "__l.__data_", &text_of[1]));
    RP_TRY(member(p, string, type->root, "__l.__size_", &length_of[1]));
    RP_TRY(rp_build_condition(p, is_long, text_of[1], text_of[0], text));
    return rp_build_condition(p, is_long, length_of[1], length_of[0], length);
}

static struct rp_error *build_string(const struct rp_parser *p, const struct rp_node *node,
                                     const struct rp_node **out) {
    struct rp_string_type type;
    const struct rp_node *text = NULL, *length = NULL;
    *out = node;
    if (!rp_c_string_find(p->scope->types, node->type, &type))
        return NULL;
    if (type.root) {
        RP_TRY(read_libcxx(p, node, &type, &text, &length));
    } else {
        RP_TRY(member(p, node, "", type.text, &text));
        RP_TRY(member(p, node, "", type.length, &length));
    }
    return rp_build_bytes(p, node, text, length, out);
}

/* ------------------------------------------------------------------ what is shown */

const struct rp_variable *rp_scope_find(const struct rp_scope *scope, const char *name) {
    for (size_t i = 0; i < scope->count; i++)
        if (!strcmp(scope->variables[i].name, name))
            return &scope->variables[i];
    return NULL;
}

/* How many bytes the variable leads to; at the return, of what the call has written. */
static struct rp_error *build_length(const struct rp_parser *p, const struct rp_node *node,
                                     const struct rp_variable *length, bool at_return,
                                     const struct rp_node **out) {
    struct rp_token token = {.text = node->text, .len = node->length};
    if (!at_return || !node->variable->is_filled)
        return rp_build_variable(p, &token, length, out);
    /* A datagram that was longer is told so. */
    const char *count = rp_arena_text(&p->scope->types->arena, "ret > (long)%s ? (long)%s : ret",
                                      length->name, length->name);
    return count ? rp_macro_body(p, count, node, out) : rp_error_nomem();
}

/* entry(NAME) or return(NAME), as its bytes. */
static struct rp_error *build_moment(const struct rp_parser *p, const struct rp_node *node,
                                     const struct rp_node *bytes, const struct rp_node **out) {
    struct rp_node *moment = rp_node_new(p, node->kind, node->text, rp_node_end(node));
    if (!moment)
        return rp_error_nomem();
    *moment = *node;
    moment->a = bytes;
    moment->type = bytes->type;
    moment->is_text = true;
    rp_node_adopt(moment, bytes);
    *out = moment;
    return NULL;
}

struct rp_error *rp_build_shown(const struct rp_parser *p, const struct rp_node *node,
                                const struct rp_node **out) {
    const struct rp_node *of = node->kind == RP_NODE_MOMENT ? node->a : node;
    const struct rp_variable *length = of->kind == RP_NODE_VARIABLE && of->variable->length
                                           ? rp_scope_find(p->scope, of->variable->length)
                                           : NULL;
    if (!length || length->missing)
        return build_string(p, node, out);
    const struct rp_node *count = NULL;
    RP_TRY(build_length(p, of, length, node->asks_return, &count));
    RP_TRY(rp_build_bytes(p, of, of, count, out));
    return of == node ? NULL : build_moment(p, node, *out, out);
}
