/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opens COMMAND: runs COMMAND and prints a row for each file that it, or a process that it starts,
 * opens.
 *
 *     source text -> module -> probe -> record -> row
 */
#include <reprobe.h>

/* What runs in the kernel, in BCC's C. It is compiled when this program runs. */
static const char source[] =
    "struct event {\n"
    "    u32 pid;\n"
    "    char comm[16];\n"
    "    char path[128];\n"
    "};\n"
    "BPF_RINGBUF_OUTPUT(events, 16);\n" /* 16 pages */
    "\n"
    "TRACEPOINT_PROBE(syscalls, sys_enter_openat)\n" /* the name says where it is attached */
    "{\n"
    "    struct event event = {};\n"
    "    if (!is_target())\n" /* not the command, nor one of its children */
    "        return 0;\n"
    "    event.pid = bpf_get_current_pid_tgid() >> 32;\n"
    "    bpf_get_current_comm(event.comm, sizeof(event.comm));\n"
    "    bpf_probe_read_user_str(event.path, sizeof(event.path), args->filename);\n"
    "    events.ringbuf_output(&event, sizeof(event), 0);\n"
    "    return 0;\n"
    "}\n";

/* Called with each record, while it lies in the buffer. A program can cast `data` to a struct of
 * its own; the layout, which libreprobe has from the source, can print it without. */
static bool print_row(void *ctx, const void *data, size_t size) {
    const struct rp_layout *layout = ctx;
    rp_layout_print_row(layout, data, size, stdout);
    return true; /* go on */
}

static struct rp_error *run(struct rp_session *session) {
    struct rp_module *module;
    struct rp_layout *layout;
    struct rp_error *err = rp_session_compile(session, source, NULL, &module);
    if (!err)
        err = rp_layout_of_output(module, "events", &layout);
    if (err)
        return err;
    rp_layout_print_header(layout, stdout);
    err = rp_session_read(session, module, "events", print_row, layout);
    if (!err)
        err = rp_session_attach_named(session, module, NULL);
    if (!err)
        err = rp_session_run(session); /* until the command has ended, or Ctrl-C */
    rp_layout_free(layout);
    return err;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: opens COMMAND\n");
        return 2;
    }
    /* The session starts the command, which waits until rp_session_run(): none of it is missed. */
    const struct rp_session_opts opts = {.size = sizeof(opts), .command = argv[1]};
    struct rp_session *session = NULL;
    struct rp_error *err = rp_session_new(&opts, &session);
    if (!err)
        err = run(session);
    if (!err)
        rp_session_report(session, stderr); /* were events lost? */
    rp_session_free(session);               /* detaches, and frees all that the session made */
    if (!err)
        return 0;
    rp_error_print(err, stderr); /* what failed, why, and what to do about it */
    rp_error_free(err);
    return 1;
}
