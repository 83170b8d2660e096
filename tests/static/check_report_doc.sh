#!/bin/sh
# What the report can do is written down: every member of the JSON in the golden cases is
# in doc/json.md, every option of --help and every view in the manual page.
# shellcheck source=tests/static/check.sh
. "${0%/*}/check.sh"

failed=0

members=$(cat tests/golden/report/*/expected | LC_ALL=C grep -ao '"[a-z_]*": *[][{"0-9tfn]' |
	LC_ALL=C sed 's/":.*/"/' | LC_ALL=C sort -u)
[ -n "$members" ] || {
	echo "no JSON in the golden cases"
	exit 1
}
for member in $members; do
	grep -qF -- "$member" doc/json.md || {
		echo "doc/json.md does not explain $member"
		failed=1
	}
done

options=$(sed -n 's/^    {[^{]*"\([^"]*--[a-z][a-z-]*\)[^"]*".*/\1/p' tools/report/help.c |
	sed 's/.*--//')
[ -n "$options" ] || {
	echo "no options in tools/report/help.c"
	exit 1
}
for option in $options; do
	grep -q -- "Fl -$option" doc/man/pymemtrace-report.1 || {
		echo "pymemtrace-report.1 does not explain --$option"
		failed=1
	}
done

views=$(sed -n 's/^extern const struct pmt_view pmt_view_\([a-z]*\);/\1/p' tools/report/view.h)
[ -n "$views" ] || {
	echo "no views in tools/report/view.h"
	exit 1
}
for view in $views; do
	grep -q "^\.It Cm $view\( Ar [A-Z]*\)\?\$" doc/man/pymemtrace-report.1 || {
		echo "pymemtrace-report.1 does not explain the view $view"
		failed=1
	}
done
exit $failed
