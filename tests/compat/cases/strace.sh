#!/bin/bash
# needs: strace
. "$COMPAT_LIB/case.bash"

echo text >read-me
caged -- strace -f -o trace -e trace=openat,execve sh -c 'cat read-me; true'
has opened '"read-me", O_RDONLY) = 3' "$(cat trace)"
has followed 'execve("' "$(tail -n +2 trace)"

# Attaching to a process that is already there, in the same run.
caged -- sh -c 'sleep 20 & one=$!; strace -o attached -p $one & two=$!; sleep 0.7; kill $one; wait $two; wait $one' || true
has attached SIGTERM "$(cat attached)"
