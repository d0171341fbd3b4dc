/* SPDX-License-Identifier: Apache-2.0 */
/* Internet addresses, ports, and other numbers that the kernel selects by. */
#include <arpa/inet.h>
#include <inttypes.h>
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

bool rp_tool_define_family(struct rp_tool *tool, int key) {
    if (key == '4' || key == '6')
        rp_tool_define(tool, "FAMILY=%s", key == '4' ? "AF_INET" : "AF_INET6");
    return key == '4' || key == '6';
}

bool rp_tool_define_ports(struct rp_tool *tool, const char *macro, const char *list) {
    return rp_tool_define_list(tool, macro, list, 1, UINT16_MAX);
}

/* Parses the number at the beginning of `text`, up to a comma. */
static bool parse_item(const char *text, size_t length, uint64_t min, uint64_t max,
                       uint64_t *number) {
    char digits[24];
    snprintf(digits, sizeof(digits), "%.*s", (int)length, text);
    *number = 0;
    bool zero = min == 0 && strcmp(digits, "0") == 0;
    return length < sizeof(digits) &&
           (zero || (rp_parse_count(digits, max, number) && *number >= min));
}

bool rp_tool_define_list(struct rp_tool *tool, const char *macro, const char *list, uint64_t min,
                         uint64_t max) {
    RP_AUTO_FREE char *condition = NULL;
    size_t size;
    FILE *out = open_memstream(&condition, &size);
    if (!out)
        exit(rp_tool_end(rp_error_nomem(), false));
    bool good;
    uint64_t number;
    for (const char *at = list;; at += strcspn(at, ",") + 1) {
        size_t length = strcspn(at, ",");
        good = parse_item(at, length, min, max, &number);
        if (!good)
            break;
        fprintf(out, "%s(x) == %" PRIu64, at == list ? "" : " || ", number);
        if (!at[length])
            break;
    }
    fclose(out);
    if (good)
        rp_tool_define(tool, "%s(x)=(%s)", macro, condition);
    return good;
}
