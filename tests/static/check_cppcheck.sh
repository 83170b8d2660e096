#!/bin/sh
# cppcheck finds nothing. A suppression stands beside the code, with its reason.
# shellcheck source=tests/static/check.sh
. "${0%/*}/check.sh"
need cppcheck cppcheck

folders=$(c_folders | grep -E '^(lib|tools|include)$')
# shiftTooManyBitsSigned: gcc and clang document >> of a negative number as arithmetic.
# allocaCalled: execl() may be called where nothing may be allocated.
# incorrectStringBooleanError: lists of X(first, second) test a second that may be NULL.
# shellcheck disable=SC2086 # folder names without spaces
cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --inline-suppr \
	--suppress=shiftTooManyBitsSigned --suppress=allocaCalled \
	--suppress=incorrectStringBooleanError --suppress=missingInclude --suppress=unmatchedSuppression --std=c11 --language=c \
	-Iinclude -Ilib -Ilib/tracer -Itools -D__GNUC__=12 -D__STDC_VERSION__=201112L \
	-DHAVE_CONFIG_H -j"$(getconf _NPROCESSORS_ONLN)" $folders
