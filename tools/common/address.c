/* SPDX-License-Identifier: Apache-2.0 */
/* Internet addresses and ports. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "reprobe_tool.h"
#include "util/cleanup.h"

void rp_cell_address(struct rp_row *row, const char *name, int width, int family,
                     const void *address) {
    char text[INET6_ADDRSTRLEN] = "";
    inet_ntop(family, address, text, sizeof(text));
    rp_cell_text(row, name, width, text, sizeof(text));
}

/* Parses the port at the beginning of `text`, up to a comma. */
static bool parse_port(const char *text, size_t length, uint64_t *port) {
    char digits[8];
    snprintf(digits, sizeof(digits), "%.*s", (int)length, text);
    return length < sizeof(digits) && rp_parse_count(digits, UINT16_MAX, port);
}

bool rp_tool_define_family(struct rp_tool *tool, int key) {
    if (key == '4' || key == '6')
        rp_tool_define(tool, "FAMILY=%s", key == '4' ? "AF_INET" : "AF_INET6");
    return key == '4' || key == '6';
}

bool rp_tool_define_ports(struct rp_tool *tool, const char *macro, const char *list) {
    RP_AUTO_FREE char *condition = NULL;
    size_t size;
    FILE *out = open_memstream(&condition, &size);
    if (!out)
        exit(rp_tool_end(rp_error_nomem(), false));
    bool good;
    uint64_t port;
    for (const char *at = list;; at += strcspn(at, ",") + 1) {
        size_t length = strcspn(at, ",");
        good = parse_port(at, length, &port);
        if (!good)
            break;
        fprintf(out, "%s(port) == %u", at == list ? "" : " || ", (unsigned)port);
        if (!at[length])
            break;
    }
    fclose(out);
    if (good)
        rp_tool_define(tool, "%s(port)=(%s)", macro, condition);
    return good;
}
