/* SPDX-License-Identifier: Apache-2.0 */
/* What crosses the boundary to clang, which has no C interface for making code: plain C on both
 * sides. The other side is a shared library of its own, reprobe-clang.so (clang_module.cc), because
 * it is linked with clang and LLVM. */
#ifndef RP_COMPILE_CLANG_MODULE_H
#define RP_COMPILE_CLANG_MODULE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A file that clang finds at `path`, whatever is there on disk. */
struct rp_clang_file {
    const char *path, *text;
};

struct rp_clang_unit {
    const char *const *args; /* of `clang -cc1`, without these two words */
    size_t arg_count;
    const struct rp_clang_file *files;
    size_t file_count;
};

struct rp_clang_result {
    void *elf; /* malloc()ed; NULL: nothing came out */
    size_t elf_size;
    char *output; /* what clang said, as on a terminal; malloc()ed; NULL: out of memory */
};

/* Compiles once. What LLVM calls fatal, and would end the process, is an error in `output`; memory
 * that LLVM held at that moment is not freed. */
__attribute__((visibility("default"))) void rp_clang_module_run(const struct rp_clang_unit *unit,
                                                                struct rp_clang_result *result);
/* rp_version() of the reprobe that it was built with. */
__attribute__((visibility("default"))) const char *rp_clang_module_version(void);

#ifdef __cplusplus
}
#endif

#endif
