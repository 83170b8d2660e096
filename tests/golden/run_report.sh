#!/bin/sh
# Golden cases of pymemtrace-report: each folder of tests/golden/report holds cmd (shell,
# run in an empty folder) and expected (its output, then what it said on stderr and its
# exit code). In cmd, `scene NAME FILE` makes a trace from tests/golden/scenes.
#
#   tests/golden/run_report.sh [CASE...]     from the build folder, as make check does
#   PMT_GOLDEN_UPDATE=1 ...                  writes expected anew: read the diff
set -u
top_srcdir=$(cd "${top_srcdir:-${0%/*}/../..}" && pwd)
build=$(cd "${top_builddir:-.}" && pwd)
cases=$top_srcdir/tests/golden/report

# libtool's wrappers, without their start-up in every line.
report=$build/pymemtrace-report
maker=$build/tests/support/make_trace
if [ ! -x "$report" ] || [ ! -x "$maker" ]; then
	echo "skipped: build pymemtrace-report and tests/support/make_trace first"
	exit 77
fi
if ! locale -a 2>/dev/null | grep -qix 'c\.utf-\{0,1\}8'; then
	echo "skipped: no locale C.UTF-8"
	exit 77
fi
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# shellcheck disable=SC2317 # called by cmd
scene()
{
	"$maker" "$top_srcdir/tests/golden/scenes/$1.scene" "$2"
}

run_case()
{
	mkdir "$work/run" && cd "$work/run" || exit 99
	(
		unset NO_COLOR PYMEMTRACE
		LC_ALL=C.UTF-8 COLUMNS=80 TERM=dumb TZ=UTC
		PATH=$work/bin:$PATH
		export LC_ALL COLUMNS TERM TZ PATH
		case=$cases/$1
		# shellcheck source=/dev/null
		. "$case/cmd"
	) >"$work/out" 2>"$work/err"
	code=$?
	{
		cat "$work/out"
		[ ! -s "$work/err" ] || {
			echo "--- stderr"
			cat "$work/err"
		}
		echo "--- exit $code"
	} >"$work/got"
	cd "$work" && rm -rf "$work/run"
}

mkdir "$work/bin" || exit 99
printf '#!/bin/sh\nexec "%s" "$@"\n' "$report" >"$work/bin/pymemtrace-report"
chmod +x "$work/bin/pymemtrace-report"
failed=0
count=0
if [ $# -eq 0 ]; then
	cd "$cases" && set -- *
fi
for name in "$@"; do
	count=$((count + 1))
	run_case "$name"
	if [ -n "${PMT_GOLDEN_UPDATE:-}" ]; then
		cp "$work/got" "$cases/$name/expected"
	elif ! diff -u "$cases/$name/expected" "$work/got" >"$work/diff"; then
		echo "FAIL: $name"
		cat "$work/diff"
		failed=$((failed + 1))
	fi
done
echo "$count cases, $failed failed"
[ "$failed" -eq 0 ]
