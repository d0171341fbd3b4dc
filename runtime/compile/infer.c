/* SPDX-License-Identifier: Apache-2.0 */
/* What the maps of an author's own C mean, as far as it tells. */
#include <bpf/btf.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "compile/flow.h"
#include "compile/object.h"
#include "compile/schema.h"
#include "util/array.h"
#include "util/error.h"

struct inference {
    const struct rp_object *object;
    const struct btf *btf;
    struct rp_flow flow; /* only of programs that keep stacks */
    struct rp_schema *schema;
};

/* What is known of one map of data. */
struct data {
    const struct rp_object_map *map;
    struct rp_part_type key, value;
    bool counts; /* its values are numbers */
    bool libbpf; /* of a program in libbpf's dialect */
};

/* ------------------------------------------------------------------ logarithms */

/* Whether the program's lines, which its BTF has, take a logarithm: by bpf_log2l() and its like,
 * by counting zeros, or in a loop. True where there are no lines. */
static bool takes_logarithms(const struct inference *inference) {
    static const char *const words[] = {"log2", "LOG2", "clz", "fls", ">>=", "for (", "while ("};
    const struct rp_object *object = inference->object;
    bool has_lines = false;
    for (size_t i = 0; i < object->function_count; i++)
        has_lines |= object->functions[i].lines.count > 0;
    uint32_t size;
    const struct btf_header *header =
        inference->btf && has_lines ? btf__raw_data(inference->btf, &size) : NULL;
    if (!header)
        return true;
    const char *texts = (const char *)header + header->hdr_len + header->str_off;
    for (size_t i = 0; i < RP_COUNT(words); i++)
        if (memmem(texts, header->str_len, words[i], strlen(words[i])))
            return true;
    return false;
}

static bool is_used(const struct rp_object *object, uint32_t map) {
    for (size_t f = 0; f < object->function_count; f++) {
        const struct rp_object_function *function = &object->functions[f];
        for (uint32_t i = 0; i < function->insn_count; i++)
            if (rp_insn_is_wide(&function->insns[i]) &&
                function->insns[i].src_reg == BPF_PSEUDO_MAP_FD &&
                (uint32_t)function->insns[i].imm == map)
                return true;
    }
    return false;
}

/* ------------------------------------------------------------------ BCC's conventions */

/* The member of the key that is a bucket; false when it has none. */
static bool find_bucket(const struct rp_part_type *key, struct rp_part_type *bucket) {
    const char *name;
    unsigned count = rp_part_member_count(key);
    return count && rp_part_member(key, count - 1, bucket, &name) && strcmp(name, "slot") == 0 &&
           rp_part_is_number(bucket);
}

/* The member of the value that is an array of counts by bucket. */
static bool find_buckets(const struct rp_part_type *value, struct rp_part_type *buckets) {
    struct rp_part_type element;
    uint32_t count;
    return rp_part_find(value, "slots", buckets) && rp_part_is_array(buckets, &element, &count) &&
           rp_part_is_unsigned(&element) && count > 1 && count < RP_LOG2_SLOTS;
}

static enum rp_meaning libbpf_histogram(const struct data *d, struct rp_member_schema *bucket,
                                        bool *is_member) {
    struct rp_part_type member;
    *is_member = !rp_map_type_is_per_cpu(d->map->type) && find_buckets(&d->value, &member);
    if (*is_member)
        *bucket = (struct rp_member_schema){.means = RP_MEMBER_BUCKET,
                                            .of_value = true,
                                            .offset = member.offset,
                                            .size = member.size};
    return *is_member ? RP_MEANS_LOG2 : RP_MEANS_TABLE;
}

static bool is_named_linear(const char *map) {
    static const char ending[] = "_linear";
    size_t length = strlen(map);
    return length >= strlen(ending) && !strcmp(map + length - strlen(ending), ending);
}

/* Questions make room for numbers from 2^63 on, too. */
static bool is_log2_size(uint32_t entries) {
    return entries == RP_LOG2_SLOTS - 1 || entries == RP_LOG2_SLOTS;
}

/*
 * Whether the map is a histogram, and by which member (if not by its key as it is); the only place
 * that reads names. BCC's C has no type for that: its Python says which tables are drawn, and how
 * (docs/reference_guide.md: Maps,
 * 10. print_log2_hist(), 11. print_linear_hist()). Where there is no Python, these stand in for it:
 *  - BPF_HISTOGRAM(name) is an array of 64 counts (reference_guide.md: Maps, 4. BPF_HISTOGRAM);
 *  - of a key that is a struct the last member is the bucket (src/python/bcc/table.py,
 *    decode_c_struct()); all of BCC's tools call it `slot`;
 *  - a linear histogram beside a logarithmic one is called as that, with `_linear` behind
 *    (examples/tracing/bitehist.py);
 *  - a value that is a whole histogram has its counts in `slots` (libbpf-tools, struct hist); in
 *    libbpf's dialect this is the only convention, and the first slot of a logarithmic one is of
 *    0 and 1.
 */
static enum rp_meaning histogram_by_convention(const struct data *d,
                                               struct rp_member_schema *bucket, bool *is_member) {
    const struct rp_object_map *map = d->map;
    struct rp_part_type member;
    if (d->libbpf)
        return libbpf_histogram(d, bucket, is_member);
    bool linear = is_named_linear(map->name), plain = d->counts && rp_part_is_number(&d->key);
    enum rp_meaning means = linear ? RP_MEANS_LINEAR : RP_MEANS_LOG2;
    *bucket = (struct rp_member_schema){.means = RP_MEMBER_BUCKET};
    *is_member = true;
    if (d->counts && find_bucket(&d->key, &member)) {
        bucket->offset = member.offset;
        bucket->size = member.size;
        return means;
    }
    if (!rp_map_type_is_per_cpu(map->type) && find_buckets(&d->value, &member)) {
        bucket->offset = member.offset;
        bucket->size = member.size;
        bucket->of_value = true;
        return means;
    }
    *is_member = false;
    if (plain && (linear || (map->type == BPF_MAP_TYPE_ARRAY && is_log2_size(map->max_entries) &&
                             map->value_size == 8 && rp_part_is_unsigned(&d->value))))
        return means;
    return RP_MEANS_TABLE;
}

/* ------------------------------------------------------------------ stacks, processes, names */

/* Whether what the program puts there can be that. */
static bool can_be(const struct rp_part_type *type, enum rp_member_meaning means) {
    if (means == RP_MEMBER_COMM)
        return rp_part_is_text(type);
    return means != RP_MEMBER_PLAIN && rp_part_is_number(type) &&
           (type->size == 4 || type->size == 8);
}

/* `size` is 0 of a record, whose layout is not known yet. */
static bool add_member(const struct inference *inference, struct rp_map_schema *schema,
                       const struct rp_flow_member *found, uint32_t size) {
    struct rp_member_schema member = {.means = found->means,
                                      .of_value = found->part == RP_FLOW_VALUE,
                                      .offset = found->offset,
                                      .size = size};
    const struct rp_object_map *stacks = &inference->object->maps[found->stacks];
    bool is_stack = rp_member_is_stack(&member);
    if (is_stack)
        member.stacks = stacks->name;
    return (is_stack && !rp_map_keeps_stacks(stacks)) || rp_map_schema_add(schema, &member);
}

static struct rp_error *add_key_and_value(const struct inference *inference, const struct data *d,
                                          uint32_t map, struct rp_map_schema *schema) {
    for (size_t i = 0; i < inference->flow.members.count; i++) {
        const struct rp_flow_member *found = &inference->flow.members.items[i];
        const struct rp_part_type *whole = found->part == RP_FLOW_KEY ? &d->key : &d->value;
        struct rp_part_type type;
        if (found->map == map && found->part != RP_FLOW_RECORD &&
            rp_part_at(whole, found->offset, &type) && can_be(&type, found->means) &&
            !add_member(inference, schema, found, type.size))
            return rp_error_nomem();
    }
    return NULL;
}

static unsigned count_members(const struct rp_map_schema *schema, enum rp_member_meaning means) {
    unsigned count = 0;
    for (size_t i = 0; i < schema->member_count; i++)
        count += !schema->members[i].of_value && schema->members[i].means == means;
    return count;
}

/* Counts by nothing but stacks, and whose they are. */
static bool counts_stacks(const struct data *d, const struct rp_map_schema *schema) {
    unsigned kernel = count_members(schema, RP_MEMBER_KERNEL_STACK),
             user = count_members(schema, RP_MEMBER_USER_STACK),
             pid = count_members(schema, RP_MEMBER_PID),
             comm = count_members(schema, RP_MEMBER_COMM), members = rp_part_member_count(&d->key);
    return d->counts && d->value.size >= 4 && kernel <= 1 && user <= 1 && kernel + user &&
           pid <= 1 && comm <= 1 && pid >= user &&
           kernel + user + pid + comm == (members ? members : 1);
}

/* ------------------------------------------------------------------ one map */

static struct rp_error *infer_data(const struct inference *inference, uint32_t i,
                                   struct rp_map_schema *schema) {
    const struct rp_object_map *map = &inference->object->maps[i];
    struct data d = {.map = map,
                     .key = rp_map_key_type(map, inference->btf),
                     .value = rp_map_value_type(map, inference->btf)};
    struct rp_member_schema bucket;
    bool is_member;
    d.counts = rp_part_is_number(&d.value);
    d.libbpf = inference->object->elf;
    RP_TRY(add_key_and_value(inference, &d, i, schema));
    schema->means = histogram_by_convention(&d, &bucket, &is_member);
    /* What is filled without a logarithm is linear: tools/runqlen.py. */
    if (schema->means == RP_MEANS_LOG2 && is_used(inference->object, i) &&
        !takes_logarithms(inference))
        schema->means = RP_MEANS_LINEAR;
    schema->from_zero = d.libbpf && schema->means == RP_MEANS_LOG2;
    if (is_member && !rp_map_schema_add(schema, &bucket))
        return rp_error_nomem();
    if (rp_means_histogram(schema->means))
        return NULL;
    if (rp_map_type_is_per_cpu(map->type) && rp_part_is_stats(&d.value, NULL))
        schema->means = RP_MEANS_STATS;
    if (counts_stacks(&d, schema))
        schema->means = RP_MEANS_STACKS;
    else if (rp_map_type_is_array(map->type) && map->max_entries == 1 && d.counts)
        schema->means = RP_MEANS_COUNTER;
    return NULL;
}

static struct rp_error *infer_output(const struct inference *inference, uint32_t i,
                                     struct rp_map_schema *schema) {
    const struct rp_flow *flow = &inference->flow;
    schema->means = RP_MEANS_ROWS;
    for (size_t m = 0; m < flow->members.count; m++)
        if (flow->members.items[m].map == i && flow->members.items[m].part == RP_FLOW_RECORD &&
            flow->members.items[m].means != RP_MEMBER_PLAIN &&
            !add_member(inference, schema, &flow->members.items[m], 0))
            return rp_error_nomem();
    return NULL;
}

static struct rp_error *infer_all(struct inference *inference) {
    const struct rp_object *object = inference->object;
    for (uint32_t i = 0; i < object->map_count; i++) {
        const struct rp_object_map *map = &object->maps[i];
        struct rp_map_schema *schema = (struct rp_map_schema *)&inference->schema->maps[i];
        if (map->is_libbpfs)
            schema->means = RP_MEANS_SCRATCH;
        else if (map->data) { /* what the program cannot change is of no interest */
            schema->means = map->flags & BPF_F_RDONLY_PROG ? RP_MEANS_SCRATCH : RP_MEANS_VARIABLES;
            schema->from_zero = takes_logarithms(inference);
        } else if (rp_map_type_is_output(map->type))
            RP_TRY(infer_output(inference, i, schema));
        else if (rp_map_type_is_data(map->type))
            RP_TRY(infer_data(inference, i, schema));
    }
    return NULL;
}

static bool keeps_stacks(const struct rp_object *object) {
    for (size_t i = 0; i < object->map_count; i++)
        if (rp_map_keeps_stacks(&object->maps[i]))
            return true;
    return false;
}

struct rp_error *rp_schema_infer(const struct rp_object *object, const struct btf *btf,
                                 struct rp_schema *schema) {
    struct inference inference = {.object = object, .btf = btf, .schema = schema};
    struct rp_error *err = keeps_stacks(object) ? rp_flow_follow(object, &inference.flow) : NULL;
    if (!err)
        err = infer_all(&inference);
    rp_flow_clear(&inference.flow);
    return err;
}
