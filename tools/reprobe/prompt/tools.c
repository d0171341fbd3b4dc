/* SPDX-License-Identifier: Apache-2.0 */
#include "tools.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/text.h"

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

char *own_file(const char *const *files) {
    char own[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);
    if (length <= 0)
        return NULL;
    own[length] = '\0';
    *strrchr(own, '/') = '\0';
    for (; *files; files++) {
        RP_AUTO_FREE char *path = rp_text("%s/%s", own, *files);
        if (path && access(path, X_OK) == 0)
            return realpath(path, NULL);
    }
    return NULL;
}

/* They have a directory of their own where they are installed: others have programs of these
 * names. In the build's tree they are beside reprobe. */
char *tool_path(const char *name) {
    RP_AUTO_FREE char *installed = rp_text(TOOL_DIRECTORY "/%s", name);
    const char *const files[] = {installed, name, NULL};
    return installed ? own_file(files) : NULL;
}

int tool_run(const char *name, char **argv) {
    RP_AUTO_FREE char *path = tool_path(name);
    RP_AUTO_FREE char *own = strdup(name);
    if (path && own) {
        argv[0] = own;
        execv(path, argv);
    }
    fprintf(stderr, "reprobe: cannot run %s: %s\nhint: install reprobe again\n", name,
            path ? strerror(errno) : "its program is not where reprobe's tools are");
    return 1;
}
