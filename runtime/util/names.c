/* SPDX-License-Identifier: Apache-2.0 */
#include "util/names.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a. */
static uint32_t hash(const char *name, size_t len) {
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)name[i]) * 16777619u;
    return h;
}

static size_t find_slot(const struct rp_names *set, const char *name, size_t len) {
    size_t i = hash(name, len) & (set->slot_count - 1);
    for (; set->slots[i]; i = (i + 1) & (set->slot_count - 1)) {
        const char *have = set->items[set->slots[i] - 1];
        if (strncmp(have, name, len) == 0 && !have[len])
            break;
    }
    return i;
}

static bool grow(struct rp_names *set) {
    size_t slot_count = set->slot_count ? set->slot_count * 2 : 64;
    uint32_t *slots = calloc(slot_count, sizeof(*slots));
    if (!slots)
        return false;
    free(set->slots);
    set->slots = slots;
    set->slot_count = slot_count;
    for (size_t i = 0; i < set->count; i++)
        set->slots[find_slot(set, set->items[i], strlen(set->items[i]))] = (uint32_t)i + 1;
    return true;
}

bool rp_names_add(struct rp_names *set, const char *name, size_t len) {
    bool has_room = set->count * 2 < set->slot_count || grow(set);
    size_t slot = has_room ? find_slot(set, name, len) : 0;
    if (has_room && set->slots[slot])
        return false;
    char *copy = has_room ? strndup(name, len) : NULL;
    if (!copy || !rp_vec_push(set, copy)) {
        free(copy);
        set->out_of_memory = true;
        return false;
    }
    set->slots[slot] = (uint32_t)set->count;
    return true;
}

ssize_t rp_names_find(const struct rp_names *set, const char *name, size_t len) {
    return set->slot_count ? (ssize_t)set->slots[find_slot(set, name, len)] - 1 : -1;
}

bool rp_names_has_n(const struct rp_names *set, const char *name, size_t len) {
    return rp_names_find(set, name, len) >= 0;
}

bool rp_names_has(const struct rp_names *set, const char *name) {
    return rp_names_has_n(set, name, strlen(name));
}

bool rp_names_has_any(const struct rp_names *set, const char *const *names) {
    for (; *names; names++)
        if (rp_names_has(set, *names))
            return true;
    return false;
}

void rp_names_clear(struct rp_names *set) {
    for (size_t i = 0; i < set->count; i++)
        free(set->items[i]);
    rp_vec_clear(set);
    free(set->slots);
    memset(set, 0, sizeof(*set));
}
