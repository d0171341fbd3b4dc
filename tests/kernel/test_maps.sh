#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Maps by name: set, deleted from, emptied and printed in every form, by the helper `maps`.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root

cat >"$base/maps.c" <<'EOF'
struct key { u32 pid; char comm[16]; };
struct value { u64 ns; int last; unsigned low : 3, high : 5; };
struct dist_key { char comm[16]; u64 slot; };
struct place_key { u32 place; s64 slot; };
BPF_HASH(counts, u32, u64);
BPF_HASH(tiny, u32, u64, 2);
BPF_HASH(keys, struct key, struct value);
BPF_HISTOGRAM(plain);
BPF_HASH(dist, struct dist_key, u64);
BPF_HASH(times_linear, s64);
BPF_HASH(sizes_linear, u64);
BPF_HASH(deltas_linear, u32, s64);
BPF_HASH(places_linear, struct place_key);
BPF_ARRAY(one, u64, 1);
BPF_ARRAY(four, u64, 4);
BPF_PERCPU_ARRAY(percpu, u64, 4);
BPF_PERF_OUTPUT(events);
BPF_STACK_TRACE(stacks, 64);
int never(void *ctx) { return 0; } // libbcc has no types for a source without functions
EOF

maps() { run maps "$base/maps.c" "$@"; }
bar='****************************************'
none='                                        '

forms() {
	maps set counts 3 07 set counts 020 0x1 text counts json counts csv counts describe counts
	status 0
	silent
	equal "a map of numbers" "counts:
KEY     VALUE
16      1
3       7
{\"map\":\"counts\",\"key\":16,\"value\":1}
{\"map\":\"counts\",\"key\":3,\"value\":7}
key,value
16,1
3,7
hash, u32 -> u64, 2 of 10240 entries" "$(tr -d '\r' <<<"$out")"
	matches "lines of CSV end in CR LF" "$out" $'^16,1\r$'
}

structs() {
	maps set keys '{7, "a,\"b"}' '{5, -3, .high = 31}' set keys '{.comm = x y, .pid = 3}' '{1}' \
		title "by key" text keys json keys csv keys describe keys
	status 0
	silent
	equal "a map of structs" 'by key:
PID     COMM            NS           LAST    LOW HIGH
3       x y             1            0       0   0
7       a,"b            5            -3      0   31
{"map":"keys","key":{"pid":3,"comm":"x y"},"value":{"ns":1,"last":0,"low":0,"high":0}}
{"map":"keys","key":{"pid":7,"comm":"a,\"b"},"value":{"ns":5,"last":-3,"low":0,"high":31}}
pid,comm,ns,last,low,high
3,x y,1,0,0,0
7,"a,""b",5,-3,0,31
hash, struct {u32 pid; char comm[16]} -> struct {u64 ns; int last; u32 low:3; u32 high:5}, 2 of 10240 entries' \
		"$(tr -d '\r' <<<"$out")"
}

# What Python's own reader of CSV makes of it is what the map has.
csv_is_read() {
	command -v python3 >/dev/null || skip "no python3"
	maps set keys '{1, "q\"u,o"}' '{2}' csv keys
	local read='import csv, sys; print(list(csv.reader(open(sys.argv[1], newline=""))))'
	equal "read as CSV" "[['pid', 'comm', 'ns', 'last', 'low', 'high'], ['1', 'q\"u,o', '2', '0', '0', '0']]" \
		"$(python3 -c "$read" "$tmp/out")"
	# A spreadsheet would run it; a number it may have.
	maps set keys '{1, "=1+A2"}' '{2}' set keys '{2, "-3"}' '{2}' csv keys
	equal "texts like formulas" "[\"'=1+A2\", '-3']" \
		"$(python3 -c 'import csv, sys; print([r[1] for r in csv.reader(open(sys.argv[1], newline=""))][1:])' "$tmp/out")"
}

log2_by_key() {
	maps set dist '{"dd", 2}' 8 set dist '{"dd", 3}' 2 set dist '{"sh", 1}' 4 \
		unit usecs text dist json dist csv dist
	status 0
	equal "a histogram for each command" "dist:

comm = sh
     usecs               : count     distribution
         0 -> 1          : 4        |$bar|
     count 4, mean 0.0 to 1.0, p50 <= 1, p90 <= 1, p99 <= 1

comm = dd
     usecs               : count     distribution
         2 -> 3          : 8        |$bar|
         4 -> 7          : 2        |**********                              |
     count 10, mean 2.4 to 3.8, p50 <= 3, p90 <= 7, p99 <= 7
{\"map\":\"dist\",\"key\":{\"comm\":\"sh\"},\"histogram\":[{\"min\":0,\"max\":1,\"count\":4}]}
{\"map\":\"dist\",\"key\":{\"comm\":\"dd\"},\"histogram\":[{\"min\":0,\"max\":1,\"count\":0},{\"min\":2,\"max\":3,\"count\":8},{\"min\":4,\"max\":7,\"count\":2}]}
comm,min,max,count
sh,0,1,4
dd,0,1,0
dd,2,3,8
dd,4,7,2" "$(tr -d '\r' <<<"$out")"
	maps set dist '{"dd", 64}' 9 json dist csv dist
	contains "the last bucket" "$out" '{"min":9223372036854775808,"max":18446744073709551615,"count":9}]' \
		"dd,9223372036854775808,18446744073709551615,9"
	maps set dist '{"dd", 65}' 1 text dist
	matches "what bpf_log2l() cannot give is a table" "$out" '^dd +65 +1$'
	maps set plain 2 5 csv plain
	equal "BPF_HISTOGRAM as CSV" "min,max,count 0,1,0 2,3,5" "$(tr -d '\r' <<<"$out" | xargs)"
}

linear() {
	maps set times_linear 10 8 set times_linear 40 2 set times_linear -10 4 text times_linear \
		linear 0 40 10 unit ms text times_linear linear 0 40 10 csv times_linear
	equal "a linear histogram" "times_linear:
     value               : count     distribution
-10                      : 4        |********************                    |
10                       : 8        |$bar|
40                       : 2        |**********                              |
     count 14, p50 in 10, p90 in 40, p99 in 40
times_linear:
     ms                  : count     distribution
(..., 0)                 : 4        |********************                    |
[0, 10)                  : 0        |$none|
[10, 20)                 : 8        |$bar|
[20, 30)                 : 0        |$none|
[30, 40)                 : 0        |$none|
[40, ...)                : 2        |**********                              |
     count 14, p50 <= 19, p90 >= 40, p99 >= 40
min,max,count
,-1,4
0,9,0
10,19,8
20,29,0
30,39,0
40,,2" "$(tr -d '\r' <<<"$out")"
	maps set times_linear 10 8 set times_linear 40 2 csv times_linear json times_linear
	equal "whose width is not known" 'min,max,count
10,,8
40,,2
{"map":"times_linear","histogram":[{"min":10,"count":8},{"min":40,"count":2}]}' "$(tr -d '\r' <<<"$out")"
	maps set places_linear '{1, 100}' 7 set places_linear '{1, 9223372036854775807}' 2 \
		set places_linear '{2, -9223372036854775808}' 3 linear 0 1000 1 names text places_linear \
		names json places_linear
	status 0
	equal "far apart, with no rows between" 3 "$(grep -c '|$' <<<"$out")"
	contains "a key's number by its name" "$out" "place = place 1" '"key":{"place":"place 2"}'
	matches "the last bucket" "$out" '^\[9223372036854775807, \.\.\.\) +: 2 '
}

# From 2^63 on, and at the highest number.
unsigned_linear() {
	maps set sizes_linear 18446744073709551610 1 set sizes_linear 10 2 text sizes_linear json sizes_linear \
		linear 0 20 10 csv sizes_linear
	equal "slots without a sign" 'sizes_linear:
     value               : count     distribution
10                       : 2        |****************************************|
18446744073709551610     : 1        |********************                    |
     count 3, p50 in 10, p90 in 18446744073709551610, p99 in 18446744073709551610
{"map":"sizes_linear","histogram":[{"min":10,"count":2},{"min":18446744073709551610,"count":1}]}
min,max,count
10,19,2
18446744073709551610,,1' "$(tr -d '\r' <<<"$out")"
	maps set times_linear 9223372036854775807 1 linear 0 9223372036854775807 1 text times_linear
	matches "the highest slot" "$out" '^\[9223372036854775807, \.\.\.\) +: 1 '
	maps set times_linear 9223372036854775806 1 linear 0 9223372036854775807 1 text times_linear
	matches "one before" "$out" '^\[9223372036854775806, 9223372036854775807\) +: 1 '
	maps set deltas_linear 3 -5 set deltas_linear 4 5 csv deltas_linear
	equal "counts are not below 0" "key,value 3,-5 4,5" "$(tr -d '\r' <<<"$out" | xargs)"
}

arrays() {
	maps text one set one 0 3 text one set four 3 1 set four 0 9 text four clear four text four \
		set percpu 2 9 text percpu clear percpu text percpu describe percpu describe one
	status 0
	silent
	equal "arrays" "one: 0
one: 3
four:
KEY     VALUE
3       1
0       9
four:
percpu:
KEY     VALUE
2       9
percpu:
per-CPU array, u64, 4 entries
array, u64, 1 entry" "$out"
}

deleting() {
	maps set tiny 1 1 set tiny 2 2 del tiny 1 text tiny clear tiny text tiny clear stacks \
		describe events describe stacks text events
	status 0
	silent
	equal "deleted, then emptied" "tiny:
KEY     VALUE
2       2
tiny:
perf buffers, one per CPU
stack traces, 0 of 64 entries" "$out"
}

# error PIECE STEP…: the step is refused so.
error() {
	local piece=$1
	shift
	maps "$@"
	refused "$piece"
}

errors() {
	error "cannot read the key \`x\` for counts: it (u32) must be a number, not \`x\`" \
		set counts x 1
	error 'must be from 0 to 4294967295, not `-1`' set counts -1 1
	error 'struct {u32 pid; char comm[16]} has no member `nope`' set keys '{.nope = 1}' '{}'
	error 'its member `low` (u32) must be from 0 to 7, not `8`' set keys '{1}' '{.low = 8}'
	error 'must be {a, b, …} or {.member = a, …}, not `5`' del keys 5
	error 'it does not have that key' del counts 4
	error 'the map is full' set tiny 1 1 set tiny 2 2 set tiny 3 3
	error 'it is an array with keys from 0 to 3' set four 4 1
	error 'an array always has all its entries' del four 1
	error 'it carries events or programs, not data' set events 1 1
	error 'it carries events or programs, not data' clear events
	error 'did you mean counts?' text conts
}

t "every form of a map of numbers" forms
t "keys and values that are structs" structs
t "CSV is read by others" csv_is_read
t "log2 histograms by key" log2_by_key
t "linear histograms" linear
t "linear histograms of unsigned numbers" unsigned_linear
t "arrays and per-CPU values" arrays
t "deleting and emptying" deleting
t "every error" errors
finish
