#!/bin/bash
# needs: git
. "$COMPAT_LIB/case.bash"

# A remote that lies in the workspace: pushed to, fetched from, pulled from.
new_repository .
git clone -q --bare . remote.git
echo remote.git >.git/info/exclude
git remote add origin "$PWD/remote.git"
git fetch -q
git branch -q --set-upstream-to origin/main

echo 2 >>file.txt
caged -- git commit -q -a -m second
caged -- git push -q
same pushed "$(git rev-parse main)" "$(git -C remote.git rev-parse main)"
caged -- git push -q origin HEAD:refs/heads/topic
same 'new branch' "$(git rev-parse main)" "$(git -C remote.git rev-parse topic)"

# Somebody else pushes, the agent pulls.
git clone -q remote.git other
git -C other -c user.name=O -c user.email=o@example.invalid commit -q --allow-empty -m theirs
git -C other push -q
rm -r other
caged -- git pull -q
same pulled theirs "$(git log -1 --format=%s)"
git fsck --strict --no-progress
