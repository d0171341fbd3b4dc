/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of Go: their stacks are small and are copied to larger ones when a function is called
 * that has no room. */
#ifndef RP_PROBE_GO_H
#define RP_PROBE_GO_H

#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"

/* Whether the program or library at that path has code of Go. */
bool rp_go_is(const char *path);
/* An error if it has: the kernel replaces the address to return to, and Go's runtime, which reads
 * it while it copies the stack, ends the program. */
struct rp_error *rp_go_refuse_return(const char *path);
/* Where to probe a function whose entry is at `address`, in a file that rp_go_is(): behind the
 * check for room on the stack, which is repeated from the entry on once there is room. Registers
 * and stack are as at the entry. */
uint64_t rp_go_entry(const char *path, uint64_t address);

#endif
