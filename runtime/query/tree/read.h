/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trees as C in which every step through memory is an explicit read:
 *
 *     struct dentry *dentry_1 = 0;
 *     int err_1 = bpf_probe_read_kernel(&dentry_1, sizeof(dentry_1),
 *                                       (void *)file + offsetof(struct file, f_path.dentry));
 *
 * Each read's result is kept, and goes on into those of the reads that need what it read: the last
 * one of an expression says whether the expression could be read. What could not is never used.
 */
#ifndef RP_QUERY_TREE_READ_H
#define RP_QUERY_TREE_READ_H

#include <stdio.h>

#include "query/tree/tree.h"

/* What the C that was written calls, and its program has to have. */
enum {
    RP_USES_IS_TEXT = 1,       /* bool is_text(const char *text, const char *wanted, int size) */
    RP_USES_IS_SAME = 2,       /* bool is_same(const char *text, const char *other, int size) */
    RP_USES_SAME = 8,          /* u64 same(u64 a, u64 b), without a branch */
    RP_USES_QUOTIENT = 4,      /* s64 quotient(s64 a, s64 b), s64 remainder(s64 a, s64 b) */
    RP_USES_USER_ADDRESS = 16, /* unsigned __int128 user_address(u64 address) */
    RP_USES_IS_WHOLE = 512,    /* bool is_whole(const char *bytes, u32 count, const char *text,
                                  u32 size) */
    RP_USES_IS_BYTES = 1024,   /* bool is_bytes(const char *bytes, const char *other, u32 size) */
    RP_USES_SYSCALL = 32,      /* u64 syscall_number(u64 number) */
};

/* C for a value. Both texts live as long as the types. */
struct rp_code {
    const char *text;
    unsigned precedence; /* of its last operator: rp_code_operand() puts it in brackets */
    const char *unread;  /* C that is not 0 when the value could not be read; NULL: it always can */
};

/* One function that is being written: rp_reads_begin(). */
struct rp_reads {
    FILE *out;
    struct rp_c_types *types;
    bool (*is_taken)(void *ctx, const char *name); /* whether a name has a meaning there; or NULL */
    void *ctx;
    unsigned blocks;    /* that are open: each is indented by one more */
    unsigned locals;    /* that were declared */
    unsigned uses;      /* RP_USES_* */
    bool nomem;         /* what was written is not complete */
    const char *missed; /* an int that becomes other than 0 when a condition could not be read; or
                           NULL */
    unsigned expected;  /* expressions so far */
    struct rp_known *known; /* what was read, the last one first */
    struct rp_shared *shared;
    struct rp_code (*compare)(struct rp_reads *r, const struct rp_node *node); /* of text */
};
void rp_reads_begin(struct rp_reads *r, FILE *out, struct rp_c_types *types);

/* As an operand of any operator. */
const char *rp_code_operand(struct rp_reads *r, const struct rp_code *code);

/* That an expression (by rp_tree_text()) or a variable is known as `text`; `unread`: in brackets,
 * or NULL. */
void rp_reads_know(struct rp_reads *r, const char *key, const char *text, const char *unread);
/* That the variable `name` leads to so many elements as `count`, a variable, says: behind them
 * nothing is read. */
void rp_reads_limit(struct rp_reads *r, const char *name, const char *count);
/* Says beforehand what will be read: steps that several expressions share are read once. */
void rp_reads_expect(struct rp_reads *r, const struct rp_node *node);
/* Reads what `node` shares with others; before the block that only it needs. */
void rp_reads_shared(struct rp_reads *r, const struct rp_node *node);
/* "    {" and its end, with which what was read since is forgotten. */
void rp_reads_open(struct rp_reads *r);
/* "    if (…) {", with the same end. */
void rp_reads_if(struct rp_reads *r, const char *text);
void rp_reads_close(struct rp_reads *r);
/* The beginning of a line. */
void rp_reads_indent(struct rp_reads *r);
/* A name for a local variable that no other one has. */
const char *rp_reads_name(struct rp_reads *r, const char *base);

/* Writes what has to be read for the value, which `node` must have as a number or an address. */
struct rp_code rp_reads_value(struct rp_reads *r, const struct rp_node *node);
/* The same for the question whether `node` is true: C that is only true if that is known. */
struct rp_code rp_reads_condition(struct rp_reads *r, const struct rp_node *node);
/* The opposite: C that is true if it is false, or not known. */
struct rp_code rp_reads_unless(struct rp_reads *r, const struct rp_node *node);

/* Whether the value may be one that cannot be read: else what follows returns NULL. */
bool rp_node_may_fail(const struct rp_node *node);
/* By what is computed: nothing is divided by 0, or shifted too far. */
bool rp_node_may_divide(const struct rp_node *node);
/* Puts the value into `target` ("event->name"), which is declared as of the node's type; of text as
 * a char array of `capacity` bytes, of buf() with their number in `target` with "_size" behind it.
 * Returns what is not 0 when it could not be read, or NULL. */
const char *rp_reads_into(struct rp_reads *r, const struct rp_node *node, const char *target,
                          unsigned capacity);
/* The same of text, and whatever of `target` is not text is 0. */
const char *rp_reads_key(struct rp_reads *r, const struct rp_node *node, const char *target,
                         unsigned capacity);

#endif
