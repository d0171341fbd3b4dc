#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A long session holds no more than a short one, and many prompts at the same time do not disturb each other.
. "$(dirname "$0")/../lib.sh"
need_root
limit=$((limit * 4))

# What the prompt holds that runs it by `! exec ./look`: descriptors, programs, maps, links and KiB of memory of its own.
# What was detached is closed beside the prompt: it waits until there are not more than in the first three cycles.
make_look() {
	cat >look <<END
#!/bin/bash
end=\$((SECONDS + $limit))
while :; do
	descriptors=\$(ls /proc/\$PPID/fd | wc -l)
	[ "\$(cat looks | wc -l)" -ge 3 ] && [ \$descriptors -gt "\$(sort -n looks | tail -n 1)" ] && [ \$SECONDS -lt \$end ] || break
done
[ "\$(cat looks | wc -l)" -ge 3 ] || echo \$descriptors >>looks
info=\$(cat /proc/\$PPID/fdinfo/* 2>/dev/null)
echo "held \$descriptors \$(grep -c ^prog_id: <<<"\$info") \$(grep -c ^map_id: <<<"\$info")" \
	"\$(grep -c ^link_id: <<<"\$info") \$(awk '\$1 == "RssAnon:" { print \$2 }' /proc/\$PPID/status)"
END
	chmod +x look
}

# Asked, moved, paused, resumed; C that is loaded, and edited; beside a load that floods the same places.
cycle() {
	cat <<'END'
count sys_enter_getpgid
! exec spawn --calls 5 >/dev/null
retarget last sys_exit_getpgid
! exec spawn --calls 3 >/dev/null
pause last
! exec spawn --calls 2 >/dev/null
resume last
export json
detach last
load once.c
! exec spawn --calls 4 >/dev/null
edit last tenfold.c
! exec spawn --calls 1 >/dev/null
trace sys_enter_getpgid pid if pid == 0
export json
detach last
detach last
! exec ./look
END
}

# Nobody's child: it is not of what is traced. It ends with the directory.
flood() { (while [ -e flooded ]; do spawn --calls 1000; done >/dev/null 2>&1 &); }

make_sources() {
	local add
	for add in 1 10; do
		cat <<END >"$([ $add = 1 ] && echo once.c || echo tenfold.c)"
BPF_HASH(calls, u32);
TRACEPOINT_PROBE(syscalls, sys_enter_getpgid)
{
    u32 key = 0;
    if (is_target())
        calls.increment(key, $add);
    return 0;
}
END
	done
}

a_long_session() {
	local i cycles=$((60 / slow + 4))
	[ -z "${REPROBE_TEST_QUICK-}" ] || cycles=12
	make_look
	: >looks
	make_sources
	for ((i = 0; i < cycles; i++)); do cycle; done >script
	touch flooded
	flood
	run reprobe -p $BASHPID -f script
	rm flooded
	status 0
	equal "cycles" "$cycles" "$(grep -c ^held <<<"$out")"
	equal "what each of them counted" "$cycles calls 14
$cycles counts 8" "$(grep '^{' <<<"$out" | jsonlines map value | sed 's/^[0-9]*\.//' | sort | uniq -c | awk '{ print $1, $2, $3 }')"
	grep ^held <<<"$out" >held
	equal "programs, maps and links behind each of them" "0 0 0" "$(cut -d' ' -f3-5 held | sort -u)"
	[ "$(cut -d' ' -f2 held | sort -n | tail -n 1)" = "$(sort -n looks | tail -n 1)" ] || fail "descriptors" "$(cat held)"
	[ -z "${REPROBE_TEST_QUICK-}" ] || return # the sanitizers' memory is their own
	local warm most
	warm=$(sed -n "$((cycles / 2))p" held | cut -d' ' -f6)
	most=$(cut -d' ' -f6 held | sort -n | tail -n 1)
	[ $((most - warm)) -le 512 ] || fail "memory: $warm KiB behind half of them, at most $most KiB"
}

# Each asks about its own, compiles and edits; some in PID namespaces of their own, where -p is the first process.
ask() {
	local pid=$BASHPID
	[ $(($1 % 5)) != 0 ] || pid=1
	local prompt=(reprobe -p "$pid" -e 'count sys_enter_getpgid by comm' -e 'load once.c'
		-e "! exec spawn --calls $1 >/dev/null" -e 'edit last tenfold.c' -e '! exec spawn --calls 2 >/dev/null' -e 'export json' -e quit)
	[ $(($1 % 5)) != 0 ] || prompt=(unshare --pid --fork --mount-proc sh -c '"$@"; exit' - "${prompt[@]}")
	"${prompt[@]}" >"$1.out" 2>"$1.err" </dev/null
	echo "status $?" >>"$1.out"
}

# What each counted is what it made, whatever the others do; and no lock, tree or map stays.
many_prompts() {
	local count=$((20 / (slow > 1 ? 4 : 1))) i
	make_sources
	mkdir -m 700 runtime
	export XDG_RUNTIME_DIR=$tmp/runtime
	for ((i = 1; i <= count; i++)); do ask $i & done
	wait
	for ((i = 1; i <= count; i++)); do
		echo "$i spawn $((i + 2)) $((i + 20)) status 0"
	done >expected
	for ((i = 1; i <= count; i++)); do
		echo "$i $(sed -n 's/^{"map":"[0-9.]*counts","key":{"comm":"\(spawn\)"},"value":\([0-9]*\)}$/\1 \2/p; s/^{"map":"[0-9.]*calls",.*"value":\([0-9]*\)}$/\1/p; /^status/p' $i.out | tr '\n' ' ')"
	done | sed 's/ $//' >got
	equal "what each counted" "$(cat expected)" "$(cat got)"
	equal "what they said" "" "$(grep -hv '^\[[0-9]*\]\|^reprobe: note: this is a PID namespace' ./*.err)"
	equal "what stays" "" "$(find runtime -mindepth 1 -not -type d)"
}

t "a long session" a_long_session
t "twenty prompts at the same time" many_prompts
finish
