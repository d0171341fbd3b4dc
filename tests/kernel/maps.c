/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host program that changes a source's maps and prints them.
 *   maps FILE.c STEP…
 * A step is: set MAP KEY VALUE, del MAP KEY, clear MAP, describe MAP, text MAP, json MAP, csv MAP;
 * or `linear LOW HIGH STEP`, `title TEXT`, `unit TEXT`, `names` (a key's member `place` is then
 * "place N") of what is printed next. Goes on after an error, and ends with status 1.
 */
#include <stdlib.h>
#include <string.h>

#include "reprobe_query.h"
#include "reprobe_tool.h"

/* How the next map is printed. */
struct next {
    struct rp_map_format format;
    const char *unit;
    int64_t low, high, step;
};

static char *name_place(void *ctx, const struct rp_map_number *number) {
    (void)ctx;
    char *text;
    bool is_place = number->member->means == RP_MEMBER_ATTACH_POINT;
    return is_place && asprintf(&text, "place %llu", (unsigned long long)number->value) > 0 ? text
                                                                                            : NULL;
}

static struct rp_error *describe(const struct rp_module *module, const char *map) {
    char *text;
    struct rp_error *err = rp_map_describe(module, map, &text);
    if (!err)
        puts(text);
    free(text);
    return err;
}

/* How many words the step has. */
static size_t words_of(const char *verb) {
    static const struct {
        const char *verb;
        size_t words;
    } verbs[] = {{"set", 4}, {"del", 3}, {"linear", 4}, {"names", 1}};
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(verb, verbs[i].verb) == 0)
            return verbs[i].words;
    return 2;
}

static struct rp_error *change(const struct rp_module *module, char **step) {
    if (strcmp(step[0], "set") == 0)
        return rp_map_set(module, step[1], step[2], step[3]);
    if (strcmp(step[0], "del") == 0)
        return rp_map_delete(module, step[1], step[2]);
    return rp_map_clear(module, step[1]);
}

/* Says what is known of the map besides: unit, edges, and that `place` is an attach point. */
static struct rp_error *say(struct rp_module *module, const char *map, const struct next *next) {
    const struct rp_map_schema *now = rp_module_map_schema(module, map);
    struct rp_member_schema members[8] = {{.name = "place", .means = RP_MEMBER_ATTACH_POINT}};
    if (!now || now->member_count > 7)
        return NULL;
    struct rp_map_schema said = *now;
    said.unit = next->unit;
    said.low = next->low;
    said.high = next->high;
    said.step = next->step;
    if (next->format.text) {
        memcpy(members + 1, now->members, now->member_count * sizeof(*members));
        said.members = members;
        said.member_count++;
    }
    const struct rp_schema schema = {.size = sizeof(schema), .maps = &said, .map_count = 1};
    return rp_module_set_schema(module, &schema);
}

static struct rp_error *print(struct rp_module *module, char **step, struct next *next) {
    if (strcmp(step[0], "describe") == 0)
        return describe(module, step[1]);
    next->format.as = *step[0] == 't' ? RP_MAP_TEXT : *step[0] == 'j' ? RP_MAP_JSON : RP_MAP_CSV;
    next->format.size = sizeof(next->format);
    struct rp_error *err = say(module, step[1], next);
    if (!err)
        err = rp_map_print(module, step[1], &next->format, stdout);
    *next = (struct next){0};
    return err;
}

static struct rp_error *run(struct rp_module *module, char **step, struct next *next) {
    if (strcmp(step[0], "title") == 0) {
        next->format.title = step[1];
    } else if (strcmp(step[0], "unit") == 0) {
        next->unit = step[1];
    } else if (strcmp(step[0], "names") == 0) {
        next->format.text = name_place;
    } else if (strcmp(step[0], "linear") == 0) {
        next->low = strtoll(step[1], NULL, 10);
        next->high = strtoll(step[2], NULL, 10);
        next->step = strtoll(step[3], NULL, 10);
    } else if (strchr("sc", *step[0]) && strcmp(step[0], "csv") != 0) {
        return change(module, step);
    } else {
        return strcmp(step[0], "del") == 0 ? change(module, step) : print(module, step, next);
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: maps FILE.c STEP…\n");
        return 2;
    }
    struct rp_module *module;
    struct rp_error *err = rp_module_compile_file(argv[1], NULL, &module);
    if (err)
        return rp_tool_end(err, true);
    int status = 0;
    struct next next = {0};
    for (int i = 2; i < argc; i += (int)words_of(argv[i])) {
        err = i + (int)words_of(argv[i]) <= argc ? run(module, argv + i, &next) : NULL;
        fflush(stdout);
        if (err)
            status = rp_tool_end(err, false);
    }
    rp_module_free(module);
    return status;
}
