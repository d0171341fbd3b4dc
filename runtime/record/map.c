/* SPDX-License-Identifier: Apache-2.0 */
/* Maps of a module. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/map_histogram.h"
#include "record/map_table.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

#define AUTO_TABLE RP_AUTO(rp_map_table_clear)

static struct rp_error *info_of(const struct rp_module *module, const char *name,
                                struct bpf_map_info *info, int *fd) {
    *fd = rp_module_map_fd(module, name);
    return *fd < 0 ? rp_module_map_missing(module, name) : rp_map_info(*fd, name, info);
}

bool rp_map_is_data(const struct rp_module *module, const char *name) {
    struct bpf_map_info info = {0};
    int fd = -1;
    struct rp_error *err = info_of(module, name, &info, &fd);
    rp_error_free(err);
    return !err && rp_map_info_is_data(&info);
}

struct rp_error *rp_map_print(const struct rp_module *module, const char *name,
                              const struct rp_map_format *format, FILE *out) {
    static const struct rp_map_format plain = {0};
    AUTO_TABLE struct rp_map_table t = {0};
    struct bpf_map_info info = {0};
    int fd = -1;
    RP_TRY(info_of(module, name, &info, &fd));
    if (!rp_map_info_is_data(&info))
        return NULL;
    format = format ? format : &plain;
    RP_TRY(rp_map_table_open(module, name, &t));
    RP_TRY(rp_map_table_read(&t));
    enum rp_map_shape shape = rp_map_shape(&t);
    if (shape != RP_MAP_TABLE)
        return rp_map_write_histograms(&t, shape, format, out);
    if (format->as == RP_MAP_TEXT)
        rp_map_write_text(&t, format, out);
    else
        (format->as == RP_MAP_JSON ? rp_map_write_json : rp_map_write_csv)(&t, format, out);
    return NULL;
}

/* ---- in words */

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
    char *text = NULL;
    int length = -1;
    if (key && leaf && rp_map_info_is_array(&t->info))
        length = asprintf(&text, "%s, %s, %u %s", type, leaf, most, entries);
    else if (key && leaf)
        length = asprintf(&text, "%s, %s -> %s, %llu of %u %s", type, key, leaf,
                          (unsigned long long)count_entries(t->fd, &t->info), most, entries);
    return length < 0 ? NULL : text;
}

static char *describe_other(int fd, const struct bpf_map_info *info) {
    char *text = NULL;
    const char *type = type_name(info->type);
    int length;
    if (info->type == BPF_MAP_TYPE_RINGBUF || info->type == BPF_MAP_TYPE_USER_RINGBUF)
        length = asprintf(&text, "%s, %u bytes", type, info->max_entries);
    else if (info->type == BPF_MAP_TYPE_STACK_TRACE)
        length = asprintf(&text, "%s, %llu of %u entries", type,
                          (unsigned long long)count_entries(fd, info), info->max_entries);
    else if (info->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
        length = asprintf(&text, "%s, one per CPU", type);
    else
        length = asprintf(&text, "%s, at most %u entries", type, info->max_entries);
    return length < 0 ? NULL : text;
}

struct rp_error *rp_map_describe(const struct rp_module *module, const char *name, char **text) {
    struct bpf_map_info info = {0};
    int fd = -1;
    *text = NULL;
    RP_TRY(info_of(module, name, &info, &fd));
    if (rp_map_info_is_data(&info)) {
        AUTO_TABLE struct rp_map_table t = {0};
        RP_TRY(rp_map_table_open(module, name, &t));
        *text = describe_data(&t);
    } else {
        *text = describe_other(fd, &info);
    }
    return *text ? NULL : rp_error_nomem();
}
