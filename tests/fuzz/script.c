/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a script, in which $1, $2, … stand for what is given: where no $ is, the line is as it
 * was, and what is put in is not looked at again. */
#include "fuzz.h"
#include "prompt/prompt.h"

size_t verb_code_length(const char *line) {
    return strcspn(line, "#");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    RP_AUTO_FREE char *text = fuzz_text(data, size);
    static char *parameters[] = {"openat", "${1}", "a b"};
    const struct rp_texts given = {.items = parameters, .count = size % 4};
    size_t number = 0;
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        char *put = NULL;
        struct rp_error *err = parameters_put(&given, "script", ++number, line, &put);
        MUST(err ? !put : put && (strchr(line, '$') || !strcmp(put, line)));
        MUST(err || !strcmp(line, "$2") ? true : strlen(put) <= 8 * strlen(line));
        free(put);
        fuzz_end(err);
    }
    return 0;
}
