#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The matrix: kinds of values x kinds of probes x uses, of which none may be wrong (tests/truth/matrix.py).
. "$(dirname "$0")/../lib.sh"
need_root
limit=$((limit * 8)) # each is a thousand questions

matrix() {
	type python3 gcc >/dev/null 2>&1 || skip "there is no python3, or no gcc"
	local quick=()
	[ "$slow" = 1 ] && [ -z "${REPROBE_TEST_QUICK-}" ] || quick=(--quick)
	run python3 "$top/tests/truth/matrix.py" "$bin/reprobe" "${quick[@]}"
	status 0
	silent
	sed 's/^/  /' out
}

# The user half: arguments and results of programs by the names and types of their debug information.
programs() {
	type python3 gcc >/dev/null 2>&1 || skip "there is no python3, or no gcc"
	[ "$(uname -m)" = x86_64 ] || skip "calling conventions of other processors are not known"
	[ "$slow" = 1 ] || skip "it depends little on the kernel"
	local quick=()
	[ -z "${REPROBE_TEST_QUICK-}" ] || quick=(--quick)
	run python3 "$top/tests/truth/programs.py" "$bin/reprobe" "${quick[@]}"
	status 0
	silent
	sed 's/^/  /' out
}

t "the matrix" matrix
t "the matrix of programs" programs
finish
