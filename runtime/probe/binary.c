/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/binary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef NT_STAPSDT
#define NT_STAPSDT 3
#endif

#include "debug/files.h"
#include "kernel/bcc.h"
#include "kernel/features.h"
#include "probe/probe.h"
#include "probe/process_root.h"
#include "util/capture.h"
#include "util/cleanup.h"
#include "util/nearest.h"
#include "util/text.h"

/* ------------------------------------------------------------------ a complete ELF file */

static void end_elf(Elf **elf) {
    if (*elf)
        elf_end(*elf);
}
#define AUTO_ELF RP_AUTO(end_elf)

static struct rp_error *not_whole(const char *path) {
    return rp_error_hint_set(
        rp_probe_error(ENOEXEC, "%s is cut short or damaged: it has sections beyond its end", path),
        "reinstall it; readelf -lS '%s' shows its sections", path);
}

static bool segments_fit(Elf *elf, uint64_t size) {
    size_t count = 0;
    if (elf_getphdrnum(elf, &count) != 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr segment;
        if (!gelf_getphdr(elf, (int)i, &segment))
            return false;
        if (segment.p_type == PT_LOAD &&
            (segment.p_offset > size || segment.p_filesz > size - segment.p_offset))
            return false;
    }
    return true;
}

/* libbcc divides by the size of a symbol. */
static bool section_fits(Elf *elf, const GElf_Shdr *section, uint64_t size) {
    bool symbols = section->sh_type == SHT_SYMTAB || section->sh_type == SHT_DYNSYM;
    if (symbols && section->sh_entsize != gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT))
        return false;
    return section->sh_type == SHT_NOBITS ||
           (section->sh_offset <= size && section->sh_size <= size - section->sh_offset);
}

/* Three words and three strings; libbcc does not check where these end. */
static bool is_whole_usdt(const char *note, size_t size, size_t word) {
    size_t ends = 0;
    for (size_t i = 3 * word; i < size; i++)
        ends += !note[i];
    return ends >= 3;
}

static bool notes_fit(Elf *elf, Elf_Scn *scn) {
    size_t word = gelf_fsize(elf, ELF_T_ADDR, 1, EV_CURRENT);
    Elf_Data *data = elf_getdata(scn, NULL);
    GElf_Nhdr note;
    size_t name, text;
    for (size_t at = 0; data && (at = gelf_getnote(data, at, &note, &name, &text));)
        if (note.n_type == NT_STAPSDT && note.n_namesz == sizeof("stapsdt") &&
            !memcmp((char *)data->d_buf + name, "stapsdt", sizeof("stapsdt")) &&
            !is_whole_usdt((char *)data->d_buf + text, note.n_descsz, word))
            return false;
    return true;
}

/* libelf finds no sections if their table is beyond the end. */
static bool sections_fit(Elf *elf, const GElf_Ehdr *header, uint64_t size) {
    uint64_t table = (uint64_t)header->e_shnum * header->e_shentsize;
    if (header->e_shoff > size || table > size - header->e_shoff)
        return false;
    size_t count = 0, seen = 1; /* elf_nextscn() skips the first section, which has no type */
    if (elf_getshdrnum(elf, &count) != 0)
        return false;
    for (Elf_Scn *scn = elf_nextscn(elf, NULL); scn; scn = elf_nextscn(elf, scn), seen++) {
        GElf_Shdr section;
        if (!gelf_getshdr(scn, &section) || !section_fits(elf, &section, size) ||
            (section.sh_type == SHT_NOTE && !notes_fit(elf, scn)))
            return false;
    }
    return count == 0 || seen == count;
}

/* Opens the file, if it can contain probes. */
static struct rp_error *open_elf(const char *path, int *fd, Elf **elf) {
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (*fd < 0 || fstat(*fd, &st) != 0)
        return rp_error_hint_set(rp_probe_error(errno, "cannot read %s: %m", path),
                                 "check the path and its permissions");
    char magic[SELFMAG] = "";
    if (!S_ISREG(st.st_mode) || pread(*fd, magic, sizeof(magic), 0) < 0 ||
        memcmp(magic, ELFMAG, SELFMAG) != 0)
        return rp_error_hint_set(
            rp_probe_error(ENOEXEC, "%s is not a program or library (not an ELF file)%s", path,
                           memcmp(magic, "#!", 2) ? "" : ": it is a script"),
            memcmp(magic, "#!", 2) ? "use the path of a program or library"
                                   : "probe the program that runs it, which its first line names");
    elf_version(EV_CURRENT);
    *elf = elf_begin(*fd, ELF_C_READ, NULL);
    GElf_Ehdr header;
    if (!*elf || !gelf_getehdr(*elf, &header))
        return not_whole(path);
    if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
        return rp_error_hint_set(rp_probe_error(ENOEXEC, "%s is an ELF file that cannot run", path),
                                 "link the object file into a program first");
    uint64_t size = (uint64_t)st.st_size;
    return segments_fit(*elf, size) && sections_fit(*elf, &header, size) ? NULL : not_whole(path);
}

struct rp_error *rp_binary_check(const char *path) {
    RP_AUTO_CLOSE int fd = -1;
    AUTO_ELF Elf *elf = NULL;
    return open_elf(path, &fd, &elf);
}

bool rp_binary_is_stripped(const char *path) {
    RP_AUTO_CLOSE int fd = -1;
    AUTO_ELF Elf *elf = NULL;
    struct rp_error *err = open_elf(path, &fd, &elf);
    bool named = err;
    rp_error_free(err);
    for (Elf_Scn *scn = named ? NULL : elf_nextscn(elf, NULL); scn && !named;
         scn = elf_nextscn(elf, scn)) {
        GElf_Shdr section;
        named = gelf_getshdr(scn, &section) && section.sh_type == SHT_SYMTAB;
    }
    return !named;
}

bool rp_binary_is_narrow(const char *path) {
    char ident[EI_NIDENT] = "";
    RP_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 && pread(fd, ident, sizeof(ident), 0) == (ssize_t)sizeof(ident) &&
           !memcmp(ident, ELFMAG, SELFMAG) && ident[EI_CLASS] == ELFCLASS32;
}

bool rp_binary_has_section(const char *path, const char *end) {
    size_t length = strlen(end);
    RP_AUTO_CLOSE int fd = -1;
    AUTO_ELF Elf *elf = NULL;
    struct rp_error *err = open_elf(path, &fd, &elf);
    size_t names;
    bool found = false;
    bool readable = !err && !elf_getshdrstrndx(elf, &names);
    rp_error_free(err);
    for (Elf_Scn *scn = readable ? elf_nextscn(elf, NULL) : NULL; scn && !found;
         scn = elf_nextscn(elf, scn)) {
        GElf_Shdr section;
        const char *own =
            gelf_getshdr(scn, &section) ? elf_strptr(elf, names, section.sh_name) : NULL;
        found = own && strlen(own) >= length && !strcmp(own + strlen(own) - length, end);
    }
    return found;
}

static bool has_symbol(Elf *elf, Elf_Scn *scn, const GElf_Shdr *section, const char *name,
                       bool imported) {
    Elf_Data *data = section->sh_entsize ? elf_getdata(scn, NULL) : NULL;
    for (size_t i = 0; data && i < section->sh_size / section->sh_entsize; i++) {
        GElf_Sym symbol;
        const char *own = gelf_getsym(data, (int)i, &symbol)
                              ? elf_strptr(elf, section->sh_link, symbol.st_name)
                              : NULL;
        if (own && !strcmp(own, name) && (!imported || symbol.st_shndx == SHN_UNDEF))
            return true;
    }
    return false;
}

bool rp_binary_has_symbol(const char *path, const char *name, bool imported) {
    RP_AUTO_CLOSE int fd = -1;
    AUTO_ELF Elf *elf = NULL;
    struct rp_error *err = open_elf(path, &fd, &elf);
    bool found = false;
    for (Elf_Scn *scn = err ? NULL : elf_nextscn(elf, NULL); scn && !found;
         scn = elf_nextscn(elf, scn)) {
        GElf_Shdr section;
        if (gelf_getshdr(scn, &section) &&
            (section.sh_type == SHT_SYMTAB || section.sh_type == SHT_DYNSYM))
            found = has_symbol(elf, scn, &section, name, imported);
    }
    rp_error_free(err);
    return found;
}

/* ------------------------------------------------------------------ which file */

/* The NAME of "libNAME.so.VERSION", for libbcc's search; NULL if it is not such a name. */
static char *library_word(const char *name) {
    const char *so = strstr(name, ".so");
    if (strncmp(name, "lib", 3) != 0 || !so || so < name + 4 || (so[3] && so[3] != '.'))
        return NULL;
    return strndup(name + 3, (size_t)(so - name - 3));
}

/* libbcc finds one version of a library: the one we want is in the same directory. */
static char *version_of(char *found, const char *name) {
    char *slash = strrchr(found, '/');
    if (!slash || !strcmp(slash + 1, name))
        return found;
    char *wanted = NULL;
    if (asprintf(&wanted, "%.*s/%s", (int)(slash - found), found, name) < 0)
        wanted = NULL;
    free(found);
    if (wanted && access(wanted, F_OK) == 0)
        return wanted;
    free(wanted);
    return NULL;
}

static char *find_library(const char *name) {
    RP_AUTO_FREE char *word = library_word(name);
    char *found = rp_bcc()->bcc_procutils_which_so(word ? word : name, 0);
    return found && word ? version_of(found, name) : found;
}

static void each_file(const char *folder, void (*each)(void *ctx, const char *name), void *ctx) {
    RP_AUTO_CLOSEDIR DIR *dir = opendir(folder);
    const struct dirent *entry;
    while (dir && (entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            each(ctx, entry->d_name);
}

/* The format of the cache since glibc 2.32; older ldconfigs write another format before it, and
 * such caches are skipped. Offsets count from the start. */
struct library_cache {
    char magic[20];
    uint32_t count, strings_size, reserved[5];
    struct {
        uint32_t flags, name, path, os_version;
        uint64_t hwcap;
    } libraries[];
};

static void each_library(void (*each)(void *ctx, const char *name), void *ctx) {
    static const char magic[] = "glibc-ld.so.cache1.1";
    RP_AUTO_CLOSE int fd = open("/etc/ld.so.cache", O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) || (size_t)st.st_size < sizeof(struct library_cache))
        return;
    size_t size = (size_t)st.st_size;
    const struct library_cache *cache = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (cache == MAP_FAILED)
        return;
    size_t capacity = (size - sizeof(*cache)) / sizeof(*cache->libraries);
    if (memcmp(cache->magic, magic, sizeof(cache->magic)) == 0 && cache->count <= capacity)
        for (uint32_t i = 0; i < cache->count; i++) {
            uint32_t name = cache->libraries[i].name;
            if (name < size && memchr((const char *)cache + name, 0, size - name))
                each(ctx, (const char *)cache + name);
        }
    munmap((void *)cache, size);
}

void rp_binary_each_name(void (*each)(void *ctx, const char *name), void *ctx) {
    const char *path = getenv("PATH");
    RP_AUTO_FREE char *folders = strdup(path ? path : "");
    char *rest = folders;
    for (char *folder; rest && (folder = strsep(&rest, ":"));)
        each_file(folder, each, ctx);
    each_library(each, ctx);
}

static void add_name(void *ctx, const char *name) {
    rp_nearest_add(ctx, name);
}

static struct rp_error *no_file(const char *path) {
    const char *base = strrchr(path, '/') + 1;
    RP_AUTO_FREE char *folder = strndup(path, (size_t)(base - path));
    struct rp_error *err = rp_probe_error(ENOENT, "the file %s does not exist", path);
    struct rp_nearest nearest = {.wanted = base};
    if (folder)
        each_file(folder, add_name, &nearest);
    RP_AUTO_FREE char *guess = rp_nearest_text(&nearest, folder ? folder : "");
    rp_nearest_clear(&nearest);
    return guess ? rp_error_hint_set(err, "did you mean %s?", guess)
                 : rp_error_hint_set(err, "use the path of a program or library, or only its name "
                                          "if it is in $PATH or is a system library");
}

static struct rp_error *no_name(const char *name) {
    RP_AUTO_FREE char *word = library_word(name);
    struct rp_error *err = rp_probe_error(
        ENOENT,
        "there is no program %s in $PATH and no library %s%s%s in the dynamic linker's cache", name,
        word ? "" : "lib", name, word ? "" : ".so");
    struct rp_nearest nearest = {.wanted = name};
    rp_binary_each_name(add_name, &nearest);
    RP_AUTO_FREE char *guess = rp_nearest_text(&nearest, "");
    rp_nearest_clear(&nearest);
    return guess ? rp_error_hint_set(err, "did you mean %s? For any other file use its path", guess)
                 : rp_error_hint_set(err, "use its path");
}

static struct rp_error *not_there(const char *name) {
    return rp_error_hint_set(
        rp_probe_error(ENOENT,
                       "process %d, which has files of its own, has no program %s, and no library "
                       "of that name is loaded in it",
                       rp_process_root(), name),
        "`cat /proc/%d/maps` shows which files it has loaded; paths are those that it sees",
        rp_process_root());
}

/* What -p's process runs is not what is at the path. */
static struct rp_error *check_replaced(const char *path) {
    RP_AUTO_FREE char *loaded = rp_process_replaced(path);
    if (!loaded)
        return NULL;
    return rp_error_hint_set(
        rp_probe_error(ESTALE,
                       "the process runs the file that was at %s before: since then it was "
                       "replaced or deleted",
                       path),
        "use %s in place of the path", loaded);
}

/* Its path where the folder is, which it may have been deleted from; malloc()ed. */
static char *path_in_folder(const char *name) {
    const char *base = strrchr(name, '/') + 1;
    RP_AUTO_FREE char *folder = strndup(name, (size_t)(base - name));
    RP_AUTO_FREE char *real = folder ? realpath(folder, NULL) : NULL;
    return real ? rp_text("%s/%s", real, base) : NULL;
}

static struct rp_error *find_path(const char *name, char **found) {
    *found = realpath(name, NULL);
    if (*found)
        return check_replaced(*found);
    int errnum = errno;
    if (access(name, F_OK) == 0) { /* /proc/PID/exe of a file that was deleted */
        *found = strdup(name);
        return *found ? NULL : rp_error_nomem();
    }
    RP_AUTO_FREE char *was = path_in_folder(name);
    if (was)
        RP_TRY(check_replaced(was));
    if (errnum == ENOENT || errnum == ENOTDIR)
        return no_file(name);
    return rp_error_hint_set(rp_probe_error(errnum, "cannot reach %s: %s", name, strerror(errnum)),
                             "check the path and its permissions");
}

struct rp_error *rp_binary_find(const char *name, char **path) {
    RP_AUTO_FREE char *found = rp_process_root() ? rp_process_root_find(name) : NULL;
    if (rp_process_root()) {
        if (!found)
            return not_there(name);
    } else if (strchr(name, '/')) {
        RP_TRY(find_path(name, &found));
    } else {
        found = rp_bcc()->bcc_procutils_which(name);
        if (!found)
            found = find_library(name);
        if (!found)
            return no_name(name);
        RP_AUTO_FREE char *real = realpath(found, NULL);
        if (real)
            RP_TRY(check_replaced(real));
    }
    RP_TRY(rp_binary_check(found));
    *path = rp_take(found);
    return NULL;
}

struct rp_error *rp_binary_of_pattern(const char *pattern, char **name) {
    size_t length = pattern ? strcspn(pattern, ":") : 0;
    if (!length || !pattern[length] || strcspn(pattern, "*?[") < length)
        return rp_error_hint_set(
            rp_probe_error(EINVAL, "the pattern must begin with a program or library"),
            "such as reprobe list 'uprobe:bash:*readline*'");
    *name = strndup(pattern, length);
    return *name ? NULL : rp_error_nomem();
}

/* ------------------------------------------------------------------ its functions */

struct visit {
    bool (*each)(void *ctx, const char *name, uint64_t address, uint64_t size);
    void *ctx;
    bool has_ended;
};

static int visit_symbol(const char *name, uint64_t address, uint64_t size, void *ctx) {
    struct visit *visit = ctx;
    visit->has_ended |= !visit->each(visit->ctx, name, address, size);
    return visit->has_ended ? -1 : 0;
}

/* libbcc takes whatever .gnu_debuglink leads to, and waits for a FIFO: the file with the symbols is
 * found here. */
static int each_symbol(const char *path, uint32_t types, struct visit *visit) {
    struct bcc_symbol_option option = {.use_symbol_type = types};
    RP_AUTO_FREE char *name = NULL;
    RP_AUTO_CLOSE int fd = rp_debug_file_open(path, true, &name);
    char there[32];
    snprintf(there, sizeof(there), "/proc/self/fd/%d", fd);
    if (fd >= 0 && rp_bcc()->bcc_elf_foreach_sym(there, visit_symbol, &option, visit) < 0)
        return -1;
    return visit->has_ended ? 0 : rp_bcc()->bcc_elf_foreach_sym(path, visit_symbol, &option, visit);
}

struct rp_error *rp_binary_each_function(const char *path,
                                         bool (*each)(void *ctx, const char *name, uint64_t address,
                                                      uint64_t size),
                                         void *ctx) {
    struct visit visit = {.each = each, .ctx = ctx};
    if (each_symbol(path, 1U << STT_FUNC | 1U << STT_GNU_IFUNC, &visit) < 0)
        return not_whole(path);
    return NULL;
}

struct rp_error *rp_binary_each_variable(const char *path,
                                         bool (*each)(void *ctx, const char *name, uint64_t address,
                                                      uint64_t size),
                                         void *ctx) {
    struct visit visit = {.each = each, .ctx = ctx};
    return each_symbol(path, 1U << STT_OBJECT, &visit) < 0 ? not_whole(path) : NULL;
}

void rp_binary_each_ifunc(const char *path,
                          bool (*each)(void *ctx, const char *name, uint64_t address,
                                       uint64_t size),
                          void *ctx) {
    struct visit visit = {.each = each, .ctx = ctx};
    each_symbol(path, 1U << STT_GNU_IFUNC, &visit);
}

struct ifunc {
    const char *function;
    bool found;
};

static bool find_ifunc(void *ctx, const char *name, uint64_t address, uint64_t size) {
    (void)address;
    (void)size;
    struct ifunc *ifunc = ctx;
    ifunc->found = !strcmp(name, ifunc->function);
    return !ifunc->found;
}

bool rp_binary_is_ifunc(const char *path, const char *function) {
    struct ifunc ifunc = {.function = function};
    rp_binary_each_ifunc(path, find_ifunc, &ifunc);
    return ifunc.found;
}

/* ------------------------------------------------------------------ its USDT probes */

struct usdt_visit {
    void (*each)(void *ctx, const struct rp_binary_usdt *usdt);
    void *ctx;
};

static void visit_usdt(const char *path, const struct bcc_elf_usdt *found, void *ctx) {
    (void)path;
    const struct usdt_visit *visit = ctx;
    struct rp_binary_usdt usdt = {.provider = found->provider,
                                  .name = found->name,
                                  .arguments = found->arg_fmt ? found->arg_fmt : "",
                                  .address = found->pc,
                                  .semaphore = found->semaphore_offset,
                                  .has_semaphore = found->semaphore};
    visit->each(visit->ctx, &usdt);
}

struct rp_error *rp_binary_each_usdt(const char *path,
                                     void (*each)(void *ctx, const struct rp_binary_usdt *usdt),
                                     void *ctx) {
    struct usdt_visit visit = {each, ctx};
    struct rp_capture capture = rp_capture_begin();
    int result = rp_bcc()->bcc_elf_foreach_usdt(path, visit_usdt, &visit);
    free(rp_capture_end(&capture));
    return result < 0 ? not_whole(path) : NULL;
}

/* ------------------------------------------------------------------ its code */

uint64_t rp_binary_offset(const char *path, uint64_t address) {
    struct bcc_symbol symbol;
    if (rp_bcc()->bcc_resolve_symname(path, NULL, address, -1, NULL, &symbol) != 0)
        return 0;
    free((char *)symbol.module);
    return symbol.offset;
}

uint64_t rp_binary_section(const char *path, uint64_t address) {
    RP_AUTO_CLOSE int fd = -1;
    AUTO_ELF Elf *elf = NULL;
    struct rp_error *err = open_elf(path, &fd, &elf);
    Elf_Scn *scn = err ? NULL : elf_nextscn(elf, NULL);
    rp_error_free(err);
    for (; scn; scn = elf_nextscn(elf, scn)) {
        GElf_Shdr section;
        if (gelf_getshdr(scn, &section) && section.sh_flags & SHF_EXECINSTR &&
            address >= section.sh_addr && address - section.sh_addr < section.sh_size)
            return section.sh_addr;
    }
    return 0;
}

size_t rp_binary_read_code(const char *path, uint64_t address, uint8_t *code, size_t size) {
    RP_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    uint64_t offset = rp_binary_offset(path, address);
    ssize_t got = fd < 0 || !offset ? 0 : pread(fd, code, size, (off_t)offset);
    return got > 0 ? (size_t)got : 0;
}

struct rp_error *rp_binary_refusal(const char *path, const char *function, int errnum) {
    switch (errnum) {
    case EPERM:
    case EACCES:
        return rp_kernel_refusal(errnum);
    case EINVAL: /* kernel/events/uprobes.c: ref_ctr_mismatch_warn() */
        return rp_error_hint_set(
            rp_probe_error(errnum,
                           "the kernel cannot probe %s in %s: another tracer has a probe there "
                           "with another semaphore",
                           function, path),
            "end the other tracer; BCC's Python (0.26) passes a random semaphore with each uprobe");
    case ENODEV:
    case EIO:
        return rp_error_hint_set(rp_probe_error(errnum, "the kernel cannot probe %s in %s: %s",
                                                function, path, strerror(errnum)),
                                 "the kernel probes instructions of files on ordinary file "
                                 "systems; `reprobe doctor` says whether "
                                 "it has uprobes");
    case EOPNOTSUPP:
    case ENOENT:
        return rp_error_hint_set(
            rp_probe_error(errnum, "this kernel has no uprobes (CONFIG_UPROBE_EVENTS)"),
            "run it in the lab, on a kernel that has them: reprobe lab -- COMMAND");
    case E2BIG:
        return rp_error_hint_set(
            rp_probe_error(errnum, "it has as many programs attached as the kernel allows"),
            "end other tracers of %s", function);
    default:
        return rp_error_new(errnum, NULL, "cannot use the probe");
    }
}

/* ------------------------------------------------------------------ by name */

bool rp_symbol_search_one(void *ctx, const char *name, uint64_t address, uint64_t size) {
    struct rp_symbol_search *search = ctx;
    search->seen++;
    if (strcmp(name, search->wanted) != 0) {
        if (!search->address)
            rp_nearest_add(&search->nearest, name);
    } else if (!search->address) {
        search->address = address;
        search->size = size;
    } else if (address != search->address) {
        search->other = address;
    }
    return true;
}

bool rp_symbol_at_one(void *ctx, const char *name, uint64_t address, uint64_t size) {
    struct rp_symbol_at *at = ctx;
    if (at->wanted < address || at->wanted - address >= size)
        return true;
    at->address = address;
    at->size = size;
    free(at->name);
    at->name = strdup(name);
    return false;
}
