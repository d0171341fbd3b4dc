/* SPDX-License-Identifier: Apache-2.0 */
/* libraries PROGRAM: linked with what reprobe is linked with, does nothing but run the program. */
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#include "reprobe.h"

extern char **environ;

int main(int argc, char **argv) {
    pid_t pid;
    int status;
    if (argc != 2) {
        fprintf(stderr, "Usage: libraries PROGRAM (reprobe %s)\n", rp_version());
        return 2;
    }
    /* Never called: it is here so that libbcc is linked. */
    if (!rp_version())
        rp_error_free(rp_module_compile("", NULL, NULL));
    return posix_spawn(&pid, argv[1], NULL, NULL, argv + 1, environ) ||
           waitpid(pid, &status, 0) != pid || status;
}
