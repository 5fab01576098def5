#!/bin/bash
# needs: python3
. "$COMPAT_LIB/case.bash"

# What build tools do to files that a careless mount or filter would refuse.
cat >try.py <<'PY'
import ctypes, fcntl, mmap, os, stat, threading

os.mkfifo("fifo")
threading.Thread(target=lambda: open("fifo", "w").write("x")).start()
assert open("fifo").read() == "x"
with open("a", "w+b") as a:
    fcntl.flock(a, fcntl.LOCK_EX)
    fcntl.lockf(a, fcntl.LOCK_UN)
    os.posix_fallocate(a.fileno(), 0, 8192)
    with mmap.mmap(a.fileno(), 8192) as shared:
        shared[:3] = b"abc"
os.link("a", "hard")
os.symlink("a", "soft")
assert os.stat("a").st_nlink == 2
os.chmod("a", 0o755)
os.utime("a", (1, 2))
os.rename("hard", "renamed")
os.setxattr("a", "user.note", b"1")
fd = os.open(".", os.O_TMPFILE | os.O_RDWR)
assert ctypes.CDLL(None).linkat(-100, b"/proc/self/fd/%d" % fd, -100, b"linked", 0x400) == 0
os.makedirs("deep/" * 20)
with open("b", "wb") as b, open("a", "rb") as a:
    os.copy_file_range(a.fileno(), b.fileno(), 3)
    os.fsync(b.fileno())
assert open("b").read() == "abc"
libc = ctypes.CDLL(None, use_errno=True)
memory = os.memfd_create("m", os.MFD_ALLOW_SEALING)
fcntl.fcntl(memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
assert os.statvfs(".").f_bavail > 0
assert stat.S_IMODE(os.stat("a").st_mode) == 0o755
print("fine")
PY
umask 022
same python fine "$(caged -- python3 try.py)"
same 'mode of a new file' 644 "$(caged -- sh -c 'echo >made' && stat -c %a made)"
same 'mtime set inside' 2 "$(stat -c %Y a)"
same 'copied over devices' abc "$(caged -- sh -c 'there=$(mktemp -d) && cp b "$there" && mv "$there/b" back && rmdir "$there" && cat back')"
tar -cf tree.tar try.py deep
caged -- sh -c 'mkdir out && tar -xpf tree.tar -C out && rm -r deep'
cmp try.py out/try.py
