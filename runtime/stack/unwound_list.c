/* SPDX-License-Identifier: Apache-2.0 */
#include "stack/unwound_list.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 256

static uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * UINT64_C(0xff51afd7ed558ccd);
    return hash ^ hash >> 32;
}

static uint64_t content_of(const struct rp_unwound *stack) {
    uint64_t hash = mix(stack->is_cut, stack->count);
    for (uint32_t i = 0; i < stack->count; i++)
        hash = mix(hash, stack->addresses[i]);
    return hash;
}

static bool is_same(const struct rp_unwound *a, const struct rp_unwound *b) {
    return a->is_cut == b->is_cut && a->count == b->count &&
           !memcmp(a->addresses, b->addresses, a->count * sizeof(*a->addresses));
}

/* ------------------------------------------------------------------ tables */

static void put(const struct rp_unwound_list *list, uint32_t *table, uint64_t hash, size_t entry) {
    size_t at = hash & (list->capacity - 1);
    while (table[at])
        at = (at + 1) & (list->capacity - 1);
    table[at] = (uint32_t)entry + 1;
}

static void put_entry(const struct rp_unwound_list *list, size_t i) {
    const struct rp_unwound_entry *entry = &list->entries.items[i];
    put(list, list->by_id, mix(0, entry->id), i);
    if (entry->first == i)
        put(list, list->by_content, entry->content, i);
}

static bool grow(struct rp_unwound_list *list) {
    if (list->entries.count * 2 < list->capacity)
        return true;
    size_t capacity = list->capacity ? 2 * list->capacity : CAPACITY_MIN;
    uint32_t *by_id = calloc(capacity, sizeof(*by_id));
    uint32_t *by_content = calloc(capacity, sizeof(*by_content));
    if (!by_id || !by_content) {
        free(by_id);
        free(by_content);
        return false;
    }
    free(list->by_id);
    free(list->by_content);
    list->by_id = by_id;
    list->by_content = by_content;
    list->capacity = capacity;
    for (size_t i = 0; i < list->entries.count; i++)
        put_entry(list, i);
    return true;
}

static const struct rp_unwound_entry *find_same(const struct rp_unwound_list *list,
                                                uint64_t content, const struct rp_unwound *stack) {
    for (size_t at = content & (list->capacity - 1); list->by_content[at];
         at = (at + 1) & (list->capacity - 1)) {
        const struct rp_unwound_entry *entry = &list->entries.items[list->by_content[at] - 1];
        if (entry->content == content && is_same(&entry->stack, stack))
            return entry;
    }
    return NULL;
}

/* ------------------------------------------------------------------ stacks */

static uint64_t *copy_addresses(const struct rp_unwound *stack) {
    uint64_t *copy = calloc(stack->count + 1, sizeof(*copy));
    if (copy && stack->count)
        memcpy(copy, stack->addresses, stack->count * sizeof(*copy));
    return copy;
}

bool rp_unwound_list_add(struct rp_unwound_list *list, uint32_t id,
                         const struct rp_unwound *stack) {
    if (!grow(list) || !rp_vec_reserve(&list->entries, 1))
        return false;
    uint64_t content = content_of(stack);
    const struct rp_unwound_entry *same = find_same(list, content, stack);
    uint32_t i = (uint32_t)list->entries.count;
    struct rp_unwound_entry entry = {.id = id, .first = i, .content = content, .stack = *stack};
    if (same)
        entry.first = same->first;
    entry.stack.addresses = same ? same->stack.addresses : copy_addresses(stack);
    if (!entry.stack.addresses)
        return false;
    list->entries.items[list->entries.count++] = entry;
    put_entry(list, i);
    return true;
}

const struct rp_unwound_entry *rp_unwound_list_find(const struct rp_unwound_list *list,
                                                    uint32_t id) {
    for (size_t at = mix(0, id) & (list->capacity - 1); list->capacity && list->by_id[at];
         at = (at + 1) & (list->capacity - 1)) {
        const struct rp_unwound_entry *entry = &list->entries.items[list->by_id[at] - 1];
        if (entry->id == id)
            return &list->entries.items[entry->first];
    }
    return NULL;
}

void rp_unwound_list_clear(struct rp_unwound_list *list) {
    for (size_t i = 0; i < list->entries.count; i++)
        if (list->entries.items[i].first == i)
            free(list->entries.items[i].stack.addresses);
    rp_vec_clear(&list->entries);
    free(list->by_id);
    free(list->by_content);
    list->by_id = list->by_content = NULL;
    list->capacity = 0;
}
