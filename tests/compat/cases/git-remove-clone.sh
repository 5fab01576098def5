#!/bin/bash
# needs: git
# limit: change it outside the cage
. "$COMPAT_LIB/case.bash"

# What one run made with git, a later one takes away again.
new_repository app
cd app
caged -- git worktree add -q -b side wt
caged -- git clone -q . copy
caged -- git worktree remove wt
same worktrees 1 "$(git worktree list | wc -l)"
caged -- rm -rf copy
same 'left to commit' '' "$(git status --porcelain)"
