/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's code as it is in memory. */
#ifndef RP_KERNEL_KCORE_H
#define RP_KERNEL_KCORE_H

#include <stddef.h>
#include <stdint.h>

/* Reads up to `size` bytes from `address` on, from /proc/kcore; returns how many. 0 where the
 * kernel shows it to nobody (CONFIG_PROC_KCORE, lockdown) or not to this user. */
size_t rp_kernel_read_code(uint64_t address, uint8_t *code, size_t size);

#endif
