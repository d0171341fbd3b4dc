/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compiles COUNT FILE.c: compiles the file COUNT times, each time into a module that is freed (the
 * first one attached, too), and prints the private dirty memory in KiB: "idle N" with the libraries
 * loaded and nothing done, "first N" with the first module attached, "warm N" after a tenth of
 * them, "last N" after all. The cache is off.
 * (In between nothing is given back to the system, so that what is kept would show.)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/compile.h"
#include "compile/compiler.h"
#include "reprobe.h"

static long private_dirty(void) {
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    long kib = -1;
    while (file && kib < 0 && fgets(line, sizeof(line), file))
        if (sscanf(line, "Private_Dirty: %ld kB", &kib) != 1)
            kib = -1;
    if (file)
        fclose(file);
    return kib;
}

static void print(const char *when) {
    printf("%s %ld\n", when, private_dirty());
    fflush(stdout);
}

static struct rp_error *compile(const char *path, bool attach, struct rp_session **session) {
    struct rp_module *module;
    const struct rp_session_opts opts = {.size = sizeof(opts)};
    struct rp_error *err = rp_session_new(&opts, session);
    if (!err)
        err = rp_session_compile_file(*session, path, NULL, &module);
    return err || !attach ? err : rp_session_attach_named(*session, module, NULL);
}

int main(int argc, char **argv) {
    long count = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
    if (count < 1) {
        fprintf(stderr, "Usage: compiles COUNT FILE.c\n");
        return 2;
    }
    setenv("REPROBE_CACHE", "off", 1);
    const struct rp_compiler *libbcc;
    rp_error_free(rp_compiler_open(&libbcc)); /* LLVM's own data is not what is measured */
    print("idle");
    for (long i = 1; i <= count; i++) {
        struct rp_session *session = NULL;
        struct rp_error *err = compile(argv[2], i == 1, &session);
        if (i == 1) {
            rp_compile_release(); /* as a session does when it starts to read */
            print("first");
        }
        rp_session_free(session);
        if (err) {
            rp_error_print(err, stderr);
            rp_error_free(err);
            return 1;
        }
        if (i == (count + 9) / 10)
            print("warm");
    }
    print("last");
    return 0;
}
