/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/absent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"

#define FUNCTION "()"
#define MOST     64 /* a text with more is for another kernel */

static bool has(const struct rp_absent *absent, const char *type, const char *member) {
    for (size_t i = 0; i + 1 < absent->words.count; i += 2)
        if (strcmp(absent->words.items[i], type) == 0 &&
            strcmp(absent->words.items[i + 1], member) == 0)
            return true;
    return false;
}

/* What stands in quotes at `text`, malloc()ed. */
static char *quoted(const char *text) {
    return strndup(text, strcspn(text, "'\n"));
}

/* Takes both. */
static bool add(struct rp_absent *absent, char *type, char *member) {
    RP_AUTO_FREE char *its_type = type, *its_member = member;
    if (!type || !member || has(absent, type, member) || absent->words.count >= 2 * MOST)
        return true;
    return rp_texts_add(&absent->words, rp_take(its_type)) &&
           rp_texts_add(&absent->words, rp_take(its_member));
}

static bool find_members(struct rp_absent *absent, const char *output) {
    static const char mark[] = "error: no member named '", in[] = "' in '", aka[] = "' (aka '";
    bool ok = true;
    for (const char *at = output; ok && (at = strstr(at, mark));) {
        at += strlen(mark);
        size_t len = strcspn(at, "\n");
        const char *type = memmem(at, len, in, strlen(in)),
                   *other = memmem(at, len, aka, strlen(aka));
        if (type)
            ok = add(absent, quoted(other ? other + strlen(aka) : type + strlen(in)), quoted(at));
    }
    return ok;
}

static bool find_types(struct rp_absent *absent, const char *output) {
    static const char mark[] = "error: incomplete definition of type '";
    bool ok = true;
    for (const char *at = output; ok && (at = strstr(at, mark));) {
        at += strlen(mark);
        if (strncmp(at, "struct ", 7) == 0)
            ok = add(absent, quoted(at), strdup(""));
    }
    return ok;
}

/* The kernel's functions for BPF. */
static bool find_functions(struct rp_absent *absent, const char *output) {
    static const char *const marks[] = {"error: use of undeclared identifier '",
                                        "error: implicit declaration of function '",
                                        "error: call to undeclared function '"};
    bool ok = true;
    for (size_t i = 0; i < RP_COUNT(marks); i++)
        for (const char *at = output; ok && (at = strstr(at, marks[i]));) {
            at += strlen(marks[i]);
            if (strncmp(at, "bpf_", 4) == 0)
                ok = add(absent, strdup(FUNCTION), quoted(at));
        }
    return ok;
}

/* "enum bpf_func_id" where the text asks bpf_core_enum_value_exists(enum bpf_func_id, NAME),
 * malloc()ed. */
static char *enum_of(const char *text, const char *name, size_t length) {
    static const char call[] = "bpf_core_enum_value_exists";
    for (const char *at = text; (at = strstr(at, call));) {
        at += strlen(call);
        at += strspn(at, " \t\n(");
        size_t type = strcspn(at, ",;");
        const char *value = at + type + strspn(at + type, ", \t\n");
        if (strncmp(at, "enum ", 5) == 0 && strncmp(value, name, length) == 0 &&
            strchr(" \t\n)", value[length]))
            return strndup(at, type);
    }
    return NULL;
}

static bool find_values(struct rp_absent *absent, const char *text, const char *output) {
    static const char mark[] = "error: use of undeclared identifier '";
    bool ok = true;
    for (const char *at = output; ok && (at = strstr(at, mark));) {
        at += strlen(mark);
        char *type = enum_of(text, at, strcspn(at, "'\n"));
        ok = !type || add(absent, type, quoted(at));
    }
    return ok;
}

bool rp_absent_find(struct rp_absent *absent, const char *text, const char *output,
                    struct rp_absent_asked asked) {
    size_t before = absent->words.count;
    bool ok = !asked.members || find_members(absent, output);
    ok = ok && (!asked.types || find_types(absent, output));
    ok = ok && (!asked.functions || find_functions(absent, output));
    ok = ok && (!asked.values || find_values(absent, text, output));
    return ok && absent->words.count > before;
}

/* The end of the body that begins with the brace at `open`: its closing brace. */
static const char *closing_brace(const char *open) {
    int depth = 0;
    for (const char *p = open; *p; p++) {
        depth += (*p == '{') - (*p == '}');
        if (depth == 0)
            return p;
    }
    return NULL;
}

/* The definition of `type` in `types`, at its brace; NULL: it is not there. */
static const char *find_body(const char *types, const char *type) {
    size_t len = strlen(type);
    for (const char *at = types; (at = strstr(at, type)); at += len)
        if ((at == types || at[-1] == '\n') && strncmp(at + len, " { ", 3) == 0)
            return at + len + 1;
    return NULL;
}

/* A type is declared as empty; a member: "struct T { A; B; } __attribute__((X));" with a member M:
 * "struct T { union { struct { A; B; }
 * __attribute__((X)); unsigned long M; } …; } …;" if it is large enough, and where A and B were. */
static char *with_member(const char *types, const char *type, const char *member) {
    if (strcmp(type, FUNCTION) == 0) /* of any arguments; libbpf makes it NULL */
        return rp_text("%sextern void *%s() __attribute__((weak, section(\".ksyms\")));\n", types,
                       member);
    const char *open = find_body(types, type), *close = open ? closing_brace(open) : NULL;
    if (!*member && !open)
        return rp_text("%s%s { } __attribute__((preserve_access_index));\n", types, type);
    if (!*member || !close)
        return strdup(types);
    if (strncmp(type, "enum ", 5) == 0) /* libbpf replaces its value, too */
        return rp_text("%.*s, %s = 0 %s", (int)(close - types), types, member, close);
    bool packed = strncmp(close, "} __attribute__((packed))", 25) == 0;
    const char *attribute = packed ? " __attribute__((packed))" : "";
    return rp_text("%.*s{ union { struct %.*s%s; unsigned char %s; }%s; %s", (int)(open - types),
                   types, (int)(close + 1 - open), open, attribute, member, attribute, close);
}

char *rp_absent_declare(const struct rp_absent *absent, const char *types) {
    char *text = strdup(types);
    for (size_t i = 0; text && i + 1 < absent->words.count; i += 2) {
        RP_AUTO_FREE char *before = text;
        text = with_member(before, absent->words.items[i], absent->words.items[i + 1]);
    }
    return text;
}

char *rp_absent_note(const struct rp_absent *absent) {
    char *note = NULL;
    size_t size;
    FILE *out = absent->words.count ? open_memstream(&note, &size) : NULL;
    if (!out)
        return NULL;
    fputs("reprobe: note: this kernel has no ", out);
    for (size_t i = 0; i + 1 < absent->words.count; i += 2) {
        const char *type = absent->words.items[i], *name = absent->words.items[i + 1];
        if (strcmp(type, FUNCTION) == 0)
            fprintf(out, "%sfunction %s", i ? ", no " : "", name);
        else
            fprintf(out, "%s%s%s%s", i ? ", no " : "", name, *name ? " in " : "", type);
    }
    fputs(": what uses it is replaced, and rejected unless bpf_core_field_exists() or the like "
          "keeps the "
          "program from it",
          out);
    return fclose(out) == 0 ? note : NULL;
}

void rp_absent_clear(struct rp_absent *absent) {
    rp_texts_clear(&absent->words);
}
