/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libbcc includes its own copy of the kernel's uapi bpf.h and a helpers.h, which its API does not
 * hand out. Both are string literals in the library, so they are found in its read-only memory by
 * their include guards; which release of libbcc it is does not matter.
 *
 * Clang reads every line three times, and the two headers are 8,000 lines with 200 helper
 * functions, of which a program uses five, and 300 macros. So they are cut into chunks, one for
 * each declaration or macro, and only those that the program uses stay. libbcc includes its own all
 * the same, in which clang would look for the end of the include guard, a tenth of a compile: so
 * they are made empty meanwhile, in this process's copy of their pages.
 */
#include "compile/libbcc_text.h"

#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compile/compiler.h"
#include "util/arena.h"
#include "util/array.h"
#include "util/error.h"
#include "util/vec.h"

static const char *const guards[] = {"_UAPI__LINUX_BPF_H__", "__BPF_HELPERS_H"};
#define HEADERS 2

/* A declaration, or a preprocessor directive. */
struct chunk {
    const char *text;
    size_t len;
    bool always; /* directives but #define, and text that we do not understand */
    bool kept;
};

/* A chunk that declares or defines a name; others may, too, as in the branches of an #if. */
struct place {
    size_t chunk;
    ssize_t next; /* -1: the last one */
};

static struct {
    const char *text[HEADERS]; /* starts at the line of the include guard */
    size_t len[HEADERS];
    int protection[HEADERS]; /* of its pages: PROT_READ, and PROT_EXEC where a linker puts data
                                beside code, as for arm64 */
    struct rp_scan scan;
    RP_VEC(struct chunk) chunks;
    struct rp_names index;    /* every declared name … */
    RP_VEC(ssize_t) place_of; /* … and the last of the places that declare it */
    RP_VEC(struct place) places;
    struct rp_arena own; /* chunks that we have written */
} found;

static int search_object(struct dl_phdr_info *info, size_t size, void *ctx) {
    (void)size;
    uintptr_t wanted = (uintptr_t)ctx; /* a function of libbcc's */
    bool is_libbcc = false;
    for (int i = 0; i < info->dlpi_phnum && !is_libbcc; i++) {
        uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        is_libbcc = info->dlpi_phdr[i].p_type == PT_LOAD && wanted >= start &&
                    wanted < start + info->dlpi_phdr[i].p_memsz;
    }
    for (int i = 0; i < info->dlpi_phnum && is_libbcc; i++) {
        const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
        if (ph->p_type != PT_LOAD || (ph->p_flags & (PF_R | PF_W)) != PF_R)
            continue;
        const char *start = (const char *)info->dlpi_addr + ph->p_vaddr;
        for (size_t g = 0; g < HEADERS; g++) {
            char guard[64];
            int len = snprintf(guard, sizeof(guard), "#ifndef %s", guards[g]);
            const char *text = memmem(start, ph->p_memsz, guard, (size_t)len);
            if (!text || found.text[g])
                continue;
            found.text[g] = text;
            found.len[g] = strnlen(text, ph->p_memsz - (size_t)(text - start));
            found.protection[g] = PROT_READ | (ph->p_flags & PF_X ? PROT_EXEC : 0);
        }
    }
    return is_libbcc;
}

/* ------------------------------------------------------------- chunks */

static void declare(size_t chunk, const char *name, size_t len) {
    ssize_t at = rp_names_find(&found.index, name, len);
    if (!rp_vec_reserve(&found.place_of, 1) || !rp_vec_reserve(&found.places, 1))
        return;
    ssize_t place = (ssize_t)found.places.count, next = at < 0 ? -1 : found.place_of.items[at];
    if (at < 0 && !rp_names_add(&found.index, name, len))
        return;
    if (at < 0)
        rp_vec_push(&found.place_of, place);
    else
        found.place_of.items[at] = place;
    rp_vec_push(&found.places, ((struct place){chunk, next}));
}

/* The function or variable that it declares: the last name before its first parenthesis, bracket or
 * '=', or the one after "(*". */
static struct rp_token declared_name(const struct chunk *chunk) {
    struct rp_lexer lx = {.p = chunk->text, .end = chunk->text + chunk->len};
    struct rp_token name = {0};
    for (struct rp_token t = rp_lex(&lx); t.kind != RP_TOKEN_END; t = rp_lex(&lx)) {
        if (rp_token_is(&t, "{") || rp_token_is(&t, "=") || rp_token_is(&t, ";"))
            break;
        if (rp_token_is(&t, "__attribute__")) {
            rp_skip_parentheses(&lx);
            continue;
        }
        if (rp_token_is(&t, "(")) {
            t = rp_lex(&lx);
            if (rp_token_is(&t, "*"))
                name = rp_lex(&lx);
            break;
        }
        if (t.kind == RP_TOKEN_IDENT && !rp_token_is(&t, "enum"))
            name = t;
    }
    return name;
}

/* "#define NAME …": the name. */
static struct rp_token macro_name(const char *text, size_t len) {
    struct rp_lexer lx = {.p = text, .end = text + len};
    rp_lex(&lx); /* # */
    struct rp_token word = rp_lex(&lx);
    return rp_token_is(&word, "define") ? rp_lex(&lx) : (struct rp_token){0};
}

static bool add(const char *text, size_t len, bool always) {
    return rp_vec_push(&found.chunks, ((struct chunk){.text = text, .len = len, .always = always}));
}

static void add_directive(const char *text, const char *end) {
    size_t len = (size_t)(end - text);
    struct rp_token macro = macro_name(text, len);
    if (!add(text, len, macro.kind != RP_TOKEN_IDENT))
        return;
    rp_scan_text(&found.scan, text, len);
    if (macro.kind == RP_TOKEN_IDENT)
        declare(found.chunks.count - 1, macro.text, macro.len);
}

/* ------------------------------------------------------------- the numbers of helpers */

/* "FN(map_lookup_elem, 1, ##ctx)": a chunk of its own for each such number. */
static bool add_number(struct rp_lexer *lx, size_t *count) {
    struct rp_token open = rp_lex(lx), name = rp_lex(lx), comma = rp_lex(lx), number = rp_lex(lx);
    if (!rp_token_is(&open, "(") || name.kind != RP_TOKEN_IDENT || !rp_token_is(&comma, ",") ||
        strspn(number.text, "0123456789") != number.len || !number.len)
        return false;
    const char *text = rp_arena_text(&found.own, "enum { BPF_FUNC_%.*s = %.*s };", (int)name.len,
                                     name.text, (int)number.len, number.text);
    if (!text || !add(text, strlen(text), false))
        return false;
    const char *full = text + strlen("enum { ");
    declare(found.chunks.count - 1, full, strcspn(full, " "));
    ++*count;
    return true;
}

/* The enum of all helpers comes out of a macro that has their names and, since Linux 6.2, numbers.
 * False: it stays as it is. */
static bool add_numbers(void) {
    ssize_t at = rp_names_find(&found.index, "___BPF_FUNC_MAPPER", strlen("___BPF_FUNC_MAPPER"));
    if (at < 0)
        return false;
    const struct chunk mapper =
        found.chunks.items[found.places.items[found.place_of.items[at]].chunk];
    struct rp_lexer lx = {.p = mapper.text, .end = mapper.text + mapper.len};
    size_t count = 0;
    for (int head = 0; head < 3; head++) /* # define NAME */
        rp_lex(&lx);
    rp_skip_parentheses(&lx);
    for (struct rp_token t = rp_lex(&lx); t.kind != RP_TOKEN_END; t = rp_lex(&lx)) {
        if (rp_token_is(&t, "FN") && !add_number(&lx, &count))
            return false;
    }
    static const char type[] = "enum bpf_func_id { __BPF_FUNC_MAX_ID = 0x7fffffff };";
    return count && add(type, sizeof(type) - 1, true);
}

static void add_declaration(const char *text, const char *end) {
    size_t len = (size_t)(end - text), before = found.scan.defined.count;
    rp_scan_text(&found.scan, text, len);
    /* The enumerators come out of a macro, which we do not expand. */
    bool is_opaque = memmem(text, len, "__BPF_ENUM_FN", 13) != NULL;
    if (is_opaque && add_numbers())
        return;
    if (!add(text, len, is_opaque))
        return;
    size_t number = found.chunks.count - 1;
    for (size_t i = before; i < found.scan.defined.count; i++)
        declare(number, found.scan.defined.items[i], strlen(found.scan.defined.items[i]));
    struct rp_token name = declared_name(&found.chunks.items[number]);
    if (name.kind == RP_TOKEN_IDENT)
        declare(number, name.text, name.len);
}

/* A function's closing brace: it is the last thing in its line, and not part of a type. */
static bool ends_body(const struct rp_token *brace, struct rp_lexer behind) {
    if (!rp_token_is(brace, "}"))
        return false;
    struct rp_token follows = rp_lex(&behind);
    return follows.first && !rp_token_is(&follows, ";") && !rp_token_is(&follows, "__attribute__");
}

static void cut_text(const char *text, size_t len) {
    struct rp_lexer lx = {.p = text, .end = text + len, .line_start = true};
    const char *start = NULL;
    int depth = 0;
    for (struct rp_token t = rp_lex(&lx); t.kind != RP_TOKEN_END; t = rp_lex(&lx)) {
        if (!start && t.first && rp_token_is(&t, "#")) {
            rp_skip_directive(&lx);
            add_directive(t.text, lx.p);
            continue;
        }
        if (!start)
            start = t.text;
        depth += rp_token_is(&t, "{") - rp_token_is(&t, "}");
        if (depth == 0 && (rp_token_is(&t, ";") || ends_body(&t, lx))) {
            add_declaration(start, lx.p);
            start = NULL;
        }
    }
}

const struct rp_scan *rp_libbcc_scan(void) {
    if (!found.scan.mentioned.count) {
        const struct rp_compiler *libbcc;
        struct rp_error *err = rp_compiler_open(&libbcc);
        if (!err)
            dl_iterate_phdr(search_object, *(void **)&libbcc->bpf_module_destroy);
        rp_error_free(err); /* who compiles will report it */
        for (size_t g = 0; g < HEADERS; g++)
            if (found.text[g])
                cut_text(found.text[g], found.len[g]);
    }
    return &found.scan;
}

const struct rp_names *rp_libbcc_names(void) {
    rp_libbcc_scan();
    return &found.index;
}

void rp_libbcc_release(void) {
    rp_scan_clear(&found.scan);
    rp_names_clear(&found.index);
    rp_vec_clear(&found.chunks);
    rp_vec_clear(&found.place_of);
    rp_vec_clear(&found.places);
    rp_arena_clear(&found.own);
    memset(&found, 0, sizeof(found));
}

/* ------------------------------------------------------------- what a source uses */

static void keep(size_t c);

static void keep_named(const char *name, size_t len) {
    ssize_t at = rp_names_find(&found.index, name, len);
    for (ssize_t i = at < 0 ? -1 : found.place_of.items[at]; i >= 0; i = found.places.items[i].next)
        keep(found.places.items[i].chunk);
}

/* The macros PREFIX0, PREFIX1, … */
static void keep_numbered(const char *prefix, size_t len) {
    for (size_t i = 0; i < found.index.count; i++) {
        const char *name = found.index.items[i];
        if (!strncmp(name, prefix, len) && name[len] &&
            !name[len + strspn(name + len, "0123456789")])
            keep_named(name, strlen(name));
    }
}

static void keep_words(const char *text, size_t len) {
    struct rp_lexer lx = {.p = text, .end = text + len};
    for (struct rp_token t = rp_lex(&lx); t.kind != RP_TOKEN_END; t = rp_lex(&lx)) {
        if (t.kind != RP_TOKEN_IDENT)
            continue;
        keep_named(t.text, t.len);
        if (!rp_token_is(&t, "___bpf_apply"))
            continue;
        /* Of its first argument and a number it makes a name. */
        rp_lex(&lx);
        struct rp_token prefix = rp_lex(&lx);
        keep_named(prefix.text, prefix.len);
        keep_numbered(prefix.text, prefix.len);
    }
}

static void keep(size_t c) {
    struct chunk *chunk = &found.chunks.items[c];
    if (chunk->kept)
        return;
    chunk->kept = true;
    keep_words(chunk->text, chunk->len);
}

/* What libbcc writes into a program instead of its map operations, and what its footer needs. */
static const char rewriter_names[] =
    "bpf_map_lookup_elem bpf_map_update_elem bpf_map_delete_elem bpf_map_lookup_elem_ "
    "bpf_map_update_elem_ bpf_map_delete_elem_ bpf_pseudo_fd bpf_probe_read bpf_probe_read_kernel "
    "bpf_probe_read_user bpf_perf_event_output bpf_ringbuf_output bpf_ringbuf_reserve "
    "bpf_ringbuf_submit bpf_ringbuf_discard BPF_ANY BPF_NOEXIST BPF_F_CURRENT_CPU BCC_SEC "
    "bpf_get_current_task bpf_get_stackid bcc_get_stackid bpf_tail_call_ lock_xadd "
    "CUR_CPU_IDENTIFIER "
    "MASK MASK128";

/* Names of the operations that a program calls on its maps; libbcc turns X into bpf_X and more. */
static void keep_operation(const char *name) {
    static const char *const irregular[][2] = {
        {"check_current_task", "bpf_current_task_under_cgroup"},
        {"perf_read", "bpf_perf_event_read"},
        {"perf_counter_value", "bpf_perf_event_read_value"},
    };
    for (size_t i = 0; i < RP_COUNT(irregular); i++)
        if (strcmp(name, irregular[i][0]) == 0)
            keep_named(irregular[i][1], strlen(irregular[i][1]));
    static const char *const others[] = {"%s_", "bpf_%s", "bpf_%s_", "bpf_map_%s_elem", "bcc_%s"};
    char full[128];
    for (size_t i = 0; i < RP_COUNT(others); i++) {
        int len = snprintf(full, sizeof(full), others[i], name);
        if (len > 0 && (size_t)len < sizeof(full))
            keep_named(full, (size_t)len);
    }
}

static bool has_all(void) {
    bool all = true;
    for (size_t g = 0; g < HEADERS; g++)
        all &= found.text[g] != NULL;
    return all;
}

/* If the page cannot be written, clang reads more than it needs. */
static void write_char(const char *at, char c, int protection) {
    size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
    char *page = (char *)at - (uintptr_t)at % page_size;
    if (mprotect(page, page_size, protection | PROT_WRITE))
        return;
    page[at - page] = c;
    mprotect(page, page_size, protection);
}

void rp_libbcc_hide_headers(bool hide) {
    if (!has_all())
        return;
    for (size_t g = 0; g < HEADERS; g++)
        write_char(found.text[g], hide ? '\0' : '#', found.protection[g]);
}

bool rp_libbcc_write_reduced(const struct rp_names *wanted, const struct rp_names *operations,
                             FILE *out) {
    rp_libbcc_scan();
    if (!has_all())
        return false;
    for (size_t c = 0; c < found.chunks.count; c++)
        found.chunks.items[c].kept = false;
    for (size_t i = 0; i < wanted->count; i++)
        keep_named(wanted->items[i], strlen(wanted->items[i]));
    for (size_t i = 0; i < operations->count; i++)
        keep_operation(operations->items[i]);
    keep_words(rewriter_names, sizeof(rewriter_names) - 1);
    for (size_t c = 0; c < found.chunks.count; c++)
        if (found.chunks.items[c].always)
            keep(c);
    for (size_t c = 0; c < found.chunks.count; c++) {
        const struct chunk *chunk = &found.chunks.items[c];
        if (!chunk->kept && !chunk->always)
            continue;
        fwrite(chunk->text, 1, chunk->len, out);
        fputc('\n', out);
    }
    return true;
}
