/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libbcc includes its own copy of the kernel's uapi bpf.h and a helpers.h, which its API does not
 * hand out. Both are string literals in the library, so they are found in its read-only memory by
 * their include guards; which release of libbcc it is does not matter.
 *
 * Clang reads every line three times, and the two headers are 8,000 lines with 200 helper
 * functions, of which a program uses five. So they are cut into chunks, one per declaration, and
 * only those that the program uses stay.
 */
#include "compile/libbcc_text.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "compile/compiler.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/vec.h"

static const char *const guards[] = {"_UAPI__LINUX_BPF_H__", "__BPF_HELPERS_H"};
#define HEADERS 2

/* A declaration, or a preprocessor directive. */
struct chunk {
    const char *text;
    size_t len;
    bool always; /* directives, and text that we do not understand */
    bool kept;
};

static struct {
    const char *text[HEADERS]; /* starts at the line of the include guard */
    size_t len[HEADERS];
    struct rp_scan scan;
    RP_VEC(struct chunk) chunks;
    struct rp_names index;     /* every declared name … */
    RP_VEC(uint32_t) chunk_of; /* … and the chunk that declares it first */
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
        if (ph->p_type != PT_LOAD || (ph->p_flags & (PF_R | PF_W | PF_X)) != PF_R)
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
        }
    }
    return is_libbcc;
}

/* ------------------------------------------------------------- chunks */

static void declare(size_t chunk, const char *name, size_t len) {
    if (rp_vec_reserve(&found.chunk_of, 1) && rp_names_add(&found.index, name, len))
        rp_vec_push(&found.chunk_of, (uint32_t)chunk);
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
        if (t.kind == RP_TOKEN_IDENT)
            name = t;
    }
    return name;
}

static void add_chunk(const char *text, const char *end, bool directive) {
    struct chunk *chunk = rp_vec_add(&found.chunks);
    if (!chunk)
        return;
    size_t number = found.chunks.count - 1;
    *chunk = (struct chunk){.text = text, .len = (size_t)(end - text), .always = directive};
    const struct rp_names *defined = &found.scan.defined;
    size_t before = defined->count;
    rp_scan_text(&found.scan, text, chunk->len);
    for (size_t i = before; i < defined->count; i++)
        declare(number, defined->items[i], strlen(defined->items[i]));
    if (!directive) {
        struct rp_token name = declared_name(chunk);
        if (name.kind == RP_TOKEN_IDENT)
            declare(number, name.text, name.len);
        /* The enumerators come out of a macro, which we do not expand. */
        chunk->always = memmem(text, chunk->len, "__BPF_ENUM_FN", 13) != NULL;
    }
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
            add_chunk(t.text, lx.p, true);
            continue;
        }
        if (!start)
            start = t.text;
        depth += rp_token_is(&t, "{") - rp_token_is(&t, "}");
        if (depth == 0 && (rp_token_is(&t, ";") || ends_body(&t, lx))) {
            add_chunk(start, lx.p, false);
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
    rp_vec_clear(&found.chunk_of);
    memset(&found, 0, sizeof(found));
}

/* ------------------------------------------------------------- what a source uses */

static void keep(size_t c);

static void keep_named(const char *name, size_t len) {
    ssize_t i = rp_names_find(&found.index, name, len);
    if (i >= 0)
        keep(found.chunk_of.items[i]);
}

static void keep_words(const char *text, size_t len) {
    struct rp_lexer lx = {.p = text, .end = text + len};
    for (struct rp_token t = rp_lex(&lx); t.kind != RP_TOKEN_END; t = rp_lex(&lx))
        if (t.kind == RP_TOKEN_IDENT)
            keep_named(t.text, t.len);
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
    "bpf_get_current_task bpf_get_stackid bcc_get_stackid bpf_tail_call_";

/* Names of the operations that a program calls on its maps; libbcc turns X into bpf_X and more. */
static void keep_operation(const char *name) {
    static const char *const others[] = {"%s_", "bpf_%s", "bpf_%s_", "bpf_map_%s_elem", "bcc_%s"};
    char full[128];
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        int len = snprintf(full, sizeof(full), others[i], name);
        if (len > 0 && (size_t)len < sizeof(full))
            keep_named(full, (size_t)len);
    }
}

bool rp_libbcc_write_reduced(const struct rp_names *wanted, FILE *out) {
    rp_libbcc_scan();
    for (size_t g = 0; g < HEADERS; g++)
        if (!found.text[g])
            return false;
    for (size_t c = 0; c < found.chunks.count; c++)
        found.chunks.items[c].kept = false;
    for (size_t i = 0; i < wanted->count; i++) {
        keep_named(wanted->items[i], strlen(wanted->items[i]));
        keep_operation(wanted->items[i]);
    }
    keep_words(rewriter_names, sizeof(rewriter_names) - 1);
    for (size_t c = 0; c < found.chunks.count; c++)
        if (found.chunks.items[c].always && found.chunks.items[c].text[0] != '#')
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
