/* SPDX-License-Identifier: Apache-2.0 */
#include "record/map_merge.h"

#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/names.h"
#include "util/text.h"
#include "util/vec.h"

static rp_stack_text_fn stack_text;

void rp_map_set_stack_text(rp_stack_text_fn fn) {
    stack_text = fn;
}

static bool is_stack(const struct rp_map_table *t, const struct rp_member_schema *member) {
    return !member->of_value && member->stacks && rp_member_is_stack(member) &&
           member->size == sizeof(int32_t) && member->offset + sizeof(int32_t) <= t->info.key_size;
}

/* Values that can be added up: numbers, and statistics. */
bool rp_map_table_merges(const struct rp_map_table *t) {
    bool adds = t->stats.figures || rp_type_is_number(t->leaf);
    for (size_t i = 0; adds && stack_text && i < t->schema->member_count; i++)
        if (is_stack(t, &t->schema->members[i]))
            return true;
    return false;
}

struct first {
    uint32_t id;
    size_t rank;
};

/* Each entry: the key with one id for all stacks of one text, the key as it was, and the values.
 * That is the id which was seen first: how fast a number grows is known by its key. */
struct merging {
    struct rp_map_table *t;
    size_t key_size, values_size, size, count, capacity;
    uint8_t *entries;
    struct rp_names texts;       /* of stacks, each with its member and process */
    RP_VEC(struct first) firsts; /* of each text */
};

static uint8_t *entry(const struct merging *m, size_t i) {
    return m->entries + i * m->size;
}

/* Whose stack it is; 0: the kernel's, or the key does not tell. */
static pid_t process_of(const struct rp_map_table *t, enum rp_member_meaning means,
                        const uint8_t *key) {
    uint32_t pid = 0;
    for (size_t i = 0; means == RP_MEMBER_USER_STACK && i < t->schema->member_count; i++) {
        const struct rp_member_schema *member = &t->schema->members[i];
        if (!member->of_value && member->means == RP_MEMBER_PID && member->size == sizeof(pid) &&
            member->offset + sizeof(pid) <= t->info.key_size)
            memcpy(&pid, key + member->offset, sizeof(pid));
    }
    return (pid_t)pid;
}

/* The number of the stack's text, with which `key` has it from now on. */
static struct rp_error *number_text(struct merging *m, size_t member, uint8_t *key) {
    const struct rp_member_schema *schema = &m->t->schema->members[member];
    uint32_t id;
    memcpy(&id, key + schema->offset, sizeof(id));
    const struct rp_map_number number = {schema, id, process_of(m->t, schema->means, key)};
    struct first own = {.id = id};
    RP_AUTO_FREE char *shown = stack_text(m->t->module, &number, &own.rank);
    RP_AUTO_FREE char *text = rp_text("%zu %d %s", member, (int)number.pid, shown ? shown : "");
    if (!shown || !text || !rp_vec_reserve(&m->firsts, 1))
        return rp_error_nomem();
    if (rp_names_add(&m->texts, text, strlen(text)))
        rp_vec_push(&m->firsts, own);
    ssize_t i = rp_names_find(&m->texts, text, strlen(text));
    if (i < 0)
        return rp_error_nomem();
    if (own.rank < m->firsts.items[i].rank)
        m->firsts.items[i] = own;
    memcpy(key + schema->offset, &(uint32_t){(uint32_t)i}, sizeof(id));
    return NULL;
}

static struct rp_error *number_texts(struct merging *m, uint8_t *key) {
    for (size_t i = 0; i < m->t->schema->member_count; i++)
        if (is_stack(m->t, &m->t->schema->members[i]))
            RP_TRY(number_text(m, i, key));
    return NULL;
}

static void take_ids(const struct merging *m, uint8_t *key) {
    for (size_t i = 0; i < m->t->schema->member_count; i++) {
        const struct rp_member_schema *member = &m->t->schema->members[i];
        uint32_t number;
        if (!is_stack(m->t, member))
            continue;
        memcpy(&number, key + member->offset, sizeof(number));
        memcpy(key + member->offset, &m->firsts.items[number].id, sizeof(number));
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
    return number_texts(m, at);
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
    for (size_t i = 0; !err && i < m.count; i++)
        take_ids(&m, entry(&m, i));
    if (!err && m.count)
        qsort_r(m.entries, m.count, m.size, compare, &m);
    if (!err)
        err = tell(&m, each);
    free(m.entries);
    rp_names_clear(&m.texts);
    rp_vec_clear(&m.firsts);
    return err;
}
