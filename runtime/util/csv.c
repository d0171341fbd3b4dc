/* SPDX-License-Identifier: Apache-2.0 */
#include "util/csv.h"

#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/text.h"

/* Whether a spreadsheet would take it for a formula: text that a traced process may have written. A
 * number is one, whatever its sign. */
static bool is_formula(const char *text) {
    char *end;
    if (!*text || !strchr("=+-@\t", *text))
        return false;
    strtod(text, &end);
    return *end != '\0' || end == text;
}

void rp_csv_cell(const char *text, FILE *out) {
    RP_AUTO_FREE char *harmless = is_formula(text) ? rp_text("'%s", text) : NULL;
    if (harmless)
        text = harmless;
    if (!text[strcspn(text, ",\"\r\n")]) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (const char *c = text; *c; c++) {
        if (*c == '"')
            fputc('"', out);
        fputc(*c, out);
    }
    fputc('"', out);
}
