/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two kinds of the test's own: "shelf", where a book is put on a shelf, and "unshelf", where it is
 * taken away. All that reprobe knows of them is in the two structs below: to be asked questions,
 * completed, listed and looked at takes a change of no other file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/btf.h"
#include "probe/arguments.h"
#include "probe/completion.h"
#include "probe/kind.h"
#include "reprobe_query.h"
#include "suites.h"
#include "util/array.h"
#include "util/cleanup.h"

/* ------------------------------------------------------------------ the kinds */

static const char *const shelves[] = {"attic", "cellar", "attic_left"};

static struct rp_error *parse(const char *rest, struct rp_spec *spec) {
    return rp_spec_name(rest, strlen(rest), "shelf", "_", &spec->target);
}

static bool exists(const struct rp_spec *spec) {
    for (size_t i = 0; i < RP_COUNT(shelves); i++)
        if (!strcmp(shelves[i], spec->target))
            return true;
    return false;
}

static struct rp_error *resolve(struct rp_spec *spec) {
    return exists(spec) ? NULL : rp_probe_error(ENOENT, "there is no shelf %s", spec->target);
}

static struct rp_error *attach(const struct rp_spec *spec, int prog_fd, struct rp_attachment *out) {
    (void)prog_fd;
    (void)out;
    return rp_probe_error(EOPNOTSUPP, "nobody puts books on %s", spec->target);
}

static struct rp_error *list(const struct rp_probe_kind *kind, const char *pattern,
                             bool (*each)(void *ctx, const char *rest), void *ctx) {
    (void)kind;
    (void)pattern;
    for (size_t i = 0; i < RP_COUNT(shelves); i++)
        if (!each(ctx, shelves[i]))
            break;
    return NULL;
}

static struct rp_error *arguments(const struct rp_spec *spec, struct rp_arguments *arguments) {
    arguments->known = true;
    RP_TRY(rp_arguments_add(arguments, strdup("books"), strdup("int")));
    RP_TRY(rp_arguments_add(arguments, strdup("title"), strdup("char *")));
    if (spec->kind->is_return)
        arguments->readable = 0;
    arguments->result = strdup("int");
    return NULL;
}

static enum rp_memory memory(const struct rp_spec *spec, const struct rp_arguments *arguments) {
    (void)spec;
    (void)arguments;
    return RP_MEMORY_USER;
}

static char *call(const struct rp_spec *spec, enum rp_call_part part) {
    return part == RP_CALL_WHOLE ? NULL
                                 : rp_spec_as(spec, part == RP_CALL_ENTRY ? "shelf" : "unshelf");
}

static void write_head(const struct rp_function_text *f) {
    fprintf(f->out, "int %s(struct librarian *%s)\n{\n", f->name, f->context);
}

static void write_argument(const struct rp_function_text *f, size_t i) {
    RP_AUTO_FREE char *one =
        rp_type_declare(f->arguments->list[i].type, f->arguments->list[i].name);
    fprintf(f->out, "    %s = %s->hand[%zu];\n", one, f->context, i);
}

static void write_result(const struct rp_function_text *f) {
    rp_write_local(f->out, f->arguments->result, "ret", "0");
}

static void describe(const struct rp_spec *spec, FILE *out) {
    fprintf(out, "  %s is up the stairs\n", spec->target);
}

static struct rp_error *complete(struct rp_completion *completion, const char *rest) {
    completion->what = "a shelf";
    if (!strncmp("attic", rest, strlen(rest)))
        rp_completion_offer(completion, "attic");
    return NULL;
}

static const struct rp_probe_kind shelf = {
    .name = "shelf",
    .alias = "sh",
    .usage = "shelf:NAME",
    .what = "a book is put on a shelf",
    .parse = parse,
    .function_prefix = "shelf__",
    .resolve = resolve,
    .attach = attach,
    .list = list,
    .noun = "thing",
    .arguments = arguments,
    .memory = memory,
    .call = call,
    .context = "librarian",
    .other_context = "someone",
    .write_argument = write_argument,
    .write_head = write_head,
    .exists = exists,
    .describe = describe,
    .complete = complete,
};

static const struct rp_probe_kind unshelf = {
    .name = "unshelf",
    .usage = "unshelf:NAME",
    .what = "a book is taken from a shelf",
    .parse = parse,
    .resolve = resolve,
    .attach = attach,
    .list = list,
    .arguments = arguments,
    .is_return = true,
    .call = call,
    .result = RP_RESULT_READ,
    .write_result = write_result,
    .write_head = write_head,
};

static void add_kinds(void) {
    ck_assert(rp_probe_kind_add(&shelf));
    ck_assert(rp_probe_kind_add(&unshelf));
}

/* ------------------------------------------------------------------ specs */

START_TEST(test_spec_of_own_kind) {
    struct rp_spec spec;
    ck_assert_ptr_null(rp_spec_parse("sh:attic", &spec));
    ck_assert_ptr_eq(spec.kind, &shelf);
    char *text = rp_spec_text(&spec);
    ck_assert_str_eq(text, "shelf:attic");
    free(text);
    text = rp_spec_function_name(&spec);
    ck_assert_str_eq(text, "shelf__attic");
    free(text);
    rp_spec_clear(&spec);
    text = rp_probe_spec_of_function("shelf__cellar");
    ck_assert_str_eq(text, "shelf:cellar");
    free(text);

    ck_assert(rp_probe_exists("shelf:cellar"));
    struct rp_error *err = rp_probe_check("shelf:roof");
    ck_assert_str_eq(rp_error_what(err), "cannot attach shelf:roof");
    ck_assert_str_eq(rp_error_why(err), "there is no shelf roof");
    rp_error_free(err);
    err = rp_spec_parse("shelve:attic", &spec);
    ck_assert_ptr_nonnull(strstr(rp_error_hint(err), "did you mean shelf"));
    ck_assert_ptr_nonnull(strstr(rp_error_hint(err), "shelf:NAME, unshelf:NAME"));
    rp_error_free(err);
}
END_TEST

static bool collect(void *ctx, const char *spec) {
    fprintf(ctx, "%s ", spec);
    return true;
}

START_TEST(test_list_of_own_kind) {
    RP_AUTO_FREE char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_null(rp_probe_list("shelf", "att*", collect, out));
    fclose(out);
    ck_assert_str_eq(text, "shelf:attic shelf:attic_left ");
}
END_TEST

/* ------------------------------------------------------------------ questions */

static const struct {
    enum rp_verb verb;
    const char *line;
    const char *title;
    const char *parts[8]; /* of the C, in that order */
} questions[] = {
    {RP_VERB_TRACE,
     "shelf:attic books if books > 3",
     "shelf:attic(int books, char *title)",
     {"int shelf__attic(struct librarian *librarian)\n{\n", "    int books = librarian->hand[0];\n",
      "    if (books <= 3)", "event->books = books;"}},
    /* Its pointers lead into the process. */
    {RP_VERB_COUNT,
     "shelf:cellar by title",
     "shelf:cellar(int books, char *title)",
     {"int shelf__cellar(struct librarian *librarian)", "    char *title = librarian->hand[1];\n",
      "bpf_probe_read_user_str(key.title, sizeof(key.title), title) < 0)"}},
    /* The two ends of what is between them. */
    {RP_VERB_TRACE,
     "sh:attic books, ret",
     "shelf:attic(int books, char *title), unshelf:attic",
     {"int shelf__attic(struct librarian *librarian)", "    int books = librarian->hand[0];\n",
      "int on_return(struct librarian *ctx)", "    int ret = 0;\n", "event->books = at.books;",
      "event->ret = ret;"}},
    {RP_VERB_LATENCY,
     "unshelf:cellar",
     "shelf:cellar(int books, char *title), unshelf:cellar",
     {"int shelf__cellar(struct librarian *librarian)", "int on_return(struct librarian *ctx)"}},
};

static void check_order(const char *text, const char *const *parts) {
    for (const char *at = text; *parts; parts++) {
        at = strstr(at, *parts);
        ck_assert_msg(at != NULL, "`%s` is not where it should be in\n%s", *parts, text);
        at += strlen(*parts);
    }
}

START_TEST(test_question_of_own_kind) {
    struct rp_question *question = NULL;
    struct rp_generated *generated = NULL;
    ck_assert_ptr_null(rp_question_parse(questions[_i].verb, questions[_i].line, &question));
    struct rp_error *err = rp_question_generate(question, &generated);
    ck_assert_msg(!err, "%s: %s", questions[_i].line, err ? rp_error_why(err) : "");
    ck_assert_str_eq(generated->title, questions[_i].title);
    check_order(generated->text, questions[_i].parts);
    rp_generated_free(generated);
    rp_question_free(question);
}
END_TEST

START_TEST(test_wrong_question_of_own_kind) {
    struct rp_question *question = NULL;
    struct rp_generated *generated = NULL;
    ck_assert_ptr_null(rp_question_parse(RP_VERB_TRACE, "shelf:attic bokks", &question));
    struct rp_error *err = rp_question_generate(question, &generated);
    ck_assert_str_eq(rp_error_why(err), "attic has no thing `bokks`; its things are books, title\n"
                                        "  bokks\n  ^");
    ck_assert_str_eq(rp_error_hint(err), "did you mean books?");
    rp_error_free(err);
    rp_question_free(question);
}
END_TEST

/* ------------------------------------------------------------------ for people */

static void collect_word(void *ctx, const char *text, const char *what) {
    fprintf(ctx, "%s (%s) ", text, what);
}

static char *completed(const char *prefix) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_null(rp_complete_probe(prefix, collect_word, out));
    fclose(out);
    return text;
}

START_TEST(test_completion_of_own_kind) {
    RP_AUTO_FREE char *kind = completed("shel"), *own = completed("shelf:a"),
                      *listed = completed("unshelf:attic"), *names = NULL;
    ck_assert_ptr_nonnull(strstr(kind, "shelf: (a book is put on a shelf)"));
    ck_assert_str_eq(own, "shelf:attic (a shelf) ");
    ck_assert_str_eq(listed, "unshelf:attic (unshelf) unshelf:attic_left (unshelf) ");
    size_t size;
    FILE *out = open_memstream(&names, &size);
    rp_error_free(
        rp_complete_expression("shelf:attic", "ti", 2, collect_word, out)); /* no clang, then */
    fclose(out);
    ck_assert_ptr_nonnull(strstr(names, "title (char *)"));
}
END_TEST

START_TEST(test_description_of_own_kind) {
    RP_AUTO_FREE char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_null(rp_inspect_probe("sh:attic", out));
    fclose(out);
    check_order(text, (const char *const[]){"shelf:attic: a book is put on a shelf\n",
                                            "  attic is up the stairs\n", NULL});
}
END_TEST

Suite *kind_suite(void) {
    Suite *suite = suite_create("kind");
    TCase *tests = tcase_create("kind");
    tcase_add_unchecked_fixture(tests, add_kinds, NULL);
    tcase_add_test(tests, test_spec_of_own_kind);
    tcase_add_test(tests, test_list_of_own_kind);
    tcase_add_loop_test(tests, test_question_of_own_kind, 0, RP_COUNT(questions));
    tcase_add_test(tests, test_wrong_question_of_own_kind);
    tcase_add_test(tests, test_completion_of_own_kind);
    tcase_add_test(tests, test_description_of_own_kind);
    suite_add_tcase(suite, tests);
    return suite;
}
