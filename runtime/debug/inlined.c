/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of which there is no code but in others. */
#include <stdlib.h>
#include <string.h>

#include "debug/program.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

#define DEPTH_MAX 64

struct search {
    const char *name;
    struct rp_debug_inlined *out;
    Dwarf_Die callee; /* the function itself */
};

static bool is_called(Dwarf_Die *die, const char *name) {
    const char *own = rp_dw.dwarf_diename(die);
    return own && !strcmp(own, name);
}

static void look_in(struct search *s, Dwarf_Die *of, const char *caller, unsigned depth) {
    Dwarf_Die child;
    for (bool any = rp_dw_first(of, &child); any; any = rp_dw_next(&child)) {
        int tag = rp_dw.dwarf_tag(&child);
        const char *inner = caller;
        if (tag == DW_TAG_subprogram)
            inner = rp_dw.dwarf_diename(&child);
        if (tag == DW_TAG_inlined_subroutine && is_called(&child, s->name)) {
            s->out->count++;
            s->callee = child;
            if (!s->out->caller && caller)
                s->out->caller = strdup(caller);
        }
        if (depth < DEPTH_MAX && rp_dw.dwarf_haschildren(&child) > 0)
            look_in(s, &child, inner, depth + 1);
    }
}

static void set_place(struct search *s) {
    const char *file = rp_dw_decl_file(&s->callee);
    int line = 0;
    if (!file || rp_dw.dwarf_decl_line(&s->callee, &line))
        return;
    s->out->file = strdup(rp_last_name(file));
    s->out->line = (unsigned)line;
}

struct rp_error *rp_debug_inlined_find(const struct rp_debug *opened, const char *name,
                                       uint64_t beside, struct rp_debug_inlined *out) {
    struct rp_debug *debug = (struct rp_debug *)opened;
    struct search s = {.name = name, .out = out};
    Dwarf_Off offset = 0;
    Dwarf_Die unit;
    *out = (struct rp_debug_inlined){0};
    RP_TRY(rp_debug_program_open(debug));
    if (beside && rp_dw.dwarf_addrdie(debug->dwarf, beside + (uint64_t)debug->bias, &unit))
        look_in(&s, &unit, NULL, 0);
    while (!beside && rp_dw_next_unit(debug->dwarf, &offset, &unit))
        look_in(&s, &unit, NULL, 0);
    if (out->count)
        set_place(&s);
    return NULL;
}

void rp_debug_inlined_clear(struct rp_debug_inlined *inlined) {
    free(inlined->caller);
    free(inlined->file);
    *inlined = (struct rp_debug_inlined){0};
}

/* ------------------------------------------------------------------ functions that are defined */

static bool is_definition(Dwarf_Die *die, const char *symbol) {
    Dwarf_Attribute memory;
    if (rp_dw.dwarf_tag(die) != DW_TAG_subprogram || rp_dw_flag(die, DW_AT_declaration))
        return false;
    Dwarf_Attribute *linkage = rp_dw.dwarf_attr_integrate(die, DW_AT_linkage_name, &memory);
    const char *name = linkage ? rp_dw.dwarf_formstring(linkage) : rp_dw.dwarf_diename(die);
    return name && !strcmp(name, symbol);
}

static bool defines(Dwarf_Die *of, const char *symbol, unsigned depth) {
    Dwarf_Die child;
    for (bool any = rp_dw_first(of, &child); any; any = rp_dw_next(&child))
        if (is_definition(&child, symbol) ||
            (rp_dw.dwarf_tag(&child) == DW_TAG_namespace && depth < DEPTH_MAX &&
             defines(&child, symbol, depth + 1)))
            return true;
    return false;
}

/* The unit that has the code; where nothing lists their addresses, each is asked. */
static bool find_unit(const struct rp_debug *debug, uint64_t address, Dwarf_Die *unit) {
    Dwarf_Off offset = 0;
    if (rp_dw.dwarf_addrdie(debug->dwarf, address, unit))
        return true;
    while (rp_dw_next_unit(debug->dwarf, &offset, unit))
        if (rp_dw.dwarf_haspc(unit, address) > 0)
            return true;
    return false;
}

/* Assemblers define each name of a function. */
bool rp_debug_defines(const struct rp_debug *opened, const char *symbol, uint64_t beside) {
    struct rp_debug *debug = (struct rp_debug *)opened;
    Dwarf_Die unit;
    struct rp_error *err = rp_debug_program_open(debug);
    bool found = !err && find_unit(debug, beside + (uint64_t)debug->bias, &unit) &&
                 rp_dw.dwarf_srclang(&unit) != DW_LANG_Mips_Assembler && defines(&unit, symbol, 0);
    rp_error_free(err);
    return found;
}
