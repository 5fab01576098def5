#!/bin/bash
# needs: git
# limit: change git's configuration outside the cage
. "$COMPAT_LIB/case.bash"

new_repository part
new_repository app
allow=(-c protocol.file.allow=always)
git -C app "${allow[@]}" submodule --quiet add "$PWD/part" lib
git -C app commit -q -m 'with a submodule'
git clone -q app fresh

# A fresh clone whose submodule a run fetches. What it comes from lies beside it, so the workspace is the folder of both.
cd fresh
caged --workspace "$COMPAT_FOLDER" -- git "${allow[@]}" submodule --quiet update --init
same 'submodule' "$(git rev-parse HEAD:lib)" "$(git -C lib rev-parse HEAD)"
same 'left to commit' '' "$(git status --porcelain)"
