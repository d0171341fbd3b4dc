/* SPDX-License-Identifier: Apache-2.0 */
/* Signals by name. */
#include <stdio.h>
#include <string.h>

#include "reprobe_tool.h"
#include "util/signal_name.h"

const char *rp_signal_name(int signal, char text[RP_SIGNAL_NAME]) {
    if (!rp_name_signal(signal, text))
        snprintf(text, RP_SIGNAL_NAME, "SIG%d", signal);
    return text;
}

bool rp_parse_signal(const char *text, int *signal) {
    uint64_t number;
    char name[RP_SIGNAL_NAME];
    if (rp_parse_count(text, RP_SIGNAL_COUNT, &number)) {
        *signal = (int)number;
        return true;
    }
    if (strncasecmp(text, "SIG", 3) == 0)
        text += 3;
    if (strcasecmp(text, "POLL") == 0)
        text = "IO";
    for (*signal = 1; *signal <= RP_SIGNAL_COUNT; ++*signal) {
        if (strcasecmp(rp_signal_name(*signal, name) + 3, text) == 0)
            return true;
    }
    return false;
}
