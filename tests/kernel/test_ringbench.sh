#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ringbench: every experiment runs, its counts add up, and what depends on no machine holds.
. "$(dirname "$0")/../lib.sh"
need_root

# field NAME FILTER: of the lines of out that have FILTER
field() { grep -- "$2" out | sed -n "s/.*\"$1\":\([^,}]*\).*/\1/p"; }
short=(--json --for 100ms --rounds 1)
# Each program that is compiled takes seconds in an emulated machine.
[ "$slow" = 1 ] || short+=(--transport "perf-sampled,reprobe")

# bench ARG…: runs it, and it is silent and prints JSON
bench() {
	run ringbench "$@" "${short[@]}"
	status 0
	silent
	jsonlines <out >sums || fail "not JSON" "$(cat sums)"
}

# That produced = delivered + lost is checked by ringbench itself in each run.
throughput() {
	if [ "$slow" = 1 ]; then
		bench --size 16,264 --pages 16 --producers 1,2
		equal "lines" 28 "$(grep -c '"experiment":"throughput"' out)"
	else
		bench
		equal "lines" 2 "$(grep -c '"experiment":"throughput"' out)"
	fi
	equal "lines without a delivery" "" "$(grep '"delivered_per_s":0,' out)"
	equal "lines that slow nothing down" "" "$(awk -F'"slowdown":' '$2 + 0 <= 0' out)"
}

chart() {
	run ringbench --for 50ms --rounds 1 --transport output,reprobe --chart
	status 0
	matches "table" "$out" '^reprobe +[0-9.kM]+ +[0-9.kM]+ +[0-9.]+% '
	matches "chart" "$out" '^reprobe +\|#+ [0-9.kM]+$'
	equal "lines that are too wide" "" "$(awk 'length > 80' out)"
}

# The figure itself is for a quiet machine: scripts/bench rings.
beside_libbpf() {
	bench libbpf
	equal "ratios" 2 "$(field delivered_ratio delivered_ratio | awk '$1 ~ /^[0-9.]+$/' | wc -l)"
	awk -v ours="$(field wakeups_per_s '"wakeups":"kernel","reader":"reprobe"')" \
		-v libbpf="$(field wakeups_per_s '"wakeups":"kernel","reader":"ring')" \
		'BEGIN { exit !(ours < libbpf) }' || fail "expected fewer wake-ups than with libbpf" "$out"
}

# A lone record wakes the reader, nothing is woken while nothing happens, and a flow wakes it seldom. How long
# a record takes is for a quiet machine: scripts/bench rings.
latency() {
	run ringbench latency --json --transport reprobe
	status 0
	equal "records" "10 50 300 3000" "$(field records records | xargs)"
	local lone
	lone=$(field wakeups_per_record '"reprobe","per_s":10,')
	awk -v woken="$lone" 'BEGIN { exit !(woken >= 0.5) }' || fail "lone records do not wake the reader" "$out"
	awk -v idle="$(field wakeups_per_s '"reprobe","per_s":0,')" 'BEGIN { exit !(idle < 5) }' ||
		fail "an idle reader is woken" "$out"
	# Where the machine is busy some of a flow come alone, too.
	awk -v woken="$(field wakeups_per_record '"reprobe","per_s":10000,')" -v lone="$lone" 'BEGIN { exit !(woken < lone / 2) }' ||
		fail "a flow wakes the reader too often" "$out"
}

ordering() {
	bench ordering --burst 2000
	local transport
	for transport in perf-sampled reprobe; do
		equal "lost, $transport" 0 "$(field lost "\"$transport\"")"
		equal "produced = delivered, $transport" "$(field produced "\"$transport\"")" \
			"$(field delivered "\"$transport\"")"
	done
	equal "reversed" 0 "$(field reversed '"reprobe"')"
	# 200 programs: fork, exec, exit; the threads that start them; and the session's own.
	equal "produced" 603 "$(field produced '"reprobe"')"
	# Perf buffers are read one CPU after the other.
	[ "$(nproc)" = 1 ] || [ "$(field out_of_order '"perf-sampled"')" -gt 0 ] ||
		fail "expected perf buffers to mix up the order" "$out"
}

# 16 pages hold 1638 records of 32 bytes with a header of 8.
burst() {
	run ringbench burst --json --burst 3000 --pages 16 --transport perf,output,reserve
	status 0
	equal "lost by ring buffers" "1362 1362" "$(field lost 'e"' | xargs -n 1 | tail -n 2 | xargs)"
	equal "delivered + lost" "3000 3000 3000" \
		"$(paste <(field delivered burst) <(field lost burst) | awk '{ print $1 + $2 }' | xargs)"
	[ "$(nproc)" = 1 ] || [ "$(field lost '"perf"')" -gt 1362 ] ||
		fail "expected perf buffers to lose more at the same memory" "$out"
	awk -v perf="$(field lossless_memory '"perf"')" -v ring="$(field lossless_memory '"reserve"')" \
		'BEGIN { exit !(perf >= ring && ring > 0) }' || fail "memory without losses" "$out"
}

late_failure() {
	run ringbench late-failure --json --burst 2000 --rounds 1 --transport perf-sampled,output,reserve
	status 0
	equal "made in vain after a reserve" 0 "$(field made_in_vain '"reserve"')"
	equal "made in vain before an output" "$(field lost '"output"')" "$(field made_in_vain '"output"')"
	[ "$(field lost '"output"')" -gt 1000 ] || fail "expected a full buffer" "$out"
}

wrong_options() {
	local option
	for option in nothing --transport=pigeon --size=20 --size=8 --pages=3 --producers=0 --for=0; do
		run ringbench $option
		status 64
		equal "stdout of $option" "" "$out"
	done
}

t "throughput" throughput
t "latency" latency
t "ordering" ordering
if [ "$slow" = 1 ]; then
	t "a table and a chart of 80 columns" chart
	t "beside libbpf's reader" beside_libbpf
	t "a burst" burst
	t "late failure" late_failure
	t "wrong options" wrong_options
fi
finish
