/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics while a session runs: exporter.c gathers them and writes files, exporter_http.c answers
 * clients. */
#ifndef RP_TOOLS_EXPORTER_H
#define RP_TOOLS_EXPORTER_H

#include "reprobe_query.h"
#include "reprobe_tool.h"

struct rp_server;

/* Gathers a page, malloc()ed, of *size bytes. */
typedef struct rp_error *(*rp_page_fn)(void *ctx, bool openmetrics, char **page, size_t *size);

/* Listens at "ADDR:PORT" or "PORT"; *url is where, malloc()ed. */
struct rp_error *rp_server_open(struct rp_session *session, const char *where, rp_page_fn page,
                                void *ctx, struct rp_server **out, char **url);
/* `server` may be NULL. */
void rp_server_close(struct rp_server *server);

#endif
