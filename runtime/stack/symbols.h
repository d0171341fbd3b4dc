/* SPDX-License-Identifier: Apache-2.0 */
/* Names of functions, in the kernel and in processes. */
#ifndef RP_STACK_SYMBOLS_H
#define RP_STACK_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct rp_error;
struct rp_symbols;

#define RP_SYMBOL_UNKNOWN "[unknown]"

struct rp_error *rp_symbols_new(struct rp_symbols **out);
/* `symbols` may be NULL. */
void rp_symbols_free(struct rp_symbols *symbols);
/* Notes where the process's files are mapped. Call it while the process lives, to name its
 * functions after it has ended. */
void rp_symbols_notice(struct rp_symbols *symbols, pid_t pid);
/* The same for all processes that were noted before. */
void rp_symbols_notice_again(struct rp_symbols *symbols);
/* The function at the address, in the process or (pid 0) in the kernel, C++ names demangled;
 * "[FILE]" if the file has no symbols, "[unknown]" if nothing is known. Owned by `symbols`, until
 * the next call. */
const char *rp_symbols_name(struct rp_symbols *symbols, pid_t pid, uint64_t address);
/* The same; *offset: how far behind the function's beginning, 0 where no function is known. */
const char *rp_symbols_find(struct rp_symbols *symbols, pid_t pid, uint64_t address,
                            uint64_t *offset);
/* So many of the processes that were asked for had ended before they could be noted. */
size_t rp_symbols_unseen(const struct rp_symbols *symbols);
/* Notes it unless that was done. False: it had ended before all of it was noted. */
bool rp_symbols_sees(struct rp_symbols *symbols, pid_t pid);
/* Whether the process was noted. */
bool rp_symbols_knows(struct rp_symbols *symbols, pid_t pid);

#endif
