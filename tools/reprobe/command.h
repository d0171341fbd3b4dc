/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of reprobe: one file each, and one line each in main.c's table. */
#ifndef REPROBE_COMMAND_H
#define REPROBE_COMMAND_H

#include <stdbool.h>

struct command {
    const char *name;
    const char *what;                  /* one line, for help */
    int (*run)(int argc, char **argv); /* argv[0] is "reprobe NAME"; returns the exit status */
};

int command_prompt(int argc, char **argv);
/* Whether the prompt has a command of that name: `reprobe trace openat` runs it. */
bool prompt_has_command(const char *word);
int command_run(int argc, char **argv);
int command_check(int argc, char **argv);
int command_build(int argc, char **argv);
int command_cache(int argc, char **argv);
int command_list(int argc, char **argv);
int command_doctor(int argc, char **argv);

#endif
