/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of read.h's writer share. */
#ifndef RP_QUERY_TREE_READS_H
#define RP_QUERY_TREE_READS_H

#include "query/tree/read.h"

/* C's precedences: of operators between two, parse.c's. */
enum {
    RP_PRECEDENCE_CONDITION,
    RP_PRECEDENCE_ANY,
    RP_PRECEDENCE_BOTH,
    RP_PRECEDENCE_UNARY = 15,
    RP_PRECEDENCE_PRIMARY = 20
};

/* Text as printf() makes it, "" without memory. */
const char *rp_reads_text(struct rp_reads *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
struct rp_code rp_reads_primary(struct rp_reads *r, const char *text, const char *unread);
/* "err_1 | err_2" of both; NULL for neither. */
const char *rp_reads_joined(struct rp_reads *r, const char *a, const char *b);
/* "bpf_probe_read_kernel" */
const char *rp_reads_helper(enum rp_memory memory);
/* "    char text_3[24];" and its like. */
void rp_reads_declare(struct rp_reads *r, const struct rp_c_type *type, const char *name,
                      const char *value);

/* What was read already. */
bool rp_reads_known(struct rp_reads *r, const struct rp_node *node, struct rp_code *out);
/* The same of text itself, not of an address of it. *node becomes what an unknown moment is of. */
bool rp_reads_known_text(struct rp_reads *r, const struct rp_node **node, struct rp_code *out);

/* The address of what has one; of what C reaches itself, its name. */
struct rp_code rp_reads_place(struct rp_reads *r, const struct rp_node *node);
/* rp_reads_value() as a number, which the verifier lets do everything. */
struct rp_code rp_reads_number(struct rp_reads *r, const struct rp_node *node);

/* Whether the value is 0. */
struct rp_code rp_reads_negated(struct rp_reads *r, const struct rp_node *node);
/* Whether reading `node` is one step that ends in a number or an address. */
bool rp_reads_is_step(const struct rp_node *node);

/* ------------------------------------------------------------------ read_text.c */

/* Text that stands where C can see it, in an array. */
struct rp_seen {
    const char *name;
    const char *unread;
    const char *count; /* how many bytes it is, where that is not told by its end */
};
/* Brings it there, as much as there is room for; *goes_on is C that is not 0 where there may be
 * more of it, or NULL; itself it is NULL where the beginning is enough. */
struct rp_seen rp_reads_see(struct rp_reads *r, const struct rp_node *node, unsigned capacity,
                            const char **goes_on);

/* ------------------------------------------------------------------ read_match.c: patterns */

struct rp_code rp_reads_match(struct rp_reads *r, const struct rp_node *node);

/* ------------------------------------------------------------------ read_into.c: comparisons */

struct rp_code rp_reads_compare(struct rp_reads *r, const struct rp_node *node);

/* ------------------------------------------------------------------ read_text.c: addresses */

/* Where the text, or what buf() or str() is of, begins. */
struct rp_code rp_reads_text_address(struct rp_reads *r, const struct rp_node *node,
                                     enum rp_memory *memory);
/* C for `count` and `more`, but `most` at the most; *whole, if not NULL, is C for all of `count`.
 */
const char *rp_reads_least(struct rp_reads *r, const struct rp_node *count, unsigned most,
                           unsigned more, const char **unread, const char **whole);

#endif
