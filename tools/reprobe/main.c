/* SPDX-License-Identifier: Apache-2.0 */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "prompt/tools.h"
#include "reprobe_tool.h"
#include "util/cleanup.h"

static const struct command commands[] = {
    {"prompt", "open the prompt, as reprobe does without a COMMAND", command_prompt},
    {"run", "compile a file of BPF C, attach it, print its events and maps", command_run},
    {"check", "compile a file and load nothing; needs no privileges", command_check},
    {"build", "compile a file into an object file, to run without compiling", command_build},
    {"cache", "list or delete what was compiled before", command_cache},
    {"list", "list the probes that exist", command_list},
    {"course", "learn it: lessons that check what you write, on each save", command_course},
    {"doctor", "say what this kernel has and lacks, and what to do about it", command_doctor},
    {"tools", "list the tools, run one, or link them into a directory", command_tools},
    {"lab", "run a command on another kernel, in a virtual machine", command_lab},
    {"completion", "print what a shell completes with", command_completion},
    {NULL, NULL, NULL},
};

static void print_help(void) {
    printf("Usage: reprobe [OPTION…]                    open a prompt\n"
           "       reprobe [OPTION…] PROMPT-COMMAND…    run a command, as `trace openat`\n"
           "       reprobe [OPTION…] -e PROMPT-COMMAND… run one or several\n"
           "       reprobe COMMAND [ARG…]\n"
           "       reprobe TOOL [ARG…]                  run a tool, as `execsnoop -x`\n"
           "Ask the running kernel questions, in C.\n\n");
    for (const struct command *command = commands; command->name; command++)
        printf("  %-10s %s\n", command->name, command->what);
    printf("  %-10s %s\n  %-10s %s\n\n", "help", "show this text, or the help of one command",
           "version", "print the version");
    printf("`reprobe COMMAND --help` explains a command; reprobe(1) has examples.\n"
           "`reprobe tools` lists the tools.\n");
}

static int run_command(const struct command *command, int argc, char **argv) {
    char name[64];
    snprintf(name, sizeof(name), "reprobe %s", command->name);
    argv[0] = name;
    return command->run(argc, argv);
}

static void print_unknown(const char *name) {
    RP_AUTO(rp_nearest_clear) struct rp_nearest nearest = {.wanted = name};
    for (const struct command *command = commands; command->name; command++)
        rp_nearest_add(&nearest, command->name);
    prompt_add_near(&nearest);
    RP_AUTO_FREE char *near = rp_nearest_text(&nearest, "");
    fprintf(stderr,
            "reprobe: unknown command `%s`\nhint: %s%s%sreprobe help lists the commands, reprobe "
            "tools the tools\n",
            name, near ? "did you mean " : "", near ? near : "", near ? "? " : "");
}

int main(int argc, char **argv) {
    const char *word = argc > 1 ? argv[1] : "";
    completed_commands = commands;
    bool is_help =
        strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
    if (strcmp(word, "version") == 0 || strcmp(word, "--version") == 0) {
        printf("reprobe %s\n", rp_version());
        return rp_tool_end(NULL, false);
    }
    if (is_help && argc < 3) {
        print_help();
        return rp_tool_end(NULL, false);
    }
    if (argc < 2 || *word == '-')
        return command_prompt(argc, argv);
    const char *name = is_help ? argv[2] : word;
    char help[] = "--help", *help_argv[] = {NULL, help, NULL};
    for (const struct command *command = commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return run_command(command, is_help ? 2 : argc - 1, is_help ? help_argv : argv + 1);
    if (prompt_has_command(name))
        return command_prompt(argc, argv); /* `help` is one, too */
    if (tool_find(name, strlen(name)))
        return tool_run(name, is_help ? help_argv : argv + 1);
    print_unknown(name);
    return 2;
}
