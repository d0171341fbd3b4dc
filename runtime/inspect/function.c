/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of programs: their instructions, and their source. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "debug/lines.h"
#include "inspect/machine.h"
#include "probe/binary.h"
#include "probe/kind.h"
#include "probe/program_function.h"
#include "reprobe_query.h"
#include "util/cleanup.h"
#include "util/demangle.h"
#include "util/error.h"
#include "util/text.h"
#include "util/vec.h"

#define CODE_MAX (1 << 20)

struct function {
    struct rp_spec spec;
    char *path;
    uint64_t address, size;
    struct rp_line_rows rows; /* none: nothing tells its lines, */
    struct rp_error *untold;  /* for this reason, or NULL */
};

static void clear(struct function *f) {
    rp_spec_clear(&f->spec);
    free(f->path);
    rp_vec_clear(&f->rows);
    rp_error_free(f->untold);
}

static struct rp_error *find_lines(struct function *f) {
    const struct rp_debug *debug;
    struct rp_error *err = rp_debug_open(f->path, &debug);
    if (!err)
        err = rp_debug_line_rows(debug, f->address, f->size, &f->rows);
    if (err && rp_error_errno(err) == ENOMEM)
        return err;
    f->untold = err;
    return NULL;
}

static struct rp_error *find(const char *text, struct function *f) {
    RP_TRY(rp_spec_parse(text, &f->spec));
    if (!f->spec.kind->in_files || !f->spec.target || !f->spec.kind->call)
        return rp_error_hint_set(
            rp_error_new(EINVAL, "it is not a function of a program", "cannot look into %s", text),
            "name the program and its function: ./prog:load");
    struct rp_error *err = rp_binary_find(f->spec.path, &f->path);
    struct rp_spec there = f->spec;
    there.path = f->path;
    if (!err)
        err = rp_program_function(&there, &f->address, &f->size);
    if (!err && (!f->size || f->size > CODE_MAX))
        err = rp_probe_error(ERANGE, "its size is not known");
    return err ? rp_error_what_set(err, "cannot look into %s", text) : find_lines(f);
}

/* ------------------------------------------------------------------ instructions */

struct callee {
    uint64_t address;
    char *name;
};

struct printer {
    struct function *f;
    FILE *out;
    size_t row;                      /* the next one */
    RP_VEC(struct callee) functions; /* all of the file, once one is looked for */
    char *name;                      /* the last one that was found */
};

static void printer_clear(struct printer *p) {
    for (size_t i = 0; i < p->functions.count; i++)
        free(p->functions.items[i].name);
    rp_vec_clear(&p->functions);
    free(p->name);
}

static bool add_callee(void *ctx, const char *name, uint64_t address, uint64_t size) {
    (void)size;
    struct printer *p = ctx;
    struct callee callee = {address, strdup(name)};
    if (callee.name && rp_vec_push(&p->functions, callee))
        return true;
    free(callee.name);
    return false;
}

static const char *function_at(struct printer *p, uint64_t address) {
    if (!p->functions.count)
        rp_error_free(rp_binary_each_function(p->f->path, add_callee, p));
    for (size_t i = 0; i < p->functions.count; i++)
        if (p->functions.items[i].address == address)
            return p->functions.items[i].name;
    return NULL;
}

/* Where a call or a jump goes to. */
static const char *name_at(void *ctx, uint64_t address) {
    struct printer *p = ctx;
    free(rp_take(p->name));
    if (address > p->f->address && address - p->f->address < p->f->size) {
        p->name = rp_text("+0x%" PRIx64, address - p->f->address);
        return p->name;
    }
    const char *name = function_at(p, address);
    p->name = name ? rp_demangle(name) : NULL;
    return p->name ? p->name : name;
}

static void print_lines(void *ctx, uint64_t address) {
    struct printer *p = ctx;
    const struct rp_line_rows *rows = &p->f->rows;
    for (; p->row < rows->count && rows->items[p->row].address <= address; p->row++) {
        const struct rp_line_row *row = &rows->items[p->row], *before = row - 1;
        bool is_same = p->row && before->number == row->number && !strcmp(before->file, row->file);
        if (!is_same)
            fprintf(p->out, "; %s:%u\n", rp_last_name(row->file), row->number);
    }
}

static void print_untold(const struct function *f, FILE *out) {
    if (f->untold)
        fprintf(out, "its lines are not known: %s%s%s\n", rp_error_why(f->untold),
                rp_error_hint(f->untold) ? ": " : "",
                rp_error_hint(f->untold) ? rp_error_hint(f->untold) : "");
}

struct rp_error *rp_inspect_code(const char *spec, FILE *out) {
    RP_AUTO(clear) struct function f = {0};
    RP_TRY(find(spec, &f));
    RP_AUTO_FREE uint8_t *code = malloc(f.size);
    if (!code)
        return rp_error_nomem();
    size_t size = rp_binary_read_code(f.path, f.address, code, f.size);
    RP_AUTO(printer_clear) struct printer p = {.f = &f, .out = out};
    RP_AUTO_DISASSEMBLER
    struct rp_disassembler *disassembler =
        rp_disassembler_new(RP_INSTRUCTIONS_MACHINE, name_at, &p);
    if (!disassembler)
        return rp_error_new(ENOTSUP, "this LLVM has no disassembler for this machine",
                            "cannot show %s", spec);
    fprintf(out, "%s of %s: at 0x%" PRIx64 ", %zu bytes of machine code\n", f.spec.target, f.path,
            f.address, size);
    print_untold(&f, out);
    fputc('\n', out);
    rp_print_machine(disassembler, code, size, f.address, print_lines, &p, out);
    return NULL;
}

/* ------------------------------------------------------------------ source */

/* What others have written may name anything: only a file is read, and nothing waits. */
static FILE *open_source(const char *path, struct stat *st) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && (fstat(fd, st) || !S_ISREG(st->st_mode))) {
        close(fd);
        fd = -1;
        errno = EINVAL;
    }
    FILE *file = fd < 0 ? NULL : fdopen(fd, "re");
    if (fd >= 0 && !file)
        close(fd);
    return file;
}

/* Whether a probe can be at that line. */
static bool begins(const struct function *f, unsigned number) {
    for (size_t i = 0; i < f->rows.count; i++)
        if (f->rows.items[i].begins && f->rows.items[i].number == number &&
            !strcmp(f->rows.items[i].file, f->rows.items[0].file))
            return true;
    return false;
}

/* Its code may have lines of others, which are inlined: they are not between its first line and
 * the next function. */
static unsigned last_line(const struct function *f) {
    unsigned last = f->rows.items[0].number;
    for (size_t i = 0; i < f->rows.count; i++) {
        const struct rp_line_row *row = &f->rows.items[i];
        if (row->number > last && (!f->rows.next || row->number < f->rows.next) &&
            !strcmp(row->file, f->rows.items[0].file))
            last = row->number;
    }
    return last;
}

static void print_source(const struct function *f, FILE *file, FILE *out) {
    RP_AUTO_FREE char *line = NULL;
    size_t size = 0;
    unsigned last = last_line(f);
    for (unsigned number = 1; number <= last && getline(&line, &size, file) > 0; number++) {
        line[strcspn(line, "\r\n")] = '\0';
        if (number >= f->rows.first)
            fprintf(out, "%5u%c %s\n", number, begins(f, number) ? ':' : ' ', line);
    }
}

struct rp_error *rp_inspect_source(const char *spec, FILE *out) {
    RP_AUTO(clear) struct function f = {0};
    RP_TRY(find(spec, &f));
    if (!f.rows.count)
        return f.untold ? rp_error_what_set(rp_take(f.untold), "cannot show the source of %s", spec)
                        : rp_error_new(ENODATA, "its debug information has no lines of it",
                                       "cannot show the source of %s", spec);
    const char *path = f.rows.items[0].file;
    struct stat source, program;
    RP_AUTO_FCLOSE FILE *file = open_source(path, &source);
    if (!file)
        return rp_error_new(errno, NULL, "cannot read %s, line %u, which is the source of %s", path,
                            f.rows.first, spec);
    fprintf(out, "%s of %s, in %s; a colon is behind lines that have code: %s:%s:%u\n",
            f.spec.target, f.path, path, f.spec.path, rp_last_name(path), f.rows.items[0].number);
    if (!stat(f.path, &program) && source.st_mtime > program.st_mtime)
        fputs("the file is newer than the program: its lines may be others\n", out);
    fputc('\n', out);
    print_source(&f, file, out);
    return ferror(file) ? rp_error_new(EIO, NULL, "cannot read %s", path) : NULL;
}
