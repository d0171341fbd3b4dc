/* SPDX-License-Identifier: Apache-2.0 */
/* Programs and libraries that are looked into for functions, variables and USDT probes; and BPF
 * objects of other compilers. */
#include <bpf/libbpf.h>

#include "compile/elf.h"
#include "compile/object_file.h"
#include "fuzz.h"
#include "probe/binary.h"

static int silent(enum libbpf_print_level level, const char *format, va_list args) {
    (void)level, (void)format, (void)args;
    return 0;
}

static bool take_symbol(void *ctx, const char *name, uint64_t address, uint64_t size) {
    (void)size;
    uint8_t code[16];
    MUST(strlen(name) < SIZE_MAX);
    MUST(rp_binary_read_code(ctx, address, code, sizeof(code)) <= sizeof(code));
    rp_binary_offset(ctx, address);
    return true;
}

static void take_usdt(void *ctx, const struct rp_binary_usdt *usdt) {
    (void)ctx;
    MUST(strlen(usdt->provider) + strlen(usdt->name) + strlen(usdt->arguments) < SIZE_MAX);
}

static void look_into(char *path) {
    struct rp_error *err = rp_binary_check(path);
    fuzz_end(err);
    if (err)
        return;
    rp_error_free(rp_binary_each_function(path, take_symbol, path));
    rp_error_free(rp_binary_each_variable(path, take_symbol, path));
    rp_binary_each_ifunc(path, take_symbol, path);
    rp_error_free(rp_binary_each_usdt(path, take_usdt, NULL));
    rp_binary_is_stripped(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[32];
    libbpf_set_print(silent);
    RP_AUTO_CLOSE int fd = fuzz_file(data, size, path);
    look_into(path);
    struct rp_object *object = NULL;
    struct rp_error *err = rp_object_read(fd, &object);
    fuzz_end(err);
    if (err)
        return 0;
    if (object->elf)
        fuzz_end(rp_elf_read(object));
    rp_object_free(object);
    return 0;
}
