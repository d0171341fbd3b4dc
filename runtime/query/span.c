/* SPDX-License-Identifier: Apache-2.0 */
/* "A..B": two probes in one word. */
#include <string.h>

#include "probe/spec.h"
#include "query/query.h"

/* Whether a probe begins there: a name, or where another one ends before it, the path of a program
 * ("f.../prog:g", "f../bin/prog:g"). */
static bool begins_probe(const char *probe, const char *middle) {
    const char *at = middle + 2;
    bool is_path = *at == '/' || !strncmp(at, "./", 2);
    if (is_path)
        return memchr(probe, ':', (size_t)(middle - probe)) && strchr(at, ':');
    return *at && *at != '.';
}

/* "uprobe:../prog:f" is one probe. */
static const char *middle_of(const char *probe) {
    for (const char *at = strstr(probe, ".."); at; at = strstr(at + 1, ".."))
        if (at > probe && !strchr("/:.", at[-1]) && begins_probe(probe, at))
            return at;
    return NULL;
}

const char *rp_span_middle(const char *probe) {
    const char *middle = middle_of(probe);
    return middle && !rp_spec_is_name(probe) ? middle : NULL;
}
