#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Questions about functions of the kernel: kprobes, kretprobes and both together, fentry and fexit.
. "$(dirname "$0")/../lib.sh"
need_root
if [ -z "$kprobes" ]; then
	t "questions about functions" skip "this kernel has no kprobes"
	finish
fi
. "$here/questions.sh"
# Not on an overlay, which unlinks in the file system below once more.
files=/dev/shm/reprobe-test.$$
mkdir "$files"
trap 'cd /; rm -rf "$base" "$files"' EXIT
unlink="mkdir -p $files; touch $files/one $files/two; spawn --unlink $files/one $files/missing $files/two >expected"

# The issue's own example, and with the result: name->name is gone by then, so it is kept.
arguments_and_results() {
	answer "$unlink" trace 'do_unlinkat if comm == "spawn"'
	equal "arguments" "$(awk '{ print $1, "spawn", -100, $3 }' expected)" \
		"$(fields data.pid data.comm data.dfd data.name_name)"
	answer "$unlink" trace 'do_unlinkat name->name ret if comm == "spawn"'
	equal "with the result" "$(awk '{ print $1, $3, 0 - $2 }' expected)" "$(fields data.pid data.name_name data.ret)"
}

# The syscall's own function has its arguments in memory of its caller's.
syscalls() {
	answer "$unlink" trace 'sys_unlink pathname ret if comm == "spawn"'
	equal "rows" "$(awk '{ print $1, $3, 0 - $2 }' expected)" "$(fields data.pid data.pathname data.ret)"
}

directly() {
	reprobe list fentry >list 2>&1 || skip "this kernel has no fentry"
	contains "fexit where that will do" "$(query trace 'do_unlinkat dfd ret')" KRETFUNC_PROBE
	answer "$unlink" trace 'do_unlinkat dfd ret if comm == "spawn"'
	equal "fexit" "$(awk '{ print $1, -100, 0 - $2 }' expected)" "$(fields data.pid data.dfd data.ret)"
	answer "$unlink" trace "fentry:do_unlinkat name->name ret if name->name != \"$files/one\" && comm == \"spawn\""
	equal "both" "$(awk '{ print $1, $3, 0 - $2 }' expected | tail -n 2)" "$(fields data.pid data.name_name data.ret)"
}

# Each step through memory is a read of its own, whatever kind of probe it is.
steps_through_memory() {
	local kind elf='(u8)bprm->buf[0] (u8)bprm->buf[2], (u8)*(bprm->buf + 1), (u8)bprm->buf[pid - pid + 3]'
	for kind in kprobe fentry; do
		[ $kind = kprobe ] || reprobe list fentry >list 2>&1 || continue
		answer 'spawn 2 >expected' trace "$kind:begin_new_exec $elf if comm == \"spawn\""
		equal "$kind: an array behind a pointer" "127 76 69 70" \
			"$(fields data.u8_bprm_buf_0 data.u8_bprm_buf_2 data.u8_bprm_buf_1 data.u8_bprm_buf_pid_pid_3 | sort -u)"
		answer "mkdir -p $files; touch $files/one; spawn --unlink $files/one >>expected" \
			trace "$kind:do_unlinkat bpf_get_current_task()->files->fdt->fd[1]->f_flags if comm == \"spawn\""
		equal "$kind: a pointer to pointers" 33793 "$(grep '^{"output"' out | sed 's/.*f_f[lags]*":\([0-9]*\).*/\1/')"
	done
	reprobe list 'tp_btf:sched_process_exec' >list 2>&1 || return 0
	answer 'spawn 1 >>expected' trace 'tp_btf:sched_process_exec p->files->fdt->fd[1]->f_flags if p->comm == "spawn"'
	equal "tp_btf: a pointer to pointers" 33793 "$(grep '^{"output"' out | sed 's/.*f_f[lags]*":\([0-9]*\).*/\1/' | tail -n 1)"
}

# In a register, by value.
structs_by_value() {
	local kind
	for kind in kprobe fentry; do
		[ $kind = kprobe ] || reprobe list fentry >list 2>&1 || continue
		answer "mkdir -p $files; touch $files/one; chown 12:34 $files/one" trace "$kind:security_path_chown uid.val gid.val if comm == \"chown\""
		equal "$kind" "12 34" "$(fields data.uid_val data.gid_val)"
		answer "mkdir -p $files; touch $files/one; chown 12:34 $files/one" trace "$kind:security_path_chown uid ret if comm == \"chown\" && gid.val == 34"
		equal "$kind with its result" "12 0" "$(fields data.uid_val data.ret)"
	done
}

# In two registers; on the stack, because the registers do not suffice, or because they are large; what is behind them.
large_structs_by_value() {
	local kind option='level optname optval.user optlen.user *(int *)optlen.user' pages='nr_pages pages nodes status flags'
	for kind in kprobe fentry; do
		[ $kind = kprobe ] || reprobe list fentry >list 2>&1 || continue
		answer "given --option >expected" trace "$kind:do_tcp_getsockopt $option if comm == \"given\" && optlen.is_kernel == 0"
		equal "$kind" "$(cat expected)" "$(fields data.level data.optname data.optval_user data.optlen_user data.int_optlen_user)"
		answer "given --option >expected" trace "$kind:do_tcp_getsockopt $option ret if comm == \"given\""
		equal "$kind with its result" "$(cat expected) 0" \
			"$(fields data.level data.optname data.optval_user data.optlen_user data.int_optlen_user data.ret)"
	done
	# Larger than what a program at a function can have.
	answer "given --pages >expected" trace "kprobe:do_pages_move task_nodes.bits[0] $pages if comm == \"given\""
	equal "on the stack" "1 $(cat expected)" \
		"$(fields data.task_nodes_bits_0 data.nr_pages data.pages data.nodes data.status data.flags)"
}

# What a function sets is there at its return.
moments() {
	answer 'tcp 1 >/dev/null' trace 'tcp_v4_connect entry(sk->sk_daddr) return(sk->sk_daddr) ret if comm == "tcp"'
	equal "127.0.0.1" "0 16777343 0" "$(fields data.entry_sk_sk_daddr data.return_sk_sk_daddr data.ret | head -n 1)"
}

sums() {
	target=-t answer "$unlink" hist 'do_unlinkat ret by name->name if comm == "spawn"'
	equal "histogram by text" "$files/one 1,$files/two 1" \
		"$(grep '"histogram"' out | sed 's/.*"name_name":"\([^"]*\)".*"count":\([0-9]*\)}.*/\1 \2/' | sort | paste -sd,)"
	equal "below zero" 1 "$(grep '"negative"' out | jsonlines value)"
	answer "$unlink" latency 'do_unlinkat by comm if comm == "spawn"'
	equal "latency" 3 "$(grep '"histogram"' out | grep -o '"count":[0-9]*' | cut -d: -f2 | awk '{ n += $1 } END { print n + 0 }')"
	answer "$unlink" count 'do_unlinkat kretprobe:do_unlinkat by comm if comm == "spawn"'
	equal "count" "0 3,4294967296 3" \
		"$(grep '"place"' out | jsonlines key.place value | tr '\t' ' ' | sort -n | paste -sd,)"
}

no_such_function() {
	run query trace vfs_raed
	refused 'the kernel has no tracepoint, system call or function of that name' 'did you mean vfs_read'
}

t "arguments and results" arguments_and_results
t "syscalls" syscalls
t "fentry and fexit" directly
t "steps through memory" steps_through_memory
t "structs by value" structs_by_value
t "large structs by value" large_structs_by_value
t "entry and return" moments
t "sums" sums
t "no such function" no_such_function
finish
