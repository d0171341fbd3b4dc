/* SPDX-License-Identifier: Apache-2.0 */
/* What the compiler and the verifier say, which a source can put words into. The first line is the
 * source, the others are the messages about it. */
#include "compile/diagnostics.h"
#include "compile/verifier.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    RP_AUTO_FREE char *text = fuzz_text(data, size);
    char *log = text, *source = strsep(&log, "\n");
    if (!log)
        return 0;
    struct rp_scan scan = {0};
    rp_scan_text(&scan, source, strlen(source));
    fuzz_end(rp_compile_error("own.c", "/virtual/own.c", log, &scan));
    free(rp_compile_warnings("own.c", "/virtual/own.c", log));
    fuzz_end(rp_load_error("function", "own.c", EACCES, log));
    fuzz_end(rp_load_error("function", "own.c", E2BIG, log));
    rp_scan_clear(&scan);
    return 0;
}
