/* SPDX-License-Identifier: Apache-2.0 */
/* Questions: one that is understood reads back as itself, and becomes C or an error. */
#include "fuzz.h"
#include "reprobe_query.h"

static struct rp_error *parse(const char *line, struct rp_question **out) {
    char verb[16];
    size_t length = strcspn(line, " ");
    enum rp_verb number;
    snprintf(verb, sizeof(verb), "%.*s", (int)(length < 15 ? length : 15), line);
    return rp_verb_find(verb, &number)
               ? rp_question_parse(number, line + length + strspn(line + length, " "), out)
               : rp_error_new(EINVAL, "it is not a verb", "cannot understand it");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    RP_AUTO_FREE char *line = fuzz_text(data, size);
    struct rp_question *question = NULL, *again = NULL;
    struct rp_generated *generated = NULL;
    struct rp_error *err = parse(line, &question);
    if (err) {
        fuzz_end(err);
        return 0;
    }
    RP_AUTO_FREE char *first = rp_question_line(question);
    err = parse(first, &again);
    MUST(!err);
    RP_AUTO_FREE char *second = rp_question_line(again);
    MUST(strcmp(first, second) == 0);
    err = rp_question_generate(question, &generated);
    MUST(err || (*generated->text && generated->attach_count));
    fuzz_end(err);
    if (!err)
        rp_generated_free(generated);
    rp_question_free(again);
    rp_question_free(question);
    return 0;
}
