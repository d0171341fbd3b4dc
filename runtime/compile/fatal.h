/* SPDX-License-Identifier: Apache-2.0 */
/* What LLVM says before it would end the process: no diagnostic, but one can be made of it. */
#ifndef RP_COMPILE_FATAL_H
#define RP_COMPILE_FATAL_H

#include <stddef.h>

/* What is said when libbcc itself ends. */
#define RP_LIBBCC_GAVE_UP "libbcc cannot rewrite this text: it gave up without saying where"

struct rp_fatal {
    const char *place; /* "FILE:LINE:COL" in the text; "<unknown>" */
    size_t place_len;
    char words[128];
};

/* Reads "Cannot select: 0xADDRESS: TYPE = OPERATION OPERANDS, FILE:LINE:COL" and lines of operands;
 * of any other text the first line is the words. */
struct rp_fatal rp_fatal_read(const char *text);

#endif
