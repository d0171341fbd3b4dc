#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is seen at a terminal: how answers are shown, and that they are.
. "$(dirname "$0")/../lib.sh"
need_root
export REPROBE_HISTORY=off TERM=xterm EDITOR=false VISUAL=
unset NO_COLOR

# ---------------------------------------------------------------- answers

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
send watch last 100ms\r
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
wait ^counts:$
clear
run ./seen_$$ --calls 3 >/dev/null
key ctrl-d
status 0
count 1 ^seen_$$ +3$
END
	terminal -p $BASHPID <script
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

# A question of rows is not said to gather, and Ctrl-C pauses it.
rows_are_no_answer() {
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

t "answers are seen" answers
t "answers of every verb" answers_of_every_verb
t "only rows" rows_are_no_answer
finish
