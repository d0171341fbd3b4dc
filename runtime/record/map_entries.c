/* SPDX-License-Identifier: Apache-2.0 */
/* A map's entries, one after another. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/map_read.h"
#include "util/cleanup.h"
#include "util/error.h"

int rp_map_count_values(const struct bpf_map_info *info) {
    return rp_map_type_is_per_cpu(info->type) ? libbpf_num_possible_cpus() : 1;
}

struct rp_error *rp_map_cannot_count(int count) {
    return rp_error_new(-count, NULL, "cannot find out how many CPUs are possible");
}

/* Programs may change the map meanwhile: deleted entries are left out, and the kernel starts over
 * if the current key was deleted, so the number of steps is bounded. */
struct rp_error *rp_map_entries(int fd, const char *name, const struct bpf_map_info *info,
                                rp_map_entry_fn each, void *ctx) {
    int count = rp_map_count_values(info);
    if (count < 0)
        return rp_map_cannot_count(count);
    RP_AUTO_FREE uint8_t *keys = calloc(2, info->key_size);
    RP_AUTO_FREE uint8_t *value = calloc((size_t)count, ((size_t)info->value_size + 7) / 8 * 8);
    if (!keys || !value)
        return rp_error_nomem();
    uint8_t *key = keys, *next = keys + info->key_size;
    for (uint64_t step = 0; step < 2 * (uint64_t)info->max_entries; step++) {
        if (bpf_map_get_next_key(fd, step ? key : NULL, next)) {
            if (errno == ENOENT)
                return NULL;
            return rp_error_new(errno, NULL, "cannot read the map %s", name);
        }
        memcpy(key, next, info->key_size);
        if (!bpf_map_lookup_elem(fd, key, value))
            RP_TRY(each(ctx, key, value));
        else if (errno != ENOENT)
            return rp_error_new(errno, NULL, "cannot read the map %s", name);
    }
    return NULL;
}

struct rp_error *rp_map_info(int fd, const char *name, struct bpf_map_info *info) {
    uint32_t size = sizeof(*info);
    *info = (struct bpf_map_info){0};
    if (bpf_obj_get_info_by_fd(fd, info, &size))
        return rp_error_new(errno, NULL, "cannot read the map %s", name);
    return NULL;
}

struct rp_error *rp_map_each(const struct rp_module *module, const char *name, rp_map_entry_fn each,
                             void *ctx) {
    struct bpf_map_info info;
    int fd = rp_module_map_fd(module, name);
    if (fd < 0)
        return rp_module_map_missing(module, name);
    RP_TRY(rp_map_info(fd, name, &info));
    return rp_map_entries(fd, name, &info, each, ctx);
}

struct rp_error *rp_map_sizes(const struct rp_module *module, const char *name, size_t *key_size,
                              size_t *value_size, size_t *value_count) {
    struct bpf_map_info info;
    int fd = rp_module_map_fd(module, name);
    if (fd < 0)
        return rp_module_map_missing(module, name);
    RP_TRY(rp_map_info(fd, name, &info));
    int count = rp_map_count_values(&info);
    if (count < 0)
        return rp_map_cannot_count(count);
    *key_size = info.key_size;
    *value_size = info.value_size;
    *value_count = (size_t)count;
    return NULL;
}
