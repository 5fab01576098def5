"""`owhalectl mcp` by every way to owhaled, through its restart, and what clients of older and newer habits send."""

import json
import os

import pytest
from conftest import ALICE, BOB, bridge_words
from ctl import Ctl, Terminal
from test_bridge import Bridge

import accounts
import daemon
import mcp


@pytest.fixture
def open_bridge():
    opened = []

    def start(words, **more):
        opened.append(Bridge(words, **more))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


@pytest.fixture
def base():
    path = daemon.folder()
    yield path
    daemon.remove(path)


def result(answer):
    assert "result" in answer, answer
    assert not answer["result"]["isError"], answer
    return answer["result"]["structuredContent"]


def test_commands_run_where_the_agent_works(open_bridge, house, workspace):
    (workspace / "a b\u00e9").mkdir()
    os.chown(workspace / "a b\u00e9", ALICE, ALICE)
    bridge = open_bridge(bridge_words(house), cwd=workspace / "a b\u00e9")
    bridge.initialize()
    assert result(bridge.call(1, "run_command", command="pwd"))["stdout"] == f"{workspace}/a b\u00e9\n"
    assert result(bridge.call(2, "run_command", command="pwd", cwd=str(workspace)))["stdout"] == f"{workspace}\n"
    assert result(bridge.call(3, "run_command", command="touch made"))["exit_code"] == 0
    assert (workspace / "a b\u00e9" / "made").exists()
    away = open_bridge(bridge_words(house), cwd="/")
    away.initialize()
    assert result(away.call(1, "run_command", command="echo here"))["stdout"] == "here\n"


def test_a_restart_of_owhaled_under_it(open_bridge, base):
    own = daemon.Owhaled(base, *accounts.QUICK).start()
    try:
        bridge = open_bridge(bridge_words(own))
        bridge.initialize()
        assert result(bridge.call(1, "run_command", command="echo before"))["stdout"] == "before\n"
        bridge.write({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "run_command", "arguments": {"command": "sleep 300"}}})
        mcp.wait_for(lambda: [run for run in own.get("/v1/runs?all=1").json()["runs"] if run["state"] == "running"])
        own.stop()
        assert bridge.read()["id"] == 2  # its run ended with owhaled, or owhaled was gone
        for id in (3, 4):
            lost = bridge.call(id, "list_runs")["error"]
            assert lost["code"] == -32000 and lost["data"]["code"] == "unreachable" and lost["data"]["next"], lost
        bridge.write([{"jsonrpc": "2.0", "id": "x", "method": "ping"}, {"jsonrpc": "2.0", "id": "y", "method": "ping"}])
        assert [(one["id"], one["error"]["data"]["code"]) for one in bridge.read()] == [("x", "unreachable"), ("y", "unreachable")]
        own.start()
        assert result(bridge.call(5, "run_command", command="echo after"))["stdout"] == "after\n"
    finally:
        own.stop()


def test_owhaled_comes_later(open_bridge, base):
    own = daemon.Owhaled(base, *accounts.QUICK)
    bridge = open_bridge(bridge_words(own))
    assert bridge.initialize()["error"]["data"]["code"] == "unreachable"
    try:
        own.start()
        assert bridge.initialize()["result"]["protocolVersion"] == "2025-11-25"
        assert result(bridge.call(1, "run_command", command="echo late"))["stdout"] == "late\n"
    finally:
        own.stop()


def token_file(base, token, mode=0o600):
    path = base / "agent.token"
    path.write_text(token + "\n")
    path.chmod(mode)
    os.chown(path, ALICE, ALICE)
    return path


def test_a_token_of_the_agents_own(open_bridge, house, base, workspace):
    agent = house.admin.mint(label="bridge")
    path = token_file(base, agent.token)
    bridge = open_bridge([*bridge_words(house), "--token-file", str(path)], cwd=workspace)
    bridge.initialize()
    run = result(bridge.call(1, "run_command", command="echo mine"))["id"]
    assert house.admin.get(f"/v1/runs/{run}").json()["principal"].startswith(("agent:", "token:", "user:admin")), house.admin.get(f"/v1/runs/{run}").json()
    assert house.get(f"/v1/runs/{run}", uid=ALICE).status == 404  # not the uid's
    house.admin.do("DELETE", f"/v1/tokens/{agent.id}", status=204)
    refused = bridge.call(2, "list_runs")
    assert refused["error"]["data"]["code"] == "token_revoked", refused
    path.write_text(house.admin.mint(label="next").token + "\n")  # read anew
    assert "runs" in result(bridge.call(3, "list_runs"))


@pytest.mark.parametrize("broken", ["missing", "readable by others"])
def test_a_token_file_that_cannot_be_used(open_bridge, house, base, broken):
    path = base / "none" if broken == "missing" else token_file(base, house.admin.mint().token, 0o644)
    bridge = open_bridge([*bridge_words(house), "--token-file", str(path)])
    error = bridge.initialize()["error"]
    assert error["code"] == -32000 and error["data"]["next"] and str(path) in error["message"], error


def test_over_tcp_with_tls(open_bridge, base):
    own = daemon.Owhaled(base, "--tcp", "127.0.0.1:0", "--tls", "on", *[flag for at, flag in enumerate(accounts.QUICK) if at > 1]).start()
    try:
        status = own.get("/v1/status").json()
        url, good = "https://" + status["tcp"], status["tls_fingerprint"]
        path = token_file(base, accounts.set_up(own).mint().token)
        home = Ctl(base, None, ALICE).home  # it keeps there which certificate it met

        def words(fingerprint):
            return [*(f"HOME={home}" if word == "HOME=/nonexistent" else word for word in bridge_words(own)[:-3]), "--host", url, "--fingerprint", fingerprint, "mcp", "--token-file", str(path)]

        bridge = open_bridge(words(good), cwd="/usr")
        bridge.initialize()
        ran = result(bridge.call(1, "run_command", command="pwd; echo far"))
        assert ran["stdout"].endswith("far\n") and "/usr\n" not in ran["stdout"]
        wrong = open_bridge(words("SHA256:" + "0" * 64)).initialize()["error"]
        assert wrong["code"] == -32000 and "fingerprint" in wrong["message"], wrong
    finally:
        own.stop()


def test_more_at_once_than_it_carries(open_bridge, house):
    bridge = open_bridge(bridge_words(house))
    bridge.initialize()
    held = range(100, 116)  # all its lanes are taken until these are cancelled
    for id in held:
        bridge.write({"jsonrpc": "2.0", "id": id, "method": "tools/call",
                      "params": {"name": "run_command", "arguments": {"command": f"sleep 60 # {id}", "wait": 40}}})
    for id in range(200, 240):
        bridge.write({"jsonrpc": "2.0", "id": id, "method": "tools/call",
                      "params": {"name": "run_command", "arguments": {"command": f"echo {id}"}}})
    bridge.write({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 239}})  # has not begun
    for id in held:
        bridge.write({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}})
    got = {}
    for _ in range(39):
        answer = bridge.read()
        got[answer["id"]] = result(answer)["stdout"]
    assert got == {id: f"{id}\n" for id in range(200, 239)}
    assert bridge.ask(300, "ping") == {"jsonrpc": "2.0", "id": 300, "result": {}}


def test_calls_before_initialize(open_bridge, house):
    bridge = open_bridge(bridge_words(house))
    assert bridge.ask(1, "ping")["result"] == {}
    answer = bridge.call(2, "list_runs")  # owhaled needs no session for it: nothing is kept that a handshake would make
    assert answer["id"] == 2 and ("result" in answer) != ("error" in answer), answer
    assert bridge.initialize()["result"]["serverInfo"]["name"]
    assert result(bridge.call(3, "run_command", command="echo ok"))["stdout"] == "ok\n"


def test_a_batch_of_the_revision_that_has_them(open_bridge, house):
    bridge = open_bridge(bridge_words(house))
    agreed = bridge.ask(0, "initialize", protocolVersion="2025-03-26", capabilities={}, clientInfo={"name": "t", "version": "1"})
    assert agreed["result"]["protocolVersion"] == "2025-03-26"

    def call(id, command):
        return {"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": "run_command", "arguments": {"command": command}}}

    bridge.write([call(1, "echo one"), {"jsonrpc": "2.0", "method": "notifications/initialized"}, call("b", "echo two"),
                  {"jsonrpc": "2.0", "id": 3, "method": "no/such"}])
    answers = {one["id"]: one for one in bridge.read()}
    assert set(answers) == {1, "b", 3} and answers[3]["error"]["code"] == -32601
    assert "one" in json.dumps(answers[1]["result"]["content"]) and "two" in json.dumps(answers["b"]["result"]["content"])
    bridge.write([{"jsonrpc": "2.0", "method": "notifications/initialized"}])  # nothing to answer
    assert bridge.ask(4, "ping")["id"] == 4


def test_a_person_agrees_by_owhalectl(open_bridge, house, base):
    person = Ctl(base, house, BOB)
    bridge = open_bridge(bridge_words(house))
    bridge.initialize()
    person("login", "bob", "--password-stdin", stdin=house.bob.password + "\n")
    bridge.write({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "run_command", "arguments": {"command": "seq 3"}, "_meta": {"progressToken": "p"}}})
    name = mcp.wait_for(lambda: person("-q", "approvals", "ls").split())[0]
    person("approve", name, "-y", "--password-stdin", stdin=house.bob.password + "\n")
    messages = []
    while not messages or messages[-1].get("id") != 1:
        messages.append(bridge.read())
    assert result(messages[-1])["stdout"] == "1\n2\n3\n"
    assert any(name[-8:] in json.dumps(one) or "approval" in json.dumps(one) for one in messages[:-1]), messages


HELP = """Usage: owhalectl mcp [OPTION…]
Serve MCP on stdin and stdout: an agent's tools for running commands through owhaled.

Options
      --token-file FILE  speak with this token (or OWHALE_TOKEN)
"""


def test_its_help_and_wrong_usage(house):
    one = Ctl(house.base, house)
    assert one("mcp", "--help").strip() == HELP.strip()
    assert one("mcp", "--token", "x", code=2).returncode == 2
    assert one("mcp", "word", code=2).returncode == 2


def test_on_a_terminal_it_says_what_it_is(house):
    terminal = Terminal(Ctl(house.base, house), ["mcp"])
    terminal.until(r"this is an MCP server, for an agent to start")
    os.write(terminal.fd, b"\x04")
    code, _ = terminal.wait()
    assert code == 0
