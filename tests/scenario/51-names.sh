#!/usr/bin/env bash
# Any name that a Linux file can have roams bit for bit: every byte, the longest
# names and paths, names that only case or normal forms tell apart, and names
# that mean something to Windows, to a shell or to Roam.
# Hundreds of small files are faster where nothing waits for a disk.
[ -n "${TMPDIR-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

a=$work/a b=$work/b
mkdir "$a" "$b"
cat > "$work/names.py" <<'END'
import json, os, sys, urllib.parse

FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def directory(root, parts):
    """A descriptor of a directory that may lie deeper than a path can say."""
    fd = os.open(root, FLAGS)
    for part in parts:
        try:
            os.mkdir(part, dir_fd=fd)
        except FileExistsError:
            pass
        below = os.open(part, FLAGS, dir_fd=fd)
        os.close(fd)
        fd = below
    return fd


def put(root, path, content=None):
    *parts, name = path.split(b"/")
    fd = directory(root, parts)
    out = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644,
                  dir_fd=fd)
    os.write(out, path if content is None else content)
    os.close(out)
    os.close(fd)


def names():
    for byte in set(range(1, 256)) - {ord("/")}:
        yield b"n" + bytes([byte]) + b"x"
        yield b"d" + bytes([byte]) + b"/in"
        if byte != ord("."):
            yield b"bytes/" + bytes([byte])
    yield from (b"case/Name", b"case/name", b"case/NAME", b"CASE/name")
    yield from (b"nfc/\xc3\xa9", b"nfc/e\xcc\x81", b"nfc/\xe9")
    yield from (b"dot.", b"dot..", b"blank ", b" blank", b"...", b". ", b"~",
                b"a~1", b"-rf", b"--", b"-n/--help", b"*", b"?", b"a:b",
                b"c:\\x", b"$(id)", b"`id`", b"'", b'"', b"\\", b"\\x41",
                b"%41", b"%", b"#x", b"!x", b"\n", b"\n\n/\n", b"\r\n",
                b"\x1b[31m", b"\x7f")
    yield from (b"CON", b"con.txt", b"aux/NUL", b"LPT1", b"desktop.ini")
    yield from (b".roam/x", b"gen/000000000001/commit", b"tmp/x", b"trash/x",
                b"pack0", b"manifest", b"staging/names", b"roam")
    yield from (b"u/\xf0\x9f\x98\x80", b"u/\xe2\x80\xae", b"u/\xef\xbb\xbf",
                b"u/\xed\xa0\x80", b"u/\xc0\xaf", b"u/\xff\xfe")
    yield b"m" * 255
    yield b"w/" + b"\xff" * 255
    yield b"w/" + b"\n" * 255


# Longer than one system call takes: 4096 bytes, and 2048 components.
LONG = [b"/".join([b"l" * 255] * 15 + [b"m" * 127, b"n" * 128]),
        b"/".join([b"p"] * 2048)]


def walk(fd, path, out):
    for entry in sorted(os.listdir(fd)):
        name = os.fsencode(entry)
        if path == [] and name in (b".local", b".config"):
            continue
        st = os.stat(name, dir_fd=fd, follow_symlinks=False)
        kind = st.st_mode
        row = [path + [name], kind, st.st_mtime_ns]
        if kind & 0o170000 == 0o040000:
            below = os.open(name, FLAGS, dir_fd=fd)
            row[2] = 0
            walk(below, path + [name], out)
            os.close(below)
        elif kind & 0o170000 == 0o100000:
            f = os.open(name, os.O_RDONLY, dir_fd=fd)
            row.append(os.read(f, 1 << 20))
            os.close(f)
        else:
            row.append(os.readlink(name, dir_fd=fd))
        out.append(row)


def tree(root):
    out = []
    fd = os.open(root, FLAGS)
    walk(fd, [], out)
    os.close(fd)
    return sorted(out)


def plain(item):
    """The bytes of a path of --json."""
    if item.get("path_encoding") == "percent":
        return urllib.parse.unquote_to_bytes(item["path"])
    return item["path"].encode()


def same(left, right):
    left, right = tree(left), tree(right)
    if left != right:
        odd = [x for x in left if x not in right][:3]
        odd += [x for x in right if x not in left][:3]
        sys.exit("not the same: %r" % odd)


def listed(said, *paths):
    """Is what --json says just these paths and the directories above?"""
    said = [plain(x) for x in json.load(open(said))["actions"]]
    want = set()
    for path in paths:
        parts = path.split(b"/")
        want.update(b"/".join(parts[:i + 1]) for i in range(len(parts)))
    if sorted(said) != sorted(want):
        sys.exit("listed: %r" % sorted(set(said) ^ want)[:5])


sys.setrecursionlimit(10000)
END
py() {
	PYTHONPATH=$work PYTHONDONTWRITEBYTECODE=1 python3 -c "
import sys
from names import *
$1" "${@:2}" || fail "$1"
}

# --- There and back ---------------------------------------------------------
py 'for n in names(): put(sys.argv[1], n)' "$a"
ln -s $'\n\xff' "$a/link"
expect 0 on a --json push
py 'listed(sys.argv[1], *names(), b"link")' "$work/.out"
expect 0 on b --json pull
py 'listed(sys.argv[1], *names(), b"link")' "$work/.out"
py 'same(*sys.argv[1:])' "$a" "$b"
expect 0 on b sync
says "nothing to do"

# What is said to people stays on its line, and harms no terminal.
expect 0 on b -v show 1
if LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f\xff]' "$work/.out"; then
	fail "control bytes on the terminal"
fi

# Without Roam: a pack is an archive that other programs understand. bsdtar has
# to be able to say its names, and without -P takes "\" for the root of a disk;
# libarchive makes all names NFC that it reads.
export LC_ALL=C.UTF-8
mkdir "$work/gnu" "$work/bsd"
for pack in "$store"/gen/*/pack*; do
	if command -v bsdtar > /dev/null; then
		bsdtar -tvf "$pack" > "$work/list" || fail "bsdtar lists not"
		bsdtar -xPf "$pack" -C "$work/bsd" || fail "bsdtar extracts not"
	fi
	tar --version | grep -q GNU || continue
	tar --warning=no-unknown-keyword --zstd -xf "$pack" -C "$work/gnu" || fail "tar extracts not"
done
for out in bsd gnu; do
	[ -n "$(ls -A "$work/$out")" ] || continue
	py '
def files(root):
    return [x for x in tree(root) if x[1] & 0o170000 == 0o100000 and
            (x[0][0] != b"nfc" or sys.argv[3] == "gnu")]
got, want = files(sys.argv[2]), files(sys.argv[1])
sys.exit(0 if got == want else "%s: %r" % (
    sys.argv[3], [x for x in want if x not in got][:3]))' \
		"$a" "$work/$out" $out
done

# --- Longer than a system call takes ----------------------------------------
py 'for n in LONG: put(sys.argv[1], n)' "$a"
expect 0 on a --json sync
py 'listed(sys.argv[1], *LONG)' "$work/.out"
expect 0 on b --json sync
py 'listed(sys.argv[1], *LONG)' "$work/.out"
py 'same(*sys.argv[1:])' "$a" "$b"
py 'for n in LONG: put(sys.argv[1], n, b"edited")' "$b"
expect 0 on b sync
expect 0 on a sync
py 'same(*sys.argv[1:])' "$a" "$b"
for pack in "$store"/gen/*/pack*; do
	command -v bsdtar > /dev/null || break
	bsdtar -tf "$pack" > "$work/list" || fail "bsdtar lists no long path"
done
# One byte more: named, skipped, and all else roams.
py 'put(sys.argv[1], LONG[0] + b"x", b"too long")' "$a"
echo other > "$a/other"
expect 7 on a --json sync
[ "$(json 'len(d["skipped"])')" = 1 ] || fail "skipped: $out"
says "path is too long"
expect 0 on b sync
[ -f "$b/other" ] || fail "the rest did not roam"
py '*parts, name = LONG[0].split(b"/")
os.remove(name + b"x", dir_fd=directory(os.fsencode(sys.argv[1]), parts))' "$a"

# --- Each command takes them ------------------------------------------------
odd=$'n\xffx'
for path in "$odd" $'\n' '-rf' '--' $'\x1b[31m' 'dot..' '%41' '\x41' 'CON' \
	$'u/\xed\xa0\x80' "$(printf 'm%.0s' {1..255})"; do
	expect 0 on a --json why -- "$path"
	PATH_SAID=$path py '
sys.exit(plain(json.load(open(sys.argv[1]))) !=
         os.environb[b"PATH_SAID"])' "$work/.out"
	echo changed > "$a/$path"
	expect 0 on a restore --from 1 -- "$path"
	[ "$(cat "$a/$path"; echo .)" = "$path." ] ||
		fail "not restored: $path"
done
expect 0 on a sync
expect 0 on b sync
py 'same(*sys.argv[1:])' "$a" "$b"
long=$(py 'print(LONG[1].decode())')
expect 0 on a --json why "$long"
[ "$(json 'd["local"]["size"]')" = 6 ] || fail "why: $out"
expect 0 on a restore --from 2 "$long"
expect 0 on a sync
expect 0 on b sync
py 'same(*sys.argv[1:])' "$a" "$b"

# A conflict on each: the loser is listed, shown, and taken back.
py '
for n in [b"n\xffx", b"\n", b"-rf", LONG[0]]:
    put(sys.argv[1], n, b"one")
    put(sys.argv[2], n, b"two")' "$a" "$b"
expect 0 on a sync
expect 0 on b sync
expect 0 on a sync
py 'same(*sys.argv[1:])' "$a" "$b"
before=$(on a --json conflicts | python3 -c '
import json, sys
print(*(c["id"] for c in json.load(sys.stdin)["conflicts"]
        if c["size"] == 3))')
[ "$(wc -w <<< "$before")" = 4 ] || fail "not four conflicts: $before"
for id in $before; do
	expect 0 on a conflicts show "$id"
	case $out in
	one | two) ;;
	*) fail "shows $out" ;;
	esac
	expect 0 on a conflicts take "$id"
done
expect 0 on a sync
expect 0 on b sync
py 'same(*sys.argv[1:])' "$a" "$b"

# --- Gone again -------------------------------------------------------------
py '
import shutil
for n in [*names(), *LONG]:
    top = os.path.join(os.fsencode(sys.argv[1]), n.split(b"/")[0])
    shutil.rmtree(top) if os.path.isdir(top) else os.path.lexists(top) and \
        os.remove(top)' "$a"
expect 5 on a sync
expect 0 on a --json sync --allow-deletes
py 'sys.exit(json.load(open(sys.argv[1]))["summary"]["delete_store"] < 3000)' \
	"$work/.out"
expect 5 on b sync
expect 0 on b sync --allow-deletes
py 'same(*sys.argv[1:])' "$a" "$b"
expect 0 on a verify --data
