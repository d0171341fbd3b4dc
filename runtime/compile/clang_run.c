/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/clang_run.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/array.h"
#include "util/capture.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/library.h"
#include "util/text.h"
#include "util/worker.h"
#include "util/write.h"

/* ------------------------------------------------------------- the library */

#define FUNCTIONS(F) F(rp_clang_module_run) F(rp_clang_module_version)

static struct { FUNCTIONS(RP_LIBRARY_MEMBER) } module;

static struct rp_error *cannot_open(const char *why) {
    struct rp_error *err = rp_error_new(
        ENOENT, why, "cannot compile libbpf's dialect: reprobe-clang.so does not open");
    if (CLANG_IS_STATIC)
        return rp_error_hint_set(err, "install reprobe again");
    return rp_error_hint_set(err,
                             "install reprobe again, and the package that has libclang-cpp: "
                             "libclang-cpp%d of Debian and Ubuntu",
                             LLVM_MAJOR);
}

static struct rp_error *open_module(void) {
    /* In the build's tree, and where it is installed; $ORIGIN is where the program, or libreprobe,
     * is. */
    static const char *const files[] = {CLANG_MODULE_FILES};
    static const char *const functions[] = {FUNCTIONS(RP_LIBRARY_NAME)};
    /* Global, as libbcc is: see compiler.c. */
    static struct rp_library library = {.files = files,
                                        .file_count = RP_COUNT(files),
                                        .mode = RTLD_LAZY | RTLD_GLOBAL,
                                        .functions = functions,
                                        .function_count = RP_COUNT(functions)};
    char text[128];
    const char *why = rp_library_open(&library, &module, text);
    if (why)
        return cannot_open(why);
    bool same = strcmp(module.rp_clang_module_version(), rp_version()) == 0;
    return same ? NULL : cannot_open("it is of another version");
}

/* LLVM 14 forgets the text of an error about its line tables; a leak checker is to see our own
 * leaks. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#include <sanitizer/lsan_interface.h>
#define IGNORES_LEAKS
#endif
#endif
#ifndef IGNORES_LEAKS
#define __lsan_disable() ((void)0)
#define __lsan_enable()  ((void)0)
#endif

/* What LLVM writes to the terminal besides is there in other words, or the only ones. */
static void run(const struct rp_clang_unit *unit, struct rp_clang_result *result) {
    struct rp_capture capture = rp_capture_begin();
    __lsan_disable();
    module.rp_clang_module_run(unit, result);
    __lsan_enable();
    RP_AUTO_FREE char *noise = rp_capture_end(&capture);
    if (!result->elf && result->output && !*result->output && noise) {
        free(result->output);
        result->output = rp_take(noise);
    }
}

/* ------------------------------------------------------------- in a child process */

struct header {
    size_t elf_size, output_size;
};

struct job {
    const struct rp_clang_unit *unit;
    int fd;
};

static int compile(void *ctx) {
    const struct job *job = ctx;
    struct rp_clang_result result;
    run(job->unit, &result);
    const struct header header = {result.elf_size, result.output ? strlen(result.output) : 0};
    bool ok = result.output && rp_write_all(job->fd, &header, sizeof(header)) &&
              rp_write_all(job->fd, result.elf, header.elf_size) &&
              rp_write_all(job->fd, result.output, header.output_size);
    return ok ? 0 : 1;
}

static void *take_bytes(const char **at, size_t size) {
    char *copy = malloc(size + 1);
    if (copy) {
        memcpy(copy, *at, size);
        copy[size] = '\0';
    }
    *at += size;
    return copy;
}

/* What the child wrote into `fd`. */
static struct rp_error *read_result(int fd, struct rp_clang_result *result) {
    struct stat st;
    struct header header;
    if (fstat(fd, &st) || st.st_size < (off_t)sizeof(header))
        return rp_error_new(EIO, "the compiler's process wrote nothing", "compiler");
    void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return rp_error_new(errno, NULL, "compiler");
    memcpy(&header, map, sizeof(header));
    const char *at = (const char *)map + sizeof(header);
    if (header.elf_size)
        result->elf = take_bytes(&at, header.elf_size);
    result->elf_size = result->elf ? header.elf_size : 0;
    result->output = take_bytes(&at, header.output_size);
    munmap(map, (size_t)st.st_size);
    return result->output && !header.elf_size == !result->elf ? NULL : rp_error_nomem();
}

static struct rp_error *run_in_child(const struct rp_clang_unit *unit,
                                     struct rp_clang_result *result) {
    RP_AUTO_CLOSE int fd = memfd_create("reprobe-clang", MFD_CLOEXEC);
    if (fd < 0)
        return rp_error_new(errno, NULL, "cannot start the compiler's process");
    int failed = 0;
    RP_TRY(rp_worker_run("the compiler's process", compile, &(struct job){unit, fd}, &failed));
    return failed ? rp_error_nomem() : read_result(fd, result);
}

/* ------------------------------------------------------------- either way */

struct rp_error *rp_clang_run(const struct rp_clang_unit *unit, bool relocates,
                              struct rp_clang_result *result) {
    *result = (struct rp_clang_result){0};
    RP_TRY(open_module());
    if (relocates)
        return run_in_child(unit, result);
    run(unit, result);
    return result->output ? NULL : rp_error_nomem();
}

void rp_clang_result_clear(struct rp_clang_result *result) {
    free(result->elf);
    free(result->output);
    *result = (struct rp_clang_result){0};
}
