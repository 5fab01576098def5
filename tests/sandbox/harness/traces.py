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
    return len(list_folder(f"/proc/{pid}/fd"))


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
        for pid, count in later.roles.items():
            if pid in self.roles and count > self.roles[pid]:
                said.append(f"process {pid} has {count} descriptors, had {self.roles[pid]}")
        for pid, table in later.mounts.items():
            if pid in self.mounts and len(table) > len(self.mounts[pid]):
                said.append(f"process {pid} sees {len(table)} mounts, saw {len(self.mounts[pid])}")
        return "; ".join(said)


def settle(daemon, before, seconds=30):
    """Waits until nothing is left over, or for so long; what is left then."""
    deadline = time.monotonic() + seconds
    while True:
        left = before.differences(Traces(daemon))
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.1)
