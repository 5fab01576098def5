#!/bin/bash
# needs: busybox
. "$COMPAT_LIB/case.bash"

# One program, many names: what it does hangs on the name it was called by, so the symlink must not be resolved away.
mkdir bin
for name in echo basename seq; do
    ln -s "$(command -v busybox)" "bin/$name"
done
cp "$(command -v busybox)" bin/copy
ln -s copy bin/expr

same 'by path' 'hello' "$(caged -- bin/echo hello)"
same 'by absolute path' name "$(caged -- "$PWD/bin/basename" /a/name)"
same 'from PATH' $'1\n2' "$(PATH="$PWD/bin:$PATH" caged -- seq 2)"
same 'a workspace copy' 42 "$(caged -- bin/expr 6 '*' 7)"
same 'made in a run' 3 "$(caged -- sh -c 'mkdir made && busybox --install -s made && made/expr 1 + 2')"
