#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the kernel's types, places and loaded programs are said to be, beside what others say of them:
# by the helper `look`, and at the prompt.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root

look() { run inspect "$@"; }

# ---------------------------------------------------------------- types

# offsets STRUCT: "MEMBER OFFSET SIZE" of its own members, but for bit fields, and its size, as the
# printed type has them
offsets() {
	look type "struct $1"
	status 0
	printf '%s\n' "$out" | sed -nE \
		-e 's|^    ([^ ].*[^a-zA-Z0-9_])?([a-zA-Z_][a-zA-Z0-9_]*)(\)\(.*\))?(\[[0-9]+\])*; +/\* +([0-9]+) +([0-9]+) \*/$|\2 \5 \6|p' \
		-e 's|^    /\* size ([0-9]+),.*|size \1|p'
}

# A program that prints the same of all structs, as the compiler lays out bpftool's types
write_compiled() {
	local struct member
	echo '#include "vmlinux.h"'
	echo 'int printf(const char *, ...);'
	echo 'int main(void) {'
	while read -r struct member _ last; do
		if [ -n "$last" ]; then
			echo "printf(\"$struct $member %zu %zu\\n\", __builtin_offsetof(struct $struct, $member)," \
				"sizeof(((struct $struct *)0)->$member));"
		else
			echo "printf(\"$struct size %zu\\n\", sizeof(struct $struct));"
		fi
	done
	echo '}'
}

types() {
	[ "$slow" -le 1 ] || skip "the compiler takes too long here"
	local struct
	bpftool btf dump file /sys/kernel/btf/vmlinux format c >vmlinux.h
	for struct in task_struct file filename sk_buff iphdr net_device dentry super_block page bpf_prog; do
		offsets "$struct" | sed "s/^/$struct /"
	done >printed
	write_compiled <printed >offsets.c
	cc -w -o offsets offsets.c || fail "it cannot be compiled"
	equal "offsets and sizes" "$(./offsets)" "$(cat printed)"
	[ "$(wc -l <printed)" -gt 300 ] || fail "expected hundreds of members to compare"
}

# Each of them has its own size and members, and a name that a program can say.
namesakes() {
	local names name number
	bpftool btf dump file /sys/kernel/btf/vmlinux format raw | sed -nE "s/^\[[0-9]+\] STRUCT '([a-z_0-9]+)' size=([0-9]+).*/\1 \2/p" >structs
	names=$(awk '{ print $1 }' structs | sort | uniq -d)
	[ -n "$names" ] || skip "this kernel has no types of one name"
	for name in $names; do
		look type "struct $name"
		equal "sizes of struct $name" "$(awk -v name="$name" '$1 == name { print $2 }' structs | sort -n)" \
			"$(sed -nE 's,^ +/\* size ([0-9]+).*,\1,p' <<<"$out" | sort -n)"
		number=$(awk -v name="struct $name" 'index($0, name "___") == 1 { print $2; exit }' <<<"$out")
		[ -z "$number" ] || { run reprobe types "struct $number" && contains "the one" "$out" "struct $number {"; }
	done
}

forms() {
	look type pid_t
	matches "a typedef" "$out" '^typedef __kernel_pid_t pid_t; +/\* size 4 \*/$'
	matches "what it stands for" "$out" '^typedef int __kernel_pid_t; +/\* size 4 \*/$'
	look type 'enum pid_type'
	contains "an enum" "$out" 'enum pid_type {' '    PIDTYPE_TGID = 1,' '    /* size 4 */'
	look type 'struct file *'
	matches "a pointer's struct" "$out" '^struct file \{ +/\* offset    size \*/$'
	look type atomic_t
	matches "a typedef of a struct without a name" "$out" '^\} atomic_t;$'
	look type iphdr
	matches "a bit field" "$out" '__u8 ihl : 4; +/\* +0:0 +4 bits \*/$'
	look type filename
	matches "a hole" "$out" '/\* hole of 4 bytes \*/'
	look type taks_struct
	refused 'neither the kernel nor a loaded module has a type of that name' 'did you mean task_struct'
}

# ---------------------------------------------------------------- places

tracepoint() {
	local format=/sys/kernel/tracing/events/sched/sched_switch/format
	look probe tracepoint:sched:sched_switch
	status 0
	equal "fields" \
		"$(sed -nE 's/^\tfield:(.*);\toffset:([0-9]+);\tsize:([0-9]+);.*/\2 \3 \1/p' $format)" \
		"$(sed -nE 's/^ +([0-9]+) +([0-9]+)  (.*)/\1 \2 \3/p' <<<"$out")"
	contains "it is there" "$out" 'here       it can be probed'
	look probe rawtracepoint:sched_switch
	contains "its arguments" "$out" 'struct task_struct *prev, struct task_struct *next'
	look probe tracepoint:sched:sched_swich
	refused 'has no tracepoint sched_swich' 'did you mean sched_switch?'
}

kernel_function() {
	look probe kprobe:vfs_read
	status 0
	contains "its signature" "$out" 'ssize_t vfs_read(struct file *file, char *buf, size_t count, loff_t *pos)'
	matches "its address" "$out" "address    0x$(awk '$3 == "vfs_read" {print $1; exit}' /proc/kallsyms), of [0-9]+ bytes"
	if [ -n "$kprobes" ]; then
		contains "whether it can be probed" "$out" 'it can be probed'
	else
		contains "why it cannot be probed" "$out" 'it cannot be probed: this kernel has no kprobes'
	fi
}

# test_programs.sh has those whose types are known.
programs() {
	local probed=$tmp/probed
	objcopy --strip-debug "$(command -v probed)" "$probed"
	look probe "uprobe:$probed:twice"
	status 0
	contains "a function of a program" "$out" "file       $probed" 'unknown: arg0 to'
	# Where the symbol is, less where its segment is mapped, more where that is in the file.
	local address
	address=$((16#$(nm "$probed" | awk '$3 == "twice" {print $1}')))
	readelf -lW "$probed" | awk '$1 == "LOAD" && / E /{print $2, $3, $5}' | {
		read -r offset start _
		matches "its offset" "$out" "$(printf 'offset     0x%x in the file' $((address - start + offset)))"
		exit $failures
	} || failures=1
	cp "$probed" bare
	strip bare
	look probe "usdt:./bare:probed:step"
	status 0
	contains "a file" "$out" "/bare (stripped: only exported functions have names)"
	equal "attach points of a USDT probe" 2 "$(grep -c 'arguments: -4@' <<<"$out")"
	look probe "usdt:$probed:guarded"
	contains "its semaphore" "$out" 'skipped while nobody traces it (semaphore)'
	lacks "a file that is whole" "$out" stripped
	look probe "usdt:$probed:nosuch"
	refused 'there is no USDT probe nosuch'
}

# ---------------------------------------------------------------- programs

function=tracepoint__syscalls__sys_enter_getpgid
place=tracepoint:syscalls:sys_enter_getpgid

program_file() {
	source_file program.c <<'EOF'
BPF_HASH(counts, u32, u64);
PROBE
{
    u32 pid = bpf_get_current_pid_tgid() >> 32;
    u64 zero = 0, *count = counts.lookup_or_try_init(&pid, &zero);
    if (count)
        *count += bpf_ktime_get_ns();
    return 0;
}
EOF
}

# hold WHAT [movable]: prints it while the program is held, whose id is then in $id
hold() {
	mkfifo held
	rm -f err
	look_held "$@" &
	exec 9>held
	wait_for "it looks" grep -qE '^[0-9]+$' err
	out=$(cat out)
	id=$(cat err)
}
look_held() { command inspect "$1" program.c $function $place ${2:+"$2"} <held >out 2>err; }
end_held() {
	exec 9>&-
	wait
	rm held
}

# The numbers of instructions, in the BPF part of what was printed, or as bpftool prints them.
numbers() { sed '/: at 0x/,$d' | sed -nE 's/^ *([0-9]+): .*/\1/p'; }

disassembly() {
	program_file
	local form
	for form in '' movable; do
		hold program $form
		equal "instructions ${form:-plain}" \
			"$(bpftool prog dump xlated id "$id" | numbers)" "$(printf '%s\n' "$out" | numbers)"
		end_held
	done
	contains "a movable program" "$out" "$function: (the gate before it" "calls $function, at"
	hold program
	contains "C between them" "$out" '; 4: u32 pid = bpf_get_current_pid_tgid() >> 32;' \
		'; 7: *count += bpf_ktime_get_ns();'
	matches "a map" "$out" 'map counts \(id [0-9]+\)'
	matches "a helper" "$out" '^ +[0-9]+: call -?[0-9]+ +; bpf_get_current_pid_tgid$'
	matches "a jump" "$out" '^ +[0-9]+: if r0 [!=]= 0 goto \+[0-9]+ +; to [0-9]+$'
	end_held
	[ "$(uname -m)" = x86_64 ] && [ "$(cat /proc/sys/net/core/bpf_jit_enable)" != 0 ] &&
		[ "$(cat /proc/sys/kernel/kptr_restrict)" -lt 2 ] || return
	local machine=${out#*: at 0x}
	matches "the machine's call" "$machine" '^ +[0-9a-f]+: callq? bpf_get_current_pid_tgid$'
	matches "its return" "$machine" '^ +[0-9a-f]+: (retq?|jmp .*return_thunk)$'
	equal "unknown instructions" "" "$(grep -E ' byte 0x|does not know' <<<"$out")"
}

hidden() {
	program_file
	local before
	before=$(cat /proc/sys/kernel/kptr_restrict)
	[ -n "${REPROBE_TEST_ALONE-}" ] || skip "kernel.kptr_restrict is the whole machine's"
	echo 2 >/proc/sys/kernel/kptr_restrict
	hold program
	echo "$before" >/proc/sys/kernel/kptr_restrict
	contains "why there is none" "$out" 'No machine code: the kernel does not show it' \
		'a function that the kernel does not show'
	end_held
}

verifier() {
	program_file
	local form
	for form in '' movable; do
		hold verifier $form
		end_held
		contains "the log" "$out" "$place, $function: accepted" 'call bpf_get_current_pid_tgid#14'
		matches "all of it" "$out" '^processed [0-9]+ insns '
		matches "what is known" "$out" '^ +[0-9]+: r[0-9] = .* ; R[0-9]'
		lacks "opcodes" "$(sed '/^Live regs/,/: known:/d' <<<"$out")" '(bf)'
	done
}

# ---------------------------------------------------------------- the prompt

verbs() {
	run reprobe -e 'count sys_enter_getpgid by pid' -e 'disasm 1' -e 'verifier last' -e quit \
		-p $$
	status 0
	contains "disasm and verifier" "$out" 'program ' 'accepted' 'processed '
	run reprobe -e 'info vfs_read' -e 'info sched:sched_switch' -e 'types filename' -e 'list sched:*wait*'
	status 0
	contains "info, types and list" "$out" 'kprobe:vfs_read: ' 'tracepoint:sched:sched_switch: ' \
		'struct filename {' 'tracepoint:sched:sched_process_wait'
}

verb_errors() {
	local line
	for line in 'info' 'info vfs_*' 'types' 'types nosuch' 'list nosuch*' 'disasm' 'disasm 3' \
		'verifier x' 'disasm 1 2' 'info kprobe:nosuch_function'; do
		run reprobe -e "$line"
		status 1
		equal "messages of $line" 1 "$(grep -c '^reprobe: ' <<<"$err")"
		[ "$line" = 'disasm 1 2' ] || matches "what to do about $line" "$err" '^hint: '
	done
}

maps() {
	run reprobe -p $$ -e 'count sys_enter_getpgid by pid, comm' -e maps -e 'map counts set {7, "a b"} 5' \
		-e 'map counts' -e 'map counts del {7, "a b"}' -e 'map 1.counts set {.comm = sh} 0x10' \
		-e 'watch counts 50ms 3' -e 'map counts clear' -e 'map counts' -e quit
	status 0
	matches "maps" "$out" '^1\.counts +hash, struct \{.* pid; char comm\[16\]\} -> u64, 0 of [0-9]+ entries$'
	equal "map, and watch as blocks" "counts:
PID     COMM            VALUE
7       a b             5
counts:
PID     COMM            VALUE
0       sh              16

counts:
PID     COMM            VALUE
0       sh              16

counts:
PID     COMM            VALUE
0       sh              16
counts:" "$(sed '1,/^counts:/{/^counts:/!d}' <<<"$out")"
}

map_errors() {
	local line
	for line in 'map nosuch' 'map counts set' 'map counts set 1' 'map counts del' \
		'map counts eat' 'watch counts soon' 'watch counts 1 never' 'map counts clear all'; do
		run reprobe -p $$ -e 'count sys_enter_getpgid' -e "$line" -e quit
		status 1
		matches "message of $line" "$err" '^reprobe: .+: .+'
	done
}

# Long output ends where its reader does, without a word.
cut() {
	local line
	for line in 'list *' 'types task_struct'; do
		reprobe -e "$line" 2>err | head -n 1 >out
		equal "what $line says" "" "$(cat err)"
		equal "lines of $line" 1 "$(wc -l <out)"
	done
}

# At the prompt nothing depends on the kernel: where a start of it takes seconds, they are too many.
prompt() {
	[ "$slow" -le 1 ] || skip "many starts of the prompt take too long here"
	"$1"
}

t "types as the compiler lays them out" types
t "types of one name" namesakes
t "every form of a type" forms
t "info of tracepoints" tracepoint
t "info of a kernel function" kernel_function
t "info of what is in programs" programs
t "instructions as bpftool counts them" disassembly
t "what the kernel hides" hidden
t "the verifier's log" verifier
t "list, info, types, disasm and verifier" prompt verbs
t "their errors" prompt verb_errors
t "maps, map and watch" prompt maps
t "errors of maps" prompt map_errors
t "output that is cut" prompt cut
finish
