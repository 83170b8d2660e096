#!/bin/sh
# Every example in doc/format.md is made of bytes of the golden trace: lines with an offset
# as od(1) prints them, and records in backticks or on a line of their own.
set -u
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
doc=$top_srcdir/doc/format.md
golden=$top_srcdir/tests/golden/v1
scratch=$(mktemp -d "${TMPDIR:-/tmp}/pymemtrace-golden.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
failed=0
count=0

od -A x -t x1 -v "$golden/all_kinds.bin" >"$scratch/bytes"
sed -n 's/^    \([0-9a-f]\{6\}\( [0-9a-f][0-9a-f]\)\{16\}\)$/\1/p' "$doc" >"$scratch/lines"
while read -r line; do
	count=$((count + 1))
	grep -qxF "$line" "$scratch/bytes" && continue
	echo "not in all_kinds.bin: $line"
	failed=1
done <"$scratch/lines"

{
	# shellcheck disable=SC2016 # backticks of Markdown
	grep -o '`[0-9a-f][0-9a-f]\( [0-9a-f][0-9a-f]\)\{1,\}`' "$doc" | tr -d '`'
	sed -n 's/^    \([0-9a-f][0-9a-f]\( [0-9a-f][0-9a-f]\)\{8,\}\)$/\1/p' "$doc"
} >"$scratch/records"
while read -r record; do
	count=$((count + 1))
	grep -qF "\"hex\":\"$(echo "$record" | tr -d ' ')\"" "$golden/all_kinds.dump.jsonl" \
		"$golden/../v2/blocks.dump.jsonl" "$golden/gc/collections.dump.jsonl" && continue
	echo "no record of all_kinds.bin, blocks.bin or collections.bin: $record"
	failed=1
done <"$scratch/records"

echo "$count examples"
[ "$count" -ge 35 ] || {
	echo "expected more examples in $doc"
	failed=1
}
exit $failed
