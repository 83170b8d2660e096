#!/bin/sh
# Holds the include directions of layers.txt, and that no .c file is ever included.
# shellcheck source=tests/static/check.sh
. "${0%/*}/check.sh"

# shellcheck disable=SC2046 # folder names without spaces
{
	cat tests/static/layers.txt
	echo "=files"
	find $(c_folders) -name '*.[ch]'
	echo "=includes"
	grep -rnE --include='*.[ch]' '^[ 	]*#[ 	]*include' $(c_folders)
} | awk '
function folder_of(path) { sub("/[^/]*$", "", path); return path }

function rule_of(folder) {
	while (!(folder in rule) && folder ~ "/")
		folder = folder_of(folder)
	return folder
}

function is_under(folder, parent) { return index(folder "/", parent "/") == 1 }

# Own folder first, then the folders that the build searches.
function resolve(file, name,    n, i, places) {
	n = split(folder_of(file) " lib/tracer lib include tools tests .", places, " ")
	for (i = 1; i <= n; i++) {
		if (places[i] == "lib/tracer" && file !~ "^lib/tracer/")
			continue
		if (places[i] == "tests" && file !~ "^(tests|bench|fuzz)/")
			continue
		path = places[i] == "." ? name : places[i] "/" name
		if (path in exists)
			return path
	}
	return ""
}

function complain(message) { print place ": " message; bad++ }

/^=/ { part = $0; next }
part == "" && (/^#/ || NF == 0) { next }
part == "" { folder = $1; $1 = ""; rule[folder] = $0; next }
part == "=files" { exists[$0] = 1; next }

{
	split($0, field, ":")
	file = field[1]
	place = file ":" field[2]
	quoted = $0 ~ /include[ \t]*"/
	if (!match($0, /["<][^">]*[">]/)) {
		complain("an include that this check cannot read")
		next
	}
	name = substr($0, RSTART + 1, RLENGTH - 2)
	if (name ~ /\.c$/)
		complain("includes a .c file, " name)
	if (!quoted && name !~ /^pymemtrace\//)
		next
	if (name == "config.h")
		next
	path = resolve(file, name)
	if (path == "") {
		complain("\"" name "\" is not in the tree (system headers go in <>)")
		next
	}
	from = rule_of(folder_of(file))
	if (!(from in rule)) {
		complain("no rule in tests/static/layers.txt for " folder_of(file))
		next
	}
	ok = 0
	n = split(rule[from], allowed, " ")
	for (i = 1; i <= n; i++)
		ok = ok || is_under(folder_of(path), allowed[i])
	if (!ok)
		complain(from " may not include " path)
	checked++
}
END {
	print checked + 0 " includes checked, " bad + 0 " wrong"
	exit bad > 0
}'
