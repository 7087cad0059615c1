#!/usr/bin/env bash
# A store that lies fills a home with bad files at most: it is refused, or an
# older generation is taken, with a message that names what is wrong. Nothing
# outside the home is touched, nothing takes more time or memory than it may.
# A few hundred runs are faster where nothing waits for a disk.
[ -n "${TMPDIR-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

command -v zstd > /dev/null || exit 77
stores=$work/stores
mkdir "$stores" "$work/canary"
echo alive > "$work/canary/bird"
echo 'root:x:0:0' > "$work/canary/passwd"

# --- The lies ---------------------------------------------------------------
# Each is a line of the table (what has to come of it, store, text that has to
# be said) and a store in the description. The first generation is good, but
# for the lies that come alone.
CANARY=$work/canary python3 - "$work/table" > "$work/lies.json" <<'END'
import json, os, sys

CANARY = os.environ["CANARY"]
table, stores = [], {}
whole = {"entries": [{"path": "d", "type": "directory"},
                     {"path": "d/x", "content": "hello"},
                     {"path": "good", "content": "good"}]}


def lie(want, name, said, *generations):
    table.append("%s\t%s\t%s" % (want, name, said))
    stores[name] = list(generations)


MENDED = ["path-up", "manifest-flip", "manifest-bomb", "manifest-gone",
          "commit-flip", "commit-gone", "chain-parent-missing"]


def back(name, said, bad):
    """The second generation is bad: the first is taken, and put on top."""
    lie("mend" if name in MENDED else "back", name, said, whole, bad)


def entry(name, said, *entries):
    back(name, said, {"entries": list(entries)})


def link(path, target):
    return {"path": path, "type": "symlink", "target": target}


def directory(path):
    return {"path": path, "type": "directory"}


def file(path, **more):
    return {"path": path, "content": "lie", **more}


# Paths.
for name, path in {
        "up": "../canary/new", "up-inside": "d/../../canary/new",
        "up-alone": "..", "up-end": "d/..", "absolute": CANARY + "/new",
        "dot": ".", "dot-inside": "d/./y", "empty": "", "slash": "/",
        "empty-inside": "d//y", "slash-end": "d/", "nul": "d/a\0b",
        "long-name": "d/" + "n" * 256, "long-path": "p/" * 2048 + "x"}.items():
    entry("path-" + name, "path", directory("d"), file(path))
entry("path-shared", "path", file("a", shared=7))
entry("through-link", "a/passwd", link("a", CANARY), file("a/passwd"))
entry("through-link-home", "a/canary", link("a", ".."),
      file("a/canary", content="x"))
lie("link", "through-old-link", "canaries/passwd",
    {"entries": whole["entries"] + [link("canaries", CANARY)]},
    {"delta": True, "entries": [file("canaries/passwd")]})
lie("follow", "link-becomes-directory", "",
    {"entries": whole["entries"] + [link("canaries", CANARY)]},
    {"delta": True, "entries": [directory("canaries"),
                                file("canaries/passwd")]})
lie("follow", "home-link-is-directory", "", {"entries": whole["entries"] + [
    directory("canaries"), file("canaries/passwd")]})
entry("below-file", "f/x", file("f"), file("f/x"))
entry("no-parent", "no/x", file("no/x"))
entry("twice", "f", file("f"), file("f"))
entry("twice-kinds", "f", directory("f"), file("f"))
back("unsorted", "", {"unsorted": True,
                          "entries": [file("b"), file("a")]})
back("slash-order", "", {"unsorted": True, "entries": [
    directory("a"), file("a.b"), file("a/b")]})

# Facts of entries.
for mode in (0o4755, 0o2755, 0o6755, 0o10644, 0o100644, 1 << 40):
    entry("mode-%o" % mode, "", file("f", mode=mode))
entry("mode-dir", "", dict(directory("f"), mode=0o2775))
entry("mode-link", "", dict(link("f", "x"), mode=0o4777))
entry("device", "type", {"path": "f", "type": 0})
entry("device-char", "type", file("f", bits=0x80))
entry("extents-of-link", "type", dict(link("f", "x"), bits=0x10))
entry("extents-of-dir", "type", dict(directory("f"), bits=0x10))
entry("link-empty", "", link("f", ""))
entry("link-nul", "", link("f", "a\0b"))
entry("link-long", "", link("f", "t" * 4096))
entry("group-0", "", file("f", group=0))
entry("group-dir", "", dict(directory("f"), group=7))
for name, pairs in {
        "none": [], "trusted": [["trusted.x", "y"]],
        "security": [["security.capability", "y"]],
        "selinux": [["security.selinux", "y"]], "twice": [["user.x", "1"]] * 2,
        "unsorted": [["user.y", "1"], ["user.x", "1"]],
        "no-name": [["user.", "1"]], "nul": [["user.a\0b", "1"]],
        "large": [["user.x", "v" * (1 << 20)]]}.items():
    entry("attrs-" + name, "", file("f", attrs=pairs))
entry("machine", "", file("f", machine=2))
entry("machine-huge", "", file("f", machine=(1 << 64) - 1))
for name, size in {"2-64": (1 << 64) - 1, "2-63": 1 << 63}.items():
    entry("size-" + name, "", file("f", size=size))
    entry("extents-" + name, "", file("f", size=size,
          extents=[[(1 << 64) - 1, {"code": 2}]] * 2))
entry("size-frame", "", file("f", size=4 << 20, place={"at": 512}))
entry("extents-more", "", file("f", size=3, extents=[[2, {}], [2, {}]]))
entry("extents-less", "", file("f", size=3, extents=[[2, {}]]))
entry("extents-none", "", file("f", extents=[]))
entry("extents-empty", "", file("f", extents=[[3, {}], [0, {}]]))
entry("extents-count", "", file("f", extents=[[3, {}]],
                                extent_count=(1 << 64) - 1))
entry("extents-wrap", "", file("f", size=3, extents=[
    [(1 << 64) - 1, {}], [4, {}]]))
entry("place-before", "", file("f", place={"code": 0}))
entry("place-pack", "", file("f", place={"pack": 1 << 15}))
entry("place-pack-huge", "", file("f", place={"pack": (1 << 64) - 1}))
entry("place-frame", "", file("f", place={"frame": 1 << 62}))
entry("place-frame-under", "", file("f", place={"frame": -1}))
entry("place-frame-0", "", file("f", place={"frame_len": 0}))
entry("place-frame-long", "", file("f", place={"frame_len": 5 << 20}))
entry("place-frame-2-32", "", file("f", place={"frame_len": 1 << 32}))
entry("place-at", "", file("f", place={"at": 4 << 20}))
entry("place-at-under", "", file("f", place={"at": -1}))
entry("place-at-2-32", "", file("f", place={"at": 1 << 32}))
entry("place-gen", "", file("f", place={"gen": 10 ** 12}))
entry("place-gen-2-64", "", file("f", place={"code": (1 << 64) - 1}))

# Manifests.
for name, said, facts in [
        ("entries-more", "", {"entries": 3}),
        ("entries-2-64", "", {"entries": (1 << 64) - 1}),
        ("records-more", "", {"records": 3}),
        ("records-2-64", "", {"records": (1 << 64) - 1}),
        ("records-less", "", {"records": 0}),
        ("machines-2-64", "", {"machine_count": (1 << 64) - 1}),
        ("machines-less", "", {"machine_count": 0}),
        ("machine-control", "", {"machines": [["a", "\x1b[31m"]]}),
        ("machine-long", "", {"machines": [["a", "n" * 256]]}),
        ("conflicts-2-64", "", {"conflicts": (1 << 64) - 1}),
        ("hashes-more", "", {"hashes": 3}),
        ("hashes-less", "", {"hashes": -1}),
        ("hashes-2-64", "", {"hashes": (1 << 60)}),
        ("times-more", "", {"times": 1}),
        ("left-over", "", {"more": "x"}),
        ("empty", "", {"body": ""}),
        ("varint", "", {"body": "\x81\x00"}),
        ("varint-long", "", {"body": "\xff" * 11}),
        ("seal", "manifest", {"seal": "00" * 16}),
        ("hash", "", {"hash": "00" * 16}),
        ("magic", "", {"magic": "ROAMMANY"}),
        ("format-0", "", {"format": 0}),
        ("flags", "", {"delta": 2}),
        ("zero", "", {"zero": 1}),
        ("delta", "", {"delta": 1}),
        ("junk", "", {"junk": "no frame"}),
        ("len-more", "", {"len": 1 << 20}),
        ("len-less", "", {"len": 3}),
        ("len-0", "", {"len": 0}),
        ("len-2-64", "", {"len": (1 << 64) - 1}),
        ("bomb", "", {"zeros": 1 << 30, "len": 1 << 20}),
        ("zeros", "", {"zeros": 1 << 24})]:
    back("manifest-" + name, said,
         {"entries": [file("f")], "manifest": facts})
for name, damage in {
        "cut": {"cut": {"manifest": 60}}, "cut-0": {"cut": {"manifest": 0}},
        "flip": {"flip": {"manifest": 50}}, "gone": {"remove": ["manifest"]},
        "more": {"append": {"manifest": "x"}}}.items():
    back("manifest-" + name, "manifest", {"entries": [file("f")], **damage})
back("removed-unknown", "", {"removed": ["nothing"]})
back("removed-up", "", {"removed": ["../canary/bird"]})
back("removed-twice", "", {"removed": ["d/x", "d/x"]})
back("removed-parent", "d/x", {"removed": ["d"]})
back("removed-and-there", "", {"removed": ["d/x"], "entries": [file("d/x")]})

# Conflicts.
for name, said, conflicts in [
        ("up", "path", [file("../canary/bird", id=1)]),
        ("absolute", "path", [file(CANARY + "/bird", id=1)]),
        ("id-0", "", [file("f", id=0)]),
        ("order", "", [file("f", id=2), file("g", id=1)]),
        ("twice", "", [file("f", id=2), file("g", id=2)]),
        ("machine", "", [file("f", id=2, machine2=9)]),
        ("gen", "", [file("f", id=2, gen=1 << 60)]),
        ("mode", "", [file("f", id=2, mode=0o4755)])]:
    back("conflict-" + name, said, {"entries": [file("f")],
                                    "conflicts": conflicts})

# Commits and their chain.
for name, facts in {
        "number": {"number": 3}, "number-0": {"number": 0},
        "parent-self": {"parent": 2}, "parent-later": {"parent": 7},
        "parent-none": {"parent": 0}, "deltas": {"deltas": 17},
        "deltas-2-32": {"deltas": (1 << 32) - 1},
        "entries": {"entries": 1 << 62}, "magic": {"magic": "ROAMCOMM"},
        "format-0": {"format": 0}, "seal": {"seal": "00" * 16},
        "more": {"more": "x"}, "packs": {"pack_count": (1 << 32) - 1},
        "packs-less": {"pack_count": 0},
        "ancestors": {"ancestor_count": 33},
        "ancestors-2-32": {"ancestor_count": (1 << 32) - 1},
        "ancestors-order": {"ancestors": [[1, "00" * 16]] * 2},
        "ancestors-later": {"ancestors": [[9, "00" * 16]]},
        "ancestors-0": {"ancestors": [[0, "00" * 16]]},
        "user-control": {"user": "a\nb"}, "user-long": {"user": "u" * 300},
        "manifest-size": {"manifest_size": 1},
        "manifest-size-2-64": {"manifest_size": (1 << 64) - 1},
        "manifest-hash": {"manifest_hash": "00" * 16}}.items():
    back("commit-" + name, "", {"entries": [file("f")], "commit": facts})
for name, damage in {
        "cut": {"cut": {"commit": 100}}, "cut-0": {"cut": {"commit": 0}},
        "flip": {"flip": {"commit": 50}}, "gone": {"remove": ["commit"]},
        "long": {"append": {"commit": "x" * (1 << 20)}}}.items():
    back("commit-" + name, "", {"entries": [file("f")], **damage})
for name, facts in {
        "parent-id": {"parent_id": "77" * 16},
        "parent-manifest": {"parent_manifest": "77" * 16},
        "parent-missing": {"parent": 7, "number": 8},
        "store-id": {"store_id": "77" * 16}, "deltas-0": {"deltas": 0},
        "deltas-more": {"deltas": 2}}.items():
    bad = {"delta": True, "entries": [file("f")], "commit": facts}
    if "number" in facts:
        bad["number"] = facts["number"]
    back("chain-" + name, "", bad)
back("checkpoint-deltas", "", {"entries": [file("f")],
                               "commit": {"deltas": 1}})

# What is no generation; an empty directory may wait for a claim.
lie("empty", "nothing", "generation 2: an empty directory", whole,
    {"kind": "empty"})
ignored = [{"kind": "file", "name": name} for name in
           ("2", "00000000000x", "0000000000002", "head", "-1", "tmp")]
lie("same", "other-names", "", whole, *ignored)
lie("same", "file-as-generation", "", whole,
    {"kind": "file", "name": "000000000002"})
lie("same", "link-as-generation", "", whole,
    {"kind": "link", "name": "000000000002", "to": "000000000001"})
lie("same", "number-0", "", whole, {"kind": "empty", "name": "0" * 12})
lie("same", "gap", "", whole, {**whole, "number": 40})

# Contents: one file is missing, all else comes.
for name, more in {
        "hash": {"hash": "77" * 16}, "size-less": {"size": 2},
        "size-more": {"size": 400}, "frame-junk": {"frame": {"junk": "junk"}},
        "frame-bomb": {"frame": {"zeros": 1 << 32}},
        "frame-liar": {"frame": {"zeros": 1 << 26, "claim": 1024}},
        "frame-claim": {"frame": {"claim": (1 << 64) - 2}},
        "frame-more": {"frame": {"claim": 4 << 20}},
        "beyond": {"place": {"frame": 1 << 40}},
        "cut": {"place": {"frame_len": 20}},
        "two-frames": {"place": {"frame": 0, "frame_len": 100}},
        "gone-pack": {"place": {"pack": 77}},
        "gone-gen": {"place": {"gen": 77}},
        "nowhere": {"place": {"code": 1}},
        "hole": {"place": {"code": 2}},
        "extents-at": {"extents": [[2, {}], [1, {"at": 4 << 18}]]},
        "extents-gen": {"extents": [[2, {}], [1, {"gen": 4 << 18}]]},
        "huge": {"size": (1 << 63) - 1,
                 "extents": [[(1 << 63) - 1, {"code": 2}]]},
        "large": {"size": 1 << 41, "extents": [[1 << 41, {"code": 2}]]},
        }.items():
    lie("miss", "content-" + name, "d/bad",
        {"entries": whole["entries"] + [file("d/bad", **more)]})
lie("miss", "pack-gone", "d/bad",
    {"entries": [file("d/bad")] + whole["entries"][:1], "remove": ["pack0"]})
lie("miss", "pack-flip", "d/bad",
    {"entries": [file("d/bad")] + whole["entries"][:1],
     "flip": {"pack0": 30}})
lie("miss", "pack-cut", "d/bad",
    {"entries": [file("d/bad")] + whole["entries"][:1], "cut": {"pack0": 40}})

# What stays out of any home, and what is said of the rest.
lie("state", "own-state", "", {"entries": whole["entries"] + [
    directory(".local"), directory(".local/state"),
    directory(".local/state/roam"), file(".local/state/roam/trees"),
    file(".local/state/roam/evil")]})
lie("4", "other-user", "of mallory", {**whole, "commit": {"user": "mallory"}})
lie("4", "newer-commit", "newer Roam",
    whole, {**whole, "commit": {"format": 2}})
lie("4", "newer-commit-alone", "newer Roam",
    {**whole, "commit": {"format": 7, "more": "unknown"}})
lie("4", "newer-manifest", "newer Roam",
    whole, {**whole, "manifest": {"format": 2}})
lie("1", "all-damaged", "generation 1",
    {**whole, "cut": {"commit": 50}})
lie("1", "all-damaged-manifest", "generation 1",
    {**whole, "flip": {"manifest": 40}})
lie("1", "body-2-gib", "generation 2",
    whole, {"manifest": {"zeros": (1 << 31) - 1}})

json.dump(stores, sys.stdout)
with open(sys.argv[1], "w") as out:
    out.write("\n".join(table) + "\n")
END
python3 "$srcdir/tests/store-writer.py" "$stores" < "$work/lies.json"

# --- What has to come of them -----------------------------------------------
# An instrumented program needs address space for its shadow, and time.
limit=1048576 patience=20
if grep -q __asan_init "$ROAM"; then
	limit=unlimited patience=120
	sed -i '/\tbody-2-gib\t/d' "$work/table"
fi

# limited COMMAND: on the machine 'home', in bounded memory and time.
limited() {
	(
		ulimit -v "$limit"
		ROAM_MACHINE=home timeout $patience "$ROAM" --home "$work/home" \
			--store "file://$stores/$name" --no-progress "$@"
	)
}

marks() {
	find "$@" -printf '%p %y %m %s %T@ %C@ %i %l\n' 2> /dev/null | sort
}

# A home that has something of its own, and a link out of itself.
new_home() {
	rm -rf "${work:?}/home"
	mkdir -m 755 "$work/home"
	echo mine > "$work/home/mine"
	ln -s "$work/canary" "$work/home/out"
}

# holds NAME ...: the home has these beside its own, and nothing else.
holds() {
	local want got
	want=$(printf '%s\n' mine out "$@" | sort)
	got=$(cd "$work/home" && find . -mindepth 1 -path ./.local -prune -o \
		-printf '%P\n' | sort)
	[ "$want" = "$got" ] || fail "$name: the home holds: $got"
	[ "$(cat "$work/home/mine")" = mine ] || fail "$name: mine has changed"
}

# said: the message names the generation, and what the table says.
named() {
	says "$text"
	[ "$(wc -l <<< "$err")" -le 2 ] || fail "$name: a lot of words: $err"
}

fallen_back() {
	expect 0 limited pull
	says "generation"
	named
	holds d d/x good "$@"
}

mended() {
	fallen_back
	expect 0 limited sync
	[ -e "$stores/$name/gen/$next" ] || fail "$name: not repaired"
	expect 0 limited sync
	[ -z "$err" ] || fail "$name: after the repair: $err"
	rm -rf "${work:?}/home"
	mkdir "$work/home"
	expect 0 limited pull
	[ -z "$err" ] || fail "$name: to another machine: $err"
	holds d d/x good
}

taken_as_if_alone() {
	expect 0 limited pull
	[ -z "$err" ] || fail "$name: $err"
	holds d d/x good
	expect 0 limited sync
	[ -e "$stores/$name/gen/$next" ] || fail "$name: nothing published"
}

# No claim is made there, so it is nobody's: said, and it takes its number.
empty_directory() {
	expect 1 limited verify
	says "$text"
	expect 1 limited --json verify
	[ "$(json 'd["findings"][0]["generation"]')" = 2 ] ||
		fail "$name: $out"
	taken_as_if_alone
	rmdir "$stores/$name/gen/000000000002"
	expect 0 limited verify
}

one_missed() {
	expect 7 limited --json pull
	[ "$(json '[x["path"] for x in d["skipped"]]')" = "['$text']" ] ||
		fail "$name: skipped: $out"
	[ ! -e "$work/home/d/bad" ] || fail "$name: the file came"
	# What is missing here is not removed there.
	expect 7 limited --json sync
	[ "$(json 'd["summary"]["delete_store"]')" = 0 ] ||
		fail "$name: removed from the store: $out"
	[ ! -e "$work/home/d/bad" ] || fail "$name: the file came"
}

refused() {
	local command
	marks "$work/home" "$stores/$name" > "$work/before"
	for command in pull "--json pull"; do
		# shellcheck disable=SC2086
		expect "$1" limited $command
		named
		marks "$work/home" "$stores/$name" | grep -v '/home/\.local\|/home ' \
			> "$work/after"
		grep -v '/home ' "$work/before" | diff - "$work/after" ||
			fail "$name: something has changed"
	done
	[ -n "$(json 'd["error"]["kind"]')" ] || fail "$name: $out"
}

# A link of the first generation is not followed by the second.
link_kept() {
	fallen_back canaries
	[ "$(readlink "$work/home/canaries")" = "$work/canary" ] ||
		fail "$name: the link is gone"
}

# A directory takes the place of a link and is filled, not what it led to.
link_replaced() {
	ln -s "$work/canary" "$work/home/canaries"
	expect 0 limited sync
	[ "$(cat "$work/home/canaries/passwd")" = lie ] ||
		fail "$name: the file is not there"
	[ ! -L "$work/home/canaries" ] || fail "$name: still a link"
}

state_left_alone() {
	expect 0 limited pull
	holds d d/x good
	[ ! -e "$work/home/.local/state/roam/evil" ] || fail "the state was hit"
	expect 0 limited sync
}

marks "$work/canary" > "$work/birds"
while IFS=$'\t' read -r want name text; do
	new_home
	next=$(find "$stores/$name/gen" -name '0*[0-9]' -printf '%f\n' | sort |
		grep -x '[0-9]\{12\}' | tail -n 1)
	next=$(printf %012d $((10#$next + 1)))
	case $want in
	back) fallen_back ;;
	mend) mended ;;
	link) link_kept ;;
	follow) link_replaced ;;
	same) taken_as_if_alone ;;
	empty) empty_directory ;;
	miss) one_missed ;;
	state) state_left_alone ;;
	*) refused "$want" ;;
	esac
	marks "$work/canary" | diff "$work/birds" - ||
		fail "$name: left the home"
done < "$work/table"
