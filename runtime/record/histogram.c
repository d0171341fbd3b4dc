/* SPDX-License-Identifier: Apache-2.0 */
/* Log2 histograms, drawn as BCC's tools draw them. */
#include <inttypes.h>

#include "reprobe.h"

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
    /* Past 32 bits the numbers take the room of half the bar. */
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

void rp_print_json_log2(const uint64_t counts[RP_LOG2_SLOTS], FILE *out) {
    unsigned used = slots_used(counts);
    fputc('[', out);
    for (unsigned i = 1; i < used; i++)
        fprintf(out, "%s{\"min\":%" PRIu64 ",\"max\":%" PRIu64 ",\"count\":%" PRIu64 "}",
                i > 1 ? "," : "", slot_min(i), slot_max(i), counts[i]);
    fputc(']', out);
}
