/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/process.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "probe/binary.h"
#include "probe/probe.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/nearest.h"
#include "util/text.h"

static void end_elf(Elf **elf) {
    if (*elf)
        elf_end(*elf);
}
#define AUTO_ELF RP_AUTO(end_elf)

/* ------------------------------------------------------------------ in a file */

static const char *noun_of(const struct rp_program_symbol *symbol) {
    return symbol->is_function ? "function" : "variable";
}

static struct rp_error *not_found(const char *shown, const char *path,
                                  const struct rp_program_symbol *symbol,
                                  const struct rp_symbol_search *search) {
    bool stripped = rp_binary_is_stripped(path);
    RP_AUTO_FREE char *guess = rp_nearest_text(&search->nearest, "");
    struct rp_error *err = rp_probe_error(
        ENOENT, "%s has no %s named %s%s", shown, noun_of(symbol), symbol->name,
        stripped ? ", or not by that name: it is stripped, and only what it exports has one" : "");
    if (guess)
        return rp_error_hint_set(err, "did you mean %s?", guess);
    return rp_error_hint_set(err,
                             "nm '%s' shows the names; a local or thread-local variable has no "
                             "fixed address, and the compiler may have removed others",
                             shown);
}

static struct rp_error *ambiguous(const char *shown, const struct rp_program_symbol *symbol,
                                  const struct rp_symbol_search *search) {
    return rp_error_hint_set(rp_probe_error(EADDRNOTAVAIL,
                                            "%s has several %ss named %s, and the name does not "
                                            "say which one you meant",
                                            shown, noun_of(symbol), symbol->name),
                             "use the address of one instead: %s:0x%" PRIx64 " or %s:0x%" PRIx64,
                             shown, search->address, shown, search->other);
}

/* Messages call the file at `path` `shown`. */
static struct rp_error *find_in(const char *path, const char *shown,
                                struct rp_program_symbol *symbol) {
    RP_TRY(rp_binary_check(path));
    if (!symbol->name)
        return NULL;
    struct rp_symbol_search search = {.wanted = symbol->name, .nearest = {.wanted = symbol->name}};
    struct rp_error *err = symbol->is_function
                               ? rp_binary_each_function(path, rp_symbol_search_one, &search)
                               : rp_binary_each_variable(path, rp_symbol_search_one, &search);
    if (!err && !search.address)
        err = not_found(shown, path, symbol, &search);
    else if (!err && search.other)
        err = ambiguous(shown, symbol, &search);
    rp_nearest_clear(&search.nearest);
    symbol->address = search.address;
    symbol->size = search.size;
    return err;
}

struct rp_error *rp_file_symbol(struct rp_program_symbol *symbol) {
    RP_AUTO_FREE char *path = NULL;
    RP_TRY(rp_binary_find(symbol->file, &path));
    return find_in(path, path, symbol);
}

/* ------------------------------------------------------------------ in a process */

/* Where the file's first segment is in memory, and which part of the file that is. */
struct mapping {
    uint64_t start, offset;
    bool found;
};

/* Mappings are in the order of addresses, and so are those of one file. */
static void find_mapping(pid_t pid, const char *path, struct mapping *out) {
    RP_AUTO_FCLOSE FILE *file = rp_file_of_process(pid, "maps");
    RP_AUTO_FREE char *line = NULL;
    size_t size = 0;
    while (file && !out->found && getline(&line, &size, file) > 0) {
        int name = 0;
        line[strcspn(line, "\n")] = '\0';
        out->found = sscanf(line, "%" SCNx64 "-%*x %*s %" SCNx64 " %*s %*u %n", &out->start,
                            &out->offset, &name) == 2 &&
                     name && !strcmp(line + name, path);
    }
}

static struct rp_error *cannot_read_segments(const char *path) {
    return rp_error_hint_set(rp_probe_error(ENOEXEC, "%s does not say where it is loaded", path),
                             "use the address in the process, which a debugger shows: 0xADDRESS");
}

/* What must be added to the file's own addresses: the first segment that is loaded tells. */
static struct rp_error *find_bias(const char *path, const struct mapping *mapping, uint64_t *bias) {
    RP_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    AUTO_ELF Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
    size_t count = 0;
    if (!elf || elf_getphdrnum(elf, &count) != 0)
        return cannot_read_segments(path);
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr segment;
        if (!gelf_getphdr(elf, (int)i, &segment) || segment.p_type != PT_LOAD)
            continue;
        *bias = mapping->start - mapping->offset - (segment.p_vaddr - segment.p_offset);
        return NULL;
    }
    return cannot_read_segments(path);
}

/* Whether the dynamic linker copies the library's variable into the program, which both then use.
 */
static bool section_copies(Elf *elf, Elf_Scn *scn, const char *name) {
    GElf_Shdr header, names;
    if (!gelf_getshdr(scn, &header) || header.sh_type != SHT_RELA || !header.sh_entsize)
        return false;
    Elf_Scn *symbols = elf_getscn(elf, header.sh_link);
    Elf_Data *data = elf_getdata(scn, NULL), *table = symbols ? elf_getdata(symbols, NULL) : NULL;
    if (!data || !table || !gelf_getshdr(symbols, &names))
        return false;
    for (int i = 0; (uint64_t)i < header.sh_size / header.sh_entsize; i++) {
        GElf_Rela rela;
        GElf_Sym symbol;
        if (!gelf_getrela(data, i, &rela) || GELF_R_TYPE(rela.r_info) != rp_arch.copy_relocation ||
            !gelf_getsym(table, (int)GELF_R_SYM(rela.r_info), &symbol))
            continue;
        const char *its_name = elf_strptr(elf, names.sh_link, symbol.st_name);
        if (its_name && !strcmp(its_name, name))
            return true;
    }
    return false;
}

static bool program_copies(const char *program, const char *name) {
    struct rp_error *err = rp_binary_check(program);
    bool is_whole = !err;
    rp_error_free(err);
    RP_AUTO_CLOSE int fd = is_whole ? open(program, O_RDONLY | O_CLOEXEC) : -1;
    AUTO_ELF Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
    bool copies = false;
    for (Elf_Scn *scn = elf ? elf_nextscn(elf, NULL) : NULL; scn && !copies;
         scn = elf_nextscn(elf, scn))
        copies = section_copies(elf, scn, name);
    return copies;
}

static struct rp_error *not_loaded(pid_t pid, const char *path, const char *program) {
    return rp_error_hint_set(
        rp_probe_error(ENOENT, "process %d has not loaded %s: it runs %s", pid, path, program),
        "a library is loaded a moment after the program starts: use -p PID then; /proc/%d/maps "
        "lists the files of a process",
        pid);
}

/* What the process runs, as its /proc/PID/maps has it. */
static struct rp_error *program_of(pid_t pid, const char *link, char path[PATH_MAX]) {
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0)
        return rp_error_hint_set(
            rp_probe_error(errno, "cannot see what process %d runs: %s", pid, strerror(errno)),
            errno == ENOENT ? "it has ended, or is a kernel thread" : "run as root (sudo)");
    path[length] = '\0';
    return NULL;
}

struct rp_error *rp_process_symbol(pid_t pid, struct rp_program_symbol *symbol, uint64_t *address) {
    char link[32], program[PATH_MAX];
    snprintf(link, sizeof(link), "/proc/%d/exe", pid);
    RP_TRY(program_of(pid, link, program));
    RP_AUTO_FREE char *found = NULL, *library = NULL;
    if (symbol->file)
        RP_TRY(rp_binary_find(symbol->file, &found));
    if (found)
        library = realpath(found, NULL);
    bool is_library = library && strcmp(library, program) != 0;
    const char *shown = is_library ? library : program;
    RP_AUTO_FREE char *in_root =
        is_library ? rp_text("/proc/%d/root%s", pid, rp_path_behind_root(pid, library))
                   : strdup(link);
    if (!in_root)
        return rp_error_nomem();
    struct mapping mapping = {0};
    find_mapping(pid, shown, &mapping);
    if (!mapping.found)
        return not_loaded(pid, shown, program);
    RP_TRY(find_in(in_root, shown, symbol));
    if (is_library && symbol->name && program_copies(link, symbol->name))
        return rp_error_hint_set(
            rp_probe_error(EADDRNOTAVAIL, "%s uses the copy of %s that is in %s", shown,
                           symbol->name, program),
            "leave out the library's name: the program has a variable %s", symbol->name);
    uint64_t bias = 0;
    RP_TRY(find_bias(in_root, &mapping, &bias));
    *address = bias + symbol->address;
    return NULL;
}
