/* SPDX-License-Identifier: Apache-2.0 */
/* Probe specs: one that is understood reads back as itself. */
#include "fuzz.h"
#include "probe/kind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    RP_AUTO_FREE char *text = fuzz_text(data, size);
    RP_AUTO(rp_spec_clear) struct rp_spec spec = {0}, again = {0};
    struct rp_error *err = rp_spec_parse(text, &spec);
    if (err) {
        fuzz_end(err);
        return 0;
    }
    RP_AUTO_FREE char *first = rp_spec_text(&spec);
    err = rp_spec_parse(first, &again);
    MUST(!err);
    RP_AUTO_FREE char *second = rp_spec_text(&again);
    MUST(strcmp(first, second) == 0);
    return 0;
}
