/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions: a line becomes C.
 *
 *   line -> question (question.c, question_words.c, question_sections.c) -> attach points
 *        (attach_point.c) and what can be named there
 *        (scope.c) -> trees (scope.c, tree/), each read at its moment (moment.c) -> plan (plan.c)
 *        -> a program (emit/)
 */
#ifndef RP_QUERY_QUERY_H
#define RP_QUERY_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "query/tree/c_type.h"
#include "reprobe_query.h"

/* The dots between two probes, "A..B"; NULL where it is one. */
const char *rp_span_middle(const char *probe);

/* The members that tell most about a struct that a value of the type points to, or is:
 * "f_path.dentry->d_name.name" of "struct file *"; the kernel may lack some. Calls `each` with each
 * one, until it returns false. Nothing for other types. */
void rp_default_fields(struct rp_c_types *types, const struct rp_c_type *type,
                       bool (*each)(void *ctx, const char *path), void *ctx);

#endif
