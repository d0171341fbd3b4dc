/* SPDX-License-Identifier: Apache-2.0 */
/* Options about debug information: --debuginfod fetches what is not on this machine, --lines shows
 * lines of source in stacks. */
#ifndef RP_TOOLS_DEBUG_OPTIONS_H
#define RP_TOOLS_DEBUG_OPTIONS_H

#include <argp.h>

#include "reprobe.h"

extern const struct argp debug_options_argp; /* it takes no input */

/* Fetches from here on, if an option or the environment says so. An interrupt of the session ends
 * it, and, at a terminal, nothing else. */
struct rp_error *debug_options_begin(struct rp_session *session, bool terminal);

#endif
