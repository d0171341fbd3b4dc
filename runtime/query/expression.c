/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each expression stands on a line of its own, in a function whose variables are the probe's
 * arguments; what is asked for is the type that clang gives it there. The text is read once for all
 * of them:
 *
 *     static void rp_plan_types(void) {
 *     builtins; {
 *     arguments; {
 *     (void)(
 *     EXPRESSION
 *     );
 *     …
 *     }}}
 */
#include "query/query.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/hints.h"
#include "kernel/btf.h"
#include "kernel/btf_text.h"
#include "query/unit.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/nearest.h"

#define ARGUMENTS_LINE   3
#define EXPRESSION_LINE  5 /* the first one's */
#define EXPRESSION_LINES 3

const struct rp_builtin rp_builtins[] = {
    {"pid", "u32", "the process", true},
    {"tid", "u32", "the thread", true},
    {"uid", "u32", "the user", true},
    {"comm", "char [16]", "the thread's name", true},
    {"cpu", "u32", "the CPU", false},
    {"nsecs", "u64", "the time, in nanoseconds since boot", false},
    {"ret", "long", "what the function returns", false},
    {"stack", "int", "the kernel's stack", true},
    {"cgroup", "u64", "the id of the cgroup", true},
    {0},
};

/* ------------------------------------------------------------- before clang looks */

static struct rp_error *cannot_read(const char *text, const char *message, size_t column) {
    RP_AUTO_FREE char *why = NULL;
    int columns = 0;
    for (size_t i = 0; i < column && text[i]; i++)
        columns += (text[i] & 0xc0) != 0x80; /* not the later bytes of a character */
    if (asprintf(&why, "%s\n  %s\n  %*s^", message, text, columns, "") < 0)
        return rp_error_nomem();
    return rp_error_new(EINVAL, why, "cannot read `%s`", text);
}

static char closing(char open) {
    return open == '(' ? ')' : ']';
}

/* What two or three characters mean together. */
static bool is_assignment(const char *text, size_t at) {
    char before = at ? text[at - 1] : ' ', before_that = at > 1 ? text[at - 2] : ' ';
    if (text[at] == '=')
        return text[at + 1] != '=' &&
               (!strchr("=!<>", before) || (strchr("<>", before) && before == before_that));
    return strchr("+-", text[at]) && text[at + 1] == text[at] && before != text[at];
}

/* What would end the expression, and so be taken for something else than it was meant for. */
static struct rp_error *check(const char *text) {
    char open[64];
    size_t depth = 0;
    struct rp_lexer lexer = {.p = text, .end = text + strlen(text)};
    for (struct rp_token t = rp_lex(&lexer); t.kind != RP_TOKEN_END; t = rp_lex(&lexer)) {
        size_t at = (size_t)(t.text - text);
        char c = *t.text;
        if (t.kind == RP_TOKEN_STRING && (t.len < 2 || t.text[t.len - 1] != c))
            return cannot_read(text, "the quote is not closed", at);
        if (t.kind != RP_TOKEN_PUNCT)
            continue;
        if (strchr(";{}#\\", c))
            return cannot_read(text, "this has no place in an expression", at);
        if (is_assignment(text, at)) {
            struct rp_error *err =
                cannot_read(text, "an expression can read, but not change anything", at);
            return c == '=' ? rp_error_hint_set(err, "two values are compared by ==") : err;
        }
        if ((c == '(' || c == '[') && depth < sizeof(open))
            open[depth++] = closing(c);
        else if ((c == ')' || c == ']') && (!depth || open[--depth] != c))
            return cannot_read(text, "there is nothing open that this closes", at);
    }
    if (!depth)
        return NULL;
    char message[] = "a ? is missing";
    *strchr(message, '?') = open[depth - 1];
    return cannot_read(text, message, strlen(text));
}

/* ------------------------------------------------------------- the text */

/* Parameters are declared as variables, since an array that is a parameter is a pointer. */
static void declare_parameters(FILE *out, const char *parameters) {
    int depth = 0;
    const char *start = parameters;
    for (const char *p = parameters;; p++) {
        depth += (*p == '(' || *p == '[') - (*p == ')' || *p == ']');
        if (*p && (*p != ',' || depth))
            continue;
        start += strspn(start, " ");
        int len = (int)(p - start);
        if (len && strncmp(start, "...", 3) != 0 && !(len == 4 && strncmp(start, "void", 4) == 0))
            /* One that is as long as it is can only be declared as somebody else's. */
            fprintf(out, "%s%.*s; ", strncmp(p - 2, "[]", 2) == 0 ? "extern " : "", len, start);
        if (!*p)
            return;
        start = p + 1;
    }
}

/* In one line, whatever it was. */
static void put_expression(FILE *out, const char *text) {
    for (; *text; text++)
        fputc(*text == '\n' ? ' ' : *text, out);
}

void rp_expression_begin(FILE *out, const char *parameters) {
    fputs("static void rp_look(void) {\n", out);
    for (const struct rp_builtin *builtin = rp_builtins; builtin->name; builtin++) {
        RP_AUTO_FREE char *variable = rp_type_declare(builtin->type, builtin->name);
        fprintf(out, "%s; ", variable ? variable : "");
    }
    fputs("{\n", out);
    declare_parameters(out, parameters);
    fputs("{\n", out);
}

static char *write_text(const char *parameters, const struct rp_expression *list, size_t count) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    rp_expression_begin(out, parameters);
    for (size_t i = 0; i < count; i++) {
        fputs("(void)(\n", out);
        put_expression(out, list[i].text);
        fputs("\n);\n", out);
    }
    fputs("}}}\n", out);
    fclose(out);
    return text;
}

/* ------------------------------------------------------------- what clang says against it */

struct look {
    const struct rp_unit *unit;
    const struct rp_clang *clang;
    const char *parameters;
    struct rp_expression *list;
    size_t count;
    struct rp_error *err;
};

static void add_names(struct rp_nearest *nearest, const struct rp_names *names) {
    for (size_t i = 0; i < names->count; i++)
        rp_nearest_add(nearest, names->items[i]);
}

/* The names of variables that `parameters` declares: the last word of each. */
static void find_names(const char *parameters, struct rp_names *names) {
    RP_AUTO_FREE char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return;
    declare_parameters(out, parameters);
    fclose(out);
    struct rp_lexer lexer = {.p = text, .end = text + size};
    struct rp_token name = {0};
    int brackets = 0;
    for (struct rp_token t = rp_lex(&lexer); t.kind != RP_TOKEN_END; t = rp_lex(&lexer)) {
        brackets += rp_token_is(&t, "[") - rp_token_is(&t, "]");
        if (t.kind == RP_TOKEN_IDENT && !brackets)
            name = t;
        if (rp_token_is(&t, ";") && name.len)
            rp_names_add(names, name.text, name.len);
    }
    for (const struct rp_builtin *builtin = rp_builtins; builtin->name; builtin++)
        rp_names_add(names, builtin->name, strlen(builtin->name));
}

/* "dfd, name, pid …": all that an expression can begin with. */
static char *all_names(const struct rp_names *names) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fputs("what has a name here: ", out);
    for (size_t i = 0; i < names->count; i++)
        fprintf(out, "%s%s", i ? ", " : "", names->items[i]);
    fclose(out);
    return text;
}

static char *hint_of_unknown(const struct look *look, const char *message) {
    const char *name = strchr(message, '\'') + 1;
    RP_AUTO_FREE char *wanted = strndup(name, strcspn(name, "'"));
    struct rp_names names = {0};
    struct rp_nearest nearest = {.wanted = wanted};
    find_names(look->parameters, &names);
    add_names(&nearest, &names);
    RP_AUTO_FREE char *near = rp_nearest_text(&nearest, "");
    rp_nearest_clear(&nearest);
    char *hint = NULL;
    if (near && asprintf(&hint, "did you mean %s?", near) < 0)
        hint = NULL;
    /* The context of a program has no name in an expression. */
    if (!near && strcmp(wanted, "ctx") != 0 && strcmp(wanted, "args") != 0)
        hint = rp_compile_hint(message, "", &look->unit->source.scan);
    if (!hint)
        hint = all_names(&names);
    rp_names_clear(&names);
    return hint;
}

static char *find_hint(const struct look *look, const char *message, const char *text) {
    if (strncmp(message, "use of undeclared identifier '", 30) == 0)
        return hint_of_unknown(look, message);
    return rp_compile_hint(message, text, &look->unit->source.scan);
}

static struct rp_error *error_of(const struct look *look, size_t i, bool at_end, unsigned column,
                                 const char *message) {
    const char *text = look->list[i].text;
    if (!text[strspn(text, " \t\n")])
        return rp_error_new(EINVAL, "it is empty", "cannot read an expression");
    struct rp_error *err = cannot_read(text, message, at_end ? strlen(text) : column - 1);
    RP_AUTO_FREE char *hint = find_hint(look, message, text);
    return hint ? rp_error_hint_set(err, "%s", hint) : err;
}

/* The expression that a line is of, or `count`. */
static size_t expression_at(const struct look *look, unsigned line) {
    if (line + 1 < EXPRESSION_LINE)
        return look->count;
    size_t i = (line + 1 - EXPRESSION_LINE) / EXPRESSION_LINES;
    return i < look->count ? i : look->count;
}

static struct rp_error *error_in_arguments(const struct look *look, const char *message) {
    struct rp_error *err =
        rp_error_new(EINVAL, message, "cannot declare the arguments `%s`", look->parameters);
    RP_AUTO_FREE char *hint = rp_compile_hint(message, "", &look->unit->source.scan);
    return hint ? rp_error_hint_set(err, "%s", hint) : err;
}

/* The first error that is about an expression, or about the arguments. */
static struct rp_error *find_error(const struct look *look, CXTranslationUnit parsed) {
    const struct rp_clang *clang = look->clang;
    struct rp_error *err = NULL;
    for (unsigned d = 0; d < clang->getNumDiagnostics(parsed) && !err; d++) {
        CXDiagnostic diagnostic = clang->getDiagnostic(parsed, d);
        CXSourceLocation location = clang->getDiagnosticLocation(diagnostic);
        if (clang->getDiagnosticSeverity(diagnostic) >= CXDiagnostic_Error &&
            clang->Location_isFromMainFile(location)) {
            char message[512];
            unsigned line = 0, column = 1;
            clang->getFileLocation(location, NULL, &line, &column, NULL);
            rp_clang_take(clang, clang->getDiagnosticSpelling(diagnostic), message,
                          sizeof(message));
            size_t i = expression_at(look, line);
            if (i < look->count)
                err = error_of(look, i, (line + 1 - EXPRESSION_LINE) % EXPRESSION_LINES == 2,
                               column, message);
            else if (line == ARGUMENTS_LINE)
                err = error_in_arguments(look, message);
        }
        clang->disposeDiagnostic(diagnostic);
    }
    return err;
}

/* ------------------------------------------------------------- what it is */

/* The place of a type without a name is told instead: "struct (unnamed struct at FILE:1:2) *". */
static void hide_place(char *type, size_t size) {
    char *open = strstr(type, "(unnamed");
    if (!open)
        open = strstr(type, "(anonymous");
    char *close = open ? strchr(open, ')') : NULL;
    if (!close)
        return;
    while (open > type && open[-1] != ' ') /* "struct outer::" */
        open--;
    RP_AUTO_FREE char *rest = strdup(close + 1);
    snprintf(open, size - (size_t)(open - type), "{…}%s", rest ? rest : "");
}

static bool drop_prefix(char *text, const char *prefix) {
    size_t len = strlen(prefix);
    if (strncmp(text, prefix, len) != 0)
        return false;
    memmove(text, text + len, strlen(text + len) + 1);
    return true;
}

/* A variable of the type can be assigned to: what it points at may be constant, itself not. */
static void drop_qualifiers(char *type) {
    while (!strchr(type, '*') && (drop_prefix(type, "const ") || drop_prefix(type, "volatile ")))
        ;
    char *star = strrchr(type, '*');
    if (star && (strcmp(star, "*const") == 0 || strcmp(star, "*volatile") == 0))
        star[1] = '\0';
}

/* "char[16]" since LLVM 15, "char [16]" before. */
static void space_brackets(char *type, size_t size) {
    char *bracket = strchr(type, '[');
    size_t len = strlen(type);
    if (!bracket || bracket == type || !isalnum((unsigned char)bracket[-1]) || len + 2 > size)
        return;
    memmove(bracket + 1, bracket, strlen(bracket) + 1);
    *bracket = ' ';
}

static void spell(const struct rp_clang *clang, CXType type, struct rp_expression *e) {
    char text[512];
    rp_clang_take(clang, clang->getTypeSpelling(type), text, sizeof(text));
    if (strncmp(text, "typeof", 6) == 0)
        rp_clang_take(clang, clang->getTypeSpelling(clang->getCanonicalType(type)), text,
                      sizeof(text));
    hide_place(text, sizeof(text));
    drop_qualifiers(text);
    space_brackets(text, sizeof(text));
    snprintf(e->type, sizeof(e->type), "%.*s", (int)sizeof(e->type) - 1, text);
}

/* Names of files are unsigned characters to the kernel (struct qstr), but so is what is not text at
 * all (skb->data): among these, what is called a name is one. */
static bool is_called_name(const char *text) {
    size_t len = strlen(text);
    while (len && !isalnum((unsigned char)text[len - 1]))
        len--;
    return len >= 4 && strncmp(text + len - 4, "name", 4) == 0;
}

static enum rp_shape shape_of_many(const struct rp_clang *clang, CXType one, const char *text) {
    enum CXTypeKind kind = clang->getCanonicalType(one).kind;
    bool is_text = kind == CXType_Char_S || kind == CXType_Char_U ||
                   (kind == CXType_UChar && is_called_name(text));
    return is_text ? RP_SHAPE_TEXT : RP_SHAPE_POINTER;
}

static bool is_signed(enum CXTypeKind kind) {
    return kind == CXType_Char_S || (kind >= CXType_SChar && kind <= CXType_Int128);
}

/* Why a value of the type cannot be looked at, or NULL. */
static const char *classify(const struct rp_clang *clang, CXType type, struct rp_expression *e) {
    CXType canonical = clang->getCanonicalType(type);
    switch (canonical.kind) {
    case CXType_Void:
        return "it has no value";
    case CXType_Float:
    case CXType_Double:
    case CXType_LongDouble:
        return "BPF has no floating point";
    case CXType_Pointer:
        e->shape = shape_of_many(clang, clang->getPointeeType(canonical), e->text);
        return NULL;
    case CXType_ConstantArray:
    case CXType_IncompleteArray:
    case CXType_VariableArray:
        e->is_array = true;
        e->shape = shape_of_many(clang, clang->getArrayElementType(canonical), e->text);
        return NULL;
    case CXType_Record:
        e->shape = RP_SHAPE_STRUCT;
        return NULL;
    case CXType_FunctionProto:
    case CXType_FunctionNoProto:
        e->shape = RP_SHAPE_POINTER;
        return NULL;
    case CXType_Enum:
        canonical = clang->getCanonicalType(
            clang->getEnumDeclIntegerType(clang->getTypeDeclaration(canonical)));
        break;
    default:
        break;
    }
    e->shape = RP_SHAPE_INT;
    e->is_signed = is_signed(canonical.kind);
    return NULL;
}

static struct rp_error *describe(const struct rp_clang *clang, CXType type,
                                 struct rp_expression *e) {
    e->is_signed = e->is_array = false;
    const char *why = classify(clang, type, e);
    if (why)
        return cannot_read(e->text, why, 0);
    long long size = clang->Type_getSizeOf(type);
    e->size = size > 0 ? (unsigned)size : 0;
    spell(clang, type, e);
    return NULL;
}

static enum CXChildVisitResult take_child(CXCursor cursor, CXCursor parent, CXClientData ctx) {
    (void)parent;
    *(CXCursor *)ctx = cursor;
    return CXChildVisit_Break;
}

/* What is in the cast's parentheses, before it is converted to a plain value: an array's type is
 * lost by that. */
static CXType type_of_operand(const struct rp_clang *clang, CXCursor cast) {
    CXCursor operand = cast;
    do
        clang->visitChildren(operand, take_child, &operand);
    while (clang->getCursorKind(operand) == CXCursor_UnexposedExpr);
    return clang->getCursorType(operand);
}

static enum CXChildVisitResult visit(CXCursor cursor, CXCursor parent, CXClientData ctx) {
    (void)parent;
    struct look *look = ctx;
    const struct rp_clang *clang = look->clang;
    CXSourceLocation location = clang->getCursorLocation(cursor);
    if (!clang->Location_isFromMainFile(location))
        return CXChildVisit_Continue;
    if (clang->getCursorKind(cursor) != CXCursor_CStyleCastExpr)
        return CXChildVisit_Recurse;
    unsigned line = 0;
    clang->getFileLocation(location, NULL, &line, NULL, NULL);
    size_t i = expression_at(look, line);
    if (i == look->count)
        return CXChildVisit_Continue;
    look->err = describe(clang, type_of_operand(clang, cursor), &look->list[i]);
    return look->err ? CXChildVisit_Break : CXChildVisit_Continue;
}

/* ------------------------------------------------------------- all of it */

static struct rp_error *look_once(struct look *look, const char *text, bool modules) {
    struct rp_unit unit = {0};
    RP_TRY(rp_unit_make(&unit, text, NULL, modules));
    look->unit = &unit;
    look->clang = unit.clang;
    look->err = NULL;
    CXTranslationUnit parsed = rp_unit_parse(&unit);
    if (!parsed)
        look->err = rp_error_new(EINVAL, "libclang gave up", "cannot read the expressions");
    else if (!(look->err = find_error(look, parsed)))
        unit.clang->visitChildren(unit.clang->getTranslationUnitCursor(parsed), visit, look);
    if (parsed)
        unit.clang->disposeTranslationUnit(parsed);
    rp_unit_clear(&unit);
    look->unit = NULL;
    return look->err;
}

static bool has_modules(void) {
    struct rp_btf *modules = rp_kernel_module_types();
    rp_btf_free(modules);
    return modules;
}

struct rp_error *rp_expressions_type(const char *parameters, struct rp_expression *list,
                                     size_t count) {
    for (size_t i = 0; i < count; i++)
        RP_TRY(check(list[i].text));
    RP_AUTO_FREE char *text = write_text(parameters, list, count);
    if (!text)
        return rp_error_nomem();
    struct look look = {.parameters = parameters, .list = list, .count = count};
    struct rp_error *err = look_once(&look, text, false);
    if (!err || rp_error_errno(err) != EINVAL || !has_modules())
        return err;
    struct rp_error *again = look_once(&look, text, true); /* it may be a type of theirs */
    if (!again)
        rp_error_free(rp_take(err));
    rp_error_free(again);
    return err;
}
