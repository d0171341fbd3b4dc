/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/object.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compile/source.h"
#include "kernel/features.h"
#include "util/cleanup.h"
#include "util/error.h"

static void clear_function(struct rp_object_function *function) {
    free(function->name);
    free(function->insns);
    free(function->funcs.data);
    free(function->lines.data);
}

static void clear_map(struct rp_object_map *map) {
    free(map->name);
    for (size_t i = 0; i < map->field_count; i++)
        free(map->fields[i]);
    free(map->fields);
    if (map->fd >= 0)
        close(map->fd);
}

static void clear_origin(struct rp_object_origin *origin) {
    free(origin->source);
    free(origin->reprobe);
    free(origin->kernel);
    free(origin->kernel_build);
    free(origin->types);
    free(origin->mentioned);
    free(origin->defined);
    free(origin->declared);
    free(origin->tracepoints);
}

void rp_object_free(struct rp_object *object) {
    if (!object)
        return;
    for (size_t i = 0; i < object->function_count; i++)
        clear_function(&object->functions[i]);
    for (size_t i = 0; i < object->map_count; i++)
        clear_map(&object->maps[i]);
    free(object->functions);
    free(object->maps);
    free(object->license);
    free(object->btf);
    free(object->note);
    clear_origin(&object->origin);
    free(object);
}

const struct rp_object_function *rp_object_function(const struct rp_object *object,
                                                    const char *name) {
    for (size_t i = 0; i < object->function_count; i++)
        if (strcmp(object->functions[i].name, name) == 0)
            return &object->functions[i];
    return NULL;
}

ssize_t rp_object_map(const struct rp_object *object, const char *name) {
    for (size_t i = 0; i < object->map_count; i++)
        if (strcmp(object->maps[i].name, name) == 0)
            return (ssize_t)i;
    return -1;
}

bool rp_object_calls(const struct rp_object *object, int src_reg, int imm) {
    for (size_t f = 0; f < object->function_count; f++)
        for (uint32_t i = 0; i < object->functions[f].insn_count; i++) {
            const struct bpf_insn *insn = &object->functions[f].insns[i];
            if (insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == src_reg && insn->imm == imm)
                return true;
        }
    return false;
}

/* ------------------------------------------------------------- where it comes from */

/* The names, separated by spaces; malloc()ed. */
static char *join(const struct rp_names *names) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; out && i < names->count; i++)
        fprintf(out, "%s%s", i ? " " : "", names->items[i]);
    return out && fclose(out) == 0 ? text : NULL;
}

static void split(const char *text, struct rp_names *names) {
    for (const char *p = text ? text : ""; *p;) {
        size_t len = strcspn(p, " ");
        rp_names_add(names, p, len);
        p += len + (p[len] == ' ');
    }
}

struct rp_error *rp_origin_fill(struct rp_object_origin *origin, const char *name,
                                const struct rp_source *source) {
    struct rp_kernel_identity kernel = {0};
    rp_kernel_identify(&kernel);
    origin->source = strdup(name);
    origin->reprobe = strdup(rp_version());
    origin->kernel = strdup(kernel.name);
    origin->kernel_build = strdup(kernel.build);
    if (!origin->source || !origin->reprobe || !origin->kernel || !origin->kernel_build)
        return rp_error_nomem();
    if (!source)
        return NULL;
    char types[65];
    rp_source_types_digest(source, types);
    origin->types = strdup(types);
    origin->whole = source->whole;
    origin->uses_modules = source->uses_modules;
    const struct rp_scan *scan = &source->scan;
    origin->mentioned = join(&scan->mentioned);
    origin->defined = join(&scan->defined);
    origin->declared = join(&scan->declared);
    origin->tracepoints = join(&scan->tracepoints);
    bool ok = origin->types && origin->mentioned && origin->defined && origin->declared &&
              origin->tracepoints;
    return ok ? NULL : rp_error_nomem();
}

/* Whether the types are the same as when it was compiled. */
static struct rp_error *same_types(const struct rp_object_origin *origin, bool *same) {
    RP_AUTO(rp_source_clear) struct rp_source source = {0};
    split(origin->mentioned, &source.scan.mentioned);
    split(origin->defined, &source.scan.defined);
    split(origin->declared, &source.scan.declared);
    split(origin->tracepoints, &source.scan.tracepoints);
    rp_source_scan_tracepoints(&source);
    RP_TRY(rp_source_prepare(&source, origin->whole));
    char types[65];
    rp_source_types_digest(&source, types);
    *same = origin->types && strcmp(types, origin->types) == 0;
    return NULL;
}

struct rp_error *rp_origin_fits(const struct rp_object_origin *origin) {
    struct rp_kernel_identity kernel = {0};
    rp_kernel_identify(&kernel);
    if (strcmp(kernel.build, origin->kernel_build) == 0 && !origin->uses_modules)
        return NULL;
    bool same = false;
    if (origin->types)
        RP_TRY(same_types(origin, &same));
    if (same)
        return NULL;
    RP_AUTO_FREE char *why = NULL;
    if (asprintf(&why, "it was compiled for %s by reprobe %s, and the types it uses differ on %s",
                 origin->kernel, origin->reprobe, kernel.name) < 0)
        return rp_error_nomem();
    return rp_error_hint_set(rp_error_new(ENOEXEC, why, "cannot use the object file"),
                             "compile it for this kernel: reprobe build %s -o FILE.rpo",
                             origin->source);
}
