/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/matches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"

struct rp_error *rp_matches_add(struct rp_matches *matches, const char *name, uint64_t number) {
    const char *path = matches->path ? matches->path : "";
    struct rp_match match = {
        .spec = rp_text("%s:%s%s%s", matches->kind->name, path, *path ? ":" : "", name),
        .number = number};
    if (!match.spec || !rp_vec_push(matches, match)) {
        free(match.spec);
        return rp_error_nomem();
    }
    return NULL;
}

struct rp_error *rp_matches_of_spec(const struct rp_spec *spec, struct rp_matches *out) {
    *out = (struct rp_matches){.kind = spec->kind};
    if (spec->path) {
        out->pid = spec->pid;
        out->path = strdup(spec->path);
        if (!out->path)
            return rp_error_nomem();
    }
    return rp_matches_add(out, spec->target, spec->number);
}

const char *rp_match_name(const struct rp_matches *matches, size_t i) {
    return matches->items[i].spec + strlen(matches->kind->name) + 1 +
           (matches->path ? strlen(matches->path) + 1 : 0);
}

struct rp_error *rp_matches_copy(const struct rp_matches *from, struct rp_matches *to) {
    for (size_t i = 0; i < from->count; i++)
        RP_TRY(rp_matches_add(to, rp_match_name(from, i), from->items[i].number));
    return NULL;
}

void rp_match_clear(struct rp_matches *matches, size_t i) {
    free(rp_take(matches->items[i].spec));
}

void rp_matches_clear(struct rp_matches *matches) {
    for (size_t i = 0; i < matches->count; i++)
        rp_match_clear(matches, i);
    rp_vec_clear(matches);
    free(rp_take(matches->path));
}
