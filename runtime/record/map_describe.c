/* SPDX-License-Identifier: Apache-2.0 */
/* What a map is: its type, what it has in it, how many. */
#include <bpf/bpf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "record/map_read.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

static const char *type_name(uint32_t type) {
    static const char *const names[] = {
        [BPF_MAP_TYPE_HASH] = "hash",
        [BPF_MAP_TYPE_ARRAY] = "array",
        [BPF_MAP_TYPE_PROG_ARRAY] = "programs",
        [BPF_MAP_TYPE_PERF_EVENT_ARRAY] = "perf buffers",
        [BPF_MAP_TYPE_PERCPU_HASH] = "per-CPU hash",
        [BPF_MAP_TYPE_PERCPU_ARRAY] = "per-CPU array",
        [BPF_MAP_TYPE_STACK_TRACE] = "stack traces",
        [BPF_MAP_TYPE_CGROUP_ARRAY] = "cgroups",
        [BPF_MAP_TYPE_LRU_HASH] = "LRU hash",
        [BPF_MAP_TYPE_LRU_PERCPU_HASH] = "per-CPU LRU hash",
        [BPF_MAP_TYPE_LPM_TRIE] = "longest-prefix trie",
        [BPF_MAP_TYPE_ARRAY_OF_MAPS] = "array of maps",
        [BPF_MAP_TYPE_HASH_OF_MAPS] = "hash of maps",
        [BPF_MAP_TYPE_QUEUE] = "queue",
        [BPF_MAP_TYPE_STACK] = "stack",
        [BPF_MAP_TYPE_RINGBUF] = "ring buffer",
        [BPF_MAP_TYPE_USER_RINGBUF] = "user ring buffer",
    };
    return type < RP_COUNT(names) && names[type] ? names[type] : "map";
}

/* Counts the keys, bounded as in rp_map_entries(). */
static uint64_t count_entries(int fd, const struct bpf_map_info *info) {
    RP_AUTO_FREE uint8_t *last = calloc(1, info->key_size + 1);
    RP_AUTO_FREE uint8_t *next = calloc(1, info->key_size + 1);
    uint64_t count = 0;
    if (!last || !next)
        return 0;
    while (count < info->max_entries && !bpf_map_get_next_key(fd, count ? last : NULL, next)) {
        memcpy(last, next, info->key_size);
        count++;
    }
    return count;
}

static char *describe_data(const struct rp_map_table *t) {
    RP_AUTO_FREE char *key = rp_type_text(t->key), *leaf = rp_type_text(t->leaf);
    const char *type = type_name(t->info.type);
    uint32_t most = t->info.max_entries;
    const char *entries = most == 1 ? "entry" : "entries";
    if (!key || !leaf)
        return NULL;
    if (rp_map_type_is_array(t->info.type))
        return rp_text("%s, %s, %u %s", type, leaf, most, entries);
    return rp_text("%s, %s -> %s, %" PRIu64 " of %u %s", type, key, leaf,
                   count_entries(t->fd, &t->info), most, entries);
}

static char *describe_other(int fd, const struct bpf_map_info *info) {
    const char *type = type_name(info->type);
    switch (info->type) {
    case BPF_MAP_TYPE_RINGBUF:
    case BPF_MAP_TYPE_USER_RINGBUF:
        return rp_text("%s, %u bytes", type, info->max_entries);
    case BPF_MAP_TYPE_STACK_TRACE:
        return rp_text("%s, %" PRIu64 " of %u entries", type, count_entries(fd, info),
                       info->max_entries);
    case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
        return rp_text("%s, one per CPU", type);
    default:
        return rp_text("%s, at most %u entries", type, info->max_entries);
    }
}

struct rp_error *rp_map_describe(const struct rp_module *module, const char *name, char **text) {
    struct bpf_map_info info = {0};
    int fd = rp_module_map_fd(module, name);
    *text = NULL;
    if (fd < 0)
        return rp_module_map_missing(module, name);
    RP_TRY(rp_map_info(fd, name, &info));
    if (rp_map_is_data(module, name)) {
        RP_AUTO_MAP_TABLE t = {0};
        RP_TRY(rp_map_table_open(module, name, &t));
        *text = describe_data(&t);
    } else {
        *text = describe_other(fd, &info);
    }
    return *text ? NULL : rp_error_nomem();
}
