/* SPDX-License-Identifier: Apache-2.0 */
/* Signals by name. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reprobe_tool.h"

#define REAL_TIME 34 /* SIGRTMIN as `kill -l` has it: the C library uses 32 and 33 itself */
#define SIGNALS   64

const char *rp_signal_name(int signal, char text[RP_SIGNAL_NAME]) {
    const char *name = sigabbrev_np(signal);
    if (name)
        snprintf(text, RP_SIGNAL_NAME, "SIG%s", name);
    else if (signal == REAL_TIME)
        snprintf(text, RP_SIGNAL_NAME, "SIGRTMIN");
    else if (signal > REAL_TIME && signal <= SIGNALS)
        snprintf(text, RP_SIGNAL_NAME, "SIGRTMIN+%d", signal - REAL_TIME);
    else
        snprintf(text, RP_SIGNAL_NAME, "SIG%d", signal);
    return text;
}

bool rp_parse_signal(const char *text, int *signal) {
    uint64_t number;
    char name[RP_SIGNAL_NAME];
    if (rp_parse_count(text, SIGNALS, &number)) {
        *signal = (int)number;
        return true;
    }
    if (strncasecmp(text, "SIG", 3) == 0)
        text += 3;
    for (*signal = 1; *signal <= SIGNALS; ++*signal) {
        if (strcasecmp(rp_signal_name(*signal, name) + 3, text) == 0)
            return true;
    }
    return false;
}
