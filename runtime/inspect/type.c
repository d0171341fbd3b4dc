/* SPDX-License-Identifier: Apache-2.0 */
/* Types of the kernel and of programs as C, with where each member is. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "debug/programs.h"
#include "kernel/btf.h"
#include "probe/binary.h"
#include "probe/spec.h"
#include "reprobe_query.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/nearest.h"

#define INDENT         4
#define COMMENT_COLUMN 56
#define CACHE_LINE     64

struct writer {
    const struct rp_btf *btf;
    FILE *out;
};

/* How a composite's members lie. */
struct extent {
    uint64_t end; /* of the last one so far, in bits */
    uint64_t hole_bits;
    unsigned holes;
};

static void write_body(const struct writer *w, const struct btf_type *t, unsigned depth,
                       uint64_t base);

/* ------------------------------------------------------------- lines */

static int indented(const struct writer *w, unsigned depth) {
    return fprintf(w->out, "%*s", (int)depth * INDENT, "");
}

/* Ends a line that has `columns` so far: a comment in its column. */
static void comment(const struct writer *w, int columns, const char *text) {
    int blanks = columns < COMMENT_COLUMN ? COMMENT_COLUMN - columns : 1;
    fprintf(w->out, "%*s/* %s */\n", blanks, "", text);
}

static void comment_place(const struct writer *w, int columns, uint64_t bit, unsigned bits,
                          uint64_t size) {
    char text[64];
    if (bits)
        snprintf(text, sizeof(text), "%5" PRIu64 ":%-2u %3u bit%s", bit / 8, (unsigned)(bit % 8),
                 bits, bits > 1 ? "s" : "");
    else
        snprintf(text, sizeof(text), "%5" PRIu64 " %7" PRIu64, bit / 8, size);
    comment(w, columns, text);
}

static void comment_hole(const struct writer *w, unsigned depth, uint64_t bits, const char *noun) {
    bool bytes = bits % 8 == 0;
    uint64_t count = bytes ? bits / 8 : bits;
    indented(w, depth);
    fprintf(w->out, "/* %s of %" PRIu64 " %s%s */\n", noun, count, bytes ? "byte" : "bit",
            count == 1 ? "" : "s");
}

/* ------------------------------------------------------------- members */

static bool is_anonymous(const struct writer *w, const struct btf_type *t) {
    return (btf_is_composite(t) || btf_is_any_enum(t)) && !*rp_btf_name(w->btf, t);
}

/* What a declaration of the type begins with: past pointers, arrays and qualifiers. */
static const struct btf_type *first_type(const struct writer *w, uint32_t id) {
    const struct btf_type *t = rp_btf_type(w->btf, id);
    while (id && (btf_is_mod(t) || btf_is_ptr(t) || btf_is_array(t))) {
        id = btf_is_array(t) ? btf_array(t)->type : t->type;
        t = rp_btf_type(w->btf, id);
    }
    return t;
}

static const char *tag_word(const struct btf_type *t) {
    return btf_is_any_enum(t) ? "enum" : btf_kind(t) == BTF_KIND_UNION ? "union" : "struct";
}

/* "TYPE NAME"; of a type that begins with something that has no name, what follows its body. */
static char *declaration(const struct writer *w, uint32_t id, const char *name) {
    RP_AUTO_FREE char *type = rp_type_declaration(w->btf, id);
    char *text = type ? rp_type_declare(type, name) : NULL;
    return text;
}

/* The end of the first word of a declaration, which stands for a body: spelling.c has no better. */
static const char *behind_body(const char *declaration) {
    if (strncmp(declaration, "const ", 6) == 0)
        declaration += 6;
    declaration += strcspn(declaration, " ");
    return declaration + strspn(declaration, " ");
}

/* "struct {", members, and then "} NAME" without the end of the line. Returns its columns. */
static int write_anonymous(const struct writer *w, const struct btf_type *t, const char *text,
                           unsigned depth, uint64_t base) {
    indented(w, depth);
    fprintf(w->out, "%s {\n", tag_word(t));
    write_body(w, t, depth + 1, base);
    int columns = indented(w, depth) + fprintf(w->out, "}");
    text = btf_is_any_enum(t) && strncmp(text, "unsigned int", 12) == 0 ? text + 9 : text;
    const char *rest = behind_body(text);
    return columns + (*rest ? fprintf(w->out, " %s", rest) : 0);
}

/* `base` is where the composite is, in bits from the outermost one. */
static void write_member(const struct writer *w, const struct btf_type *t, unsigned i,
                         unsigned depth, uint64_t base) {
    const struct btf_member *m = &btf_members(t)[i];
    const struct btf_type *first = first_type(w, m->type);
    RP_AUTO_FREE char *text = declaration(w, m->type, rp_btf_string(w->btf, m->name_off));
    unsigned bits = btf_member_bitfield_size(t, i);
    uint64_t at = base + btf_member_bit_offset(t, i);
    if (!text)
        return;
    int columns = is_anonymous(w, first) ? write_anonymous(w, first, text, depth, at)
                                         : indented(w, depth) + fprintf(w->out, "%s", text);
    if (bits)
        columns += fprintf(w->out, " : %u", bits);
    columns += fprintf(w->out, ";");
    comment_place(w, columns, at, bits, rp_btf_size(w->btf, m->type));
}

static void add_to_extent(const struct writer *w, const struct btf_type *t, unsigned i,
                          struct extent *e) {
    unsigned bits = btf_member_bitfield_size(t, i);
    uint64_t at = btf_member_bit_offset(t, i);
    if (at > e->end) {
        e->hole_bits += at - e->end;
        e->holes++;
    }
    uint64_t end = at + (bits ? bits : rp_btf_size(w->btf, btf_members(t)[i].type) * 8);
    e->end = end > e->end ? end : e->end;
}

/* A member, by where it is: compilers of other languages put them in another order than their
 * authors. */
struct position {
    uint64_t at;
    unsigned i;
};

static int compare(const void *a, const void *b) {
    const struct position *x = a, *y = b;
    return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : (x->i > y->i) - (x->i < y->i);
}

/* malloc()ed. */
static struct position *positions_of(const struct btf_type *t) {
    struct position *positions = calloc(btf_vlen(t) + 1, sizeof(*positions));
    for (unsigned i = 0; positions && i < btf_vlen(t); i++)
        positions[i] = (struct position){btf_member_bit_offset(t, i), i};
    if (positions)
        qsort(positions, btf_vlen(t), sizeof(*positions), compare);
    return positions;
}

/* C++'s virtual bases are behind the members, and only the object itself tells where. */
static const char *end_noun(const struct writer *w, const struct btf_type *t) {
    const char *first = btf_vlen(t) ? rp_btf_string(w->btf, btf_members(t)[0].name_off) : "";
    return w->btf->of_program && !strncmp(first, "_vptr", strlen("_vptr"))
               ? "padding or a virtual base"
               : "padding";
}

static void write_members(const struct writer *w, const struct btf_type *t, unsigned depth,
                          uint64_t base, struct extent *e) {
    RP_AUTO_FREE struct position *positions = positions_of(t);
    for (unsigned i = 0; positions && i < btf_vlen(t); i++) {
        if (positions[i].at > e->end && btf_kind(t) == BTF_KIND_STRUCT)
            comment_hole(w, depth, positions[i].at - e->end, "hole");
        write_member(w, t, positions[i].i, depth, base);
        add_to_extent(w, t, positions[i].i, e);
    }
    if ((uint64_t)t->size * 8 > e->end && btf_kind(t) == BTF_KIND_STRUCT)
        comment_hole(w, depth, (uint64_t)t->size * 8 - e->end, end_noun(w, t));
}

static void write_values(const struct writer *w, const struct btf_type *t, unsigned depth) {
    bool is_signed = btf_kflag(t);
    for (unsigned i = 0; i < btf_vlen(t); i++) {
        const struct rp_btf_enumerator e = rp_btf_enumerator(w->btf, t, i);
        indented(w, depth);
        fprintf(w->out, is_signed ? "%s = %" PRId64 ",\n" : "%s = %" PRIu64 ",\n", e.name, e.value);
    }
}

static void write_body(const struct writer *w, const struct btf_type *t, unsigned depth,
                       uint64_t base) {
    struct extent e = {0};
    if (btf_is_any_enum(t))
        write_values(w, t, depth);
    else
        write_members(w, t, depth, base, &e);
}

/* ------------------------------------------------------------- whole types */

static void write_sum(const struct writer *w, const struct btf_type *t, const struct extent *e) {
    fprintf(w->out, "    /* size %u, members %u", t->size, btf_vlen(t));
    if (t->size > CACHE_LINE)
        fprintf(w->out, ", cache lines %u", (t->size + CACHE_LINE - 1) / CACHE_LINE);
    if (e->holes && btf_kind(t) == BTF_KIND_STRUCT)
        fprintf(w->out, ", holes %u (%" PRIu64 " bytes%s)", e->holes, e->hole_bits / 8,
                e->hole_bits % 8 ? " and some bits" : "");
    fputs(" */\n", w->out);
}

/* "struct NAME {" to "}"; no ";". */
static void write_definition(const struct writer *w, const struct btf_type *t) {
    const char *name = rp_btf_name(w->btf, t);
    int columns = fprintf(w->out, "%s %s%s{", tag_word(t), name, *name ? " " : "");
    struct extent e = {0};
    if (btf_is_any_enum(t)) {
        fputc('\n', w->out);
        write_values(w, t, 1);
        fprintf(w->out, "    /* size %u */\n", t->size);
    } else {
        comment(w, columns, "offset    size");
        write_members(w, t, 1, 0, &e);
        write_sum(w, t, &e);
    }
    fputc('}', w->out);
}

static void write_type(const struct writer *w, uint32_t id);

/* And what it stands for, down to something that is not a typedef. */
static void write_typedef(const struct writer *w, const struct btf_type *t) {
    const char *name = rp_btf_name(w->btf, t);
    const struct btf_type *first = first_type(w, t->type);
    RP_AUTO_FREE char *text = declaration(w, t->type, name);
    if (!text)
        return;
    fputs("typedef ", w->out);
    if (is_anonymous(w, first)) {
        write_definition(w, first);
        fprintf(w->out, " %s;\n", behind_body(text));
        return;
    }
    int columns = 8 + fprintf(w->out, "%s;", text);
    char size[32];
    snprintf(size, sizeof(size), "size %" PRIu64, rp_btf_size(w->btf, t->type));
    comment(w, columns, size);
    uint32_t target = t->type;
    while (target && btf_is_mod(rp_btf_type(w->btf, target)))
        target = rp_btf_type(w->btf, target)->type;
    write_type(w, target);
}

static void write_type(const struct writer *w, uint32_t id) {
    const struct btf_type *t = rp_btf_type(w->btf, id);
    if (btf_is_typedef(t)) {
        write_typedef(w, t);
    } else if (id && (btf_is_composite(t) || btf_is_any_enum(t))) {
        write_definition(w, t);
        fputs(";\n", w->out);
    }
}

/* ------------------------------------------------------------- by name */

static const struct kind {
    const char *tag;
    unsigned kind;
} kinds[] = {{"struct ", BTF_KIND_STRUCT},
             {"union ", BTF_KIND_UNION},
             {"enum ", BTF_KIND_ENUM},
             {"enum ", BTF_KIND_ENUM64},
             {"typedef ", BTF_KIND_TYPEDEF}};

struct query {
    char *name;
    uint32_t kinds; /* a bit each */
};

/* "struct file *" asks for struct file. */
static bool parse_query(const char *text, struct query *query) {
    text += strspn(text, " ");
    for (size_t i = 0; i < RP_COUNT(kinds); i++) {
        size_t length = strlen(kinds[i].tag);
        if (strncmp(text, kinds[i].tag, length) == 0)
            query->kinds |= 1U << kinds[i].kind;
    }
    if (query->kinds)
        text += strcspn(text, " ");
    bool any = !query->kinds;
    for (size_t i = 0; any && i < RP_COUNT(kinds); i++)
        query->kinds |= 1U << kinds[i].kind;
    text += strspn(text, " ");
    size_t length = strlen(text);
    while (length && strchr(" *", text[length - 1]))
        length--;
    query->name = strndup(text, length);
    return query->name;
}

/* All of one name by that, and each by its own: "slot", "slot___2". */
static bool matches(const struct rp_btf *btf, const struct btf_type *t, const struct query *query) {
    return query->kinds >> btf_kind(t) & 1 &&
           (strcmp(rp_btf_string(btf, t->name_off), query->name) == 0 ||
            strcmp(rp_btf_name(btf, t), query->name) == 0);
}

/* Every type of that name, of `btf`'s own; how many there were, with those before. */
static size_t write_all(const struct rp_btf *btf, const struct query *query, size_t before,
                        FILE *out) {
    struct writer w = {btf, out};
    for (size_t i = 0; i < btf->nameable.count && !ferror(out); i++) {
        if (!matches(btf, rp_btf_entry_type(btf, &btf->nameable.items[i]), query))
            continue;
        if (before++)
            fputc('\n', out);
        if (btf->module)
            fprintf(out, "/* of the module %s */\n", btf->module);
        write_type(&w, btf->nameable.items[i].id);
    }
    return before;
}

static void add_near(const struct rp_btf *btf, uint32_t wanted, struct rp_nearest *near) {
    for (size_t i = 0; i < btf->nameable.count; i++) {
        const struct btf_type *t = rp_btf_entry_type(btf, &btf->nameable.items[i]);
        if (wanted >> btf_kind(t) & 1)
            rp_nearest_add(near, rp_btf_name(btf, t));
    }
}

static struct rp_error *no_type(const struct query *query, const struct rp_btf *vmlinux,
                                const struct rp_btf *modules) {
    struct rp_nearest near = {.wanted = query->name};
    add_near(vmlinux, query->kinds, &near);
    for (const struct rp_btf *module = modules; module; module = module->next)
        add_near(module, query->kinds, &near);
    RP_AUTO_FREE char *names = rp_nearest_text(&near, "");
    rp_nearest_clear(&near);
    struct rp_error *err =
        rp_error_new(ENOENT, "neither the kernel nor a loaded module has a type of that name",
                     "cannot show %s", query->name);
    return names ? rp_error_hint_set(err, "did you mean %s?", names)
                 : rp_error_hint_set(err, "give a struct, union, enum or typedef: task_struct, "
                                          "enum pid_type, u32");
}

static void query_clear(struct query *query) {
    free(query->name);
}

/* "./prog:struct conf": a type of a program's. */
static struct rp_error *inspect_in_file(const char *text, FILE *out) {
    RP_AUTO(query_clear) struct query query = {0};
    RP_AUTO_FREE char *file = strndup(text, strcspn(text, ":")), *path = NULL;
    const struct rp_debug *debug;
    size_t count = 0;
    if (!file || !parse_query(text + strlen(file) + 1, &query))
        return rp_error_nomem();
    struct rp_error *err = rp_binary_find(file, &path);
    if (!err)
        err = rp_debug_open(path, &debug);
    for (size_t i = 0; i < RP_COUNT(kinds) && !err && *query.name; i++) {
        const struct query one = {query.name, query.kinds & 1U << kinds[i].kind};
        const struct rp_btf *btf =
            one.kinds ? rp_debug_type_named(debug, query.name, kinds[i].kind) : NULL;
        if (btf)
            count = write_all(btf, &one, count, out);
    }
    if (!err && !count)
        err = rp_error_new(ENOENT,
                           "its debug information has no type of that name, or several that "
                           "differ",
                           "cannot show %s", text);
    return err ? rp_error_what_set(err, "cannot show %s", text) : NULL;
}

static void cleanup_btf(struct rp_btf **btf) {
    rp_btf_free(*btf);
}

struct rp_error *rp_inspect_type(const char *name, FILE *out) {
    const struct rp_btf *vmlinux;
    RP_AUTO(query_clear) struct query query = {0};
    if (rp_spec_begins_with_file(name))
        return inspect_in_file(name, out);
    RP_TRY(rp_kernel_types(&vmlinux));
    if (!parse_query(name, &query))
        return rp_error_nomem();
    if (*query.name && write_all(vmlinux, &query, 0, out))
        return NULL;
    RP_AUTO(cleanup_btf) struct rp_btf *modules = rp_kernel_module_types();
    size_t count = 0;
    for (const struct rp_btf *module = modules; *query.name && module; module = module->next)
        count = write_all(module, &query, count, out);
    return count ? NULL : no_type(&query, vmlinux, modules);
}
