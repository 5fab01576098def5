"""A scripted agent inside the profile `agent`: finds owhaled at its own socket, speaks MCP to it, by `owhalectl mcp` too, and is held."""

import json
import os
import pathlib
import shutil
import time

import pytest

import daemon
from conftest import ALICE, needs_root

pytestmark = needs_root

SCRIPT = pathlib.Path(__file__).parent / "clients" / "agent.py"
TOOLS = {"run_command", "kill_run", "get_output", "list_runs"}


@pytest.fixture
def place(workspace):
    """A workspace with the agent and owhalectl in it, which the cage shows."""
    for source in (SCRIPT, daemon.BUILD / "cli" / "owhalectl"):
        shutil.copy(source, workspace / source.name)
        (workspace / source.name).chmod(0o755)
    (workspace / "edited").write_text("by-hand\n")
    os.chown(workspace / "edited", ALICE, ALICE)
    return workspace


def works(owhaled, place, *words):
    run = owhaled.ran(ALICE, argv=["/usr/bin/python3", str(place / "agent.py"), *words], cwd=str(place), profile="agent", timeout=120)
    assert run["exit_code"] == 0, run
    return run, json.loads(run["stdout"])


def held(owhaled, agent, said):
    """What it was answered, and that each of its runs is a child of its own."""
    assert said["server"]["serverInfo"]["name"] == "owhaled" and TOOLS <= set(said["tools"]), said
    assert said["true"]["structuredContent"]["exit_code"] == 0 and said["edit"]["structuredContent"]["exit_code"] == 0, said
    assert said["denied"]["isError"] and "rule" in json.dumps(said["denied"]), said["denied"]
    assert said["wider"]["isError"], said["wider"]
    assert not said["killed"]["isError"] and said["end"] == 0, said
    for name in ("true", "edit", "begun", "left"):
        id_ = said[name]["structuredContent"]["id"]
        child = owhaled.get(f"/v1/runs/{id_}").json()
        assert child["parent"] == agent["id"] and child["principal"] == "run:" + agent["id"], child
        assert owhaled.until(id_, ["exited", "killed", "signaled", "lost"], patience=60)
    assert owhaled.state_of(said["left"]["structuredContent"]["id"]) == "killed", "it ends with the agent"


def nothing_left(owhaled, agent):
    end = time.monotonic() + 60
    while (shown := owhaled.get(f"/v1/runs/{agent['id']}", uid=ALICE).json())["live_children"] != 0:
        assert time.monotonic() < end, shown
        time.sleep(0.05)
    return shown


def test_it_works_by_mcp_on_its_own_socket(owhaled, place):
    agent, [said] = works(owhaled, place)
    held(owhaled, agent, said)
    assert len(nothing_left(owhaled, agent)["children"]) >= 4
    assert (place / "edited").read_text() == "by-hand\nby-run\n"


def test_it_works_by_the_bridge_inside(owhaled, place):
    agent, [_, said] = works(owhaled, place, str(place / "owhalectl"))
    held(owhaled, agent, said)
    nothing_left(owhaled, agent)
