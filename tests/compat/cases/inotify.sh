#!/bin/bash
# needs: inotifywait=inotify-tools
. "$COMPAT_LIB/case.bash"

cat >watch.sh <<'SH'
inotifywait -q -t 20 -e close_write --format '%f' . >seen &
waiting=$!
for _ in $(seq 100); do
  kill -0 $waiting
  echo text >noticed
  sleep 0.1
  [ -s seen ] && break
done
wait $waiting
SH
caged -- bash -e watch.sh
same noticed noticed "$(cat seen)"
