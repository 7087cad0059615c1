# shellcheck shell=bash disable=SC2154,SC2034
# What the scenarios of failure share: pictures of a home and of a store that
# can be compared, and what a run, however it ended, must not leave behind.
# Sourced after lib.sh.

# picture_of DIR: of every object that roams what has to be equal; directories
# without their times, which change with what comes and goes in them.
picture_of() {
	(
		cd "$1" || exit 1
		find . -mindepth 1 -path ./.local -prune -o \
			-type f -printf '%p: file %m %s %T@ %n names\n' -o \
			-type l -printf '%p: link to %l\n' -o \
			-type d -printf '%p: directory %m\n' -o \
			-printf '%p: special %y\n'
		find . -path ./.local -prune -o -type f -exec md5sum {} +
		getfattr -R -h -d -m '^user\.' . 2> /dev/null || :
	) | sort
}

# same PICTURE PICTURE WHAT ...: two files with pictures are equal.
same() {
	local one=$1 two=$2
	shift 2
	diff "$one" "$two" > "$work/.diff" || fail "$*:"$'\n'"$(cat "$work/.diff")"
}

# same_pictures MACHINE MACHINE: two homes hold the same.
same_pictures() {
	picture_of "$work/$1" > "$work/.one"
	picture_of "$work/$2" > "$work/.two"
	same "$work/.one" "$work/.two" "$1 and $2 differ"
}

# conflicts_of MACHINE: one line each: id, size, machine, path.
conflicts_of() {
	on "$1" conflicts | awk 'NF > 4 && $1 != "ID" { $2 = $3 = ""; print }' | sort
}

# store_picture: the store's head, as a new machine finds it.
store_picture() {
	rm -rf "$work/fresh"
	on fresh -q pull || fail "a new machine cannot pull: $?"
	picture_of "$work/fresh"
	conflicts_of fresh
}

# tidy MACHINE ...: no run left anything behind in these homes or the store, but
# the draft of a publication that was cut off, which collection removes, and one
# of each file of the state, which the next one written takes the place of.
tidy() {
	local machine state stray
	for machine; do
		state=$work/$machine/.local/state/roam
		[ -d "$state" ] || continue
		stray=$(cd "$state" && find . -mindepth 1 -maxdepth 1 \
			-not -name trees -not -name .trees.new \
			-not -name status -not -name .status.new \
			-not -name left -not -name .left.new \
			-not -name .leans.new \
			-not -name dropped -not -name .dropped.new \
			-not -name .next.new -not -name lock \
			-not -name staging -not -name sigs \
			-not -name conflicts
			find staging -mindepth 1
			find . -mindepth 2 \( -name incoming -o -name '.*' \))
		[ -z "$stray" ] || fail "$machine: left behind: $stray"
	done
	stray=$(find "$store" -mindepth 1 -maxdepth 1 \
		-not -name gen -not -name tmp -not -name trash)
	[ -z "$stray" ] || fail "left behind in the store: $stray"
}

# idle MACHINE COMMAND ...: which then has nothing to do, and writes nothing.
idle() {
	local machine=$1 status=0
	shift
	find "$work/$machine" "$store" -printf '%p %i %T@ %s\n' |
		grep -v roam/status > "$work/.idle1"
	on "$machine" --json "$@" > "$work/.out" 2> "$work/.err" || status=$?
	out=$(cat "$work/.out")
	[ "$status" = 0 ] || [ "$status" = 7 ] ||
		fail "idle $*: exit $status: $out $(cat "$work/.err")"
	case "$out" in
	*'"published":null'* | *'"published": null'*) ;;
	*) fail "a second $* publishes: $out" ;;
	esac
	find "$work/$machine" "$store" -printf '%p %i %T@ %s\n' |
		grep -v roam/status > "$work/.idle2"
	same "$work/.idle1" "$work/.idle2" "an idle $* on $machine wrote"
}

# everything MACHINE ...: hashes of all contents of these homes, of the
# conflicts they list and of all generations: what promise 1 speaks of.
everything() {
	local machine id gen
	for machine; do
		find "$work/$machine" -path '*/.local/state' -prune -o \
			-type f -print0 | xargs -0 -r md5sum | cut -d ' ' -f 1
		for id in $(conflicts_of "$machine" | cut -d ' ' -f 1); do
			on "$machine" conflicts show "$id" | md5sum | cut -d ' ' -f 1
		done
	done
	for gen in "$store"/gen/*; do
		[ -e "$gen" ] || continue
		rm -rf "$work/.gen"
		mkdir "$work/.gen"
		on "$1" -q restore . --from "$((10#${gen##*/}))" \
			--to "$work/.gen" > /dev/null 2>&1 || :
		find "$work/.gen" -type f -print0 | xargs -0 -r md5sum |
			cut -d ' ' -f 1
	done
}

# has_all BEFORE MACHINE ...: everything in the file BEFORE is still somewhere.
has_all() {
	local before=$1
	shift
	everything "$@" | sort -u > "$work/.now"
	sort -u "$before" | comm -23 - "$work/.now" > "$work/.lost"
	[ ! -s "$work/.lost" ] || fail "lost: $(cat "$work/.lost")"
}

# holds HOME PATH TEXT ...: these files say so.
holds() {
	local home=$1
	shift
	while [ $# -gt 0 ]; do
		[ "$(cat "$home/$1" 2>&1)" = "$2" ] ||
			fail "$home/$1 says '$(cat "$home/$1" 2>&1)', not '$2'"
		shift 2
	done
}
