/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compile/compile.h"
#include "compile/link.h"
#include "compile/load.h"
#include "suites.h"

static struct rp_object *compile(const char *text) {
    const struct rp_compile_opts opts = {
        .size = sizeof(opts), .name = "own.c", .types = RP_TYPES_BTF, .dry_run = true};
    struct rp_timings timings = {0};
    struct rp_object *object = NULL;
    struct rp_error *err = rp_compile(text, &opts, NULL, &timings, &object);
    ck_assert_msg(!err, "%s", err ? rp_error_why(err) : "");
    return object;
}

/* The `n`th constant of 64 bits that the linked function loads with this src_reg. */
static ssize_t find_wide(const struct rp_object_function *linked, int src_reg, unsigned n) {
    for (uint32_t i = 0; i + 1 < linked->insn_count; i++)
        if (rp_insn_is_wide(&linked->insns[i]) && linked->insns[i++].src_reg == src_reg && !n--)
            return i - 1;
    return -1;
}

static const char source[] =
    "#include <reprobe/callback.h>\n"
    "BPF_HASH(other, u32, u64);\n"
    "BPF_HASH(counts, u32, u64);\n"
    "BPF_CALLBACK(inner, u32 index, u64 *sum) { *sum += index; return 0; }\n"
    "BPF_CALLBACK(each, void *map, u32 *key, u64 *value, u64 *sum)\n"
    "{ return bpf_loop(*key, inner, sum, 0) > 5; }\n"
    "int f(void *ctx) { u64 sum = TARGET_PID;\n"
    "  bpf_for_each_map_elem(counts, each, &sum, 0);\n"
    "  bpf_loop(3, inner, &sum, 0); return sum; }\n";

/* "other" is not used: only by its name can the right one be found. */
START_TEST(slots_are_filled) {
    struct rp_object *object = compile(source);
    const struct rp_object_function *f = rp_object_function(object, "f");
    int fds[] = {40, 41};
    ck_assert_uint_eq(object->map_count, 2);
    struct rp_object_function linked;
    const uint64_t target_constants[RP_TARGET_COUNT] = {[RP_TARGET_PID] = 1234};
    ck_assert_ptr_null(rp_link_function(object, f, fds, target_constants, &linked));
    ssize_t target = find_wide(&linked, 0, 0), map = find_wide(&linked, BPF_PSEUDO_MAP_FD, 0);
    ck_assert_int_eq(linked.insns[target].imm, 1234);
    ck_assert_int_eq(linked.insns[map].imm, fds[rp_object_map(object, "counts")]);

    /* `f`, then each and inner in the order of their first use, once each. */
    const struct rp_object_function *each = rp_object_function(object, "rp_callback_each"),
                                    *inner = rp_object_function(object, "rp_callback_inner");
    uint32_t starts[] = {f->insn_count, f->insn_count + each->insn_count};
    ck_assert_uint_eq(linked.insn_count, starts[1] + inner->insn_count);
    ck_assert_uint_eq(linked.funcs.count, 3);
    for (unsigned i = 0; i < 3; i++) {
        ssize_t at = find_wide(&linked, BPF_PSEUDO_FUNC, i);
        ck_assert_int_ge(at, 0);
        ck_assert_int_eq(at + 1 + linked.insns[at].imm, starts[i > 0]);
        struct bpf_func_info info;
        memcpy(&info, (char *)linked.funcs.data + (size_t)i * linked.funcs.size, sizeof(info));
        ck_assert_uint_eq(info.insn_off, i ? starts[i - 1] : 0);
    }
    ck_assert_int_eq(find_wide(&linked, BPF_PSEUDO_FUNC, 3), -1);
    rp_link_clear(&linked);
    rp_object_free(object);
}
END_TEST

static uint32_t first_offset(const struct rp_object_records *records, uint32_t i) {
    uint32_t offset;
    memcpy(&offset, (char *)records->data + (size_t)i * records->size, sizeof(offset));
    return offset;
}

/* Before the function, and before the callbacks behind it, is a program that calls it. */
START_TEST(a_gate_before_it) {
    struct rp_object *object = compile(source);
    const struct rp_object_function *f = rp_object_function(object, "f");
    int fds[] = {40, 41};
    const uint64_t target[RP_TARGET_COUNT] = {0};
    struct rp_object_function plain, gated;
    ck_assert_ptr_null(rp_link_function(object, f, fds, target, &plain));
    ck_assert_ptr_null(rp_link_function(object, f, fds, target, &gated));
    const struct rp_gate gate = {.cpus = 2, .map_fd = 42, .offset = 256};
    ck_assert(rp_link_gate(&gated, &gate));
    uint32_t moved = gated.insn_count - plain.insn_count;
    ck_assert_int_eq(
        memcmp(&gated.insns[moved], plain.insns, plain.insn_count * sizeof(*plain.insns)), 0);
    ssize_t words = find_wide(&gated, BPF_PSEUDO_MAP_VALUE, 0);
    ck_assert_int_ge(words, 0);
    ck_assert_int_eq(gated.insns[words].imm, 42);
    ck_assert_int_eq(gated.insns[words + 1].imm, 256);
    uint32_t calls = 0;
    for (uint32_t i = 0; i < moved; i++) {
        const struct bpf_insn *insn = &gated.insns[i];
        if (insn->code != (BPF_JMP | BPF_CALL) || insn->src_reg != BPF_PSEUDO_CALL)
            continue;
        calls++;
        ck_assert_int_eq(insn->imm, (int)(moved - i - 1));
    }
    ck_assert_uint_eq(calls, 1);
    ck_assert_uint_eq(gated.insns[moved - 1].code, BPF_JMP | BPF_EXIT);

    /* Each of the kernel's functions has a record at its first instruction. */
    ck_assert_uint_eq(gated.funcs.count, plain.funcs.count + 1);
    ck_assert_uint_eq(gated.lines.count, plain.lines.count + 1);
    ck_assert_uint_eq(first_offset(&gated.funcs, 0), 0);
    ck_assert_uint_eq(first_offset(&gated.lines, 0), 0);
    for (uint32_t i = 0; i < plain.funcs.count; i++)
        ck_assert_uint_eq(first_offset(&gated.funcs, i + 1), first_offset(&plain.funcs, i) + moved);
    ck_assert_uint_eq(first_offset(&gated.lines, 1), moved);
    rp_link_clear(&plain);
    rp_link_clear(&gated);
    rp_object_free(object);
}
END_TEST

static void assert_link_error(struct rp_object *object, uint64_t kind, const char *words) {
    struct bpf_insn insns[] = {{.code = BPF_LD | BPF_DW, .imm = 5}, {.imm = (int)kind}, {0}};
    const struct rp_object_function f = {.name = (char *)"f", .insns = insns, .insn_count = 3};
    struct rp_object_function linked;
    int fd = 40;
    const uint64_t target_constants[RP_TARGET_COUNT] = {0};
    struct rp_error *err = rp_link_function(object, &f, &fd, target_constants, &linked);
    ck_assert_ptr_nonnull(err);
    ck_assert_ptr_nonnull(strstr(rp_error_why(err), words));
    rp_error_free(err);
}

START_TEST(what_is_not_there) {
    struct rp_object *object = compile("int f(void *ctx) { return 0; }\n");
    assert_link_error(object, RP_SLOT_CALLBACK, "a callback that does not exist");
    assert_link_error(object, RP_SLOT_MAP, "a map that does not exist");
    rp_object_free(object);
}
END_TEST

START_TEST(a_user_ringbuf) {
    struct rp_object *object = compile("#include <reprobe/callback.h>\n"
                                       "BPF_USER_RINGBUF(requests, 2);\n"
                                       "int f(void *ctx) { return 0; }\n");
    ck_assert_uint_eq(object->map_count, 1);
    const struct rp_object_map *map = &object->maps[0];
    ck_assert_uint_eq(map->type, BPF_MAP_TYPE_USER_RINGBUF);
    ck_assert_uint_eq(map->max_entries, 2 * (uint32_t)sysconf(_SC_PAGESIZE));
    ck_assert_uint_eq(map->key_size + map->value_size + map->flags, 0);
    rp_object_free(object);
}
END_TEST

/* r0 = helper(); r0 = helper(); exit, and behind it each helper's function, once. */
START_TEST(losses_are_counted) {
    struct bpf_insn insns[] = {
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ringbuf_reserve},
        {.code = BPF_LD | BPF_DW, .dst_reg = 1, .imm = BPF_FUNC_ringbuf_output}, /* a constant */
        {0},
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ringbuf_output},
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ringbuf_submit},
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_ringbuf_reserve},
        {.code = BPF_JMP | BPF_EXIT},
    };
    const uint32_t own = sizeof(insns) / sizeof(insns[0]);
    const struct rp_object object = {0};
    struct rp_object_function linked = {
        .name = (char *)"f", .insns = malloc(sizeof(insns)), .insn_count = own};
    memcpy(linked.insns, insns, sizeof(insns));
    ck_assert(rp_link_losses(&object, &linked, 55));
    const struct bpf_insn *f = linked.insns;
    ck_assert_uint_gt(linked.insn_count, own);
    const uint32_t reserve = 0 + 1 + (uint32_t)f[0].imm, output = 3 + 1 + (uint32_t)f[3].imm;
    ck_assert_uint_eq(reserve, own);
    ck_assert_uint_gt(output, reserve);
    for (uint32_t i = 0; i < own; i++) {
        bool sends = i == 0 || i == 3 || i == 5;
        ck_assert_int_eq(f[i].src_reg, sends ? BPF_PSEUDO_CALL : 0);
        if (!sends)
            ck_assert_int_eq(memcmp(&f[i], &insns[i], sizeof(insns[i])), 0);
    }
    ck_assert_uint_eq(5 + 1 + (uint32_t)f[5].imm, reserve);
    /* Behind three that keep the ring, the size and the flags. */
    ck_assert_int_eq(f[reserve + 3].imm, BPF_FUNC_ringbuf_reserve);
    ck_assert_int_eq(f[output + 3].imm, BPF_FUNC_ringbuf_output);
    ck_assert_int_eq(f[find_wide(&linked, BPF_PSEUDO_MAP_VALUE, 0)].imm, 55);
    ck_assert_int_eq(f[find_wide(&linked, BPF_PSEUDO_MAP_VALUE, 1)].imm, 55);
    ck_assert_uint_eq(f[linked.insn_count - 1].code, BPF_JMP | BPF_EXIT);
    rp_link_clear(&linked);
}
END_TEST

Suite *link_suite(void) {
    Suite *suite = suite_create("link");
    TCase *tc = tcase_create("link");
    tcase_add_test(tc, slots_are_filled);
    tcase_add_test(tc, a_gate_before_it);
    tcase_add_test(tc, what_is_not_there);
    tcase_add_test(tc, a_user_ringbuf);
    tcase_add_test(tc, losses_are_counted);
    suite_add_tcase(suite, tc);
    return suite;
}
