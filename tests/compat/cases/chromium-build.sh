#!/bin/bash
# needs: chromium
# The same in the profile that permits Unix sockets: here there is no limit.
export COMPAT_PROFILE=build
. "${BASH_SOURCE[0]%/*}/chromium.sh"
