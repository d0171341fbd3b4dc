/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_UTIL_FILE_H
#define RP_UTIL_FILE_H

#include "reprobe.h"

/* Reads the whole file as text and adds a NUL; *text is malloc()ed. Refuses a file that contains a
 * NUL byte (EINVAL): it is not C. "-" is standard input. */
struct rp_error *rp_file_read(const char *path, char **text);

#endif
