/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reprobe completion: prints the script of a shell, which asks `reprobe completion words` what
 * fits: by the tables of options of each command and tool (rp_argp_parse()), and by what the
 * prompt's Tab knows. A line is a word in full, a tab, and what it is; or ":files", ":directories",
 * ":commands", which shells know themselves.
 */
#include <argp.h>
#include <ctype.h>
#include <dirent.h>
#include <net/if.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "probe/kind.h"
#include "prompt/tools.h"
#include "reprobe_tool.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/text.h"

extern const char rp_embedded_reprobe_bash[], rp_embedded_reprobe_zsh[], rp_embedded_reprobe_fish[];

static const struct shell {
    const char *name, *script;
} shells[] = {{"bash", rp_embedded_reprobe_bash},
              {"zsh", rp_embedded_reprobe_zsh},
              {"fish", rp_embedded_reprobe_fish}};

const struct command *completed_commands;

/* ------------------------------------------------------------------ words */

/* What is being typed: `word`, whose first `kept` bytes stand in front of what is offered. */
struct typed {
    const char *word;
    size_t kept;
};

static void offer(const struct typed *typed, const char *text, const char *what) {
    if (!rp_starts_with(text, typed->word + typed->kept))
        return;
    for (const char *c = text; *c; c++)
        if (iscntrl((unsigned char)*c))
            return; /* a program may call its functions anything; a terminal would obey */
    printf("%.*s%s\t%s\n", (int)typed->kept, typed->word, text, what ? what : "");
}

static void offer_each(void *ctx, const char *text, const char *what) {
    offer(ctx, text, what);
}

static void offer_tools(const struct typed *typed) {
    for (const struct tool *tool = tools; tool->name; tool++)
        offer(typed, tool->name, tool->what);
}

static void offer_commands(const struct typed *typed) {
    for (const struct command *command = completed_commands; command->name; command++)
        offer(typed, command->name, command->what);
    offer(typed, "help", "show the help of a command");
    offer(typed, "version", "print the version");
}

static void offer_processes(const struct typed *typed) {
    DIR *dir = opendir("/proc");
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        char path[300], comm[64] = "";
        if (!isdigit((unsigned char)*entry->d_name))
            continue;
        snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
        FILE *file = fopen(path, "re");
        if (file && fgets(comm, sizeof(comm), file))
            comm[strcspn(comm, "\n")] = '\0';
        if (file)
            fclose(file);
        for (char *c = comm; *c; c++)
            *c = iscntrl((unsigned char)*c) ? '?' : *c;
        offer(typed, entry->d_name, comm);
    }
    if (dir)
        closedir(dir);
}

static void offer_users(const struct typed *typed) {
    setpwent();
    for (const struct passwd *user; (user = getpwent());)
        offer(typed, user->pw_name, NULL);
    endpwent();
}

static void offer_interfaces(const struct typed *typed) {
    struct if_nameindex *all = if_nameindex();
    for (const struct if_nameindex *one = all; one && one->if_index; one++)
        offer(typed, one->if_name, NULL);
    if (all)
        if_freenameindex(all);
}

static void offer_kinds(const struct typed *typed) {
    const struct rp_probe_kind *kind;
    for (size_t i = 0; (kind = rp_probe_kind_at(i)); i++)
        if (kind->list)
            offer(typed, kind->name, NULL);
}

static void offer_probes(const struct typed *typed) {
    rp_error_free(rp_complete_probe(typed->word + typed->kept, offer_each, (void *)typed));
}

/* "auto|btf|headers" */
static void offer_choices(const struct typed *typed, const char *choices) {
    RP_AUTO_FREE char *copy = strdup(choices);
    for (char *rest = copy, *choice; rest && (choice = strsep(&rest, "|"));)
        offer(typed, choice, NULL);
}

static void offer_kernels(const struct typed *typed) {
    offer_choices(typed, "6.1|6.12|linux-image-rt-amd64");
    puts(":files");
}

/* "FUNCTION=PROBE": what stands behind the sign. */
static void offer_attach(const struct typed *typed) {
    const char *sign = strchr(typed->word + typed->kept, '=');
    if (!sign)
        return;
    const struct typed probe = {typed->word, (size_t)(sign + 1 - typed->word)};
    offer_probes(&probe);
}

/* What stands for NAME, as --help shows it. */
static void offer_value(const struct typed *typed, const char *name) {
    static const struct {
        const char *name;
        void (*offer)(const struct typed *typed);
    } known[] = {{"PID", offer_processes},  {"USER", offer_users},
                 {"PROBE", offer_probes},   {"PATTERN", offer_probes},
                 {"KIND", offer_kinds},     {"INTERFACE", offer_interfaces},
                 {"TOOL", offer_tools},     {"FUNCTION=PROBE", offer_attach},
                 {"TOPIC", offer_commands}, {"KERNEL", offer_kernels}};
    static const struct {
        const char *name, *line;
    } by_shell[] = {{"FILE", ":files"},      {"FILE.c", ":files"}, {"OBJECT", ":files"},
                    {"DIR", ":directories"}, {"CMD", ":commands"}, {"COMMAND", ":commands"}};
    for (size_t i = 0; i < RP_COUNT(known); i++)
        if (strcmp(known[i].name, name) == 0)
            known[i].offer(typed);
    for (size_t i = 0; i < RP_COUNT(by_shell); i++)
        if (strcmp(by_shell[i].name, name) == 0)
            puts(by_shell[i].line);
    if (strchr(name, '|') || islower((unsigned char)*name))
        offer_choices(typed, name);
}

/* ------------------------------------------------------------------ options */

/* What a program prints with --list-options. */
struct table {
    struct taken {
        char *name, *arg, *what;
    } * items;
    size_t count, capacity;
    char *args;            /* "[KIND] [PATTERN]"; NULL: none are named */
    struct rp_texts lines; /* which these are parts of */
};

static void take_line(struct table *table, char *line) {
    char *rest = line, *sort = strsep(&rest, "\t"), *name = rest ? strsep(&rest, "\t") : NULL;
    if (!name)
        return;
    if (strcmp(sort, "args") == 0)
        table->args = name;
    char *arg = rest ? strsep(&rest, "\t") : NULL;
    if (strcmp(sort, "option") == 0 && arg && rest)
        (void)rp_vec_push(table, ((struct taken){name, arg, rest}));
}

static void read_table(const char *program, const char *command, struct table *table) {
    char *line = NULL;
    size_t capacity = 0;
    RP_AUTO_FREE char *call = rp_text("'%s' %s --list-options 2>/dev/null", program, command);
    FILE *lines =
        call && !strchr(program, '\'') ? popen(call, "re") : NULL; /* NOLINT(cert-env33-c) */
    while (lines && getline(&line, &capacity, lines) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (rp_texts_add(&table->lines, strdup(line)))
            take_line(table, table->lines.items[table->lines.count - 1]);
    }
    free(line);
    if (lines)
        pclose(lines);
}

static void clear_table(struct table *table) {
    rp_texts_clear(&table->lines);
    rp_vec_clear(table);
}

static const struct taken *find_option(const struct table *table, const char *name, size_t length) {
    for (size_t i = 0; i < table->count; i++)
        if (strlen(table->items[i].name) == length &&
            strncmp(table->items[i].name, name, length) == 0)
            return &table->items[i];
    return NULL;
}

static void offer_options(const struct typed *typed, const struct table *table) {
    for (size_t i = 0; i < table->count; i++) {
        const struct taken *option = &table->items[i];
        bool has_value = *option->arg && option->name[1] == '-';
        RP_AUTO_FREE char *text = rp_text("%s%s", option->name, has_value ? "=" : "");
        if (text)
            offer(typed, text, option->what);
    }
}

/* The argument number `index` of "[KIND] [PATTERN]", and those that may stand in its place since it
 * may be left out; the last one may come again. */
static void offer_argument(const struct typed *typed, const struct table *table, size_t index) {
    RP_AUTO_FREE char *copy = table->args ? strdup(table->args) : NULL;
    const char *last = NULL;
    size_t at = 0;
    bool optional = true;
    for (char *rest = copy, *word; optional && rest && (word = strsep(&rest, " "));) {
        optional = *word == '[' || at < index;
        word += strspn(word, "[");
        word[strcspn(word, "]")] = '\0';
        if (*word == '-')
            break; /* flags for the compiler, or an option again */
        last = word;
        if (at++ >= index)
            offer_value(typed, word);
    }
    if (last && at <= index)
        offer_value(typed, last);
}

/* A value that stands behind its option; false: none does. */
static bool offer_option_value(const struct typed *typed, const struct table *table,
                               const char *before) {
    const char *sign = strchr(typed->word, '=');
    bool here = rp_starts_with(typed->word, "--") && sign;
    const char *name = here ? typed->word : before;
    const struct taken *option =
        find_option(table, name, here ? (size_t)(sign - name) : strlen(name));
    if (!option || !*option->arg)
        return false;
    const struct typed value = {typed->word, here ? (size_t)(sign + 1 - typed->word) : 0};
    offer_value(&value, option->arg);
    return true;
}

/* ------------------------------------------------------------------ a command line */

/* Words up to the one that is typed. */
struct line {
    char **words;
    size_t count; /* of those before it */
};

/* Where the first word that is not an option, nor one's value, stands, from `at` on. */
static size_t first_argument(const struct line *line, const struct table *table, size_t at) {
    for (; at < line->count && *line->words[at] == '-'; at++) {
        const struct taken *option = find_option(table, line->words[at], strlen(line->words[at]));
        at += option && *option->arg;
    }
    return at;
}

static size_t arguments_before(const struct line *line, const struct table *table, size_t at) {
    size_t count = 0;
    while ((at = first_argument(line, table, at)) < line->count) {
        at++;
        count++;
    }
    return count;
}

/* The words behind the one number `at` are those of a command or a tool. */
static void complete_options(const struct line *line, const struct table *table, size_t at) {
    const struct typed typed = {line->words[line->count], 0};
    const char *before = line->count > at ? line->words[line->count - 1] : "";
    if (offer_option_value(&typed, table, before))
        return;
    if (*typed.word == '-')
        offer_options(&typed, table);
    else
        offer_argument(&typed, table, arguments_before(line, table, at));
}

/* From the one number `at` on, a line of the prompt. */
static void complete_prompt(const struct line *line, size_t at) {
    const struct typed typed = {line->words[line->count], 0};
    RP_AUTO_FREE char *text = strdup("");
    for (; text && at <= line->count; at++) {
        char *longer = rp_text("%s%s%s", text, *text ? " " : "", line->words[at]);
        free(text);
        text = longer;
    }
    if (text && !prompt_complete(text, strlen(text), offer_each, (void *)&typed))
        puts(":files");
}

static bool is_command(const char *word) {
    for (const struct command *command = completed_commands; command->name; command++)
        if (strcmp(command->name, word) == 0)
            return true;
    return false;
}

/* Behind the name of a tool, which is word number `at`. */
static void complete_tool(const struct line *line, size_t at) {
    RP_AUTO_FREE char *program = tool_path(line->words[at]);
    struct table table = {0};
    if (program)
        read_table(program, "", &table);
    complete_options(line, &table, at + 1);
    clear_table(&table);
}

/* The words before the first that is not an option are the prompt's. */
static void complete_first(const struct line *line, const struct table *table) {
    const struct typed typed = {line->words[line->count], 0};
    size_t at = first_argument(line, table, 1);
    if (at < line->count) {
        complete_prompt(line, at);
    } else if (at > line->count || *typed.word == '-') {
        complete_options(line, table, 1);
    } else {
        if (line->count == 1)
            offer_commands(&typed);
        complete_prompt(line, line->count);
    }
}

static void complete(const struct line *line) {
    const char *first = line->count > 1 ? line->words[1] : "";
    bool is_tools = strcmp(first, "tools") == 0 && line->count > 2;
    const char *tool = is_tools ? line->words[2] : first;
    if (!is_command(first) && !prompt_has_command(first) && tool_find(first, strlen(first))) {
        complete_tool(line, 1);
        return;
    }
    if (is_tools && tool_find(tool, strlen(tool))) {
        complete_tool(line, 2);
        return;
    }
    struct table table = {0};
    bool known = is_command(first);
    RP_AUTO_FREE char *own = realpath("/proc/self/exe", NULL);
    if (own)
        read_table(own, known ? first : "prompt", &table);
    if (strcmp(first, "help") == 0 && line->count == 2)
        offer_commands(&(struct typed){line->words[2], 0});
    if (known && strcmp(first, "prompt") != 0)
        complete_options(line, &table, 2);
    else
        complete_first(line, &table);
    clear_table(&table);
}

/* ------------------------------------------------------------------ the command */

static int print_words(int argc, char **argv) {
    uint64_t index = 0;
    if (argc < 4 || !rp_parse_count(argv[2], (uint64_t)argc, &index) || index + 4 > (uint64_t)argc)
        return rp_tool_end(rp_error_new(0, "give a word's number and the words", "cannot complete"),
                           false);
    complete(&(struct line){argv + 3, index});
    return rp_tool_end(NULL, false);
}

static error_t parse(int key, char *arg, struct argp_state *state) {
    const struct shell **shell = state->input;
    if (key == ARGP_KEY_END && !*shell)
        argp_error(state, "name a shell: bash, zsh or fish");
    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    for (size_t i = 0; i < RP_COUNT(shells); i++)
        if (strcmp(shells[i].name, arg) == 0)
            *shell = &shells[i];
    if (!*shell)
        argp_error(state, "unknown shell `%s`: there are bash, zsh and fish", arg);
    return 0;
}

int command_completion(int argc, char **argv) {
    const struct argp argp = {
        .parser = parse,
        .args_doc = "bash|zsh|fish",
        .doc = "Prints the script that completes reprobe's command line in that shell, where it is "
               "not installed: commands, tools, their options and values, and the prompt's "
               "questions with this kernel's probes.\vFor bash, add to ~/.bashrc: eval \"$(reprobe "
               "completion bash)\"; for zsh, to ~/.zshrc behind compinit: eval \"$(reprobe "
               "completion zsh)\"; for fish: reprobe completion fish | source"};
    const struct shell *shell = NULL;
    if (argc > 1 && strcmp(argv[1], "words") == 0)
        return print_words(argc, argv);
    rp_argp_parse(&argp, argc, argv, 0, &shell);
    if (shell)
        fputs(shell->script, stdout);
    return rp_tool_end(NULL, false);
}
