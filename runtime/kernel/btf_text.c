/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/btf_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"
#include "util/text.h"

const char *rp_btf_tag_word(const struct btf_type *t) {
    switch (btf_kind(t)) {
    case BTF_KIND_UNION:
        return "union";
    case BTF_KIND_FWD:
        return btf_kflag(t) ? "union" : "struct";
    case BTF_KIND_ENUM:
    case BTF_KIND_ENUM64:
        return "enum";
    default:
        return "struct";
    }
}

uint32_t rp_btf_skip_modifiers(const struct rp_btf *btf, uint32_t id) {
    const struct btf_type *t = rp_btf_type(btf, id);
    while (id && btf_is_mod(t)) {
        id = t->type;
        t = rp_btf_type(btf, id);
    }
    return id;
}

uint32_t rp_btf_skip_to_base(const struct rp_btf *btf, uint32_t id) {
    id = rp_btf_skip_modifiers(btf, id);
    const struct btf_type *t = rp_btf_type(btf, id);
    while (id && btf_kind(t) == BTF_KIND_TYPEDEF) {
        id = rp_btf_skip_modifiers(btf, t->type);
        t = rp_btf_type(btf, id);
    }
    return id;
}

static bool is_const(const struct rp_btf *btf, uint32_t id) {
    const struct btf_type *t = rp_btf_type(btf, id);
    for (; id && btf_is_mod(t); id = t->type, t = rp_btf_type(btf, id))
        if (btf_kind(t) == BTF_KIND_CONST)
            return true;
    return false;
}

static const char *uint_of_size(unsigned size) {
    switch (size) {
    case 1:
        return "unsigned char";
    case 2:
        return "unsigned short";
    case 8:
        return "unsigned long long";
    default:
        return "unsigned int";
    }
}

static char *parameters(const struct rp_btf *btf, const struct btf_type *proto,
                        const struct rp_btf_declaration *spelling) {
    struct rp_btf_declaration full = *spelling;
    full.plain = false;
    const struct btf_param *p = btf_params(proto);
    unsigned count = btf_vlen(proto);
    char *list = strdup(count ? "" : "void");
    for (unsigned i = 0; i < count; i++) {
        RP_AUTO_FREE char *one =
            p[i].type ? rp_btf_declaration(btf, p[i].type, "", &full) : strdup("...");
        char *longer = rp_text("%s%s%s", list, i ? ", " : "", one);
        free(list);
        list = longer;
    }
    return list;
}

/* BTF uses the compiler's names for integers. */
static const char *familiar_name(const char *name) {
    static const char *const names[][2] = {
        {"long int", "long"},
        {"long unsigned int", "unsigned long"},
        {"long long int", "long long"},
        {"long long unsigned int", "unsigned long long"},
        {"short int", "short"},
        {"short unsigned int", "unsigned short"},
        {"_Bool", "bool"},
    };
    for (size_t i = 0; i < RP_COUNT(names); i++)
        if (!strcmp(name, names[i][0]))
            return names[i][1];
    return name;
}

/* The type's own name, with which a declaration begins. */
static char *base_word(const struct rp_btf *btf, uint32_t id,
                       const struct rp_btf_declaration *spelling) {
    const struct btf_type *t = rp_btf_type(btf, id);
    const char *name = rp_btf_name(btf, t);
    unsigned kind = btf_kind(t);
    if (!id)
        return strdup("void");
    if (kind == BTF_KIND_INT && spelling->familiar)
        return strdup(familiar_name(name));
    if (kind == BTF_KIND_INT || kind == BTF_KIND_FLOAT || kind == BTF_KIND_TYPEDEF)
        return strdup(name);
    if ((kind == BTF_KIND_ENUM || kind == BTF_KIND_ENUM64) && (spelling->plain || !*name))
        return strdup(uint_of_size(t->size));
    if (*name)
        return rp_text("%s %s", rp_btf_tag_word(t), name);
    return spelling->anonymous ? spelling->anonymous(spelling->ctx, id)
                               : rp_text("%s {…}", rp_btf_tag_word(t));
}

char *rp_btf_declaration(const struct rp_btf *btf, uint32_t id, const char *name,
                         const struct rp_btf_declaration *spelling) {
    static const struct rp_btf_declaration usual = {0};
    if (!spelling)
        spelling = &usual;
    RP_AUTO_FREE char *inner = strdup(name);
    for (bool outermost = true; inner; outermost = false) {
        const char *before = spelling->familiar && !outermost && is_const(btf, id) ? "const " : "";
        id = spelling->plain ? rp_btf_skip_to_base(btf, id) : rp_btf_skip_modifiers(btf, id);
        const struct btf_type *t = rp_btf_type(btf, id);
        unsigned kind = btf_kind(t);
        char *outer;
        if (id && kind == BTF_KIND_PTR) {
            outer = rp_text("*%s%s", before, inner);
            id = spelling->plain ? 0 : t->type;
        } else if (id && kind == BTF_KIND_ARRAY) {
            outer = rp_text(*inner == '*' ? "(%s)[%u]" : "%s[%u]", inner, btf_array(t)->nelems);
            id = btf_array(t)->type;
        } else if (id && kind == BTF_KIND_FUNC_PROTO) {
            RP_AUTO_FREE char *params = parameters(btf, t, spelling);
            outer = rp_text("(%s)(%s)", inner, params);
            id = t->type;
        } else {
            RP_AUTO_FREE char *word = base_word(btf, id, spelling);
            return rp_text("%s%s%s%s", before, word, *inner ? " " : "", inner);
        }
        free(inner);
        inner = outer;
    }
    return NULL;
}

/* A type without a name cannot be declared by name: a pointer to it is just a pointer. */
static char *spell_anonymous(void *ctx, uint32_t id) {
    (void)ctx;
    (void)id;
    return strdup("void");
}

char *rp_type_declaration(const struct rp_btf *btf, uint32_t id) {
    static const struct rp_btf_declaration familiar = {.familiar = true,
                                                       .anonymous = spell_anonymous};
    return rp_btf_declaration(btf, id, "", &familiar);
}

char *rp_type_declare(const char *type, const char *name) {
    const char *within = strstr(type, "(*");
    if (within) {
        within += 2;
        return rp_text("%.*s%s%s", (int)(within - type), type, name, within);
    }
    const char *array = strchr(type, '[');
    int length = (int)(array ? array - type : (ptrdiff_t)strlen(type));
    while (length && type[length - 1] == ' ')
        length--;
    return rp_text("%.*s%s%s%s", length, type, length && type[length - 1] == '*' ? "" : " ", name,
                   array ? array : "");
}
