/* SPDX-License-Identifier: Apache-2.0 */
#include "debug/lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug/function.h"
#include "debug/location.h"
#include "debug/program.h"
#include "debug/scope.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/nearest.h"
#include "util/text.h"

/* ------------------------------------------------------------------ paths */

/* Where the last name of "src/lib/" begins; NULL: it has none that could be left out. */
static char *last_name(char *path, char *end) {
    if (end == path || end == path + 1)
        return NULL;
    char *slash = memrchr(path, '/', (size_t)(end - path) - 1);
    char *name = slash ? slash + 1 : path;
    return end - name == 3 && !strncmp(name, "..", 2) ? NULL : name;
}

/* "/src/main.c" for "/src/./lib/../main.c"; in place. */
static void simplify(char *path) {
    char *to = path;
    for (const char *from = path; *from;) {
        size_t name = strcspn(from, "/"), length = name + (from[name] == '/');
        char *last = name == 2 && !strncmp(from, "..", 2) ? last_name(path, to) : NULL;
        bool is_root = from == path && !name;
        if (last) {
            to = last;
        } else if (is_root || (name && !(name == 1 && *from == '.'))) {
            memmove(to, from, length);
            to += length;
        }
        from += length;
    }
    *to = '\0';
}

/* Where the unit was compiled is before a path that does not begin at the root; malloc()ed. */
static char *full_path(Dwarf_Die *unit, const char *source) {
    Dwarf_Attribute memory;
    Dwarf_Attribute *attr = rp_dw.dwarf_attr(unit, DW_AT_comp_dir, &memory);
    const char *folder = attr && *source != '/' ? rp_dw.dwarf_formstring(attr) : NULL;
    char *path = rp_text("%s%s%s", folder ? folder : "", folder ? "/" : "", source);
    if (path)
        simplify(path);
    return path;
}

/* Whether the path ends with whole names of `file`. */
static bool ends_with(const char *path, const char *file) {
    size_t length = strlen(path), end = strlen(file);
    if (end > length || strcmp(path + length - end, file) != 0)
        return false;
    return end == length || *file == '/' || path[length - end - 1] == '/';
}

/* ------------------------------------------------------------------ lines of a unit */

/* A block that has the line, and the function that the block is in. */
struct place {
    const void *block, *function; /* NULL: nothing tells */
    uint64_t address;             /* the first where the line begins in it */
};

struct search {
    const struct rp_debug *debug;
    struct rp_source_line line; /* its path is simple */
    unsigned next;              /* the first one behind it that has code; 0: none */
    struct rp_lines found;
    RP_VEC(struct place) places;
    char *path, *other; /* of the file; of another one of the same name */
};

/* Whether it is of the file. Paths are long, and most are of others: those differ in their last
 * names already. */
static struct rp_error *is_wanted(struct search *s, Dwarf_Die *unit, const char *source,
                                  bool *wanted) {
    *wanted = !strcmp(rp_last_name(source), rp_last_name(s->line.file));
    if (!*wanted)
        return NULL;
    RP_AUTO_FREE char *path = full_path(unit, source);
    if (!path)
        return rp_error_nomem();
    *wanted = ends_with(path, s->line.file);
    if (!*wanted)
        return NULL;
    if (!s->path)
        s->path = rp_take(path);
    else if (strcmp(s->path, path) != 0 && !s->other)
        s->other = rp_take(path);
    return NULL;
}

/* The rows of a table that follow each other, of one line. */
struct run {
    const char *source;
    int number;
    bool has_parts; /* compilers number a line's parts: a loop's head and body */
};

/* Whether the row goes on with the line of the one before it: only its parts are told apart. That
 * is gdb's rule, too. */
static bool goes_on(struct run *run, Dwarf_Line *line, const char *source) {
    int number = 0;
    unsigned part = 0;
    rp_dw.dwarf_lineno(line, &number);
    rp_dw.dwarf_linediscriminator(line, &part);
    bool is_same = run->source == source && run->number == number;
    run->has_parts = part || (is_same && run->has_parts);
    run->source = source;
    run->number = number;
    return is_same && run->has_parts;
}

/* The number of the block, which is a new one if no other is the same. */
static struct rp_error *number_place(struct search *s, const struct place *place, bool is_part,
                                     unsigned *number) {
    size_t i = 0;
    for (; i < s->places.count; i++) {
        struct place *known = &s->places.items[i];
        if (known->address != place->address && (!place->block || known->block != place->block) &&
            (!is_part || !place->function || known->function != place->function))
            continue;
        if (place->address < known->address)
            *known = *place;
        break;
    }
    *number = (unsigned)i;
    return i < s->places.count || rp_vec_push(&s->places, *place) ? NULL : rp_error_nomem();
}

static struct rp_error *add_start(struct search *s, Dwarf_Addr address, bool is_empty,
                                  bool is_part) {
    Dwarf_Die function;
    Dwarf_Addr entry;
    struct rp_scopes scopes;
    struct place place = {.address = address - (uint64_t)s->debug->bias};
    struct rp_line_address start = {.address = place.address, .is_empty = is_empty};
    if (rp_debug_find_function(s->debug->dwarf, address, &function)) {
        rp_debug_scopes(&function, address, &s->line, &scopes);
        place.block = scopes.list[scopes.count - 1].addr;
        place.function = scopes.list[0].addr;
        start.is_copied = !is_part && rp_debug_is_optimized(&function);
        start.function = rp_dw_entry(&function, &entry) ? entry - (uint64_t)s->debug->bias : 0;
    }
    RP_TRY(number_place(s, &place, is_part, &start.block));
    for (size_t i = 0; i < s->found.count; i++)
        if (s->found.items[i].address == start.address)
            return NULL;
    return rp_vec_push(&s->found, start) ? NULL : rp_error_nomem();
}

/* Whether the line behind it begins at the same instruction. */
static bool is_empty(Dwarf_Line *line, Dwarf_Line *next) {
    Dwarf_Addr here, there;
    return next && !rp_dw.dwarf_lineaddr(line, &here) && !rp_dw.dwarf_lineaddr(next, &there) &&
           here == there;
}

static struct rp_error *search_line(struct search *s, Dwarf_Line *line, Dwarf_Line *behind,
                                    bool is_part) {
    int number = 0;
    bool begins = false;
    Dwarf_Addr address;
    if (rp_dw.dwarf_linebeginstatement(line, &begins) || !begins ||
        rp_dw.dwarf_lineno(line, &number) || rp_dw.dwarf_lineaddr(line, &address))
        return NULL;
    unsigned there = (unsigned)number;
    if (there > s->line.number && (!s->next || there < s->next))
        s->next = there;
    return there == s->line.number ? add_start(s, address, is_empty(line, behind), is_part) : NULL;
}

static bool is_end(Dwarf_Line *line) {
    bool end = false;
    return rp_dw.dwarf_lineendsequence(line, &end) || end;
}

static struct rp_error *search_unit(struct search *s, Dwarf_Die *unit) {
    Dwarf_Lines *lines;
    size_t count;
    const char *last = NULL;
    bool wanted = false;
    struct run run = {0};
    if (rp_dw.dwarf_getsrclines(unit, &lines, &count))
        return NULL;
    for (size_t i = 0; i < count; i++) {
        Dwarf_Line *line = rp_dw.dwarf_onesrcline(lines, i);
        const char *source = line ? rp_dw.dwarf_linesrc(line, NULL, NULL) : NULL;
        if (source && source != last)
            RP_TRY(is_wanted(s, unit, source, &wanted));
        last = source;
        bool same = source && goes_on(&run, line, source);
        if (source && wanted && !is_end(line))
            RP_TRY(search_line(s, line, rp_dw.dwarf_onesrcline(lines, i + 1), same));
    }
    return NULL;
}

/* ------------------------------------------------------------------ the answer */

/* Names of files that are near; malloc()ed, or NULL. */
static char *near_names(const struct search *s) {
    RP_AUTO(rp_nearest_clear) struct rp_nearest nearest = {.wanted = s->line.file};
    Dwarf_Off offset = 0;
    Dwarf_Die unit;
    while (rp_dw_next_unit(s->debug->dwarf, &offset, &unit)) {
        Dwarf_Lines *lines;
        size_t count;
        const char *last = NULL;
        if (rp_dw.dwarf_getsrclines(&unit, &lines, &count))
            continue;
        for (size_t i = 0; i < count; i++) {
            Dwarf_Line *line = rp_dw.dwarf_onesrcline(lines, i);
            const char *source = line ? rp_dw.dwarf_linesrc(line, NULL, NULL) : NULL;
            if (source && source != last)
                rp_nearest_add(&nearest, rp_last_name(source));
            last = source;
        }
    }
    return rp_nearest_text(&nearest, "");
}

static struct rp_error *refuse(const struct search *s) {
    const char *program = s->debug->path;
    if (s->other)
        return rp_error_hint_set(rp_error_new(EADDRNOTAVAIL, "several files end with that name",
                                              "cannot find %s:%u in %s", s->line.file,
                                              s->line.number, program),
                                 "write more of the path: %s or %s", s->path, s->other);
    if (s->path && s->next)
        return rp_error_hint_set(rp_error_new(ENOENT, "that line has no code",
                                              "cannot find %s:%u in %s", s->line.file,
                                              s->line.number, program),
                                 "the next line that has is %u", s->next);
    if (s->path)
        return rp_error_new(ENOENT, "neither that line nor one behind it has code",
                            "cannot find %s:%u in %s", s->line.file, s->line.number, program);
    RP_AUTO_FREE char *near = near_names(s);
    struct rp_error *err =
        rp_error_new(ENOENT, "the program has no code of a file of that name",
                     "cannot find %s:%u in %s", s->line.file, s->line.number, program);
    return near ? rp_error_hint_set(err, "did you mean %s?", near) : err;
}

/* The addresses that both begin with. */
static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static struct rp_error *answer(const struct search *s, struct rp_lines *out) {
    if (s->other || !s->found.count)
        return refuse(s);
    for (size_t i = 0; i < s->found.count; i++)
        if (!rp_vec_push(out, s->found.items[i]))
            return rp_error_nomem();
    qsort(out->items, out->count, sizeof(*out->items), compare);
    return NULL;
}

struct rp_error *rp_debug_line(const struct rp_debug *opened, const struct rp_source_line *line,
                               struct rp_lines *out) {
    struct rp_debug *debug = (struct rp_debug *)opened;
    RP_TRY(rp_debug_program_open(debug));
    RP_AUTO_FREE char *wanted = strdup(line->file);
    if (!wanted)
        return rp_error_nomem();
    simplify(wanted);
    struct search s = {.debug = debug, .line = {wanted, line->number, false}};
    struct rp_error *err = NULL;
    Dwarf_Off offset = 0;
    Dwarf_Die unit;
    while (!err && rp_dw_next_unit(debug->dwarf, &offset, &unit))
        err = search_unit(&s, &unit);
    if (!err)
        err = answer(&s, out);
    rp_vec_clear(&s.found);
    rp_vec_clear(&s.places);
    free(s.path);
    free(s.other);
    return err;
}

bool rp_debug_line_at(const struct rp_debug *opened, uint64_t address, char **file,
                      struct rp_source_line *out) {
    struct rp_debug *debug = (struct rp_debug *)opened;
    Dwarf_Addr there = address + (uint64_t)debug->bias;
    struct rp_error *err = rp_debug_program_open(debug);
    Dwarf_Die function, unit;
    int number = 0;
    bool is_known = !err && rp_debug_find_function(debug->dwarf, there, &function) &&
                    rp_dw.dwarf_diecu(&function, &unit, NULL, NULL);
    rp_error_free(err);
    Dwarf_Line *line = is_known ? rp_dw.dwarf_getsrc_die(&unit, there) : NULL;
    const char *source = line ? rp_dw.dwarf_linesrc(line, NULL, NULL) : NULL;
    if (!source || rp_dw.dwarf_lineno(line, &number) || number <= 0)
        return false;
    *file = strdup(source);
    *out = (struct rp_source_line){*file, (unsigned)number, false};
    return *file;
}

/* ------------------------------------------------------------------ the lines of a function */

struct following {
    unsigned after, next;
    const char *file;
};

static int look_at_declared(Dwarf_Die *die, void *ctx) {
    struct following *f = ctx;
    int number;
    const char *file = rp_dw_decl_file(die);
    if (file && !rp_dw.dwarf_decl_line(die, &number) && (unsigned)number > f->after &&
        (!f->next || (unsigned)number < f->next) && !strcmp(file, f->file))
        f->next = (unsigned)number;
    return DWARF_CB_OK;
}

static struct rp_error *add_rows(const struct rp_debug *debug, Dwarf_Die *unit, uint64_t address,
                                 uint64_t size, struct rp_line_rows *out) {
    Dwarf_Lines *lines;
    size_t count;
    if (rp_dw.dwarf_getsrclines(unit, &lines, &count))
        return NULL;
    for (size_t i = 0; i < count; i++) {
        Dwarf_Line *line = rp_dw.dwarf_onesrcline(lines, i);
        Dwarf_Addr there;
        struct rp_line_row row = {0};
        int number = 0;
        if (!line || is_end(line) || rp_dw.dwarf_lineaddr(line, &there) ||
            rp_dw.dwarf_lineno(line, &number) || number <= 0)
            continue;
        row.address = there - (uint64_t)debug->bias;
        row.file = rp_dw.dwarf_linesrc(line, NULL, NULL);
        row.number = (unsigned)number;
        if (!row.file || row.address < address || row.address - address >= size)
            continue;
        rp_dw.dwarf_linebeginstatement(line, &row.begins);
        if (!rp_vec_push(out, row))
            return rp_error_nomem();
    }
    if (out->count)
        qsort(out->items, out->count, sizeof(*out->items), compare);
    return NULL;
}

struct rp_error *rp_debug_line_rows(const struct rp_debug *opened, uint64_t address, uint64_t size,
                                    struct rp_line_rows *out) {
    struct rp_debug *debug = (struct rp_debug *)opened;
    RP_TRY(rp_debug_program_open(debug));
    Dwarf_Die function, unit;
    if (!rp_debug_find_function(debug->dwarf, address + (uint64_t)debug->bias, &function) ||
        !rp_dw.dwarf_diecu(&function, &unit, NULL, NULL))
        return NULL;
    RP_TRY(add_rows(debug, &unit, address, size, out));
    if (!out->count)
        return NULL;
    const struct rp_line_row *entry = &out->items[0];
    struct following following = {.after = entry->number, .file = entry->file};
    rp_dw.dwarf_getfuncs(&unit, look_at_declared, &following, 0);
    const char *file = rp_dw_decl_file(&function);
    int declared = 0;
    bool is_before = file && !strcmp(file, entry->file) &&
                     !rp_dw.dwarf_decl_line(&function, &declared) && declared > 0 &&
                     (unsigned)declared < entry->number;
    out->first = is_before ? (unsigned)declared : entry->number;
    out->next = following.next;
    return NULL;
}
