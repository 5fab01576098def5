"""A disk that gets full: told before it is, and its last part is not for agents to use up."""

import time

import pytest

import daemon
from accounts import QUICK, add, events, login, set_up
from conftest import ALICE, needs_root
from ctl import Ctl

# The disk has 64 MiB: it is low below 6.4, and a fiftieth of it, 1.28, is kept.
pytestmark = [needs_root, pytest.mark.parametrize("small_state", [64], indirect=True)]
KIB = 1024


@pytest.fixture
def one(own, small_state):
    """One whose disk can be given so much to leave; `give()` gives it back."""
    one = own(*QUICK).start()
    one.admin = set_up(one)
    filler = small_state / "filler"

    def leave(size):
        filler.unlink(missing_ok=True)
        daemon.fill(small_state, leave=size)

    one.leave, one.give = leave, lambda: filler.unlink(missing_ok=True)
    return one


def row(one):
    return next(row for row in one.get("/v1/doctor").json()["checks"] if row["name"] == "audit log")


def until(condition, patience=30):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.1)


def test_it_is_told_before_it_is_full(one):
    ctl = Ctl(one.base, one)
    one.leave(4096 * KIB)
    until(lambda: row(one)["state"] == "weaker")
    assert "MiB left" in row(one)["detail"] and "audit-retention" in row(one)["fix"], row(one)
    assert any("until it is full" in line for line in one.get("/v1/status").json()["weaker"])
    assert "MiB left" in ctl("status") and '"audit_log"' in ctl("-o", "json", "status")
    assert one.ran(ALICE, argv=["/bin/true"])["exit_code"] == 0
    one.give()
    until(lambda: row(one)["state"] == "ok")
    said = one.said()
    assert said.count("nearly full") == 1 and "enough space again" in said, said


def test_nobody_has_to_ask_for_the_journal_to_say_it(one):
    one.leave(4096 * KIB)
    until(lambda: "nearly full" in one.said())


def test_the_last_part_is_not_for_agents(one):
    """Denials in a loop fill no more than the rest: root and who has logged in go on, and what runs ends."""
    waits = one.begun(ALICE, argv=["cat"], stdin_open=True)
    stubborn = one.begun(ALICE, argv=["sh", "-c", "trap '' TERM; while :; do sleep 60; done"])
    carol = add(one.admin, "carol", ["agent"])
    agent = carol.mint()
    one.leave(1200 * KIB)
    until(lambda: row(one)["state"] == "missing")
    assert "kept for root" in row(one)["detail"] and "only root starts runs" in row(one)["lost"], row(one)
    before = one.get("/v1/audit?limit=1").json()["events"][0]["seq"]
    for request in ({"argv": ["/bin/true"]}, {"argv": ["rm", "-rf", "/"]}) * 50:
        answer = one.run(ALICE, wait=True, **request)
        assert answer.status == 503 and answer.code == "audit_unavailable" and "kept for root" in answer.text, answer
    assert carol.ask("POST", "/v1/runs", {"argv": ["/bin/true"], "wait": True}).status == 503
    assert one.ask("POST", f"/v1/runs/{waits}/signal", {"signal": "USR1"}, uid=ALICE).code == "audit_unavailable"
    for _ in range(5):
        assert agent.ask("POST", "/v1/tokens", {"role": "agent", "ttl_ms": 60_000}).code == "audit_unavailable"
    assert one.get("/v1/audit?limit=1").json()["events"][0]["seq"] == before, "not one event"
    for _ in range(50):
        assert one.ask("POST", f"/v1/runs/{stubborn}/kill", {"grace_ms": 3_600_000}, uid=ALICE).status == 200
    assert one.get("/v1/audit?limit=1").json()["events"][0]["seq"] == before + 1, "one kill, however often it is said"
    assert one.ran(argv=["/bin/true"])["exit_code"] == 0
    assert login(one, "admin", one.admin.password).status == 200
    one.admin.do("POST", "/v1/users/carol/disable")
    assert one.ask("POST", f"/v1/runs/{waits}/kill", {"grace_ms": 0}, uid=ALICE).status in (200, 202)
    one.until(waits, {"killed"}, ALICE)
    until(lambda: [e for e in events(one, "run.outcome") if e["run"] == waits])
    assert not events(one, "audit.recovered"), "it could be written all the time"
    one.give()
    until(lambda: one.run(ALICE, wait=True, argv=["/bin/true"]).status == 200)
    assert one.stop() == 0
    assert "reserve left alone" in one.said()
