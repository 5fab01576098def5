#!/bin/bash
# needs: git
. "$COMPAT_LIB/case.bash"

new_repository part
new_repository app
allow=(-c protocol.file.allow=always)
git -C app "${allow[@]}" submodule --quiet add "$PWD/part" lib
git -C app commit -q -m 'with a submodule'

# An agent that works on a submodule and on what holds it.
cd app
git -C lib config user.name 'Compat Case'
git -C lib config user.email compat@example.invalid
caged -- sh -c 'cd lib && echo 2 >>file.txt && git commit -q -a -m "in the submodule"'
caged -- git commit -q -a -m 'moves the submodule'
same 'submodule commit' 'in the submodule' "$(git -C lib log -1 --format=%s)"
same 'held commit' "$(git -C lib rev-parse HEAD)" "$(git rev-parse HEAD:lib)"
same 'left to commit' '' "$(git status --porcelain)"

# An agent started inside the submodule: its .git folder is the outer repository's.
cd lib
caged -- sh -c 'echo 3 >>file.txt && git commit -q -a -m "started inside"'
same 'submodule commit' 'started inside' "$(git log -1 --format=%s)"
