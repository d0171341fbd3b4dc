/* SPDX-License-Identifier: Apache-2.0 */
/* Names of C++ and Rust as their authors wrote them. */
#ifndef RP_UTIL_DEMANGLE_H
#define RP_UTIL_DEMANGLE_H

#include <stdbool.h>
#include <stddef.h>

/* "Shape::area(int)" of "_ZN5Shape4areaEi", malloc()ed; NULL: it is not such a name. */
char *rp_demangle(const char *symbol);
/* Whether somebody who writes `name` means the function `demangled`: its parameters may be left
 * out, and so may the hash that Rust puts behind a name, C++'s "[abi:cxx11]", and the type of what
 * a template returns. */
bool rp_demangled_is(const char *demangled, const char *name);
/* How long it is without the hash that Rust puts behind a name: "::h" and 16 digits. */
size_t rp_without_hash(const char *demangled, size_t length);

#endif
