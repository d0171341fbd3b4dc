/* SPDX-License-Identifier: Apache-2.0 */
/* Enums that programs do not know, as C: so rows and keys have the names of their values. Those
 * were declared at the prompt, or have no name themselves: "typedef enum {…} socket_state". */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "query/plan.h"
#include "util/cleanup.h"
#include "util/text.h"

struct own_enum {
    const struct rp_btf *btf;
    uint32_t id;
    const char *name; /* its own, or "" */
    const char *typedef_name;
    char *elements; /* "[2][3]", of an array */
};

static void clear_own_enum(struct own_enum *own) {
    free(own->elements);
}

static void set_type(struct own_enum *own, uint32_t id) {
    own->id = rp_btf_skip_to_base(own->btf, id);
    const struct btf_type *base = rp_btf_type(own->btf, own->id);
    own->name = rp_btf_name(own->btf, base);
    own->typedef_name =
        rp_btf_name(own->btf, rp_btf_type(own->btf, rp_btf_skip_modifiers(own->btf, id)));
}

/* What a value or its elements are, if that is an enum that programs do not know. */
static bool find_own_enum(const struct rp_value *value, struct own_enum *out) {
    if (!value->node || value->node->is_text)
        return false;
    const struct rp_c_type *type = value->node->type;
    if (!type->btf || type->btf->of_program || /* they are a look: query/look.c */
        (type->kind != RP_C_ENUM && type->kind != RP_C_ARRAY))
        return false;
    *out = (struct own_enum){.btf = type->btf, .elements = strdup("")};
    set_type(out, type->id);
    const struct btf_type *t = rp_btf_type(out->btf, out->id);
    for (; out->elements && btf_is_array(t); t = rp_btf_type(out->btf, out->id)) {
        char *more = rp_text("%s[%u]", out->elements, btf_array(t)->nelems);
        free(out->elements);
        out->elements = more;
        set_type(out, btf_array(t)->type);
    }
    return out->elements && btf_is_any_enum(t) && (type->is_own || !*rp_btf_name(out->btf, t));
}

static char *tag_of(const struct own_enum *own) {
    return *own->name           ? strdup(own->name)
           : *own->typedef_name ? rp_text("%s_value", own->typedef_name)
                                : rp_text("unnamed_%" PRIu32, own->id);
}

char *rp_declare_enum_member(const struct rp_value *value) {
    RP_AUTO(clear_own_enum) struct own_enum own = {0};
    if (!find_own_enum(value, &own))
        return NULL;
    RP_AUTO_FREE char *tag = tag_of(&own);
    return rp_text("enum %s %s%s", tag ? tag : "", value->member, own.elements);
}

static void write_enum(FILE *out, const struct own_enum *own) {
    const struct btf_type *t = rp_btf_type(own->btf, own->id);
    RP_AUTO_FREE char *tag = tag_of(own);
    fprintf(out, "enum %s%s {\n", t->size < 4 ? "__attribute__((packed)) " : "", tag ? tag : "");
    for (unsigned i = 0; i < btf_vlen(t); i++) {
        const struct rp_btf_enumerator e = rp_btf_enumerator(own->btf, t, i);
        fprintf(out, "    %s = %" PRId64 ",\n", e.name, e.value);
    }
    fputs("};\n", out);
}

struct written {
    RP_VEC(struct own_enum) all; /* without `elements` */
};

static void clear_written(struct written *written) {
    rp_vec_clear(&written->all);
}

static bool is_written(const struct written *written, const struct own_enum *own) {
    for (size_t i = 0; i < written->all.count; i++)
        if (written->all.items[i].btf == own->btf && written->all.items[i].id == own->id)
            return true;
    return false;
}

static void write_enums(const struct rp_query_plan *p, const struct rp_values *values,
                        struct written *written) {
    for (size_t i = 0; i < values->count; i++) {
        RP_AUTO(clear_own_enum) struct own_enum own = {0};
        if (!find_own_enum(&values->items[i], &own) || is_written(written, &own))
            continue;
        struct own_enum one = {.btf = own.btf, .id = own.id};
        p->writing->nomem |= !rp_vec_push(&written->all, one);
        write_enum(p->out, &own);
    }
}

void rp_write_enums(const struct rp_query_plan *p) {
    RP_AUTO(clear_written) struct written written = {0};
    write_enums(p, &p->columns, &written);
    write_enums(p, &p->keys, &written);
    write_enums(p, &p->saved, &written);
    for (size_t i = 0; i < p->part_count; i++) {
        write_enums(p, &p->parts[i].columns, &written);
        write_enums(p, &p->parts[i].saved, &written);
    }
}
