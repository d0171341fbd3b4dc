/* SPDX-License-Identifier: Apache-2.0 */
/* hardirqs: the time that interrupt handlers take. */
#include <string.h>

#include "reprobe_tool.h"

extern const char rp_embedded_hardirqs_c[];

/* As in bpf-src/hardirqs.c. */
struct name {
    char text[32];
};

static void action_name(const void *key, char text[RP_SUM_TEXT]) {
    memcpy(text, ((const struct name *)key)->text, sizeof(struct name));
}

int main(int argc, char **argv) {
    static const char *const tracepoints[] = {"irq_handler_exit", "irq_handler_entry", NULL};
    static const struct rp_irqs hardirqs = {
        .size = sizeof(hardirqs),
        .doc = "Sums up the time that interrupt handlers take, by the name of the handler's "
               "action, as in /proc/interrupts.",
        .name = "hardirqs.c",
        .source = rp_embedded_hardirqs_c,
        .noun = "hardirq",
        .width = 26,
        .text = action_name,
        .tracepoints = tracepoints};
    return rp_irqs_main(argc, argv, &hardirqs);
}
