/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libbcc includes its own copy of the kernel's uapi bpf.h and a helpers.h, which its API does not
 * hand out. Both are string literals in the library, so they are found in its read-only memory by
 * their include guards; which release of libbcc it is does not matter.
 *
 * Clang reads every line three times, and the two headers are 8,000 lines with 200 helper
 * functions, of which a program uses five. So they are cut into chunks, one a declaration, and only
 * those stay that the program reaches.
 */
#include "compile/libbcc_text.h"

#include <bcc/bcc_common.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

static const char *const guards[] = {"_UAPI__LINUX_BPF_H__", "__BPF_HELPERS_H"};
#define HEADERS 2

static struct {
    const char *text[HEADERS]; /* from the line of the include guard on */
    size_t len[HEADERS];
    struct rp_scan scan;
} found;

static int search_object(struct dl_phdr_info *info, size_t size, void *ctx) {
    (void)size;
    (void)ctx;
    uintptr_t wanted = (uintptr_t)&bpf_module_create_c_from_string;
    bool is_libbcc = strstr(info->dlpi_name, "libbcc") != NULL;
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

const struct rp_scan *rp_libbcc_scan(void) {
    if (!found.scan.mentioned.count) {
        dl_iterate_phdr(search_object, NULL);
        for (size_t g = 0; g < HEADERS; g++)
            if (found.text[g])
                rp_scan_text(&found.scan, found.text[g], found.len[g]);
    }
    return &found.scan;
}

/* ------------------------------------------------------------- chunks */

/* A declaration, or a preprocessor directive. */
struct chunk {
    const char *text;
    size_t len;
    bool always;                         /* directives, and what cannot be seen through */
    size_t first_name, name_count;       /* in names: what it declares */
    size_t first_mention, mention_count; /* in mentions: what it mentions */
    bool kept;
};

struct word {
    const char *text;
    size_t len;
};

static struct {
    struct chunk *chunks;
    size_t count;
    struct word *names, *mentions;
    size_t name_count, mention_count;
    struct rp_names index; /* every declared name … */
    size_t *chunk_of;      /* … and the chunk that declares it first */
} cut;

/* Grows an array that doubles; aborts the cut by returning false. */
static bool push(void *array, size_t *count, size_t size, const void *item) {
    char **base = array;
    if ((*count & (*count - 1)) == 0) {
        char *longer = realloc(*base, (*count ? *count * 2 : 1) * size);
        if (!longer)
            return false;
        *base = longer;
    }
    memcpy(*base + (*count)++ * size, item, size);
    return true;
}

static void declare(struct chunk *chunk, const char *text, size_t len) {
    const struct word word = {text, len};
    if (push(&cut.names, &cut.name_count, sizeof(word), &word))
        chunk->name_count++;
}

static void mention_words(struct chunk *chunk, const char *text, size_t len) {
    struct rp_lexer lx = {.p = text, .end = text + len};
    for (struct rp_token t = rp_lex(&lx); t.kind != RP_TOKEN_END; t = rp_lex(&lx)) {
        const struct word word = {t.text, t.len};
        if (t.kind == RP_TOKEN_IDENT &&
            push(&cut.mentions, &cut.mention_count, sizeof(word), &word))
            chunk->mention_count++;
    }
}

/* The tags, typedefs and enumerators it defines, and the function or variable it declares: the last
 * name before its first parenthesis, bracket or '=', or the one behind "(*". */
static void declare_names(struct chunk *chunk) {
    struct rp_scan *scan = calloc(1, sizeof(*scan));
    if (!scan) {
        chunk->always = true;
        return;
    }
    rp_scan_text(scan, chunk->text, chunk->len);
    for (size_t i = 0; i < scan->defined.count; i++) {
        const char *name = scan->defined.names[i];
        const char *at = memmem(chunk->text, chunk->len, name, strlen(name));
        if (at)
            declare(chunk, at, strlen(name));
    }
    rp_scan_clear(scan);
    free(scan);

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
    if (name.kind == RP_TOKEN_IDENT)
        declare(chunk, name.text, name.len);
    /* The enumerators come out of a macro: they are not seen. */
    chunk->always |= memmem(chunk->text, chunk->len, "__BPF_ENUM_FN", 13) != NULL;
}

static void add_chunk(const char *text, const char *end, bool directive) {
    struct chunk chunk = {.text = text,
                          .len = (size_t)(end - text),
                          .always = directive,
                          .first_name = cut.name_count,
                          .first_mention = cut.mention_count};
    if (directive) {
        struct rp_lexer lx = {.p = text + 1, .end = end};
        struct rp_token word = rp_lex(&lx), name = rp_lex(&lx);
        if (rp_token_is(&word, "define") && name.kind == RP_TOKEN_IDENT)
            declare(&chunk, name.text, name.len);
    } else {
        declare_names(&chunk);
    }
    mention_words(&chunk, text, chunk.len);
    push(&cut.chunks, &cut.count, sizeof(chunk), &chunk);
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
        struct rp_lexer ahead = lx;
        struct rp_token follows = rp_lex(&ahead);
        bool body_ends = rp_token_is(&t, "}") && !rp_token_is(&follows, ";") &&
                         !rp_token_is(&follows, "__attribute__") && follows.first;
        if (depth == 0 && (rp_token_is(&t, ";") || body_ends)) {
            add_chunk(start, lx.p, false);
            start = NULL;
        }
    }
}

static bool make_cut(void) {
    rp_libbcc_scan();
    if (cut.count)
        return true;
    for (size_t g = 0; g < HEADERS; g++) {
        if (!found.text[g])
            return false;
        cut_text(found.text[g], found.len[g]);
    }
    cut.chunk_of = calloc(cut.name_count + 1, sizeof(*cut.chunk_of));
    for (size_t c = 0; c < cut.count && cut.chunk_of; c++) {
        const struct chunk *chunk = &cut.chunks[c];
        for (size_t i = 0; i < chunk->name_count; i++) {
            const struct word *name = &cut.names[chunk->first_name + i];
            if (rp_names_add(&cut.index, name->text, name->len))
                cut.chunk_of[cut.index.count - 1] = c;
        }
    }
    return cut.chunk_of != NULL;
}

static void keep(size_t c);

static void keep_named(const char *name, size_t len) {
    ssize_t i = rp_names_find(&cut.index, name, len);
    if (i >= 0)
        keep(cut.chunk_of[i]);
}

static void keep(size_t c) {
    struct chunk *chunk = &cut.chunks[c];
    if (chunk->kept)
        return;
    chunk->kept = true;
    for (size_t i = 0; i < chunk->mention_count; i++) {
        const struct word *word = &cut.mentions[chunk->first_mention + i];
        keep_named(word->text, word->len);
    }
}

/* What libbcc writes into a program in place of its map operations, and what its footer needs. */
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
    if (!make_cut())
        return false;
    for (size_t c = 0; c < cut.count; c++)
        cut.chunks[c].kept = false;
    for (size_t i = 0; i < wanted->count; i++) {
        keep_named(wanted->names[i], strlen(wanted->names[i]));
        keep_operation(wanted->names[i]);
    }
    struct rp_lexer lx = {.p = rewriter_names, .end = rewriter_names + sizeof(rewriter_names) - 1};
    for (struct rp_token t = rp_lex(&lx); t.kind != RP_TOKEN_END; t = rp_lex(&lx))
        keep_named(t.text, t.len);
    for (size_t c = 0; c < cut.count; c++)
        if (cut.chunks[c].always && cut.chunks[c].text[0] != '#')
            keep(c);
    for (size_t c = 0; c < cut.count; c++) {
        const struct chunk *chunk = &cut.chunks[c];
        if (!chunk->kept && !chunk->always)
            continue;
        fwrite(chunk->text, 1, chunk->len, out);
        fputc('\n', out);
    }
    return true;
}
