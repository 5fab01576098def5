#!/bin/bash
# needs: git
. "$COMPAT_LIB/case.bash"

# git neither finds the folder suspicious nor thinks that every file has changed, inside or afterwards.
new_repository .
chmod 755 file.txt
git commit -q -a -m mode
same 'inside' '' "$(caged -- git status --porcelain 2>&1)"
same 'outside, index as the run left it' '' "$(git --no-optional-locks status --porcelain 2>&1)"
git diff-files --quiet || fail 'the run left the index stale'
caged -- sh -c 'echo 2 >>file.txt && git commit -q -a -m second'
same 'after a commit' '' "$(git status --porcelain 2>&1)"
same 'owners below .git' "$(id -un)" "$(find . -printf '%u\n' | sort -u)"
git diff-files --quiet || fail 'the run left the index stale'
