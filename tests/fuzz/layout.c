/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts: types from BTF that anyone may have made, records of any size that are printed by them.
 * The first two bytes say how much is BTF. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "fuzz.h"
#include "record/layout.h"

static int silent(enum libbpf_print_level level, const char *format, va_list args) {
    (void)level, (void)format, (void)args;
    return 0;
}

static void print_by(struct rp_type *type, const uint8_t *data, size_t size) {
    struct rp_layout *layout = NULL;
    struct rp_error *err = rp_layout_new(type, "value", &layout);
    fuzz_end(err);
    if (err)
        return;
    FILE *out = fuzz_nowhere();
    /* A copy of just that size: nothing may be read beyond it. */
    RP_AUTO_FREE uint8_t *record = malloc(size ? size : 1);
    memcpy(record, data, size);
    rp_layout_print_header(layout, out);
    rp_layout_print_row(layout, record, size, out);
    rp_layout_print_csv(layout, record, size, out);
    struct rp_writer json;
    rp_json_begin(&json, out);
    rp_json_record(&json, "data", layout, record, size);
    rp_json_end(&json);
    rp_layout_free(layout);
}

static void print_all(const uint8_t *btf_data, size_t btf_size, const uint8_t *data, size_t size) {
    libbpf_set_print(silent);
    struct btf *btf = btf__new(btf_data, (uint32_t)btf_size);
    for (uint32_t id = 1; btf && id < btf__type_cnt(btf) && id < 64; id++) {
        struct rp_type *type = NULL;
        struct rp_error *err = rp_type_from_btf(btf, id, &type);
        fuzz_end(err);
        if (!err)
            print_by(type, data, size);
    }
    btf__free(btf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2)
        return 0;
    size_t btf_size = data[0] | data[1] << 8;
    data += 2, size -= 2;
    if (btf_size > size)
        btf_size = size;
    print_all(data, btf_size, data + btf_size, size - btf_size);
    return 0;
}
