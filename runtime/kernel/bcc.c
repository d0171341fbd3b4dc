/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/bcc.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "util/array.h"

static int fail(void) {
    errno = ELIBACC;
    return -1;
}

static void *make_nothing(void) {
    errno = ELIBACC;
    return NULL;
}

/* The functions that return a pointer come last in the struct. */
static void fill_missing(struct rp_bcc *bcc) {
    int (*const fails)(void) = fail;
    void *(*const makes_nothing)(void) = make_nothing;
    for (char *at = (char *)bcc; at < (char *)(bcc + 1); at += sizeof(fails))
        memcpy(at, at < (char *)&bcc->bpf_new_ringbuf ? (void *)&fails : (void *)&makes_nothing,
               sizeof(fails));
}

const struct rp_bcc *rp_bcc(void) {
    static const char *const file = LIBBCC_BPF_SONAME;
    static const char *const functions[] = {RP_BCC_FUNCTIONS(RP_LIBRARY_NAME)
                                                RP_BCC_MAKERS(RP_LIBRARY_NAME)};
    static struct rp_library library = {
        .files = &file,
        .file_count = 1,
        /* What it shares with libbcc.so is its own if it is bound now. */
        .mode = RTLD_NOW | RTLD_LOCAL,
        .functions = functions,
        .function_count = RP_COUNT(functions)};
    static struct rp_bcc bcc;
    static bool tried;
    char why[128];
    if (!tried && rp_library_open(&library, &bcc, why))
        fill_missing(&bcc);
    tried = true;
    return &bcc;
}
