#!/usr/bin/env bash
# The rules are checked as a whole and line by line, listed with where they
# come from, and read on the machines of their class alone.
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

# The catalogue has no fault.
expect 0 on a rules check
says ' 0 faults'

# Faults are named by file and line, and are the exit status of bad settings.
rules=$work/rules.d
mkdir -p "$rules"
cat > "$rules/10-x.rules" << 'END'
frobnicate /x # no class
local .cache/ # cache
roam .cache/x # in vain
merge=sorcery y # no driver
local z
END
export ROAM_RULES_DIR=$rules
expect 2 on a rules check
for line in "1: 'frobnicate' is not" "1: no version" '3: never decides' \
	"4: no merge driver 'sorcery'" '5: no reason'; do
	says "$rules/10-x.rules:$line"
done
expect 2 on a --json rules check
[ "$(json 'sorted({f["line"] for f in d["faults"]})')" = '[1, 3, 4, 5]' ] ||
	fail "$out"
# A run does not guess what a bad line meant.
expect 2 on a sync
says "$rules/10-x.rules:1: "
expect 2 on a rules check "$rules/none.rules"
says "$rules/none.rules: no such file"
expect 2 on a rules frob

# Rules for a class of machines: only where they belong, over the others.
arch=$(uname -m)
os=$(sed -n 's/^ID="\{0,1\}\([^"]*\).*/\1/p' /etc/os-release) || os=
mkdir -p "$rules/arch-$arch" "$rules/arch-none" "$rules/group-lab" \
	"$rules/group-office" "$rules/elsewhere"
printf '# Version: 3\nlocal /by-all # x\n' > "$rules/10-x.rules"
printf '# Version: 1\nroam /by-all # x\nlocal /by-arch # x\n' \
	> "$rules/arch-$arch/a.rules"
printf '# Version: 1\nlocal /by-other # x\n' > "$rules/arch-none/a.rules"
printf '# Version: 1\nlocal /by-lab # x\n' > "$rules/group-lab/a.rules"
printf '# Version: 1\nlocal /by-office # x\n' > "$rules/group-office/a.rules"
if [ -n "$os" ]; then
	mkdir "$rules/os-$os"
	printf '# Version: 1\nlocal /by-os # x\n' > "$rules/os-$os/a.rules"
fi
printf '[roam]\ngroups = lab, cellar\n' > "$work/lab.conf"
expect 0 on a --config "$work/lab.conf" rules check
expect 0 on a --config "$work/lab.conf" --json rules list
[ "$(json '[(f["overlay"], f["version"]) for f in d["files"]
	if f["overlay"] != "os-'"$os"'"]')" = \
	"[(None, 3), ('arch-$arch', 1), ('group-lab', 1)]" ] || fail "$out"
class() {
	expect 0 on a --config "$work/lab.conf" --json why "$1"
	[ "$(json 'd["class"]')" = "$2" ] || fail "$1 is not $2: $out"
}
class by-all roam
class by-arch local
class by-other roam
class by-lab local
class by-office roam
[ -z "$os" ] || class by-os local

# Nobody reads a directory of another name, nor knows such a group.
printf 'local /x # x\n' > "$rules/elsewhere/a.rules"
expect 2 on a --config "$work/lab.conf" rules check
says "$rules/elsewhere/a.rules:1: never read"
rm -r "$rules/elsewhere"
printf '[roam]\ngroups = ../etc\n' > "$work/bad.conf"
expect 2 on a --config "$work/bad.conf" rules list
says "$work/bad.conf:2: "

# What an overlay keeps local on one machine roams between the others.
export ROAM_RULES_DIR=$rules
lab() {
	on "$1" --config "$work/lab.conf" "${@:2}"
}
mkdir -p "$work/a" "$work/b" "$work/c"
echo lab > "$work/a/by-lab"
echo b > "$work/b/by-lab"
expect 0 on b sync
expect 0 lab a sync
expect 0 on c sync
[ "$(cat "$work/a/by-lab" "$work/b/by-lab" "$work/c/by-lab")" = \
	$'lab\nb\nb' ] || fail "an overlay has leaked"
