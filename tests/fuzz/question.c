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

/* Of each kind of probe that is there on every kernel. A name that is not is looked for among all
 * that the kernel has, which is most of what a question costs: so most of them stand for one of
 * these. */
static const char *const places[] = {
    "sys_enter_read",        "sys_exit_read",          "openat",       "sched_switch",
    "sched:sched_process_*", "sched_process_exec",     "interval:s:1", "profile:hz:99",
    "uprobe:/bin/sh:main",   "uretprobe:/bin/sh:main", "tcp_sendmsg",  "iter:task",
    "software:faults:1",     "sched_wakeup",           "write",        "sys_enter_*at"};

static bool is_place(const char *text) {
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
        if (strcmp(text, places[i]) == 0)
            return true;
    return false;
}

/* The same text becomes the same place, so that an input that fails does so again. */
static void place(char **probe) {
    uint32_t hash = 5381;
    for (const char *c = *probe; *c; c++)
        hash = hash * 33 + (unsigned char)*c;
    if (is_place(*probe) || hash % 256 == 0)
        return;
    free(*probe);
    *probe = strdup(places[hash / 256 % (sizeof(places) / sizeof(*places))]);
    MUST(*probe);
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
    MUST(question);
    RP_AUTO_FREE char *first = rp_question_line(question);
    err = parse(first, &again);
    MUST(!err && again);
    RP_AUTO_FREE char *second = rp_question_line(again);
    MUST(strcmp(first, second) == 0);
    for (size_t i = 0; i < question->probe_count; i++)
        place(&question->probes[i]);
    err = rp_question_generate(question, &generated);
    MUST(err || (*generated->text && generated->attach_count));
    fuzz_end(err);
    if (!err)
        rp_generated_free(generated);
    rp_question_free(again);
    rp_question_free(question);
    return 0;
}
