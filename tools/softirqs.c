/* SPDX-License-Identifier: Apache-2.0 */
/* softirqs: the time that soft interrupts take. */
#include <string.h>

#include "reprobe_tool.h"

extern const char rp_embedded_softirqs_c[];

/* As softirq_to_name[] in the kernel's kernel/softirq.c; the same since Linux 3.5. */
static void vector_name(const void *key, char text[RP_SUM_TEXT]) {
    static const char *const names[] = {"hi",       "timer",   "net_tx", "net_rx",  "block",
                                        "irq_poll", "tasklet", "sched",  "hrtimer", "rcu"};
    uint32_t vector;
    memcpy(&vector, key, sizeof(vector));
    if (vector < sizeof(names) / sizeof(names[0]))
        strcpy(text, names[vector]);
    else
        snprintf(text, RP_SUM_TEXT, "%u", vector);
}

int main(int argc, char **argv) {
    static const char *const tracepoints[] = {"softirq_exit", "softirq_entry", NULL};
    static const struct rp_irqs softirqs = {
        .size = sizeof(softirqs),
        .doc = "Sums up the time that soft interrupts take, by vector.",
        .name = "softirqs.c",
        .source = rp_embedded_softirqs_c,
        .noun = "softirq",
        .width = 16,
        .text = vector_name,
        .tracepoints = tracepoints};
    return rp_irqs_main(argc, argv, &softirqs);
}
