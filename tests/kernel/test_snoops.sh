#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tools that print a row for each event: every row is something that the test did, and all that it
# did is there. (execsnoop has a file of its own.)
. "$(dirname "$0")/../lib.sh"
need_root

tools="opensnoop exitsnoop sigsnoop unlinksnoop bashreadline tcpstates tcpconnlat"

# The rows without the header and the padding.
rows() { tail -n +2 <<<"$out" | awk '{ $1 = $1; print }'; }
# traced TOOL…: what it prints of a run that goes well
traced() {
	run "$@"
	status 0
	silent
}
# fields NAME…: those of the objects of --json
fields() { jsonlines "$@" <out | tr '\t' ' ' || fail "not JSON" "$out"; }

# ---------------------------------------------------------------- opensnoop

# As the processor's <fcntl.h> has it.
o_directory=00200000
[ "$(uname -m)" != aarch64 ] || o_directory=00040000

opens() {
	local long
	long=$(printf './%.0s' {1..2044})longest # 4096 bytes with the final NUL, the longest there is
	touch readme longest
	mkdir directory
	traced opensnoop --comm spawn -c "spawn --open readme directory missing '' $long ./$long >expected"
	equal "header" "PID     COMM              FD ERR PATH" "$(head -n 1 <<<"$out")"
	equal "rows" "$(head -n -3 expected | awk '{ $1 = $1; print }')" "$(rows | head -n -3)"
	equal "calls" 18 "$(rows | wc -l)"
	equal "too long a path" "$(tail -n 3 expected | cut -d' ' -f1-4 | sed 's/$/ 4095/')" \
		"$(rows | tail -n 3 | awk '{ print $1, $2, $3, $4, length($5) }')"
}

failed_opens() {
	touch readme
	traced opensnoop -x --comm spawn -c "spawn --open readme missing readme >expected"
	equal "rows" "$(awk '$4 != 0' expected)" "$(rows)"
	traced opensnoop -x -e -U --comm spawn -c "spawn --open readme missing >expected"
	equal "header" "UID    PID     COMM              FD ERR FLAGS    PATH" "$(head -n 1 <<<"$out")"
	# The three calls' flags: of readme only open(O_DIRECTORY) fails.
	equal "users and flags" "0 $o_directory readme 0 00000000 missing 0 $o_directory missing 0 02000000 missing" \
		"$(rows | awk '{ printf "%s%s %s %s", s, $1, $6, $7; s = " " }')"
}

opens_as_json() {
	local odd=$'new\nline\t"quoted\\ \e[31m é'
	touch "$odd"
	printf '%s' "$odd" >name
	traced opensnoop --json --comm spawn -c 'spawn --open missing "$(cat name)" >expected'
	equal "fields" "$(head -n 3 expected)" "$(head -n 3 out | jsonlines pid comm fd err path | tr '\t' ' ')"
	equal "uid and flags" "0 0 0 $((o_directory)) 0 524288" \
		"$(head -n 3 out | jsonlines uid flags | tr '\t\n' '  ' | sed 's/ $//')"
	contains "odd name" "$(sed -n 4p out)" '"new\u000aline\u0009\"quoted\\ \u001b[31m é"'
}

# Of the calls of one program only those asked for: by its name, its thread, its flags.
chosen_opens() {
	touch readme
	traced opensnoop -n paw -c "spawn --open readme >expected; cat readme"
	equal "-n" "$(awk '{ $1 = $1; print }' expected)" "$(rows | grep readme)"
	traced opensnoop -n paws -c "spawn --open readme >expected"
	equal "-n of nobody" "" "$(rows)"
	traced opensnoop -e -f O_DIRECTORY -c "spawn --open readme >expected"
	equal "-f" "readme $o_directory" "$(rows | awk '/readme/ { print $6, $5 }')"
	traced opensnoop -e -f O_DIRECTORY -f O_CLOEXEC --comm spawn -c "spawn --open readme >expected"
	equal "two -f" "$o_directory 02000000" "$(rows | awk '/readme/ { printf "%s%s", s, $5; s = " " }')"
	traced opensnoop -f O_WRONLY -c "spawn --open readme >written"
	equal "-f O_WRONLY" "written" "$(rows | awk '{ print $5 }' | grep -v /dev/tty)"
	gate
	bash -c 'read -r x <go; : <readme; (: <readme); echo >done; read -r x <go' &
	start opensnoop -t $!
	attached
	echo >go
	wait_in "it opened" test -s "done"
	wait_in "its row came" grep -q "done" out
	kill -INT "$pid"
	stopped
	equal "-t" "readme done" "$(tail -n +2 out | awk '/readme|done/ { printf "%s%s", s, $5; s = " " }')"
	echo >go
}

# Such a call has no entry.
refused_opens() {
	traced opensnoop -e --comm callers -c "callers --refused-files 1 >calls"
	equal "rows" "$(sed -n 's/^open.*/-1 1 a path/p' calls)" "$(rows | sed -n 's/.* \(-1 1\) .* \(a path\)$/\1 \2/p')"
	traced opensnoop -x -f O_CREAT --comm callers -c "callers --refused-files 1 >calls"
	equal "of these flags" "$(sed -n 's/^open that creates/-1 1 a path/p' calls)" "$(rows | cut -d' ' -f3-)"
}

# Flags that are in no register: of creat(), and of a struct open_how that the kernel brings into memory, or cannot.
flags_elsewhere() {
	printf '\101\0\0\0\0\0\0\0\200\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0' >how # O_WRONLY | O_CREAT, 0600
	traced opensnoop -e -c "untouched how --how file >expected"
	equal "openat2" "$(cat expected)" "$(rows | awk '$6 == "file" { print $1, $3, $5, $6 }')"
	equal "its flags" "00000101 00000101" "$(awk '{ printf "%s%s", s, $3; s = " " }' expected)"
	traced opensnoop -f O_CREAT --comm untouched -c "untouched how --how file >expected"
	equal "-f O_CREAT" "file file" "$(rows | awk '{ printf "%s%s", s, $5; s = " " }')"
	traced opensnoop -f O_RDONLY --comm untouched -c "untouched how --how file >expected"
	lacks "-f O_RDONLY" "$out" " file"
	traced opensnoop -e --comm spawn -c "spawn --create one two >expected"
	equal "creat, no flags" "$(cat expected)" "$(rows | tail -n "$(wc -l <expected)")"
	traced opensnoop -f O_RDONLY -f O_CREAT --comm spawn -c "spawn --create one two >expected"
	equal "-f, no flags" "$(awk '$5 != "?" { print $1, $6 }' expected)" "$(rows | awk '$5 ~ /one|two/ { print $1, $5 }')"
	traced opensnoop --json --comm spawn -c "spawn --create one >expected"
	contains "JSON" "$(tail -n 1 out)" '"err":14,"flags":null,"path":"one"'
}

# Of 32 directories none is left out.
deep_opens() {
	traced opensnoop -F -f O_CREAT --comm python3 -c "python3 -c '
import os
os.chroot(\".\")
for depth in 31, 32, 33:
    path = \"/\".join(map(str, range(1, depth + 1)))
    os.makedirs(path, exist_ok=True)
    os.close(os.open(\"file\", os.O_CREAT, dir_fd=os.open(path, os.O_PATH)))'"
	equal "paths" "/$(seq -s/ 1 31)/file
/$(seq -s/ 1 32)/file
.../$(seq -s/ 2 33)/file" "$(rows | awk '/file$/ { print $5 }')"
}

# The directory that a relative path begins in: the working one, that of a descriptor, across mounts and in a root
# of one's own.
full_opens() {
	mkdir -p "a/b c/d" mnt
	touch "a/b c/d/file"
	traced opensnoop -F --comm python3 -c "cd 'a/b c'; python3 -c '
import os
for path, dir in ((\"d/file\", None), (\"./d/../d/file\", None), (\"file\", os.open(\"d\", os.O_PATH)), (\"/\", None)):
    os.close(os.open(path, os.O_PATH, dir_fd=dir))
os.chroot(\".\")
os.close(os.open(\"d/file\", os.O_PATH))
try: os.open(\"file\", os.O_RDONLY, dir_fd=999)
except OSError: pass'"
	equal "paths" "$tmp/a/b c/d/file
$tmp/a/b c/./d/../d/file
$tmp/a/b c/d
$tmp/a/b c/d/file
/
/d/file
file" "$(sed -n '/b c\/d$\|file$\| \/$/{s/^[^/]* \([/f]\)/\1/;p}' out | awk '/b c.d$/ { d = $0; next } { print } /[.][.]/ { print d }')"
	"${own_mounts[@]}" true 2>/dev/null || skip "no mount namespace can be made here"
	traced opensnoop -F --comm cat -c "${own_mounts[*]} sh -c 'mount -t tmpfs none mnt && mkdir -p mnt/in/side && cd mnt/in && echo here >side/file && cat side/file'"
	contains "across a mount" "$(rows)" " $tmp/mnt/in/side/file"
}

# ---------------------------------------------------------------- exitsnoop

exits() {
	traced exitsnoop -c 'bash -c "echo \$\$ code 7; exit 7" >expected
		for signal in 9 15 11; do bash -c "echo \$\$ signal \$0; ulimit -c 0; kill -\$0 \$\$" $signal; done >>expected 2>/dev/null
		spawn 3 >spawned; :'
	equal "header" "PCOMM            PID     PPID    TID     AGE(s)  EXIT_CODE" "$(head -n 1 <<<"$out")"
	equal "how bash ended" "$(sed 's/ 9$/ 9 (KILL)/; s/ 15$/ 15 (TERM)/; s/ 11$/ 11 (SEGV)/' expected)" \
		"$(rows | awk '$1 == "bash" { $1 = $3 = $4 = $5 = ""; $0 = $0; $1 = $1; print }')"
	equal "spawn's processes" "$(awk '{ print $1, $2, $1, 0 }' spawned)" \
		"$(rows | grep ^spawn | head -n 3 | awk '{ print $2, $3, $4, $6 }')"
	equal "processes" 9 "$(rows | wc -l)" # the four of bash, spawn with its three, and the shell
}

age() {
	traced exitsnoop --comm sleep -c 'sleep 0.3; :'
	rows | awk -v all_ms=$took '$5 < 0.3 || $5 * 1000 > all_ms { exit 1 }' || fail "age: expected 0.3 s" "$(rows)"
}

labels() {
	local before after
	before=$(date -u +%H:%M:%S)
	TZ=Asia/Tokyo traced exitsnoop --utc --label 'here, now' --comm true -c '/bin/true; :'
	after=$(date -u +%H:%M:%S)
	equal "header" "TIME-UTC LABEL  PCOMM" "$(head -n 1 <<<"$out" | cut -c1-21)"
	matches "label" "$out" '^[0-9:]{8} here, now true '
	rows | while read -r time _; do
		[[ ! $time < $before && ! $time > $after ]] || [[ $after < $before ]] ||
			fail "expected a time from $before to $after of UTC, got $time"
	done
	traced exitsnoop --json --label here --comm true -c '/bin/true; :'
	equal "JSON" here "$(fields label)"
}

failed_exits() {
	traced exitsnoop -x -c '{ bash -c "exit 0"; bash -c "exit 5"; bash -c "kill -PIPE \$\$"; } 2>/dev/null; spawn 4 >/dev/null; :'
	equal "ends" "code 5,signal 13 (PIPE)" "$(rows | cut -d' ' -f6- | paste -sd,)"
}

threads() {
	traced exitsnoop -c 'spawn --threads 3 >expected; :'
	equal "processes" "$(cut -d' ' -f1 expected | head -n 1)" "$(rows | awk '$1 == "spawn" { print $2 }')"
	traced exitsnoop --per-thread -c 'spawn --threads 3 >expected; :'
	# One that was joined may be a little longer on its way out than the next.
	equal "threads" "$({ cat expected; head -n 1 expected | awk '{ print $1, $1 }'; } | sort)" \
		"$(rows | awk '$1 == "spawn" { print $2, $4 }' | sort)"
}

# A process ends with its last thread, and goes on in the program that one of its threads runs.
last_threads() {
	printf '#!/bin/sh\nsleep 0.3\nexit 5\n' >script
	chmod +x script
	traced exitsnoop -c 'spawn --outlived 3 >expected; echo $? >code; spawn --thread-exec ./script >>expected; echo $? >>code; :'
	equal "codes" "3 5" "$(paste -sd' ' code)"
	equal "rows" "$(printf 'spawn\nscript\n' | paste -d' ' - expected expected code | sed 's/[0-9]*$/code &/')" \
		"$(rows | awk '$1 ~ /spawn|script/ { print $1, $2, $4, $6, $7 }')"
	equal "an age of 0.25 s" 1 "$(rows | awk '$1 == "spawn" && $5 >= 0.25' | wc -l)"
	traced exitsnoop -x -c 'spawn --outlived 3 >expected; :'
	equal "-x" "$(cat expected) code 3" "$(rows | awk '$1 == "spawn" { print $2, $6, $7 }')"
	traced exitsnoop --per-thread -c 'spawn --outlived 3 >expected; :'
	equal "--per-thread" "$(cat expected) 0,$(cat expected) code 3" "$(rows | awk '$1 == "spawn" { print $2, $6, $7 }' | sed 's/ $//' | paste -sd,)"
}

exits_as_json() {
	traced exitsnoop --json -c 'bash -c "echo \$\$; exit 7" >expected; bash -c "echo \$\$; kill -KILL \$\$" >>expected 2>/dev/null; :'
	equal "fields" "bash $(sed -n 1p expected) 7 0 0
bash $(sed -n 2p expected) 0 9 0" "$(fields pcomm pid exit_code signal core | head -n 2)"
}

# ---------------------------------------------------------------- sigsnoop

# Blocked: a signal that is pending already, for the thread or for the process, is not sent again,
# unless it is a real-time one.
signals() {
	traced sigsnoop --comm spawn -c 'spawn --kill 10 12 40 >expected'
	equal "header" "PID     COMM             SIG       TPID    RESULT" "$(head -n 1 <<<"$out")"
	equal "signals" "$(awk '$5 == 0 { print $1, $2, $3, $4 }' expected)" \
		"$(rows | awk '$3 != 17 { print $1, $2, $3, $4 }')"
	equal "results" "queued queued pending queued queued pending queued queued queued" \
		"$(rows | awk '$3 != 17 { printf "%s%s", s, $5; s = " " }')"
	equal "SIGCHLD of its end" 1 "$(rows | awk '$3 == 17' | wc -l)"
	traced sigsnoop -x -n --comm spawn -c 'spawn --kill 10 35 >expected'
	equal "signals not queued" "SIGUSR1 pending" "$(rows | awk '{ print $3, $5 }')"
}

calls() {
	traced sigsnoop -k --comm spawn -c 'spawn --kill 10 40 >expected'
	equal "calls" "$(cat expected)" "$(rows)"
	traced sigsnoop -k -x --comm spawn -c 'spawn --kill 10 40 >expected'
	equal "failed calls" "$(awk '$5 != 0' expected)" "$(rows)"
	equal "how many" 2 "$(rows | wc -l)"
}

one_signal() {
	local signal
	for signal in 12 USR2 sigusr2; do
		traced sigsnoop -k -n -s $signal --comm spawn -c 'spawn --kill 10 12 40 >expected'
		equal "-s $signal" "$(awk '$3 == 12 { $3 = "SIGUSR2"; print }' expected)" "$(rows)"
	done
	traced sigsnoop -n -s RTMIN+6 --comm spawn -c 'spawn --kill 10 12 40 >expected'
	equal "-s RTMIN+6" "SIGRTMIN+6 SIGRTMIN+6 SIGRTMIN+6" "$(rows | awk '{ printf "%s%s", s, $3; s = " " }')"
	traced sigsnoop -k --tpid 1073741823 --comm spawn -c 'spawn --kill 10 12 >expected'
	equal "--tpid" "$(awk '$4 == 1073741823' expected)" "$(rows)"
	equal "how many" 2 "$(rows | wc -l)"
}

signals_as_json() {
	traced sigsnoop --json -k --comm spawn -c 'spawn --kill 10 >expected'
	equal "fields" "$(cat expected)" "$(fields pid comm sig tpid result)"
	traced sigsnoop --json -n -s usr1 --comm spawn -c 'spawn --kill 10 >expected'
	equal "fields" "SIGUSR1 queued,SIGUSR1 queued,SIGUSR1 pending" "$(fields sig result | paste -sd,)"
}

refused_calls() {
	traced sigsnoop -k -n --comm callers -c "callers --refused-files 1 >calls"
	equal "calls" 3 "$(grep -c kill calls)"
	equal "rows" "$(printf '%s -1\n' SIGUSR1 SIGUSR2 SIGTERM)" "$(rows | awk '$1 == $4 { print $3, $5 }')"
}

# ---------------------------------------------------------------- unlinksnoop

# The kinds of probes that this kernel has for it, the one that it takes by itself first.
kinds() {
	reprobe list fentry:do_unlinkat 2>/dev/null | grep -q . && echo fentry
	[ -z "$kprobes" ] || echo kprobe
	echo tracepoint
}
# unlinked ROW…: as unlinksnoop should show what `spawn --unlink` did.
unlinked() { awk '{ print $1, "spawn", 0 - $2, $3 }' expected; }

unlinks() {
	local kind long
	long=$(printf './%.0s' {1..2044})longest # 4096 bytes with the final NUL, the longest there is
	for kind in $(kinds); do
		touch one two longest
		mkdir folder
		traced unlinksnoop --probe "$kind" -c "rmdir folder; spawn --unlink one missing $long /proc/1/comm two >expected"
		equal "header" "PID     COMM              RET PATH" "$(head -n 1 <<<"$out")"
		equal "rows through $kind" "$(unlinked)" "$(rows)"
		equal "results" "0 -2 0 -1 0" "$(rows | awk '{ printf "%s%s", s, $3; s = " " }')"
	done
	run unlinksnoop -v -c true
	contains "-v" "$err" "reprobe: attached to $(kinds | head -n 1):"
}

failed_unlinks() {
	touch one two
	traced unlinksnoop --json -x -c 'spawn --unlink one missing two gone >expected'
	equal "fields" "$(unlinked | awk '$3 != 0')" "$(fields pid comm ret path)"
	equal "how many" 2 "$(wc -l <out)"
	if [ -z "$kprobes" ]; then
		run unlinksnoop --probe kprobe -c true
		refused "kprobe:do_unlinkat" "no kprobes" "tracepoint:syscalls:sys_enter_unlinkat"
	fi
}

# ---------------------------------------------------------------- bashreadline

# The lines that are typed, into a terminal: empty ones too, and what follows on one.
type_lines() { printf 'true\n: "two words"; true\n\necho $((6 *\n7))\n: \\303\\251\303\251\n' >typed; }
typing='TERM=dumb script -qec "exec $BASH_TO_TYPE_IN --norc --noprofile -i" /dev/null <typed >/dev/null'

typed_lines() {
	type_lines
	BASH_TO_TYPE_IN=/bin/bash run bashreadline -c "$typing"
	status 0
	silent
	equal "header" "TIME     PID     COMMAND" "$(head -n 1 <<<"$out")"
	equal "lines" "$(sed 's/\\/\\\\/g' typed)" "$(tail -n +2 <<<"$out" | sed 's/^[0-9:]* *[0-9]* *//')"
	matches "times" "$(tail -n 1 <<<"$out")" '^[0-9][0-9]:[0-9][0-9]:[0-9][0-9] [0-9]+ '
	equal "shells" 1 "$(tail -n +2 <<<"$out" | awk '{ print $2 }' | sort -u | wc -l)"
	BASH_TO_TYPE_IN=/bin/bash run bashreadline --json -c "$typing"
	equal "JSON" "$(cat typed)" "$(fields command)"
}

# With -s, of what has readline() only those that are named bash.
shared() {
	mkdir named
	cp /bin/bash named/bash
	cp /bin/bash other
	type_lines
	BASH_TO_TYPE_IN=$tmp/named/bash run bashreadline -s "$tmp/named/bash" --json -c "$typing"
	status 0
	equal "lines" "$(cat typed)" "$(fields command)"
	BASH_TO_TYPE_IN=$tmp/other run bashreadline -s "$tmp/other" --json -c "$typing"
	status 0
	equal "lines of another program" "" "$out"
	run bashreadline -s /bin/cat -c true
	refused "bin/cat:readline" "no function readline"
	run bashreadline -s /no/such/file -c true
	refused "/no/such/file"
}

# ---------------------------------------------------------------- tcpstates

# What the rows of `tcp COUNT` on stdin should lead to: LPORT RPORT OLDSTATE NEWSTATE, sorted. The remote
# port of a connection that comes in is set before its first state in some kernels, and after in others.
states_of() {
	awk '
	$5 && !server { print $7, 0, "CLOSE LISTEN"; print $7, 0, "LISTEN CLOSE"; server = 1 }
	{
		print $5, $7, "CLOSE SYN_SENT"; print $5, $7, "SYN_SENT ESTABLISHED"
		print $5, $7, "ESTABLISHED FIN_WAIT1"; print $5, $7, "FIN_WAIT1 FIN_WAIT2"; print $5, $7, "FIN_WAIT2 CLOSE"
		print $7, "any LISTEN SYN_RECV"; print $7, $5, "SYN_RECV ESTABLISHED"
		print $7, $5, "ESTABLISHED CLOSE_WAIT"; print $7, $5, "CLOSE_WAIT LAST_ACK"; print $7, $5, "LAST_ACK CLOSE"
	}' | sort
}
states_in() { awk '$3 == "LISTEN" && $4 == "SYN_RECV" { $2 = "any" } { print }' | sort; }
state_rows() { rows | awk '{ print $5, $7, $8, $9 }' | states_in; }

states() {
	traced tcpstates -c 'tcp 5 >expected'
	equal "header" "SKADDR           PID     COMM             LADDR           LPORT RADDR           RPORT OLDSTATE    NEWSTATE    MS" \
		"$(head -n 1 <<<"$out")"
	equal "changes" "$(states_of <expected)" "$(state_rows)"
	equal "addresses" "127.0.0.1 127.0.0.1" "$(rows | awk '$9 != "LISTEN" && $8 != "LISTEN" { print $4, $6 }' | sort -u)"
	# Each socket is one chain: a row's old state is the new one of that socket's row before.
	rows | awk '$1 in state && state[$1] != $8 { exit 1 } { state[$1] = $9 } $9 == "CLOSE" { delete state[$1] }' || fail "a chain of states is broken" "$out"
	# And the process is itself where it was one that acted.
	equal "who" "$(head -n 1 expected | cut -d' ' -f1) tcp" \
		"$(rows | awk '$9 ~ /LISTEN|SYN_SENT|FIN_WAIT1|LAST_ACK/ { print $2, $3 }' | sort -u)"
	traced tcpstates -w -c 'tcp -6 5 >expected'
	equal "changes, IPv6" "$(states_of <expected)" "$(state_rows)"
	equal "addresses, IPv6" "::1 ::1" "$(rows | awk '$7 != 0 { print $4, $6 }' | sort -u)"
}

chosen_states() {
	traced tcpstates -4 -c 'tcp 2 >four; tcp -6 2 >six'
	equal "-4" "$(states_of <four)" "$(state_rows)"
	traced tcpstates -6 -c 'tcp 2 >four; tcp -6 2 >six'
	equal "-6" "$(states_of <six)" "$(state_rows)"
	traced tcpstates -D 2,1,3 -c 'bash -c "exec 3<>/dev/tcp/127.0.0.1/1" 2>/dev/null; tcp 2 >expected'
	equal "-D" "1 CLOSE SYN_SENT,1 SYN_SENT CLOSE" "$(rows | awk '{ print $7, $8, $9 }' | paste -sd,)"
	traced tcpstates -L 1,2 -c 'tcp 2 >expected'
	equal "-L" "" "$(rows)"
}

time_in_state() {
	traced tcpstates -c 'tcp --given-up 1 >expected'
	rows | awk -v most=$took '$8 == "SYN_SENT" && $9 == "CLOSE" { seen = 1; bad = $10 < 20 || $10 > most }
		END { exit bad || !seen }' || fail "time in SYN_SENT: expected 20 ms" "$(rows)"
}

states_as_json() {
	traced tcpstates --json -c 'tcp 1 >expected'
	equal "fields" "$(states_of <expected)" "$(fields lport rport oldstate newstate | states_in)"
	equal "addresses" "127.0.0.1" "$(fields laddr | sort -u)"
	matches "milliseconds" "$(fields ms | tail -n 1)" '^[0-9.]+$'
}

# Comma-separated values, the seconds since the start, and the journal, whose socket the test has.
states_elsewhere() {
	traced tcpstates -s -t -c 'tcp 1 >expected'
	equal "header" "TIME(s),SKADDR,PID,COMM,LADDR,LPORT,RADDR,RPORT,OLDSTATE,NEWSTATE,MS" "$(head -n 1 <<<"$out")"
	equal "changes" "$(states_of <expected)" "$(tail -n +2 out | awk -F, '{ print $6, $8, $9, $10 }' | states_in)"
	tail -n +2 out | awk -F, -v most=$took '$1 < last || $1 * 1000 > most || NF != 11 { exit 1 } { last = $1 }' || fail "times" "$out"
	traced tcpstates -T -c 'tcp 1 >expected'
	matches "the time of day" "$out" '^[0-9]{2}:[0-9]{2}:[0-9]{2} [0-9a-f]+ '
	if [ ! -e /run/systemd/journal/socket ]; then
		run tcpstates -Y -c true
		[ "$rc" != 0 ] || fail "expected a status that is not 0 without a journal"
		contains "message" "$err" "journal"
	fi
	"${own_mounts[@]}" true 2>/dev/null || skip "no mount namespace can be made here"
	cat >journal.py <<'END'
import os, socket, subprocess
os.makedirs("/run/systemd/journal", exist_ok=True)
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
journal.bind("/run/systemd/journal/socket")
tool = subprocess.Popen(["tcpstates", "-Y", "-c", "tcp 1 >expected; echo end >end"], stdout=subprocess.DEVNULL)
journal.settimeout(1)
messages = []
while tool.poll() is None or not messages:
    try: messages.append(journal.recv(65536).decode())
    except TimeoutError: pass
for message in messages:
    fields = dict(line.split("=", 1) for line in message.splitlines())
    assert fields["SYSLOG_IDENTIFIER"] == "tcpstates" and fields["PRIORITY"] == "5", fields
    assert fields["OBJECT_IPV4_SOURCE_ADDRESS"] in ("127.0.0.1", "0.0.0.0"), fields
    assert int(fields["OBJECT_TCP_SPAN_TIME"]) >= 0, fields
    # Who a state changes in is chance: it may be a thread of the kernel.
    assert fields["MESSAGE"].startswith(fields["OBJECT_COMM"] + " "), fields
    print("-", fields["OBJECT_TCP_SOURCE_PORT"], "-", fields["OBJECT_TCP_DESTINATION_PORT"], fields["OBJECT_TCP_OLD_STATE"], fields["OBJECT_TCP_NEW_STATE"])
END
	run "${own_mounts[@]}" sh -c 'mount -t tmpfs none /run && exec python3 ./journal.py'
	status 0
	equal "what the journal got" "$(states_of <expected)" "$(awk '{ print $2, $4, $5, $6 }' out | states_in)"
}

# A server that was there before and listens later: what others connect to is its too.
server_states() {
	gate
	sh -c 'read x <go; tcp 3 >expected; read x <go' &
	start tcpstates -p $!
	attached
	tcp 1 >/dev/null
	echo >go
	wait_in "it connected" test -s expected
	wait_in "all rows came" states_are 32
	kill -INT "$pid"
	stopped
	status 0
	silent
	equal "changes" "$(states_of <expected)" "$(state_rows)"
	echo >go
}
states_are() { [ "$(tail -n +2 "$tmp/out" | wc -l)" -ge "$1" ]; }

# ---------------------------------------------------------------- tcpconnlat

connects() {
	traced tcpconnlat -L -c 'tcp 3 >expected; tcp -6 3 >>expected'
	equal "header" "PID     COMM             IP SADDR            LPORT DADDR            DPORT  LAT(ms)" "$(head -n 1 <<<"$out")"
	equal "connections" "$(cut -d' ' -f1-7 expected)" "$(rows | cut -d' ' -f1-7)"
	rows | awk -v most=$took '$8 <= 0 || $8 > most { exit 1 }' || fail "times" "$out"
	traced tcpconnlat -4 -c 'tcp 2 >expected; tcp -6 2 >/dev/null'
	equal "-4" "$(cut -d' ' -f1-4,6,7 expected)" "$(rows | cut -d' ' -f1-6)"
	traced tcpconnlat -6 -c 'tcp 2 >/dev/null; tcp -6 2 >expected'
	equal "-6" "$(cut -d' ' -f1-4,6,7 expected)" "$(rows | cut -d' ' -f1-6)"
}

times_of_connects() {
	traced tcpconnlat -t -c 'tcp 1 >expected; sleep 0.3; tcp 1 >>expected'
	equal "header" "TIME(s)  PID" "$(head -n 1 <<<"$out" | cut -c1-12)"
	equal "connections" "$(cut -d' ' -f1-3 expected)" "$(rows | cut -d' ' -f2-4)"
	rows | awk -v most=$took 'NR == 1 { a = $1 } NR == 2 { b = $1 } END { exit !(a > 0 && a < b && b >= 0.3 && b * 1000 <= most) }' ||
		fail "expected seconds since the start, the second after 0.3 s" "$out"
}

failed_connects() {
	traced tcpconnlat -x -L -c 'tcp 2 >expected; tcp -6 --refused 2 >>expected; tcp --given-up 2 >>expected'
	equal "connects" "$(cat expected)" "$(rows | cut -d' ' -f1-8)"
	equal "errors" "0 0 111 111 0 125 125" "$(rows | awk '{ printf "%s%s", s, $8; s = " " }')"
	traced tcpconnlat -L -c 'tcp --refused 2 >/dev/null; tcp --given-up 2 >expected'
	equal "without -x" "$(awk '$8 == 0' expected | cut -d' ' -f1-7)" "$(rows | cut -d' ' -f1-7)"
}

slow_connects() {
	traced tcpconnlat -x 15 -c 'tcp --refused 2 >/dev/null; tcp --given-up 3 >expected'
	equal "at least 15 ms" "125 125 125" "$(rows | awk '$7 == 125 { printf "%s%s", s, $7; s = " " }')"
	rows | awk '$8 < 15 { exit 1 }' || fail "expected no times below 15 ms" "$out"
	traced tcpconnlat 3600000 -c 'tcp 2 >/dev/null'
	equal "above an hour" "" "$(rows)"
}

connects_as_json() {
	traced tcpconnlat --json -x -c 'tcp 1 >expected; tcp --refused 1 >>expected'
	equal "fields" "$(cat expected)" "$(fields pid comm ip saddr lport daddr dport err)"
	rows | jsonlines lat_ms | grep -qvE '^[0-9.]+$' && fail "times" "$out"
}

# ---------------------------------------------------------------- all of them

# The work of which each tool must have something to say.
all_work='spawn --unlink missing >/dev/null; spawn --open missing >/dev/null; spawn --kill 10 >/dev/null; tcp 1 >/dev/null; /bin/true'

probes_with_v() {
	local tool
	for tool in $tools; do
		run "$tool" -v -c "$all_work"
		status 0
		matches "$tool -v" "$err" '^reprobe: attached to [a-z]+:'
	done
}

interrupted() {
	local tool objects
	for tool in $tools; do
		start "$tool" -p $$
		attached
		objects=$(held "$pid")
		kill -INT "$pid"
		stopped
		status 0
		silent
		released "$objects"
	done
}

closed_pipe() {
	local tool
	for tool in $tools; do
		run bash -c "$tool --events 1000 -c 'while $all_work; do :; done' 2>noise | head -n 1 >first; exit \${PIPESTATUS[0]}"
		status 0
		contains "$tool" "$(cat first)" "PID"
		equal "noise of $tool" "" "$(cat noise)"
	done
}

# wrong PIECE TOOL ARG…
wrong() {
	local piece=$1
	shift
	run "$@"
	status 64
	contains "$*" "$err" "$piece" "$1 --help"
	equal "stdout of $*" "" "$out"
}

wrong_options() {
	wrong "Too many arguments" opensnoop foo
	wrong "not a signal" sigsnoop -s NONE
	wrong "not a signal" sigsnoop -s 65
	wrong "not a process id" sigsnoop --tpid 0
	wrong "not a list of ports" tcpstates -L 80,
	wrong "not a list of ports" tcpstates -D 0
	wrong "not a list of ports" tcpstates -D 80,65536
	wrong "not a number of milliseconds" tcpconnlat fast
	wrong "not a number of milliseconds" tcpconnlat -- -1
	wrong "Too many arguments" tcpconnlat 1 2
	wrong "is not a kind of probe" unlinksnoop --probe uprobe
	wrong "requires an argument" bashreadline -s
	wrong "not a flag of open" opensnoop -f O_NOTHING
	wrong "at most 15 bytes" opensnoop -n 1234567890123456
	wrong "not a thread id" opensnoop -t x
	wrong "exclude each other" tcpstates -s --json
}

t "opensnoop: rows are the calls made" opens
t "opensnoop -x, -e, -U" failed_opens
t "opensnoop --json" opens_as_json
t "opensnoop -n, -f, -t" chosen_opens
t "opensnoop: creat, openat2" flags_elsewhere
t "opensnoop -F" full_opens
t "opensnoop -F of many directories" deep_opens
t "opensnoop: calls that a seccomp filter refuses" refused_opens
t "exitsnoop: rows are the processes that ended" exits
t "exitsnoop: age" age
t "exitsnoop -x" failed_exits
t "exitsnoop --per-thread" threads
t "exitsnoop: the last thread" last_threads
t "exitsnoop --json" exits_as_json
t "exitsnoop --utc, --label" labels
t "sigsnoop: rows are the signals sent" signals
t "sigsnoop -k: rows are the calls made" calls
t "sigsnoop -k: calls that a seccomp filter refuses" refused_calls
t "sigsnoop -s, --tpid" one_signal
t "sigsnoop --json" signals_as_json
t "unlinksnoop: rows are the calls made" unlinks
t "unlinksnoop -x, --json" failed_unlinks
t "bashreadline: rows are the lines typed" typed_lines
t "bashreadline -s" shared
t "tcpstates: rows are the changes" states
t "tcpstates -4, -6, -L, -D" chosen_states
t "tcpstates: time in a state" time_in_state
t "tcpstates --json" states_as_json
t "tcpstates -s, -t, -T, -Y" states_elsewhere
t "tcpstates -p: a server's connections" server_states
t "tcpconnlat: rows are the connections made" connects
t "tcpconnlat -t" times_of_connects
t "tcpconnlat -x" failed_connects
t "tcpconnlat MIN_MS" slow_connects
t "tcpconnlat --json" connects_as_json
t "-v shows what is traced" probes_with_v
t "Ctrl-C ends it and leaves nothing" interrupted
t "| head -1 ends it at once and without noise" closed_pipe
t "wrong options" wrong_options
finish
