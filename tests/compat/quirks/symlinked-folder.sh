#!/bin/bash
# needs: python3
. "$COMPAT_LIB/case.bash"

# A workspace reached over a symlink, and links inside it that lead elsewhere in it.
mkdir real
ln -s real by-link
cd by-link
caged -- sh -c 'echo 1 >file && mkdir -p a && ln -s ../file a/link && cat a/link'
same file 1 "$(cat ../real/file)"
same link 1 "$(cat ../real/a/link)"
