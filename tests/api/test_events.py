"""GET /v1/events: what happens to runs, approvals, grants and freezes, as it happens; resumed without loss or doubles."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

import client
from accounts import QUICK, add, bearer


class Stream:
    """A reader of text/event-stream by the rules of WHATWG HTML, section 9.2, over a socket that may be read slowly."""

    def __init__(self, owhaled, query="", headers=None, uid=None, timeout=20):
        self.connection = owhaled.connect(uid) if uid is not None else owhaled.connect()
        self.connection.socket.settimeout(timeout)
        self.connection.send(client.request("GET", "/v1/events" + query, None, headers))
        while b"\r\n\r\n" not in self.connection.input:
            if not self.connection.more():
                raise ConnectionError(f"no answer but {self.connection.input!r}")
        head, self.raw = self.connection.input.split(b"\r\n\r\n", 1)
        self.status = int(head.split()[1])
        self.headers = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:])
        self.text, self.retry, self.last, self.comments = "", None, None, 0
        self.over = False

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.connection.close()

    def body(self):
        size = int(self.headers["content-length"])
        while len(self.raw) < size and self.fill():
            pass
        return json.loads(self.raw)

    def fill(self):
        try:
            data = self.connection.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.raw += data
        return bool(data)

    def chunk(self):
        """One chunk of the body more; False at its end."""
        while b"\r\n" not in self.raw:
            if not self.fill():
                self.over = True
                return False
        size, rest = self.raw.split(b"\r\n", 1)
        length = int(size, 16)
        while len(rest) < length + 2:
            if not self.fill():
                self.over = True
                return False
            rest = self.raw.split(b"\r\n", 1)[1]
        assert rest[length:length + 2] == b"\r\n"
        self.raw = rest[length + 2:]
        self.text += rest[:length].decode()
        self.over = length == 0
        return not self.over

    def next(self):
        """The next event: (id, type, data); None when the stream has ended."""
        while True:
            while "\n\n" not in self.text:
                if not self.chunk():
                    return None
            message, self.text = self.text.split("\n\n", 1)
            fields = {"data": []}
            for line in message.split("\n"):
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if name == "":
                    self.comments += 1
                elif name == "data":
                    fields["data"].append(value)
                else:
                    fields[name] = value
            if "retry" in fields:
                self.retry = int(fields["retry"])
            if "id" in fields:
                self.last = int(fields["id"])
            if fields["data"]:
                return self.last, fields["event"], json.loads("\n".join(fields["data"]))

    def take(self, count):
        return [self.next() for _ in range(count)]


def run(owhaled, *argv, uid=None, **more):
    answer = owhaled.post("/v1/runs", {"argv": list(argv), "wait": True, **more}, uid=uid)
    assert answer.status in (200, 201), answer
    return answer.json()


def names(events):
    return [name for _, name, _ in events]


def test_a_run_is_told_from_its_intent_to_its_outcome(owhaled, uid):
    with Stream(owhaled, uid=uid) as stream:
        assert stream.status == 200
        assert stream.headers["content-type"] == "text/event-stream"
        assert stream.headers["cache-control"] == "no-store"
        record = owhaled.ran(uid, argv=["true"])
        (first, began, intent), (second, ended, outcome) = stream.take(2)
        assert (began, ended) == ("run.intent", "run.outcome")
        assert stream.retry == 2000 and second > first
        assert intent["run"] == outcome["run"] == record["id"] and outcome["outcome"] == "exited"


def test_types_choose(owhaled, uid):
    with Stream(owhaled, "?types=run.outcome,approval", uid=uid) as stream:
        owhaled.ran(uid, argv=["true"])
        owhaled.ran(uid, argv=["true"])
        assert names(stream.take(2)) == ["run.outcome"] * 2


@pytest.mark.parametrize("query, headers", [("?types=login", None), ("?types=run,,", None), ("?last_event_id=x", None),
                                            ("?last_event_id=-1", None), ("", {"Last-Event-ID": "1; DROP"}),
                                            ("", {"Last-Event-ID": "9" * 30}), ("?limit=3", None)])
def test_what_is_no_question_is_refused(owhaled, uid, query, headers):
    answer = owhaled.ask("GET", "/v1/events" + query, headers=headers, uid=uid)
    assert answer.status in (400, 422) and answer.code in ("invalid_value", "unknown_field"), answer


def test_who_comes_back_with_an_id_misses_nothing_and_sees_nothing_twice(owhaled, uid):
    with Stream(owhaled, uid=uid) as stream:
        runs = [owhaled.ran(uid, argv=["true"])["id"]]
        seen = stream.take(1)
        last = stream.last
    runs += [owhaled.ran(uid, argv=["true"])["id"] for _ in range(3)]  # while nobody listens
    for query, headers in ((f"?last_event_id={last}", None), ("", {"Last-Event-ID": str(last)})):
        with Stream(owhaled, query, headers, uid=uid) as stream:
            later = stream.take(7)
            ids = [one for one, _, _ in seen + later]
            assert ids == sorted(set(ids))
            assert names(seen + later) == ["run.intent", "run.outcome"] * 4
            assert [data["run"] for _, _, data in seen + later][::2] == runs


def test_a_restart_of_the_daemon_loses_nothing(fresh):
    with Stream(fresh) as stream:
        first = fresh.ran(argv=["true"])["id"]
        stream.take(1)
        last = stream.last
        fresh.stop()
        while stream.next():
            pass  # what was under way
        last = stream.last
    fresh.start()
    second = fresh.ran(argv=["true"])["id"]
    with Stream(fresh, headers={"Last-Event-ID": str(last)}) as stream:
        told = stream.take(2)
    assert last > 0 and first != second
    assert {data["run"] for _, name, data in told} == {second} and told[0][0] > last


def test_a_broker_that_dies_loses_nothing(fresh):
    """kill -9 of the broker between two events: whoever follows comes back to every one of them, once."""
    seen = []
    stream = Stream(fresh)
    runs = [fresh.ran(argv=["true"])["id"] for _ in range(3)]
    seen += stream.take(2)
    os.kill(fresh.broker(), signal.SIGKILL)
    with contextlib.suppress(ConnectionError):
        while event := stream.next():
            seen.append(event)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ConnectionError):
            if fresh.get("/v1/health").status == 200:
                break
        time.sleep(0.1)
    runs.append(fresh.ran(argv=["true"])["id"])
    with Stream(fresh, headers={"Last-Event-ID": str(seen[-1][0])}) as again:
        while [data["run"] for _, name, data in seen if name == "run.outcome"][-1:] != runs[-1:]:
            seen.append(again.next())
    ids = [one for one, _, _ in seen]
    assert ids == sorted(set(ids))
    assert [data["run"] for _, name, data in seen if name == "run.intent"] == runs


def test_one_sees_ones_own_and_an_approver_all_runs(admin, fresh, alice, bob):
    approver = add(admin, "petra", ["approver"])
    stranger = add(admin, "sam", ["agent"])
    with Stream(fresh, uid=alice) as own, Stream(fresh, uid=bob) as other, \
            Stream(fresh, headers=bearer(approver.token)) as all_of, \
            Stream(fresh, headers=bearer(stranger.token)) as nothing:
        run_id = fresh.ran(alice, argv=["true"])["id"]
        for stream in (own, all_of):
            assert {data["run"] for _, _, data in stream.take(2)} == {run_id}
        mine = fresh.ran(bob, argv=["true"])["id"]
        assert {data["run"] for _, _, data in other.take(2)} == {mine}, "and of Alice's nothing"
        theirs = stranger.ask("POST", "/v1/runs", {"argv": ["true"], "wait": True}).json()["id"]
        assert {data["run"] for _, _, data in nothing.take(2)} == {theirs}


def test_accounts_and_passwords_are_no_events(admin, fresh):
    with Stream(fresh, headers=bearer(admin.token)) as stream:
        add(admin, "eve", ["agent"])
        fresh.ran(argv=["true"])
        assert names(stream.take(2)) == ["run.intent", "run.outcome"]


@pytest.mark.parametrize("how", ["disable", "remove"])
def test_a_stream_outlives_nobodys_rights(admin, fresh, how):
    eve = add(admin, "eve", ["agent"])
    with Stream(fresh, headers=bearer(eve.token)) as stream:
        eve.ask("POST", "/v1/runs", {"argv": ["true"], "wait": True})
        stream.take(2)
        before = time.monotonic()
        if how == "disable":
            admin.do("POST", "/v1/users/eve/disable")
        else:
            admin.do("DELETE", "/v1/users/eve", status=204)
        assert stream.next() is None
        assert time.monotonic() - before < 10


def test_eight_streams_of_one_and_no_more(owhaled, uid):
    with contextlib.ExitStack() as open_ones:
        for _ in range(8):
            assert open_ones.enter_context(Stream(owhaled, uid=uid)).status == 200
        with Stream(owhaled, uid=uid) as ninth:
            assert ninth.status == 503 and ninth.body()["code"] == "busy"
            assert int(ninth.headers["retry-after"]) >= 1
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with Stream(owhaled, uid=uid) as again:
            if again.status == 200:
                return
        time.sleep(0.05)
    raise AssertionError("a stream whose client went still counts")


def test_a_heartbeat_comes_when_nothing_happens(owhaled, uid):
    with Stream(owhaled, "?types=grant", uid=uid) as stream:
        threading.Timer(17, stream.connection.socket.shutdown, [socket.SHUT_RDWR]).start()
        assert stream.next() is None
        assert stream.comments == 1


def test_a_slow_reader_costs_nothing_and_loses_nothing(own, uid):
    served = own(*QUICK).start()
    stream = Stream(served, uid=uid)
    stream.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    word = "x" * 60_000
    before = served.memory()
    runs = [served.ran(uid, argv=["true", word])["id"] for _ in range(60)]  # 7 MiB of events
    fast = Stream(served, "?last_event_id=0&types=run.outcome", uid=uid)
    assert [fast.next()[2]["run"] for _ in runs] == runs, "nobody waits for the slow one"
    assert served.memory() - before < 60 << 20
    told = []
    while len(told) < len(runs):
        event = stream.next()
        if event is None:  # it took nothing for half a minute, and was dropped: it comes back with its last id
            last = stream.last
            stream.connection.close()
            stream = Stream(served, headers={"Last-Event-ID": str(last)}, uid=uid)
            continue
        if event[1] == "run.outcome":
            told.append(event[2]["run"])
    assert told == runs
    stream.connection.close()
    fast.connection.close()


def test_line_ends_in_what_a_run_says_make_no_event_of_their_own(owhaled, uid):
    hostile = "a\n\nid: 99999999\nevent: approval.decided\ndata: {\"outcome\":\"approved\"}\n\n\r\n\u2028\x0b\x85"
    with Stream(owhaled, uid=uid) as stream:
        owhaled.ran(uid, argv=["true", hostile], env={"X": hostile})
        told = stream.take(2)
    assert names(told) == ["run.intent", "run.outcome"]
    assert told[1][0] < 99999999 and all("\r" not in json.dumps(data, ensure_ascii=False) for _, _, data in told)


def test_curl_follows(owhaled, uid):
    command = ["curl", "-sN", "--unix-socket", str(owhaled.socket), "http://localhost/v1/events?types=run.outcome"]
    if uid is not None:
        command = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *command]
    curl = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        lines = [curl.stdout.readline()]  # it follows
        record = owhaled.ran(uid, argv=["true"])
        lines += [curl.stdout.readline() for _ in range(4)]
        assert lines[0] == "retry: 2000\n" and lines[2].startswith("id: ") and lines[3] == "event: run.outcome\n"
        assert record["id"] in lines[4]
    finally:
        curl.kill()
        curl.wait()


def test_http_1_0_reads_until_the_end(owhaled, uid):
    with owhaled.connect(uid) as connection:
        connection.send(b"GET /v1/events HTTP/1.0\r\nHost: localhost\r\n\r\n")
        while b"retry: 2000\n\n" not in connection.input:
            assert connection.more()
        assert b"chunked" not in connection.input


def test_head_has_no_body(owhaled, uid):
    with owhaled.connect(uid) as connection:
        answer = connection.ask("HEAD", "/v1/events")
        assert answer.status == 200 and answer.headers["content-type"] == "text/event-stream"
        assert connection.ended()


def test_the_daemon_ends_although_somebody_follows(own, uid):
    served = own(*QUICK).start()
    with Stream(served, uid=uid) as stream:
        before = time.monotonic()
        assert served.stop() == 0
        assert time.monotonic() - before < 15
        assert stream.next() is None and stream.over
