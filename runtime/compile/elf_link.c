/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libbpf as a linker. It calls a handler of ours before it loads a program of a section that the
 * handler was registered for: we take the instructions, which are linked by then, and give it two
 * others to load, which every kernel accepts. So nothing but the maps gets into the kernel here,
 * and a function is loaded when it is attached, as those of any object are.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "compile/elf.h"
#include "compile/libbpf.h"
#include "compile/pinned.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"
#include "util/vec.h"

struct linking {
    struct rp_object *object;
    const struct rp_elf_link *how;
    struct bpf_object *elf;
    RP_VEC(int) handlers; /* as libbpf numbers them */
    RP_VEC(int) fds;      /* of libbpf's maps, in the order of the object's */
    struct rp_error *err; /* of a handler */
};

static struct rp_error *cannot(const struct linking *l, int errnum, const char *why) {
    return rp_error_new(errnum, why, "cannot load %s", l->how->name);
}

/* ------------------------------------------------------------- functions */

static struct rp_error *take(const struct linking *l, const struct bpf_program *program,
                             const struct bpf_prog_load_opts *opts) {
    struct rp_object_function *function =
        (struct rp_object_function *)rp_object_function(l->object, bpf_program__name(program));
    size_t count = bpf_program__insn_cnt(program);
    struct bpf_insn *insns = function ? malloc((count + 1) * sizeof(*insns)) : NULL;
    if (!insns)
        return rp_error_nomem();
    memcpy(insns, bpf_program__insns(program), count * sizeof(*insns));
    free(function->insns);
    free(rp_take(function->absent));
    function->insns = insns;
    function->insn_count = (uint32_t)count;
    return rp_object_records_set(&function->funcs, opts->func_info, opts->func_info_cnt,
                                 opts->func_info_rec_size) &&
                   rp_object_records_set(&function->lines, opts->line_info, opts->line_info_cnt,
                                         opts->line_info_rec_size)
               ? NULL
               : rp_error_nomem();
}

/* libbpf's prog_prepare_load_fn. */
static int on_load(struct bpf_program *program, struct bpf_prog_load_opts *opts, long cookie) {
    struct bpf_insn nothing[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K},
                                 {.code = BPF_JMP | BPF_EXIT}};
    struct linking *l = (struct linking *)cookie;
    l->err = take(l, program, opts);
    if (l->err || bpf_program__set_insns(program, nothing, RP_COUNT(nothing)))
        return -ENOMEM;
    opts->expected_attach_type = 0;
    opts->attach_btf_id = 0;
    opts->attach_btf_obj_fd = 0;
    opts->prog_flags = 0;
    opts->func_info = opts->line_info = NULL;
    opts->func_info_cnt = opts->line_info_cnt = 0;
    return 0;
}

/* One for each section, by its whole name: whatever it begins with, and whether libbpf knows it. */
static struct rp_error *handle_section(struct linking *l, const char *section) {
    LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .cookie = (long)l, .prog_prepare_load_fn = on_load);
    if (!rp_vec_reserve(&l->handlers, 1))
        return rp_error_nomem();
    int id = libbpf_register_prog_handler(section, BPF_PROG_TYPE_SOCKET_FILTER, 0, &opts);
    if (id < 0)
        return cannot(l, -id, NULL);
    rp_vec_push(&l->handlers, id); /* there is room */
    return NULL;
}

static bool is_first_of_section(const struct rp_object *object, size_t i) {
    for (size_t before = 0; before < i; before++)
        if (strcmp(object->functions[before].section, object->functions[i].section) == 0)
            return false;
    return true;
}

/* libbpf up to 1.2 goes on using its list of handlers when the last one is gone and the list is
 * freed: so there is always one. */
static struct rp_error *keep_a_handler(struct linking *l) {
    static int kept;
    if (kept)
        return NULL;
    kept = libbpf_register_prog_handler("reprobe", BPF_PROG_TYPE_SOCKET_FILTER, 0, NULL);
    int failed = kept < 0 ? -kept : 0;
    kept = kept < 0 ? 0 : kept;
    return failed ? cannot(l, failed, NULL) : NULL;
}

static struct rp_error *handle_sections(struct linking *l) {
    RP_TRY(keep_a_handler(l));
    for (size_t i = 0; i < l->object->function_count; i++)
        if (is_first_of_section(l->object, i))
            RP_TRY(handle_section(l, l->object->functions[i].section));
    return NULL;
}

/* ------------------------------------------------------------- settings */

/* Of an array the elements have the qualifiers. */
static bool is_volatile(const struct btf *btf, uint32_t id) {
    const struct btf_type *type = btf__type_by_id(btf, id);
    while (type && (btf_is_const(type) || btf_is_array(type)))
        type = btf__type_by_id(btf, btf_is_array(type) ? btf_array(type)->type : type->type);
    return type && btf_is_volatile(type);
}

bool rp_elf_setting(const struct rp_object *object, const struct btf *btf, size_t *i,
                    struct rp_elf_setting *out) {
    size_t number = 0;
    for (size_t m = 0; btf && m < object->map_count; m++) {
        const struct rp_object_map *map = &object->maps[m];
        const struct btf_type *section = btf__type_by_id(btf, map->btf_value);
        /* The program cannot write there. */
        bool fixed = map->data && (map->flags & BPF_F_RDONLY_PROG) && btf_is_datasec(section);
        for (uint16_t v = 0; fixed && v < btf_vlen(section); v++) {
            const struct btf_var_secinfo *info = &btf_var_secinfos(section)[v];
            const struct btf_type *var = btf__type_by_id(btf, info->type);
            if (!is_volatile(btf, var->type) || number++ < *i)
                continue;
            *out = (struct rp_elf_setting){.name = btf__name_by_offset(btf, var->name_off),
                                           .type = var->type,
                                           .data = (const uint8_t *)map->data + info->offset,
                                           .size = info->size,
                                           .map = m,
                                           .offset = info->offset};
            ++*i;
            return true;
        }
    }
    return false;
}

static struct rp_error *no_setting(const struct linking *l, const char *name) {
    const struct btf *btf = bpf_object__btf(l->elf);
    RP_AUTO_FREE char *names = NULL;
    struct rp_elf_setting setting;
    for (size_t i = 0; rp_elf_setting(l->object, btf, &i, &setting);)
        if (!rp_text_list(&names, setting.name))
            return rp_error_nomem();
    struct rp_error *err =
        rp_error_new(ENOENT, "the program has no setting of that name", "cannot set `%s`", name);
    return names ? rp_error_hint_set(err, "its settings are %s", names)
                 : rp_error_hint_set(err, "a setting is a global variable that is `const "
                                          "volatile`; it has none");
}

static bool find_setting(const struct linking *l, const char *name, size_t length,
                         struct rp_elf_setting *out) {
    for (size_t i = 0; rp_elf_setting(l->object, bpf_object__btf(l->elf), &i, out);)
        if (strlen(out->name) == length && !strncmp(out->name, name, length))
            return true;
    return false;
}

/* "NAME=VALUE" */
static struct rp_error *set(struct linking *l, const char *text) {
    size_t length = strcspn(text, "=");
    RP_AUTO_FREE char *name = strndup(text, length);
    struct rp_elf_setting setting;
    if (!name)
        return rp_error_nomem();
    if (!text[length])
        return rp_error_new(EINVAL, "it does not have the form NAME=VALUE", "cannot set `%s`",
                            text);
    if (!find_setting(l, text, length, &setting))
        return no_setting(l, name);
    uint8_t *data = (uint8_t *)l->object->maps[setting.map].data;
    struct rp_error *err = l->how->parse(bpf_object__btf(l->elf), setting.type, text + length + 1,
                                         data + setting.offset);
    return err ? rp_error_what_set(err, "cannot set %s to `%s`", name, text + length + 1) : NULL;
}

/* ------------------------------------------------------------- maps */

/* What its variables are to begin as. Those of .kconfig cannot be set, nor need they be. */
static struct rp_error *set_data(struct bpf_map *map, const struct rp_object_map *from) {
    size_t size = 0;
    const void *now = from->data ? bpf_map__initial_value(map, &size) : NULL;
    bool differs = now && memcmp(now, from->data, size) != 0;
    return differs && bpf_map__set_initial_value(map, from->data, size) ? rp_error_nomem() : NULL;
}

static struct rp_error *prepare_maps(struct linking *l) {
    struct bpf_map *map;
    size_t i = 0;
    for (map = NULL; (map = bpf_object__next_map(l->elf, map));) {
        RP_TRY(set_data(map, &l->object->maps[i]));
        RP_TRY(rp_pinned_note(l->object, &l->object->maps[i], bpf_object__btf(l->elf), map));
        int fd = l->how->reuse ? l->how->reuse(l->how->ctx, i) : -1;
        if (fd >= 0 && bpf_map__reuse_fd(map, fd))
            return cannot(l, errno, NULL);
        i++;
    }
    return NULL;
}

static const struct bpf_program *find_program(const struct linking *l, uint32_t id) {
    const struct bpf_program *program;
    for (program = NULL; (program = bpf_object__next_program(l->elf, (void *)program));) {
        struct bpf_prog_info info = {0};
        uint32_t size = sizeof(info);
        if (!bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) && info.id == id)
            return program;
    }
    return NULL;
}

/* Programs that the declaration puts there: those that libbpf loaded are not the real ones, so the
 * map is made anew, and filled when a program that uses it is loaded (tails.c). */
static struct rp_error *take_tails(const struct linking *l, const struct bpf_map *map,
                                   struct rp_object_map *out) {
    uint32_t id, entries = bpf_map__max_entries(map);
    for (uint32_t key = 0; bpf_map__type(map) == BPF_MAP_TYPE_PROG_ARRAY && key < entries; key++) {
        if (bpf_map_lookup_elem(bpf_map__fd(map), &key, &id))
            continue;
        const struct bpf_program *program = find_program(l, id);
        const struct rp_object_function *function =
            program ? rp_object_function(l->object, bpf_program__name(program)) : NULL;
        if (function && !rp_vec_push(&out->tails, ((struct rp_object_tail){key, function->name})))
            return rp_error_nomem();
    }
    return NULL;
}

static void index_map(const struct linking *l, struct bpf_insn *insn) {
    if (insn->src_reg != BPF_PSEUDO_MAP_FD && insn->src_reg != BPF_PSEUDO_MAP_VALUE)
        return;
    for (size_t i = 0; i < l->fds.count; i++)
        if (l->fds.items[i] == insn->imm) {
            insn->imm = (int)i;
            return;
        }
}

/* In an object a map is its index; in what libbpf has linked, its descriptor, which libbpf (since
 * 1.4) tells only when all is loaded. */
static struct rp_error *index_maps(struct linking *l) {
    const struct bpf_map *map;
    for (map = NULL; (map = bpf_object__next_map(l->elf, map));)
        if (!rp_vec_push(&l->fds, bpf_map__fd(map)))
            return rp_error_nomem();
    for (size_t f = 0; f < l->object->function_count; f++) {
        const struct rp_object_function *function = &l->object->functions[f];
        for (uint32_t i = 0; i < function->insn_count; i++)
            if (rp_insn_is_wide(&function->insns[i]))
                index_map(l, &function->insns[i++]);
    }
    return NULL;
}

static struct rp_error *take_maps(struct linking *l) {
    struct bpf_map *map;
    size_t i = 0;
    RP_TRY(index_maps(l));
    for (map = NULL; (map = bpf_object__next_map(l->elf, map));) {
        struct rp_object_map *own = &l->object->maps[i++];
        rp_libbpf_describe_map(map, own);
        RP_TRY(take_tails(l, map, own));
        own->fd = bpf_map__fd(map) < 0 || own->tails.count
                      ? -1
                      : fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0);
    }
    return NULL;
}

/* ------------------------------------------------------------- all of it */

static struct rp_error *cannot_link(const struct linking *l, int errnum, const char *why) {
    struct rp_error *err = cannot(l, errnum, why);
    if (errnum == EPERM)
        rp_error_hint_set(err, "run as root (sudo), or with CAP_BPF and CAP_PERFMON");
    return err;
}

/* "extern (func ksym) 'bpf_f': not found in kernel or module BTFs", and the like. */
static struct rp_error *lacks_function(const struct linking *l, const char *said) {
    static const char mark[] = "extern (func ksym) '";
    const char *name = said ? strstr(said, mark) : NULL;
    if (!name)
        return NULL;
    name += strlen(mark);
    int length = (int)strcspn(name, "'\n");
    bool absent = !strncmp(name + length, "': not found", strlen("': not found"));
    RP_AUTO_FREE char *why = rp_text("it calls %.*s(), which this kernel %s", length, name,
                                     absent ? "does not have" : "has with other parameters");
    return why ? cannot(l, ENOTSUP, why) : rp_error_nomem();
}

static bool is_told(const struct rp_libbpf_absent *absent, size_t i) {
    for (size_t before = 0; before < i; before++)
        if (strcmp(absent[before].program, absent[i].program) == 0 &&
            strcmp(absent[before].what, absent[i].what) == 0)
            return true;
    return false;
}

/* For the message when the verifier comes to where it is read. */
static void take_absent(const struct linking *l) {
    size_t count;
    const struct rp_libbpf_absent *absent = rp_libbpf_absent(&count);
    for (size_t i = 0; i < count; i++) {
        struct rp_object_function *function =
            (struct rp_object_function *)rp_object_function(l->object, absent[i].program);
        if (function && !is_told(absent, i))
            rp_text_list(&function->absent, absent[i].what);
    }
}

static struct rp_error *load(struct linking *l) {
    rp_libbpf_quiet();
    int errnum = -bpf_object__load(l->elf);
    take_absent(l);
    RP_AUTO_FREE char *why = rp_libbpf_quiet_end();
    struct rp_error *lacks = errnum && !l->err ? lacks_function(l, why) : NULL;
    if (l->err || lacks)
        return lacks ? lacks : rp_take(l->err);
    return errnum ? cannot_link(l, errnum, why) : NULL;
}

static struct rp_error *link_all(struct linking *l) {
    struct bpf_program *program;
    RP_TRY(handle_sections(l));
    struct rp_error *err = rp_libbpf_open(l->object->elf, l->object->elf_size, &l->elf);
    if (err)
        return rp_error_what_set(err, "cannot load %s", l->how->name);
    for (program = NULL; (program = bpf_object__next_program(l->elf, program));)
        bpf_program__set_autoload(program, true);
    for (size_t i = 0; i < l->how->setting_count; i++)
        RP_TRY(set(l, l->how->settings[i]));
    RP_TRY(prepare_maps(l));
    RP_TRY(load(l));
    return take_maps(l);
}

struct rp_error *rp_elf_link(struct rp_object *object, const struct rp_elf_link *how) {
    struct linking l = {.object = object, .how = how};
    struct rp_error *err = link_all(&l);
    bpf_object__close(l.elf);
    for (size_t i = 0; i < l.handlers.count; i++)
        libbpf_unregister_prog_handler(l.handlers.items[i]);
    rp_vec_clear(&l.handlers);
    rp_vec_clear(&l.fds);
    rp_error_free(l.err);
    return err;
}
