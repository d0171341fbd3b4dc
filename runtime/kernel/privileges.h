/* SPDX-License-Identifier: Apache-2.0 */
/* Gives up what a process that has attached its probes does not need any more. */
#ifndef RP_KERNEL_PRIVILEGES_H
#define RP_KERNEL_PRIVILEGES_H

/* Of the calling thread, for good: its capabilities except those that read other processes and the
 * kernel's symbols, and that end a command; and (no_new_privs) what a program could gain that it
 * runs. Before Linux 6.0, where bpf() needs them even to read a map, it keeps those of BPF. */
void rp_privileges_drop(void);

#endif
