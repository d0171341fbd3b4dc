/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/builds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *rp_builds_of_text(const char *source) {
    char *builds = NULL;
    size_t size;
    FILE *out = strstr(source, RP_BUILD_OF) ? open_memstream(&builds, &size) : NULL;
    for (const char *at = source; out && (at = strstr(at, RP_BUILD_OF));) {
        const char *name = at + strlen(RP_BUILD_OF), *end = name + strcspn(name, " \n");
        const char *build = end + strspn(end, " ");
        size_t length = *build == '"' ? strcspn(build + 1, "\"\n") : 0;
        if ((at == source || at[-1] == '\n') && length && build[1 + length] == '"')
            fprintf(out, "%.*s %.*s\n", (int)(end - name), name, (int)length, build + 1);
        at = end;
    }
    if (out)
        fclose(out);
    return builds;
}

const char *rp_build_for(const char *builds, const char *function, size_t *length) {
    size_t name = strlen(function);
    for (const char *line = builds; line && *line; line += strcspn(line, "\n")) {
        line += *line == '\n';
        if (!strncmp(line, function, name) && line[name] == ' ') {
            *length = strcspn(line + name + 1, "\n");
            return line + name + 1;
        }
    }
    return NULL;
}
