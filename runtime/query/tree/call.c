/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that an expression can call: those of questions, the compiler's, and helpers of BPF's
 * that only tell something. */
#include <string.h>

#include "query/tree/build.h"
#include "query/tree/habits.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/nearest.h"

struct call {
    struct rp_token name;
    const char *end; /* behind its ) */
    const struct rp_node *arguments[RP_CALL_ARGUMENTS_MAX];
    unsigned count;
};

struct function {
    const char *name, *usage;
    unsigned least, most; /* arguments */
    struct rp_error *(*make)(const struct rp_parser *p, const struct function *function,
                             const struct call *call, const struct rp_node **out);
    const char *type; /* of what a helper returns; of a look, which */
    enum rp_op op;    /* of a comparison */
};

static struct rp_node *new_node(const struct rp_parser *p, enum rp_node_kind kind,
                                const struct call *call) {
    struct rp_node *node = rp_node_new(p, kind, call->name.text, call->end);
    for (unsigned i = 0; node && i < call->count; i++)
        rp_node_adopt(node, call->arguments[i]);
    if (node) {
        node->a = call->count > 0 ? call->arguments[0] : NULL;
        node->b = call->count > 1 ? call->arguments[1] : NULL;
    }
    return node;
}

/* ------------------------------------------------------------------ of questions */

static struct rp_error *make_moment(const struct rp_parser *p, const struct function *function,
                                    bool entry, const struct call *call,
                                    const struct rp_node **out) {
    const struct rp_node *a = call->arguments[0];
    if (a->type->kind == RP_C_COMPOSITE)
        RP_TRY(p->shown(p, a, &a));
    if (entry && a->reads_return)
        return rp_parse_error(p, a->text, "`%.*s` is not known at the entry", (int)a->length,
                              a->text);
    if (a->asks_entry || a->asks_return)
        return rp_parse_error(p, a->text, "entry() and return() do not stand in one another");
    struct rp_node *node = new_node(p, RP_NODE_MOMENT, call);
    if (!node)
        return rp_error_nomem();
    rp_node_adopt(node, a);
    node->a = a;
    node->name = function->name;
    node->type = a->type;
    node->bits = a->bits;
    node->is_text = a->is_text;
    node->memory = a->memory;
    node->asks_entry = entry;
    node->asks_return = !entry;
    if (!entry)
        RP_TRY(rp_build_result(p, node));
    *out = node;
    return NULL;
}

/* entry(a) */
static struct rp_error *make_entry(const struct rp_parser *p, const struct function *function,
                                   const struct call *call, const struct rp_node **out) {
    return make_moment(p, function, true, call, out);
}

/* return(a) */
static struct rp_error *make_return(const struct rp_parser *p, const struct function *function,
                                    const struct call *call, const struct rp_node **out) {
    return make_moment(p, function, false, call, out);
}

static struct rp_error *check_count(const struct rp_parser *p, const struct rp_node *count) {
    if (!rp_c_is_integer(count->type))
        return rp_parse_error_at(p, count, "how many bytes is a number");
    if (count->is_constant && count->value <= 0)
        return rp_parse_error_at(p, count, "the number of bytes is above 0");
    return NULL;
}

static struct rp_error *check_address(const struct rp_parser *p, const struct rp_node *a) {
    if (rp_c_is_address(a->type) || rp_c_is_integer(a->type))
        return NULL;
    return rp_parse_error_at(p, a, "this is not an address");
}

/* str(a), str(a, n) */
static struct rp_error *make_text(const struct rp_parser *p, const struct function *function,
                                  const struct call *call, const struct rp_node **out) {
    const struct rp_node *a = call->arguments[0];
    (void)function;
    if (call->count == 1 && rp_c_is_string(p->scope->types, a->type))
        return p->shown(p, a, out);
    RP_TRY(check_address(p, a));
    if (call->count > 1)
        RP_TRY(check_count(p, call->arguments[1]));
    struct rp_node *node = new_node(p, RP_NODE_TEXT, call);
    if (!node)
        return rp_error_nomem();
    node->type = rp_c_pointer_to(p->scope->types, &rp_c_char);
    node->is_text = node->reads_memory = true;
    node->memory = node->a->memory;
    *out = node;
    return node->type ? NULL : rp_error_nomem();
}

/* buf(a, n); of an array all of it */
static struct rp_error *make_bytes(const struct rp_parser *p, const struct function *function,
                                   const struct call *call, const struct rp_node **out) {
    const struct rp_node *a = call->arguments[0];
    RP_TRY(check_address(p, a));
    if (call->count > 1)
        RP_TRY(check_count(p, call->arguments[1]));
    else if (a->type->kind != RP_C_ARRAY || !a->type->size)
        return rp_error_hint_set(rp_parse_error_at(p, a, "nothing says how many bytes these are"),
                                 "%s", function->usage);
    struct rp_node *node = new_node(p, RP_NODE_BYTES, call);
    if (!node)
        return rp_error_nomem();
    uint64_t size = call->count < 2        ? a->type->size
                    : node->b->is_constant ? (uint64_t)node->b->value
                                           : 0;
    node->type = rp_c_array_of(p->scope->types, &rp_c_char, size);
    node->is_text = node->reads_memory = true;
    node->memory = a->memory;
    *out = node;
    return node->type ? NULL : rp_error_nomem();
}

/* starts(a, "text"), ends(), has() */
static struct rp_error *make_comparison(const struct rp_parser *p, const struct function *function,
                                        const struct call *call, const struct rp_node **out) {
    if (call->arguments[1]->kind != RP_NODE_STRING)
        return rp_error_hint_set(
            rp_parse_error_at(p, call->arguments[1], "this is not a text in quotes"), "%s",
            function->usage);
    return rp_build_compare(p, function->op, call->name.text, call->end, call->arguments[0],
                            call->arguments[1], out);
}

/* nocase(a) */
static struct rp_error *make_no_case(const struct rp_parser *p, const struct function *function,
                                     const struct call *call, const struct rp_node **out) {
    const struct rp_node *a = call->arguments[0];
    RP_TRY(p->shown(p, a, &a));
    if (!a->is_text || a->kind == RP_NODE_STRING)
        return rp_error_hint_set(rp_parse_error_at(p, a, "this is not a text that is read"), "%s",
                                 function->usage);
    struct rp_node *node = rp_node_new(p, a->kind, a->text, rp_node_end(a));
    if (!node)
        return rp_error_nomem();
    *node = *a;
    node->no_case = true;
    *out = node;
    return NULL;
}

/* ------------------------------------------------------------------ of the compiler and of BPF */

static struct rp_error *make_helper(const struct rp_parser *p, const struct function *function,
                                    const struct call *call, const struct rp_node **out) {
    if (call->count) {
        RP_TRY(rp_build_check_scalar(p, call->arguments[0]));
        if (!rp_c_is_integer(call->arguments[0]->type))
            return rp_parse_error_at(p, call->arguments[0], "this is not a number");
    }
    struct rp_node *node = new_node(p, RP_NODE_HELPER, call);
    if (!node)
        return rp_error_nomem();
    node->name = function->name;
    node->reads_return |= !call->count && p->scope->task_at_return;
    node->memory = strchr(function->type, '*') ? RP_MEMORY_KERNEL : p->scope->memory;
    *out = node;
    return rp_c_type_parse_builtin(p->scope->types, function->type, &node->type);
}

/* hex(a) */
static struct rp_error *make_look(const struct rp_parser *p, const struct function *function,
                                  const struct call *call, const struct rp_node **out) {
    const struct rp_node *number = call->arguments[0];
    const struct rp_c_type *type = number->type;
    if (type->kind == RP_C_INT && type->is_char) /* alone, it is shown as a character */
        RP_TRY(rp_build_cast(p, rp_c_type_basic(type->is_signed ? "signed char" : "unsigned char"),
                             number, call->name.text, &number));
    return rp_build_look(p, number, function->type, out);
}

/* port(a): the number of a port, of what has the network's order. */
static struct rp_error *make_port(const struct rp_parser *p, const struct function *function,
                                  const struct call *call, const struct rp_node **out) {
    struct function swap = *function;
    swap.name = "bpf_ntohs";
    return make_helper(p, &swap, call, out);
}

/* An address is a number here. */
static struct rp_error *make_symbol(const struct rp_parser *p, const struct function *function,
                                    const struct call *call, const struct rp_node **out) {
    const struct rp_c_type *number = NULL;
    struct call cast = *call;
    RP_TRY(rp_c_type_parse(p->scope->types, "u64", &number));
    if (rp_c_is_address(cast.arguments[0]->type))
        RP_TRY(rp_build_cast(p, number, cast.arguments[0], call->name.text, &cast.arguments[0]));
    return make_look(p, function, &cast, out);
}

#define USER_ADDRESS "user_address" /* in the program: emit/program.c */

bool rp_node_is_user_address(const struct rp_node *node) {
    return node->kind == RP_NODE_HELPER && !strcmp(node->name, USER_ADDRESS);
}

/* usym(a): an address means nothing without the process that it is in. */
static struct rp_error *make_user_symbol(const struct rp_parser *p, const struct function *function,
                                         const struct call *call, const struct rp_node **out) {
    const struct rp_c_type *number = NULL;
    struct call cast = *call;
    struct function both = *function;
    const struct rp_node *node = NULL;
    both.name = USER_ADDRESS;
    both.type = "unsigned __int128";
    RP_TRY(rp_c_type_parse(p->scope->types, "u64", &number));
    RP_TRY(rp_build_cast(p, number, cast.arguments[0], call->name.text, &cast.arguments[0]));
    RP_TRY(make_helper(p, &both, &cast, &node));
    return rp_build_look(p, node, function->type, out);
}

#define SYSCALL "syscall_number"

bool rp_node_is_syscall(const struct rp_node *node) {
    return node->kind == RP_NODE_HELPER && !strcmp(node->name, SYSCALL);
}

/* syscall(a): a number has other names in a 32-bit program. */
static struct rp_error *make_syscall(const struct rp_parser *p, const struct function *function,
                                     const struct call *call, const struct rp_node **out) {
    struct function both = *function;
    const struct rp_node *node = NULL;
    both.name = SYSCALL;
    both.type = "u64";
    RP_TRY(make_helper(p, &both, call, &node));
    return rp_build_look(p, node, function->type, out);
}

static const struct function functions[] = {
    {"entry", "entry(EXPR)", 1, 1, make_entry, NULL, RP_OP_NONE},
    {"return", "return(EXPR)", 1, 1, make_return, NULL, RP_OP_NONE},
    {"str", "str(ADDRESS[, BYTES])", 1, 2, make_text, NULL, RP_OP_NONE},
    {"buf", "buf(ADDRESS, BYTES)", 1, 2, make_bytes, NULL, RP_OP_NONE},
    {"starts", "starts(TEXT, \"BEGINNING\")", 2, 2, make_comparison, NULL, RP_OP_STARTS},
    {"hex", "hex(NUMBER)", 1, 1, make_look, "hex", RP_OP_NONE},
    {"oct", "oct(NUMBER)", 1, 1, make_look, "oct", RP_OP_NONE},
    {"err", "err(NUMBER)", 1, 1, make_look, "errno:any", RP_OP_NONE},
    {"sig", "sig(NUMBER)", 1, 1, make_look, "signal", RP_OP_NONE},
    {"dev", "dev(NUMBER)", 1, 1, make_look, "dev", RP_OP_NONE},
    {"ip", "ip(NUMBER)", 1, 1, make_look, "ip", RP_OP_NONE},
    {"time", "time(NANOSECONDS)", 1, 1, make_look, "time", RP_OP_NONE},
    {"ksym", "ksym(ADDRESS)", 1, 1, make_symbol, "ksym", RP_OP_NONE},
    {"syscall", "syscall(NUMBER)", 1, 1, make_syscall, "syscall", RP_OP_NONE},
    {"usym", "usym(ADDRESS)", 1, 1, make_user_symbol, "usym", RP_OP_NONE},
    {"oflags", "oflags(NUMBER)", 1, 1, make_look, "open", RP_OP_NONE},
    {"port", "port(NUMBER)", 1, 1, make_port, "u16", RP_OP_NONE},
    {"ends", "ends(TEXT, \"END\")", 2, 2, make_comparison, NULL, RP_OP_ENDS},
    {"has", "has(TEXT, \"PART\")", 2, 2, make_comparison, NULL, RP_OP_HAS},
    {"nocase", "nocase(TEXT) == \"TEXT\", or ~ \"PATTERN\"", 1, 1, make_no_case, NULL, RP_OP_NONE},
    {"bpf_get_current_task", "bpf_get_current_task()", 0, 0, make_helper, "struct task_struct *",
     RP_OP_NONE},
    {"bpf_get_current_pid_tgid", "bpf_get_current_pid_tgid()", 0, 0, make_helper, "u64",
     RP_OP_NONE},
    {"bpf_get_current_uid_gid", "bpf_get_current_uid_gid()", 0, 0, make_helper, "u64", RP_OP_NONE},
    {"bpf_get_current_cgroup_id", "bpf_get_current_cgroup_id()", 0, 0, make_helper, "u64",
     RP_OP_NONE},
    {"bpf_get_smp_processor_id", "bpf_get_smp_processor_id()", 0, 0, make_helper, "u32",
     RP_OP_NONE},
    {"bpf_get_numa_node_id", "bpf_get_numa_node_id()", 0, 0, make_helper, "int", RP_OP_NONE},
    {"bpf_get_prandom_u32", "bpf_get_prandom_u32()", 0, 0, make_helper, "u32", RP_OP_NONE},
    {"bpf_ktime_get_ns", "bpf_ktime_get_ns()", 0, 0, make_helper, "u64", RP_OP_NONE},
    {"bpf_ktime_get_boot_ns", "bpf_ktime_get_boot_ns()", 0, 0, make_helper, "u64", RP_OP_NONE},
    {"__builtin_bswap16", "__builtin_bswap16(NUMBER)", 1, 1, make_helper, "u16", RP_OP_NONE},
    {"__builtin_bswap32", "__builtin_bswap32(NUMBER)", 1, 1, make_helper, "u32", RP_OP_NONE},
    {"__builtin_bswap64", "__builtin_bswap64(NUMBER)", 1, 1, make_helper, "u64", RP_OP_NONE},
    {"bpf_ntohs", "bpf_ntohs(NUMBER)", 1, 1, make_helper, "u16", RP_OP_NONE},
    {"bpf_ntohl", "bpf_ntohl(NUMBER)", 1, 1, make_helper, "u32", RP_OP_NONE},
    {"bpf_htons", "bpf_htons(NUMBER)", 1, 1, make_helper, "u16", RP_OP_NONE},
    {"bpf_htonl", "bpf_htonl(NUMBER)", 1, 1, make_helper, "u32", RP_OP_NONE},
};

void rp_tree_each_function(void (*each)(void *ctx, const char *begins, const char *usage),
                           void *ctx) {
    for (size_t i = 0; i < RP_COUNT(functions); i++) {
        char begins[64];
        const char *name = functions[i].name;
        if (!strncmp(name, "bpf_", 4) || !strncmp(name, "__", 2))
            continue;
        snprintf(begins, sizeof(begins), "%s(", name);
        each(ctx, begins, functions[i].usage);
    }
}

/* Inline functions of kernel headers, as what they return. */
static const struct {
    const char *name, *type;
    const char *member; /* where in the buffer its header begins; NULL: the argument itself */
} conversions[] = {
    {"inet_sk", "struct inet_sock *", NULL},
    {"tcp_sk", "struct tcp_sock *", NULL},
    {"udp_sk", "struct udp_sock *", NULL},
    {"inet_csk", "struct inet_connection_sock *", NULL},
    {"ip_hdr", "struct iphdr *", "network_header"},
    {"tcp_hdr", "struct tcphdr *", "transport_header"},
};

static struct rp_error *take_arguments(struct rp_parser *p, struct call *call) {
    RP_TRY(rp_parse_expect(p, "("));
    struct rp_token token = rp_parse_peek(p);
    while (!rp_token_is(&token, ")")) {
        if (call->count)
            RP_TRY(rp_parse_expect(p, ","));
        if (call->count == RP_CALL_ARGUMENTS_MAX)
            return rp_parse_error(p, token.text, "that is too much for a function");
        RP_TRY(p->expression(p, &call->arguments[call->count++]));
        token = rp_parse_peek(p);
        if (!rp_token_is(&token, ",") && !rp_token_is(&token, ")"))
            return rp_parse_expect(p, ")");
    }
    RP_TRY(rp_parse_expect(p, ")"));
    call->end = p->lexer.p;
    return NULL;
}

static struct rp_error *member_of(struct rp_parser *p, const struct rp_node *a, const char *name,
                                  const struct rp_node **out) {
    struct rp_token token = {.kind = RP_TOKEN_IDENT, .text = name, .len = strlen(name)};
    return rp_build_member(p, a, true, &token, out);
}

static struct rp_error *convert(struct rp_parser *p, const struct call *call, size_t which,
                                const struct rp_node **out) {
    const struct rp_c_type *type;
    const struct rp_node *a = call->arguments[0];
    if (call->count != 1)
        return rp_parse_error(p, call->name.text, "%s takes one expression",
                              conversions[which].name);
    if (conversions[which].member) {
        const struct rp_node *head, *offset;
        RP_TRY(member_of(p, a, "head", &head));
        RP_TRY(member_of(p, a, conversions[which].member, &offset));
        RP_TRY(rp_build_binary(p, RP_OP_ADD, call->name.text, head, offset, &a));
    }
    RP_TRY(rp_c_type_parse(p->scope->types, conversions[which].type, &type));
    return rp_build_cast(p, type, a, call->name.text, out);
}

/* ------------------------------------------------------------------ with a type in it */

/* From a type's member, "a.b[2].c": offsetof() of it. */
static struct rp_error *take_offset(struct rp_parser *p, const struct rp_c_type *type,
                                    uint64_t *bytes, const struct rp_c_type **member) {
    *bytes = 0;
    *member = type;
    for (;;) {
        struct rp_token name = rp_parse_peek(p);
        struct rp_c_member m;
        rp_lex(&p->lexer);
        if (name.kind != RP_TOKEN_IDENT ||
            !rp_c_member_find(p->scope->types, *member, name.text, name.len, &m))
            return rp_parse_error(p, name.text, "there is no such member");
        if (m.bits)
            return rp_parse_error(p, name.text, "a bit field begins at no byte");
        *bytes += m.bit_offset / 8;
        *member = m.type;
        struct rp_token token = rp_parse_peek(p);
        if (!rp_token_is(&token, "."))
            return NULL;
        rp_lex(&p->lexer);
    }
}

static struct rp_error *take_offsetof(struct rp_parser *p, const struct rp_token *name,
                                      const struct rp_node **out) {
    const struct rp_c_type *type, *member;
    uint64_t bytes;
    RP_TRY(rp_parse_expect(p, "("));
    RP_TRY(rp_parse_type(p, &type));
    RP_TRY(rp_parse_expect(p, ","));
    RP_TRY(take_offset(p, type, &bytes, &member));
    RP_TRY(rp_parse_expect(p, ")"));
    struct rp_token whole = {.text = name->text, .len = (size_t)(p->lexer.p - name->text)};
    const char *text = rp_arena_text(&p->scope->types->arena, "%juUL", (uintmax_t)bytes);
    return text ? rp_build_constant(p, &whole, &rp_c_unsigned_long, (int64_t)bytes, text, out)
                : rp_error_nomem();
}

/* container_of(a, TYPE, MEMBER) */
static struct rp_error *take_container(struct rp_parser *p, const struct rp_token *name,
                                       const struct rp_node **out) {
    const struct rp_node *a, *number;
    const struct rp_c_type *type, *member;
    uint64_t bytes;
    RP_TRY(rp_parse_expect(p, "("));
    RP_TRY(p->expression(p, &a));
    RP_TRY(rp_parse_expect(p, ","));
    RP_TRY(rp_parse_type(p, &type));
    RP_TRY(rp_parse_expect(p, ","));
    RP_TRY(take_offset(p, type, &bytes, &member));
    RP_TRY(rp_parse_expect(p, ")"));
    struct rp_token whole = {.text = name->text, .len = (size_t)(p->lexer.p - name->text)};
    const char *text = rp_arena_text(&p->scope->types->arena, "%juUL", (uintmax_t)bytes);
    const struct rp_c_type *bytewise = rp_c_pointer_to(p->scope->types, &rp_c_char);
    const struct rp_c_type *pointer = rp_c_pointer_to(p->scope->types, type);
    if (!text || !bytewise || !pointer)
        return rp_error_nomem();
    RP_TRY(rp_build_constant(p, &whole, &rp_c_unsigned_long, (int64_t)bytes, text, &number));
    RP_TRY(rp_build_cast(p, bytewise, a, name->text, &a));
    RP_TRY(rp_build_binary(p, RP_OP_SUBTRACT, name->text, a, number, &a));
    return rp_build_cast(p, pointer, a, name->text, out);
}

/* min_t(TYPE, a, b), max_t(TYPE, a, b) */
static struct rp_error *take_typed_choice(struct rp_parser *p, const struct rp_token *name,
                                          const struct rp_node **out) {
    const struct rp_c_type *type;
    const struct rp_node *a, *b, *smaller;
    RP_TRY(rp_parse_expect(p, "("));
    RP_TRY(rp_parse_type(p, &type));
    RP_TRY(rp_parse_expect(p, ","));
    RP_TRY(p->expression(p, &a));
    RP_TRY(rp_parse_expect(p, ","));
    RP_TRY(p->expression(p, &b));
    RP_TRY(rp_parse_expect(p, ")"));
    RP_TRY(rp_build_cast(p, type, a, a->text, &a));
    RP_TRY(rp_build_cast(p, type, b, b->text, &b));
    enum rp_op op = rp_token_is(name, "min_t") ? RP_OP_LESS : RP_OP_GREATER;
    RP_TRY(rp_build_binary(p, op, name->text, a, b, &smaller));
    return rp_build_condition(p, smaller, a, b, out);
}

/* ------------------------------------------------------------------ any */

static struct rp_error *unknown_function(const struct rp_parser *p, const struct rp_token *name) {
    RP_AUTO_FREE char *text = strndup(name->text, name->len);
    if (!text)
        return rp_error_nomem();
    struct rp_error *err = rp_parse_error(p, name->text, "there is no function %s() here", text);
    if (!strcmp(text, "strcmp") || !strcmp(text, "strncmp") || !strcmp(text, "memcmp"))
        return rp_error_hint_set(err, "BPF programs have no C library: text is compared by == and "
                                      "starts()");
    const char *habit = rp_habit_hint(text, strlen(text));
    if (habit)
        return rp_error_hint_set(err, "%s", habit);
    struct rp_nearest nearest = {.wanted = text};
    for (size_t i = 0; i < RP_COUNT(functions); i++)
        rp_nearest_add(&nearest, functions[i].name);
    RP_AUTO_FREE char *near = rp_nearest_text(&nearest, "");
    rp_nearest_clear(&nearest);
    return near ? rp_error_hint_set(err, "did you mean %s?", near)
                : rp_error_hint_set(err, "there are str(), buf(), starts(), entry() and return(), "
                                         "and the kernel's macros");
}

static struct rp_error *call_function(struct rp_parser *p, const struct function *function,
                                      const struct rp_token *name, const struct rp_node **out) {
    struct call call = {.name = *name};
    RP_TRY(take_arguments(p, &call));
    if (call.count < function->least || call.count > function->most)
        return rp_error_hint_set(rp_parse_error(p, name->text, "%s() takes %s", function->name,
                                                call.count < function->least ? "more" : "less"),
                                 "%s", function->usage);
    return function->make(p, function, &call, out);
}

struct rp_error *rp_parse_call(struct rp_parser *p, const struct rp_token *name,
                               const struct rp_node **out) {
    static const struct {
        const char *name;
        struct rp_error *(*take)(struct rp_parser *p, const struct rp_token *name,
                                 const struct rp_node **out);
    } with_types[] = {
        {"offsetof", take_offsetof},
        {"container_of", take_container},
        {"min_t", take_typed_choice},
        {"max_t", take_typed_choice},
    };
    for (size_t i = 0; i < RP_COUNT(functions); i++)
        if (rp_token_is(name, functions[i].name))
            return call_function(p, &functions[i], name, out);
    for (size_t i = 0; i < RP_COUNT(with_types); i++)
        if (rp_token_is(name, with_types[i].name))
            return with_types[i].take(p, name, out);
    for (size_t i = 0; i < RP_COUNT(conversions); i++) {
        struct call call = {.name = *name};
        if (!rp_token_is(name, conversions[i].name))
            continue;
        RP_TRY(take_arguments(p, &call));
        return convert(p, &call, i, out);
    }
    RP_TRY(rp_macro_call(p, name, out));
    return *out ? NULL : unknown_function(p, name);
}
