"""The TypeScript SDK's clients, of both eras, and the inspector: every tool, through `owhalectl mcp` and over HTTP."""

import json
import subprocess

import pytest
from conftest import Approver, bridge_words

TOOLS = {"check_command", "get_output", "kill_run", "list_runs", "run_code", "run_command", "send_input"}


def drive(clients, house, job):
    with Approver(house) as approver:
        done = subprocess.run(["node", "-r", "./node18.cjs", "drive.mjs", json.dumps(job)], cwd=clients, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert approver.agreed == 2
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("sdk", [1, 2])
def test_every_tool_through_the_bridge(clients, house, workspace, sdk):
    drive(clients, house, {"sdk": sdk, "command": bridge_words(house), "cwd": str(workspace)})


@pytest.mark.parametrize("sdk", [1, 2])
def test_every_tool_over_http(clients, house, sdk):
    drive(clients, house, {"sdk": sdk, "url": house.url, "token": house.admin.token})


def inspect(clients, house, method, *words):
    done = subprocess.run(["node", "-r", "./node18.cjs", "node_modules/@modelcontextprotocol/inspector/clients/cli/build/index.js", *bridge_words(house),
                           "--method", method, *words], cwd=clients, capture_output=True, text=True, timeout=120)
    assert done.stdout, done
    return json.loads(done.stdout)


def test_the_inspector_lists_and_calls_every_tool(clients, house):
    assert {tool["name"] for tool in inspect(clients, house, "tools/list")["tools"]} == TOOLS

    def call(name, *pairs):
        return inspect(clients, house, "tools/call", "--tool-name", name, *(word for one in pairs for word in ("--tool-arg", one)))

    ran = call("run_command", "command=echo inspected", "stdin_open=true")
    assert ran["structuredContent"]["stdout"] == "inspected\n"
    run = ran["structuredContent"]["id"]
    assert call("get_output", f"run={run}")["structuredContent"]["text"] == "inspected\n"
    assert call("run_code", "language=python", "code=print(7)")["structuredContent"]["stdout"] == "7\n"
    assert call("check_command", "command=numfmt 1")["structuredContent"]["verdict"]["decision"] == "deny"
    assert call("list_runs")["structuredContent"]["runs"]
    assert call("send_input", f"run={run}", "text=late")["isError"]
    assert "structuredContent" in call("kill_run", f"run={run}")
