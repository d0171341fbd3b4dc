/* SPDX-License-Identifier: Apache-2.0 */
#include "util/signal_name.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define REAL_TIME 34 /* SIGRTMIN as programs see it: the C library uses 32 and 33 itself */

bool rp_name_signal(int64_t number, char name[RP_SIGNAL_BYTES]) {
    bool exists = number > 0 && number <= RP_SIGNAL_COUNT;
    const char *known = exists ? sigabbrev_np((int)number) : NULL;
    if (number == SIGIO) /* for glibc it is SIGPOLL */
        known = "IO";
    if (known)
        snprintf(name, RP_SIGNAL_BYTES, "SIG%s", known);
    else if (number == REAL_TIME)
        snprintf(name, RP_SIGNAL_BYTES, "SIGRTMIN");
    else if (exists && number > REAL_TIME)
        snprintf(name, RP_SIGNAL_BYTES, "SIGRTMIN+%d", (int)number - REAL_TIME);
    return known || (exists && number >= REAL_TIME);
}
