#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hardirqs and softirqs: their programs with interrupts made by hand, and their options. Interrupts are
# the whole machine's, so real ones are traced only while they interrupt the test's own processes;
# tests/lab/test_irq_counts.sh compares all of them with the kernel's counts.
. "$(dirname "$0")/../lib.sh"
need_root

source_dir=$top/bpf-src
in=raw_tracepoint__irq_handler_entry out_of=raw_tracepoint__irq_handler_exit
soft_in=raw_tracepoint__softirq_entry soft_out=raw_tracepoint__softirq_exit
two_cpus=
[ "$(nproc --all)" -ge 2 ] && two_cpus=1

# replay FILE.c STEP…: what is in the map `sums` then, its numbers in $sums: slots of a histogram, or
# one number; per-CPU maps have those of each CPU.
replay() {
	run feed --replay "$source_dir/$1" "${@:2}"
	status 0
	silent
	sums=$(grep '"map":"sums"' out | sed 's/.*"value"://; s/[^0-9]\+/ /g; s/^ //; s/ $//')
}

# filled: those of $sums that are not 0, as INDEX:NUMBER
filled() { tr ' ' '\n' <<<"$sums" | awk '$1 { printf "%s%d:%d", s, NR - 1, $1; s = " " }'; }

# ---------------------------------------------------------------- interrupts made by hand

# The outer handler takes 100 ms, all of them before the inner one: in units of 1 ms it is in slot 7 (64 to
# 127) or, on a busy machine, above; the inner one is below.
nested_handlers() {
	replay hardirqs.c -DDIST -DUNIT=1000000 0:$in:5:1 sleep:100 0:$in:6:2 0:$out_of:6:2:1 0:$out_of:5:1:1
	matches "histogram" "$(filled)" '^[1-6]:1 ([7-9]|1[0-9]):1$'
}

# A hard interrupt that interrupts a soft one is another program's; the soft one's vector keeps its own
# start, and so does each CPU.
soft_vectors() {
	replay softirqs.c -DDIST -DUNIT=1000000 0:$soft_in:3 sleep:100 0:$soft_in:7 0:$soft_out:7 0:$soft_out:3
	local slow_one=${sums%%$'\n'*} quick_one=${sums##*$'\n'}
	sums=$slow_one matches "vector 3" "$(sums=$slow_one filled)" '^([7-9]|1[0-9]):1$'
	matches "vector 7" "$(sums=$quick_one filled)" '^[1-6]:1$'
}

each_cpu() {
	[ -n "$two_cpus" ] || skip "this machine has one CPU"
	replay hardirqs.c -DDIST -DUNIT=1000000 0:$in:5:1 sleep:100 1:$in:6:2 1:$out_of:6:2:1 0:$out_of:5:1:1
	matches "hard" "$(filled)" '^[1-6]:1 ([7-9]|1[0-9]):1$'
	replay softirqs.c -DDIST -DUNIT=1000000 0:$soft_in:3 sleep:100 1:$soft_in:3 1:$soft_out:3 0:$soft_out:3
	matches "soft" "$(filled)" '^([7-9]|1[0-9]):1 (6[5-9]|70):1$'
}

# One line, three handlers: the interrupt was the second one's, but each of them ran.
shared_line() {
	replay hardirqs.c -DCOUNT 0:$out_of:5:1:0 0:$out_of:5:2:1 0:$out_of:5:3:0
	equal "counted" 3 "$sums"
	replay hardirqs.c -DDIST -DUNIT=1000000 0:$in:5:1 sleep:100 0:$out_of:5:1:0 0:$in:5:2 0:$out_of:5:2:1 \
		0:$in:5:3 0:$out_of:5:3:0
	matches "timed" "$(filled)" '^([1-6]:[12] )+([7-9]|1[0-9]):1$'
}

exit_without_entry() {
	replay hardirqs.c -DDIST -DUNIT=1000000000 0:$out_of:5:1:1 0:$out_of:5:1:1 0:$in:5:1 0:$out_of:5:1:1 \
		0:$out_of:5:1:1
	equal "hard" 1:1 "$(filled)"
	replay softirqs.c -DDIST -DUNIT=1000000000 0:$soft_out:3 0:$soft_in:3 0:$soft_out:3 0:$soft_out:3
	equal "soft" 1:1 "$(filled)"
	replay softirqs.c 0:$soft_out:3
	equal "time" "" "$sums"
}

# Deeper than there is room for: what had no room is left out, and all is as before then.
deep() {
	local deep=() _
	for _ in 1 2 3 4 5 6 7 8 9 10; do deep=("0:$in:5:1" "${deep[@]}" "0:$out_of:5:1:1"); done
	replay hardirqs.c -DDIST -DUNIT=1000000000 "${deep[@]}" 0:$in:5:1 0:$out_of:5:1:1
	equal "timed" 1:9 "$(filled)"
}

one_cpu() {
	[ -n "$two_cpus" ] || skip "this machine has one CPU"
	replay hardirqs.c -DCOUNT -DCPU=1 0:$out_of:5:1:1 1:$out_of:5:1:1 1:$out_of:5:1:1 0:$out_of:5:1:1
	equal "hard" 2 "$sums"
	replay hardirqs.c -DDIST -DUNIT=1000000000 -DCPU=1 0:$in:5:1 0:$out_of:5:1:1 1:$in:5:1 1:$out_of:5:1:1
	equal "hard, timed" 1:1 "$(filled)"
	replay softirqs.c -DCOUNT -DCPU=1 0:$soft_out:3 1:$soft_out:3 1:$soft_out:3
	equal "soft" 1:2 "$(filled)"
}

sum_of_times() {
	replay softirqs.c 0:$soft_in:3 sleep:30 0:$soft_out:3 0:$soft_in:3 sleep:30 0:$soft_out:3
	[ "${sums%% *}" -ge 60000000 ] || fail "expected 60 ms or more, got $sums ns"
	replay hardirqs.c 0:$in:5:1 sleep:30 0:$out_of:5:1:1 0:$in:5:1 sleep:30 0:$out_of:5:1:1
	[ "$sums" -ge 60000000 ] || fail "expected 60 ms or more, got $sums ns"
}

# ---------------------------------------------------------------- the programs

busy='exec stacks spin 1000' # a second of processor time, in which it is interrupted
until_rows='until [ -s out ]; do :; done' # until there is a report about it

# All soft interrupts of the machine so far.
soft_interrupts() { awk 'NR > 1 { for (i = 2; i <= NF; i++) sum += $i } END { print sum }' /proc/softirqs; }

own_interrupts() {
	local before after ours
	before=$(soft_interrupts)
	run softirqs -C --json 200ms --command "$until_rows"
	after=$(soft_interrupts)
	status 0
	silent
	ours=$(jsonlines total_count <out | awk '{ sum += $1 } END { print sum + 0 }')
	[ "$ours" -gt 0 ] || fail "expected that a busy process was interrupted"
	[ "$ours" -le $((after - before)) ] || fail "the machine had $((after - before)) in all, ours are $ours"
	equal "members" "" "$(jsonlines softirq <out | grep -vxE 'hi|timer|net_[tr]x|block|irq_poll|tasklet|sched|hrtimer|rcu')"
}

rows_and_reports() {
	run softirqs -T 500ms 2 --command 'while :; do :; done'
	status 0
	equal "headers" 2 "$(grep -cx 'SOFTIRQ          TOTAL_usecs' out)"
	equal "times" 2 "$(grep -cE '^[0-9]{2}:[0-9]{2}:[0-9]{2}$' out)"
	equal "other rows" "" "$(grep -vE '^$|^SOFTIRQ|^[0-9:]{8}$|^[a-z_]+ +[0-9]+$' out)"
	equal "order" "$(sort -n -k2 <<<"$(rows_of 1)")" "$(rows_of 1)"
	run softirqs -d -N --command "$busy"
	status 0
	matches "heading" "$out" '^softirq = [a-z_]+$'
	matches "unit" "$out" '^     nsecs               : count     distribution$'
	run hardirqs -d --json -T --command "$busy"
	status 0
	[ -z "$out" ] || jsonlines time hardirq unit histogram <out >fields || fail "not JSON" "$out"
}

# The rows of the Nth report.
rows_of() { awk -v n="$1" '/^SOFTIRQ/ { report++; next } report == n && NF == 2' out; }

in_cgroup() {
	local cgroups dir
	cgroups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[ -n "$cgroups" ] || skip "no cgroup v2 is mounted"
	dir=$cgroups/reprobe-test.$$
	mkdir "$dir" "$dir.empty" || skip "no cgroup can be made here"
	start sh -c "echo \$\$ >$dir/cgroup.procs; while :; do :; done"
	wait_for "its interrupts are counted" counted_in "$dir"
	run softirqs -C --cgroup "$dir.empty" --for 1
	equal "rows of an empty cgroup" "SOFTIRQ          TOTAL_count" "$out"
	kill -KILL "$pid"
	stopped
	wait_for "the cgroup is empty" rmdir "$dir" "$dir.empty"
}

counted_in() { run softirqs -C --cgroup "$1" --for 1 && [ "$rc" = 0 ] && grep -qE '^[a-z_]+ +[1-9]' out; }

# The PID namespace that a command makes for itself has a histogram of its own, with each time that it was woken.
pid_namespaces() {
	unshare --pid --fork true 2>/dev/null || skip "no PID namespace can be made here"
	run runqlat --pidnss --json -c 'readlink /proc/self/ns/pid >outer
		exec unshare --pid --fork sh -c "readlink /proc/self/ns/pid >inner; for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.01; done"'
	status 0
	equal "namespaces" "$(sort inner outer | tr -dc '0-9\n')" "$(jsonlines pidns <out | sort)"
	local ns
	ns=$(tr -dc 0-9 <inner)
	[ "$(sed -n "s/.*\"pidns\":$ns,//p" out | grep -o '"count":[0-9]*' | awk -F: '{ sum += $2 } END { print sum + 0 }')" -ge 10 ] ||
		fail "expected at least 10 waits in $ns" "$out"
	run runqlat --pidnss -c 'sleep 0.01'
	matches "heading" "$out" "^pidns = $(tr -dc 0-9 <outer)\$"
}

# Which probes: typed ones where the kernel has them. Counting takes one.
verbose() {
	local kind=rawtracepoint
	reprobe list tp_btf softirq_exit >/dev/null 2>&1 && kind=tp_btf
	run softirqs -v -C --command :
	status 0
	equal "counting" "reprobe: attached to $kind:softirq_exit" "$err"
	run hardirqs -v --command :
	equal "timing" "reprobe: attached to $kind:irq_handler_exit
reprobe: attached to $kind:irq_handler_entry" "$err"
}

ends() {
	start hardirqs -v -p $$
	attached_to 2
	local objects
	objects=$(held "$pid")
	kill -INT "$pid"
	stopped
	status 0
	equal "header" "HARDIRQ                    TOTAL_usecs" "$(head -n 1 out)"
	released "$objects"
}

wrong() {
	run "$@"
	status 64
	equal "stdout" "" "$out"
	equal "lines" 2 "$(wc -l <err)"
}

wrong_options() {
	wrong softirqs -c x
	contains "message" "$err" "\`x\` is not a CPU number" "--command"
	wrong hardirqs -c 100000
	contains "message" "$err" "this machine has no CPU 100000"
	wrong hardirqs -C -d
	wrong softirqs -C -N
	contains "message" "$err" "--count shows no times"
	wrong softirqs --events 3
	contains "message" "$err" "--events"
	wrong softirqs 0
	wrong softirqs 1 x
	wrong softirqs 1 1 1
	wrong hardirqs -p 1 --command true
	contains "message" "$err" "--pid and --command"
	run softirqs --cgroup /proc 1 1
	refused "cannot use the cgroup /proc"
}

help() {
	local tool
	for tool in hardirqs softirqs; do
		run $tool --help
		status 0
		equal "-c" "  -c, --cpu=CPU              Trace only this CPU" "$(grep -w -- -c out)"
		matches "--command" "$out" '^ +--command=CMD'
		contains "usage" "$out" "[INTERVAL [COUNT]]" "-C, --count" "-d, --dist" "-N, --nanoseconds" "--cgroup=DIR"
	done
}

t "a handler that interrupts another" nested_handlers
t "soft interrupts of two vectors" soft_vectors
t "two CPUs at once" each_cpu
t "handlers of a shared line" shared_line
t "an exit without its entry" exit_without_entry
t "nested too deeply" deep
t "-c counts one CPU only" one_cpu
t "times are summed up" sum_of_times
t "a process's own interrupts, over several reports" own_interrupts
t "rows, reports, histograms, JSON" rows_and_reports
t "--cgroup" in_cgroup
t "runqlat --pidnss" pid_namespaces
t "-v says which probes" verbose
t "Ctrl-C ends it" ends
t "wrong options" wrong_options
t "--help" help
finish
