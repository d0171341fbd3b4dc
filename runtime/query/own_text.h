/* SPDX-License-Identifier: Apache-2.0 */
/* Text of one's own for each event: "opened {filename} as {ret:8}". */
#ifndef RP_QUERY_OWN_TEXT_H
#define RP_QUERY_OWN_TEXT_H

#include <stddef.h>

#include "util/vec.h"

/* One of both. */
struct rp_own_piece {
    char *text; /* as it is shown */
    char *expr; /* an expression, whose value is */
    int width;  /* cells that it takes at least; below 0: it stands at the left of them */
};

struct rp_own_text {
    RP_VEC(struct rp_own_piece);
};

/* Takes `quoted` apart, which begins and ends with a quotation mark. NULL, or why that cannot be,
 * and (*at) where; RP_OWN_TEXT_NOMEM without memory. */
const char *rp_own_text_read(const char *quoted, size_t length, struct rp_own_text *out,
                             const char **at);
extern const char *const RP_OWN_TEXT_NOMEM;
void rp_own_text_clear(struct rp_own_text *text);

#endif
