# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the suites about questions, after lib.sh.

# answer COMMAND VERB LINE: the C that answers the question runs while COMMAND does, and goes well;
# what it printed is in $out, as JSON. With target=-t it looks at COMMAND only.
answer() {
	local attach
	# shellcheck disable=SC2086
	query ${target-} "$2" "$3" >question.c || { fail "$2 $3 has no answer"; return 1; }
	# shellcheck disable=SC2086
	mapfile -t attach < <(query ${target-} -a "$2" "$3")
	run reprobe run --json question.c "${attach[@]}" -c "$1"
	status 0
	lacks "$2 $3" "$err" 'events lost'
	lacks "$2 $3" "$err" 'warning'
}

# fields NAME…: those of the records
fields() { grep '^{"output"' out | jsonlines "$@" | tr '\t' ' '; }
