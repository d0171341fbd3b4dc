/* SPDX-License-Identifier: Apache-2.0 */
/* Host programs that print a row for each record: all but what is their own. */
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/error.h"

struct reader {
    const struct rp_snoop *snoop;
    void *record; /* a copy: those of a perf buffer are not aligned */
};

static bool print(void *ctx, const void *data, size_t size) {
    const struct reader *reader = ctx;
    if (size < reader->snoop->record_size)
        return true;
    memcpy(reader->record, data, reader->snoop->record_size);
    rp_table_row(&reader->snoop->table, reader->record);
    return !ferror(stdout);
}

static struct rp_error *attach(struct rp_session *session, struct rp_module *module,
                               const struct rp_snoop *snoop) {
    if (snoop->attach)
        return snoop->attach(session, module, (void *)snoop->table.ctx);
    return rp_session_attach_named(session, module, NULL);
}

struct rp_error *rp_snoop_run(struct rp_session *session, const struct rp_snoop *snoop) {
    RP_AUTO_FREE void *record = calloc(1, snoop->record_size);
    if (!record)
        return rp_error_nomem();
    struct reader reader = {.snoop = snoop, .record = record};
    const struct rp_compile_opts opts = {.size = sizeof(opts),
                                         .name = snoop->name,
                                         .cflags = snoop->cflags,
                                         .cflag_count = snoop->cflag_count};
    struct rp_module *module;
    RP_TRY(rp_session_compile(session, snoop->source, &opts, &module));
    RP_TRY(rp_session_read(session, module, "events", print, &reader));
    RP_TRY(attach(session, module, snoop));
    rp_table_header(&snoop->table, record);
    return rp_session_run(session);
}
