#!/bin/sh
# clang-tidy, with the checks of .clang-tidy, finds nothing in the libraries and tools.
# shellcheck source=tests/static/check.sh
. "${0%/*}/check.sh"
need clang-tidy clang-tidy

tidy() {
	# shellcheck disable=SC2046,SC2086 # lists of flags
	clang-tidy --quiet "$1" -- -std=gnu11 -DHAVE_CONFIG_H -I"$top_builddir" \
		$(include_flags "$1") $PMT_TEST_CPPFLAGS
}

bad=0
for file in $(find lib tools -name '*.c' | sort); do
	tidy "$file" 2>/dev/null || bad=1
done
exit $bad
