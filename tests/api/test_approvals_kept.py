"""Questions outlive the broker, and nothing is decided that cannot be written down."""

import json
import os
import signal
import subprocess
import time

import pytest

from conftest import ALICE, BOB, needs_root
from people_who_agree import house, House  # noqa: F401

pytestmark = needs_root


def again(house, wait=30):
    """The broker dies as it stands; the supervisor starts it anew."""
    os.kill(house.d.broker(), signal.SIGKILL)
    end = time.monotonic() + wait
    while time.monotonic() < end:
        time.sleep(0.2)
        try:
            if house.d.get("/v1/health").status == 200:
                return
        except (OSError, ConnectionError, StopIteration):
            pass
    raise AssertionError("owhaled did not come back:\n" + house.d.said())


def test_a_broker_that_dies_loses_no_question(house):
    pending_run, pending_one = house.ask(argv=["seq", "3"])
    approved_run, approved = house.ask(argv=["seq", "4"])
    waited = house.d.connect(ALICE)
    body = json.dumps({"argv": ["seq", "5"], "wait": True}).encode()
    waited.send(b"POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    while len(house.admin.get("/v1/approvals").json()["approvals"]) < 3:
        time.sleep(0.02)
    [third] = [a for a in house.admin.get("/v1/approvals").json()["approvals"] if a["waits"]]
    again(house)
    assert house.until(third["id"], ["cancelled"])
    assert house.d.get(f"/v1/runs/{pending_run['id']}", uid=ALICE).json()["state"] == "waiting_approval"
    assert house.approve(pending_one).json()["state"] == "approved"
    assert house.approve(approved).json()["state"] == "approved"
    end = time.monotonic() + 30
    while not house.show(approved["id"])["claimable"]:
        assert time.monotonic() < end, house.show(approved["id"])
        time.sleep(0.05)
    again(house)  # approved, and dies again
    assert house.show(approved["id"])["claimable"] and house.state(approved["id"]) == "approved"
    claim = f"/v1/approvals/{approved['id']}/claim"
    assert house.d.ask("POST", claim, uid=BOB).code == "not_found"
    assert house.admin.ask("POST", claim).status == 403
    claimed = house.d.ask("POST", claim, headers={"Prefer": "wait=20"}, uid=ALICE)
    assert claimed.status == 200 and claimed.json()["id"] == approved_run["id"], claimed
    assert claimed.json()["stdout"] == "1\n2\n3\n4\n" and claimed.json()["receipt"]["approved_by"] == ["user:bob"]
    assert house.d.ask("POST", claim, uid=ALICE).code == "approval_ended"
    assert house.d.ask("POST", f"/v1/approvals/{pending_one['id']}/claim", uid=ALICE).status in (201, 202)
    assert house.end(pending_run)["exit_code"] == 0


def test_a_stop_keeps_them_too(house, own):
    run, approval = house.ask(argv=["seq", "3"])
    house.d.stop()
    house.d.start()
    assert house.state(approval["id"]) == "pending"
    assert house.d.state_of(run["id"], ALICE) == "waiting_approval"
    house.approve(approval)
    claimed = house.d.ask("POST", f"/v1/approvals/{approval['id']}/claim", headers={"Prefer": "wait=20"}, uid=ALICE)
    assert claimed.json()["exit_code"] == 0, claimed


def test_who_claims_need_not_stay(house):
    """As owhalectl approvals claim does: the connection is gone before the plan is looked up on it."""
    asked = [house.ask(argv=["seq", str(i)]) for i in range(1, 9)]
    again(house)
    for _, approval in asked:
        assert house.approve(approval).json()["state"] == "approved"
    end = time.monotonic() + 30
    while not all(house.show(approval["id"])["claimable"] for _, approval in asked):
        assert time.monotonic() < end
        time.sleep(0.05)
    connections = [house.d.connect(ALICE) for _ in asked]
    for connection, (_, approval) in zip(connections, asked):
        connection.send(b"POST /v1/approvals/%s/claim HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
                        % approval["id"].encode())
    for connection in connections:
        assert connection.response().status in (201, 202)
        connection.close()
    assert [house.end(run)["exit_code"] for run, _ in asked] == [0] * len(asked)


def test_a_full_disk_decides_nothing(own, base):
    state = base / "state"
    state.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "owhale-test", str(state)], check=True)
    try:
        house = House(own)
        run, approval = house.ask(argv=["seq", "3"])
        with open(state / "filler", "wb") as filler, pytest.raises(OSError):
            while True:
                filler.write(b"x" * 65536)
                filler.flush()
        for _ in range(60):  # what SQLite had left over takes a few events
            answer = house.d.run(None, argv=["/bin/true"], wait=True)
            if answer.status == 503:
                break
        answer = house.approve(approval)
        assert answer.status == 503 and answer.code in ("audit_unavailable", "state_unavailable"), answer
        assert house.state(approval["id"]) == "pending" and house.d.state_of(run["id"], ALICE) == "waiting_approval"
        (state / "filler").unlink()
        assert house.approve(approval).status == 200
        assert house.end(run)["exit_code"] == 0
        house.d.stop()
    finally:
        subprocess.run(["umount", "-l", str(state)], check=True)
