#!/bin/bash
# needs: git
# limit: change git's configuration outside the cage
. "$COMPAT_LIB/case.bash"

# Taking up somebody's branch makes git note the upstream in its configuration.
new_repository origin
git -C origin branch topic
git clone -q origin app
cd app
caged -- git switch -q topic
same branch topic "$(git branch --show-current)"
# git says that it could not, and exits 0 all the same; asked for the setting itself, it fails as it should.
git rev-parse -q --verify '@{upstream}' >/dev/null 2>&1 || caged -- git config branch.topic.remote origin
same upstream origin/topic "$(git rev-parse --abbrev-ref '@{upstream}')"
caged -- git branch -q -d main
same branches topic "$(git branch --format='%(refname:short)')"
