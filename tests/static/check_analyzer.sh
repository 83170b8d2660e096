#!/bin/sh
# gcc's static analyzer finds nothing in the libraries and tools.
# shellcheck source=tests/static/check.sh
. "${0%/*}/check.sh"

if ! $CC -fanalyzer -fsyntax-only -x c /dev/null 2>/dev/null; then
	echo "SKIP: $CC has no -fanalyzer; it is gcc's"
	exit 77
fi

# Two of its warnings are left out: gcc 12 does not see that a called function fills an
# array, nor that a block stored through a pointer is still held. -Wuninitialized and the
# leak check of the ASan build look for the same.
analyze() {
	# shellcheck disable=SC2046,SC2086 # lists of flags
	$CC -std=gnu11 -O1 -Werror -fanalyzer -Wno-analyzer-use-of-uninitialized-value \
		-Wno-analyzer-malloc-leak \
		-DHAVE_CONFIG_H -I"$top_builddir" \
		$(include_flags "$1") $PMT_TEST_CPPFLAGS -c -o /dev/null "$1"
}

bad=0
for file in $(find lib tools -name '*.c' | sort); do
	analyze "$file" || bad=1
done
exit $bad
