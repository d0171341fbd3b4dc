/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_PROBE_MEMORY_H
#define RP_PROBE_MEMORY_H

/* Where an address leads. */
enum rp_memory {
    RP_MEMORY_KERNEL,
    RP_MEMORY_USER,   /* the process's */
    RP_MEMORY_EITHER, /* the kernel's or the process's: the address tells */
    RP_MEMORY_LOCAL,  /* the function's own: its stack, its context */
    RP_MEMORY_COPY,   /* the same, a copy of what is the process's: addresses in it lead there */
};

#endif
