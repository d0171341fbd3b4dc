/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query [-t] VERB LINE…: prints the C that answers a question as it is typed at the prompt (-t: of
 * the target only); with -a what reprobe run has to be told besides, with -n the text that says
 * nothing of attach points, with -i title, headers and note. query args SPEC: what a program can
 * read there. query spec WORD: where that is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/arguments.h"
#include "reprobe_query.h"

static int failed(struct rp_error *err) {
    if (err)
        rp_error_print(err, stderr);
    rp_error_free(err);
    return err ? 1 : 0;
}

static int print_arguments(const char *spec) {
    struct rp_arguments *arguments = NULL;
    struct rp_error *err = rp_arguments_of(spec, &arguments);
    if (!err) {
        char *signature = rp_arguments_signature(spec, arguments);
        printf("%s%s%s\n", signature, arguments->result ? " returns " : "",
               arguments->result ? arguments->result : "");
        free(signature);
    }
    rp_arguments_free(arguments);
    return failed(err);
}

static int print_place(const char *word) {
    char *spec = NULL, *note = NULL;
    struct rp_error *err = rp_question_spec(word, &spec, &note);
    if (!err)
        printf("%s\n%s%s", spec, note ? note : "", note ? "\n" : "");
    free(spec);
    free(note);
    return failed(err);
}

static void print_headers(const struct rp_schema *schema) {
    for (size_t i = 0; i < schema->map_count; i++) {
        const struct rp_map_schema *map = &schema->maps[i];
        for (size_t m = 0; map->means == RP_MEANS_ROWS && m < map->member_count; m++)
            if (map->members[m].header)
                printf(" %s", map->members[m].header);
    }
}

static void print_written(const struct rp_generated *written, char what) {
    switch (what) {
    case 'a':
        for (size_t i = 0; i < written->attach_count; i++) {
            char *named = rp_probe_spec_of_function(written->attach[i].function);
            if (!named)
                printf("-a\n%s=%s\n", written->attach[i].function, written->attach[i].spec);
            free(named);
        }
        return;
    case 'n':
        fputs(written->neutral, stdout);
        return;
    case 'i':
        printf("title: %s\nheaders:", written->title);
        print_headers(written->schema);
        printf("\nnote: %s\n", written->note ? written->note : "");
        return;
    default:
        fputs(written->text, stdout);
    }
}

int main(int argc, char **argv) {
    char what = 'c', line[4096] = "";
    bool target = false;
    int option;
    while ((option = getopt(argc, argv, "+tani")) > 0) {
        if (option == 't')
            target = true;
        else
            what = (char)option;
    }
    if (argc - optind < 1)
        return 2;
    for (int i = optind + 1; i < argc; i++)
        snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s", *line ? " " : "",
                 argv[i]);
    if (!strcmp(argv[optind], "args"))
        return print_arguments(line);
    if (!strcmp(argv[optind], "spec"))
        return print_place(line);
    enum rp_verb verb;
    if (!rp_verb_find(argv[optind], &verb))
        return 2;
    struct rp_question *question = NULL;
    struct rp_generated *written = NULL;
    struct rp_error *err = rp_question_parse(verb, line, &question);
    if (!err) {
        question->ask_target = target;
        err = rp_question_generate(question, &written);
    }
    if (!err)
        print_written(written, what);
    rp_generated_free(written);
    rp_question_free(question);
    return failed(err);
}
