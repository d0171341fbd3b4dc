/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the trace pipe, in which tasks write what they like. */
#include "stream/trace_pipe.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    RP_AUTO_FREE char *text = fuzz_text(data, size);
    struct rp_trace_line line;
    rp_trace_lost_parse(text);
    if (!rp_trace_line_parse(text, &line))
        return 0;
    MUST(memchr(line.task, '\0', sizeof(line.task)));
    MUST(line.message >= text && line.message <= text + strlen(text) + size);
    rp_trace_line_print_row(&line, fuzz_nowhere());
    return 0;
}
