/* SPDX-License-Identifier: Apache-2.0 */
/* The names that a tracepoint's print format gives to the numbers of a field:
 * __print_symbolic(REC->vec, { 0, "HI" }, …), __print_flags(REC->flags, "|", { 0x1, "READ" }, …).
 */
#include "probe/symbols.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"

static const struct {
    const char *call, *look;
    bool has_separator;
} calls[] = {{"__print_symbolic(", "names:", false}, {"__print_flags(", "flags:", true}};

static const char *skip_blanks(const char *text) {
    return text + strspn(text, " \t");
}

/* Behind "REC->FIELD", in brackets or not, cast or not; NULL: it is of something else. */
static const char *behind_field(const char *text, const char *field) {
    size_t length = strlen(field), end = strcspn(text, ",");
    const char *record = strstr(text, "REC->");
    if (!record || record > text + end || strncmp(record + 5, field, length) != 0)
        return NULL;
    for (const char *c = text; c < record; c++) /* a cast is of words */
        if (!strchr(" ()_abcdefghijklmnopqrstuvwxyz0123456789", *c))
            return NULL;
    const char *rest = record + 5 + length;
    rest += strspn(rest, " )");
    return *rest == ',' ? rest + 1 : NULL;
}

/* "{ 0x1, "READ" }": false where the number is more than a number. */
static bool take_pair(const char *text, FILE *out, bool *any) {
    char *end;
    const char *from = skip_blanks(text + 1);
    long long number = strtoll(from, &end, 0);
    const char *rest = skip_blanks(end + strspn(end, "ULul"));
    if (end == from || *rest != ',')
        return false;
    rest = skip_blanks(rest + 1);
    const char *quote = *rest == '"' ? strchr(rest + 1, '"') : NULL;
    if (!quote || strcspn(rest + 1, ",=|:") < (size_t)(quote - rest - 1))
        return false;
    fprintf(out, "%s%lld=%.*s", *any ? "," : "", number, (int)(quote - rest - 1), rest + 1);
    *any = true;
    return true;
}

/* The pairs up to the call's end. */
static char *take_pairs(const char *text, const char *look) {
    char *table = NULL;
    size_t size;
    bool any = false;
    FILE *out = open_memstream(&table, &size);
    if (!out)
        return NULL;
    fputs(look, out);
    for (text = skip_blanks(text); *text == '{'; text = skip_blanks(text)) {
        take_pair(text, out, &any);
        text += strcspn(text, "}");
        text += *text == '}';
        text += strspn(text, " ,");
    }
    fclose(out);
    if (!any)
        free(rp_take(table));
    return table;
}

char *rp_format_symbols(const char *format, const char *field) {
    const char *print = strstr(format, "print fmt: ");
    for (size_t i = 0; print && i < RP_COUNT(calls); i++)
        for (const char *at = strstr(print, calls[i].call); at; at = strstr(at, calls[i].call)) {
            at += strlen(calls[i].call);
            const char *rest = behind_field(at, field);
            if (rest && calls[i].has_separator) {
                rest += strcspn(rest, ",");
                rest += *rest == ',';
            }
            char *table = rest ? take_pairs(rest, calls[i].look) : NULL;
            if (table)
                return table;
        }
    return NULL;
}
