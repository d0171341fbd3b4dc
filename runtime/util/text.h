/* SPDX-License-Identifier: Apache-2.0 */
/* Text as printf() makes it, malloc()ed. */
#ifndef RP_UTIL_TEXT_H
#define RP_UTIL_TEXT_H

#include <stdarg.h>

/* NULL without memory. */
char *rp_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *rp_text_of(const char *fmt, va_list args) __attribute__((format(printf, 1, 0)));

#endif
