"""kill -9 of each of owhaled's processes in the middle of a run: no run survives, and service comes back."""

import os
import signal
import time

from daemon import children, descendants


def alive(marker):
    """Host pids whose command line is the marker's."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    if marker.encode() in file.read().split(b"\0"):
                        found.append(int(name))
            except OSError:
                continue
    return found


def wait_for(condition, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())


def start_sleeper(daemon, person, folder, number):
    """A detached run with a child of its own; its marker is an argument that nobody else has."""
    marker = f"6{os.getpid()}.{number}"
    body = {"argv": ["sh", "-c", f"(setsid sleep {marker} &) ; sleep {marker}"], "cwd": folder, "detach": True,
            "home": person.home}
    status, run = daemon.request("POST", "/v1/runs", body, 30, person)
    if status != 201 or not wait_for(lambda: len(alive(marker)) >= 2, 10):
        raise SystemExit(f"cannot start a run to be killed: {status} {run}\n{daemon.log()}")
    return run["id"], marker


def warden_of(daemon, marker):
    """The child of the spawner below which the marked process is."""
    spawner = daemon.role_pid("spawner")
    for child in children(spawner):
        if set(alive(marker)) & set(descendants(child)):
            return child
    return None


def works(daemon, person, folder):
    try:
        return daemon.run(person, "echo back", folder, patience=30).get("stdout") == "back\n"
    except (OSError, ValueError):
        return False


def kill_one(report, daemon, person, folder, role, number):
    run, marker = start_sleeper(daemon, person, folder, number)
    other, other_marker = start_sleeper(daemon, person, folder, number + 100)
    pid = {"warden": lambda: warden_of(daemon, marker), "supervisor": lambda: daemon.process.pid}.get(
        role, lambda: daemon.role_pid(role))()
    before = daemon.pids()
    os.kill(pid, signal.SIGKILL)
    gone = wait_for(lambda: not alive(marker), 15)
    report.check("kill -9", f"{role}: its run does not survive", gone, f"pids {alive(marker)}")
    if role == "warden":
        report.check("kill -9", "warden: another run goes on", bool(alive(other_marker)))
        daemon.request("POST", f"/v1/runs/{other}/kill", {"grace_ms": 0}, 20, person)
    if role == "supervisor":
        daemon.process.wait()
        left = [pid for pid in before if os.path.exists(f"/proc/{pid}") and not zombie(pid)]
        wait_for(lambda: not [pid for pid in left if os.path.exists(f"/proc/{pid}") and not zombie(pid)], 15)
        left = [pid for pid in left if os.path.exists(f"/proc/{pid}") and not zombie(pid)]
        report.check("kill -9", "supervisor: nothing of it is left", not left, str([(pid, comm(pid)) for pid in left]))
        daemon.start()
    report.check("kill -9", f"{role}: no run survives", wait_for(lambda: not alive(other_marker), 15), str(alive(other_marker)))
    report.check("kill -9", f"{role}: service comes back", wait_for(lambda: works(daemon, person, folder), 30), daemon.log()[-400:])
    for each in (run, other):
        status, shown = daemon.request("GET", f"/v1/runs/{each}", person=person)
        told = status == 200 and shown.get("state") not in ("running", "starting", "queued")
        report.check("kill -9", f"{role}: the run's record is closed", told, str((status, shown.get("state"))))


def zombie(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def comm(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return "?"


def play(report, daemon, person, folder):
    for number, role in enumerate(("warden", "spawner", "broker", "supervisor"), 1):
        kill_one(report, daemon, person, folder, role, number)
