/* SPDX-License-Identifier: Apache-2.0 */
/* Marks a function of libbcc's, libbpf's or LLVM's that is defined here ahead of them (see
 * compile/shims.c). libbcc must find it: it is exported, by the libraries (reprobe.map) and by
 * programs that are linked to the static one. */
#ifndef RP_UTIL_SHIM_H
#define RP_UTIL_SHIM_H

#define RP_SHIM __attribute__((visibility("default")))

#endif
