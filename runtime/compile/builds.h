/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of users whose types a source was written with: a line
 *
 *     #define BUILD_OF_on_event "3f2a…"
 *
 * says of the function on_event that the offsets in it are those of the program or library with
 * that build-id (debug/files.h). Questions have such lines; they stay with the object. */
#ifndef RP_COMPILE_BUILDS_H
#define RP_COMPILE_BUILDS_H

#include <stddef.h>

#define RP_BUILD_OF "#define BUILD_OF_"

/* "on_event 3f2a…\n" for each in the source, malloc()ed; NULL: there are none. */
char *rp_builds_of_text(const char *source);
/* The build that `function` was written for, *length bytes of it; NULL: any. */
const char *rp_build_for(const char *builds, const char *function, size_t *length);

#endif
