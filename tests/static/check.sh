# shellcheck shell=sh
# What every static check does the same way; sourced, never run. Sets the working folder to
# the top of the sources, so that all paths in messages are relative to it.
set -eu
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${top_builddir:=$top_srcdir/build}"
: "${CC:=cc}" "${CXX:=c++}" "${PMT_TEST_CPPFLAGS:=}"
cd "$top_srcdir"

# Folders that hold our C, as far as they are there (a tarball has no empty ones).
c_folders() {
	for folder in include lib tools tests fuzz bench examples; do
		[ -d "$folder" ] && echo "$folder"
	done
}

# need TOOL PACKAGE: without it the check is skipped, in CI it fails: there a missing tool
# would let anything through.
need() {
	command -v "$1" >/dev/null 2>&1 && return
	echo "SKIP: $1 is not installed (Debian: apt-get install $2)"
	[ "${CI:-}" = true ] && exit 1
	exit 77
}

# Where a file's includes are looked up, as compiler flags. The order is the build's.
include_flags() {
	case $1 in
	lib/tracer/*) echo "-Ilib/tracer -Iinclude -Ilib" ;;
	tools/*) echo "-Iinclude -Ilib -Itools" ;;
	fuzz/*) echo "-Iinclude -Ilib -Itests -I." ;;
	tests/*) echo "-Iinclude -Ilib -Itools -Itests" ;;
	*) echo "-Iinclude -Ilib" ;;
	esac
}
