#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Iterators: what they tell of the tasks and files of a program that the test started is what /proc
# tells; each runs once and ends.
. "$(dirname "$0")/../lib.sh"
need_root

reprobe list iter:task >/dev/null 2>&1 || skip "this kernel has no iterators"

# "TID COMM" of each of its threads, as /proc tells.
threads() {
	local task
	for task in /proc/"$watched"/task/*; do
		echo "${task##*/} $(cat "$task/comm")"
	done
}

rows_source() {
	cat >rows.c <<'END'
struct row { u32 process; u32 thread; char name[16]; };
int iter__task(struct bpf_iter__task *ctx)
{
    struct task_struct *task = ctx->task;
    if (!task || !is_target_task(task))
        return 0;
    struct row row = {.process = task->tgid, .thread = task->pid};
    bpf_probe_read_kernel_str(row.name, sizeof(row.name), task->comm);
    bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
    return 0;
}
END
}

rows() {
	rows_source
	watch --threads 3
	run reprobe run --json -p "$watched" rows.c
	status 0
	silent
	equal "rows" "$(threads)" "$(jsonlines data.thread data.name <out | tr '\t' ' ')"
	equal "process" "$watched" "$(jsonlines data.process <out | sort -u)"
	run reprobe run -p "$watched" rows.c
	matches "header" "$(head -n 1 out)" '^PROCESS +THREAD +NAME$'
	equal "rows" "$(threads)" "$(awk 'NR > 1 { print $2, $3 }' out)"
	contains "output" "$(reprobe run --json -p "$watched" rows.c)" '{"output":"rows","data":{"process":'
}

text_source() {
	cat >text.c <<'END'
int f(struct bpf_iter__task_file *ctx)
{
    struct task_struct *task = ctx->task;
    struct file *file = ctx->file;
    if (!task || !file || !is_target_task(task))
        return 0;
    char format[] = "%d %s\n";
    u64 values[] = {ctx->fd, (u64)file->f_path.dentry->d_name.name};
    bpf_seq_printf(ctx->meta->seq, format, sizeof(format), values, sizeof(values));
    return 0;
}
END
}

# bpf_seq_printf() writes lines, which are printed as they are.
text() {
	text_source
	touch "a file.txt"
	watch --open "a file.txt"
	run reprobe run -p "$watched" text.c -a f=iter:task_file
	status 0
	silent
	contains "rows" "$out" "$descriptor a file.txt"
	equal "descriptors" "$(find /proc/"$watched"/fd -mindepth 1 -printf '%f\n' | sort -n)" "$(cut -d' ' -f1 out)"
	equal "as JSON" "{\"output\":\"rows\",\"data\":\"$descriptor a file.txt\"}" \
		"$(reprobe run --json -p "$watched" text.c -a f=it:task_file | grep "a file.txt")"
}

# Two iterators and a map, in one source, which ends when both have.
several() {
	cat >several.c <<'END'
BPF_HASH(tasks, u32, u64);
BPF_ARRAY(files, u64, 1);
int iter__task(struct bpf_iter__task *ctx)
{
    struct task_struct *task = ctx->task;
    if (!task || !is_target_task(task))
        return 0;
    u32 process = task->tgid;
    tasks.increment(process);
    return 0;
}
int iter__task_file(struct bpf_iter__task_file *ctx)
{
    if (ctx->task && ctx->file && is_target_task(ctx->task))
        files.increment(0);
    return 0;
}
END
	watch --threads 2
	run reprobe run --json -p "$watched" several.c
	status 0
	silent
	equal "tasks" "$watched 3" "$(grep tasks out | jsonlines key value | tr '\t' ' ')"
	equal "files" "$(find /proc/"$watched"/fd -mindepth 1 | wc -l)" "$(grep files out | jsonlines value)"
}

# More rows than any buffer has room for are all there: the reader says how fast it goes.
many() {
	cat >many.c <<'END'
struct row { u32 thread; u32 number; u64 padding[48]; };
int iter__task(struct bpf_iter__task *ctx)
{
    struct task_struct *task = ctx->task;
    if (!task || !is_target_task(task))
        return 0;
    for (int i = 0; i < 60; i++) {
        struct row row = {.thread = task->pid, .number = i};
        bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
    }
    return 0;
}
END
	watch --threads 15
	run reprobe run --json -p "$watched" many.c
	status 0
	silent
	equal "rows" "$(threads | while read -r thread _; do printf "$thread %d\n" {0..59}; done)" \
		"$(jsonlines data.thread data.number <out | tr '\t' ' ')"
}

# ---------------------------------------------------------------- questions

questions() {
	touch opened
	watch --threads 3 --open opened
	run reprobe --json -p "$watched" -e 'trace iter:task tid comm task->tgid'
	status 0
	equal "tasks" "$(threads | sed "s/\$/ $watched/")" \
		"$(jsonlines data.tid data.comm 'data.task->tgid' <out | tr '\t' ' ')"
	equal "whose they are" "$(threads | sed "s/^[0-9]*/$watched/")" "$(jsonlines data.pid data.comm <out | tr '\t' ' ')"
	run reprobe --json -e "count iter:task by pid, uid if comm == \"watched-2\" && pid == $watched"
	equal "count" "$watched 0 1" "$(jsonlines key.pid key.uid value <out | tr '\t' ' ')"
	run reprobe -p "$watched" -e 'trace iter:task_file fd file'
	status 0
	matches "file" "$out" "^[0-9:]+ $watched +watched +$descriptor +opened *$"
	contains "end" "$err" "[1] done"
	run reprobe --json -p "$watched" -e 'trace iter:task_vma vma->vm_start'
	equal "mappings" "$(cut -d- -f1 /proc/"$watched"/maps | grep -v '^ffff' | sed 's/^0*/0x/' | while read -r start; do echo $((start)); done)" \
		"$(jsonlines 'data.vma->vm_start' <out)"
}

# What is about no task has no process either.
maps() {
	local id
	cat >held.c <<'END'
BPF_HASH(found_by_name, u32, u64, 77);
PROBE
{
    u32 key = 0;
    found_by_name.increment(key);
    return 0;
}
END
	source_file held2.c <held.c
	start reprobe run held2.c
	wait_for "it has the map" bpftool map show name found_by_name
	id=$(bpftool map show name found_by_name | sed -n 's/^\([0-9]*\):.*/\1/p' | tail -n 1)
	run reprobe --json -e "trace iter:bpf_map map->name map->max_entries if map->id == $id"
	status 0
	equal "map" '{"map->name":"found_by_name","map->max_entries":77}' "$(sed -n 's/.*"data":\({.*}\)}/\1/p' out)"
	run reprobe -e "trace iter:bpf_map map->id if map->id == $id"
	matches "header" "$out" '^TIME +map->id *$'
	kill -INT "$pid"
	stopped
}

# A question goes on to another iterator, and what it has counted stays.
moved() {
	watch --threads 1
	run reprobe --json -p "$watched" -e 'count iter:task' -e 'retarget 1 iter:task_file' -e probes
	status 0
	equal "count" $((2 + $(find /proc/"$watched"/fd -mindepth 1 | wc -l))) "$(grep '"map"' out | jsonlines value)"
	contains "list" "$out" '"attached":["iter:task_file"]'
}

cannot_be() {
	cat >f.c <<<'int f(void *ctx) { return 0; }'
	run reprobe run f.c -a f=iter:tusk
	refused "this kernel has no iterator tusk" "did you mean task"
	run reprobe run f.c -a f=iter:bpf_map_elem
	refused "it goes through one map" "reprobe list iter"
	run reprobe -e 'stack iter:task'
	status 1
	contains "stacks" "$err" "no code leads to it"
	run reprobe -e 'trace iter:bpf_map pid'
	status 1
	contains "no task" "$err" '`pid` is not known at iter:bpf_map, which is not about a task'
	run reprobe -e 'latency iter:task'
	status 1
	cat >two.c <<'END'
int iter__task(struct bpf_iter__task *ctx)
{
    struct { u32 a; } small = {};
    struct { u64 b; } large = {};
    bpf_seq_write(ctx->meta->seq, &small, sizeof(small));
    bpf_seq_write(ctx->meta->seq, &large, sizeof(large));
    return 0;
}
END
	run reprobe run two.c
	refused "of different types or sizes"
	sed -i 's/&large, sizeof(large)/\&small, ctx->meta->seq_num % 4/' two.c
	sed -i '0,/bpf_seq_write/{/bpf_seq_write/d}' two.c
	run reprobe run two.c
	refused "known only while the program runs"
}

# A row is what the call writes, not what it points to.
beginnings() {
	cat >beginnings.c <<'END'
struct row { u32 pid, tgid; char comm[16]; };
int iter__task(struct bpf_iter__task *ctx)
{
    if (!ctx->task)
        return 0;
    struct row row = {.pid = ctx->task->pid, .tgid = ctx->task->tgid};
    bpf_seq_write(ctx->meta->seq, &row, sizeof(row.pid) + sizeof(row.tgid));
    return 0;
}
END
	sleep 600 &
	run reprobe run --json beginnings.c
	status 0
	contains "its row" "$out" "{\"pid\":$!,\"tgid\":$!,\"comm\":null}"
	equal "rows of no process" "" "$(jsonlines data.pid <out | awk '$1 > 4194304')"
}

listed() {
	run reprobe list iter
	status 0
	for name in task task_file task_vma bpf_map; do
		matches "list" "$out" "^iter:$name\$"
	done
	lacks "list" "$out" bpf_map_elem
	run reprobe -e 'info iter:task_file'
	contains "info" "$out" "task_file(struct task_struct *task, u32 fd, struct file *file)" \
		"struct bpf_iter__task_file *" "it can be probed"
	matches "doctor" "$(reprobe doctor)" '^yes +iterators +[0-9]+ of them$'
}

before=$(inventory)
t "rows of structs" rows
t "lines of text" text
t "several iterators and maps" several
t "more rows than buffers hold" many
t "questions about tasks and files" questions
t "what is about no task" maps
t "another iterator" moved
t "what cannot be" cannot_be
t "list, info and doctor" listed
t "nothing stays" unchanged "$before"
t "beginnings of rows" beginnings

finish
