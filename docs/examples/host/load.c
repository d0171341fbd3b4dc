/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load FILE COMMAND: runs COMMAND with the program that `save` wrote to FILE attached, and prints
 * what it counted.
 *
 *     object file -> module -> probe, map -> table
 *
 * Nothing is compiled. FILE must belong to you or to root, as it is run in the kernel. Where the
 * kernel's types are not those that FILE was compiled for, it is refused.
 */
#include <reprobe.h>

static struct rp_error *run(struct rp_session *session, const char *file) {
    struct rp_module *module;
    struct rp_error *err = rp_session_compile_file(session, file, NULL, &module);
    if (!err)
        err = rp_session_attach_named(session, module, NULL);
    if (!err)
        err = rp_session_run(session);
    for (size_t i = 0; !err && i < rp_module_map_count(module); i++)
        if (rp_map_is_data(module, rp_module_map_name(module, i)))
            err = rp_map_print(module, rp_module_map_name(module, i), NULL, stdout);
    return err;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: load FILE COMMAND\n");
        return 2;
    }
    const struct rp_session_opts opts = {.size = sizeof(opts), .command = argv[2]};
    struct rp_session *session = NULL;
    struct rp_error *err = rp_session_new(&opts, &session);
    if (!err)
        err = run(session, argv[1]);
    if (!err)
        rp_session_report(session, stderr);
    rp_session_free(session);
    if (!err)
        return 0;
    rp_error_print(err, stderr);
    rp_error_free(err);
    return 1;
}
