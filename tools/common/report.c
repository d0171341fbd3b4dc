/* SPDX-License-Identifier: Apache-2.0 */
/* Host programs that sum up in the kernel and print reports. */
#include <stdio.h>

#include "reprobe_query.h"
#include "reprobe_tool.h"
#include "tool.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/opts.h"

struct reporter {
    struct rp_report report;
    uint64_t printed;
    struct rp_error *err; /* of a report; an error ends the loop */
};

static void print(struct reporter *reporter) {
    const struct rp_report *report = &reporter->report;
    const struct rp_tool *tool = report->tool;
    if (!tool->json && reporter->printed)
        putchar('\n');
    if (!tool->json && tool->timestamps) {
        char time[16];
        rp_time_of_day(time);
        puts(time);
    }
    reporter->printed++;
    reporter->err = report->print(report->ctx);
}

static bool on_interval(void *ctx) {
    struct reporter *reporter = ctx;
    print(reporter);
    return !reporter->err && reporter->printed != reporter->report.interval.count;
}

struct rp_error *rp_report_run(struct rp_session *session, const struct rp_report *given) {
    struct reporter reporter = {0};
    const struct rp_report *report = &reporter.report;
    RP_TRY(rp_opts_read(&reporter.report, sizeof(reporter.report), given, "rp_report"));
    const struct rp_interval *interval = &report->interval;
    if (!report->has_rows)
        RP_TRY(rp_tool_check_reports(report->tool));
    if (interval->every_ns)
        RP_TRY(rp_session_every(session, interval->every_ns, on_interval, &reporter));
    rp_tool_print_start(session, report->tool);
    struct rp_error *err = rp_session_run(session);
    if (err || reporter.err) {
        rp_error_free(err ? reporter.err : NULL);
        return err ? err : reporter.err;
    }
    /* The rest since the last report, unless all COUNT reports are printed. */
    if (!interval->count || reporter.printed < interval->count)
        print(&reporter);
    return reporter.err;
}
