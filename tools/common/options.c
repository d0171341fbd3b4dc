/* SPDX-License-Identifier: Apache-2.0 */
/* What a program's command line takes, for those who complete it. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reprobe_tool.h"

static void print_option(const struct argp_option *option, const struct argp_option *meant) {
    const char *arg = meant->arg ? meant->arg : "", *doc = meant->doc ? meant->doc : "";
    if (option->key > ' ' && option->key < 0x7f)
        printf("option\t-%c\t%s\t%s\n", option->key, arg, doc);
    if (option->name)
        printf("option\t--%s\t%s\t%s\n", option->name, arg, doc);
}

static void print_argp(const struct argp *argp) {
    const struct argp_option *meant = argp->options;
    if (argp->args_doc)
        printf("args\t%s\n", argp->args_doc);
    for (const struct argp_option *option = meant; option && (option->key || option->name);
         option++) {
        if (!(option->flags & OPTION_ALIAS))
            meant = option;
        if (!(option->flags & OPTION_HIDDEN))
            print_option(option, meant);
    }
    for (const struct argp_child *child = argp->children; child && child->argp; child++)
        print_argp(child->argp);
}

void rp_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, void *input) {
    static const struct argp_option always[] = {
        {"help", '?', 0, 0, "Show the options", 0},
        {"usage", 0, 0, 0, "Show a short list of the options", 0},
        {0}};
    static const struct argp help = {.options = always};
    if (argc == 2 && strcmp(argv[1], "--list-options") == 0) {
        print_argp(argp);
        print_argp(&help);
        exit(rp_output_flush() ? 1 : 0);
    }
    argp_parse(argp, argc, argv, flags, NULL, input);
}
