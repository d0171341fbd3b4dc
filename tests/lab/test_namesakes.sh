#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each tool beside its namesake of libbpf-tools, over the same work at the same time: the same events.
# unlinksnoop has no namesake: it is compared with what the work did, through the kinds of probes that
# tests/kernel/test_snoops.sh need not find on the running kernel.
. "$(dirname "$0")/../lib.sh"
need_root
if [ -z "$kprobes" ]; then
	t "namesakes" skip "some of them need kprobes"
	finish
fi
[ -x /usr/sbin/sigsnoop ] || { t "namesakes" skip "libbpf-tools is not installed (scripts/deps test)"; finish; }

# namesake FILE NAME [ARG…]: starts it; it traces everybody, until the end. Its rows go to FILE.
namesakes=()
namesake() {
	local file=$base/$1
	shift
	stdbuf -oL "/usr/sbin/$1" "${@:2}" >"$file" 2>"$file.err" &
	namesakes+=($!)
}
namesake opens opensnoop -e
namesake exits exitsnoop
namesake signals sigsnoop
namesake calls sigsnoop -k
namesake lines bashreadline
namesake states tcpstates
namesake connects tcpconnlat -L
trap 'kill "${namesakes[@]}"; wait; cd /; rm -rf "$base"' EXIT

# compared FILE COUNT WHICH FIELDS: the tool's rows and those in FILE are the same, and so many: the rows
# WHICH (in awk, where of[X] is true for each word X in the file `of`), and of them these fields. The
# namesake may be a little late.
compared() {
	local program="FILENAME == \"of\" { of[\$1] = 1; next } FNR > 1 && ($3) { print $4 }"
	local end=$((SECONDS + limit))
	status 0
	awk "$program" of out | sort >ours
	equal "number of rows" "$2" "$(wc -l <ours)"
	until
		sed 's/^[0-9][0-9]:[0-9:]* *//; s/ -> / /' "$base/$1" >theirs # without the time and the arrow
		awk "$program" of theirs | sort >theirs.rows
		cmp -s ours theirs.rows || [ $SECONDS -ge $end ]
	do sleep 0.1; done
	equal "rows (- the namesake's, + ours)" "$(cat theirs.rows)" "$(cat ours)"
	printf '  %s rows of %s, %s of its namesake\n' "$(wc -l <ours)" "${command%% *}" "$(wc -l <theirs.rows)"
}
# traces FILE: until the namesake with that file does; it prints its header then.
traces() { wait_for "the namesake traces" grep -q COMM "$base/$1"; }

# The namesake knows no openat2(), of which the flags are 02000000.
opens() {
	traces opens
	touch readme
	run opensnoop -e --comm spawn -c 'spawn --open readme missing readme missing >expected; cut -d" " -f1 expected >of'
	compared opens 8 'of[$1] && $2 == "spawn" && $5 != "02000000"' '$1, $2, $3, $4, $5, $6'
}

# The namesake calls KILL "Killed".
exits() {
	traces exits
	run exitsnoop -c 'spawn 20 >expected; for code in 0 3 255; do bash -c "echo \$\$; exit $code"; done >>expected
		for signal in 9 15 6; do bash -c "echo \$\$; kill -$signal \$\$"; done >>expected 2>/dev/null; cut -d" " -f1 expected >of'
	compared exits 26 'of[$2]' '$1, $2, $3, $4, $6, $7'
}

# The namesake's result is not what became of the signal.
signals() {
	traces signals
	run sigsnoop --comm spawn -c 'spawn --kill 10 12 40 >expected; cut -d" " -f1 expected >of'
	compared signals 10 'of[$1] && $2 == "spawn"' '$1, $2, $3, $4'
}

signal_calls() {
	traces calls
	run sigsnoop -k --comm spawn -c 'spawn --kill 10 12 40 >expected; cut -d" " -f1 expected >of'
	compared calls 12 'of[$1] && $2 == "spawn"' '$1, $2, $3, $4, $5'
}

lines() {
	traces lines
	printf 'echo one\n: two words\n\nfalse || true\n' >typed
	run bashreadline -c 'TERM=dumb script -qec "bash --norc --noprofile -i" /dev/null <typed >/dev/null'
	equal "lines" "$(cat typed)" "$(awk 'NR > 1' out | sed 's/^[^ ]* *[^ ]* *//')"
	sed -i 's/^[0-9][0-9]:[0-9:]* *//' out
	awk 'NR > 1 { print $1 }' out | sort -u >of
	compared lines 4 'of[$1]' '$0'
}

# The namesake cuts names to 10 characters.
states() {
	traces states
	run tcpstates -c 'tcp 5 >expected; tcp -6 5 >>expected; tcp --refused 2 >>expected; awk "{ print \$5; print \$7 }" expected >of'
	compared states 108 'of[$5]' '$1, $2, substr($3, 1, 10), $4, $5, $6, $7, $8, $9'
}

connects() {
	traces connects
	run tcpconnlat -L -x -c 'tcp 5 >expected; tcp -6 5 >>expected; tcp --refused 2 >>expected; cut -d" " -f1 expected >of'
	compared connects 12 'of[$1]' '$1, $2, $3, $4, $5, $6, $7'
}

# unlinked PROBE [ARG…]: by the kind of probe that it should be.
unlinked() {
	mkdir folder
	touch one two three
	run unlinksnoop -v "${@:2}" -c 'rmdir folder; spawn --unlink one two missing /proc/1/comm three >expected'
	status 0
	matches "-v" "$err" "^reprobe: attached to $1$"
	equal "rows" "$(awk '{ print $1, "spawn", 0 - $2, $3 }' expected)" "$(awk 'NR > 1 { $1 = $1; print }' out)"
}

t "opensnoop" opens
t "exitsnoop" exits
t "sigsnoop" signals
t "sigsnoop -k" signal_calls
t "bashreadline" lines
t "tcpstates" states
t "tcpconnlat" connects
t "unlinksnoop takes fentry" unlinked fentry:do_unlinkat
t "unlinksnoop through a kprobe" unlinked kretprobe:do_unlinkat --probe kprobe
finish
