/* SPDX-License-Identifier: Apache-2.0 */
/* Turns LLVM's own errors, which would end the process, into messages like clang's. */
#ifndef RP_COMPILE_BACKEND_H
#define RP_COMPILE_BACKEND_H

#include <stdbool.h>

/* Calls `fn(ctx)`, which calls libbcc to compile. False if LLVM found an error that clang cannot
 * see, such as a stack too large; it is then on stderr as "FILE:LINE:COL: error: …". Memory that
 * LLVM held at that moment is not freed. */
bool rp_backend_run(void (*fn)(void *ctx), void *ctx);

#endif
