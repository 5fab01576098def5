"""What people are told of the network before they agree."""

import os
import pathlib
import subprocess

from conftest import ALICE, BOB, needs_root
from people_who_agree import house, House  # noqa: F401

pytestmark = needs_root


def ctl():
    return pathlib.Path(os.environ.get("OWHALE_BUILD", pathlib.Path(__file__).parents[2] / "build")) / "cli" / "owhalectl"


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
