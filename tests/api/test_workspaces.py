"""Registered workspaces: in strict mode runs write nowhere else, and who registers one proves who he is."""

import os

import pytest

import accounts
from accounts import QUICK, events
from conftest import ALICE, BOB, needs_root
from ctl import Ctl

pytestmark = needs_root

ASKS_NOBODY = """
[[rule]]
id = "own.touch"
decision = "allow"
reason = "The test allows it."
program = ["touch"]
overrides = ["*"]
match = ["touch x"]
no_match = ["ls"]
"""


def own_folder(base, name, uid=ALICE):
    folder = base / name
    folder.mkdir()
    os.chown(folder, uid, uid)
    return folder


@pytest.fixture
def strict(own):
    d = own(*QUICK, "--mode", "strict", "--unix-roles", "*=agent")
    d.rule("own.toml", ASKS_NOBODY)
    d.start()
    made = {"name": "chief", "roles": ["admin"], "password": "boss of nobody here"}
    assert d.ask("POST", "/v1/users", made).status == 201
    d.admin = accounts.logged_in(d, "chief", made["password"], ALICE)
    return d


def add(person, folder, **more):
    return person.ask("POST", "/v1/workspaces", {"path": str(folder), **more}, step_up=True)


def test_a_token_that_is_bound_to_a_folder_takes_no_other_away(own, base):
    d = own(*QUICK).start()
    admin = accounts.set_up(d)
    person = accounts.add(admin, "alice", ["agent"], ALICE)
    inside, outside = own_folder(base, "inside"), own_folder(base, "outside")
    ids = [add(person, folder).json()["id"] for folder in (inside, outside)]
    agent = person.mint(cwd=str(inside))
    assert agent.ask("DELETE", f"/v1/workspaces/{ids[1]}").code in ("forbidden", "not_found")
    assert {entry["id"] for entry in person.get("/v1/workspaces").json()["workspaces"]} >= {ids[1]}


def written(d, folder, uid=ALICE):
    """Whether a run could, and what it was told."""
    answer = d.run(uid, argv=["touch", "written"], cwd=str(folder), wait=True)
    if answer.status >= 400 and answer.code == "layer_missing":
        pytest.skip("this machine lacks a layer that strict mode insists on: " + answer.json()["detail"])
    assert answer.status == 200, answer
    there = (folder / "written").exists()
    assert there == (answer.json()["exit_code"] == 0), answer
    if there:
        (folder / "written").unlink()
    return there


def test_what_is_registered_is_listed_and_in_the_log(strict, base):
    work = own_folder(base, "work")
    made = add(strict.admin, work)
    assert made.status == 201 and made.json()["path"] == str(work) and made.json()["uid"] == ALICE, made
    [event] = events(strict, "workspace.added")
    assert event["data"]["path"] == str(work) and event["data"]["uid"] == ALICE and event["principal"] == "user:chief"
    assert strict.admin.ask("DELETE", f"/v1/workspaces/{made.json()['id']}").status == 204
    assert events(strict, "workspace.removed")[0]["data"]["path"] == str(work)
    assert strict.admin.ask("DELETE", f"/v1/workspaces/{made.json()['id']}").code == "not_found"
    assert strict.get("/v1/workspaces").json()["workspaces"] == []


def test_strict_runs_write_where_it_is_registered_and_below_and_nowhere_else(strict, base):
    work, other, beside = (own_folder(base, name) for name in ("work", "other", "work-too"))
    below = own_folder(work, "deep")
    assert not written(strict, work)
    entry = add(strict.admin, work).json()
    assert written(strict, work) and written(strict, below)
    assert not written(strict, other) and not written(strict, beside)
    assert strict.admin.ask("DELETE", f"/v1/workspaces/{entry['id']}").status == 204
    assert not written(strict, work)


def test_it_is_one_users_and_outlives_a_restart(strict, base):
    work = own_folder(base, "work")
    (work / "sub").mkdir()
    os.chown(work / "sub", BOB, BOB)
    entry = add(strict.admin, work).json()
    assert add(strict.admin, work).json() == entry  # no second one
    assert len(events(strict, "workspace.added")) == 1
    assert strict.get("/v1/workspaces", uid=BOB).json()["workspaces"] == []
    assert strict.ask("DELETE", f"/v1/workspaces/{entry['id']}", uid=BOB).code == "not_found"
    strict.stop()
    strict.start()
    assert strict.get("/v1/workspaces", uid=ALICE).json()["workspaces"] == [entry]
    assert not written(strict, work / "sub", BOB)  # registered for alice's runs, not for bob's
    assert written(strict, work)


def test_nobody_registers_without_the_password_or_what_is_no_workspace(strict, base):
    work, theirs = own_folder(base, "work"), own_folder(base, "theirs", BOB)
    assert strict.ask("POST", "/v1/workspaces", {"path": str(work)}, uid=ALICE).code == "step_up_required"
    assert strict.admin.ask("POST", "/v1/workspaces", {"path": str(work)}).code == "step_up_required"
    agent = strict.admin.mint()
    assert agent.ask("POST", "/v1/workspaces", {"path": str(work)}).code == "step_up_required"
    assert add(strict.admin, theirs).code == "workspace_refused"
    for folder in ("/", "/etc", "/tmp", "/usr/lib"):
        assert add(strict.admin, folder).code == "workspace_refused", folder
    assert add(strict.admin, strict.state).code == "cwd_not_accessible"  # to her; root is told what it is
    assert strict.ask("POST", "/v1/workspaces", {"path": str(strict.base / "run")}).code == "workspace_refused"
    (base / "link").symlink_to("/etc")
    assert add(strict.admin, base / "link").code == "workspace_refused"
    assert add(strict.admin, base / "gone").code == "cwd_missing"
    for path in ("work", "", "/x\0y", "/" + 4200 * "x"):
        assert add(strict.admin, path).code == "invalid_value", path
    assert add(strict.admin, work, run_as="root").code == "forbidden"
    assert strict.get("/v1/workspaces").json()["workspaces"] == []


def test_in_local_mode_it_spares_naming_what_lies_in_a_dot_folder(own, base):
    local = own(*QUICK).start()
    home = own_folder(base, "home")
    work = own_folder(own_folder(home, ".dot"), "work")
    admin = accounts.set_up(local, ALICE)

    def touched(folder):
        run = local.ran(ALICE, argv=["touch", "written"], cwd=str(folder), home=str(home))
        return run["exit_code"] == 0 and (folder / "written").exists()

    assert not touched(work)
    assert add(admin, work).status == 201
    assert touched(work) and not touched(own_folder(home / ".dot", "other"))


def test_a_run_registers_nothing(own, base):
    local = own(*QUICK).start()
    work = own_folder(base, "work")
    admin = accounts.set_up(local, ALICE)
    entry = add(admin, work).json()
    script = (f"curl -s --unix-socket /run/owhaled/owhaled.sock http://localhost/v1/workspaces -d '{{\"path\":\"{work}\"}}';"
              f"curl -s -X DELETE --unix-socket /run/owhaled/owhaled.sock http://localhost/v1/workspaces/{entry['id']}")
    run = local.ran(ALICE, script=script, cwd=str(work), profile="agent")
    assert run["stdout"].count('"code"') == 2 and "forbidden" in run["stdout"], run
    assert admin.get("/v1/workspaces").json()["workspaces"] == [entry]


def test_a_folder_swapped_for_a_link_lets_nothing_else_be_written(strict, base):
    work, other = own_folder(base, "work"), own_folder(base, "other")
    assert add(strict.admin, work).status == 201
    work.rmdir()
    work.symlink_to(other)
    assert not written(strict, other)
    answer = strict.run(ALICE, argv=["touch", "written"], cwd=str(work), wait=True)
    assert answer.json()["exit_code"] != 0 and not (other / "written").exists()


def test_root_registers_for_a_user(strict, base):
    work = own_folder(base, "work", 33)
    answer = strict.ask("POST", "/v1/workspaces", {"path": str(work), "run_as": "www-data"})
    assert answer.status == 201 and answer.json()["uid"] == 33, answer
    assert written(strict, work, 33)


def test_owhalectl_adds_lists_and_removes(strict, base):
    work = own_folder(base, "work")
    ctl, root = Ctl(base, strict, ALICE), Ctl(base, strict)
    ctl("login", "chief", "--password-stdin", stdin="boss of nobody here\n")
    assert ctl("workspaces", "add", ".", cwd=work, code=None).returncode == 3
    said = ctl("workspaces", "add", ".", "--password-stdin", stdin="boss of nobody here\n", cwd=work)
    assert str(work) in said and str(ALICE) in said, said
    assert ctl("-q", "workspaces", "ls") == f"{work}\n"
    assert str(work) in root("workspaces", "ls")
    assert ctl("workspaces", "rm", ".", cwd=work) == ".\n"
    assert ctl("-q", "workspaces", "ls") == ""
    assert ctl("workspaces", "rm", str(work), code=None).returncode == 5
    assert "workspaces" in ctl("completion", "bash")
