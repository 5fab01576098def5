"""Crowds: whoever takes all the places, whoever runs owhaled gets in, and strangers give way."""

import time

from client import user
from conftest import needs_root
from over_tcp import Tcp, bearer, first_account, listening

pytestmark = needs_root


def connected(daemon, uid, count):
    return [daemon.connect(uid) for _ in range(count)]


def close(connections):
    for one in connections:
        one.close()


def test_agents_that_take_all_places_do_not_keep_root_out(own, alice, bob):
    daemon = own("--max-connections", "64", "--max-connections-per-uid", "60").start()
    crowd = connected(daemon, alice, 70) + connected(daemon, bob, 70)
    try:
        assert daemon.get("/v1/health", uid=0).status == 200
        with daemon.connect(bob) as one:
            assert one.response().code == "busy"
        assert daemon.get("/v1/status", uid=0).json()["connections"] <= 57
    finally:
        close(crowd)


def test_a_few_descriptors_do_not_keep_root_out_either(own, alice, bob):
    import resource
    daemon = own("--max-connections-per-uid", "2000")
    daemon.limits = {resource.RLIMIT_NOFILE: (1024, 1024)}
    daemon.start()
    crowd = connected(daemon, alice, 400) + connected(daemon, bob, 400)
    try:
        assert daemon.get("/v1/health", uid=0).status == 200
    finally:
        close(crowd)


def test_strangers_with_slow_bodies_keep_nobody_out(own, alice, bob):
    daemon = listening(own, "--max-connections", "32", "--max-connections-per-address", "16")
    token = first_account(daemon)
    slow = []
    try:
        for number in range(60):
            with user(alice if number % 2 else bob):
                slow.append(Tcp(daemon.tcp))
            path = "/v1/login" if number % 4 < 2 else "/v1/runs"
            slow[-1].send(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{{".encode())
        began = time.monotonic()
        with Tcp(daemon.tcp) as newcomer:
            assert newcomer.ask("GET", "/v1/whoami", headers=bearer(token)).status == 200
        with user(alice), Tcp(daemon.tcp) as another:
            assert another.ask("GET", "/v1/whoami", headers=bearer(token)).status == 200
        assert time.monotonic() - began < 8  # a slow body has ten seconds
    finally:
        close(slow)


CROWD = """
import socket
held, answered = [], 0
for _ in range(40):
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(5)
    try:
        one.connect("/run/owhaled/owhaled.sock")
        one.sendall(b"GET /v1/health HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
        answered += one.recv(20).startswith(b"HTTP/1.1 200")
    except OSError:
        pass
    held.append(one)
print(answered)
"""


def test_a_run_has_no_more_than_the_runs_share(own, alice):
    daemon = own("--max-connections", "64").start()
    run = daemon.ran(alice, argv=["/usr/bin/python3", "-c", CROWD], profile="agent")
    assert daemon.get(f"/v1/runs/{run['id']}/output?stream=stdout", uid=alice).body == b"16\n"
