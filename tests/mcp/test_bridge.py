"""`owhalectl mcp` itself: whoever writes nonsense to it, takes back, never reads, goes away; and what thousands of calls leave."""

import json
import os
import signal
import subprocess
import time

import pytest
from conftest import bridge_words


class Bridge:
    def __init__(self, words, **more):
        self.process = subprocess.Popen(words, **more, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def write(self, data):
        self.process.stdin.write(data if isinstance(data, bytes) else json.dumps(data).encode() + b"\n")
        self.process.stdin.flush()

    def read(self):
        line = self.process.stdout.readline()
        assert line, "it ended"
        return json.loads(line)

    def ask(self, id, method, **params):
        self.write({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        return self.read()

    def call(self, id, name, **arguments):
        return self.ask(id, "tools/call", name=name, arguments=arguments)

    def initialize(self):
        return self.ask(0, "initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo={"name": "t", "version": "1"})

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def memory(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("RssAnon:")) * 1024


@pytest.fixture
def bridge(house):
    one = Bridge(bridge_words(house))
    yield one
    one.close()


@pytest.mark.parametrize("line, code", [
    (b"{nonsense\n", -32700), (b"\xff\xfe\n", -32700), (b'{"jsonrpc":"2.0","id":1,"method":"pi\n', -32700), (b'"\xc3("\n', -32700),
    (b"[" * 100000 + b"\n", -32600), (b'{"jsonrpc":"2.0","id":1,"method":"ping","x":"' + b"x" * (5 << 20) + b'"}\n', -32600),
    (b"42\n", -32600), (b"[]\n", -32600), (b'{"jsonrpc":"2.0","id":1,"method":"no/such"}\n', -32601),
    (b'{"jsonrpc":"2.0","id":null,"method":"ping"}\n', -32600), (b'{"jsonrpc":"2.0","id":{},"method":"ping"}\n', -32600),
    (b'{"jsonrpc":"1.0","id":1,"method":"ping"}\n', -32600),
], ids=["not JSON", "not UTF-8", "half a message", "a cut sequence", "deep", "huge", "a number", "no messages", "an unknown method",
        "id null", "id an object", "another JSON-RPC"])
def test_nonsense_is_answered_and_ends_nothing(bridge, line, code):
    bridge.write(line)
    answer = bridge.read()
    assert answer["error"]["code"] == code, answer
    assert bridge.initialize()["result"]["protocolVersion"] == "2025-11-25"
    assert bridge.ask("a", "ping") == {"jsonrpc": "2.0", "id": "a", "result": {}}


def test_the_end_of_the_input_ends_it_and_what_it_began(bridge, house):
    bridge.initialize()
    mark = f"sleep 598.{os.getpid()}"
    bridge.write({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "run_command", "arguments": {"command": mark}}})
    end = time.monotonic() + 30
    while not (live := [run for run in house.get("/v1/runs?all=1").json()["runs"]
                        if mark in " ".join(run["command"]) and run["state"] == "running"]):
        assert time.monotonic() < end, "it never ran"
        time.sleep(0.05)
    bridge.process.stdin.close()
    assert bridge.process.wait(30) == 0
    house.until(live[0]["id"], ["killed"], patience=30)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it(bridge, number):
    bridge.initialize()
    bridge.process.send_signal(number)
    assert bridge.process.wait(30) == 0


def test_a_client_that_never_reads_costs_little(bridge):
    bridge.initialize()
    os.set_blocking(bridge.process.stdin.fileno(), False)
    line = b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}\n'
    quiet = 0
    while quiet < 10:  # until it takes no more
        try:
            os.write(bridge.process.stdin.fileno(), line * 100)
            quiet = 0
        except BlockingIOError:
            quiet += 1
            time.sleep(0.1)
    assert bridge.memory() < 64 << 20
    bridge.process.send_signal(signal.SIGTERM)
    assert bridge.process.wait(30) == 0


def test_thousands_of_calls_leave_nothing(bridge, house):
    bridge.initialize()

    def calls(count):
        for begin in range(0, count, 30):
            for id in range(begin, begin + 30):
                bridge.write({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": "list_runs", "arguments": {"limit": 1}}})
            assert {bridge.read()["id"] for _ in range(30)} == set(range(begin, begin + 30))

    calls(600)
    before = bridge.descriptors(), bridge.memory(), house.descriptors(), house.memory()
    calls(3000)
    after = bridge.descriptors(), bridge.memory(), house.descriptors(), house.memory()
    assert after[0] <= before[0] + 4 and after[2] <= before[2] + 8, (before, after)
    assert after[1] < before[1] + (4 << 20) and after[3] < before[3] + (16 << 20), (before, after)
