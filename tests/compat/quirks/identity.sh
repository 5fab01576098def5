#!/bin/bash
# needs: python3
. "$COMPAT_LIB/case.bash"

# Who and where a run thinks it is. A root caller's run has a uid of its own, which must have a name and no power.
same HOME "$HOME" "$(caged -- sh -c 'echo "$HOME"')"
same 'home in passwd' "$HOME" "$(caged -- sh -c 'getent passwd "$(id -u)" | cut -d: -f6')"
same 'name' "$(caged -- id -un)" "$(caged -- sh -c 'whoami')"
same 'tilde is writable' yes "$(caged -- sh -c 'touch ~/.compat-tilde && [ -O ~/.compat-tilde ] && rm ~/.compat-tilde && echo yes')"
same cwd "$PWD" "$(caged -- sh -c 'pwd -P')"
if in_cage; then
    [[ $(caged -- id -u) != 0 ]] || fail 'the command ran as uid 0'
    same 'no capability' 0000000000000000 "$(caged -- sh -c 'sed -n "s/^CapEff:\t//p" /proc/self/status')"
    lacks groups shadow "$(caged -- id -Gn 2>/dev/null)"
fi
