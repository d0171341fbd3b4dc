/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/btf_writer.h"

#include <string.h>
#include <sys/mman.h>

static uint32_t first_id(const struct rp_btf_writer *writer) {
    return writer->base ? writer->base->end_id : 1;
}

static struct rp_btf_record *record_of(struct rp_btf_writer *writer, uint32_t id) {
    uint32_t index = id - first_id(writer);
    return index < writer->records.count ? &writer->records.items[index] : NULL;
}

uint32_t rp_btf_writer_reserve(struct rp_btf_writer *writer) {
    if (!rp_vec_add(&writer->records)) {
        writer->nomem = true;
        return 0;
    }
    return first_id(writer) + (uint32_t)writer->records.count - 1;
}

uint32_t rp_btf_writer_string(struct rp_btf_writer *writer, const char *text) {
    uint32_t before = writer->base ? writer->base->end_string : 0;
    if (!*text)
        return 0;
    if (!writer->strings.count && !rp_vec_push(&writer->strings, '\0'))
        writer->nomem = true;
    uint32_t at = before + (uint32_t)writer->strings.count;
    writer->nomem |= !rp_vec_append(&writer->strings, text, strlen(text) + 1);
    return at;
}

void rp_btf_writer_set(struct rp_btf_writer *writer, uint32_t id, const char *name, unsigned kind,
                       unsigned vlen, bool kflag, uint32_t size_or_type) {
    uint32_t name_off = rp_btf_writer_string(writer, name);
    struct rp_btf_record *record = record_of(writer, id);
    if (record)
        record->type = (struct btf_type){
            .name_off = name_off,
            .info = kind << 24 | vlen | (uint32_t)kflag << 31,
            .size = size_or_type,
        };
}

uint32_t rp_btf_writer_add(struct rp_btf_writer *writer, const char *name, unsigned kind,
                           unsigned vlen, bool kflag, uint32_t size_or_type) {
    uint32_t id = rp_btf_writer_reserve(writer);
    rp_btf_writer_set(writer, id, name, kind, vlen, kflag, size_or_type);
    return id;
}

void rp_btf_writer_more(struct rp_btf_writer *writer, uint32_t id, uint32_t word) {
    struct rp_btf_record *record = record_of(writer, id);
    writer->nomem |= !record || !rp_vec_push(&record->more, word);
}

static void write_types(const struct rp_btf_writer *writer, char *to) {
    for (size_t i = 0; i < writer->records.count; i++) {
        const struct rp_btf_record *record = &writer->records.items[i];
        memcpy(to, &record->type, sizeof(record->type));
        to += sizeof(record->type);
        if (record->more.count)
            memcpy(to, record->more.items, record->more.count * sizeof(uint32_t));
        to += record->more.count * sizeof(uint32_t);
    }
}

struct rp_btf *rp_btf_writer_end(struct rp_btf_writer *writer) {
    size_t types = 0;
    if (!writer->strings.count && !rp_vec_push(&writer->strings, '\0'))
        return NULL;
    for (size_t i = 0; i < writer->records.count; i++)
        types += sizeof(struct btf_type) + writer->records.items[i].more.count * sizeof(uint32_t);
    size_t size = sizeof(struct btf_header) + types + writer->strings.count;
    void *bytes = writer->nomem ? MAP_FAILED
                                : mmap(NULL, size, PROT_READ | PROT_WRITE,
                                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED)
        return NULL;
    *(struct btf_header *)bytes = (struct btf_header){
        .magic = BTF_MAGIC,
        .version = BTF_VERSION,
        .hdr_len = sizeof(struct btf_header),
        .type_len = (uint32_t)types,
        .str_off = (uint32_t)types,
        .str_len = (uint32_t)writer->strings.count,
    };
    char *at = (char *)bytes + sizeof(struct btf_header);
    write_types(writer, at);
    memcpy(at + types, writer->strings.items, writer->strings.count);
    struct rp_btf *btf = rp_btf_new(bytes, size, writer->base);
    if (!btf)
        munmap(bytes, size);
    return btf;
}

void rp_btf_writer_clear(struct rp_btf_writer *writer) {
    for (size_t i = 0; i < writer->records.count; i++)
        rp_vec_clear(&writer->records.items[i].more);
    rp_vec_clear(&writer->records);
    rp_vec_clear(&writer->strings);
}
