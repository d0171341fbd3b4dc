/* SPDX-License-Identifier: Apache-2.0 */
/* Names of C++ and Rust as their authors wrote them. */
#ifndef RP_UTIL_DEMANGLE_H
#define RP_UTIL_DEMANGLE_H

#include <stdbool.h>

/* "Shape::area(int)" of "_ZN5Shape4areaEi", malloc()ed; NULL: it is not such a name. */
char *rp_demangle(const char *symbol);
/* Whether somebody who writes `name` means the function `demangled`: its parameters may be left
 * out, and so may the hash that Rust puts behind a name, and C++'s "[abi:cxx11]". */
bool rp_demangled_is(const char *demangled, const char *name);

#endif
