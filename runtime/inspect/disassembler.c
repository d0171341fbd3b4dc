/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/disassembler.h"

#include <llvm-c/Core.h>
#include <llvm-c/Disassembler.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    struct rp_disassembler *disassembler = calloc(1, sizeof(*disassembler));
    if (!disassembler)
        return NULL;
    *disassembler = (struct rp_disassembler){.name_at = name_at, .ctx = ctx};
    char *triple = NULL;
    if (which == RP_INSTRUCTIONS_BPF) {
        LLVMInitializeBPFTargetInfo();
        LLVMInitializeBPFTargetMC();
        LLVMInitializeBPFDisassembler();
        triple = LLVMCreateMessage("bpf");
    } else if (!LLVMInitializeNativeTarget() && !LLVMInitializeNativeDisassembler()) {
        triple = LLVMGetDefaultTargetTriple();
    }
    disassembler->context =
        triple ? LLVMCreateDisasm(triple, disassembler, 0, NULL, name_reference) : NULL;
    LLVMDisposeMessage(triple);
    if (disassembler->context) {
        LLVMSetDisasmOptions(disassembler->context, LLVMDisassembler_Option_PrintImmHex *
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
    size_t length = LLVMDisasmInstruction(disassembler->context, (uint8_t *)bytes, size, address,
                                          text, text_size);
    tidy(text);
    return length;
}

void rp_disassembler_free(struct rp_disassembler *disassembler) {
    if (!disassembler)
        return;
    LLVMDisasmDispose(disassembler->context);
    free(disassembler);
}
