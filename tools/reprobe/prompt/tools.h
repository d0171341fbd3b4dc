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

#endif
