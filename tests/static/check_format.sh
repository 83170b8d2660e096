#!/bin/sh
# The C sources are as clang-format 19 leaves them. Other versions break lines elsewhere.
# shellcheck source=tests/static/check.sh
. "${0%/*}/check.sh"

for tool in clang-format-19 clang-format; do
	case $("$tool" --version 2>/dev/null) in
	*"version 19."*) break ;;
	esac
	tool=clang-format-19
done
need "$tool" clang-format-19

# shellcheck disable=SC2046 # file names without spaces
"$tool" --dry-run -Werror --style=file $(find $(c_folders) -name '*.[ch]') || {
	echo "run: $tool -i FILE..."
	exit 1
}
