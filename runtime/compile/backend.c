/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libbcc makes an LLVMContext and leaves its diagnostics to LLVM's default, which is to call exit()
 * on an error. Its constructor is called through libbcc's procedure linkage table (see
 * shims.c), so each context can be given a handler. Of LLVM only its C API is used, and looked
 * up at run time: whatever version libbcc was built with is the right one.
 */
#include "compile/backend.h"

#include <dlfcn.h>
#include <limits.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/shim.h"

static jmp_buf gave_up;

/* ------------------------------------------------------------- errors */

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

/* The line and the caret below it, as clang prints them. */
static void print_source(const char *place) {
    char file[PATH_MAX], text[1024];
    unsigned line, column;
    if (!parse_place(place, file, &line, &column))
        return;
    RP_AUTO_FCLOSE FILE *in = fopen(file, "r");
    for (unsigned at = 0; in && at < line; at++)
        if (!fgets(text, sizeof(text), in))
            return;
    if (!in || !column)
        return;
    text[strcspn(text, "\n")] = '\0';
    fprintf(stderr, "%s\n%*s^\n", text, (int)column - 1, "");
}

static void print_kept(void) {
    fprintf(stderr, "%s: error: %s\n", kept.place ? kept.place : "<unknown>", kept.words);
    if (kept.place)
        print_source(kept.place);
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

/* "Cannot select: 0xADDRESS: TYPE = OPERATION OPERANDS, FILE:LINE:COL" and lines of operands. */
static void keep_fatal(const char *text) {
    size_t len = strcspn(text, "\n");
    const char *operation = strstr(text, " = ");
    const char *place = memrchr(text, ',', len);
    if (strncmp(text, "Cannot select: ", 15) != 0 || !operation || !place) {
        keep("<unknown>", 9, text, len);
        return;
    }
    char words[128];
    operation += strlen(" = ");
    int words_len = snprintf(words, sizeof(words), "BPF has no instruction for this (%.*s)",
                             (int)strcspn(operation, " <\n"), operation);
    place += strlen(", ");
    keep(place, (size_t)(text + len - place), words, (size_t)words_len);
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
    keep_fatal(reason);
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

bool rp_backend_run(void (*fn)(void *ctx), void *ctx) {
    void (*install)(void (*)(const char *)) = dlsym(RTLD_DEFAULT, "LLVMInstallFatalErrorHandler");
    void (*reset)(void) = dlsym(RTLD_DEFAULT, "LLVMResetFatalErrorHandler");
    if (install && reset)
        install(on_fatal_error);
    if (!setjmp(gave_up))
        fn(ctx);
    if (install && reset)
        reset();
    if (!kept.words)
        return true;
    print_kept();
    return false;
}
