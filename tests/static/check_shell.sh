#!/bin/sh
# Every shell script is clean under shellcheck.
# shellcheck source=tests/static/check.sh
. "${0%/*}/check.sh"
need shellcheck shellcheck

scripts=$(for file in quickstart .ci/run scripts/* tests/*/*.sh bench/*; do
	[ -f "$file" ] && head -n 1 "$file" | grep -qE '^#!.*[/ ](ba)?sh|^# shellcheck shell=' &&
		echo "$file"
done || true)
# shellcheck disable=SC2086 # file names without spaces
shellcheck --external-sources $scripts
