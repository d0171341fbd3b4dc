/* SPDX-License-Identifier: Apache-2.0 */
#include "query/complete/candidates.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/btf.h"
#include "util/cleanup.h"

/* ------------------------------------------------------------- the list */

static bool is_wanted(const struct rp_candidates *candidates, const char *text) {
    return *text && strncmp(text, candidates->prefix, strlen(candidates->prefix)) == 0;
}

void rp_candidates_add(struct rp_candidates *candidates, const char *text, const char *what) {
    if (!is_wanted(candidates, text) || !rp_names_add(&candidates->seen, text, strlen(text)))
        return;
    struct rp_candidate one = {.text = strdup(text), .what = strdup(what)};
    if (!one.text || !one.what || !rp_vec_push(candidates, one)) {
        free(one.text);
        free(one.what);
    }
}

static int compare(const void *a, const void *b) {
    return strcmp(((const struct rp_candidate *)a)->text, ((const struct rp_candidate *)b)->text);
}

void rp_candidates_end(struct rp_candidates *candidates, rp_completion_fn each, void *ctx) {
    if (candidates->count)
        qsort(candidates->items, candidates->count, sizeof(*candidates->items), compare);
    for (size_t i = 0; i < candidates->count; i++) {
        struct rp_candidate *one = &candidates->items[i];
        each(ctx, one->text, one->what);
        free(one->text);
        free(one->what);
    }
    rp_vec_clear(candidates);
    rp_names_clear(&candidates->seen);
}

/* ------------------------------------------------------------- the kernel's names */

static void add_enumerators(struct rp_candidates *candidates, const struct rp_btf *btf,
                            const struct btf_type *type) {
    const char *name = rp_btf_name(btf, type);
    char what[128];
    snprintf(what, sizeof(what), "enum%s%s", *name ? " " : "", name);
    for (unsigned i = 0; i < btf_vlen(type); i++)
        rp_candidates_add(candidates, rp_btf_enumerator(btf, type, i).name, what);
}

void rp_candidates_of_kernel(struct rp_candidates *candidates, bool types) {
    const struct rp_btf *btf = *candidates->prefix ? rp_kernel_types_or_null() : NULL;
    for (size_t i = 0; btf && i < btf->nameable.count; i++) {
        const struct btf_type *type = rp_btf_entry_type(btf, &btf->nameable.items[i]);
        if (btf_is_any_enum(type))
            add_enumerators(candidates, btf, type);
        else if (types && btf_is_typedef(type))
            rp_candidates_add(candidates, rp_btf_name(btf, type), "type");
    }
}

void rp_candidates_of_types(struct rp_candidates *candidates, const char *word) {
    const struct rp_btf *btf = rp_kernel_types_or_null();
    for (size_t i = 0; btf && i < btf->nameable.count; i++) {
        const struct btf_type *type = rp_btf_entry_type(btf, &btf->nameable.items[i]);
        bool tagged = btf_is_composite(type) || btf_is_any_enum(type);
        const char *what = tagged ? rp_btf_tag_word(type) : "typedef";
        if (!word || strcmp(what, word) == 0)
            rp_candidates_add(candidates, rp_btf_name(btf, type), what);
    }
}

/* ------------------------------------------------------------- members */

static void add_members(struct rp_candidates *candidates, const struct rp_btf *btf,
                        const struct btf_type *type) {
    static const struct rp_btf_declaration familiar = {.familiar = true};
    const struct btf_member *m = btf_members(type);
    for (unsigned i = 0; i < btf_vlen(type); i++) {
        const char *name = rp_btf_string(btf, m[i].name_off);
        const struct btf_type *its_type = rp_btf_type(btf, rp_btf_skip_modifiers(btf, m[i].type));
        if (!*name && btf_is_composite(its_type))
            add_members(candidates, btf, its_type);
        if (!is_wanted(candidates, name))
            continue;
        RP_AUTO_FREE char *what = rp_btf_declaration(btf, m[i].type, "", &familiar);
        if (what)
            rp_candidates_add(candidates, name, what);
    }
}

bool rp_candidates_of_struct(struct rp_candidates *candidates, const char *name) {
    const struct rp_btf *btf = rp_kernel_types_or_null();
    const struct btf_type *type = btf ? rp_btf_find_composite(btf, name) : NULL;
    if (type)
        add_members(candidates, btf, type);
    return type;
}

void rp_candidates_of_members(struct rp_candidates *candidates, const struct rp_btf *btf,
                              uint32_t id) {
    add_members(candidates, btf, rp_btf_type(btf, id));
}
