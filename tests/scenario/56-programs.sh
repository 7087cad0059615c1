#!/usr/bin/env bash
# What real programs write on two machines at once: histories, lists of hosts,
# settings, keys, and the way editors save. While runs are going on, too.
# Programs that are not installed are passed over.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

a=$work/a b=$work/b
mkdir -p "$a/.ssh" "$a/.config" "$b"

has() {
	command -v "$1" > /dev/null
}

both() {
	expect 0 on a sync
	expect 0 on b sync
	expect 0 on a sync
	same_homes a b
}

no_conflicts() {
	expect 0 on a --json conflicts
	[ "$(json 'd["conflicts"]')" = '[]' ] || fail "$1: $out"
}

# --- bash, with and without times -------------------------------------------
# typed HOME COMMAND: an interactive bash has run it.
typed() {
	HISTFILE=$1/.bash_history HISTTIMEFORMAT=${times-} HISTCONTROL='' \
		bash --norc --noprofile -c '
			HISTTIMEFORMAT=$HISTTIMEFORMAT # heeds no inherited one
			[ -n "$HISTTIMEFORMAT" ] || unset HISTTIMEFORMAT
			set -o history; history -s "$1"; history -a' bash "$2"
}
typed "$a" 'cd /tmp'
typed "$a" 'ls -l'
both
typed "$a" 'echo a'
typed "$b" 'echo b'
both
[ "$(sort "$a/.bash_history" | tr '\n' ';')" = 'cd /tmp;echo a;echo b;ls -l;' ] ||
	fail "history: $(cat "$a/.bash_history")"
rm "$a/.bash_history"
both
times='%s '
typed "$a" 'first'
both
for i in 1 2 3; do
	typed "$a" "a $i"
	typed "$b" "b $i"
done
both
[ "$(grep -c '^#[0-9]*$' "$a/.bash_history")" = 7 ] ||
	fail "times: $(cat "$a/.bash_history")"
awk '/^#[0-9]+$/ { if (stamp) exit 1; stamp = 1; next }
	!stamp { exit 1 } { stamp = 0 }' "$a/.bash_history" ||
	fail "a time lost its command: $(cat "$a/.bash_history")"
grep '^#' "$a/.bash_history" | sort -c || fail "not in the order of time"
no_conflicts bash

# --- ssh-keygen --------------------------------------------------------------
if has ssh-keygen; then
	for host in one two three; do
		ssh-keygen -q -t ed25519 -N '' -f "$work/key.$host"
		cut -d ' ' -f 1,2 "$work/key.$host.pub" > "$work/pub.$host"
	done
	echo "one $(cat "$work/pub.one")" > "$a/.ssh/known_hosts"
	both
	echo "two $(cat "$work/pub.two")" >> "$a/.ssh/known_hosts"
	echo "three $(cat "$work/pub.three")" >> "$b/.ssh/known_hosts"
	ssh-keygen -q -R one -f "$b/.ssh/known_hosts" > /dev/null 2>&1
	rm "$b/.ssh/known_hosts.old" # stays local
	both
	for host in two three; do
		ssh-keygen -F "$host" -f "$a/.ssh/known_hosts" > /dev/null ||
			fail "$host is unknown"
	done
	if ssh-keygen -F one -f "$a/.ssh/known_hosts" > /dev/null; then
		fail "one is known again"
	fi
	no_conflicts ssh-keygen
fi

# --- git ---------------------------------------------------------------------
if has git; then
	g() { git config --file "$@"; }
	g "$a/.gitconfig" user.name 'A Person'
	g "$a/.gitconfig" core.editor vi
	g "$a/.gitconfig" alias.st status
	both
	g "$a/.gitconfig" user.email a@example.org
	g "$a/.gitconfig" remote.x.url here
	g "$b/.gitconfig" alias.ci commit
	g "$b/.gitconfig" push.default simple
	both
	[ "$(g "$b/.gitconfig" remote.x.url) $(g "$b/.gitconfig" push.default)" = \
		'here simple' ] || fail "git: $(cat "$b/.gitconfig")"
	[ "$(g "$a/.gitconfig" user.email) $(g "$a/.gitconfig" alias.ci)" = \
		'a@example.org commit' ] || fail "git: $(cat "$a/.gitconfig")"
	no_conflicts git
fi

# --- KDE's settings ------------------------------------------------------------
if has kwriteconfig5; then
	k() {
		local home=$1
		shift
		HOME=$home XDG_CONFIG_HOME=$home/.config kwriteconfig5 "$@" \
			2> /dev/null
	}
	k "$a" --file kdeglobals --group General --key Name first
	k "$a" --file kdeglobals --group Icons --key Theme breeze
	both
	k "$a" --file kdeglobals --group General --group Inner --key A 1
	k "$a" --file kdeglobals --group General --key Name second
	k "$b" --file kdeglobals --group Icons --key Theme oxygen
	k "$b" --file kdeglobals --group New --key B 2
	both
	[ "$(HOME=$a XDG_CONFIG_HOME=$a/.config kreadconfig5 --file kdeglobals \
		--group General --key Name 2> /dev/null)" = second ] ||
		fail "kdeglobals: $(cat "$a/.config/kdeglobals")"
	for line in '[General][Inner]' Theme=oxygen '[New]' B=2; do
		grep -qxF "$line" "$a/.config/kdeglobals" || fail "no $line"
	done
	no_conflicts kwriteconfig5
fi

# --- GNOME's database ----------------------------------------------------------
if [ -x /usr/bin/dconf ]; then
	# d HOME LINE ...: the database has these keys.
	d() {
		local home=$1
		shift
		mkdir -p "$home/.config/dconf" "$work/keys"
		printf '%s\n' "$@" > "$work/keys/all"
		dconf compile "$home/.config/dconf/user" "$work/keys"
	}
	dump() {
		echo "file-db:$1/.config/dconf/user" > "$work/profile"
		DCONF_PROFILE=$work/profile dconf dump /
	}
	d "$a" '[org/x]' 'one=1' "two='2'" '[org/y]' 'three=[1, 2]'
	both
	d "$a" '[org/x]' 'one=10' "two='2'" '[org/y]' 'three=[1, 2]'
	d "$b" '[org/x]' 'one=1' '[org/y]' 'three=[1, 2]' '[org/z]' 'new=true'
	expect 0 on a sync
	expect 0 on b --json sync
	[ "$(json '[x["driver"] for x in d["actions"]]')" = "['dconf']" ] ||
		fail "dconf: $out"
	both
	[ "$(dump "$a" | tr '\n' ';')" = \
		'[org/x];one=10;;[org/y];three=[1, 2];;[org/z];new=true;' ] ||
		fail "dconf: $(dump "$a")"
	no_conflicts dconf
fi

# The same settings in a file of keys, which GLib writes where there is no dconf.
schema=org.gnome.desktop.interface
if has gsettings && gsettings list-schemas 2> /dev/null | grep -qx "$schema"; then
	s() {
		HOME=$1 XDG_CONFIG_HOME=$1/.config GSETTINGS_BACKEND=keyfile \
			gsettings "${@:2}" 2> /dev/null
	}
	s "$a" set "$schema" clock-show-date false
	both
	s "$a" set "$schema" clock-show-seconds true
	s "$a" set org.gnome.desktop.background picture-uri 'file:///a'
	s "$b" set "$schema" cursor-size 32
	s "$b" reset "$schema" clock-show-date
	both
	[ "$(s "$b" get "$schema" clock-show-seconds) $(s "$a" get "$schema" \
		cursor-size) $(s "$a" get "$schema" clock-show-date)" = \
		'true 32 true' ] ||
		fail "gsettings: $(cat "$a/.config/glib-2.0/settings/keyfile")"
	no_conflicts gsettings
fi

# --- Editors: a temporary file that is renamed over the old one -----------------
mkdir -p "$a/docs"
printf '%s\n' one two three > "$a/docs/text"
both
if has vim; then
	HOME=$a vim -Nu NONE -es -c 'set writebackup backupcopy=no' \
		-c '1s/one/ONE/' -c wq "$a/docs/text" || :
else
	sed -i s/one/ONE/ "$a/docs/text"
fi
sed -i s/three/THREE/ "$b/docs/text"
touch -d 'now + 1 minute' "$b/docs/text"
both
[ "$(tail -1 "$a/docs/text")" = THREE ] || fail "the newer version lost"
expect 0 on a --json conflicts
[ "$(json '[(c["path"], c["machine"]) for c in d["conflicts"]]')" = \
	"[('docs/text', 'a')]" ] || fail "an editor's version is gone: $out"
expect 0 on a conflicts drop "$(json 'd["conflicts"][0]["id"]')"
expect 0 on a sync
mkdir -p "$a/.config/roam"
echo 'merge=text docs/**' > "$a/.config/roam/rules"
both
sed -i s/two/TWO/ "$a/docs/text"
python3 - "$b/docs/text" <<-'END2' # as LibreOffice and GLib save
	import os, sys
	path = sys.argv[1]
	text = open(path).read() + 'four\nfive\n'
	with open(path + '.tmp', 'w') as f:
	    f.write(text)
	    os.fsync(f.fileno())
	os.rename(path + '.tmp', path)
END2
expect 0 on a sync
expect 0 on b sync
expect 0 on a sync
grep -qx TWO "$a/docs/text" || fail "text: $(cat "$a/docs/text")"
[ "$(tail -1 "$a/docs/text")" = five ] || fail "text: $(cat "$a/docs/text")"

# --- GnuPG ---------------------------------------------------------------------
# Two machines make a key each. The ring of public keys is one file that nobody
# merges: one of the two versions is in place, whole, and the other is kept.
if has gpg && has gpgconf; then
	mkdir -m 700 "$a/.gnupg"
	pg() {
		GNUPGHOME=$1/.gnupg gpg --batch --quiet --no-tty \
			--passphrase '' "${@:2}" 2> /dev/null
	}
	stop_agents() {
		for m in a b; do
			GNUPGHOME=$work/$m/.gnupg gpgconf --kill all || :
		done
	}
	trap 'stop_agents; clean_up' EXIT
	pg "$a" --quick-gen-key both@example.org ed25519 default never
	stop_agents
	expect 0 on a sync
	expect 0 on b sync
	pg "$a" --quick-gen-key a@example.org ed25519 default never
	pg "$b" --quick-gen-key b@example.org ed25519 default never
	stop_agents
	expect 0 on a sync
	expect 0 on b sync
	expect 0 on a sync
	listed=$(pg "$a" --list-keys | grep -o '[a-z]*@example.org' | sort |
		tr '\n' ' ')
	[ "$listed" = 'a@example.org both@example.org ' ] ||
		[ "$listed" = 'b@example.org both@example.org ' ] ||
		fail "gpg: $listed"
	[ "$(find "$a/.gnupg/private-keys-v1.d" -name '*.key' | wc -l)" = 3 ] ||
		fail "gpg: a secret key is gone: $(ls "$a/.gnupg"/*)"
	expect 0 on a --json conflicts
	[ "$(json '[c["path"] for c in d["conflicts"]
		if c["path"].endswith(".kbx")]')" = "['.gnupg/pubring.kbx']" ] ||
		fail "gpg: $out"
	stop_agents
fi

# --- While runs are going on -------------------------------------------------------
unset times
for m in a b; do
	(
		for i in $(seq 40); do
			typed "$work/$m" "$m$i"
		done
	) &
	eval "pid_$m=\$!"
done
# shellcheck disable=SC2154 # by eval
while kill -0 "$pid_a" 2> /dev/null || kill -0 "$pid_b" 2> /dev/null; do
	for m in a b; do
		status=0
		on "$m" -q sync > "$work/.out" 2>&1 || status=$?
		[ "$status" = 0 ] || [ "$status" = 7 ] ||
			fail "sync while $m types: $(cat "$work/.out")"
	done
done
wait "$pid_a" "$pid_b"
both
for m in a b; do
	for i in $(seq 40); do
		[ "$(grep -cx "$m$i" "$a/.bash_history")" = 1 ] ||
			fail "$m$i: $(cat "$a/.bash_history")"
	done
done
expect 0 on b sync
says 'nothing to do'
expect 0 on a verify --data
