"""kill -9 of any part at any moment: what owhaled had answered for is in its log, and the log is whole."""

import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter

import pytest

import accounts
import asking
import client
import merkle
from accounts import ADMIN, QUICK, bearer, proof
from conftest import needs_root

pytestmark = needs_root

SEED = 8
ROUNDS = ("broker", "spawner", "supervisor") * 3


class Client(threading.Thread):
    """Asks and asks; `told` is what it got an answer for: (what, id). An end of the connection in the middle tells nothing."""

    def __init__(self, socket, acts, token):
        super().__init__(daemon=True)
        self.socket, self.acts, self.token = socket, acts, token
        self.told, self.done = [], threading.Event()
        self.start()

    def ask(self, method, path, body, headers=None):
        with client.Connection(self.socket, timeout=30) as connection:
            return connection.ask(method, path, body, {**bearer(self.token), **(headers or {})})

    def run(self):
        while not self.done.is_set():
            for act in self.acts:
                try:
                    self.told += getattr(self, act)() or []
                except (OSError, ValueError):
                    time.sleep(0.01)  # it is dead, or not up yet

    def runs(self):
        answer = self.ask("POST", "/v1/runs", {"argv": ["/bin/true"], "detach": True})
        return [("run.intent", answer.json()["id"])] if answer.status == 201 else []

    def waits(self):
        answer = self.ask("POST", "/v1/runs", {"argv": ["/bin/true"], "wait": True})
        return [(what, answer.json()["id"]) for what in ("run.intent", "run.outcome")] if answer.status == 200 else []

    def logins(self):
        answer = self.ask("POST", "/v1/login", {"name": "admin", "password": ADMIN}, {"Authorization": None})
        return [("login", answer.json()["session"])] if answer.status == 200 else []

    def decisions(self):
        answer = self.ask("POST", "/v1/runs", {"argv": ["seq", "3"], "detach": True})
        if answer.status != 202:
            return []
        id = answer.json()["approval"]
        told = [("approval.requested", id)]
        answer = self.ask("POST", f"/v1/approvals/{id}/deny", {"reason": "no"}, proof(ADMIN))
        return told + ([("approval.decided", id)] if answer.status == 200 else [])


def victim(one, kind):
    if kind == "supervisor":
        return one.process.pid
    broker = one.broker()
    return broker if kind == "broker" else next(pid for pid in one.children() if pid != broker)


def back(one, old, patience=60):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            if one.get("/v1/health").status == 200 and one.broker() not in old:
                return
        except (OSError, StopIteration):
            pass
        time.sleep(0.02)
    raise AssertionError("owhaled did not come back:\n" + one.said())


def kill(one, kind):
    old = [one.process.pid, *one.children()]
    os.kill(victim(one, kind), signal.SIGKILL)
    if kind != "supervisor":
        return back(one, old)
    one.process.wait()
    one.process = None
    end = time.monotonic() + 30
    while any(os.path.exists(f"/proc/{pid}") for pid in old):  # they die with it
        assert time.monotonic() < end, "broker or spawner lives on"
        time.sleep(0.01)
    one.start(patience=60)


def names(event):
    """What an event is about, in whichever of its members."""
    data = event["data"]
    return {(event["event"], value) for value in (event["run"], data.get("jti"), data.get("approval"), data.get("id"))
            if isinstance(value, str)}


def test_whatever_dies_what_was_answered_is_in_the_log(own):
    chance = random.Random(SEED)
    one = own(*QUICK)
    one.rule("50-own.toml", asking.asks("medium"))
    one.start()
    token = accounts.set_up(one).token
    clients = [Client(one.socket, acts, token) for acts in (["runs"], ["waits", "runs"], ["logins"], ["decisions"])]
    for kind in ROUNDS:
        time.sleep(chance.uniform(0.02, 0.4))
        kill(one, kind)
    for thread in clients:
        thread.done.set()
    for thread in clients:
        thread.join(60)
    told = [fact for thread in clients for fact in thread.told]
    counts = Counter(what for what, _ in told)
    print("answered:", dict(counts), "seed", SEED)
    assert all(counts[what] for what in ("run.intent", "run.outcome", "login", "approval.requested", "approval.decided")), counts
    assert one.stop() == 0
    events = merkle.whole(one.state)
    there = set().union(*map(names, events))
    missing = [fact for fact in told if fact not in there]
    assert not missing, f"{len(missing)} of {len(told)} were answered and are not in the log: {missing[:5]}"

    by_name = Counter(event["event"] for event in events)
    assert by_name["daemon.crashed"] == len(ROUNDS) and by_name["daemon.start"] == len(ROUNDS) + 1, by_name
    assert by_name["daemon.stop"] == 1
    intents = [event["run"] for event in events if event["event"] == "run.intent"]
    outcomes = Counter(event["run"] for event in events if event["event"] == "run.outcome")
    assert all(outcomes[run] == 1 for run in intents), [run for run in intents if outcomes[run] != 1][:5]
    check_crashes(events)


def check_crashes(events):
    """Each says when owhaled had started, when it was last heard of, and how many runs it took with it."""
    lost = 0
    for at, event in enumerate(events):
        if event["event"] != "daemon.crashed":
            continue
        data, before = event["data"], events[:at]
        assert data["last_seq"] == at and data["last_heard"] == before[-1]["time"]
        assert data["started"] == [e["time"] for e in before if e["event"] == "daemon.start"][-1]
        ended = [e for e in events[at + 1:] if e["event"] == "run.outcome"][:data["runs"]]  # other events may come in between
        assert [e["outcome"] for e in ended] == ["lost"] * data["runs"], events[at:at + 8]
        lost += data["runs"]
    assert lost == sum(e["event"] == "run.outcome" and e["outcome"] == "lost" for e in events)


def damaged(path, offset, data):
    with open(path, "r+b") as file:
        file.seek(offset, os.SEEK_END if offset < 0 else os.SEEK_SET)
        file.write(data)


def crashed(own, runs=20):
    """One that was killed with events in its log; `wal` is what SQLite has not moved yet."""
    one = own(*QUICK).start()
    for _ in range(runs):
        one.ran(argv=["/bin/true"])
    supervisor = one.process
    kept = [one.process.pid, *one.children()]
    os.kill(supervisor.pid, signal.SIGKILL)
    supervisor.wait()
    one.process = None
    end = time.monotonic() + 30
    while any(os.path.exists(f"/proc/{pid}") for pid in kept):
        assert time.monotonic() < end
        time.sleep(0.01)
    return one


def test_a_torn_end_of_the_journal_is_left_out_and_what_was_acknowledged_is_there(own):
    """Half a frame behind the last whole one: the power went while it was written. The log itself is not repaired."""
    one = crashed(own)
    before = merkle.whole(one.state)
    wal = one.state / "audit.db-wal"
    assert wal.stat().st_size > 4096
    with open(wal, "ab") as file:
        file.write(os.urandom(3000))
    one.start()
    assert one.ran(argv=["/bin/true"])["exit_code"] == 0
    assert one.stop() == 0
    after = merkle.whole(one.state)
    assert after[:len(before)] == before
    assert [event["event"] for event in after].count("daemon.crashed") == 1


def test_a_damaged_log_is_not_repaired_but_refused_by_the_event_that_it_is_about(own):
    one = crashed(own)
    assert one.start().stop() == 0  # all is in the file
    text = (one.state / "audit.db").read_bytes()
    at = text.rindex(b'"event":"run.outcome"')
    damaged(one.state / "audit.db", at + 9, b"run.OUTCOME")
    code, said = one.refuses()
    assert code != 0 and "the audit log is damaged or was changed: event " in said, said
    assert b"run.OUTCOME" in (one.state / "audit.db").read_bytes(), "it is evidence"


@pytest.mark.parametrize("change, what", [
    ("UPDATE events SET outcome = (SELECT outcome FROM events WHERE seq = 1) WHERE seq = 9", "the row of event 9 has another outcome"),
    ("UPDATE events SET principal = (SELECT principal FROM events WHERE seq = 1) WHERE seq = 9", "the row of event 9 has another principal"),
    ("UPDATE events SET run = x'00' WHERE seq = 9", "the row of event 9 has another run"),
    ("UPDATE events SET time = time + 1 WHERE seq = 9", "the row of event 9 has another time"),
    ("UPDATE words SET text = 'run.OUTCOME' WHERE text = 'run.outcome'", "has another event than its text"),
])
def test_a_row_that_hides_its_event_from_searches_is_refused(own, change, what):
    """The text, and so the tree, is as it was: searches go by rows."""
    one = crashed(own)
    assert one.start().stop() == 0
    with sqlite3.connect(one.state / "audit.db") as db:
        for trigger in ("events_never_change", "words_never_change"):
            db.execute(f"DROP TRIGGER {trigger}")
        db.execute(change)
    db.close()
    code, said = one.refuses()
    assert code != 0 and "the audit log is damaged or was changed: " in said and what in said, said


def test_a_damaged_index_is_made_anew_and_that_is_an_event(own):
    one = crashed(own)
    index = one.state / "audit-index.db"
    for name in (index, index.with_name(index.name + "-wal")):
        if name.exists():
            damaged(name, 0, os.urandom(min(4096, name.stat().st_size)))
    one.start()
    end = time.monotonic() + 30
    while not (told := accounts.events(one, "audit.index_rebuilt")):
        assert time.monotonic() < end, one.said()
        time.sleep(0.05)
    assert told[0]["data"]["why"]
    assert one.get("/v1/audit?event=run.outcome&limit=1000").json()["events"]


def test_an_end_in_order_is_no_crash(own):
    one = own().start()
    assert one.stop() == 0
    again = own().start()
    assert again.get("/v1/audit?event=daemon.crashed").json()["events"] == []

