"""Who may answer a question, whose word counts, and when it is too late."""

import json
import subprocess
import threading

import pytest

import accounts
from accounts import QUICK, bearer, events, proof
from conftest import ALICE, BOB, needs_root
from people_who_agree import house, House  # noqa: F401

pytestmark = needs_root


def deny_as_root(house, approval):
    # Ids are the process's: threads ask from root's socket, with bob's token.
    headers = {**bearer(house.bob.token), **proof(house.bob.password)}
    return house.d.ask("POST", f"/v1/approvals/{approval['id']}/deny", {}, headers)


def test_nobody_decides_who_may_not(house):
    run, approval = house.ask(argv=["seq", "3"])
    path, body = f"/v1/approvals/{approval['id']}/approve", {"digest": approval["digest"]}
    # The requester by its own socket, root by its, without a token.
    for uid in (ALICE, None):
        answer = house.d.ask("POST", path, body, uid=uid)
        assert answer.status in (401, 403), answer
    # A token for an agent, with a password or without; an agent's role; no step-up; the wrong password.
    agent = house.admin.mint()
    assert agent.ask("POST", path, body, headers=proof(accounts.ADMIN)).status == 403
    carol = accounts.add(house.admin, "carol", ["agent"])
    assert carol.ask("POST", path, body, step_up=True).status == 403
    assert house.bob.ask("POST", path, body).code == "step_up_required"
    assert house.bob.ask("POST", path, body, headers=proof("wrong")).status in (401, 403)
    # Another user does not even see it, nor any other id.
    assert house.d.get(f"/v1/approvals/{approval['id']}", uid=BOB).code == "not_found"
    assert house.d.ask("POST", f"/v1/approvals/{approval['id']}/cancel", uid=BOB).code == "not_found"
    assert house.d.ask("POST", f"/v1/approvals/{approval['id']}/claim", uid=BOB).code == "not_found"
    nobodys = "01900000-0000-7000-8000-000000000000"
    assert house.bob.ask("POST", f"/v1/approvals/{nobodys}/approve", body, step_up=True).code == "not_found"
    assert house.state(approval["id"]) == "pending" and not events(house.d, "approval.decided")
    assert house.d.state_of(run["id"], ALICE) == "waiting_approval"
    assert house.d.get("/v1/approvals?all=1", uid=BOB).json()["approvals"] == []
    assert [a["id"] for a in house.d.get("/v1/approvals", uid=ALICE).json()["approvals"]] == [approval["id"]]


def test_a_wrong_digest_decides_nothing(house):
    _, approval = house.ask(argv=["seq", "3"])
    assert house.approve(approval, digest="0" * 64).code == "digest_mismatch"
    assert house.approve(approval, digest="").code == "digest_mismatch"
    assert house.deny(approval, digest="0" * 64).code == "digest_mismatch"
    assert house.state(approval["id"]) == "pending"


def test_severity_and_quorum(own):
    house = House(own, "--quorum", "critical=2")
    run, approval = house.ask(argv=["numfmt", "12"])
    assert approval["severity"] == "critical" and approval["quorum"] == 2
    assert house.approve(approval).status == 403  # beyond what an approver decides
    dave = accounts.add(house.admin, "dave", ["admin"], uid=ALICE)  # sits at the uid that asked
    assert house.approve(approval, dave).json()["state"] == "pending"
    assert house.approve(approval, house.admin).json()["state"] == "pending"
    assert house.approve(approval, house.admin).code == "conflict"
    erin = accounts.add(house.admin, "erin", ["admin"])
    decided = house.approve(approval, erin).json()
    assert decided["state"] in ("approved", "used")
    assert [(d["by"], d["counts"]) for d in decided["decisions"]] == \
        [("user:dave", False), ("user:admin", True), ("user:erin", True)]
    assert house.end(run)["exit_code"] == 0


def test_a_first_word_falls_with_its_person(own):
    """Disabled, removed, without the role, or to change the password: between the first word and the second."""
    house = House(own, "--quorum", "critical=2")
    fates = [("POST", "/disable", None), ("DELETE", "", None), ("PUT", "/roles", {"roles": ["approver"]}),
             ("POST", "/reset", None)]
    people = [accounts.add(house.admin, name, ["admin"]) for name in ("frank", "grace")]
    for number, (method, path, body) in enumerate(fates):
        first = accounts.add(house.admin, f"first{number}", ["admin"])
        run, approval = house.ask(argv=["numfmt", str(12 + number)])
        assert house.approve(approval, first).json()["state"] == "pending"
        gone = house.admin.ask(method, f"/v1/users/first{number}{path}", body, step_up=True)
        assert gone.status < 300, gone
        second = house.approve(approval, people[0]).json()
        assert second["state"] == "pending", (path, second)
        assert [(d["by"], d["counts"]) for d in second["decisions"]] == [(f"user:first{number}", False), ("user:frank", True)]
        assert house.d.state_of(run["id"], ALICE) == "waiting_approval"
        assert house.approve(approval, people[1]).status == 200
        assert house.end(run)["exit_code"] == 0


def test_its_own_human_decides_in_local_mode(house):
    run, approval = house.ask(argv=["seq", "3"])
    own = accounts.add(house.admin, "alice", ["approver"], uid=ALICE)
    assert house.approve(approval, own).status == 200
    assert house.end(run)["exit_code"] == 0


def test_two_at_once(house):
    for _ in range(5):
        run, approval = house.ask(argv=["seq", "3"])
        answers = []
        both = [threading.Thread(target=lambda: answers.append(house.approve(approval, house.admin))),
                threading.Thread(target=lambda: answers.append(deny_as_root(house, approval)))]
        for one in both:
            one.start()
        for one in both:
            one.join()
        assert sorted(a.status for a in answers) == [200, 409], answers
        assert house.end(run)["state"] in ("exited", "denied")
    assert len(events(house.d, "approval.decided")) == 5


def test_twice_and_too_late(own):
    house = House(own, "--approval-expiry", "2s")
    run, approval = house.ask(argv=["seq", "3"])
    assert house.approve(approval).status == 200
    assert house.approve(approval).code == "approval_ended"
    assert house.deny(approval).code == "approval_ended"
    assert house.end(run)["exit_code"] == 0
    run, approval = house.ask(argv=["seq", "4"])
    assert house.until(approval["id"], ["expired"])
    late = house.approve(approval)
    assert late.code == "approval_expired", late
    ended = house.end(run)
    assert ended["state"] == "expired" and ended["code"] == "approval_expired"


def test_a_run_decides_nothing(house, workspace):
    """From inside a cage, by the run's own listener and over the host's network."""
    _, approval = house.ask(argv=["seq", "3"])
    token = house.bob.token
    ask = (f"/usr/bin/curl -s -m 10 --unix-socket /run/owhaled/owhaled.sock -X POST -H 'Content-Type: application/json' "
           f"-H 'Authorization: Bearer {token}' -H 'Owhale-Password: {proof(house.bob.password)['Owhale-Password']}' "
           f"-d '{{\"digest\":\"{approval['digest']}\"}}' http://localhost/v1/approvals/{approval['id']}/approve")
    (workspace / "ask.sh").write_text(ask)
    inside, question = house.ask(argv=["bash", "ask.sh"], cwd=str(workspace), profile="agent")
    house.approve(question)
    ended = house.end(inside)
    assert ended["state"] == "exited", ended
    said = json.loads(house.output(inside))
    assert said["status"] in (401, 403, 404), said
    assert house.state(approval["id"]) == "pending"


def test_a_run_with_the_hosts_network_and_a_persons_token_decides_nothing(own, base, workspace):
    """Over loopback TCP it is the run, whosever token and password it shows."""
    (base / "spawner.conf").write_text(f"net-host {ALICE}\n")
    house = House(own, "--spawner-config", str(base / "spawner.conf"), tcp="127.0.0.1:0")
    host, _, port = house.d.get("/v1/status").json()["tcp"].rpartition(":")
    _, approval = house.ask(argv=["seq", "3"])
    curl = (f"/usr/bin/curl -s -m 10 -H 'Content-Type: application/json' -H 'Authorization: Bearer {house.bob.token}' "
            f"-H 'Owhale-Password: {proof(house.bob.password)['Owhale-Password']}' http://{host}:{port}")
    body = f"-X POST -d '{{\"digest\":\"{approval['digest']}\"}}'"
    (workspace / "ask.sh").write_text("\n".join([
        f"{curl}/v1/whoami; echo", f"{curl}/v1/approvals/{approval['id']}/approve {body}; echo",
        f"{curl}/v1/approvals/decide -X POST -d '{{\"decision\":\"approve\",\"items\":[{{\"id\":\"{approval['id']}\","
        f"\"digest\":\"{approval['digest']}\"}}]}}'; echo", f"{curl}/v1/approvals/{approval['id']}; echo"]))
    for profile in ("default", "agent"):
        inside, question = house.ask(argv=["bash", "ask.sh"], cwd=str(workspace), profile=profile, net="host")
        assert house.approve(question).status == 200
        ended = house.end(inside)
        assert ended["state"] == "exited", ended
        who, *said = [json.loads(line) for line in house.output(inside).splitlines()]
        assert who["principal"] == f"run:{inside['id']}", who
        assert len(said) == 3 and all(one.get("status") in (401, 403, 404) for one in said), said
        assert house.state(approval["id"]) == "pending"
    # The control: from outside of any cage the same token and password decide.
    outside = subprocess.run(["bash", "-c", f"{curl}/v1/approvals/{approval['id']}/approve {body}"], capture_output=True, check=True)
    assert house.state(approval["id"]) in ("approved", "used"), outside


# --- what was agreed to is what runs


def test_decided_together(house):
    pairs = [house.ask(argv=["seq", str(i)]) for i in range(1, 4)]
    items = [{"id": a["id"], "digest": a["digest"]} for _, a in pairs]
    items.append({"id": items[0]["id"], "digest": "0" * 64})
    answer = house.bob.ask("POST", "/v1/approvals/decide", {"decision": "approve", "items": items, "reason": "all"}, step_up=True)
    decided = answer.json()["decided"]
    assert [d["id"] for d in decided] == [i["id"] for i in items]
    assert [d.get("code") for d in decided[:3]] == [None] * 3 and decided[3]["code"] in ("digest_mismatch", "approval_ended")
    assert [house.end(run)["exit_code"] for run, _ in pairs] == [0] * 3
    assert house.bob.ask("POST", "/v1/approvals/decide", {"decision": "approve", "items": []}, step_up=True).code == "invalid_value"
    assert house.bob.ask("POST", "/v1/approvals/decide", {"decision": "approve", "items": items}).code == "step_up_required"


# --- restart, and a disk that is full


def test_strict_takes_another_person(own):
    strict = own(*QUICK, "--mode", "strict", "--unix-roles", "*=agent")
    strict.start()
    made = {"name": "chief", "roles": ["admin"], "password": "boss of nobody"}
    assert strict.ask("POST", "/v1/users", made).status == 201
    chief = accounts.logged_in(strict, "chief", made["password"])
    own_human = accounts.add(chief, "alice", ["approver"], uid=ALICE)
    answer = strict.run(ALICE, argv=["seq", "3"])  # strict knows no rule for it: it asks
    if answer.status >= 400 and answer.code == "layer_missing":
        # Nothing runs, approved or not. tests/vm/guest/46-approvals.sh does this with all layers there.
        pytest.skip("this machine lacks a layer that strict mode insists on: " + answer.json()["detail"])
    assert answer.status == 202, answer
    approval = chief.get(f"/v1/approvals/{answer.json()['approval']}").json()
    body = {"digest": approval["digest"]}
    path = f"/v1/approvals/{approval['id']}/approve"
    refused = own_human.ask("POST", path, body, step_up=True)
    assert refused.status == 403 and "another person" in refused.text, refused
    assert chief.ask("POST", path, body, step_up=True).status == 200


# --- what nobody is asked for in vain
