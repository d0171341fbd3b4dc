/* SPDX-License-Identifier: Apache-2.0 */
/* "A..B": two probes in one word. */
#include <string.h>

#include "probe/spec.h"
#include "query/query.h"

/* "uprobe:../prog:f" is one probe. */
static const char *middle_of(const char *probe) {
    for (const char *at = strstr(probe, ".."); at; at = strstr(at + 1, ".."))
        if (at > probe && !strchr("/:.", at[-1]) && at[2] && !strchr("/.", at[2]))
            return at;
    return NULL;
}

const char *rp_span_middle(const char *probe) {
    const char *middle = middle_of(probe);
    return middle && !rp_spec_is_name(probe) ? middle : NULL;
}
