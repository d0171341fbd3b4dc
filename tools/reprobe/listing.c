/* SPDX-License-Identifier: Apache-2.0 */
#include "listing.h"

#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

static bool add(void *ctx, const char *spec) {
    return rp_texts_add(ctx, strdup(spec));
}

static int compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct rp_error *list_probes(const char *kind, const char *pattern, size_t most, size_t *count) {
    RP_AUTO(rp_texts_clear) struct rp_texts specs = {0};
    RP_TRY(rp_probe_list(kind, pattern, add, &specs));
    *count = specs.count;
    if (specs.count)
        qsort(specs.items, specs.count, sizeof(*specs.items), compare);
    for (size_t i = 0; i < specs.count && i < most && !ferror(stdout); i++) {
        rp_print_text(specs.items[i], SIZE_MAX,
                      stdout); /* a program may call its functions anything */
        putchar('\n');
    }
    return NULL;
}
