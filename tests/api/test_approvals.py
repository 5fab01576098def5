"""Who agrees: a run that is asked about waits for people, and what comes of it. All of it by plain HTTP."""

import json
import pathlib
import threading
import time

from accounts import events
from conftest import ALICE, BOB, needs_root
from people_who_agree import house, House, sha  # noqa: F401

pytestmark = needs_root


def pending(house, patience=30):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := house.admin.get("/v1/approvals").json()["approvals"]:
            return found
        time.sleep(0.02)
    raise AssertionError("nothing is pending")


def test_a_question_is_asked_answered_and_the_run_goes_on_by_itself(house, workspace):
    run, approval = house.ask(argv=["seq", "3"], cwd=str(workspace), description="counting to three")
    assert approval["state"] == "pending" and approval["run"] == run["id"] and approval["principal"] == f"unix:{ALICE}"
    assert approval["uid"] == ALICE and approval["command"] == ["seq", "3"] and approval["cwd"] == str(workspace)
    assert approval["description"] == "counting to three" and approval["severity"] == "medium"
    assert approval["verdict"]["rule"] == "own.ask" and approval["quorum"] == 1 and approval["may_decide"]
    frozen = approval["frozen"]
    assert frozen["argv"] == ["seq", "3"] and frozen["files"][0]["role"] == "program"
    assert frozen["files"][0]["digest"] == sha(pathlib.Path("/usr/bin/seq").read_bytes())
    assert frozen["environment"]["PWD"] == sha(str(workspace).encode())
    # The digest is SHA-256 of RFC 8785: keys sorted, no spaces; all here is ASCII.
    canonical = json.dumps(frozen, sort_keys=True, separators=(",", ":"))
    assert sha(canonical.encode()) == approval["digest"]
    decided = house.approve(approval, reason="as agreed")
    assert decided.status == 200, decided
    [word] = decided.json()["decisions"]
    assert word["by"] == "user:bob" and word["proof"] == "password" and word["reason"] == "as agreed" and word["counts"]
    ended = house.end(run)
    assert ended["state"] == "exited" and ended["exit_code"] == 0 and house.output(run) == b"1\n2\n3\n"
    receipt = ended["receipt"]
    assert receipt["approval"] == approval["id"] and receipt["plan_digest"] == approval["digest"]
    assert receipt["approved_by"] == ["user:bob"] and receipt["decision"] == "ask"
    assert house.state(approval["id"]) == "used"
    [asked] = [e for e in events(house.d, "approval.requested") if e["run"] == run["id"]]
    [said] = events(house.d, "approval.decided")
    [intent] = [e for e in events(house.d, "run.intent") if e["run"] == run["id"]]
    assert asked["time"] < said["time"] < intent["time"]
    assert said["principal"] == "user:bob" and said["data"]["decision"] == "approve" and said["data"]["digest"] == approval["digest"]
    assert intent["data"]["approval"] == approval["id"] and intent["data"]["approved_by"] == ["user:bob"]
    assert intent["data"]["plan_digest"] == approval["digest"]


def test_who_waits_gets_the_result(house, workspace):
    answers = []
    asking = threading.Thread(target=lambda: answers.append(house.d.run(None, wait=True, argv=["seq", "2"])))
    asking.start()
    [approval] = pending(house)
    assert approval["waits"]
    assert house.approve(approval).status == 200
    asking.join()
    assert answers[0].status == 200 and answers[0].json()["stdout"] == "1\n2\n"


def test_who_waits_hears_that_it_was_refused(house):
    answers = []
    asking = threading.Thread(target=lambda: answers.append(house.d.run(None, wait=True, argv=["seq", "2"])))
    asking.start()
    [approval] = pending(house)
    assert house.deny(approval, reason="not today").status == 200
    asking.join()
    assert answers[0].status == 403 and answers[0].code == "approval_denied", answers
    problem = answers[0].json()
    assert "not today" in problem["detail"] and problem["approval"] == approval["id"] and problem["verdict"]["rule"] == "own.ask"
    run = house.d.get(f"/v1/runs/{problem['run']}").json()
    assert run["state"] == "denied" and run["code"] == "approval_denied"


def test_prefer_bounds_the_wait(house):
    begun = time.monotonic()
    answer = house.d.run(None, {"Prefer": "wait=1"}, wait=True, argv=["seq", "2"])
    assert answer.status == 202 and time.monotonic() - begun < 10
    shown = house.admin.get(f"/v1/approvals/{answer.json()['approval']}", headers={"Prefer": "wait=1"})
    assert shown.status == 200


def test_show_waits_for_the_answer(house):
    _, approval = house.ask(argv=["seq", "3"])
    threading.Timer(0.3, lambda: house.admin.do("POST", f"/v1/approvals/{approval['id']}/deny", {})).start()
    shown = house.d.get(f"/v1/approvals/{approval['id']}", headers={"Prefer": "wait=20"}, uid=ALICE)
    assert shown.json()["state"] == "denied"


def test_stdin_that_was_given_is_part_of_it(house):
    run, approval = house.ask(argv=["cat"], stdin="what was agreed to")
    assert approval["frozen"]["stdin_digest"] == sha(b"what was agreed to")
    house.approve(approval)
    assert house.end(run)["state"] == "exited" and house.output(run) == b"what was agreed to"


def test_an_exec_asks_too(house):
    target = house.d.begun(ALICE, argv=["sleep", "60"])
    answer = house.d.ask("POST", f"/v1/runs/{target}/exec", {"argv": ["seq", "4"]}, uid=ALICE)
    assert answer.status == 202, answer
    run = answer.json()
    approval = house.show(run["approval"])
    assert approval["frozen"]["verb"] == "runs.exec" and approval["frozen"]["joined"] == target
    house.approve(approval)
    assert house.end(run)["state"] == "exited" and house.output(run) == b"1\n2\n3\n4\n"
    # What waits to enter a run ends with it.
    waiting = house.d.ask("POST", f"/v1/runs/{target}/exec", {"argv": ["seq", "5"]}, uid=ALICE).json()
    house.d.ask("POST", f"/v1/runs/{target}/kill", {"grace_ms": 0}, uid=ALICE)
    assert house.until(waiting["approval"], ["cancelled"])
    assert house.end(waiting)["state"] == "cancelled"


def test_a_key_asks_once(house):
    key = {"Idempotency-Key": "ask-once"}
    first, again = (house.d.run(ALICE, key, argv=["seq", "3"]) for _ in range(2))
    assert first.json()["id"] == again.json()["id"] and again.status == 202
    house.approve(house.show(first.json()["approval"]))
    house.end(first.json())


# --- who may


def test_the_same_question_joins(house):
    (first, approval), (second, same) = (house.ask(argv=["seq", "3"]) for _ in range(2))
    assert approval["id"] == same["id"] and same["joined"] == [second["id"]]
    assert house.admin.get("/v1/approvals").json()["pending"] == 1
    house.approve(approval)
    assert [house.end(run)["exit_code"] for run in (first, second)] == [0, 0]
    assert house.state(approval["id"]) == "used"


def test_a_waited_one_is_cancelled_when_its_client_goes(house):
    connection = house.d.connect(ALICE)
    body = json.dumps({"argv": ["seq", "3"], "wait": True}).encode()
    connection.send(b"POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    [approval] = pending(house)
    connection.close()
    assert house.until(approval["id"], ["cancelled"])
    ended = house.end({"id": approval["run"]})
    assert ended["state"] == "cancelled" and ended["code"] == "approval_cancelled"
    assert house.approve(approval).code == "approval_ended"


def test_one_that_nobody_waits_for_lives_on(house):
    with house.d.connect(ALICE) as connection:
        run = connection.ask("POST", "/v1/runs", {"argv": ["seq", "3"]}).json()
    time.sleep(0.5)
    approval = house.show(run["approval"])
    assert approval["state"] == "pending"
    house.approve(approval)
    ended = house.end(run)
    assert ended["exit_code"] == 0 and ended["receipt"]["uid"] == ALICE, ended


def test_its_requester_takes_it_back(house):
    run, approval = house.ask(argv=["seq", "3"])
    answer = house.d.ask("POST", f"/v1/approvals/{approval['id']}/cancel", {"reason": "wrong folder"}, uid=ALICE)
    assert answer.json()["state"] == "cancelled" and answer.json()["ended_because"] == "wrong folder"
    assert house.end(run)["state"] == "cancelled"
    run, approval = house.ask(argv=["seq", "3"])
    house.d.ask("POST", f"/v1/runs/{run['id']}/kill", {}, uid=ALICE)
    assert house.end(run)["state"] == "cancelled"


def test_a_thousand_pending(own):
    house = House(own, "--approval-burst", "1000")
    with house.d.connect(ALICE) as connection:
        for i in range(1000):
            answer = connection.ask("POST", "/v1/runs", {"argv": ["seq", str(i)]})
            assert answer.status == 202, (i, answer)
        refused = connection.ask("POST", "/v1/runs", {"argv": ["seq", "x"]})
    assert refused.status == 503 and refused.code == "busy", refused
    assert house.d.run(BOB, argv=["seq", "3"]).status == 202  # nobody else's questions are held up
    assert house.d.ran(ALICE, argv=["true"])["exit_code"] == 0
    seen, before = [], ""
    while page := house.admin.get(f"/v1/approvals?state=pending&all=1&limit=500{before}").json():
        seen += page["approvals"]
        if "next" not in page:
            break
        before = "&before=" + page["next"]
    assert len(seen) == 1001
    items = [{"id": a["id"], "digest": a["digest"]} for a in seen if a["uid"] == ALICE]
    decided = house.bob.ask("POST", "/v1/approvals/decide", {"decision": "deny", "items": items}, step_up=True)
    assert decided.status == 200, decided
    assert {d["state"] for d in decided.json()["decided"]} == {"denied"}
    assert house.d.run(ALICE, argv=["seq", "x"]).status == 202


def test_a_flood_is_not_shown(own):
    house = House(own, "--approval-burst", "3")
    asked = [house.ask(argv=["seq", str(i)])[1] for i in range(6)]
    shown = house.admin.get("/v1/approvals").json()
    assert len(shown["approvals"]) == 3 and shown["pending"] == 3
    assert [a["throttled"] for a in asked] == [False] * 3 + [True] * 3
    assert len(house.admin.get("/v1/approvals?all=1").json()["approvals"]) == 6


def test_secrets_are_masked(house):
    secret = "ghp_" + "a1B2" * 9
    _, approval = house.ask(argv=["seq", "3"], env={"GITHUB_TOKEN": secret})
    for text in (json.dumps(approval), json.dumps(events(house.d, "approval.requested"))):
        assert secret not in text


# --- waiting
