#!/bin/bash
# needs: git
. "$COMPAT_LIB/case.bash"

caged -- sh -c 'git init -q -b main made && cd made && git config user.name N && git config user.email n@example.invalid &&
  echo 1 >a && git add a && git commit -q -m inside && cd .. && git clone -q made copy'
same subject inside "$(git -C made log -1 --format=%s)"
same clone inside "$(git -C copy log -1 --format=%s)"
same 'clone origin' "$PWD/made" "$(git -C copy remote get-url origin)"
