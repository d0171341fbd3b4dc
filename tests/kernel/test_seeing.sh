#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is seen at a terminal: how answers are shown, and that they are.
. "$(dirname "$0")/../lib.sh"
need_root
export REPROBE_HISTORY=off TERM=xterm EDITOR=false VISUAL=
unset NO_COLOR

# ---------------------------------------------------------------- answers

# What is typed right behind Ctrl-C is of the next line.
behind_interrupt() {
	local i
	echo 'wait ^reprobe>' >script
	for i in {1..20}; do
		printf 'send junk\nlast ^reprobe> junk$\nsend \\x03clean %d\nlast ^reprobe> clean %d$\nkey ctrl-c\nlast ^reprobe>$\n' "$i" "$i" >>script
	done
	terminal <script
}

# Nobody has to know the name of a map: Ctrl-C shows it, so do `map`, `watch`, and leaving.
answers() {
	private spawn seen_$$ >path
	cat >script <<END
wait ^reprobe>
send map\r
wait nothing that runs has a map with an answer
send count sys_enter_getpgid by comm if comm == "seen_$$"\r
wait Ctrl-C shows what it has gathered
run ./seen_$$ --calls 7 >/dev/null
key ctrl-c
wait ^seen_$$ +7$
last ^reprobe>$
run ./seen_$$ --calls 1 >/dev/null
clear
send map\r
wait ^seen_$$ +8$
run ./seen_$$ --calls 1 >/dev/null
clear
send map last\r
wait ^seen_$$ +9$
last ^reprobe>$
run ./seen_$$ --calls 1 >/dev/null
clear
send map 1\r
wait ^seen_$$ +10$
last ^reprobe>$
send watch\r
begin ./seen_$$ --calls 10 >/dev/null
wait ^seen_$$ +20
send \r
last ^reprobe>$
send watch count 100ms\r
begin ./seen_$$ --calls 10 >/dev/null
wait ^seen_$$ +30
send \r
last ^reprobe>$
send watch 100ms\r
begin ./seen_$$ --calls 10 >/dev/null
wait ^seen_$$ +40
clear
key ctrl-c
wait \^C$
clear
send map last clear\r
send map\r
wait ^counts: nothing yet$
clear
run ./seen_$$ --calls 3 >/dev/null
key ctrl-d
status 0
count 1 ^seen_$$ +3$
END
	terminal -p $BASHPID <script
}

# The terminal's Ctrl-C is the prompt's: the command of -c goes on.
command_goes_on() {
	private spawn seen_$$ >path
	cat >script <<END
wait ^reprobe>
send count sys_enter_getpgid by comm if comm == "seen_$$"\r
wait Ctrl-C shows what it has gathered
key ctrl-c
wait ^counts: nothing yet$
run touch go
run bash -c 'until [ -e done ]; do sleep 0.02; done'
send map\r
wait ^seen_$$ +7$
key ctrl-d
status 0
END
	terminal -c "until [ -e go ]; do sleep 0.02; done; ./seen_$$ --calls 7 >/dev/null; touch done; exec sleep 1000" <script
}

# Of every verb that gathers; and `detach` shows what it takes away.
answers_of_every_verb() {
	private spawn seen_$$ >path
	local verb shown
	while IFS='|' read -r verb shown; do
		cat >script <<END
wait ^reprobe>
send $verb if comm == "seen_$$"\r
wait Ctrl-C shows what it has gathered
run ./seen_$$ --calls 5 >/dev/null
key ctrl-c
wait $shown
clear
send detach last\r
wait ^.1. detached
row $shown
key ctrl-d
status 0
END
		terminal -p $BASHPID <script
	done <<'END'
hist sys_exit_getpgid ret|: 5 
hist sys_exit_getpgid ret linear(0,10,1)|: 5 
count sys_enter_getpgid|: 5$
stack sys_enter_getpgid| 5$
END
	cat >script <<END
wait ^reprobe>
send latency sys_enter_getpgid if comm == "seen_$$"\r
wait Ctrl-C shows
run ./seen_$$ --calls 5 >/dev/null
send quit\r
status 0
wait distribution
END
	terminal -p $BASHPID <script
}

# Where nothing came that is said.
nothing_yet() {
	local verb
	for verb in stack count; do
		printf 'wait ^reprobe>\nsend %s sys_enter_getpgid by comm if comm == "nobody"\\r\nwait Ctrl-C shows\nkey ctrl-c\nwait : nothing yet$\n' $verb >script
		terminal -p $BASHPID <script
	done
}

# A question of rows is not said to gather, and Ctrl-C pauses it.
rows_alone() {
	cat >script <<'END'
wait ^reprobe>
send trace sys_enter_getpgid if comm == "spawn"\r
wait ^\[1\]
run spawn --calls 1 >/dev/null
wait spawn +0$
refuse Ctrl-C shows
send map last\r
wait cannot show what \[1\] has gathered
key ctrl-c
wait ^\[1\] paused
key ctrl-c
wait Ctrl-D leaves
END
	terminal -p $BASHPID <script
}

# ---------------------------------------------------------------- in advance

# look PID "OBJECTS PROGRAMS CHILDREN": whether the prompt below PID has so many of them; programs: any
look_ahead() {
	cat >look <<'END'
prompt=$(pgrep -P "$1" -x reprobe)
objects=$(ls -l "/proc/$prompt/fd" | grep -c 'memfd:reprobe-ahead')
programs=$(($(ls -l "/proc/$prompt/fd" | grep -c 'anon_inode:bpf') > 0))
children=$(pgrep -c -P "$prompt")
[ "$2" = "$objects $programs $children" ]
END
}

# A line that stands still, or came at once, is compiled: the object waits, nothing is attached, and Enter takes it. A line that was typed
# on has its own answer. Nothing is left when the prompt ends meanwhile.
in_advance() {
	mkdir -m 700 trees
	look_ahead
	cat >script <<'END'
wait ^reprobe>
send count sys_enter_getpgid by comm if comm == "nobody"
until bash ./look $PPID "1 0 0"
send \x7f\x7f\x7f\x7f\x7f\x7f\x7fspawn"
until bash ./look $PPID "1 0 0"
send \r
wait Ctrl-C shows what it has gathered
run bash ./look $PPID "0 1 0"
run spawn --calls 4 >/dev/null
key ctrl-c
wait ^spawn +4$
send detach all\r
wait detached
clear
send hist sys_exit_getpgid ret if comm == "nobody"
until bash ./look $PPID "1 0 0"
send \x7f\x7f\x7f\x7f\x7f\x7f\x7fspawn"\r
wait Ctrl-C shows what it has gathered
run spawn --calls 5 >/dev/null
key ctrl-c
wait : 5 
send avg sys_exit_getpgid ret by com
send m
until bash ./look $PPID "1 1 0"
key ctrl-c
send count sys_enter_getpgid by cmm
idle 400
last ^reprobe> count sys_enter_getpgid by cmm$
key ctrl-c
send sum sys_exit_getpgid ret by comm
idle 160
key ctrl-c
key ctrl-d
status 0
END
	XDG_RUNTIME_DIR=$tmp/trees terminal -p $BASHPID <script
	equal "trees that are left" "" "$(ls trees)"
}

# What the prompt does itself, and its compilers, is left out unless --self asks for it. What it starts is not: that opens
# one file before its exec. Nor is what tells of others, too, as a switch.
not_itself() {
	local self sees opens
	look_ahead
	echo text >given
	for self in '' --self; do
		run reprobe -p $BASHPID $self -e 'count openat by comm if comm == "reprobe"' -e 'count execve by comm if comm == "reprobe"' \
			-e 'count openat by comm, filename if filename == "given"' -e 'count sched_switch by comm if comm == "reprobe"' \
			-e '! cat given' -e 'hist sys_exit_getpgid ret' -e 'export csv' -e quit
		status 0
		sees=$(tr -d '\r' <out | sed -n 's/^[0-9]*\.counts,reprobe,//p')
		opens=1
		[ "$self" ] && opens='[0-9]{2,}'
		matches "its opens, an exec, and how often it waited" "${sees//$'\n'/ }" "^$opens 1 [0-9]+$"
		contains "what it started" "$out" 'cat,given,1'
		cat >script <<'END'
wait ^reprobe>
send count openat by comm if comm ~ "reprobe:*"\r
wait Ctrl-C shows what it has gathered
send hist sys_exit_getpgid ret by comm
until bash ./look $PPID "1 1 0"
send \r
wait ^\[2\]
clear
send map 1\r
END
		[ "$self" ] && echo 'wait ^reprobe:[a-z0-9]{7} +[0-9]+$' >>script || echo 'wait ^1.counts: nothing yet$' >>script
		terminal -p $BASHPID $self <script
	done
}

# ---------------------------------------------------------------- what fails

# A block of C that fails comes back whole by one key, and so does a question; what is typed instead has nothing of it.
comes_back() {
	pty_options=(--size 120x40)
	cat >script <<'END'
wait ^reprobe>
send c\r
wait ^\.\.\.
send TRACEPOINT_PROBE(syscalls, sys_enter_getpgid) { u32 key = 7;\r
send if (is_target()) calls.increment(key); return 0; }\r
send .\r
wait undeclared
wait the Up key brings it back
last ^reprobe>$
send probes\r
wait there are no programs
last ^reprobe>$
clear
key up
key up
wait ^reprobe> c$
row ^TRACEPOINT_PROBE.syscalls, sys_enter_getpgid. . u32 key = 7;$
last ^\.$
send \x01\x06\x16\x0aBPF_HASH(calls, u32);\r
wait ^\[1\]
last ^reprobe>$
run spawn --calls 5 >/dev/null
clear
send map calls\r
wait ^7 +5$
last ^reprobe>$
clear
send struct point {\r
wait ^\.\.\.
send inn x; };\r
wait brings it back
last ^reprobe>$
clear
key up
wait ^reprobe> struct point .$
last ^inn x; .;$
key ctrl-c
last ^reprobe>$
send count sys_enter_getpgid by cmm\r
wait no field .cmm.
last ^reprobe>$
clear
key up
last ^reprobe> count sys_enter_getpgid by cmm$
send \x7f\x7fomm if comm == "spawn"\r
wait Ctrl-C shows what it has gathered
run spawn --calls 6 >/dev/null
key ctrl-c
wait ^spawn +6$
send c\r
wait ^\.\.\.
send int half;\r
last ^\.\.\.$
idle 50
key ctrl-c
last ^reprobe>$
clear
key up
wait ^reprobe> c$
row ^int half;$
key ctrl-c
last ^reprobe>$
key ctrl-d
status 0
END
	terminal -p $BASHPID <script
}

# ---------------------------------------------------------------- rows that fit

# looks COLUMNS NAME QUESTION: one open() of NAME at a terminal of that width, which is in `out`
looks() {
	pty_options=(--size "$1x30")
	terminal -p $BASHPID <<END
wait ^reprobe>
send $3 if comm == "spawn"\r
wait ^\[1\]
run spawn --open $2 >/dev/null
wait ^[0-9:]{8}
idle 50
print
key ctrl-d
status 0
END
}

fitting() {
	local long
	long=/$(printf 'd%.0s' {1..40})/$(printf 'f%.0s' {1..30})
	looks 80 "$long" 'trace sys_enter_openat filename flags'
	matches "the row" "$(cat out)" '^\|[0-9:]{8} [0-9]+ +spawn /d{40}/f+\? O_RDONLY$'
	matches "its header" "$(cat out)" '^\|TIME     PID +COMM  filename {40,} flags$'
	looks 200 "$long" 'trace sys_enter_openat filename flags'
	matches "all of it" "$(cat out)" "^.[0-9:]{8} [0-9]+ +spawn +$long O_RDONLY\$"
	looks 60 "$long" 'trace sys_enter_openat filename flags'
	matches "the row" "$(cat out)" '^\|[0-9:]{8} [0-9]+ +spawn /d+\? O_RDONLY$'
	matches "its header" "$(cat out)" '^\|TIME     PID +COMM  filename {20,} flags$'
	# Text of cells of two columns each stands under its header, and what is behind it too.
	looks 80 '/日本語.txt' 'trace sys_enter_openat filename flags'
	equal "where wide text and its header end" "$(sed -n '/^|TIME/s/flags$//p' out | wc -L)" \
		"$(sed -n '/spawn.*txt/s/O_RDONLY$//p' out | wc -L)"
	matches "wide text" "$(cat out)" ' spawn +/\?{6}.txt +O_RDONLY$'
}

# Numbers are never cut: what does not fit takes a line for each column, as `expand` says.
expanded() {
	local number=4611686018427387904 question
	question='trace sys_enter_openat cpu+4611686018427387904-cpu nsecs nsecs+1 nsecs+2 flags'
	looks 60 /dev/null "$question"
	matches "a column a line" "$(cat out)" '^\|  cpu\+4611686018427387904-cpu +'$number'$'
	looks 200 /dev/null "$question"
	matches "in one line" "$(cat out)" "^.[0-9:]{8} [0-9]+ +spawn +$number +[0-9]{12,} .* O_RDONLY\$"
	pty_options=()
	terminal -p $BASHPID <<'END'
wait ^reprobe>
send expand on\r
wait ^expand is on
send trace sys_enter_getpgid if comm == "spawn"\r
wait ^\[1\]
run spawn --calls 1 >/dev/null
wait ^  COMM +spawn$
row ^  field_pid 0$
send expand off\r
wait ^expand is off
send expand whatever\r
wait cannot take `whatever`
wait one of auto, on, off
send time ms\r
wait has milliseconds
run spawn --calls 1 >/dev/null
wait ^[0-9:]{8}\.[0-9]{3} [0-9]+ +spawn +0$
wait ^TIME         PID
END
}

# What each row begins with is shown once; a field of the same name has a name of its own.
once() {
	private spawn once_$$ >path
	cat >script <<END
wait ^reprobe>
send trace sys_enter_getpgid comm as WHO, comm, hex(cpu) if comm == "once_$$"\r
wait ^.1.
run ./once_$$ --calls 1 >/dev/null
wait ^[0-9:]{8} +[0-9]+ +once_$$ +once_$$ +0x[0-9a-f]+$
row ^TIME +PID +COMM +WHO +hex.cpu.$
key ctrl-c
send detach all\r
wait detached
clear
send trace sched_process_exit comm pid if comm == "once_$$"\r
wait .pid. is the field of sched_process_exit
run ./once_$$ --calls 1 >/dev/null
wait ^([0-9:]{8}) +([0-9]+) +once_$$ +once_$$ +\2$
row ^TIME +PID +COMM +field_comm +field_pid$
key ctrl-d
status 0
END
	terminal -p $BASHPID <script
	run reprobe --json -c 'spawn --calls 3 >spawned' -e 'trace sys_enter_getpgid pid if comm == "spawn"'
	equal "of the field" "0 0 0" "$(jsonlines data.field_pid <out | paste -sd' ')"
	run reprobe --json -c 'spawn --calls 3 >spawned' -e 'trace sys_exit_getpgid pid comm if comm == "spawn"'
	equal "the members" '{"pid","comm"}' "$(sed -n 's/.*"data":{\("pid"\):[1-9][0-9]*,\("comm"\):"spawn"}}$/{\1,\2}/p' out | sort -u)"
	equal "rows" 3 "$(wc -l <out)"
}

# The header stands on every screen.
headers() {
	pty_options=(--size 80x12)
	terminal -p $BASHPID <<'END'
wait ^reprobe>
send trace sys_enter_getpgid if comm == "spawn"\r
wait ^\[1\]
run spawn --calls 40 >/dev/null
count 40 ^[0-9:]{8} +[0-9]+ +spawn +0$
row ^TIME +PID +COMM +field_pid$
count 4 ^TIME +PID +COMM +field_pid$
END
}

# ---------------------------------------------------------------- watch

# Totals, rates, the fastest first: of two that call, one is over and the other goes on.
rates() {
	private spawn quick_$$ >path
	private spawn slow_$$ >path
	cat >script <<END
wait ^reprobe>
send count sys_enter_getpgid by comm if comm == "quick_$$" || comm == "slow_$$"\r
wait ^\[1\]
run ./slow_$$ --calls 5000 >/dev/null
run ./quick_$$ --calls 1 >/dev/null
send watch 200ms\r
wait ^slow_$$ +5000 +0\.0$
begin while :; do ./quick_$$ --calls 20 >/dev/null; sleep 0.02; done & echo \$! >pids; wait
until sed -n 's/.*//;q' pids
wait ^quick_$$ +[0-9]+ +[1-9][0-9.]+$
row ^slow_$$ +5000 +0\.0$
print
send \r
idle 50
clear
send watch 200ms top 1\r
wait ^quick_$$ +[0-9]+ +[1-9][0-9.]+$
row ^. and 1 more$
send \r
idle 50
send watch top none\r
wait not a number of rows
run kill \$(cat pids)
key ctrl-d
status 0
END
	terminal -p $BASHPID <script
	equal "the order" "quick slow" "$(sed -n 's/^|\(quick\|slow\)_.*/\1/p' out | head -2 | paste -sd' ')"
	# Elsewhere there is no screen to draw on: a block each time, and no escape sequence.
	sed -i '/^send watch 200ms\\r/,$d' script
	printf 'send watch 100ms 3\\r\ncount 3 ^counts:$\nrefuse \\[K\nkey ctrl-d\nstatus 0\n' >>script
	TERM=dumb terminal -p $BASHPID <script
	! grep -q $'\033' raw || fail "expected no escape sequence on a dumb terminal"
	run reprobe --json -c 'spawn --calls 100 >spawned' -e 'count sys_enter_getpgid by comm' -e 'wait' -e 'watch 20ms 2'
	contains "the rate in JSON" "$out" '"value":100}' '"value":100,"per_s":0.0}'
}

# On a narrow screen words are not broken, a screenful of completions is listed and with the next Tab all of them, and
# a pattern says how many matches it has.
narrow() {
	local all matches
	all=$(reprobe list 'tracepoint:syscalls:sys_enter_*' | wc -l)
	matches=$(reprobe list 'tracepoint:syscalls:sys_enter_getp*' | wc -l)
	cat >script <<END
wait ^reprobe [0-9.]+: .help. lists the commands, Tab completes,
wait ^Ctrl-D leaves.$
send trace sys_enter_\t\t
wait ^. and [0-9]+ more: Tab lists all $all$
refuse ^sys_enter_writev
send \t
wait sys_enter_writev
last ^reprobe> trace sys_enter_$
key ctrl-c
last ^reprobe>$
send count tracepoint:syscalls:sys_enter_getp*\r
wait ^    $matches matches$
key ctrl-d
status 0
END
	pty_options=(--size 60x24)
	terminal -p $BASHPID <script
}

# While many are attached it is said how far that is, and Ctrl-C ends it: then nothing is attached, and the line that comes
# next is as any.
progress() {
	[ -e "$helpers/libslow.so" ] || skip "sanitizers must come first"
	local attached="ls -l /proc/\$(pgrep -P \$PPID -x reprobe)/fd | grep -Ec 'perf_event|bpf_link'"
	cat >script <<END
wait ^reprobe>
send count tracepoint:syscalls:sys_enter_s*\r
wait ^attached [0-9]+ of [0-9]+
key ctrl-c
wait an interrupt ended it
row at [1-9][0-9]* of [0-9]+ matches$
refuse ^attached
last ^reprobe>$
run [ "\$($attached)" = 0 ]
send count sys_enter_getpgi* if comm == "spawn"\r
wait ^    1 match$
wait Ctrl-C shows what it has gathered
run spawn --calls 7 >/dev/null
send trace sys_enter_get*\r
wait ^attached [0-9]+ of [0-9]+
key ctrl-c
wait cannot attach .2.: an interrupt ended it
last ^reprobe>$
key ctrl-c
wait ^sys_enter_getpgid +7$
key ctrl-d
status 0
END
	LD_PRELOAD=$helpers/libslow.so terminal -p $BASHPID <script
}

# How a histogram grows, beside it.
heat() {
	cat >script <<'END'
wait ^reprobe>
send hist sys_exit_getpgid ret if comm == "spawn"\r
wait ^\[1\]
send watch 100ms\r
wait ^dist
begin for i in 1 2 3 4 5 6 7 8 9 10; do spawn --calls 30 >/dev/null; sleep 0.1; done
wait : 150 +\|\*+\| +[-=+*#%@:. ]+
wait : 300 +\|\*+\| +[-=+*#%@:. ]*[-=+*#%@:][-=+*#%@:. ]*
send \r
idle 50
clear
send map\r
wait : 300 +\|\*+\|$
END
	terminal -p $BASHPID <script
	pty_options=(--size 60x24)
	printf 'wait ^reprobe>\nsend hist sys_exit_getpgid ret if comm == "spawn"\\r\nwait ^.1.\nrun spawn --calls 9 >/dev/null\nkey ctrl-c\nwait : 9 +.\\*{22}.$\n' >script
	terminal -p $BASHPID <script
}

# ---------------------------------------------------------------- help, tools, the pager

# What is longer than the screen goes through $PAGER, and what is not is printed.
pages() {
	printf '#!/bin/sh\nhead -n 2; echo "the pager had $(cat | wc -l) more"; read -r key </dev/tty; echo "and $key"\n' >pager
	chmod +x pager
	cat >script <<'END'
wait ^reprobe>
send help\r
wait the pager had [3-9][0-9] more
send a key\r
wait ^and a key$
last ^reprobe>$
clear
send help quit\r
wait ^quit \[STATUS\]$
idle 50
refuse pager
size 80 12
send ?trace\r
wait the pager had
send \r
last ^reprobe>$
send ? quit\r
wait ^quit \[STATUS\]$
key ctrl-d
status 0
END
	PAGER=$tmp/pager terminal <script
	printf 'wait ^reprobe>\nsend help\\r\nwait ^help COMMAND explains\nlast ^reprobe>$\n' >script
	PAGER=$tmp/missing terminal <script
	TERM=dumb PAGER=$tmp/pager terminal <script
	if [ -x /usr/bin/less ]; then
		printf 'wait ^reprobe>\nsend help\\r\nwait ^:\nsend q\nlast ^reprobe>$\nkey ctrl-d\nstatus 0\n' >script
		PAGER="less -RF" terminal <script
	fi
}

# Any tool runs from the prompt, by its name or behind !, and Ctrl-C is for it.
tools() {
	local tool missing
	run reprobe -e help
	for tool in "$top"/tools/*.c; do
		tool=$(basename "$tool" .c)
		grep -q "^  $tool " out || missing+=" $tool"
	done
	equal "tools that help does not know" "" "${missing-}"
	run reprobe -e 'help execsnoop' -e 'execsnop'
	contains "help of a tool" "$out" "execsnoop --help"
	contains "a near name" "$err" "did you mean execsnoop"
	run reprobe -e '! exit 3'
	status 1
	contains "its status" "$err" "it ended with status 3"
	private spawn tool_$$ >path
	cat >script <<END
wait ^reprobe>
send ! echo here; read line; echo "it read \$line"\r
wait ^here$
send words\r
wait ^it read words$
last ^reprobe>$
send opensnoop --comm tool_$$\r
wait ^PID
run ./tool_$$ --open /etc/hostname >/dev/null
wait tool_$$ .*/etc/hostname
key ctrl-c
last ^reprobe>$
send probes\r
wait there are no programs
key ctrl-d
status 0
END
	terminal -p $BASHPID <script
}

# `reprobe COMMAND OF THE PROMPT` is `reprobe -e` of it.
commands_outside() {
	run reprobe -c 'spawn --calls 4 >spawned' count sys_enter_getpgid by comm if 'comm == "spawn"'
	status 0
	equal "the counts" "spawn 4" "$(sed -n 's/  */ /g;/^spawn/p' out)"
	run reprobe -c 'spawn --calls 4 >spawned' -e 'count sys_enter_getpgid by comm if comm == "spawn"'
	equal "the same by -e" "spawn 4" "$(sed -n 's/  */ /g;/^spawn/p' out)"
	run reprobe help trace
	matches "help" "$out" '^trace PROBE'
	run reprobe trace sched_switch --for 1
	contains "where options stand" "$err" "options come before it"
	[ "$rc" != 0 ] || fail "expected a status that is not 0"
}

# -h, -V and -d, as people are used to.
habits() {
	local tool
	for tool in opensnoop execsnoop profile reprobe; do
		run "$tool" -V
		status 0
		equal "the version" "$tool $(reprobe version | cut -d' ' -f2)" "$out"
		run "$tool" -h
		status 0
		matches "help" "$out" '^Usage: '
	done
	run opensnoop -p $$ -d 300ms
	status 0
	[ "$took" -ge 300 ] || fail "expected it to run 300 ms, it ran $took ms"
	run opensnoop -d soon
	contains "the message" "$err" "is not a duration"
}

# `list` is in alphabetical order, here and there.
lists() {
	run reprobe list 'sched:*'
	equal "the order" "$(LC_ALL=C sort out)" "$out"
	[ "$(wc -l <out)" -gt 10 ] || fail "expected more tracepoints"
	run reprobe -e 'list sched:*'
	equal "the order at the prompt" "$(LC_ALL=C sort out)" "$out"
}

# A picture of a session has what the session showed, and is XML.
pictures() {
	local texts
	[ -x "$top/scripts/record-session" ] || skip "no source tree"
	printf 'until reprobe>\nclear\ntype count sys_enter_getpgid by comm if comm == "spawn"\nuntil gathered\nrun spawn --calls 23\nkey ctrl-c\nuntil 23\n' >session
	run "$top/scripts/record-session" picture.svg session reprobe -- -p $BASHPID
	status 0
	texts=$(python3 -c 'import sys, xml.dom.minidom as d
for t in d.parse("picture.svg").getElementsByTagName("text"): print(t.firstChild.data)')
	matches "the question" "$texts" '^reprobe> count sys_enter_getpgid by comm if comm == "spawn"$'
	matches "the answer" "$texts" '^spawn +23$'
	lacks "what was cleared" "$texts" 'lists the commands'
	printf 'until reprobe>\njump\n' >session
	run "$top/scripts/record-session" picture.svg session reprobe
	status 1
	contains "the message" "$err" 'cannot understand `jump`'
}

t "Ctrl-C, and the command of -c" command_goes_on
t "behind Ctrl-C" behind_interrupt
t "answers are seen" answers
t "answers of every verb" answers_of_every_verb
t "rows without an answer" rows_alone
t "nothing yet" nothing_yet
t "a line that stands still" in_advance
t "not itself" not_itself
t "what failed comes back" comes_back
t "rows fit the terminal" fitting
t "expanded rows" expanded
t "a value once" once
t "headers" headers
t "rates" rates
t "progress" progress
t "histograms that grow" heat
t "a narrow screen" narrow
t "the pager" pages
t "tools" tools
t "commands outside of the prompt" commands_outside
t "lists in order" lists
t "habits" habits
t "pictures" pictures
finish
