/* SPDX-License-Identifier: Apache-2.0 */
/* Maps whose keys say in which interval it was counted: one is complete when all programs that may
 * count in it have ended; then it is printed, and deleted. So no event is lost in between. */
#include <bpf/bpf.h>
#include <errno.h>

#include "compile/schema.h"
#include "record/map_read.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/vec.h"

/* ------------------------------------------------------------------ deleting */

struct finding {
    const struct rp_map_schema *schema;
    size_t key_size;
    uint32_t interval;
    RP_VEC(uint8_t) keys;
};

static void finding_clear(struct finding *finding) {
    rp_vec_clear(&finding->keys);
}

static struct rp_error *find(void *ctx, const void *key, const void *value) {
    struct finding *finding = ctx;
    (void)value;
    if (!rp_map_is_of_interval(finding->schema, key, finding->interval))
        return NULL;
    return rp_vec_append(&finding->keys, (const uint8_t *)key, finding->key_size)
               ? NULL
               : rp_error_nomem();
}

struct rp_error *rp_map_delete_interval(const struct rp_module *module, const char *name,
                                        uint32_t interval) {
    RP_AUTO(finding_clear)
    struct finding finding = {.schema = rp_module_map_schema(module, name), .interval = interval};
    size_t value_size, value_count;
    RP_TRY(rp_map_sizes(module, name, &finding.key_size, &value_size, &value_count));
    RP_TRY(rp_map_each(module, name, find, &finding));
    for (size_t at = 0; at < finding.keys.count; at += finding.key_size)
        if (bpf_map_delete_elem(rp_module_map_fd(module, name), finding.keys.items + at) &&
            errno != ENOENT)
            return rp_error_new(errno, NULL, "cannot clear the map %s", name);
    return NULL;
}

/* ------------------------------------------------------------------ waiting */

/* A change of a map of maps returns when no program can be using what was there before (Linux 4.20,
 * maybe_wait_bpf_programs() in kernel/bpf/syscall.c). */
struct rp_error *rp_wait_for_programs(void) {
    LIBBPF_OPTS(bpf_map_create_opts, opts);
    uint32_t none = 0;
    RP_AUTO_CLOSE int inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "inner", 4, 4, 1, NULL),
                      outer = -1;
    opts.inner_map_fd = inner < 0 ? 0 : (uint32_t)inner;
    if (inner >= 0)
        outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "outer", 4, 4, 1, &opts);
    if (outer >= 0 && !bpf_map_update_elem(outer, &none, &inner, BPF_ANY))
        return NULL;
    return rp_error_new(errno, NULL, "cannot wait for the programs that run");
}
