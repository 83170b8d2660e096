#!/bin/sh
# Golden traces through the views that show a trace as it is: what they say of a file of
# version 1 or 2 must never change but on purpose. check_traces.sh --update writes the
# expectations anew, to be read before they are committed.
set -u
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${top_builddir:=$top_srcdir/build}"
report=$top_builddir/pymemtrace-report
golden=$top_srcdir/tests/golden
scratch=$(mktemp -d "${TMPDIR:-/tmp}/pymemtrace-golden.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
LC_ALL=C.UTF-8 TZ=UTC COLUMNS=80
export LC_ALL TZ COLUMNS
unset NO_COLOR
update=${1:-}
failed=0
count=0

# expect NAME: $scratch/found against tests/golden/NAME.
expect() {
	if [ "$update" = --update ]; then
		mkdir -p "$golden/${1%/*}"
		cp "$scratch/found" "$golden/$1"
	fi
	count=$((count + 1))
	diff -u "$golden/$1" "$scratch/found" && return
	echo "FAIL: $1"
	failed=1
}

# show NAME ARGUMENTS...: what the report says, messages too, against NAME.
show() {
	shown=$1
	shift
	"$report" "$@" >"$scratch/found" 2>&1 || {
		echo "FAIL: pymemtrace-report $*: exit status $?"
		failed=1
	}
	expect "$shown"
}

cd "$golden/v1" || exit 99
for trace in all_kinds killed; do
	show v1/$trace.info.txt info $trace.bin
	show v1/$trace.dump.txt dump $trace.bin
	show v1/$trace.dump.jsonl dump --format=json $trace.bin
	show v1/$trace.log.txt log $trace.bin
	show v1/$trace.log.jsonl log --format=json $trace.bin
	show v1/$trace.log.csv log --format=csv $trace.bin
done
# In a folder of its own: it is of no run with the others.
show v1/gc/collections.dump.txt dump gc/collections.bin
show v1/gc/collections.dump.jsonl dump --format=json gc/collections.bin
show v1/gc/collections.log.txt log gc/collections.bin
show v1/gc/collections.log.jsonl log --format=json gc/collections.bin

cd "$golden/v2" || exit 99
for form in "info txt" "dump txt" "dump jsonl" "log txt" "log jsonl"; do
	view=${form% *}
	kind=${form#* }
	format=text
	[ "$kind" = jsonl ] && format=json
	show "v2/blocks.$view.$kind" "$view" --format=$format blocks.bin
done

# A trace of version 1 that was cut and one with a flipped bit: everything else is given.
cd "$scratch" || exit 99
head -c 700 "$golden/v1/all_kinds.bin" >cut.bin
show v1/cut.dump.txt dump cut.bin
{ head -c 300 "$golden/v1/all_kinds.bin" && printf '\377' &&
	tail -c +302 "$golden/v1/all_kinds.bin"; } >flipped.bin
show v1/flipped.dump.txt dump flipped.bin
show v1/flipped.info.txt info flipped.bin

# The original's grammar: a file a thread, jumps only or (--trigger=0) every event.
for scene in "$golden"/scenes/log_*.scene; do
	name=${scene##*/}
	name=${name%.scene}
	"$top_builddir/tests/support/make_trace" "$scene" "$name.bin" || failed=1
	show "original-log/$name.files" log --format=original-log --output="$name" "$name.bin"
	"$report" log --format=original-log --trigger=0 --output="$name.all" "$name.bin" \
		>/dev/null
	for log in "$name"/*.log "$name.all"/*.log; do
		cp "$log" found
		expect "original-log/$log"
	done
done

echo "$count comparisons"
exit $failed
