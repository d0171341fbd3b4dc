/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/outputs.h"

#include <bpf/btf.h>
#include <string.h>

uint32_t rp_pointee(const struct btf *btf, uint32_t id) {
    const struct btf_type *type = btf__type_by_id(btf, id);
    return type && btf_is_ptr(type) ? type->type : 0;
}

/* What the array at a pointer is of; 0: it is not known. */
static uint32_t record_type(const struct btf *btf, uint32_t pointer) {
    uint32_t id = rp_pointee(btf, pointer);
    const struct btf_type *array = btf__type_by_id(btf, id);
    id = array && btf_is_array(array) ? btf_array(array)->type : id;
    const struct btf_type *type = btf__type_by_id(btf, id);
    const char *name = type ? btf__name_by_offset(btf, type->name_off) : NULL;
    return name && strcmp(name, "rp_unknown") == 0 ? 0 : id;
}

bool rp_sent_read(const struct btf *btf, uint32_t id, struct rp_sent *out) {
    const struct btf_type *function = btf__type_by_id(btf, id);
    if (!function || !btf_is_func_proto(function) || btf_vlen(function) != 2)
        return false;
    const struct btf_param *params = btf_params(function);
    *out = (struct rp_sent){.map = rp_pointee(btf, params[0].type),
                            .record = record_type(btf, params[1].type)};
    return true;
}

bool rp_object_map_sends(struct rp_object_map *map, uint32_t type) {
    for (size_t i = 0; i < map->records.count; i++)
        if (map->records.items[i] == type)
            return true;
    return rp_vec_push(&map->records, type);
}
