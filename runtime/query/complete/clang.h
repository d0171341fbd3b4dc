/* SPDX-License-Identifier: Apache-2.0 */
/* libclang, brought into the process when someone first asks about C: tools that only run programs
 * do not pay for its 30 MB. */
#ifndef RP_QUERY_COMPLETE_CLANG_H
#define RP_QUERY_COMPLETE_CLANG_H

#include <clang-c/Index.h>

#include "util/library.h"

struct rp_error;

/* The functions of libclang that are used. */
#define RP_CLANG_FUNCTIONS(F)                                                                      \
    F(createIndex)                                                                                 \
    F(disposeIndex)                                                                                \
    F(parseTranslationUnit)                                                                        \
    F(disposeTranslationUnit)                                                                      \
    F(getTranslationUnitCursor)                                                                    \
    F(visitChildren)                                                                               \
    F(getCursorKind)                                                                               \
    F(getCursorLocation)                                                                           \
    F(getCursorType)                                                                               \
    F(Location_isFromMainFile)                                                                     \
    F(getFileLocation)                                                                             \
    F(getCanonicalType)                                                                            \
    F(getTypeSpelling)                                                                             \
    F(getTypeDeclaration)                                                                          \
    F(getEnumDeclIntegerType)                                                                      \
    F(getPointeeType)                                                                              \
    F(getArrayElementType)                                                                         \
    F(Type_getSizeOf)                                                                              \
    F(getNumDiagnostics)                                                                           \
    F(getDiagnostic)                                                                               \
    F(disposeDiagnostic)                                                                           \
    F(getDiagnosticSeverity)                                                                       \
    F(getDiagnosticSpelling)                                                                       \
    F(getDiagnosticLocation)                                                                       \
    F(codeCompleteAt)                                                                              \
    F(disposeCodeCompleteResults)                                                                  \
    F(codeCompleteGetContainerUSR)                                                                 \
    F(getNumCompletionChunks)                                                                      \
    F(getCompletionChunkKind)                                                                      \
    F(getCompletionChunkText)                                                                      \
    F(getCompletionAvailability)                                                                   \
    F(getCString)                                                                                  \
    F(disposeString)

#define RP_CLANG_NAME(name)   "clang_" #name,
#define RP_CLANG_MEMBER(name) __typeof__(clang_##name) *name;

struct rp_clang {
    RP_CLANG_FUNCTIONS(RP_CLANG_MEMBER)
    CXIndex index;
};

/* Kept from then on. Where libclang is missing: an error of ENOENT, with the package that has it.
 */
struct rp_error *rp_clang_open(const struct rp_clang **out);

/* Copies the text to `buffer`, cut to its size, and ends it. */
void rp_clang_take(const struct rp_clang *clang, CXString text, char *buffer, size_t size);

#endif
