/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/matches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

struct rp_error *rp_matches_add(struct rp_matches *matches, const char *name, uint64_t number) {
    if (matches->count == matches->capacity) {
        size_t capacity = matches->capacity ? matches->capacity * 2 : 64;
        struct rp_match *list = realloc(matches->list, capacity * sizeof(*list));
        if (!list)
            return rp_error_nomem();
        matches->list = list;
        matches->capacity = capacity;
    }
    struct rp_match *match = &matches->list[matches->count];
    match->number = number;
    if (asprintf(&match->spec, "%s:%s%s%s", matches->kind->name, matches->path ? matches->path : "",
                 matches->path ? ":" : "", name) < 0)
        return rp_error_nomem();
    matches->count++;
    return NULL;
}

const char *rp_match_name(const struct rp_matches *matches, size_t i) {
    return matches->list[i].spec + strlen(matches->kind->name) + 1 +
           (matches->path ? strlen(matches->path) + 1 : 0);
}

struct rp_error *rp_matches_copy(const struct rp_matches *from, struct rp_matches *to) {
    for (size_t i = 0; i < from->count; i++)
        RP_TRY(rp_matches_add(to, rp_match_name(from, i), from->list[i].number));
    return NULL;
}

void rp_match_clear(struct rp_matches *matches, size_t i) {
    free(rp_take(matches->list[i].spec));
}

void rp_matches_clear(struct rp_matches *matches) {
    for (size_t i = 0; i < matches->count; i++)
        rp_match_clear(matches, i);
    matches->count = matches->capacity = 0;
    free(rp_take(matches->list));
    free(rp_take(matches->path));
}
