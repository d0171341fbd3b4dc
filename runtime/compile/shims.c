/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libbcc calls these through its procedure linkage table, so a definition earlier in symbol lookup
 * order, in the program or in a library that links to libbcc, is called instead.
 * (bcc_procutils_each_ksym is another shim, in kernel/ksyms.c.)
 */
#include "compile/shims.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compile/fatal.h"
#include "compile/link.h"
#include "compile/load.h"
#include "kernel/bcc.h"
#include "util/cleanup.h"
#include "util/shim.h"

static struct rp_shim_sink *watching;

void rp_shim_sink_set(struct rp_shim_sink *sink) {
    watching = sink;
}

void rp_shim_sink_clear(struct rp_shim_sink *sink) {
    for (size_t i = 0; i < sink->maps.count; i++)
        free(sink->maps.items[i].name);
    rp_vec_clear(&sink->maps);
    free(sink->failed.name);
    free(sink->btf);
    memset(sink, 0, sizeof(*sink));
}

/*
 * ebpf::bpf_module_rw_engine_enabled(): whether to compile, with LLVM's JIT, a printer and a parser
 * for each map's key and value. The runtime decodes them from BTF, so they would only cost time.
 *
 * Without them libbcc crashes if it cannot create a map after it has compiled a module: it frees
 * code that still belongs to the JIT (bpf_module.cc, BPFModule::finalize). With numbers for maps
 * that never happens; a source with pinned or nested maps, which libbcc opens by other ways, keeps
 * them.
 */
RP_SHIM bool rp_rw_engine_enabled(void) __asm__("_ZN4ebpf28bpf_module_rw_engine_enabledEv");
bool rp_rw_engine_enabled(void) {
    return watching && watching->keeps_rw_engine;
}

/*
 * clang::RecordDecl::field_begin(): libbcc walks over the members of each map's struct, even where
 * clang has found no such struct because of an error before it (b_frontend_action.cc,
 * BTypeVisitor::VisitVarDecl). Of none there are no members.
 */
RP_SHIM void *rp_field_begin(const void *record) __asm__("_ZNK5clang10RecordDecl11field_beginEv");
void *rp_field_begin(const void *record) {
    static void *(*begin)(const void *);
    if (!begin)
        begin = dlsym(RTLD_NEXT, "_ZNK5clang10RecordDecl11field_beginEv");
    return record && begin ? begin(record) : NULL;
}

/* ------------------------------------------------------------- maps */

static bool keep_map(const struct rp_object_map *map, int fd) {
    struct rp_object_map kept = *map;
    kept.fd = fd;
    kept.name = strdup(map->name);
    bool is_kept = kept.name && rp_vec_push(&watching->maps, kept);
    if (!is_kept)
        free(kept.name);
    return is_kept;
}

static int create(const struct rp_object_map *map) {
    int fd = rp_map_create(map, -1);
    if (fd < 0 && !watching->failed_errno) {
        watching->failed_errno = errno;
        watching->failed = *map;
        watching->failed.name = strdup(map->name);
    }
    return fd;
}

RP_SHIM int bcc_create_map_xattr(struct bcc_create_map_attr *attr, bool allow_rlimit) {
    (void)allow_rlimit; /* memory is accounted to the cgroup since Linux 5.11 */
    char name[] = "";
    struct rp_object_map map = {.name = attr->name ? (char *)attr->name : name,
                                .type = attr->map_type,
                                .key_size = attr->key_size,
                                .value_size = attr->value_size,
                                .max_entries = attr->max_entries,
                                .flags = attr->map_flags,
                                .btf_key = attr->btf_key_type_id,
                                .btf_value = attr->btf_value_type_id,
                                .inner_fd = attr->inner_map_fd,
                                .fd = -1};
    if (!watching)
        return rp_map_create(&map, -1);
    rp_link_map_kind(&map);
    int fd = RP_MAP_NUMBER_FIRST + (int)watching->maps.count + 1;
    if (watching->creates_maps && (fd = create(&map)) < 0)
        return -1;
    if (keep_map(&map, fd))
        return fd;
    if (watching->creates_maps)
        close(fd);
    errno = ENOMEM;
    return -1;
}

RP_SHIM int bpf_obj_pin(int fd, const char *path) {
    int (*libbpfs)(int, const char *) = dlsym(RTLD_NEXT, "bpf_obj_pin");
    return watching && !watching->creates_maps ? 0 : libbpfs(fd, path);
}

/* ------------------------------------------------------------- BTF and programs */

RP_SHIM int btf__load_into_kernel(struct btf *btf) {
    int (*libbpfs)(struct btf *) = dlsym(RTLD_NEXT, "btf__load_into_kernel");
    if (!watching)
        return libbpfs(btf);
    uint32_t size;
    const void *raw = btf__raw_data(btf, &size);
    watching->btf = raw ? malloc(size) : NULL;
    if (!watching->btf)
        return -ENOMEM;
    memcpy(watching->btf, raw, size);
    watching->btf_size = size;
    return 0;
}

RP_SHIM int bcc_prog_load_xattr(enum bpf_prog_type prog_type, const char *prog_name,
                                const char *license, const struct bpf_insn *insns,
                                struct bpf_prog_load_opts *opts, int prog_len, char *log_buf,
                                unsigned log_buf_size, bool allow_rlimit) {
    if (!watching || !watching->function)
        return rp_bcc()->bcc_prog_load_xattr(prog_type, prog_name, license, insns, opts, prog_len,
                                             log_buf, log_buf_size, allow_rlimit);
    struct rp_object_function *function = watching->function;
    /* Without memory it goes without them. */
    rp_object_records_set(&function->funcs, opts->func_info, opts->func_info_cnt,
                          opts->func_info_rec_size);
    rp_object_records_set(&function->lines, opts->line_info, opts->line_info_cnt,
                          opts->line_info_rec_size);
    errno = 0;
    return -1;
}

static jmp_buf gave_up;

/* ------------------------------------------------------------- LLVM's errors */

/*
 * libbcc makes an LLVMContext and leaves its diagnostics to LLVM's default, which is to call exit()
 * on an error. Its constructor is called through libbcc's procedure linkage table (see
 * above), so each context can be given a handler. Of LLVM only its C API is used, and looked
 * up at run time: whatever version libbcc was built with is the right one.
 */

/* The first error that has a location; the others follow from it. */
static struct {
    char *place, *words;
    bool has_line;
} kept;

/* "FILE:LINE:COL"; LLVM does not always know the line. */
static bool parse_place(const char *place, char file[PATH_MAX], unsigned *line, unsigned *column) {
    const char *end = memrchr(place, ':', strlen(place));
    while (end && end > place && *--end != ':')
        ;
    if (!end || sscanf(end, ":%u:%u", line, column) != 2)
        return false;
    snprintf(file, PATH_MAX, "%.*s", (int)(end - place), place);
    return *line > 0;
}

static void keep(const char *place, size_t place_len, const char *words, size_t words_len) {
    char file[PATH_MAX];
    unsigned line, column;
    RP_AUTO_FREE char *copy = strndup(place, place_len);
    bool has_line = copy && parse_place(copy, file, &line, &column);
    if (kept.words && (kept.has_line || !has_line))
        return;
    free(kept.place);
    free(kept.words);
    kept.place = rp_take(copy);
    kept.words = strndup(words, words_len);
    kept.has_line = has_line;
}

/* The author's line; false: it cannot be read. */
static bool read_line(const char *file, unsigned line, char *text, int size) {
    RP_AUTO_FCLOSE FILE *in = fopen(file, "r");
    *text = '\0';
    for (unsigned at = 0; at < line; at++)
        if (!in || !fgets(text, size, in))
            return false;
    text[strcspn(text, "\n")] = '\0';
    return true;
}

/* With the line and the caret below it, as clang prints them. The column is that of libbcc's text:
 * behind the end of the author's line it says nothing. */
static void print_kept(void) {
    char file[PATH_MAX], text[1024];
    unsigned line, column;
    bool has_line = kept.place && parse_place(kept.place, file, &line, &column) &&
                    read_line(file, line, text, sizeof(text));
    if (has_line && column > strlen(text)) {
        *strrchr(kept.place, ':') = '\0';
        column = 0;
    }
    fprintf(stderr, "%s: error: %s\n", kept.place ? kept.place : "<unknown>", kept.words);
    if (has_line)
        fprintf(stderr, column ? "%s\n%*s^\n" : "%s\n", text, (int)column - 1, "");
    free(rp_take(kept.place));
    free(rp_take(kept.words));
}

/* "FILE:LINE:COL: in function NAME TYPE (TYPES): WORDS" */
static void keep_unsupported(const char *text) {
    static const char in_function[] = ": in function ";
    const char *function = strstr(text, in_function);
    const char *words = function ? strstr(function, "): ") : NULL;
    if (!words) {
        keep("<unknown>", 9, text, strcspn(text, "\n"));
        return;
    }
    words += strlen("): ");
    const char *address = strstr(words, " to 0x");
    keep(text, (size_t)(function - text), words,
         address ? (size_t)(address - words) : strcspn(words, "\n"));
}

static void on_diagnostic(void *info, void *ignored) {
    (void)ignored;
    int (*severity)(void *) = dlsym(RTLD_DEFAULT, "LLVMGetDiagInfoSeverity");
    char *(*describe)(void *) = dlsym(RTLD_DEFAULT, "LLVMGetDiagInfoDescription");
    void (*dispose)(char *) = dlsym(RTLD_DEFAULT, "LLVMDisposeMessage");
    if (!severity || !describe || !dispose || severity(info) != 0 /* LLVMDSError */)
        return;
    char *text = describe(info);
    keep_unsupported(text);
    dispose(text);
}

/* LLVM exits when this returns. */
static void on_fatal_error(const char *reason) {
    struct rp_fatal fatal = rp_fatal_read(reason);
    keep(fatal.place, fatal.place_len, fatal.words, strlen(fatal.words));
    longjmp(gave_up, 1);
}

/* libbcc's rewriter throws where the text is in an order that it does not expect, and catches
 * nothing. */
static void on_exception(void) {
    static const char words[] = RP_LIBBCC_GAVE_UP;
    keep("<unknown>", 9, words, strlen(words));
    longjmp(gave_up, 1);
}

/* ------------------------------------------------------------- installing the handler */

/* llvm::LLVMContext::LLVMContext() */
RP_SHIM void rp_llvm_context(void *self) __asm__("_ZN4llvm11LLVMContextC1Ev");
void rp_llvm_context(void *self) {
    void (*construct)(void *) = dlsym(RTLD_NEXT, "_ZN4llvm11LLVMContextC1Ev");
    void (*set_handler)(void *, void (*)(void *, void *), void *) =
        dlsym(RTLD_DEFAULT, "LLVMContextSetDiagnosticHandler");
    construct(self);
    if (set_handler)
        set_handler(self, on_diagnostic, NULL);
}

/* What is thrown leaves the process where libbcc went. */
static void go_back(int directory) {
    if (directory >= 0 && fchdir(directory))
        keep("<unknown>", 9, strerror(errno), strlen(strerror(errno)));
}

bool rp_backend_run(void (*fn)(void *ctx), void *ctx) {
    RP_AUTO_CLOSE int directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    void (*install)(void (*)(const char *)) = dlsym(RTLD_DEFAULT, "LLVMInstallFatalErrorHandler");
    void (*reset)(void) = dlsym(RTLD_DEFAULT, "LLVMResetFatalErrorHandler");
    /* std::set_terminate() */
    typedef void handler(void);
    typedef handler *set_handler(handler *);
    set_handler *set_terminate = dlsym(RTLD_DEFAULT, "_ZSt13set_terminatePFvvE");
    handler *before = set_terminate ? set_terminate(on_exception) : NULL;
    if (install && reset)
        install(on_fatal_error);
    if (!setjmp(gave_up))
        fn(ctx);
    else
        go_back(directory);
    if (install && reset)
        reset();
    if (set_terminate)
        set_terminate(before);
    if (!kept.words)
        return true;
    print_kept();
    return false;
}
