#!/bin/bash
# needs: git
. "$COMPAT_LIB/case.bash"

new_repository .
printf 'two\n' >>file.txt
caged -- git add file.txt
caged -- git commit -q -m second
same subject second "$(git log -1 --format=%s)"
same author 'Compat Case' "$(git log -1 --format=%an)"
same 'left to commit' '' "$(git status --porcelain)"
git fsck --strict --no-progress

caged -- sh -c 'git checkout -q -b topic && echo three >new.txt && git add . && git commit -q -m third &&
  git stash list && git tag v1 && git gc -q && git checkout -q main && git merge -q --no-ff -m merged topic'
same merged merged "$(git log -1 --format=%s)"
same tag v1 "$(git tag)"
same branch main "$(git branch --show-current)"
same 'left to commit' '' "$(git status --porcelain)"
git fsck --strict --no-progress
