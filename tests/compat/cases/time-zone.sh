#!/bin/bash
# needs: python3 /usr/share/zoneinfo/Asia/Kolkata=tzdata
. "$COMPAT_LIB/case.bash"

export TZ=Asia/Kolkata
same date '1970-01-01 05:30 +0530' "$(caged -- date -d @0 '+%F %R %z')"
same python '05:30' "$(caged -- python3 -c 'import datetime as d; print(d.datetime.fromtimestamp(0).strftime("%H:%M"))')"
export TZ=America/New_York
same date '-0500' "$(caged -- date -d @0 +%z)"
unset TZ
same 'the machine'"'"'s own' "$(date -d @0 +%z)" "$(caged -- date -d @0 +%z)"
