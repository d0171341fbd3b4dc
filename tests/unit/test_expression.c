/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "query/expression.h"
#include "reprobe_query.h"
#include "suites.h"
#include "util/array.h"

#define PARAMETERS                                                                                 \
    "int dfd, struct filename *name, struct task_struct *task, struct file *file, "                \
    "umode_t mode, struct sock *sk, char buffer[24], int (*fill)(void *, int)"

static struct rp_error *look(const char *text, struct rp_expression *e) {
    *e = (struct rp_expression){.text = text};
    return rp_expressions_type(PARAMETERS, e, 1);
}

static const struct {
    const char *text;
    enum rp_shape shape;
    const char *type;
    unsigned size;
    bool is_signed, is_array;
} cases[] = {
    {"dfd", RP_SHAPE_INT, "int", 4, true, false},
    {"mode", RP_SHAPE_INT, "umode_t", 2, false, false},
    {"name", RP_SHAPE_POINTER, "struct filename *", 8, false, false},
    {"name->name", RP_SHAPE_TEXT, "char *", 8, false, false},
    {"*name", RP_SHAPE_STRUCT, "struct filename", 0, false, false},
    {"task->mm->owner->comm", RP_SHAPE_TEXT, "char [16]", 16, false, true},
    {"task->comm[0]", RP_SHAPE_INT, "char", 1, true, false},
    {"file->f_path.dentry->d_name.name", RP_SHAPE_TEXT, "unsigned char *", 8, false, false},
    {"file->f_path", RP_SHAPE_STRUCT, "struct path", 16, false, false},
    {"file->f_flags", RP_SHAPE_INT, "unsigned int", 4, false, false},
    {"&task->comm", RP_SHAPE_POINTER, "char (*)[16]", 8, false, false},
    {"buffer", RP_SHAPE_TEXT, "char [24]", 24, false, true},
    {"fill", RP_SHAPE_POINTER, "int (*)(void *, int)", 8, false, false},
    /* builtins */
    {"pid", RP_SHAPE_INT, "u32", 4, false, false},
    {"comm", RP_SHAPE_TEXT, "char [16]", 16, false, true},
    {"nsecs / 1000", RP_SHAPE_INT, "unsigned long long", 8, false, false},
    {"ret", RP_SHAPE_INT, "long", 8, true, false},
    {"cgroup", RP_SHAPE_INT, "u64", 8, false, false},
    /* arithmetic, casts */
    {"dfd + 1", RP_SHAPE_INT, "int", 4, true, false},
    {"dfd < 0 && nsecs > 5", RP_SHAPE_INT, "int", 4, true, false},
    {"(u16)dfd", RP_SHAPE_INT, "u16", 2, false, false},
    {"((struct inode *)name)->i_ino", RP_SHAPE_INT, "unsigned long", 8, false, false},
    {"sizeof(*name)", RP_SHAPE_INT, "unsigned long", 8, false, false},
    {"dfd ? name->name : 0", RP_SHAPE_TEXT, "char *", 8, false, false},
    /* bit fields, enums, macros, text */
    {"task->in_iowait", RP_SHAPE_INT, "unsigned int", 4, false, false},
    {"(enum pid_type)dfd", RP_SHAPE_INT, "enum pid_type", 4, false, false},
    {"PIDTYPE_TGID", RP_SHAPE_INT, "int", 4, true, false},
    {"S_ISREG(mode)", RP_SHAPE_INT, "int", 4, true, false},
    {"sk->sk_family == AF_INET", RP_SHAPE_INT, "int", 4, true, false},
    {"\"a text\"", RP_SHAPE_TEXT, "char [7]", 7, false, true},
    {"(bool)dfd", RP_SHAPE_INT, "bool", 1, false, false},
    {"bpf_get_current_pid_tgid() >> 32", RP_SHAPE_INT, "u64", 8, false, false},
};

static void check_look(const struct rp_error *err, const struct rp_expression *e, size_t i) {
    ck_assert_msg(!err, "%s: %s", cases[i].text, err ? rp_error_why(err) : "");
    ck_assert_str_eq(e->type, cases[i].type);
    ck_assert_msg(e->shape == cases[i].shape, "%s is of shape %d", e->text, e->shape);
    if (cases[i].size)
        ck_assert_msg(e->size == cases[i].size, "%s is of size %u", e->text, e->size);
    ck_assert_msg(e->is_array == cases[i].is_array, "%s: is_array", e->text);
    if (e->shape == RP_SHAPE_INT)
        ck_assert_msg(e->is_signed == cases[i].is_signed, "%s: is_signed", e->text);
}

START_TEST(all_at_once) {
    struct rp_expression list[RP_COUNT(cases)] = {0};
    for (size_t i = 0; i < RP_COUNT(cases); i++)
        list[i].text = cases[i].text;
    struct rp_error *err = rp_expressions_type(PARAMETERS, list, RP_COUNT(cases));
    for (size_t i = 0; i < RP_COUNT(cases); i++)
        check_look(err, &list[i], i);
}
END_TEST

START_TEST(one_by_one) {
    for (size_t i = 0; i < RP_COUNT(cases); i++) {
        struct rp_expression e;
        check_look(look(cases[i].text, &e), &e, i);
    }
}
END_TEST

START_TEST(nothing_at_all) {
    ck_assert_ptr_null(rp_expressions_type("", NULL, 0));
    struct rp_expression e = {.text = "ret"};
    ck_assert_ptr_null(rp_expressions_type("void", &e, 1));
    ck_assert_str_eq(e.type, "long");
}
END_TEST

/* An argument of the probe's is meant, not the builtin. */
START_TEST(arguments_come_first) {
    struct rp_expression e = {.text = "pid"};
    ck_assert_ptr_null(rp_expressions_type("struct pid *pid, ssize_t ret", &e, 1));
    ck_assert_str_eq(e.type, "struct pid *");
    e.text = "ret";
    ck_assert_ptr_null(rp_expressions_type("struct pid *pid, ssize_t ret", &e, 1));
    ck_assert_str_eq(e.type, "ssize_t");
}
END_TEST

static const struct {
    const char *text, *why, *hint; /* NULL: none */
} mistakes[] = {
    {"name->nme", "no member named 'nme' in 'struct filename'\n  name->nme\n        ^",
     "in this kernel, struct filename has name"},
    {"task->mm->onwer", "no member named 'onwer' in 'struct mm_struct'", "owner"},
    {"nane->name", "use of undeclared identifier 'nane'\n  nane->name\n  ^", "did you mean name"},
    {"dfd + comn", "use of undeclared identifier 'comn'\n  dfd + comn\n        ^",
     "did you mean comm"},
    {"args->dfd", "use of undeclared identifier 'args'", "what has a name here: dfd, name, task"},
    {"O_CREATT", "use of undeclared identifier 'O_CREATT'", "O_CREAT"},
    {"name.name", "member reference type 'struct filename *' is a pointer", NULL},
    {"dfd->x", "member reference type 'int' is not a pointer", NULL},
    {"((struct fielname *)dfd)->name", "incomplete definition of type 'struct fielname'",
     "struct filename"},
    {"strcmp(comm, \"dd\")", "strcmp", "BPF programs have no C library"},
    {"no_such(dfd)", "no_such", ""},
    {"dfd +", "expected expression\n  dfd +\n       ^", NULL},
    {"", "it is empty", NULL},
    {"  ", "it is empty", NULL},
    {"(dfd", "a ) is missing\n  (dfd\n      ^", NULL},
    {"task->comm[1", "a ] is missing", NULL},
    {"dfd)", "there is nothing open that this closes\n  dfd)\n     ^", NULL},
    {"(dfd]", "there is nothing open that this closes", NULL},
    {"\"text", "the quote is not closed\n  \"text\n  ^", NULL},
    {"dfd /* not", "unterminated", NULL},
    {"dfd; dfd", "this has no place in an expression", NULL},
    {"#define dfd", "this has no place in an expression", NULL},
    {"pid = 4", "an expression can read, but not change anything\n  pid = 4\n      ^",
     "two values are compared by =="},
    {"dfd <<= 2", "can read, but not change", "two values are compared by =="},
    {"dfd++", "can read, but not change", NULL},
    {"1.5 * dfd", "BPF has no floating point", NULL},
    {"(void)dfd", "it has no value", NULL},
};

START_TEST(mistakes_are_explained) {
    for (size_t i = 0; i < RP_COUNT(mistakes); i++) {
        struct rp_expression e;
        struct rp_error *err = look(mistakes[i].text, &e);
        ck_assert_msg(err, "`%s` is taken", mistakes[i].text);
        ck_assert_int_eq(rp_error_errno(err), EINVAL);
        const char *why = rp_error_why(err), *hint = rp_error_hint(err), *want = mistakes[i].hint;
        ck_assert_msg(strstr(why, mistakes[i].why), "`%s`: %s", mistakes[i].text, why);
        ck_assert_msg(!strstr(why, "source.c"), "it names a file: %s", why);
        ck_assert_msg(want ? hint && strstr(hint, want) : !hint, "the hint of `%s`: %s",
                      mistakes[i].text, hint ? hint : "none");
        rp_error_free(err);
    }
}
END_TEST

/* Comparisons are not taken for assignments. */
START_TEST(comparisons_are_fine) {
    static const char *const fine[] = {"dfd == 1", "dfd <= 1",      "dfd >= 1", "dfd != 1",
                                       "dfd << 1", "dfd - -dfd",    "- -dfd",   "comm[0] == '='",
                                       "!dfd",     "\"=\"[0] == 1", "dfd & ~1", "dfd\n+ 1"};
    struct rp_expression e;
    for (size_t i = 0; i < RP_COUNT(fine); i++) {
        struct rp_error *err = look(fine[i], &e);
        ck_assert_msg(!err, "%s: %s", fine[i], err ? rp_error_why(err) : "");
        ck_assert_int_eq(e.shape, RP_SHAPE_INT);
    }
}
END_TEST

/* The error is about the expression that has it. */
START_TEST(the_first_mistake_counts) {
    struct rp_expression list[] = {{.text = "dfd"}, {.text = "name->x"}, {.text = "y"}};
    struct rp_error *err = rp_expressions_type(PARAMETERS, list, RP_COUNT(list));
    ck_assert_ptr_nonnull(err);
    ck_assert_str_eq(rp_error_what(err), "cannot read `name->x`");
    rp_error_free(err);
}
END_TEST

START_TEST(unknown_arguments) {
    struct rp_expression e = {.text = "x"};
    struct rp_error *err = rp_expressions_type("no_such_type x", &e, 1);
    ck_assert_ptr_nonnull(err);
    ck_assert_str_eq(rp_error_what(err), "cannot declare the arguments `no_such_type x`");
    rp_error_free(err);
}
END_TEST

Suite *expression_suite(void) {
    Suite *suite = suite_create("expression");
    if (access("/sys/kernel/btf/vmlinux", R_OK)) {
        puts("expression: skipped, this kernel has no BTF");
        return suite;
    }
    TCase *tc = tcase_create("expression");
    tcase_add_test(tc, all_at_once);
    tcase_add_test(tc, nothing_at_all);
    tcase_add_test(tc, the_first_mistake_counts);
    suite_add_tcase(suite, tc);
    TCase *each = tcase_create("each");
    tcase_set_tags(each, "long"); /* left out under valgrind */
    tcase_add_test(each, one_by_one);
    tcase_add_test(each, arguments_come_first);
    tcase_add_test(each, mistakes_are_explained);
    tcase_add_test(each, comparisons_are_fine);
    tcase_add_test(each, unknown_arguments);
    suite_add_tcase(suite, each);
    return suite;
}
