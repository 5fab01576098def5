#!/bin/bash
# needs: git
. "$COMPAT_LIB/case.bash"

new_repository app
git -C app worktree add -q -b side ../side

# An agent started in a linked worktree: the objects and refs it writes lie in the other folder.
cd side
printf 'side\n' >>file.txt
caged -- git commit -q -a -m 'from the worktree'
cd ..
same 'branch side' 'from the worktree' "$(git -C app log -1 --format=%s side)"
same 'left to commit' '' "$(git -C side status --porcelain)"

# What deletes refs locks a file beside them.
cd side
caged -- sh -ec 'git branch gone
git branch -q -D gone
git tag gone
git tag -d gone
echo stashed >>file.txt
git stash -q
git stash pop -q
git commit -q -a -m stashed
git checkout -q -b picked HEAD~1
git cherry-pick side
git rebase -q side
git checkout -q side'
cd ..
same 'branch side' stashed "$(git -C app log -1 --format=%s side)"
same 'left to commit' '' "$(git -C side status --porcelain)"

# An agent that makes a worktree below its own workspace.
cd app
caged -- sh -c 'git worktree add -q -b below wt && cd wt && echo below >>file.txt && git commit -q -a -m "from below"'
same 'branch below' 'from below' "$(git log -1 --format=%s below)"
same worktrees 3 "$(git worktree list | wc -l)"
git fsck --strict --no-progress
