#!/bin/bash
# needs: python3 curl
. "$COMPAT_LIB/case.bash"

echo served >page
port=$((20000 + RANDOM % 20000))
cat >fetch.sh <<'SH'
curl -sS --retry 40 --retry-connrefused --retry-delay 0 --retry-max-time 15 "http://localhost:$1/page"
SH

# Server and client in one run.
same 'one run' served "$(caged -- bash -c "python3 -m http.server $port >log 2>&1 & bash fetch.sh $port; kill %1" | tail -1)"

# A server left running, and a second command that joins its cage.
if in_cage; then
    run=$("$COMPAT_CTL" run -d -- python3 -m http.server "$port")
    trap '"$COMPAT_CTL" runs kill "$run" >killed.log 2>&1 || true' EXIT
    same exec served "$("$COMPAT_CTL" exec "$run" -- bash fetch.sh "$port")"
fi
