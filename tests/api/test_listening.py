"""The TCP listener: whose port it is, and that it outlives the processes that serve it."""

import contextlib
import os
import shutil
import signal
import socket
import time

from conftest import needs_root
from daemon import BUILD

pytestmark = needs_root


@contextlib.contextmanager
def taken_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen(1)
        yield held.getsockname()[1]


def free_port():
    with taken_port() as port:
        return port


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as client:
            client.sendall(b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return client.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def child(supervisor, name):
    """The pid of the supervisor's child of this program."""
    with open(f"/proc/{supervisor}/task/{supervisor}/children", encoding="ascii") as file:
        for pid in file.read().split():
            with contextlib.suppress(FileNotFoundError):  # it is ending
                if os.path.basename(os.readlink(f"/proc/{pid}/exe")).startswith(name):
                    return int(pid)
    return None


def test_a_taken_port_that_was_chosen_stops_the_start(own):
    with taken_port() as port:
        code, said = own("--tcp", f"127.0.0.1:{port}").refuses()
    assert code == 1 and f"127.0.0.1:{port}" in said and "ss -ltnp" in said


def test_tcp_answers_and_off_is_off(own):
    port = free_port()
    running = own("--tcp", f"127.0.0.1:{port}").start()
    assert answers(port)
    running.stop()
    assert not answers(port)
    own("--tcp", "off").start()
    assert not answers(port)


def test_the_port_outlives_the_spawner(own):
    port = free_port()
    running = own("--tcp", f"127.0.0.1:{port}").start()
    os.kill(child(running.process.pid, "owhale-spawner"), signal.SIGKILL)
    deadline = time.monotonic() + 20
    while not answers(port) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert answers(port), running.said()


def test_what_replaces_the_spawner_waits_for_a_restart(own, tmp_path):
    """As an upgrade of the package does while runs are active."""
    program = tmp_path / "owhale-spawner"
    shutil.copy(BUILD / "daemon/spawner/owhale-spawner", program)
    port = free_port()
    running = own("--tcp", f"127.0.0.1:{port}", "--spawner", str(program)).start()
    before = child(running.process.pid, "owhale-spawner")
    program.unlink()
    program.write_text("#!/bin/false\n")
    program.chmod(0o755)
    os.kill(before, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while child(running.process.pid, "owhale-spawner") in (None, before) and time.monotonic() < deadline:
        time.sleep(0.1)
    while not answers(port) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert answers(port), running.said()
    after = child(running.process.pid, "owhale-spawner")
    with open(f"/proc/{after}/comm", encoding="ascii") as comm:
        assert comm.read() == "owhale-spawner\n"


def test_who_closes_at_once_is_no_harm(own):
    port = free_port()
    running = own("--tcp", f"127.0.0.1:{port}").start()
    for _ in range(200):
        socket.create_connection(("127.0.0.1", port), 5).close()
    assert answers(port), running.said()
