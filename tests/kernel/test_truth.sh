#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The matrix: kinds of values x kinds of probes x uses, of which none may be wrong (tests/truth/matrix.py).
. "$(dirname "$0")/../lib.sh"
need_root

matrix() {
	type python3 gcc >/dev/null 2>&1 || skip "there is no python3, or no gcc"
	local quick=()
	[ "$slow" = 1 ] || quick=(--quick)
	run python3 "$top/tests/truth/matrix.py" "$bin/reprobe" "${quick[@]}"
	status 0
	silent
	sed 's/^/  /' out
}

t "the matrix" matrix
finish
