#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Programs of Go (go/prog.go): their arguments by name and type, calls whose stacks have to grow, and that no probe ends
# them.
. "$(dirname "$0")/../lib.sh"
need_root

[ "$(uname -m)" = x86_64 ] || skip "calling conventions of other processors are not known"
type go >/dev/null 2>&1 || skip "there is no go"
source=$(cd "$(dirname "$0")" && pwd)/go/prog.go
export GOCACHE=$base/cache GOFLAGS=-mod=mod GO111MODULE=off

# build NAME FLAG…: once for all cases
build() {
	local name=$1
	shift
	[ -e "$base/$name" ] || go build -o "$base/$name" "$@" "$source" || fail "cannot build $name"
	cp "$base/$name" prog
}

# ask QUESTION FIELD…: what those fields of its rows are, of which each of the calls has one
ask() {
	local question=$1
	shift
	run reprobe --json -e "$question" -c './prog /'
	status 0
	equal "$question, rows" 3 "$(wc -l <out)"
	jsonlines "${@/#/data.}" <out | sort -u | tr '\t' '|'
}

# count QUESTION: its only number
count() {
	run reprobe --json -e "$1" -c './prog /'
	status 0
	jsonlines value <out
}

arguments() {
	build prog
	equal "numbers" '-5|250|-300|65000|-70000|4000000000|-5000000000|18446744073709551615|true' \
		"$(ask 'trace ./prog:main.numbers a, b, c, d, e, f, g, h, yes' a b c d e f g h yes)"
	equal "texts" 'hello gopher|7|some bytes|käse' "$(ask 'trace ./prog:main.texts' first n second third)"
	equal "structs" '41|first|second|-2|-7|3|-4|a label|two' \
		"$(ask 'trace ./prog:main.structs c->n, c->name, c->next->name, c->next->n, m, p.x as x, p.y as y, p.label as label, c->items.array[1].label as second' \
			'c->n' 'c->name' 'c->next->name' 'c->next->n' m x y label second)"
	equal "a method" 'first|the key' "$(ask 'trace ./prog:main.(*conf).method c->name, key' 'c->name' key)"
	equal "conditions" 3 "$(count 'count ./prog:main.texts if first == "hello gopher" && starts(third, "k") && n == 7')"
	equal "conditions that do not hold" 0 "$(count 'count ./prog:main.texts if first == "hello" || second == "some byte"')"
	run reprobe --json -e 'count ./prog:main.texts by first, second' -c './prog /'
	equal "keys" 'hello gopher|some bytes|3' "$(jsonlines key.first key.second value <out | tr '\t' '|')"
	run reprobe -e 'trace ./prog:main.structs c->items[1].label' -c './prog /'
	contains "a slice's hint" "$err" 'a slice of Go has its elements in c->items.array, and their number in c->items.len'
}

# The kernel calls the probe at an instruction behind the check, which is repeated once there is room.
growing() {
	build prog
	equal "calls, tiny frames" 20004 "$(count 'count ./prog:main.tiny')"
	equal "calls, small frames" 20004 "$(count 'count ./prog:main.deep')"
	equal "calls, large frames" 20004 "$(count 'count ./prog:main.large')"
	equal "calls, of a pattern" 40008 "$(count 'count uprobe:./prog:main.[dl]*e*' | awk '{ sum += $1 } END { print sum }')"
	equal "calls with an argument" 4 "$(count 'count ./prog:main.deep if n == 2500')"
}

# A probe at a return would end the program as soon as a stack grows.
returns() {
	build prog
	local question at
	for question in 'trace ./prog:main.deep ret' 'trace ./prog:main.deep n, ret' 'latency ./prog:main.deep' \
		'trace ./prog:main.deep n if duration > 1ms' 'count uretprobe:./prog:main.deep' 'count uretprobe:./prog:main.*' \
		'count uretprobe:./prog:main.numbers'; do
		run reprobe -e "$question" -c './prog /'
		[ "$rc" != 0 ] || fail "$question was answered"
		contains "$question" "$err" 'of Go'
		matches "$question" "$err" 'a probe at a return would end'
	done
	echo 'int at_return(void *ctx) { return 0; }' >own.c
	run reprobe run own.c --attach at_return=uretprobe:./prog:main.deep -c './prog /'
	[ "$rc" != 0 ] || fail "a program of one's own was attached"
	contains "a program of one's own" "$err" 'whose stacks move: a probe at a return would end it'
	if at_least 6.13; then
		echo 'int at_both(void *ctx) { return 0; }' >own.c
		for at in main.deep 'main.[dl]*e*'; do
			run reprobe run own.c --attach "at_both=uprobe.session:./prog:$at" -c './prog /'
			[ "$rc" != 0 ] || fail "a program of one's own was attached to $at"
			contains "a program of one's own, $at" "$err" 'whose stacks move: a probe at a return would end it'
		done
	fi
	run reprobe info ./prog:main.texts
	contains "the signature" "$out" 'main.texts(struct string first, long n, struct second[]uint8, struct string third)'
	matches "its source" "$out" 'source +/.*/prog.go:39'
}

# Without debug information its registers tell nothing; its functions still have names.
without_types() {
	build bare -ldflags=-w
	equal "calls" 20004 "$(count 'count ./prog:main.deep')"
	run reprobe -e 'trace ./prog:main.deep arg0' -c './prog /'
	[ "$rc" != 0 ] || fail "arg0 was shown"
	contains "arg0" "$err" 'Go passes arguments in other registers'
	build pie -buildmode=pie
	equal "calls, PIE" 20004 "$(count 'count ./prog:main.deep')"
	equal "texts, PIE" 'hello gopher|7|some bytes|käse' "$(ask 'trace ./prog:main.texts' first n second third)"
	run reprobe -e 'latency ./prog:main.deep' -c './prog /'
	contains "PIE" "$err" 'a probe at a return would end it'
}

stacks() {
	build prog
	run reprobe --json -e 'count ./prog:main.method by ustack' -e 'count ./prog:main.structs by ustack' -c './prog /'
	contains "the stack" "$out" 'main.main'
	contains "the stack" "$out" 'main.structs'
}

t "arguments by name and type" arguments
t "calls whose stacks grow" growing
t "returns are refused" returns
t "without debug information, and PIE" without_types
t "stacks" stacks
finish
