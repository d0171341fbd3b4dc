/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_UTIL_WRITE_H
#define RP_UTIL_WRITE_H

#include <stdbool.h>
#include <stddef.h>

/* Writes all of it; false with errno. */
bool rp_write_all(int fd, const void *data, size_t size);

#endif
