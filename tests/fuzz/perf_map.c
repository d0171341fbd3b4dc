/* SPDX-License-Identifier: Apache-2.0 */
/* Names that a just-in-time compiler wrote (/tmp/perf-PID.map): libbcc reads them, in a profiler
 * that may be root's. It is to end, and to give names that end. */
#include "fuzz.h"
#include <dlfcn.h>

typedef int (*found_fn)(const char *name, uint64_t address, uint64_t size, void *ctx);
typedef int (*each_fn)(const char *path, found_fn found, void *ctx);

static int found(const char *name, uint64_t address, uint64_t size, void *ctx) {
    (void)address;
    (void)size;
    *(size_t *)ctx += strlen(name);
    return 0;
}

/* libbcc has the same objects, and both would end them. */
static void leave(void) {
    _exit(0);
}

static each_fn open_libbcc(void) {
    static const char *const files[] = {"libbcc_bpf.so.0", "libbcc_bpf.so"};
    void *library = NULL;
    for (size_t i = 0; i < 2 && !library; i++)
        library = dlopen(files[i], RTLD_LAZY | RTLD_LOCAL);
    MUST(library);
    void *function = dlsym(library, "bcc_perf_map_foreach_sym");
    each_fn each;
    MUST(function && !atexit(leave));
    memcpy(&each, &function, sizeof(each));
    return each;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static each_fn each;
    char path[32];
    size_t names = 0;
    if (!each)
        each = open_libbcc();
    int fd = fuzz_file(data, size, path);
    each(path, found, &names);
    MUST(names <= size);
    close(fd);
    return 0;
}
