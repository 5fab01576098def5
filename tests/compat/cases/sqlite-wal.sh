#!/bin/bash
# needs: python3
. "$COMPAT_LIB/case.bash"

# Two writers on one database: write-ahead logging shares memory by a mapped file and locks by ranges.
cat >write.py <<'PY'
import sqlite3, subprocess, sys

db = sqlite3.connect("data.db", timeout=20, isolation_level=None)
if len(sys.argv) == 1:
    assert db.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)
    db.execute("CREATE TABLE t(n)")
    other = subprocess.Popen([sys.executable, "write.py", "second"])
for n in range(200):
    db.execute("INSERT INTO t VALUES (?)", (n,))
if len(sys.argv) == 1:
    assert other.wait() == 0
    print(db.execute("SELECT count(*), sum(n) FROM t").fetchone())
PY
same rows '(400, 39800)' "$(caged -- python3 write.py)"
same 'rows outside' '(400,)' "$(python3 -c 'import sqlite3; print(sqlite3.connect("data.db").execute("SELECT count(*) FROM t").fetchone())')"
