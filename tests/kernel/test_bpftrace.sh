#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# docs/from-bpftrace.md: each line of reprobe's in it is asked; and what can be counted is counted by bpftrace, too.
. "$(dirname "$0")/../lib.sh"
need_root
own probed
probed=$REPLY
page=$top/docs/from-bpftrace.md

# The first line of code in the last column of each row.
questions() { sed -n 's/^|.*| `\([^`]*\)`[^|]*|$/\1/p' "$page"; }

# Probes that this kernel, or this machine, may lack.
asked() {
	local line
	[ "$(questions | wc -l)" -ge 30 ] || fail "expected more questions" "$(questions)"
	touch prog
	while read -r line; do
		[ -n "$kprobes" ] || [[ ! $line =~ vfs_open|do_unlinkat|tcp_connect ]] || continue
		line=${line//usdt:.\/prog:probe/usdt:$probed:probed:step}
		run timeout 60 reprobe -p $$ -e "$line" -e quit
		[ "$rc" = 0 ] || [[ $err =~ "has no kprobes"|"kernel has no"|"cannot find the file"|"no file" ]] ||
			fail "$line" "$err"
	done < <(questions)
}

# What help names in place of bpftrace's lines is asked, too, and bpftrace understands its own.
in_help() {
	local verb ours theirs
	for verb in trace count top hist sum avg min max stats latency stack profile begin end; do
		run reprobe -e "help $verb"
		ours=$(sed -n '/^write:$/,$p' <<<"$out" | sed -n '2s/^ *//p')
		theirs=$(sed -n "/^in place of bpftrace's:\$/,/^write:\$/p" <<<"$out" | sed '1d;$d' | sed 's/^ *//' | paste -sd' ')
		[ -n "$ours" ] && [ -n "$theirs" ] || fail "help $verb names nothing" "$out"
		run reprobe -p $$ -e "$ours" -e quit
		status 0
		command -v bpftrace >/dev/null || continue
		run timeout 60 bpftrace -d -e "$theirs"
		[ "$rc" = 0 ] || fail "bpftrace: $theirs" "$err"
	done
}

# numbers FILE: what both have counted, a line an entry, in one form: keys and value; of histograms the lower ends.
numbers() {
	python3 - "$1" <<-'END'
		import json, sys
		lines = []
		for text in open(sys.argv[1], encoding="utf-8"):
		    if not text.startswith("{"):
		        continue
		    line = json.loads(text)
		    if "map" in line and "histogram" in line:
		        lines += [f"{b['min'] if 'min' in b else 'less'} {b['count']}" for b in line["histogram"] if b["count"]]
		    elif "map" in line and line["map"] != "missed":
		        key, value = line.get("key"), line["value"]
		        keys = [str(k) for k in key.values()] if isinstance(key, dict) else []
		        if isinstance(value, dict):
		            value = f"{value['count']} {int(value['avg'])} {value['sum']}"
		        lines.append(" ".join(keys + [str(int(value) if isinstance(value, float) else value)]))
		    elif line.get("type") == "hist":
		        for buckets in line["data"].values():
		            lines += [f"{b['min'] if 'min' in b else 'less'} {b['count']}" for b in buckets if b["count"]]
		    elif line.get("type") in ("map", "stats"):
		        for value in line["data"].values():
		            for key, one in (value.items() if isinstance(value, dict) and "average" not in value else [("", value)]):
		                if isinstance(one, dict):
		                    one = f"{one['count']} {one['average']} {one['total']}"
		                lines.append(" ".join(key.split(",") + [str(one)]).strip())
		print("\n".join(sorted(lines)))
	END
}

# same COMMAND PROGRAM QUESTION: bpftrace's PROGRAM and the QUESTION count the same while COMMAND runs.
same() {
	local theirs ours
	timeout 60 bpftrace -f json -c "$1" -e "$2" >theirs 2>said || fail "bpftrace: $2" "$(cat said)"
	run reprobe --json -c "$1" -e "$3"
	status 0
	theirs=$(numbers theirs) ours=$(numbers out)
	[ -n "$theirs" ] || fail "bpftrace has counted nothing: $2" "$(cat theirs)"
	equal "$3" "$theirs" "$ours"
}

compared() {
	command -v bpftrace >/dev/null || skip "no bpftrace"
	command -v python3 >/dev/null || skip "no python3"
	# Other suites run these, too: what is counted of the whole system has files and names of its own.
	local own spawn name=spawn_$$ missing=missing_$$
	own=$(private probed) spawn=$(private spawn "$name")
	local probed=$own twice=uprobe:$own:twice calls="$own --calls 20"
	same "$calls" "$twice { @[arg0 % 3] = count(); }" "count $twice by arg0 % 3"
	same "$calls" "$twice { @[arg0 % 3, arg0 > 10] = sum(arg0); }" "sum $twice arg0 by arg0 % 3, arg0 > 10"
	same "$calls" "$twice { @[arg0 % 3] = min(arg0 * 7); }" "min $twice arg0 * 7 by arg0 % 3"
	same "$calls" "$twice { @[arg0 % 3] = max(arg0 * 7); }" "max $twice arg0 * 7 by arg0 % 3"
	same "$calls" "$twice { @[arg0 % 3] = avg(arg0); }" "avg $twice arg0 by arg0 % 3"
	same "$calls" "$twice { @ = stats(arg0 * 1000); }" "stats $twice arg0 * 1000"
	same "$calls" "$twice { @ = hist(arg0 + 1); }" "hist $twice arg0 + 1"
	same "$calls" "$twice { @ = lhist(arg0, 0, 20, 5); }" "hist $twice arg0 linear(0,20,5)"
	same "$calls" "$twice /arg0 > 5/ { @ = sum(arg0); }" "sum $twice arg0 if arg0 > 5"
	same "$calls" "uretprobe:$probed:twice { @ = sum(retval); }" "sum $twice ret"
	same "$calls" "$twice { @n[tid] = arg0; } uretprobe:$probed:twice /@n[tid]/ { @ = sum(@n[tid] * 1000 + retval); delete(@n[tid]); }" \
		"sum $twice arg0 * 1000 + ret"
	same "$calls" "$twice { @n[tid] = nsecs; } uretprobe:$probed:twice /@n[tid]/ { @[nsecs - @n[tid] < 1000000000] = count(); delete(@n[tid]); }" \
		"count $twice by duration < 1s"
	same "$calls" "$twice /strncmp(str(arg1), \"word 1\", 6) == 0/ { @[str(arg1)] = count(); }" \
		"count $twice by (char *)arg1 if starts((char *)arg1, \"word 1\")"
	same "$spawn --calls 50" "tracepoint:syscalls:sys_enter_getpgid /comm == \"$name\"/ { @[comm] = count(); }" \
		"count getpgid by comm if comm == \"$name\""
	same "$spawn --calls 50" "tracepoint:syscalls:sys_enter_getpgid /comm == \"$name\"/ { @[uid, gid] = count(); }" \
		"count getpgid by uid, gid if comm == \"$name\""
	same "$spawn --open readme $missing" \
		"tracepoint:syscalls:sys_enter_openat /str(args->filename) == \"$missing\"/ { @[comm, str(args->filename)] = count(); }" \
		"count openat by comm, filename if filename == \"$missing\""
}

# What compares two answers sees a difference.
can_fail() {
	printf '{"type": "map", "data": {"@": {"a": 3}}}\n' >theirs
	printf '{"map":"counts","key":{"x":"a"},"value":3}\n' >ours
	equal "the same" "$(numbers theirs)" "$(numbers ours)"
	printf '{"map":"counts","key":{"x":"a"},"value":4}\n' >ours
	[ "$(numbers theirs)" != "$(numbers ours)" ] || fail "3 is not 4"
}

t "each line of the page" asked
t "what help names" in_help
t "the comparison can fail" can_fail
t "both count the same" compared
finish
