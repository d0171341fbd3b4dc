/* SPDX-License-Identifier: Apache-2.0 */
/* "A..B": two probes in one word. */
#include <string.h>

#include "query/query.h"

/* "uprobe:../prog:f" is one. */
const char *rp_span_middle(const char *probe) {
    for (const char *at = strstr(probe, ".."); at; at = strstr(at + 1, ".."))
        if (at > probe && !strchr("/:.", at[-1]) && at[2] && !strchr("/.", at[2]))
            return at;
    return NULL;
}
