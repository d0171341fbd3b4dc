/* SPDX-License-Identifier: Apache-2.0 */
/* The headers that a text in libbpf's dialect includes, in memory: libbpf's own, as they were when
 * reprobe was built, what they lack, and C's. */
#ifndef RP_COMPILE_CLANG_HEADERS_H
#define RP_COMPILE_CLANG_HEADERS_H

#include <stdbool.h>

#include "compile/clang_module.h"
#include "util/names.h"
#include "util/text.h"
#include "util/vec.h"

/* Files in memory. */
struct rp_clang_files {
    RP_VEC(struct rp_clang_file);
    struct rp_texts owned; /* paths, and some of the texts */
};

/* `text` must live as long. False: out of memory. */
bool rp_clang_files_add(struct rp_clang_files *files, const char *text, const char *path_fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Takes `text`, malloc()ed. */
bool rp_clang_files_own(struct rp_clang_files *files, char *text, const char *path);
void rp_clang_files_clear(struct rp_clang_files *files);

/* The directories that rp_clang_headers_add() fills, in the order in which clang must look there;
 * NULL ends it. */
extern const char *const rp_clang_header_dirs[];
/* What comes before every text: the types of outputs. */
#define RP_CLANG_OUTPUTS "/virtual/reprobe/libbpf_outputs.h"

/* Adds all of them. */
bool rp_clang_headers_add(struct rp_clang_files *files);
/* Whether `include` is one of them. */
bool rp_clang_headers_have(const char *include);
/* The text of a header that is not installed: of the kernel's interface, what C's have of it, or
 * "". */
const char *rp_clang_header_instead(const char *include);
/* Names of kernel types that the macros of `include` use. */
const char *rp_clang_header_words(const char *include);
/* The header of libbpf's that has the macro, or the helper, of that name, as it is included; NULL:
 * none. */
const char *rp_clang_header_of(const char *name);
/* The names `bpf_…` in libbpf's headers: helpers, and macros. */
void rp_clang_header_names(struct rp_names *names);

#endif
