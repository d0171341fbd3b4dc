/* SPDX-License-Identifier: Apache-2.0 */
/* reprobe build: compile a file into an object file. */
#include <errno.h>

#include "command.h"
#include "source.h"

struct request {
    struct source source;
    const char *output;
};

static const struct argp_option options[] = {
    {"output", 'o', "OBJECT", 0, "The object file to write", 0}, {0}};

static error_t parse(int key, char *arg, struct argp_state *state) {
    struct request *request = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &request->source;
        break;
    case 'o':
        request->output = arg;
        break;
    case ARGP_KEY_END:
        if (!request->output) {
            argp_error(state, "name the object file to write: -o OBJECT");
            return EINVAL;
        }
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

int command_build(int argc, char **argv) {
    const struct argp_child children[] = {{&source_argp, 0, NULL, 0}, {0}};
    const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "FILE.c -o OBJECT [-- CFLAGS…]",
        .doc = "Compiles a file of BPF C into an object file, which `reprobe run "
               "OBJECT` runs without compiling: of a program in BCC's dialect on "
               "any kernel with the same types as this one; of one in libbpf's "
               "on any kernel, with CO-RE relocations, and bpftool and libbpf "
               "take it too. Needs no privileges.",
        .children = children};
    struct request request = {0};
    rp_argp_parse(&argp, argc, argv, 0, &request);
    request.source.opts.dry_run = true;
    request.source.opts.any_target = true;
    request.source.opts.portable = true;

    struct rp_module *module;
    struct rp_error *err =
        rp_module_compile_file(request.source.file, &request.source.opts, &module);
    if (err)
        return rp_tool_end(err, false);
    if (rp_module_note(module))
        fprintf(stderr, "%s\n", rp_module_note(module));
    err = rp_module_save(module, request.output);
    rp_module_free(module);
    return rp_tool_end(err, false);
}
