/* SPDX-License-Identifier: Apache-2.0 */
/* What a program reads: as what members of structs, and how much room each has. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "query/plan.h"
#include "query/tree/prelude.h"
#include "util/array.h"

/* Of text, in bytes. */
#define TEXT_CAPACITY     64
#define TEXT_CAPACITY_MIN 16
/* Of what is on a program's stack at a time, which has 512. */
#define STACK_CAPACITY 256

/* ------------------------------------------------------------------ names of members */

/* A C name made of an expression: "name_name" of "name->name". */
static void name_of(const char *text, char *out, size_t size) {
    size_t length = 0;
    for (const char *c = text; *c && length + 1 < size; c++)
        if (isalnum((unsigned char)*c) || *c == '_') {
            if (!length && isdigit((unsigned char)*c))
                out[length++] = '_';
            if (length + 1 < size)
                out[length++] = *c;
        } else if (length && out[length - 1] != '_') {
            out[length++] = '_';
        }
    while (length > 1 && out[length - 1] == '_')
        length--;
    out[length] = '\0';
    if (!length)
        snprintf(out, size, "value");
}

static bool is_taken(const struct rp_values *values, const char *member) {
    static const char *const own[] = {
        "place",     "slot",     "user_stack", "kernel_stack", "ns",     "unread",   "number",
        "condition", "interval", "auto",       "break",        "case",   "char",     "const",
        "continue",  "default",  "do",         "double",       "else",   "enum",     "extern",
        "float",     "for",      "goto",       "if",           "inline", "int",      "long",
        "register",  "restrict", "return",     "short",        "signed", "sizeof",   "static",
        "struct",    "switch",   "typedef",    "typeof",       "union",  "unsigned", "void",
        "volatile",  "while",    "asm",        "bool",         "bits",   "true",     "false",
        "linux",     "unix",     "i386",       "noinline",     "_Bool",  "match",    "until"};
    for (size_t i = 0; i < RP_COUNT(own); i++)
        if (!strcmp(own[i], member))
            return true;
    for (size_t i = 0; i < values->count; i++)
        if (!strcmp(values->items[i].member, member))
            return true;
    return rp_macro_exists(member, strlen(member)); /* the compiler would put its body there */
}

/* `reserved`: the members that each such struct begins with. */
static void name_member(const struct rp_values *values, const char *text,
                        const char *const *reserved, char out[48]) {
    char base[40];
    name_of(text, base, sizeof(base));
    snprintf(out, 48, "%s", base);
    for (unsigned n = 2; n < 100; n++) {
        bool taken = is_taken(values, out);
        for (size_t i = 0; reserved && reserved[i]; i++)
            taken |= !strcmp(reserved[i], out);
        if (!taken)
            return;
        snprintf(out, 48, "%s_%u", base, n);
    }
}

struct rp_value *rp_value_add(struct rp_values *values, const char *text,
                              const struct rp_node *node, const char *const *reserved) {
    struct rp_value value = {.text = node && node->alias ? node->alias : text, .node = node};
    name_member(values, value.text, reserved, value.member);
    return rp_vec_push(values, value) ? &values->items[values->count - 1] : NULL;
}

/* ------------------------------------------------------------------ room for text */

static bool is_path(const struct rp_value *value) {
    const char *text = value->text, *last = text + strlen(text);
    while (last > text && (isalnum((unsigned char)last[-1]) || last[-1] == '_'))
        last--;
    return strstr(last, "path") || strstr(last, "filename") || !strcmp(last, "uptr") ||
           !strcmp(text, "name->name");
}

static unsigned bytes(const struct rp_values *values) {
    unsigned sum = 0;
    for (size_t i = 0; i < values->count; i++)
        sum += values->items[i].capacity ? values->items[i].capacity : 8;
    return sum;
}

void rp_value_set_capacity(struct rp_value *value) {
    if (!value->node->is_text)
        return;
    const struct rp_c_type *type = value->node->type;
    bool array = type->kind == RP_C_ARRAY && type->size;
    value->capacity = array && type->size <= RP_PATH_CAPACITY ? (unsigned)type->size
                      : is_path(value)                        ? RP_PATH_CAPACITY
                                                              : TEXT_CAPACITY;
}

bool rp_value_is_open(const struct rp_value *value) {
    const struct rp_node *node = value->node ? rp_node_of_moments(value->node) : NULL;
    if (!node || !value->capacity || node->kind == RP_NODE_STRING || rp_node_is_comm(node) ||
        rp_node_is_bytes(node))
        return false;
    const struct rp_c_type *type = node->type;
    return type->kind != RP_C_ARRAY || !type->elements || type->elements > value->capacity;
}

void rp_values_fit(struct rp_values *values) {
    for (unsigned most = RP_PATH_CAPACITY;
         bytes(values) > STACK_CAPACITY && most > TEXT_CAPACITY_MIN; most /= 2)
        for (size_t i = 0; i < values->count; i++)
            if (values->items[i].capacity > most / 2)
                values->items[i].capacity = most / 2;
}
