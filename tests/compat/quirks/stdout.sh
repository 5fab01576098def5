#!/bin/bash
# needs: python3
. "$COMPAT_LIB/case.bash"

# Scripts that name their streams by path: /dev/stdout of a pipe can be opened only by the pipe's owner.
got=$(caged -- sh -c 'echo out >/dev/stdout; echo err >/dev/stderr; echo tee | tee /dev/stderr >/dev/null' 2>&1 | sort | tr '\n' ' ')
same streams 'err out tee ' "$got"
same 'standard input' in "$(echo in | caged -- cat /dev/stdin)"
