#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# hardirqs and softirqs: their counts against the kernel's, in /proc/interrupts and /proc/softirqs, and
# against the tools of the same names in libbpf-tools. They run at once, one begun and ended within the
# time of the other, so that it takes no tolerance to say
#
#   /proc, read within <= theirs <= ours <= /proc, read around
#
# Where the kernel's headers are (linux-headers-6.1.*-amd64), which BCC needs, those of bpfcc-tools run
# around all this. They leave out handlers that return IRQ_NONE.
. "$(dirname "$0")/../lib.sh"
need_root
[ -n "${REPROBE_TEST_ALONE-}" ] || {
	t "interrupts" skip "other people may use this machine: only in the lab"
	finish
}

# ---------------------------------------------------------------- several tools at once

declare -A pids

# launch NAME MESSAGE COMMAND…: in the background, until it says so; its output is in NAME.
launch() {
	local name=$1 message=$2
	shift 2
	setsid env --default-signal=INT PYTHONUNBUFFERED=1 stdbuf -oL "$@" >"$name" 2>"$name.err" </dev/null &
	pids[$name]=$!
	wait_for "$name traces" says "$message" "$name" || fail "$name said" "$(cat "$name.err")"
}

# Seldom, and without a process: both CPUs of the lab share one of the machine's.
says() {
	[[ $(<"$2")$(<"$2.err") == *"$1"* ]] || { sleep 0.3; false; }
}

# Both say when they trace: ours with -v on stderr.
ours() { launch "$1" "attached to" "${@:2}" -v --json; }
theirs() { launch "$1" "Tracing" "${@:2}"; }

# end NAME…: in this order, each waited for
end() {
	local name
	for name; do
		kill -INT "${pids[$name]}"
		wait "${pids[$name]}"
	done
}

# ---------------------------------------------------------------- counts, as NAME COUNT lines

# The kernel's, of all CPUs or of one. Interrupts that share an action's name are one.
interrupts() {
	awk -v cpu="${1-}" 'NR == 1 { cpus = NF; next } $1 ~ /^[0-9]+:$/ && NF > cpus + 1 {
		for (i = 0; i < cpus; i++) if (cpu == "" || cpu == i) sum[$NF] += $(i + 2) }
		END { for (name in sum) print name, sum[name] }' /proc/interrupts
}
soft_interrupts() {
	awk -v cpu="${1-}" 'NR == 1 { cpus = NF; next } { for (i = 0; i < cpus; i++)
		if (cpu == "" || cpu == i) sum[$1] += $(i + 2) }
		END { for (name in sum) print tolower(substr(name, 1, length(name) - 1)), sum[name] }' /proc/softirqs
}

since() { awk 'NR == FNR { before[$1] = $2; next } { print $1, $2 - before[$1] }' "$@"; }
of_reports() { jsonlines "$1" total_count <"$2" | awk '{ sum[$1] += $2 } END { for (n in sum) print n, sum[n] }'; }
of_json_histograms() {
	jsonlines "$1" histogram <"$2" | awk -F'\t' '{ sum = 0; n = split($2, part, /"count":/)
		for (i = 2; i <= n; i++) sum += part[i]; print $1, sum }'
}
of_rows() { awk 'NF == 2 && $2 ~ /^[0-9]+$/' "$1"; }
of_histograms() { awk '/^[a-z]+ = / { name = $3 } / -> / { sum[name] += $5 } END { for (n in sum) print n, sum[n] }' "$1"; }

# ordered COUNTS…: each name has in each file no more than in the next; shows what they had of $main.
ordered() {
	local lesser=$1 file figures
	figures="$main: $(count_in "$1") ($1)"
	shift
	for file; do
		equal "counts of $lesser above those of $file" "" "$(awk 'NR == FNR { most[$1] = $2; next }
			$2 > most[$1] + 0 { print $1, $2, "above", most[$1] + 0 }' "$file" "$lesser")"
		figures+=" <= $(count_in "$file") ($file)"
		lesser=$file
	done
	echo "     $figures"
}
count_in() { awk -v name="$main" '$1 == name { print $2 }' "$1"; }

# telling INNER OUTER: what is between them could hide no double or missing count
telling() {
	[ "$(count_in "$2")" -lt $((2 * $(count_in "$1"))) ] ||
		fail "$main: $(count_in "$1") in the inner time and $(count_in "$2") in the outer tell nothing"
}

# work_until_telling WORK COUNTS…: WORK, and the counts inner1, until the inner time has twice what came while
# the tools started: how many interrupts they cost, and how many asked at once share one, the machine decides.
work_until_telling() {
	local work=$1 i
	shift
	for ((i = 0; i < 8; i++)); do
		$work
		"$@" >inner1
		since outer0 inner0 >starting
		since inner0 inner1 >working
		[ "$(count_in working)" -lt $((2 * $(count_in starting))) ] || break
	done
}

# ---------------------------------------------------------------- the cases

# Files that are not there, of the lab's own file system: for each the kernel asks the host, who answers
# by an interrupt, of virtioN-requests; first on CPU 1, then on CPU 0.
ask_host() {
	local cpu irq i new=$EPOCHREALTIME # asked once, the kernel knows
	for cpu in 1 0; do
		for irq in $(awk '/virtio[0-9]+-requests$/ { print $1 + 0 }' /proc/interrupts); do
			echo $cpu >"/proc/irq/$irq/smp_affinity_list"
		done
		for ((i = 0; i < 2000; i++)); do [ -e "/usr/no-such-file.$new.$cpu.$i" ]; done
	done
}

# 500 packets to this machine itself, each received in a soft interrupt of the CPU that sent it.
packets() {
	taskset -c 0 bash -c 'for ((i = 0; i < 300; i++)); do echo >/dev/udp/127.0.0.1/9; done'
	taskset -c 1 bash -c 'for ((i = 0; i < 200; i++)); do echo >/dev/udp/127.0.0.1/9; done'
}

# What hardirqs-bpfcc leaves out, and, within that time, what it or softirqs-bpfcc counts.
start_bpfcc() {
	cat >none.c <<'END'
struct name { char text[32]; };
BPF_HASH(none, struct name, u64);
RAW_TRACEPOINT_PROBE(irq_handler_exit)
{
    struct name name = {};
    struct irqaction *action = (struct irqaction *)ctx->args[1];
    bpf_probe_read_kernel_str(name.text, sizeof(name.text), action->name);
    if ((int)ctx->args[2] == IRQ_NONE)
        none.increment(name);
    return 0;
}
END
	launch none compile_ms reprobe run --timings --json none.c
	headers && theirs bpfcc "$1-bpfcc" -C
}
end_bpfcc() {
	end bpfcc none
	jsonlines key.text value <none >not_handled
	{ of_rows bpfcc; [ "$1" != hardirqs ] || cat not_handled; } |
		awk '{ sum[$1] += $2 } END { for (n in sum) print n, sum[n] }' >bpfcc_tools
	echo "     $main: $(count_in bpfcc) (bpfcc-tools), and returned IRQ_NONE: $(count_in not_handled | grep . || echo 0)"
}

# compare TOOL COUNTS WORK ARG…: TOOL while WORK is done, with what COUNTS tells, and with libbpf-tools'
# TOOL ARG…
compare() {
	local tool=$1 counts=$2 work=$3 bpfcc=${REPROBE_TEST_BPFCC-}
	shift 3
	[ -z "$bpfcc" ] || start_bpfcc "$tool"
	run "$tool" -C --command : # compiled now, it starts quickly then
	status 0
	$counts >outer0
	ours all "$tool" -C 300ms
	theirs libbpf "/usr/sbin/$tool" "$@"
	$counts >inner0
	work_until_telling "$work" "$counts"
	end libbpf all
	$counts >outer1
	contains "stderr of $tool -v" "$(cat all.err)" "reprobe: attached to tp_btf:"

	since inner0 inner1 | grep -v ' 0$' >proc_within
	since outer0 outer1 >proc_around
	of_reports "${tool%s}" all >ours
	if [ "$1" = -d ]; then of_histograms libbpf; else of_rows libbpf; fi >libbpf_tools
	ordered proc_within libbpf_tools ours proc_around
	telling proc_within proc_around
	if [ -n "$bpfcc" ]; then
		end_bpfcc "$tool"
		ordered ours bpfcc_tools
	fi
}

hard() {
	main=$(busiest)
	compare hardirqs interrupts ask_host -C
}

# The tool of libbpf-tools cannot count, but its histograms can be summed up.
soft() {
	main=net_rx
	compare softirqs soft_interrupts packets -d
}

# Only CPU 0, and a histogram's sum.
one_cpu() {
	main=$(busiest)
	interrupts 0 >outer0
	ours cpu hardirqs -d -c 0
	interrupts 0 >inner0
	work_until_telling ask_host interrupts 0
	end cpu
	interrupts 0 >outer1
	since inner0 inner1 | grep -v ' 0$' >proc_within
	since outer0 outer1 >proc_around
	of_json_histograms hardirq cpu >ours
	ordered proc_within ours proc_around
	telling proc_within proc_around
}
busiest() { awk '/virtio[0-9]+-requests$/ { print $2 + $3, $NF }' /proc/interrupts | sort -n | sed -n '$s/.* //p'; }

t "hardirqs and the kernel's counts" hard
t "hardirqs -d -c, and the kernel's counts" one_cpu
t "softirqs and the kernel's counts" soft
finish
