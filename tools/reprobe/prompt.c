/* SPDX-License-Identifier: Apache-2.0 */
/* reprobe without a command: the prompt. Everything happens in the session's loop. */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "command.h"
#include "debug_options.h"
#include "prompt/entry.h"
#include "prompt/pager.h"
#include "prompt/screen.h"
#include "prompt/verbs/verbs.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

#define NS_A_SECOND 1000000000ULL

static const struct verb_group groups[] = {{"Ask", question_verbs},
                                           {"Write C", code_verbs},
                                           {"Manage", probe_verbs},
                                           {"Maps", map_verbs},
                                           {"Look", look_verbs},
                                           {"Run", shell_verbs},
                                           {"Inspect", inspect_verbs},
                                           {"Script", script_verbs},
                                           {"Save", save_verbs},
                                           {"Help", help_verbs},
                                           {NULL, NULL}};

/* ------------------------------------------------------------------ signals */

/* Ctrl-C at a terminal ends one thing: the nearest. */
static void interrupt(struct prompt *prompt) {
    if (prompt->job && prompt->job->ignores_interrupts) {
        prompt->passed_on = true;
        return;
    }
    bool typed = screen_interrupt();
    if (prompt->job) {
        prompt_end_job(prompt);
        input_clear(prompt);
    } else if (!input_clear(prompt) && !typed && !entry_pause_rows(prompt)) {
        entry_show_answers(prompt);
        prompt_say("%sCtrl-D leaves%s\n", screen_talk_colour(COLOUR_DIM),
                   screen_talk_colour(COLOUR_NONE));
    }
}

/* Whoever types goes on without it. */
static void say_target_ended(struct prompt *prompt) {
    pid_t pid = prompt->tool->target->pid;
    if (prompt->terminal && pid && !prompt->target_ended)
        prompt_say("reprobe: process %d has ended\n", pid);
    prompt->target_ended = true;
}

/* Signals may come between two records of one output; what they lead to may end that output. So it
 * is done a little later, by the loop. */
static void handle_signals(struct prompt *prompt) {
    uint64_t times;
    if (read(prompt->signalled, &times, sizeof(times)) != sizeof(times))
        return;
    if (prompt->interrupted)
        interrupt(prompt);
    prompt->interrupted = false;
    ahead_child_ended();
    const struct job *job = prompt->job;
    if (job && job->child_ended && !job->child_ended(prompt, job->ctx))
        prompt_end_job(prompt);
    if (!rp_session_target_ended(prompt->session))
        return;
    say_target_ended(prompt);
    if (prompt->terminal)
        return;
    if (prompt->job && prompt->job->command_ends)
        prompt_end_job(prompt);
    prompt->leave |= input_is_over(prompt);
}

static bool on_signalled(void *ctx) {
    struct prompt *prompt = ctx;
    handle_signals(prompt);
    return !prompt->leave;
}

static bool on_signal(void *ctx, int signal) {
    struct prompt *prompt = ctx;
    uint64_t one = 1;
    switch (signal) {
    case SIGINT:
        if (!prompt->terminal)
            return true;
        prompt->interrupted = true;
        /* fallthrough */
    case SIGCHLD:
        return write(prompt->signalled, &one, sizeof(one)) != sizeof(one);
    case SIGWINCH:
        screen_resize();
        return false;
    case SIGTSTP:
        screen_suspend();
        return false;
    default:
        return true;
    }
}

static void on_attach(void *ctx, size_t done, size_t count) {
    (void)ctx;
    progress_tell(done, count);
}

/* ------------------------------------------------------------------ iterators end by themselves */

static bool has_ended(const struct prompt *prompt, const struct entry *entry) {
    if (until_reached(entry))
        return true;
    for (size_t i = 0; i < entry->probes.count; i++)
        if (!rp_session_probe_ended(prompt->session, entry->probes.items[i]))
            return false;
    return entry->probes.count > 0;
}

/* What it has counted, for whoever waits for it at a terminal. */
static void announce(struct prompt *prompt, const struct entry *entry) {
    prompt_say("[%u] done\n", entry->number);
    if (!prompt->terminal)
        return;
    screen_hide();
    const struct map_look look = map_look(prompt);
    struct rp_error *err = entry_print_maps(prompt, entry, &look, stdout);
    if (err)
        prompt_fail(prompt, err);
}

/* What has taken as many events as it was to takes no more; what is on its way comes first. */
static void end_one(struct prompt *prompt, struct entry *entry) {
    struct rp_error *err = until_reached(entry) ? entry_pause(prompt, entry) : NULL;
    if (err)
        prompt_fail(prompt, err);
    announce(prompt, entry);
}

/* Says of each that has come to its end so. Whether there are entries, and none runs on. */
static bool say_ends(struct prompt *prompt) {
    bool all = prompt->entries.count > 0;
    for (size_t i = 0; i < prompt->entries.count; i++) {
        struct entry *entry = prompt->entries.items[i];
        bool before = entry->ended;
        entry->ended = has_ended(prompt, entry);
        if (entry->ended && !before)
            end_one(prompt, entry);
        all &= entry->ended;
    }
    return all;
}

/* A script is over when all that it has asked has come to an end. */
static void look_for_ends(struct prompt *prompt) {
    uint64_t one = 1;
    bool all = say_ends(prompt);
    if (!all || prompt->terminal || prompt->leave || prompt->tool->session->command ||
        !input_is_over(prompt))
        return;
    prompt->leave = true;
    ssize_t put = write(prompt->signalled, &one, sizeof(one));
    (void)put; /* it is full: then the loop looks there anyway */
}

/* While whoever opened the prompt thinks of a question, the compiler gets ready for it. */
static void before_wait(void *ctx) {
    struct prompt *prompt = ctx;
    look_for_ends(prompt);
    screen_show();
    if (prompt->terminal && !prompt->is_warm) {
        prompt->is_warm = true;
        rp_compile_warm_up();
    }
}

/* What must not wait for the end. */
static bool on_second(void *ctx) {
    struct prompt *prompt = ctx;
    struct rp_error *err = NULL;
    for (size_t i = 0; i < prompt->entries.count; i++) {
        entry_say_lost(prompt, prompt->entries.items[i]);
        err = err ? err : entry_say_losses_so_far(prompt->entries.items[i]);
    }
    err = err ? err : output_record_flush();
    if (err)
        prompt_fail(prompt, err);
    return true;
}

/* ------------------------------------------------------------------ the command line */

enum { KEY_UNSAFE = 0x3100, KEY_SELF };

struct request {
    struct rp_tool *tool;
    struct rp_exporter_opts exporter;
    bool unsafe, with_self;
    struct script { /* -f and -e, in the order in which they are run */
        struct rp_texts files, lines, parameters;
    } script;
};

static const struct argp_option options[] = {
    {"execute", 'e', "COMMAND", 0, "Run this command of the prompt and do not read standard input",
     0},
    {"file", 'f', "FILE", 0,
     "Run the commands in FILE first (`-` is standard input); what stands behind the options is "
     "its "
     "$1, $2, …",
     0},
    {"self", KEY_SELF, 0, 0, "Questions see what reprobe itself does, too", 0},
    {"unsafe", KEY_UNSAFE, 0, 0, "Allow programs of `load` and `c` that change the system", 0},
    {0}};

static void add(struct rp_texts *texts, const char *arg, struct argp_state *state) {
    if (!rp_texts_add(texts, strdup(arg)))
        argp_failure(state, 1, ENOMEM, "cannot read the command line");
}

bool prompt_has_command(const char *word) {
    const struct prompt prompt = {.groups = groups};
    const struct verb *verb = verb_find(&prompt, word, strlen(word));
    return verb && strcmp(verb->name, word) == 0;
}

void prompt_add_near(struct rp_nearest *nearest) {
    verb_add_near(&(const struct prompt){.groups = groups}, nearest);
}

bool prompt_complete(const char *line, size_t at, rp_completion_fn each, void *ctx) {
    const struct prompt prompt = {.groups = groups};
    size_t start = at;
    while (start && line[start - 1] != ' ')
        start--;
    if (complete_wants_file(&prompt, line, start))
        return false;
    complete_line(&prompt, line, at, each, ctx);
    return true;
}

/* Behind a script stand what its $1, $2, … are. */
static void take_parameters(struct request *request, struct argp_state *state) {
    for (; state->next < state->argc; state->next++)
        if (!rp_texts_add(&request->script.parameters, strdup(state->argv[state->next])))
            argp_failure(state, 1, ENOMEM, "cannot read the command line");
}

/* A command of the prompt is the rest of the command line. */
static void take_line(struct request *request, struct argp_state *state) {
    const char *first = state->argv[state->next];
    if (request->script.files.count) {
        take_parameters(request, state);
        return;
    }
    if (!prompt_has_command(first))
        argp_error(state, "the prompt has no command `%s`", first);
    RP_AUTO_FREE char *line = strdup("");
    for (; line && state->next < state->argc; state->next++) {
        const char *word = state->argv[state->next];
        if (strncmp(word, "--", 2) == 0)
            argp_error(state, "%s stands behind a command of the prompt: options come before it",
                       word);
        char *longer = rp_text("%s%s%s", line, *line ? " " : "", word);
        free(line);
        line = longer;
    }
    if (!line || !rp_texts_add(&request->script.lines, rp_take(line)))
        argp_failure(state, 1, ENOMEM, "cannot read the command line");
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct request *request = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = request->tool;
        state->child_inputs[1] = &request->exporter;
        return 0;
    case 'e':
        add(&request->script.lines, arg, state);
        return 0;
    case 'f':
        add(&request->script.files, arg, state);
        return 0;
    case KEY_SELF:
        request->with_self = true;
        return 0;
    case KEY_UNSAFE:
        request->unsafe = true;
        return 0;
    case ARGP_KEY_ARGS:
        take_line(request, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ------------------------------------------------------------------ a run */

static void greet(const struct prompt *prompt) {
    if (!prompt->terminal)
        return;
    RP_AUTO_FREE char *text = rp_text(
        "reprobe %s: `help` lists the commands, Tab completes, Ctrl-D leaves.", rp_version());
    if (text)
        screen_wrap(stderr, text, 0);
    if (prompt->tool->session->command)
        fputs("The command of -c starts with the first probe.\n", stderr);
}

static struct rp_error *read_script(struct prompt *prompt, const struct script *script) {
    for (size_t i = 0; i < script->files.count; i++)
        RP_TRY(input_add_file(prompt, script->files.items[i], &script->parameters));
    for (size_t i = 0; i < script->lines.count; i++)
        RP_TRY(input_add(prompt, script->lines.items[i]));
    return NULL;
}

/* What --metrics offers. */
struct measured {
    const struct prompt *prompt;
    uint64_t limit;
};

static struct rp_error *collect(void *ctx, struct rp_metrics *metrics) {
    const struct measured *measured = ctx;
    for (size_t i = 0; i < measured->prompt->entries.count; i++)
        RP_TRY(entry_collect(measured->prompt->entries.items[i], measured->limit, metrics));
    return NULL;
}

static struct rp_error *run(struct prompt *prompt, const struct script *script) {
    prompt->signalled = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (prompt->signalled < 0)
        return rp_error_new(errno, NULL, "cannot open the prompt");
    RP_TRY(rp_session_watch(prompt->session, prompt->signalled, on_signalled, prompt));
    RP_TRY(rp_session_every(prompt->session, NS_A_SECOND, on_second, prompt));
    RP_TRY(input_open(prompt));
    RP_TRY(read_script(prompt, script));
    struct rp_error *unusable = rp_kernel_usable();
    greet(prompt);
    if (unusable) { /* inspecting still works; a question will fail with this again */
        prompt_print_error(unusable);
        rp_error_free(unusable);
    }
    if (prompt->terminal)
        complete_begin(prompt);
    RP_TRY(input_begin(prompt, script->lines.count > 0));
    RP_TRY(rp_session_run(prompt->session));
    prompt_end_job(prompt);
    if (!prompt->quit)
        input_run_all(prompt, &prompt->ends);
    if (prompt->terminal)
        return entry_show_answers(prompt), NULL;
    return prompt->quit ? NULL : entry_print_all(prompt);
}

/* The run, with --metrics around it. */
static struct rp_error *run_measured(struct prompt *prompt, const struct request *request) {
    struct measured measured = {prompt, request->exporter.limit};
    struct rp_exporter_opts opts = request->exporter;
    struct rp_exporter *exporter;
    opts.collect = collect;
    opts.ctx = &measured;
    RP_TRY(rp_exporter_open(prompt->session, &opts, &exporter));
    struct rp_error *err = run(prompt, &request->script);
    rp_exporter_close(exporter);
    return err;
}

/* A user types if standard input is a terminal and there is no -e. */
static bool is_typed(const struct script *script) {
    return !script->lines.count && isatty(STDIN_FILENO) &&
           (isatty(STDOUT_FILENO) || isatty(STDERR_FILENO));
}

int command_prompt(int argc, char **argv) {
    const struct argp_child children[] = {{&rp_tool_argp, 0, NULL, 0},
                                          {&rp_exporter_argp, 0, NULL, 0},
                                          {&debug_options_argp, 0, NULL, 0},
                                          {0}};
    const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "[PROMPT-COMMAND…]\n-f FILE [PARAMETER…]",
        .doc = "Opens a prompt that turns questions into BPF programs: `trace`, `count`, `hist`, "
               "`latency`, `stack`, `profile`; or takes your own C. They run while you ask more. "
               "`help` at the prompt explains its commands.\vCommands come from the files of -f, "
               "then from -e, then from standard input, unless there is an -e. At the end of a "
               "script the programs keep running until Ctrl-C, --for, --events or the end of CMD; "
               "then their maps are printed.",
        .children = children};
    struct request request = {.tool = rp_tool_new()};
    rp_argp_parse(&argp, argc, argv, ARGP_IN_ORDER, &request);

    struct prompt prompt = {.tool = request.tool,
                            .groups = groups,
                            .page_begin = pager_begin,
                            .page_end = pager_end,
                            .terminal = is_typed(&request.script),
                            .unsafe = request.unsafe,
                            .with_self = request.with_self,
                            .signalled = -1,
                            .looks = -1};
    struct rp_session_opts opts = *request.tool->session;
    opts.interactive = true;
    opts.command_apart = prompt.terminal;
    opts.drop_privileges = false; /* there is always a next question */
    opts.before_wait = before_wait;
    opts.on_signal = on_signal;
    opts.on_attach = on_attach;
    opts.ctx = &prompt;
    struct rp_error *err = rp_session_new(&opts, &prompt.session);
    if (!err) {
        rp_session_print_notes(prompt.session, stderr);
        err = debug_options_begin(prompt.session, prompt.terminal);
    }
    if (!err)
        err = run_measured(&prompt, &request);
    input_close(&prompt);
    until_close(&prompt);
    if (prompt.session)
        rp_session_report(prompt.session, stderr);
    entry_forget_all(&prompt);
    free(prompt.types);
    rp_texts_clear(&prompt.begins);
    rp_texts_clear(&prompt.ends);
    output_close(&prompt);
    rp_session_free(prompt.session);
    if (prompt.signalled >= 0)
        close(prompt.signalled);
    rp_texts_clear(&request.script.files);
    rp_texts_clear(&request.script.lines);
    rp_texts_clear(&request.script.parameters);
    bool hung_up = prompt.terminal && !err && rp_output_flush(); /* nobody can read a message */
    int status = hung_up ? 0 : rp_tool_end(err, request.tool->verbose);
    rp_tool_free(request.tool);
    if (prompt.cut_by)
        return 128 + prompt.cut_by; /* as the shell has it */
    return prompt.status ? prompt.status : prompt.failed ? 1 : status;
}
