/* SPDX-License-Identifier: Apache-2.0 */
/* The host programs that reprobe comes with. */
#ifndef REPROBE_TOOLS_H
#define REPROBE_TOOLS_H

#include <stddef.h>

struct tool {
    const char *name, *what;
};
/* In alphabetical order, ended by one without a name. */
extern const struct tool tools[];
/* NULL: it is not one. */
const struct tool *tool_find(const char *name, size_t length);

/* A file that reprobe comes with, malloc()ed: the first that is there of those that end the list by
 * a NULL, which are told relative to the directory of the program that runs. NULL: none is. */
char *own_file(const char *const *files);
/* Where the program of a tool is, malloc()ed; NULL if it is not there. */
char *tool_path(const char *name);
/* Becomes that program, with argv[0] set to its name; returns if it cannot, with the exit status.
 */
int tool_run(const char *name, char **argv);

#endif
