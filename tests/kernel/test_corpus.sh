#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every program of Debian's bpfcc-tools compiles without kernel headers, unless it needs a type that this
# kernel's BTF does not have.
. "$(dirname "$0")/../lib.sh"
need_root

# The types that compile errors call incomplete or unknown.
types_missed() {
	sed -n "s/.*incomplete definition of type 'struct \([a-zA-Z0-9_]*\)'.*/\1/p
		s/.*unknown type name '\([a-zA-Z0-9_]*\)'.*/\1/p
		s/.*incomplete type 'struct \([a-zA-Z0-9_]*\)'.*/\1/p" | sort -u
}

# in_btf NAME: whether vmlinux tells what the type is (a forward declaration does not)
in_btf() { grep -qE "^\[[0-9]+\] (STRUCT|UNION|TYPEDEF|ENUM|ENUM64) '$1' " btf; }

whole_corpus() {
	command -v tcplife-bpfcc >/dev/null || skip "bpfcc-tools is not installed"
	limit=$((limit * 4))
	run "$top/scripts/bench-corpus" corpus
	status 0
	local count name type missed
	count=$(find corpus -name '*.c' | wc -l)
	[ "$count" -ge 80 ] || fail "expected at least 80 programs, got $count" "$out$err"
	bpftool btf dump file /sys/kernel/btf/vmlinux >btf
	run compile-reprobe 1 corpus/*.c
	equal "programs that were tried" "$count" "$(wc -l <out)"
	for name in $(sed -n 's/ -$//p' out); do
		compile-reprobe 1 "corpus/$name" >/dev/null 2>error
		missed=$(types_missed <error)
		[ -n "$missed" ] || fail "$name does not compile" "$(cat error)"
		for type in $missed; do
			! in_btf "$type" || fail "$name does not compile, though BTF has $type" "$(cat error)"
		done
	done
}

t "the programs of bpfcc-tools" whole_corpus
finish
