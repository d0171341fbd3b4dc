/* SPDX-License-Identifier: Apache-2.0 */
/* reprobe run: compiles a file, attaches its functions, prints its events and maps. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "debug_options.h"
#include "reprobe_query.h"
#include "source.h"

#define MAX_ATTACH   64
#define MAX_SETTINGS 64

enum { KEY_ATTACH = 0x3000, KEY_TIMINGS, KEY_SET, KEY_SETTINGS, KEY_INTERFACE, KEY_READ_ONLY };

static const struct argp_option options[] = {
    {"attach", 'a', "FUNCTION=PROBE", 0,
     "Attach FUNCTION to PROBE (kprobe:vfs_read, uprobe:bash:readline, "
     "tracepoint:sched:sched_switch, "
     "profile:hz:99, …); may be given more than once",
     0},
    {"set", KEY_SET, "NAME=VALUE", 0,
     "Change a setting of a program in libbpf's dialect, a variable that is `const volatile`; may "
     "be "
     "given more than once",
     0},
    {"interface", KEY_INTERFACE, "INTERFACE", 0,
     "Attach programs of the network (SEC(\"xdp\"), SEC(\"tc\"), SEC(\"socket\")) to this "
     "interface",
     0},
    {"settings", KEY_SETTINGS, 0, 0, "List the program's settings, and run nothing", 0},
    {"read-only", KEY_READ_ONLY, 0, 0,
     "Refuse a program that changes the system: that sends signals, writes to a process's memory, "
     "decides what is allowed, …",
     0},
    {"timings", KEY_TIMINGS, 0, 0, "Print how long each step took, as JSON on stderr", 2},
    {0}};

struct request {
    struct rp_tool *tool;
    struct source source;
    struct rp_exporter_opts exporter;
    const char *attach[MAX_ATTACH];
    size_t attach_count;
    const char *settings[MAX_SETTINGS];
    const char *interface;
    bool lists_settings;
    bool timings;
    struct timespec start;
};

/* How to print one output of the program. */
struct printer {
    const struct request *request;
    const struct rp_module *module; /* NULL for the trace pipe */
    struct rp_stack *stack;         /* names the stacks of a row */
    struct rp_layout *layout; /* set by the first record: by then the module's types are loaded */
    const struct rp_layout *headed; /* what the header above the rows is of */
    const char *name;
    const struct printer *
        *last; /* the output that printed last: each one has a header above its rows */
    bool only; /* it is the program's only output */
};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct request *request = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = request->tool;
        state->child_inputs[1] = &request->source;
        state->child_inputs[2] = &request->exporter;
        return 0;
    case 'a':
        if (!strchr(arg, '=') || *arg == '=')
            argp_error(state, "`%s` does not have the form FUNCTION=PROBE", arg);
        if (request->attach_count == MAX_ATTACH)
            argp_error(state, "--attach may be given at most %d times", MAX_ATTACH);
        request->attach[request->attach_count++] = arg;
        return 0;
    case KEY_SET:
        if (!strchr(arg, '=') || *arg == '=')
            argp_error(state, "`%s` does not have the form NAME=VALUE", arg);
        if (request->source.opts.setting_count == MAX_SETTINGS)
            argp_error(state, "--set may be given at most %d times", MAX_SETTINGS);
        request->settings[request->source.opts.setting_count++] = arg;
        request->source.opts.settings = request->settings;
        return 0;
    case ARGP_KEY_END:
        if (request->lists_settings && request->source.opts.setting_count)
            argp_error(state, "--settings lists what the program itself begins with: leave out "
                              "--set");
        return 0;
    case KEY_INTERFACE:
        request->interface = arg;
        return 0;
    case KEY_SETTINGS:
        request->lists_settings = true;
        return 0;
    case KEY_READ_ONLY:
        request->source.opts.read_only = "leave out --read-only to let it";
        return 0;
    case KEY_TIMINGS:
        request->timings = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ------------------------------------------------------------- printing */

/* The output's name, where there are several; false when its rows are already above. */
static bool print_name(const struct printer *p) {
    if (*p->last == p)
        return false;
    if (!p->only)
        printf("%s%s:\n", *p->last ? "\n" : "", p->name);
    *p->last = p;
    return true;
}

/* `layout` is that of the row below. */
static void print_header(struct printer *p, const struct rp_layout *layout) {
    if (!print_name(p) && layout == p->headed)
        return;
    p->headed = layout;
    if (p->request->tool->timestamps)
        printf("%-8s ", "TIME");
    if (layout)
        rp_layout_print_header(layout, stdout);
    else
        rp_trace_line_print_header(stdout);
}

static void begin_json(const struct printer *p, struct rp_writer *json) {
    rp_tool_json_begin(p->request->tool, json);
    rp_json_string(json, "output", p->name);
}

static void say_doubt(const struct printer *p, size_t size) {
    char *doubt = rp_layout_doubt(p->layout, p->name, size);
    if (doubt)
        fprintf(stderr, "reprobe: note: %s\n", doubt);
    free(doubt);
}

static bool print_record(void *ctx, const void *data, size_t size) {
    struct printer *p = ctx;
    if (!p->layout && rp_tool_end(rp_layout_of_output(p->module, p->name, &p->layout), false))
        return false;
    const struct rp_layout *layout = rp_layout_of_record(p->layout, size);
    say_doubt(p, size);
    rp_stack_clear(p->stack);
    bool has_stack = rp_stack_add_record(p->stack, layout, data, size);
    if (p->request->tool->json) {
        struct rp_writer json;
        begin_json(p, &json);
        rp_json_record(&json, "data", layout, data, size);
        if (has_stack)
            rp_json_stack(&json, "stack", p->stack);
        rp_json_end(&json);
        return !ferror(stdout);
    }
    print_header(p, layout);
    if (p->request->tool->timestamps)
        rp_print_time(stdout);
    rp_layout_print_row(layout, data, size, stdout);
    if (has_stack)
        rp_stack_print(p->stack, stdout);
    return !ferror(stdout);
}

/* A line of an iterator's text, which has headers of its own if any. */
static bool print_line(const struct printer *p, const char *line, size_t size) {
    if (p->request->tool->json) {
        struct rp_writer json;
        begin_json(p, &json);
        rp_json_text(&json, "data", line, size);
        rp_json_end(&json);
        return !ferror(stdout);
    }
    print_name(p);
    if (p->request->tool->timestamps)
        rp_print_time(stdout);
    fwrite(line, 1, size, stdout);
    putchar('\n');
    return !ferror(stdout);
}

static bool print_iterated(void *ctx, const void *data, size_t size) {
    struct printer *p = ctx;
    return p->layout ? print_record(ctx, data, size) : print_line(p, data, size);
}

static bool print_trace(void *ctx, const struct rp_trace_line *line) {
    struct printer *p = ctx;
    if (p->request->tool->json) {
        struct rp_writer json;
        begin_json(p, &json);
        rp_json_object(&json, "data");
        rp_json_trace_line(&json, line);
        rp_json_object_end(&json);
        rp_json_end(&json);
        return !ferror(stdout);
    }
    print_header(p, NULL);
    if (p->request->tool->timestamps)
        rp_print_time(stdout);
    rp_trace_line_print_row(line, stdout);
    return !ferror(stdout);
}

/* ------------------------------------------------------------- setting up */

/* A function of an ELF file that is not attached. */
static void say_left_out(void *ctx, const char *function, const struct rp_error *why) {
    (void)ctx;
    char *text = text_left_out(function, why);
    fputs(text ? text : "", stderr);
    free(text);
}

static void say_effect(const struct rp_probe *probe) {
    const char *effect = rp_probe_effect(rp_probe_spec(probe));
    if (effect)
        fprintf(stderr, "reprobe: note: it changes the system: %s decides %s\n",
                rp_probe_function(probe), effect);
}

static struct rp_error *take_attached(void *ctx, struct rp_probe *probe) {
    (void)ctx;
    say_effect(probe);
    return NULL;
}

static struct rp_error *attach_sections(const struct request *request, struct rp_session *session,
                                        struct rp_module *module) {
    const struct rp_attach_opts opts = {.size = sizeof(opts),
                                        .attach = request->attach,
                                        .attach_count = request->attach_count,
                                        .interface = request->interface,
                                        .attached = take_attached,
                                        .left_out = say_left_out};
    return rp_session_attach_sections(session, module, &opts, NULL);
}

static struct rp_error *attach(const struct request *request, struct rp_session *session,
                               struct rp_module *module) {
    size_t named = 0;
    if (rp_module_has_sections(module))
        return attach_sections(request, session, module);
    struct rp_error *err = rp_session_attach_named(session, module, &named);
    for (size_t i = 0; i < request->attach_count && !err; i++) {
        char *function = strdup(request->attach[i]);
        char *spec = function ? strchr(function, '=') : NULL;
        if (spec) {
            *spec++ = '\0';
            struct rp_probe *probe;
            err = rp_session_attach(session, module, function, spec, &probe);
            if (!err)
                say_effect(probe);
        }
        free(function);
    }
    if (!err && !named && !request->attach_count) {
        fprintf(stderr,
                "reprobe: nothing to attach: no function of %s names its own probe\n"
                "hint: name it kprobe__FUNCTION, write TRACEPOINT_PROBE(category, name), or use "
                "--attach FUNCTION=PROBE\n",
                request->source.opts.name);
        exit(1);
    }
    return err;
}

/* The printers of the module's outputs; the last ones print iterators' rows and the trace pipe. */
struct printers {
    struct printer *list;
    size_t count, outputs;
    const struct printer *last;
    struct rp_stack *stack;
};

static bool prints_rows(const struct rp_module *module, size_t i) {
    return rp_module_map_schema(module, rp_module_map_name(module, i))->means == RP_MEANS_ROWS;
}

static size_t count_outputs(const struct rp_module *module) {
    size_t count = rp_module_prints_trace(module) + rp_module_writes_rows(module);
    for (size_t i = 0; i < rp_module_map_count(module); i++)
        count += prints_rows(module, i);
    return count;
}

static struct printer *add_printer(const struct request *request, const struct rp_module *module,
                                   const char *name, struct printers *printers) {
    struct printer *p = &printers->list[printers->count++];
    *p = (struct printer){.request = request,
                          .module = module,
                          .stack = printers->stack,
                          .name = name,
                          .last = &printers->last,
                          .only = printers->outputs == 1};
    return p;
}

static struct rp_error *read_iterated(struct rp_session *session, struct rp_module *module,
                                      struct printer *p) {
    struct rp_error *err = rp_layout_of_rows(module, &p->layout);
    return err ? err : rp_session_read_rows(session, module, print_iterated, p);
}

static struct rp_error *read_outputs(const struct request *request, struct rp_session *session,
                                     struct rp_module *module, struct printers *printers) {
    struct rp_error *err = NULL;
    printers->outputs = count_outputs(module);
    printers->list = calloc(printers->outputs + 1, sizeof(*printers->list));
    if (!printers->list)
        return rp_error_nomem();
    for (size_t i = 0; i < rp_module_map_count(module) && !err; i++) {
        const char *name = rp_module_map_name(module, i);
        if (prints_rows(module, i))
            err = rp_session_read(session, module, name, print_record,
                                  add_printer(request, module, name, printers));
    }
    if (!err && rp_module_writes_rows(module))
        err = read_iterated(session, module, add_printer(request, module, "rows", printers));
    if (!err && rp_module_prints_trace(module))
        err = rp_session_read_trace(session, print_trace,
                                    add_printer(request, NULL, "trace_pipe", printers));
    return err;
}

static void free_printers(struct printers *printers) {
    rp_stack_free(printers->stack);
    for (size_t i = 0; i < printers->count; i++)
        rp_layout_free(printers->list[i].layout);
    free(printers->list);
}

/* ------------------------------------------------------------- after the run */

static void print_timings(struct rp_session *session, const struct timespec *start) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    struct rp_timings t = *rp_session_timings(session);
    double total =
        (double)(now.tv_sec - start->tv_sec) * 1e3 + (double)(now.tv_nsec - start->tv_nsec) / 1e6;
    struct rp_writer json;
    rp_json_begin(&json, stderr);
    rp_json_double(&json, "types_ms", 3, t.types_ms);
    rp_json_double(&json, "compile_ms", 3, t.compile_ms);
    rp_json_double(&json, "load_ms", 3, t.load_ms);
    rp_json_double(&json, "attach_ms", 3, t.attach_ms);
    rp_json_double(&json, "total_ms", 3, total);
    rp_json_bool(&json, "cached", t.cached);
    rp_json_end(&json);
}

static char *number_text(void *ctx, const struct rp_map_number *number) {
    return rp_stack_text(ctx, number);
}

static struct rp_error *print_map(const struct request *request, const struct rp_module *module,
                                  const char *map, struct rp_stack *stack) {
    bool json = request->tool->json;
    const struct rp_map_format format = {.size = sizeof(format),
                                         .as = json ? RP_MAP_JSON : RP_MAP_TEXT,
                                         .text = number_text,
                                         .ctx = stack};
    const struct rp_stacks stacks = {.size = sizeof(stacks),
                                     .tool = request->tool,
                                     .module = module,
                                     .map = map,
                                     .as = json ? RP_STACKS_JSON : RP_STACKS_TEXT};
    return rp_module_map_schema(module, map)->means == RP_MEANS_STACKS
               ? rp_stacks_print(&stacks, stack, stdout)
               : rp_map_print(module, map, &format, stdout);
}

static struct rp_error *print_maps(const struct request *request, const struct rp_module *module,
                                   struct rp_stack *stack) {
    for (size_t i = 0; i < rp_module_map_count(module); i++) {
        const char *map = rp_module_map_name(module, i);
        bool is_own = rp_module_map_schema(module, map)->means == RP_MEANS_SCRATCH;
        struct rp_error *err = is_own ? NULL : print_map(request, module, map, stack);
        if (err)
            return err;
    }
    return NULL;
}

/* What --metrics offers. */
struct measured {
    const struct request *request;
    const struct rp_module *module;
    struct rp_stack *stack;
};

static struct rp_error *collect(void *ctx, struct rp_metrics *metrics) {
    const struct measured *measured = ctx;
    const struct rp_metrics_opts opts = {.size = sizeof(opts),
                                         .limit = measured->request->exporter.limit,
                                         .text = number_text,
                                         .ctx = measured->stack};
    for (size_t i = 0; i < rp_module_map_count(measured->module); i++) {
        struct rp_error *err = rp_metrics_add_map(metrics, measured->module,
                                                  rp_module_map_name(measured->module, i), &opts);
        if (err)
            return err;
    }
    return NULL;
}

/* The loop, with --metrics around it. */
static struct rp_error *run_session(const struct request *request, struct rp_session *session,
                                    const struct rp_module *module, struct rp_stack *stack) {
    struct measured measured = {request, module, stack};
    struct rp_exporter_opts opts = request->exporter;
    struct rp_exporter *exporter;
    opts.collect = collect;
    opts.ctx = &measured;
    struct rp_error *err = rp_exporter_open(session, &opts, &exporter);
    if (err)
        return err;
    err = rp_session_run(session);
    rp_exporter_close(exporter);
    return err;
}

/* What it does besides looking. */
static struct rp_error *print_effects(const struct rp_module *module) {
    char *effects;
    struct rp_error *err = rp_module_effects(module, &effects);
    for (char *rest = effects, *line; !err && (line = strsep(&rest, "\n"));)
        fprintf(stderr, "reprobe: note: it changes the system: %s\n", line);
    free(effects);
    return err;
}

static struct rp_error *print_notes(const struct request *request, const struct rp_module *module) {
    if (rp_module_note(module))
        fprintf(stderr, "%s\n", rp_module_note(module));
    rp_tool_note_target(request->tool, request->source.opts.name, module);
    return print_effects(module);
}

static void print_setting(void *ctx, const char *name, const char *type, const char *value) {
    (void)ctx;
    printf("%-24s %-20s %s\n", name, type, value);
}

static struct rp_error *list_settings(const struct request *request) {
    struct rp_module *module;
    struct rp_compile_opts opts = request->source.opts;
    opts.dry_run = true;
    struct rp_error *err = rp_module_compile_file(request->source.file, &opts, &module);
    if (err)
        return err;
    err = rp_module_settings(module, print_setting, NULL);
    rp_module_free(module);
    return err;
}

static struct rp_error *run(const struct request *request, struct rp_session *session,
                            struct printers *printers) {
    struct rp_module *module;
    struct rp_compile_opts opts = request->source.opts;
    opts.attach = request->attach;
    opts.attach_count = request->attach_count;
    note_file(request->source.file);
    struct rp_error *err = rp_session_compile_file(session, request->source.file, &opts, &module);
    if (err)
        return err;
    err = print_notes(request, module);
    if (!err)
        err = rp_stack_new(module, &printers->stack);
    if (!err)
        err = read_outputs(request, session, module, printers);
    if (!err)
        err = rp_stack_watch(session, printers->stack);
    if (!err)
        err = attach(request, session, module);
    if (err)
        return err;
    rp_tool_print_start(session, request->tool);
    if (request->timings)
        print_timings(session, &request->start);
    if (isatty(STDERR_FILENO) && !request->tool->session->command)
        fprintf(stderr, "Tracing %s… Ctrl-C ends it.\n", request->source.opts.name);
    err = run_session(request, session, module, printers->stack);
    return err ? err : print_maps(request, module, printers->stack);
}

static struct rp_error *run_and_clean(struct rp_session *session, void *ctx) {
    struct request *request = ctx;
    struct printers printers = {0};
    struct rp_error *err = debug_options_begin(session, false);
    err = err ? err : run(request, session, &printers);
    free_printers(&printers);
    return err;
}

int command_run(int argc, char **argv) {
    const struct argp_child children[] = {{&rp_tool_argp, 0, NULL, 0},
                                          {&source_argp, 0, NULL, 0},
                                          {&rp_exporter_argp, 0, NULL, 0},
                                          {&debug_options_argp, 0, NULL, 0},
                                          {0}};
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .args_doc = "FILE.c [-- CFLAGS…]\nFILE.o",
                              .doc =
                                  "Compiles a file of BPF C, or takes a BPF object, attaches "
                                  "each function that names its own probe (kprobe__X, "
                                  "TRACEPOINT_PROBE, SEC(\"kprobe/X\"), …), prints the events that "
                                  "they send and, at the end, the maps.",
                              .children = children};
    struct request request = {.tool = rp_tool_new()};
    clock_gettime(CLOCK_MONOTONIC, &request.start);
    rp_argp_parse(&argp, argc, argv, 0, &request);
    if (!request.lists_settings)
        return rp_tool_run(request.tool, run_and_clean, &request);
    int status = rp_tool_end(list_settings(&request), request.tool->verbose);
    rp_tool_free(request.tool);
    return status;
}
