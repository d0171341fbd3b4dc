/* SPDX-License-Identifier: Apache-2.0 */
#include "course/verdict.h"

#include <errno.h>
#include <json-c/json.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "course/measure.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

static const char *const words[] = {[OUTCOME_RIGHT] = "right",
                                    [OUTCOME_NOT_YET] = "not yet",
                                    [OUTCOME_REFUSED] = "refused",
                                    [OUTCOME_ENDED] = "ended"};

const char *verdict_word(enum outcome outcome) {
    return words[outcome];
}

/* ------------------------------------------------------------------ rules */

/* A number as it is written, or of that name; false: nothing of that name was seen. */
static bool number_of(const struct numbers *numbers, const char *word, long long *value) {
    char *end;
    *value = strtoll(word, &end, 10);
    if (*word && !*end)
        return true;
    const struct number *number = numbers_find(numbers, word);
    *value = number ? number->value : 0;
    return number && number->is_number;
}

static bool compare(long long left, const char *op, long long right) {
    bool equal = left == right, less = left < right;
    if (!strcmp(op, "="))
        return equal;
    if (!strcmp(op, "!="))
        return !equal;
    if (*op == '<')
        return less || (op[1] && equal);
    return !less && (op[1] || !equal);
}

static bool terms_hold(const struct lesson_rule *rule, const struct numbers *numbers) {
    for (size_t i = 0; i < rule->terms.count; i++) {
        const struct lesson_term *term = &rule->terms.items[i];
        long long left, right;
        if (!number_of(numbers, term->left, &left) || !number_of(numbers, term->right, &right) ||
            !compare(left, term->op, right))
            return false;
    }
    return true;
}

static bool said_matches(const char *expression, const char *said) {
    regex_t regex;
    if (regcomp(&regex, expression, REG_EXTENDED | REG_NOSUB | REG_NEWLINE))
        return false;
    bool matches = !regexec(&regex, said, 0, NULL, 0);
    regfree(&regex);
    return matches;
}

static struct rp_error *add_want(const struct lesson_rule *rule, const struct numbers *numbers,
                                 struct verdict *out) {
    struct verdict_want *want = rp_vec_add(&out->wants);
    if (!want || !(want->text = numbers_fill(numbers, rule->text)))
        return rp_error_nomem();
    want->ok = terms_hold(rule, numbers);
    if (!want->ok)
        out->outcome = OUTCOME_NOT_YET;
    return NULL;
}

static struct rp_error *find_advice(const struct lesson *lesson, const struct seen *seen,
                                    const struct numbers *numbers, struct verdict *out) {
    for (size_t i = 0; i < lesson->advice.count; i++) {
        const struct lesson_rule *rule = &lesson->advice.items[i];
        if (rule->said ? !said_matches(rule->said, seen->said) : !terms_hold(rule, numbers))
            continue;
        out->advice = numbers_fill(numbers, rule->text);
        return out->advice ? NULL : rp_error_nomem();
    }
    return NULL;
}

/* What a want is about must be known: otherwise the lesson is at fault, and not the student. */
static struct rp_error *require_known(const struct lesson *lesson, const struct numbers *numbers) {
    for (size_t i = 0; i < lesson->wants.count; i++) {
        const struct lesson_rule *rule = &lesson->wants.items[i];
        for (size_t j = 0; j < rule->terms.count; j++) {
            const char *sides[] = {rule->terms.items[j].left, rule->terms.items[j].right};
            long long value;
            for (size_t k = 0; k < 2; k++)
                if (!number_of(numbers, sides[k], &value))
                    return rp_error_hint_set(
                        rp_error_new(EPROTO, NULL,
                                     "cannot check lesson %u: its workload said no `%s`",
                                     lesson->number, sides[k]),
                        "run it again; if that does not help, its workload does not work here");
        }
    }
    return NULL;
}

static struct rp_error *judge(const struct lesson *lesson, const struct seen *seen,
                              const struct numbers *numbers, struct verdict *out) {
    out->outcome = seen->ran ? OUTCOME_RIGHT : OUTCOME_REFUSED;
    if (seen->ran)
        RP_TRY(require_known(lesson, numbers));
    for (size_t i = 0; seen->ran && i < lesson->wants.count; i++)
        RP_TRY(add_want(&lesson->wants.items[i], numbers, out));
    if (!seen->ran && !(out->said = strdup(seen->said)))
        return rp_error_nomem();
    return out->outcome == OUTCOME_RIGHT ? NULL : find_advice(lesson, seen, numbers, out);
}

struct rp_error *verdict_of(const struct lesson *lesson, const struct seen *seen,
                            struct verdict *out) {
    struct numbers numbers = {0};
    *out = (struct verdict){0};
    struct rp_error *err = measure_all(lesson, seen, &numbers);
    if (!err)
        err = judge(lesson, seen, &numbers, out);
    numbers_clear(&numbers);
    if (err)
        verdict_clear(out);
    return err;
}

void verdict_clear(struct verdict *verdict) {
    for (size_t i = 0; i < verdict->wants.count; i++)
        free(verdict->wants.items[i].text);
    rp_vec_clear(&verdict->wants);
    free(verdict->advice);
    free(verdict->said);
    *verdict = (struct verdict){0};
}

/* ------------------------------------------------------------------ as JSON */

void verdict_write(const struct lesson *lesson, const struct verdict *verdict, FILE *out) {
    struct rp_writer json;
    rp_json_begin(&json, out);
    rp_json_string(&json, "lesson", lesson->name);
    rp_json_string(&json, "verdict", words[verdict->outcome]);
    rp_json_array(&json, "wants");
    for (size_t i = 0; i < verdict->wants.count; i++) {
        rp_json_object(&json, NULL);
        rp_json_bool(&json, "ok", verdict->wants.items[i].ok);
        rp_json_text(&json, "text", verdict->wants.items[i].text, SIZE_MAX);
        rp_json_object_end(&json);
    }
    rp_json_array_end(&json);
    if (verdict->advice)
        rp_json_text(&json, "advice", verdict->advice, SIZE_MAX);
    if (verdict->said)
        rp_json_text(&json, "said", verdict->said, SIZE_MAX);
    rp_json_end(&json);
}

static const char *text_at(struct json_object *object, const char *name) {
    struct json_object *member;
    return json_object_object_get_ex(object, name, &member) ? json_object_get_string(member) : NULL;
}

static bool take_text(struct json_object *object, const char *name, char **to) {
    const char *text = text_at(object, name);
    *to = text ? strdup(text) : NULL;
    return !text || *to;
}

static bool take_wants(struct json_object *object, struct verdict *out) {
    struct json_object *wants, *ok;
    if (!json_object_object_get_ex(object, "wants", &wants) ||
        !json_object_is_type(wants, json_type_array))
        return false;
    for (size_t i = 0; i < json_object_array_length(wants); i++) {
        struct json_object *one = json_object_array_get_idx(wants, i);
        struct verdict_want *want = rp_vec_add(&out->wants);
        if (!want || !take_text(one, "text", &want->text) || !want->text)
            return false;
        want->ok = json_object_object_get_ex(one, "ok", &ok) && json_object_get_boolean(ok);
    }
    return true;
}

static bool take(struct json_object *object, const char *name, struct verdict *out) {
    const char *lesson = text_at(object, "lesson"), *word = text_at(object, "verdict");
    if (!lesson || !word || strcmp(lesson, name) != 0)
        return false;
    for (size_t i = 0; i < RP_COUNT(words); i++) {
        if (strcmp(words[i], word) != 0)
            continue;
        out->outcome = (enum outcome)i;
        return take_wants(object, out) && take_text(object, "advice", &out->advice) &&
               take_text(object, "said", &out->said);
    }
    return false;
}

struct rp_error *verdict_parse(const struct lesson *lesson, const char *line, struct verdict *out) {
    struct json_object *object = json_tokener_parse(line);
    *out = (struct verdict){0};
    bool is_object = json_object_is_type(object, json_type_object);
    bool ok = is_object && take(object, lesson->name, out);
    RP_AUTO_FREE char *why = NULL;
    if (!ok && (!is_object || !take_text(object, "error", &why)))
        why = NULL;
    json_object_put(object);
    if (ok)
        return NULL;
    verdict_clear(out);
    return rp_error_new(EPROTO, why ? why : "no verdict came", "cannot check lesson %u",
                        lesson->number);
}
