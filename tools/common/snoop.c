/* SPDX-License-Identifier: Apache-2.0 */
/* What host programs that print a row for each record have in common. */
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/opts.h"

struct reader {
    struct rp_snoop snoop;
    struct rp_table table;
    void *record;  /* a copy: records in a perf buffer are not aligned */
    uint64_t left; /* of --events, where `take` decides which count */
};

static bool print(void *ctx, const void *data, size_t size) {
    struct reader *reader = ctx;
    size_t whole = reader->snoop.record_size, least = reader->snoop.least_size;
    if (size < (least ? least : whole))
        return true;
    if (size < whole)
        memset((char *)reader->record + size, 0, whole - size);
    memcpy(reader->record, data, size < whole ? size : whole);
    if (reader->snoop.take && !reader->snoop.take(reader->record, reader->snoop.ctx))
        return true;
    rp_table_row(&reader->table, reader->record);
    return !ferror(stdout) && (!reader->left || --reader->left);
}

static struct rp_error *attach(struct rp_session *session, struct rp_module *module,
                               const struct rp_snoop *snoop) {
    if (snoop->attach)
        return snoop->attach(session, module, snoop->ctx);
    return rp_session_attach_named(session, module, NULL);
}

static struct rp_error *run(struct rp_session *session, void *ctx) {
    struct reader *reader = ctx;
    const struct rp_snoop *snoop = &reader->snoop;
    const struct rp_tool *tool = reader->table.tool;
    RP_AUTO_FREE void *record = reader->record = calloc(1, snoop->record_size);
    if (!record)
        return rp_error_nomem();
    struct rp_module *module;
    RP_TRY(rp_tool_compile(session, tool, snoop->name, snoop->source, &module));
    RP_TRY(rp_session_read(session, module, "events", print, reader));
    RP_TRY(attach(session, module, snoop));
    rp_tool_print_start(session, tool);
    rp_table_header(&reader->table, record);
    return rp_session_run(session);
}

int rp_snoop_main(int argc, char **argv, const struct argp *argp, struct rp_tool *tool,
                  const struct rp_snoop *given) {
    struct reader reader = {0};
    struct rp_error *err = rp_opts_read(&reader.snoop, sizeof(reader.snoop), given, "rp_snoop");
    if (err) {
        rp_tool_free(tool);
        return rp_tool_end(err, false);
    }
    reader.table =
        (struct rp_table){.tool = tool, .cells = reader.snoop.cells, .ctx = reader.snoop.ctx};
    rp_tool_parse(argc, argv, argp, reader.snoop.ctx, tool, NULL);
    if (reader.snoop.take) { /* the session would count each record */
        reader.left = tool->session->event_limit;
        tool->session->event_limit = 0;
    }
    return rp_tool_run(tool, run, &reader);
}
