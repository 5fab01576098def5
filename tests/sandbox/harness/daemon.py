"""A real owhaled on a throwaway state, and its client."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
IDS = threading.Lock()
BUILD = os.path.realpath(os.environ.get("OWHALE_BUILD", os.path.join(TOP, "build")))


def built(name):
    """The path of a built program, wherever below the build folder Meson put it."""
    for folder in ("daemon", "daemon/spawner", "cli", "tests/sandbox/probe", "tests/sandbox/escapes",
                   "tests/sandbox/limits"):
        path = os.path.join(BUILD, folder, name)
        if os.access(path, os.X_OK):
            return path
    raise SystemExit(f"{name} is not built below {BUILD}; run: ninja -C {BUILD}, or set OWHALE_BUILD")


class Daemon:
    """owhaled, started by `person` (root, or an ordinary user for rootless). `tcp`: an address, "off" none."""

    def __init__(self, person, *options, spawner="owhale-spawner", environment=None, folder=None, tcp="off"):
        self.person = person
        self.folder = folder or tempfile.mkdtemp(prefix="owt-", dir="/srv" if person.uid == 0 else person.home)
        if person.uid != 0:
            os.chown(self.folder, person.uid, person.gid)
        os.chmod(self.folder, 0o755)
        self.socket = os.path.join(self.folder, "run", "owhaled.sock")
        self.state = os.path.join(self.folder, "state")
        self.config = os.path.join(self.folder, "owhaled.conf")
        if not os.path.exists(self.config):
            with open(self.config, "w", encoding="utf-8") as file:
                file.write("log-level = info\n")
        self.policy = os.path.join(self.folder, "policy.d")
        self.permit()
        self.log_path = os.path.join(self.folder, "log")
        self.options = ("--tcp", tcp, "--approval-expiry", "1s", *options)  # nobody is there to be asked
        self.spawner = built(spawner)
        self.extra_environment = environment or {}
        self.process = None

    def permit(self):
        """The shipped rules hold; what the suites need beyond them is let through by rules, as an administrator would."""
        os.makedirs(self.policy, mode=0o755, exist_ok=True)
        path = os.path.join(self.policy, "suites.toml")
        shutil.copyfile(os.path.join(os.path.dirname(os.path.abspath(__file__)), "rules.toml"), path)
        os.chmod(path, 0o644)
        if self.person.uid != 0:
            for one in (self.policy, path):
                os.chown(one, self.person.uid, self.person.gid)

    def start(self, patience=20):
        log = open(self.log_path, "ab")
        command = [built("owhaled"), "--config", self.config, "--state-dir", self.state,
                   "--runtime-dir", os.path.join(self.folder, "run"), "--profile-dir", os.path.join(TOP, "profiles"), "--policy-dir", self.policy, "--vault-key-file", os.path.join(self.folder, "vault.key"),
                   "--spawner", self.spawner, "--spawner-config", os.path.join(self.folder, "spawner.conf"),
                   *self.options]
        environment = self.person.environment(**self.extra_environment)
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                        cwd="/", **self.person.options())
        log.close()
        try:
            self.wait_until_answered(patience)
        except SystemExit:
            self.stop()
            raise
        return self

    def wait_until_answered(self, patience=20):
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if self.answers():
                return
            if self.process.poll() is not None:
                raise SystemExit(f"owhaled ended with {self.process.returncode}:\n{self.log()}")
            time.sleep(0.05)
        raise SystemExit(f"owhaled does not answer on {self.socket} after {patience} s:\n{self.log()}")

    def answers(self):
        try:
            return self.request("GET", "/v1/health", patience=5)[0] == 200
        except (OSError, ValueError):
            return False

    def request(self, method, path, body=None, patience=60, person=None, headers=()):
        """One HTTP request on the socket, as `person` or as this process; (status, parsed JSON or text)."""
        return request(self.socket, method, path, body, patience, person, headers)

    def run(self, person, script, cwd, patience=120, **more):
        """A waited run of a shell script; the API's Run, or the problem that refused it."""
        body = {"argv": ["sh", "-c", script], "cwd": cwd, "wait": True, "home": person.home} | more
        return self.request("POST", "/v1/runs", body, patience, person)[1]

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()[-6000:]

    def stop(self):
        """Ends owhaled; returns its exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def pids(self):
        """Every process below the supervisor, itself first."""
        return [self.process.pid, *descendants(self.process.pid)]

    def role_pid(self, role):
        """The pid of `broker` or `spawner`."""
        for pid in children(self.process.pid):
            name = os.path.basename(read_link(f"/proc/{pid}/exe"))
            if (role == "spawner") == name.startswith("owhale-spawner"):
                return pid
        return None


@contextlib.contextmanager
def ids_of(person):
    """The effective ids of a person: what the kernel notes of whoever connects meanwhile."""
    if person is None or person.uid == os.geteuid():
        yield
        return
    with IDS:  # they are the whole process's, and scenes call from many threads
        groups = os.getgroups()
        os.setgroups(person.groups)
        os.setegid(person.gid)
        os.seteuid(person.uid)
        try:
            yield
        finally:
            os.seteuid(0)
            os.setegid(0)
            os.setgroups(groups)


def connect(path, person=None, patience=60):
    """`path`: of a Unix socket, or a port of 127.0.0.1."""
    if isinstance(path, int):
        return socket.create_connection(("127.0.0.1", path), patience)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(patience)
    with ids_of(person):
        connection.connect(path)
    return connection


def request(path, method, target, body=None, patience=60, person=None, headers=()):
    text = b"" if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
    head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in [("Connection", "close"), *headers])
    if body is not None:
        head += f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n"
    with connect(path, person, patience) as connection:
        connection.sendall(head.encode() + b"\r\n" + text)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    first, _, rest = answer.partition(b"\r\n")
    if not first.startswith(b"HTTP/1.1 "):
        raise ValueError(f"not HTTP: {answer[:80]!r}")
    headers, _, payload = rest.partition(b"\r\n\r\n")
    if b"chunked" in headers.lower():
        payload = unchunk(payload)
    try:
        return int(first.split()[1]), json.loads(payload)
    except ValueError:
        return int(first.split()[1]), payload.decode(errors="replace")


def unchunk(data):
    whole = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        if length == 0:
            break
        whole, data = whole + data[:length], data[length + 2:]
    return whole


def read_link(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""


def children(pid):
    """Direct children of a process, by all of its threads."""
    found = []
    for task in list_folder(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                found += [int(word) for word in file.read().split()]
        except OSError:
            continue
    return found


def descendants(pid):
    found = []
    for child in children(pid):
        found += [child, *descendants(child)]
    return found


def list_folder(path):
    try:
        return os.listdir(path)
    except OSError:
        return []


def owhalectl(daemon, person, *arguments, cwd=None, patience=120, environment=None, **options):
    """Runs the client as `person`; returns the finished process with text output."""
    more = environment or {}
    return subprocess.run([built("owhalectl"), "--socket", daemon.socket, *arguments], cwd=cwd or person.home,
                          env=person.environment(**more), capture_output=True, text=True, errors="replace",
                          timeout=patience, check=False, **(person.options() | options))
