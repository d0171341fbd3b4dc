/* SPDX-License-Identifier: Apache-2.0 */
/* Lines about an attach point, for people. */
#ifndef RP_PROBE_DESCRIBE_H
#define RP_PROBE_DESCRIBE_H

#include <stdio.h>

#include "probe/spec.h"

#define RP_LABEL_WIDTH 11

/* The label at the left of a line. */
void rp_describe_label(FILE *out, const char *label);

/* ------------------------------------------------------------------ for kinds */

/* "ssize_t vfs_read(struct file *file)" */
void rp_describe_signature(const struct rp_spec *spec, FILE *out);
/* The program or library that contains it, and where. */
void rp_describe_file(const struct rp_spec *spec, FILE *out);

#endif
