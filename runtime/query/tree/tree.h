/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A C expression of a question as a tree: parsed once, each node with its C type, and with what
 * reading it takes: which names, at the entry or the return, from whose memory.
 *
 *   text -> tree (parse.c, with literal.c, call.c, macro.c; typed by build.c as it grows)
 *        -> C whose every step is an explicit read (read.c)
 */
#ifndef RP_QUERY_TREE_TREE_H
#define RP_QUERY_TREE_TREE_H

#include "probe/memory.h"
#include "query/tree/c_type.h"

struct rp_error;

/* What an expression can name. */
struct rp_variable {
    const char *name;
    const struct rp_c_type *type;
    enum rp_memory memory; /* where it leads, when it is an address */
    enum {
        RP_OF_PROBE,
        RP_OF_RETURN,
        RP_OF_TASK
    } origin;       /* an argument; `ret`; `pid`, `comm`, … */
    unsigned leads; /* what is named is what it points to, so many times: a reference, or what is
                       not in a register */
    unsigned words; /* it leads to so many words of 8 bytes that were copied; 0: elsewhere */
    bool in_place;  /* a struct or array that C can reach into; else an array is a pointer */
    bool trusted;   /* a pointer of which the verifier keeps the type (fentry, tp_btf) */
    const char *unread;  /* the variable that is not 0 where this one could not be read, or NULL */
    const char *missing; /* why it cannot be read here, or NULL */
    const char *instead; /* what to do where it is missing, or NULL */
    const char *length;  /* the variable that says how many bytes it leads to, or NULL */
    bool is_filled;      /* the call writes there as many as it returns */
    bool is_result;      /* the call writes there */
};

/* A name for an expression. */
struct rp_shorthand {
    const char *name, *text;
    const char *look; /* or NULL */
};

struct rp_scope {
    const struct rp_shorthand *shorthands; /* names that are not variables' are looked for here;
                                              NULL: none */
    size_t shorthand_count;
    struct rp_c_types *types;
    const struct rp_variable *variables;
    size_t count;
    const char *owner;     /* what has the arguments: "vfs_read" */
    const char *noun;      /* what they are called: "argument", "field" */
    const char *untyped;   /* why their names and types are not known; or NULL */
    enum rp_memory memory; /* where a number leads that is taken for an address */
    bool task_at_return;   /* what the task has is read at the return, never at the entry */
};

enum rp_node_kind {
    RP_NODE_NUMBER,    /* a constant; also an enumerator or a macro */
    RP_NODE_STRING,    /* "text" */
    RP_NODE_VARIABLE,  /* NAME */
    RP_NODE_MEMBER,    /* a.NAME, a->NAME */
    RP_NODE_INDEX,     /* a[b], *a */
    RP_NODE_ADDRESS,   /* &a */
    RP_NODE_UNARY,     /* -a, !a, ~a */
    RP_NODE_BINARY,    /* a + b */
    RP_NODE_CONDITION, /* a ? b : c */
    RP_NODE_CAST,      /* (TYPE)a */
    RP_NODE_COMPARE,   /* text: a == b, a != b, starts(a, b), a ~ b, has(a, b), ends(a, b) */
    RP_NODE_HELPER,    /* a helper of BPF's without arguments, or a builtin function of one */
    RP_NODE_TEXT,      /* str(a), str(a, b) */
    RP_NODE_BYTES,     /* buf(a, b) */
    RP_NODE_MOMENT,    /* entry(a), return(a) */
};

enum rp_op {
    RP_OP_NONE,
    RP_OP_MULTIPLY,
    RP_OP_DIVIDE,
    RP_OP_REMAINDER,
    RP_OP_ADD,
    RP_OP_SUBTRACT,
    RP_OP_SHIFT_LEFT,
    RP_OP_SHIFT_RIGHT,
    RP_OP_LESS,
    RP_OP_GREATER,
    RP_OP_LESS_EQUAL,
    RP_OP_GREATER_EQUAL,
    RP_OP_EQUAL,
    RP_OP_UNEQUAL,
    RP_OP_AND,
    RP_OP_XOR,
    RP_OP_OR,
    RP_OP_BOTH,   /* && */
    RP_OP_ANY,    /* || */
    RP_OP_MINUS,  /* unary */
    RP_OP_NOT,    /* ! */
    RP_OP_INVERT, /* ~ */
    RP_OP_STARTS, /* of a comparison of text */
    RP_OP_MATCHES,
    RP_OP_HAS,
    RP_OP_ENDS,
};

/* Bytes of a pattern that text is compared with. */
#define RP_MATCH_MAX 63

struct rp_node {
    enum rp_node_kind kind;
    enum rp_op op;
    const char *text; /* the author's, `length` bytes of it */
    size_t length;
    const struct rp_c_type *type;
    unsigned bits; /* of a bit field */
    const struct rp_node *a, *b, *c;
    const struct rp_variable *variable;
    struct rp_c_member member;
    bool arrow;
    const char *name;  /* a number's in C ("AF_INET", "0x10UL"), a string's, a helper's, entry or
                          return */
    int64_t value;     /* a number's */
    bool is_constant;  /* it has a value */
    const char *bytes; /* a string's, decoded, and how many */
    size_t byte_count;
    bool is_pattern;  /* a shell would take the string for one */
    const char *wild; /* a string's: for each byte 0, or the * or ? that it is */
    bool no_case;     /* it is compared without regard to case */
    /* What it takes. */
    enum rp_memory memory; /* where it leads, when it is an address */
    bool has_address;      /* it is in memory: a member, an element */
    enum rp_memory place;  /* in which */
    bool reads_argument, reads_return, reads_memory;
    bool asks_entry, asks_return; /* entry() or return() stands in it */
    bool is_text;                 /* shown and compared as text */
    const char *look;             /* how a number is shown: record/look.h; or NULL */
    const char *alias;            /* what the author calls it; or NULL */
};

/* The variable of that name; NULL: there is none. */
const struct rp_variable *rp_scope_find(const struct rp_scope *scope, const char *name);

/* The variable through which `node` (or NULL) reads what the call writes, at a moment when it may
 * not have; NULL: none. */
const struct rp_variable *rp_node_reads_result(const struct rp_node *node);

/* Reads `text`; *out lives as long as the scope's types, and `text` must, too. Errors are about the
 * author's text, with a caret below it. */
struct rp_error *rp_tree_parse(const struct rp_scope *scope, const char *text,
                               const struct rp_node **out);

/* Whether what is of that type and called so is shown and compared as text. */
bool rp_c_is_text(struct rp_c_types *types, const struct rp_c_type *type, const char *name,
                  size_t length);

/* Whether it is a string of C++'s or Rust's libraries in a program, or a pointer to one: then it is
 * shown and compared as the bytes that it has. */
bool rp_c_is_string(struct rp_c_types *types, const struct rp_c_type *type);

/* What entry() and return() around it are of; itself where there are none. */
static inline const struct rp_node *rp_node_of_moments(const struct rp_node *node) {
    while (node->kind == RP_NODE_MOMENT)
        node = node->a;
    return node;
}

/* Whether it is as many bytes as something says, and not up to a NUL. */
bool rp_node_is_bytes(const struct rp_node *node);
/* The builtin that is the name of the task. */
bool rp_node_is_comm(const struct rp_node *node);
/* Whether `text` is compared by `op` with a pattern, or as one: character by character, and as far
 * as is looked at; else it is byte by byte with all of the text that is wanted. */
/* Calls `each` with "ksym(" and "ksym(ADDRESS)" of each function that an expression can call, but
 * for BPF's own. */
void rp_tree_each_function(void (*each)(void *ctx, const char *begins, const char *usage),
                           void *ctx);
/* Whether it is usym(): an address and, above it, whose it is. */
bool rp_node_is_user_address(const struct rp_node *node);
/* Whether it is syscall(): a number and whose table it is of. */
bool rp_node_is_syscall(const struct rp_node *node);
bool rp_compares_pattern(enum rp_op op, const struct rp_node *text);
/* Whether C reaches it in the function's own variables: nothing has to be read. */
bool rp_node_is_in_place(const struct rp_node *node);

/* The same in C's usual spelling, without what is not needed: equal expressions are equal texts.
 * malloc()ed; NULL without memory. */
char *rp_tree_text(const struct rp_node *node);
/* Calls `each` with every variable that it reads, perhaps several times. */
void rp_tree_each_variable(const struct rp_node *node,
                           void (*each)(void *ctx, const struct rp_variable *variable), void *ctx);

#endif
