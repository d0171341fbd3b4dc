/* SPDX-License-Identifier: Apache-2.0 */
#include "query/complete/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/compile.h"
#include "compile/embedded.h"
#include "compile/libbcc_text.h"
#include "kernel/btf.h"
#include "probe/arguments.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

#define DIR     "/reprobe"
#define PRELUDE (DIR "/prelude.h")
#define INCLUDE (DIR "/include")
#define OWN     (DIR "/" RP_TREE_OWN)

/* As compile.c has them; what is only known when a program is loaded may be anything. Mistakes are
 * what is asked for, and warnings are not; names that are near are better known to hints.c. */
static const char *const flags[] = {"-xc",
                                    "-nostdinc",
                                    "-Wno-everything",
                                    "-Werror=implicit-function-declaration",
                                    "-fno-spell-checking",
                                    "-ferror-limit=0",
                                    "-include",
                                    PRELUDE,
                                    "-I",
                                    INCLUDE,
                                    "-I",
                                    OWN,
                                    "-D__BPF_TRACING__",
                                    "-DRP_SLOT_TARGET=0",
                                    "-DRP_SLOT_CALLBACK=0",
                                    "-DRP_SLOT_MAP=0",
                                    "-DRP_SLOT_PREEMPT=0",
                                    "-DRP_MAP_USER_RINGBUF=0",
                                    "-DRP_BY_TASK=0",
                                    "-DRP_LOST_FD=0",
                                    "-DRP_UNWIND_FD=0",
                                    "-Dbpf_timer=rp_libbcc_timer"};

/* ------------------------------------------------------------- the prelude */

/* libbcc makes the struct of a TRACEPOINT_PROBE's arguments; "sched:sched_switch" is `event`. */
static struct rp_error *write_tracepoint(const char *event, FILE *out) {
    RP_AUTO_FREE char *spec = NULL;
    if (asprintf(&spec, "tracepoint:%s", event) < 0)
        return rp_error_nomem();
    struct rp_arguments *fields;
    struct rp_error *err = rp_arguments_of(spec, &fields);
    if (err) { /* it has none here */
        rp_error_free(err);
        return NULL;
    }
    int category = (int)strcspn(event, ":");
    fprintf(out, "struct tracepoint__%.*s__%s { ", category, event, event + category + 1);
    for (size_t i = 0; i < fields->count; i++) {
        RP_AUTO_FREE char *field = rp_type_declare(fields->list[i].type, fields->list[i].name);
        fprintf(out, "%s; ", field ? field : "");
    }
    fputs("};\n", out);
    rp_arguments_free(fields);
    return NULL;
}

static struct rp_error *write_prelude(struct rp_unit *unit, bool modules) {
    size_t size;
    FILE *out = open_memstream(&unit->prelude, &size);
    if (!out)
        return rp_error_nomem();
    fputs(unit->source.base, out);
    if (modules) /* with whole types libbcc's headers are left to libbcc */
        rp_libbcc_write_reduced(&unit->source.scan.mentioned, &unit->source.scan.mentioned, out);
    fputs(unit->source.types, out);
    const struct rp_names *tracepoints = &unit->source.scan.tracepoints;
    struct rp_error *err = NULL;
    for (size_t i = 0; i < tracepoints->count && !err; i++)
        err = write_tracepoint(tracepoints->items[i], out);
    fclose(out);
    return err;
}

/* ------------------------------------------------------------- the files */

static void add_file(struct rp_unit *unit, const char *dir, const char *name, const char *text) {
    char *path;
    if (asprintf(&path, DIR "/%s%s", dir, name) >= 0)
        unit->files[unit->count++] =
            (struct CXUnsavedFile){.Filename = path, .Contents = text, .Length = strlen(text)};
}

static struct rp_error *make_files(struct rp_unit *unit, const char *text) {
    const struct rp_names *stubs = &unit->source.stubs;
    size_t always = 0;
    while (rp_tree_always[always])
        always++;
    unit->files = calloc(always + stubs->count + 3, sizeof(*unit->files));
    if (!unit->files)
        return rp_error_nomem();
    add_file(unit, "", strrchr(RP_UNIT_SOURCE, '/') + 1, text);
    add_file(unit, "", strrchr(PRELUDE, '/') + 1, unit->prelude);
    add_file(unit, RP_TREE_OWN "/", RP_CALLBACK_HEADER, rp_embedded_callback_h);
    for (size_t i = 0; i < always; i++)
        add_file(unit, "include/", rp_tree_always[i], "");
    for (size_t i = 0; i < stubs->count; i++)
        add_file(unit, "include/", stubs->items[i], "");
    return NULL;
}

static struct rp_error *make(struct rp_unit *unit, const char *text, const char *mentions,
                             bool modules) {
    RP_TRY(rp_clang_open(&unit->clang));
    const struct rp_compile_opts opts = {.size = sizeof(opts), .name = "source"};
    RP_TRY(rp_source_scan(&unit->source, text, &opts));
    rp_source_scan_tracepoints(&unit->source);
    if (mentions)
        rp_scan_text(&unit->source.scan, mentions, strlen(mentions));
    RP_TRY(rp_source_prepare(&unit->source, modules));
    RP_TRY(write_prelude(unit, modules));
    return make_files(unit, text);
}

struct rp_error *rp_unit_make(struct rp_unit *unit, const char *text, const char *mentions,
                              bool modules) {
    struct rp_error *err = make(unit, text, mentions, modules);
    if (err)
        rp_unit_clear(unit);
    return err;
}

void rp_unit_clear(struct rp_unit *unit) {
    for (unsigned i = 0; i < unit->count; i++)
        free((char *)unit->files[i].Filename);
    free(unit->files);
    free(unit->prelude);
    rp_source_clear(&unit->source);
    memset(unit, 0, sizeof(*unit));
}

/* ------------------------------------------------------------- what clang makes of it */

CXTranslationUnit rp_unit_parse(const struct rp_unit *unit) {
    return unit->clang->parseTranslationUnit(unit->clang->index, RP_UNIT_SOURCE, flags,
                                             RP_COUNT(flags), unit->files, unit->count,
                                             CXTranslationUnit_None);
}

/* A completion reads its files itself, and of the translation unit only the flags: an empty one
 * serves all. */
CXCodeCompleteResults *rp_unit_complete(const struct rp_unit *unit, unsigned line,
                                        unsigned column) {
    static CXTranslationUnit empty;
    static struct CXUnsavedFile nothing[] = {{.Filename = RP_UNIT_SOURCE, .Contents = ""},
                                             {.Filename = PRELUDE, .Contents = ""}};
    if (!empty)
        empty = unit->clang->parseTranslationUnit(unit->clang->index, RP_UNIT_SOURCE, flags,
                                                  RP_COUNT(flags), nothing, RP_COUNT(nothing),
                                                  CXTranslationUnit_None);
    if (!empty)
        return NULL;
    return unit->clang->codeCompleteAt(
        empty, RP_UNIT_SOURCE, line, column, unit->files, unit->count,
        CXCodeComplete_IncludeMacros | CXCodeComplete_IncludeCodePatterns);
}
