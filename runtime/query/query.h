/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions: a line becomes C.
 *
 *   line -> question (question.c) -> places (place.c) and what can be read there (arguments.c)
 *        -> what each expression is (path.c, expression.c) -> a program (write.c, trace.c, sums.c,
 * …)
 */
#ifndef RP_QUERY_QUERY_H
#define RP_QUERY_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/btf.h"
#include "probe/arguments.h"
#include "query/expression.h"
#include "reprobe_query.h"

/* ------------------------------------------------------------------ path.c */

/* A type: what BTF calls `id`, behind so many pointers, in an array of so many (0: none). */
struct rp_btf_type {
    const struct rp_btf *btf;
    uint32_t id;
    unsigned pointers, elements;
};
/* Finds the type that `text` spells; false where vmlinux has none. */
bool rp_type_find(const char *text, struct rp_btf_type *out);
/* The member that `path` ("f_path.dentry->d_name.name", "numbers[0].nr") leads to, from a struct or
 * a pointer to one. False where there is none, or it is a bit field. */
bool rp_type_member(const struct rp_btf_type *from, const char *path, struct rp_btf_type *out);
/* What an expression of that type is; its text is left alone. False: of no type that it can be. */
bool rp_type_describe(const struct rp_btf_type *type, struct rp_expression *out);
/* Whether `expression->text` is a name and members ("file->f_path.dentry"), and what it is then, as
 * the kernel's types tell at once; `arguments` and builtins are the names. */
bool rp_path_type(const struct rp_arguments *arguments, struct rp_expression *expression);

/* ------------------------------------------------------------------ telling.c */

/* The members that tell most about a struct that a value of the type `type` points to, or is:
 * "f_path.dentry->d_name.name" of "struct file *". Calls `each` with each one, until it returns
 * false. Nothing for other types. */
void rp_default_fields(const char *type, bool (*each)(void *ctx, const char *path), void *ctx);

/* ------------------------------------------------------------------ names.c */

/* Whether the C expression reads the variable `name`: not a member, nor a tag. */
bool rp_reads(const char *expression, const char *name);
/* Calls `each` with every variable that it reads, perhaps several times. */
void rp_reads_each(const char *expression, bool (*each)(void *ctx, const char *name, size_t length),
                   void *ctx);
/* NULL unless `name` is one. */
const struct rp_builtin *rp_builtin_find(const char *name);
/* Whether it has a value where events are about `task`: an argument, nobody (""), or (NULL) the
 * task that runs. */
bool rp_builtin_is_at(const struct rp_builtin *builtin, const char *task);
/* NULL unless it is one of them. */
const struct rp_argument *rp_argument_find(const struct rp_arguments *arguments, const char *name);
bool rp_is_c_name(const char *text);

#endif
