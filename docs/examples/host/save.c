/* SPDX-License-Identifier: Apache-2.0 */
/*
 * save FILE: compiles a program that counts system calls, and writes it to FILE for `load`.
 *
 *     source text -> module -> object file
 *
 * This takes no privileges, and need not be done on the machine that is traced: FILE has the
 * compiled program, and a digest of the kernel types that it was compiled for.
 */
#include <reprobe.h>

static const char source[] =
    "struct key {\n"
    "    u32 pid;\n"
    "    char comm[16];\n"
    "};\n"
    "BPF_HASH(calls, struct key, u64);\n"
    "\n"
    "TRACEPOINT_PROBE(raw_syscalls, sys_enter)\n"
    "{\n"
    "    struct key key = {};\n"
    "    if (!is_target())\n" /* whose calls count is only said when it is loaded */
    "        return 0;\n"
    "    key.pid = bpf_get_current_pid_tgid() >> 32;\n"
    "    bpf_get_current_comm(key.comm, sizeof(key.comm));\n"
    "    calls.increment(key);\n"
    "    return 0;\n"
    "}\n";

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: save FILE\n");
        return 2;
    }
    /* A dry run creates no maps in the kernel. With any_target, `load` may choose a user, a name or
     * a cgroup as well as a process. */
    const struct rp_compile_opts opts = {
        .size = sizeof(opts), .name = "calls", .dry_run = true, .any_target = true};
    struct rp_module *module = NULL;
    struct rp_error *err = rp_module_compile(source, &opts, &module);
    if (!err)
        err = rp_module_save(module, argv[1]);
    rp_module_free(module);
    if (!err)
        return 0;
    rp_error_print(err, stderr);
    rp_error_free(err);
    return 1;
}
