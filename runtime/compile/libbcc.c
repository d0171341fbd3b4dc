/* SPDX-License-Identifier: Apache-2.0 */
#include "compile/libbcc.h"
#include "compile/hints.h"

#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile/compiler.h"
#include "compile/diagnostics.h"
#include "compile/libbcc_text.h"
#include "compile/libbpf.h"
#include "compile/link.h"
#include "compile/load.h"
#include "compile/outputs.h"
#include "compile/scan.h"
#include "compile/subscripts.h"
#include "kernel/ksyms.h"
#include "util/array.h"
#include "util/capture.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

/* ------------------------------------------------------------- the text */

struct adapter {
    const char *path;
    const char *copied; /* the text up to here is in `out` */
    const char *line_start;
    unsigned line;
    FILE *out;
    struct callback {
        const char *args, *end; /* its parentheses; NULL: not at a callback */
        unsigned line;
    } callback;
};

static void copy_to(struct adapter *a, const char *end) {
    fwrite(a->copied, 1, (size_t)(end - a->copied), a->out);
    a->copied = end;
}

/* Moves on to `at`, and updates `line` and `line_start`. */
static void count_lines(struct adapter *a, const char *at) {
    for (const char *nl; (nl = memchr(a->line_start, '\n', (size_t)(at - a->line_start)));) {
        a->line_start = nl + 1;
        a->line++;
    }
}

/*
 * libbcc inserts the struct of a tracepoint and an attribute before a function, and declarations of
 * its arguments after its brace. Before and after the brace a line marker restores the line; the
 * rest of the line keeps its columns.
 */
static void mark_line(struct adapter *a, const char *at) {
    copy_to(a, at);
    count_lines(a, at);
    fprintf(a->out, "\n#line %u \"%s\"\n%*s", a->line, a->path, (int)(at - a->line_start), "");
}

/*
 * "out.ringbuf_output(array, …)": libbcc (0.26 to 0.37) takes the type that the argument points to
 * without checking that it is a pointer, and an array ends the process. "&(array)[0]" is a pointer,
 * and means the same if the argument is one already.
 */
static void spell_pointer(struct adapter *a, struct rp_lexer ahead) {
    struct rp_token open = rp_lex(&ahead), first = rp_lex(&ahead), t = first;
    if (!rp_token_is(&open, "(") || rp_token_is(&first, "&"))
        return;
    for (int depth = 0; depth || !rp_token_is(&t, ","); t = rp_lex(&ahead)) {
        depth += rp_token_is(&t, "(") + rp_token_is(&t, "[");
        depth -= rp_token_is(&t, ")") + rp_token_is(&t, "]");
        if (t.kind == RP_TOKEN_END || depth < 0)
            return;
    }
    copy_to(a, first.text);
    fprintf(a->out, "&(");
    copy_to(a, t.text);
    fprintf(a->out, ")[0]");
}

/*
 * "BPF_CALLBACK(…) {…}": puts the function that the kernel calls (prelude/callback.h) after the
 * body. If the macro defined it, its lines would be wrong, because libbcc inserts some right before
 * it; and libbcc does not look for kernel pointers in a body that is called before it is defined.
 */
static void begin_callback(struct adapter *a, const struct rp_token *name, struct rp_lexer ahead) {
    copy_to(a, name->text);
    count_lines(a, name->text);
    fputs(RP_CALLBACK_TEXT, a->out);
    a->copied = name->text + name->len;
    rp_skip_parentheses(&ahead);
    a->callback = (struct callback){.args = a->copied, .end = ahead.p, .line = a->line};
}

static void end_callback(struct adapter *a, const char *end) {
    const struct callback *callback = &a->callback;
    copy_to(a, end);
    fprintf(a->out, "\n#line %u \"%s\"\nRP_WRAPPER%.*s", callback->line, a->path,
            (int)(callback->end - callback->args), callback->args);
    mark_line(a, end);
    a->callback.args = NULL;
}

/* Adds line markers, so that messages and the BTF have the author's lines of the file `path`
 * although libbcc adds some, and rewrites a form that makes libbcc abort. malloc()ed; NULL: out of
 * memory. */
static char *adapt(const char *path, const char *text) {
    char *adapted = NULL;
    size_t size;
    struct adapter a = {.path = path,
                        .copied = text,
                        .line_start = text,
                        .line = 1,
                        .out = open_memstream(&adapted, &size)};
    if (!a.out)
        return NULL;
    fprintf(a.out, "#line 1 \"%s\"\n", path);
    struct rp_lexer lx = {.p = text, .end = text + strlen(text), .line_start = true};
    struct rp_token before = {0};
    int depth = 0;
    for (struct rp_token t = rp_lex(&lx); t.kind != RP_TOKEN_END; before = t, t = rp_lex(&lx)) {
        if (t.first && rp_token_is(&t, "#")) {
            rp_skip_directive(&lx);
            continue;
        }
        if (rp_token_is(&t, "ringbuf_output") && rp_token_is(&before, "."))
            spell_pointer(&a, lx);
        if (rp_token_is(&t, "BPF_CALLBACK") && depth == 0)
            begin_callback(&a, &t, lx);
        if (rp_token_is(&t, "{") && depth++ == 0 && rp_token_is(&before, ")")) {
            mark_line(&a, t.text);
            mark_line(&a, t.text + 1);
        }
        if (rp_token_is(&t, "}") && --depth == 0 && a.callback.args)
            end_callback(&a, t.text + 1);
    }
    copy_to(&a, lx.end);
    fputc('\n', a.out);
    fclose(a.out);
    return adapted;
}

/* ------------------------------------------------------------- from libbcc's module to ours */

/* Set before anything is compiled. */
static const struct rp_compiler *libbcc;

/* What is sent through the map, according to libbcc; false: out of memory. */
static bool take_fields(void *bcc, struct rp_object_map *map) {
    size_t count = libbcc->bpf_perf_event_fields(bcc, map->name);
    map->fields = count ? calloc(count, sizeof(*map->fields)) : NULL;
    if (count && !map->fields)
        return false;
    for (; map->field_count < count; map->field_count++)
        if (!(map->fields[map->field_count] =
                  strdup(libbcc->bpf_perf_event_field(bcc, map->name, map->field_count))))
            return false;
    return true;
}

/* The map as it was created, or, if libbcc opened it, as libbcc knows it. */
static struct rp_object_map find_created(void *bcc, size_t id, int fd,
                                         const struct rp_shim_sink *sink) {
    for (size_t i = 0; i < sink->maps.count; i++)
        if (sink->maps.items[i].fd == fd)
            return sink->maps.items[i];
    return (struct rp_object_map){.type = (uint32_t)libbcc->bpf_table_type_id(bcc, id),
                                  .key_size = (uint32_t)libbcc->bpf_table_key_size_id(bcc, id),
                                  .value_size = (uint32_t)libbcc->bpf_table_leaf_size_id(bcc, id),
                                  .max_entries =
                                      (uint32_t)libbcc->bpf_table_max_entries_id(bcc, id),
                                  .flags = (uint32_t)libbcc->bpf_table_flags_id(bcc, id)};
}

static struct rp_error *take_maps(void *bcc, const struct rp_shim_sink *sink,
                                  struct rp_object *object) {
    size_t count = libbcc->bpf_num_tables(bcc);
    object->maps = calloc(count + 1 + RP_UNWIND_MAPS, sizeof(*object->maps));
    if (!object->maps)
        return rp_error_nomem();
    for (size_t i = 0; i < count; i++) {
        int fd = libbcc->bpf_table_fd_id(bcc, i);
        struct rp_object_map *map = &object->maps[object->map_count++];
        *map = find_created(bcc, i, fd, sink);
        map->name = strdup(libbcc->bpf_table_name(bcc, i));
        map->inner_fd = 0;
        map->fd = sink->creates_maps ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
        if (!map->name || !take_fields(bcc, map))
            return rp_error_nomem();
    }
    return NULL;
}

/* One that is ours, and not libbcc's; NULL. */
static const char *own_map(int number) {
    int unwind = number - RP_MAP_NUMBER_UNWIND;
    if (number == RP_MAP_NUMBER_FIRST)
        return RP_LOSS_MAP;
    return unwind >= 0 && unwind < RP_UNWIND_MAPS ? rp_unwind_map_name((size_t)unwind) : NULL;
}

static ssize_t map_of_number(void *bcc, int number, const struct rp_object *object) {
    const char *own = own_map(number);
    if (own)
        return rp_object_map(object, own);
    for (size_t i = 0; i < libbcc->bpf_num_tables(bcc); i++)
        if (libbcc->bpf_table_fd_id(bcc, i) == number)
            return (ssize_t)i;
    return -1;
}

static bool uses_number(const struct rp_object_function *function, int first, int count) {
    for (uint32_t i = 0; i < function->insn_count; i++)
        if (rp_insn_is_wide(&function->insns[i]) &&
            function->insns[i].src_reg == BPF_PSEUDO_MAP_FD && function->insns[i].imm >= first &&
            function->insns[i].imm < first + count)
            return true;
    return false;
}

/* The maps of the prelude that the functions use, which come last. */
static struct rp_error *add_own_maps(struct rp_object *object) {
    bool unwinds = false, loses = false;
    for (size_t i = 0; i < object->function_count; i++) {
        unwinds |= uses_number(&object->functions[i], RP_MAP_NUMBER_UNWIND, RP_UNWIND_MAPS);
        loses |= uses_number(&object->functions[i], RP_MAP_NUMBER_FIRST, 1);
    }
    if (unwinds)
        RP_TRY(rp_object_add_unwind_maps(object));
    return loses ? rp_object_add_loss_map(object) : NULL;
}

/* libbcc's numbers of maps become their indices. */
static struct rp_error *number_maps(void *bcc, struct rp_object *object,
                                    struct rp_object_function *function) {
    for (uint32_t i = 0; i + 1 < function->insn_count; i++) {
        struct bpf_insn *insn = &function->insns[i];
        if (!rp_insn_is_wide(insn))
            continue;
        i++;
        if (insn->src_reg != BPF_PSEUDO_MAP_FD)
            continue;
        ssize_t map = map_of_number(bcc, insn->imm, object);
        if (map < 0)
            return rp_error_new(EINVAL, "it uses the descriptor of a map that is not its own",
                                "cannot use function %s", function->name);
        insn->imm = (int)map;
    }
    return NULL;
}

static struct rp_error *take_function(void *bcc, size_t id, struct rp_shim_sink *sink,
                                      struct rp_object_function *out) {
    const struct bpf_insn *insns = libbcc->bpf_function_start_id(bcc, id);
    size_t size = libbcc->bpf_function_size_id(bcc, id);
    out->name = strdup(libbcc->bpf_function_name(bcc, id));
    out->insns = calloc(1, size ? size : 1);
    if (!out->name || !out->insns)
        return rp_error_nomem();
    if (insns)
        memcpy(out->insns, insns, size);
    out->insn_count = (uint32_t)(size / sizeof(*insns));
    /* libbcc finds a function's BTF information only when it loads it. */
    sink->function = out;
    libbcc->bcc_func_load(bcc, BPF_PROG_TYPE_KPROBE, out->name, insns, (int)size, "GPL", 0, 0, NULL,
                          0, NULL, -1);
    sink->function = NULL;
    return NULL;
}

static struct rp_error *take_functions(void *bcc, struct rp_shim_sink *sink,
                                       struct rp_object *object) {
    size_t count = libbcc->bpf_num_functions(bcc);
    object->functions = calloc(count ? count : 1, sizeof(*object->functions));
    if (!object->functions)
        return rp_error_nomem();
    for (size_t i = 0; i < count; i++) {
        struct rp_object_function *function = &object->functions[object->function_count++];
        RP_TRY(take_function(bcc, i, sink, function));
    }
    RP_TRY(add_own_maps(object));
    for (size_t i = 0; i < count; i++)
        RP_TRY(number_maps(bcc, object, &object->functions[i]));
    return NULL;
}

/* libbcc's last pass ignores warnings, so with clang 14 a function that was never declared becomes
 * a call to nowhere. So does an argument that a USDT probe does not have. */
static struct rp_error *calls_nobody(const struct rp_libbcc_call *call) {
    struct rp_error *err =
        rp_error_new(EINVAL, "it calls a function that does not exist in BPF programs",
                     "cannot compile %s", call->name);
    if (rp_names_has(&call->scan->mentioned, "bpf_usdt_readarg") ||
        rp_names_has(&call->scan->mentioned, "bpf_usdt_readarg_p"))
        return rp_error_hint_set(err, RP_READARG_HINT);
    return rp_error_hint_set(err, "write the function in the source, as `static inline`");
}

/* While it compiles libbcc counts maps from -1 down; it creates them upwards, when it has all. */
static ssize_t map_of_count(void *bcc, const struct rp_shim_sink *sink, int64_t count,
                            const struct rp_object *object) {
    int64_t created = (int64_t)sink->maps.count + count;
    return count < 0 && created >= 0 ? map_of_number(bcc, sink->maps.items[created].fd, object)
                                     : -1;
}

/* The types of what is sent (outputs.h). Of the variables libbcc leaves nothing. */
static struct rp_error *take_records(void *bcc, const struct rp_shim_sink *sink,
                                     struct rp_object *object) {
    RP_AUTO_BPF_BTF struct btf *btf = object->btf ? btf__new(object->btf, object->btf_size) : NULL;
    for (uint32_t id = 1; btf && id < btf__type_cnt(btf); id++) {
        struct rp_sent sent;
        if (!rp_sent_read(btf, id, &sent))
            continue;
        const struct btf_type *count = btf__type_by_id(btf, sent.map);
        ssize_t map = count && btf_is_array(count)
                          ? map_of_count(bcc, sink, (int32_t)btf_array(count)->nelems, object)
                          : -1;
        if (map >= 0 && rp_map_type_is_output(object->maps[map].type) &&
            !rp_object_map_sends(&object->maps[map], sent.record))
            return rp_error_nomem();
    }
    return NULL;
}

static struct rp_error *take_all(const struct rp_libbcc_call *call, void *bcc,
                                 struct rp_shim_sink *sink, struct rp_object *object) {
    RP_TRY(take_maps(bcc, sink, object));
    RP_TRY(take_functions(bcc, sink, object));
    if (rp_object_calls(object, BPF_PSEUDO_CALL, -1))
        return calls_nobody(call);
    object->license = strdup(libbcc->bpf_module_license(bcc));
    object->kern_version = libbcc->bpf_module_kern_version(bcc);
    object->btf = rp_take(sink->btf);
    object->btf_size = sink->btf_size;
    object->has_foreign_maps = call->has_foreign_maps;
    rp_link_callbacks_static(object);
    RP_TRY(take_records(bcc, sink, object));
    return object->license ? NULL : rp_error_nomem();
}

/* libbcc does not close what it created. */
static void destroy(void *bcc, const struct rp_shim_sink *sink) {
    for (size_t i = 0; sink->creates_maps && i < sink->maps.count; i++)
        close(sink->maps.items[i].fd);
    if (bcc)
        libbcc->bpf_module_destroy(bcc);
}

/* ------------------------------------------------------------- the call */

struct compiler {
    const char *text;
    const struct rp_libbcc_call *call;
    void *bcc;
};

static void create_module(void *ctx) {
    struct compiler *compiler = ctx;
    compiler->bcc = libbcc->bpf_module_create_c_from_string(
        compiler->text, 0, compiler->call->flags, (int)compiler->call->flag_count, true, NULL);
}

static bool run_compiler(struct compiler *compiler, struct rp_shim_sink *sink) {
    const char *headers = compiler->call->headers;
    if (headers)
        setenv("BCC_KERNEL_SOURCE", headers, 1);
    rp_shim_sink_set(sink);
    rp_ksyms_answer_from_btf(true);
    if (compiler->call->has_reduced)
        rp_libbcc_hide_headers(true);
    bool compiled = rp_backend_run(create_module, compiler);
    if (compiler->call->has_reduced)
        rp_libbcc_hide_headers(false);
    rp_ksyms_answer_from_btf(false);
    rp_shim_sink_set(NULL);
    if (headers)
        unsetenv("BCC_KERNEL_SOURCE");
    return compiled && compiler->bcc;
}

/* ------------------------------------------------------------- what libbcc does not say */

/* Whether the text has "MAP.METHOD". */
static bool calls_method(const char *text, const char *map, const char *method) {
    struct rp_lexer lx = {.p = text, .end = text + strlen(text), .line_start = true};
    struct rp_token before[2] = {{.text = ""}, {.text = ""}};
    for (struct rp_token t = rp_lex(&lx); t.kind != RP_TOKEN_END; t = rp_lex(&lx)) {
        if (rp_token_is(&t, method) && rp_token_is(&before[1], ".") && rp_token_is(&before[0], map))
            return true;
        before[0] = before[1];
        before[1] = t;
    }
    return false;
}

static bool adds_keys(const char *text, const char *map) {
    static const char *const methods[] = {"update", "insert", "lookup_or_try_init",
                                          "lookup_or_init"};
    for (size_t i = 0; i < RP_COUNT(methods); i++)
        if (calls_method(text, map, methods[i]))
            return true;
    return false;
}

/* libbcc (0.26 to 0.37) writes increment() so that it adds a key that is missing to a plain hash,
 * and to no other map. */
static bool note_increments(const char *text, struct rp_object *object) {
    for (size_t i = 0; i < object->map_count; i++) {
        const struct rp_object_map *map = &object->maps[i];
        bool counts =
            (map->type == BPF_MAP_TYPE_PERCPU_HASH || map->type == BPF_MAP_TYPE_LRU_HASH ||
             map->type == BPF_MAP_TYPE_LRU_PERCPU_HASH) &&
            (calls_method(text, map->name, "increment") ||
             calls_method(text, map->name, "atomic_increment"));
        if (counts && !adds_keys(text, map->name) &&
            !rp_object_add_note(
                object, rp_text("reprobe: note: %s.increment() counts only keys that are there: "
                                "BCC adds a missing key to a "
                                "BPF_HASH only; *%s.lookup_or_try_init(&key, &zero) does here",
                                map->name, map->name)))
            return false;
    }
    return true;
}

struct rp_error *rp_libbcc_compile(const struct rp_libbcc_call *call, struct rp_object **out) {
    RP_TRY(rp_compiler_open(&libbcc));
    RP_AUTO_FREE char *spelled = rp_spell_subscripts(call->text);
    RP_AUTO_FREE char *adapted = spelled ? adapt(call->path, spelled) : NULL;
    struct rp_object *object = calloc(1, sizeof(*object));
    if (!adapted || !object) {
        free(object);
        return rp_error_nomem();
    }
    RP_AUTO(rp_shim_sink_clear)
    struct rp_shim_sink sink = {.creates_maps = call->has_foreign_maps && call->creates_maps,
                                .keeps_rw_engine = call->has_foreign_maps};
    struct compiler compiler = {.text = adapted, .call = call};
    struct rp_error *err = NULL;
    struct rp_capture capture = rp_capture_begin();
    bool compiled = run_compiler(&compiler, &sink);
    if (compiled) {
        rp_shim_sink_set(&sink);
        err = take_all(call, compiler.bcc, &sink, object);
        rp_shim_sink_set(NULL);
    }
    destroy(compiler.bcc, &sink);
    RP_AUTO_FREE char *output = rp_capture_end(&capture);
    if (sink.failed_errno)
        err = rp_map_create_error(call->name, &sink.failed, sink.failed_errno);
    else if (!compiled)
        err = output ? rp_compile_error(call->name, call->path, output, call->scan)
                     : rp_error_nomem();
    if (err) {
        rp_object_free(object);
        return err;
    }
    object->note = output && *output ? rp_compile_warnings(call->name, call->path, output) : NULL;
    if (!note_increments(call->text, object)) {
        rp_object_free(object);
        return rp_error_nomem();
    }
    *out = object;
    return NULL;
}
