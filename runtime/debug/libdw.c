/* SPDX-License-Identifier: Apache-2.0 */
#include "debug/libdw.h"

#include <dlfcn.h>
#include <stdint.h>

struct rp_libdw rp_dw;

const char *rp_libdw_open(void) {
    RP_LIBRARY_OF_FILE(library, "libdw.so.1", RTLD_NOW | RTLD_LOCAL, RP_LIBDW_FUNCTIONS);
    static char text[128];
    return rp_library_open(&library, &rp_dw, text);
}

uint64_t rp_dw_number(Dwarf_Die *die, unsigned attr, uint64_t absent) {
    Dwarf_Attribute memory;
    Dwarf_Word value;
    Dwarf_Attribute *at = rp_dw.dwarf_attr(die, attr, &memory);
    return at && !rp_dw.dwarf_formudata(at, &value) ? value : absent;
}

bool rp_dw_flag(Dwarf_Die *die, unsigned attr) {
    Dwarf_Attribute memory;
    bool value = false;
    Dwarf_Attribute *at = rp_dw.dwarf_attr(die, attr, &memory);
    return at && !rp_dw.dwarf_formflag(at, &value) && value;
}

/* The file 0 is none up to DWARF 4, and for elfutils 0.188 in DWARF 5, too. In DWARF 5 it is the
 * unit's own, and clang says so where it was called with a relative path. */
const char *rp_dw_decl_file(Dwarf_Die *die) {
    const char *file = rp_dw.dwarf_decl_file(die);
    Dwarf_Attribute memory;
    Dwarf_Word index;
    Dwarf_Die unit;
    Dwarf_Attribute *at = file ? NULL : rp_dw.dwarf_attr_integrate(die, DW_AT_decl_file, &memory);
    if (!at || rp_dw.dwarf_formudata(at, &index) || index ||
        !rp_dw.dwarf_diecu(die, &unit, NULL, NULL))
        return file;
    return rp_dw.dwarf_diename(&unit);
}

const char *rp_dw_producer(Dwarf_Die *die) {
    Dwarf_Attribute memory;
    Dwarf_Die unit;
    Dwarf_Attribute *at = rp_dw.dwarf_diecu(die, &unit, NULL, NULL)
                              ? rp_dw.dwarf_attr(&unit, DW_AT_producer, &memory)
                              : NULL;
    return at ? rp_dw.dwarf_formstring(at) : NULL;
}

bool rp_dw_refers(Dwarf_Die *die, unsigned attr, Dwarf_Die *out) {
    Dwarf_Attribute memory;
    Dwarf_Attribute *at = rp_dw.dwarf_attr(die, attr, &memory);
    return at && rp_dw.dwarf_formref_die(at, out);
}

bool rp_dw_refers_from(Dwarf_Die *die, unsigned attr, Dwarf_Die *out) {
    Dwarf_Attribute memory;
    Dwarf_Attribute *at = rp_dw.dwarf_attr_integrate(die, attr, &memory);
    return at && rp_dw.dwarf_formref_die(at, out);
}

bool rp_dw_entry(Dwarf_Die *die, Dwarf_Addr *out) {
    Dwarf_Addr base, end;
    return !rp_dw.dwarf_entrypc(die, out) || rp_dw.dwarf_ranges(die, 0, &base, out, &end) > 0;
}

bool rp_dw_first(Dwarf_Die *die, Dwarf_Die *out) {
    return rp_dw.dwarf_child(die, out) == 0;
}

bool rp_dw_next(Dwarf_Die *die) {
    Dwarf_Die next;
    if (rp_dw.dwarf_siblingof(die, &next) != 0)
        return false;
    *die = next;
    return true;
}

bool rp_dw_next_unit(Dwarf *dwarf, Dwarf_Off *offset, Dwarf_Die *unit) {
    Dwarf_Off at = *offset;
    size_t header;
    while (!rp_dw.dwarf_next_unit(dwarf, at, offset, &header, NULL, NULL, NULL, NULL, NULL, NULL)) {
        if (rp_dw.dwarf_offdie(dwarf, at + header, unit))
            return true;
        at = *offset;
    }
    return false;
}
