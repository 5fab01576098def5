"""Published ports and ports of the host, by real runs: who reaches what, and when it ends."""

import http.server
import json
import socket
import threading
import time

import pytest
from client import ask
from conftest import needs_root
from ctl import Ctl

pytestmark = needs_root

# Any program of the cage's may do: what is tested is the network's.
RULE = """
[[rule]]
id = "tests.ports"
decision = "allow"
reason = "Tests serve and ask from a cage."
program = ["python3", "--host-port", "--publish"]
overrides = ["*"]
match = ["python3 -c 'print(1)'"]
no_match = ["python2 x"]
"""

SERVER = """
import socket, sys
family = socket.AF_INET6 if sys.argv[1] == "6" else socket.AF_INET
one = socket.socket(family)
one.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 8000))
one.listen(64)
print("ready", flush=True)
while True:
    client = one.accept()[0]
    said = b""
    while part := client.recv(65536):
        said += part
    client.sendall(b"inside " + said)
    client.close()
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def say(port, text=b"hello", address="127.0.0.1"):
    with socket.create_connection((address, port), 10) as one:
        one.sendall(text)
        one.shutdown(socket.SHUT_WR)
        out = b""
        while part := one.recv(65536):
            out += part
        return out


@pytest.fixture
def house(own, base):
    one = own("--egress", "on")
    one.rule("ports.toml", RULE)
    return one.start()


@pytest.fixture
def serving(house, workspace, uid):
    """Starts a run that serves; its record."""
    def start(*, family="4", **more):
        request = {"argv": ["python3", "-c", SERVER, family], "cwd": str(workspace), "net": "scoped", "detach": True, "wait": False, **more}
        made = ask(house.socket, "POST", "/v1/runs", request, uid=uid)
        assert made.status in (200, 201, 202), made
        return until(house, made.json()["id"], uid, lambda run: "ready" in output(house, run["id"], uid))

    return start


def output(house, run, uid):
    return ask(house.socket, "GET", f"/v1/runs/{run}/output?stream=stdout", uid=uid).body.decode()


def until(house, run, uid, holds, patience=30):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        record = ask(house.socket, "GET", f"/v1/runs/{run}", uid=uid).json()
        if holds(record):
            return record
        assert record["state"] in ("queued", "starting", "running", "waiting_approval"), record
        time.sleep(0.1)
    raise AssertionError(record)


def end(house, run, uid):
    ask(house.socket, "POST", f"/v1/runs/{run}/kill", {}, uid=uid)
    return ask(house.socket, "GET", f"/v1/runs/{run}/wait", uid=uid).json()


@pytest.mark.parametrize("family", ["4", "6"])
def test_a_published_port_is_reached_from_the_host_until_the_run_ends(house, serving, uid, family):
    port = free_port()
    run = serving(family=family, ports=[{"host": port, "port": 8000}])
    assert say(port) == b"inside hello"
    assert say(port, b"x" * 1_000_000) == b"inside " + b"x" * 1_000_000
    ended = end(house, run["id"], uid)
    with pytest.raises(OSError):
        say(port)
    network = ended["network"]
    assert network["ports"] == [{"address": "127.0.0.1", "host": port, "port": 8000}]
    row = next(row for row in network["hosts"] if row["how"] == "published")
    assert row["count"] == 2 and row["verdict"] == "allow" and row["up"] > 1_000_000, row
    assert ended["receipt"]["scope"]["ports"][0]["port"] == 8000


def test_a_port_that_cannot_be_had_ends_the_run_at_once(house, workspace, uid, base):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = taken.getsockname()[1]
        for wanted, code in (({"host": busy, "port": 8000}, "port_in_use"), ({"host": 22, "port": 8000}, "forbidden"),
                             ({"address": "0.0.0.0", "host": free_port(), "port": 8000}, "forbidden")):
            request = {"argv": ["python3", "-c", SERVER, "4"], "cwd": str(workspace), "ports": [{"host": free_port(), "port": 8001}, wanted], "wait": True}
            run = ask(house.socket, "POST", "/v1/runs", request, uid=uid).json()
            assert run["state"] == "failed" and run["code"] == code and run["step"] == "publish", run
            assert f"port {wanted['host']} of this machine cannot be published" in run["error"] and "name another" in run["error"], run
            assert "exit_code" not in run and "signal" not in run, run
        said = Ctl(base, house, uid)("run", "-p", f"{busy}:8000", "--", "python3", "-c", SERVER, "4", code=125).stderr
    assert "port_in_use" in said and str(busy) in said and "0 for any that is free" in said, said


def test_box_publish_adds_a_port_to_a_live_run_of_ones_own(house, serving, base, uid, bob):
    run = serving()
    box = run["box"]
    made = ask(house.socket, "POST", f"/v1/boxes/{box}/publish", {"port": {"host": 0, "port": 8000}}, uid=uid)
    assert made.status == 200, made
    assert say(made.json()["host"]) == b"inside hello"
    alices = Ctl(base, house, uid)
    at = alices("box", "publish", box, "0:8000").strip()
    assert at.startswith("127.0.0.1:") and say(int(at.split(":")[1])) == b"inside hello"
    assert ask(house.socket, "POST", f"/v1/boxes/{box}/publish", {"port": {"host": 0, "port": 8000}}, uid=bob).status == 404
    refused = ask(house.socket, "POST", f"/v1/boxes/{box}/publish", {"port": {"address": "0.0.0.0", "host": 0, "port": 8000}}, uid=uid)
    assert refused.status == 403 and "loopback" in refused.body.decode()
    assert ask(house.socket, "POST", f"/v1/boxes/{box}/publish", {"port": {"host": 22, "port": 8000}}, uid=uid).status == 403
    assert ask(house.socket, "POST", f"/v1/boxes/{box}/publish", {"port": {"host": 0, "port": 0}}, uid=uid).status in (400, 422)
    end(house, run["id"], uid)
    assert ask(house.socket, "POST", f"/v1/boxes/{box}/publish", {"port": {"host": 0, "port": 8000}}, uid=uid).status == 404


def test_a_run_reaches_the_named_port_of_the_host_and_no_other(house, workspace, uid):
    class Hello(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"of the host")

        def log_message(self, *ignored):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello) as server, \
            http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello) as other:
        for one in (server, other):
            threading.Thread(target=one.serve_forever, daemon=True).start()
        named, unnamed = server.server_port, other.server_port
        script = f"""
import socket
for port in ({named}, {unnamed}):
    try:
        one = socket.create_connection(("127.0.0.1", port), 5)
        one.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
        said = b""
        while part := one.recv(65536): said += part
        print(port, said.split(b"\\r\\n\\r\\n")[-1].decode())
    except OSError as error:
        print(port, "no", error)
"""
        run = ask(house.socket, "POST", "/v1/runs", {"argv": ["python3", "-c", script], "cwd": str(workspace), "net": "scoped",
                                                     "host_ports": [named], "wait": True}, uid=uid).json()
        for one in (server, other):
            one.shutdown()
    assert f"{named} of the host" in run["stdout"], run
    assert f"{unnamed} no" in run["stdout"], run
    row = next(row for row in run["network"]["hosts"] if row["how"] == "host-port")
    assert row["port"] == named and row["verdict"] == "allow"


def test_owhaleds_own_port_is_no_port_of_the_host(house, workspace, uid):
    script = "import socket; socket.create_connection(('127.0.0.1', 7717), 5)"
    made = ask(house.socket, "POST", "/v1/runs", {"argv": ["python3", "-c", script], "cwd": str(workspace), "net": "scoped",
                                                  "host_ports": [7717], "wait": True}, uid=uid)
    assert made.status >= 400 or made.json()["exit_code"] != 0, made


@pytest.mark.parametrize("other", [False, True])
def test_another_run_reaches_neither_the_published_port_nor_what_is_behind_it(house, serving, uid, bob, other):
    port = free_port()
    run = serving(ports=[{"host": port, "port": 8000}])
    script = f"""
import socket
for at in ({port}, 8000):
    try:
        socket.create_connection(("127.0.0.1", at), 5)
        print("reached")
    except OSError as error:
        print("no", error.errno)
"""
    tried = ask(house.socket, "POST", "/v1/runs", {"argv": ["python3", "-c", script], "cwd": "/tmp", "net": "scoped", "wait": True},
                uid=bob if other else uid).json()
    assert "reached" not in tried["stdout"] and tried["stdout"].count("no") == 2, tried
    assert say(port) == b"inside hello"
    end(house, run["id"], uid)
