/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a C text, or the expression of a question, can go on with. clang knows what is declared
 * where the cursor stands and what stands before an arrow; the kernel's BTF knows all members of
 * it, of which clang is given no more than the text mentions.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "compile/libbcc_text.h"
#include "probe/arguments.h"
#include "probe/kind.h"
#include "query/complete/candidates.h"
#include "query/complete/unit.h"
#include "query/scope.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"

/* ------------------------------------------------------------- where the cursor stands */

/* The tokens before the cursor's word, the last one first. */
struct before {
    struct rp_token tokens[4];
};

struct cursor {
    enum { NOWHERE, MEMBER, TAG, WORD } kind; /* NOWHERE: in a comment, a string or a number */
    char *prefix;                             /* what is typed of the word */
    size_t word;                              /* where it begins */
    struct before before;
};

static bool is_word(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

static void look_back(const char *text, size_t end, struct before *before) {
    struct rp_lexer lexer = {.p = text, .end = text + end, .line_start = true};
    memset(before, 0, sizeof(*before));
    for (struct rp_token t = rp_lex(&lexer); t.kind != RP_TOKEN_END; t = rp_lex(&lexer)) {
        memmove(before->tokens + 1, before->tokens, sizeof(before->tokens) - sizeof(t));
        before->tokens[0] = t;
    }
}

/* Whether something that is not a token stands between the last one and the cursor: a comment. */
static bool is_in_comment(const char *text, size_t end, const struct rp_token *last) {
    const char *p = last->len ? last->text + last->len : text;
    bool line = false, block = false;
    for (; p < text + end; p++) {
        if (!line && !block && p[0] == '/' && p + 1 < text + end && (p[1] == '/' || p[1] == '*'))
            *(p[1] == '/' ? &line : &block) = true;
        else if (line && *p == '\n')
            line = false;
        else if (block && p[0] == '*' && p + 1 < text + end && p[1] == '/')
            block = false;
    }
    return line || block;
}

static bool is_open_string(const struct rp_token *t) {
    return t->kind == RP_TOKEN_STRING && (t->len < 2 || t->text[t->len - 1] != t->text[0]);
}

static bool is_arrow(const struct before *before) {
    const struct rp_token *t = before->tokens;
    return rp_token_is(&t[0], ">") && rp_token_is(&t[1], "-") && t[1].text + 1 == t[0].text;
}

static bool is_tag(const struct rp_token *t) {
    return rp_token_is(t, "struct") || rp_token_is(t, "union") || rp_token_is(t, "enum");
}

static struct rp_error *find_place(const char *text, size_t at, struct cursor *cursor) {
    size_t len = strlen(text);
    at = at < len ? at : len;
    cursor->word = at;
    while (cursor->word && is_word(text[cursor->word - 1]))
        cursor->word--;
    cursor->prefix = strndup(text + cursor->word, at - cursor->word);
    if (!cursor->prefix)
        return rp_error_nomem();
    look_back(text, cursor->word, &cursor->before);
    const struct rp_token *last = &cursor->before.tokens[0];
    if (isdigit((unsigned char)*cursor->prefix) || is_open_string(last) ||
        is_in_comment(text, cursor->word, last))
        cursor->kind = NOWHERE;
    else if (rp_token_is(last, ".") || is_arrow(&cursor->before))
        cursor->kind = MEMBER;
    else if (is_tag(last))
        cursor->kind = TAG;
    else
        cursor->kind = WORD;
    return NULL;
}

/* ------------------------------------------------------------- what clang offers */

/* BPF_HASH chooses BPF_HASH1, BPF_HASH2, … by BPF_HASHX: nobody else does. */
static bool is_variant(const char *text) {
    size_t len = strlen(text);
    return strncmp(text, "BPF_", 4) == 0 && strchr("0123456789X", text[len - 1]) &&
           rp_names_has_n(rp_libbcc_names(), text, len - 1);
}

/* The compiler's own and reprobe's names are for who asks for them. */
static bool is_hidden(const char *text, const char *prefix) {
    static const char *const marks[] = {"__", "rp_", "RP_"};
    for (size_t i = 0; i < RP_COUNT(marks); i++)
        if (strncmp(text, marks[i], strlen(marks[i])) == 0)
            return strncmp(prefix, marks[i], strlen(marks[i])) != 0;
    return is_variant(text);
}

/* What something without a type is; NULL: it has one. */
static const char *word_for(enum CXCursorKind kind) {
    switch (kind) {
    case CXCursor_StructDecl:
        return "struct";
    case CXCursor_UnionDecl:
        return "union";
    case CXCursor_EnumDecl:
        return "enum";
    case CXCursor_TypedefDecl:
        return "type";
    case CXCursor_NotImplemented:
        return "keyword";
    default:
        return NULL;
    }
}

/* A result in two parts: "vfs_read" and "ssize_t (struct file *file, …)". */
struct parts {
    char text[256], what[512];
};

static void append(char *text, size_t size, const char *more) {
    size_t len = strlen(text);
    snprintf(text + len, size - len, "%s", more);
}

static void take_parts(const struct rp_clang *clang, const CXCompletionResult *result,
                       struct parts *parts) {
    bool named = false;
    memset(parts, 0, sizeof(*parts));
    for (unsigned i = 0; i < clang->getNumCompletionChunks(result->CompletionString); i++) {
        enum CXCompletionChunkKind kind =
            clang->getCompletionChunkKind(result->CompletionString, i);
        char chunk[256];
        rp_clang_take(clang, clang->getCompletionChunkText(result->CompletionString, i), chunk,
                      sizeof(chunk));
        if (kind == CXCompletionChunk_TypedText) {
            append(parts->text, sizeof(parts->text), chunk);
            named = true;
        } else if (kind == CXCompletionChunk_ResultType) {
            append(parts->what, sizeof(parts->what), chunk);
        } else if (named) {
            if (kind == CXCompletionChunk_LeftParen && *parts->what)
                append(parts->what, sizeof(parts->what), " ");
            append(parts->what, sizeof(parts->what), chunk);
        }
    }
}

static void add_result(const struct rp_clang *clang, const CXCompletionResult *result,
                       struct rp_candidates *candidates) {
    if (clang->getCompletionAvailability(result->CompletionString) == CXAvailability_NotAccessible)
        return;
    struct parts parts;
    take_parts(clang, result, &parts);
    if (is_hidden(parts.text, candidates->prefix))
        return;
    if (result->CursorKind == CXCursor_MacroDefinition) {
        char what[sizeof(parts.what) + 16];
        snprintf(what, sizeof(what), "macro%s", parts.what);
        rp_candidates_add(candidates, parts.text, what);
    } else {
        const char *word = word_for(result->CursorKind);
        rp_candidates_add(candidates, parts.text, word ? word : parts.what);
    }
}

/* The name of the kernel's struct whose members are asked for: clang calls it "c:@S@NAME", and one
 * that only a typedef names "c:@SA@NAME". False for one inside another, or of the author's. */
static bool find_container(const struct rp_unit *unit, CXCodeCompleteResults *results, char *name,
                           size_t size) {
    static const char *const marks[] = {"c:@S@", "c:@U@", "c:@SA@", "c:@UA@"};
    char usr[256];
    rp_clang_take(unit->clang, unit->clang->codeCompleteGetContainerUSR(results), usr, sizeof(usr));
    for (size_t i = 0; i < RP_COUNT(marks); i++) {
        size_t len = strlen(marks[i]);
        if (strncmp(usr, marks[i], len) != 0)
            continue;
        snprintf(name, size, "%s", usr + len);
        return *name && !strchr(name, '@') && !rp_names_has(&unit->source.scan.defined, name);
    }
    return false;
}

static void take_results(const struct rp_unit *unit, CXCodeCompleteResults *results, bool members,
                         struct rp_candidates *candidates) {
    char container[256];
    if (members && find_container(unit, results, container, sizeof(container)) &&
        rp_candidates_of_struct(candidates, container))
        return;
    for (unsigned i = 0; i < results->NumResults; i++)
        add_result(unit->clang, &results->Results[i], candidates);
}

static void find_line(const char *text, size_t at, unsigned *line, unsigned *column) {
    *line = *column = 1;
    for (size_t i = 0; i < at; i++) {
        *line += text[i] == '\n';
        *column = text[i] == '\n' ? 1 : *column + 1;
    }
}

/* Asks clang at byte `at`. */
static struct rp_error *ask_clang(const char *text, size_t at, const char *mentions, bool members,
                                  struct rp_candidates *candidates) {
    struct rp_unit unit = {0};
    RP_TRY(rp_unit_make(&unit, text, mentions, false));
    unsigned line, column;
    find_line(text, at, &line, &column);
    CXCodeCompleteResults *results = rp_unit_complete(&unit, line, column);
    if (results) {
        take_results(&unit, results, members, candidates);
        unit.clang->disposeCodeCompleteResults(results);
    }
    rp_unit_clear(&unit);
    return NULL;
}

/* ------------------------------------------------------------- names of libbcc's and reprobe's */

static void each_beginning(const struct rp_names *names, const char *prefix,
                           void (*each)(void *ctx, const char *name), void *ctx) {
    for (size_t i = 0; i < names->count; i++)
        if (strncmp(names->items[i], prefix, strlen(prefix)) == 0)
            each(ctx, names->items[i]);
}

/* Calls `each` with every name that could be meant, though the text does not mention it yet. */
static void each_unmentioned(const char *prefix, void (*each)(void *ctx, const char *name),
                             void *ctx) {
    struct rp_names snippets = {0};
    rp_source_snippet_names(&snippets);
    each_beginning(rp_libbcc_names(), prefix, each, ctx);
    each_beginning(&snippets, prefix, each, ctx);
    rp_names_clear(&snippets);
}

static void mention(void *ctx, const char *name) {
    fprintf(ctx, "%s ", name);
}

static void add_plain(void *ctx, const char *name) {
    struct rp_candidates *candidates = ctx;
    if (!is_hidden(name, candidates->prefix))
        rp_candidates_add(candidates, name, "BCC");
}

/* ------------------------------------------------------------- places that C names */

/* What a spec has and C has not stands before the words. */
struct stripped {
    struct rp_candidates *candidates;
    const char *before; /* C's own */
    size_t skip;
};

static void add_stripped(void *ctx, const char *spec, const char *what) {
    const struct stripped *stripped = ctx;
    RP_AUTO_FREE char *text = NULL;
    const char *rest = spec + stripped->skip;
    if (asprintf(&text, "%s%.*s", stripped->before, (int)strcspn(rest, ":"), rest) >= 0)
        rp_candidates_add(stripped->candidates, text, what);
}

static void add_places(struct rp_candidates *candidates, const char *kind, const char *category,
                       size_t category_len, const char *before) {
    RP_AUTO_FREE char *spec = NULL;
    int skip = asprintf(&spec, "%s:%.*s%s%s", kind, (int)category_len, category,
                        category_len ? ":" : "", candidates->prefix + strlen(before));
    if (skip < 0)
        return;
    struct stripped stripped = {candidates, before,
                                (size_t)skip - strlen(candidates->prefix) + strlen(before)};
    rp_error_free(rp_complete_probe(spec, add_stripped, &stripped));
}

/* The kind whose functions that macro makes, or NULL. */
static const struct rp_probe_kind *kind_of_macro(const struct rp_token *macro) {
    const struct rp_probe_kind *kind;
    for (size_t i = 0; (kind = rp_probe_kind_at(i)); i++)
        if (kind->macro && rp_token_is(macro, kind->macro))
            return kind;
    return NULL;
}

/* "TRACEPOINT_PROBE(sched, ": false where it is not that. */
static bool complete_in_macro(const struct cursor *cursor, struct rp_candidates *candidates) {
    const struct rp_token *t = cursor->before.tokens;
    bool second = rp_token_is(&t[0], ",") && rp_token_is(&t[2], "(");
    const struct rp_token *macro = second ? &t[3] : &t[1];
    if (!second && !rp_token_is(&t[0], "("))
        return false;
    const struct rp_probe_kind *kind = macro->len ? kind_of_macro(macro) : NULL;
    if (!kind || (second && !kind->has_category))
        return false;
    add_places(candidates, kind->name, t[1].text, second ? t[1].len : 0, "");
    return true;
}

/* "kprobe__vfs_re" */
static void complete_function_name(struct rp_candidates *candidates) {
    const struct rp_probe_kind *kind;
    for (size_t i = 0; (kind = rp_probe_kind_at(i)); i++) {
        const char *prefix = kind->macro ? NULL : kind->function_prefix;
        if (prefix && strncmp(candidates->prefix, prefix, strlen(prefix)) == 0)
            add_places(candidates, kind->name, "", 0, prefix);
    }
}

/* ------------------------------------------------------------- C */

/* Without clang there are still the names that do not depend on the text. */
static void complete_word(const char *source, const struct cursor *cursor,
                          struct rp_candidates *candidates) {
    if (complete_in_macro(cursor, candidates))
        return;
    complete_function_name(candidates);
    RP_AUTO_FREE char *mentions = NULL;
    size_t size;
    FILE *out = *cursor->prefix ? open_memstream(&mentions, &size) : NULL;
    if (out) {
        each_unmentioned(cursor->prefix, mention, out);
        fclose(out);
    }
    struct rp_error *err = ask_clang(source, cursor->word, mentions, false, candidates);
    if (err && *cursor->prefix)
        each_unmentioned(cursor->prefix, add_plain, candidates);
    rp_error_free(err);
    rp_candidates_of_kernel(candidates, true);
}

static void add_tags(struct rp_candidates *candidates, const struct cursor *cursor) {
    const struct rp_token *tag = &cursor->before.tokens[0];
    char word[8];
    snprintf(word, sizeof(word), "%.*s", (int)tag->len, tag->text);
    rp_candidates_of_types(candidates, word);
}

static void complete_tag(const char *source, const struct cursor *cursor,
                         struct rp_candidates *candidates) {
    rp_error_free(ask_clang(source, cursor->word, NULL, false, candidates));
    add_tags(candidates, cursor);
}

struct rp_error *rp_complete_c(const char *source, size_t at, rp_completion_fn each, void *ctx) {
    struct cursor cursor = {0};
    RP_TRY(find_place(source, at, &cursor));
    struct rp_candidates candidates = {.prefix = cursor.prefix};
    struct rp_error *err = NULL;
    if (cursor.kind == MEMBER)
        err = ask_clang(source, cursor.word, NULL, true, &candidates);
    else if (cursor.kind == TAG)
        complete_tag(source, &cursor, &candidates);
    else if (cursor.kind == WORD)
        complete_word(source, &cursor, &candidates);
    rp_candidates_end(&candidates, each, ctx);
    free(cursor.prefix);
    return err;
}

/* ------------------------------------------------------------- expressions */

/* A short text's tokens, to be looked at from the end. */
struct tokens {
    struct rp_token list[256];
    size_t count;
};

static void take_tokens(const char *text, size_t end, struct tokens *tokens) {
    struct rp_lexer lexer = {.p = text, .end = text + end};
    tokens->count = 0;
    for (struct rp_token t = rp_lex(&lexer); t.kind != RP_TOKEN_END; t = rp_lex(&lexer)) {
        if (tokens->count == RP_COUNT(tokens->list)) {
            memmove(tokens->list, tokens->list + 1, sizeof(tokens->list) - sizeof(t));
            tokens->count--;
        }
        tokens->list[tokens->count++] = t;
    }
}

static bool is_before(const struct tokens *tokens, size_t i, const char *text) {
    return i > 0 && rp_token_is(&tokens->list[i - 1], text);
}

/* Moves `*i` from behind a closing parenthesis or bracket to before what opened it; false when
 * nothing did. */
static bool skip_group(const struct tokens *tokens, size_t *i) {
    int depth = 0;
    do {
        if (!*i)
            return false;
        const struct rp_token *t = &tokens->list[--*i];
        depth += rp_token_is(t, ")") || rp_token_is(t, "]");
        depth -= rp_token_is(t, "(") || rp_token_is(t, "[");
    } while (depth);
    return true;
}

/* Moves `*i` before a name, a call's included, or a parenthesis, with its indices. */
static bool skip_primary(const struct tokens *tokens, size_t *i) {
    while (is_before(tokens, *i, "]"))
        if (!skip_group(tokens, i))
            return false;
    bool group = is_before(tokens, *i, ")");
    if (group && !skip_group(tokens, i))
        return false;
    const struct rp_token *name = *i ? &tokens->list[*i - 1] : NULL;
    bool named = name && name->kind == RP_TOKEN_IDENT;
    /* A call's name is close to its parenthesis. */
    if (named && (!group || name->text + name->len == tokens->list[*i].text))
        --*i;
    return named || group;
}

/* What stands before the member that is typed, without the operators and expressions before that:
 * "name" of "dfd + name->na". Questions have several expressions in a line, and clang would not see
 * where one ends. Returns where it begins, or NULL. */
static const char *find_operand(const struct tokens *tokens) {
    for (size_t i = tokens->count;;) {
        if (is_before(tokens, i, "."))
            i--;
        else if (is_before(tokens, i, ">") && is_before(tokens, i - 1, "-"))
            i -= 2;
        else
            return tokens->list[i].text;
        if (!skip_primary(tokens, &i))
            return NULL;
    }
}

/* Of what stands before the arrow or dot; nothing where that cannot be read. */
static struct rp_error *complete_member(const struct rp_scope *scope, const char *expression,
                                        const struct cursor *cursor,
                                        struct rp_candidates *candidates) {
    struct tokens tokens = {0};
    take_tokens(expression, cursor->word, &tokens);
    const char *operand = find_operand(&tokens);
    const struct rp_token *arrow = &cursor->before.tokens[rp_token_is(cursor->before.tokens, ">")];
    RP_AUTO_FREE char *text =
        operand && arrow->text > operand ? strndup(operand, (size_t)(arrow->text - operand)) : NULL;
    if (!text)
        return operand ? rp_error_nomem() : NULL;
    const struct rp_node *node;
    struct rp_error *err = rp_tree_parse(scope, text, &node);
    if (err) {
        rp_error_free(err);
        return NULL;
    }
    bool address = node->type->kind == RP_C_POINTER || node->type->kind == RP_C_ARRAY;
    const struct rp_c_type *of = address ? rp_c_type_to(scope->types, node->type) : node->type;
    if (of && rp_c_is_complete(of))
        rp_candidates_of_members(candidates, of->btf, of->plain);
    return NULL;
}

static void add_function(void *ctx, const char *begins, const char *usage) {
    rp_candidates_add(ctx, begins, usage);
}

/* Functions once something is typed. The kernel's own names only where none of the place's fits. */
static void complete_name(const struct rp_arguments *arguments, const char *task,
                          struct rp_candidates *candidates) {
    for (size_t i = 0; i < arguments->count; i++)
        if (!arguments->list[i].is_spare)
            rp_candidates_add(candidates, arguments->list[i].name, arguments->list[i].type);
    for (const struct rp_builtin *builtin = rp_builtins; builtin->name; builtin++)
        if (rp_builtin_is_at(builtin, task))
            rp_candidates_add(candidates, builtin->name, builtin->what);
    for (const struct rp_task_name *name = rp_task_names; name->name && (!task || *task); name++)
        rp_candidates_add(candidates, name->name, name->what);
    rp_candidates_add(candidates, "ret", "what the function returns");
    if (*candidates->prefix)
        rp_tree_each_function(add_function, candidates);
    if (candidates->count)
        return;
    if (*candidates->prefix) {
        struct rp_names snippets = {0};
        rp_source_snippet_names(&snippets);
        for (size_t i = 0; i < snippets.count; i++)
            rp_candidates_add(candidates, snippets.items[i], "macro");
        rp_names_clear(&snippets);
    }
    rp_candidates_of_kernel(candidates, false);
}

static struct rp_error *complete_expression(const struct rp_scope_source *source,
                                            const char *expression, const struct cursor *cursor,
                                            struct rp_candidates *candidates) {
    if (cursor->kind == MEMBER) {
        struct rp_question_scope scope = {0};
        struct rp_error *err = rp_question_scope_begin(&scope, source);
        if (!err)
            err = complete_member(&scope.scope, expression, cursor, candidates);
        rp_question_scope_clear(&scope);
        return err;
    }
    if (cursor->kind == TAG)
        add_tags(candidates, cursor);
    else if (cursor->kind == WORD)
        complete_name(source->arguments, source->task, candidates);
    return NULL;
}

struct rp_error *rp_complete_expression(const char *spec, const char *expression, size_t at,
                                        rp_completion_fn each, void *ctx) {
    RP_AUTO_ARGUMENTS struct rp_arguments *arguments = NULL;
    RP_AUTO(rp_spec_clear) struct rp_spec parsed = {0};
    RP_TRY(rp_spec_parse(spec, &parsed));
    RP_TRY(rp_arguments_of_spec(&parsed, &arguments));
    const struct rp_scope_source source = {.spec = &parsed,
                                           .arguments = arguments,
                                           .task = parsed.kind->task ? parsed.kind->task(arguments)
                                                                     : NULL};
    struct cursor cursor = {0};
    struct rp_error *err = find_place(expression, at, &cursor);
    if (!err) {
        struct rp_candidates candidates = {.prefix = cursor.prefix};
        err = complete_expression(&source, expression, &cursor, &candidates);
        rp_candidates_end(&candidates, each, ctx);
        free(cursor.prefix);
    }
    return err;
}

/* ------------------------------------------------------------- types */

void rp_complete_type(const char *kind, const char *prefix, rp_completion_fn each, void *ctx) {
    struct rp_candidates candidates = {.prefix = prefix};
    if (*prefix)
        rp_candidates_of_types(&candidates, kind);
    rp_candidates_end(&candidates, each, ctx);
}
