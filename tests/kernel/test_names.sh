#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Maps and members of an author's own C that are called like those of generated programs, but hold something else:
# everything that prints them prints what they hold.
. "$(dirname "$0")/../lib.sh"
need_root

calls=9

# Names that generated programs and reprobe's own have for maps and outputs; each is a table by a key of 4 bytes here,
# with a value of 2, and a member of a name that once meant something.
tables=(counts processes dist dist_linear_ stacks start entered sums missed negative kept rows rp_rows)

tables_source() {
	local name
	echo 'struct small { u16 stack; };'
	for name in "${tables[@]}"; do
		echo "BPF_HASH($name, u32, struct small, 8);"
	done
	echo 'PROBE { if (!is_target()) return 0; u32 key = 77; struct small value = {.stack = 513};'
	for name in "${tables[@]}"; do
		echo "$name.update(&key, &value);"
	done
	echo 'return 0; }'
}

# Each of them has its one entry.
check_tables() {
	local name
	for name in "${tables[@]}"; do
		contains "$1 of $name" "$out" "{\"map\":\"$name\",\"key\":77,\"value\":{\"stack\":513}}"
	done
}

of_run() {
	tables_source | source_file tables.c
	run reprobe run --json -c "spawn --calls $calls" tables.c
	status 0
	silent
	check_tables "run"
	run reprobe run -c "spawn --calls $calls" tables.c
	status 0
	equal "rows" "${#tables[@]}" "$(grep -cE '^77 +513 *$' out)"
}

of_prompt() {
	local asks=() name
	tables_source | source_file tables.c
	for name in "${tables[@]}"; do
		asks+=(-e "map $name" -e "export csv $name $name.csv" -e "watch $name 10ms 1")
	done
	run reprobe --json -c "spawn --calls $calls" -e 'load tables.c' -e wait "${asks[@]}"
	status 0
	lacks "errors" "$err" "reprobe: "
	check_tables "map"
	for name in "${tables[@]}"; do
		equal "CSV of $name" "key,stack 77,513" "$(tr -d '\r' <"$name.csv" | xargs)"
		# By `map`, by `watch`, and as it ends.
		[ "$(grep -c "{\"map\":\"$name\",\"key\":77,\"value\":{\"stack\":513}}" out)" -ge 3 ] ||
			fail "expected $name three times" "$out"
	done
}

# An output of that name whose records are a number of 4 bytes, next to a map of stacks: what once made the prompt read 28
# bytes of a key of 4.
outputs_source() {
	cat <<'END'
BPF_PERF_OUTPUT(processes);
BPF_STACK_TRACE(stacks, 64);
BPF_HASH(counts, u32, u64);
PROBE
{
    if (!is_target())
        return 0;
    u32 number = 4711;
    counts.increment(number);
    processes.perf_submit(args, &number, sizeof(number));
    stacks.get_stackid(args, 0);
    return 0;
}
END
}

of_outputs() {
	outputs_source | source_file outputs.c
	run reprobe --json -c "spawn --calls $calls" -e 'load outputs.c'
	status 0
	equal "records" "$calls" "$(grep -c '"data":{"value":4711}}' out)"
	contains "counts" "$out" "{\"map\":\"counts\",\"key\":4711,\"value\":$calls}"
	run reprobe run --json -c "spawn --calls $calls" outputs.c
	status 0
	equal "records of run" "$calls" "$(grep -c '"data":{"value":4711}}' out)"
	contains "counts of run" "$out" "{\"map\":\"counts\",\"key\":4711,\"value\":$calls}"
}

# Members that once meant a stack, an attach point or a process.
members_source() {
	cat <<'END'
struct key { u16 place; u16 pid; u8 kernel_stack, user_stack; char comm; u8 unread; };
BPF_HASH(counts, struct key, u32);
BPF_STACK_TRACE(stacks, 64);
PROBE
{
    if (!is_target())
        return 0;
    struct key key = {.place = 3, .pid = 5, .kernel_stack = 7, .user_stack = 9, .comm = 'x', .unread = 1};
    u32 zero = 0, *count = counts.lookup_or_try_init(&key, &zero);
    if (count)
        lock_xadd(count, 1);
    stacks.get_stackid(args, 0);
    return 0;
}
END
}

of_members() {
	members_source | source_file members.c
	local wanted='"key":{"place":3,"pid":5,"kernel_stack":7,"user_stack":9,"comm":"x","unread":1},"value":'$calls
	run reprobe --json -c "spawn --calls $calls" -e 'load members.c'
	status 0
	contains "the prompt" "$out" "$wanted"
	run reprobe run --json -c "spawn --calls $calls" members.c
	status 0
	contains "run" "$out" "$wanted"
}

before=$(inventory)
# Members and variables called like macros of kernel headers; functions and constants of those headers.
macros_source() {
	source_file macros.c <<'END'
#undef TCP_ESTABLISHED
#define TCP_ESTABLISHED 5
struct own {
    int sk_daddr, sk_family, sk_state, inet_num;
    u16 sk_dport;
};
struct event {
    u32 sk_daddr;
    int family, state, number, port, established, shot, same, differs, length, equal, bit;
    unsigned __int128 wide;
    char text[8];
};
BPF_RINGBUF_OUTPUT(events, 8);

PROBE
{
    struct own own = {1, 2, 3, 4, 9};
    u16 sk_num = 7;
    struct event event;
    if (TARGET_PID != bpf_get_current_pid_tgid() >> 32)
        return 0;
    memset(&event, 0, sizeof(event));
    event.sk_daddr = own.sk_daddr;
    event.family = own.sk_family;
    event.state = own.sk_state;
    event.number = own.inet_num + sk_num;
    event.port = own.sk_dport;
    event.established = TCP_ESTABLISHED;
    event.shot = TC_ACT_SHOT + ETH_P_8021AD;
    memcpy(event.text, "abc", 4);
    event.same = __builtin_memcmp(event.text, "abc", 3);
    event.differs = __builtin_memcmp(event.text, "abdef", 5) < 0;
    event.length = strlen("four");
    event.equal = memcmp(event.text, "abc", 4);
    event.bit = (u64)&((struct sk_buff *)0)->cb == (u64)TCP_SKB_CB((struct sk_buff *)0);
    event.wide = (unsigned __int128)1 << 100;
    events.ringbuf_output(&event, sizeof(event), 0);
    return 0;
}
END
}

of_macros() {
	macros_source
	run reprobe run --json macros.c -c 'exec spawn --calls 1 >called'
	status 0
	silent
	equal "values" "1 2 3 11 9 5 34986 0 1 4 0 1 0x10000000000000000000000000 abc" \
		"$(jsonlines data.sk_daddr data.family data.state data.number data.port data.established data.shot data.same data.differs \
			data.length data.equal data.bit data.wide data.text <out | tr '\t' ' ')"
}

t "tables: run" of_run
t "tables: the prompt" of_prompt
t "outputs" of_outputs
t "members" of_members
t "nothing stays" unchanged "$before"
t "macros of kernel headers" of_macros
finish
