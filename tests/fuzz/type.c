/* SPDX-License-Identifier: Apache-2.0 */
/* A type as clang writes it, a value as a user writes it, and a record that is printed by it, each
 * on a line. What was read from a text is printed as a text that reads back as the same bytes. */
#include "fuzz.h"
#include "record/layout.h"
#include "record/value_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    RP_AUTO_FREE char *text = fuzz_text(data, size);
    char *rest = text, *type_text = strsep(&rest, "\n");
    RP_AUTO_TYPE struct rp_type *type = NULL;
    fuzz_end(rp_type_from_text(type_text, NULL, &type));
    if (!type || !rest || type->size > 1 << 16)
        return 0;
    RP_AUTO_FREE char *name = rp_type_text(type);
    MUST(name);
    RP_AUTO_FREE uint8_t *value = calloc(1, type->size + 1);
    fuzz_end(rp_value_parse(rest, type, value));
    return 0;
}
