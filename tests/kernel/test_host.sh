#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The installed library, and docs/examples/host built with it: what a host program of somebody else's
# finds.
. "$(dirname "$0")/../lib.sh"
build=$(dirname "$bin")
[ -e "$build/libreprobe.so" ] || {
	echo "skip ${0##*/}: there are no shared libraries in $build"
	exit 77
}

prefix=$base/prefix
cmake --install "$build" --prefix "$prefix" >"$base/install" || exit 1
pc=$(dirname "$(find "$prefix" -name reprobe.pc)")
lib=$(dirname "$pc")
export PKG_CONFIG_PATH=$pc

# examples DIR [MAKE-ARG…]: builds them there. They are warned of as this project is.
examples() {
	local dir=$1
	shift
	cp -r "$prefix/share/reprobe/examples/host" "$dir"
	run make -C "$dir" CFLAGS="-std=c11 -O2 -Wall -Wextra -Wpedantic -Werror" "$@"
	status 0
}

installed() {
	local name
	for name in reprobe execsnoop opensnoop ringbench; do
		[ -x "$prefix/bin/$name" ] || fail "there is no bin/$name"
		[ -e "$prefix/share/man/man8/$name.8" ] || [ -e "$prefix/share/man/man1/$name.1" ] ||
			fail "there is no man page of $name"
	done
	equal "headers" "reprobe.h reprobe_query.h reprobe_tool.h" "$(cd "$prefix/include" && echo *)"
	for name in libreprobe libreprobe_tool; do
		[ -e "$lib/$name.a" ] && [ -L "$lib/$name.so" ] && [ -e "$lib/$name.so.0" ] ||
			fail "$name is not whole" "$(ls "$lib")"
	done
	run pkg-config --libs reprobe
	equal "what a program is linked to" "-lreprobe" "$(tr ' ' '\n' <<<"$out" | grep ^-l | paste -sd' ')"
	run pkg-config --modversion reprobe reprobe-tool
	equal "versions" "$(reprobe --version | sed 's/.* //')" "$(sort -u <<<"$out")"
}

rows() {
	examples host
	echo 1 >first
	echo 2 >second
	run host/opens "cat $tmp/first $tmp/second $tmp/first >/dev/null"
	status 0
	equal "the header" "PID     COMM            PATH" "$(head -n 1 out | sed 's/ *$//')"
	equal "what cat opened" "$(printf 'cat %s\n' "$tmp"/{first,second,first})" \
		"$(awk -v dir="$tmp/" 'index($3, dir) == 1 { print $2, $3 }' out)"
	[ "$(awk 'NR > 1 { print $1 }' out | sort -u | wc -l)" -le 2 ] || fail "there are others than sh and cat" "$out"
	run host/opens
	status 2
	run host/opens "exit 3"
	contains "stderr" "$err" "the command ended with status 3"
}

# The program is compiled once, by one who may not trace, and loaded by another program.
carried() {
	examples host
	as=
	if [ "$(id -u)" = 0 ]; then
		as="setpriv --reuid 65534 --clear-groups --inh-caps=-all"
		chmod 777 .
		chmod -R go+rX "$base"
	fi
	run $as env HOME="$tmp" host/save calls.rpo
	status 0
	silent
	[ -z "$as" ] || chown root calls.rpo # whose file it is counts, as of any program that is run
	run host/load calls.rpo "spawn --calls 20000"
	status 0
	local count
	count=$(awk '$2 == "spawn" { print $3 }' out)
	[ "${count:-0}" -ge 20000 ] && [ "$count" -lt 21000 ] || fail "expected 20,000 calls and few others" "$out"
	run host/load calls.rpo true
	lacks "counts of another run" "$out" spawn

	echo "not an object" >text.c
	run host/load text.c true
	refused text.c
}

answers() {
	examples host
	run host/ask "syscalls:sys_enter_getpgid by comm" -c "spawn --calls 777" --json
	status 0
	silent
	contains "counts" "$out" '"key":{"comm":"spawn"},"value":777'
	run host/ask "syscalls:sys_enter_getpgid by pid if pid == 1" -c "spawn --calls 10"
	status 0
	lacks "what is left out" "$out" spawn
	run host/ask "syscalls:sys_enter_getpgd by comm"
	refused "sys_enter_getpgd"
	run host/ask
	status 64
}

# A prefix that was moved is found where it is; a program that was linked statically needs neither.
moved() {
	cp -r "$prefix" elsewhere
	PKG_CONFIG_PATH=${pc/#"$prefix"/$tmp/elsewhere} examples host
	ldd host/ask >linked
	contains "the library" "$(cat linked)" "$tmp/elsewhere"
	run host/opens "cat /dev/null"
	status 0

	read -ra libs < <(pkg-config --static --libs reprobe | sed 's/-lreprobe//')
	run cc "$prefix/share/reprobe/examples/host/opens.c" -I "$prefix/include" -o static "$lib/libreprobe.a" "${libs[@]}"
	status 0
	lacks "the libraries" "$(ldd static)" libreprobe
	run ./static "cat $tmp/static"
	status 0
	contains "rows" "$out" "$tmp/static"
}

t "what is installed" installed
need_root
t "attach and print rows" rows
t "compile once and carry" carried
t "ask a question" answers
t "a prefix that was moved; the static library" moved
finish
