/* SPDX-License-Identifier: Apache-2.0 */
/* Types that somebody names, or that a unit only declares: another unit may say what is in them. */
#include <stdlib.h>
#include <string.h>

#include "debug/program.h"
#include "debug/types.h"
#include "util/cleanup.h"

struct search {
    const char *name;
    unsigned kind; /* BTF's */
    Dwarf_Die die;
    uint64_t size;
    bool found, differs;
};

static bool is_of_kind(unsigned tag, unsigned kind) {
    switch (kind) {
    case BTF_KIND_STRUCT:
        return tag == DW_TAG_structure_type || tag == DW_TAG_class_type;
    case BTF_KIND_UNION:
        return tag == DW_TAG_union_type;
    case BTF_KIND_ENUM:
        return tag == DW_TAG_enumeration_type;
    case BTF_KIND_TYPEDEF:
        return tag == DW_TAG_typedef || tag == DW_TAG_base_type;
    default:
        return false;
    }
}

/* Two of the same name and size are the same type, as every file that includes its header has it.
 */
static void look_at(struct search *s, Dwarf_Die *die) {
    const char *name = rp_dw.dwarf_diename(die);
    if (!name || strcmp(name, s->name) != 0 || rp_dw_flag(die, DW_AT_declaration))
        return;
    uint64_t size = rp_dw_number(die, DW_AT_byte_size, 0);
    s->differs |= s->found && size != s->size;
    if (s->found)
        return;
    s->found = true;
    s->die = *die;
    s->size = size;
}

#define DEPTH_MAX 8

static void search_in(struct search *s, Dwarf_Die *of, unsigned depth) {
    Dwarf_Die child;
    for (bool any = rp_dw_first(of, &child); any; any = rp_dw_next(&child)) {
        unsigned tag = (unsigned)rp_dw.dwarf_tag(&child);
        if (is_of_kind(tag, s->kind))
            look_at(s, &child);
        if (tag == DW_TAG_namespace && depth < DEPTH_MAX)
            search_in(s, &child, depth + 1);
    }
}

static struct rp_btf *read_type(struct search *s) {
    RP_AUTO(rp_debug_types_clear) struct rp_debug_types types = {0};
    return rp_debug_type(&types, &s->die) ? rp_debug_types_end(&types) : NULL;
}

static struct rp_btf *find_type(const struct rp_debug *debug, const char *name, unsigned kind) {
    struct search s = {.name = name, .kind = kind};
    Dwarf_Off offset = 0;
    Dwarf_Die unit;
    while (rp_dw_next_unit(debug->dwarf, &offset, &unit))
        search_in(&s, &unit, 0);
    return s.found && !s.differs ? read_type(&s) : NULL;
}

const struct rp_btf *rp_debug_type_named(const struct rp_debug *opened, const char *name,
                                         unsigned kind) {
    struct rp_debug *debug = (struct rp_debug *)opened;
    for (size_t i = 0; i < debug->types.count; i++)
        if (debug->types.items[i].kind == kind && !strcmp(debug->types.items[i].name, name))
            return debug->types.items[i].btf;
    struct rp_error *err = rp_debug_program_open(debug);
    struct rp_debug_named named = {strdup(name), kind, err ? NULL : find_type(debug, name, kind)};
    rp_error_free(err);
    if (named.name && rp_vec_push(&debug->types, named))
        return named.btf;
    free(named.name);
    rp_btf_free(named.btf);
    return NULL;
}
