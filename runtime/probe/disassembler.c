/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/disassembler.h"

#include <dlfcn.h>
#include <llvm-c/Core.h>
#include <llvm-c/Disassembler.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/library.h"

#define LLVM_FUNCTIONS(F)                                                                          \
    F(LLVMInitializeBPFTargetInfo)                                                                 \
    F(LLVMInitializeBPFTargetMC)                                                                   \
    F(LLVMInitializeBPFDisassembler)                                                               \
    F(LLVM_NATIVE_TARGETINFO)                                                                      \
    F(LLVM_NATIVE_TARGET)                                                                          \
    F(LLVM_NATIVE_TARGETMC)                                                                        \
    F(LLVM_NATIVE_DISASSEMBLER)                                                                    \
    F(LLVMCreateMessage)                                                                           \
    F(LLVMDisposeMessage)                                                                          \
    F(LLVMGetDefaultTargetTriple)                                                                  \
    F(LLVMCreateDisasm)                                                                            \
    F(LLVMSetDisasmOptions)                                                                        \
    F(LLVMDisasmInstruction)                                                                       \
    F(LLVMDisasmDispose)

static struct { LLVM_FUNCTIONS(RP_LIBRARY_MEMBER) } llvm;

/* The LLVM that libbcc compiles with. */
static bool open_llvm(void) {
    RP_LIBRARY_OF_FILE(library, LLVM_SONAME, RTLD_LAZY | RTLD_LOCAL, LLVM_FUNCTIONS);
    char why[128];
    return !rp_library_open(&library, &llvm, why);
}

struct rp_disassembler {
    LLVMDisasmContextRef context;
    const char *(*name_at)(void *ctx, uint64_t address);
    void *ctx;
};

/* Of what an instruction refers to; only a call's target is asked for. */
static const char *name_reference(void *info, uint64_t value, uint64_t *type, uint64_t pc,
                                  const char **name) {
    const struct rp_disassembler *disassembler = info;
    (void)pc;
    bool branch = *type == LLVMDisassembler_ReferenceType_In_Branch;
    *type = LLVMDisassembler_ReferenceType_InOut_None;
    *name = NULL;
    return branch && disassembler->name_at ? disassembler->name_at(disassembler->ctx, value) : NULL;
}

struct rp_disassembler *rp_disassembler_new(enum rp_instructions which,
                                            const char *(*name_at)(void *ctx, uint64_t address),
                                            void *ctx) {
    struct rp_disassembler *disassembler = open_llvm() ? calloc(1, sizeof(*disassembler)) : NULL;
    if (!disassembler)
        return NULL;
    *disassembler = (struct rp_disassembler){.name_at = name_at, .ctx = ctx};
    char *triple = NULL;
    if (which == RP_INSTRUCTIONS_BPF) {
        llvm.LLVMInitializeBPFTargetInfo();
        llvm.LLVMInitializeBPFTargetMC();
        llvm.LLVMInitializeBPFDisassembler();
        triple = llvm.LLVMCreateMessage("bpf");
    } else {
        llvm.LLVM_NATIVE_TARGETINFO();
        llvm.LLVM_NATIVE_TARGET();
        llvm.LLVM_NATIVE_TARGETMC();
        llvm.LLVM_NATIVE_DISASSEMBLER();
        triple = llvm.LLVMGetDefaultTargetTriple();
    }
    disassembler->context =
        triple ? llvm.LLVMCreateDisasm(triple, disassembler, 0, NULL, name_reference) : NULL;
    llvm.LLVMDisposeMessage(triple);
    if (disassembler->context) {
        llvm.LLVMSetDisasmOptions(disassembler->context, LLVMDisassembler_Option_PrintImmHex *
                                                             (which == RP_INSTRUCTIONS_MACHINE));
        return disassembler;
    }
    free(disassembler);
    return NULL;
}

/* LLVM puts tabs between an instruction and its operands, and some names in quotes. */
static void tidy(char *text) {
    char *to = text;
    for (const char *from = text + strspn(text, " \t"); *from; from++)
        if (*from != '"')
            *to++ = *from == '\t' ? ' ' : *from;
    *to = '\0';
}

size_t rp_disassemble(const struct rp_disassembler *disassembler, const uint8_t *bytes, size_t size,
                      uint64_t address, char *text, size_t text_size) {
    *text = '\0';
    size_t length = llvm.LLVMDisasmInstruction(disassembler->context, (uint8_t *)bytes, size,
                                               address, text, text_size);
    tidy(text);
    return length;
}

struct rp_boundary rp_find_boundary(const uint8_t *code, size_t size, uint64_t offset) {
    struct rp_boundary boundary = {0};
    struct rp_disassembler *disassembler = rp_disassembler_new(RP_INSTRUCTIONS_MACHINE, NULL, NULL);
    char text[256];
    while (disassembler && boundary.after <= offset && boundary.after < size) {
        uint64_t at = boundary.after;
        size_t length = rp_disassemble(disassembler, code + at, size - at, at, text, sizeof(text));
        boundary = (struct rp_boundary){.known = length, .before = at, .after = at + length};
        if (!length)
            break;
    }
    boundary.known &= boundary.before <= offset && offset < boundary.after;
    rp_disassembler_free(disassembler);
    return boundary;
}

void rp_disassembler_free(struct rp_disassembler *disassembler) {
    if (!disassembler)
        return;
    llvm.LLVMDisasmDispose(disassembler->context);
    free(disassembler);
}
