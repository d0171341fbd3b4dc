/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_PROBE_KINDS_EXEC_H
#define RP_PROBE_KINDS_EXEC_H

#include "probe/arguments.h"

/* struct rp_probe_kind.write_count() where an exec begins; nothing elsewhere. */
const char *rp_write_count_of_exec(const struct rp_function_text *f, const char *argument);
/* struct rp_probe_kind.write_kept() where an exec returns; nothing elsewhere. */
const char *rp_write_kept_of_exec(const struct rp_function_text *f, const char *argument);

#endif
