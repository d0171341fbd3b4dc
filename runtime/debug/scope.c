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

/* Where it begins in the line's file; 0: it does not begin before the line, or not there. */
static int beginning(Dwarf_Die *die, const struct rp_source_line *line) {
    const char *file = rp_dw_decl_file(die);
    int number = 0;
    if (!file || rp_dw.dwarf_decl_line(die, &number) || number < 0 ||
        (unsigned)number > line->number ||
        strcmp(rp_last_name(file), rp_last_name(line->file)) != 0)
        return 0;
    return number;
}

/* What the function, or the copy of one, is declared as; false: that is all there is. */
static bool find_origin(Dwarf_Die *function, Dwarf_Die *out) {
    return rp_dw_refers(function, DW_AT_abstract_origin, out) ||
           rp_dw_refers(function, DW_AT_specification, out);
}

/* The same of a function whose code is at the address; g++ says of a lambda only where its class
 * is. */
static int beginning_here(Dwarf_Die *function, const struct rp_source_line *line) {
    Dwarf_Die origin = *function, next, *around = NULL;
    if (rp_dw_decl_file(function))
        return beginning(function, line);
    for (unsigned i = 0; i < 4 && find_origin(&origin, &next); i++)
        origin = next;
    int count = rp_dw.dwarf_getscopes_die(&origin, &around);
    int begins = count > 1 ? beginning(&around[1], line) : 0;
    free(around);
    return begins;
}

/* The functions whose code is at an address, one in the other, and which of them has the line. */
struct owner {
    const struct rp_source_line *line;
    const struct rp_scopes *scopes;
    int begins; /* 0: none that is known */
    bool is_elsewhere;
};

/* What is written in another is behind it in the debug information, before what is next to it. */
static bool is_within(const Dwarf_Die *inner, Dwarf_Die *outer) {
    Dwarf_Die next = *outer;
    return inner->addr > outer->addr && (!rp_dw_next(&next) || inner->addr < next.addr);
}

/* Whether the function is written within one of those at the address. */
static bool is_written_here(Dwarf_Die *function, const struct rp_scopes *scopes) {
    Dwarf_Die inner = *function, next;
    for (unsigned depth = 0; depth < 4; depth++) {
        for (unsigned i = 0; i < scopes->count; i++) {
            Dwarf_Die outer = scopes->list[i];
            if (is_within(&inner, &outer) ||
                (find_origin(&outer, &next) && is_within(&inner, &next)))
                return true;
        }
        if (!find_origin(&inner, &next))
            break;
        inner = next;
    }
    return false;
}

static int look_at(Dwarf_Die *function, void *ctx) {
    struct owner *owner = ctx;
    owner->is_elsewhere = beginning(function, owner->line) > owner->begins &&
                          !is_written_here(function, owner->scopes);
    return owner->is_elsewhere ? DWARF_CB_ABORT : DWARF_CB_OK;
}

/* Of the functions at the address the last one that begins before the line, unless another one
 * begins between that and the line: whose line it is then. Where the line's file is none that
 * functions are declared in, it is of the innermost. */
static bool find_function(struct rp_scopes *scopes, const struct rp_source_line *line,
                          unsigned *out) {
    struct owner owner = {.line = line, .scopes = scopes};
    Dwarf_Die unit;
    unsigned innermost = 0;
    *out = 0;
    for (unsigned i = 0; i < scopes->count; i++) {
        if (i && !is_inlined(&scopes->list[i]))
            continue;
        int begins = beginning_here(&scopes->list[i], line);
        innermost = i;
        *out = begins >= owner.begins ? i : *out;
        owner.begins = begins > owner.begins ? begins : owner.begins;
    }
    if (rp_dw.dwarf_diecu(&scopes->list[0], &unit, NULL, NULL))
        rp_dw.dwarf_getfuncs(&unit, look_at, &owner, 0);
    if (owner.is_elsewhere)
        *out = innermost;
    return !owner.is_elsewhere;
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
    bool is_there = !line || find_function(&all, line, &from);
    for (unsigned i = from; i < all.count && (i == from || !is_inlined(&all.list[i])); i++)
        out->list[out->count++] = all.list[i];
    return is_there;
}
