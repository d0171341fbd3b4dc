/* SPDX-License-Identifier: Apache-2.0 */
#include "course/places.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prompt/tools.h"

char *places_program(void) {
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    return length > 0 ? strndup(path, (size_t)length) : NULL;
}

char *places_labs(void) {
    static const char *const folders[] = {LABS_DIRECTORY, "../../docs/labs", NULL};
    const char *own = getenv("REPROBE_LABS");
    return own && *own ? realpath(own, NULL) : own_file(folders);
}

char *places_lab_script(void) {
    static const char *const files[] = {TOOL_DIRECTORY "/lab", "../../scripts/lab", NULL};
    return own_file(files);
}

char *places_library(void) {
    static const char *const folders[] = {PKGCONFIG_DIRECTORY, "..", NULL};
    return own_file(folders);
}
