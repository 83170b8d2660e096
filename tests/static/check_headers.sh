#!/bin/sh
# Every header compiles alone and twice; the public ones as C99 and as C++ too.
# shellcheck source=tests/static/check.sh
. "${0%/*}/check.sh"
bad=0
count=0

# alone COMPILER FLAGS HEADER: the header twice, so that a missing guard shows.
alone() {
	# shellcheck disable=SC2046,SC2086 # lists of flags
	printf '#include "%s"\n#include "%s"\n' "$top_srcdir/$3" "$top_srcdir/$3" |
		$1 $2 -Wall -Wextra -Wundef -Werror -fsyntax-only $(include_flags "$3") \
			$PMT_TEST_CPPFLAGS - || {
		echo "does not compile alone with $1 $2: $3"
		bad=1
	}
	count=$((count + 1))
}

# shellcheck disable=SC2046 # folder names without spaces
for header in $(find $(c_folders) -name '*.h' | sort); do
	alone "$CC" "-std=gnu11 -x c" "$header"
	case $header in
	include/*)
		alone "$CC" "-std=c99 -pedantic -x c" "$header"
		need "${CXX%% *}" g++
		alone "$CXX" "-std=c++11 -pedantic -x c++" "$header"
		;;
	esac
done
echo "$count compilations"
exit $bad
