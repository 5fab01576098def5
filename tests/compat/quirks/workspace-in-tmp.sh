#!/bin/bash
# needs: python3
. "$COMPAT_LIB/case.bash"

# Agents often work in a folder that mktemp made: it shows through the private /tmp, the rest of /tmp does not.
there=$(mktemp -d /tmp/compat-XXXXXX)
beside=$(mktemp -d /tmp/compat-XXXXXX)
trap 'rm -rf -- "$there" "$beside"' EXIT
cd "$there"
caged -- sh -c "echo 1 >file && echo 2 >/tmp/private-${there##*/}"
same file 1 "$(cat "$there/file")"
if in_cage; then
    [[ ! -e /tmp/private-${there##*/} ]] || fail 'the run wrote to the real /tmp'
    same 'the box keeps /tmp' 2 "$(caged -- cat /tmp/private-${there##*/})"
    caged -- test -e "$beside" && fail 'another folder of /tmp shows'
fi
rm -f /tmp/private-${there##*/}
