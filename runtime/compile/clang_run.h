/* SPDX-License-Identifier: Apache-2.0 */
/* clang in this process: reprobe-clang.so, opened when the first text in libbpf's dialect is
 * compiled. */
#ifndef RP_COMPILE_CLANG_RUN_H
#define RP_COMPILE_CLANG_RUN_H

#include "compile/clang_module.h"
#include "reprobe.h"
#include "util/digest.h"

/* Compiles once. `relocates`: the text has CO-RE relocations, of which LLVM keeps pointers into a
 * code that is gone when the next text comes; so such a text is compiled in a child process. */
struct rp_error *rp_clang_run(const struct rp_clang_unit *unit, bool relocates,
                              struct rp_clang_result *result);
void rp_clang_result_clear(struct rp_clang_result *result);

#endif
