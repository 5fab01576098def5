"""Two users: what belongs to one does not exist for the other."""

import json
import os
import subprocess
import sys

import pytest

from client import handshake
from conftest import needs_root

pytestmark = needs_root


@pytest.fixture
def live(owhaled, alice):
    run = owhaled.begun(alice, argv=["sleep", "30"])
    yield run
    owhaled.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": 0}, uid=alice)


def test_whoami_is_who_the_kernel_says(owhaled, alice, bob):
    for uid in (alice, bob):
        answer = owhaled.get("/v1/whoami", uid=uid).json()
        assert answer["principal"] == f"unix:{uid}" and "agent" in answer["roles"]
        assert "runs_create" in str(answer["permissions"])


def test_a_process_of_another_user_is_that_user(owhaled, bob):
    """Not a trick of ours with effective ids: a child that really is someone else, with its own client."""
    script = "import os,sys; os.setgroups([]); os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]));" \
             "os.execvp('curl', ['curl', '-sS', '--unix-socket', sys.argv[2], 'http://localhost/v1/whoami'])"
    answer = subprocess.run([sys.executable, "-c", script, str(bob), str(owhaled.socket)], capture_output=True,
                            text=True, timeout=20)
    assert json.loads(answer.stdout)["principal"] == f"unix:{bob}", answer


def test_no_claim_changes_who_one_is(owhaled, bob):
    headers = {"X-Forwarded-User": "root", "X-Remote-User": "root", "Cookie": "uid=0"}
    assert owhaled.get("/v1/whoami", headers=headers, uid=bob).json()["principal"] == f"unix:{bob}"
    answer = owhaled.get("/v1/whoami", headers={**headers, "Authorization": "Bearer x"}, uid=bob)
    assert answer.status == 401 and answer.code == "token_malformed"


NOBODYS = "01900000-0000-7000-8000-000000000000"
BODIES = {"ExecRequest": {"argv": ["true"]}, "SignalRequest": {"signal": "TERM"}, "KillRequest": {"grace_ms": 0},
          "InputRequest": {"text": "x"}}


def verbs_with_an_id(owhaled):
    document = owhaled.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if "{" in path:
                schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
                message = schema.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
                yield method.upper(), path, BODIES.get(message)


def test_every_verb_with_an_id_is_404_for_a_stranger(owhaled, alice, bob, live):
    tried = []
    for method, path, body in verbs_with_an_id(owhaled):
        if not path.startswith("/v1/runs/"):
            continue
        upgrade = handshake() if path.endswith("/attach") else None
        answer = owhaled.ask(method, path.replace("{id}", live), body, upgrade, uid=bob)
        assert answer.status == 404 and answer.code == "not_found", (method, path, answer)
        nobodys = owhaled.ask(method, path.replace("{id}", NOBODYS), body, upgrade, uid=bob)
        assert nobodys.status == 404, (method, path, nobodys)
        said = [one.json()["detail"].replace(run, "") for one, run in ((answer, live), (nobodys, NOBODYS))]
        assert said[0] == said[1], "the answers tell that the run exists"
        tried.append((method, path))
    assert len(tried) >= 9, tried
    assert owhaled.state_of(live, alice) == "running"


def test_boxes_of_another_do_not_exist(owhaled, alice, bob, workspace):
    owhaled.ran(alice, argv=["/bin/true"], cwd=str(workspace))
    mine = owhaled.get("/v1/boxes", uid=alice).json()["boxes"]
    assert mine, "the run made a box"
    for box in mine:
        assert owhaled.get(f"/v1/boxes/{box['id']}", uid=alice).status == 200
        assert owhaled.get(f"/v1/boxes/{box['id']}", uid=bob).code == "not_found"
        assert owhaled.ask("DELETE", f"/v1/boxes/{box['id']}", uid=bob).code == "not_found"
    assert not {box["id"] for box in mine} & {box["id"] for box in owhaled.get("/v1/boxes", uid=bob).json()["boxes"]}


def test_one_box_more_than_a_user_may_have_ends_the_one_unused_for_longest(fresh, alice, bob, workspace):
    """Who works in many folders is not refused for an hour; nobody else's box goes, and none that is in use."""
    def boxes(uid):
        return {box["id"] for box in fresh.get("/v1/boxes", uid=uid).json()["boxes"]}

    def folder(number):
        path = workspace / str(number)
        path.mkdir()
        os.chown(path, alice, alice)
        return {"cwd": str(path), "workspace": str(path)}

    fresh.ran(bob, argv=["/bin/true"])
    bobs = boxes(bob)
    places = [folder(i) for i in range(34)]
    busy = fresh.begun(alice, argv=["sleep", "600"], **places[0])
    assert fresh.ran(alice, script="echo mine >/tmp/kept", **places[1])["exit_code"] == 0
    for place in places[2:32]:
        assert fresh.ran(alice, argv=["/bin/true"], **place)["exit_code"] == 0
    before = boxes(alice)
    assert len(before) == 32
    assert fresh.ran(alice, argv=["cat", "/tmp/kept"], **places[1])["stdout"] == "mine\n"
    for place in places[32:]:
        assert fresh.ran(alice, argv=["/bin/true"], **place)["exit_code"] == 0
    assert len(boxes(alice)) == 32 and len(before - boxes(alice)) == 2
    assert fresh.ran(alice, argv=["cat", "/tmp/kept"], **places[1])["stdout"] == "mine\n", "it was used since"
    assert fresh.state_of(busy, alice) == "running" and boxes(bob) == bobs
    fresh.ask("POST", f"/v1/runs/{busy}/kill", {"grace_ms": 0}, uid=alice)


def test_lists_show_ones_own_only(owhaled, alice, bob, live):
    assert live in [run["id"] for run in owhaled.get("/v1/runs", uid=alice).json()["runs"]]
    assert live not in [run["id"] for run in owhaled.get("/v1/runs?limit=500", uid=bob).json()["runs"]]
    assert all(run["principal"] == f"unix:{bob}" for run in owhaled.get("/v1/runs", uid=bob).json()["runs"])


def test_the_audit_log_shows_ones_own_only(owhaled, alice, bob):
    run = owhaled.ran(alice, argv=["/bin/true"])["id"]
    owhaled.ran(bob, argv=["/bin/true"])
    events = owhaled.get(f"/v1/audit?run={run}", uid=alice).json()["events"]
    assert {event["event"]["event"] for event in events} >= {"run.intent", "run.outcome"}
    for query in (f"run={run}", f"principal=unix:{alice}", "limit=500"):
        answer = owhaled.get(f"/v1/audit?{query}", uid=bob)
        if answer.status == 403 and query.startswith("principal"):
            continue
        for event in answer.json()["events"]:
            assert event["event"]["principal"] == f"unix:{bob}", (query, event)
    assert owhaled.get(f"/v1/audit/{events[0]['seq']}", uid=alice).status == 200
    assert owhaled.get(f"/v1/audit/{events[0]['seq']}", uid=bob).code == "not_found"


def test_root_is_an_admin_who_sees_and_ends_what_is_anybodys(owhaled, alice, live):
    events = owhaled.get(f"/v1/audit?run={live}").json()["events"]
    assert events and events[0]["event"]["principal"] == f"unix:{alice}"
    assert owhaled.get(f"/v1/runs/{live}").json()["principal"] == f"unix:{alice}"
    assert live not in [run["id"] for run in owhaled.get("/v1/runs?limit=500").json()["runs"]]
    assert live in [run["id"] for run in owhaled.get("/v1/runs?limit=500&all=1").json()["runs"]]
    assert owhaled.ask("POST", f"/v1/runs/{live}/kill", {}).status == 200


def test_a_workspace_of_another_is_read_only_or_closed(owhaled, alice, bob, workspace):
    (workspace / "mine").write_text("alice")
    answer = owhaled.run(bob, wait=True, script="echo bob > mine; echo $?", cwd=str(workspace))
    if answer.status == 200:
        assert answer.json()["stdout"] != "0\n" and answer.json()["receipt"]["workspace_writable"] is False
    assert (workspace / "mine").read_text() == "alice"


def test_a_run_is_its_callers_uid_without_roots_groups(owhaled, alice):
    run = owhaled.ran(alice, script="id -u; id -g; id -G; grep -E '^(Cap(Prm|Eff|Bnd|Amb)|NoNewPrivs)' /proc/self/status")
    uid, gid, groups, *rest = run["stdout"].splitlines()
    assert (uid, gid, groups) == (str(alice), str(alice), str(alice))
    assert [line.split()[1] for line in rest] == ["0000000000000000"] * 4 + ["1"], rest


def test_roots_run_is_not_root_and_its_files_are_roots(owhaled, tmp_path):
    os.chmod(tmp_path.parent, 0o755)
    work = tmp_path / "work"
    work.mkdir()
    run = owhaled.ran(None, script="id -u; echo x > made", cwd=str(work))
    assert run["stdout"].strip() != "0" and run["receipt"]["uid"] != 0, run
    if run["receipt"]["workspace_writable"]:
        assert (work / "made").stat().st_uid == 0
