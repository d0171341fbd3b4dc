/* SPDX-License-Identifier: Apache-2.0 */
/* A program's function, as its debug information has it: arguments by name and type, and the C that
 * reads them where they are. */
#include "probe/typed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "kernel/btf.h"
#include "probe/binary.h"
#include "probe/disassembler.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* ------------------------------------------------------------------ how it can be read */

static const char *why_missing(const struct rp_location *place) {
    for (unsigned i = 0; i < place->count; i++)
        switch (place->parts[i].kind) {
        case RP_LOCATION_GONE:
            return "is optimized away here";
        case RP_LOCATION_FLOAT:
            return "is in a floating-point register, which BPF cannot read";
        case RP_LOCATION_UNKNOWN:
        case RP_LOCATION_STATIC:
            return "is where nothing tells: neither the debug information for this instruction, "
                   "nor a calling convention";
        default:
            break;
        }
    return NULL;
}

static bool is_value(const struct btf_type *t, uint64_t size) {
    return size && size <= 8 && (btf_is_int(t) || btf_is_ptr(t) || btf_is_any_enum(t));
}

/* Whether each part is within one word, so that words can be put together of them. */
static bool fit_words(const struct rp_location *place, uint64_t size) {
    uint64_t at = 0;
    for (unsigned i = 0; i < place->count; i++) {
        uint64_t bytes = place->parts[i].bytes ? place->parts[i].bytes : size;
        if (place->parts[i].kind == RP_LOCATION_MEMORY || bytes > 8 ||
            at / 8 != (at + bytes - 1) / 8)
            return false;
        at += bytes;
    }
    return at == size;
}

/* Sets `form`, or `missing`. */
static struct rp_error *set_form(struct rp_argument *argument) {
    const struct btf_type *t = rp_btf_base_type(argument->btf, argument->id);
    uint64_t size = rp_btf_size(argument->btf, argument->id);
    const struct rp_location *place = &argument->where;
    const char *missing = why_missing(place);
    bool one = place->count == 1;
    if (!missing && btf_is_float(t))
        missing = "is a number of floating point, with which BPF cannot calculate";
    else if (!missing && one && place->parts[0].kind == RP_LOCATION_MEMORY)
        argument->form = RP_FORM_MEMORY;
    else if (!missing && one && is_value(t, size))
        argument->form = RP_FORM_VALUE;
    else if (!missing && size && size <= 32 && fit_words(place, size))
        argument->form = RP_FORM_WORDS;
    else if (!missing)
        missing = "is in several parts, which cannot be put together";
    argument->words = (unsigned)((size + 7) / 8);
    argument->missing = missing ? strdup(missing) : NULL;
    return missing && !argument->missing ? rp_error_nomem() : NULL;
}

/* ------------------------------------------------------------------ results that are left out */

/* Whether the instruction may set the register that whole numbers are returned in: a call does, and
 * some do without naming it. */
static bool may_set_result(const char *text) {
    static const char *const words[] = {
        "%rax", "%eax",  "%ax",   "%al",     "call", "jmp",  "mul",     "div",  "cltq",  "cwtl",
        "cbtw", "cpuid", "rdtsc", "syscall", "int",  "lods", "cmpxchg", "xlat", "xgetbv"};
    for (size_t i = 0; i < RP_COUNT(words); i++)
        if (*words[i] == '%'
                ? strstr(text, words[i]) != NULL
                : !strncmp(text, words[i], strlen(words[i])) ||
                      (text[0] == 'i' && !strncmp(text + 1, words[i], strlen(words[i]))))
            return true;
    return false;
}

/* Whether none of the function's instructions sets what it returns. */
static bool is_void(const char *path, uint64_t address) {
    struct rp_symbol_at at = {.wanted = address};
    struct rp_error *err = rp_binary_each_function(path, rp_symbol_at_one, &at);
    rp_error_free(err);
    free(at.name);
    RP_AUTO_FREE uint8_t *code = !err && at.size && at.size < 65536 ? malloc(at.size) : NULL;
    RP_AUTO_DISASSEMBLER struct rp_disassembler *disassembler =
        code ? rp_disassembler_new(RP_INSTRUCTIONS_MACHINE, NULL, NULL) : NULL;
    size_t size = disassembler ? rp_binary_read_code(path, at.address, code, at.size) : 0;
    char text[256];
    for (size_t from = 0, length; from < size; from += length) {
        length = rp_disassemble(disassembler, code + from, size - from, at.address + from, text,
                                sizeof(text));
        if (!length || may_set_result(text))
            return false;
    }
    return size;
}

/* ------------------------------------------------------------------ all of a function's */

/* Wherever the program is loaded, a fixed address of it is as far from the probe's instruction. */
static struct rp_location from_instruction(const struct rp_arguments *arguments, uint64_t address) {
    struct rp_location_part part = {RP_LOCATION_STATIC, 0, (int64_t)address, 0};
    if (arguments->address)
        part = (struct rp_location_part){RP_LOCATION_MEMORY, rp_arch.registers.ip,
                                         (int64_t)(address - arguments->address), 0};
    return (struct rp_location){.parts = {part}, .count = 1};
}

static struct rp_error *add_typed(struct rp_arguments *arguments, const char *name,
                                  const struct rp_btf *btf, uint32_t type,
                                  const struct rp_location *place) {
    RP_TRY(rp_arguments_add(arguments, strdup(name), rp_type_declaration(btf, type)));
    struct rp_argument *argument = &arguments->list[arguments->count - 1];
    argument->btf = btf;
    argument->id = type;
    argument->where = *place;
    return NULL;
}

static struct rp_error *add_arguments(const struct rp_debug_function *f,
                                      const struct rp_location *places,
                                      struct rp_arguments *arguments) {
    for (size_t i = 0; i < f->count; i++) {
        const struct rp_debug_variable *v = &f->parameters[i];
        const struct rp_location_part *first = &places[i].parts[0];
        struct rp_location place = places[i];
        if (place.count == 1 && first->kind == RP_LOCATION_STATIC)
            place = from_instruction(arguments, (uint64_t)first->offset);
        RP_TRY(add_typed(arguments, v->name, f->btf, v->type, &place));
        arguments->list[arguments->count - 1].is_reference = v->is_reference;
        RP_TRY(set_form(&arguments->list[arguments->count - 1]));
    }
    return NULL;
}

static struct rp_error *set_result(const struct rp_debug_function *f,
                                   const struct rp_location *place,
                                   struct rp_arguments *arguments) {
    struct rp_argument *typed = &arguments->typed;
    *typed = (struct rp_argument){.name = "ret",
                                  .btf = f->btf,
                                  .id = f->result.type,
                                  .is_reference = f->result.is_reference,
                                  .where = *place};
    if (!f->result.type)
        return NULL;
    arguments->result = rp_type_declaration(f->btf, f->result.type);
    return arguments->result ? set_form(typed) : rp_error_nomem();
}

/* What registers hold is there by number, too, whatever it is. */
static struct rp_error *add_registers(struct rp_arguments *arguments) {
    for (size_t i = 0; i < 6; i++) {
        char name[8];
        snprintf(name, sizeof(name), "arg%zu", i);
        if (rp_argument_find(arguments, name))
            continue;
        RP_TRY(rp_arguments_add(arguments, strdup(name), strdup("long")));
        arguments->list[arguments->count - 1].is_spare = true;
    }
    return NULL;
}

static struct rp_error *set_typed(const char *path, const struct rp_debug_function *f,
                                  struct rp_arguments *arguments) {
    struct rp_location result;
    RP_AUTO_FREE struct rp_location *places = calloc(f->count + 1, sizeof(*places));
    if (!places)
        return rp_error_nomem();
    arguments->known = true;
    arguments->source = f->file ? rp_text("%s:%u", f->file, f->line) : NULL;
    rp_typed_locate(f, places, &result);
    RP_TRY(add_arguments(f, places, arguments));
    if (f->result.type && f->may_be_void && is_void(path, arguments->address))
        result = (struct rp_location){.parts = {{RP_LOCATION_GONE, 0, 0, 0}}, .count = 1};
    RP_TRY(set_result(f, &result, arguments));
    return add_registers(arguments);
}

static struct rp_error *set_untyped(struct rp_arguments *arguments, struct rp_error *err) {
    const char *hint = rp_error_hint(err);
    arguments->untyped = rp_text("%s%s%s", rp_error_why(err), hint ? ": " : "", hint ? hint : "");
    rp_error_free(err);
    return arguments->untyped ? rp_arguments_add_unknown(arguments) : rp_error_nomem();
}

struct rp_error *rp_typed_arguments(const char *path, uint64_t address,
                                    const struct rp_source_line *line,
                                    struct rp_arguments *arguments) {
    const struct rp_debug_function *function;
    if (!rp_arch.has_convention)
        return rp_arguments_add_unknown(arguments);
    struct rp_error *err = rp_debug_open(path, &arguments->debug);
    if (!err)
        err = rp_debug_function_at(arguments->debug, address, line, &function);
    arguments->address = address;
    if (!err)
        return set_typed(path, function, arguments);
    if (rp_error_errno(err) == ENOMEM)
        return err;
    return set_untyped(arguments, err);
}

struct rp_error *rp_typed_add_global(struct rp_arguments *arguments, const char *name) {
    const struct rp_debug_global *global;
    if (!arguments->debug)
        return NULL;
    RP_TRY(rp_debug_global_find(arguments->debug, name, arguments->address, &global));
    if (!global)
        return NULL;
    struct rp_location place = from_instruction(arguments, global->address);
    RP_TRY(add_typed(arguments, name, global->btf, global->type, &place));
    struct rp_argument *argument = &arguments->list[arguments->count - 1];
    argument->is_spare = true;
    return set_form(argument);
}

/* ------------------------------------------------------------------ C */

static char *part_text(const struct rp_function_text *f, const struct rp_location_part *part) {
    if (part->kind == RP_LOCATION_CONSTANT)
        return rp_text("%" PRId64 "L", part->offset);
    const struct rp_arch_registers *registers = &rp_arch.registers;
    const char *reg = registers->names[part->reg < registers->count ? part->reg : 0];
    if (!part->offset || part->kind == RP_LOCATION_REGISTER)
        return rp_text("%s->%s", f->context, reg);
    return rp_text("%s->%s %c %" PRIu64, f->context, reg, part->offset < 0 ? '-' : '+',
                   part->offset < 0 ? 0 - (uint64_t)part->offset : (uint64_t)part->offset);
}

/* Of a register the conventions say only what a bool's byte in it is. */
static bool is_bool(const struct rp_argument *argument) {
    const struct btf_type *t = rp_btf_base_type(argument->btf, argument->id);
    return btf_is_int(t) && btf_int_encoding(t) & BTF_INT_BOOL;
}

static void write_value(const struct rp_function_text *f, const struct rp_argument *argument) {
    static const struct rp_btf_declaration plain = {.familiar = true, .plain = true};
    RP_AUTO_FREE char *declared =
        rp_btf_declaration(argument->btf, argument->id, argument->name, &plain);
    RP_AUTO_FREE char *value = part_text(f, &argument->where.parts[0]);
    const char *cast = declared && strchr(declared, '*') ? "(void *)("
                       : is_bool(argument)               ? "(u8)("
                                                         : "";
    fprintf(f->out, "    %s = %s%s%s;\n", declared ? declared : "", cast, value ? value : "0",
            *cast ? ")" : "");
}

/* "    u64 p_words[2] = {ctx->di, ctx->si};", or put together of parts of words. */
static void write_words(const struct rp_function_text *f, const struct rp_argument *argument) {
    const char *name = argument->name;
    uint64_t size = rp_btf_size(argument->btf, argument->id), at = 0;
    fprintf(f->out, "    u64 %s_words[%u] = {", name, argument->words);
    for (unsigned i = 0; i < argument->where.count; i++) {
        const struct rp_location_part *part = &argument->where.parts[i];
        uint64_t bytes = part->bytes ? part->bytes : size, low = at % 8;
        RP_AUTO_FREE char *value = part_text(f, part);
        const char *before = !i ? "" : low ? " | " : ", ";
        if (low || (bytes < 8 && at + bytes < size))
            fprintf(f->out, "%s((u64)(%s) & 0x%" PRIx64 ") << %u", before, value ? value : "0",
                    bytes < 8 ? (UINT64_C(1) << bytes * 8) - 1 : UINT64_MAX, (unsigned)low * 8);
        else
            fprintf(f->out, "%s%s", before, value ? value : "0");
        at += bytes;
    }
    fprintf(f->out, "};\n    void *%s = %s_words;\n", name, name);
}

void rp_typed_write(const struct rp_function_text *f, const struct rp_argument *argument) {
    if (argument->form == RP_FORM_VALUE) {
        write_value(f, argument);
        return;
    }
    if (argument->form == RP_FORM_WORDS) {
        write_words(f, argument);
        return;
    }
    RP_AUTO_FREE char *address = part_text(f, &argument->where.parts[0]);
    fprintf(f->out, "    void *%s = (void *)(%s);\n", argument->name, address ? address : "0");
}
