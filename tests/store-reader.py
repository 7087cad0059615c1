#!/usr/bin/env python3
"""A second reader of stores, written from roam-store(5) alone.

store-reader.py DIRECTORY [--generation N]
    one line for each entry of the head, or of generation N, tab between:
    path, type, mode, size, hash, time of modification in nanoseconds
store-reader.py DIRECTORY [--generation N] --conflicts
    the same for the versions that lost, with the id in front
store-reader.py DIRECTORY [--generation N] --cat PATH
    the content of a file

Bytes of a path that are not printable ASCII, and backslashes, become \\xNN.
Needs the zstd program; exits with 77 where there is none, and with 1 and a
message where the store breaks the rules of the page.
"""

import argparse
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field

from xxh3 import xxh3_128

FILE, DIRECTORY, SYMLINK = 1, 2, 3
TYPES = {FILE: "file", DIRECTORY: "directory", SYMLINK: "symlink"}
NO_HASH = bytes(16)
MIB = 1 << 20


class Refused(Exception):
    """The store breaks a rule; the text says which."""


def must(holds, what):
    if not holds:
        raise Refused(what)


class Bytes:
    """Bytes that are read from front to back."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def left(self):
        return len(self.data) - self.at

    def take(self, count):
        must(count <= self.left(), "cut off")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, width):
        return int.from_bytes(self.take(width), "little")

    def varint(self, most=(1 << 64) - 1):
        value = shift = 0
        while True:
            byte = self.number(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
        must(byte != 0 or shift == 0, "varint longer than it has to be")
        must(value <= most, "number out of bounds")
        return value

    def zigzag(self):
        value = self.varint()
        return -(value + 1) // 2 if value % 2 else value // 2


def unsealed(data, magic, what):
    """The bytes in front of the hash at the end, which has to hold."""
    must(len(data) >= 28 and data[:8] == magic, what + ": is none")
    must(xxh3_128(data[:-16]) == data[-16:], what + ": hash does not hold")
    return data[:-16]


def text(data):
    must(len(data) <= 255, "text too long")
    must(not any(b < 0x20 or b == 0x7F for b in data), "control byte in text")
    return data


@dataclass
class Commit:
    number: int = 0
    parent: int = 0
    id: bytes = b""
    store_id: bytes = b""
    parent_id: bytes = b""
    parent_manifest: bytes = b""
    entries: int = 0
    deltas: int = 0
    manifest: tuple = ()
    packs: list = field(default_factory=list)


def read_sealed(r):
    return r.number(8), r.take(16)


def read_ancestors(r, below):
    count = r.number(4)
    must(count <= 32, "too many ancestors")
    for _ in range(count):
        number = r.number(8)
        must(0 < number < below, "ancestors out of order")
        r.take(16)
        below = number
    return count


def read_commit(data):
    must(len(data) <= MIB, "commit: too large")
    r = Bytes(unsealed(data, b"ROAMCMIT", "commit"))
    r.take(8)
    must(r.number(4) == 1, "commit: written by a newer Roam")
    c = Commit()
    c.store_id = r.take(16)
    c.id = r.take(16)
    c.number = r.number(8)
    c.parent = r.number(8)
    c.parent_id = r.take(16)
    c.parent_manifest = r.take(16)
    r.take(8 + 16)  # time, hash of the rules
    c.entries = r.number(8)
    r.take(8 + 8)  # changes, bytes
    c.deltas = r.number(4)
    c.manifest = read_sealed(r)
    for _ in range(4):
        text(r.take(r.number(2)))
    ancestors = read_ancestors(r, c.number)
    packs = r.number(4)
    must(packs <= 32768, "commit: too many packs")
    c.packs = [read_sealed(r) for _ in range(packs)]
    must(r.left() == 0, "commit: bytes left over")
    must(0 < c.number <= 999999999999 and c.parent < c.number and
         c.entries <= 1 << 24 and c.deltas <= 16, "commit: out of bounds")
    must(c.parent > 0 or c.deltas == ancestors == 0 and
         c.parent_id == c.parent_manifest == NO_HASH, "commit: no parent")
    return c


@dataclass
class Place:
    gen: int  # 0: not in the store; -1: a hole
    pack: int = 0
    frame: int = 0
    frame_len: int = 0
    at: int = 0


@dataclass
class Entry:
    path: bytes
    type: int
    mode: int = 0
    mtime: int = 0
    size: int = 0
    hash: bytes = NO_HASH
    target: bytes = b""
    extents: list = field(default_factory=list)  # (length, place)


def is_clean(path):
    return 1 <= len(path) <= 4096 and b"\0" not in path and all(
        name not in (b"", b".", b"..") and len(name) <= 255
        for name in path.split(b"/"))


def order(path):
    """A key that sorts as the page says: slash below every other byte."""
    return path.split(b"/")


def check_attributes(data):
    r, last = Bytes(data), b""
    must(0 < len(data) <= MIB, "attributes out of bounds")
    while r.left() > 0:
        name = r.take(r.number(2))
        r.take(r.number(4))
        must(re.fullmatch(rb"user\.[^\0]+|system\.posix_acl_(access|default)",
                          name, re.DOTALL) and last < name,
             "attributes are malformed")
        last = name


class Records:
    """One list of records, each coded against the ones before it."""

    def __init__(self, body):
        self.body = body
        self.r = body.r
        self.path = b""
        self.mode = {}
        self.machine = 0
        self.mtime = 0
        self.place = None
        self.place_len = 0

    def read_path(self):
        shared = self.r.varint(len(self.path))
        self.path = self.path[:shared] + self.r.take(self.r.varint(4096))
        must(is_clean(self.path), "path is not clean")
        return self.path

    def read_machine(self):
        return self.r.varint(self.body.machines)

    def read_gen(self, code, first):
        """What a code says of which first + n is generation n."""
        gen = self.body.generation if code == first else code - first
        must(0 < gen <= 999999999999, "generation out of bounds")
        return gen

    def read_place(self, length):
        code = self.r.varint()
        if code in (1, 2):
            return Place(0 if code == 1 else -1)
        last = self.place
        must(code > 0 or last is not None, "no place before")
        if code == 0:
            p = Place(last.gen, last.pack, last.frame, last.frame_len)
            expected = (last.at + self.place_len + 511) // 512 * 512
        else:
            p = Place(self.read_gen(code, 3))
            p.pack = self.r.varint(32767)
            end = last.frame + last.frame_len if last is not None else 0
            p.frame = end + self.r.zigzag()
            p.frame_len = self.r.varint(4 * MIB + (64 << 10))
            expected = 0
        p.at = expected + self.r.zigzag()
        must(0 <= p.frame < 1 << 62 and p.frame_len > 0 and p.at >= 0 and
             p.at + length <= 4 * MIB, "place out of bounds")
        self.place, self.place_len = p, length
        return p

    def read_content(self, t, has_extents):
        t.size = self.r.varint((1 << 63) - 1)
        t.hash = self.body.hashes.take(16)
        if has_extents:
            for _ in range(self.r.varint()):
                length = self.r.varint()
                must(length > 0, "an empty extent")
                t.extents.append((length, self.read_place(length)))
            must(t.extents and sum(x[0] for x in t.extents) == t.size,
                 "extents are not the size")
        elif t.size > 0:
            t.extents.append((t.size, self.read_place(t.size)))

    def read(self):
        bits = self.r.number(1)
        kind = bits & 3
        must(kind in TYPES and not bits & 0x80, "no such type")
        must(kind == FILE or not bits & 0x10, "extents of no file")
        must(kind != DIRECTORY or not bits & 0x20, "group of a directory")
        t = Entry(self.read_path(), kind)
        if not bits & 0x04:
            self.mode[kind] = self.r.varint()
        if not bits & 0x08:
            self.machine = self.read_machine()
        t.mode = self.mode.get(kind, 0)
        must(not t.mode & ~0o1777, "mode out of bounds")
        must(kind != SYMLINK or t.mode == 0o777, "mode of a symlink")
        self.mtime = signed(self.mtime + self.body.times.zigzag())
        t.mtime = self.mtime
        if kind == FILE:
            self.read_content(t, bits & 0x10)
        elif kind == SYMLINK:
            t.target = self.r.take(self.r.varint(4095))
            must(t.target and b"\0" not in t.target, "target is malformed")
            t.size = len(t.target)
            t.hash = xxh3_128(t.target)
        if bits & 0x20:
            must(self.r.varint() > 0, "group 0")
        if bits & 0x40:
            check_attributes(self.r.take(self.r.varint(MIB)))
        return t


def signed(n):
    """Modulo 2^64, as a signed number."""
    n &= (1 << 64) - 1
    return n - (1 << 64) if n >> 63 else n


class Body:
    def __init__(self, data, generation):
        self.generation = generation
        self.r = r = Bytes(data)
        self.entries = r.varint(1 << 24)
        self.machines = r.varint(65535)
        for _ in range(2 * self.machines):
            text(r.take(r.varint(255)))
        self.hashes = Bytes(r.take(16 * r.varint()))
        self.times = Bytes(r.take(r.varint()))

    def read_removed(self, tree, changed):
        paths = Records(self)
        for _ in range(self.r.varint()):
            path = paths.read_path()
            must(path in tree and path not in changed, "another parent")
            del tree[path]

    def read_conflicts(self):
        records, last, conflicts = Records(self), 0, []
        for _ in range(self.r.varint(65536)):
            number = self.r.number(8)
            must(number > last, "conflicts out of order")
            conflicts.append((number, records.read()))
            records.read_machine()
            self.r.zigzag()  # time
            code = self.r.varint()
            if code > 0:
                records.read_gen(code, 1)
            last = number
        return conflicts

    def read(self, tree, is_delta):
        """tree becomes the tree that results; the conflicts are returned."""
        records, changed = Records(self), []
        for _ in range(self.r.varint()):
            changed.append(records.read())
        paths = [order(t.path) for t in changed]
        must(all(a < b for a, b in zip(paths, paths[1:])), "out of order")
        if is_delta:
            self.read_removed(tree, {t.path for t in changed})
        tree.update((t.path, t) for t in changed)
        conflicts = self.read_conflicts()
        must(self.r.left() == self.hashes.left() == self.times.left() == 0,
             "bytes left over")
        must(len(tree) == self.entries, "not the number of entries it says")
        for path in tree:
            above = path.rpartition(b"/")[0]
            must(not above or above in tree and tree[above].type == DIRECTORY,
                 "an entry in no directory")
        return conflicts


def inflate(data):
    try:
        done = subprocess.run(["zstd", "-dcq"], input=data,
                              stdout=subprocess.PIPE, check=False)
    except FileNotFoundError:
        sys.exit(77)
    must(done.returncode == 0, "zstd: damaged")
    return done.stdout


class Store:
    def __init__(self, directory):
        self.directory = os.fsencode(directory)

    def place(self, generation):
        """The directory of a generation: its own, or what its claim says."""
        own = os.path.join(self.directory, b"gen", b"%012d" % generation)
        claim = os.path.join(own, b"claim")
        if (os.path.exists(os.path.join(own, b"commit"))
                or not os.path.exists(claim)):
            return own
        with open(claim, "rb") as f:
            data = f.read()
        r = Bytes(unsealed(data, b"ROAMCLAM", "claim"))
        r.take(8)
        must(r.number(4) == 1, "claim: written by a newer Roam")
        generation_id = r.take(16)
        must(r.number(8) == generation and r.left() == 0, "claim: odd")
        return os.path.join(self.directory, b"tmp",
                            generation_id.hex().encode())

    def load(self, generation, name, sealed=None):
        path = os.path.join(self.place(generation), name)
        with open(path, "rb") as f:
            data = f.read()
        must(sealed is None or (len(data), xxh3_128(data)) == sealed,
             "%s: is not what the commit says" % os.fsdecode(path))
        return data

    def head(self):
        names = os.listdir(os.path.join(self.directory, b"gen"))
        numbers = [int(n) for n in names if re.fullmatch(rb"[0-9]{12}", n)]
        return max(numbers, default=0)

    def commit(self, generation):
        c = read_commit(self.load(generation, b"commit"))
        must(c.number == generation, "commit: another number")
        return c

    def read(self, generation):
        """The tree as a dictionary, and the conflicts."""
        chain = [self.commit(generation)]
        while (c := chain[-1]).deltas > 0:
            p = self.commit(c.parent)
            must((p.id, p.manifest[1], p.store_id, p.deltas + 1) ==
                 (c.parent_id, c.parent_manifest, c.store_id, c.deltas),
                 "the parent is another one")
            chain.append(p)
        tree, conflicts = {}, []
        for c in reversed(chain):
            data = self.load(c.number, b"manifest", c.manifest)
            data = unsealed(data, b"ROAMMANI", "manifest")
            header = Bytes(data[8:36])
            must(header.number(2) == 1, "manifest: written by a newer Roam")
            must(header.number(2) == (1 if c.deltas else 0),
                 "manifest: delta or not?")
            size, body_hash = read_sealed(header)
            must(size <= 2048 * MIB, "manifest: too large")
            body = inflate(data[36:])
            must(len(body) == size and xxh3_128(body) == body_hash,
                 "manifest: the body's hash does not hold")
            conflicts = Body(body, c.number).read(tree, c.deltas > 0)
        must(len(tree) == chain[0].entries, "not what the commit says")
        return tree, conflicts

    def content(self, t):
        parts = []
        for length, p in t.extents:
            must(p.gen != 0, "content is not in the store")
            if p.gen == -1:
                parts.append(bytes(length))
                continue
            pack = self.load(p.gen, b"pack%d" % p.pack)
            must(p.frame + p.frame_len <= len(pack), "pack is cut off")
            frame = inflate(pack[p.frame:p.frame + p.frame_len])
            must(p.at + length <= len(frame), "frame is too short")
            parts.append(frame[p.at:p.at + length])
        data = b"".join(parts)
        must(xxh3_128(data) == t.hash, "content: hash does not hold")
        return data


def shown(path):
    return "".join(chr(b) if 0x20 <= b < 0x7F and b != 0x5C else
                   "\\x%02x" % b for b in path)


def line(t):
    hashed = "-" if t.type == DIRECTORY else t.hash.hex()
    return "\t".join([shown(t.path), TYPES[t.type], "%04o" % t.mode,
                      str(t.size), hashed, str(t.mtime)])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory")
    parser.add_argument("--generation", type=int)
    parser.add_argument("--conflicts", action="store_true")
    parser.add_argument("--cat", metavar="PATH")
    args = parser.parse_args()
    store = Store(args.directory)
    tree, conflicts = store.read(args.generation or store.head())
    if args.cat is not None:
        path = os.fsencode(args.cat)
        must(path in tree, "no such path")
        sys.stdout.buffer.write(store.content(tree[path]))
    elif args.conflicts:
        for number, t in conflicts:
            print("%016x\t%s" % (number, line(t)))
    else:
        for path in sorted(tree, key=order):
            print(line(tree[path]))


if __name__ == "__main__":
    try:
        main()
    except (Refused, OSError) as e:
        sys.exit("store-reader: %s" % e)
