/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions of questions as trees: what they are, what is wrong with them, and how they are read.
 * The kernel's types are the running one's; those of which every byte is known are declared here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/btf.h"
#include "query/tree/declare.h"
#include "query/tree/read.h"
#include "query/tree/tree.h"
#include "suites.h"
#include "util/array.h"
#include "util/error.h"

/* ------------------------------------------------------------------ what has a name */

static const char own_types[] =
    "typedef unsigned long long big;\n"
    "enum color { RED, GREEN = 5, BLUE };\n"
    "enum sign { MINUS = -1, PLUS = 1 };\n"
    "struct pair { short x, y; };\n"
    "struct bits { unsigned a : 3, b : 7, : 0, c : 32; int low : 5, high : 12; u64 wide : 60; };\n"
    "struct __attribute__((packed)) packed { char a; int b : 13; long c; unsigned long long d : "
    "63; };\n"
    "struct flexible { int count; struct pair items[]; };\n"
    "struct conf {\n"
    "    int n; char *s; big b; struct conf *next; enum color c; char name[16];\n"
    "    struct { short x, y; } point; int (*call)(int); unsigned grid[2][3];\n"
    "    union { int i; long l; }; struct other *unknown; bool is; unsigned __int128 address;\n"
    "    double ratio; struct pair pairs[4]; unsigned char raw[6]; enum sign sign;\n"
    "};\n";

static const struct {
    const char *name, *type;
    enum rp_memory memory;
    int origin;
    bool in_place, trusted;
    const char *length;
} names[] = {
    {"conf", "struct conf *", RP_MEMORY_USER, RP_OF_PROBE, false, false, NULL},
    {"bits", "struct bits *", RP_MEMORY_KERNEL, RP_OF_PROBE, false, false, NULL},
    {"packed", "struct packed *", RP_MEMORY_KERNEL, RP_OF_PROBE, false, false, NULL},
    {"flexible", "struct flexible *", RP_MEMORY_KERNEL, RP_OF_PROBE, false, false, NULL},
    {"value", "struct pair", RP_MEMORY_KERNEL, RP_OF_PROBE, true, false, NULL},
    {"trusted", "struct pair *", RP_MEMORY_KERNEL, RP_OF_PROBE, false, true, NULL},
    {"argv", "const char *const *", RP_MEMORY_USER, RP_OF_PROBE, false, false, NULL},
    {"text", "const char *", RP_MEMORY_EITHER, RP_OF_PROBE, false, false, NULL},
    {"buffer", "char *", RP_MEMORY_USER, RP_OF_PROBE, false, false, "count"},
    {"count", "size_t", RP_MEMORY_EITHER, RP_OF_PROBE, false, false, NULL},
    {"number", "int", RP_MEMORY_EITHER, RP_OF_PROBE, false, false, NULL},
    {"arg0", "long", RP_MEMORY_USER, RP_OF_PROBE, false, false, NULL},
    {"fill", "int (*)(void *, int)", RP_MEMORY_EITHER, RP_OF_PROBE, false, false, NULL},
    {"pid", "u32", RP_MEMORY_EITHER, RP_OF_TASK, false, false, NULL},
    {"nsecs", "u64", RP_MEMORY_EITHER, RP_OF_TASK, false, false, NULL},
    {"comm", "char [16]", RP_MEMORY_KERNEL, RP_OF_TASK, true, false, NULL},
    {"ret", "long", RP_MEMORY_EITHER, RP_OF_RETURN, false, false, NULL},
    /* of the kernel */
    {"file", "struct file *", RP_MEMORY_EITHER, RP_OF_PROBE, false, false, NULL},
    {"task", "struct task_struct *", RP_MEMORY_EITHER, RP_OF_PROBE, false, false, NULL},
    {"name", "struct filename *", RP_MEMORY_EITHER, RP_OF_PROBE, false, false, NULL},
    {"sk", "struct sock *", RP_MEMORY_EITHER, RP_OF_PROBE, false, false, NULL},
    {"skb", "struct sk_buff *", RP_MEMORY_EITHER, RP_OF_PROBE, false, false, NULL},
    {"address", "struct sockaddr *", RP_MEMORY_EITHER, RP_OF_PROBE, false, false, NULL},
    {"mode", "umode_t", RP_MEMORY_EITHER, RP_OF_PROBE, false, false, NULL},
    {"uid", "kuid_t", RP_MEMORY_KERNEL, RP_OF_PROBE, true, false, NULL},
};
#define OWN_NAMES 17

static struct rp_c_types types;
static struct rp_variable variables[RP_COUNT(names)];
static struct rp_scope scope;

static void prepare(const struct rp_btf *kernel, size_t count) {
    types = (struct rp_c_types){.kernel = kernel};
    struct rp_error *err = rp_c_declare(&types, own_types);
    ck_assert_msg(!err, "%s", err ? rp_error_why(err) : "");
    for (size_t i = 0; i < count; i++) {
        variables[i] = (struct rp_variable){.name = names[i].name,
                                            .memory = names[i].memory,
                                            .origin = names[i].origin,
                                            .in_place = names[i].in_place,
                                            .trusted = names[i].trusted,
                                            .length = names[i].length};
        err = rp_c_type_parse(&types, names[i].type, &variables[i].type);
        ck_assert_msg(!err, "%s: %s", names[i].type, err ? rp_error_why(err) : "");
    }
    scope = (struct rp_scope){.types = &types,
                              .variables = variables,
                              .count = count,
                              .owner = "probed",
                              .noun = "argument",
                              .memory = RP_MEMORY_EITHER};
}

static void prepare_own(void) {
    prepare(NULL, OWN_NAMES);
}

static void prepare_kernel(void) {
    prepare(rp_kernel_types_or_null(), RP_COUNT(names));
}

static void release(void) {
    rp_c_types_clear(&types);
}

static void release_kernel(void) {
    rp_c_types_clear(&types);
    rp_kernel_btf_release();
}

static const struct rp_node *parsed(const char *text) {
    const struct rp_node *node = NULL;
    struct rp_error *err = rp_tree_parse(&scope, text, &node);
    ck_assert_msg(!err, "%s: %s", text, err ? rp_error_why(err) : "");
    return node;
}

/* ------------------------------------------------------------------ what they are */

struct kind {
    const char *text;
    const char *type; /* in C */
    unsigned size;
    bool is_signed, is_text;
};

static void check_kind(const struct kind *want) {
    const struct rp_node *node = parsed(want->text);
    char *type = rp_c_type_text(node->type);
    ck_assert_msg(!strcmp(type, want->type), "%s is of type %s", want->text, type);
    ck_assert_msg(node->type->size == want->size, "%s has size %ju", want->text,
                  (uintmax_t)node->type->size);
    ck_assert_msg(node->type->is_signed == want->is_signed, "%s: is_signed", want->text);
    ck_assert_msg(node->is_text == want->is_text, "%s: is_text", want->text);
    free(type);
}

static const struct kind own_kinds[] = {
    {"conf", "struct conf *", 8, false, false},
    {"conf->n", "int", 4, true, false},
    {"conf->s", "char *", 8, false, true},
    {"conf->b", "big", 8, false, false},
    {"conf->next->next->c", "enum color", 4, false, false},
    {"conf->sign", "enum sign", 4, true, false},
    {"conf->name", "char [16]", 16, false, true},
    {"conf->name[0]", "char", 1, true, false},
    {"conf->raw", "unsigned char [6]", 6, false, false},
    {"conf->point.y", "short", 2, true, false},
    {"conf->grid", "unsigned int [2][3]", 24, false, false},
    {"conf->grid[1]", "unsigned int [3]", 12, false, false},
    {"conf->grid[1][2]", "unsigned int", 4, false, false},
    {"conf->l", "long", 8, true, false},
    {"conf->is", "bool", 1, false, false},
    {"conf->address", "unsigned __int128", 16, false, false},
    {"conf->pairs[number].y", "short", 2, true, false},
    {"bits->c", "unsigned int", 4, false, false},
    {"flexible->items[2].x", "short", 2, true, false},
    {"value.y", "short", 2, true, false},
    {"argv[1]", "char *", 8, false, true},
    {"*argv", "char *", 8, false, true},
    {"**argv", "char", 1, true, false},
    {"&conf->name", "char (*)[16]", 8, false, false},
    {"&conf->point.y", "short *", 8, false, false},
    {"fill", "int (*)(void *, int)", 8, false, false},
    {"comm", "char [16]", 16, false, true},
    {"comm[0]", "char", 1, true, false},
    {"buffer", "char []", 0, false, true},
    {"buffer[1]", "char", 1, true, false},
    {"str(arg0)", "char *", 8, false, true},
    {"buf(arg0, 6)", "char [6]", 6, false, true},
    {"(char *)arg0", "char *", 8, false, true},
    {"(unsigned char *)arg0", "unsigned char *", 8, false, true},
    {"((struct conf *)arg0)->n", "int", 4, true, false},
    {"*(u16 *)arg0", "u16", 2, false, false},
    {"((char *)arg0)[number]", "char", 1, true, false},
    {"sizeof(struct conf)", "unsigned long", 8, false, false},
    {"entry(conf->s)", "char *", 8, false, true},
    {"return(number)", "int", 4, true, false},
    /* conversions as C has them */
    {"1", "int", 4, true, false},
    {"1u", "unsigned int", 4, false, false},
    {"2147483647", "int", 4, true, false},
    {"2147483648", "long", 8, true, false},
    {"0xffffffff", "unsigned int", 4, false, false},
    {"0x100000000", "long", 8, true, false},
    {"0xffffffffffffffff", "unsigned long", 8, false, false},
    {"1LL", "long long", 8, true, false},
    {"1ull", "unsigned long long", 8, false, false},
    {"'a'", "int", 4, true, false},
    {"number + 1", "int", 4, true, false},
    {"number + 1u", "unsigned int", 4, false, false},
    {"number + arg0", "long", 8, true, false},
    {"count - ret", "size_t", 8, false, false},
    {"nsecs / 1000", "u64", 8, false, false},
    {"value.x + value.y", "int", 4, true, false},
    {"bits->a + 1", "int", 4, true, false},
    {"bits->c + 1", "unsigned int", 4, false, false},
    {"-value.x", "int", 4, true, false},
    {"~conf->is", "int", 4, true, false},
    {"!conf", "int", 4, true, false},
    {"1 << nsecs", "int", 4, true, false},
    {"nsecs >> 1", "u64", 8, false, false},
    {"number < 0 && nsecs > 5", "int", 4, true, false},
    {"number ? conf->s : 0", "char *", 8, false, true},
    {"number ? 1 : nsecs", "u64", 8, false, false},
    {"conf->address + 1", "unsigned __int128", 16, false, false},
    {"conf + 1", "struct conf *", 8, false, false},
    {"conf - conf->next", "long", 8, true, false},
    {"conf->c + 1", "unsigned int", 4, false, false},
    {"(u16)number", "u16", 2, false, false},
    {"(bool)number", "bool", 1, false, false},
    {"(enum color)number", "enum color", 4, false, false},
    {"conf->s == \"x\"", "int", 4, true, false},
    {"starts(conf->s, \"x\")", "int", 4, true, false},
    {"conf->s == comm", "int", 4, true, false},
    {"GREEN", "int", 4, true, false},
    {"AF_INET", "int", 4, true, false},
    {"BIT(3)", "unsigned long", 8, false, false},
    {"S_ISREG(number)", "int", 4, true, false},
    {"min(number, 3)", "int", 4, true, false},
    {"bpf_get_current_pid_tgid() >> 32", "u64", 8, false, false},
};

START_TEST(test_own_kind) {
    check_kind(&own_kinds[_i]);
}
END_TEST

static const struct kind kernel_kinds[] = {
    {"name->name", "const char *", 8, false, true},
    {"task->mm->owner->comm", "char [16]", 16, false, true},
    {"file->f_path.dentry->d_name.name", "const unsigned char *", 8, false, true},
    {"file->f_path", "struct path", 16, false, false},
    {"file->f_op->read_iter", "ssize_t (*)(struct kiocb *, struct iov_iter *)", 8, false, false},
    {"task->in_iowait", "unsigned int", 4, false, false},
    {"task->files->fdt->fd[1]->f_flags", "unsigned int", 4, false, false},
    {"skb->head", "unsigned char *", 8, false, false},
    {"skb->head[skb->network_header + 12]", "unsigned char", 1, false, false},
    {"sk->sk_family == AF_INET", "int", 4, true, false},
    {"sk->sk_daddr", "__be32", 4, false, false},
    {"ntohs(sk->sk_dport)", "u16", 2, false, false},
    {"tcp_sk(sk)->snd_cwnd", "u32", 4, false, false},
    {"ip_hdr(skb)->ttl", "__u8", 1, false, false},
    {"container_of(sk, struct tcp_sock, inet_conn.icsk_inet.sk)->snd_cwnd", "u32", 4, false, false},
    {"((struct inode *)name)->i_ino", "unsigned long", 8, false, false},
    {"(enum pid_type)number", "enum pid_type", 4, false, false},
    {"PIDTYPE_TGID", "int", 4, true, false},
    {"uid.val", "uid_t", 4, false, false},
    {"address->sa_family", "sa_family_t", 2, false, false},
    {"bpf_get_current_task()->pid", "pid_t", 4, true, false},
};

START_TEST(test_kernel_kind) {
    check_kind(&kernel_kinds[_i]);
}
END_TEST

/* ------------------------------------------------------------------ what constants come to */

static const struct {
    const char *text;
    int64_t value;
} constants[] = {
    {"0x10 + 010 + 0b11", 27},
    {"10ms + 3us + 7ns", 10003007},
    {"1.5s - 1m", -58500000000},
    {"2h", 7200000000000},
    {"4KiB + 4kB + 1B", 8097},
    {"0.5MiB", 524288},
    {"1GiB == 1024MiB && 1TiB == 1024GiB && 1GB == 1000MB", 1},
    {"-7 / 2", -3},
    {"-7 % 2", -1},
    {"-1 > 0u", 1},
    {"1 << 31", INT32_MIN},
    {"~0u", UINT32_MAX},
    {"(char)200", -56},
    {"(bool)4", 1},
    {"(u16)-1", 65535},
    {"2 + 3 * 4", 14},
    {"1 | 2 ^ 3 & 4", 3},
    {"1 ? 2 : 3", 2},
    {"!5 || 0", 0},
    {"'\\n'", 10},
    {"'\\x41'", 65},
    {"'\\101'", 65},
    {"'\\''", 39},
    {"\"text\"[1]", 'e'},
    {"GREEN", 5},
    {"BLUE * 2", 12},
    {"MINUS", -1},
    {"sizeof(struct conf)", 176},
    {"sizeof(conf->pairs)", 16},
    {"sizeof conf->n", 4},
    {"sizeof(struct packed)", 19},
    {"sizeof(struct bits)", 24},
    {"sizeof(struct flexible)", 4},
    {"offsetof(struct conf, point.y)", 54},
    {"PAGE_SIZE", 4096},
    {"ARRAY_SIZE(conf->pairs)", 4},
    {"GENMASK(7, 4)", 0xf0},
    {"AF_INET6", 10},
    {"AT_FDCWD", -100},
    {"MKDEV(8, 1)", 0x800001},
    {"max_t(u8, 255, 256)", 255},
};

START_TEST(test_constant) {
    const struct rp_node *node = parsed(constants[_i].text);
    ck_assert_msg(node->is_constant, "%s is not known", constants[_i].text);
    ck_assert_msg(node->value == constants[_i].value, "%s is %jd", constants[_i].text,
                  (intmax_t)node->value);
}
END_TEST

/* ------------------------------------------------------------------ what is wrong with them */

static const struct {
    const char *text, *why, *hint; /* NULL: none */
} mistakes[] = {
    {"conf->m", "struct conf has no member `m`\n  conf->m\n        ^", NULL},
    {"conf->nam", "struct conf has no member `nam`", "struct conf of this kernel has name"},
    {"conff->n", "probed has no argument `conff`; its arguments are conf,", "did you mean conf"},
    {"number + comn", "no argument `comn`", "did you mean comm"},
    {"nonesuch", "no argument `nonesuch`", "everywhere there are pid, nsecs, comm, and ret"},
    {"O_CREATT", "no argument `O_CREATT`", "did you mean O_CREAT"},
    {"comm == dd", "no argument `dd`\x01\n  comm == dd\n          ^", "in quotes: \"dd\""},
    {"conf.n", "`conf` is a pointer (struct conf *)\n  conf.n\n       ^", "conf->n"},
    {"value->x", "`value` is not a pointer, but struct pair", "value.x"},
    {"number->x", "`number` is int, which has no members", "((struct NAME *)number)->x"},
    {"((struct cnf *)arg0)->n", "this kernel has no struct cnf\n  ((struct cnf *)arg0)->n\n    ^",
     NULL},
    {"conf->unknown->x", "does not tell what is in struct other", NULL},
    {"strcmp(comm, \"dd\")", "there is no function strcmp()", "text is compared by =="},
    {"args->n", "no argument `args`", "have their own names here"},
    {"retval", "no argument `retval`", "what is returned is `ret`"},
    {"hist(number)", "there is no function hist()", "hist PROBE EXPR by KEY"},
    {"strr(arg0)", "there is no function strr()", "did you mean str"},
    {"no_such(number)", "there is no function no_such()", "str(), buf()"},
    {"str()", "str() takes more", "str(ADDRESS[, BYTES])"},
    {"buf(conf, 0)", "above 0", NULL},
    {"buf(arg0)", "nothing says how many bytes", "buf(ADDRESS, BYTES)"},
    {"starts(conf->s, comm)", "not a text in quotes", "starts(TEXT"},
    {"number +", "an expression is missing here\n  number +\n          ^", NULL},
    {"", "it is empty", NULL},
    {"  ", "it is empty", NULL},
    {"(number", "a ) is missing\n  (number\n         ^", NULL},
    {"comm[1", "a ] is missing", NULL},
    {"number)", "there is nothing open that this closes\n  number)\n        ^", NULL},
    {"(number]", "there is nothing open that this closes", NULL},
    {"\"text", "the quote is not closed\n  \"text\n  ^", NULL},
    {"number /* not", "unterminated", NULL},
    {"number; number", "this has no place in an expression", NULL},
    {"#define number", "this has no place in an expression", NULL},
    {"number number", "an operator is missing before this\n  number number\n         ^", NULL},
    {"pid = 4", "can read, but not change anything\n  pid = 4\n      ^", "compared by =="},
    {"number <<= 2", "can read, but not change", "compared by =="},
    {"number++", "can read, but not change", NULL},
    {"1.5 * number", "BPF has no floating point", "smaller units"},
    {"1e3", "BPF has no floating point", NULL},
    {".5", "BPF has no floating point", NULL},
    {"(float)number", "BPF has no floating point", "whole numbers"},
    {"conf->ratio", "BPF has no floating point", NULL},
    {"(void)number", "it has no value", NULL},
    {"(struct conf)number", "nothing can be cast to struct conf", NULL},
    {"08", "08 is not a number of C's", NULL},
    {"0x", "0x is not a number of C's", NULL},
    {"1.0000000001s", "BPF has no floating point", NULL},
    {"5msec", "5msec is not a number of C's", "10ms, 4KiB"},
    {"99999999999999999h", "needs more than 64 bits", NULL},
    {"1lul", "is not a number of C's", NULL},
    {"18446744073709551616", "more than 64 bits", NULL},
    {"comm == 'bash'", "'bash' is not a text", "write \"bash\""},
    {"''", "a character is missing", NULL},
    {"'\\q'", "C has no such character", NULL},
    {"comm == \"/etc/*\"", "know no patterns\n  comm == \"/etc/*\"\n          ^",
     "comm ~ \"/etc/*\" compares with a pattern"},
    {"comm == \"1234567890123456\"", "never a task's name", "15 bytes"},
    {"conf->name == \"12345678901234567\"", "has 16 bytes at most", NULL},
    {"number == \"x\"", "`number` is not a text, but int", "with a number"},
    {"arg0 == \"x\"", "`arg0` is not a text, but long", "str(arg0)"},
    {"comm[0] == \"x\"", "`comm[0]` is not a text, but char", "'x'"},
    {"comm < \"x\"", "by == and !=, no more", "starts("},
    {"\"a\" == \"b\"", "what they are", NULL},
    {"conf->point == 1", "and not a value", "a member"},
    {"number[1]", "`number` is int, and not an address", "*(int *)number"},
    {"*(void *)arg0", "nothing says what is there", "*(int *)"},
    {"conf->name[16]", "`conf->name` has 16 elements, from 0 on", NULL},
    {"conf->grid[1][3]", "`conf->grid[1]` has 3 elements", NULL},
    {"conf[conf]", "an index is a number", NULL},
    {"conf->unknown[1]", "not known", NULL},
    {"&number", "is not in memory", NULL},
    {"&bits->a", "a bit field has no address", NULL},
    {"sizeof(bits->a)", "a bit field has no size", NULL},
    {"sizeof(void)", "its size is not known", NULL},
    {"number / 0", "divided by 0", NULL},
    {"number << 32", "has 32 bits", NULL},
    {"conf->address / 2", "128 bits", "(u64)conf->address"},
    {"conf * 2", "no such operator for addresses", "(u64)conf"},
    {"conf + conf", "no such operator for addresses", NULL},
    {"fill[1]", "leads to a function", NULL},
    {"entry(ret)", "not known at the entry", NULL},
    {"entry(return(number))", "do not stand in one another", NULL},
    {"struct", "no argument `struct`", NULL},
    {"(struct)number", "a name is missing", NULL},
    {"(short char)number", "C has no such type", NULL},
    {"min(number)", "min takes 2 expressions", NULL},
};

START_TEST(test_mistake) {
    const struct rp_node *node;
    struct rp_error *err = rp_tree_parse(&scope, mistakes[_i].text, &node);
    ck_assert_msg(err, "`%s` is taken", mistakes[_i].text);
    ck_assert_int_eq(rp_error_errno(err), EINVAL);
    const char *why = rp_error_why(err), *hint = rp_error_hint(err), *want = mistakes[_i].hint;
    /* \x01: whatever the arguments are */
    char *first = strdup(mistakes[_i].why), *second = strchr(first, '\x01');
    if (second)
        *second++ = '\0';
    ck_assert_msg(strstr(why, first) && (!second || strstr(why, second)), "`%s`: %s",
                  mistakes[_i].text, why);
    ck_assert_msg(!want || (hint && strstr(hint, want)), "the hint of `%s`: %s", mistakes[_i].text,
                  hint ? hint : "none");
    free(first);
    rp_error_free(err);
}
END_TEST

/* However deep it is. */
START_TEST(test_deep) {
    char text[4096];
    memset(text, '(', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    const struct rp_node *node;
    struct rp_error *err = rp_tree_parse(&scope, text, &node);
    ck_assert_ptr_nonnull(strstr(rp_error_why(err), "too deep"));
    rp_error_free(err);
    memset(text, '-', sizeof(text) - 1);
    for (size_t i = 1; i < sizeof(text) - 1; i += 2)
        text[i] = ' ';
    err = rp_tree_parse(&scope, text, &node);
    ck_assert_ptr_nonnull(strstr(rp_error_why(err), "too deep"));
    rp_error_free(err);
}
END_TEST

/* ------------------------------------------------------------------ what reading them takes */

static const struct {
    const char *text;
    bool argument, result, memory, entry, at_return;
} takes[] = {
    {"number + 1", true, false, false, false, false},
    {"pid", false, false, false, false, false},
    {"ret > number", true, true, false, false, false},
    {"conf->n", true, false, true, false, false},
    {"value.x", true, false, false, false, false},
    {"entry(conf->n) == ret", true, true, true, true, false},
    {"return(conf->n)", true, false, true, false, true},
    {"comm == \"dd\"", false, false, false, false, false},
    {"str(arg0) == \"dd\"", true, false, true, false, false},
};

START_TEST(test_takes) {
    const struct rp_node *node = parsed(takes[_i].text);
    ck_assert_int_eq(node->reads_argument, takes[_i].argument);
    ck_assert_int_eq(node->reads_return, takes[_i].result);
    ck_assert_int_eq(node->reads_memory, takes[_i].memory);
    ck_assert_int_eq(node->asks_entry, takes[_i].entry);
    ck_assert_int_eq(node->asks_return, takes[_i].at_return);
}
END_TEST

/* Equal expressions are equal texts. */
START_TEST(test_text) {
    static const char *const same[][3] = {
        {"conf -> n", "(conf)->n", "conf->n"},
        {"conf->pairs[ 1 ].x", "conf->pairs[1].x", "conf->pairs[1].x"},
        {"number+1", "( number ) + (1)", "(number + 1)"},
        {"(u16) number", "((u16)number)", "((u16)number)"},
        {"*argv", "*(argv)", "(*argv)"},
    };
    for (size_t i = 0; i < RP_COUNT(same); i++)
        for (size_t k = 0; k < 2; k++) {
            char *text = rp_tree_text(parsed(same[i][k]));
            ck_assert_str_eq(text, same[i][2]);
            free(text);
        }
}
END_TEST

/* ------------------------------------------------------------------ how they are read */

#define READ_K "bpf_probe_read_kernel"
#define READ_U "bpf_probe_read_user"
#define INTO_X "&to.x, sizeof(to.x), "

/* Into `to.x`, and UNREAD is what says that it could not be. */
static const struct {
    const char *text, *code;
} reads[] = {
    {"number", "    to.x = number;\n"},
    {"value.y", "    to.x = value.y;\n"},
    {"conf->n", "    int err_1 = " READ_U "(" INTO_X "(void *)conf);\nUNREAD err_1\n"},
    {"conf->point.y",
     "    int err_1 = " READ_U "(" INTO_X "(void *)conf + 54 /* point.y */);\nUNREAD err_1\n"},
    {"conf->next->is", "    void *next_1 = 0;\n"
                       "    int err_1 = " READ_U "(&next_1, sizeof(next_1), (void *)conf + 24 "
                       "/* next */);\n"
                       "    int err_2 = err_1 | " READ_U "(" INTO_X "(void *)next_1 + 104 "
                       "/* is */);\nUNREAD err_2\n"},
    {"conf->address",
     "    int err_1 = " READ_U "(" INTO_X "(void *)conf + 112 /* address */);\nUNREAD err_1\n"},
    {"conf->c == BLUE", "    unsigned int c_1 = 0;\n"
                        "    int err_1 = " READ_U "(&c_1, sizeof(c_1), (void *)conf + 32 "
                        "/* c */);\n"
                        "    to.x = c_1 == 6;\nUNREAD err_1\n"},
    {"conf->name", "    int err_1 = " READ_U "(to.x, sizeof(to.x), (void *)conf + 36 "
                   "/* name */);\nUNREAD err_1\n"},
    {"conf->raw", "    int err_1 = " READ_U "(to.x, sizeof(to.x), (void *)conf + 152 "
                  "/* raw */);\nUNREAD err_1\n"},
    {"conf->s", "    void *s_1 = 0;\n"
                "    int err_1 = " READ_U "(&s_1, sizeof(s_1), (void *)conf + 8 /* s */);\n"
                "    int err_2 = err_1 | (" READ_U "_str(to.x, sizeof(to.x), s_1) < 0);\n"
                "UNREAD err_2\n"},
    {"conf->pairs[2].y", "    int err_1 = " READ_U "(" INTO_X "(void *)conf + 146 "
                         "/* pairs[2].y */);\nUNREAD err_1\n"},
    /* An index that is not known is within the array, or nothing is. */
    {"conf->pairs[number].y",
     "    int err_1 = ((u64)number >= 4) | " READ_U "(" INTO_X "(void *)conf + 136 /* pairs */ + "
     "number * 4 + 2 /* y */);\nUNREAD err_1\n"},
    {"conf->grid[number][1]",
     "    int err_1 = ((u64)number >= 2) | " READ_U "(" INTO_X "(void *)conf + 64 /* grid */ + "
     "number * 12 + 1 * 4);\nUNREAD err_1\n"},
    {"flexible->items[3].y",
     "    int err_1 = " READ_K "(" INTO_X "(void *)flexible + 18 /* items[3].y */);\n"
     "UNREAD err_1\n"},
    {"flexible->items[number].y",
     "    int err_1 = " READ_K "(" INTO_X "(void *)flexible + 4 /* items */ + number * 4 + 2 "
     "/* y */);\nUNREAD err_1\n"},
    {"argv[number]", "    char *argv_1 = 0;\n"
                     "    int err_1 = " READ_U "(&argv_1, sizeof(argv_1), (void *)argv + number * "
                     "sizeof(char *));\n"
                     "    int err_2 = err_1 | (" READ_U "_str(to.x, sizeof(to.x), argv_1) < 0);\n"
                     "UNREAD err_2\n"},
    {"*argv == 0", "    char *argv_1 = 0;\n"
                   "    int err_1 = " READ_U "(&argv_1, sizeof(argv_1), (void *)argv);\n"
                   "    to.x = (u64)argv_1 == 0;\nUNREAD err_1\n"},
    {"text", "    int err_1 = (bpf_probe_read_str(to.x, sizeof(to.x), text) < 0);\nUNREAD err_1\n"},
    {"&conf->point", "    to.x = (void *)(void *)((void *)conf + 52 /* point */);\n"},
    /* The verifier lets a pointer of which it knows the type be moved by constants only. */
    {"trusted[1].x", "    int err_1 = " READ_K "(" INTO_X "(void *)trusted + 1 * 4);\n"
                     "UNREAD err_1\n"},
    {"trusted[number].x", "    unsigned long trusted_1 = 0;\n"
                          "    " READ_K "(&trusted_1, sizeof(trusted_1), &trusted);\n"
                          "    int err_2 = " READ_K "(" INTO_X "(void *)trusted_1 + number * 4);\n"
                          "UNREAD err_2\n"},
    {"(u64)trusted & 7", "    unsigned long trusted_1 = 0;\n"
                         "    " READ_K "(&trusted_1, sizeof(trusted_1), &trusted);\n"
                         "    to.x = trusted_1 & 7;\n"},
    /* bit fields */
    {"bits->a", "    u64 bits_1 = 0; /* 3 bits of it: a */\n"
                "    int err_1 = " READ_K "(&bits_1, 1, (void *)bits + 0);\n"
                "    int a_1 = bits_1 & 0x7;\n"
                "    to.x = a_1;\nUNREAD err_1\n"},
    {"bits->b", "    u64 bits_1 = 0; /* 7 bits of it: b */\n"
                "    int err_1 = " READ_K "(&bits_1, 2, (void *)bits + 0);\n"
                "    int b_1 = bits_1 >> 3 & 0x7f;\n"
                "    to.x = b_1;\nUNREAD err_1\n"},
    {"bits->c", "    u64 bits_1 = 0; /* 32 bits of it: c */\n"
                "    int err_1 = " READ_K "(&bits_1, 4, (void *)bits + 4);\n"
                "    unsigned int c_1 = bits_1 & 0xffffffff;\n"
                "    to.x = c_1;\nUNREAD err_1\n"},
    {"bits->high", "    u64 bits_1 = 0; /* 12 bits of it: high */\n"
                   "    int err_1 = " READ_K "(&bits_1, 3, (void *)bits + 8);\n"
                   "    int high_1 = (s64)((u64)(bits_1 >> 5) << 52) >> 52;\n"
                   "    to.x = high_1;\nUNREAD err_1\n"},
    {"packed->b", "    u64 bits_1 = 0; /* 13 bits of it: b */\n"
                  "    int err_1 = " READ_K "(&bits_1, 2, (void *)packed + 1);\n"
                  "    int b_1 = (s64)((u64)bits_1 << 51) >> 51;\n"
                  "    to.x = b_1;\nUNREAD err_1\n"},
    {"packed->c", "    int err_1 = " READ_K "(" INTO_X "(void *)packed + 3 /* c */);\n"
                  "UNREAD err_1\n"},
    /* divided as C does it, and not by 0 */
    {"number / 10", "    to.x = (int)quotient(number, 10);\n"},
    {"arg0 % number", "    to.x = (long)remainder(arg0, number);\nUNREAD !number\n"},
    {"nsecs / 10", "    to.x = nsecs / 10;\n"},
    {"nsecs / count", "    to.x = nsecs / count;\nUNREAD !count\n"},
    {"number << count", "    to.x = number << count;\nUNREAD ((u64)count >= 32)\n"},
    {"conf - conf->next", "    void *next_1 = 0;\n"
                          "    int err_1 = " READ_U "(&next_1, sizeof(next_1), (void *)conf + 24 "
                          "/* next */);\n"
                          "    to.x = quotient((s64)conf - (s64)next_1, 176);\nUNREAD err_1\n"},
    {"argv + 1", "    to.x = (void *)((void *)argv + 1 * sizeof(char *));\n"},
    /* lengths */
    {"buffer", "    u64 size_1 = count;\n"
               "    asm(\"\" : \"+r\"(size_1)); /* the verifier sees its limits */\n"
               "    if (size_1 > 64)\n"
               "        size_1 = 64;\n"
               "    __builtin_memset(to.x, 0, sizeof(to.x));\n"
               "    to.x_size = size_1;\n"
               "    if ((u64)count > 64)\n"
               "        to.x_size = 65;\n"
               "    int err_2 = " READ_U "(to.x, size_1, buffer);\nUNREAD err_2\n"},
    {"str(arg0, number)", "    u64 size_1 = (u64)number + 1;\n"
                          "    asm(\"\" : \"+r\"(size_1)); /* the verifier sees its limits */\n"
                          "    if (size_1 > 64)\n"
                          "        size_1 = 64;\n"
                          "    int err_2 = (number < 0) | (" READ_U "_str(to.x, size_1, (void *)"
                          "arg0) < 0);\nUNREAD err_2\n"},
    {"str(arg0, 5)",
     "    int err_1 = (" READ_U "_str(to.x, 6, (void *)arg0) < 0);\nUNREAD err_1\n"},
    {"buf(conf->raw)", "    __builtin_memset(to.x, 0, sizeof(to.x));\n"
                       "    to.x_size = 6;\n"
                       "    int err_1 = " READ_U "(to.x, 6, (void *)conf + 152 "
                       "/* raw */);\nUNREAD err_1\n"},
    {"comm", "    bpf_get_current_comm(&to.x, sizeof(to.x));\n"},
    {"\"text\"", "    __builtin_memcpy(to.x, \"text\", sizeof(\"text\"));\n"},
    /* only what is needed is read */
    {"conf ? conf->n : -1", "    int value_1 = 0;\n"
                            "    int err_1 = 0;\n"
                            "    if (conf) {\n"
                            "        int n_2 = 0;\n"
                            "        int err_2 = " READ_U "(&n_2, sizeof(n_2), (void *)conf);\n"
                            "        value_1 = n_2;\n"
                            "        err_1 = err_2;\n"
                            "    }\n"
                            "    if (!conf) {\n"
                            "        value_1 = -1;\n"
                            "    }\n"
                            "    to.x = value_1;\nUNREAD err_1\n"},
    {"number > 1 ? 2 : 3", "    to.x = (number > 1) ? 2 : 3;\n"},
    {"bpf_get_current_pid_tgid() >> 32", "    to.x = bpf_get_current_pid_tgid() >> 32;\n"},
};

static char *written(const char *text, unsigned capacity) {
    const struct rp_node *node = parsed(text);
    char *code = NULL;
    size_t size;
    FILE *out = open_memstream(&code, &size);
    struct rp_reads r;
    rp_reads_begin(&r, out, &types);
    const char *unread = rp_reads_into(&r, node, "to.x", capacity);
    if (unread)
        fprintf(out, "UNREAD %s\n", unread);
    ck_assert(!r.nomem);
    fclose(out);
    return code;
}

START_TEST(test_read) {
    const char *text = reads[_i].text;
    bool array = !strcmp(text, "conf->name"), bytes = !strcmp(text, "buf(conf->raw)");
    char *code = written(text, array ? 16 : bytes ? 6 : 64);
    ck_assert_str_eq(code, reads[_i].code);
    free(code);
}
END_TEST

static const struct {
    const char *text, *code; /* up to "UNLESS": what makes the program go away */
} conditions[] = {
    {"number > 1", "UNLESS number <= 1\n"},
    {"!(number > 1 || pid)", "UNLESS number > 1 || pid\n"},
    {"conf->n == 3", "    int n_1 = 0;\n"
                     "    int err_1 = " READ_U "(&n_1, sizeof(n_1), (void *)conf);\n"
                     "UNLESS err_1 || n_1 != 3\n"},
    /* What could not be read is not unequal either. */
    {"!(conf->n == 3)", "    int n_1 = 0;\n"
                        "    int err_1 = " READ_U "(&n_1, sizeof(n_1), (void *)conf);\n"
                        "UNLESS err_1 || n_1 == 3\n"},
    {"text == \"abc\" && number", "    char text_1[8];\n"
                                  "    int err_1 = (bpf_probe_read_str(text_1, 8, text) < 0);\n"
                                  "UNLESS err_1 || !is_text(text_1, \"abc\", sizeof(\"abc\")) || "
                                  "!number\n"},
    {"text != \"abc\"", "    char text_1[8];\n"
                        "    int err_1 = (bpf_probe_read_str(text_1, 8, text) < 0);\n"
                        "UNLESS err_1 || is_text(text_1, \"abc\", sizeof(\"abc\"))\n"},
    /* Room for one more than what is wanted. */
    {"text == \"1234567\"", "    char text_1[16];\n"
                            "    int err_1 = (bpf_probe_read_str(text_1, 16, text) < 0);\n"
                            "UNLESS err_1 || !is_text(text_1, \"1234567\", sizeof(\"1234567\"))\n"},
    {"conf->name == \"1234567890123456\"",
     "    char text_1[24];\n"
     "    int err_1 = (" READ_U "_str(text_1, 17, (void *)conf + 36 /* name */) < 0);\n"
     "UNLESS err_1 || !is_text(text_1, \"1234567890123456\", sizeof(\"1234567890123456\"))\n"},
    {"starts(text, \"ab\")", "    char text_1[8];\n"
                             "    int err_1 = (bpf_probe_read_str(text_1, 8, text) < 0);\n"
                             "UNLESS err_1 || !is_text(text_1, \"ab\", sizeof(\"ab\") - 1)\n"},
    {"buffer == \"abc\"", "    u64 size_1 = count;\n"
                          "    asm(\"\" : \"+r\"(size_1)); /* the verifier sees its limits */\n"
                          "    if (size_1 > 8)\n"
                          "        size_1 = 8;\n"
                          "    char bytes_2[8] = {};\n"
                          "    int err_2 = " READ_U "(bytes_2, size_1, buffer);\n"
                          "UNLESS err_2 || !(size_1 == 3 && is_text(bytes_2, \"abc\", "
                          "sizeof(\"abc\") - 1))\n"},
    {"comm == \"dd\"", "UNLESS !is_text(comm, \"dd\", sizeof(\"dd\"))\n"},
    {"\"dd\" != comm", "UNLESS is_text(comm, \"dd\", sizeof(\"dd\"))\n"},
    {"text == comm", "    char text_1[64];\n"
                     "    int err_1 = bpf_probe_read_str(text_1, 64, text);\n"
                     "UNLESS ((err_1 < 0) | (err_1 == 64)) || !is_same(text_1, comm, 16)\n"},
    {"comm ~ \"a*b?\"", "    u64 at_1 = 1;\n"
                        "#pragma nounroll\n"
                        "    for (u32 i_2 = 0; i_2 < sizeof(comm) && comm[i_2]; i_2++) {\n"
                        "        u64 c_3 = (u8)comm[i_2];\n"
                        "        at_1 = (at_1 & (same(c_3, 97) | same(c_3, 98) << 1 | 1UL << 2)) "
                        "<< 1 | (at_1 & 0x2UL);\n"
                        "    }\n"
                        "UNLESS !(at_1 >> 3 & 1)\n"},
    {"\"x\" in nocase(text)",
     "    char text_1[128];\n"
     "    int err_1 = bpf_probe_read_str(text_1, 128, text);\n"
     "    u64 at_2 = 1;\n"
     "#pragma nounroll\n"
     "    for (u32 i_3 = 0; i_3 < sizeof(text_1) && text_1[i_3]; i_3++) {\n"
     "        u64 c_4 = (u8)text_1[i_3];\n"
     "        at_2 = (at_2 & (same(c_4 | 32, 120))) << 1 | (at_2 & 0x3UL);\n"
     "    }\n"
     "UNLESS ((err_1 < 0) | (err_1 == 128 && !(at_2 >> 1 & 1))) || !(at_2 >> 1 & 1)\n"},
    {"!conf || conf->n", "    bool is_1 = !conf;\n"
                         "    if (!is_1) {\n"
                         "        int n_2 = 0;\n"
                         "        int err_2 = " READ_U "(&n_2, sizeof(n_2), (void *)conf);\n"
                         "        is_1 = !err_2 && n_2;\n"
                         "    }\n"
                         "UNLESS !is_1\n"},
};

START_TEST(test_condition) {
    const struct rp_node *node = parsed(conditions[_i].text);
    char *code = NULL;
    size_t size;
    FILE *out = open_memstream(&code, &size);
    struct rp_reads r;
    rp_reads_begin(&r, out, &types);
    struct rp_code unless = rp_reads_unless(&r, node);
    fprintf(out, "UNLESS %s\n", unless.text);
    fclose(out);
    ck_assert_str_eq(code, conditions[_i].code);
    free(code);
}
END_TEST

/* What several expressions share is read once, and what was read in a block is not known outside.
 */
START_TEST(test_shared) {
    const struct rp_node *s = parsed("conf->next->s"), *n = parsed("conf->next->n");
    char *code = NULL;
    size_t size;
    FILE *out = open_memstream(&code, &size);
    struct rp_reads r;
    rp_reads_begin(&r, out, &types);
    rp_reads_expect(&r, s);
    rp_reads_expect(&r, n);
    const struct rp_node *both[] = {s, n};
    for (size_t i = 0; i < 2; i++) {
        rp_reads_shared(&r, both[i]);
        rp_reads_open(&r);
        rp_reads_into(&r, both[i], "to.x", 8);
        rp_reads_close(&r);
    }
    fclose(out);
    ck_assert_str_eq(code, "    void *next_1 = 0;\n"
                           "    int err_1 = " READ_U "(&next_1, sizeof(next_1), (void *)conf + 24 "
                           "/* next */);\n"
                           "    {\n"
                           "        void *s_2 = 0;\n"
                           "        int err_2 = err_1 | " READ_U "(&s_2, sizeof(s_2), (void *)"
                           "next_1 + 8 /* s */);\n"
                           "        int err_3 = err_2 | (" READ_U "_str(to.x, sizeof(to.x), s_2) "
                           "< 0);\n"
                           "    }\n"
                           "    {\n"
                           "        int err_4 = err_1 | " READ_U "(" INTO_X "(void *)next_1);\n"
                           "    }\n");
    free(code);
}
END_TEST

/* What was kept of the entry is taken from there. */
START_TEST(test_kept) {
    const struct rp_node *node = parsed("entry(conf->n) == ret");
    char *code = NULL;
    size_t size;
    FILE *out = open_memstream(&code, &size);
    struct rp_reads r;
    rp_reads_begin(&r, out, &types);
    rp_reads_know(&r, "entry(conf->n)", "at.n", "(at.unread & 1)");
    struct rp_code unless = rp_reads_unless(&r, node);
    fclose(out);
    ck_assert_str_eq(code, "");
    ck_assert_str_eq(unless.text, "(at.unread & 1) || at.n != ret");
    free(code);
}
END_TEST

/* Names of locals are nobody else's. */
static bool is_taken(void *ctx, const char *name) {
    (void)ctx;
    return !strcmp(name, "n_1") || !strcmp(name, "err_2");
}

START_TEST(test_names) {
    const struct rp_node *node = parsed("conf->n + 1");
    char *code = NULL;
    size_t size;
    FILE *out = open_memstream(&code, &size);
    struct rp_reads r;
    rp_reads_begin(&r, out, &types);
    r.is_taken = is_taken;
    ck_assert_str_eq(rp_reads_value(&r, node).text, "n_3 + 1");
    fclose(out);
    free(code);
}
END_TEST

/* The kernel's types go by their names. */
static const struct {
    const char *text, *code;
} kernel_reads[] = {
    {"file->f_path.dentry->d_name.name",
     "    struct dentry *dentry_1 = 0;\n"
     "    int err_1 = " READ_K "(&dentry_1, sizeof(dentry_1), (void *)file + offsetof(struct file, "
     "f_path.dentry));\n"
     "    const unsigned char *name_2 = 0;\n"
     "    int err_2 = err_1 | " READ_K "(&name_2, sizeof(name_2), (void *)dentry_1 + "
     "offsetof(struct dentry, d_name.name));\n"
     "    int err_3 = err_2 | (bpf_probe_read_str(to.x, sizeof(to.x), name_2) < 0);\n"
     "UNREAD err_3\n"},
    {"address->sa_family", "    int err_1 = bpf_probe_read(" INTO_X "(void *)address + "
                           "offsetof(struct sockaddr, sa_family));\nUNREAD err_1\n"},
    {"uid.val", "    to.x = uid.val;\n"},
    {"sk->sk_state", "    int err_1 = " READ_K "(" INTO_X "(void *)sk + offsetof(struct sock, "
                     "__sk_common.skc_state));\nUNREAD err_1\n"},
};

START_TEST(test_kernel_read) {
    char *code = written(kernel_reads[_i].text, 64);
    ck_assert_str_eq(code, kernel_reads[_i].code);
    free(code);
}
END_TEST

/* ------------------------------------------------------------------ declarations */

static const struct {
    const char *text, *why;
} not_declared[] = {
    {"int n;", "begins with struct, union, enum or typedef\n  int n;\n  ^"},
    {"struct a { int n; }", "a ; is missing"},
    {"struct a { int n;", "a } is missing"},
    {"struct a { int n }", "a ; is missing"},
    {"struct a { nonesuch_t n; };", "this kernel has no type nonesuch_t"},
    {"struct a { int n : 33; };", "as many bits as its type"},
    {"struct a { void v; };", "nothing is of the type void"},
    {"struct a { int n[x]; };", "nothing is called `x`"},
    {"struct a { int n; }; struct a { int m; };", "declared twice"},
    {"struct { int n; }", "a ; is missing"},
    {"enum e { 3 };", "the name of an enumerator"},
};

START_TEST(test_not_declared) {
    struct rp_c_types own = {0};
    struct rp_error *err = rp_c_declare(&own, not_declared[_i].text);
    ck_assert_msg(err, "%s is taken", not_declared[_i].text);
    ck_assert_msg(strstr(rp_error_why(err), not_declared[_i].why), "%s: %s", not_declared[_i].text,
                  rp_error_why(err));
    rp_error_free(err);
    rp_c_types_clear(&own);
}
END_TEST

Suite *tree_suite(void) {
    Suite *suite = suite_create("tree");
    TCase *own = tcase_create("own types");
    tcase_add_checked_fixture(own, prepare_own, release);
    tcase_add_loop_test(own, test_own_kind, 0, RP_COUNT(own_kinds));
    tcase_add_loop_test(own, test_constant, 0, RP_COUNT(constants));
    tcase_add_loop_test(own, test_mistake, 0, RP_COUNT(mistakes));
    tcase_add_test(own, test_deep);
    tcase_add_loop_test(own, test_takes, 0, RP_COUNT(takes));
    tcase_add_test(own, test_text);
    tcase_add_loop_test(own, test_read, 0, RP_COUNT(reads));
    tcase_add_loop_test(own, test_condition, 0, RP_COUNT(conditions));
    tcase_add_test(own, test_shared);
    tcase_add_test(own, test_kept);
    tcase_add_test(own, test_names);
    tcase_add_loop_test(own, test_not_declared, 0, RP_COUNT(not_declared));
    suite_add_tcase(suite, own);
    if (access("/sys/kernel/btf/vmlinux", R_OK) != 0)
        return suite;
    TCase *kernel = tcase_create("the kernel's types");
    tcase_add_checked_fixture(kernel, prepare_kernel, release_kernel);
    tcase_set_timeout(kernel, 60);
    tcase_add_loop_test(kernel, test_kernel_kind, 0, RP_COUNT(kernel_kinds));
    tcase_add_loop_test(kernel, test_kernel_read, 0, RP_COUNT(kernel_reads));
    suite_add_tcase(suite, kernel);
    return suite;
}
