"""An owhaled of one's own: started on a throwaway state, ended with everything it left."""

import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile
import time

import client
import described

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("OWHALE_BUILD", TOP / "build")).resolve()
# Another one in its place, and a folder in which its logs outlive their tests: tests/sanitizers.
BINARY = pathlib.Path(os.environ.get("OWHALE_TEST_DAEMON", BUILD / "daemon" / "owhaled"))
LOGS = os.environ.get("OWHALE_TEST_LOGS")


def folder(prefix="owhale-api-"):
    """A new folder that the broker's uid and every user can walk through."""
    path = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=os.environ.get("OWHALE_TEST_DIR", "/tmp")))
    path.chmod(0o755)
    return path


class Owhaled:
    def __init__(self, base, *flags, socket=None, environment=None):
        self.base = pathlib.Path(base)
        self.state = self.base / "state"
        self.socket = pathlib.Path(socket) if socket else self.base / "owhaled.sock"
        self.flags = list(flags)
        self.environment = dict(os.environ, **(environment or {}))
        self.log = self.base / "owhaled.log"
        # The shipped rules hold here as everywhere; what the tests need beyond them, these let through.
        self.policy = self.base / "policy.d"
        self.rule("tests.toml", (pathlib.Path(__file__).parent / "rules.toml").read_text())
        self.key_file = self.base / "vault.key"
        self.limits = {}
        self.process = None

    def command(self):
        # Never the default port: this machine may have an owhaled of its own.
        tcp = [] if any(flag.split("=")[0] == "--tcp" for flag in self.flags) else ["--tcp", "off"]
        journal = [] if any(flag.startswith("--audit-journal") for flag in self.flags) else [
            "--audit-journal-socket", str(self.base / "journal")]  # nor this machine's journal
        return [str(BINARY), "--state-dir", str(self.state), "--runtime-dir", str(self.base / "run"),
                "--socket", str(self.socket), "--profile-dir", str(TOP / "profiles"),
                "--policy-dir", str(self.policy), "--vault-key-file", str(self.key_file), *tcp, *journal, *self.flags]

    def rule(self, name, text):
        """Puts a file of rules among the administrator's; text None takes it away."""
        self.policy.mkdir(mode=0o755, parents=True, exist_ok=True)
        path = self.policy / name
        if text is None:
            path.unlink()
        else:
            path.write_text(text)
            path.chmod(0o644)
            owner = self.base.stat()  # whoever the owhaled is to be started by
            if os.geteuid() == 0:
                for one in (self.policy, path):
                    os.chown(one, owner.st_uid, owner.st_gid)
        return path

    def launch(self):
        with open(self.log, "ab") as log:
            self.keep_log()
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment, preexec_fn=self.limit)
        return self

    def keep_log(self):
        kept = LOGS and pathlib.Path(LOGS, f"{self.base.name}-{self.log.stat().st_ino}.log")
        if kept and not kept.exists():
            os.link(self.log, kept)

    def limit(self):
        for kind, values in self.limits.items():
            resource.setrlimit(kind, values)

    def start(self, patience=120 if LOGS else 20):
        self.launch()
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                if client.ask(self.socket, "GET", "/v1/health").status == 200:
                    described.learn_from(self)
                    return self
            except OSError:
                pass
            time.sleep(0.05)
        self.stop()
        raise AssertionError("owhaled did not start:\n" + self.said())

    def refuses(self, patience=120 if LOGS else 20):
        """Starts it, expecting that it will not serve: its exit code and what it said."""
        self.launch()
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.stop()
            raise AssertionError("owhaled goes on running:\n" + self.said())
        self.process = None
        return code, self.said()

    def said(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self, patience=30):
        if self.process is None:
            return None
        process, self.process = self.process, None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"owhaled did not end within {patience} s of SIGTERM:\n" + self.said())
        undeclared = [line for line in self.said().splitlines() if "is not as the table of events says" in line]
        assert not undeclared, undeclared  # daemon/audit/event_types.cpp
        return code

    def broker(self):
        """The process id of the broker: the child that runs owhaled itself."""
        return next(pid for pid in self.children() if "--role" in pathlib.Path(f"/proc/{pid}/cmdline").read_text())

    def children(self):
        pid = self.process.pid
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def memory(self):
        """The broker's own resident memory, in bytes."""
        for line in pathlib.Path(f"/proc/{self.broker()}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no RssAnon in the broker's status")

    def descriptors(self):
        """How many the broker has open; of a rootless one, which is undumpable too, its connections."""
        if os.geteuid() != 0:
            return self.get("/v1/status").json()["connections"]
        return len(os.listdir(f"/proc/{self.broker()}/fd"))

    # --- requests

    def connect(self, uid=None):
        return client.Connection(self.socket, uid)

    def ask(self, method, path, body=None, headers=None, uid=None, timeout=60):
        return client.ask(self.socket, method, path, body, headers, uid, timeout)

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def run(self, uid=None, headers=None, timeout=60, **request):
        return self.ask("POST", "/v1/runs", request, headers, uid, timeout)

    def ran(self, uid=None, **request):
        """A waited run that the daemon took: its record."""
        answer = self.run(uid, wait=True, **request)
        assert answer.status == 200, answer
        return answer.json()

    def begun(self, uid=None, **request):
        """A run that goes on by itself: its id."""
        answer = self.run(uid, detach=True, **request)
        assert answer.status == 201, answer
        assert answer.headers["location"] == "/v1/runs/" + answer.json()["id"]
        return answer.json()["id"]

    def state_of(self, run, uid=None):
        return self.get(f"/v1/runs/{run}", uid=uid).json()["state"]

    def until(self, run, states, uid=None, patience=30):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            state = self.state_of(run, uid)
            if state in states:
                return state
            time.sleep(0.02)
        raise AssertionError(f"{run} is {state}, not one of {states}")


def fill(folder, leave=0):
    """Takes all that is left of its file system, but for some bytes; the file that does."""
    path = folder / "filler"
    with open(path, "ab", buffering=0) as filler:
        for size in (1 << 20, 65536, 4096, 1):
            try:
                while True:
                    filler.write(b"x" * size)
            except OSError:
                pass
        filler.truncate(max(0, filler.tell() - leave))
    return path


def remove(base):
    shutil.rmtree(base, ignore_errors=True)
