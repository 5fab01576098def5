#!/bin/bash
# needs: git
. "$COMPAT_LIB/case.bash"

new_repository .
for n in 2 3 4; do
    echo "$n" >"file$n"
    git add "file$n"
    git commit -q -m "commit $n"
done
caged -- env GIT_SEQUENCE_EDITOR='sed -i -e "2s/^pick/fixup/"' git rebase -q -i HEAD~3
same 'commits left' $'commit 4\ncommit 2\nfirst' "$(git log --format=%s)"
same 'left to commit' '' "$(git status --porcelain)"

# A conflict, resolved in a second run.
git checkout -q -b other HEAD~1
echo other >file4
git add file4
git commit -q -m 'commit other'
caged -- git rebase main && fail 'the rebase met no conflict'
echo both >file4
caged -- sh -c 'git add file4 && GIT_EDITOR=true git rebase --continue'
same rebased 'commit other' "$(git log -1 --format=%s)"
same parent 'commit 4' "$(git log -1 --format=%s HEAD~1)"
git fsck --strict --no-progress
