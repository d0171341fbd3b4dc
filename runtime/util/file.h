/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_UTIL_FILE_H
#define RP_UTIL_FILE_H

#include "reprobe.h"

/* The whole file as text, NUL added; *text is malloc()ed. A file with a NUL byte inside is
 * refused (EINVAL): it is not C. "-" is standard input. */
struct rp_error *rp_file_read(const char *path, char **text);

#endif
