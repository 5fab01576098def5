"""owhaled under a service manager: sockets that it hands over, and its watchdog. A small manager of our own stands in."""

import contextlib
import fcntl
import os
import pathlib
import signal
import socket
import subprocess
import time

import client
import daemon
import pytest

WRAPPER = 'LISTEN_PID=${AS:-$$} WATCHDOG_PID=${WATCHED:-$$}; export LISTEN_PID WATCHDOG_PID; unset AS WATCHED; '


class Service(daemon.Owhaled):
    """Started as systemd does it: descriptors from 3 on, and variables that name the process."""

    sockets = ()
    names = None

    def launch(self):
        fds = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 20) for one in self.sockets]
        places = " ".join(f"{3 + i}<&{fd}" for i, fd in enumerate(fds))
        variables = {"LISTEN_FDS": str(len(fds)), "LISTEN_FDNAMES": self.names or ":".join(["x.socket"] * len(fds))}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["bash", "-c", f'{WRAPPER} exec "$@" {places}', "bash", *self.command()], pass_fds=fds,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**variables, **self.environment})
        for fd in fds:
            os.close(fd)
        return self

    def spawner(self):
        return next(pid for pid in self.children() if pid != self.broker())


def local(path, mode=0o666, kind=socket.SOCK_STREAM, listens=True):
    made = socket.socket(socket.AF_UNIX, kind)
    made.bind(str(path))
    os.chmod(path, mode if os.geteuid() == 0 else mode & 0o700)
    if listens and kind == socket.SOCK_STREAM:
        made.listen(64)
    return made


def over_tcp(address="127.0.0.1", family=socket.AF_INET, both=False):
    made = socket.socket(family, socket.SOCK_STREAM)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if both else 1)
    made.bind((address, 0))
    made.listen(64)
    return made


def port_of(made):
    return made.getsockname()[1]


@pytest.fixture
def service():
    started = []

    def make(*flags, environment=None):
        base = daemon.folder()
        started.append(Service(base, *flags, environment=environment))
        return started[-1]

    yield make
    for one in started:
        for pid in one.children() if one.process and one.process.poll() is None else []:
            os.kill(pid, signal.SIGCONT)
        one.stop()
        daemon.remove(one.base)


# --- sockets that are handed over


def test_both_sockets_are_taken_and_outlive_it(service):
    with over_tcp() as tcp:
        one = service("--tcp", f"127.0.0.1:{port_of(tcp)}")
        with local(one.socket) as unix:
            one.sockets = (unix, tcp)
            one.start()
            assert one.get("/v1/status").status == 200
            with socket.create_connection(("127.0.0.1", port_of(tcp)), timeout=60) as peer:
                peer.sendall(b"GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                assert peer.recv(4096).startswith(b"HTTP/1.1 200")
            assert one.stop() == 0
            assert one.socket.is_socket(), "its file is the service manager's"


def test_who_connects_while_it_restarts_is_served(service):
    one = service()
    with local(one.socket) as unix:
        one.sockets = (unix,)
        for _ in range(2):  # before its first start, and between two lives
            with socket.socket(socket.AF_UNIX) as waiting:
                waiting.settimeout(60)
                waiting.connect(str(one.socket))
                waiting.sendall(b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                one.start()
                assert waiting.recv(4096).startswith(b"HTTP/1.1 200")
            assert one.stop() == 0


def test_one_is_taken_and_the_other_made(service):
    with over_tcp() as tcp:
        one = service("--tcp", f"127.0.0.1:{port_of(tcp)}")
        one.sockets = (tcp,)
        one.start()
        assert one.get("/v1/health").status == 200
        one.stop()
        assert not one.socket.exists(), "its own it takes away"


def test_what_is_meant_for_another_process_is_not_taken(service):
    one = service(environment={"AS": "1"})
    with open("/dev/null") as null:
        one.sockets = (null,)
        one.start()
    one.stop()
    assert not one.socket.exists()


def held_by(pid):
    """What its descriptors are of; one that it closes meanwhile is none."""
    held = []
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            held.append(os.readlink(link))
    return held


@pytest.mark.skipif(os.geteuid() != 0, reason="reading the environment of what is undumpable needs root")
def test_nobody_inherits_the_variables_or_the_descriptors(service, workspace, uid):
    one = service()
    with local(one.socket) as unix:
        one.sockets = (unix,)
        one.start()
        for pid in one.children():
            with open(f"/proc/{pid}/environ", "rb") as environment:
                assert b"LISTEN_" not in environment.read()
        assert f"socket:[{os.fstat(unix.fileno()).st_ino}]" not in held_by(one.broker())
        run = one.ran(uid, argv=["sh", "-c", "ls /proc/self/fd; env"], cwd=str(workspace))
        assert "LISTEN" not in run["stdout"]
        assert run["stdout"].split()[:4] == ["0", "1", "2", "3"], "3 is the folder that ls reads"
        assert run["stdout"].split()[4].startswith(tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ_")), run["stdout"]


def no_path(one):
    yield local(one.base / "elsewhere")


def gone(one):
    yield local(one.socket)
    one.socket.unlink()


def datagrams(one):
    yield local(one.socket, kind=socket.SOCK_DGRAM)


def deaf(one):
    yield local(one.socket, listens=False)


def a_file(one):
    yield open("/dev/null")


def two(one):
    yield local(one.socket)
    yield local(one.base / "elsewhere")


def three(one):
    yield from two(one)
    yield over_tcp()


def abstract(one):
    made = socket.socket(socket.AF_UNIX)
    made.bind("\0owhale-test-%d" % os.getpid())
    made.listen()
    yield made


def of_another(one):
    yield local(one.socket)
    os.chown(one.socket, 4711, 4711) if os.geteuid() == 0 else os.chmod(one.socket, 0o666)


def unwanted_tcp(one):
    yield over_tcp()


def other_port(one):
    one.flags += ["--tcp", "127.0.0.1:1"]
    yield over_tcp()


def other_address(one):
    made = over_tcp("127.0.0.2")
    one.flags += ["--tcp", f"127.0.0.1:{port_of(made)}"]
    yield made


def both_families(one):
    made = over_tcp("::", socket.AF_INET6, both=True)
    one.flags += ["--tcp", f"[::]:{port_of(made)}"]
    yield made


@pytest.mark.parametrize("given, said", [
    (no_path, "elsewhere; the setting socket is"), (gone, "not there any more"), (datagrams, "not a stream socket"),
    (deaf, "does not listen"), (a_file, "not a socket"), (two, "two Unix sockets"),
    (three, "3 sockets"), (abstract, "at no path"), (of_another, "belongs to uid 4711|others may connect"),
    (unwanted_tcp, "the setting tcp is off"), (other_port, "the setting tcp is 127.0.0.1:1"),
    (other_address, "at 127.0.0.2:"), (both_families, "takes IPv4 too")])
def test_what_does_not_fit_is_refused(service, given, said):
    one = service()
    making = given(one)
    one.sockets = list(making)
    code, text = one.refuses()
    for made in one.sockets:
        made.close()
    assert code == 1
    assert any(part in text for part in said.split("|")), text
    assert "the service manager hands over " in text and ("x.socket" in text or given is three), text


@pytest.mark.parametrize("count", ["-1", "x", "", "99999999999", "1x"])
def test_a_count_that_is_none_is_refused(service, count):
    code, text = service(environment={"LISTEN_FDS": count}).refuses()
    assert code == 1 and f"LISTEN_FDS={count}, which is no number" in text


# --- the watchdog


class Manager:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        os.chmod(path, 0o666)

    def read(self):
        lines = []
        try:
            while True:
                lines += self.socket.recv(4096, socket.MSG_DONTWAIT).decode().splitlines()
        except BlockingIOError:
            return lines

    def until(self, line, patience=60):
        end = time.monotonic() + patience
        while line not in self.read():
            assert time.monotonic() < end, f"no {line}"
            time.sleep(0.02)


@pytest.fixture
def watched(service):
    def make(usec="300000", **more):
        one = service()
        manager = Manager(one.base / "notify")
        one.environment.update({"NOTIFY_SOCKET": str(one.base / "notify"), "WATCHDOG_USEC": usec, **more})
        one.start()
        return one, manager

    return make


def nothing_for(manager, seconds):
    """One word may still have been under way."""
    end = time.monotonic() + seconds
    heard = 0
    while time.monotonic() < end:
        heard += manager.read().count("WATCHDOG=1")
        time.sleep(0.05)
    return heard <= 1


@pytest.mark.skipif(os.geteuid() != 0, reason="the supervisor's children are root's to stop")
@pytest.mark.parametrize("who", ["spawner", "broker"])
def test_a_hung_process_is_not_said_to_live(watched, who):
    one, manager = watched()
    manager.until("WATCHDOG=1")
    pid = getattr(one, who)()
    os.kill(pid, signal.SIGSTOP)
    manager.read()
    assert nothing_for(manager, 2), f"a {who} that hangs is said to live"
    os.kill(pid, signal.SIGCONT)
    manager.until("WATCHDOG=1")
    assert one.get("/v1/health").status == 200


@pytest.mark.parametrize("more", [{"WATCHED": "1"}, {"usec": "0"}, {"usec": "x"}, {"usec": "-5"}])
def test_who_is_not_watched_says_nothing(watched, more):
    one, manager = watched(**more)
    assert one.get("/v1/health").status == 200
    time.sleep(0.5)
    assert "WATCHDOG=1" not in manager.read()


@pytest.mark.skipif(os.geteuid() != 0, reason="the supervisor's children are root's to kill")
def test_a_crash_is_no_silence(watched):
    """The supervisor speaks while it starts both again: a manager that is patient for one start is for the next."""
    one, manager = watched()
    manager.until("WATCHDOG=1")
    os.kill(one.spawner(), signal.SIGKILL)
    manager.until("READY=1")
    manager.until("WATCHDOG=1")
    assert client.ask(one.socket, "GET", "/v1/health").status == 200
