#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What Tab completes in shells: `reprobe completion`, in bash, zsh and fish themselves, typed in a terminal.
. "$(dirname "$0")/../lib.sh"

# words WORD…: what fits the last of them
words() { run reprobe completion words $(($# - 1)) "$@"; }
offered() { cut -f1 out | paste -sd' '; }

of_commands() {
	words reprobe che
	equal "a command" check "$(offered)"
	words reprobe check --ty
	equal "an option with a value" --types= "$(offered)"
	words reprobe check --types=b
	equal "a value" --types=btf "$(offered)"
	words reprobe run x.c --types ""
	equal "a value behind its option" "auto btf headers" "$(offered)"
	words reprobe run --attach f=tracepoint:sched:sched_process_exe
	equal "a probe behind a function" f=tracepoint:sched:sched_process_exec "$(offered)"
	words reprobe run ""
	equal "a file" :files "$(offered)"
	words reprobe -c ""
	equal "a command of the shell" :commands "$(offered)"
	words reprobe -u roo
	equal "a user" root "$(offered)"
	words reprobe lab --kernel 6
	contains "kernels" "$(offered)" 6.12
	words reprobe list tracepoint sched_process_exe
	equal "a pattern behind a kind" sched_process_exec "$(offered)"
	words reprobe cache ""
	equal "the word that is allowed" clear "$(offered)"
	words reprobe check --json
	equal "another command's option" "" "$(offered)"
	sleep 60 &
	words reprobe -p $!
	contains "a process" "$out" "$!"$'\t'sleep
}

# Each option that a program prints with --list-options is one that its --help has, and the other way.
of_tables() {
	local call listed helped
	for call in "reprobe prompt" "reprobe run" "reprobe check" "reprobe tools" execsnoop profile ringbench userring hardirqs; do
		listed=$($call --list-options | awk -F'\t' '$1 == "option" { print $2 }' | sort -u)
		helped=$($call --help | grep -oE '^ {2,6}-.*' | sed 's/^ *//; s/  .*//' | grep -oE '(^|, )--?[A-Za-z?-]+' | sed 's/^, //' | sort -u)
		[ -n "$listed" ] || fail "$call lists no options"
		equal "options of $call" "$(cat <<<"$helped")" "$listed"
	done
}

of_questions() {
	words reprobe tra
	equal "a command of the prompt" trace "$(offered)"
	words reprobe trace sched_process_exe
	equal "a probe" sched_process_exec "$(offered)"
	words reprobe --time trace sched_process_exec old_
	equal "a field, behind options" old_pid "$(offered)"
	words reprobe load ""
	equal "a file" :files "$(offered)"
}

of_tools() {
	words reprobe exec
	equal "a tool" execsnoop "$(offered)"
	words reprobe execsnoop --pag
	equal "its option" --pages= "$(offered)"
	words reprobe tools profile --freq
	equal "of the tool that a command is called like" --frequency= "$(offered)"
	words reprobe tools --link x hel
	equal "a tool to be linked" hello "$(offered)"
}

# What a function in a program is called is not obeyed by a terminal; what is too short fails.
of_nonsense() {
	run reprobe completion words 9 reprobe
	status 1
	run reprobe completion words
	status 1
	run reprobe completion ksh
	status 64
	words reprobe $'\e[31m'
	equal "an escape" "" "$out"
}

in_bash() {
	reprobe completion bash >script
	touch some-file.c
	pty --size 100x40 bash --norc --noprofile -i <<-END >out 2>err || fail "bash: $(cat err)" "$(cat out)"
		send PS1='ready> '; bind 'set bell-style none'; . ./script\r
		last ^ready>
		send reprobe che\t
		last ^ready> reprobe check *\$
		send --ty\tb\t
		last ^ready> reprobe check --types=btf *\$
		send some\t
		last ^ready> reprobe check --types=btf some-file.c *\$
		send \x15
		send reprobe list tracepoint:sched:sched_process_exe\t
		last ^ready> reprobe list tracepoint:sched:sched_process_exec *\$
		send \x15
		send reprobe trace sched:sched_process_exe\told_p\t
		last ^ready> reprobe trace sched:sched_process_exec old_pid *\$
		send \x15
		key ctrl-d
		status 0
	END
}

in_zsh() {
	command -v zsh >/dev/null || skip "zsh is not installed"
	reprobe completion zsh >script
	pty --size 100x40 zsh -f -i <<-END >out 2>err || fail "zsh: $(cat err)" "$(cat out)"
		send PS1='ready> '; autoload -U compinit; compinit -u -D; . ./script\r
		last ^ready>
		send reprobe che\t
		last ^ready> reprobe check *\$
		send --ty\tb\t
		last ^ready> reprobe check --types=btf *\$
		send \x15
		send reprobe list tracepoint:sched:sched_process_exe\t
		last ^ready> reprobe list tracepoint:sched:sched_process_exec *\$
		send \x15
		send exit\r
		status 0
	END
}

in_fish() {
	local got
	command -v fish >/dev/null || skip "fish is not installed"
	touch some-file.c
	reprobe completion fish >script
	fish_offers() { HOME=$tmp timeout -k 5 "$limit" fish --no-config -c "source script; complete -C '$1'" 2>&1 | cut -f1 | sort | paste -sd' '; }
	equal "a command" "check" "$(fish_offers 'reprobe che')"
	equal "a value" "--types=btf" "$(fish_offers 'reprobe check --types=b')"
	equal "a probe" "tracepoint:sched:sched_process_exec" "$(fish_offers 'reprobe list tracepoint:sched:sched_process_exe')"
	equal "a file" "some-file.c" "$(fish_offers 'reprobe run some')"
}

t "commands, options and values" of_commands
t "tables of options and --help agree" of_tables
t "tools" of_tools
if [ "$(id -u)" = 0 ]; then t "questions" of_questions; fi
t "nonsense" of_nonsense
t "bash" in_bash
t "zsh" in_zsh
t "fish" in_fish
finish
