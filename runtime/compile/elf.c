/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/elf.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile/elf_section.h"
#include "compile/libbpf.h"
#include "compile/link.h"
#include "compile/outputs.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* Where the macros of our headers note what is sent (outputs.h). */
#define OUTPUTS ".reprobe.out"

static struct rp_error *cannot(int errnum, const char *why) {
    return rp_error_new(errnum, why, "ELF file");
}

static void *copy_of(const void *data, size_t size) {
    void *copy = malloc(size + 1);
    if (copy && size)
        memcpy(copy, data, size);
    return copy;
}

static const char *name_of(const struct btf *btf, const struct btf_type *type) {
    const char *name = type ? btf__name_by_offset(btf, type->name_off) : NULL;
    return name ? name : "";
}

/* ------------------------------------------------------------- functions */

/* The part before the place ("uprobe.s/bash:readline") says what the kernel is to know; a "syscall"
 * always may sleep. */
static uint32_t flags_of_section(const char *section) {
    static const struct {
        const char *ending;
        uint32_t flags;
    } endings[] = {{".s", BPF_F_SLEEPABLE}, {".frags", BPF_F_XDP_HAS_FRAGS}};
    size_t length = strcspn(section, "/");
    if (strcmp(section, "syscall") == 0)
        return BPF_F_SLEEPABLE;
    for (size_t i = 0; i < RP_COUNT(endings); i++) {
        size_t ending = strlen(endings[i].ending);
        if (length > ending && !strncmp(section + length - ending, endings[i].ending, ending))
            return endings[i].flags;
    }
    return 0;
}

static struct rp_error *read_function(const struct bpf_program *program,
                                      struct rp_object_function *out) {
    const char *section = bpf_program__section_name(program);
    size_t count = bpf_program__insn_cnt(program);
    *out = (struct rp_object_function){
        .name = strdup(bpf_program__name(program)),
        .section = strdup(section),
        .flags = flags_of_section(section),
        .is_optional = !bpf_program__autoload(program),
        .insns = copy_of(bpf_program__insns(program), count * sizeof(struct bpf_insn)),
        .insn_count = (uint32_t)count};
    return out->name && out->section && out->insns ? NULL : rp_error_nomem();
}

static struct rp_error *read_functions(const struct bpf_object *elf, struct rp_object *object) {
    struct bpf_program *program;
    size_t count = 0;
    for (program = NULL; (program = bpf_object__next_program(elf, program));)
        count++;
    object->functions = calloc(count + 1, sizeof(*object->functions));
    if (!object->functions)
        return rp_error_nomem();
    for (program = NULL; (program = bpf_object__next_program(elf, program));)
        RP_TRY(read_function(program, &object->functions[object->function_count++]));
    return NULL;
}

/* ------------------------------------------------------------- maps */

/* Variables are in maps that libbpf names after the file; the section's own name is that of its
 * type. */
static char *name_of_map(const struct bpf_map *map, const struct btf *btf) {
    const char *section = bpf_map__is_internal(map) && bpf_map__btf_value_type_id(map)
                              ? name_of(btf, btf__type_by_id(btf, bpf_map__btf_value_type_id(map)))
                              : "";
    return strdup(*section ? section : bpf_map__name(map));
}

static struct rp_error *read_map(const struct bpf_map *map, const struct btf *btf,
                                 struct rp_object_map *out) {
    rp_libbpf_describe_map(map, out);
    /* A map of another object that libbpf reuses gets the ids of that object's BTF. */
    out->btf_key = bpf_map__btf_key_type_id(map);
    out->btf_value = bpf_map__btf_value_type_id(map);
    out->fd = -1;
    out->name = name_of_map(map, btf);
    size_t size = 0;
    const void *data =
        bpf_map__is_internal(map) ? bpf_map__initial_value((struct bpf_map *)map, &size) : NULL;
    out->data = data ? copy_of(data, size) : NULL;
    return out->name && (!data || out->data) ? NULL : rp_error_nomem();
}

static struct rp_error *read_maps(const struct bpf_object *elf, struct rp_object *object) {
    const struct btf *btf = bpf_object__btf(elf);
    struct bpf_map *map;
    size_t count = 0;
    for (map = NULL; (map = bpf_object__next_map(elf, map));)
        count++;
    object->maps = calloc(count + 2, sizeof(*object->maps)); /* one for the losses */
    if (!object->maps)
        return rp_error_nomem();
    for (map = NULL; (map = bpf_object__next_map(elf, map));)
        RP_TRY(read_map(map, btf, &object->maps[object->map_count++]));
    return NULL;
}

/* ------------------------------------------------------------- what is sent */

/* How the call spells the map, "&events", where the compiler tells of that; or NULL. */
static const char *spelling(const struct btf *btf, uint32_t var) {
    for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
        const struct btf_type *tag = btf__type_by_id(btf, id);
        if (btf_is_decl_tag(tag) && tag->type == var)
            return name_of(btf, tag);
    }
    return NULL;
}

/* The map that is spelled so, if it is declared with that type; NULL: the call has it from
 * somewhere else. */
static struct rp_object_map *map_spelled(struct rp_object *object, const struct btf *btf,
                                         const struct btf_type *maps, const char *spelled,
                                         uint32_t type) {
    for (uint16_t i = 0; spelled && *spelled == '&' && i < btf_vlen(maps); i++) {
        const struct btf_type *var = btf__type_by_id(btf, btf_var_secinfos(maps)[i].type);
        bool is_it = var && var->type == type && strcmp(name_of(btf, var), spelled + 1) == 0;
        ssize_t map = is_it ? rp_object_map(object, spelled + 1) : -1;
        if (map >= 0)
            return &object->maps[map];
    }
    return NULL;
}

/* Of the map that the call names, or else of each of the object's maps that is declared with its
 * type: several may be. */
static struct rp_error *add_record_of(struct rp_object *object, const struct btf *btf,
                                      const char *spelled, const struct rp_sent *sent) {
    int id = btf__find_by_name_kind(btf, ".maps", BTF_KIND_DATASEC);
    const struct btf_type *maps = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
    struct rp_object_map *named = maps ? map_spelled(object, btf, maps, spelled, sent->map) : NULL;
    if (named)
        return rp_object_map_sends(named, sent->record) ? NULL : rp_error_nomem();
    for (uint16_t i = 0; maps && i < btf_vlen(maps); i++) {
        const struct btf_type *var = btf__type_by_id(btf, btf_var_secinfos(maps)[i].type);
        ssize_t map = var && var->type == sent->map ? rp_object_map(object, name_of(btf, var)) : -1;
        if (map >= 0 && !rp_object_map_sends(&object->maps[map], sent->record))
            return rp_error_nomem();
    }
    return NULL;
}

static struct rp_error *read_outputs(struct rp_object *object, const struct btf *btf) {
    int id = btf ? btf__find_by_name_kind(btf, OUTPUTS, BTF_KIND_DATASEC) : -1;
    const struct btf_type *outputs = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
    for (uint16_t i = 0; outputs && i < btf_vlen(outputs); i++) {
        uint32_t variable = btf_var_secinfos(outputs)[i].type;
        const struct btf_type *var = btf__type_by_id(btf, variable);
        struct rp_sent sent;
        if (var && rp_sent_read(btf, rp_pointee(btf, var->type), &sent))
            RP_TRY(add_record_of(object, btf, spelling(btf, variable), &sent));
    }
    return NULL;
}

/* Objects of other compilers: authors keep a record's type by a pointer that nobody uses ("const
 * struct event *unused"). It is of the records of its own size. */
static struct rp_error *read_hint(struct rp_object *object, const struct btf *btf,
                                  const struct btf_type *var) {
    int id = btf_is_var(var) ? btf__resolve_type(btf, rp_pointee(btf, var->type)) : 0;
    const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
    for (size_t i = 0; type && btf_is_struct(type) && type->size && i < object->map_count; i++) {
        struct rp_object_map *map = &object->maps[i];
        bool is_known = map->records.count && map->records.items[0];
        if (!rp_map_type_is_output(map->type) || is_known)
            continue;
        if (!rp_object_map_sends(map, 0) || !rp_object_map_sends(map, (uint32_t)id))
            return rp_error_nomem();
    }
    return NULL;
}

static struct rp_error *read_hints(struct rp_object *object, const struct btf *btf) {
    for (size_t i = 0; btf && i < object->map_count; i++) {
        const struct btf_type *section = btf__type_by_id(btf, object->maps[i].btf_value);
        for (uint16_t v = 0; object->maps[i].data && v < btf_vlen(section); v++)
            RP_TRY(read_hint(object, btf, btf__type_by_id(btf, btf_var_secinfos(section)[v].type)));
    }
    return NULL;
}

/* The variables of one section that LLVM has made bools of. */
static bool list_shrunk(const struct btf *btf, const struct rp_object_map *map, char **names) {
    const struct btf_type *section = btf__type_by_id(btf, map->btf_value);
    for (uint16_t i = 0; section && btf_is_datasec(section) && i < btf_vlen(section); i++) {
        const struct btf_var_secinfo *variable = &btf_var_secinfos(section)[i];
        if (rp_variable_is_shrunk(btf, variable) &&
            !rp_text_list(names, name_of(btf, btf__type_by_id(btf, variable->type))))
            return false;
    }
    return true;
}

static struct rp_error *note_shrunk(struct rp_object *object, const struct btf *btf) {
    RP_AUTO_FREE char *names = NULL;
    for (size_t i = 0; btf && i < object->map_count; i++)
        if (object->maps[i].data && !list_shrunk(btf, &object->maps[i], &names))
            return rp_error_nomem();
    if (!names)
        return NULL;
    char *note = rp_text("reprobe: note: of these variables the compiler keeps only whether they "
                         "have their first value or another one: %s",
                         names);
    return rp_object_add_note(object, note) ? NULL : rp_error_nomem();
}

/* Whether a type is known of any of what is sent; 0 is none. */
static bool is_known(const struct rp_object_map *map) {
    bool known = false;
    for (size_t i = 0; i < map->records.count; i++)
        known |= map->records.items[i] != 0;
    return known;
}

/* Whether it sends what it does not say anything of: where it says what it sends, that is all; the
 * functions in .text are none of the programs' own instructions yet. */
static bool sends_untold(const struct rp_object *object) {
    elf_version(EV_CURRENT);
    Elf *elf = elf_memory(object->elf, object->elf_size);
    const void *data;
    size_t size = 0;
    bool says = elf && rp_elf_section(elf, OUTPUTS, &data, &size);
    bool calls = elf && rp_elf_section(elf, ".text", &data, &size) && size > 0;
    if (elf)
        elf_end(elf);
    return !says && (calls || rp_link_sends(object));
}

/* Without types rows are bytes, and nobody knows why. */
static struct rp_error *note_unknown(struct rp_object *object) {
    RP_AUTO_FREE char *names = NULL;
    bool untold = sends_untold(object);
    for (size_t i = 0; i < object->map_count; i++) {
        const struct rp_object_map *map = &object->maps[i];
        if (!rp_map_type_is_output(map->type) || is_known(map) || !(untold || map->records.count))
            continue;
        if (!rp_text_list(&names, map->name))
            return rp_error_nomem();
    }
    if (!names)
        return NULL;
    char *note = rp_text("reprobe: note: the object does not say of what type the records of %s "
                         "are: they are shown as bytes, or as one number",
                         names);
    return rp_object_add_note(object, note) ? NULL : rp_error_nomem();
}

/* ------------------------------------------------------------- all of it */

/* The kernel checks a global function for itself, whatever its callers give it; a hidden one it is
 * to check where it is called, as libbpf has it. */
static void make_static(void *ctx, const char *function) {
    int id = btf__find_by_name_kind(ctx, function, BTF_KIND_FUNC);
    struct btf_type *type = id > 0 ? (struct btf_type *)btf__type_by_id(ctx, (uint32_t)id) : NULL;
    if (type)
        type->info = BTF_KIND_FUNC << 24 | BTF_FUNC_STATIC;
}

static void make_hidden_static(const struct rp_object *object, struct btf *btf) {
    elf_version(EV_CURRENT);
    Elf *elf = elf_memory(object->elf, object->elf_size);
    if (!elf)
        return;
    rp_elf_each_hidden(elf, make_static, btf);
    elf_end(elf);
}

/* With the type of the functions that count losses (link.c), behind all others. */
static struct rp_error *read_types(const struct btf *given, struct rp_object *object) {
    uint32_t size = 0;
    const void *raw = given ? btf__raw_data(given, &size) : NULL;
    if (!given)
        return NULL;
    RP_AUTO_BPF_BTF struct btf *btf = raw ? btf__new(raw, size) : NULL;
    int proto = btf ? btf__add_func_proto(btf, 0) : -1;
    int function = proto > 0 ? btf__add_func(btf, "rp_send", BTF_FUNC_STATIC, proto) : -1;
    if (function > 0)
        make_hidden_static(object, btf);
    raw = function > 0 ? btf__raw_data(btf, &object->btf_size) : NULL;
    object->btf = raw ? copy_of(raw, object->btf_size) : NULL;
    object->loss_function = (uint32_t)function;
    return object->btf ? NULL : rp_error_nomem();
}

static struct rp_error *add_loss_map(struct rp_object *object) {
    bool sends = false;
    for (size_t i = 0; i < object->map_count; i++)
        sends |= rp_map_type_is_output(object->maps[i].type);
    return sends ? rp_object_add_loss_map(object) : NULL; /* read_maps() made room */
}

/* libbpf keeps it for itself. */
static struct rp_error *read_license(struct rp_object *object) {
    elf_version(EV_CURRENT);
    Elf *elf = elf_memory(object->elf, object->elf_size);
    const void *text;
    size_t size;
    bool found = elf && rp_elf_section(elf, "license", &text, &size);
    object->license = found ? strndup(text, size) : strdup("");
    if (elf)
        elf_end(elf);
    return object->license ? NULL : rp_error_nomem();
}

static struct rp_error *read_all(const struct bpf_object *elf, struct rp_object *object) {
    object->kern_version = bpf_object__kversion(elf);
    RP_TRY(read_license(object));
    RP_TRY(read_functions(elf, object));
    RP_TRY(read_maps(elf, object));
    RP_TRY(read_types(bpf_object__btf(elf), object));
    RP_TRY(read_outputs(object, bpf_object__btf(elf)));
    RP_TRY(read_hints(object, bpf_object__btf(elf)));
    RP_TRY(note_unknown(object));
    RP_TRY(note_shrunk(object, bpf_object__btf(elf)));
    return add_loss_map(object);
}

struct rp_error *rp_elf_read(struct rp_object *object) {
    RP_AUTO_BPF_OBJECT struct bpf_object *elf = NULL;
    free(rp_take(object->license)); /* what a cache keeps of them is empty */
    free(rp_take(object->functions));
    free(rp_take(object->maps));
    RP_TRY(rp_libbpf_open(object->elf, object->elf_size, &elf));
    return read_all(elf, object);
}

struct rp_error *rp_elf_check_runs(const struct rp_object *object) {
    const char *ops = NULL;
    for (size_t i = 0; object->elf && i < object->map_count && !ops; i++)
        ops = object->maps[i].type == BPF_MAP_TYPE_STRUCT_OPS ? object->maps[i].name : NULL;
    if (!ops)
        return NULL;
    RP_AUTO_FREE char *why =
        rp_text("its map `%s` is a struct_ops, which replaces a part of the kernel (a scheduler, a "
                "congestion control): reprobe does not run these",
                ops);
    return why ? rp_error_hint_set(cannot(ENOTSUP, why),
                                   "reprobe build makes an object of its source, which bpftool "
                                   "struct_ops register loads")
               : rp_error_nomem();
}
