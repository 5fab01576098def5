"""A FUSE mount whose server never answers, as somebody's working folder: only that caller waits."""

import ctypes
import os
import threading
import time

from daemon import Daemon
from people import Root

LIBC = ctypes.CDLL(None, use_errno=True)
MNT_DETACH = 2


class Stall:
    """Mounts a file system at `folder` by /dev/fuse and answers nothing, not even INIT."""

    def __init__(self, folder, person):
        self.folder = folder
        self.device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={self.device},rootmode=40000,user_id={person.uid},group_id={person.gid},allow_other"
        if LIBC.mount(b"owt", folder.encode(), b"fuse", 0, options.encode()) != 0:
            number = ctypes.get_errno()
            os.close(self.device)
            raise OSError(number, os.strerror(number))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.device)  # ends every request that waits
        LIBC.umount2(self.folder.encode(), MNT_DETACH)


def play(report, person, other, folders):
    """Starts an owhaled of its own: where the host's root is not shared, a spawner sees no later mount."""
    group, folder = "stalled folder", os.path.join(person.home, "stalled")
    os.makedirs(folder, exist_ok=True)
    os.chown(folder, person.uid, person.gid)
    try:
        stall = Stall(folder, person)
    except OSError as error:
        report.skip(group, "a FUSE mount as working folder", f"cannot mount one here: {error}")
        return
    daemon = None
    with stall:
        try:
            daemon = Daemon(Root()).start()
            for where, body in (("cwd", {"cwd": folder}), ("workspace", {"cwd": folders[0], "workspace": folder}),
                                ("a folder below", {"cwd": folder + "/deep/er"})):
                try_stalled(report, daemon, person, other, folders, where, body)
        finally:
            if daemon is not None:
                daemon.remove()


def try_stalled(report, daemon, person, other, folders, where, body):
    group, answer, folder = "stalled folder", {}, os.path.join(person.home, "stalled")

    def ask():
        started = time.monotonic()
        request = {"argv": ["ls", folder], "wait": True, "home": person.home, "timeout_ms": 4000} | body
        answer["status"], answer["said"] = daemon.request("POST", "/v1/runs", request, 30, person)
        answer["took"] = time.monotonic() - started

    caller = threading.Thread(target=ask, daemon=True)
    caller.start()
    time.sleep(0.5)
    for name, who, where_to in (("another user", other, folders[1]), ("the same user elsewhere", person, folders[0])):
        started = time.monotonic()
        run = daemon.run(who, "echo alive", where_to)
        took = time.monotonic() - started
        report.check(group, f"{where}: {name} is served", run.get("stdout") == "alive\n" and took < 4,
                     f"{took:.1f} s {run.get('state')} {run.get('detail')}")
    caller.join(35)
    said = answer.get("said", {})
    told = answer.get("status") is not None and said.get("exit_code") != 0 and answer.get("took", 99) < 15
    short = {key: said.get(key) for key in ("state", "code", "detail", "exit_code", "limit")}
    report.check(group, f"{where}: the caller is told in time", told, f"{answer.get('took')} s {short}")
