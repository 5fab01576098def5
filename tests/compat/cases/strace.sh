#!/bin/bash
# needs: strace
. "$COMPAT_LIB/case.bash"

echo text >read-me
caged -- strace -f -o trace -e trace=openat,execve sh -c 'cat read-me; true'
has opened '"read-me", O_RDONLY) = 3' "$(cat trace)"
has followed 'execve("' "$(tail -n +2 trace)"

# Attaching to a process that is already there, in the same run.
caged -- sh -c 'sleep 60 & one=$!; strace -o attached -p $one & two=$!
  for _ in $(seq 200); do grep -q "^TracerPid:.*[1-9]" /proc/$one/status && break; sleep 0.1; done; kill $one; wait $two; wait $one' || true
has attached SIGTERM "$(cat attached)"
