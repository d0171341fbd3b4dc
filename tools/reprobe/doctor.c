/* SPDX-License-Identifier: Apache-2.0 */
/* reprobe doctor: says what this kernel has and lacks. */
#include <argp.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "command.h"
#include "reprobe_query.h"
#include "reprobe_tool.h"

static void print(void *ctx, const struct rp_feature *feature) {
    (void)ctx;
    printf("%s  %-22s %s\n", feature->present ? "yes" : "no ", feature->name,
           feature->detail ? feature->detail : "");
    if (feature->present)
        return;
    printf("       needed for: %s\n", feature->needed_for);
    if (feature->cure)
        printf("       what to do: %s\n", feature->cure);
}

int command_doctor(int argc, char **argv) {
    const struct argp argp = {.doc = "Says what this kernel has and lacks, with what was found "
                                     "and, for what is missing, what needs it and what to do. The "
                                     "exit status is 1 if this machine cannot load BPF programs."};
    rp_argp_parse(&argp, argc, argv, 0, NULL);
    struct utsname kernel;
    if (uname(&kernel) == 0)
        printf("Linux %s on %s, reprobe %s\n\n", kernel.release, kernel.machine, rp_version());
    rp_kernel_features(print, NULL);
    return rp_tool_end(rp_kernel_usable(), false);
}
