#!/bin/sh
# Systems and Python versions are told apart in a few folders only; elsewhere the build
# picks a file, and no code picks a branch.
# shellcheck source=tests/static/check.sh
. "${0%/*}/check.sh"

# shellcheck disable=SC2046 # folder names without spaces
found=$(grep -rnE --include='*.[ch]' '__linux__|__APPLE__|__FreeBSD__|_WIN32|PY_VERSION_HEX' \
	$(c_folders) |
	grep -vE '^(lib/tracer/os/|lib/tracer/interpose/bind_|lib/tracer/python/|lib/base/attr\.h:|tests/)' || true)
[ -z "$found" ] && exit 0
echo "system or version branches outside lib/tracer/os, interpose/bind_*, python, base/attr.h:"
echo "$found"
exit 1
