/* SPDX-License-Identifier: Apache-2.0 */
/* The programs that were asked about, and what they said. */
#include "debug/programs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug/files.h"
#include "debug/function.h"
#include "debug/program.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file.h"

static struct rp_debug *programs;

static void free_known(struct rp_debug_known *known) {
    rp_debug_function_free(known->function);
    free((char *)known->line.file);
}

static void free_program(struct rp_debug *debug) {
    rp_debug_program_close(debug);
    for (size_t i = 0; i < debug->functions.count; i++)
        free_known(&debug->functions.items[i]);
    rp_vec_clear(&debug->functions);
    for (size_t i = 0; i < debug->types.count; i++) {
        free(debug->types.items[i].name);
        rp_btf_free(debug->types.items[i].btf);
    }
    rp_vec_clear(&debug->types);
    rp_debug_globals_clear(debug);
    free(debug->path);
    free(debug);
}

void rp_debug_release(void) {
    while (programs) {
        struct rp_debug *next = programs->next;
        free_program(programs);
        programs = next;
    }
}

static struct rp_debug *find(const struct stat *st) {
    for (struct rp_debug *debug = programs; debug; debug = debug->next)
        if (rp_file_is_same(&debug->is, st))
            return debug;
    return NULL;
}

/* Only the last one stays open: what others said is kept. */
static void close_others(const struct rp_debug *but) {
    for (struct rp_debug *debug = programs; debug; debug = debug->next)
        if (debug != but)
            rp_debug_program_close(debug);
}

struct rp_error *rp_debug_open(const char *path, const struct rp_debug **out) {
    struct stat st;
    if (stat(path, &st))
        return rp_error_new(errno, strerror(errno), "cannot read the types of %s", path);
    struct rp_debug *debug = find(&st);
    if (!debug) {
        debug = calloc(1, sizeof(*debug));
        char *own = debug ? strdup(path) : NULL;
        if (!own) {
            free(debug);
            return rp_error_nomem();
        }
        debug->path = own;
        debug->is = st;
        debug->next = programs;
        programs = debug;
    }
    close_others(debug);
    if (!debug->functions
             .count) /* else it could be read, and is opened again when that is needed */
        RP_TRY(rp_debug_program_open(debug));
    *out = debug;
    return NULL;
}

char *rp_debug_build(const struct rp_debug *debug) {
    return rp_debug_file_build(debug->path);
}

/* ------------------------------------------------------------------ functions */

static struct rp_error *no_function(const struct rp_debug *debug, uint64_t address) {
    char why[96];
    snprintf(why, sizeof(why), "its debug information tells of no function at 0x%jx",
             (uintmax_t)address);
    return rp_error_new(ENOENT, why, "cannot read the types of %s", debug->path);
}

static bool is_known_as(const struct rp_debug_known *known, uint64_t address,
                        const struct rp_source_line *line) {
    if (known->address != address || !known->line.file != !line)
        return false;
    return !line || (known->line.number == line->number && known->line.is_empty == line->is_empty &&
                     !strcmp(known->line.file, line->file));
}

/* Takes `function`. */
static bool keep(struct rp_debug *debug, uint64_t address, const struct rp_source_line *line,
                 struct rp_debug_function *function) {
    struct rp_debug_known known = {.address = address, .function = function};
    if (line)
        known.line = (struct rp_source_line){strdup(line->file), line->number, line->is_empty};
    if ((!line || known.line.file) && rp_vec_push(&debug->functions, known))
        return true;
    free_known(&known);
    return false;
}

struct rp_error *rp_debug_function_at(const struct rp_debug *opened, uint64_t address,
                                      const struct rp_source_line *line,
                                      const struct rp_debug_function **out) {
    struct rp_debug *debug = (struct rp_debug *)opened;
    for (size_t i = 0; i < debug->functions.count; i++)
        if (is_known_as(&debug->functions.items[i], address, line)) {
            *out = debug->functions.items[i].function;
            return *out ? NULL : no_function(debug, address);
        }
    Dwarf_Die die;
    Dwarf_Addr there = address + (uint64_t)debug->bias;
    struct rp_debug_function *function = NULL;
    RP_TRY(rp_debug_program_open(debug));
    if (rp_debug_find_function(debug->dwarf, there, &die))
        RP_TRY(rp_debug_function_read(debug, &die, address, line, &function));
    if (!keep(debug, address, line, function))
        return rp_error_nomem();
    *out = function;
    return function ? NULL : no_function(debug, address);
}
