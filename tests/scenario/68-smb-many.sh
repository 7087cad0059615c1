#!/usr/bin/env bash
# A home of 20,000 files, and files of no byte and of 5 GiB, go to an SMB server
# and into another home bit for bit: modes, links, attributes, times and holes.
if [ -z "${SMBD-}" ]; then
	[ -x "${ROAM_LIBEXEC:-$PWD}/roam-smb" ] ||
		{ echo 'built without SMB'; exit 77; }
	exec "${srcdir:-.}/tests/scenario/with-smbd" "$0" "$@"
fi
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

url=$ROAM_TEST_STORE
smb() {
	local machine=$1
	shift
	on "$machine" --credentials "$ROAM_TEST_CREDENTIALS" "$@"
}

mkdir "$work/a" "$work/b"
python3 - "$work/a" <<-'END'
	import os, random, sys
	home = sys.argv[1]
	random.seed(1)
	names = [b'\xff\xfe', b'new\nline', b'trailing. ', b'a:b*c?', b'CON', b'%41',
	         b'x' * 200, 'grün'.encode()]
	count = 0
	for i in range(200):
	    folder = os.path.join(home, f'{i % 20:02}', f'{i:03}').encode()
	    os.makedirs(folder)
	    for k in range(99):
	        path = os.path.join(folder, b'%02d ' % k + names[k % len(names)])
	        with open(path, 'wb') as f:
	            f.write(random.randbytes(random.choice((0, 1, 100, 3000))))
	        os.chmod(path, random.choice((0o600, 0o644, 0o755, 0o400)))
	        if k % 20 == 0:
	            os.setxattr(path, 'user.note', random.randbytes(k + 1))
	        at = random.randrange(1, 2**31 * 10**9)
	        os.utime(path, ns=(at, at))
	        count += 1
	    os.symlink(b'../nowhere ' + b'%d' % i, folder + b'/symlink')
	    os.link(folder + b'/00 ' + names[0], folder + b'/hard link')
	    os.mkdir(folder + b'/empty', 0o700)
	for i in range(20000 - count - 1):
	    open(f'{home}/more{i}', 'w').write(str(i))
	with open(home + '/sparse', 'wb') as f:
	    f.truncate(5 << 30)
	    for at in (1 << 20, (4 << 30) + 12345, (5 << 30) - 1):
	        f.seek(at)
	        f.write(b'x')
END

# all_of MACHINE: every object with all that roams of it.
all_of() {
	python3 - "$work/$1" <<-'END'
		import hashlib, os, stat, sys
		def segments(path, size):
		    """What is no hole; the zeros at its ends do not count."""
		    found, at = [], 0
		    with open(path, 'rb') as f:
		        while at < size:
		            try:
		                at = os.lseek(f.fileno(), at, os.SEEK_DATA)
		            except OSError:
		                break
		            end = os.lseek(f.fileno(), at, os.SEEK_HOLE)
		            data = os.pread(f.fileno(), min(end - at, 1 << 20), at)
		            cut = data.lstrip(b'\0')
		            found.append((at + len(data) - len(cut), cut.rstrip(b'\0')))
		            at = end
		    return found
		home = os.fsencode(sys.argv[1])
		names = {}
		for folder, folders, files in os.walk(home):
		    if folder == home:
		        folders.remove(b'.local')
		    for name in sorted(folders + files):
		        path = os.path.join(folder, name)
		        st, rel = os.lstat(path), os.path.relpath(path, home)
		        what = [rel, oct(st.st_mode)]
		        if stat.S_ISLNK(st.st_mode):
		            what += [os.readlink(path)]
		        else:
		            what += [(a, os.getxattr(path, a)) for a in sorted(os.listxattr(path))
		                     if a.startswith('user.')]
		        if stat.S_ISREG(st.st_mode):
		            what += [st.st_size, st.st_mtime_ns,
		                     names.setdefault(st.st_ino, rel)]
		            if st.st_size < 1 << 20:
		                what += [hashlib.md5(open(path, 'rb').read()).hexdigest()]
		            else:
		                what += [st.st_blocks < 1000, segments(path, st.st_size)]
		        print(what)
	END
}

expect 0 smb a push -q
[ "$(find "$work/a" -path "$work/a/.local" -prune -o -type f -links 1 -print0 |
	tr -dc '\0' | wc -c)" -gt 19000 ] || fail "too few files"
expect 0 smb b pull -q
all_of a | sort > "$work/one"
all_of b | sort > "$work/two"
diff "$work/one" "$work/two" > "$work/.diff" ||
	fail "the homes differ: $(head "$work/.diff")"
expect 0 smb b sync
says "nothing to do"
expect 0 smb a sync
says "nothing to do"
