/* SPDX-License-Identifier: Apache-2.0 */
/* reprobe lab: the script of that name, which hints speak of. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "course/places.h"
#include "util/cleanup.h"

int command_lab(int argc, char **argv) {
    RP_AUTO_FREE char *script = places_lab_script();
    (void)argc;
    if (!script) {
        fputs("reprobe: cannot open the lab: its script is not where reprobe's tools are\n"
              "hint: install reprobe again; in a clone, build in a directory there\n",
              stderr);
        return 1;
    }
    argv[0] = script;
    execv(script, argv);
    perror("reprobe: cannot open the lab");
    return 1;
}
