/* SPDX-License-Identifier: Apache-2.0 */
/* Marks a function of libbcc, libbpf or LLVM that is defined here first (see compile/shims.c).
 * libbcc must find it, so it is exported by the libraries (reprobe.map) and by programs that link
 * the static one. */
#ifndef RP_UTIL_SHIM_H
#define RP_UTIL_SHIM_H

#define RP_SHIM __attribute__((visibility("default")))

#endif
