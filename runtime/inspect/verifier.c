/* SPDX-License-Identifier: Apache-2.0 */
/* What the verifier wrote about a program that it accepted, as columns. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "compile/module.h"
#include "reprobe_query.h"
#include "util/cleanup.h"

#define COMMENT_COLUMN 52

/* "12: (85) call …": the length up to what is behind the colon; 0 for other lines. */
static size_t number_length(const char *line) {
    size_t digits = strspn(line, "0123456789");
    return digits && line[digits] == ':' && line[digits + 1] == ' ' ? digits : 0;
}

/* The instruction without its opcode, and in its own column what is known behind it. */
static void print_insn(const char *line, size_t digits, FILE *out) {
    const char *insn = line + digits + 2;
    if (*insn == '(' && strchr(insn, ')'))
        insn = strchr(insn, ')') + 2;
    const char *known = strstr(insn, "; ");
    size_t length = known ? (size_t)(known - insn) : strlen(insn);
    while (length && insn[length - 1] == ' ')
        length--;
    int columns = fprintf(out, "%6.*s: %.*s", (int)digits, line, (int)length, insn);
    if (known)
        fprintf(out, "%*s%s", columns < COMMENT_COLUMN ? COMMENT_COLUMN - columns : 1, "", known);
    fputc('\n', out);
}

/* Of all registers, "12: R1=ctx() R10=fp0": at the start of a path, or where two meet. */
static void print_line(const char *line, FILE *out) {
    size_t digits = number_length(line);
    if (digits && line[digits + 2] == '(')
        print_insn(line, digits, out);
    else if (digits)
        fprintf(out, "%6.*s: known: %s\n", (int)digits, line, line + digits + 2);
    else if (strncmp(line, "from ", 5) == 0)
        fprintf(out, "\n%s\n", line);
    else
        fprintf(out, "%s\n", line);
}

struct rp_error *rp_inspect_verifier(const struct rp_module *module, const struct rp_probe *probe,
                                     FILE *out) {
    RP_AUTO_FREE char *log = NULL;
    RP_TRY(rp_module_verify(module, rp_probe_program(probe), &log));
    fprintf(out, "%s, %s: accepted\n\n", rp_probe_spec(probe), rp_probe_function(probe));
    char *rest = log;
    for (char *line; (line = strsep(&rest, "\n")) && !ferror(out);)
        if (*line)
            print_line(line, out);
    return NULL;
}
