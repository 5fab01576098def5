#!/bin/bash
# needs: python3
. "$COMPAT_LIB/case.bash"

# Standard input, output and error stay three streams, whole and apart.
head -c 8000000 /dev/urandom >blob
same 'through cat' "$(sha256sum <blob)" "$(caged -- cat <blob | sha256sum)"
caged -- sh -c 'echo out; echo err >&2' >out 2>err
same stdout out "$(cat out)"
same stderr err "$(cat err)"
same 'closed early' y "$(caged -- yes | head -1)"
same 'empty input' 0 "$(caged -- wc -c </dev/null)"

status=0
caged -- sh -c 'exit 37' || status=$?
same 'exit code' 37 "$status"
status=0
caged -- bash -c 'kill -SEGV $$' || status=$?
same signal 139 "$status"
status=0
caged -- ./not-there 2>err || status=$?
same 'no such program' 127 "$status"
echo text >plain
status=0
caged -- ./plain 2>err || status=$?
same 'not executable' 126 "$status"
