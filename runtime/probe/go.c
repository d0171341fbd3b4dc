/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/go.h"

#include <errno.h>
#include <string.h>

#include "probe/binary.h"
#include "probe/spec.h"
#include "util/array.h"

bool rp_go_is(const char *path) {
    /* The table of functions, which is not stripped; .data.rel.ro.gopclntab if it is PIE. */
    return rp_binary_has_section(path, ".gopclntab");
}

struct rp_error *rp_go_refuse_return(const char *path) {
    if (!rp_go_is(path))
        return NULL;
    return rp_error_hint_set(
        rp_probe_error(EOPNOTSUPP,
                       "%s is a program of Go, whose stacks move: a probe at a return would end it",
                       path),
        "probe the entry, or a line behind the call: uprobe:PATH:FILE:LINE");
}

/* The instructions of the check on x86-64, by the size of the function's frame: small, medium,
 * large; and before Go 1.17. -1: any byte. A conditional jump follows. */
static const struct {
    int16_t code[24];
    size_t length;
} checks[] = {
    /* cmp 0x10(%r14),%rsp */
    {{0x49, 0x3b, 0x66, 0x10}, 4},
    /* lea -N(%rsp),%r12; cmp 0x10(%r14),%r12 */
    {{0x4c, 0x8d, 0x64, 0x24, -1, 0x4d, 0x3b, 0x66, 0x10}, 9},
    {{0x4c, 0x8d, 0xa4, 0x24, -1, -1, -1, -1, 0x4d, 0x3b, 0x66, 0x10}, 12},
    /* mov %rsp,%r12; sub $N,%r12; jb; cmp 0x10(%r14),%r12 */
    {{0x49, 0x89, 0xe4, 0x49, 0x81, 0xec, -1, -1, -1, -1, 0x72, -1, 0x4d, 0x3b, 0x66, 0x10}, 16},
    {{0x49, 0x89, 0xe4, 0x49, 0x81, 0xec, -1,   -1,   -1,   -1,
      0x0f, 0x82, -1,   -1,   -1,   -1,   0x4d, 0x3b, 0x66, 0x10},
     20},
    /* mov %fs:-8,%rcx; cmp 0x10(%rcx),%rsp */
    {{0x64, 0x48, 0x8b, 0x0c, 0x25, 0xf8, 0xff, 0xff, 0xff, 0x48, 0x3b, 0x61, 0x10}, 13},
    /* mov %fs:-8,%rcx; lea -N(%rsp),%rax; cmp 0x10(%rcx),%rax */
    {{0x64, 0x48, 0x8b, 0x0c, 0x25, 0xf8, 0xff, 0xff, 0xff, 0x48, 0x8d, 0x44, 0x24, -1, 0x48, 0x3b,
      0x41, 0x10},
     18},
    {{0x64, 0x48, 0x8b, 0x0c, 0x25, 0xf8, 0xff, 0xff, 0xff, 0x48, 0x8d,
      0x84, 0x24, -1,   -1,   -1,   -1,   0x48, 0x3b, 0x41, 0x10},
     21},
};

static bool begins_with(const uint8_t *code, size_t size, const int16_t *wanted, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (i >= size || (wanted[i] >= 0 && wanted[i] != code[i]))
            return false;
    return true;
}

/* The bytes of a `jbe`; 0 of another instruction. */
static size_t jump_size(const uint8_t *code, size_t size) {
    if (size >= 2 && code[0] == 0x76)
        return 2;
    return size >= 6 && code[0] == 0x0f && code[1] == 0x86 ? 6 : 0;
}

uint64_t rp_go_entry(const char *path, uint64_t address) {
    uint8_t code[32];
    size_t size = rp_binary_read_code(path, address, code, sizeof(code));
    for (size_t i = 0; i < RP_COUNT(checks); i++) {
        size_t length = checks[i].length;
        if (!begins_with(code, size, checks[i].code, length))
            continue;
        size_t jump = jump_size(code + length, size - length);
        return jump ? address + length + jump : address;
    }
    return address;
}
