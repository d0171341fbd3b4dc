/* SPDX-License-Identifier: Apache-2.0 */
/* What the kinds at the kernel's static events share: tracepoint, rawtracepoint, tp_btf. */
#ifndef RP_PROBE_KERNEL_EVENT_H
#define RP_PROBE_KERNEL_EVENT_H

#include "probe/spec.h"

struct rp_arguments; /* arguments.h */

/* Adds the fields of an event's format in tracefs. */
struct rp_error *rp_arguments_add_fields(struct rp_arguments *arguments, const char *format);
/* The line about a field in the tracepoint's format: type, name, offset and size; malloc()ed, NULL
 * if there is none. */
char *rp_tracepoint_field(const struct rp_spec *spec, const char *name);
/* The same of the field that has the byte at that offset. */
char *rp_tracepoint_field_at(const struct rp_spec *spec, uint32_t offset);
/* The number behind a word of such a line, as "offset:"; 0: there is none. */
unsigned rp_field_number(const char *line, const char *word);
/* Adds the arguments that the kernel passes at the event. */
struct rp_error *rp_raw_event_arguments(const struct rp_spec *spec, struct rp_arguments *arguments);

#endif
