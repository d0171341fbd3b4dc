/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/object_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile/elf_section.h"
#include "compile/libbpf.h"
#include "util/cleanup.h"
#include "util/digest.h"
#include "util/error.h"
#include "util/file.h"
#include "util/replace.h"
#include "util/vec.h"
#include "util/write.h"

#define FORMAT        5
#define DIGEST_SIZE   64
#define SIZE_MAX_FILE (64u << 20)
#define COUNT_MAX     65536
#define META          ".reprobe"
#define BTF_SECTION   ".BTF"

static struct rp_error *cannot(int errnum, const char *why) {
    return rp_error_new(errnum, why, "object file");
}

/* ------------------------------------------------------------- the section .reprobe */

/* Reads or writes: one description of the format serves both. Numbers have 32 bits in this
 * machine's byte order; the length of a text or block comes before it. */
struct codec {
    FILE *out;              /* NULL: reading */
    const uint8_t *p, *end; /* the rest to read */
    bool bad;               /* the data ended early or is invalid, or memory is out */
};

static void number(struct codec *c, uint32_t *value) {
    if (c->out) {
        fwrite(value, sizeof(*value), 1, c->out);
    } else if (c->bad || (size_t)(c->end - c->p) < sizeof(*value)) {
        c->bad = true;
        *value = 0;
    } else {
        memcpy(value, c->p, sizeof(*value));
        c->p += sizeof(*value);
    }
}

static void flag(struct codec *c, bool *value) {
    uint32_t wide = *value;
    number(c, &wide);
    *value = wide != 0;
}

/* A block of `*size` bytes; when read, malloc()ed with a NUL at the end. */
static void block(struct codec *c, void **data, uint32_t *size) {
    number(c, size);
    if (c->out) {
        if (*size)
            fwrite(*data, 1, *size, c->out);
        return;
    }
    uint8_t *copy = c->bad || *size > (size_t)(c->end - c->p) ? NULL : calloc(1, (size_t)*size + 1);
    *data = copy;
    if (!copy) {
        c->bad = true;
        *size = 0;
        return;
    }
    memcpy(copy, c->p, *size);
    c->p += *size;
}

/* NULL stays NULL. */
static void text(struct codec *c, char **value) {
    bool present = *value;
    flag(c, &present);
    if (!present)
        return;
    uint32_t size = c->out && *value ? (uint32_t)strlen(*value) : 0;
    void *data = *value;
    block(c, &data, &size);
    *value = data;
}

static void name(struct codec *c, char **value) {
    text(c, value);
    c->bad |= !*value;
}

/* Allocates `*count` items of a list when reading. */
static void *list(struct codec *c, void *items, size_t *count, size_t size) {
    uint32_t wide = (uint32_t)*count;
    number(c, &wide);
    if (c->out)
        return items;
    c->bad |= wide > COUNT_MAX;
    items = c->bad ? NULL : calloc((size_t)wide + 1, size);
    c->bad |= !items;
    *count = items ? wide : 0;
    return items;
}

/* NULL if it has no bytes. */
static void bytes(struct codec *c, void **data, uint32_t *size) {
    block(c, data, size);
    if (!c->out && !*size)
        free(rp_take(*data));
}

static void records(struct codec *c, struct rp_object_records *value) {
    uint32_t size = value->count * value->size;
    number(c, &value->size);
    block(c, &value->data, &size);
    if (c->out)
        return;
    c->bad |= value->size < sizeof(uint32_t) || value->size > 4096 ? size != 0 : size % value->size;
    value->count = c->bad || !size ? 0 : size / value->size;
}

static void describe_map(struct codec *c, struct rp_object_map *map) {
    name(c, &map->name);
    number(c, &map->type);
    number(c, &map->key_size);
    number(c, &map->value_size);
    number(c, &map->max_entries);
    number(c, &map->flags);
    number(c, &map->btf_key);
    number(c, &map->btf_value);
    map->fields = list(c, map->fields, &map->field_count, sizeof(*map->fields));
    for (size_t i = 0; i < map->field_count; i++)
        name(c, &map->fields[i]);
    map->records.items =
        list(c, map->records.items, &map->records.count, sizeof(*map->records.items));
    for (size_t i = 0; i < map->records.count; i++)
        number(c, &map->records.items[i]);
    map->fd = -1;
}

static void describe_origin(struct codec *c, struct rp_object_origin *origin) {
    name(c, &origin->source);
    name(c, &origin->reprobe);
    name(c, &origin->kernel);
    name(c, &origin->kernel_build);
    text(c, &origin->types);
    text(c, &origin->mentioned);
    text(c, &origin->defined);
    text(c, &origin->declared);
    text(c, &origin->tracepoints);
    flag(c, &origin->whole);
    flag(c, &origin->uses_modules);
    text(c, &origin->builds);
}

/* Everything but instructions and BTF, which have their own sections. */
static void describe(struct codec *c, struct rp_object *object) {
    describe_origin(c, &object->origin);
    name(c, &object->license);
    number(c, &object->kern_version);
    flag(c, &object->uses_target_pid);
    flag(c, &object->uses_is_target);
    flag(c, &object->by_task);
    flag(c, &object->unwinds);
    flag(c, &object->counts_lost);
    text(c, &object->note);
    object->functions =
        list(c, object->functions, &object->function_count, sizeof(*object->functions));
    for (size_t i = 0; i < object->function_count; i++) {
        struct rp_object_function *function = &object->functions[i];
        name(c, &function->name);
        records(c, &function->funcs);
        records(c, &function->lines);
    }
    object->maps = list(c, object->maps, &object->map_count, sizeof(*object->maps));
    for (size_t i = 0; i < object->map_count; i++)
        describe_map(c, &object->maps[i]);
    bytes(c, &object->elf, &object->elf_size);
}

/* ------------------------------------------------------------- writing */

/* What a section refers to until the file is written. */
struct image {
    Elf *elf;
    RP_VEC(char) names; /* of the sections, one after the other */
};

static bool add_section(struct image *image, const char *section, uint32_t type, uint64_t flags,
                        const void *data, size_t size) {
    size_t name = image->names.count;
    if (!rp_vec_append(&image->names, section, strlen(section) + 1))
        return false;
    Elf_Scn *scn = elf_newscn(image->elf);
    Elf_Data *content = scn ? elf_newdata(scn) : NULL;
    GElf_Shdr header;
    if (!content || !gelf_getshdr(scn, &header))
        return false;
    content->d_buf = (void *)data;
    content->d_size = size;
    content->d_type = ELF_T_BYTE;
    content->d_align = 8;
    content->d_version = EV_CURRENT;
    header.sh_name = (uint32_t)name;
    header.sh_type = type;
    header.sh_flags = flags;
    return gelf_update_shdr(scn, &header) != 0;
}

static bool add_sections(struct image *image, const struct rp_object *object, const void *meta,
                         size_t meta_size) {
    bool ok = rp_vec_push(&image->names, '\0') && /* the empty name */
              add_section(image, META, SHT_PROGBITS, 0, meta, meta_size);
    for (size_t i = 0; ok && i < object->function_count; i++) {
        const struct rp_object_function *function = &object->functions[i];
        ok = add_section(image, function->name, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR,
                         function->insns, function->insn_count * sizeof(*function->insns));
    }
    if (ok && object->btf)
        ok = add_section(image, BTF_SECTION, SHT_PROGBITS, 0, object->btf, object->btf_size);
    return ok;
}

/* The section names come last, when all are known. */
static bool add_names(struct image *image) {
    if (!add_section(image, ".shstrtab", SHT_STRTAB, 0, "", 0))
        return false;
    Elf_Scn *scn = elf_getscn(image->elf, 0);
    for (Elf_Scn *next = scn; (next = elf_nextscn(image->elf, next));)
        scn = next;
    Elf_Data *content = elf_getdata(scn, NULL);
    GElf_Ehdr header;
    if (!content || !gelf_getehdr(image->elf, &header))
        return false;
    content->d_buf = image->names.items;
    content->d_size = image->names.count;
    header.e_shstrndx = (uint16_t)elf_ndxscn(scn);
    return gelf_update_ehdr(image->elf, &header) != 0;
}

static bool write_image(struct image *image, const struct rp_object *object, const void *meta,
                        size_t meta_size) {
    Elf64_Ehdr *header = elf64_newehdr(image->elf);
    if (!header)
        return false;
    header->e_ident[EI_DATA] =
        __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
    header->e_machine = EM_BPF;
    header->e_type = ET_REL;
    header->e_version = EV_CURRENT;
    return add_sections(image, object, meta, meta_size) && add_names(image) &&
           elf_update(image->elf, ELF_C_WRITE) >= 0;
}

static struct rp_error *read_all(int fd, uint8_t **data, size_t *size) {
    struct stat st;
    if (fstat(fd, &st))
        return cannot(errno, NULL);
    if (!S_ISREG(st.st_mode) || st.st_size > SIZE_MAX_FILE)
        return cannot(ENOEXEC, "it is not a BPF object file");
    *data = rp_file_bytes(fd, size);
    return *data ? NULL : cannot(errno, NULL);
}

static void digest_of(const uint8_t *data, size_t size, char hex[65]) {
    struct rp_digest digest = rp_digest_begin();
    rp_digest_add(&digest, data, size);
    rp_digest_end(&digest, hex);
}

/* What was read from an ELF file is in that file: it is not written twice. */
static struct rp_object without_content(const struct rp_object *object) {
    struct rp_object bare = *object;
    bare.function_count = bare.map_count = 0;
    bare.license = (char *)"";
    bare.btf = NULL;
    bare.btf_size = 0;
    return bare;
}

struct rp_error *rp_object_write(const struct rp_object *given, int fd) {
    struct rp_object bare = given->elf ? without_content(given) : *given;
    const struct rp_object *object = &bare;
    RP_AUTO_FREE char *meta = NULL;
    size_t meta_size;
    struct codec c = {.out = open_memstream(&meta, &meta_size)};
    if (!c.out)
        return rp_error_nomem();
    uint32_t format = FORMAT;
    number(&c, &format);
    describe(&c, &bare);
    if (fclose(c.out))
        return rp_error_nomem();

    elf_version(EV_CURRENT);
    struct image image = {.elf = elf_begin(fd, ELF_C_WRITE, NULL)};
    bool written = image.elf && write_image(&image, object, meta, meta_size);
    if (image.elf)
        elf_end(image.elf);
    rp_vec_clear(&image.names);
    if (!written)
        return cannot(errno ? errno : EIO, errno ? NULL : elf_errmsg(-1));

    RP_AUTO_FREE uint8_t *data = NULL;
    size_t size = 0;
    RP_TRY(read_all(fd, &data, &size));
    char hex[65];
    digest_of(data, size, hex);
    if (pwrite(fd, hex, DIGEST_SIZE, (off_t)size) != DIGEST_SIZE)
        return cannot(errno, NULL);
    return NULL;
}

/* ------------------------------------------------------------- reading */

static void *copy_of(const void *data, size_t size) {
    void *copy = malloc(size ? size : 1);
    if (copy)
        memcpy(copy, data, size);
    return copy;
}

static struct rp_error *take_code(Elf *elf, struct rp_object_function *function) {
    const void *data;
    size_t size;
    if (!rp_elf_section(elf, function->name, &data, &size) || size % sizeof(*function->insns))
        return cannot(EBADMSG, "a function's instructions are missing");
    function->insns = copy_of(data, size);
    function->insn_count = (uint32_t)(size / sizeof(*function->insns));
    return function->insns ? NULL : rp_error_nomem();
}

static struct rp_error *take(Elf *elf, struct rp_object *object) {
    const void *data;
    size_t size;
    if (!elf || !rp_elf_section(elf, META, &data, &size))
        return cannot(ENOEXEC, "it is not a BPF object file");
    struct codec c = {.p = data, .end = (const uint8_t *)data + size};
    uint32_t format;
    number(&c, &format);
    if (format != FORMAT)
        return cannot(EBADMSG, "it was made by another version of reprobe");
    describe(&c, object);
    /* What is in the ELF file inside is there only. */
    if (c.bad || rp_object_added_maps(object) > object->map_count ||
        (object->elf && (object->function_count || object->map_count)))
        return cannot(EBADMSG, "it is damaged");
    for (size_t i = 0; i < object->function_count; i++)
        RP_TRY(take_code(elf, &object->functions[i]));
    if (!rp_elf_section(elf, BTF_SECTION, &data, &size))
        return NULL;
    object->btf = copy_of(data, size);
    object->btf_size = (uint32_t)size;
    return object->btf ? NULL : rp_error_nomem();
}

/* Whether it is not a BPF object. A file that is too short to tell counts as cut short. */
static bool is_anothers(const uint8_t *data, size_t size) {
    Elf64_Ehdr header; /* e_machine is where it is in an Elf32_Ehdr */
    size_t machine_end = offsetof(Elf64_Ehdr, e_machine) + sizeof(header.e_machine);
    memcpy(&header, data, size < machine_end ? size : machine_end);
    return memcmp(data, ELFMAG, size < SELFMAG ? size : SELFMAG) != 0 ||
           (size >= machine_end && header.e_machine != EM_BPF);
}

/* Whether it ends as our files do, whatever became of what stands before. */
static bool ends_with_digest(const uint8_t *data, size_t size) {
    if (size < DIGEST_SIZE)
        return false;
    for (const uint8_t *p = data + size - DIGEST_SIZE; p < data + size; p++)
        if (!isxdigit(*p))
            return false;
    return true;
}

/* Whether it is whole, and not ours: another compiler's. One altered byte does not make it that. */
static bool is_libbpfs(const uint8_t *data, size_t size) {
    const void *meta;
    size_t meta_size, sections = 0;
    elf_version(EV_CURRENT);
    Elf *elf = elf_memory((char *)data, size);
    bool whole = elf && !elf_getshdrnum(elf, &sections) && sections > 1;
    bool ours =
        whole && (ends_with_digest(data, size) || rp_elf_section(elf, META, &meta, &meta_size));
    if (elf)
        elf_end(elf);
    return whole && !ours;
}

static struct rp_error *object_of_elf(const uint8_t *data, size_t size, struct rp_object **out) {
    RP_TRY(rp_libbpf_check(data, size));
    struct rp_object *object = calloc(1, sizeof(*object));
    if (!object)
        return rp_error_nomem();
    object->elf = copy_of(data, size);
    object->elf_size = (uint32_t)size;
    if (!object->elf) {
        rp_object_free(object);
        return rp_error_nomem();
    }
    *out = object;
    return NULL;
}

struct rp_error *rp_object_read(int fd, struct rp_object **out) {
    RP_AUTO_FREE uint8_t *data = NULL;
    size_t size = 0;
    RP_TRY(read_all(fd, &data, &size));
    if (data && is_anothers(data, size))
        return cannot(ENOEXEC, "it is not a BPF object file");
    if (data && is_libbpfs(data, size))
        return object_of_elf(data, size, out);
    char hex[65];
    digest_of(data, size < DIGEST_SIZE ? 0 : size - DIGEST_SIZE, hex);
    if (size < DIGEST_SIZE || memcmp(hex, data + size - DIGEST_SIZE, DIGEST_SIZE) != 0)
        return cannot(EBADMSG, "it is cut short or altered");
    struct rp_object *object = calloc(1, sizeof(*object));
    if (!object)
        return rp_error_nomem();
    elf_version(EV_CURRENT);
    Elf *elf = elf_memory((char *)data, size - DIGEST_SIZE);
    struct rp_error *err = take(elf, object);
    if (elf)
        elf_end(elf);
    if (err) {
        rp_object_free(object);
        return err;
    }
    *out = object;
    return NULL;
}

bool rp_object_file_is(const char *path) {
    char magic[SELFMAG];
    RP_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 && pread(fd, magic, SELFMAG, 0) == SELFMAG &&
           memcmp(magic, ELFMAG, SELFMAG) == 0;
}

/* ------------------------------------------------------------- by path */

/* *fd is the caller's to close, even then. */
static struct rp_error *open_trusted(const char *path, int *fd) {
    struct stat st;
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0 || fstat(*fd, &st))
        return rp_error_new(errno, NULL, "cannot use %s", path);
    const char *why = rp_file_distrust(&st, S_IWGRP | S_IWOTH);
    if (!why)
        return NULL;
    return rp_error_hint_set(
        rp_error_new(EACCES, why, "cannot use %s", path),
        "an object file must belong to you or root, and nobody else may be able to write to it: "
        "chown and chmod go-w, or run its source");
}

struct rp_error *rp_object_load(const char *path, struct rp_object **out) {
    RP_AUTO_CLOSE int fd = -1;
    RP_TRY(open_trusted(path, &fd));
    struct rp_error *err = rp_object_read(fd, out);
    if (err && rp_error_errno(err) == EBADMSG)
        rp_error_hint_set(err, "build it again: reprobe build FILE.c -o %s", path);
    else if (err && rp_error_errno(err) == ENOEXEC)
        rp_error_hint_set(err, "use the C source of a BPF program, or an object file of one");
    return err ? rp_error_what_set(err, "cannot use %s", path) : NULL;
}

static struct rp_error *write_bytes(int fd, const char *bytes, size_t size) {
    return rp_write_all(fd, bytes, size) ? NULL : cannot(errno, NULL);
}

/* To where nothing can be written twice, such as a pipe. */
static struct rp_error *write_once(const struct rp_object *object, int fd) {
    RP_AUTO_CLOSE int memory = memfd_create("object", MFD_CLOEXEC);
    if (memory < 0)
        return cannot(errno, NULL);
    RP_TRY(rp_object_write(object, memory));
    size_t size;
    RP_AUTO_FREE char *bytes = rp_file_bytes(memory, &size);
    return bytes ? write_bytes(fd, bytes, size) : cannot(errno, NULL);
}

struct rp_error *rp_object_save(const struct rp_object *object, const char *path) {
    if (object->has_foreign_maps)
        return rp_error_new(EINVAL, "it pins, shares or nests a map, which belongs to this process",
                            "cannot write %s", path);
    struct rp_replacement file;
    struct rp_error *err = rp_replace_begin(&file, path, 0644, false);
    if (!err) {
        /* An object that is a whole ELF file is just that: others take it, too. */
        err = object->elf   ? write_bytes(file.fd, object->elf, object->elf_size)
              : file.beside ? rp_object_write(object, file.fd)
                            : write_once(object, file.fd);
        err = rp_replace_end(&file, err);
    }
    return err ? rp_error_what_set(err, "cannot write %s", path) : NULL;
}
