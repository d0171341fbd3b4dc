#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The object cache and object files: nothing is compiled twice, and nothing strange is trusted.
. "$(dirname "$0")/../lib.sh"
need_root

# A source whose one record says its version, and which process it was to trace.
source_version() {
	source_file "${2-own.c}" <<END
struct event { u32 version; u32 is_targets; };
BPF_RINGBUF_OUTPUT(events, 8);
PROBE
{
    struct event event = {.version = $1, .is_targets = TARGET_PID == bpf_get_current_pid_tgid() >> 32};
    if (is_target())
        events.ringbuf_output(&event, sizeof(event), 0);
    return 0;
}
END
}

record() { echo "{\"output\":\"events\",\"data\":{\"version\":$1,\"is_targets\":1}}"; }

use_cache() { export REPROBE_CACHE=$tmp/cache; }

# ran VERSION CACHED [ARG…]: runs own.c (or FILE), which is of that version and was cached or not.
ran() {
	local version=$1 cached=$2
	shift 2
	run reprobe run --json --timings -c 'exec spawn --calls 1 >called' "${target-own.c}" "$@"
	status 0
	equal "the record" "$(record "$version")" "$out"
	contains "timings" "$err" "\"cached\":$cached"
	[ $cached = false ] || contains "timings of what is not compiled" "$err" '"compile_ms":0.000'
}

entries() { find cache -name '*.rpo' 2>/dev/null | wc -l; }

compiled_once() {
	use_cache
	source_version 1
	ran 1 false
	equal "mode of the cache" 700 "$(stat -c %a cache)"
	equal "mode of an entry" 600 "$(stat -c %a cache/*.rpo)"
	ran 1 true
	ran 1 true # another process is the target
	REPROBE_CACHE=off ran 1 false
	equal "entries" 1 "$(entries)"
}

# loads YES|NO ARG…: runs the command; whether it opened a compiler: libbcc, and with it LLVM, or reprobe-clang.so.
loads() {
	local expected=$1 got=no
	shift
	run env LD_DEBUG=files LD_DEBUG_OUTPUT="$tmp/opened" "$@"
	status 0
	! grep -q 'calling init: .*\(libLLVM\|reprobe-clang\)' opened.* || got=yes
	rm -f opened.*
	equal "whether \`$*\` opens LLVM" "$expected" $got
}

# What compiles nothing does not pay for the compiler.
no_clang() {
	! ldd "$(command -v reprobe)" | grep -q LLVM || skip "the build with sanitizers is linked with LLVM"
	use_cache
	source_version 1
	local question='count getpgid by pid'
	loads no reprobe --version
	loads no reprobe list tracepoint:sched:*
	loads yes reprobe run own.c -c true
	loads no reprobe run --json own.c -c 'exec env -u LD_DEBUG spawn --calls 1 >called'
	equal "the record" "$(record 1)" "$out"
	loads yes reprobe -c true -e "$question"
	loads no reprobe -c true -e "$question"
	loads yes execsnoop --for 10ms -p $$
	loads no execsnoop --for 10ms -p $$
	run reprobe build own.c -o own.rpo
	status 0
	REPROBE_CACHE=off loads no reprobe check own.rpo
	# The other dialect has its own.
	loads yes reprobe check "$here/kernel/libbpf/exec_reserve.bpf.c"
	loads no reprobe check "$here/kernel/libbpf/exec_reserve.bpf.c"
	run reprobe build "$here/kernel/libbpf/exec_reserve.bpf.c" -o exec.bpf.o
	REPROBE_CACHE=off loads no reprobe check exec.bpf.o
}

# Each thing that the result depends on.
changes_are_seen() {
	use_cache
	source_version VALUE
	sed -i '1i #include "value.h"' own.c
	echo '#define VALUE 1' >value.h
	ran 1 false
	ran 1 true
	echo '#define VALUE 2' >value.h
	ran 2 false
	ran 2 true
	echo '#ifndef VALUE
#define VALUE 3
#endif' >value.h
	ran 3 false
	ran 4 false -DVALUE=4
	ran 5 false -DVALUE=5
	ran 4 true -DVALUE=4
	mkdir other && cp own.c value.h other # messages and lines have the path
	target=other/own.c ran 3 false
	equal "entries" 6 "$(entries)"
	printf '%s\n' '#define VALUE 7' >forced.h # what a flag reads is not in the key
	ran 7 false -- -include "$tmp/forced.h"
	ran 7 false -- -include "$tmp/forced.h"
	equal "entries" 6 "$(entries)"
}

# However it is written that a header is read.
other_includes() {
	use_cache
	local form
	for form in '#define H "value.h"\n#include H' '#include /* why */ "value.h"' '# /* why */ include "value.h"' \
		'#import "value.h"' '#inc\\\nlude "value.h"' '%:include "value.h"' '#\n#include "value.h"' \
		'#include "between.h"' 'typedef struct {\n#include "value.h"\nint unused; } unused_t;'; do
		printf '%b\n' '#define BETWEEN "value.h"\n#include BETWEEN' >between.h
		source_version VALUE body.c
		{ printf '%b\n' "$form"; cat body.c; } >own.c
		echo '#define VALUE 1' >value.h
		ran 1 false
		echo '#define VALUE 2' >value.h
		ran 2 false
	done
}

damaged_entries() {
	use_cache
	source_version 1
	ran 1 false
	local entry
	entry=$(echo cache/*.rpo)
	truncate -s -1 "$entry"
	ran 1 false
	ran 1 true
	printf x | dd of="$entry" bs=1 seek=300 conv=notrunc status=none
	ran 1 false
	: >"$entry"
	ran 1 false
	rm "$entry" && mkdir "$entry"
	ran 1 false
	rmdir "$entry" && ln -s /etc/passwd "$entry"
	ran 1 false
}

foreign_entries() {
	use_cache
	source_version 1
	ran 1 false
	chown 65534 cache/*.rpo
	ran 1 false
	chmod 666 cache/*.rpo
	ran 1 false
	chmod 755 cache
	ran 1 false
	equal "entries, in what others can read" 1 "$(entries)"
	chmod 700 cache && chown 65534 cache
	ran 1 false
	chown 0 cache
	ran 1 true
}

least_recently_used() {
	use_cache
	local size
	source_version 1 a.c
	source_version 1 b.c
	source_version 1 c.c
	target=a.c ran 1 false
	size=$(stat -c %s cache/*.rpo)
	export REPROBE_CACHE_LIMIT=$((size * 5 / 2))
	target=b.c ran 1 false
	target=a.c ran 1 true
	target=c.c ran 1 false # b goes
	equal "entries" 2 "$(entries)"
	target=a.c ran 1 true
	target=c.c ran 1 true
	target=b.c ran 1 false
}

not_cached() {
	use_cache
	source_file pinned.c <<'END'
BPF_ARRAY(inner, u64, 4);
BPF_ARRAY_OF_MAPS(outer, "inner", 4);
PROBE { return 0; }
END
	run reprobe run pinned.c -c true
	status 0
	equal "entries" 0 "$(entries)"
	run reprobe build pinned.c -o pinned.rpo
	refused "cannot write pinned.rpo" "nests"
	[ ! -e pinned.rpo ] || fail "expected no file"
	source_file bad.c <<<'int nope'
	run reprobe check bad.c
	status 1
	equal "entries" 0 "$(entries)"
	source_version 1
	export REPROBE_CACHE=/proc/nowhere
	ran 1 false
	export REPROBE_CACHE='' XDG_CACHE_HOME=$tmp/xdg
	ran 1 false
	ran 1 true
	[ -d xdg/reprobe/objects ] || fail "expected xdg/reprobe/objects"
	mkdir home && chown 65534 home # as sudo may leave it
	unset XDG_CACHE_HOME
	HOME=$tmp/home ran 1 false
	equal "what root left in another's home" "" "$(ls -A home)"
}

cache_command() {
	use_cache
	run reprobe cache
	status 0
	contains "an empty cache" "$out" "0 compiled programs" "$tmp/cache"
	source_version 1
	ran 1 false
	run reprobe cache
	status 0
	contains "one program" "$out" "own.c" "1 compiled program,"
	run reprobe cache clear
	status 0
	equal "entries" 0 "$(entries)"
	REPROBE_CACHE=off run reprobe cache
	contains "off" "$out" "off"
	run reprobe cache purge
	[ "$rc" != 0 ] || fail "expected purge to be refused"
}

# Many at once, and some killed: what is there afterwards is whole.
at_once() {
	use_cache
	source_version 1
	local i jobs=()
	for i in 1 2 3 4 5 6; do
		reprobe check own.c >/dev/null 2>&1 &
		jobs+=($!)
	done
	{ kill -9 "${jobs[1]}" "${jobs[4]}"; wait; } 2>/dev/null # bash tells who was killed
	ran 1 true
}

object_files() {
	source_version 6
	run reprobe build own.c -o own.rpo
	status 0
	silent
	rm own.c
	target=own.rpo ran 6 true
	target=own.rpo ran 6 true
	run reprobe check own.rpo
	contains "what is in it" "$out" "events" "sys_enter_getpgid"
	run reprobe run own.rpo -DX=1 -c true
	refused "cannot use own.rpo" "compiled already" "reprobe build"
	cp own.rpo cut.rpo && truncate -s -100 cut.rpo
	run reprobe run cut.rpo -c true
	refused "cannot use cut.rpo" "cut short or altered" "reprobe build"
	cp own.rpo altered.rpo && printf x | dd of=altered.rpo bs=1 seek=500 conv=notrunc status=none
	run reprobe run altered.rpo -c true
	refused "cannot use altered.rpo" "cut short or altered"
	run reprobe run /bin/true -c true
	refused "not a BPF object file"
	chmod 666 own.rpo
	run reprobe run own.rpo -c true
	refused "cannot use own.rpo" "others can write to it" "chmod"
	chmod 644 own.rpo && chown 65534 own.rpo
	run reprobe run own.rpo -c true
	refused "cannot use own.rpo" "belongs to another user"
	SUDO_UID=65534 target=own.rpo ran 6 true
	source_version 6
	run reprobe build own.c -o nowhere/own.rpo
	refused "cannot write nowhere/own.rpo" "No such file"
	run reprobe build own.c
	[ "$rc" != 0 ] || fail "expected -o to be asked for"
}

t "a program is compiled once" compiled_once
t "what was compiled needs no clang" no_clang
t "changes are seen" changes_are_seen
t "changes of headers, however they are included" other_includes
t "damaged entries are made anew" damaged_entries
t "entries of others are not trusted" foreign_entries
t "the least recently used goes first" least_recently_used
t "what cannot be cached" not_cached
t "reprobe cache" cache_command
t "many at once" at_once
t "object files" object_files
finish
