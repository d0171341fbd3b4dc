/* SPDX-License-Identifier: Apache-2.0 */
/* reprobe check: compiles a file and loads nothing. */
#include <stdlib.h>

#include "command.h"
#include "reprobe_query.h"
#include "source.h"

static error_t parse(int key, char *arg, struct argp_state *state) {
    (void)arg;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = state->input;
    return 0;
}

int command_check(int argc, char **argv) {
    const struct argp_child children[] = {{&source_argp, 0, NULL, 0}, {0}};
    const struct argp argp = {.parser = parse,
                              .args_doc = "FILE.c [-- CFLAGS…]",
                              .doc = "Compiles a file of BPF C, in BCC's dialect or libbpf's, and "
                                     "lists what is in it; loads "
                                     "nothing. Needs no privileges.",
                              .children = children};
    struct source source = {0};
    rp_argp_parse(&argp, argc, argv, 0, &source);
    source.opts.dry_run = true;

    struct rp_module *module;
    struct rp_error *err = rp_module_compile_file(source.file, &source.opts, &module);
    if (err)
        return rp_tool_end(err, false);
    if (rp_module_note(module))
        fprintf(stderr, "%s\n", rp_module_note(module));
    printf("%s compiles\n", source.opts.name);
    for (size_t i = 0; i < rp_module_function_count(module); i++) {
        const char *function = rp_module_function_name(module, i);
        char *spec;
        struct rp_error *none = rp_module_probe_spec(module, function, NULL, NULL, &spec);
        printf("  function %-32s %s\n", function,
               spec   ? spec
               : none ? rp_error_why(none)
                      : "does not name a probe");
        rp_error_free(none);
        free(spec);
    }
    for (size_t i = 0; i < rp_module_map_count(module); i++)
        printf("  map      %s\n", rp_module_map_name(module, i));
    rp_module_free(module);
    return rp_tool_end(NULL, false);
}
