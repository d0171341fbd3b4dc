/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/object.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
