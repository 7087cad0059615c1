# shellcheck shell=bash
# What all scenarios share; sourced by them. A scenario makes what it needs
# below $work, which is removed at the end unless ROAM_KEEP is set, and fails by
# 'fail' or any command that does (set -e).
set -euo pipefail

srcdir=$(cd "${srcdir:-.}" && pwd)
ROAM=${ROAM:-$PWD/roam}
export ROAM_RULES_DIR=$srcdir/share/rules.d
export LC_ALL=C TZ=UTC
unset ROAM_MACHINE ROAM_STOP_AT
work=$(mktemp -d "${TMPDIR:-/tmp}/roam-scenario.XXXXXX")
store=$work/store
mkdir "$store"

clean_up() {
	[ -z "${ROAM_KEEP:-}" ] || { echo "$work"; return; }
	chmod -R u+rwx "$work" 2> /dev/null || :
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# on MACHINE [option ...] COMMAND ...: roam on that machine's home, which is
# $work/MACHINE, made where missing. A scenario may set url to another store.
url=file://$store
on() {
	local machine=$1
	shift
	[ -d "$work/$machine" ] || mkdir "$work/$machine"
	ROAM_MACHINE=$machine "$ROAM" --home "$work/$machine" \
		--store "$url" --no-progress "$@"
}

# expect STATUS COMMAND ...: the command has to exit with that; what it said is
# left in $out (standard output) and $err.
expect() {
	local want=$1 got=0
	shift
	"$@" > "$work/.out" 2> "$work/.err" || got=$?
	out=$(cat "$work/.out")
	err=$(cat "$work/.err")
	[ "$got" = "$want" ] ||
		fail "exit $got instead of $want: $*"$'\n'"$out"$'\n'"$err"
}

# says TEXT: the last expect's command said it.
says() {
	case "$out"$'\n'"$err" in
	*"$1"*) ;;
	*) fail "nobody said '$1' but:"$'\n'"$out"$'\n'"$err" ;;
	esac
}

# json EXPRESSION: of the last expect's object, as python's d.
json() {
	python3 -c '
import json, sys
d = json.loads(sys.argv[1])
print(eval(sys.argv[2]))' "$out" "$1"
}

# All of a home that roams, one line an object: what has to be equal.
tree_of() {
	(cd "$1" && find . -mindepth 1 \
		-path ./.local/state/roam -prune -o \
		-path ./.local/state -prune -o \
		\( -type f -printf 'f %m %s %T@ %p\n' \
		-o -type l -printf 'l %l %p\n' -o -type d -printf 'd %m %p\n' \) |
		sort; find . -type f -not -path './.local/state/*' -print0 |
		sort -z | xargs -0 -r md5sum)
}

same_homes() {
	tree_of "$work/$1" > "$work/.a"
	tree_of "$work/$2" > "$work/.b"
	diff "$work/.a" "$work/.b" > "$work/.diff" ||
		fail "$1 and $2 differ:"$'\n'"$(cat "$work/.diff")"
}
