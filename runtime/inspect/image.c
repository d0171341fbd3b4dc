/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/image.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/text.h"

void rp_image_clear(struct rp_image *image) {
    free(image->insns);
    free(image->functions);
    free(image->lines);
    free(image->code);
    free(image->addresses);
    free(image->lengths);
    free(image->line_addresses);
    btf__free(image->btf);
}

static void *array(uint64_t count, size_t size, __u64 *pointer, bool *ok) {
    void *memory = count ? calloc(count, size) : NULL;
    *ok &= memory || !count;
    *pointer = (uint64_t)(uintptr_t)memory;
    return memory;
}

/* Asks for everything of which `sizes` tells how much there is. */
static bool make_room(const struct bpf_prog_info *sizes, struct rp_image *image) {
    struct bpf_prog_info *info = &image->info;
    bool ok = true;
    *info = (struct bpf_prog_info){
        .xlated_prog_len = sizes->xlated_prog_len,
        .jited_prog_len = sizes->jited_prog_len,
        .nr_jited_ksyms = sizes->nr_jited_ksyms,
        .nr_jited_func_lens = sizes->nr_jited_func_lens,
        .nr_func_info = sizes->nr_func_info,
        .nr_line_info = sizes->nr_line_info,
        .nr_jited_line_info = sizes->nr_jited_line_info,
        .func_info_rec_size = sizeof(struct bpf_func_info),
        .line_info_rec_size = sizeof(struct bpf_line_info),
        .jited_line_info_rec_size = sizeof(uint64_t),
    };
    image->insns = array(info->xlated_prog_len, 1, &info->xlated_prog_insns, &ok);
    image->code = array(info->jited_prog_len, 1, &info->jited_prog_insns, &ok);
    image->addresses =
        array(info->nr_jited_ksyms, sizeof(*image->addresses), &info->jited_ksyms, &ok);
    image->lengths =
        array(info->nr_jited_func_lens, sizeof(*image->lengths), &info->jited_func_lens, &ok);
    image->functions = array(info->nr_func_info, sizeof(*image->functions), &info->func_info, &ok);
    image->lines = array(info->nr_line_info, sizeof(*image->lines), &info->line_info, &ok);
    image->line_addresses = array(info->nr_jited_line_info, sizeof(*image->line_addresses),
                                  &info->jited_line_info, &ok);
    return ok;
}

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* The kernel sets to NULL what it does not show. */
static void count_what_came(struct rp_image *image) {
    const struct bpf_prog_info *info = &image->info;
    image->insn_count =
        info->xlated_prog_insns ? info->xlated_prog_len / (uint32_t)sizeof(struct bpf_insn) : 0;
    image->function_count = image->btf && info->func_info ? info->nr_func_info : 0;
    image->line_count = image->btf && info->line_info ? info->nr_line_info : 0;
    bool shown = info->jited_prog_insns && info->jited_ksyms && info->jited_func_lens;
    if (!shown)
        free(rp_take(image->code));
    image->code_count = shown ? least(info->nr_jited_ksyms, info->nr_jited_func_lens) : 0;
    if (shown && info->jited_line_info && info->nr_jited_line_info == image->line_count)
        image->line_address_count = image->line_count;
}

struct rp_error *rp_image_read(int program, struct rp_image *out) {
    struct bpf_prog_info sizes = {0};
    uint32_t size = sizeof(sizes);
    int failed = bpf_obj_get_info_by_fd(program, &sizes, &size);
    if (!failed && !make_room(&sizes, out))
        return rp_error_nomem();
    size = sizeof(out->info);
    if (failed || bpf_obj_get_info_by_fd(program, &out->info, &size))
        return rp_error_new(errno, NULL, "cannot look at the program");
    out->btf = out->info.btf_id ? btf__load_from_kernel_by_id(out->info.btf_id) : NULL;
    count_what_came(out);
    if (out->insn_count)
        return NULL;
    return rp_error_hint_set(rp_error_new(EPERM, "the kernel does not show its instructions",
                                          "cannot look at the program"),
                             "run as root (sudo)");
}

const char *rp_image_function_name(const struct rp_image *image, uint32_t i) {
    const struct btf_type *t =
        i < image->function_count ? btf__type_by_id(image->btf, image->functions[i].type_id) : NULL;
    const char *name = t ? btf__name_by_offset(image->btf, t->name_off) : NULL;
    return name && *name ? name : image->info.name[0] ? image->info.name : "main";
}

int rp_image_function_at(const struct rp_image *image, uint32_t insn) {
    for (uint32_t i = 0; i < image->function_count; i++)
        if (image->functions[i].insn_off == insn)
            return (int)i;
    return image->function_count || insn ? -1 : 0;
}

bool rp_image_is_gate(const struct rp_image *image, uint32_t insn) {
    return image->function_count > 1 && insn < image->functions[1].insn_off &&
           image->functions[0].type_id == image->functions[1].type_id;
}

static const char *string_at(const struct rp_image *image, uint32_t offset) {
    const char *text = btf__name_by_offset(image->btf, offset);
    return text ? text : "";
}

uint32_t rp_image_print_line(const struct rp_image *image, uint32_t i, uint32_t last, FILE *out) {
    const struct bpf_line_info *line = &image->lines[i];
    const struct bpf_line_info *before = last == UINT32_MAX ? NULL : &image->lines[last];
    unsigned number = BPF_LINE_INFO_LINE_NUM(line->line_col);
    bool same = before && before->file_name_off == line->file_name_off &&
                BPF_LINE_INFO_LINE_NUM(before->line_col) == number;
    if (!number || same || rp_image_is_gate(image, line->insn_off))
        return last;
    const char *text = string_at(image, line->line_off);
    const char *file = string_at(image, line->file_name_off);
    fputs("; ", out);
    if (line->file_name_off != image->lines[0].file_name_off) /* libbcc's headers */
        fprintf(out, "%s:", rp_last_name(file));
    fprintf(out, "%u: ", number);
    text += strspn(text, " \t");
    rp_print_text(text, strcspn(text, "\n"), out);
    fputc('\n', out);
    return i;
}
