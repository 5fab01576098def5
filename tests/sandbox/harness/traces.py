"""What runs may leave behind on a machine: processes, mounts, cgroups, descriptors, files."""

import os
import time

from daemon import children, descendants, list_folder


def mounts_of(pid):
    """The mount table of a process, one line each."""
    try:
        with open(f"/proc/{pid}/mountinfo", encoding="utf-8") as file:
            return sorted(" ".join(line.split()[4:]) for line in file)
    except OSError:
        return []


def cgroup_folders(pid):
    """Every cgroup folder below those of a process, on each hierarchy that is mounted."""
    found = set()
    try:
        with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
            rows = [line.rstrip("\n").split(":", 2) for line in file]
    except OSError:
        return found
    for _, controllers, path in rows:
        for top in (["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] if not controllers
                    else [f"/sys/fs/cgroup/{controllers.removeprefix('name=')}"]):
            for folder, _, _ in os.walk(top + path):
                found.add(folder)
    return found


def descriptors(pid):
    """What each open descriptor of a process is, by its number."""
    found = {}
    for number in list_folder(f"/proc/{pid}/fd"):
        try:
            found[number] = os.readlink(f"/proc/{pid}/fd/{number}")
        except OSError:
            pass  # closed meanwhile
    return found


def files_below(folder):
    return {os.path.join(where, name) for where, _, names in os.walk(folder) for name in names}


class Traces:
    """A picture of all of it; `differences` says what a later one has more than this one."""

    def __init__(self, daemon):
        supervisor = daemon.process.pid
        self.processes = set(descendants(supervisor))
        self.roles = {pid: descriptors(pid) for pid in [supervisor, *children(supervisor)]}
        self.mounts = {pid: mounts_of(pid) for pid in [os.getpid(), *self.roles]}
        self.cgroups = cgroup_folders(supervisor)
        self.files = {path for path in files_below(os.path.join(daemon.folder, "run"))}

    def differences(self, later):
        said = []
        for name, mine, theirs in (("processes", self.processes, later.processes),
                                   ("cgroups", self.cgroups, later.cgroups), ("files", self.files, later.files)):
            if more := theirs - mine:
                said.append(f"{name} {sorted(more)[:5]}")
        for pid, open_now in later.roles.items():
            if pid in self.roles and len(open_now) > len(self.roles[pid]):
                more = {number: what for number, what in open_now.items() if self.roles[pid].get(number) != what}
                said.append(f"process {pid} has {len(open_now)} descriptors, had {len(self.roles[pid])}; new: {more}")
        for pid, table in later.mounts.items():
            if pid in self.mounts and len(table) > len(self.mounts[pid]):
                said.append(f"process {pid} sees {len(table)} mounts, saw {len(self.mounts[pid])}")
        return "; ".join(said)


def at_rest(daemon, seconds=60):
    """A picture once a start is through with what it does behind: the log's index is open."""
    deadline = time.monotonic() + seconds
    while True:
        now = Traces(daemon)
        names = [os.path.basename(what) for open_now in now.roles.values() for what in open_now.values()]
        if "audit-index.db-wal" in names or time.monotonic() > deadline:
            return now
        time.sleep(0.05)


def settle(daemon, before, seconds=60):
    """Waits until nothing is left over, or for so long; what is left then. Jails and lookups that wait for more go within 40 s."""
    deadline = time.monotonic() + seconds
    while True:
        left = before.differences(Traces(daemon))
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.1)
