/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/compiler.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/bcc.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* The file names that libbcc is linked with, and where they were when this was built. */
static const struct library { const char *name, *path; } libraries[] = {COMPILER_LIBRARIES};

static struct rp_compiler opened;

/* ------------------------------------------------------------- which one it is */

struct loaded {
    const char *name;
    const char *path; /* of the file that is loaded under that name, or NULL */
    const ElfW(Dyn) * dynamic;
};

static int find_loaded(struct dl_phdr_info *info, size_t size, void *ctx) {
    (void)size;
    struct loaded *loaded = ctx;
    if (strcmp(rp_last_name(info->dlpi_name), loaded->name) != 0)
        return 0;
    loaded->path = info->dlpi_name;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
            loaded->dynamic = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    return 1;
}

/* Linked with -Bsymbolic: it calls its own functions, and none of shims.c. */
static bool calls_its_own(const struct loaded *loaded) {
    const ElfW(Dyn) *dynamic = loaded->dynamic;
    while (dynamic && dynamic->d_tag != DT_NULL && dynamic->d_tag != DT_SYMBOLIC &&
           (dynamic->d_tag != DT_FLAGS || !(dynamic->d_un.d_val & DF_SYMBOLIC)))
        dynamic++;
    return dynamic && dynamic->d_tag != DT_NULL;
}

/* What was compiled against one LLVM and works in another does so by chance. */
static struct rp_error *check(void) {
    struct loaded libbcc = {.name = libraries[0].name};
    dl_iterate_phdr(find_loaded, &libbcc);
    if (calls_its_own(&libbcc))
        return rp_error_hint_set(
            rp_error_new(ELIBBAD, "reprobe cannot see which maps it makes",
                         "cannot compile: libbcc is linked with -Bsymbolic"),
            "use one that is not, as Debian's and Ubuntu's package libbpfcc has");
    for (size_t i = 1; i < RP_COUNT(libraries); i++) {
        struct loaded loaded = {.name = libraries[i].name};
        dl_iterate_phdr(find_loaded, &loaded);
        if (!loaded.path)
            return rp_error_hint_set(
                rp_error_new(
                    ELIBBAD, NULL,
                    "cannot compile: libbcc is not linked with %s, which reprobe was built for",
                    libraries[i].name),
                "build reprobe again: it takes what libbcc has now");
    }
    return NULL;
}

/* ------------------------------------------------------------- opened, and let go of */

struct rp_error *rp_compiler_open(const struct rp_compiler **out) {
    static const char *const functions[] = {RP_COMPILER_FUNCTIONS(RP_LIBRARY_NAME)};
    /* Global, so that the functions in shims.c come before those of libbcc and LLVM for libbcc, and
     * find them by RTLD_NEXT. */
    static struct rp_library library = {.files = &libraries[0].name,
                                        .file_count = 1,
                                        .mode = RTLD_LAZY | RTLD_GLOBAL,
                                        .functions = functions,
                                        .function_count = RP_COUNT(functions)};
    static bool is_checked;
    rp_bcc(); /* it must be open before */
    char text[128];
    const char *why = rp_library_open(&library, &opened, text);
    *out = &opened;
    if (!why) {
        if (!is_checked)
            RP_TRY(check());
        is_checked = true;
        return NULL;
    }
    return rp_error_hint_set(rp_error_new(ENOENT, why, "cannot compile: libbcc is missing"),
                             "install it: the package libbpfcc of Debian and Ubuntu has it");
}

/* What compiles libbpf's dialect (clang_run.c) may have clang in it. */
static bool is_of_compiler(const char *name) {
    bool is = strcmp(name, "reprobe-clang.so") == 0;
    for (size_t i = 0; i < RP_COUNT(libraries); i++)
        is |= strcmp(name, libraries[i].name) == 0;
    return is;
}

/* Of the compiler's files only what nobody writes to: the pages are the files' own. */
static int forget_code(struct dl_phdr_info *info, size_t size, void *ctx) {
    (void)size;
    uintptr_t page = *(const uintptr_t *)ctx;
    bool is_compiler = is_of_compiler(rp_last_name(info->dlpi_name));
    for (int i = 0; is_compiler && i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t start = (info->dlpi_addr + header->p_vaddr) & ~(page - 1);
        uintptr_t end =
            (info->dlpi_addr + header->p_vaddr + header->p_memsz + page - 1) & ~(page - 1);
        if (header->p_type == PT_LOAD && (header->p_flags & (PF_X | PF_W)) == PF_X)
            madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void rp_compiler_rest(void) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    dl_iterate_phdr(forget_code, &page);
}

/* ------------------------------------------------------------- for keys */

static bool add_file(struct rp_digest *key, const struct library *library) {
    struct loaded loaded = {.name = library->name};
    dl_iterate_phdr(find_loaded, &loaded);
    struct stat st;
    if (stat(loaded.path ? loaded.path : library->path, &st))
        return false;
    rp_digest_file(key, &st);
    return true;
}

bool rp_compiler_identify(struct rp_digest *key) {
    for (size_t i = 0; i < RP_COUNT(libraries); i++) {
        if (add_file(key, &libraries[i]))
            continue;
        /* It is somewhere else now; the dynamic linker knows where. */
        const struct rp_compiler *ignored;
        struct rp_error *err = rp_compiler_open(&ignored);
        bool failed = err || !add_file(key, &libraries[i]);
        rp_error_free(err);
        if (failed)
            return false;
    }
    return true;
}
