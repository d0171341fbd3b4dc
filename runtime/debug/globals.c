/* SPDX-License-Identifier: Apache-2.0 */
/* Variables of a program that are at a fixed address of it. */
#include <stdlib.h>
#include <string.h>

#include "debug/function.h"
#include "debug/location.h"
#include "debug/program.h"
#include "debug/types.h"
#include "util/cleanup.h"

struct search {
    const char *name;
    Dwarf_Die die;
    Dwarf_Addr address;
    bool found, several;
};

#define DEPTH_MAX 8

/* False: it is not at a fixed address, as those of threads are not. */
static bool address_of(Dwarf_Die *variable, Dwarf_Addr *out) {
    Dwarf_Attribute memory;
    Dwarf_Op *ops;
    size_t count;
    Dwarf_Attribute *attr = rp_dw.dwarf_attr(variable, DW_AT_location, &memory);
    return attr && rp_dw.dwarf_getlocation_addr(attr, 0, &ops, &count, 1) == 1 && count == 1 &&
           rp_debug_fixed_address(attr, &ops[0], out);
}

/* What is in a namespace or class is declared there and may be defined outside of it. */
static void look_at(struct search *s, Dwarf_Die *die) {
    Dwarf_Addr address;
    const char *name = rp_dw.dwarf_diename(die);
    if (!name || strcmp(name, s->name) != 0 || !address_of(die, &address) ||
        (s->found && s->address == address))
        return;
    s->several |= s->found;
    s->found = true;
    s->die = *die;
    s->address = address;
}

static void search_in(struct search *s, Dwarf_Die *of, unsigned depth) {
    Dwarf_Die child;
    for (bool any = rp_dw_first(of, &child); any; any = rp_dw_next(&child)) {
        int tag = rp_dw.dwarf_tag(&child);
        if (tag == DW_TAG_variable)
            look_at(s, &child);
        else if (tag == DW_TAG_namespace && depth < DEPTH_MAX)
            search_in(s, &child, depth + 1);
    }
}

/* In C a name is that of the function's own file before it is another's. */
static void search(const struct rp_debug *debug, uint64_t near, struct search *s) {
    Dwarf_Die function, unit;
    Dwarf_Off offset = 0;
    if (rp_debug_find_function(debug->dwarf, near + (uint64_t)debug->bias, &function) &&
        rp_dw.dwarf_diecu(&function, &unit, NULL, NULL))
        search_in(s, &unit, 0);
    bool is_own = s->found;
    while (!is_own && !s->several && rp_dw_next_unit(debug->dwarf, &offset, &unit))
        search_in(s, &unit, 0);
}

/* Of several in other files nobody knows which is meant. */
static struct rp_error *read_global(const struct rp_debug *debug, struct rp_debug_global *global) {
    struct search s = {.name = global->name};
    RP_AUTO(rp_debug_types_clear) struct rp_debug_types types = {0};
    search(debug, global->near, &s);
    if (!s.found || s.several)
        return NULL;
    Dwarf_Die type;
    if (!rp_dw_refers_from(&s.die, DW_AT_type, &type))
        return NULL;
    global->address = s.address - (uint64_t)debug->bias;
    global->type = rp_debug_type(&types, &type);
    global->btf = rp_debug_types_end(&types);
    return global->btf ? NULL : rp_error_nomem();
}

struct rp_error *rp_debug_global_find(const struct rp_debug *opened, const char *name,
                                      uint64_t near, const struct rp_debug_global **out) {
    struct rp_debug *debug = (struct rp_debug *)opened;
    *out = NULL;
    for (size_t i = 0; i < debug->globals.count; i++) {
        struct rp_debug_global *known = debug->globals.items[i];
        if (known->near == near && !strcmp(known->name, name)) {
            *out = known->type ? known : NULL;
            return NULL;
        }
    }
    RP_TRY(rp_debug_program_open(debug));
    struct rp_debug_global *global = calloc(1, sizeof(*global));
    if (!global || !rp_vec_push(&debug->globals, global)) {
        free(global);
        return rp_error_nomem();
    }
    global->near = near;
    global->name = strdup(name);
    if (!global->name)
        return rp_error_nomem();
    RP_TRY(read_global(debug, global));
    *out = global->type ? global : NULL;
    return NULL;
}

void rp_debug_globals_clear(struct rp_debug *debug) {
    for (size_t i = 0; i < debug->globals.count; i++) {
        struct rp_debug_global *global = debug->globals.items[i];
        rp_btf_free((struct rp_btf *)global->btf);
        free((char *)global->name);
        free(global);
    }
    rp_vec_clear(&debug->globals);
}
