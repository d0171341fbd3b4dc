/* SPDX-License-Identifier: Apache-2.0 */
/* Programs as instructions: those of BPF, then those of the machine. */
#include <bpf/bpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compile/object.h"
#include "inspect/image.h"
#include "inspect/machine.h"
#include "kernel/ksyms.h"
#include "probe/disassembler.h"
#include "reprobe_query.h"
#include "stack/symbols.h"
#include "util/cleanup.h"
#include "util/error.h"

#define COMMENT_COLUMN 44

struct printer {
    const struct rp_image *image;
    FILE *out;
    struct rp_symbols *symbols; /* the kernel's */
    uint64_t call_base;         /* helpers' numbers count from there; 0: not shown */
    char place[24];             /* where a jump goes to */
    uint32_t last;              /* the line that was written last */
};

static void comment(const struct printer *p, int columns, const char *text) {
    int blanks = *text && columns < COMMENT_COLUMN ? COMMENT_COLUMN - columns : 1;
    if (*text)
        fprintf(p->out, "%*s; %s", blanks, "", text);
    fputc('\n', p->out);
}

/* ------------------------------------------------------------- what an instruction is about */

#define TEXT_MAX 160

/* The kernel shows the ids of maps instead of their addresses. */
static void describe_map(const struct bpf_insn *insn, char *text) {
    struct bpf_map_info info = {0};
    uint32_t size = sizeof(info), id = (uint32_t)insn[0].imm;
    RP_AUTO_CLOSE int fd = bpf_map_get_fd_by_id(id);
    bool known = fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &size) && info.name[0];
    int length = snprintf(text, TEXT_MAX, "map %s (id %u)", known ? info.name : "?", id);
    if (insn->src_reg == BPF_PSEUDO_MAP_VALUE)
        snprintf(text + length, (size_t)(TEXT_MAX - length), ", value + %d", insn[1].imm);
}

static void describe_function(const struct printer *p, uint32_t insn, const char *verb,
                              char *text) {
    int i = rp_image_function_at(p->image, insn);
    if (i >= 0)
        snprintf(text, TEXT_MAX, "%s %s, at %u", verb,
                 rp_image_function_name(p->image, (uint32_t)i), insn);
    else
        snprintf(text, TEXT_MAX, "%s what is at %u", verb, insn);
}

/* Where a program was translated for the machine, its own calls have the function's number in
 * `imm`, and the way there in `off`. */
static void describe_call(const struct printer *p, uint32_t at, char *text) {
    const struct bpf_insn *insn = &p->image->insns[at];
    if (insn->src_reg == BPF_PSEUDO_CALL) {
        int way = p->image->info.jited_prog_len ? insn->off : insn->imm;
        describe_function(p, at + 1 + (uint32_t)way, "calls", text);
    } else if (insn->imm == BPF_FUNC_tail_call) {
        snprintf(text, TEXT_MAX, "bpf_tail_call");
    } else if (p->call_base && insn->imm) {
        uint64_t address = p->call_base + (uint64_t)(int64_t)insn->imm;
        snprintf(text, TEXT_MAX, "%s", rp_symbols_name(p->symbols, 0, address));
    } else {
        snprintf(text, TEXT_MAX, "a function that the kernel does not show");
    }
}

static void describe_wide(const struct printer *p, uint32_t at, char *text) {
    const struct bpf_insn *insn = &p->image->insns[at];
    switch (insn->src_reg) {
    case BPF_PSEUDO_MAP_FD:
    case BPF_PSEUDO_MAP_VALUE:
    case BPF_PSEUDO_MAP_IDX:
    case BPF_PSEUDO_MAP_IDX_VALUE:
        describe_map(insn, text);
        break;
    case BPF_PSEUDO_FUNC:
        describe_function(p, at + 1 + (uint32_t)insn->imm, "the address of", text);
        break;
    case BPF_PSEUDO_BTF_ID:
        snprintf(text, TEXT_MAX, "the address of a variable of the kernel's, which is not shown");
        break;
    default:
        break;
    }
}

/* Forms that only the kernel has, or that are newer than this LLVM, read otherwise without this. */
static void describe_move(const struct bpf_insn *insn, char *text) {
    if (insn->off == -1)
        snprintf(text, TEXT_MAX, "the address of this CPU's own");
    else if (insn->off == 1)
        snprintf(text, TEXT_MAX, "as an address of another address space");
    else if (insn->off)
        snprintf(text, TEXT_MAX, "sign-extended from %d bits", insn->off);
}

static void describe_jump(const struct printer *p, uint32_t at, char *text) {
    const struct bpf_insn *insn = &p->image->insns[at];
    bool is_long = insn->code == (BPF_JMP32 | BPF_JA);
    uint32_t target = at + 1 + (uint32_t)(is_long ? insn->imm : insn->off);
    if (insn->code != (BPF_JMP | BPF_EXIT))
        snprintf(text, TEXT_MAX, "to %u", target);
}

/* `text` is empty where the instruction says all. */
static void describe(const struct printer *p, uint32_t at, char text[TEXT_MAX]) {
    const struct bpf_insn *insn = &p->image->insns[at];
    *text = '\0';
    if (rp_insn_is_wide(insn))
        describe_wide(p, at, text);
    else if (insn->code == (BPF_JMP | BPF_CALL))
        describe_call(p, at, text);
    else if (insn->code == (BPF_ALU64 | BPF_MOV | BPF_X) ||
             insn->code == (BPF_ALU | BPF_MOV | BPF_X))
        describe_move(insn, text);
    else if (BPF_CLASS(insn->code) == BPF_JMP || BPF_CLASS(insn->code) == BPF_JMP32)
        describe_jump(p, at, text);
}

/* ------------------------------------------------------------- BPF */

/* Only LLVM 17 and later can name all instructions; the kernel has some of its own. */
static void print_raw(const struct printer *p, uint32_t at) {
    const struct bpf_insn *insn = &p->image->insns[at];
    char text[TEXT_MAX];
    describe(p, at, text);
    int columns = fprintf(p->out, "%6u: code 0x%02x dst r%u src r%u off %d imm %d", at, insn->code,
                          insn->dst_reg, insn->src_reg, insn->off, insn->imm);
    comment(p, columns,
            *text ? text
            : insn->code == (BPF_ST | 0xc0)
                ? "no speculation beyond this: a form of the kernel's own"
                : "LLVM does not know it");
}

/* Returns how many 8-byte units the instruction has. */
static uint32_t print_insn(const struct printer *p, const struct rp_disassembler *disassembler,
                           uint32_t at) {
    const struct rp_image *image = p->image;
    char code[TEXT_MAX], text[TEXT_MAX];
    size_t rest = (image->insn_count - at) * sizeof(struct bpf_insn);
    size_t size = rp_disassemble(disassembler, (const uint8_t *)&image->insns[at], rest,
                                 at * sizeof(struct bpf_insn), code, sizeof(code));
    if (!size) {
        print_raw(p, at);
        return 1;
    }
    describe(p, at, text);
    comment(p, fprintf(p->out, "%6u: %s", at, code), text);
    return (uint32_t)(size / sizeof(struct bpf_insn));
}

static const char *gate_of(const struct rp_image *image, uint32_t function) {
    bool is_gate = !function && rp_image_is_gate(image, 0);
    return is_gate ? " (the gate before it, which is closed to pause it)" : "";
}

static void print_function_head(const struct printer *p, uint32_t insn) {
    int i = rp_image_function_at(p->image, insn);
    if (i >= 0)
        fprintf(p->out, "%s%s:%s\n", insn ? "\n" : "",
                rp_image_function_name(p->image, (uint32_t)i), gate_of(p->image, (uint32_t)i));
}

static struct rp_error *print_bpf(const struct printer *p) {
    const struct rp_image *image = p->image;
    RP_AUTO_DISASSEMBLER struct rp_disassembler *disassembler =
        rp_disassembler_new(RP_INSTRUCTIONS_BPF, NULL, NULL);
    if (!disassembler)
        return rp_error_new(ENOTSUP, "this LLVM has no disassembler for BPF",
                            "cannot show the program");
    uint32_t line = 0, last = UINT32_MAX;
    for (uint32_t at = 0; at < image->insn_count && !ferror(p->out);) {
        print_function_head(p, at);
        for (; line < image->line_count && image->lines[line].insn_off <= at; line++)
            if (image->lines[line].insn_off == at)
                last = rp_image_print_line(image, line, last, p->out);
        at += print_insn(p, disassembler, at);
    }
    return NULL;
}

/* ------------------------------------------------------------- the machine's */

static const char *name_at(void *ctx, uint64_t address) {
    struct printer *p = ctx;
    for (uint32_t i = 0; i < p->image->code_count; i++) {
        if (address == p->image->addresses[i])
            return rp_image_function_name(p->image, i);
        if (address > p->image->addresses[i] &&
            address < p->image->addresses[i] + p->image->lengths[i]) {
            snprintf(p->place, sizeof(p->place), "+0x%" PRIx64, address - p->image->addresses[i]);
            return p->place; /* a jump within a function, as the lines are counted */
        }
    }
    return rp_symbols_name(p->symbols, 0, address);
}

static void print_machine_line(void *ctx, uint64_t address) {
    struct printer *p = ctx;
    for (uint32_t i = 0; i < p->image->line_address_count; i++)
        if (p->image->line_addresses[i] == address)
            p->last = rp_image_print_line(p->image, i, p->last, p->out);
}

static void print_machine_function(struct printer *p, const struct rp_disassembler *disassembler,
                                   uint32_t i, const uint8_t *code) {
    uint64_t start = p->image->addresses[i];
    fprintf(p->out, "\n%s: at 0x%" PRIx64 "%s\n", rp_image_function_name(p->image, i), start,
            gate_of(p->image, i));
    p->last = UINT32_MAX;
    rp_print_machine(disassembler, code, p->image->lengths[i], start, print_machine_line, p,
                     p->out);
}

static const char *why_no_code(const struct rp_image *image) {
    if (!image->info.jited_prog_len)
        return "it is interpreted, or who asks may not know: net.core.bpf_jit_enable is 0, or "
               "this is not root";
    return "the kernel does not show it: kernel.kptr_restrict is 2, or this is not root";
}

static void print_machine(struct printer *p) {
    const struct rp_image *image = p->image;
    if (!image->code) {
        fprintf(p->out, "\nNo machine code: %s.\n", why_no_code(image));
        return;
    }
    RP_AUTO_DISASSEMBLER struct rp_disassembler *disassembler =
        rp_disassembler_new(RP_INSTRUCTIONS_MACHINE, name_at, p);
    if (!disassembler) {
        fputs("\nNo machine code: this LLVM has no disassembler for this machine.\n", p->out);
        return;
    }
    const uint8_t *code = image->code;
    for (uint32_t i = 0; i < image->code_count; i++) {
        print_machine_function(p, disassembler, i, code);
        code += image->lengths[i];
    }
}

/* ------------------------------------------------------------- all of it */

static bool find_call_base(void *ctx, const char *name, const char *module, uint64_t address) {
    uint64_t *base = ctx;
    if (!module && strcmp(name, "__bpf_call_base") == 0)
        *base = address;
    return !*base;
}

static void image_clear(struct rp_image *image) {
    rp_image_clear(image);
}

static void cleanup_symbols(struct rp_symbols **symbols) {
    rp_symbols_free(*symbols);
}

struct rp_error *rp_inspect_program(const struct rp_probe *probe, FILE *out) {
    RP_AUTO(image_clear) struct rp_image image = {0};
    RP_AUTO(cleanup_symbols) struct rp_symbols *symbols = NULL;
    RP_TRY(rp_image_read(rp_probe_program(probe), &image));
    RP_TRY(rp_symbols_new(&symbols));
    struct printer p = {.image = &image, .out = out, .symbols = symbols};
    rp_error_free(rp_ksyms_each(find_call_base, &p.call_base));
    fprintf(out, "%s, program %u: %u instructions", rp_probe_spec(probe), image.info.id,
            image.insn_count);
    if (image.info.jited_prog_len)
        fprintf(out, ", %u bytes of machine code", image.info.jited_prog_len);
    fputs("\n\n", out);
    RP_TRY(print_bpf(&p));
    print_machine(&p);
    return NULL;
}
