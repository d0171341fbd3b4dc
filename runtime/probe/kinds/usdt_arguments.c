/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of USDT probes. libbcc turns bpf_usdt_readarg(N, …) in a function F into a call of
 * _bpf_readarg_F_N(), which we have to define: it depends on where the program has the argument, in
 * a register, in memory or nowhere (a constant), at each location of the probe. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compile/usdt_specs.h"
#include "kernel/bcc.h"
#include "kernel/btf.h"
#include "probe/kinds/usdt.h"
#include "util/capture.h"
#include "util/cleanup.h"
#include "util/names.h"

#define PAGE                                                                                       \
    4096 /* programs are mapped in whole pages: the rest of an address is the same as in the file  \
          */

static void close_usdt(void **usdt) {
    if (*usdt)
        rp_bcc()->bcc_usdt_close(*usdt);
}

/* The end of each case of a switch. It keeps LLVM from merging the cases into one load from the
 * context with an offset chosen at run time, which the verifier forbids. Their numbers differ. */
#define APART "asm volatile(\"\" :: \"i\"(%d) : \"memory\");"

/* One probe, and the function that reads its arguments. */
struct reader {
    const struct rp_spec *spec;
    const char *function;
    void *usdt; /* libbcc's */
    FILE *out;
};

/* Sets `value`; a location that BPF cannot read (a vector register, an address by a symbol's name)
 * is an error when the program reads it. */
static void write_value(FILE *out, const struct bcc_usdt_argument *argument, int match) {
    const char *base = argument->base_register_name;
    bool has_base = argument->valid & BCC_USDT_ARGUMENT_BASE_REGISTER_NAME;
    if (argument->valid & BCC_USDT_ARGUMENT_CONSTANT) {
        fprintf(out, "value = %lldLL;", argument->constant);
    } else if (!has_base || (argument->valid & BCC_USDT_ARGUMENT_DEREF_IDENT) ||
               !strncmp(base, "xmm", 3)) {
        fprintf(out, "return -1;");
    } else if (!(argument->valid & BCC_USDT_ARGUMENT_DEREF_OFFSET)) {
        fprintf(out, "value = ctx->%s;", base);
    } else {
        fprintf(out, "address = ctx->%s + (%d)", base, argument->deref_offset);
        if (argument->valid & BCC_USDT_ARGUMENT_INDEX_REGISTER_NAME)
            fprintf(out, " + ctx->%s * %d", argument->index_register_name,
                    argument->valid & BCC_USDT_ARGUMENT_SCALE ? argument->scale : 1);
        fprintf(out, "; " APART " if (bpf_probe_read_user(&value, %d, (void *)address)) return -1;",
                match, abs(argument->size));
    }
    int bits = 8 * abs(argument->size);
    fprintf(out, " " APART " value = (u64)(%s%d)value; break;\n", match,
            argument->size < 0 ? "s" : "u", bits);
}

/* False if the probe has no such argument. */
static bool write_reader(const struct reader *reader, int number) {
    const struct rp_spec *spec = reader->spec;
    struct bcc_usdt_argument argument;
    struct bcc_usdt_location location;
    if (rp_bcc()->bcc_usdt_get_argument(reader->usdt, spec->category, spec->target, 0, number,
                                        &argument))
        return false;
    fprintf(reader->out,
            "static __always_inline int _bpf_readarg_%s_%d(struct pt_regs *ctx, void *to, "
            "unsigned long size)\n{\n    u64 value = 0, address = 0;\n    switch (ctx->ip %% %d) "
            "{\n",
            reader->function, number + 1, PAGE);
    for (int i = 0;
         !rp_bcc()->bcc_usdt_get_location(reader->usdt, spec->category, spec->target, i, &location);
         i++) {
        if (rp_bcc()->bcc_usdt_get_argument(reader->usdt, spec->category, spec->target, i, number,
                                            &argument))
            continue;
        fprintf(reader->out, "    case %" PRIu64 ": ", location.address % PAGE);
        write_value(reader->out, &argument, i);
    }
    fprintf(reader->out, "    default: return -1;\n    }\n"
                         "    if (size == 8) *(u64 *)to = value;\n"
                         "    else if (size == 4) *(u32 *)to = value;\n"
                         "    else if (size == 2) *(u16 *)to = value;\n"
                         "    else if (size == 1) *(u8 *)to = value;\n"
                         "    else return -1;\n"
                         "    return 0;\n}\n");
    return true;
}

/* Locations whose addresses differ by whole pages cannot be told apart. */
static struct rp_error *check_locations(const struct reader *reader) {
    const struct rp_spec *spec = reader->spec;
    struct bcc_usdt_location location;
    struct rp_names matches = {0};
    bool apart = true;
    for (int i = 0;
         !rp_bcc()->bcc_usdt_get_location(reader->usdt, spec->category, spec->target, i, &location);
         i++) {
        char match[32];
        snprintf(match, sizeof(match), "%" PRIu64, location.address % PAGE);
        apart = rp_names_add(&matches, match, strlen(match)) && apart;
    }
    rp_names_clear(&matches);
    if (apart)
        return NULL;
    return rp_error_hint_set(
        rp_probe_error(ENOTSUP,
                       "two locations of the probe are whole pages apart and cannot be told apart"),
        "read the arguments from the registers: ctx->di and so on");
}

struct rp_error *rp_usdt_write_readers(const struct rp_spec *spec, const char *function,
                                       FILE *out) {
    struct reader reader = {.spec = spec, .function = function, .out = out};
    struct rp_capture capture = rp_capture_begin();
    RP_AUTO(close_usdt) void *usdt = rp_bcc()->bcc_usdt_new_frompath(spec->path);
    free(rp_capture_end(&capture));
    reader.usdt = usdt;
    if (!usdt)
        return rp_probe_error(ENOEXEC, "libbcc cannot read its USDT probes");
    RP_TRY(check_locations(&reader));
    for (int i = 0; write_reader(&reader, i); i++)
        ;
    return NULL;
}

/* ------------------------------------------------------------------ for libbpf's bpf_usdt_arg() */

/* Where struct pt_regs has the member that libbcc names ("di", "regs[3]"). */
static bool find_register(const char *name, uint16_t *at) {
    const struct rp_btf *btf = rp_kernel_types_or_null();
    const struct btf_type *registers = btf ? rp_btf_find_composite(btf, "pt_regs") : NULL;
    size_t length = strcspn(name, "[");
    uint32_t bytes;
    if (!registers || !rp_btf_member_offset(btf, registers, name, length, &bytes))
        return false;
    unsigned long index = name[length] ? strtoul(name + length + 1, NULL, 10) : 0;
    *at = (uint16_t)(bytes + index * sizeof(long));
    return true;
}

/* The number of bits that a register is shifted by. */
static uint8_t shift_of(int scale) {
    return scale > 1 ? (uint8_t)__builtin_ctz((unsigned)scale) : 0;
}

/* NULL: `out` says where it is. Otherwise what is in the way. `indexed`: whether the program knows
 * what is at a sum of two registers. */
static const char *describe_argument(const struct bcc_usdt_argument *argument, bool indexed,
                                     struct rp_usdt_argument *out) {
    int size = abs(argument->size);
    if (size != 1 && size != 2 && size != 4 && size != 8)
        return "is not a number of up to 64 bits";
    *out = (struct rp_usdt_argument){.is_signed = argument->size < 0, .size = (uint8_t)size};
    if (argument->valid & BCC_USDT_ARGUMENT_CONSTANT) {
        out->value = argument->constant;
        return NULL;
    }
    if (argument->valid & BCC_USDT_ARGUMENT_DEREF_IDENT)
        return "is at an address given by a symbol's name";
    bool has_index = argument->valid & BCC_USDT_ARGUMENT_INDEX_REGISTER_NAME;
    if (has_index && !indexed)
        return "is at an address that two registers make";
    if (!(argument->valid & BCC_USDT_ARGUMENT_BASE_REGISTER_NAME) ||
        !find_register(argument->base_register_name, &out->at))
        return "is not in a register that BPF can read";
    bool is_address = argument->valid & BCC_USDT_ARGUMENT_DEREF_OFFSET;
    out->is_in = has_index ? RP_USDT_INDEXED : is_address ? RP_USDT_MEMORY : RP_USDT_REGISTER;
    out->value = is_address ? argument->deref_offset : 0;
    if (has_index && !find_register(argument->index_register_name, &out->index_at))
        return "is not in a register that BPF can read";
    if (has_index && (argument->valid & BCC_USDT_ARGUMENT_SCALE))
        out->shift = shift_of(argument->scale);
    return NULL;
}

/* "8@%rdi -4@(%rax)" has two. */
static size_t count_arguments(const char *text) {
    size_t count = 0;
    for (; (text = strchr(text, '@')); text++)
        count++;
    return count;
}

/* `is_old`: a newer bpf_usdt_arg() could. */
static struct rp_error *cannot_read(const struct rp_binary_usdt *usdt, size_t i, const char *why,
                                    bool is_old) {
    return rp_error_hint_set(
        rp_probe_error(ENOTSUP, "its argument %zu %s (`%s` at 0x%" PRIx64 ")", i + 1, why,
                       usdt->arguments, usdt->address),
        is_old ? "the object was built with libbpf before 1.7, whose bpf_usdt_arg() cannot read "
                 "it: run the source, or build it with reprobe build"
               : "bpf_usdt_arg() cannot read it; in BCC's dialect reprobe attaches to it, and "
                 "bpf_usdt_readarg() fails for that argument alone");
}

/* The location's number among those of the probe, as libbcc counts; -1: it has none there. */
static int find_location(void *libbccs, const struct rp_binary_usdt *usdt) {
    struct bcc_usdt_location location;
    for (int i = 0;
         !rp_bcc()->bcc_usdt_get_location(libbccs, usdt->provider, usdt->name, i, &location); i++)
        if (location.address == usdt->address)
            return i;
    return -1;
}

struct rp_error *rp_usdt_describe(const struct rp_spec *spec, const struct rp_binary_usdt *usdt,
                                  uint64_t *cookie) {
    struct rp_usdt_argument arguments[RP_USDT_ARGUMENTS] = {0};
    size_t count = count_arguments(usdt->arguments);
    struct rp_capture capture = rp_capture_begin();
    RP_AUTO(close_usdt) void *libbccs = rp_bcc()->bcc_usdt_new_frompath(spec->path);
    free(rp_capture_end(&capture));
    int at = libbccs && count <= RP_USDT_ARGUMENTS ? find_location(libbccs, usdt) : -1;
    if (at < 0)
        return rp_probe_error(ENOEXEC, "its arguments cannot be read (`%s`)", usdt->arguments);
    bool indexed = rp_module_reads_indexed_usdt(spec->module);
    for (size_t i = 0; i < count; i++) {
        struct bcc_usdt_argument argument;
        bool known = !rp_bcc()->bcc_usdt_get_argument(libbccs, usdt->provider, usdt->name, at,
                                                      (int)i, &argument);
        const char *why = known ? describe_argument(&argument, indexed, &arguments[i])
                                : "is nowhere that BPF can read";
        if (why)
            return cannot_read(usdt, i, why,
                               known && !indexed &&
                                   (argument.valid & BCC_USDT_ARGUMENT_INDEX_REGISTER_NAME));
    }
    return rp_module_add_usdt(spec->module, arguments, count, cookie);
}
