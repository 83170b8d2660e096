#!/bin/sh
# The preload library as the dynamic linker sees it: it defines the names of exports.txt and
# no other, takes nothing from Python, needs libc alone, and reaches its thread state
# without a call.
# shellcheck source=tests/static/check.sh
. "${0%/*}/check.sh"
need nm binutils
need readelf binutils

library=$top_builddir/.libs/libpymemtrace.so
if [ ! -e "$library" ]; then
	echo "SKIP: no preload library in a sanitizer build"
	exit 77
fi
bad=0
complain() {
	echo "$*"
	bad=1
}

defined=$(nm -D --defined-only "$library" | awk '{ print $3 }' | sed 's/@.*//' | sort -u)
listed=$(sed -e 's/#.*//' -e 's/[ 	]//g' -e '/^$/d' tests/static/exports.txt | sort)
for name in $defined; do
	echo "$listed" | grep -qxF "$name" || complain "exported, but not in exports.txt: $name"
done
for name in $listed; do
	echo "$defined" | grep -qxF "$name" || complain "in exports.txt, but not exported: $name"
done

for name in $(nm -D --undefined-only "$library" | awk '{ print $2 }' | sed 's/@.*//'); do
	case $name in
	Py* | _Py*) complain "undefined Python symbol: $name" ;;
	__tls_get_addr) complain "thread state by a call: not initial-exec somewhere" ;;
	LZ4* | ZSTD* | unw_*) complain "must be linked in or opened lazily: $name" ;;
	esac
done

for name in $(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
	case $name in
	libc.so.* | ld-linux*) ;;
	*) complain "needs more than libc: $name" ;;
	esac
done

readelf -d "$library" | grep -q BIND_NOW || complain "not linked with -z now"
readelf -lW "$library" | awk '$1 == "GNU_STACK" && /E/ { exit 1 }' ||
	complain "asks for an executable stack"
exit $bad
