/* SPDX-License-Identifier: Apache-2.0 */
/* Histograms: log2 ones drawn as BCC's tools draw them, linear ones alike. */
#include "record/histogram.h"

#include <inttypes.h>
#include <string.h>

#define BAR_WIDTH 40

static uint64_t slot_min(unsigned slot) {
    return slot == 1 ? 0 : 1ULL << (slot - 1);
}

static uint64_t slot_max(unsigned slot) {
    return (1ULL << slot) - 1;
}

/* One past the last slot that has a count. */
static unsigned slots_used(const uint64_t *counts) {
    unsigned used = RP_LOG2_SLOTS;
    while (used > 1 && !counts[used - 1])
        used--;
    return used;
}

static void write_bar(uint64_t count, uint64_t most, unsigned width, FILE *out) {
    unsigned stars = most ? (unsigned)((double)count / (double)most * width) : 0;
    fputc('|', out);
    for (unsigned i = 0; i < width; i++)
        fputc(i < stars ? '*' : ' ', out);
    fputs("|\n", out);
}

void rp_print_log2(const char *unit, const uint64_t counts[RP_LOG2_SLOTS], FILE *out) {
    unsigned used = slots_used(counts);
    /* Numbers of more than 32 bits take half of the bar's width. */
    int digits = used <= 33 ? 10 : 20;
    unsigned width = used <= 33 ? BAR_WIDTH : BAR_WIDTH / 2;
    uint64_t most = 0;
    for (unsigned i = 1; i < used; i++)
        most = counts[i] > most ? counts[i] : most;
    if (used > 1)
        fprintf(out, "     %-*s : count     distribution\n", used <= 33 ? 19 : 29, unit);
    for (unsigned i = 1; i < used; i++) {
        fprintf(out, "%*" PRIu64 " -> %-*" PRIu64 " : %-8" PRIu64 " ", digits, slot_min(i), digits,
                slot_max(i), counts[i]);
        write_bar(counts[i], most, width, out);
    }
}

size_t rp_log2_buckets(const uint64_t counts[RP_LOG2_SLOTS],
                       struct rp_bucket buckets[RP_LOG2_SLOTS]) {
    unsigned used = slots_used(counts);
    for (unsigned i = 1; i < used; i++)
        buckets[i - 1] = (struct rp_bucket){
            .min = (int64_t)slot_min(i), .max = (int64_t)slot_max(i), .count = counts[i]};
    return used - 1;
}

void rp_json_log2(struct rp_writer *json, const char *name, const uint64_t counts[RP_LOG2_SLOTS]) {
    struct rp_bucket buckets[RP_LOG2_SLOTS] = {0};
    rp_json_buckets(json, name, buckets, rp_log2_buckets(counts, buckets));
}

/* ---- linear */

static void write_edges(const struct rp_bucket *bucket, char *text, size_t size) {
    if (bucket->below)
        snprintf(text, size, "(..., %" PRId64 ")", bucket->max + 1);
    else if (bucket->above)
        snprintf(text, size, "[%" PRId64 ", ...)", bucket->min);
    else
        snprintf(text, size, "[%" PRId64 ", %" PRId64 ")", bucket->min, bucket->max + 1);
}

void rp_print_linear(const char *unit, const struct rp_bucket *buckets, size_t count, FILE *out) {
    uint64_t most = 0;
    int width = 24; /* as wide as the two numbers of a log2 histogram */
    char edges[64];
    for (size_t i = 0; i < count; i++) {
        most = buckets[i].count > most ? buckets[i].count : most;
        write_edges(&buckets[i], edges, sizeof(edges));
        width = (int)strlen(edges) > width ? (int)strlen(edges) : width;
    }
    if (count)
        fprintf(out, "     %-*s : count     distribution\n", width - 5, unit);
    for (size_t i = 0; i < count; i++) {
        write_edges(&buckets[i], edges, sizeof(edges));
        fprintf(out, "%-*s : %-8" PRIu64 " ", width, edges, buckets[i].count);
        write_bar(buckets[i].count, most, BAR_WIDTH, out);
    }
}

void rp_json_buckets(struct rp_writer *json, const char *name, const struct rp_bucket *buckets,
                     size_t count) {
    rp_json_array(json, name);
    for (size_t i = 0; i < count; i++) {
        rp_json_object(json, NULL);
        if (!buckets[i].below)
            rp_json_int(json, "min", buckets[i].min);
        if (!buckets[i].above)
            rp_json_int(json, "max", buckets[i].max);
        rp_json_uint(json, "count", buckets[i].count);
        rp_json_object_end(json);
    }
    rp_json_array_end(json);
}
