"""A disk without room: nothing runs that the log does not know, all else goes on, and with room again all is as before."""

import os
import resource
import time

import pytest

import daemon
import merkle
from accounts import QUICK, events, login
from conftest import needs_root

pytestmark = needs_root


@pytest.fixture
def full(own, small_state):
    """One whose log takes no more, and a run of it that had begun before; fill() and room() are at hand."""
    one = own(*QUICK).start()
    one.waiting = one.begun(argv=["sleep", "600"])

    def until_refused():
        end = time.monotonic() + 60
        while True:  # the room that the log has of its own is used first: a run whose row cannot be kept is in it all the same
            daemon.fill(small_state)
            answer = one.run(wait=True, argv=["/bin/true"])
            if answer.code == "audit_unavailable":
                return answer
            assert time.monotonic() < end, answer

    one.until_refused = until_refused
    one.room = (small_state / "filler").unlink
    return one


def started(one):
    return [event["run"] for event in merkle.whole(one.state) if event["event"] == "run.intent"]


def log_row(one):
    return next(row for row in one.get("/v1/doctor").json()["checks"] if row["name"] == "audit log")


def test_nothing_starts_and_all_else_goes_on(full):
    answer = full.until_refused()
    assert "full" in answer.text and "free space" in answer.text, answer
    work = daemon.folder("owhale-ws-")
    try:
        for _ in range(20):
            assert full.run(wait=True, script="echo x >> ran", cwd=str(work)).status == 503
        assert not (work / "ran").exists()
    finally:
        daemon.remove(work)
    assert full.get("/v1/health").status == 200 and full.get("/v1/status").status == 200
    assert full.state_of(full.waiting) == "running"
    assert full.get("/v1/runs").json()["runs"] and full.get("/v1/audit?limit=5").json()["events"]
    for _ in range(3):
        answer = login(full, "admin", "admin")  # an act that cannot be recorded is not done
        assert answer.status == 503 and answer.code == "audit_unavailable" and "free space" in answer.text, answer
    row = log_row(full)
    assert row["state"] == "missing" and "cannot be written since" in row["detail"] and "full" in row["detail"] and "space" in row["fix"], row
    assert any(line.startswith("audit log: nothing starts") for line in full.get("/v1/status").json()["weaker"])
    full.room()
    assert full.ran(argv=["/bin/true"])["exit_code"] == 0
    told = events(full, "audit.recovered")
    assert len(told) == 1 and told[0]["data"]["refused"] >= 3 and "full" in told[0]["data"]["why"], told
    assert told[0]["data"]["since"] <= told[0]["data"]["until"] <= told[0]["time"]
    assert login(full, "admin", "admin").status == 200
    assert log_row(full)["state"] == "ok", log_row(full)


def test_a_run_that_ends_meanwhile_is_recorded_when_there_is_room(full):
    """Ten end while the log takes nothing; each outcome is there once, and none is lost with the next start."""
    going = [full.waiting] + [full.begun(argv=["sleep", "600"]) for _ in range(9)]
    full.until_refused()
    for run in going:
        assert full.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": 0}).status in (200, 202, 503)
    for run in going:
        full.until(run, {"killed", "signaled", "running"})
    full.room()
    end = time.monotonic() + 30
    while True:
        outcomes = [e["run"] for e in merkle.whole(full.state) if e["event"] == "run.outcome"]
        if set(going) <= set(outcomes):
            break
        for run in going:  # a kill that could not be recorded was not done
            if full.state_of(run) == "running":
                full.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": 0})
        assert time.monotonic() < end, set(going) - set(outcomes)
        time.sleep(0.1)
    assert all(outcomes.count(run) == 1 for run in going)
    assert full.stop() == 0
    assert sorted(e["run"] for e in merkle.whole(full.state) if e["event"] == "run.outcome") == sorted(set(started(full)))


def test_again_and_again(full):
    """Room comes and goes: each time it is told once, the log has no gap, and every run that was refused did not run."""
    ran = []
    for times in range(1, 5):
        full.until_refused()
        full.room()
        ran.append(full.ran(argv=["/bin/true"])["id"])
        assert len(events(full, "audit.recovered")) == times
    assert set(ran) <= set(started(full))


def test_owhaled_that_dies_on_a_full_disk_comes_back(full, small_state):
    """With room: what it had recorded is there. The supervisor tries until then."""
    full.until_refused()
    before = merkle.whole(full.state)
    broker = full.broker()
    os.kill(broker, 9)
    time.sleep(0.5)  # it may try, and fail, or serve
    full.room()
    end = time.monotonic() + 60
    while True:
        try:
            if full.get("/v1/health").status == 200 and full.broker() != broker:
                break
        except (OSError, StopIteration):
            pass
        assert time.monotonic() < end, full.said()
        time.sleep(0.05)
    assert full.ran(argv=["/bin/true"])["exit_code"] == 0
    assert merkle.whole(full.state)[:len(before)] == before
    assert full.state_of(full.waiting) == "lost"


def test_without_a_descriptor_left_the_log_is_written(own):
    """A crowd has taken them all; the log's files are open: what is done is recorded, and then all is as before."""
    one = own(*QUICK, "--max-connections", "100", "--max-connections-per-uid", "100")
    one.limits = {resource.RLIMIT_NOFILE: (48, 48)}
    one.start()
    runs = []
    with one.connect() as mine:
        assert mine.ask("GET", "/v1/health").status == 200
        crowd = [one.connect() for _ in range(60)]
        try:
            for _ in range(3):
                answer = mine.ask("POST", "/v1/login", {"name": "admin", "password": "admin"})
                assert answer.status == 200, answer
                assert mine.ask("GET", "/v1/audit?event=login").json()["events"]
                answer = mine.ask("POST", "/v1/runs", {"argv": ["/bin/true"], "wait": True})
                runs += [answer.json()["id"]] if answer.status == 200 else []  # it may fail: what matters is that it is known
        finally:
            for connection in crowd:
                connection.close()
    assert one.ran(argv=["/bin/true"])["exit_code"] == 0
    assert len(events(one, "login")) == 3
    assert one.stop() == 0
    known = merkle.whole(one.state)
    assert set(runs) <= {event["run"] for event in known if event["event"] == "run.outcome"}
    assert not [event for event in known if event["event"] == "audit.recovered"]
