"""A FUSE server that answers everything but one kind of request: what asks it that waits in the kernel, deaf to SIGKILL."""

import ctypes
import errno
import os
import select
import stat
import struct
import threading

LIBC = ctypes.CDLL(None, use_errno=True)
MNT_DETACH = 2
# linux/fuse.h
LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE, FLUSH, INIT = 1, 2, 3, 14, 15, 17, 18, 25, 26
OPENDIR, READDIR, RELEASEDIR, ACCESS, INTERRUPT, DESTROY, BATCH_FORGET = 27, 28, 29, 34, 36, 38, 42
UNANSWERED = (FORGET, INTERRUPT, BATCH_FORGET)
ROOT, PROGRAM = 1, 2
TEXT = b"#!/bin/sh\necho ran\n"


def mount(folder, person):
    """The device of a file system mounted at `folder` by /dev/fuse; OSError where that is not possible."""
    device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
    options = f"fd={device},rootmode=40000,user_id={person.uid},group_id={person.gid},allow_other"
    if LIBC.mount(b"owt", folder.encode(), b"fuse", 0, options.encode()) != 0:
        number = ctypes.get_errno()
        os.close(device)
        raise OSError(number, os.strerror(number))
    return device


def unmount(folder, device):
    os.close(device)  # ends every request that waits
    LIBC.umount2(folder.encode(), MNT_DETACH)


class Deaf:
    """One folder with one script, `prog`, served but for requests of the kind `ignored`."""

    def __init__(self, folder, person, ignored):
        self.folder, self.person, self.ignored = folder, person, ignored
        self.asked = threading.Event()  # the ignored kind came
        self.device = mount(folder, person)
        self.stopping = False
        self.server = threading.Thread(target=self.serve, daemon=True)
        self.server.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopping = True
        self.server.join()
        unmount(self.folder, self.device)

    def serve(self):
        while not self.stopping:
            if not select.select([self.device], [], [], 0.1)[0]:
                continue
            try:
                request = os.read(self.device, 1 << 18)
            except OSError as error:
                if error.errno in (errno.EAGAIN, errno.EINTR, errno.ENOENT):
                    continue
                return
            _, kind, unique, node = struct.unpack_from("<IIQQ", request)
            if kind == self.ignored:
                self.asked.set()
            elif kind not in UNANSWERED:
                self.answer(unique, *self.reply(kind, node, request[40:]))

    def answer(self, unique, error, data=b""):
        try:
            os.write(self.device, struct.pack("<IiQ", 16 + len(data), -error, unique) + data)
        except OSError:
            pass  # whoever asked has gone

    def reply(self, kind, node, body):
        if kind == INIT:
            major, minor, readahead, _ = struct.unpack_from("<IIII", body)
            return 0, struct.pack("<IIIIHHIIHHI28x", major, min(minor, 31), readahead, 0, 16, 12, 1 << 16, 1, 16, 0, 0)
        if kind == LOOKUP:
            if node != ROOT or body != b"prog\0":
                return (errno.ENOENT,)
            return 0, struct.pack("<QQQQII", PROGRAM, 1, 60, 60, 0, 0) + self.attributes(PROGRAM)
        if kind == GETATTR:
            return 0, struct.pack("<QII", 60, 0, 0) + self.attributes(node)
        if kind in (OPEN, OPENDIR):
            return 0, struct.pack("<QII", 0, 0, 0)
        if kind == READ:
            offset, size = struct.unpack_from("<8xQI", body)
            return 0, TEXT[offset:offset + size]
        if kind == READDIR:
            return 0, b"" if struct.unpack_from("<8xQ", body)[0] else struct.pack("<QQII8s", PROGRAM, 1, 4, 8, b"prog")
        if kind == STATFS:
            return 0, struct.pack("<QQQQQIIII24x", 1, 0, 0, 2, 0, 4096, 255, 4096, 0)
        if kind in (RELEASE, RELEASEDIR, ACCESS, FLUSH, DESTROY):
            return (0,)
        return (errno.ENOSYS,)

    def attributes(self, node):
        folder = node == ROOT
        mode = (stat.S_IFDIR if folder else stat.S_IFREG) | 0o755
        return struct.pack("<QQQQQQIIIIIIIIII", node, 0 if folder else len(TEXT), 1, 0, 0, 0, 0, 0, 0, mode, 1,
                           self.person.uid, self.person.gid, 0, 4096, 0)
