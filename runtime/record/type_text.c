/* SPDX-License-Identifier: Apache-2.0 */
/* Types as text. */
#include <stdlib.h>

#include "record/layout.h"

/* Of structs inside structs inside structs only the beginning is shown. */
#define DEPTH_MAX 3

static void write_type(const struct rp_type *type, unsigned depth, const char *name, FILE *out);

static void write_members(const struct rp_type *type, unsigned depth, FILE *out) {
    fputs("struct {", out);
    for (size_t i = 0; depth < DEPTH_MAX && i < type->members.count; i++) {
        const struct rp_member *member = &type->members.items[i];
        fputs(i ? "; " : "", out);
        write_type(member->type, depth + 1, member->name, out);
        if (member->bit_size)
            fprintf(out, ":%u", member->bit_size);
    }
    fputs(depth < DEPTH_MAX ? "}" : "…}", out);
}

/* The part before the name. */
static void write_base(const struct rp_type *type, unsigned depth, FILE *out) {
    switch (type->kind) {
    case RP_UINT:
        fprintf(out, "u%u", (unsigned)type->size * 8);
        break;
    case RP_INT:
        fprintf(out, type->size == 4 ? "int" : "s%u", (unsigned)type->size * 8);
        break;
    case RP_BOOL:
        fputs("bool", out);
        break;
    case RP_FLOAT:
        fputs(type->size == sizeof(float) ? "float" : "double", out);
        break;
    case RP_WIDE:
        fputs("s128", out);
        break;
    case RP_POINTER:
        fputs("void *", out);
        break;
    case RP_ENUM:
        fputs("enum", out);
        break;
    case RP_TEXT:
        fputs("char", out);
        break;
    case RP_BYTES:
        fprintf(out, "%llu bytes", (unsigned long long)type->size);
        break;
    case RP_ARRAY:
        write_base(type->element, depth, out);
        break;
    case RP_STRUCT:
        write_members(type, depth, out);
        break;
    }
}

static void write_type(const struct rp_type *type, unsigned depth, const char *name, FILE *out) {
    write_base(type, depth, out);
    bool array = type->kind == RP_ARRAY || type->kind == RP_TEXT;
    if (type->kind != RP_POINTER && (*name || array))
        fputc(' ', out);
    fputs(name, out);
    for (; type && (type->kind == RP_ARRAY || type->kind == RP_TEXT); type = type->element)
        fprintf(out, "[%u]", type->count);
}

char *rp_type_text(const struct rp_type *type) {
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return NULL;
    write_type(type, 0, "", out);
    fclose(out);
    return text;
}
