#!/bin/sh
# The public header in a user's program: without a tracer every call does nothing, with a
# library that exports the functions every call reaches it, however the program was built.
# shellcheck source=tests/static/check.sh
. "${0%/*}/check.sh"
need "${CXX%% *}" g++
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0

# A tracer that only tells what it was called with; 40 to 46 are no plausible accidents.
cat >"$work/tracer.c" <<'END'
#define PYMEMTRACE_TRACER
#include <pymemtrace/pymemtrace.h>
#include <stdio.h>
int pymemtrace_mark(const char *text) { printf("mark %s\n", text); return 40; }
int pymemtrace_region_begin(const char *text) { printf("begin %s\n", text); return 41; }
int pymemtrace_region_end(const char *text) { printf("end %s\n", text); return 42; }
int pymemtrace_pause(void) { puts("pause"); return 43; }
int pymemtrace_resume(void) { puts("resume"); return 44; }
int pymemtrace_active(void) { puts("active"); return 45; }
int pymemtrace_dump(void) { puts("dump"); return 46; }
END
# Once by name and once by address, which needs a copy that is not inlined.
cat >"$work/program.c" <<'END'
#include <pymemtrace/pymemtrace.h>
#include <stdio.h>
int (*volatile by_address)(const char *) = pymemtrace_mark;
int main(void)
{
	int sum = pymemtrace_mark("a");
	sum += by_address("b");
	sum += pymemtrace_region_begin("c");
	sum += pymemtrace_region_end("d");
	sum += pymemtrace_pause();
	sum += pymemtrace_resume();
	sum += pymemtrace_active();
	sum += pymemtrace_dump();
	printf("sum %d\n", sum);
	return 0;
}
END
cp "$work/program.c" "$work/program.cc"
printf 'mark a\nmark b\nbegin c\nend d\npause\nresume\nactive\ndump\nsum 341\n' >"$work/reached"
echo "sum 0" >"$work/nothing"
$CC -Iinclude -fPIC -shared -o "$work/tracer.so" "$work/tracer.c"

# expect WHAT FILE: the output is what the file holds.
expect() {
	cmp -s "$work/$2" "$work/out" && return
	echo "$1: expected"
	cat "$work/$2"
	echo "but it printed"
	cat "$work/out"
	exit 1
}

# try EXPECTED COMPILER...: builds one program, runs it without and with the tracer.
try() {
	wanted=$1
	shift
	"$@" -Wall -Wextra -Werror -Iinclude -o "$work/program" || exit 1
	"$work/program" >"$work/out"
	expect "$* without a tracer" nothing
	LD_PRELOAD=$work/tracer.so "$work/program" >"$work/out"
	expect "$* with a tracer" "$wanted"
	count=$((count + 1))
}

for cc in "$CC" gcc clang; do
	command -v "${cc%% *}" >/dev/null 2>&1 || continue
	for flags in "-fPIE -pie -O0" "-fPIE -pie -O2" "-fPIC -O2 -flto" "-fno-pie -no-pie -O2"; do
		case "$cc $flags" in
		*clang*-fno-pie*) continue ;; # as the header says
		esac
		# shellcheck disable=SC2086 # lists of flags
		try reached $cc $flags -std=c99 -pedantic "$work/program.c"
	done
done
# shellcheck disable=SC2086 # a compiler may come with flags
try reached $CXX -std=c++11 -pedantic "$work/program.cc"
# Where there are no weak references.
# shellcheck disable=SC2086
try nothing $CC -U__ELF__ -std=c99 -pedantic "$work/program.c"
echo "$count programs"
