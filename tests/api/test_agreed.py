"""What was agreed to is what runs, however it is named: by PATH, by "#!" lines, by variables, by what is read."""

import json
import os
import socket

import pytest

import accounts
import client
from conftest import ALICE, BOB, needs_root
from people_who_agree import House, house  # noqa: F401

pytestmark = needs_root

GOOD, EVIL = "#!/bin/sh\necho agreed\n", "#!/bin/sh\necho another\n"


@pytest.fixture
def put(workspace):
    """Writes a program of Alice's below her workspace."""
    def write(name, text):
        path = workspace / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        for one in (path.parent, path):
            os.chown(one, ALICE, ALICE)
        return path
    return write


ROWS = {
    "by name in a script": ({"bin/tool": GOOD}, "bin/tool", {"script": "tool"}),
    "by name, where there was none": ({"bin/other": GOOD}, "bin/seq", {"script": "seq 3"}),
    "by name, behind another program": ({"bin/tool": GOOD}, "bin/tool", {"argv": ["bash", "-c", "nice tool"]}),
    "by a PATH of the script's own": ({"bin/tool": GOOD}, "bin/tool", {"script": "PATH=$PWD/bin:$PATH; tool", "path": "/usr/bin:/bin"}),
    "the interpreter that env finds": ({"bin/i": GOOD, "tool": "#!/usr/bin/env i\n"}, "bin/i", {"argv": ["./tool"]}),
    "the interpreter that env is told": ({"i": GOOD, "tool": "#!/usr/bin/env -S {ws}/i -x\n"}, "i", {"argv": ["./tool"]}),
    "the interpreter's interpreter": ({"j": GOOD, "i": "#!{ws}/j\n", "tool": "#!{ws}/i\n"}, "j", {"argv": ["./tool"]}),
    "a file behind the interpreter": ({"i": GOOD, "tool": "#!/bin/bash {ws}/i\n"}, "i", {"argv": ["./tool"]}),
    "the interpreter of an inner script": ({"i": GOOD, "tool": "#!{ws}/i\n"}, "i", {"argv": ["bash", "-c", "./tool"]}),
    "a variable that names code": ({"i": GOOD}, "i", {"argv": ["bash", "-c", ":"], "env": {"BASH_ENV": "{ws}/i"}}),
    "read as code": ({"i": GOOD}, "i", {"argv": ["bash", "-c", "bash < i"]}),
    "printed as code": ({"i": GOOD}, "i", {"argv": ["bash", "-c", "cat i | bash"]}),
    "put in as code": ({"i": GOOD}, "i", {"argv": ["bash", "-c", 'eval "$(cat i)"']}),
}


def at(workspace, value):
    return json.loads(json.dumps(value).replace("{ws}", str(workspace)))


@pytest.mark.parametrize("row", ROWS)
def test_code_that_changed(house, workspace, put, row):
    files, changes, request = at(workspace, ROWS[row])
    for name, text in files.items():
        put(name, text)
    request = {"cwd": str(workspace), "path": f"{workspace}/bin:/usr/bin:/bin", **request}
    run, approval = house.ask(**request)
    put(changes, EVIL)
    assert house.approve(approval).status == 200
    ended = house.end(run)
    assert ended["state"] == "denied" and ended["code"] == "approval_void", ended
    assert str(workspace / changes) in ended["error"]
    run, approval = house.ask(**request)
    assert str(workspace / changes) in [file["path"] for file in approval["frozen"]["files"]]
    house.approve(approval)
    assert house.end(run)["state"] == "exited"


def test_an_interpreter_of_whichever_folder_it_is_run_in(house, workspace, put):
    put("i", GOOD)
    put("tool", "#!i\n")
    answer = house.d.run(ALICE, argv=["./tool"], cwd=str(workspace))
    assert answer.code == "approval_required" and "could not be read" in answer.text, answer


def test_what_only_the_cage_has_cannot_be_agreed_to(house, workspace):
    answer = house.d.run(ALICE, argv=["bash", "-c", ":"], env={"BASH_ENV": "/tmp/x.sh"}, cwd=str(workspace))
    assert answer.code == "approval_required" and "/tmp/x.sh" in answer.text, answer


def test_programs_of_the_system_are_not_listed(house, workspace):
    _, approval = house.ask(script="seq 3 | wc -l", cwd=str(workspace), path=f"{workspace}/bin:/usr/bin:/bin")
    assert [file["role"] for file in approval["frozen"]["files"]] == ["program"]


def test_who_was_removed_has_not_agreed(own):
    house = House(own, "--quorum", "critical=2")
    house.admin.do("DELETE", "/v1/users/bob", status=204)
    dora = accounts.add(house.admin, "dora", ["admin"])
    eve = accounts.add(house.admin, "eve", ["admin"])
    run, approval = house.ask(argv=["numfmt", "12"])
    assert house.approve(approval, who=dora).json()["state"] == "pending"
    house.admin.do("DELETE", "/v1/users/dora", status=204)
    assert house.approve(approval, who=eve).json()["state"] == "pending"
    assert house.approve(approval, who=house.admin).json()["state"] == "approved"
    assert house.end(run)["state"] == "exited"


def test_a_list_shows_the_beginning_of_a_long_command(house):
    text = "seq 3; : " + "ä" * 100_000
    _, approval = house.ask(script=text)
    assert "".join(approval["command"]).count("ä") > 2048
    answer = house.admin.get("/v1/approvals")
    assert len(answer.body) < 20_000
    [listed] = answer.json()["approvals"]
    assert "shown whole by itself" in listed["command"][-1] and listed["digest"] == approval["digest"]


def test_secrets_in_what_people_and_agents_say(house):
    secret = "ghp_" + "a1B2" * 9
    _, approval = house.ask(argv=["seq", "3"], description=f"with {secret}")
    house.deny(approval, reason=f"not with {secret}")
    assert secret not in json.dumps(house.show(approval["id"]))


@pytest.mark.parametrize("request_", [{"env": {"PATH": "/tmp/bin:/usr/bin:/bin"}, "script": "seq 3"},
                                      {"script": "PATH=/tmp/bin:$PATH; seq 3"}])
def test_a_folder_of_the_boxs_own_is_no_place_to_look(house, workspace, request_):
    """What an earlier run put there, nobody sees."""
    answer = house.d.run(ALICE, cwd=str(workspace), **request_)
    assert answer.status == 403 and answer.code == "approval_required" and "/tmp/bin" in answer.text, answer


UNASKABLE = {
    "looked for in the box": {"script": "PATH=/tmp/bin:$PATH; seq 3"},
    "only the cage has it": {"argv": ["bash", "-c", ":"], "env": {"BASH_ENV": "/tmp/x.sh"}},
    "too many files": {"argv": ["bash", "-c", "; ".join(f". ./f{n}" for n in range(70))]},
}


@pytest.mark.parametrize("row", UNASKABLE)
def test_what_nobody_can_agree_to_is_denied_and_in_the_log(house, workspace, put, row):
    """Whoever tries it leaves a trace, though nobody was asked."""
    for n in range(70):
        put(f"f{n}", ":\n")
    asked = len(house.admin.get("/v1/approvals").json()["approvals"])
    answer = house.d.run(ALICE, cwd=str(workspace), **UNASKABLE[row])
    assert answer.status == 403 and answer.code == "approval_required" and "nobody can agree" in answer.text, answer
    [event] = [one["event"] for one in house.d.get("/v1/audit?event=run.denied&limit=1").json()["events"]]
    assert event["outcome"] == "denied" and event["principal"] == f"unix:{ALICE}" and event["run"] == answer.json()["run"]
    data = event["data"]
    assert (data["code"], data["verdict"]) == ("approval_required", "ask") and "nobody can agree" in data["reason"], data
    assert house.d.get(f"/v1/runs/{event['run']}", uid=ALICE).json()["state"] == "denied"
    assert len(house.admin.get("/v1/approvals").json()["approvals"]) == asked, "and nobody was"


def test_what_nobody_can_agree_to_is_denied_in_a_cage_that_stands_too(house, workspace):
    inside = house.d.begun(ALICE, argv=["sleep", "600"], cwd=str(workspace))
    answer = house.d.ask("POST", f"/v1/runs/{inside}/exec", {"argv": ["seq", "3"], "env": {"PATH": "/tmp/bin:/usr/bin:/bin"}}, uid=ALICE)
    assert answer.status == 403 and answer.code == "approval_required" and "/tmp/bin" in answer.text, answer
    [event] = [one["event"] for one in house.d.get("/v1/audit?event=run.denied&limit=1").json()["events"]]
    assert event["run"] == answer.json()["run"] and event["data"]["joined"] == inside


def test_ones_own_human_is_known_over_tcp_too(own):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    flags = [flag for flag in accounts.QUICK if flag not in ("--tcp", "off")]
    house = House(lambda *_: own(*flags, "--tcp", f"127.0.0.1:{port}", "--quorum", "critical=2"))
    dora = accounts.add(house.admin, "dora", ["admin"])
    for uid, counts in ((ALICE, False), (BOB, True)):
        _, approval = house.ask(argv=["numfmt", str(uid)])
        connection = object.__new__(client.Connection)
        connection.input = b""
        with client.user(uid):
            connection.socket = socket.create_connection(("127.0.0.1", port), 20)
        with connection:
            login = connection.ask("POST", "/v1/login", {"name": "dora", "password": dora.password}).json()
            headers = {**accounts.bearer(login["access_token"]), **accounts.proof(dora.password)}
            body = {"digest": approval["digest"]}
            answer = connection.ask("POST", f"/v1/approvals/{approval['id']}/approve", body, headers)
        assert answer.json()["decisions"][0]["counts"] == counts, answer
