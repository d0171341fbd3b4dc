/* SPDX-License-Identifier: Apache-2.0 */
/* The transports, in the order of the tables. */
#include <string.h>

#include "bench.h"

static const char *const perf[] = {"-DTRANSPORT_PERF", NULL};
static const char *const output[] = {"-DTRANSPORT_OUTPUT", "-DRP_BATCH_WAKEUPS=0", NULL};
static const char *const reserve[] = {"-DTRANSPORT_RESERVE", "-DRP_BATCH_WAKEUPS=0", NULL};
static const char *const batch[] = {"-DTRANSPORT_RESERVE", "-DRP_BATCH_WAKEUPS=0",
                                    "-DWAKE_BATCHED=(PAGES*4096/4)", NULL};
static const char *const busy[] = {"-DTRANSPORT_RESERVE", "-DRP_BATCH_WAKEUPS=0", "-DWAKE_NEVER",
                                   NULL};
static const char *const ours[] = {"-DTRANSPORT_RESERVE", "-DRP_BATCH_WAKEUPS=1", NULL};

const struct transport transports[] = {
    {"perf", "perf buffers; each record wakes the reader", perf, READER_PERF, false, false, false},
    {"perf-sampled", "perf buffers; every Nth record wakes the reader", perf, READER_PERF, false,
     true, true},
    {"output", "ring buffer; records are copied in, flags 0", output, READER_LIBBPF, false, false,
     false},
    {"reserve", "ring buffer; reserve and submit, flags 0", reserve, READER_LIBBPF, true, false,
     false},
    {"batch", "the same, woken when a quarter is full", batch, READER_LIBBPF, true, false, true},
    {"busy", "the same, never woken; the reader spins", busy, READER_BUSY, true, false, false},
    {"reprobe", "the same, flags 0, read by reprobe's event loop", ours, READER_REPROBE, true,
     false, false},
};
const size_t transport_count = sizeof(transports) / sizeof(transports[0]);

const struct transport *transport_named(const char *name, size_t len) {
    for (size_t i = 0; i < transport_count; i++)
        if (strlen(transports[i].name) == len && strncmp(transports[i].name, name, len) == 0)
            return &transports[i];
    return NULL;
}
