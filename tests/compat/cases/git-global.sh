#!/bin/bash
# needs: git
# limit: change git's configuration outside the cage
. "$COMPAT_LIB/case.bash"

# git's global configuration can be set in a run, and stays private to the box: the caller's own is not touched.
# The control run has a home of its own, so that nobody's real one changes; the cage has the caller's, whatever is said here.
if [[ ! -e ~/.gitconfig ]]; then
    remove_at_end ~/.gitconfig
    git config --global user.name 'Compat Caller'
fi
export HOME=$PWD/home
mkdir home
caged -- sh -ec 'git config --global compat.key 42 && test "$(git config --global compat.key)" = 42'
same 'in the next run' 42 "$(caged -- git config --global compat.key)"
unset HOME
same 'outside' '' "$(HOME=~ git config --global compat.key || true)"
