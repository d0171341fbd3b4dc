/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/fatal.h"

#include <stdio.h>
#include <string.h>

struct rp_fatal rp_fatal_read(const char *text) {
    struct rp_fatal fatal = {.place = "<unknown>", .place_len = strlen("<unknown>")};
    size_t len = strcspn(text, "\n");
    const char *inlined = memmem(text, len, " @[ ", 4);
    size_t before = inlined ? (size_t)(inlined - text) : len;
    const char *operation = memmem(text, before, " = ", 3);
    const char *comma = memrchr(text, ',', before);
    if (strncmp(text, "Cannot select: ", 15) != 0 || !operation || !comma) {
        snprintf(fatal.words, sizeof(fatal.words), "%.*s", (int)len, text);
        return fatal;
    }
    operation += strlen(" = ");
    snprintf(fatal.words, sizeof(fatal.words), "BPF has no instruction for this (%.*s)",
             (int)strcspn(operation, " <\n"), operation);
    fatal.place = comma + strlen(", ");
    fatal.place_len = (size_t)(text + before - fatal.place);
    return fatal;
}
