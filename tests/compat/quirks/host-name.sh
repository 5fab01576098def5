#!/bin/bash
# needs: python3
. "$COMPAT_LIB/case.bash"

# Programs look up the machine's own name to find out who they are.
got=$(caged -- python3 -c 'import socket; print(socket.gethostbyname(socket.gethostname()))')
[[ $got == *.* ]] || fail "the host's own name resolves to '$got'"
