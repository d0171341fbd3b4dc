/* SPDX-License-Identifier: Apache-2.0 */
/* What Tab offers: by the verb that stands at the beginning of the line. */
#include <ctype.h>
#include <readline/readline.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "screen.h"
#include "tools.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* Where words end: of commands, probes and files; and of C. */
#define BREAKS   " \t\n"
#define BREAKS_C " \t\n\"'><=;|&{}()[]+-*/%,.!?:^~"

/* So many are listed with what they are, and so many at most. */
#define DESCRIBED_MAX 20

/* A line up to where Tab was pressed, taken apart. */
struct cursor {
    const struct prompt *prompt;
    const char *word;        /* as far as it was typed; of C, the operand that it is in */
    const char *args;        /* behind the verb */
    const struct verb *verb; /* NULL: the verb itself is being typed */
    rp_completion_fn each;
    void *ctx;
};

static void offer(const struct cursor *at, const char *text, const char *what) {
    if (strncmp(text, at->word, strlen(at->word)) == 0)
        at->each(at->ctx, text, what);
}

/* ------------------------------------------------------------------ kinds of words */

static void offer_verbs(const struct cursor *at) {
    for (const struct verb_group *group = at->prompt->groups; group->title; group++)
        for (const struct verb *verb = group->verbs; verb->name; verb++)
            offer(at, verb->name, verb->what);
    for (const struct tool *tool = tools; tool->name; tool++)
        offer(at, tool->name, tool->what);
}

static void offer_numbers(const struct cursor *at) {
    for (size_t i = 0; i < at->prompt->entries.count; i++) {
        char number[16];
        snprintf(number, sizeof(number), "%u", at->prompt->entries.items[i]->number);
        offer(at, number, at->prompt->entries.items[i]->title);
    }
}

static void offer_functions(const struct cursor *at, const char *number) {
    struct entry *entry;
    struct rp_error *err = entry_find(at->prompt, number, &entry);
    rp_error_free(err);
    for (size_t i = 0; !err && i < rp_module_function_count(entry->module); i++)
        offer(at, rp_module_function_name(entry->module, i), "function");
}

static void offer_maps(const struct cursor *at) {
    for (size_t i = 0; i < at->prompt->entries.count; i++) {
        const struct entry *entry = at->prompt->entries.items[i];
        for (size_t m = 0; m < rp_module_map_count(entry->module); m++) {
            const char *name = rp_module_map_name(entry->module, m);
            char full[256];
            if (!rp_map_is_data(entry->module, name))
                continue;
            snprintf(full, sizeof(full), "%u.%s", entry->number, name);
            offer(at, name, "map");
            offer(at, full, "map");
        }
    }
}

static void offer_probes(const struct cursor *at) {
    rp_error_free(rp_complete_probe(at->word, at->each, at->ctx));
}

static void offer_list(const struct cursor *at, const char *const *words) {
    for (; *words; words++)
        offer(at, *words, NULL);
}

/* Those of the verb's "[a|b|c]". */
static void offer_choices(const struct cursor *at) {
    RP_AUTO_FREE char *copy = strdup(at->verb->args);
    char *rest = copy;
    for (char *word; (word = strsep(&rest, "[|]"));)
        if (*word)
            offer(at, word, NULL);
}

/* ------------------------------------------------------------------ questions */

/* The word before this place was `by` or `if`, or there is one further to the left. */
static bool is_behind(const char *args, const char *word, const char *keyword) {
    for (const char *at = args; (at = strstr(at, keyword)) && at < word; at++) {
        size_t length = strlen(keyword);
        bool begins = at == args || at[-1] == ' ';
        if (begins && (at[length] == ' ' || !at[length]))
            return true;
    }
    return false;
}

/* The question's first probe, malloc()ed. */
static char *first_probe(const char *args) {
    RP_AUTO_FREE char *word = args_word(&args), *note = NULL;
    char *spec = NULL;
    if (word)
        rp_error_free(rp_question_spec(word, &spec, &note));
    return spec;
}

/* It takes probes, and no expressions in front of its keys. */
static bool takes_several(const struct verb *verb) {
    return strcmp(verb->name, "count") == 0 || strcmp(verb->name, "top") == 0;
}

static void offer_question(const struct cursor *at) {
    static const char *const keywords[] = {"by", "if", NULL}, *const edges[] = {"linear(", NULL};
    bool in_c = is_behind(at->args, at->word, "by") || is_behind(at->args, at->word, "if");
    bool is_first = at->word == at->args;
    bool has_probe = strcmp(at->verb->name, "profile") != 0;
    if (has_probe && (is_first || (!in_c && takes_several(at->verb))))
        offer_probes(at);
    if (is_first && has_probe)
        return;
    RP_AUTO_FREE char *spec = has_probe ? first_probe(at->args) : strdup("profile:hz:99");
    if (spec && (in_c || !takes_several(at->verb)))
        rp_error_free(rp_complete_expression(spec, at->word, strlen(at->word), at->each, at->ctx));
    if (strcmp(at->verb->name, "hist") == 0 && !in_c)
        offer_list(at, edges);
    if (!is_behind(at->args, at->word, "if"))
        offer_list(at, keywords);
    if (!is_behind(at->args, at->word, "until"))
        offer(at, "until", NULL);
    if (strcmp(at->verb->name, "trace") != 0 && !is_behind(at->args, at->word, "every"))
        offer(at, "every", NULL);
    if (!is_behind(at->args, at->word, "sample"))
        offer(at, "sample", NULL);
    if (strstr(at->args, "..") && !is_behind(at->args, at->word, "matching"))
        offer(at, "matching", NULL);
}

/* ------------------------------------------------------------------ all of it */

/* How many words stand before the one that is typed; *first is the first of them, malloc()ed. */
static unsigned words_before(const struct cursor *at, char **first) {
    unsigned count = 0;
    *first = NULL;
    for (const char *rest = at->args; rest < at->word; count++) {
        char *word = args_word(&rest);
        if (!word)
            break;
        if (count)
            free(word);
        else
            *first = word;
    }
    return count;
}

static bool is_type_word(const char *word) {
    return strcmp(word, "struct") == 0 || strcmp(word, "union") == 0 || strcmp(word, "enum") == 0 ||
           strcmp(word, "typedef") == 0;
}

/* A map or all that a program has gathered; then what is to be done with it. */
static void offer_for_map(const struct cursor *at, unsigned before) {
    static const char *const changes[] = {"clear", "set", "del", NULL},
                             *const of_watch[] = {"top", NULL}, *const last[] = {"last", NULL};
    bool watches = strcmp(at->verb->name, "watch") == 0;
    if (before == 0) {
        offer_maps(at);
        offer_numbers(at);
        offer_list(at, last);
    }
    if (watches)
        offer_list(at, of_watch);
    else if (before == 1)
        offer_list(at, changes);
}

static void offer_by_verb(const struct cursor *at) {
    static const char *const formats[] = {"json", "csv", NULL};
    RP_AUTO_FREE char *first = NULL;
    unsigned before = words_before(at, &first);
    switch (verb_words(at->verb)) {
    case WORDS_QUESTION:
        offer_question(at);
        break;
    case WORDS_PROBES:
        offer_probes(at);
        break;
    case WORDS_NUMBER:
        if (before == 0)
            offer_numbers(at);
        break;
    case WORDS_EITHER:
        if (before == 0) {
            offer_numbers(at);
            offer_probes(at);
        }
        break;
    case WORDS_MOVE:
        (before == 0 ? offer_numbers : offer_probes)(at);
        break;
    case WORDS_ATTACH:
        if (before == 1)
            offer_functions(at, first);
        else
            (before == 0 ? offer_numbers : offer_probes)(at);
        break;
    case WORDS_MAP:
        offer_for_map(at, before);
        break;
    case WORDS_EDIT:
        if (before == 0)
            offer_numbers(at);
        break;
    case WORDS_EXPORT:
        if (before == 0)
            offer_list(at, formats);
        else if (before == 1)
            offer_maps(at);
        break;
    case WORDS_CHOICE:
        if (before == 0)
            offer_choices(at);
        break;
    case WORDS_VERB:
        offer_verbs(at);
        break;
    case WORDS_TYPE:
        rp_complete_type(before == 1 && is_type_word(first) ? first : NULL, at->word, at->each,
                         at->ctx);
        break;
    case WORDS_FILE: /* readline's own */
    case WORDS_NONE:
        break;
    }
}

void complete_line(const struct prompt *prompt, const char *line, size_t at, rp_completion_fn each,
                   void *ctx) {
    RP_AUTO_FREE char *text = strndup(line, at);
    if (!text)
        return;
    const char *verb = text + strspn(text, BREAKS);
    size_t length = strcspn(verb, BREAKS), word = at;
    while (word && !strchr(BREAKS, text[word - 1]))
        word--;
    struct cursor attach_point = {.prompt = prompt,
                                  .word = text + word,
                                  .args = verb + length + strspn(verb + length, BREAKS),
                                  .each = each,
                                  .ctx = ctx};
    if (text + word <= verb) {
        offer_verbs(&attach_point);
        return;
    }
    attach_point.verb = verb_find(prompt, verb, length);
    if (attach_point.verb)
        offer_by_verb(&attach_point);
}

bool complete_wants_file(const struct prompt *prompt, const char *line, size_t start) {
    RP_AUTO_FREE char *text = strndup(line, start);
    const char *verb = line + strspn(line, BREAKS);
    const struct verb *found = verb_find(prompt, verb, strcspn(verb, BREAKS));
    unsigned words = 0;
    for (char *rest = text, *word; rest && (word = strsep(&rest, BREAKS));)
        words += *word != '\0';
    return found && words &&
           (verb_words(found) == WORDS_FILE || (verb_words(found) == WORDS_EDIT && words == 2) ||
            (verb_words(found) == WORDS_EXPORT && words == 3));
}

/* ------------------------------------------------------------------ readline's side */

static const struct prompt *prompt_of_tab;

/* With each is kept what it is, for the list that a second Tab shows. */
static struct {
    struct {
        char *text, *what;
    } list[DESCRIBED_MAX];
    size_t count;
} described;

static void describe(const char *text, const char *what) {
    if (described.count == DESCRIBED_MAX || !what)
        return;
    described.list[described.count].text = strdup(text);
    described.list[described.count++].what = strdup(what);
}

static void forget_described(void) {
    for (size_t i = 0; i < described.count; i++) {
        free(described.list[i].text);
        free(described.list[i].what);
    }
    described.count = 0;
}

static const char *description(const char *text) {
    for (size_t i = 0; i < described.count; i++)
        if (described.list[i].text && strcmp(described.list[i].text, text) == 0)
            return described.list[i].what;
    return NULL;
}

static void add_match(void *ctx, const char *text, const char *what) {
    struct rp_texts *matches = ctx;
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return; /* a program may call its functions anything; a terminal would obey */
    describe(text, what);
    if (matches->count || rp_vec_push(matches, NULL)) /* first, what all of them begin with */
        rp_texts_add(matches, strdup(text));
}

static size_t common(const char *a, const char *b) {
    size_t length = 0;
    while (a[length] && a[length] == b[length])
        length++;
    return length;
}

static int compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* As readline wants them, which frees it all: what they begin with, each, NULL. */
static char **finish(struct rp_texts *matches) {
    if (matches->count < 2 || !rp_vec_push(matches, NULL)) {
        rp_texts_clear(matches);
        return NULL;
    }
    char **words = matches->items + 1;
    size_t count = matches->count - 2;
    qsort(words, count, sizeof(char *), compare);
    matches->items[0] = strndup(words[0], common(words[0], words[count - 1]));
    return matches->items;
}

static void list_described(char **matches, int count, int longest) {
    for (int i = 1; i <= count; i++) {
        const char *what = description(matches[i]);
        char line[512];
        int length =
            snprintf(line, sizeof(line), "%-*s  %s", longest, matches[i], what ? what : "");
        length = length < (int)sizeof(line) ? length : (int)sizeof(line) - 1;
        fwrite(line, 1, screen_fit(line, (size_t)length, screen_columns()), rl_outstream);
        fputc('\n', rl_outstream);
    }
}

/* As many as fit the screen beside each other, at least one. */
static int screenful(int longest) {
    int rows = screen_rows() - 4, beside = screen_columns() / (longest + 2);
    return (rows > 1 ? rows : 1) * (beside > 1 ? beside : 1);
}

/* Whether the same was listed just before: whoever asks again wants all of it. */
static bool is_asked_again(void) {
    static char *before;
    bool again = before && strcmp(before, rl_line_buffer) == 0;
    free(before);
    before = again ? NULL : strdup(rl_line_buffer);
    return again;
}

/* A few with what they are; more of them side by side; of very many a screenful, and with the next
 * Tab all. readline would ask whether to show them, and wait for the answer. */
static void list_matches(char **matches, int count, int longest) {
    char *cut = NULL;
    int fits = is_asked_again() ? count : screenful(longest), shown = count < fits ? count : fits;
    fputc('\n', rl_outstream);
    if (count <= DESCRIBED_MAX && described.count) {
        list_described(matches, count, longest);
        shown = count;
    } else {
        cut = matches[shown + 1];
        matches[shown + 1] = NULL;
        rl_display_match_list(matches, shown, longest);
        matches[shown + 1] = cut;
    }
    if (shown < count)
        fprintf(rl_outstream, "… and %d more: Tab lists all %d\n", count - shown, count);
    rl_forced_update_display();
}

/* A whole probe, file or command is followed by a space; what goes on is not. */
static void choose_ending(char **matches, bool is_c) {
    const char *text = matches ? matches[0] : "";
    size_t length = text ? strlen(text) : 0;
    bool goes_on = length && strchr(":/.*(", text[length - 1]);
    rl_completion_append_character = is_c || goes_on ? '\0' : ' ';
}

static bool is_verb_kind(enum words words) {
    const char *verb = rl_line_buffer + strspn(rl_line_buffer, BREAKS);
    const struct verb *found = verb_find(prompt_of_tab, verb, strcspn(verb, BREAKS));
    return found && verb_words(found) == words;
}

/* Whether C is typed at the cursor: in a block, or behind a question's probe. */
static bool in_c(void) {
    if (input_block(prompt_of_tab))
        return true;
    if (!is_verb_kind(WORDS_QUESTION))
        return false;
    const char *rest = rl_line_buffer + strspn(rl_line_buffer, BREAKS);
    rest += strcspn(rest, BREAKS);
    rest += strspn(rest, BREAKS);
    bool is_count = strncmp(rl_line_buffer + strspn(rl_line_buffer, BREAKS), "count", 5) == 0;
    if (is_count)
        return strstr(rest, " by ") || strstr(rest, " if ");
    rest += strcspn(rest, BREAKS);
    return rest < rl_line_buffer + rl_point;
}

static char *choose_breaks(void) {
    static char breaks[] = BREAKS, breaks_c[] = BREAKS_C;
    return in_c() ? breaks_c : breaks;
}

static void complete_block(const char *before, struct rp_texts *matches) {
    RP_AUTO_FREE char *source = NULL;
    int length = asprintf(&source, "%s%.*s", before, rl_point, rl_line_buffer);
    if (length >= 0)
        rp_error_free(rp_complete_c(source, (size_t)length, add_match, matches));
}

static char **complete(const char *text, int start, int end) {
    struct rp_texts matches = {0};
    const char *block = input_block(prompt_of_tab);
    (void)text;
    if (!block && start > 0 &&
        complete_wants_file(prompt_of_tab, rl_line_buffer, (size_t)start)) { /* by readline */
        rl_completion_append_character = ' ';
        forget_described();
        return NULL;
    }
    rl_attempted_completion_over = 1;
    forget_described();
    if (block)
        complete_block(block, &matches);
    else
        complete_line(prompt_of_tab, rl_line_buffer, (size_t)end, add_match, &matches);
    char **list = finish(&matches);
    choose_ending(list, in_c());
    return list;
}

/* Tab at the beginning of a line of C indents it. */
static int on_tab(int count, int key) {
    if (input_block(prompt_of_tab) && strspn(rl_line_buffer, " \t") >= (size_t)rl_point)
        return rl_insert_text("    ") > 0 ? 0 : 1;
    (void)count;
    (void)key;
    return rl_complete_internal(rl_completion_mode(on_tab));
}

void complete_begin(const struct prompt *prompt) {
    prompt_of_tab = prompt;
    rl_attempted_completion_function = complete;
    rl_completion_word_break_hook = choose_breaks;
    rl_completion_display_matches_hook = list_matches;
    rl_completion_query_items = 0;
    rl_variable_bind("page-completions", "off");
    rl_bind_key('\t', on_tab);
}
