/* SPDX-License-Identifier: Apache-2.0 */
/* What --metrics offers of what has been gathered. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "util/cleanup.h"
#include "util/error.h"

/* Its number and how it was asked; rows of it that were lost. */
static struct rp_error *collect_own(const struct entry *entry, const char *number, const char *line,
                                    struct rp_metrics *metrics) {
    const char *const labels[] = {"question", number, NULL}, *const info[] = {"question", number,
                                                                              "text", line, NULL};
    RP_TRY(rp_metrics_add(metrics, "question_info", RP_METRIC_GAUGE, "How a question was asked",
                          info, 1));
    return rp_metrics_add(metrics, "question_lost_rows", RP_METRIC_COUNTER,
                          "Rows of a question that were lost: the buffer was full", labels,
                          entry->lost);
}

struct rp_error *entry_collect(const struct entry *entry, uint64_t limit,
                               struct rp_metrics *metrics) {
    char number[16];
    snprintf(number, sizeof(number), "%u", entry->number);
    RP_AUTO_FREE char *line = entry_line(entry);
    if (!line)
        return rp_error_nomem();
    const struct rp_metrics_opts opts = {
        .size = sizeof(opts),
        .question = number,
        .limit = limit,
        /* Of what questions answer, only that grows and never falls: sums may have a sign. */
        .counts = entry->question && entry->question->verb == RP_VERB_COUNT,
        .text = entry_number_text,
        .ctx = (void *)entry};
    RP_TRY(collect_own(entry, number, line, metrics));
    for (size_t i = 0; i < rp_module_map_count(entry->module); i++)
        RP_TRY(rp_metrics_add_map(metrics, entry->module, rp_module_map_name(entry->module, i),
                                  &opts));
    return NULL;
}
