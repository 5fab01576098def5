#!/bin/bash
# needs: python3
. "$COMPAT_LIB/case.bash"

# A run sees the caller's files as its own and leaves new ones as the caller's own, whoever it ran as.
echo text >mine
chmod 640 mine
mkdir -m 750 folder
inside=$(caged -- id -un)
same 'mine, inside' "$inside 640" "$(caged -- stat -c '%U %a' mine)"
same 'is mine' yes "$(caged -- sh -c '[ -O mine ] && [ -O . ] && [ -G mine ] && echo yes')"
same 'the folder' "$inside" "$(caged -- sh -c 'stat -c %U .')"
same 'inode and size' "$(stat -c '%i %s %Y' mine)" "$(caged -- stat -c '%i %s %Y' mine)"

caged -- sh -c 'echo new >made && mkdir made.d && echo deep >made.d/file && ln -s made link && chmod 600 made && mv mine moved'
for made in made made.d made.d/file link moved; do
    same "owner of $made" "$(id -un):$(id -gn)" "$(stat -c %U:%G "$made")"
done
same 'mode of made' 600 "$(stat -c %a made)"
same 'mode of moved' 640 "$(stat -c %a moved)"
rm -r made made.d link moved
