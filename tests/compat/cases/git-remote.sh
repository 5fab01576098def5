#!/bin/bash
# needs: git
# limit: change git's configuration outside the cage
. "$COMPAT_LIB/case.bash"

new_repository .
git init -q --bare -b main remote.git
echo remote.git >.git/info/exclude

caged -- git remote add origin "$PWD/remote.git"
same 'url after the run' "$PWD/remote.git" "$(git remote get-url origin)"
caged -- git push -q -u origin main
same 'upstream after the run' origin/main "$(git rev-parse --abbrev-ref 'main@{upstream}')"
caged -- git remote set-url origin ./remote.git
same 'url set in a run' ./remote.git "$(git remote get-url origin)"
