/* SPDX-License-Identifier: Apache-2.0 */
/* biopattern: how much of the disk I/O is sequential. */
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "reprobe_tool.h"

extern const char rp_embedded_biopattern_c[];

static const struct argp_option options[] = {
    {"disk", 'd', "DISK", 0, "Trace only this disk, named as in /proc/diskstats", 0}, {0}};

struct biopattern {
    struct rp_tool *tool;
    struct rp_interval interval;
};

/* As in bpf-src/biopattern.c. */
enum { REQUESTS, SEQUENTIAL, BYTES };

/* The disk of a device number, or the number of a disk; whichever is given. False: there is none.
 */
static bool find_disk(unsigned *device, char name[RP_SUM_TEXT], bool by_name) {
    FILE *file = fopen("/proc/diskstats", "re");
    char line[256], found[RP_SUM_TEXT];
    unsigned major, minor;
    bool same = false;
    while (!same && file && fgets(line, sizeof(line), file)) {
        if (sscanf(line, "%u %u %63s", &major, &minor, found) != 3)
            continue;
        unsigned number = major << 20 | minor; /* as the kernel's own dev_t has it */
        same = by_name ? !strcmp(found, name) : number == *device;
        if (same) {
            *device = number;
            strcpy(name, found);
        }
    }
    if (file)
        fclose(file);
    return same;
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct biopattern *b = state->input;
    unsigned device;
    switch (key) {
    case 'd': {
        char name[RP_SUM_TEXT];
        snprintf(name, sizeof(name), "%s", arg);
        if (!find_disk(&device, name, true))
            argp_error(state, "this machine has no disk `%s` (see /proc/diskstats)", arg);
        rp_tool_define(b->tool, "DEVICE=%u", device);
        return 0;
    }
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void disk_text(const void *key, char text[RP_SUM_TEXT]) {
    unsigned device;
    memcpy(&device, key, sizeof(device));
    if (!find_disk(&device, text, false))
        snprintf(text, RP_SUM_TEXT, "%u:%u", device >> 20, device & 0xfffff);
}

static void cells(struct rp_row *row, const void *record, const void *ctx) {
    const struct rp_sum *sum = record;
    uint64_t all = sum->values[REQUESTS] ? sum->values[REQUESTS] : 1;
    uint64_t sequential = 100 * sum->values[SEQUENTIAL] / all;
    (void)ctx;
    rp_cell_text(row, "DISK", 9, sum->text, RP_SUM_TEXT);
    rp_cell_uint(row, "%RND", -5, 100 - sequential);
    rp_cell_uint(row, "%SEQ", -5, sequential);
    rp_cell_uint(row, "COUNT", -8, sum->values[REQUESTS]);
    rp_cell_uint(row, "KBYTES", -10, sum->values[BYTES] / 1024);
}

static struct rp_error *run(struct rp_session *session, void *ctx) {
    const struct biopattern *b = ctx;
    const struct rp_sums sums = {.size = sizeof(sums),
                                 .tool = b->tool,
                                 .interval = b->interval,
                                 .name = "biopattern.c",
                                 .source = rp_embedded_biopattern_c,
                                 .text = disk_text,
                                 .cells = cells};
    return rp_sums_run(session, &sums);
}

int main(int argc, char **argv) {
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .doc = "Shows of each disk how many of its requests were sequential, "
                                     "how many random, and how much they moved."};
    struct biopattern biopattern = {.tool = rp_tool_new()};
    rp_tool_parse(argc, argv, &argp, &biopattern, biopattern.tool, &biopattern.interval);
    return rp_tool_run(biopattern.tool, run, &biopattern);
}
