/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/ksyms.h"
#include "probe/probe.h"
#include "probe/symbols.h"
#include "suites.h"
#include "util/array.h"

/* ------------------------------------------------------------------ good specs */

static const struct {
    const char *text, *full;
} good[] = {
    {"kprobe:vfs_read", "kprobe:vfs_read"},
    {"k:vfs_read", "kprobe:vfs_read"},
    {"kprobe:vfs_read+8", "kprobe:vfs_read+8"},
    {"kprobe:vfs_read+0x10", "kprobe:vfs_read+16"},
    {"kprobe:vfs_read+0", "kprobe:vfs_read"},
    {"kprobe:vfs_read.isra.0", "kprobe:vfs_read.isra.0"},
    {"kprobe:0$_.", "kprobe:0$_."},
    {"kretprobe:vfs_read", "kretprobe:vfs_read"},
    {"k:nfs:nfs_read+8", "kprobe:nfs:nfs_read+8"},
    {"kr:nf-s:nfs_read", "kretprobe:nf-s:nfs_read"},
    {"f:nfs:nfs_read", "fentry:nfs:nfs_read"},
    {"fr:nfs:nfs_read", "fexit:nfs:nfs_read"},
    {"kprobe:0xffffffff81000000", "kprobe:0xffffffff81000000"},
    {"u:./a:Shape::area(int, char*)", "uprobe:./a:Shape::area(int, char*)"},
    {"u:./a:b:std::vector<int>::push(int const&)+4",
     "uprobe:./a:b:std::vector<int>::push(int const&)+4"},
    {"kr:vfs_read", "kretprobe:vfs_read"},
    {"tracepoint:sched:sched_switch", "tracepoint:sched:sched_switch"},
    {"t:sched:sched_switch", "tracepoint:sched:sched_switch"},
    {"t:xhci-hcd:xhci_dbg_quirks", "tracepoint:xhci-hcd:xhci_dbg_quirks"},
    {"rawtracepoint:sched_switch", "rawtracepoint:sched_switch"},
    {"rt:sched_switch", "rawtracepoint:sched_switch"},
    {"fentry:vfs_read", "fentry:vfs_read"},
    {"f:vfs_read", "fentry:vfs_read"},
    {"kfunc:vfs_read", "fentry:vfs_read"},
    {"fexit:vfs_read", "fexit:vfs_read"},
    {"fr:vfs_read", "fexit:vfs_read"},
    {"kretfunc:vfs_read", "fexit:vfs_read"},
    {"tp_btf:sched_switch", "tp_btf:sched_switch"},
    {"uprobe:/bin/bash:readline", "uprobe:/bin/bash:readline"},
    {"u:bash:readline+0x10", "uprobe:bash:readline+16"},
    {"u:./a:b/c.d-e:main", "uprobe:./a:b/c.d-e:main"},
    {"u:c:0x1234", "uprobe:c:0x1234"},
    {"u:prog:_ZN3FooC1Ev", "uprobe:prog:_ZN3FooC1Ev"},
    {"u:prog:net/http.(~T).Get", "uprobe:prog:net/http.(~T).Get"},
    {"uretprobe:libc.so.6:malloc", "uretprobe:libc.so.6:malloc"},
    {"ur:c:malloc", "uretprobe:c:malloc"},
    {"usdt:/bin/prog:provider:name", "usdt:/bin/prog:provider:name"},
    {"U:prog:name", "usdt:prog:name"},
    {"usdt:./a:b/c:provider:name-1", "usdt:./a:b/c:provider:name-1"},
    {"profile:hz:99", "profile:hz:99"},
    {"p:us:100", "profile:us:100"},
    {"p:ms:0010", "profile:ms:10"},
    {"interval:s:1", "interval:s:1"},
    {"i:hz:10", "interval:hz:10"},
    {"software:page-faults:10", "software:page-faults:10"},
    {"s:faults", "software:page-faults:100"},
    {"h:cycles:99", "hardware:cpu-cycles:99"},
    {"hardware:cache-misses", "hardware:cache-misses:1000000"},
    {"uprobe:./a:f%return", "uretprobe:./a:f"},
    {"kprobe:vfs_read%return", "kretprobe:vfs_read"},
    {"fentry:vfs_read%return", "fexit:vfs_read"},
    {"kretprobe:vfs_read%return", "kretprobe:vfs_read"},
    {"uprobe:./a:src/main.c:24", "uprobe:./a:src/main.c:24"},
    {"uprobe:./a:b:main.c++:24", "uprobe:./a:b:main.c++:24"},
    {"uprobe:./a:V::operator+(V)", "uprobe:./a:V::operator+(V)"},
    {"uprobe:./a:V::operator++(int)+0x8", "uprobe:./a:V::operator++(int)+8"},
    {"uretprobe:./a:V::operator+=(V)", "uretprobe:./a:V::operator+=(V)"},
    {"watchpoint:counter:8:w", "watchpoint:counter:8:w"},
    {"w:counter+0x10:4:wr", "watchpoint:counter+16:4:rw"},
    {"w:./a:b/c:_ZN3Foo1nE:2:rw", "watchpoint:./a:b/c:_ZN3Foo1nE:2:rw"},
    {"w:0xFFFFffff81000008:8:x", "watchpoint:0xffffffff81000008:8:x"},
    {"watchpoint:kernel:jiffies_64:8:w", "watchpoint:kernel:jiffies_64:8:w"},
};

START_TEST(test_good_spec) {
    struct rp_spec spec;
    ck_assert_ptr_null(rp_spec_parse(good[_i].text, &spec));
    char *text = rp_spec_text(&spec);
    ck_assert_str_eq(text, good[_i].full);
    rp_spec_clear(&spec);

    /* The full text means the same. */
    ck_assert_ptr_null(rp_spec_parse(text, &spec));
    char *again = rp_spec_text(&spec);
    ck_assert_str_eq(again, text);
    rp_spec_clear(&spec);
    free(again);
    free(text);
}
END_TEST

START_TEST(test_parts) {
    struct rp_spec spec;
    ck_assert_ptr_null(rp_spec_parse("k:vfs_read+0xff", &spec));
    ck_assert_ptr_eq(spec.kind, &rp_kprobe_kind);
    ck_assert_str_eq(spec.target, "vfs_read");
    ck_assert_ptr_null(spec.category);
    ck_assert_uint_eq(spec.offset, 0xff);
    rp_spec_clear(&spec);

    ck_assert_ptr_null(rp_spec_parse("t:sched:sched_switch", &spec));
    ck_assert_ptr_eq(spec.kind, &rp_tracepoint_kind);
    ck_assert_str_eq(spec.category, "sched");
    ck_assert_str_eq(spec.target, "sched_switch");
    rp_spec_clear(&spec);
}
END_TEST

/* ------------------------------------------------------------------ bad specs */

/* With a part of the reason and a part of the hint. */
static const struct {
    const char *text, *why, *hint;
} bad[] = {
    {"kprobe:vfs_read+4%return", "nothing returns at kprobe:vfs_read+4", "usage: kprobe:"},
    {"uprobe:./a:f%return%return", "does not stand once", "behind the function's name"},
    {"uprobe:./a:f%return+0", "does not stand once", "behind the function's name"},
    {"uprobe:./a:main.c:24%return", "nothing returns at uprobe:./a:main.c:24", "usage: uprobe:"},
    {"uprobe:./a:6+0", "6 is a number", "an address begins with 0x"},
    {"uretprobe:./a:main.c:24", "has no line", "uprobe:PATH:FILE:LINE is at a line"},
    {NULL, "empty", "kprobe:[MODULE:]FUNCTION[+OFFSET], kretprobe:"},
    {"", "empty", "rawtracepoint:NAME"},
    {"vfs_read", "no colon", "kprobe:[MODULE:]FUNCTION"},
    {"kprobe", "not where", "usage: kprobe:[MODULE:]FUNCTION"},
    {"k", "not where", "usage: kprobe:[MODULE:]FUNCTION"},
    {":vfs_read", "kind is missing", "kprobe:[MODULE:]FUNCTION"},
    {"kprob:vfs_read", "unknown probe kind \"kprob\"", "did you mean kprobe"},
    {"KPROBE:vfs_read", "unknown probe kind", "kprobe:[MODULE:]FUNCTION"},
    {"raw_tracepoint:x", "unknown probe kind", "did you mean rawtracepoint"},
    {"iter:", "iterator is missing", "usage: iter:NAME"},
    {"iter:task:1", "too many parts", "usage: iter:NAME"},
    {"asyncwatchpoint:x", "which reprobe does not have", "a probe is one of kprobe:"},
    {"fentry:", "function is missing", "usage: fentry:[MODULE:]FUNCTION"},
    {"fentry:vfs_read+8", "has no offset", "kprobe:FUNCTION+OFFSET"},
    {"fexit:nfs:nfs:read", "too many parts: a fexit is at one function",
     "usage: fexit:[MODULE:]FUNCTION"},
    {"fexit:vfs-read", "'-'", "usage: fexit:"},
    {"tp_btf:", "tracepoint is missing", "usage: tp_btf:NAME"},
    {"tp_btf:sched:sched_switch", "too many parts: a tp_btf is at one tracepoint", "tp_btf:NAME"},
    {"tp_btf:sched_switch+8", "'+'", "usage: tp_btf:"},
    {"uprob:/bin/sh:main", "unknown probe kind \"uprob\"", "did you mean uprobe"},
    {"uprobe:", "program or library of a uprobe is missing", "usage: uprobe:PATH:FUNCTION"},
    {"uprobe:bash", "two parts", "usage: uprobe:PATH:FUNCTION"},
    {"uprobe::main", "program or library is missing", "usage: uprobe:"},
    {"uprobe:bash:", "function is missing", "usage: uprobe:"},
    {"uprobe:bash:main+", "offset after the + is missing", "usage: uprobe:"},
    {"uprobe:bash:main+x", "\"x\" is not an offset", "usage: uprobe:"},
    {"uprobe:bash:ma;in", "';'", "usage: uprobe:"},
    {"uprobe:/my dir/x:main", "white space", "symbolic link"},
    {"uprobe:/bin/*:main", "pattern", "reprobe list"},
    {"uretprobe:bash:main+8", "no offset", "uprobe:PATH:FUNCTION+OFFSET"},
    {"uretprobe:bash", "two parts", "usage: uretprobe:PATH:FUNCTION"},
    {"usdt:", "program or library of a usdt is missing", "usage: usdt:PATH:[PROVIDER:]NAME"},
    {"usdt:prog", "two or three parts", "usage: usdt:"},
    {"usdt:prog:", "probe is missing", "usage: usdt:"},
    {"usdt::name", "program or library is missing", "usage: usdt:"},
    {"usdt:prog:pro,vider:name", "','", "usage: usdt:"},
    {"usdt:prog:provider:na+8", "'+'", "usage: usdt:"},
    {"profile", "not where", "usage: profile:UNIT:NUMBER"},
    {"profile:", "unit of time is missing", "usage: profile:"},
    {"profile:99", "two parts, a unit and a number", "usage: profile:"},
    {"profile::99", "unit is missing", "usage: profile:"},
    {"profile:hz:", "number is missing", "usage: profile:"},
    {"profile:hz:0", "\"0\" is not a number", "usage: profile:"},
    {"profile:hz:-1", "\"-1\" is not a number", "usage: profile:"},
    {"profile:hz:9.9", "\"9.9\" is not a number", "usage: profile:"},
    {"profile:hz:99:1", "\"99:1\" is not a number", "usage: profile:"},
    {"profile:hz:99999999999999999999", "is not a number", "usage: profile:"},
    {"profile:min:1", "not a unit of time: it is hz, s, ms or us", "usage: profile:"},
    {"profile:us:9", "at most every 10 microseconds", "profile:us:10"},
    {"interval:s:99999999999", "too long", "usage: interval:UNIT:NUMBER"},
    {"software:", "event is missing", "usage: software:EVENT"},
    {"software:page-fault", "no software event page-fault", "did you mean page-faults"},
    {"software:cycles", "no software event cycles", "did you mean hardware:cycles"},
    {"software:page_faults", "'_'", "usage: software:"},
    {"software:qqqqq", "no software event qqqqq", "reprobe list software"},
    {"software:cs:", "count is missing", "usage: software:"},
    {"software:cs:0", "\"0\" is not a count", "usage: software:"},
    {"software:cs:x", "\"x\" is not a count", "usage: software:"},
    {"software:cs:9223372036854775808", "too large", "usage: software:"},
    {"hardware:cs", "no hardware event cs", "did you mean software:cs"},
    {"hardware:cycles:1:1", "\"1:1\" is not a count", "usage: hardware:EVENT"},
    {"kprobe:", "function is missing", "usage: kprobe:[MODULE:]FUNCTION"},
    {"kprobe:+8", "function is missing", "usage: kprobe:[MODULE:]FUNCTION"},
    {"kretprobe:", "function is missing", "usage: kretprobe:[MODULE:]FUNCTION"},
    {"kprobe:nfs:nfs:read", "too many parts", "usage: kprobe:[MODULE:]FUNCTION"},
    {"kprobe:n*s:nfs_read+8", "pattern", "reprobe list"},
    {"kprobe::nfs_read", "module is missing", "usage: kprobe:[MODULE:]FUNCTION"},
    {"kprobe:vfs_read+", "offset after the + is missing", "usage: kprobe:"},
    {"kprobe:vfs_read+x", "\"x\" is not an offset", "usage: kprobe:"},
    {"kprobe:vfs_read+8z", "\"8z\" is not an offset", "usage: kprobe:"},
    {"kprobe:vfs_read+0x", "\"0x\" is not an offset", "usage: kprobe:"},
    {"kprobe:vfs_read+-8", "\"-8\" is not an offset", "usage: kprobe:"},
    {"kprobe:vfs_read++8", "\"+8\" is not an offset", "usage: kprobe:"},
    {"kprobe:vfs_read+8+8", "not an offset", "usage: kprobe:"},
    {"kprobe:vfs_read+99999999999999999999", "not an offset", "usage: kprobe:"},
    {"kretprobe:vfs_read+8", "no offset", "kprobe:FUNCTION+OFFSET"},
    {"kprobe:vfs_read()", "'('", "usage: kprobe:"},
    {"kprobe:vfs-read", "'-'", "usage: kprobe:"},
    {"kprobe:../x", "'/'", "usage: kprobe:"},
    {"kprobe:vfs\x01read", "0x01", "usage: kprobe:"},
    {"kprobe:vf\xc3\xbcs", "0xc3", "usage: kprobe:"},
    {"kprobe:vfs read", "white space", "KIND:NAME"},
    {" kprobe:vfs_read", "white space", "KIND:NAME"},
    {"kprobe:vfs_read\n", "white space", "KIND:NAME"},
    {"kprobe:vfs_*", "it is a pattern", "reprobe list 'kprobe:vfs_*'"},
    {"tracepoint:sched:*", "pattern", "reprobe list"},
    {"*", "pattern", "reprobe list"},
    {"tracepoint:", "category is missing", "usage: tracepoint:CATEGORY:NAME"},
    {"tracepoint:sched_switch", "two parts", "usage: tracepoint:CATEGORY:NAME"},
    {"tracepoint::sched_switch", "category is missing", "usage: tracepoint:"},
    {"tracepoint:sched:", "tracepoint is missing", "usage: tracepoint:"},
    {"tracepoint:a:b:c", "too many parts", "usage: tracepoint:"},
    {"tracepoint:../x:y", "'/'", "usage: tracepoint:"},
    {"tracepoint:sched:sched_switch+8", "'+'", "usage: tracepoint:"},
    {"rawtracepoint:", "tracepoint is missing", "usage: rawtracepoint:NAME"},
    {"rawtracepoint:sched:sched_switch", "has no category", "tracepoint:CATEGORY:NAME"},
    {"rawtracepoint:sched-switch", "'-'", "usage: rawtracepoint:"},
};

START_TEST(test_bad_spec) {
    struct rp_spec spec;
    struct rp_error *err = rp_spec_parse(bad[_i].text, &spec);
    ck_assert_ptr_nonnull(err);
    ck_assert_ptr_nonnull(strstr(rp_error_what(err), "cannot understand the probe"));
    ck_assert_ptr_nonnull(strstr(rp_error_what(err), bad[_i].text ? bad[_i].text : ""));
    ck_assert_msg(strstr(rp_error_why(err), bad[_i].why) != NULL, "why: %s", rp_error_why(err));
    ck_assert_ptr_nonnull(rp_error_hint(err));
    ck_assert_msg(strstr(rp_error_hint(err), bad[_i].hint) != NULL, "hint: %s", rp_error_hint(err));
    ck_assert_int_gt(rp_error_errno(err), 0);
    /* Nothing is left to clear. */
    ck_assert_ptr_null(spec.target);
    ck_assert_ptr_null(spec.category);
    ck_assert_ptr_null(spec.path);
    rp_error_free(err);
}
END_TEST

START_TEST(test_overlong_name) {
    char text[2048] = "kprobe:";
    memset(text + strlen(text), 'a', sizeof(text) - strlen(text) - 1);
    text[sizeof(text) - 1] = '\0';
    struct rp_spec spec;
    struct rp_error *err = rp_spec_parse(text, &spec);
    ck_assert_ptr_nonnull(err);
    ck_assert_ptr_nonnull(strstr(rp_error_why(err), "bytes; at most 511"));
    ck_assert_uint_lt(strlen(rp_error_what(err)), 200);
    rp_error_free(err);
}
END_TEST

START_TEST(test_unknown_kind_of_list) {
    struct rp_error *err = rp_probe_list("kprob", NULL, NULL, NULL);
    ck_assert_ptr_nonnull(err);
    ck_assert_ptr_nonnull(strstr(rp_error_why(err), "unknown probe kind \"kprob\""));
    ck_assert_ptr_nonnull(strstr(rp_error_hint(err), "did you mean kprobe"));
    rp_error_free(err);
}
END_TEST

/* ------------------------------------------------------------------ functions that name a probe */

static const struct {
    const char *function, *spec;
} named[] = {
    {"kprobe__vfs_read", "kprobe:vfs_read"},
    {"kretprobe__vfs_read", "kretprobe:vfs_read"},
    {"kprobe____x64_nonesuch", "kprobe:__x64_nonesuch"},
    {"tracepoint__sched__sched_switch", "tracepoint:sched:sched_switch"},
    {"tracepoint__a__b__c", "tracepoint:a:b__c"},
    {"raw_tracepoint__sched_switch", "rawtracepoint:sched_switch"},
    {"kfunc__vfs_read", "fentry:vfs_read"},
    {"kfunc__vmlinux__vfs_read", "fentry:vfs_read"},
    {"kretfunc__vmlinux__vfs_read", "fexit:vfs_read"},
    {"kretfunc__vfs_read", "fexit:vfs_read"},
    {"tp_btf__sched_switch", "tp_btf:sched_switch"},
    {"kfunc__", NULL},
    {"tracepoint__sched", NULL},
    {"tracepoint____sched", NULL},
    {"tracepoint__sched__", NULL},
    {"kprobe__", NULL},
    {"kprobe_vfs_read", NULL},
    {"hello", NULL},
    {"", NULL},
};

START_TEST(test_named_function) {
    char *spec = rp_probe_spec_of_function(named[_i].function);
    if (named[_i].spec)
        ck_assert_str_eq(spec, named[_i].spec);
    else
        ck_assert_ptr_null(spec);
    free(spec);
}
END_TEST

/* ------------------------------------------------------------------ sections of ELF files */

/* Without a spec: it says only what kind it is, or (why) cannot be attached. */
static const struct {
    const char *section, *spec, *why;
} sections[] = {
    {"kprobe/vfs_read", "kprobe:vfs_read", NULL},
    {"kprobe/vfs_read+4", "kprobe:vfs_read+4", NULL},
    {"kprobe.multi/vfs_*", "kprobe:vfs_*", NULL},
    {"kretprobe/vfs_read", "kretprobe:vfs_read", NULL},
    {"ksyscall/openat", "kprobe:sys_openat", NULL},
    {"kretsyscall/openat", "kretprobe:sys_openat", NULL},
    {"kprobe", NULL, NULL},
    {"tp/sched/sched_switch", "tracepoint:sched:sched_switch", NULL},
    {"tracepoint/syscalls/sys_enter_openat", "tracepoint:syscalls:sys_enter_openat", NULL},
    {"raw_tp/sched_switch", "rawtracepoint:sched_switch", NULL},
    {"raw_tracepoint/sys_enter", "rawtracepoint:sys_enter", NULL},
    {"tp_btf/sched_switch", "tp_btf:sched_switch", NULL},
    {"fentry/do_unlinkat", "fentry:do_unlinkat", NULL},
    {"fexit.s/do_unlinkat", "fexit:do_unlinkat", NULL},
    {"uprobe//usr/bin/bash:readline", "uprobe:/usr/bin/bash:readline", NULL},
    {"uprobe.s", NULL, NULL},
    {"uretprobe/bash:readline", "uretprobe:bash:readline", NULL},
    {"usdt/libc.so.6:libc:setjmp", "usdt:libc.so.6:libc:setjmp", NULL},
    {"perf_event", "profile:hz:49", NULL},
    {"iter/task", "iter:task", NULL},
    {"kprobe.session/vfs_*", "kprobe.session:vfs_*", NULL},
    {"uprobe.session//bin/sh:main", "uprobe.session:/bin/sh:main", NULL},
    {"fmod_ret/security_file_open", "fmod_ret:security_file_open", NULL},
    {"fmod_ret.s/security_file_open", "fmod_ret:security_file_open", NULL},
    {"lsm/file_open", "lsm:file_open", NULL},
    {"xdp", "xdp:lo", NULL},
    {"xdp.frags", "xdp:lo", NULL},
    {"xdp/cpumap", NULL, "where a map sends packets to"},
    {"tc", "tc:ingress:lo", NULL},
    {"tcx/egress", "tc:egress:lo", NULL},
    {"classifier", "tc:ingress:lo", NULL},
    {"socket", "socket:lo", NULL},
    {"cgroup_skb/egress", "cgroup:egress:/cg", NULL},
    {"cgroup/connect4", "cgroup:connect4:/cg", NULL},
    {"sockops", "cgroup:sockops:/cg", NULL},
    {"cgroup/nothing", NULL, "does not attach programs of the section cgroup/nothing"},
    {"struct_ops/init", NULL, "does not run programs of the section struct_ops/init: it replaces"},
    {"freplace/f", NULL, "does not run programs of the section freplace/f: it replaces a function"},
    {"syscall", "run:once", NULL},
    {"uprobe/readline", NULL, NULL},
    {"kprobes/vfs_read", NULL, "does not attach programs of the section"},
};

START_TEST(test_section) {
    const struct rp_section where = {.interface = "lo", .cgroup = "/cg"};
    char *spec = NULL;
    struct rp_error *err = rp_spec_of_section(sections[_i].section, &where, &spec);
    if (sections[_i].why) {
        ck_assert_ptr_nonnull(err);
        ck_assert_ptr_nonnull(strstr(rp_error_why(err), sections[_i].why));
    } else {
        ck_assert_ptr_null(err);
    }
    if (sections[_i].spec)
        ck_assert_str_eq(spec, sections[_i].spec);
    else
        ck_assert_ptr_null(spec);
    rp_error_free(err);
    free(spec);
}
END_TEST

START_TEST(test_section_without_interface) {
    const struct rp_section where = {0};
    char *spec = NULL;
    struct rp_error *err = rp_spec_of_section("xdp", &where, &spec);
    ck_assert_ptr_nonnull(err);
    ck_assert_ptr_nonnull(strstr(rp_error_hint(err), "--interface"));
    rp_error_free(err);
    ck_assert_ptr_null(rp_spec_of_section("sockops", &where, &spec));
    ck_assert_str_eq(spec, "cgroup:sockops");
    free(spec);
}
END_TEST

static const struct {
    const char *a, *b;
    bool same;
} twins[] = {
    {"kprobe:vfs_read", "fentry:vfs_read", true},
    {"kretprobe:vfs_read", "fexit:vfs_read", true},
    {"rawtracepoint:sys_enter", "tp_btf:sys_enter", true},
    {"kprobe:vfs_read", "kprobe:vfs_read", false}, /* of one kind: the author means two */
    {"kprobe:vfs_read", "fexit:vfs_read", false},
    {"kprobe:vfs_read+4", "fentry:vfs_read", false},
    {"kprobe:vfs_read", "fentry:vfs_write", false},
    {"rawtracepoint:vfs_read", "fentry:vfs_read", false},
    {"tracepoint:raw_syscalls:sys_enter", "tp_btf:sys_enter", false},
    {"xdp:lo", "socket:lo", false},
    {"uprobe:/bin/sh:main", "kprobe:main", false},
};

START_TEST(test_twins) {
    struct rp_spec a, b;
    ck_assert_ptr_null(rp_spec_parse(twins[_i].a, &a));
    ck_assert_ptr_null(rp_spec_parse(twins[_i].b, &b));
    ck_assert_int_eq(rp_spec_is_same_event(&a, &b), twins[_i].same);
    ck_assert_int_eq(rp_spec_is_same_event(&b, &a), twins[_i].same);
    rp_spec_clear(&a);
    rp_spec_clear(&b);
}
END_TEST

/* Whatever prefix the source has, the spec has this kernel's. */
START_TEST(test_named_syscall) {
    static const char *const functions[] = {"kprobe__sys_clone", "kprobe____x64_sys_clone",
                                            "kprobe____arm64_sys_clone"};
    char expected[64];
    snprintf(expected, sizeof(expected), "kprobe:%sclone", rp_syscall_prefix());
    for (size_t i = 0; i < RP_COUNT(functions); i++) {
        char *spec = rp_probe_spec_of_function(functions[i]);
        ck_assert_str_eq(spec, expected);
        free(spec);
    }
    /* What 32-bit tasks call, and what is within the first, are functions of their own. */
    static const char *const others[] = {"__ia32_compat_sys_openat", "__ia32_sys_clone",
                                         "__se_sys_clone", "__do_sys_clone"};
    for (size_t i = 0; i < RP_COUNT(others); i++) {
        char function[64], own[64];
        snprintf(function, sizeof(function), "kprobe__%s", others[i]);
        snprintf(own, sizeof(own), "kprobe:%s", others[i]);
        char *spec = rp_probe_spec_of_function(function);
        ck_assert_str_eq(spec, own);
        ck_assert(!rp_is_syscall_function(others[i]));
        free(spec);
    }
    /* A prefix alone makes no syscall. */
    char *spec = rp_probe_spec_of_function("kprobe__sys_no_such_call");
    ck_assert_str_eq(spec, "kprobe:sys_no_such_call");
    free(spec);
}
END_TEST

START_TEST(test_syscall_of) {
    ck_assert_str_eq(rp_syscall_of("sys_clone"), "clone");
    ck_assert_str_eq(rp_syscall_of("__x64_sys_clone"), "clone");
    ck_assert_str_eq(rp_syscall_of("__ia32_compat_sys_open"), "open");
    ck_assert_ptr_null(rp_syscall_of("vfs_read"));
}
END_TEST

/* ------------------------------------------------------------------ names of numbers */

static const struct {
    const char *print, *field, *look;
} prints[] = {
    {"__print_symbolic(REC->vec, { 0, \"HI\" }, { 1, \"TIMER\" })", "vec", "names:0=HI,1=TIMER"},
    {"REC->vec, __print_symbolic(REC->vector, { 0, \"HI\" })", "vec", NULL},
    {"__print_symbolic(REC->a, { 1, \"A\" }), __print_symbolic(REC->b, { 2, \"B\" })", "b",
     "names:2=B"},
    {"__print_flags(REC->f, \"|\", { 0x1, \"R\" }, { 0x2UL, \"W\" }), REC->g", "f",
     "flags:1=R,2=W"},
    {"__print_flags((unsigned long)REC->f, \"|\", { 4, \"X\" })", "f", "flags:4=X"},
    {"__print_flags(REC->f & 3, \"|\", { 4, \"X\" })", "f", NULL},
    {"__print_symbolic(REC->a, { (1 << 2), \"A\" }, { 8, \"B\" })", "a", "names:8=B"},
    {"__print_symbolic(REC->a, { 1, \"A,B\" })", "a", NULL},
    {"__print_symbolic(REC->a, { 1, \"A\"", "a", "names:1=A"},
    {"__print_symbolic(REC->a", "a", NULL},
    {"", "a", NULL},
};

START_TEST(test_symbols) {
    char format[256];
    snprintf(format, sizeof(format), "\tfield:int a;\n\nprint fmt: \"%%s\", %s\n",
             prints[_i].print);
    char *look = rp_format_symbols(format, prints[_i].field);
    ck_assert_pstr_eq(look, prints[_i].look);
    free(look);
}
END_TEST

Suite *spec_suite(void) {
    Suite *suite = suite_create("spec");
    TCase *tests = tcase_create("spec");
    tcase_add_loop_test(tests, test_good_spec, 0, RP_COUNT(good));
    tcase_add_loop_test(tests, test_section, 0, RP_COUNT(sections));
    tcase_add_test(tests, test_section_without_interface);
    tcase_add_loop_test(tests, test_twins, 0, RP_COUNT(twins));
    tcase_add_test(tests, test_parts);
    tcase_add_loop_test(tests, test_symbols, 0, RP_COUNT(prints));
    tcase_add_loop_test(tests, test_bad_spec, 0, RP_COUNT(bad));
    tcase_add_test(tests, test_overlong_name);
    tcase_add_test(tests, test_unknown_kind_of_list);
    tcase_add_loop_test(tests, test_named_function, 0, RP_COUNT(named));
    tcase_add_test(tests, test_named_syscall);
    tcase_add_test(tests, test_syscall_of);
    suite_add_tcase(suite, tests);
    return suite;
}
