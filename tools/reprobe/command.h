/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of reprobe: one file each, and one line each in main.c's table. */
#ifndef REPROBE_COMMAND_H
#define REPROBE_COMMAND_H

#include "reprobe_query.h"
#include "util/nearest.h"

struct command {
    const char *name;
    const char *what;                  /* one line, for help */
    int (*run)(int argc, char **argv); /* argv[0] is "reprobe NAME"; returns the exit status */
};

/* What completion offers as commands: main.c's table, ended by one without a name. */
extern const struct command *completed_commands;

int command_prompt(int argc, char **argv);
/* Whether the prompt has a command of that name: `reprobe trace openat` runs it. */
bool prompt_has_command(const char *word);
/* Its commands and the tools, for one who has mistyped one. */
void prompt_add_near(struct rp_nearest *nearest);
/* Words for byte `at` of a line of the prompt that nobody has opened; false: a file. */
bool prompt_complete(const char *line, size_t at, rp_completion_fn each, void *ctx);
int command_run(int argc, char **argv);
int command_check(int argc, char **argv);
int command_build(int argc, char **argv);
int command_cache(int argc, char **argv);
int command_list(int argc, char **argv);
int command_course(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_tools(int argc, char **argv);
int command_lab(int argc, char **argv);
int command_completion(int argc, char **argv);

#endif
