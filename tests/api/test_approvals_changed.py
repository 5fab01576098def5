"""What people agreed to is what runs: whatever changed since then does not start."""

import os
import pathlib
import shutil
import time

import daemon
from accounts import events
from conftest import ALICE, needs_root
from people_who_agree import house, script, House, RULES, sha  # noqa: F401

pytestmark = needs_root


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
