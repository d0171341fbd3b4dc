/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unwound_stack(): the stack of the process, also of code without frame pointers. A source that
 * mentions it gets this behind glue.h. stack/unwind.h says how it goes, and what fills the maps.
 */
#define RP_RULE_STEP    0
#define RP_RULE_END     1 /* nobody called this */
#define RP_RULE_CUT     2 /* who called cannot be said */
#define RP_ENDS_UNKNOWN 3 /* no rule is there yet */
#define RP_ENDS_UNREAD  4 /* the stack's memory cannot be read */
#define RP_ENDS_DEEP    5 /* too many functions */

/* What an offset counts from. */
#define RP_OF_CFA  0
#define RP_OF_SP   1
#define RP_OF_BP   2
#define RP_OF_SAME 3 /* of bp: it is what it was */
#define RP_DEREF   4 /* of the CFA: it is in memory there */
#define RP_EXACT   8 /* of ip: it is not a return address */

#define RP_PROBED_RETURNS 16

#define RP_CALLER     (1ULL << 63) /* of an address: it is one that a call returns to */
#define RP_DEPTH      127
#define RP_STACK_COPY 32768
#define RP_PAGE       4096

#define RP_MAP_RULES   RP_UNWIND_FD
#define RP_MAP_KNOWN   (RP_UNWIND_FD + 1)
#define RP_MAP_WALKS   (RP_UNWIND_FD + 2)
#define RP_MAP_UNWOUND (RP_UNWIND_FD + 3)
/* The elements of the last one. */
#define RP_UNWOUND_ON     0
#define RP_UNWOUND_MISSED 1
#define RP_UNWOUND_CUT    2

#define RP_UNWOUND_ID   0x40000000
#define RP_UNWOUND_NONE (-38) /* -ENOSYS: as stacks.get_stackid() finds it */
#define RP_UNWOUND_FULL (-17) /* -EEXIST: it is not kept */

/* Whose address it is: `memory` is another one in each process and after each exec. */
struct rp_rule_key {
    u64 ip, memory;
    u32 pid, exec;
};
struct rp_rule {
    u8 kind, cfa_of, ip_of, bp_of;
    s32 cfa, ip, bp;
};
struct rp_at {
    struct rp_rule_key key;
    u64 sp, bp;
};
/* A return that is probed: where its address was on the stack, and which. */
struct rp_probed_return {
    u64 stack, ip;
};
struct rp_walk {
    struct rp_at at; /* where it ended */
    u64 start_stack;
    struct rp_probed_return returns[RP_PROBED_RETURNS];
    u32 id, ended, count, pages; /* `pages`: which are there, from the first on */
    u64 addresses[RP_DEPTH + 1];
    u8 stack[RP_STACK_COPY + RP_PAGE];
};

#if RP_UNWIND_FD && LINUX_VERSION_CODE >= KERNEL_VERSION(5, 15, 0)

/* Not all of libbcc's headers name them. */
#define rp_current_task_btf()   (((void *(*)(void))158)())
#define rp_task_registers(task) (((struct pt_regs * (*)(void *))175)(task))
#define rp_reserve(map, size)   (((void *(*)(u64, u64, u64))131)(map, size, 0))
#define rp_submit(record)       (((void (*)(void *, u64))132)(record, RP_WAKE))
#define RP_WAKE                 2 /* BPF_RB_FORCE_WAKEUP, which a source is asked for */
#define rp_map(number)          bpf_pseudo_fd(1, number)

static __always_inline void rp_unwound_count(u32 what) {
    u64 *count = bpf_map_lookup_elem_(rp_map(RP_MAP_UNWOUND), &what);
    if (count)
        __sync_fetch_and_add(count, 1);
}

static __always_inline int rp_read_word(u64 *out, u64 from) {
    return bpf_probe_read_user(out, sizeof(*out), (void *)from);
}

/* Where the process is; false: it has no memory, or is not of 64 bits. */
static __always_inline int rp_begin_walk(struct rp_at *at, u64 *start_stack) {
    struct task_struct *task = (struct task_struct *)bpf_get_current_task(), *leader = 0;
    struct mm_struct *mm = 0;
    u64 start_time = 0, exec = 0, cs = 0;
    bpf_probe_read_kernel(&mm, sizeof(mm), &task->mm);
    if (!mm)
        return 0;
    struct pt_regs *regs = rp_task_registers(rp_current_task_btf());
    bpf_probe_read_kernel(&cs, sizeof(cs), &regs->cs);
    if ((cs & 0xffff) != 0x33)
        return 0;
    bpf_probe_read_kernel(&at->key.ip, sizeof(u64), &regs->ip);
    bpf_probe_read_kernel(&at->sp, sizeof(u64), &regs->sp);
    bpf_probe_read_kernel(&at->bp, sizeof(u64), &regs->bp);
    bpf_probe_read_kernel(start_stack, sizeof(u64), &mm->start_stack);
    bpf_probe_read_kernel(&leader, sizeof(leader), &task->group_leader);
    bpf_probe_read_kernel(&start_time, sizeof(start_time), &leader->start_time);
    bpf_probe_read_kernel(&exec, sizeof(task->self_exec_id), &task->self_exec_id);
    at->key.memory = *start_stack + start_time * 0x9e3779b97f4a7c15ULL;
    at->key.pid = bpf_get_current_pid_tgid() >> 32;
    at->key.exec = exec;
    return 1;
}

#if RP_HAS_RETURNS
static __always_inline u64 rp_first_return(void) {
    struct task_struct *task = (struct task_struct *)bpf_get_current_task();
    struct uprobe_task *utask = 0;
    struct return_instance *first = 0;
    bpf_probe_read_kernel(&utask, sizeof(utask), &task->utask);
    if (utask)
        bpf_probe_read_kernel(&first, sizeof(first), &utask->return_instances);
    return (u64)first;
}

/* What `at` has next; it moves on. */
static __always_inline struct rp_probed_return rp_next_return(u64 *at) {
    struct return_instance *instance = (void *)*at, *next = 0;
    struct rp_probed_return found = {};
    bpf_probe_read_kernel(&found.stack, sizeof(found.stack), &instance->stack);
    bpf_probe_read_kernel(&found.ip, sizeof(found.ip), &instance->orig_ret_vaddr);
    bpf_probe_read_kernel(&next, sizeof(next), &instance->next);
    *at = (u64)next;
    return found;
}
#else
static __always_inline u64 rp_first_return(void) {
    return 0;
}
static __always_inline struct rp_probed_return rp_next_return(u64 *at) {
    struct rp_probed_return none = {};
    *at = 0;
    return none;
}
#endif

/* From a function to the one that called it; not 0: why there is none. */
static __always_inline int rp_walk_up(struct rp_at *at) {
    struct rp_rule *rule = bpf_map_lookup_elem_(rp_map(RP_MAP_RULES), &at->key);
    if (!rule)
        return RP_ENDS_UNKNOWN;
    if (rule->kind)
        return rule->kind;
    if ((rule->cfa_of & RP_OF_BP) && !at->bp)
        return RP_RULE_END;
    u64 cfa = (rule->cfa_of & RP_OF_BP ? at->bp : at->sp) + rule->cfa;
    if ((rule->cfa_of & RP_DEREF) && rp_read_word(&cfa, cfa))
        return RP_ENDS_UNREAD;
    u64 ip = 0, from = rule->ip_of & RP_OF_SP ? at->sp : cfa;
    if (rp_read_word(&ip, from + rule->ip))
        return RP_ENDS_UNREAD;
    if (!ip)
        return RP_RULE_END;
    if (!(rule->ip_of & RP_EXACT) && cfa <= at->sp)
        return RP_RULE_CUT;
    if (rule->bp_of != RP_OF_SAME) {
        from = rule->bp_of == RP_OF_CFA ? cfa : rule->bp_of == RP_OF_SP ? at->sp : at->bp;
        if (rp_read_word(&at->bp, from + rule->bp))
            return RP_ENDS_UNREAD;
    }
    at->key.ip = rule->ip_of & RP_EXACT ? ip : ip | RP_CALLER;
    at->sp = cfa;
    return 0;
}

static __always_inline u64 rp_walk_hash(struct rp_at *at, u32 *ended) {
    u64 hash = 0x9e3779b97f4a7c15ULL;
    *ended = RP_ENDS_DEEP;
    RP_LOOP for (int i = 0; i < RP_DEPTH; i++) {
        hash = (hash ^ at->key.ip) * 0xff51afd7ed558ccdULL;
        hash ^= hash >> 32;
        int end = rp_walk_up(at);
        if (end) {
            *ended = end;
            break;
        }
    }
    return (hash + *ended) * 0xc4ceb9fe1a85ec53ULL;
}

/* The id that the stack of that hash has or gets; 0: there is no room. *is_new: nobody has told of
 * it. Two stacks whose ids are the same get others. */
static __always_inline u32 rp_walk_id(u64 hash, bool *is_new) {
    u32 id = hash >> 34 | RP_UNWOUND_ID, found = 0;
    *is_new = false;
    RP_LOOP for (int i = 0; i < 4 && !found; i++) {
        u64 *known = bpf_map_lookup_elem_(rp_map(RP_MAP_KNOWN), &id);
        if (known && *known == hash) {
            found = id;
        } else if (!known && !bpf_map_update_elem_(rp_map(RP_MAP_KNOWN), &id, &hash, BPF_NOEXIST)) {
            found = id;
            *is_new = true;
        } else {
            id = (id * 5 + 1) & (RP_UNWOUND_ID - 1) | RP_UNWOUND_ID;
        }
    }
    return found;
}

/* The stack's memory, page by page, from where the walk ended. A page that was never written to is
 * not there. */
static __always_inline void rp_copy_stack(struct rp_walk *walk) {
    u32 size = 0;
    RP_LOOP for (int i = 0; i <= RP_STACK_COPY / RP_PAGE; i++) {
        u64 from = walk->at.sp + size;
        u32 bytes = RP_PAGE - (from & (RP_PAGE - 1));
        if (size > RP_STACK_COPY)
            break;
        if (!bpf_probe_read_user(walk->stack + size, bytes, (void *)from))
            walk->pages |= 1U << i;
        size += bytes;
    }
}

/* Where a return is probed there is never a rule, since it goes elsewhere each time: who reads the
 * copy finds it among these. */
static __always_inline void rp_copy_returns(struct rp_walk *walk) {
    u64 at = rp_first_return();
    RP_LOOP for (int i = 0; i < RP_PROBED_RETURNS; i++) {
        walk->returns[i].ip = 0;
        if (at)
            walk->returns[i] = rp_next_return(&at);
    }
}

/* Tells of the stack: all of it, or as far as rules lead, with the memory that the others are for.
 */
static __always_inline int rp_tell_walk(u32 id) {
    struct rp_walk *walk = rp_reserve(rp_map(RP_MAP_WALKS), sizeof(*walk));
    struct rp_at at = {};
    u32 count = 0, ended = RP_ENDS_DEEP;
    if (!walk)
        return 0;
    rp_begin_walk(&at, &walk->start_stack);
    RP_LOOP for (int i = 0; i < RP_DEPTH; i++) {
        walk->addresses[i] = at.key.ip;
        count = i + 1;
        int end = rp_walk_up(&at);
        if (end) {
            ended = end;
            break;
        }
    }
    walk->id = id;
    walk->count = count;
    walk->ended = ended;
    walk->at = at;
    walk->pages = 0;
    /* From memory, where the verifier does not follow each value that it may have. */
    if (*(volatile u32 *)&walk->ended == RP_ENDS_UNKNOWN) {
        rp_copy_stack(walk);
        rp_copy_returns(walk);
    }
    rp_submit(walk);
    return 1;
}

/* The id of the process's stack, or RP_UNWOUND_NONE. */
static __always_inline int unwound_stack(void) {
    struct rp_at at = {};
    u64 start_stack, *on;
    u32 which = RP_UNWOUND_ON, ended;
    bool is_new;
    on = bpf_map_lookup_elem_(rp_map(RP_MAP_UNWOUND), &which);
    if (!on || !*on || !rp_begin_walk(&at, &start_stack))
        return RP_UNWOUND_NONE;
    u64 hash = rp_walk_hash(&at, &ended);
    /* From here on nothing depends on it: the verifier follows each value that it may have. */
    if (ended == RP_ENDS_UNKNOWN) /* how it goes on is another one's each time */
        hash ^= (u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32();
    else if (ended != RP_RULE_END)
        rp_unwound_count(RP_UNWOUND_CUT);
    u32 id = rp_walk_id(hash, &is_new);
    if (id && (!is_new || rp_tell_walk(id)))
        return id;
    if (id)
        bpf_map_delete_elem_(rp_map(RP_MAP_KNOWN), &id);
    rp_unwound_count(RP_UNWOUND_MISSED);
    return RP_UNWOUND_FULL;
}
#else
#define unwound_stack() RP_UNWOUND_NONE
#endif
