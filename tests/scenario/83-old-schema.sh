#!/usr/bin/env bash
# A real domain controller whose schema is that of Windows Server 2008 R2: it
# answers everything about primary computers with success, and nothing.
if [ -z "${DC-}" ]; then
	[ -x "${ROAM_LIBEXEC:-$PWD}/roam-ldap" ] ||
		{ echo 'built without roam-ldap'; exit 77; }
	exec "${srcdir:-.}/tests/directory/with-directory" -s 2008_R2 "$0" "$@"
fi
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"

# decides VERDICT STATUS LINE ...: by settings with these lines.
decides() {
	local verdict=$1 status=$2
	shift 2
	printf '%s\n' '[directory]' 'primary_computers = yes' 'timeout = 20s' \
		"keytab = $DC/keytabs/ws1" "$@" > "$work/conf"
	expect "$status" "$ROAM" --config "$work/conf" --json primary check alice
	[ "$(json "d['verdict']")" = "$verdict" ] || fail "not $verdict: $out"
}

decides unsupported 0
says 'knows no primary computers'
[ "$(json "d['facts']['schema'], d['facts']['listed']")" = "(False, None)" ] ||
	fail "$out"
decides unsupported 4 'require_schema = yes'
decides unsupported 0 'group_values = nested' 'back_link = yes'
decides unsupported 0 'profile_path = yes'
[ "$(json "d['store']")" = smb://dc1.lab.example/profiles/alice.linux ] ||
	fail "$out"

export KRB5CCNAME=FILE:$work/cc
echo Adm1n.Pass | kinit Administrator > /dev/null
expect 4 "$ROAM" --config "$work/conf" primary add alice ws1
says 'older than Windows Server 2012'
