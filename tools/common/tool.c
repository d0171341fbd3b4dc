/* SPDX-License-Identifier: Apache-2.0 */
/* What the command lines of all host programs have in common. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "reprobe_query.h"
#include "tool.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/text.h"

enum { KEY_FOR = 0x1000, KEY_EVENTS, KEY_JSON, KEY_COMM, KEY_CGROUP, KEY_TIMESTAMP };

static const struct argp_option options[] = {
    {"pid", 'p', "PID", 0, "Trace this process and its children", 1},
    {"command", 'c', "CMD", 0, "Run CMD, trace it and its children, end when it ends", 1},
    {"uid", 'u', "USER", 0, "Trace processes of this user, a name or a number", 1},
    {"comm", KEY_COMM, "NAME", 0, "Trace tasks with this name (as ps -o comm shows it)", 1},
    {"cgroup", KEY_CGROUP, "DIR", 0, "Trace tasks in this cgroup (v2) and in those below it", 1},
    {"for", KEY_FOR, "DURATION", 0, "End after this time (10, 500ms, 2m, 1h)", 1},
    {"events", KEY_EVENTS, "N", 0, "End after N events", 1},
    {"json", KEY_JSON, 0, 0, "Print one JSON object per line", 2},
    {"time", 't', 0, 0, "Print the time of day with each event or report", 2},
    {0, 'T', 0, OPTION_ALIAS, 0, 2},
    {"timestamp", KEY_TIMESTAMP, 0, OPTION_HIDDEN, 0, 2}, /* BCC's name */
    {"version", 'V', 0, 0, "Print the version", 3},
    {0, 'h', 0, OPTION_HIDDEN, 0, 3},
    {"verbose", 'v', 0, 0, "Say what is traced; with an error, print its full log", 2},
    {0}};

static bool parse_user(const char *text, struct rp_target *target) {
    uint64_t uid = 0;
    const struct passwd *user = getpwnam(text);
    target->has_uid = user || !strcmp(text, "0") || rp_parse_count(text, UINT32_MAX - 1, &uid);
    target->uid = user ? user->pw_uid : !strcmp(text, "0") ? 0 : (uid_t)uid;
    return target->has_uid;
}

void rp_tool_parse_duration(struct argp_state *state, const char *text, uint64_t *ns) {
    if (!rp_parse_duration(text, ns))
        argp_error(state, "`%s` is not a duration (try 10, 500ms, 2m)", text);
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct rp_tool *tool = state->input;
    struct rp_target *target = tool->target;
    uint64_t number;
    switch (key) {
    case 'p':
        if (!rp_parse_count(arg, INT32_MAX, &number))
            argp_error(state, "`%s` is not a process id", arg);
        target->pid = (pid_t)number;
        break;
    case 'c':
        tool->session->command = arg;
        break;
    case 'u':
        if (!parse_user(arg, target))
            argp_error(state, "this machine has no user `%s`", arg);
        break;
    case KEY_COMM:
        target->comm = arg;
        break;
    case KEY_CGROUP:
        target->cgroup = arg;
        break;
    case KEY_FOR:
        rp_tool_parse_duration(state, arg, &tool->session->duration_ns);
        break;
    case KEY_EVENTS:
        if (!rp_parse_count(arg, UINT64_MAX, &tool->session->event_limit))
            argp_error(state, "`%s` is not a number of events", arg);
        break;
    case KEY_JSON:
        tool->json = true;
        break;
    case 't':
    case 'T':
    case KEY_TIMESTAMP:
        tool->timestamps = true;
        tool->since_start = false;
        break;
    case 'v':
        tool->verbose = true;
        break;
    case 'V':
        printf("%s %s\n", state->name, rp_version());
        exit(rp_tool_end(NULL, false));
    case 'h':
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
        break;
    case ARGP_KEY_END:
        if (target->pid && tool->session->command)
            argp_error(state, "--pid and --command exclude each other: trace a process or run one");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

const struct argp rp_tool_argp = {.options = options, .parser = parse};

static error_t parse_interval(int key, char *arg, struct argp_state *state) {
    struct rp_interval *interval = state->input;
    if (key != ARGP_KEY_ARG || state->arg_num > 1)
        return ARGP_ERR_UNKNOWN;
    if (state->arg_num == 0 && !rp_parse_duration(arg, &interval->every_ns))
        argp_error(state, "`%s` is not an interval (try 1, 500ms, 2m)", arg);
    if (state->arg_num == 1 && !rp_parse_count(arg, UINT64_MAX, &interval->count))
        argp_error(state, "`%s` is not a number of reports", arg);
    return 0;
}

static const struct argp interval_argp = {.parser = parse_interval,
                                          .args_doc = "[INTERVAL [COUNT]]"};

struct inputs {
    void *own;
    struct rp_tool *tool;
    struct rp_interval *interval; /* NULL: there is no child */
};

static error_t give_inputs(int key, char *arg, struct argp_state *state) {
    const struct inputs *inputs = state->input;
    (void)arg;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = inputs->own;
    state->child_inputs[1] = inputs->tool;
    if (inputs->interval)
        state->child_inputs[2] = inputs->interval;
    return 0;
}

/* The tool's own options come first: they win over a common option with the same letter. */
void rp_tool_parse(int argc, char **argv, const struct argp *own, void *ctx, struct rp_tool *tool,
                   struct rp_interval *interval) {
    struct inputs inputs = {ctx, tool, interval};
    const struct argp_child children[] = {{own, 0, NULL, 0},
                                          {&rp_tool_argp, 0, NULL, 0},
                                          {interval ? &interval_argp : NULL, 0, NULL, 0},
                                          {0}};
    const struct argp whole = {.parser = give_inputs, .children = children};
    rp_argp_parse(&whole, argc, argv, 0, &inputs);
}

static void out_of_memory(void) {
    exit(rp_tool_end(rp_error_nomem(), false));
}

/* What is opened later would get the number of a standard file that is closed, and then what is
 * meant for that one. */
static void fill_standard_files(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

struct rp_tool *rp_tool_new(void) {
    fill_standard_files();
    struct rp_tool_own *own = calloc(1, sizeof(*own));
    if (!own)
        out_of_memory();
    own->target.size = sizeof(own->target);
    own->session.size = sizeof(own->session);
    own->session.target = &own->target;
    own->session.drop_privileges = true;
    own->tool.session = &own->session;
    own->tool.target = &own->target;
    return &own->tool;
}

void rp_tool_free(struct rp_tool *tool) {
    struct rp_tool_own *own = (struct rp_tool_own *)tool;
    if (own)
        rp_texts_clear(&own->flags);
    free(own);
}

void rp_tool_define(struct rp_tool *tool, const char *format, ...) {
    struct rp_tool_own *own = (struct rp_tool_own *)tool;
    va_list args;
    va_start(args, format);
    RP_AUTO_FREE char *macro = rp_text_of(format, args);
    va_end(args);
    if (!macro || !rp_texts_add(&own->flags, rp_text("-D%s", macro)))
        out_of_memory();
}

bool rp_tool_has_syscall(const char *name) {
    RP_AUTO_FREE char *own = rp_text("tracepoint:syscalls:sys_enter_%s", name),
                      *raw = rp_text("rawsyscall:sys_enter_%s", name);
    return own && raw && (rp_probe_exists(own) || rp_probe_exists(raw));
}

struct rp_error *rp_tool_compile(struct rp_session *session, const struct rp_tool *tool,
                                 const char *name, const char *source, struct rp_module **out) {
    const struct rp_tool_own *own = (const struct rp_tool_own *)tool;
    const struct rp_compile_opts opts = {.size = sizeof(opts),
                                         .name = name,
                                         .cflags = (const char *const *)own->flags.items,
                                         .cflag_count = own->flags.count};
    return rp_session_compile(session, source, &opts, out);
}

/* Says when output was lost; a reader that has gone away is not an error. */
static struct rp_error *end_output(void) {
    int errnum = rp_output_flush();
    if (!errnum || errnum == EPIPE)
        return NULL;
    return rp_error_new(errnum,
                        errnum == EIO     ? "some of it was lost"
                        : errnum == EBADF ? "standard output is closed"
                                          : NULL,
                        "cannot write the output");
}

int rp_tool_end(struct rp_error *err, bool verbose) {
    struct rp_error *output_err = end_output();
    if (err)
        rp_error_free(output_err);
    else
        err = output_err;
    if (!err)
        return 0;
    rp_error_print(err, stderr);
    if (verbose && rp_error_detail(err))
        fprintf(stderr, "%s\n", rp_error_detail(err));
    rp_error_free(err);
    return 1;
}

struct rp_error *rp_tool_check_reports(const struct rp_tool *tool) {
    if (!tool->session->event_limit)
        return NULL;
    return rp_error_hint_set(rp_error_new(EINVAL, "it prints reports, not a row for each event",
                                          "cannot end after so many --events"),
                             "--for ends it after a time; the end of a command of -c does");
}

/* time() may still be in the second before. */
static time_t now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

void rp_time_text(time_t at, char text[16]) {
    struct tm tm;
    strftime(text, 16, "%H:%M:%S", localtime_r(&at, &tm));
}

void rp_time_of_day(char text[16]) {
    rp_time_text(now_s(), text);
}

void rp_print_time(FILE *out) {
    char text[16];
    rp_time_of_day(text);
    fprintf(out, "%-8s ", text);
}

void rp_json_time(struct rp_writer *json) {
    char text[16];
    rp_time_of_day(text);
    rp_json_string(json, "time", text);
}

const char *rp_tool_time_name(const struct rp_tool *tool) {
    return tool->since_start ? "TIME(s)" : tool->utc ? "TIME-UTC" : "TIME";
}

void rp_tool_time(const struct rp_tool *tool, char text[16]) {
    const struct rp_tool_own *own = (const struct rp_tool_own *)tool;
    time_t now = now_s();
    struct tm tm;
    if (tool->since_start)
        snprintf(text, 16, "%.3f", rp_ms_since(own->begun_ns) / 1e3);
    else if (tool->utc)
        strftime(text, 16, "%H:%M:%S", gmtime_r(&now, &tm));
    else
        rp_time_of_day(text);
}

void rp_tool_json_begin(const struct rp_tool *tool, struct rp_writer *json) {
    char text[16];
    rp_json_begin(json, stdout);
    if (!tool->timestamps)
        return;
    rp_tool_time(tool, text);
    if (tool->since_start)
        rp_json_number(json, "time_s", text);
    else
        rp_json_string(json, tool->utc ? "time_utc" : "time", text);
}

void rp_tool_print_start(struct rp_session *session, const struct rp_tool *tool) {
    struct rp_tool_own *own = (struct rp_tool_own *)tool;
    own->begun_ns = rp_now_ns();
    rp_session_print_notes(session, stderr); /* takes a while */
    /* Whoever reads it may end the run at once, and gets its results. */
    if (tool->verbose)
        rp_session_print_probes(session, stderr);
}

/* Who looks at rows has to know that some are missing. */
static bool tell_lost(void *session) {
    rp_session_report_so_far(session, stderr);
    return true;
}

int rp_tool_run(struct rp_tool *tool,
                struct rp_error *(*run)(struct rp_session *session, void *ctx), void *ctx) {
    struct rp_session *session = NULL;
    struct rp_error *err = rp_kernel_usable();
    if (!err)
        err = rp_session_new(tool->session, &session);
    if (!err)
        err = rp_session_every(session, 1000000000, tell_lost, session);
    if (!err)
        err = run(session, ctx);
    if (session)
        rp_session_report(session, stderr);
    rp_session_free(session);
    int status = rp_tool_end(err, tool->verbose);
    rp_tool_free(tool);
    return status;
}

/* Settings that a program in libbpf's dialect may choose processes by. */
struct process_settings {
    char *names; /* "targ_pid=…, targ_tgid=…" */
    bool is_set;
};

static void process_settings_clear(struct process_settings *settings) {
    free(settings->names);
}

static void look_at_setting(void *ctx, const char *name, const char *type, const char *value) {
    (void)type;
    struct process_settings *settings = ctx;
    if (!strcasestr(name, "pid") && !strcasestr(name, "tgid"))
        return;
    settings->is_set |= strcmp(value, "0") != 0;
    RP_AUTO_FREE char *one = rp_text("%s=…", name);
    rp_text_list(&settings->names, one);
}

/* Which processes such a program looks at is its own matter. */
static void note_settings(const char *name, const struct rp_module *module) {
    RP_AUTO(process_settings_clear) struct process_settings settings = {0};
    rp_error_free(rp_module_settings(module, look_at_setting, &settings));
    if (settings.is_set)
        return;
    fprintf(stderr,
            "reprobe: note: %s sees every process, unless its own settings (--set%s%s) say "
            "otherwise\n",
            name, settings.names ? " " : "", settings.names ? settings.names : "");
}

void rp_tool_note_target(const struct rp_tool *tool, const char *name,
                         const struct rp_module *module) {
    const struct rp_target *target = tool->target;
    bool by_task = target->has_uid || target->comm || target->cgroup;
    bool asked = target->pid || tool->session->command || by_task;
    bool only_cgroup = target->cgroup && !target->pid && !tool->session->command &&
                       !target->has_uid && !target->comm; /* programs may be attached there */
    if (asked && rp_module_has_sections(module) && !only_cgroup)
        note_settings(name, module);
    else if (asked && !rp_module_has_sections(module) && !rp_module_uses_target(module))
        fprintf(stderr, "reprobe: note: %s %s, so it sees every process\n", name,
                by_task ? "does not call is_target()" : "uses neither TARGET_PID nor is_target()");
}
