/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host program that looks at things.
 *   inspect type NAME | inspect probe PROBE
 *   inspect program|verifier FILE.c FUNCTION PROBE [movable]
 *       attaches the function, and prints what it became, or what the verifier says; then the
 *       program's id on stderr, and holds it until standard input ends
 */
#include <bpf/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reprobe_query.h"
#include "reprobe_tool.h"

static void print_id(const struct rp_probe *probe) {
    struct bpf_prog_info info = {0};
    uint32_t size = sizeof(info);
    bpf_obj_get_info_by_fd(rp_probe_program(probe), &info, &size);
    fprintf(stderr, "%u\n", info.id);
}

static struct rp_error *look(char **argv) {
    struct rp_module *module;
    struct rp_probe *probe;
    struct rp_compile_opts opts = {.size = sizeof(opts), .movable = argv[5] != NULL};
    struct rp_error *err = rp_module_compile_file(argv[2], &opts, &module);
    if (err)
        return err;
    err = rp_probe_attach(module, argv[3], argv[4], &probe);
    if (!err) {
        err = *argv[1] == 'p' ? rp_inspect_program(probe, stdout)
                              : rp_inspect_verifier(module, probe, stdout);
        fflush(stdout);
        print_id(probe);
        char byte;
        while (read(STDIN_FILENO, &byte, 1) > 0)
            ;
        rp_probe_free(probe);
    }
    rp_module_free(module);
    return err;
}

int main(int argc, char **argv) {
    if (argc != 3 && argc != 5 && argc != 6) {
        fprintf(stderr, "usage: inspect type NAME | inspect probe PROBE | "
                        "inspect program|verifier FILE.c FUNCTION PROBE [movable]\n");
        return 2;
    }
    struct rp_error *err = strcmp(argv[1], "type") == 0    ? rp_inspect_type(argv[2], stdout)
                           : strcmp(argv[1], "probe") == 0 ? rp_inspect_probe(argv[2], stdout)
                                                           : look(argv);
    return rp_tool_end(err, false);
}
