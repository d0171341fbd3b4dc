/* SPDX-License-Identifier: Apache-2.0 */
#include "debug/frames.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "debug/function.h"
#include "debug/program.h"
#include "debug/scope.h"
#include "util/cleanup.h"
#include "util/demangle.h"
#include "util/error.h"
#include "util/file.h"
#include "util/text.h"

struct known {
    uint64_t address;
    struct rp_frame_list list; /* of count 0: nothing tells */
};

struct rp_frames {
    struct rp_debug debug;
    RP_VEC(struct known) known; /* by address, ascending */
};

static void clear(struct rp_frame_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].file);
    }
    free(list->items);
    *list = (struct rp_frame_list){0};
}

void rp_frames_free(struct rp_frames *frames) {
    if (!frames)
        return;
    rp_debug_program_close(&frames->debug);
    for (size_t i = 0; i < frames->known.count; i++)
        clear(&frames->known.items[i].list);
    rp_vec_clear(&frames->known);
    free(frames->debug.path);
    free(frames);
}

/* Debug information is long, and a library reads it that was not made for enemies. */
struct rp_frames *rp_frames_open(int fd) {
    struct stat st;
    if (fstat(fd, &st) || rp_file_distrust(&st, S_IWGRP | S_IWOTH))
        return NULL;
    struct rp_frames *frames = calloc(1, sizeof(*frames));
    if (!frames)
        return NULL;
    frames->debug.is_local = true;
    frames->debug.path = rp_text("/proc/self/fd/%d", fd);
    struct rp_error *err =
        frames->debug.path ? rp_debug_program_open(&frames->debug) : rp_error_nomem();
    if (!err)
        return frames;
    rp_error_free(err);
    rp_frames_free(frames);
    return NULL;
}

/* ------------------------------------------------------------------ one address */

static char *name_of(Dwarf_Die *die) {
    static const unsigned linkage[] = {DW_AT_linkage_name, DW_AT_MIPS_linkage_name};
    for (size_t i = 0; i < 2; i++) {
        Dwarf_Attribute memory;
        Dwarf_Attribute *attr = rp_dw.dwarf_attr_integrate(die, linkage[i], &memory);
        const char *symbol = attr ? rp_dw.dwarf_formstring(attr) : NULL;
        char *name = symbol ? rp_demangle(symbol) : NULL;
        if (name)
            return name;
    }
    const char *name = rp_dw.dwarf_diename(die);
    return strdup(name ? name : "[no name]");
}

/* Where an instruction, or a call, is. */
struct place {
    const char *file; /* or NULL */
    unsigned line;
};

static struct place place_of(Dwarf_Die *unit, Dwarf_Addr address) {
    Dwarf_Line *line = rp_dw.dwarf_getsrc_die(unit, address);
    const char *file = line ? rp_dw.dwarf_linesrc(line, NULL, NULL) : NULL;
    int number = 0;
    if (!file || rp_dw.dwarf_lineno(line, &number) || number <= 0)
        return (struct place){0};
    return (struct place){file, (unsigned)number};
}

static struct place call_of(Dwarf_Die *unit, Dwarf_Die *inlined) {
    uint64_t line = rp_dw_number(inlined, DW_AT_call_line, 0);
    uint64_t index = rp_dw_number(inlined, DW_AT_call_file, UINT64_MAX);
    Dwarf_Files *files;
    size_t count;
    if (!line || line > UINT32_MAX || rp_dw.dwarf_getsrcfiles(unit, &files, &count) ||
        index >= count)
        return (struct place){0};
    const char *file = rp_dw.dwarf_filesrc(files, index, NULL, NULL);
    return (struct place){file, file ? (unsigned)line : 0};
}

static bool add(struct rp_frame_list *list, char *name, struct place place) {
    struct rp_frame *frame = &list->items[list->count++];
    *frame =
        (struct rp_frame){name, place.file ? strdup(rp_last_name(place.file)) : NULL, place.line};
    return name && (!place.file || frame->file);
}

static bool read_frames(const struct rp_scopes *scopes, Dwarf_Addr address,
                        struct rp_frame_list *out) {
    Dwarf_Die function = scopes->list[0], unit;
    out->items = calloc(scopes->count, sizeof(*out->items));
    if (!out->items || !rp_dw.dwarf_diecu(&function, &unit, NULL, NULL))
        return false;
    struct place place = place_of(&unit, address);
    for (unsigned i = scopes->count; i-- > 1;) {
        Dwarf_Die scope = scopes->list[i];
        if (rp_dw.dwarf_tag(&scope) != DW_TAG_inlined_subroutine)
            continue;
        if (!add(out, name_of(&scope), place))
            return false;
        place = call_of(&unit, &scope);
    }
    return add(out, name_of(&function), place);
}

static void find(const struct rp_debug *debug, uint64_t address, struct rp_frame_list *out) {
    Dwarf_Addr there = address + (uint64_t)debug->bias;
    Dwarf_Die function;
    struct rp_scopes scopes;
    if (!rp_debug_find_function(debug->dwarf, there, &function))
        return;
    rp_debug_inlined_scopes(&function, there, &scopes);
    if (!read_frames(&scopes, there, out))
        clear(out);
}

/* Where it is, or belongs. */
static size_t position(const struct rp_frames *frames, uint64_t address) {
    size_t from = 0, to = frames->known.count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (frames->known.items[middle].address < address)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

const struct rp_frame_list *rp_frames_at(struct rp_frames *frames, uint64_t address) {
    size_t at = position(frames, address), count = frames->known.count;
    struct known *known;
    if (at == count || frames->known.items[at].address != address) {
        if (!rp_vec_add(&frames->known))
            return NULL;
        known = &frames->known.items[at];
        memmove(known + 1, known, (count - at) * sizeof(*known));
        *known = (struct known){.address = address};
        find(&frames->debug, address, &known->list);
    }
    known = &frames->known.items[at];
    return known->list.count ? &known->list : NULL;
}
