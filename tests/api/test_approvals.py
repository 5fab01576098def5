"""Who agrees: a run that is asked about waits for people, and what they agreed to is what runs. All of it by plain HTTP."""

import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time

import pytest

import accounts
import daemon
from accounts import QUICK, bearer, events, proof
from conftest import ALICE, BOB, needs_root

pytestmark = needs_root

RULES = """
[[rule]]
id = "own.ask"
decision = "ask"
severity = "medium"
reason = "The test asks."
program = ["seq", "bash", "tool", "cat", "curl"]
overrides = ["*"]
match = ["seq 3"]
no_match = ["ls"]

[[rule]]
id = "own.critical"
decision = "ask"
severity = "critical"
reason = "The test asks twice."
program = ["numfmt"]
overrides = ["*"]
match = ["numfmt 12"]
no_match = ["ls"]
"""


def sha(data):
    return hashlib.sha256(data).hexdigest()


class House:
    """An owhaled with its people: the admin, an approver at BOB's uid, an approver at ALICE's (her own human)."""

    def __init__(self, own, *flags, tcp="off"):
        self.d = own("--tcp", tcp, *QUICK[2:], *flags)
        self.d.rule("50-own.toml", RULES)
        self.d.start()
        self.admin = accounts.set_up(self.d)
        self.bob = accounts.add(self.admin, "bob", ["approver"], uid=BOB)

    def ask(self, uid=ALICE, **request):
        """A question that nobody stays for: its run, and the request."""
        answer = self.d.run(uid, **request)
        assert answer.status == 202, answer
        run = answer.json()
        assert run["state"] == "waiting_approval" and answer.headers["location"] == "/v1/runs/" + run["id"]
        return run, self.show(run["approval"])

    def show(self, id, who=None):
        answer = (who or self.admin).get(f"/v1/approvals/{id}")
        assert answer.status == 200, answer
        return answer.json()

    def approve(self, approval, who=None, digest=None, **more):
        body = {"digest": approval["digest"] if digest is None else digest, **more}
        return (who or self.bob).ask("POST", f"/v1/approvals/{approval['id']}/approve", body, step_up=True)

    def deny(self, approval, who=None, **more):
        return (who or self.bob).ask("POST", f"/v1/approvals/{approval['id']}/deny", more, step_up=True)

    def state(self, id):
        return self.show(id)["state"]

    def until(self, id, states, patience=30):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if (state := self.state(id)) in states:
                return state
            time.sleep(0.02)
        raise AssertionError(f"{id} is {state}, not one of {states}")

    def end(self, run, patience=30):
        """How a run ended."""
        answer = self.d.get(f"/v1/runs/{run['id']}/wait", headers={"Prefer": f"wait={patience}"})
        assert answer.status == 200, answer
        return answer.json()

    def output(self, run):
        return self.d.get(f"/v1/runs/{run['id']}/output?stream=stdout").body


@pytest.fixture
def house(own):
    return House(own)


@pytest.fixture
def script(workspace):
    path = workspace / "x.sh"
    path.write_text("echo agreed\n")
    os.chown(path, ALICE, ALICE)
    return path


# --- the story


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


def pending(house, patience=30):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := house.admin.get("/v1/approvals").json()["approvals"]:
            return found
        time.sleep(0.02)
    raise AssertionError("nothing is pending")


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


def deny_as_root(house, approval):
    # Ids are the process's: threads ask from root's socket, with bob's token.
    headers = {**bearer(house.bob.token), **proof(house.bob.password)}
    return house.d.ask("POST", f"/v1/approvals/{approval['id']}/deny", {}, headers)


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


def changed(house, run, approval, *words):
    """It was approved, and something changed meanwhile."""
    assert house.approve(approval).status == 200
    ended = house.end(run)
    assert ended["state"] == "denied" and ended["code"] == "approval_void", ended
    shown = house.show(approval["id"])
    assert shown["state"] == "void"
    for word in words:
        assert word in shown["ended_because"] and word in ended["error"], shown["ended_because"]
    [event] = [e for e in events(house.d, "approval.ended") if e["run"] == run["id"]]
    assert event["outcome"] == "void" and words[0] in event["data"]["why"]


def test_a_script_that_changed(house, workspace, script):
    run, approval = house.ask(argv=["bash", "x.sh"], cwd=str(workspace))
    [file] = [f for f in approval["frozen"]["files"] if f["role"] == "script"]
    assert file["path"] == str(script) and file["digest"] == sha(b"echo agreed\n") and not file["held"]
    script.write_text("echo another\n")
    changed(house, run, approval, f"{script} changed")


def test_a_script_that_changes_at_any_moment(house, workspace, script):
    """After the answer, before the spawner copies it, and while it does: it runs as agreed, or its request is void."""
    big = "#" * 79 + "\n"
    for number in range(12):
        script.write_text(f"echo agreed {number}\n" + big * 200_000)
        run, approval = house.ask(argv=["bash", "x.sh"], cwd=str(workspace))
        assert house.approve(approval).status == 200
        time.sleep(number * 0.005)
        script.write_text("echo another\n")
        ended = house.end(run)
        if ended["state"] == "exited":
            assert house.output(run) == b"agreed %d\n" % number and house.state(approval["id"]) == "used", ended
            continue
        assert ended["code"] == "approval_void" and house.output(run) == b"", ended
        assert house.until(approval["id"], ["void"]) and str(script) in house.show(approval["id"])["ended_because"]


def test_a_script_that_did_not_change_runs(house, workspace, script):
    run, approval = house.ask(argv=["bash", "x.sh"], cwd=str(workspace))
    house.approve(approval)
    ended = house.end(run)
    assert ended["exit_code"] == 0 and house.output(run) == b"agreed\n", ended


def test_a_program_that_changed(house, workspace):
    tool = workspace / "tool"
    tool.write_bytes(pathlib.Path("/usr/bin/true").read_bytes())
    tool.chmod(0o755)
    run, approval = house.ask(argv=["./tool"], cwd=str(workspace))
    tool.write_bytes(pathlib.Path("/usr/bin/false").read_bytes())
    changed(house, run, approval, f"{tool} changed")
    run, approval = house.ask(argv=["./tool"], cwd=str(workspace))
    house.approve(approval)
    assert house.end(run)["exit_code"] == 1  # /usr/bin/false, as agreed


def test_a_link_in_the_working_folder(house, workspace):
    for name in ("a", "b"):
        (workspace / name).mkdir()
        os.chown(workspace / name, ALICE, ALICE)
    (workspace / "here").symlink_to("a")
    run, approval = house.ask(argv=["seq", "3"], cwd=str(workspace / "here"), workspace=str(workspace))
    assert approval["frozen"]["cwd"] == str(workspace / "a")
    (workspace / "here").unlink()
    (workspace / "here").symlink_to("b")
    changed(house, run, approval, "the working folder changed")


def test_another_program_on_the_path(house, workspace):
    mine = workspace / "bin"
    mine.mkdir()
    os.chown(mine, ALICE, ALICE)
    run, approval = house.ask(argv=["seq", "3"], cwd=str(workspace), path=f"{mine}:/usr/bin:/bin")
    assert approval["frozen"]["files"][0]["path"].endswith("/seq")
    (mine / "seq").write_text("#!/bin/sh\necho mine\n")
    (mine / "seq").chmod(0o755)
    changed(house, run, approval, str(mine / "seq"))


def test_the_policy_changed(house):
    run, approval = house.ask(argv=["seq", "3"])
    house.d.rule("60-more.toml", RULES.replace("own.", "more.").replace('"seq", ', "").replace("seq 3", "tool"))
    house.admin.do("POST", "/v1/policy/reload")
    changed(house, run, approval, "the policy changed")


def test_an_environment_value_that_changed(house, workspace):
    """The requester's own environment is in the request; what it does not say comes from the profile, and is bound too."""
    run, approval = house.ask(argv=["seq", "3"], env={"FOO": "1"})
    assert approval["frozen"]["environment"]["FOO"] == sha(b"1") and approval["environment"]["FOO"] == "1"
    _, other = house.ask(argv=["seq", "3"], env={"FOO": "2"})
    assert other["id"] != approval["id"] and other["digest"] != approval["digest"]
    house.approve(approval)
    assert house.end(run)["exit_code"] == 0
    assert house.state(other["id"]) == "pending"


def test_an_environment_value_of_the_profile_that_changed(own, base):
    """What the request does not say is the profile's, which is read at the start: changed while the question waits."""
    profiles = base / "profiles"
    shutil.copytree(daemon.TOP / "profiles", profiles)
    house = House(own)
    command = house.d.command
    house.d.command = lambda: [str(profiles) if word == str(daemon.TOP / "profiles") else word for word in command()]
    house.d.stop()
    house.d.start()
    run, approval = house.ask(argv=["seq", "3"])
    assert "HUSKY" in approval["frozen"]["environment"]
    house.d.stop()
    text = (profiles / "default.toml").read_text()
    (profiles / "default.toml").write_text(text.replace('HUSKY = "0"', 'HUSKY = "1"\nLD_PRELOAD = "/tmp/x.so"'))
    house.d.start()
    assert house.approve(approval).json()["state"] == "approved"
    house.d.ask("POST", f"/v1/approvals/{approval['id']}/claim", headers={"Prefer": "wait=20"}, uid=ALICE)
    ended = house.end(run)
    assert ended["state"] == "denied" and ended["code"] == "approval_void" and house.output(run) == b"", ended
    because = house.show(approval["id"])["ended_because"]
    assert house.state(approval["id"]) == "void"
    for word in ("HUSKY changed", "LD_PRELOAD is new", "the profile changed"):
        assert word in because, because


def test_what_is_not_there_cannot_be_agreed_to(house, workspace):
    answer = house.d.run(ALICE, argv=["bash", "missing.sh"], cwd=str(workspace))
    assert answer.code == "approval_required" and "missing.sh" in answer.text, answer
    (workspace / "link.sh").symlink_to("/etc/hostname")
    answer = house.d.run(ALICE, argv=["bash", "link.sh"], cwd=str(workspace))
    assert answer.code == "approval_required" and "link.sh" in answer.text, answer


def test_secrets_are_masked(house):
    secret = "ghp_" + "a1B2" * 9
    _, approval = house.ask(argv=["seq", "3"], env={"GITHUB_TOKEN": secret})
    for text in (json.dumps(approval), json.dumps(events(house.d, "approval.requested"))):
        assert secret not in text


# --- waiting


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


def test_the_hosts_network_is_refused_before_anybody_is_asked(house, workspace):
    for request in ({"wait": True}, {"wait": False}):
        answer = house.d.run(ALICE, argv=["seq", "3"], cwd=str(workspace), net="host", **request)
        assert answer.status == 403 and answer.code == "net_host_denied", answer
        assert f"net-host {ALICE}" in answer.json()["next"] and "/etc/owhaled/spawner.conf" in answer.json()["next"]
    assert house.admin.get("/v1/approvals?all=1").json()["approvals"] == []
    assert house.d.run(ALICE, argv=["rm", "-rf", "/"], net="host").code == "denied", "a verdict of deny comes first"


def test_the_hosts_network_is_asked_about_for_whom_root_lists(own, base, workspace):
    conf = base / "spawner.conf"
    conf.write_text(f"net-host {ALICE}\n")
    conf.chmod(0o644)
    house = House(own, "--spawner-config", str(conf))
    run, approval = house.ask(argv=["seq", "3"], cwd=str(workspace), net="host")
    assert approval["frozen"]["net"] == "host" and "notes" not in approval
    assert house.approve(approval).status == 200
    assert house.end(run)["exit_code"] == 0
    answer = house.d.run(BOB, argv=["seq", "3"], net="host")
    assert answer.code == "net_host_denied" and str(conf) in answer.json()["next"], answer


def test_people_and_the_asker_are_told_that_it_will_have_no_network(house, workspace):
    run, approval = house.ask(argv=["curl", "-sS", "https://example.org/x"], cwd=str(workspace))
    [note] = approval["notes"]
    assert "no network" in note and "example.org" in note
    [hint] = [one for one in run["hints"] if one["what"] == note]
    assert "--net host" in hint["next"]
    [listed] = house.admin.get("/v1/approvals").json()["approvals"]
    assert listed["notes"] == [note]
    shown = subprocess.run([ctl(), "--socket", str(house.d.socket), "approvals", "show", approval["id"]],
                           capture_output=True, text=True)
    assert "Will fail?" in shown.stdout and "talks to example.org" in " ".join(shown.stdout.split()), shown
    for argv in (["curl", "-sS", "http://127.0.0.1:9/x"], ["seq", "3"]):
        run, approval = house.ask(argv=argv, cwd=str(workspace))
        assert "notes" not in approval and "no network" not in str(run["hints"]), argv


def ctl():
    return pathlib.Path(os.environ.get("OWHALE_BUILD", pathlib.Path(__file__).parents[2] / "build")) / "cli" / "owhalectl"
