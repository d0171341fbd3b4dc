/* SPDX-License-Identifier: Apache-2.0 */
/* elfutils' libdw, which reads DWARF: opened when first needed, since it costs every start 3 ms. */
#ifndef RP_DEBUG_LIBDW_H
#define RP_DEBUG_LIBDW_H

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include "util/library.h"

#define RP_LIBDW_FUNCTIONS(F)                                                                      \
    F(dwarf_addrdie)                                                                               \
    F(dwarf_attr)                                                                                  \
    F(dwarf_attr_integrate)                                                                        \
    F(dwarf_child)                                                                                 \
    F(dwarf_decl_file)                                                                             \
    F(dwarf_decl_line)                                                                             \
    F(dwarf_diecu)                                                                                 \
    F(dwarf_diename)                                                                               \
    F(dwarf_entry_breakpoints)                                                                     \
    F(dwarf_entrypc)                                                                               \
    F(dwarf_ranges)                                                                                \
    F(dwarf_filesrc)                                                                               \
    F(dwarf_formaddr)                                                                              \
    F(dwarf_formflag)                                                                              \
    F(dwarf_formref_die)                                                                           \
    F(dwarf_formsdata)                                                                             \
    F(dwarf_formstring)                                                                            \
    F(dwarf_formudata)                                                                             \
    F(dwarf_getelf)                                                                                \
    F(dwarf_getfuncs)                                                                              \
    F(dwarf_getlocation)                                                                           \
    F(dwarf_getlocation_attr)                                                                      \
    F(dwarf_getlocation_addr)                                                                      \
    F(dwarf_hasattr)                                                                               \
    F(dwarf_getscopes_die)                                                                         \
    F(dwarf_getsrc_die)                                                                            \
    F(dwarf_getsrcfiles)                                                                           \
    F(dwarf_getsrclines)                                                                           \
    F(dwarf_haschildren)                                                                           \
    F(dwarf_haspc)                                                                                 \
    F(dwarf_lineaddr)                                                                              \
    F(dwarf_linebeginstatement)                                                                    \
    F(dwarf_lineendsequence)                                                                       \
    F(dwarf_lineno)                                                                                \
    F(dwarf_linediscriminator)                                                                     \
    F(dwarf_linesrc)                                                                               \
    F(dwarf_next_unit)                                                                             \
    F(dwarf_offdie)                                                                                \
    F(dwarf_onesrcline)                                                                            \
    F(dwarf_siblingof)                                                                             \
    F(dwarf_srclang)                                                                               \
    F(dwarf_tag)                                                                                   \
    F(dwarf_whatform)                                                                              \
    F(dwfl_begin)                                                                                  \
    F(dwfl_end)                                                                                    \
    F(dwfl_module_addrname)                                                                        \
    F(dwfl_module_getdwarf)                                                                        \
    F(dwfl_module_getelf)                                                                          \
    F(dwfl_offline_section_address)                                                                \
    F(dwfl_report_begin)                                                                           \
    F(dwfl_report_end)                                                                             \
    F(dwfl_report_offline)

struct rp_libdw {
    RP_LIBDW_FUNCTIONS(RP_LIBRARY_MEMBER)
};

/* NULL: it is open. Else why it is not, valid until the next call. */
const char *rp_libdw_open(void);
/* Once it is open. */
extern struct rp_libdw rp_dw;

/* ------------------------------------------------------------------ attributes of a DIE */

/* Its value, or `absent`; `attr` is one that is a number. Numbers of one to eight bytes have no
 * sign, as compilers mean them. */
uint64_t rp_dw_number(Dwarf_Die *die, unsigned attr, uint64_t absent);
bool rp_dw_flag(Dwarf_Die *die, unsigned attr);
/* The file where it is declared, or its origin; NULL: it is not told. */
const char *rp_dw_decl_file(Dwarf_Die *die);
/* The compiler that its unit names, with what it was told; NULL: none. */
const char *rp_dw_producer(Dwarf_Die *die);
/* The type of a DIE, or what else the attribute refers to; false: none. */
bool rp_dw_refers(Dwarf_Die *die, unsigned attr, Dwarf_Die *out);
/* The same, also where the attribute is its declaration's, or that of the function that it is a
 * copy of. */
bool rp_dw_refers_from(Dwarf_Die *die, unsigned attr, Dwarf_Die *out);
/* The address of its first instruction. One whose code is in several parts, as where what is seldom
 * run is apart, begins with the first of them (DWARF 5, 2.18), which libdw does not say. */
bool rp_dw_entry(Dwarf_Die *die, Dwarf_Addr *out);
/* Its first child, and the next after it; false: there is none, or it cannot be read. */
bool rp_dw_first(Dwarf_Die *die, Dwarf_Die *out);
bool rp_dw_next(Dwarf_Die *die);
/* The next unit that can be read, from *offset on, which becomes that of the one behind it; 0 is
 * the first. false: there is none. */
bool rp_dw_next_unit(Dwarf *dwarf, Dwarf_Off *offset, Dwarf_Die *unit);

#endif
