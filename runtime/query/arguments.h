/* SPDX-License-Identifier: Apache-2.0 */
/* rp_arguments_of() of a spec that is parsed, and what else is known of its kind. */
#ifndef RP_QUERY_ARGUMENTS_H
#define RP_QUERY_ARGUMENTS_H

#include "probe/probe.h"
#include "reprobe_query.h"

struct rp_error *rp_arguments_of_spec(const struct rp_spec *spec, struct rp_arguments **out);
/* kprobe, kretprobe, fentry, fexit. */
bool rp_spec_is_kernel_function(const struct rp_spec *spec);
/* uprobe, uretprobe, usdt. */
bool rp_spec_is_in_file(const struct rp_spec *spec);
/* The line about a field in the tracepoint's format: type, name, offset and size; malloc()ed, NULL
 * when there is none. */
char *rp_tracepoint_field(const struct rp_spec *spec, const char *name);

#endif
