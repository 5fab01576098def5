#!/bin/bash
# needs: python3
. "$COMPAT_LIB/case.bash"

# ssh, sudo and others refuse configuration that root does not own.
same 'system files' root "$(caged -- stat -c %U /usr/bin/env)"
