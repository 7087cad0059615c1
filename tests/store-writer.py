#!/usr/bin/env python3
"""Writes stores from a description, by roam-store(5) alone, and lies in them.

store-writer.py DIRECTORY < DESCRIPTIONS

DESCRIPTIONS is a JSON object; each value describes a store, which is made as
DIRECTORY/KEY. Texts stand for bytes: their characters are U+0000 to U+00FF.
Without lies the store is a good one; each fact can be given, true or not.

A store is a list of generations, each an object with
    entries   list of entries, see below, sorted unless "unsorted" is true
    removed   paths; with this or "delta": true the manifest is a delta
    conflicts list of entries with an "id", and "machine2", "time", "gen"
    number    default: that of the generation before plus 1
    name      of the directory; default: the number in 12 digits
    kind      "file" or "empty": nothing but that under the name; "link": a
              symlink to "to"
    commit    facts of the commit: store_id, id, format, number, parent,
              parent_id, parent_manifest, deltas, entries, changes, user,
              ancestors, packs, manifest_size, manifest_hash, seal, more,
              pack_count, ancestor_count, magic
    manifest  facts of the manifest: format, delta, zero, len, hash, seal,
              entries, machines, machine_count, records, more, body, zeros
              (the body is so many zeros), junk (instead of a frame), magic,
              hashes (how many more than needed), times (more bytes of them)
    cut       {file: length}, flip {file: offset}, remove [file],
              append {file: text}: what happens to files when all is written
An entry is an object with
    path, type (file, directory, symlink, or a number), mode, mtime, machine,
    content or size and hash, target, group, attrs (pairs), bits (added),
    shared (bytes of the path before, said instead of the true number),
    raw (bytes put in place of the whole record),
    place or extents: a place is an object with what is to differ from the
        true one: code, gen, pack, frame, frame_len, at; extents are pairs of
        length and place
    frame     of the content: claim (a size in its header), zeros (what it
              inflates to instead), junk (instead of it)
Exits with 77 where there is no zstd program.
"""

import json
import os
import pwd
import subprocess
import sys

from xxh3 import xxh3_128

TYPES = {"file": 1, "directory": 2, "symlink": 3}
MODES = {1: 0o644, 2: 0o755, 3: 0o777}
NO_HASH = bytes(16)
TIME = 1700000000 * 10 ** 9
FLIPPED = 0x55
ZSTD = bytes.fromhex("28b52ffd")


def user():
    """As the program knows it: by id, not by what the environment says."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def raw(text):
    return text.encode("latin-1")


def number(n, width):
    return (n & (1 << 8 * width) - 1).to_bytes(width, "little")


def varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def zigzag(n):
    return varint(2 * n if n >= 0 else -2 * n - 1)


def counted(data, width=0):
    return (number(len(data), width) if width else varint(len(data))) + data


def sealed(data, facts):
    seal = bytes.fromhex(facts["seal"]) if "seal" in facts else xxh3_128(data)
    return data + seal


def squeeze(data, claim=None):
    """One zstd frame with size and checksum; a claim is put over the size."""
    try:
        frame = subprocess.run(
            ["zstd", "-qc3", "--check", "--stream-size=%d" % len(data)],
            input=data, stdout=subprocess.PIPE, check=True).stdout
    except FileNotFoundError:
        sys.exit(77)
    return frame if claim is None else header(frame, claim)


def header(frame, claim):
    """The frame with another header, which says claim; 64 bits wide."""
    single = frame[4] >> 5 & 1
    width = (1 if single else 0, 2, 4, 8)[frame[4] >> 6]
    window = 0 if single else 1
    kept = frame[5:5 + window] if window else bytes([0x68])
    return (frame[:4] + bytes([0xC4]) + kept + number(claim, 8) +
            frame[5 + window + width:])


def bomb(length):
    """A frame that inflates to so many zeros, made of runs of 128 KiB."""
    blocks, left = bytearray(), length
    while left > 0:
        run = min(left, 1 << 17)
        left -= run
        blocks += number(run << 3 | 1 << 1 | (left == 0), 3) + b"\0"
    return (ZSTD + bytes([0xC0, 0x68]) +
            number(length, 8) + bytes(blocks))


def tar_header(name, size):
    out = bytearray(512)

    def put(at, data):
        out[at:at + len(data)] = data

    put(0, name[:99])
    put(100, b"0000644\0")
    put(108, b"0000000\0" * 2)
    put(124, b"%011o\0" % size)
    put(136, b"%011o\0" % (TIME // 10 ** 9))
    put(148, b" " * 8)
    put(156, b"0")
    put(257, b"ustar\x0000")
    put(148, b"%06o\0 " % sum(out))
    return bytes(out)


class Pack:
    """A tar of one zstd frame for each file."""

    def __init__(self):
        self.data = b""

    def add(self, path, content, lie):
        tar = tar_header(path, len(content)) + content
        tar += bytes(-len(tar) % 512)
        if "junk" in lie:
            frame = raw(lie["junk"])
        elif "zeros" in lie:
            frame = bomb(lie["zeros"])
            if "claim" in lie:
                frame = header(frame, lie["claim"])
        else:
            frame = squeeze(tar, lie.get("claim"))
        place = {"code": 3, "pack": 0, "frame": len(self.data),
                 "frame_len": len(frame), "at": 512}
        self.data += frame
        return place

    def end(self):
        if self.data:
            self.data += squeeze(bytes(1024))
        return self.data


class Records:
    """One list of records; nothing is said short that can be said in full."""

    def __init__(self, body):
        self.body = body
        self.path = b""
        self.mtime = 0
        self.end = 0  # of the frame of the place before

    def name(self, path, shared=None):
        if shared is None:
            shared = len(os.path.commonprefix([self.path, path]))
        rest = path[shared:]
        self.path = path
        return varint(shared) + counted(rest)

    def place(self, place):
        code = place["code"]
        if "gen" in place:
            code = 3 + place["gen"]
        if code in (1, 2):
            return varint(code)
        frame = zigzag(place["frame"] - self.end)
        self.end = place["frame"] + place["frame_len"]
        return (varint(code) + varint(place["pack"]) + frame +
                varint(place["frame_len"]) + zigzag(place["at"]))

    def content(self, t, pack):
        data = raw(t.get("content", ""))
        size = t.get("size", len(data))
        given = t["hash"] if "hash" in t else xxh3_128(data).hex()
        self.body.hashes += bytes.fromhex(given)
        true = {"code": 1, "pack": 0, "frame": 0, "frame_len": 1, "at": 0}
        if data:
            true = pack.add(raw(t["path"]), data, t.get("frame", {}))
        if "extents" in t:
            out = varint(t.get("extent_count", len(t["extents"])))
            for length, place in t["extents"]:
                out += varint(length) + self.place({**true, **place})
            return varint(size) + out
        if size == 0:
            return varint(size)
        return varint(size) + self.place({**true, **t.get("place", {})})

    def record(self, t, pack):
        if "raw" in t:
            return raw(t["raw"])
        kind = TYPES.get(t.get("type", "file"), t.get("type"))
        bits = kind | t.get("bits", 0)
        bits |= 0x10 if "extents" in t else 0
        bits |= 0x20 if "group" in t else 0
        bits |= 0x40 if "attrs" in t else 0
        out = number(bits, 1) + self.name(raw(t["path"]), t.get("shared"))
        out += varint(t.get("mode", MODES.get(kind, 0)))
        out += varint(t.get("machine", 1))
        mtime = t.get("mtime", TIME)
        self.body.times += zigzag(mtime - self.mtime)
        self.mtime = mtime
        if kind == 1:
            out += self.content(t, pack)
        elif kind == 3:
            out += counted(raw(t["target"]))
        if "group" in t:
            out += varint(t["group"])
        if "attrs" in t:
            out += counted(b"".join(
                counted(raw(name), 2) + counted(raw(value), 4)
                for name, value in t["attrs"]))
        return out


class Body:
    def __init__(self, generation, tree, pack):
        self.hashes = self.times = b""
        facts = generation.get("manifest", {})
        entries = generation.get("entries", [])
        if not generation.get("unsorted"):
            entries = sorted(entries, key=lambda t: raw(
                t.get("path", "")).split(b"/"))
        records = Records(self)
        lists = b"".join(records.record(t, pack) for t in entries)
        lists = varint(facts.get("records", len(entries))) + lists
        removed = generation.get("removed", [])
        if is_delta(generation):
            names = Records(self)
            lists += varint(len(removed))
            lists += b"".join(names.name(raw(path)) for path in removed)
        else:
            tree.clear()
        tree.difference_update(removed)
        tree.update(t.get("path", "") for t in entries)
        lists += self.conflicts(generation.get("conflicts", []), pack, facts)
        machines = facts.get("machines", [["far", "far.example"]])
        self.data = varint(facts.get("entries", len(tree)))
        self.data += varint(facts.get("machine_count", len(machines)))
        for machine in machines:
            self.data += b"".join(counted(raw(text)) for text in machine)
        hashes = len(self.hashes) // 16 + facts.get("hashes", 0)
        self.data += varint(hashes) + self.hashes
        self.data += counted(self.times + bytes(facts.get("times", 0)))
        self.data += lists + raw(facts.get("more", ""))

    def conflicts(self, conflicts, pack, facts):
        records = Records(self)
        out = varint(facts.get("conflicts", len(conflicts)))
        for c in conflicts:
            out += number(c["id"], 8) + records.record(c, pack)
            out += varint(c.get("machine2", 1)) + zigzag(c.get("time", TIME))
            out += varint(c.get("gen", 1))
        return out


def is_delta(generation):
    return "removed" in generation or generation.get("delta", False)


def write_manifest(generation, tree, pack):
    facts = generation.get("manifest", {})
    body = Body(generation, tree, pack).data
    body = raw(facts["body"]) if "body" in facts else body
    frame = squeeze(body)
    if "zeros" in facts:
        frame = bomb(facts["zeros"])
    if "junk" in facts:
        frame = raw(facts["junk"])
    body_hash = xxh3_128(body).hex()
    data = raw(facts.get("magic", "ROAMMANI"))
    data += number(facts.get("format", 1), 2)
    data += number(facts.get("delta", int(is_delta(generation))), 1)
    data += number(facts.get("zero", 0), 1)
    data += number(facts.get("len", facts.get("zeros", len(body))), 8)
    data += bytes.fromhex(facts.get("hash", body_hash)) + frame
    return sealed(data, facts)


def write_commit(facts):
    hashes = {name: bytes.fromhex(facts[name]) if isinstance(facts[name], str)
              else facts[name] for name in (
                  "store_id", "id", "parent_id", "parent_manifest",
                  "manifest_hash")}
    data = raw(facts["magic"]) + number(facts["format"], 4)
    data += hashes["store_id"] + hashes["id"]
    data += number(facts["number"], 8) + number(facts["parent"], 8)
    data += hashes["parent_id"] + hashes["parent_manifest"]
    data += number(facts["time"], 8) + NO_HASH
    for name in ("entries", "changes", "bytes"):
        data += number(facts[name], 8)
    data += number(facts["deltas"], 4) + number(facts["manifest_size"], 8)
    data += hashes["manifest_hash"]
    for name in ("machine_id", "machine_name", "user", "version"):
        data += counted(raw(facts[name]), 2)
    ancestors, packs = facts["ancestors"], facts["packs"]
    data += number(facts.get("ancestor_count", len(ancestors)), 4)
    for n, name in ancestors:
        data += number(n, 8) + bytes.fromhex(name)
    data += number(facts.get("pack_count", len(packs)), 4)
    for size, name in packs:
        data += number(size, 8) + bytes.fromhex(name)
    return sealed(data + raw(facts.get("more", "")), facts)


def damage(generation, files):
    for name, length in generation.get("cut", {}).items():
        files[name] = files[name][:length]
    for name, at in generation.get("flip", {}).items():
        data = bytearray(files[name])
        data[at] ^= FLIPPED
        files[name] = bytes(data)
    for name, text in generation.get("append", {}).items():
        files[name] += raw(text)
    for name in generation.get("remove", []):
        del files[name]


class Store:
    def __init__(self, directory):
        self.gen = os.path.join(os.fsencode(directory), b"gen")
        os.makedirs(self.gen)
        self.tree = set()
        self.before = None  # facts of the commit before
        self.number = 0

    def facts(self, generation, manifest, pack):
        """Of the commit, as they should be and then as they are wanted."""
        before = self.before
        facts = {
            "magic": "ROAMCMIT", "format": 1, "store_id": "11" * 16,
            "id": "%032x" % (0xABC0000 + self.number),
            "number": self.number, "parent": 0, "parent_id": NO_HASH,
            "parent_manifest": NO_HASH, "time": TIME, "deltas": 0,
            "entries": len(self.tree), "changes": 1, "bytes": 1,
            "machine_id": "far", "machine_name": "far.example",
            "user": user(), "version": "1", "ancestors": [],
            "packs": [[len(pack), xxh3_128(pack).hex()]] if pack else [],
            "manifest_size": len(manifest),
            "manifest_hash": xxh3_128(manifest)}
        if before is not None:
            facts["parent"] = before["number"]
            facts["parent_id"] = before["id"]
            facts["parent_manifest"] = before["manifest_hash"]
            facts["ancestors"] = [[before["number"], before["id"]]]
            facts["ancestors"] += before["ancestors"][:31]
            if is_delta(generation):
                facts["deltas"] = before["deltas"] + 1
        facts.update(generation.get("commit", {}))
        return facts

    def add(self, generation):
        self.number = generation.get("number", self.number + 1)
        name = raw(generation.get("name", "%012d" % self.number))
        path = os.path.join(self.gen, name)
        kind = generation.get("kind", "generation")
        if kind == "link":
            os.symlink(generation["to"], path)
        elif kind == "file":
            with open(path, "wb"):
                return
        elif kind == "empty":
            os.mkdir(path)
        else:
            self.add_files(generation, path)

    def add_files(self, generation, path):
        pack = Pack()
        manifest = write_manifest(generation, self.tree, pack)
        facts = self.facts(generation, manifest, pack.end())
        files = {"commit": write_commit(facts), "manifest": manifest}
        if pack.data:
            files["pack0"] = pack.data
        damage(generation, files)
        os.mkdir(path)
        for name, data in files.items():
            with open(os.path.join(path, raw(name)), "wb") as f:
                f.write(data)
        self.before = facts


def main():
    for name, generations in json.load(sys.stdin).items():
        store = Store(os.path.join(sys.argv[1], name))
        for generation in generations:
            store.add(generation)


if __name__ == "__main__":
    main()
