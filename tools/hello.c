/* SPDX-License-Identifier: Apache-2.0 */
/* hello: "Hello, World!" from the kernel each time a file is opened. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "reprobe_query.h"
#include "reprobe_tool.h"

extern const char rp_embedded_hello_c[];

static const char spec[] = "kprobe:do_sys_openat2";

static bool print(void *ctx, const struct rp_trace_line *line) {
    const struct rp_tool *tool = ctx;
    if (tool->json) {
        struct rp_writer json; /* each line has its own time */
        rp_json_begin(&json, stdout);
        rp_json_trace_line(&json, line);
        rp_json_end(&json);
    } else {
        if (tool->timestamps)
            rp_print_time(stdout);
        rp_trace_line_print_row(line, stdout);
    }
    return !ferror(stdout);
}

/* So that there is something to see on a quiet machine. */
static bool open_a_file(void *ctx) {
    (void)ctx;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return true;
}

/* Attaches to the kprobe, or on a kernel without kprobes to the nearest tracepoint. */
static struct rp_error *attach(struct rp_session *session, struct rp_module *module) {
    struct rp_error *err = rp_session_attach(session, module, "hello", spec, NULL);
    if (!err || rp_error_errno(err) != EOPNOTSUPP)
        return err;
    char *instead = rp_probe_suggest(spec);
    if (!instead)
        return err;
    fprintf(stderr, "hello: %s; using %s\n", rp_error_why(err), instead);
    rp_error_free(err);
    err = rp_session_attach(session, module, "hello", instead, NULL);
    free(instead);
    return err;
}

static struct rp_error *run(struct rp_session *session, void *ctx) {
    const struct rp_tool *tool = ctx;
    const struct rp_compile_opts opts = {.size = sizeof(opts), .name = "hello.c"};
    struct rp_module *module;
    struct rp_error *err = rp_session_compile(session, rp_embedded_hello_c, &opts, &module);
    if (!err)
        err = rp_session_read_trace(session, print, ctx);
    if (!err)
        err = attach(session, module);
    if (!err && !rp_session_target(session))
        err = rp_session_every(session, 1000000000, open_a_file, NULL);
    if (err)
        return err;
    if (tool->timestamps && !tool->json)
        printf("%-8s ", "TIME");
    if (!tool->json)
        rp_trace_line_print_header(stdout);
    return rp_session_run(session);
}

int main(int argc, char **argv) {
    const struct argp argp = {
        .doc = "Prints \"Hello, World!\" from inside the kernel each time a file is opened: a "
               "kprobe on do_sys_openat2, or the matching tracepoint on a kernel without kprobes. "
               "Opens a file itself each second, so that there is something to see on a quiet "
               "machine."};
    struct rp_tool *tool = rp_tool_new();
    rp_tool_parse(argc, argv, &argp, NULL, tool, NULL);
    return rp_tool_run(tool, run, tool);
}
