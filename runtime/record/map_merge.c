/* SPDX-License-Identifier: Apache-2.0 */
#include "record/map_merge.h"

#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/vec.h"

static rp_first_stack_fn first_stack;

void rp_map_set_first_stack(rp_first_stack_fn fn) {
    first_stack = fn;
}

static bool is_user_stack(const struct rp_member_schema *member) {
    return !member->of_value && member->means == RP_MEMBER_USER_STACK &&
           member->size == sizeof(int32_t);
}

/* Values that can be added up: numbers, and statistics. */
bool rp_map_table_merges(const struct rp_map_table *t) {
    bool adds = t->stats.figures || rp_type_is_number(t->leaf);
    for (size_t i = 0; adds && first_stack && i < t->schema->member_count; i++)
        if (is_user_stack(&t->schema->members[i]))
            return true;
    return false;
}

/* Each entry: the key with the first ids, the key as it was, and the values. */
struct merging {
    struct rp_map_table *t;
    size_t key_size, values_size, size, count, capacity;
    uint8_t *entries;
};

static uint8_t *entry(const struct merging *m, size_t i) {
    return m->entries + i * m->size;
}

static void take_first_ids(const struct rp_map_table *t, uint8_t *key) {
    for (size_t i = 0; i < t->schema->member_count; i++) {
        const struct rp_member_schema *member = &t->schema->members[i];
        int32_t id;
        if (!is_user_stack(member) || member->offset + sizeof(id) > t->info.key_size)
            continue;
        memcpy(&id, key + member->offset, sizeof(id));
        id = first_stack(t->module, id);
        memcpy(key + member->offset, &id, sizeof(id));
    }
}

static struct rp_error *collect(void *ctx, const void *key, const void *values) {
    struct merging *m = ctx;
    if (m->count == m->capacity) {
        uint8_t *grown = rp_vec_grown(m->entries, &m->capacity, m->count, 1, m->size);
        if (!grown)
            return rp_error_nomem();
        m->entries = grown;
    }
    uint8_t *at = entry(m, m->count++);
    memcpy(at, key, m->key_size);
    memcpy(at + m->key_size, key, m->key_size);
    memcpy(at + 2 * m->key_size, values, m->values_size);
    take_first_ids(m->t, at);
    return NULL;
}

static int compare(const void *a, const void *b, void *ctx) {
    const struct merging *m = ctx;
    return memcmp(a, b, 2 * m->key_size);
}

/* The entries from `first` on that have its key, with their values one behind the other. One that
 * was read twice counts once. Returns where the next ones begin. */
static size_t gather(const struct merging *m, size_t first, uint8_t *values, size_t *count) {
    size_t i = first;
    *count = 0;
    for (; i < m->count && !memcmp(entry(m, i), entry(m, first), m->key_size); i++) {
        if (i > first && !memcmp(entry(m, i), entry(m, i - 1), 2 * m->key_size))
            continue;
        memcpy(values + *count * m->values_size, entry(m, i) + 2 * m->key_size, m->values_size);
        ++*count;
    }
    return i;
}

static struct rp_error *tell(const struct merging *m, rp_map_merged_fn each) {
    size_t cpus = m->t->cpus ? (size_t)m->t->cpus : 1, count;
    RP_AUTO_FREE uint8_t *values = calloc(m->count + 1, m->values_size);
    if (!values)
        return rp_error_nomem();
    for (size_t i = 0; i < m->count;) {
        const uint8_t *key = entry(m, i);
        i = gather(m, i, values, &count);
        RP_TRY(each(m->t, key, values, count * cpus));
    }
    return NULL;
}

struct rp_error *rp_map_merged(struct rp_map_table *t, rp_map_merged_fn each) {
    size_t cpus = t->cpus ? (size_t)t->cpus : 1;
    struct merging m = {.t = t,
                        .key_size = t->info.key_size,
                        .values_size = ((size_t)t->info.value_size + 7) / 8 * 8 * cpus};
    m.size = 2 * m.key_size + m.values_size;
    struct rp_error *err = rp_map_entries(t->fd, t->name, &t->info, collect, &m);
    if (!err && m.count)
        qsort_r(m.entries, m.count, m.size, compare, &m);
    if (!err)
        err = tell(&m, each);
    free(m.entries);
    return err;
}
