/* SPDX-License-Identifier: Apache-2.0 */
#include "debug/scope.h"

#include <stdlib.h>
#include <string.h>

#include "util/text.h"

static bool is_inlined(Dwarf_Die *die) {
    return rp_dw.dwarf_tag(die) == DW_TAG_inlined_subroutine;
}

static bool is_block(Dwarf_Die *die, bool inlined) {
    switch (rp_dw.dwarf_tag(die)) {
    case DW_TAG_lexical_block:
    case DW_TAG_try_block:
    case DW_TAG_catch_block:
        return true;
    default:
        return inlined && is_inlined(die);
    }
}

static bool find_inner(Dwarf_Die *die, Dwarf_Addr address, bool inlined, Dwarf_Die *out) {
    for (bool any = rp_dw_first(die, out); any; any = rp_dw_next(out))
        if (is_block(out, inlined) && rp_dw.dwarf_haspc(out, address) > 0)
            return true;
    return false;
}

/* Where the function begins in the line's file; 0: it does not begin before the line, or not there.
 */
static int beginning(Dwarf_Die *function, const struct rp_source_line *line) {
    const char *file = rp_dw_decl_file(function);
    int number = 0;
    if (!file || rp_dw.dwarf_decl_line(function, &number) || number < 0 ||
        (unsigned)number > line->number ||
        strcmp(rp_last_name(file), rp_last_name(line->file)) != 0)
        return 0;
    return number;
}

struct owner {
    const struct rp_source_line *line;
    int begins; /* 0: none that is known */
};

static int look_at(Dwarf_Die *function, void *ctx) {
    struct owner *owner = ctx;
    int begins = beginning(function, owner->line);
    owner->begins = begins > owner->begins ? begins : owner->begins;
    return DWARF_CB_OK;
}

/* Functions are not in each other, as a rule: the last one that begins before the line has it. */
static bool find_function(struct rp_scopes *scopes, const struct rp_source_line *line,
                          unsigned *out) {
    struct owner owner = {.line = line};
    Dwarf_Die unit;
    if (rp_dw.dwarf_diecu(&scopes->list[0], &unit, NULL, NULL))
        rp_dw.dwarf_getfuncs(&unit, look_at, &owner, 0);
    bool found = false;
    for (unsigned i = 0; owner.begins && i < scopes->count; i++)
        if ((!i || is_inlined(&scopes->list[i])) &&
            beginning(&scopes->list[i], line) == owner.begins) {
            *out = i;
            found = true;
        }
    return found;
}

static void collect(Dwarf_Die *function, Dwarf_Addr address, bool inlined, struct rp_scopes *out) {
    out->list[0] = *function;
    out->count = 1;
    while (out->count < RP_SCOPES_MAX &&
           find_inner(&out->list[out->count - 1], address, inlined, &out->list[out->count]))
        out->count++;
}

void rp_debug_inlined_scopes(Dwarf_Die *function, Dwarf_Addr address, struct rp_scopes *out) {
    collect(function, address, true, out);
}

bool rp_debug_scopes(Dwarf_Die *function, Dwarf_Addr address, const struct rp_source_line *line,
                     struct rp_scopes *out) {
    struct rp_scopes all;
    collect(function, address, line != NULL, &all);
    unsigned from = 0;
    out->count = 0;
    if (line && !find_function(&all, line, &from))
        return false;
    for (unsigned i = from; i < all.count && (i == from || !is_inlined(&all.list[i])); i++)
        out->list[out->count++] = all.list[i];
    return true;
}
