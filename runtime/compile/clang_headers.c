/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/clang_headers.h"

#include <stdarg.h>
#include <string.h>

#include "compile/embedded.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/lexer.h"

/* ------------------------------------------------------------- files */

static bool add(struct rp_clang_files *files, const char *text, char *path) {
    return rp_texts_add(&files->owned, path) &&
           rp_vec_push(files, ((struct rp_clang_file){.path = path, .text = text}));
}

bool rp_clang_files_add(struct rp_clang_files *files, const char *text, const char *path_fmt, ...) {
    va_list args;
    va_start(args, path_fmt);
    char *path = rp_text_of(path_fmt, args);
    va_end(args);
    return add(files, text, path);
}

bool rp_clang_files_own(struct rp_clang_files *files, char *text, const char *path) {
    return rp_texts_add(&files->owned, text) && rp_clang_files_add(files, text, "%s", path);
}

void rp_clang_files_clear(struct rp_clang_files *files) {
    rp_texts_clear(&files->owned);
    rp_vec_clear(files);
}

/* ------------------------------------------------------------- libbpf's headers */

#define OURS    "/virtual/reprobe"
#define LIBBPFS "/virtual/libbpf"
#define CS      "/virtual/c"

const char *const rp_clang_header_dirs[] = {OURS, LIBBPFS, CS, NULL};

/* The registers of a function's arguments, on all machines. */
#define REGISTERS "pt_regs user_pt_regs user_regs_struct regs gprs gpr "

static const struct {
    const char *name, *text;
    const char *words; /* the kernel's types that its macros use */
} libbpfs[] = {
    {"bpf/bpf_helpers.h", rp_embedded_bpf_helpers_h, "bpf_iter_num "},
    {"bpf/bpf_helper_defs.h", rp_embedded_bpf_helper_defs_h, ""},
    {"bpf/bpf_tracing.h", rp_embedded_bpf_tracing_h, "bpf_iter_num " REGISTERS},
    {"bpf/bpf_core_read.h", rp_embedded_bpf_core_read_h, "bpf_iter_num "},
    {"bpf/bpf_endian.h", rp_embedded_bpf_endian_h, ""},
    {"bpf/usdt.bpf.h", rp_embedded_usdt_bpf_h, "BPF_MAP_TYPE_ARRAY BPF_MAP_TYPE_HASH " REGISTERS},
};

/* Its bpf_usdt_arg() knows what is at an address that two registers make. */
#define KNOWS_INDEXED "BPF_USDT_ARG_SIB"

static bool add_libbpfs(struct rp_clang_files *files) {
    bool ok = true, knows = strstr(rp_embedded_usdt_bpf_h, KNOWS_INDEXED);
    for (size_t i = 0; ok && i < RP_COUNT(libbpfs); i++) {
        const char *name = libbpfs[i].name;
        char *wrapper = rp_text("#include_next <%s>\n%s#include <libbpf_more.h>\n", name,
                                knows ? "" : "#define RP_USDT_INDEXED 3\n");
        RP_AUTO_FREE char *path = rp_text(OURS "/%s", name);
        ok = path && rp_clang_files_own(files, wrapper, path) &&
             rp_clang_files_add(files, libbpfs[i].text, LIBBPFS "/%s", name);
    }
    return ok;
}

/* ------------------------------------------------------------- C's headers */

static const char mark[] = "\n//@ ";

/* The next header: its name in `name`, its text up to *end. NULL: there is none after `at`. */
static const char *next_c(const char *at, char name[64], const char **end) {
    at = strstr(at, mark);
    if (!at)
        return NULL;
    at += strlen(mark);
    size_t len = strcspn(at, "\n");
    snprintf(name, 64, "%.*s", (int)len, at);
    at += len;
    *end = strstr(at, mark);
    if (!*end)
        *end = at + strlen(at);
    return at;
}

static bool add_cs(struct rp_clang_files *files) {
    char name[64], path[128];
    const char *end = rp_embedded_c_headers_h;
    for (const char *text; (text = next_c(end, name, &end));) {
        snprintf(path, sizeof(path), CS "/%s", name);
        char *copy = strndup(text, (size_t)(end - text));
        if (!rp_clang_files_own(files, copy, path))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------- all of them */

bool rp_clang_headers_add(struct rp_clang_files *files) {
    return rp_clang_files_add(files, rp_embedded_libbpf_outputs_h, RP_CLANG_OUTPUTS) &&
           rp_clang_files_add(files, rp_embedded_libbpf_more_h, OURS "/libbpf_more.h") &&
           add_libbpfs(files) && add_cs(files);
}

bool rp_clang_headers_have(const char *include) {
    for (size_t i = 0; i < RP_COUNT(libbpfs); i++)
        if (strcmp(libbpfs[i].name, include) == 0)
            return true;
    char name[64];
    const char *end = rp_embedded_c_headers_h;
    while (next_c(end, name, &end))
        if (strcmp(name, include) == 0)
            return true;
    return false;
}

const char *rp_clang_header_instead(const char *include) {
    static const char *const errnos[] = {"asm/errno.h", "asm-generic/errno.h",
                                         "asm-generic/errno-base.h"};
    for (size_t i = 0; i < RP_COUNT(errnos); i++)
        if (strcmp(include, errnos[i]) == 0)
            return "#include <errno.h>\n";
    return strcmp(include, "linux/limits.h") == 0 ? "#include <limits.h>\n" : "";
}

const char *rp_clang_header_words(const char *include) {
    for (size_t i = 0; i < RP_COUNT(libbpfs); i++)
        if (strcmp(libbpfs[i].name, include) == 0)
            return libbpfs[i].words;
    return "";
}

static bool defines(const char *text, const char *fmt, const char *name) {
    RP_AUTO_FREE char *words = rp_text(fmt, name);
    return words && strstr(text, words);
}

const char *rp_clang_header_of(const char *name) {
    for (size_t i = 0; i < RP_COUNT(libbpfs); i++) {
        const char *text = libbpfs[i].text;
        if (defines(text, "#define %s(", name) || defines(text, "#define %s ", name) ||
            defines(text, "(*%s)(", name) || defines(text, "* const %s)(", name))
            return text == rp_embedded_bpf_helper_defs_h ? libbpfs[0].name : libbpfs[i].name;
    }
    return NULL;
}

static void add_names(struct rp_names *names, const char *text) {
    struct rp_lexer lexer = {.p = text, .end = text + strlen(text), .line_start = true};
    for (struct rp_token t = rp_lex(&lexer); t.kind != RP_TOKEN_END; t = rp_lex(&lexer))
        if (t.kind == RP_TOKEN_IDENT && t.len > 4 && memcmp(t.text, "bpf_", 4) == 0)
            rp_names_add(names, t.text, t.len);
}

void rp_clang_header_names(struct rp_names *names) {
    for (size_t i = 0; i < RP_COUNT(libbpfs); i++)
        add_names(names, libbpfs[i].text);
    add_names(names, rp_embedded_libbpf_more_h);
}
