/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of real logs. tests/kernel/test_verifier.sh provokes those that it can. */
#include <errno.h>
#include <string.h>

#include "compile/verifier.h"
#include "reprobe.h"
#include "suites.h"
#include "util/array.h"

static const struct {
    const char *log, *why, *hint;
} rejections[] = {
    {"R0 invalid mem access 'map_value_or_null'", "the result of a map lookup", "if (!pointer)"},
    {"R0 invalid mem access 'ringbuf_mem_or_null'", "a ring buffer's reserve", "if (!pointer)"},
    {"R0 invalid mem access 'mem_or_null'", "a ring buffer's reserve", "if (!pointer)"},
    {"R0 invalid mem access 'sock_or_null'", "may be NULL", "if (!pointer)"},
    {"R2 invalid mem access 'trusted_ptr_or_null_'", "may be NULL", "to a variable"},
    {"R2 pointer arithmetic on ptr_or_null_ prohibited, null-check it first", "check for NULL",
     "if (!pointer)"},
    {"R2 type=trusted_ptr_or_null_ expected=ptr_, trusted_ptr_, rcu_ptr_", "may be NULL",
     "if (!pointer)"},
    {"R1 invalid mem access 'ptr_or_null_'", "may be NULL", "to a variable"},
    {"R2 pointer arithmetic on map_value_or_null prohibited, null-check it first",
     "before the check for NULL", "if (!pointer)"},
    {"3: (85) call bpf_map_update_elem#2\n"
     "R2 type=map_value_or_null expected=fp, pkt, pkt_meta, map_key, map_value",
     "argument 2 of bpf_map_update_elem is a pointer that may be NULL", "if (!pointer)"},
    {"7: (55) if r6 != 0x0 goto pc+9        ; R6=0\nR6 invalid mem access 'scalar'",
     "on a path where it is NULL", "if (!pointer)"},
    {"7: (55) if r6 != 0x0 goto pc+9        ; R6_w=inv0\nR6 invalid mem access 'inv'",
     "on a path where it is NULL", "if (!pointer)"},
    {"7: R6_w=0x1f R16=0\nR6 invalid mem access 'scalar'", "not belong to the program",
     "bpf_probe_read_user"},
    {"9: R6=ringbuf_mem(ref_obj_id=2,sz=4) R7=0\n20: (85) call bpf_ringbuf_submit#132\n"
     "R6 invalid mem access 'scalar'",
     "after it was submitted", "before ringbuf_submit()"},
    {"9: R6=alloc_mem(ref_obj_id=2,off=0,imm=0) R7=0\nR6 invalid mem access 'scalar'",
     "after it was submitted", "before ringbuf_submit()"},
    {"1: (79) r0 = *(u64 *)(r0 +0)\nR0 invalid mem access 'scalar'", "not belong to the program",
     "bpf_probe_read_user"},
    {"R1 invalid mem access 'inv'", "not belong to the program", "bpf_probe_read_kernel"},
    {"R1 invalid mem access 'mem'", "this kind of pointer", "bpf_probe_read_kernel"},
    {"0: (18) r1 = 0x0                      ; R1=0\nR1 invalid mem access 'scalar'",
     "global variable", "BPF_ARRAY"},
    {"only read is supported", "writes kernel memory", "only be read"},
    {"R1 type=scalar expected=ringbuf_mem", "not a reserved record", "just once"},
    {"R1 type=scalar expected=alloc_mem", "not a reserved record", "just once"},
    {"Unreleased reference id=2 alloc_insn=5\n"
     "BPF_EXIT instruction in main prog would lead to reference leak",
     "neither submitted nor discarded", "before every `return`"},
    {"bpf_spin_unlock is missing", "while it holds a lock", "bpf_spin_unlock()"},
    {"BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region",
     "while it holds a lock", "bpf_spin_unlock()"},
    {"function calls are not allowed while holding a lock", "while it holds a lock", "before or"},
    {"tracing progs cannot use bpf_spin_lock yet", "cannot use locks", "__sync_fetch_and_add"},
    {"infinite loop detected at insn 1\ncur state: R0=scalar() R10=fp0\n"
     "old state: R0=scalar() R10=fp0",
     "a loop does not end", "constant bound"},
    {"back-edge from insn 5 to 2", "does not allow here", "#pragma unroll"},
    {"The sequence of 8193 jumps is too complex.", "too many", "constant bound"},
    {"BPF program is too large. Processed 1000001 insn", "too large", "fewer iterations"},
    {"combined stack size of 2 calls is 608. Too large", "more than 512 bytes", "BPF_PERCPU_ARRAY"},
    {"the call stack of 9 frames is too deep !", "more than 8 levels deep", "static inline"},
    {"invalid indirect read from stack R2 off -16+4 size 16", "not completely set", "= {}"},
    {"invalid read from stack off -16+4 size 8", "not completely set", "= {}"},
    {"invalid indirect access to stack R1 off=-16 size=64", "beyond its end", "sizeof(variable)"},
    {"invalid write to stack R1 off=-16 size=64", "beyond its end", "sizeof(variable)"},
    {"invalid read from stack R4 off=-8 size=100", "beyond its end", "sizeof(variable)"},
    {"invalid unbounded variable-offset read from stack R6", "an array on the stack", "mask it"},
    {"invalid stack off=-520 size=8", "more than 512 bytes of stack", "BPF_PERCPU_ARRAY"},
    {"misaligned stack access off (0x0; 0x0)+0+-29 size 8", "not a multiple", "__builtin_memcpy()"},
    {"misaligned value access off 0+0+3 size 8", "not a multiple", "__builtin_memcpy()"},
    {"12: (85) call bpf_probe_read_user#112\n"
     "R2 unbounded memory access, use 'var &= const' or 'if (var < const)'",
     "argument 2 of bpf_probe_read_user, has no known limits", "n &= SIZE - 1"},
    {"12: (85) call bpf_probe_read_user#112\n"
     "R2 min value is negative, either use unsigned or 'var &= const'",
     "argument 2 of bpf_probe_read_user, may be negative", "n &= SIZE - 1"},
    {"R0 min value is negative, either use unsigned index or do a if (index >=0) check.",
     "may be negative", "var"},
    {"R6 unbounded memory access, make sure to bounds check any such access", "has no known limits",
     "just before its use"},
    {"value -17179869184 makes map_value pointer be out of bounds", "an index has no known limits",
     "just before its use"},
    {"math between fp pointer and register with unbounded min value is not allowed",
     "an index has no known limits", "just before its use"},
    {"R2 is not a known constant'", "is not constant", "ringbuf_output"},
    {"R2 invalid zero-sized read: u64=[0,15]", "may be zero", "n == 0"},
    {"write into map forbidden, value_size=8 off=0 size=8", "only read", "user space"},
    {"invalid access to map value, value_size=128 off=128 size=8\n"
     "R0 min value is outside of the allowed memory range",
     "accesses a map's value beyond its end", "check the index"},
    {"invalid access to memory, mem_size=8 off=0 size=16", "beyond its end", "sizeof"},
    {"dereference of modified ctx ptr R1 off=32768 disallowed", "far beyond its end",
     "struct pt_regs"},
    {"variable ctx access var_off=(0x0; 0x7) disallowed",
     "the index into the context is not constant", "copy"},
    {"invalid bpf_context access off=16 size=8", "may only read", "struct pt_regs *ctx"},
    {"invalid func unknown#4000", "this kernel does not have", "man 7 bpf-helpers"},
    {"1: (85) call bpf_override_return#58\nunknown func bpf_override_return#58",
     "cannot call the helper bpf_override_return", "bpftool feature probe"},
    {"1: (85) call bpf_override_return#58\n"
     "program of this type cannot use helper bpf_override_return#58",
     "cannot call the helper bpf_override_return", "bpftool feature probe"},
    {"7: (85) call bpf_trace_printk#6\n"
     "cannot call GPL-restricted function from non-GPL compatible program",
     "only programs under the GPL can call bpf_trace_printk", "BPF_LICENSE"},
    {"4: (85) call bpf_copy_from_user#148\nhelper call might sleep in a non-sleepable prog",
     "bpf_copy_from_user may sleep", "bpf_probe_read_user()"},
    {"83: (85) call bpf_loop#181\nR2 type=scalar expected=func",
     "argument 2 of bpf_loop is not a callback", "BPF_CALLBACK(name"},
    {"R2 type=inv expected=func", "is not a callback", "BPF_CALLBACK(name"},
    {"At callback return the register R0 has value (0x5; 0x0) should have been in (0x0; 0x1)",
     "a callback returns a value other than 0", "0 or 1"},
    {"At callback return the register R0 has smin=5 smax=5 should have been in [0, 1]",
     "a callback returns a value other than 0", "0 or 1"},
    {"callback function not allowed for map", "cannot walk over", "arrays and hashes"},
    {"tracing progs cannot use bpf_timer yet", "a map with timers", "rp_session_every()"},
    {"invalid func unknown#164", "bpf_for_each_map_elem, which this kernel", "Linux 5.13"},
    {"invalid func unknown#169", "bpf_timer_init, which this kernel", "Linux 5.15"},
    {"invalid func unknown#181", "bpf_loop, which this kernel", "Linux 5.17"},
    {"invalid func unknown#209", "bpf_user_ringbuf_drain, which this kernel", "Linux 6.1"},
    {"unrecognized bpf_ld_imm64 insn", "passes a callback", "Linux 5.13"},
    {"R6 invalid mem access 'dynptr_data_or_null'", "may be NULL", "if (!pointer)"},
    {"cannot pass map_type 1 into func bpf_perf_event_output#25",
     "does not accept a map of this type", "perf_submit"},
    {"R1 type=scalar expected=map_ptr", "is not a map", "map.lookup(&key)"},
    {"4: (85) call bpf_map_lookup_elem#1\nR2 type=scalar expected=fp, pkt, pkt_meta, map_key",
     "argument 2 of bpf_map_lookup_elem is a plain number", "&key"},
    {"R1 type=inv expected=fp, pkt, pkt_meta, map_value", "a plain number", "&key"},
    {"R1 type=fp expected=ctx", "a type that it does not accept", "man 7 bpf-helpers"},
    {"R0 leaks addr as return value", "would reach user space", "not its address"},
    {"R1 pointer arithmetic with *= operator prohibited", "multiplies", "index"},
    {"R0 bitwise operator &= on pointer prohibited", "masks", "index"},
    {"R1 32-bit pointer arithmetic prohibited", "32 bits", "u64"},
    {"R0 pointer += pointer prohibited", "two pointers", "numbers"},
    {"invalid size of register fill", "a part of a pointer", "u64"},
    {"1: (95) exit\nR0 !read_ok", "does not return a value", "return 0;"},
    {"0: (bf) r0 = r8\nR8 !read_ok", "never set", "u64 value = 0;"},
    {"At program exit the register R0 has value (0x5; 0x0) should have been in (0x0; 0x1)",
     "must not return", "return 0"},
    {"unreachable insn 2", "never be reached", "warnings"},
    {"jump out of range from insn 0 to 101", "out of the program", "return 0;"},
    {"last insn is not an exit or jmp", "without a `return`", "return 0;"},
    {"div by zero", "divides by zero", "divisor"},
};

START_TEST(rejections_are_explained) {
    char log[512];
    snprintf(log, sizeof(log), "0: R1=ctx() R10=fp0\n%s\nprocessed 2 insns (limit 1000000)\n\n",
             rejections[_i].log);
    struct rp_error *err = rp_load_error("f", "f.c", EACCES, log);
    ck_assert_str_eq(rp_error_what(err), "cannot load f");
    ck_assert_ptr_nonnull(strstr(rp_error_why(err), "verifier rejected it: "));
    ck_assert_msg(strstr(rp_error_why(err), rejections[_i].why), "no \"%s\" in \"%s\"",
                  rejections[_i].why, rp_error_why(err));
    ck_assert_msg(strstr(rp_error_hint(err), rejections[_i].hint), "no \"%s\" in \"%s\"",
                  rejections[_i].hint, rp_error_hint(err));
    ck_assert_str_eq(rp_error_detail(err), log);
    rp_error_free(err);
}
END_TEST

#define LOOKUP                                                                                     \
    "0: R1=ctx() R10=fp0\n"                                                                        \
    ";  @ own.c:0\n"                                                                               \
    "; return t->pid;%s\n"                                                                         \
    "1: (61) r0 = *(u32 *)(r0 +0)\n"                                                               \
    "; if (!record)%s\n"                                                                           \
    "R0 invalid mem access 'map_value_or_null'\n"                                                  \
    "processed 2 insns (limit 1000000)\n\n"

static void shows(const char *place, const char *ours, const char *source, const char *expected) {
    char log[1024];
    snprintf(log, sizeof(log), LOOKUP, place, ours);
    struct rp_error *err = rp_load_error("f", source, EACCES, log);
    const char *line = strchr(rp_error_why(err), '\n');
    ck_assert_ptr_nonnull(line);
    ck_assert_str_eq(line, expected);
    rp_error_free(err);
}

START_TEST(the_authors_line) {
#define WORDS "\n    verifier: R0 invalid mem access 'map_value_or_null'"
    shows(" @ own.c:6", " @ reprobe-types.h:65", "dir/own.c",
          "\n    dir/own.c:6: return t->pid;" WORDS);
    shows(" @ source.c:6", " @ reprobe-types.h:65", "standard input",
          "\n    standard input:6: return t->pid;" WORDS);
    shows(" @ mine.h:6", " @ helpers.h:9", "own.c", "\n    mine.h:6: return t->pid;" WORDS);
    shows("", "", "own.c", "\n    if (!record)" WORDS); /* before Linux 6.9 */
}
END_TEST

START_TEST(an_unknown_rejection_keeps_the_verifiers_words) {
    struct rp_error *err = rp_load_error("f", "f.c", EINVAL,
                                         "0: R1=ctx() R10=fp0\n; x();\n0: (85) call pc+1\n"
                                         "never heard of\nprocessed 1 insns\n");
    ck_assert_str_eq(rp_error_why(err), "the kernel's verifier rejected it\n    x();\n"
                                        "    verifier: never heard of");
    ck_assert_str_eq(rp_error_hint(err), "-v shows the verifier's full log");
    rp_error_free(err);
}
END_TEST

START_TEST(no_log) {
    struct rp_error *err = rp_load_error("f", "f.c", EPERM, "");
    ck_assert_str_eq(rp_error_why(err), strerror(EPERM));
    ck_assert_ptr_nonnull(rp_error_hint(err));
    ck_assert_ptr_null(rp_error_detail(err));
    rp_error_free(err);
}
END_TEST

Suite *verifier_suite(void) {
    Suite *suite = suite_create("verifier");
    TCase *tc = tcase_create("verifier");
    tcase_add_loop_test(tc, rejections_are_explained, 0, RP_COUNT(rejections));
    tcase_add_test(tc, the_authors_line);
    tcase_add_test(tc, an_unknown_rejection_keeps_the_verifiers_words);
    tcase_add_test(tc, no_log);
    suite_add_tcase(suite, tc);
    return suite;
}
