/* SPDX-License-Identifier: Apache-2.0 */
#include "util/text.h"

#include <stdio.h>

char *rp_text_of(const char *fmt, va_list args) {
    char *text = NULL;
    return vasprintf(&text, fmt, args) < 0 ? NULL : text;
}

char *rp_text(const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    char *text = rp_text_of(fmt, args);
    va_end(args);
    return text;
}
