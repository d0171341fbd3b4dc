/* SPDX-License-Identifier: Apache-2.0 */
/* A function: its parameters, their types and where they are, and what it returns. */
#include "debug/function.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "debug/location.h"
#include "debug/scope.h"
#include "debug/strings.h"
#include "debug/types.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/text.h"

#define PARAMETERS_MAX 64
#define VARIABLES_MAX  128 /* with the parameters */

/* ------------------------------------------------------------------ which one */

struct search {
    Dwarf_Addr address;
    Dwarf_Die die;
    bool found;
};

/* Functions in functions are rare, and lists of ranges are not in order: the one that begins there
 * is it, or else the last one that has it. */
static int look_at(Dwarf_Die *die, void *ctx) {
    struct search *search = ctx;
    Dwarf_Addr entry;
    bool exact = rp_dw_entry(die, &entry) && entry == search->address;
    if (!exact && rp_dw.dwarf_haspc(die, search->address) <= 0)
        return DWARF_CB_OK;
    search->die = *die;
    search->found = true;
    return exact ? DWARF_CB_ABORT : DWARF_CB_OK;
}

static bool search_unit(struct search *search, Dwarf_Die *unit) {
    rp_dw.dwarf_getfuncs(unit, look_at, search, 0);
    return search->found;
}

/* clang writes no .debug_aranges, and others leave some out. */
bool rp_debug_find_function(Dwarf *dwarf, Dwarf_Addr address, Dwarf_Die *out) {
    struct search search = {.address = address};
    Dwarf_Off offset = 0;
    Dwarf_Die unit;
    if (!rp_dw.dwarf_addrdie(dwarf, address, &unit) || !search_unit(&search, &unit))
        while (!search.found && rp_dw_next_unit(dwarf, &offset, &unit))
            if (rp_dw.dwarf_haspc(&unit, address) > 0)
                search_unit(&search, &unit);
    *out = search.die;
    return search.found;
}

/* ------------------------------------------------------------------ classes that are passed */

/* What a compiler that is older than DWARF 5 does not say: whether a class is passed as it is, or
 * by its address. Only one without anything that could decide it is as C has it. */
static bool is_plain_class(Dwarf_Die *class, unsigned depth);

static bool is_plain_member(Dwarf_Die *member, unsigned depth) {
    Dwarf_Die of = *member, type;
    for (unsigned i = 0; i < 8 && rp_debug_plain_type(&of, &type); i++) {
        unsigned tag = (unsigned)rp_dw.dwarf_tag(&type);
        if (tag == DW_TAG_structure_type || tag == DW_TAG_union_type)
            return depth < 8 && is_plain_class(&type, depth + 1);
        if (tag != DW_TAG_array_type)
            return tag != DW_TAG_class_type;
        of = type;
    }
    return false;
}

static bool is_plain_class(Dwarf_Die *class, unsigned depth) {
    Dwarf_Die child;
    if (rp_dw_flag(class, DW_AT_declaration))
        return false;
    for (bool any = rp_dw_first(class, &child); any; any = rp_dw_next(&child)) {
        unsigned tag = (unsigned)rp_dw.dwarf_tag(&child);
        if (tag == DW_TAG_subprogram || tag == DW_TAG_inheritance ||
            (tag == DW_TAG_member && !is_plain_member(&child, depth)))
            return false;
    }
    return true;
}

static bool is_c_plus_plus(int language) {
    return language == DW_LANG_C_plus_plus || language == DW_LANG_C_plus_plus_03 ||
           language == DW_LANG_C_plus_plus_11 || language == DW_LANG_C_plus_plus_14 ||
           language == 0x2b || language == 0x2c /* 17, 20 */;
}

static bool is_c(int language) {
    return language == DW_LANG_C || language == DW_LANG_C89 || language == DW_LANG_C99 ||
           language == DW_LANG_C11 || language == 0x2d /* 17 */;
}

#define IN_REGISTERS_MAX 64 /* bytes of a struct that may be passed there */

/* How a vector in a struct is passed, the struct's BTF does not tell: there it is an array. */
static bool has_vector(Dwarf_Die *class, unsigned depth) {
    Dwarf_Die child, type;
    if (rp_dw_number(class, DW_AT_byte_size, 0) > IN_REGISTERS_MAX)
        return false;
    for (bool any = rp_dw_first(class, &child); any; any = rp_dw_next(&child)) {
        if (rp_dw.dwarf_tag(&child) != DW_TAG_member || !rp_debug_plain_type(&child, &type))
            continue;
        int tag = rp_dw.dwarf_tag(&type);
        if (rp_dw_flag(&type, DW_AT_GNU_vector) ||
            ((tag == DW_TAG_structure_type || tag == DW_TAG_union_type) && depth < 8 &&
             has_vector(&type, depth + 1)))
            return true;
    }
    return false;
}

static void set_passing(struct rp_debug_variable *v, Dwarf_Die *die, int language) {
    Dwarf_Die type;
    if (!rp_debug_plain_type(die, &type))
        return;
    int tag = rp_dw.dwarf_tag(&type);
    v->is_reference = tag == DW_TAG_reference_type || tag == DW_TAG_rvalue_reference_type;
    if (tag != DW_TAG_structure_type && tag != DW_TAG_class_type && tag != DW_TAG_union_type)
        return;
    uint64_t convention = rp_dw_number(&type, DW_AT_calling_convention, 0);
    bool is_string = convention == 0 && rp_debug_is_string(&type);
    v->is_by_address = convention == DW_CC_pass_by_reference || is_string;
    v->is_class =
        has_vector(&type, 0) ||
        (convention != DW_CC_pass_by_value && !v->is_by_address && is_c_plus_plus(language) &&
         !rp_debug_is_string_view(&type) && !is_plain_class(&type, 0));
}

/* ------------------------------------------------------------------ parameters */

static bool is_keyword(const char *name) {
    static const char *const words[] = {
        "auto",   "break",    "case",   "char",     "const",    "continue", "default", "do",
        "double", "else",     "enum",   "extern",   "float",    "for",      "goto",    "if",
        "inline", "int",      "long",   "register", "restrict", "return",   "short",   "signed",
        "sizeof", "static",   "struct", "switch",   "typedef",  "typeof",   "union",   "unsigned",
        "void",   "volatile", "while",  "asm",      "bool",     "linux",    "unix"};
    for (size_t i = 0; i < RP_COUNT(words); i++)
        if (!strcmp(name, words[i]))
            return true;
    return false;
}

/* It becomes a variable of a program's. */
static char *parameter_name(Dwarf_Die *die, size_t i) {
    const char *own = rp_dw.dwarf_diename(die);
    RP_AUTO_FREE char *name = rp_debug_identifier(own ? own : "");
    if (!name || !*name)
        return rp_text("arg%zu", i);
    return is_keyword(name) ? rp_text("%s_", name) : rp_take(name);
}

/* A parameter's own code, where the function that is declared has `die`. */
static bool find_concrete(Dwarf_Die *function, const Dwarf_Die *declared, Dwarf_Die *out) {
    Dwarf_Die origin;
    for (bool any = rp_dw_first(function, out); any; any = rp_dw_next(out))
        if (rp_dw.dwarf_tag(out) == DW_TAG_formal_parameter &&
            rp_dw_refers(out, DW_AT_abstract_origin, &origin) && origin.addr == declared->addr)
            return true;
    return false;
}

struct reading {
    Dwarf_Die *function;
    struct rp_frame frame;
    struct rp_debug_types types;
    struct rp_debug_function *out;
    size_t parameters; /* so many are those, and others variables */
    uint64_t words;    /* of the parameters */
    bool has_wide;     /* one is a whole number of two words */
    int language;
};

/* Whether one from number `from` on has that name. */
static bool is_taken(const struct rp_debug_function *f, size_t from, const char *name) {
    for (size_t i = from; i < f->count; i++)
        if (!strcmp(f->parameters[i].name, name))
            return true;
    return false;
}

/* Where nothing says where the rest of it is, that is nowhere. */
static void complete(struct rp_location *place, Dwarf_Die *declared) {
    Dwarf_Die type;
    uint64_t size =
        rp_debug_plain_type(declared, &type) ? rp_dw_number(&type, DW_AT_byte_size, 0) : 0;
    for (unsigned i = 0; i < place->count; i++) {
        uint64_t bytes = place->parts[i].bytes;
        size = bytes && bytes < size ? size - bytes : 0;
    }
    if (size && place->count < RP_LOCATION_PARTS)
        place->parts[place->count++] =
            (struct rp_location_part){RP_LOCATION_GONE, 0, 0, (unsigned)size};
}

/* `own` has its code; NULL: there is none. Takes `name`. */
static struct rp_error *add_variable(struct reading *r, Dwarf_Die *declared, Dwarf_Die *own,
                                     char *name) {
    struct rp_debug_function *f = r->out;
    struct rp_debug_variable v = {.name = name};
    v.type = rp_debug_type_of(&r->types, declared);
    set_passing(&v, declared, r->language);
    v.place = (struct rp_location){.parts = {{RP_LOCATION_GONE, 0, 0, 0}}, .count = 1};
    if (own)
        rp_debug_location(&r->frame, own, &v.place);
    complete(&v.place, declared);
    RP_VEC(struct rp_debug_variable) all = {f->parameters, f->count, f->count};
    if (!name || !rp_vec_push(&all, v)) {
        free(name);
        return rp_error_nomem();
    }
    f->parameters = all.items;
    f->count = all.count;
    return NULL;
}

static void count_words(struct reading *r, Dwarf_Die *declared) {
    Dwarf_Die type;
    uint64_t size =
        rp_debug_plain_type(declared, &type) ? rp_dw_number(&type, DW_AT_byte_size, 8) : 8;
    uint64_t encoding = size == 16 ? rp_dw_number(&type, DW_AT_encoding, 0) : 0;
    r->words += (size + 7) / 8;
    r->has_wide |= encoding == DW_ATE_signed || encoding == DW_ATE_unsigned;
}

static struct rp_error *add_parameter(struct reading *r, Dwarf_Die *declared) {
    Dwarf_Die own = *declared;
    count_words(r, declared);
    bool is_abstract = rp_dw.dwarf_hasattr(r->function, DW_AT_abstract_origin);
    bool has_code = !is_abstract || find_concrete(r->function, declared, &own);
    RP_AUTO_FREE char *name = parameter_name(declared, r->out->count);
    if (name && is_taken(r->out, 0, name)) {
        free(name);
        name = rp_text("arg%zu", r->out->count);
    }
    return add_variable(r, declared, has_code ? &own : NULL, rp_take(name));
}

/* What a function of Go returns is declared beside its parameters. */
static bool is_result(const struct reading *r, Dwarf_Die *die) {
    return r->language == DW_LANG_Go && rp_dw_flag(die, DW_AT_variable_parameter);
}

/* The order is that of the declaration: a copy that the compiler made may lack some. */
static struct rp_error *read_parameters(struct reading *r) {
    Dwarf_Die from = *r->function, child;
    for (unsigned i = 0; i < 4 && rp_dw_refers(&from, DW_AT_abstract_origin, &child); i++)
        from = child;
    for (bool any = rp_dw_first(&from, &child); any; any = rp_dw_next(&child))
        if (rp_dw.dwarf_tag(&child) == DW_TAG_formal_parameter && !is_result(r, &child) &&
            r->out->count < PARAMETERS_MAX)
            RP_TRY(add_parameter(r, &child));
    return NULL;
}

/* ------------------------------------------------------------------ variables of its blocks */

/* What a name means in a block hides what it means around it: that parameter, or variable, has no
 * name there. */
static struct rp_error *add_local(struct reading *r, Dwarf_Die *own) {
    Dwarf_Die declared = *own;
    rp_dw_refers(own, DW_AT_abstract_origin, &declared);
    if (!rp_dw.dwarf_diename(&declared) || rp_dw_flag(&declared, DW_AT_declaration))
        return NULL;
    RP_AUTO_FREE char *name = parameter_name(&declared, r->out->count);
    if (name && is_taken(r->out, r->parameters, name))
        return NULL;
    return add_variable(r, &declared, own, rp_take(name));
}

/* A parameter whose name a block gives to a variable of its own. */
static void hide_parameters(struct reading *r) {
    struct rp_debug_function *f = r->out;
    size_t kept = 0;
    for (size_t i = 0; i < f->count; i++) {
        if (i < r->parameters && is_taken(f, r->parameters, f->parameters[i].name))
            free((char *)f->parameters[i].name);
        else
            f->parameters[kept++] = f->parameters[i];
    }
    f->count = kept;
}

static struct rp_error *read_locals(struct reading *r, struct rp_scopes *scopes) {
    r->parameters = r->out->count;
    for (unsigned i = scopes->count; i-- > 0;) {
        Dwarf_Die child;
        for (bool any = rp_dw_first(&scopes->list[i], &child); any; any = rp_dw_next(&child))
            if (rp_dw.dwarf_tag(&child) == DW_TAG_variable && r->out->count < VARIABLES_MAX)
                RP_TRY(add_local(r, &child));
    }
    hide_parameters(r);
    return NULL;
}

static bool is_named(Dwarf_Die *die, const char *name) {
    RP_AUTO_FREE char *own = rp_dw.dwarf_diename(die) ? parameter_name(die, 0) : NULL;
    return own && !strcmp(own, name);
}

static unsigned count_named(Dwarf_Die *block, const char *name, unsigned depth) {
    Dwarf_Die child;
    unsigned count = 0;
    for (bool any = rp_dw_first(block, &child); any; any = rp_dw_next(&child)) {
        unsigned tag = (unsigned)rp_dw.dwarf_tag(&child);
        if (tag == DW_TAG_variable || tag == DW_TAG_formal_parameter)
            count += is_named(&child, name);
        else if (tag == DW_TAG_lexical_block && depth < RP_SCOPES_MAX)
            count += count_named(&child, name, depth + 1);
    }
    return count;
}

/* Where it is not known which block is meant, a name is not where several blocks have it. */
static void forget_ambiguous(struct reading *r) {
    for (size_t i = 0; i < r->out->count; i++) {
        struct rp_debug_variable *v = &r->out->parameters[i];
        if (count_named(r->function, v->name, 0) > 1)
            v->place = (struct rp_location){.parts = {{RP_LOCATION_UNKNOWN, 0, 0, 0}}, .count = 1};
    }
}

/* ------------------------------------------------------------------ the result */

static void read_result(struct reading *r) {
    struct rp_debug_variable *result = &r->out->result;
    Dwarf_Die type, holder = *r->function;
    result->name = "ret";
    if (!rp_dw_refers_from(r->function, DW_AT_type, &type))
        return;
    for (unsigned i = 0; i < 4 && !rp_dw.dwarf_hasattr(&holder, DW_AT_type); i++)
        if (!rp_dw_refers(&holder, DW_AT_abstract_origin, &holder) &&
            !rp_dw_refers(&holder, DW_AT_specification, &holder))
            break;
    result->type = rp_debug_type(&r->types, &type);
    set_passing(result, &holder, r->language);
    result->place = (struct rp_location){.parts = {{RP_LOCATION_UNKNOWN, 0, 0, 0}}, .count = 1};
}

/* ------------------------------------------------------------------ the calling convention */

/* What is not there, or is always the same, is not passed: the function has another signature. */
static bool is_passed(const struct rp_location *place) {
    for (unsigned i = 0; i < place->count; i++)
        if (place->parts[i].kind == RP_LOCATION_GONE ||
            place->parts[i].kind == RP_LOCATION_CONSTANT)
            return false;
    return true;
}

/* Whether it is a copy of a function for some of its callers, by the names that gcc gives them. */
static bool is_copy(const char *symbol) {
    static const char *const kinds[] = {".isra.", ".constprop.", ".part."};
    for (size_t i = 0; symbol && i < RP_COUNT(kinds); i++)
        if (strstr(symbol, kinds[i]))
            return true;
    return false;
}

/* Up to version 17 LLVM put whole numbers of two words elsewhere on the stack than gcc does, and
 * one word of them into the last register. */
static bool is_wide_on_stack(const struct reading *r) {
    return r->has_wide && r->words + 1 > rp_arch.registers.passed_count &&
           rp_debug_is_of_llvm(r->function);
}

/* Compilers of other languages than C and C++ have their own, and a function that was changed, such
 * as by leaving a parameter out, has none that anybody knows. */
static void set_convention(struct reading *r, const struct rp_debug *debug, uint64_t address) {
    struct rp_debug_function *f = r->out;
    bool known =
        (is_c(r->language) || is_c_plus_plus(r->language)) &&
        rp_dw_number(r->function, DW_AT_calling_convention, DW_CC_normal) == DW_CC_normal &&
        !is_copy(rp_debug_program_symbol(debug, address));
    bool holds =
        known && !f->result.is_class && r->frame.is_entry && !f->is_inlined && !is_wide_on_stack(r);
    for (size_t i = 0; i < f->count; i++)
        holds &= f->parameters[i].type && is_passed(&f->parameters[i].place);
    f->result.by_convention = known && !f->result.is_class;
    for (size_t i = 0; i < f->count; i++) {
        holds &= !f->parameters[i].is_class;
        f->parameters[i].by_convention = holds;
    }
}

/* LLVM makes functions void that only their own file calls, where nobody uses what they return, and
 * leaves their type in the debug information. */
static bool may_be_void(Dwarf_Die *function) {
    Dwarf_Attribute memory;
    return rp_debug_is_of_llvm(function) && rp_debug_is_optimized(function) &&
           !rp_dw.dwarf_attr_integrate(function, DW_AT_external, &memory);
}

/* ------------------------------------------------------------------ all of it */

void rp_debug_function_free(struct rp_debug_function *f) {
    if (!f)
        return;
    for (size_t i = 0; i < f->count; i++)
        free((char *)f->parameters[i].name);
    free(f->parameters);
    free((char *)f->name);
    free((char *)f->file);
    rp_btf_free((struct rp_btf *)f->btf);
    free(f);
}

static void cleanup_function(struct rp_debug_function **f) {
    rp_debug_function_free(*f);
}

static char *copy_of(const char *text) {
    return text ? strdup(text) : NULL;
}

/* Where it is declared; Go's compiler does not say it: there its first line that has code. 0: not
 * known. */
static unsigned line_of(Dwarf_Die *unit, Dwarf_Die *function, Dwarf_Addr address) {
    int number;
    if (!rp_dw.dwarf_decl_line(function, &number))
        return (unsigned)number;
    Dwarf_Line *first = rp_dw.dwarf_getsrc_die(unit, address);
    return first && !rp_dw.dwarf_lineno(first, &number) ? (unsigned)number : 0;
}

struct rp_error *rp_debug_function_read(const struct rp_debug *debug, Dwarf_Die *function,
                                        uint64_t address, const struct rp_source_line *line,
                                        struct rp_debug_function **out) {
    RP_AUTO(cleanup_function) struct rp_debug_function *f = calloc(1, sizeof(*f));
    RP_AUTO(rp_debug_types_clear) struct rp_debug_types types = {0};
    Dwarf_Die unit;
    if (!f)
        return rp_error_nomem();
    struct rp_scopes scopes;
    struct reading r = {.function = &scopes.list[0], .out = f};
    r.language = rp_dw.dwarf_srclang(rp_dw.dwarf_diecu(function, &unit, NULL, NULL));
    rp_debug_frame(debug, function, address, &r.frame);
    if (!rp_debug_scopes(function, r.frame.address, line, &scopes))
        return rp_error_new(ENOENT, "the function that has the line has no code there",
                            "cannot read the types of %s", debug->path);
    f->is_inlined = scopes.list[0].addr != function->addr;
    struct rp_error *err = read_parameters(&r);
    if (!err)
        read_result(&r);
    f->may_be_void = may_be_void(function);
    set_convention(&r, debug, address);
    if (!err && (line || !r.frame.is_entry))
        err = read_locals(&r, &scopes);
    if (line && line->is_empty)
        forget_ambiguous(&r);
    f->name = copy_of(rp_dw.dwarf_diename(r.function));
    f->file = copy_of(rp_dw_decl_file(r.function));
    f->line = line_of(&unit, r.function, r.frame.address);
    types = r.types;
    if (!err) {
        f->btf = rp_debug_types_end(&types);
        err = f->btf ? NULL : rp_error_nomem();
    }
    if (!err)
        *out = rp_take(f);
    return err;
}
