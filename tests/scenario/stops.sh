# shellcheck shell=bash disable=SC2154,SC2034
# A home b, and a store that machine a has taken on from where both agreed: with
# every kind of change between them. Sourced after harm.sh by the scenarios that
# stop runs; see base/step.h.

a=$work/a b=$work/b
mkdir -p "$a/dir/sub" "$a/gone" "$a/becomes-file" "$a/hollow"
python3 - "$a" <<-'END'
	import os, random, sys
	random.seed(7)
	home = sys.argv[1] + '/'
	big = random.randbytes(1300000)
	for name in 'big-here', 'big-there':
	    open(home + name, 'wb').write(big + name.encode())
	for name in ('same', 'edited-here', 'edited-there', 'both-1', 'both-2',
	        'gone-here', 'gone-there', 'moved-here', 'moved-there',
	        'mode-here', 'mode-there', 'edit-gone', 'gone-edit',
	        'becomes-dir', 'becomes-link', 'turns-dir', 'linked',
	        'unlinked', 'gone/file', 'becomes-file/file', 'dir/sub/file'):
	    open(home + name, 'w').write('first ' + name)
	os.link(home + 'unlinked', home + 'unlinked-too')
	os.symlink('same', home + 'link')
END
on a -q push
on b -q sync

python3 - "$a" "$b" <<-'END'
	import os, shutil, sys
	def write(home, name, text, when = None):
	    with open(home + name, 'w') as f: f.write(text)
	    if when: os.utime(home + name, ns = (when, when))
	def patch(home, name):
	    with open(home + name, 'r+b') as f:
	        f.seek(600000)
	        f.write(b'a piece of news')
	there, here = sys.argv[1] + '/', sys.argv[2] + '/'
	# In the store.
	write(there, 'edited-there', 'second')
	write(there, 'new-there', 'second')
	open(there + 'empty-there', 'w').close()
	os.mkdir(there + 'dir-there', 0o750)
	write(there, 'dir-there/file', 'second dir-there/file')
	os.mkdir(there + 'dir-there/empty')
	os.remove(there + 'gone-there')
	shutil.rmtree(there + 'gone')
	os.rename(there + 'moved-there', there + 'dir/moved-there')
	os.chmod(there + 'mode-there', 0o600)
	os.remove(there + 'becomes-dir')
	os.mkdir(there + 'becomes-dir')
	write(there, 'becomes-dir/file', 'second becomes-dir/file')
	shutil.rmtree(there + 'becomes-file')
	write(there, 'becomes-file', 'second becomes-file')
	os.remove(there + 'becomes-link')
	os.symlink('same', there + 'becomes-link')
	os.remove(there + 'link')
	os.symlink('dir', there + 'link')
	os.link(there + 'linked', there + 'linked-too')
	os.remove(there + 'unlinked-too')
	write(there, 'unlinked-too', 'first unlinked',
	    os.stat(there + 'unlinked').st_mtime_ns)
	patch(there, 'big-there')
	with open(there + 'sparse', 'wb') as f:
	    f.truncate(3 << 20)
	    f.seek(1 << 20)
	    f.write(b'data')
	write(there, 'both-1', 'there, newer', 20 * 10 ** 17)
	write(there, 'both-2', 'there, older', 10 ** 18)
	write(there, 'edit-gone', 'second')
	os.remove(there + 'gone-edit')
	write(there, 'turns-dir', 'second turns-dir')
	# In the home.
	write(here, 'edited-here', 'second')
	write(here, 'new-here', 'second here')
	os.mkdir(here + 'dir-here')
	write(here, 'dir-here/file', 'second dir-here/file')
	os.remove(here + 'gone-here')
	os.rename(here + 'moved-here', here + 'dir/moved-here')
	os.chmod(here + 'mode-here', 0o600)
	os.rmdir(here + 'hollow')
	patch(here, 'big-here')
	write(here, 'both-1', 'here, older', 10 ** 18)
	write(here, 'both-2', 'here, newer', 20 * 10 ** 17)
	os.remove(here + 'edit-gone')
	write(here, 'gone-edit', 'second')
	os.remove(here + 'turns-dir')
	os.mkdir(here + 'turns-dir')
	write(here, 'turns-dir/file', 'second turns-dir/file')
	try:
	    os.setxattr(there + 'mode-there', 'user.there', b'1')
	    os.setxattr(here + 'mode-here', 'user.here', b'1')
	except OSError:
	    pass
END
on a -q push
mkdir "$work/start"
cp -a "$a" "$b" "$store" "$work/start/"

# set_out: b and the store as they were then.
set_out() {
	rm -rf "$work/b" "$work/a" "$store"
	cp -a "$work/start/b" "$work/b"
	cp -a "$work/start/a" "$work/a"
	cp -a "$work/start/store" "$store"
}

# into FOLDER: what the run on b came to.
into() {
	mkdir -p "$work/$1"
	picture_of "$b" > "$work/$1/home"
	conflicts_of b > "$work/$1/conflicts"
	store_picture > "$work/$1/store"
}

# stopped STEP COMMAND ...: on b, ended after that many steps; 1 if it has fewer.
# $step then says where that was.
stopped() {
	local at=$1 status=0
	shift
	set_out
	ROAM_STOP_AT=$at on b -q "$@" > /dev/null 2> "$work/.stop" || status=$?
	[ "$status" = 0 ] && return 1
	[ "$status" = 99 ] ||
		fail "$*, step $at: exit $status: $(cat "$work/.stop")"
	step="$*, step $at ($(cat "$work/.stop"))"
}
