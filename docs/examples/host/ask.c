/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask QUESTION: counts events, as `count` does at reprobe's prompt. QUESTION is what follows that
 * word: "sched_switch by comm if prev_pid == 0".
 *
 *     line -> question -> generated program -> module -> probes, maps -> table
 *
 * It links to libreprobe_tool, too, which gives it the options that all tools have: -p PID, -c CMD,
 * --for DURATION, --json, …
 */
#include <argp.h>
#include <reprobe_query.h>
#include <reprobe_tool.h>

struct ask {
    struct rp_tool *tool;
    const char *line;
};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct ask *ask = state->input;
    if (key == ARGP_KEY_NO_ARGS)
        argp_usage(state);
    if (key != ARGP_KEY_ARG || ask->line)
        return ARGP_ERR_UNKNOWN;
    ask->line = arg;
    return 0;
}

static struct rp_error *attach(struct rp_session *session, struct rp_module *module,
                               const struct rp_generated *program) {
    struct rp_error *err = NULL;
    for (size_t i = 0; !err && i < program->attach_count; i++)
        err = rp_session_attach(session, module, program->attach[i].function,
                                program->attach[i].spec, NULL);
    return err;
}

/* The schema, which came with the program, says what each map means. */
static bool is_answer(const struct rp_module *module, const char *map) {
    enum rp_meaning means = rp_module_map_schema(module, map)->means;
    return means == RP_MEANS_TABLE || means == RP_MEANS_COUNTER;
}

static struct rp_error *print_maps(const struct ask *ask, const struct rp_module *module) {
    const struct rp_map_format format = {.size = sizeof(format),
                                         .as = ask->tool->json ? RP_MAP_JSON : RP_MAP_TEXT};
    struct rp_error *err = NULL;
    for (size_t i = 0; !err && i < rp_module_map_count(module); i++)
        if (is_answer(module, rp_module_map_name(module, i)))
            err = rp_map_print(module, rp_module_map_name(module, i), &format, stdout);
    return err;
}

static struct rp_error *answer(struct rp_session *session, const struct ask *ask,
                               const struct rp_generated *program) {
    const struct rp_compile_opts opts = {
        .size = sizeof(opts), .name = "question", .schema = program->schema};
    struct rp_module *module;
    struct rp_error *err = rp_session_compile(session, program->text, &opts, &module);
    if (!err)
        err = attach(session, module, program);
    if (ask->tool->verbose && !err)
        fputs(program->text, stderr); /* the C that the question became */
    if (!err)
        err = rp_session_run(session);
    return err ? err : print_maps(ask, module);
}

static struct rp_error *run(struct rp_session *session, void *ctx) {
    const struct ask *ask = ctx;
    struct rp_question *question = NULL;
    struct rp_generated *program = NULL;
    struct rp_error *err = rp_question_parse(RP_VERB_COUNT, ask->line, &question);
    if (!err) {
        question->ask_target = ask->tool->target->pid || ask->tool->session->command;
        err = rp_question_generate(question, &program);
    }
    if (!err)
        err = answer(session, ask, program);
    rp_generated_free(program);
    rp_question_free(question);
    return err;
}

int main(int argc, char **argv) {
    const struct argp argp = {
        .parser = parse, .args_doc = "QUESTION", .doc = "Counts events until it is stopped."};
    struct ask ask = {.tool = rp_tool_new()};
    rp_tool_parse(argc, argv, &argp, &ask, ask.tool, NULL);
    return rp_tool_run(ask.tool, run, &ask);
}
