/* SPDX-License-Identifier: Apache-2.0 */
#include "util/nearest.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longer names are not compared: nobody types them. */
#define NAME_MAX_COMPARED 127
/* One edit outweighs any difference in prefix or length. */
#define SCORE_PER_EDIT 256

static unsigned min_of(unsigned a, unsigned b) {
    return a < b ? a : b;
}

/* How many edits still count as a typing mistake. */
static unsigned cutoff(size_t length) {
    return length < 6 ? 1 : (unsigned)(length + 2) / 4;
}

/* Damerau-Levenshtein distance (insert, delete, replace, swap neighbours), or UINT_MAX as soon as
 * it is known to be more than `limit`. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len, unsigned limit) {
    unsigned rows[3][NAME_MAX_COMPARED + 1];
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_len; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned best = row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            row[j] = min_of(last[j - 1] + (a[i - 1] != b[j - 1]), min_of(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min_of(row[j], before[j - 2] + 1);
            best = min_of(best, row[j]);
        }
        if (best > limit)
            return UINT_MAX;
        unsigned *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[b_len] <= limit ? last[b_len] : UINT_MAX;
}

static unsigned common_prefix(const char *a, const char *b) {
    unsigned n = 0;
    while (a[n] && a[n] == b[n])
        n++;
    return n;
}

/* Lower is nearer; UINT_MAX: not near. */
static unsigned score(const char *wanted, const char *name) {
    size_t wanted_len = strlen(wanted), name_len = strlen(name);
    if (wanted_len > NAME_MAX_COMPARED || name_len > NAME_MAX_COMPARED)
        return UINT_MAX;
    unsigned limit = cutoff(wanted_len);
    size_t apart = wanted_len > name_len ? wanted_len - name_len : name_len - wanted_len;
    unsigned edits = apart > limit ? UINT_MAX : distance(wanted, wanted_len, name, name_len, limit);
    if (edits != UINT_MAX)
        return edits * SCORE_PER_EDIT + NAME_MAX_COMPARED - common_prefix(wanted, name);
    /* Part of a longer name: farther than any typing mistake, but better than no guess. */
    if (wanted_len >= 4 && strstr(name, wanted))
        return (limit + 1) * SCORE_PER_EDIT + (unsigned)apart;
    return UINT_MAX;
}

static bool known(const struct rp_nearest *nearest, const char *name) {
    for (size_t i = 0; i < nearest->count; i++)
        if (!strcmp(nearest->names[i], name))
            return true;
    return false;
}

void rp_nearest_add(struct rp_nearest *nearest, const char *name) {
    unsigned its_score = score(nearest->wanted, name);
    if (its_score == UINT_MAX)
        return;
    size_t at = nearest->count;
    while (at > 0 && its_score < nearest->scores[at - 1])
        at--;
    if (at == RP_NEAREST_MAX || known(nearest, name))
        return;
    char *copy = strdup(name);
    if (!copy)
        return;
    if (nearest->count == RP_NEAREST_MAX)
        free(nearest->names[--nearest->count]);
    for (size_t i = nearest->count; i > at; i--) {
        nearest->names[i] = nearest->names[i - 1];
        nearest->scores[i] = nearest->scores[i - 1];
    }
    nearest->names[at] = copy;
    nearest->scores[at] = its_score;
    nearest->count++;
}

char *rp_nearest_text(const struct rp_nearest *nearest, const char *prefix) {
    if (nearest->count == 0)
        return NULL;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    for (size_t i = 0; i < nearest->count; i++) {
        const char *joint = i == 0 ? "" : i + 1 == nearest->count ? " or " : ", ";
        fprintf(out, "%s%s%s", joint, prefix, nearest->names[i]);
    }
    fclose(out);
    return text;
}

void rp_nearest_clear(struct rp_nearest *nearest) {
    for (size_t i = 0; i < nearest->count; i++)
        free(nearest->names[i]);
    nearest->count = 0;
}
