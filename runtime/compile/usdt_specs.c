/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/usdt_specs.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

#include "compile/module.h"
#include "compile/object.h"
#include "util/error.h"

/* struct __bpf_usdt_spec: all versions of libbpf agree on it, but for what those before 1.7 do not
 * know: an index and its shift behind what it is in. */
#define INDEX_BIT 8
#define SHIFT_BIT 20
struct spec_argument {
    uint64_t value;
    uint32_t is_in;
    int16_t at;
    bool is_signed;
    int8_t unused_bits;
};

struct spec {
    struct spec_argument arguments[RP_USDT_ARGUMENTS];
    uint64_t cookie;
    int16_t count;
    uint8_t
        is_taken; /* padding in libbpf's: ours tells one without arguments from one not in use */
    uint8_t padding[5];
};

static const struct rp_object_map *find_specs(const struct rp_module *module) {
    const char *name;
    for (size_t i = 0; (name = rp_module_map_name(module, i)); i++) {
        const struct rp_object_map *map = rp_module_map(module, name);
        if (map->is_libbpfs && map->value_size == sizeof(struct spec))
            return map;
    }
    return NULL;
}

bool rp_module_reads_usdt(const struct rp_module *module) {
    return find_specs(module);
}

static bool has_member(const struct btf *btf, const char *tag, const char *name) {
    int id = btf__find_by_name_kind(btf, tag, BTF_KIND_STRUCT);
    const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
    for (uint16_t i = 0; type && i < btf_vlen(type); i++)
        if (!strcmp(btf__name_by_offset(btf, btf_members(type)[i].name_off), name))
            return true;
    return false;
}

bool rp_module_reads_indexed_usdt(const struct rp_module *module) {
    const struct btf *btf = rp_module_btf(module);
    return btf && (btf__find_by_name_kind(btf, "rp_usdt_arg", BTF_KIND_FUNC) > 0 ||
                   has_member(btf, "__bpf_usdt_arg_spec", "idx_reg_off"));
}

static struct spec make_spec(const struct rp_usdt_argument *arguments, size_t count) {
    struct spec spec = {.count = (int16_t)count, .is_taken = 1};
    for (size_t i = 0; i < count; i++)
        spec.arguments[i] = (struct spec_argument){
            .value = (uint64_t)arguments[i].value,
            .is_in = arguments[i].is_in | (uint32_t)arguments[i].index_at << INDEX_BIT |
                     (uint32_t)arguments[i].shift << SHIFT_BIT,
            .at = (int16_t)arguments[i].at,
            .is_signed = arguments[i].is_signed,
            .unused_bits = (int8_t)(64 - 8 * arguments[i].size)};
    return spec;
}

static struct rp_error *too_many(uint32_t capacity) {
    struct rp_error *err =
        rp_error_new(E2BIG,
                     "its arguments are in more different places than the program's map has "
                     "entries for",
                     "cannot use the probe");
    return rp_error_hint_set(err, "define BPF_USDT_MAX_SPEC_CNT, which is %u, as more", capacity);
}

struct rp_error *rp_module_add_usdt(struct rp_module *module,
                                    const struct rp_usdt_argument *arguments, size_t count,
                                    uint64_t *cookie) {
    const struct rp_object_map *map = find_specs(module);
    int fd = rp_module_map_fd(module, map->name), failed = 0;
    const struct spec wanted = make_spec(arguments, count);
    for (uint32_t id = 0; id < map->max_entries && !failed; id++) {
        struct spec found;
        failed = bpf_map_lookup_elem(fd, &id, &found);
        if (!failed && !found.is_taken)
            failed = bpf_map_update_elem(fd, &id, &wanted, BPF_ANY);
        else if (failed || memcmp(&found, &wanted, sizeof(found)) != 0)
            continue;
        *cookie = id;
        if (!failed)
            return NULL;
    }
    return failed ? rp_error_new(errno, NULL, "cannot use the probe") : too_many(map->max_entries);
}
