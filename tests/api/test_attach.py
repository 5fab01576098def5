"""A run's live streams over a WebSocket (v5.channel.k8s.io)."""

import hashlib
import json
import os
import socket
import time

import pytest
import websocket

import client
from conftest import needs_root

STDIN, STDOUT, STDERR, STATUS, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255


class Attached:
    """A channel to one run; what comes is gathered per channel."""

    def __init__(self, owhaled, run, uid=None, query="", protocol=client.PROTOCOL):
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        peer.settimeout(20)
        with client.user(uid):
            peer.connect(str(owhaled.socket))
        try:
            self.socket = websocket.create_connection(f"ws://localhost/v1/runs/{run}/attach{query}", socket=peer,
                                                      subprotocols=[protocol], suppress_origin=True)
        except Exception:
            peer.close()
            raise
        self.got = {STDOUT: b"", STDERR: b"", STATUS: b""}
        self.states = []

    def send(self, channel, data):
        self.socket.send_binary(bytes([channel]) + data)

    def receive(self):
        """One message; False when the channel was closed."""
        opcode, data = self.socket.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            self.close_code = int.from_bytes(data[:2], "big")
            return False
        assert opcode == websocket.ABNF.OPCODE_BINARY and data
        if data[0] == STATUS:
            self.states.append(json.loads(data[1:]))
        else:
            self.got[data[0]] += data[1:]
        return True

    def until(self, text, channel=STDOUT):
        while text not in self.got[channel]:
            assert self.receive(), f"closed before {text!r} came: {self.got}"

    def to_the_end(self):
        while self.receive():
            pass
        assert self.close_code == 1000
        return self.states[-1]

    def close(self):
        self.socket.close()

    def vanish(self):
        self.socket.sock.close()


@pytest.fixture
def begin(owhaled, uid):
    """Makes an attached run on a connection that stays, and attaches to it."""
    open_ = []

    def go(**request):
        connection = owhaled.connect(uid)
        open_.append(connection)
        answer = connection.ask("POST", "/v1/runs", {"attach": True, **request})
        assert answer.status == 201, answer
        return Attached(owhaled, answer.json()["id"], uid)

    yield go
    for one in open_:
        one.close()


def test_streams_arrive_on_their_channels_and_the_receipt_comes_last(begin):
    last = begin(script="echo out; echo err >&2; exit 3").to_the_end()
    assert last["state"] == "exited" and last["exit_code"] == 3 and last["receipt"]["exit_code"] == 3


def test_all_of_both_streams(begin):
    channel = begin(script="echo out; echo err >&2")
    channel.to_the_end()
    assert channel.got[STDOUT] == b"out\n" and channel.got[STDERR] == b"err\n"


def test_stdin_goes_in_and_its_end_too(begin):
    channel = begin(argv=["cat"], stdin_open=True)
    channel.send(STDIN, b"hello\n")
    channel.until(b"hello\n")
    channel.send(STDIN, b"more")
    channel.send(CLOSE, bytes([STDIN]))
    assert channel.to_the_end()["exit_code"] == 0
    assert channel.got[STDOUT] == b"hello\nmore"


def test_output_is_live(begin):
    channel = begin(script="echo one; read x; echo two", stdin_open=True)
    channel.until(b"one\n")  # it waits now: nothing that is said later brought this
    channel.send(STDIN, b"\n")
    channel.to_the_end()
    assert channel.got[STDOUT] == b"one\ntwo\n"


def test_a_terminal_its_size_and_its_control_characters(begin):
    channel = begin(script="tty >/dev/null && stty size; read x; stty size; sleep 30", tty=True, rows=24, cols=80,
                    stdin_open=True)
    channel.until(b"24 80")
    channel.send(RESIZE, b'{"Width":132,"Height":43}')
    time.sleep(0.2)
    channel.send(STDIN, b"\r")
    channel.until(b"43 132")
    time.sleep(0.5)  # by now it is sleep that the interrupt meets
    channel.send(STDIN, b"\x03")
    last = channel.to_the_end()
    assert (last["state"], last["exit_code"]) in (("signaled", 130), ("exited", 130)), last


def test_a_late_attach_replays_what_was_kept(owhaled, uid):
    run = owhaled.begun(uid, script="echo before; sleep 2; echo after")
    time.sleep(0.5)
    channel = Attached(owhaled, run, uid)
    channel.to_the_end()
    assert channel.got[STDOUT] == b"before\nafter\n"
    ended = Attached(owhaled, run, uid)
    assert ended.to_the_end()["state"] == "exited"
    assert ended.got[STDOUT] == b"before\nafter\n"


def test_without_replay_only_what_is_new(owhaled, uid):
    run = owhaled.begun(uid, script="echo before; read x; echo after", stdin_open=True)
    assert owhaled.get(f"/v1/runs/{run}/output?stream=stdout&wait=1", uid=uid).body == b"before\n"
    channel = Attached(owhaled, run, uid, "?replay=0")
    channel.send(STDIN, b"\n")
    channel.to_the_end()
    assert channel.got[STDOUT] == b"after\n"


def test_several_may_watch(owhaled, uid):
    run = owhaled.begun(uid, script="sleep 1; echo seen")
    watchers = [Attached(owhaled, run, uid) for _ in range(3)]
    for watcher in watchers:
        watcher.to_the_end()
        assert watcher.got[STDOUT] == b"seen\n"


def test_a_lot_of_output_arrives_whole(begin):
    channel = begin(script="head -c 30000000 /dev/zero; echo end")
    channel.to_the_end()
    assert len(channel.got[STDOUT]) == 30_000_004 and channel.got[STDOUT].endswith(b"end\n")


def test_a_slow_reader_holds_the_writer_back_and_memory_stays(owhaled, begin):
    channel = begin(script="head -c 200000000 /dev/zero; echo end")
    before = owhaled.memory()
    time.sleep(2)
    assert owhaled.memory() - before < 40_000_000
    size = 0
    while channel.receive():
        size += len(channel.got[STDOUT])
        channel.got[STDOUT] = b""
    assert size == 200_000_004


def test_a_lot_of_stdin_arrives_whole(begin):
    channel = begin(argv=["sha256sum"], stdin_open=True)
    data = os.urandom(5_000_000)
    for at in range(0, len(data), 500_000):
        channel.send(STDIN, data[at:at + 500_000])
    channel.send(CLOSE, bytes([STDIN]))
    channel.to_the_end()
    assert channel.got[STDOUT].split()[0].decode() == hashlib.sha256(data).hexdigest()


def test_a_detached_run_lives_on_without_its_watcher(owhaled, uid):
    run = owhaled.begun(uid, argv=["sleep", "3"])
    Attached(owhaled, run, uid).vanish()
    assert owhaled.until(run, {"exited", "killed"}, uid, 30) == "exited"


def test_an_attached_run_ends_ten_seconds_after_its_client(owhaled, uid):
    with owhaled.connect(uid) as connection:
        run = connection.ask("POST", "/v1/runs", {"argv": ["sleep", "60"], "attach": True}).json()["id"]
        Attached(owhaled, run, uid).vanish()
    begun = time.monotonic()
    assert owhaled.until(run, {"exited", "killed", "cancelled"}, uid, 40) in ("killed", "cancelled")
    assert 5 < time.monotonic() - begun < 35


@pytest.mark.parametrize("bad", [b"", b"\x09data", b"\x04not json", b'\x04{"Width":-1,"Height":1}', b"\xff\x07"])
def test_a_message_that_means_nothing_ends_the_channel_not_the_run(owhaled, uid, bad):
    run = owhaled.begun(uid, argv=["sleep", "30"])
    channel = Attached(owhaled, run, uid)
    channel.socket.send_binary(bad)
    with pytest.raises((AssertionError, websocket.WebSocketException, OSError)):
        channel.to_the_end()
        assert False, "closed as if all were well"
    assert owhaled.state_of(run, uid) == "running"
    owhaled.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": 0}, uid=uid)


def test_a_broken_frame_behind_a_message_that_means_nothing_holds_no_connection(owhaled, uid):
    """Beast's close and its failing read each waited for the other, and the connection stayed for ever."""
    run = owhaled.begun(uid, argv=["sleep", "60"])
    before = owhaled.get("/v1/status").json()["connections"]
    masked = bytes([0x82, 0x80 | 1, 0, 0, 0, 0, 7])  # channel 7, then a frame with a reserved opcode
    for _ in range(20):
        channel = Attached(owhaled, run, uid)
        channel.socket.sock.sendall(masked + bytes([0x8d, 0x80, 0, 0, 0, 0]))
        channel.vanish()
    end = time.monotonic() + 30
    while (left := owhaled.get("/v1/status").json()["connections"]) > before:
        assert time.monotonic() < end, f"{left - before} connections are held"
        time.sleep(0.1)
    assert owhaled.state_of(run, uid) == "running"
    owhaled.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": 0}, uid=uid)


def test_a_message_over_one_mebibyte_ends_the_channel(owhaled, uid):
    run = owhaled.begun(uid, argv=["sleep", "30"])
    channel = Attached(owhaled, run, uid)
    with pytest.raises((websocket.WebSocketException, OSError)):
        channel.send(STDIN, b"x" * ((1 << 20) + 1))
        while channel.receive():
            pass
        raise websocket.WebSocketException(f"closed with {channel.close_code}")
    owhaled.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": 0}, uid=uid)


def test_a_refused_upgrade_is_a_problem_like_any_other(owhaled, uid):
    run = owhaled.ran(uid, argv=["/bin/true"])["id"]

    def ask(path, **changes):
        return owhaled.get(path, headers=client.handshake(**changes), uid=uid)

    attach = f"/v1/runs/{run}/attach"
    assert ask("/v1/runs/01900000-0000-7000-8000-000000000000/attach").code == "not_found"
    assert ask(attach, **{"Sec-WebSocket-Protocol": "chat"}).code == "bad_request"
    assert ask(attach, **{"Sec-WebSocket-Version": "8"}).code == "bad_request"
    assert ask(attach, **{"Sec-WebSocket-Key": "short"}).code == "bad_request"
    assert ask(attach, Origin="http://localhost").code == "origin_not_allowed"
    assert ask("/v1/health").code == "bad_request"
    assert owhaled.get(attach, uid=uid).status == 426


@needs_root
def test_anothers_run_cannot_be_attached_to(owhaled, alice, bob):
    run = owhaled.begun(alice, argv=["sleep", "5"])
    assert owhaled.get(f"/v1/runs/{run}/attach", headers=client.handshake(), uid=bob).code == "not_found"
    owhaled.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": 0}, uid=alice)
