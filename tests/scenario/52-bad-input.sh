#!/usr/bin/env bash
# Whatever is wrong with what a user gives: one line that says what it is about,
# why it is refused and what to do, the exit status of the contract, an object
# for scripts; and nothing has changed.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

home=$work/home
mkdir -p "$home/.config/roam" "$home/docs" "$work/other"
echo one > "$home/docs/one"
: > "$work/empty.conf"

# A command line with nothing but what is said: roam's own environment.
bare() {
	ROAM_MACHINE=${machine-m} LC_ALL=${locale-C} "$ROAM" "$@"
}

base=(--home "$home" --store "file://$store" --config "$work/empty.conf")

marks() {
	find "$home" "$store" -printf '%p %y %m %s %T@ %C@ %i\n' 2> /dev/null |
		grep -av '/\.local/state/roam/\(lock\|status\)\|/roam d ' | sort
}

# refused STATUS KIND TEXT COMMAND ...: with and without --json, one line with
# that text on stderr, and nothing has changed.
refused() {
	local want=$1 kind=$2 text=$3
	shift 3
	marks > "$work/before"
	for json in '' --json; do
		# shellcheck disable=SC2086
		expect "$want" "$@" $json
		[ "$(wc -l < "$work/.err")" = 1 ] || fail "lines of $*: $err"
		[[ $err == "roam: "*"$text"* ]] ||
			fail "$*: '$text' is not in: $err"
		[[ ! $err =~ ^roam:\ ([a-z]+):\ ([a-z]+): ]] ||
			[ "${BASH_REMATCH[1]}" != "${BASH_REMATCH[2]}" ] ||
			fail "said twice: $err"
		if LC_ALL=C grep -q $'[^ -~]' "$work/.err"; then
			fail "$*: not plain: $err"
		fi
	done
	[[ $out == '{"error":{"kind":"'$kind'","message":"'?*'"}}' ]] ||
		fail "$*: $out"
	marks | diff "$work/before" - || fail "$*: something has changed"
}

usage() {
	refused 2 usage "$@"
}

expect 0 bare "${base[@]}" push
echo two >> "$home/docs/one"
expect 0 bare "${base[@]}" push

# --- The command line -------------------------------------------------------
expect 2 bare
says "no command given"
says "Commands:"
usage "frobnicate: unknown command" bare "${base[@]}" frobnicate
usage "pul: unknown command" bare "${base[@]}" pul
usage "--nonsense: unknown option" bare "${base[@]}" --nonsense pull
usage "-x: unknown option" bare "${base[@]}" pull -x
usage "-x: unknown option" bare "${base[@]}" pull -qx
usage "--json=yes" bare "${base[@]}" pull --json=yes
usage "--dry" bare "${base[@]}" log --dry-run
usage "--data: not an option of pull" bare "${base[@]}" pull --data
usage "--from: not an option of sync" bare "${base[@]}" sync --from 1
expect 2 bare --json pull --store
says "--store: needs an argument"
expect 2 bare "${base[@]}" --json pull --wait
says "--wait: needs an argument"
says '"kind":"usage"'
for number in -1 x '' 1x 1.5 0x10 ' 1' 99999999999999999999 +1; do
	usage "--wait" bare "${base[@]}" pull --wait="$number"
done
for command in export why; do
	usage "$command: too few arguments" bare "${base[@]}" $command
	usage "$command: too many arguments" bare "${base[@]}" $command 1 2
done
usage "show: too few arguments" bare "${base[@]}" show
usage "show: too many arguments" bare "${base[@]}" show 1 2 3
usage "restore: too few arguments" bare "${base[@]}" restore
for command in pull push sync plan status verify gc config; do
	usage "$command: too many arguments" bare "${base[@]}" $command extra
done
usage "log: too many arguments" bare "${base[@]}" log 1 2
usage "diff: too many arguments" bare "${base[@]}" diff 1 2 3 4
usage "conflicts: too many" bare "${base[@]}" conflicts take 1 2
usage "conflicts" bare "${base[@]}" conflicts frob
usage "conflicts" bare "${base[@]}" conflicts show
usage "conflicts" bare "${base[@]}" conflicts take
usage "conflicts" bare "${base[@]}" conflicts list 0123456789abcdef
for command in "show GEN" "export GEN" "diff GEN" "diff 1 GEN" \
	"restore docs/one --from GEN"; do
	for gen in x 0 1x '' ' 1' 1.0 99999999999999999999 1000000000000; do
		# What is no number may be the path that diff is to look at.
		[[ $command != diff* || $gen =~ ^[0-9]+$ ]] || continue
		read -ra words <<< "${command/GEN/@}"
		usage "not a generation" bare "${base[@]}" \
			"${words[@]/@/$gen}"
	done
	read -ra words <<< "${command/GEN/9}"
	refused 1 gone "9" bare "${base[@]}" "${words[@]}"
done
refused 1 gone "docs/two" bare "${base[@]}" restore docs/two
refused 1 gone "nothing" bare "${base[@]}" restore nothing --from 1
refused 1 gone "nothing" bare "${base[@]}" restore nothing --to "$work/other"
for path in ../x /etc/passwd docs/../../x ''; do
	usage "" bare "${base[@]}" restore "$path"
	usage "" bare "${base[@]}" why "$path"
done
for verb in show take drop; do
	for id in 1 x 0000000000000000 0123456789ABCDEF 0x23456789abcdef \
		../../../../etc/passwd '' ' 123456789abcdef'; do
		usage "not a conflict's ID" bare "${base[@]}" \
			conflicts $verb "$id"
	done
	refused 1 gone "0123456789abcdef" bare "${base[@]}" \
		conflicts $verb 0123456789abcdef
done

# --- The store --------------------------------------------------------------
at() {
	bare --home "$home" --config "$work/empty.conf" --store "$@"
}
for url in http://server/share ftp://x smb:/server/share smb://server \
	smb:// smb://server/ smb:///share file://relative file:relative \
	file://host/dir file:// file:/// file:///a%zz file:///a%0 file:///%00 \
	file:///a%2 'file:///a?b' 'file:///a#b' nonsense '' ' ' \
	"$store" relative/path '://' 'file' $'x\x1b[31m:///a' \
	"file:///$(printf 'x%.0s' {1..5000})"; do
	usage "" at "$url" pull
done
for command in push sync plan log verify gc "show 1" "diff 1" "export 1"; do
	# shellcheck disable=SC2086
	usage "file://relative" at file://relative $command
done
usage "no store is known" bare --home "$home" --config "$work/empty.conf" pull
for command in pull push sync plan log verify gc "show 1" "export 1"; do
	# shellcheck disable=SC2086
	refused 1 store "$work/empty.conf: not a directory" \
		at "file://$work/empty.conf" $command
	# shellcheck disable=SC2086
	refused 3 offline "missing" at "file://$work/no/where" $command
done
expect 0 at "file://localhost$store" log
expect 0 at "file://${store//s/%73}" log
expect 0 at "FILE://$store/" log

# As somebody who may not: only root can become one.
if [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null; then
	chmod 755 "$work"
	nobody=65534
	mkdir -m 700 "$work/closed" "$work/theirs"
	chown $nobody "$work/theirs"
	as_nobody() {
		ROAM_MACHINE=m ROAM_RULES_DIR=$work/rules \
			setpriv --reuid $nobody --regid $nobody --clear-groups \
			"$work/roam" --config "$work/empty.conf" "$@"
	}
	# Nobody may have no way to the source and the build.
	cp "$ROAM" "$work/roam"
	cp -r "$ROAM_RULES_DIR" "$work/rules"
	chmod -R a+rX "$work/roam" "$work/rules"
	chmod a+x "$work/roam"
	if as_nobody config --check > /dev/null 2>&1; then
		for command in pull push sync plan; do
			refused 1 store "closed: Permission denied" as_nobody \
				--home "$work/theirs" \
				--store "file://$work/closed" $command
			refused 4 policy "belongs to" as_nobody \
				--home "$home" --store "file://$store" $command
		done
		# Root does not do it for them.
		for command in pull push sync plan; do
			refused 4 policy "belongs to" bare "${base[@]}" \
				--home "$work/theirs" $command
		done
	fi
fi

# Somebody else's store, and one of the future.
if command -v zstd > /dev/null; then
	python3 "$srcdir/tests/store-writer.py" "$work/stores" <<-'END'
		{"theirs": [{"entries": [{"path": "x", "content": "x"}],
		             "commit": {"user": "mallory"}}],
		 "newer": [{"entries": [], "commit": {"format": 2}}]}
	END
	for command in pull push sync plan; do
		refused 4 policy "mallory" at "file://$work/stores/theirs" \
			$command
		refused 4 policy "update Roam" at "file://$work/stores/newer" \
			$command
	done
	refused 4 policy "update Roam" at "file://$work/stores/newer" log
fi

# --- The home ---------------------------------------------------------------
ln -s "$home" "$work/link"
: > "$work/file"
in_home() {
	bare --store "file://$store" --config "$work/empty.conf" --home "$@"
}
for command in pull push sync plan status "why x" "restore docs/one"; do
	for dir in "$work/link" "$work/file" "$work/missing" "$work/file/x" '' \
		/dev/null; do
		# shellcheck disable=SC2086
		usage "" in_home "$dir" $command
	done
done
expect 0 in_home "$home/" pull
(cd "$work" && expect 0 in_home home pull)

# What lies where the state belongs.
mkdir "$work/away"
for thing in "ln -s $work/away" "touch" "mkfifo"; do
	rm -rf "${work:?}/odd"
	mkdir -p "$work/odd/.local/state"
	$thing "$work/odd/.local/state/roam"
	got=0
	timeout 10 "$ROAM" "${base[@]}" --home "$work/odd" pull \
		> "$work/.out" 2> "$work/.err" || got=$?
	[ $got = 1 ] || [ $got = 2 ] || fail "$thing: exit $got"
	[ "$(wc -l < "$work/.err")" = 1 ] || fail "$thing: $(cat "$work/.err")"
	[ -z "$(ls -A "$work/away")" ] || fail "wrote through a link"
	[ "$(ls -A "$work/odd")" = .local ] || fail "$thing: pulled all the same"
done

# --- Settings and rules -----------------------------------------------------
with_conf() {
	printf '%s\n' "$1" > "$work/bad.conf"
	shift
	bare --home "$home" --store "file://$store" --config "$work/bad.conf" \
		"$@"
}
usage "$work/none.conf: no such file" bare "${base[@]}" \
	--config "$work/none.conf" pull
usage "$work: not a regular file" bare "${base[@]}" --config "$work" pull
usage "bad.conf:2: " with_conf $'[roam]\nnonsense = 1' pull
usage "bad.conf:2: " with_conf $'[roam]\ncheck_owner = perhaps' sync
usage "bad.conf:3: " with_conf $'[roam]\n\nstore = ftp://x' push
usage "bad.conf:1: " with_conf 'no line of settings' pull
usage "bad.conf:2: " with_conf $'[unknown]\nkeep = 30d' pull
usage "bad.conf:2: " with_conf $'[roam]\nguard_percent = 101' pull
usage "bad.conf:2: " with_conf $'[roam]\nguard_count = -1' pull
usage "bad.conf:2: " with_conf $'[roam]\nkeep = 30 fortnights' pull
usage "bad.conf:2: " with_conf $'[roam]\nstore = file:///%q' pull
usage "bad.conf:1: " with_conf "$(printf 'x%.0s' {1..5000})" pull
usage "bad.conf:2: " with_conf $'[roam]\n\xff\xfe = 1' pull

rules() {
	printf '%s\n' "$1" > "$home/.config/roam/rules"
	usage "$home/.config/roam/rules:$2: " bare "${base[@]}" "$3"
}
for command in pull push sync plan; do
	rules 'frob /x' 1 $command
	rules $'local /x\n\n# fine\nlocal' 4 $command
	rules 'merge=nonsense /x' 1 $command
	rules 'merge= /x' 1 $command
	rules "local $(printf 'x%.0s' {1..5000})" 1 $command
	rules 'local [' 1 $command
done
rm "$home/.config/roam/rules"
mkfifo "$home/.config/roam/rules"
usage "rules: not a regular file" timeout 10 "$ROAM" "${base[@]}" pull
rm "$home/.config/roam/rules"

# --- Machine, output, locale ------------------------------------------------
machine=$(printf 'm%.0s' {1..256})
usage "ROAM_MACHINE" bare "${base[@]}" pull
machine=$'a\nb'
usage "ROAM_MACHINE" bare "${base[@]}" push
machine=$'a\x1b[31m'
usage "ROAM_MACHINE" bare "${base[@]}" sync
machine=m
for command in log status plan "diff 1 2" "show 1" "conflicts" "why docs" \
	"export 1" config verify "log --json" "plan --json" "show 1 --json" \
	--help --version "pull --help"; do
	got=0
	# shellcheck disable=SC2086
	bare "${base[@]}" $command > /dev/full 2> "$work/.err" || got=$?
	[ $got = 1 ] || fail "$command to a full device: exit $got"
	[ "$(wc -l < "$work/.err")" = 1 ] || fail "$command: $(cat "$work/.err")"
	grep -q "No space left" "$work/.err" || fail "$command: $(cat "$work/.err")"
	got=0
	# shellcheck disable=SC2086
	bare "${base[@]}" $command >&- 2> "$work/.err" || got=$?
	[ $got = 1 ] || fail "$command to nowhere: exit $got"
	[ "$(wc -l < "$work/.err")" = 1 ] || fail "$command: $(cat "$work/.err")"
done
# A reader that has seen enough is no crash; nor is a closed stderr or stdin.
bare "${base[@]}" show 1 2> "$work/.err" | : || :
[ "$(wc -l < "$work/.err")" -le 1 ] || fail "$(cat "$work/.err")"
bare "${base[@]}" log > "$work/.out" 2>&- < /dev/null
bare "${base[@]}" log > "$work/.out" <&-
got=0
bare "${base[@]}" frobnicate 2>&- || got=$?
[ $got = 2 ] || fail "with stderr closed: exit $got"
# What was published stays so where nobody hears of it; the next run knows.
echo three >> "$home/docs/one"
got=0
bare "${base[@]}" push > /dev/full 2> "$work/.err" || got=$?
[ $got = 1 ] || fail "push to a full device: exit $got"
expect 0 bare "${base[@]}" sync
says "nothing to do"

odd=$'docs/\xff\xfe\xf0'
echo odd > "$home/$odd"
for locale in C C.UTF-8 de_DE.ISO-8859-1 tr_TR.UTF-8 no_SUCH.locale ''; do
	expect 0 bare "${base[@]}" --json plan
	[ "$(json 'd["actions"][0]["path"]')" = 'docs/%FF%FE%F0' ] ||
		fail "in locale $locale: $out"
	expect 0 bare "${base[@]}" plan
	says 'docs/\xff\xfe\xf0'
	usage "unknown command" bare "${base[@]}" $'\xff\xfe\nfrob'
done
unset locale

# A machine's name in another encoding harms neither people nor scripts.
machine=$'b\xfcro'
expect 0 bare "${base[@]}" push
echo here > "$home/docs/one"
touch -d '2020-01-01' "$home/docs/one"
mkdir "$work/second"
machine=m
expect 0 bare "${base[@]}" --home "$work/second" sync
echo there > "$work/second/docs/one"
expect 0 bare "${base[@]}" --home "$work/second" sync
machine=$'b\xfcro'
expect 0 bare "${base[@]}" sync
for command in log "show 3" conflicts status config plan "diff 1" verify; do
	# shellcheck disable=SC2086
	expect 0 bare "${base[@]}" --json $command
	[ "$(json 'type(d).__name__')" = dict ] || fail "$command: $out"
	# shellcheck disable=SC2086
	expect 0 bare "${base[@]}" $command
	if LC_ALL=C grep -q $'\xfc' "$work/.out" "$work/.err"; then
		fail "$command: not plain: $out"
	fi
done

# Nor does the name of a store, or of a home.
mkdir "$work/"$'st\xf6re' "$work/"$'h\xf6me'
for command in pull sync plan log "show 1" status verify config; do
	# shellcheck disable=SC2086
	expect 0 bare --home "$work/"$'h\xf6me' --config "$work/empty.conf" \
		--store "file://$work/"$'st\xf6re' --json $command
	[ "$(json 'type(d).__name__')" = dict ] || fail "$command: $out"
	echo x > "$work/"$'h\xf6me/x'
done
