/* SPDX-License-Identifier: Apache-2.0 */
/* Texts in libbpf's dialect: text -> ELF, by clang in this process, with no headers on the machine.
 */
#ifndef RP_COMPILE_CLANG_H
#define RP_COMPILE_CLANG_H

#include "compile/object.h"
#include "reprobe.h"

/* Takes the object of `text` from the cache, or compiles it with `opts` (complete, with a name);
 * adds to `timings`. *out is an object with an ELF file: of this kernel's types; or, if
 * `opts->portable`, with CO-RE relocations throughout. */
struct rp_error *rp_clang_compile(const char *text, const struct rp_compile_opts *opts,
                                  struct rp_timings *timings, struct rp_object **out);

#endif
