/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/event_source.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"

#define SOURCES "/sys/bus/event_source/devices/"

/* The number in a file such as "6" or "config:0", after `before`; -1 if there is none. */
static int read_number(const char *path, const char *before) {
    RP_AUTO_FCLOSE FILE *file = fopen(path, "re");
    char line[64] = "";
    int number = -1;
    if (file && fgets(line, sizeof(line), file) && !strncmp(line, before, strlen(before)))
        sscanf(line + strlen(before), "%d", &number);
    return number;
}

bool rp_event_source_set(struct perf_event_attr *attr, const char *source, bool returns) {
    char path[128];
    snprintf(path, sizeof(path), SOURCES "%s/type", source);
    int type = read_number(path, "");
    snprintf(path, sizeof(path), SOURCES "%s/format/retprobe", source);
    int bit = read_number(path, "config:");
    if (type < 0 || bit < 0 || bit > 63)
        return false;
    attr->type = (uint32_t)type;
    attr->config = returns ? 1ULL << (unsigned)bit : 0;
    return true;
}
