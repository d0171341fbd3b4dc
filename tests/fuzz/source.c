/* SPDX-License-Identifier: Apache-2.0 */
/* C texts, as the scan sees them; and declarations that are typed at the prompt. */
#include "compile/dialect.h"
#include "compile/scan.h"
#include "fuzz.h"
#include "reprobe_query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    RP_AUTO_FREE char *text = fuzz_text(data, size);
    struct rp_scan scan = {0};
    rp_scan_text(&scan, text, strlen(text));
    enum rp_dialect dialect = rp_dialect_of_scan(&scan, RP_DIALECT_AUTO);
    MUST(dialect == rp_dialect_of_text(text, RP_DIALECT_AUTO));
    rp_scan_clear(&scan);
    return 0;
}
