#!/bin/bash
# needs: ps=procps python3
. "$COMPAT_LIB/case.bash"

# What scripts ask the machine about itself, and the device files they lean on.
has ps 'ps -ef' "$(caged -- ps -ef)"
same nproc "$(nproc)" "$(caged -- nproc)"
has free Mem: "$(caged -- free -m)"
has df / "$(caged -- df -P .)"
caged -- bash -c 'diff <(echo a) <(echo a) && : >/dev/null && head -c 4 /dev/urandom | wc -c &&
  test -w /dev/shm && test -w /tmp && test -r /proc/self/exe && test -d /proc/self/fd && getent passwd "$(id -u)" && hostname' | cat
caged -- python3 - <<'PY'
import getpass, os, pwd, tempfile, uuid
assert pwd.getpwuid(os.getuid()).pw_name == getpass.getuser()
assert os.path.expanduser("~") == os.environ["HOME"]
open(os.path.expanduser("~/.compat-probe"), "w").close()
os.unlink(os.path.expanduser("~/.compat-probe"))
tempfile.mkdtemp()
uuid.uuid4()
PY
caged -- script -qc 'echo on a terminal of its own' /dev/null
