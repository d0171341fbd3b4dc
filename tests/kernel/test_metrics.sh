#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Metrics for monitoring: --metrics, over HTTP and in a file, read by a parser that forgives nothing, and by
# Prometheus where that is installed.
. "$(dirname "$0")/../lib.sh"
need_root
command -v python3 >/dev/null || skip "python3 is not installed"

metrics() { "$top/tests/openmetrics.py" "$@"; }
# The work is done, and its metrics are asked for a second later: what was gathered before is old then.
worked() { wait_in "its command has worked" test -e "done" && sleep 1.1; }
url() { sed -n 's/^reprobe: metrics are at //p' err; }
# So many writes of so many bytes.
writes() { echo "dd if=/dev/zero of=/dev/null bs=$2 count=$1 status=none"; }
ended() { kill -INT "$pid" && stopped && status 0; }

questions() {
	start reprobe --metrics=0 -c "$(writes 7 100); $(writes 2 3000); : >done; exec sleep 600" \
		-e 'count sys_enter_write by comm, count if comm == "dd"' -e 'hist sys_enter_write count by comm if comm == "dd"' \
		-e 'stats sys_enter_write count if comm == "dd"' -e 'sum sys_enter_write count by comm if comm == "dd"' \
		-e 'hist sys_enter_write count linear(0,200,100) if comm == "dd"' -e 'count sys_enter_write every 600s'
	worked
	equal "counts" 'reprobe_counts_total{comm=dd,count=100} 7
reprobe_counts_total{comm=dd,count=3000} 2' "$(metrics "$(url)" reprobe_counts_total | sort)"
	equal "a histogram" 'reprobe_dist_bucket{comm=dd,le=31.0} 0
reprobe_dist_bucket{comm=dd,le=63.0} 0
reprobe_dist_bucket{comm=dd,le=127.0} 7
reprobe_dist_bucket{comm=dd,le=255.0} 7
reprobe_dist_bucket{comm=dd,le=511.0} 7
reprobe_dist_bucket{comm=dd,le=1023.0} 7
reprobe_dist_bucket{comm=dd,le=2047.0} 7
reprobe_dist_bucket{comm=dd,le=4095.0} 9
reprobe_dist_bucket{comm=dd,le=+Inf} 9' "$(metrics "$(url)" reprobe_dist_bucket | tail -n +5)"
	equal "a linear one" 'reprobe_dist_linear_bucket{le=99.0} 0
reprobe_dist_linear_bucket{le=199.0} 7
reprobe_dist_linear_bucket{le=+Inf} 9' "$(metrics "$(url)" reprobe_dist_linear_bucket)"
	equal "figures" 'reprobe_figures_avg{} 744.44
reprobe_figures_count_total{} 9
reprobe_figures_max{} 3000
reprobe_figures_min{} 100
reprobe_figures_sum{} 6700' "$(metrics "$(url)" reprobe_figures_{avg,count_total,max,min,sum} | sort | sed 's/\(744\.44\).*/\1/')"
	equal "a sum" 'reprobe_sums{comm=dd} 6700' "$(metrics "$(url)" reprobe_sums)"
	contains "how it was asked" "$(metrics "$(url)" reprobe_question_info)" 'text=stats sys_enter_write count if comm == \"dd\"'
	ended
	contains "what the prompt prints" "$(cat out)" 6700
}

cat >"$base/maps.c" <<'END'
struct name { char text[8]; u32 pad; };
BPF_HASH(by_name, struct name, u64);
BPF_PERCPU_ARRAY(by_cpu, u64, 1);
BPF_HASH(pairs, u32, struct pair);
BPF_HISTOGRAM(sizes, int);
BPF_ARRAY(capped, struct hist, 1);
BPF_HASH(tens_linear, u32);
END
sed -i '1i struct pair { s64 low; u64 high; char note[4]; };\nstruct hist { u32 slots[4]; };' "$base/maps.c"
cat >>"$base/maps.c" <<'END'
PROBE
{
    struct name name = {.text = "a\"\\\n"}, other = {.text = "a\"\\\n", .pad = 1};
    struct pair pair = {-5, 1ULL << 63, "no"};
    u32 key = 9;
    int zero = 0;
    if (TARGET_PID != bpf_get_current_pid_tgid() >> 32)
        return 0;
    by_name.increment(name);
    by_name.increment(other);
    u64 *one = by_cpu.lookup(&zero);
    if (one)
        (*one)++;
    pairs.update(&key, &pair);
    sizes.increment(bpf_log2l(5000));
    struct hist *hist = capped.lookup(&zero);
    if (hist)
        hist->slots[3]++; /* 4 and more */
    tens_linear.increment(10);
    tens_linear.increment(40);
    return 0;
}
END

# In a file that others may read whole at any time, which has the last numbers at the end.
programs() {
	source_file program.c <"$base/maps.c"
	sed -i 's/TARGET_PID != .*/!is_target())/' program.c
	start reprobe run program.c --metrics="$tmp/own.prom" -c "spawn --calls 12; : >done; exec sleep 600"
	wait_in "the file is there" test -s own.prom
	worked
	ended
	equal "files" own.prom "$(echo own.prom*)"
	equal "mode" 644 "$(stat -c %a own.prom)"
	equal "a value for each CPU" 12 "$(metrics own.prom reprobe_by_cpu | awk '{ n += $2 } END { print n }')"
	equal "members of a struct" 'reprobe_pairs_high{key=9} 9.2233720368547758e+18
reprobe_pairs_low{key=9} -5' "$(metrics own.prom reprobe_pairs_{low,high,note} | sort)"
	equal "keys that need quotes" 2 "$(metrics own.prom reprobe_by_name | grep -c 'a\\"\\\\.*12$')"
	equal "a histogram" 'reprobe_sizes_bucket{le=4095.0} 0
reprobe_sizes_bucket{le=8191.0} 12
reprobe_sizes_bucket{le=+Inf} 12' "$(metrics own.prom reprobe_sizes_bucket | tail -n 3)"
	equal "whose last slot is open" 'reprobe_capped_bucket{le=1.0} 0
reprobe_capped_bucket{le=3.0} 0
reprobe_capped_bucket{le=+Inf} 12' "$(metrics own.prom reprobe_capped_bucket)"
	equal "whose slots end at the next ones" 'reprobe_tens_linear_bucket{le=9.0} 0
reprobe_tens_linear_bucket{le=39.0} 12
reprobe_tens_linear_bucket{le=+Inf} 24' "$(metrics own.prom reprobe_tens_linear_bucket)"
	command -v promtool >/dev/null || return 0
	run sh -c 'promtool check metrics <own.prom'
	lacks "what promtool says" "$out$err" error
}

limits() {
	local i work=
	for i in {1..20}; do work+="$(writes "$i" "$i"); "; done
	start reprobe --metrics=0 --metrics-limit 5 -c "$work : >done; exec sleep 600" -e 'count sys_enter_write by count if comm == "dd"'
	worked
	equal "the largest" "$(for i in {16..20}; do echo "reprobe_counts_total{key_count=$i} $i"; done | sed 's/key_//')" "$(metrics "$(url)" reprobe_counts_total | sort -t= -k2 -n)"
	equal "how many are missing" 'reprobe_left_out_keys{map=1.counts} 15' "$(metrics "$(url)" reprobe_left_out_keys)"
	equal "who is told" 1 "$(grep -c 'more keys than --metrics-limit' err)"
	ended
}

# A client may do what it likes: the session goes on, and so do the other clients.
attacks() {
	start reprobe --metrics=0 -c "while ! test -e stop; do $(writes 1 64); done; : >done; exec sleep 600" \
		-e 'count sys_enter_write by count if comm == "dd"' -e 'trace sys_enter_write count if comm == "dd"' -e 'count sys_enter_read by comm, tid'
	wait_in "it traces" grep -q dd out
	equal "attacks" "all is well" "$(timeout "$limit" "$top/tests/openmetrics.py" --attack "$(url)" 2>&1)"
	: >stop
	worked
	equal "as many rows as counted" "reprobe_counts_total{count=64} $(grep -c ' dd .* 64$' out)" "$(metrics "$(url)" reprobe_counts_total | grep count=64)"
	equal "sockets that are left open" 1 "$(find "/proc/$pid/fd" -lname 'socket:*' | wc -l)"
	ended
}

refusals() {
	start reprobe --metrics=0 -c 'exec sleep 600' -e 'count sys_enter_write'
	wait_in "it listens" grep -q metrics err
	wait_in "it has said all it has to say" grep -qF '[1]' err
	run reprobe --metrics="$(url | sed 's,.*//\(.*\)/metrics,\1,')" -c true -e 'count sys_enter_write'
	refused "cannot offer metrics at 127.0.0.1:" "Address already in use"
	ended
	run reprobe --metrics=example.org:80 -c true -e 'count sys_enter_write'
	refused "cannot offer metrics at example.org:80: it is not an address with a port, nor a file"
	run reprobe --metrics=/nowhere/x.prom -c true -e 'count sys_enter_write'
	refused "cannot write metrics to /nowhere/x.prom" "No such file"
	# Whoever may write to the directory lays no link in its way.
	echo kept >victim
	ln -s victim x.prom
	run reprobe --metrics=x.prom -c true -e 'count sys_enter_write'
	status 0
	equal "the victim" kept "$(cat victim)"
	run reprobe --metrics=0.0.0.0:0 -c true -e 'count sys_enter_write'
	contains "stderr" "$err" "/metrics, for everyone who reaches this address"
}

scraped() { prometheus_has >/dev/null; }
prometheus_has() { # the value that it has read
	python3 -c 'import json, sys, urllib.request as u
got = json.load(u.urlopen(sys.argv[1] + "/api/v1/query?query=" + sys.argv[2]))["data"]["result"]
print(got[0]["value"][1])' "http://127.0.0.1:$port" "$1"
}

by_prometheus() {
	local port=$((20000 + $$ % 20000)) prometheus
	command -v prometheus >/dev/null || skip "prometheus is not installed"
	start reprobe --metrics=0 -c "$(writes 7 100); $(writes 2 3000); : >done; exec sleep 600" \
		-e 'count sys_enter_write by comm if comm == "dd"' -e 'hist sys_enter_write count if comm == "dd"'
	worked
	cat >prometheus.yml <<-END
		scrape_configs:
		  - job_name: reprobe
		    scrape_interval: 1s
		    static_configs: [{targets: ["$(url | sed 's,.*//\(.*\)/metrics,\1,')"]}]
	END
	prometheus --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address="127.0.0.1:$port" >log 2>&1 &
	prometheus=$!
	wait_for "Prometheus has read it" prometheus_has reprobe_counts_total
	equal "a count in Prometheus" 9 "$(prometheus_has 'reprobe_counts_total')"
	equal "a bucket in Prometheus" 7 "$(prometheus_has 'reprobe_dist_bucket%7Ble=%22127.0%22%7D')"
	equal "its type" counter "$(python3 -c 'import json, sys, urllib.request as u
print(json.load(u.urlopen(sys.argv[1]))["data"]["reprobe_counts"][0]["type"])' "http://127.0.0.1:$port/api/v1/metadata")"
	kill "$prometheus"
	ended
}

t "questions" questions
t "programs, in a file" programs
t "so many keys and no more" limits
t "clients that mean harm" attacks
t "what is refused" refusals
t "Prometheus" by_prometheus
finish
