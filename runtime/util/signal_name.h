/* SPDX-License-Identifier: Apache-2.0 */
/* Signals by name, as `kill -l` of bash has them. */
#ifndef RP_UTIL_SIGNAL_NAME_H
#define RP_UTIL_SIGNAL_NAME_H

#include <stdbool.h>
#include <stdint.h>

#define RP_SIGNAL_COUNT 64
#define RP_SIGNAL_BYTES 16

/* "SIGKILL", "SIGRTMIN+3"; false if `number` is not that of a signal with a name. */
bool rp_name_signal(int64_t number, char name[RP_SIGNAL_BYTES]);

#endif
