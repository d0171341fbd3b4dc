/* SPDX-License-Identifier: Apache-2.0 */
#include "course/lesson_rules.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

static const struct kind {
    const char *name;
    unsigned arguments; /* before the filters */
} kinds[] = {
    [MEASURE_ROWS] = {"rows", 1},   [MEASURE_DISTINCT] = {"distinct", 2},
    [MEASURE_SUM] = {"sum", 2},     [MEASURE_ENTRIES] = {"entries", 1},
    [MEASURE_TOTAL] = {"total", 1}, [MEASURE_LOST] = {"lost", 0},
    [MEASURE_LINES] = {"lines", 1}, [MEASURE_TEXT] = {"text", 1},
};

static struct rp_error *check_regex(const char *text) {
    regex_t regex;
    if (regcomp(&regex, text, REG_EXTENDED | REG_NOSUB))
        return rp_error_new(EINVAL, "it is not a regular expression", "`%s`", text);
    regfree(&regex);
    return NULL;
}

/* The next word of *rest, which begins behind it then; NULL: there is none. */
static char *next_word(char **rest) {
    *rest += strspn(*rest, " \t");
    if (!**rest)
        return NULL;
    char *word = *rest;
    *rest += strcspn(*rest, " \t");
    if (**rest)
        *(*rest)++ = '\0';
    return word;
}

static struct rp_error *add_filter(struct lesson_measure *measure, const char *word) {
    size_t name = strcspn(word, "=~");
    if (!name || !word[name] || !word[name + 1])
        return rp_error_new(EINVAL, "it does not have the form FIELD=VALUE or FIELD~REGEX", "`%s`",
                            word);
    if (word[name] == '~')
        RP_TRY(check_regex(word + name + 1));
    struct lesson_filter *filter = rp_vec_add(&measure->filters);
    if (!filter)
        return rp_error_nomem();
    filter->is_regex = word[name] == '~';
    filter->field = strndup(word, name);
    filter->value = strdup(word + name + 1);
    return filter->field && filter->value ? NULL : rp_error_nomem();
}

static struct rp_error *read_arguments(struct lesson_measure *measure, char *rest) {
    if (measure->kind == MEASURE_TEXT || measure->kind == MEASURE_LINES) {
        /* an expression may have blanks */
        rest += strspn(rest, " \t");
        measure->of = strdup(rest);
        return measure->of ? check_regex(rest) : rp_error_nomem();
    }
    char **arguments[] = {&measure->of, &measure->field};
    for (size_t i = 0; i < RP_COUNT(arguments) && i < kinds[measure->kind].arguments; i++) {
        const char *word = next_word(&rest);
        if (!word)
            return rp_error_new(EINVAL, NULL, "`measure %s %s` needs another word", measure->name,
                                kinds[measure->kind].name);
        *arguments[i] = strdup(word);
        if (!*arguments[i])
            return rp_error_nomem();
    }
    for (const char *word; (word = next_word(&rest));)
        RP_TRY(add_filter(measure, word));
    return NULL;
}

struct rp_error *lesson_add_measure(struct lesson *lesson, const char *line) {
    RP_AUTO_FREE char *copy = strdup(line);
    char *rest = copy;
    const char *name = copy ? next_word(&rest) : NULL, *kind = name ? next_word(&rest) : NULL;
    if (!kind)
        return rp_error_new(EINVAL, "it has the form NAME KIND", "`measure`");
    struct lesson_measure *measure = rp_vec_add(&lesson->measures);
    if (!measure || !(measure->name = strdup(name)))
        return rp_error_nomem();
    for (size_t i = 0; i < RP_COUNT(kinds); i++) {
        if (strcmp(kinds[i].name, kind) != 0)
            continue;
        measure->kind = (enum measure_kind)i;
        return read_arguments(measure, rest);
    }
    return rp_error_new(EINVAL, "there is no such kind", "`measure %s %s`", name, kind);
}

static bool is_operator(const char *word) {
    static const char *const operators[] = {"=", "!=", "<", "<=", ">", ">="};
    for (size_t i = 0; i < RP_COUNT(operators); i++)
        if (!strcmp(operators[i], word))
            return true;
    return false;
}

static struct rp_error *add_term(struct lesson_rule *rule, char **rest) {
    const char *left = next_word(rest), *op = left ? next_word(rest) : NULL,
               *right = op ? next_word(rest) : NULL;
    if (!right || !is_operator(op))
        return rp_error_new(EINVAL, "it has the form NAME OPERATOR NAME", "a condition");
    struct lesson_term *term = rp_vec_add(&rule->terms);
    if (!term)
        return rp_error_nomem();
    *term = (struct lesson_term){strdup(left), strdup(op), strdup(right)};
    return term->left && term->op && term->right ? NULL : rp_error_nomem();
}

static struct rp_error *read_rule(struct lesson_rule *rule, char *rest) {
    if (rp_starts_with(rest, "said ")) {
        rule->said = strdup(rest + strlen("said "));
        return rule->said ? check_regex(rule->said) : rp_error_nomem();
    }
    do
        RP_TRY(add_term(rule, &rest));
    while ((rest += strspn(rest, " \t"), rp_starts_with(rest, "and ")) && (rest += strlen("and ")));
    return *rest ? rp_error_new(EINVAL, "terms are joined by `and`", "`%s`", rest) : NULL;
}

struct rp_error *lesson_add_rule(struct lesson *lesson, bool is_want, const char *line,
                                 char ***text) {
    struct lesson_rule *rule = is_want ? rp_vec_add(&lesson->wants) : rp_vec_add(&lesson->advice);
    RP_AUTO_FREE char *copy = strdup(line);
    if (!rule || !copy)
        return rp_error_nomem();
    *text = &rule->text;
    if (is_want && rp_starts_with(line, "said "))
        return rp_error_new(EINVAL, "it is for advice", "`said`");
    return read_rule(rule, copy);
}

struct rp_error *lesson_check_names(const struct lesson *lesson) {
    for (size_t i = 0; i < lesson->wants.count; i++)
        if (!lesson->wants.items[i].text)
            return rp_error_new(EINVAL, NULL, "a `want` needs a text");
    for (size_t i = 0; i < lesson->advice.count; i++)
        if (!lesson->advice.items[i].text)
            return rp_error_new(EINVAL, NULL, "an `advice` needs a text");
    for (size_t i = 0; i < lesson->hints.count; i++)
        if (!*lesson->hints.items[i])
            return rp_error_new(EINVAL, NULL, "a `hint` needs a text");
    for (size_t i = 0; i < lesson->wrong.count; i++)
        if (!lesson->wrong.items[i].text)
            return rp_error_new(EINVAL, NULL, "`wrong` and `unsolved` need words of the advice");
    return NULL;
}

static void clear_rule(struct lesson_rule *rule) {
    for (size_t i = 0; i < rule->terms.count; i++) {
        free(rule->terms.items[i].left);
        free(rule->terms.items[i].op);
        free(rule->terms.items[i].right);
    }
    rp_vec_clear(&rule->terms);
    free(rule->said);
    free(rule->text);
}

static void clear_measure(struct lesson_measure *measure) {
    for (size_t i = 0; i < measure->filters.count; i++) {
        free(measure->filters.items[i].field);
        free(measure->filters.items[i].value);
    }
    rp_vec_clear(&measure->filters);
    free(measure->name);
    free(measure->of);
    free(measure->field);
}

void lesson_clear_rules(struct lesson *lesson) {
    for (size_t i = 0; i < lesson->measures.count; i++)
        clear_measure(&lesson->measures.items[i]);
    rp_vec_clear(&lesson->measures);
    for (size_t i = 0; i < lesson->wants.count; i++)
        clear_rule(&lesson->wants.items[i]);
    rp_vec_clear(&lesson->wants);
    for (size_t i = 0; i < lesson->advice.count; i++)
        clear_rule(&lesson->advice.items[i]);
    rp_vec_clear(&lesson->advice);
}
