/* SPDX-License-Identifier: Apache-2.0 */
#include "tools.h"

#include <string.h>

/* Made by CMake of the tools' man pages. */
const struct tool tools[] = {
#include "tool_list.h"
    {NULL, NULL}};

const struct tool *tool_find(const char *name, size_t length) {
    for (const struct tool *tool = tools; tool->name; tool++)
        if (strlen(tool->name) == length && strncmp(tool->name, name, length) == 0)
            return tool;
    return NULL;
}
