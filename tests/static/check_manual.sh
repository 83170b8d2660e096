#!/bin/sh
# The manual pages are clean for mandoc; a page that only names another names one of ours.
# shellcheck source=tests/static/check.sh
. "${0%/*}/check.sh"
need mandoc mandoc
bad=0
count=0

for page in doc/man/*.[0-9]; do
	# A page that only names another one.
	if other=$(sed -n 's/^\.so man[0-9]\///p' "$page") && [ -n "$other" ]; then
		[ -e "doc/man/$other" ] || { echo "$page: no doc/man/$other"; bad=1; }
		continue
	fi
	count=$((count + 1))
	# What the system's own index of pages holds is not the page's business.
	found=$(mandoc -T lint -W style "$page" 2>&1 |
		grep -v -e 'outdated mandoc.db' -e 'referenced manual not found') && {
		echo "$found"
		bad=1
	}
done
echo "$count pages"
exit $bad
