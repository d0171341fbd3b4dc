/* SPDX-License-Identifier: Apache-2.0 */
/* All of reprobe's C++: clang's classes, called once for a text. The same file compiles with LLVM
 * 14 to 19. */
#include "compile/clang_module.h"

#include <clang/CodeGen/CodeGenAction.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Frontend/CompilerInvocation.h>
#include <clang/Frontend/TextDiagnosticPrinter.h>
#include <llvm-c/Target.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Module.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Passes/PassPlugin.h>
#include <llvm/Support/ErrorHandling.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/VirtualFileSystem.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Transforms/Utils/ModuleUtils.h>

#include <dlfcn.h>

#include <csetjmp>
#include <cstdlib>
#include <cstring>

#ifdef CLANG_IS_STATIC
/* The archives of Debian's clang ask for those of Polly, which changes nothing of code for BPF. */
#define HANDLE_EXTENSION(Ext)                                                                      \
    llvm::PassPluginLibraryInfo get##Ext##PluginInfo() {                                           \
        return {LLVM_PLUGIN_API_VERSION, #Ext, "", [](llvm::PassBuilder &) {}};                    \
    }
#include <llvm/Support/Extension.def>
#endif

namespace {

/* BPF divides unsigned numbers, and signed ones only since its version 4 (Linux 6.6), which LLVM 14
 * does not know. So what is divided are magnitudes, and the sign is put on afterwards. */
struct SignedDivision : llvm::PassInfoMixin<SignedDivision> {
    static bool isRequired() {
        return true;
    }

    /* `value` where `sign` is 0, and -value where it is -1. */
    static llvm::Value *negated(llvm::IRBuilder<> &code, llvm::Value *value, llvm::Value *sign) {
        return code.CreateSub(code.CreateXor(value, sign), sign);
    }

    static void rewrite(llvm::BinaryOperator *division) {
        llvm::IRBuilder<> code(division);
        llvm::Value *left = division->getOperand(0), *right = division->getOperand(1);
        unsigned top = left->getType()->getIntegerBitWidth() - 1;
        llvm::Value *left_sign = code.CreateAShr(left, top),
                    *right_sign = code.CreateAShr(right, top);
        left = negated(code, left, left_sign);
        right = negated(code, right, right_sign);
        bool divides = division->getOpcode() == llvm::Instruction::SDiv;
        llvm::Value *result = divides ? negated(code, code.CreateUDiv(left, right),
                                                code.CreateXor(left_sign, right_sign))
                                      : negated(code, code.CreateURem(left, right), left_sign);
        division->replaceAllUsesWith(result);
        division->eraseFromParent();
    }

    llvm::PreservedAnalyses run(llvm::Function &function, llvm::FunctionAnalysisManager &) {
        if (function.getFnAttribute("target-cpu").getValueAsString() == "v4")
            return llvm::PreservedAnalyses::all();
        llvm::SmallVector<llvm::BinaryOperator *, 8> divisions;
        for (llvm::Instruction &one : llvm::instructions(function))
            if ((one.getOpcode() == llvm::Instruction::SDiv ||
                 one.getOpcode() == llvm::Instruction::SRem) &&
                one.getType()->isIntegerTy())
                divisions.push_back(llvm::cast<llvm::BinaryOperator>(&one));
        for (llvm::BinaryOperator *division : divisions)
            rewrite(division);
        return divisions.empty() ? llvm::PreservedAnalyses::all() : llvm::PreservedAnalyses::none();
    }
};

/* LLVM makes a bool of a static variable that has two values, splits a struct, and drops what is
 * only written: its types tell nothing of that, and the variable is not shown as the source has it.
 * What is only read is left to it. */
struct KeptVariables : llvm::PassInfoMixin<KeptVariables> {
    static bool isRequired() {
        return true;
    }

    static bool is_written(const llvm::Value &address) {
        for (const llvm::User *user : address.users())
            if (llvm::isa<llvm::GEPOperator>(user) || llvm::isa<llvm::BitCastOperator>(user)
                    ? is_written(*user)
                    : !llvm::isa<llvm::LoadInst>(user))
                return true;
        return false;
    }

    llvm::PreservedAnalyses run(llvm::Module &module, llvm::ModuleAnalysisManager &) {
        llvm::SmallVector<llvm::GlobalValue *, 8> kept;
        for (llvm::GlobalVariable &one : module.globals())
            if (one.hasInternalLinkage() && !one.isConstant() && !one.hasSection() &&
                is_written(one))
                kept.push_back(&one);
        llvm::appendToCompilerUsed(module, kept);
        return llvm::PreservedAnalyses::all();
    }
};

/* Signed divisions after all else: what is written for them would not be taken for one, but their
 * operands are known by then. */
void add_passes(llvm::PassBuilder &builder) {
    builder.registerPipelineStartEPCallback(
        [](llvm::ModulePassManager &passes, auto...) { passes.addPass(KeptVariables()); });
    builder.registerOptimizerLastEPCallback([](llvm::ModulePassManager &passes, auto...) {
        passes.addPass(llvm::createModuleToFunctionPassAdaptor(SignedDivision()));
    });
}

llvm::IntrusiveRefCntPtr<llvm::vfs::FileSystem> files_of(const rp_clang_unit *unit) {
    llvm::IntrusiveRefCntPtr<llvm::vfs::InMemoryFileSystem> memory(
        new llvm::vfs::InMemoryFileSystem);
    for (size_t i = 0; i < unit->file_count; i++)
        memory->addFile(unit->files[i].path, 0,
                        llvm::MemoryBuffer::getMemBuffer(unit->files[i].text, unit->files[i].path));
    llvm::IntrusiveRefCntPtr<llvm::vfs::OverlayFileSystem> files(
        new llvm::vfs::OverlayFileSystem(llvm::vfs::getRealFileSystem()));
    files->pushOverlay(memory);
    return files;
}

void compile(const rp_clang_unit *unit, llvm::SmallVectorImpl<char> &elf, llvm::raw_ostream &said) {
    llvm::IntrusiveRefCntPtr<clang::DiagnosticOptions> options(new clang::DiagnosticOptions);
    clang::TextDiagnosticPrinter early(said, options.get());
    auto diagnostics = clang::CompilerInstance::createDiagnostics(options.get(), &early,
                                                                  /*ShouldOwnClient=*/false);
    auto invocation = std::make_shared<clang::CompilerInvocation>();
    llvm::ArrayRef<const char *> args(unit->args, unit->arg_count);
    if (!clang::CompilerInvocation::CreateFromArgs(*invocation, args, *diagnostics))
        return;
    clang::CompilerInstance compiler;
    compiler.setInvocation(invocation);
    clang::TextDiagnosticPrinter printer(said, &compiler.getDiagnosticOpts());
    compiler.createDiagnostics(&printer, /*ShouldOwnClient=*/false);
    compiler.setVerboseOutputStream(said);
    compiler.createFileManager(files_of(unit));
    compiler.setOutputStream(std::make_unique<llvm::raw_svector_ostream>(elf));
    Dl_info self; /* clang takes passes from a library: this one */
    if (dladdr(reinterpret_cast<void *>(rp_clang_module_run), &self))
        compiler.getCodeGenOpts().PassPlugins.push_back(self.dli_fname);
    clang::EmitObjAction action;
    if (!compiler.ExecuteAction(action))
        elf.clear();
}

jmp_buf gave_up;

/* LLVM ends the process when this returns. */
void on_fatal_error(void *said, const char *reason, bool) {
    *static_cast<llvm::raw_ostream *>(said) << "<unknown>:0: error: " << reason << "\n";
    longjmp(gave_up, 1);
}

void *copy_of(const void *bytes, size_t size) {
    char *copy = static_cast<char *>(malloc(size + 1));
    if (copy) {
        memcpy(copy, bytes, size);
        copy[size] = '\0';
    }
    return copy;
}

} // namespace

extern "C" __attribute__((visibility("default"))) llvm::PassPluginLibraryInfo
llvmGetPassPluginInfo() {
    return {LLVM_PLUGIN_API_VERSION, "reprobe", REPROBE_VERSION, add_passes};
}

void rp_clang_module_run(const struct rp_clang_unit *unit, struct rp_clang_result *result) {
    LLVMInitializeBPFTargetInfo();
    LLVMInitializeBPFTarget();
    LLVMInitializeBPFTargetMC();
    LLVMInitializeBPFAsmPrinter();
    LLVMInitializeBPFAsmParser();
    llvm::SmallString<0> elf, output;
    llvm::raw_svector_ostream said(output);
    llvm::install_fatal_error_handler(on_fatal_error, &said);
    if (setjmp(gave_up) == 0)
        compile(unit, elf, said);
    else
        elf.clear();
    llvm::remove_fatal_error_handler();
    *result = {};
    result->output = static_cast<char *>(copy_of(output.data(), output.size()));
    if (!elf.empty() && (result->elf = copy_of(elf.data(), elf.size())))
        result->elf_size = elf.size();
}

const char *rp_clang_module_version(void) {
    return REPROBE_VERSION;
}
