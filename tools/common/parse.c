/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and durations from text. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reprobe_tool.h"
#include "util/array.h"

bool rp_parse_duration(const char *text, uint64_t *ns) {
    static const struct {
        const char *unit;
        double ns;
    } units[] = {{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"m", 60e9}, {"h", 3600e9}};
    char *end;
    double number = strtod(text, &end);
    if (end == text || !isfinite(number) || number <= 0)
        return false;
    for (size_t i = 0; i < RP_COUNT(units); i++) {
        if (strcmp(end, units[i].unit) != 0)
            continue;
        if (number * units[i].ns > 1e18)
            return false;
        *ns = (uint64_t)(number * units[i].ns);
        return *ns > 0;
    }
    return false;
}

bool rp_parse_count(const char *text, uint64_t max, uint64_t *count) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || !value || value > max)
        return false;
    *count = value;
    return true;
}
