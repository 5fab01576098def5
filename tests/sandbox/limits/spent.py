"""Each limit ends the run that spends it, by its own name, while others are answered."""

import os
import threading
import time

MEMORY = "python3 -c 'x = bytearray(400 << 20); import time; time.sleep(20)'"
# A shell's bomb ends when its first fork fails; this one goes on.
FORK_BOMB = """exec python3 -c 'import os, time
while True:
    try: os.fork()
    except OSError: time.sleep(0.02)'"""
FLOOD = "exec yes flood"
BIG_FILE = "exec head -c 8000000 /dev/zero > big"
MANY_FILES = "python3 -c 'x = [open(\"/dev/null\") for _ in range(100)]'"
BUSY = "i=0; while [ $(date +%s) -lt $1 ]; do i=$((i+1)); done"


class Watcher:
    """Asks all the while, as another user, and notes the longest wait."""

    def __init__(self, daemon, person, workspace):
        self.daemon, self.person, self.workspace = daemon, person, workspace
        self.longest, self.failures, self.done = 0.0, [], threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def watch(self):
        while not self.done.is_set():
            started = time.monotonic()
            try:
                status, _ = self.daemon.request("GET", "/v1/health", patience=20)
                if status != 200:
                    self.failures.append(status)
            except OSError as error:
                self.failures.append(str(error))
            self.longest = max(self.longest, time.monotonic() - started)
            time.sleep(0.2)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join(25)


def summary(run):
    keys = ("state", "limit", "exit_code", "signal", "code", "error", "detail", "step", "stderr")
    return str({key: run[key] for key in keys if run.get(key) is not None})[:400]


def try_limit(report, daemon, person, other, folders, name, script, wanted, **more):
    """`wanted` is what the API's Run has to say; another user's run has to work meanwhile."""
    mine, theirs = folders
    box = {}
    with Watcher(daemon, other, theirs) as watcher:
        spender = threading.Thread(
            target=lambda: box.update(run=daemon.run(person, script, mine, patience=90, **more)), daemon=True)
        spender.start()
        time.sleep(0.5)
        started = time.monotonic()
        neighbour = daemon.run(other, "echo alive", theirs)
        took = time.monotonic() - started
        spender.join(90)
    run = box.get("run", {})
    good = all(run.get(key) == value for key, value in wanted.items())
    report.check("ends by its name", name, good, summary(run))
    report.check("others are answered", name, neighbour.get("stdout") == "alive\n" and took < 20, f"{took:.1f} s {summary(neighbour)}")
    report.check("owhaled answers", name, not watcher.failures and watcher.longest < 10,
                 f"longest {watcher.longest:.1f} s {watcher.failures[:3]}")
    return run


def play(report, daemon, person, other, folders):
    def attempt(name, script, wanted, **more):
        return try_limit(report, daemon, person, other, folders, name, script, wanted, **more)

    spent = {"state": "limit_exceeded"}
    attempt("memory", MEMORY, spent | {"limit": "memory"}, limits={"memory": 96 << 20}, timeout_ms=40000)
    attempt("pids", FORK_BOMB, spent | {"limit": "pids"}, limits={"pids": 40}, timeout_ms=40000)
    attempt("wall time", "sleep 60", {"state": "timed_out", "limit": "wall", "exit_code": 124}, timeout_ms=1500)
    attempt("output", FLOOD, spent | {"limit": "output"}, limits={"output": 1 << 20}, timeout_ms=40000)
    attempt("file size", BIG_FILE, spent | {"limit": "file_size"}, limits={"file_size": 1 << 20}, timeout_ms=40000)
    run = attempt("descriptors", MANY_FILES, {"state": "exited", "exit_code": 1}, limits={"open_files": 32})
    report.check("ends by its name", "descriptors: the program is told", "Too many open files" in str(run.get("stderr")), summary(run))
    try_cpu(report, daemon, person, folders[0])
    left = os.path.join(folders[0], "big")
    report.check("ends by its name", "file size: no file grew past it",
                 not os.path.exists(left) or os.path.getsize(left) <= 1 << 20)


def try_cpu(report, daemon, person, folder):
    """A share of a processor slows a run; it does not end it. Where nothing can hold it, the receipt has to say so."""
    script = BUSY.replace("$1", str(int(time.time()) + 5))
    run = daemon.run(person, script, folder, limits={"cpus": 0.25}, timeout_ms=20000)
    receipt = run.get("receipt") or {}
    usage = receipt.get("usage") or {}
    spent, wall = usage.get("user_us", 0) + usage.get("system_us", 0), usage.get("wall_us", 0)
    held = wall > 0 and spent / wall < 0.5
    told = "cpu" in str(receipt.get("weaker")) or "not" in str(receipt.get("limits", {}).get("cpus", ""))
    report.check("ends by its name", "cpu: held, or the receipt says that it is not", held or told,
                 f"{spent} of {wall} us; limits {receipt.get('limits')} weaker {receipt.get('weaker')} {summary(run)}")
