#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Questions: the C that each verb writes runs as it is by `reprobe run`, and says what the test did.
# Places here are tracepoints, functions in files and samples; those in the kernel are in
# tests/lab/test_questions.sh.
. "$(dirname "$0")/../lib.sh"
need_root

. "$here/questions.sh"
probed=$helpers/probed

# ---------------------------------------------------------------- trace

# openat() is the first of the calls that spawn opens each file by.
syscalls_with_results() {
	touch readme
	answer "spawn --open readme missing '' >expected" \
		trace 'openat dfd filename flags ret if comm == "spawn"'
	equal "rows" \
		"$(awk '$2 != "" && NR % 3 == 1 { print $1, $2, -100, $5, 0, $4 ? -$4 : $3 }' expected | sed 's/  / - /')" \
		"$(fields data.pid data.comm data.dfd data.filename data.flags data.ret | sed 's/  / - /')"
	contains "columns" "$(query -i trace 'openat filename ret if comm == "spawn"')" 'headers: filename ret'
}

# Neither what begins so nor what goes on.
text_is_compared_to_its_end() {
	touch read readme readmes
	answer "spawn --open read readme readmes readme >expected" \
		trace 'openat filename if filename == "readme"'
	equal "equal" "readme readme" "$(fields data.filename | paste -sd' ')"
	answer "spawn --open read readme readmes >expected" \
		trace 'openat filename if comm == "spawn" && "readme" != filename'
	equal "unequal" "read readmes" "$(fields data.filename | paste -sd' ')"
	answer "spawn --open read readme readmes >expected" \
		trace 'openat filename if (filename == "read" || filename == "readmes") && comm == "spawn"'
	equal "one or the other" "read readmes" "$(fields data.filename | paste -sd' ')"
}

# matched CONDITION: the files that spawn opens for which it is true.
matched() {
	answer "spawn --open read readme READ.md /etc/hostname x/y/read '' $long >/dev/null" count \
		"openat by filename if ($1) && comm == \"spawn\" && !starts(filename, \"/lib\") && !starts(filename, \"/etc/ld\")"
	grep '"counts","key"' out | jsonlines key.filename value | tr '\t' ' ' | sort | paste -sd,
}

# Patterns have their places: the beginning, the end, and several in between; what is longer than what is looked at is told.
text_is_matched() {
	local long
	long=$(printf 'dir/%.0s' $(seq 40))end
	touch read
	equal "a beginning" "read 1,readme 1" "$(matched 'filename ~ "read*"')"
	equal "an end" "read 1,x/y/read 1" "$(matched 'filename ~ "*read"')"
	equal "an end, by a function" "read 1,x/y/read 1" "$(matched 'ends(filename, "read")')"
	equal "both, and one of any" "READ.md 1" "$(matched 'filename ~ "R*.?d"')"
	equal "all of it" "read 1" "$(matched 'filename ~ "r??d"')"
	equal "a part" "read 1,readme 1,x/y/read 1" "$(matched '"ead" in filename')"
	equal "several stars" "/etc/hostname 1" "$(matched 'filename ~ "*/*t*a*e"')"
	equal "case aside" "READ.md 1,read 1,readme 1" "$(matched 'nocase(filename) ~ "rEa*"')"
	equal "case aside, the whole" "read 1" "$(matched 'nocase(filename) == "READ"')"
	equal "a star itself" "" "$(matched 'filename ~ "rea\\*"')"
	equal "the opposite" "/etc/hostname 1,READ.md 1" "$(matched 'filename !~ "*read*"')"
	asked "spawn --open $long >/dev/null" 'count openat by comm if filename ~ "*end" && comm == "spawn"'
	contains "too long to be known" "$err" '1 event was left out' 'or longer than what is looked at'
	asked "spawn --open $long >/dev/null" 'count openat by comm if starts(filename, "dir/") && filename ~ "*dir*"'
	contains "its beginning is enough" "$out" '"value":1'
	printf 'ab\0cdef' >text
	asked 'dd if=text of=/dev/null bs=7 count=1 status=none' 'count write by comm if "\0cd" in buf && comm == "dd"'
	contains "bytes" "$out" '"key":{"comm":"dd"},"value":1'
	asked 'dd if=text of=/dev/null bs=3 count=1 status=none' 'count write by comm if "cd" in buf && comm == "dd"'
	lacks "bytes that are not written" "$out" '"comm":"dd"'
	asked "$probed --calls 12 >/dev/null" "count uprobe:$probed:twice by str(arg1) ~ \"*1*\" as WITH_1, ret > 20"
	equal "a key, read at the entry" "0 0 8,1 0 2,1 1 2" \
		"$(grep '"counts","key"' out <<<"$out" | jsonlines key.WITH_1 key.ret_20 value | tr '\t' ' ' | sort | paste -sd,)"
	run query trace 'openat filename ~ flags'
	refused 'this is not a pattern in quotes'
	run query trace 'openat if filename == "read*"'
	refused 'filename ~ "read*" compares with a pattern'
}

# A tracepoint's text of any length; all its fields.
all_fields() {
	answer 'spawn 3 >expected' trace 'sched_process_exec'
	equal "rows" "$(awk '{ print $1, $3, $4, $1, $1 }' expected)" \
		"$(fields data.pid data.comm data.filename data.pid_2 data.old_pid | grep " spawn " | tail -n 3)"
}

kernel_structs() {
	reprobe list 'tp_btf:sched_process_exec' >list 2>&1 || skip "this kernel has no tp_btf"
	answer 'spawn 3 >expected' trace 'tp_btf:sched_process_exec p->comm p->real_parent->tgid bprm->filename if p->comm == "spawn"'
	equal "tp_btf" "$(awk '{ print $1, $3, $2, $4 }' expected)" \
		"$(fields data.pid data.p_comm data.p_real_parent_tgid data.bprm_filename | tail -n 3)"
	answer 'spawn 3 >expected' trace 'rawtracepoint:sched_process_exec'
	equal "all arguments of a raw tracepoint" "$(awk '{ print $1, $3, $1, $4 }' expected)" \
		"$(fields data.pid data.p_comm data.p_pid data.bprm_filename | grep " spawn " | tail -n 3)"
}

# What a syscall's arguments lead to is the process's.
memory_of_the_process() {
	answer 'sleep 0.03125' trace 'clock_nanosleep rqtp->tv_sec rqtp->tv_nsec ret if comm == "sleep"'
	# coreutils 9.5 and newer sleep a nanosecond longer.
	matches "a struct" "$(fields data.rqtp_tv_sec data.rqtp_tv_nsec data.ret)" '^0 3125000[01] 0$'
	answer 'spawn 3 >expected' trace 'execve filename ret if comm == "spawn"'
	equal "gone by the return" "$(awk '{ print $1, $4, 0 }' expected)" \
		"$(fields data.pid data.filename data.ret | tail -n 3)"
	answer 'spawn 3 >expected' count 'execve by filename if ret == 0'
	equal "a key, with the shell's own" "$(awk '{ print $4 }' expected | sort -u) 4" "$(grep -F "$(awk '{ print $4; exit }' expected)" out | jsonlines key.filename value | tr '\t' ' ')"
	answer 'sh -c "exec /bin/sleep 0 1 2"' trace 'execve argv[0] argv[2] *argv[1] if argv[3] && argv[3] == "2"'
	equal "pointers to text" "/bin/sleep 1 0" "$(fields data.argv_0 data.argv_2 data.argv_1)"
}

# asked COMMAND LINE: the prompt's answer as JSON.
asked() { run reprobe --json -c "$1" -e "$2" && status 0; }

# A buffer with a length beside it is that many bytes, whatever they are.
buffers() {
	printf 'ab\0c\nrest' >text
	local write='dd if=text of=/dev/null bs=5 count=1 status=none'
	asked "$write" 'trace write buf ret if comm == "dd"'
	equal "bytes" '"buf":"ab\u0000c\u000a","ret":5' "$(grep -o '"buf":.*"ret":5' <<<"$out")"
	asked "$write" 'count write by comm if buf == "ab\0c\n"'
	equal "equal" '"key":{"comm":"dd"},"value":1' "$(grep -o '"key".*"value":1' <<<"$out")"
	asked "$write" 'count write by comm if buf == "ab"'
	lacks "their beginning" "$out" '"comm":"dd"'
	asked "$write" 'trace write buf(buf, 2) str(buf) if comm == "dd" && starts(buf, "ab")'
	equal "as asked" '"buf(buf, 2)":"ab","str(buf)":"ab"' "$(grep -o '"buf(.*"ab"' <<<"$out")"
}

# By their names, also where the source mentions none of them.
enums() {
	asked "$probed --calls 3" "count uprobe:$probed:twice by (enum bpf_prog_type)arg0"
	equal "a key" "BPF_PROG_TYPE_KPROBE BPF_PROG_TYPE_SCHED_CLS BPF_PROG_TYPE_SOCKET_FILTER" \
		"$(grep -o 'BPF_PROG_TYPE_[A-Z_]*' <<<"$out" | sort | paste -sd' ')"
	asked "$probed --calls 2" "trace uprobe:$probed:twice (enum bpf_prog_type)arg0, (enum bpf_prog_type)(arg0 + 5000)"
	equal "a row" '"BPF_PROG_TYPE_KPROBE" 5002' \
		"$(grep -o '"(enum bpf_prog_type).*}' <<<"$out" | tail -n 1 | sed 's/"[^"]*"://g; s/,/ /; s/}*$//')"
}

# What could not be read has a mark, null or nothing in place of a value; and it is told.
failed_reads() {
	printf /etc/hostname >name
	printf 'trace openat filename if comm == "untouched"\n' >script
	run reprobe -f script -c 'untouched name'
	matches "a mark" "$out" ' untouched +\(unread\)'
	matches "what was read" "$out" ' untouched +name'
	matches "told" "$err" '1 of [0-9]+ reads of `filename` failed: .*ask for `ret`, too'
	local reads
	reads=$(sed -n 's/.* 1 of \([0-9]*\) reads of.*/\1/p' err)
	equal "of how many" "$(grep -c ' untouched ' out)" "$reads"
	asked 'untouched name' 'trace openat filename if comm == "untouched"'
	equal "rows" '"name" null' "$(grep -o '"filename":[^}]*' <<<"$out" | cut -d: -f2 | tail -n 2 | paste -sd' ')"
	asked 'untouched name' 'count openat by filename if comm == "untouched"'
	equal "a key" 1 "$(grep -c '"key":{"filename":null},"value":1' <<<"$out")"
	lacks "no value" "$out" '"filename":""'
	asked 'untouched name' 'trace openat filename ret if comm == "untouched"'
	equal "read again at the return" '"name" "/etc/hostname"' \
		"$(grep -o '"filename":[^,]*' <<<"$out" | cut -d: -f2 | tail -n 2 | paste -sd' ')"
	lacks "nothing to tell" "$err" unread failed
	asked 'untouched name; spawn --open name >/dev/null' 'count openat by comm if filename == "/etc/hostname" || filename == "name"'
	equal "compared at the return" 1 "$(grep -c '"comm":"untouched"},"value":2' <<<"$out")"
	# Neither equal nor unequal; a histogram has no place for it.
	asked "$probed --calls 5" "count uprobe:$probed:twice if *(int *)1 == 0 || *(int *)1 != 0"
	contains "conditions" "$err" '5 events were left out'
	asked "$probed --calls 5" "hist uprobe:$probed:twice *(int *)1"
	contains "numbers" "$err" '5 events were not counted: `*(int *)1` cannot be read'
	asked "$probed --calls 5" "trace uprobe:$probed:twice arg0 10 / (arg0 - 2)"
	equal "division by 0" "-10 null 10 5 3" "$(grep -o '"10 / (arg0 - 2)":[^}]*' <<<"$out" | cut -d: -f2 | paste -sd' ')"
}

# What was kept at the entry belongs to the call that returns.
functions_in_files() {
	answer "$probed --calls 5 >expected" trace "uprobe:$probed:twice arg0, (char *)arg1, ret"
	equal "rows" "$(cat expected)" "$(fields data.arg0 data.char_arg1 data.ret | awk '{ print $1, $2 " " $3, $4 }')"
	answer "$probed --calls 20 >expected" trace "uprobe:$probed:twice arg0 if ret > 30 && arg0 % 2"
	equal "conditions at both ends" "17 19" "$(fields data.arg0 | paste -sd' ')"
}

static_probes() {
	answer "$probed --usdt 3 >expected" trace "usdt:$probed:step (int)arg0, (char *)arg1"
	[ -s expected ] || fail "it did nothing"
	equal "rows" "$(grep '^step' expected | cut -d' ' -f2-)" "$(fields data.int_arg0 data.char_arg1)"
}

# ---------------------------------------------------------------- sums

counts() {
	answer 'spawn --calls 1000 >/dev/null' count 'getpgid if comm == "spawn"'
	equal "all" 1000 "$(jsonlines value <out)"
	answer 'spawn --calls 300 >expected' count 'sys_exit_getpgid by comm, pid'
	equal "by two" "spawn $(cat expected)" "$(jsonlines key.comm key.pid value <out | tr '\t' ' ' | grep ^spawn)"
	# It has an argument of that name, which is 0.
	answer 'spawn --calls 300 >expected' count 'getpgid by comm, pid'
	equal "by its own pid" "spawn 0 300" "$(jsonlines key.comm key.pid value <out | tr '\t' ' ' | grep ^spawn)"
	contains "note" "$(query -i count 'getpgid by pid')" 'note: `pid` is the field of sys_enter_getpgid'
	answer 'spawn --calls 7 >/dev/null; spawn --open a b >/dev/null' count 'getpgid, sys_exit_getpgid, openat if comm == "spawn"'
	equal "several attach points" "0 7,4294967296 7,8589934592 2" \
		"$(grep '"place"' out | jsonlines key.place value | tr '\t' ' ' | sort -n | paste -sd,)"
}

# ~0 is the largest number of 64 bits: it has a bucket, too.
huge_numbers() {
	local buckets='.*"min":4611686018427387904,"max":9223372036854775807,"count":0},{"min":9223372036854775808,"max":18446744073709551615,"count":70}]}$'
	answer 'spawn --calls 70 >/dev/null' hist 'getpgid ~(u64)pid'
	matches "all" "$out" "$buckets"
	answer 'spawn --calls 70 >/dev/null' hist 'getpgid ~(u64)pid by comm'
	matches "by name" "$(grep spawn out)" "$buckets"
}

# Of what is not the target nothing counts: here as many calls again.
targets_only() {
	start sh -c 'while :; do spawn --calls 100 >/dev/null; done'
	target=-t answer 'spawn --calls 50 >/dev/null' count getpgid
	equal "calls" 50 "$(jsonlines value <out)"
	kill -- "-$pid"
}

histograms() {
	answer "$probed --calls 20 >/dev/null" hist "uprobe:$probed:twice arg0"
	equal "powers of two" '1 3 7 15 31' "$(grep -o '"max":[0-9]*' out | cut -d: -f2 | paste -sd' ')"
	equal "sum" 20 "$(grep -o '"count":[0-9]*' out | cut -d: -f2 | awk '{ n += $1 } END { print n + 0 }')"
	answer "$probed --calls 20 >/dev/null" hist "uprobe:$probed:twice arg0 linear(3,13,5)"
	equal "linear" "-2 2,3 5,8 5,13 8" "$(slots)"
	answer "$probed --calls 20 >/dev/null" hist "uprobe:$probed:twice arg0 - 10 linear(-7,3,5)"
	equal "below zero" "-12 2,-7 5,-2 5,3 8" "$(slots)"
	answer "$probed --calls 20 >/dev/null" hist "uprobe:$probed:twice arg0 - 10"
	equal "no power of two" 9 "$(grep '"negative"' out | jsonlines value)"
	answer "$probed --calls 20 >/dev/null" hist "uprobe:$probed:twice ret by arg0 & 1"
	equal "keys" 2 "$(grep -c '"key":.*"histogram"' out)"
	equal "by key" 20 "$(grep '"key":.*"histogram"' out | grep -o '"count":[0-9]*' | cut -d: -f2 | awk '{ n += $1 } END { print n + 0 }')"
}
# Where each bucket begins, and how many are in it.
slots() { grep -o '"min":-\?[0-9]*,[^}]*"count":[0-9]*' out | sed 's/"min"://; s/,.*:/ /' | paste -sd,; }

# figures NAMES…: of each entry of what is added up, sorted
figures() { grep -E '^\{"map":"(sums|averages|minima|maxima|figures)"' out | jsonlines "$@" | tr '\t' ' ' | sort; }

# Exact, however many CPUs add at a time, with values below 0 and sums above 2^64. The program tells itself which figures
# it gathers.
sums() {
	local twice="uprobe:$probed:twice" verb figure
	answer "$probed --calls 20 >/dev/null" sum "$twice arg0 - 100"
	equal "sum" "-1790 -89.5" "$(figures value.sum value.avg)"
	lacks "what it does not gather" "$out" min max
	answer "for i in 1 2 3 4; do $probed --calls 3000 >/dev/null & done; wait" sum "$twice arg0 by arg0 & 1"
	equal "by key, side by side" "0 9006000,1 9000000" "$(figures key.arg0_1 value.sum | paste -sd,)"
	answer "for i in 1 2 3 4; do $probed --calls 3000 >/dev/null & done; wait" stats "$twice (int)ret - 50"
	equal "stats" "12000 35412000 2951 -48 5950" \
		"$(figures value.count value.sum value.avg value.min value.max)"
	answer "$probed --calls 20 >/dev/null" stats "$twice ~(u64)arg0"
	equal "beyond 64 bits" "20 368934881474191032090 18446744073709551604.5 18446744073709551595 18446744073709551614" \
		"$(grep -o '"value":{.*}' out | sed 's/"[a-z]*"://g; s/[{}]//g; s/,/ /g')"
	answer "$probed --calls 3 >/dev/null" avg "$twice (u8)arg0 by comm"
	equal "avg of bytes" "probed 2" "$(figures key.comm value.avg)"
	answer "$probed --calls 4 >/dev/null" avg "$twice (short)arg0 - 5"
	equal "avg below 0" -2.5 "$(figures value.avg)"
	while read -r verb figure; do
		answer "$probed --calls 4 >/dev/null" "$verb" "$twice -7000000000 - arg0"
		equal "$verb" "4 $figure" "$(figures value.count "value.$verb")"
	done <<-END
		min -7000000004
		max -7000000001
	END
	run reprobe --json -e "max $twice arg0" -c true
	contains "of nothing" "$out" '"map":"maxima","key":0,"value":null'
	run query sum 'openat filename'
	refused '`filename` is text' 'a sum is of a number'
	run query sum 'openat'
	refused 'the expression is missing'
}

# What was gathered stays where the C does, and goes on.
sums_go_on() {
	run reprobe --json -e "stats sys_enter_getpgid pid + 3 if comm == \"spawn\"" -e 'show 1' -e quit
	cp out same.c
	run reprobe --json -e "stats sys_enter_getpgid pid + 3 if comm == \"spawn\"" -e 'edit 1 same.c' -c 'spawn --calls 10 >expected'
	status 0
	contains "after an edit" "$out" '"value":{"count":10,"sum":30,"avg":3,"min":3,"max":3}'
	run reprobe --json -e "sum sys_enter_getsid 5" -e 'retarget 1 sys_enter_getpgid' -c 'spawn --calls 10 >expected'
	status 0
	contains "after a move" "$out" '"map":"sums","key":0,"value":50}'
}

# Not one event more, however many CPUs take them at a time; and the first of each so many.
limits() {
	local twice="uprobe:$probed:twice" many="for i in 1 2 3 4; do $probed --calls 3000 >/dev/null & done; wait"
	answer "$many" sum "$twice 1 by arg0 & 1 until 5000"
	equal "until, of 12000" 5000 "$(figures value.sum | awk '{ n += $1 } END { print n }')"
	answer "$many" stats "$twice arg0 sample 1/7"
	equal "one of 7, of 12000" 1715 "$(figures value.count)"
	answer "$many" latency "$twice by pid sample 1/12 until 600"
	equal "both, at a return" 600 "$(grep '"histogram"' out | grep -o '"count":[0-9]*' | cut -d: -f2 | awk '{ n += $1 } END { print n + 0 }')"
	answer "$probed --calls 100 >/dev/null" trace "$twice arg0 ret if arg0 > 20 sample 1/10 until 4"
	equal "which they are" "21 42,31 62,41 82,51 102" "$(fields data.arg0 data.ret | paste -sd,)"
	answer "$probed --calls 9 >/dev/null" trace "$twice arg0 sample 1/1 until 20"
	equal "fewer than that" "1 2 3 4 5 6 7 8 9" "$(fields data.arg0 | paste -sd' ')"
	answer "$probed --calls 30 >/dev/null" count "$twice uretprobe:$probed:twice until 7"
	equal "of several probes" 7 "$(grep '"counts"' out | jsonlines value | awk '{ n += $1 } END { print n }')"
}

# The question ends, though what it is about goes on; so does a script whose questions have all ended.
limits_end() {
	local twice="uprobe:$probed:twice"
	while :; do "$probed" --calls 40 >/dev/null; done &
	run reprobe --json -e "sum $twice 1 until 1000" -e "trace $twice arg0 if arg0 <= 3 until 2"
	status 0
	contains "sum" "$out" '"map":"1.sums","key":0,"value":1000}'
	equal "rows" 2 "$(grep -c '"arg0"' <<<"$out")"
	contains "is said" "$err" '[1] done' '[2] done'
	run reprobe --json -e "count $twice until 50" -e 'wait 1s' -e 'map 1' -e 'resume 1' -e quit
	contains "stays so" "$out" ':50}'
	contains "cannot go on" "$err" 'cannot resume [1]: it has taken all the events that it was to'
	run reprobe -e "count iter:task until 3"
	contains "of an iterator" "$out" 'counts: 3'
}

latencies() {
	answer "$probed --calls 20 >/dev/null" latency "uprobe:$probed:twice"
	equal "calls" 20 "$(grep '"histogram"' out | grep -o '"count":[0-9]*' | cut -d: -f2 | awk '{ n += $1 } END { print n + 0 }')"
	answer 'sleep 0.3; sleep 0' latency 'clock_nanosleep by comm if comm == "sleep" && flags == 0'
	matches "key" "$(cat out)" '"key":{"comm":"sleep"},"histogram"'
	# From 2^18 us on, which is 0.26 s.
	local least
	least=$(grep '"histogram"' out | grep -o '"min":[0-9]*,"max":[0-9]*,"count":[1-9]' | sed 's/"min"://; s/,.*//' | sort -n | tail -n 1)
	[ "${least:-0}" -ge 262144 ] || fail "latency of a call that waits: $least us in" "$out"
}

# Who it is that runs, and who has started it; at functions about another task, that one.
about_tasks() {
	asked 'sh -c "exec spawn --open readme >expected"' 'trace openat ppid parent gid user curtask->tgid as SELF filename if filename == "readme"'
	local self
	self=$(cut -d' ' -f1 expected | head -n 1)
	matches "its parent" "$out" "\"pid\":$self,\"comm\":\"spawn\",\"ppid\":[0-9]+,\"parent\":\"(reprobe|sh|bash)\",\"gid\":$(id -g),\"user\":$(id -u),\"SELF\":$self,"
	run reprobe -c 'spawn --open readme >expected' -e 'count openat by user, ppid == 0 as NONE if filename == "readme"'
	matches "the user's name" "$out" "^$(id -u) $(id -un) +0 +[0-9]+\$"
	asked 'spawn 3 >expected' 'count tp_btf:sched_process_exec by ppid if p->comm == "spawn"' || return
	contains "of the task that it is about" "$out" "\"ppid\":$(awk '{ print $2; exit }' expected)},\"value\":3"
}

# Both stacks, as columns and keys; whose they are is known also where the probe has another pid.
both_stacks() {
	run reprobe --json -c 'sleep 0.3' -e 'count clock_nanosleep by ustack if comm == "sleep"' \
		-e 'count sched_process_exit by kstack, cpu >= 0 as HERE if comm == "sleep"'
	matches "a key" "$out" '"ustack":"[^"]*nanosleep[^"]*","pid":[1-9][0-9]*},"value":1'
	matches "a key of the kernel" "$out" '"kstack":"[^"]*do_exit[^"]*","HERE":1},"value":1'
	run reprobe -c 'sleep 0.3' -e 'trace clock_nanosleep ustack kstack if comm == "sleep"' -e 'trace sched_process_exit kstack if comm == "sleep"'
	matches "rows of the kernel" "$out" '^    do_exit'
	matches "rows of the process" "$out" '^    .*nanosleep'
	run reprobe --json -c 'spawn --calls 5 >expected' -e 'count getpgid by ustack if comm == "spawn"'
	contains "the process, not the argument" "$out" "\"pid\":$(cut -d' ' -f1 expected)},\"value\":5"
}

# From the entry of a call to its return, wherever a value can stand.
durations() {
	local ns
	target=-t answer 'sleep 0.05; sleep 0.3' trace 'clock_nanosleep rqtp->tv_nsec duration ret if comm == "sleep" && duration > 0.2s'
	matches "a condition, and what the entry had" "$(fields data.rqtp_tv_nsec data.ret)" '^30000000[01] 0$'
	ns=$(fields data.duration)
	[ "$ns" -ge 300000000 ] && [ "$ns" -lt 2000000000 ] || fail "expected 0.3 s, got $ns"
	target=-t answer 'sleep 0.05; sleep 0.3' count "clock_nanosleep by duration >= 200ms if comm == \"sleep\""
	equal "a key" "0 1,1 1" "$(grep '"counts","key"' out | jsonlines key.duration_200ms value | tr '\t' ' ' | paste -sd,)"
	target=-t answer 'sleep 0.1; sleep 0.2' stats "clock_nanosleep duration / 1ms if comm == \"sleep\""
	ns=$(figures value.sum)
	[ "$ns" -ge 300 ] && [ "$ns" -lt 3000 ] || fail "expected 300 ms, got $ns"
	target=-t answer 'sleep 0.1' hist 'clock_nanosleep duration if comm == "sleep"'
	matches "a histogram" "$out" '"min":(67108864|134217728|268435456),"max":[0-9]*,"count":1'
	answer "$probed --calls 20 >/dev/null" count "uprobe:$probed:twice by duration < 10s && ret == arg0 * 2"
	equal "a function in a file" 20 "$(grep '"counts","key"' out | jsonlines value)"
	run query trace 'sched_switch duration'
	refused 'is not known at sched_switch: nothing returns there'
	run query count 'openat, close by duration'
	refused 'is of one function or syscall'
}

# What numbers mean, to people; programs read the numbers.
looks() {
	touch readme
	run reprobe -c 'spawn --open readme missing >expected' \
		-e 'trace openat filename oct(mode) flags in KiB as SIZE hex(flags + 10) flags ret as RESULT if comm == "spawn" && filename == "missing"'
	status 0
	matches "headers" "$out" '^TIME +PID +COMM +filename +oct\(mode\) +SIZE +hex\(flags \+ 10\) +flags +RESULT$'
	matches "a row" "$out" ' spawn +missing +0[0-7]* +0 +0xa +O_RDONLY +-2 ENOENT$'
	run reprobe --json -c 'spawn --open readme missing >expected' -e 'trace openat hex(flags + 10) as X ret if comm == "spawn" && filename == "missing"'
	contains "JSON has numbers" "$out" '"X":10,"ret":-2'
	run reprobe -c 'spawn --kill 10 >expected' -e 'count kill by sig, ret if comm == "spawn"'
	matches "keys" "$out" '^10 SIGUSR1 +-3 ESRCH +1$'
	run reprobe -c "$probed --calls 3 >/dev/null" -e "stats uprobe:$probed:twice arg0 * 1500us" \
		-e "sum uprobe:$probed:twice arg0 * 1500us in ms" -e "count uprobe:$probed:twice by err((int)arg0 + 10)" \
		-e "trace uprobe:$probed:twice ip(0x0100007f) port(0x5000) as PORT if arg0 == 1 && port(0x5000) == 80"
	matches "sums in a unit" "$out" '^2\.sums: 9$'
	matches "an errno that was said" "$out" '^11 EAGAIN +1$'
	matches "of the network" "$out" ' 127\.0\.0\.1 +80$'
	run reprobe -c 'sleep 0.1' -e 'sum clock_nanosleep duration if comm == "sleep"' -e 'hist clock_nanosleep duration in ms if comm == "sleep"'
	matches "a sum of durations" "$out" '^1\.sums: 1[0-9]*(\.[0-9]+)?(ms|s)$'
	matches "what a histogram is of" "$out" '^ +duration in ms +: count'
	matches "no empty buckets, and a summary" "$(grep -A2 'duration in ms' <<<"$out" | tail -n 2 | paste -sd' ')" \
		'^ +(64|128|256|512) -> [0-9]+ +: 1 +\|\*+\| +count 1, mean [0-9.]+ to [0-9.]+, p50 <= [0-9]+, p90 <= [0-9]+, p99 <= [0-9]+$'
	run reprobe -c "$probed --calls 2 >/dev/null" -e "trace uprobe:$probed:twice (int)ret - 6 as LESS if ret == 4"
	matches "not an errno" "$out" ' -2$'
	command -v bash >/dev/null || skip "no bash"
	run reprobe -c 'bash -c "exec 3<>/dev/tcp/127.0.0.1/1" 2>/dev/null' -e 'trace inet_sock_set_state oldstate newstate protocol if dport == 1'
	matches "as the kernel prints it" "$out" ' 7 TCP_CLOSE +2 TCP_SYN_SENT +6 IPPROTO_TCP$'
	run query trace 'openat flags in parsecs'
	refused 'this is not a unit' 'KiB'
	run query trace 'openat hex(filename)'
	refused 'this is not a number'
}

# From one probe to another: by thread, or by what both have in common.
spans() {
	local twice="uprobe:$probed:twice" end="uretprobe:$probed:twice"
	answer 'spawn --calls 300 >expected' count 'sys_enter_getpgid..sys_exit_getpgid by duration < 1s, pid + 3 as THREE if comm == "spawn"'
	equal "by thread" "1 3 300" "$(grep '"counts","key"' out | jsonlines key.duration_1s key.THREE value | tr '\t' ' ')"
	answer "$probed --calls 20 >/dev/null" stats "$twice..$end arg0 * 1000 + ret matching arg0, ret / 2"
	equal "both ends" "20 210420 1002 20040" "$(figures value.count value.sum value.min value.max)"
	asked "$probed --calls 20 >/dev/null" "count $twice..$end matching arg0, ret / 2 + 1"
	contains "those that match nothing" "$out" '"value":0'
	contains "are told" "$err" '20 starts were left out: the end was not seen'
	contains "a note" "$err" 'what is matched is seen of every process'
	asked "$probed --calls 20 >/dev/null" "latency $twice..$end matching arg0, ret / 2 by arg0 > 15"
	equal "latencies" 20 "$(grep -o '"count":[0-9]*' <<<"$out" | cut -d: -f2 | awk '{ n += $1 } END { print n + 0 }')"
	asked 'sleep 0.05' 'trace sched_wakeup..sched_switch next_comm duration < 10s as QUICK matching pid, next_pid if next_comm == "sleep"'
	contains "a task that is woken, and runs" "$out" '"next_comm":"sleep","QUICK":1'
	run reprobe --json -c 'spawn --calls 7 >expected' -e 'count sys_enter_getsid..sys_exit_getsid by comm if comm == "spawn"' \
		-e 'retarget 1 sys_enter_getpgid..sys_exit_getpgid'
	contains "moved" "$out" '"key":{"comm":"spawn"},"value":7'
	run query latency 'sched_switch..sched_switch'
	refused 'it begins and ends at the same probe'
	run query latency 'sched_wakeup..sched_switch matching pid'
	refused '`pid` is of tracepoint:sched:sched_wakeup'
	run query latency 'sys_enter_fsync matching fd'
	refused '`matching` is for the way from one probe to another'
	run query trace 'sched_wakeup..sched_switch ret'
	refused 'is not known at sched_switch, where nothing returns'
	run query count 'sched_*..sched_switch'
	refused 'is not one probe'
}

stacks_and_samples() {
	answer "spawn --open a b >/dev/null" stack 'openat by comm if comm == "spawn"'
	equal "times" 2 "$(grep '"kernel_stack"' out | jsonlines value | awk '{ n += $1 } END { print n + 0 }')"
	answer "$probed --spin 700" profile '199 by cpu if comm == "probed"'
	local samples
	samples=$(grep '"cpu"' out | jsonlines value | awk '{ n += $1 } END { print n + 0 }')
	[ "${samples:-0}" -ge 10 ] || fail "expected samples of a program that runs, got" "$out"
}

# ---------------------------------------------------------------- what compiles, and what cannot be

# Functions with arguments of all kinds; nothing of it needs kprobes.
functions_of_the_kernel() {
	local line
	while read -r line; do
		case ${line#* } in fentry:* | fexit:*) [ -e /sys/kernel/btf/vmlinux ] || continue ;; esac
		query ${line%% *} "${line#* }" >question.c || fail "$line"
		run reprobe check question.c
		status 0
		lacks "$line" "$err" warning
	done <<'END'
trace kprobe:vfs_read
trace kprobe:vfs_read file->f_path.dentry->d_name.name ret if count > 1 && ret > 0
trace kprobe:do_epoll_wait
trace kprobe:do_unlinkat name->name ret
hist kprobe:do_unlinkat ret by name->name
count kprobe:do_unlinkat by name->name if dfd == -100 && name->name == "/etc/passwd"
trace kprobe:vfs_rename rd->old_dentry->d_name.name rd->new_dentry->d_name.name ret
trace kprobe:kernel_clone
trace kprobe:sys_openat filename ret
trace kprobe:security_file_open file->f_path
hist kprobe:vfs_read count - ret by file->f_inode->i_ino, comm
latency fentry:vfs_read by count, comm
trace fexit:vfs_read count ret
count kprobe:vfs_* by comm
count kprobe:vfs_read by stack, file
stack kprobe:vfs_read by pid, file->f_inode->i_ino
END
}

words() {
	equal "a syscall" tracepoint:syscalls:sys_enter_openat "$(query spec openat)"
	equal "a tracepoint" tracepoint:sched:sched_switch "$(query spec sched_switch)"
	equal "with its category" tracepoint:sched:sched_switch "$(query spec sched:sched_switch)"
	equal "a spec" kprobe:vfs_read "$(query spec k:vfs_read)"
	equal "tracepoints" 'tracepoint:sched:*' "$(query spec 'sched:*')"
	if [ -n "$kprobes" ]; then
		equal "a function" kprobe:vfs_read "$(query spec vfs_read)"
		equal "functions" 'kprobe:vfs_*' "$(query spec 'vfs_*')"
	else
		equal "without kprobes" tracepoint:syscalls:sys_enter_read "$(query spec vfs_read | head -n 1)"
		contains "note" "$(query spec vfs_read)" "this kernel has no kprobes" "instead of kprobe:vfs_read"
		equal "several" 'tracepoint:*:sched_*' "$(query spec 'sched_*' | head -n 1)"
	fi
}

arguments() {
	equal "tracepoint" "tracepoint:sched:sched_process_exec(char filename[], pid_t pid, pid_t old_pid)" \
		"$(query args tracepoint:sched:sched_process_exec)"
	equal "syscall's function" "kprobe:sys_openat(int dfd, const char *filename, int flags, umode_t mode) returns long" \
		"$(query args kprobe:sys_openat)"
	equal "function" "kprobe:do_unlinkat(int dfd, struct filename *name) returns int" "$(query args kprobe:do_unlinkat)"
	equal "in a file" "uprobe:$probed:twice() returns long" "$(query args "uprobe:$probed:twice")"
	equal "sample" "profile:hz:9()" "$(query args profile:hz:9)"
	matches "raw tracepoint" "$(query args rawtracepoint:sched_process_exec)" \
		'^rawtracepoint:sched_process_exec\(struct task_struct \*p, (pid_t|int) old_pid, struct linux_binprm \*bprm\)$'
}

no_answer() {
	run query trace 'openat filenam'
	refused 'sys_enter_openat has no field `filenam`; its fields are dfd, filename, flags, mode' 'did you mean filename?'
	run query trace 'sched_switch ret'
	refused 'has no `ret`'
	run query hist 'openat filename'
	refused '`filename` is text' 'count openat by filename'
	run query trace 'sched:sched_swich'
	refused 'has no tracepoint sched_swich in the category sched' 'did you mean sched_switch?'
	# A name that nobody has is not the kernel's fault, and near names are looked for everywhere.
	local name near
	while read -r name near; do
		run query trace "$name"
		refused "cannot trace \`$name\`: the kernel has no tracepoint, system call or function of that name" \
			"did you mean" "$near"
		lacks "the fault" "$err" kprobes lab
	done <<'END'
sys_enter_opnat sys_enter_openat
opnat openat
sched_swich sched_switch
sched_proces_exec sched_process_exec
END
	run query hist 'sys_exit_getpgid ret linear(-9223372036854775808,9223372036854775807,1)'
	refused 'LOW - STEP must be above'
	run query hist 'sys_exit_getpgid ret linear(-9223372036854775807,9223372036854775807,1)'
	refused 'LOW - STEP must be above'
	run query count 'openat comm'
	refused '`comm`' 'to count by it: count openat by comm'
	run query count 'openat flags'
	refused '`flags`' 'to count by it: count openat by flags'
	run query trace 'xyzzy_plugh_42'
	refused "no tracepoint, system call or function" "reprobe list"
	run query trace 'schd:sched_switch'
	refused 'schd'
	run query trace 'openat (dfd'
	refused "this '(' is not closed"
	run query trace "uprobe:c:malloc arg0->x"
	refused 'arg0->x'
	run query latency sched_switch
	refused 'no end to wait for'
	run query args kprobe:vfs_raed
	refused 'cannot attach kprobe:vfs_raed'
	run query args tracepoint:sched:sched_swich
	refused 'did you mean sched_switch?'
}

t "trace: a syscall with its result" syscalls_with_results
t "trace: text is compared to its end" text_is_compared_to_its_end
t "text is matched" text_is_matched
t "trace: all fields of a tracepoint" all_fields
t "trace: structs of the kernel" kernel_structs
t "trace: memory of the process" memory_of_the_process
t "trace: buffers" buffers
t "trace: enums" enums
t "trace: what cannot be read" failed_reads
t "trace: functions in files" functions_in_files
t "hist: numbers from 2^63 on" huge_numbers
t "trace: USDT probes" static_probes
t "count" counts
t "targets only" targets_only
t "hist" histograms
t "sum, avg, min, max, stats" sums
t "sum: retarget and edit" sums_go_on
t "until, sample" limits
t "until: the end" limits_end
t "latency" latencies
t "tasks and their parents" about_tasks
t "kstack and ustack" both_stacks
t "from one probe to another" spans
t "duration" durations
t "what numbers mean" looks
t "stack and profile" stacks_and_samples
t "programs for functions of the kernel compile" functions_of_the_kernel
t "what a word means" words
t "what can be read" arguments
t "questions without an answer" no_answer
finish
