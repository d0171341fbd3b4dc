/* SPDX-License-Identifier: Apache-2.0 */
/* LLVM's own errors, which would end the process, become messages like clang's. */
#ifndef RP_COMPILE_BACKEND_H
#define RP_COMPILE_BACKEND_H

#include <stdbool.h>

/* Calls `fn(ctx)`, which calls libbcc to compile. False when LLVM met an error that clang cannot
 * see, such as a stack too large: it is on stderr then, as "FILE:LINE:COL: error: …". What LLVM
 * gave up in the middle is not freed. */
bool rp_backend_run(void (*fn)(void *ctx), void *ctx);

#endif
