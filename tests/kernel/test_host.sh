#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The installed library, and docs/examples/host built with it: what a host program of somebody else's
# finds.
. "$(dirname "$0")/../lib.sh"
build=$(dirname "$bin")
[ -e "$build/libreprobe.so" ] || skip "there are no shared libraries in $build"

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
	equal "programs" reprobe "$(cd "$prefix/bin" && echo *)"
	equal "the manual" "reprobe-prompt.7 reprobe-tools.7 reprobe.1" "$(find "$prefix/share/man/"man[17] -type f -printf '%f\n' | sort | paste -sd' ')"
	for name in execsnoop opensnoop profile; do
		run "$prefix/bin/reprobe" tools "$name" --version
		equal "reprobe tools $name" "$name $(reprobe --version | sed 's/.* //')" "$out"
		[ -e "$prefix/share/man/man8/reprobe-$name.8" ] || fail "there is no man page of $name"
	done
	run "$prefix/bin/reprobe" lab --help
	contains "reprobe lab --help" "$out" "usage: reprobe lab"
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

# find_package(reprobe), with the shared libraries; and links to tools, which others' files stay in front of.
cmake_package() {
	mkdir project
	cp "$prefix/share/reprobe/examples/host/opens.c" project/
	cat >project/CMakeLists.txt <<-'END'
		cmake_minimum_required(VERSION 3.20)
		project(host C)
		find_package(reprobe 0.1 REQUIRED)
		add_executable(opens opens.c)
		target_link_libraries(opens PRIVATE reprobe::tool)
	END
	run cmake -S project -B project/build -G Ninja "-DCMAKE_PREFIX_PATH=$prefix"
	status 0
	run ninja -C project/build
	status 0
	run project/build/opens
	status 2
}

links() {
	mkdir links
	echo mine >links/hello
	run "$prefix/bin/reprobe" tools --link links hello execsnoop
	status 1
	contains "stderr" "$err" "cannot make the link links/hello: something else is there already"
	run links/execsnoop --version
	equal "the linked tool" "$("$prefix/bin/reprobe" execsnoop --version)" "$out"
	run "$prefix/bin/reprobe" tools --unlink links
	status 0
	equal "what is left" "hello mine" "$(echo "$(ls links)" "$(cat links/*)")"
	run "$prefix/bin/reprobe" tools nonsense
	contains "stderr" "$err" 'there is no tool `nonsense`'
	equal "the list" "$(sed -n 's/^{"\([a-z]*\)".*/\1/p' "$build/generated/tool_list.h")" "$("$prefix/bin/reprobe" tools | awk '{ print $1 }')"
}

t "what is installed" installed
t "find_package finds it" cmake_package
t "tools are run by name and linked by choice" links
need_root
t "attach and print rows" rows
t "compile once and carry" carried
t "ask a question" answers
t "a prefix that was moved; the static library" moved
finish
