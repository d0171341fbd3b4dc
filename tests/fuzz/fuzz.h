/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets share. Each is a file that takes bytes from libFuzzer, and aborts where
 * what came out of them is wrong; memory is the sanitizers' part. */
#ifndef FUZZ_H
#define FUZZ_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "reprobe.h"
#include "util/cleanup.h"
#include "util/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The bytes as text, up to the first NUL; malloc()ed. */
static inline char *fuzz_text(const uint8_t *data, size_t size) {
    char *text = strndup((const char *)data, size);
    MUST(text);
    return text;
}

/* An error must say what failed and why. */
static inline void fuzz_end(struct rp_error *err) {
    if (err)
        MUST(*rp_error_what(err) && *rp_error_why(err));
    rp_error_free(err);
}

/* A file that has the bytes; `path` names it. */
static inline int fuzz_file(const void *data, size_t size, char path[32]) {
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, 32, "/proc/self/fd/%d", fd);
    return fd;
}

/* Where what is printed goes. */
static inline FILE *fuzz_nowhere(void) {
    static FILE *out;
    if (!out)
        out = fopen("/dev/null", "we");
    MUST(out);
    return out;
}

#endif
