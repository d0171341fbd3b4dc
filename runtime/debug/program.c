/* SPDX-License-Identifier: Apache-2.0 */
/* Opens what has a program's debug information, which may be a file of its own (files.c). */
#include "debug/program.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <unistd.h>

#include "debug/debuginfod.h"
#include "debug/files.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* Bytes of a section once it is decompressed. */
#define SECTION_MAX (UINT64_C(2) << 30)

/* libdw's callback has no context of ours. */
static const struct rp_debug *opening;

static int find_debuginfo(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base,
                          const char *path, const char *link, GElf_Word crc, char **found) {
    (void)module;
    (void)userdata;
    (void)name;
    (void)base;
    (void)link;
    (void)crc;
    return path ? rp_debug_file_open(path, !opening->is_local, found) : -1;
}

/* ------------------------------------------------------------------ opening it */

#define HOW_TO_GET_IT                                                                              \
    "compile it with -g, install its debug symbols (-dbgsym, -debuginfo), or let --debuginfod "    \
    "fetch them"

static struct rp_error *none(const struct rp_debug *debug, const char *why, const char *hint) {
    return rp_error_hint_set(rp_error_new(ENODATA, why, "cannot read the types of %s", debug->path),
                             "%s", hint);
}

static struct rp_error *no_information(const struct rp_debug *debug) {
    const char *why = rp_debuginfod_why(debug->path);
    RP_AUTO_FREE char *both =
        rp_text("it has no debug information%s%s", why ? ", and none comes from debuginfod: " : "",
                why ? why : "");
    return both ? none(debug, both, HOW_TO_GET_IT) : rp_error_nomem();
}

/* A hostile file can have a section of a few bytes that is decompressed without end. */
static bool sections_fit(Elf *elf) {
    for (Elf_Scn *scn = elf_nextscn(elf, NULL); scn; scn = elf_nextscn(elf, scn)) {
        GElf_Chdr header;
        GElf_Shdr section;
        if (gelf_getshdr(scn, &section) && (section.sh_flags & SHF_COMPRESSED) &&
            (!gelf_getchdr(scn, &header) || header.ch_size > SECTION_MAX))
            return false;
    }
    return true;
}

static bool is_in_other_files(Dwarf_Die *unit) {
    return rp_dw.dwarf_hasattr(unit, DW_AT_GNU_dwo_name) ||
           rp_dw.dwarf_hasattr(unit, DW_AT_dwo_name);
}

/* libdw would open whatever paths a unit says that its types are in. */
static struct rp_error *check_units(const struct rp_debug *debug) {
    Dwarf_Off offset = 0;
    Dwarf_Die die;
    while (rp_dw_next_unit(debug->dwarf, &offset, &die))
        if (is_in_other_files(&die))
            return none(debug, "its types are in files of their own (.dwo)",
                        "compile it without -gsplit-dwarf");
    return NULL;
}

void rp_debug_program_close(struct rp_debug *debug) {
    rp_frame_info_free(debug->eh_frame);
    rp_frame_info_free(debug->debug_frame);
    debug->eh_frame = debug->debug_frame = NULL;
    if (debug->dwfl)
        rp_dw.dwfl_end(debug->dwfl);
    debug->dwfl = NULL;
    debug->module = NULL;
    debug->dwarf = NULL;
}

static struct rp_error *open_program(struct rp_debug *debug) {
    static Dwfl_Callbacks callbacks = {.find_debuginfo = find_debuginfo};
    const char *why = rp_libdw_open();
    if (why)
        return none(debug, why, "install libdw1 (elfutils-libs)");
    callbacks.section_address = rp_dw.dwfl_offline_section_address;
    int fd = open(debug->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return none(debug, strerror(errno), HOW_TO_GET_IT);
    debug->dwfl = rp_dw.dwfl_begin(&callbacks);
    if (!debug->dwfl) {
        close(fd);
        return rp_error_nomem();
    }
    rp_dw.dwfl_report_begin(debug->dwfl);
    Dwfl_Module *module = rp_dw.dwfl_report_offline(debug->dwfl, debug->path, debug->path, fd);
    rp_dw.dwfl_report_end(debug->dwfl, NULL, NULL);
    if (!module) /* else it is the module's */
        close(fd);
    Dwarf_Addr bias = 0, own_bias = 0;
    Elf *elf = module ? rp_dw.dwfl_module_getelf(module, &own_bias) : NULL;
    if (!elf || !sections_fit(elf))
        return none(debug, "it cannot be read", HOW_TO_GET_IT);
    opening = debug;
    debug->dwarf = rp_dw.dwfl_module_getdwarf(module, &bias);
    if (!debug->dwarf)
        return no_information(debug);
    debug->module = module;
    debug->bias = (int64_t)(own_bias - bias);
    debug->eh_frame = rp_frame_info_of_eh_frame(elf);
    debug->debug_frame = rp_frame_info_of_debug_frame(rp_dw.dwarf_getelf(debug->dwarf));
    return check_units(debug);
}

struct rp_error *rp_debug_program_open(struct rp_debug *debug) {
    struct rp_error *err = debug->dwarf ? NULL : open_program(debug);
    if (err)
        rp_debug_program_close(debug);
    return err;
}

const char *rp_debug_program_symbol(const struct rp_debug *debug, uint64_t address) {
    Dwarf_Addr bias = 0;
    opening = debug; /* the symbols may be in another file */
    return rp_dw.dwfl_module_getelf(debug->module, &bias)
               ? rp_dw.dwfl_module_addrname(debug->module, address + bias)
               : NULL;
}
