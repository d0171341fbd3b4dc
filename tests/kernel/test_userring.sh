#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# userring: samples in by a user ring buffer, answers out by a ring buffer, counted and in order.
. "$(dirname "$0")/../lib.sh"
need_root

million=$((1000000 / slow)) # checked by the tool itself
many=$((20000 / slow))

# sum FIELD: of the last line
sum() { tail -n 1 out | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }
# The numbers of all answers, as they came.
numbers() { sed -n 's/^{"number":\([0-9]*\).*/\1/p' out; }

a_million() {
	run userring --samples $million --json -q "$@"
	status 0
	silent
	equal "sum" "$million $million 0 0" "$(sum sent) $(sum answered) $(sum refused) $(sum discarded)"
	[ "$(sum drains)" -gt 1 ] || fail "expected more than a drain" "$out"
}

# The same, by the numbers that were printed.
all_come_back() {
	run userring --samples $many --json "$@"
	status 0
	silent
	equal "numbers" "$many" "$(numbers | awk '$1 == NR' | wc -l)"
	equal "answers" "$many" "$(numbers | wc -l)"
	equal "sum" "$many $many 0 0" "$(sum sent) $(sum answered) $(sum refused) $(sum discarded)"
	jsonlines <out >sums || fail "not JSON" "$(cat sums)"
}

# 4096 bytes hold 170 samples of 16 bytes with a head of 8.
refused_and_counted() {
	run userring --samples 1000 --json --pages 1 --drop-check --full=report
	status 0
	contains "stderr" "$err" "reprobe: the full buffer refused 830 samples"
	equal "sum" "170 830 170" "$(sum sent) $(sum refused) $(sum answered)"
	equal "numbers" "$(seq 170)" "$(numbers)"
}

blocks() {
	run userring --samples 1000 --json --pages 1 --drop-check --full=block
	status 0
	silent
	equal "sum" "1000 0 1000" "$(sum sent) $(sum refused) $(sum answered)"
	equal "numbers" "$(seq 1000)" "$(numbers)"
	[ "$(sum full)" -gt 0 ] || fail "the sender never had to wait" "$(tail -n 1 out)"
	# The first sample waited until somebody drained.
	local wait
	wait=$(sed -n '1s/.*"wait_ns":\([0-9]*\).*/\1/p' out)
	[ "$wait" -gt 90000000 ] || fail "the first sample waited $wait ns, though nobody drained"
}

discards() {
	run userring --samples 1000 --json --discard 3
	status 0
	silent
	equal "sum" "667 333 667" "$(sum sent) $(sum discarded) $(sum answered)"
	equal "numbers" "$(seq 1000 | awk '$1 % 3')" "$(numbers)"
}

rows() {
	run userring
	status 0
	matches "header" "$out" '^NUMBER +DRAIN +CPU WAIT'
	equal "rows" 10 "$(grep -cE '^[0-9]+ +[0-9]+ +[0-9]+ +[0-9.]+$' out)"
	contains "sum" "$out" "10 answers, in order"
	run userring -q
	equal "lines of -q" 2 "$(wc -l <out)"
}

ends_early() {
	start userring --samples 100000000 --json
	wait_in "it answers" test -s out
	kill -INT "$pid"
	stopped
	status 1
	matches "stderr" "$err" '^reprobe: ended early: [0-9]+ answers to [0-9]+ samples sent, of 100000000$'
}

wrong_options() {
	local option
	for option in --samples=0 --samples=x --pages=3 --full=maybe --discard=0 extra; do
		run userring $option
		status 64
		equal "stdout of $option" "" "$out"
	done
}

t "$million samples in, $million answers out" a_million
t "$many samples and each answer's number, through a page" all_come_back --pages 1 --busy
t "a full buffer reports" refused_and_counted
t "a full buffer blocks" blocks
t "discarded samples have no answer" discards
t "ended early" ends_early
if [ "$slow" = 1 ]; then # what does not depend on the kernel
	t "a million, draining all the time" a_million --busy
	t "$many samples and each answer's number" all_come_back
	t "rows" rows
	t "wrong options" wrong_options
fi
finish
