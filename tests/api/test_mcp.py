"""The Model Context Protocol on /mcp: both eras, every tool, and whoever means ill with JSON-RPC."""

import json
import os
import time

import jsonschema
import pytest

import accounts
import asking
import client
import mcp
import over_tcp
from accounts import QUICK
from conftest import ALICE, BOB, needs_root
from mcp import HANDSHAKE, NEWEST, wait_for

LIVE = ["queued", "waiting_approval", "starting", "running"]
TOOLS = ["run_command", "run_code", "check_command", "list_runs", "get_output", "send_input", "kill_run"]
RULES = asking.asks("medium") + asking.DENIES


@pytest.fixture(params=[HANDSHAKE, NEWEST])
def either(owhaled, uid, request):
    """A client of each era."""
    return mcp.Client(owhaled, uid, request.param)


@pytest.fixture
def it(owhaled, uid):
    return mcp.Client(owhaled, uid)


@pytest.fixture
def house(own):
    """One that asks, and refuses, with its admin logged in."""
    daemon = own(*QUICK)
    daemon.rule("50-own.toml", RULES)
    daemon.start()
    daemon.admin = accounts.set_up(daemon)
    daemon.bob = accounts.add(daemon.admin, "bob", ["approver"], uid=BOB if os.geteuid() == 0 else None)
    return daemon


def approve(house, id):
    approval = house.admin.get(f"/v1/approvals/{id}").json()
    answer = house.bob.ask("POST", f"/v1/approvals/{id}/approve", {"digest": approval["digest"]}, step_up=True)
    assert answer.status == 200, answer


# --- the handshake, and none


@pytest.mark.parametrize("asked, agreed", [(HANDSHAKE, HANDSHAKE), ("2025-06-18", "2025-06-18"), ("2025-03-26", "2025-03-26"),
                                           ("2024-11-05", "2024-11-05"), ("1999-01-01", HANDSHAKE), (NEWEST, HANDSHAKE)])
def test_a_revision_is_agreed_on(it, asked, agreed):
    result = it.initialize(asked)
    assert result["protocolVersion"] == agreed and result["serverInfo"]["name"] == "owhaled"
    assert result["capabilities"]["tools"] == {"listChanged": False} and "cwd" in result["instructions"]
    assert "resultType" not in result
    assert it.post({"jsonrpc": "2.0", "method": "notifications/initialized"}).status == 202
    assert it.request("ping")["result"] == {}


def test_without_a_handshake(owhaled, uid):
    it = mcp.Client(owhaled, uid, NEWEST)
    result = it.request("server/discover")["result"]
    assert result["supportedVersions"][:2] == [NEWEST, HANDSHAKE] and result["resultType"] == "complete"
    assert result["_meta"][mcp.META + "serverInfo"]["name"] == "owhaled"
    assert result["ttlMs"] >= 0 and result["cacheScope"] == "public"
    for gone in ("ping", "initialize", "logging/setLevel", "subscriptions/listen"):
        answer = it.post(it.message(gone, id=1))
        assert answer.status == 404 and answer.json()["error"]["code"] == -32601, answer


def test_tools_are_listed_alike(either):
    result = either.request("tools/list")["result"]
    assert [tool["name"] for tool in result["tools"]] == TOOLS
    for tool in result["tools"]:
        for schema in (tool["inputSchema"], tool["outputSchema"]):
            jsonschema.Draft202012Validator.check_schema(schema)
            assert schema["type"] == "object" and schema["additionalProperties"] is False
        assert tool["title"] and len(tool["description"]) > 40
        assert set(tool["annotations"]) == {"title", "readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
    assert ("ttlMs" in result) == (either.version == NEWEST)


def stateless(**changes):
    """A tools/call of the stateless revision with some headers changed, or (None) left out; and its `_meta` likewise."""
    meta = {k: v for k, v in mcp.stateless_meta(**changes.pop("meta", {})).items() if v is not None}
    message = {"jsonrpc": "2.0", "id": 7, "method": "tools/call",
               "params": {"name": "list_runs", "arguments": {}, "_meta": meta}}
    headers = {"Accept": mcp.ACCEPT, "MCP-Protocol-Version": NEWEST, "Mcp-Method": "tools/call", "Mcp-Name": "list_runs"}
    headers.update({name.replace("_", "-"): value for name, value in changes.items()})
    return message, headers


@pytest.mark.parametrize("changes, code", [
    ({"MCP_Protocol_Version": None}, -32020),
    ({"MCP_Protocol_Version": HANDSHAKE}, -32020),
    ({"Mcp_Method": None}, -32020),
    ({"Mcp_Method": "tools/list"}, -32020),
    ({"Mcp_Name": None}, -32020),
    ({"Mcp_Name": "run_command"}, -32020),
    ({"Mcp_Name": "=?base64?!!!?="}, -32020),
    ({"Mcp_Name": "=?base64?bGlzdF9ydW5z?="}, None),
    ({"meta": {mcp.META + "clientCapabilities": None}}, -32602),
    ({"meta": {mcp.META + "clientCapabilities": 1}}, -32602),
    ({"meta": {mcp.META + "clientInfo": None}}, None),
    ({"meta": {mcp.META + "protocolVersion": None}}, -32602),
    ({"meta": {mcp.META + "protocolVersion": 3}}, -32602),
    ({"meta": {mcp.META + "protocolVersion": "1900-01-01"}, "MCP_Protocol_Version": "1900-01-01"}, -32022),
    ({"meta": {mcp.META + "protocolVersion": HANDSHAKE}, "MCP_Protocol_Version": HANDSHAKE}, -32022),
])
def test_headers_say_what_the_body_says(owhaled, uid, changes, code):
    message, headers = stateless(**changes)
    answer = owhaled.ask("POST", "/mcp", message, headers, uid=uid)
    if code is None:
        assert answer.status == 200 and "result" in answer.json(), answer
        return
    assert answer.status == 400 and answer.json()["error"]["code"] == code and answer.json()["id"] == 7, answer
    if code == -32022:
        assert NEWEST in answer.json()["error"]["data"]["supported"]


def test_an_unknown_revision_in_the_header(it):
    answer = it.post(it.message("tools/list", id=1), MCP_Protocol_Version="1900-01-01")
    assert answer.status == 400 and answer.json()["error"]["code"] == -32022


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_there_is_no_stream_and_no_session_to_end(owhaled, uid, method):
    answer = owhaled.ask(method, "/mcp", headers={"Accept": "text/event-stream"}, uid=uid)
    assert answer.status == 405 and answer.headers["allow"] == "POST"


# --- what is no good JSON-RPC


@pytest.mark.parametrize("text, code, id", [
    (b"", -32700, None),
    (b"{", -32700, None),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping"} x', -32700, None),
    (b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', -32700, None),
    (b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32600, None),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + b'{"a":' * 60 + b"1" + b"}" * 61, -32600, None),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + b"[" * 100000 + b"]" * 100000 + b"}", -32600, None),
    (b"null", -32600, None),
    (b"7", -32600, None),
    (b'"ping"', -32600, None),
    (b"{}", -32600, None),
    (b'{"id":1,"method":"ping"}', -32600, 1),
    (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600, 1),
    (b'{"jsonrpc":2.0,"id":1,"method":"ping"}', -32600, 1),
    (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600, None),
    (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600, None),
    (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600, None),
    (b'{"jsonrpc":"2.0","id":[1],"method":"ping"}', -32600, None),
    (b'{"jsonrpc":"2.0","id":"' + b"x" * 300 + b'","method":"ping"}', -32600, None),
    (b'{"jsonrpc":"2.0","id":99999999999999999999999,"method":"ping"}', -32600, None),
    (b'{"jsonrpc":"2.0","id":1}', -32600, 1),
    (b'{"jsonrpc":"2.0","id":1,"method":7}', -32600, 1),
    (b'{"jsonrpc":"2.0","id":1,"method":""}', -32600, 1),
    (b'{"jsonrpc":"2.0","id":1,"method":"' + b"x" * 200 + b'"}', -32600, 1),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","extra":1}', -32600, 1),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}', -32600, 1),
    (b'{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}', -32600, 1),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}', -32602, 1),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":null}', -32602, 1),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":1}}', -32602, 1),
    (b"[]", -32600, None),
    (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600, None),
], ids=lambda value: repr(value)[:60])
def test_malformed_messages_get_the_right_error(owhaled, uid, text, code, id):
    answer = owhaled.ask("POST", "/mcp", text, {"MCP-Protocol-Version": HANDSHAKE, "Accept": mcp.ACCEPT}, uid=uid)
    assert answer.status == 400 and answer.headers["content-type"] == "application/json", answer
    assert answer.json()["error"]["code"] == code, answer
    assert answer.json().get("id") == id and ("id" in answer.json()) == (id is not None)


@pytest.mark.parametrize("method, params, code", [
    ("no/such", {}, -32601),
    ("tools/Call", {}, -32601),
    ("resources/list", {}, -32601),
    ("sampling/createMessage", {}, -32601),
    ("elicitation/create", {}, -32601),
    ("initialize", {}, -32602),
    ("initialize", {"protocolVersion": 7}, -32602),
    ("tools/call", {}, -32602),
    ("tools/call", {"name": 7}, -32602),
    ("tools/call", {"name": "approve"}, -32602),
    ("tools/call", {"name": "run_command", "arguments": []}, -32602),
    ("tools/call", {"name": "list_runs", "_meta": {"progressToken": {}}}, -32602),
    ("tools/list", {"cursor": "x"}, -32602),
    ("logging/setLevel", {"level": "loud"}, -32602),
])
def test_what_the_protocol_does_not_have(it, method, params, code):
    answer = it.post(it.message(method, params, id="é\u0000x"))
    assert answer.status == 200 and answer.json()["error"]["code"] == code and answer.json()["id"] == "é\u0000x", answer


@pytest.mark.parametrize("id", [0, -1, 2**63 - 1, 2**64 - 1, "", "1", "\u202e"])
def test_ids_come_back_as_they_were(it, id):
    answer = it.post(it.message("ping", id=id)).json()
    assert answer["id"] == id and type(answer["id"]) is type(id)


@pytest.mark.parametrize("message", [
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "method": "notifications/no-such", "params": {"a": 1}},
    {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 12345}},
    {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": {}}},
    {"jsonrpc": "2.0", "method": "notifications/cancelled"},
    {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "run_command", "arguments": {"command": "touch no"}}},
    {"jsonrpc": "2.0", "id": 1, "result": {}},
    {"jsonrpc": "2.0", "id": 1, "error": {"code": -1, "message": "no"}},
])
def test_notifications_and_responses_are_taken_and_do_nothing(it, owhaled, message):
    before = owhaled.get("/v1/status").json()["runs_total"]
    answer = it.post(message)
    assert answer.status == 202 and answer.body == b"", answer
    assert owhaled.get("/v1/status").json()["runs_total"] == before


def test_a_body_that_is_too_large(it):
    answer = it.post({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": "y" * (2 << 20)}})
    assert answer.status == 413


def test_batches_of_the_revision_that_has_them(owhaled, uid):
    it = mcp.Client(owhaled, uid, "2025-03-26")
    batch = [it.message("ping", id=1), it.message("notifications/initialized"), it.message("no/such", id=2), 7,
             it.message("initialize", {"protocolVersion": "2025-03-26"}, id=3),
             it.message("tools/call", {"name": "run_command", "arguments": {"command": "echo a"}}, id=4),
             it.message("tools/call", {"name": "run_command", "arguments": {"command": "echo b"}}, id=5)]
    headers = {"Accept": mcp.ACCEPT, "MCP-Protocol-Version": "2025-03-26"}
    answers = owhaled.ask("POST", "/mcp", json.dumps(batch).encode(), headers, uid=uid).json()
    by_id = {answer.get("id"): answer for answer in answers}
    assert len(answers) == 6 and by_id[1]["result"] == {} and by_id[2]["error"]["code"] == -32601
    assert by_id[3]["error"]["code"] == by_id[None]["error"]["code"] == -32600
    assert by_id[4]["result"]["structuredContent"]["stdout"] == "a\n"
    assert by_id[5]["result"]["structuredContent"]["stdout"] == "b\n"
    quiet = owhaled.ask("POST", "/mcp", json.dumps([it.message("notifications/x")]).encode(), headers, uid=uid)
    assert quiet.status == 202
    many = owhaled.ask("POST", "/mcp", json.dumps([it.message("ping", id=i) for i in range(33)]).encode(), headers, uid=uid)
    assert many.status == 400 and many.json()["error"]["code"] == -32600


def test_pages_are_refused(owhaled, uid):
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert owhaled.ask("POST", "/mcp", body, headers, uid=uid).status == 403
    assert owhaled.ask("POST", "/mcp", body, {"Host": "evil.example"}, uid=uid).code == "host_not_allowed"


# --- the tools


def valid(it, name, result):
    """The structured content, held against the tool's own schema."""
    tools = {tool["name"]: tool for tool in it.request("tools/list")["result"]["tools"]}
    jsonschema.Draft202012Validator(tools[name]["outputSchema"]).validate(result["structuredContent"])
    assert result["content"][0]["type"] == "text" and result["content"][0]["text"]
    return result["structuredContent"]


def test_run_command(either, workspace):
    result = either.call("run_command", command="echo out; echo err >&2; pwd; echo $A", cwd=str(workspace), env={"A": "b"})
    got = valid(either, "run_command", result)
    assert not result["isError"] and got["state"] == "exited" and got["exit_code"] == 0
    assert got["stdout"] == f"out\n{workspace}\nb\n" and got["stderr"] == "err\n"
    assert result["content"][0]["text"].startswith("exit code 0\n") and "err" in result["content"][0]["text"]
    assert ("resultType" in result) == (either.version == NEWEST)


def test_a_run_that_failed_says_so(it):
    for command, code in (("exit 3", 3), ("kill -9 $$", 137), ("no-such-program-here", 127)):
        result = it.call("run_command", command=command)
        assert result["isError"] and valid(it, "run_command", result)["exit_code"] == code, result
    result = it.call("run_command", argv=["no-such-program-here"])
    assert result["isError"] and valid(it, "run_command", result)["state"] == "failed"
    result = it.call("run_command", command="sleep 60", timeout=1)
    assert result["isError"] and valid(it, "run_command", result)["state"] == "timed_out"


def test_a_run_that_the_cage_stopped_has_a_hint(it, workspace):
    result = it.call("run_command", command="echo x > /etc/owhale-test", cwd=str(workspace))
    got = valid(it, "run_command", result)
    assert result["isError"] and got["hints"][0]["next"] and "hint: " in result["content"][0]["text"], result
    assert "--profile" not in got["hints"][0]["next"], got


def test_run_code(either):
    result = either.call("run_code", language="python", code="import sys; print(sys.argv[1:], sys.stdin.read())",
                         args=["a b"], stdin="typed")
    assert valid(either, "run_code", result)["stdout"] == "['a b'] typed\n"


def test_check_command(either):
    result = either.call("check_command", command="rm -rf ~")
    verdict = valid(either, "check_command", result)["verdict"]
    text = result["content"][0]["text"]
    assert verdict["decision"] == "deny" and verdict["reason"] and verdict["severity"] == "critical"
    assert verdict["rule"] in text and not result["isError"]
    assert "change" not in verdict and "[[rule]]" not in text  # how to change that is for people to look up
    result = either.call("run_command", command="rm -rf ~")
    assert "change" not in result["structuredContent"]["verdict"] and "[[rule]]" not in json.dumps(result), result
    assert either.good("check_command", argv=["true"])["verdict"]["decision"] == "allow"


def test_list_runs_and_get_output(either):
    run = either.good("run_command", command="printf abcdef; printf uvw >&2")["id"]
    listed = valid(either, "list_runs", either.call("list_runs", limit=1))["runs"]
    assert [one["id"] for one in listed] == [run] and listed[0]["exit_code"] == 0
    got = valid(either, "get_output", either.call("get_output", run=run, offset=2, length=3))
    assert got["text"] == "cde" and (got["offset"], got["next_offset"], got["total_length"]) == (2, 5, 6)
    assert either.good("get_output", run=run, stream="stderr")["text"] == "uvw"
    assert either.good("list_runs", state="exited", limit=1)["runs"]


def test_input_goes_to_a_run_that_waits_for_it(either):
    run = either.good("run_command", command="while read x; do echo got $x; done; echo end", stdin_open=True, wait=0)
    assert run["state"] in LIVE
    given = valid(either, "send_input", either.call("send_input", run=run["id"], text="one\n"))
    assert given == {"bytes": 4, "pending": False, "closed": False}
    wait_for(lambda: either.good("get_output", run=run["id"])["text"] == "got one\n")
    either.good("send_input", run=run["id"], base64="dHdvCg==", close=True)
    got = either.good("get_output", run=run["id"], wait=40)
    assert got["state"] == "exited" and got["text"] == "got one\ngot two\nend\n"
    result = either.call("send_input", run=run["id"], text="late\n")
    assert result["isError"] and valid(either, "send_input", result)["error"]["code"] in ("run_ended", "conflict")


def test_input_that_cannot_be_taken(it):
    closed = it.good("run_command", command="sleep 30", wait=0)["id"]
    result = it.call("send_input", run=closed, text="x")
    assert result["isError"] and result["structuredContent"]["error"]["code"] == "conflict"
    deaf = it.good("run_command", command="sleep 30", stdin_open=True, wait=0)["id"]
    full = [it.call("send_input", run=deaf, text="x" * 65536) for _ in range(3)]
    assert full[0]["structuredContent"]["pending"] is False and full[1]["structuredContent"]["pending"] is True
    assert full[2]["structuredContent"]["error"]["code"] == "busy"
    for arguments, code in (({"text": "a", "base64": "YQ=="}, "invalid_value"), ({"base64": "!"}, "invalid_value"),
                            ({"text": "x" * 65537}, "invalid_value")):
        assert it.call("send_input", run=deaf, **arguments)["structuredContent"]["error"]["code"] == code
    for run in (closed, deaf):
        it.good("kill_run", run=run, signal="KILL")
        assert it.good("get_output", run=run, wait=30)["state"] in ("signaled", "killed")


def test_kill_run(either):
    run = either.good("run_command", command="trap 'echo int' INT; while :; do sleep 0.1; done", wait=0)["id"]
    wait_for(lambda: either.owhaled.state_of(run, either.uid) == "running")
    valid(either, "kill_run", either.call("kill_run", run=run))
    assert either.good("get_output", run=run, wait=30)["state"] == "killed"
    result = wait_for(lambda: (r := either.call("kill_run", run=run))["isError"] and r)
    assert result["structuredContent"]["error"]["code"] == "run_ended"


def test_one_that_takes_longer_goes_on(either):
    began = time.monotonic()
    got = valid(either, "run_command", either.call("run_command", command="echo first; sleep 4; echo last", wait=1))
    assert got["state"] == "running" and got["stdout"] == "first\n" and time.monotonic() - began < 30
    assert either.good("get_output", run=got["id"], wait=40)["text"] == "first\nlast\n"


@pytest.mark.parametrize("name, arguments, code", [
    ("run_command", {}, "invalid_value"),
    ("run_command", {"command": "true", "argv": ["true"]}, "invalid_value"),
    ("run_command", {"command": "true", "wait": 46}, "invalid_value"),
    ("run_command", {"command": "true", "wait": -1}, "invalid_value"),
    ("run_command", {"command": "true", "max_output": 1}, "invalid_value"),
    ("run_command", {"command": "true", "timeout": 2**63}, "invalid_value"),
    ("run_command", {"command": "true", "detach": True}, "unknown_field"),
    ("run_command", {"command": "true", "run_as": "root"}, "unknown_field"),
    ("run_command", {"command": "true", "cwd": "relative"}, "invalid_value"),
    ("run_command", {"command": "true", "cwd": "/no/such/folder"}, "cwd_missing"),
    ("run_command", {"command": "true", "profile": "no-such"}, "profile_unknown"),
    ("run_command", {"command": "true", "secrets": ["A=file"]}, "invalid_value"),
    ("run_command", {"command": "true", "allow_hosts": ["http://x/"]}, "invalid_value"),
    ("run_command", {"command": "true", "stdin": "x", "stdin_open": True}, "invalid_value"),
    ("run_command", {"command": 7}, "invalid_value"),
    ("run_code", {"language": "python"}, "invalid_value"),
    ("run_code", {"language": "cobol", "code": "x"}, "invalid_value"),
    ("get_output", {"run": "../../v1/users"}, "invalid_value"),
    ("get_output", {"run": "0" * 36}, "invalid_value"),
    ("get_output", {"run": "01a21a9a-11e3-7a30-9719-fc60c52e86a0"}, "not_found"),
    ("get_output", {"run": "01a21a9a-11e3-7a30-9719-fc60c52e86a0", "length": 65537}, "invalid_value"),
    ("get_output", {"run": "01a21a9a-11e3-7a30-9719-fc60c52e86a0", "stream": "stdin"}, "invalid_value"),
    ("list_runs", {"state": "a&all=1"}, "invalid_value"),
    ("list_runs", {"limit": 51}, "invalid_value"),
    ("kill_run", {"run": "x"}, "invalid_value"),
])
def test_arguments_that_are_wrong_are_results_that_say_so(it, name, arguments, code):
    result = it.call(name, **arguments)
    assert result["isError"] and valid(it, name, result)["error"]["code"] == code, result
    assert result["content"][0]["text"].startswith(code + ": ")


def test_long_output_is_cut_in_the_middle(it):
    result = it.call("run_command", command="seq 1 20000 | sed 's/^/ä/'", max_output=4096)
    got = valid(it, "run_command", result)
    left = got["stdout_omitted"]
    assert got["stdout"].startswith("ä1\n") and got["stdout"].endswith("ä20000\n") and got["stdout_length"] > 100_000
    assert f"{left['length']} bytes left out; get_output run={got['id']} stream=stdout offset={left['offset']}" in got["stdout"]
    assert len(got["stdout"].encode()) < 4096 + 300
    rest = it.good("get_output", run=got["id"], offset=left["offset"], length=65536)
    head = got["stdout"].split("\n… ")[0]
    whole = "".join(f"ä{i}\n" for i in range(1, 20001))
    assert whole.startswith(head + rest["text"])
    assert whole.encode()[:left["offset"]].decode() == head
    assert it.good("run_command", command="head -c 16384 /dev/zero | tr '\\0' x").get("stdout_omitted") is None


def test_what_a_terminal_would_obey_is_not_shown(it):
    command = r"printf '\033[31mred\033[0m\033]0;title\007 \r\nover\rwritten \xe2\x80\xae\xf3\xa0\x81\x81 \001'"
    result = it.call("run_command", command=command)
    text = result["content"][0]["text"]
    assert "red \nover\nwritten \\u{202e}\\u{e0041} \\u{1}" in text and "title" not in text and "\x1b" not in text
    assert "\x1b[31m" in result["structuredContent"]["stdout"]


def test_output_that_is_no_text(it):
    result = it.call("run_command", command=r"printf 'a\xff\000b'")
    got = valid(it, "run_command", result)
    assert got["stdout"] == "Yf8AYg==" and got["stdout_encoding"] == "base64" and "not text" in result["content"][0]["text"]
    got = it.good("get_output", run=got["id"])
    assert got["text"] == "Yf8AYg==" and got["encoding"] == "base64"


def test_the_clients_surroundings_stand_in_for_what_is_left_out(owhaled, uid, workspace):
    it = mcp.Client(owhaled, uid, headers={"Owhale-Cwd": str(workspace).replace("/", "%2F")})
    assert it.good("run_command", command="pwd")["stdout"] == f"{workspace}\n"
    assert it.good("run_command", command="pwd", cwd="/tmp")["stdout"] == "/tmp\n"
    for bad in ("%", "%zz", "%00", "%ff"):
        it.headers["Owhale-Cwd"] = bad
        answer = it.request("tools/call", {"name": "run_command", "arguments": {"command": "pwd"}})
        assert answer["error"]["code"] == -32602


# --- who asks, and how often


@needs_root
def test_it_may_do_what_the_api_lets_it(owhaled, alice, bob):
    hers = mcp.Client(owhaled, alice).good("run_command", command="sleep 30", wait=0, stdin_open=True)["id"]
    his = mcp.Client(owhaled, bob)
    for name, arguments in (("get_output", {}), ("send_input", {"text": "x"}), ("kill_run", {}), ("kill_run", {"signal": "KILL"})):
        result = his.call(name, run=hers, **arguments)
        assert result["isError"] and result["structuredContent"]["error"]["code"] == "not_found", result
    assert hers not in [run["id"] for run in his.good("list_runs", limit=50)["runs"]]
    assert owhaled.state_of(hers, alice) == "running"
    mcp.Client(owhaled, alice).good("kill_run", run=hers)


@needs_root
def test_who_has_no_right_gets_nothing(own):
    strict = own("--mode", "strict", *QUICK).start()
    answer = mcp.Client(strict, BOB).post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert answer.status == 403 and answer.code == "forbidden"


def test_over_tcp_a_token_comes_first(own):
    daemon = over_tcp.listening(own)
    token = over_tcp.first_account(daemon)
    head = (b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")
    with over_tcp.Tcp(daemon.tcp) as stranger:  # the body is not even waited for
        answer = stranger.send(head).response("POST")
        assert answer.status == 401 and answer.headers["www-authenticate"].startswith("Bearer")
    with over_tcp.Tcp(daemon.tcp) as known:
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                   "params": {"name": "run_command", "arguments": {"command": "echo over tcp"}}}
        answer = known.ask("POST", "/mcp", message, over_tcp.bearer(token))
        assert answer.json()["result"]["structuredContent"]["stdout"] == "over tcp\n", answer


def test_an_agents_token_runs_where_it_may(fresh, uid, workspace):
    admin = accounts.set_up(fresh)
    agent = admin.mint(cwd=str(workspace))
    it = mcp.Client(fresh, uid, headers=accounts.bearer(agent.token))
    assert it.good("run_command", command="pwd", cwd=str(workspace))["stdout"] == f"{workspace}\n"
    result = it.call("run_command", command="pwd", cwd="/tmp")
    assert result["isError"] and result["structuredContent"]["error"]["code"] == "forbidden", result
    admin.do("DELETE", f"/v1/tokens/{agent.id}", None, 204)
    answer = it.post(it.message("tools/list", id=1))
    assert answer.status == 401


ASKS_FROM_INSIDE = """
import json, socket
def ask(name, **arguments):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                       "params": {"name": name, "arguments": arguments}}).encode()
    with socket.socket(socket.AF_UNIX) as s:
        s.connect("/run/owhaled/owhaled.sock")
        s.sendall(b"POST /mcp HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: %d\\r\\nConnection: close\\r\\n\\r\\n" % len(body) + body)
        data = b""
        while more := s.recv(65536):
            data += more
    return json.loads(data.split(b"\\r\\n\\r\\n", 1)[1])["result"]
print(json.dumps([ask("run_command", command="echo narrower"), ask("run_command", command="true", net="host")]))
"""


@needs_root
def test_a_run_asks_as_itself(owhaled, alice):
    outer = owhaled.ran(alice, argv=["/usr/bin/python3", "-c", ASKS_FROM_INSIDE], profile="agent")
    assert outer["exit_code"] == 0, outer
    good, wider = json.loads(outer["stdout"])
    assert good["structuredContent"]["stdout"] == "narrower\n", good
    assert wider["isError"], wider
    inner = owhaled.get("/v1/runs/" + good["structuredContent"]["id"]).json()
    assert inner["principal"] == "run:" + outer["id"]


def test_calls_count_as_requests(own, uid):
    few = own("--tcp", "off", "--api-rate", "60", "--api-burst", "20").start()
    it = mcp.Client(few, uid)
    answers = [it.post(it.message("tools/call", {"name": "list_runs", "arguments": {}}, id=i)) for i in range(30)]
    stopped = [answer for answer in answers if answer.status == 429]
    assert stopped and stopped[0].code == "rate_limited" and stopped[0].headers["retry-after"]
    flood = [it.post({"jsonrpc": "2.0", "method": "notifications/x"}).status for _ in range(30)]
    assert set(flood) == {202, 429} or set(flood) == {429}


def test_calls_at_once_have_a_bound(own, uid):
    daemon = own(*QUICK).start()
    it = mcp.Client(daemon, uid)
    it.initialize()
    run = it.good("run_command", command="sleep 120", wait=0)["id"]
    waiting = [it.open_call("get_output", i, run=run, wait=45) for i in range(64)]
    result = wait_for(lambda: (r := it.call("list_runs"))["isError"] and r)
    assert result["structuredContent"]["error"]["code"] == "busy"
    assert daemon.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": 0}, uid=uid).status == 200
    for connection in waiting:
        assert connection.response("POST").status == 200
        connection.close()
    assert wait_for(lambda: not it.call("list_runs")["isError"])


# --- asked about, refused, given up


def test_a_refusal_names_the_rule_and_what_would_change_it(house, uid):
    it = mcp.Client(house, uid)
    result = it.call("run_command", command="numfmt 12")
    got = valid(it, "run_command", result)
    assert result["isError"] and got["state"] == "denied" and got["verdict"]["rule"] == "own.deny"
    assert "[[rule]]" in got["verdict"]["change"] and "The test refuses." in result["content"][0]["text"]
    assert house.state_of(got["id"], uid) == "denied"


@pytest.mark.parametrize("version", [HANDSHAKE, NEWEST])
def test_a_question_is_told_while_it_waits(house, uid, version):
    it = mcp.Client(house, uid, version)
    connection = it.open_call("run_command", 1, token="p", command="seq 3", wait=40)
    pending = wait_for(lambda: house.admin.get("/v1/approvals?state=pending").json()["approvals"])
    wait_for(lambda: b"waiting for approval" in connection.input or (connection.more() and False))  # before the answer
    approve(house, pending[0]["id"])
    result = it.read(mcp.whole(connection))["result"]
    assert result["structuredContent"]["stdout"] == "1\n2\n3\n", result
    told = it.notifications[0]
    assert told["method"] == "notifications/progress" and told["params"]["progressToken"] == "p"
    assert pending[0]["id"] in told["params"]["message"] and "owhalectl approvals watch" in told["params"]["message"]
    steps = [one["params"]["progress"] for one in it.notifications]
    assert steps == sorted(set(steps))


def test_without_a_token_for_progress_it_is_a_log_message(house, uid):
    it = mcp.Client(house, uid)
    it.initialize()
    got = it.good("run_command", command="seq 3", wait=1)
    assert got["state"] == "waiting_approval"
    assert it.notifications[0]["method"] == "notifications/message" and it.notifications[0]["params"]["level"] == "notice"
    it.notifications = []
    assert it.request("logging/setLevel", {"level": "error"})["result"] == {}
    it.good("run_command", command="seq 4", wait=1)
    assert it.notifications == []
    modern = mcp.Client(house, uid, NEWEST)
    modern.good("run_command", command="seq 5", wait=1)
    assert modern.notifications == []
    modern.request("tools/call", {"name": "run_command", "arguments": {"command": "seq 6", "wait": 1},
                                  "_meta": {mcp.META + "logLevel": "info"}})
    assert modern.notifications[0]["method"] == "notifications/message"


@pytest.mark.parametrize("version", [HANDSHAKE, NEWEST])
def test_one_that_nobody_answered_is_polled_for(house, uid, version):
    """It outlives the call and its connection, and is found by its id."""
    it = mcp.Client(house, uid, version)
    result = it.call("run_command", command="seq 3", wait=1, description="counting")
    got = valid(it, "run_command", result)
    assert not result["isError"] and got["state"] == "waiting_approval" and "stdout" in got
    assert got["approval"] in result["content"][0]["text"] and got["id"] in result["content"][0]["text"]
    assert it.good("get_output", run=got["id"])["state"] == "waiting_approval"
    assert [run["id"] for run in it.good("list_runs", state="waiting_approval")["runs"]] == [got["id"]]
    approve(house, got["approval"])
    done = valid(it, "get_output", it.call("get_output", run=got["id"], wait=40))
    assert done["state"] == "exited" and done["text"] == "1\n2\n3\n"


def test_what_people_refuse_says_so(house, uid):
    it = mcp.Client(house, uid)
    connection = it.open_call("run_command", 1, command="seq 3", wait=40)
    pending = wait_for(lambda: house.admin.get("/v1/approvals?state=pending").json()["approvals"])
    answer = house.bob.ask("POST", f"/v1/approvals/{pending[0]['id']}/deny", {"reason": "not today"}, step_up=True)
    assert answer.status == 200, answer
    result = it.read(mcp.whole(connection))["result"]
    got = valid(it, "run_command", result)
    assert result["isError"] and got["state"] == "denied" and "not today" in got["error"]["message"], result


def ended_of(house, uid, command):
    """How the newest run of this command ended, when it has."""
    runs = house.get("/v1/runs?limit=50", uid=uid).json()["runs"]
    return next((run["state"] for run in runs if run["command"][-1] == command and run["state"] not in LIVE), None)


def begun(house, uid, command, state):
    runs = house.get("/v1/runs?limit=50", uid=uid).json()["runs"]
    return any(run["command"][-1] == command and run["state"] == state for run in runs)


@pytest.mark.parametrize("version", [HANDSHAKE, NEWEST])
@pytest.mark.parametrize("command, state, end", [("sleep 301", "running", ["killed"]),
                                                 ("seq 3", "waiting_approval", ["cancelled"])])
def test_a_closed_stream_ends_what_it_waited_for(house, uid, version, command, state, end):
    it = mcp.Client(house, uid, version)
    connection = it.open_call("run_command", 1, token=3, command=command, wait=45)
    wait_for(lambda: begun(house, uid, command, state))
    connection.close()
    assert wait_for(lambda: ended_of(house, uid, command)) in end


@pytest.mark.parametrize("session", [True, False])
@pytest.mark.parametrize("command, state, end", [("sleep 301", "running", ["killed"]),
                                                 ("seq 3", "waiting_approval", ["cancelled"])])
def test_a_call_is_cancelled(house, uid, session, command, state, end):
    it = mcp.Client(house, uid)
    if session:
        it.initialize()
    connection = it.open_call("run_command", "mine", command=command, wait=45)
    wait_for(lambda: begun(house, uid, command, state))
    other = mcp.Client(house, uid, session="another")
    for client_, id in ((other, "mine"), (it, "not mine"), (it, 1)):  # none of them means it
        client_.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}})
    assert ended_of(house, uid, command) is None
    it.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "mine", "reason": "enough"}})
    answer = mcp.whole(connection)  # no message answers it
    assert answer.status == 200 and b'"result"' not in answer.body and b'"error"' not in answer.body, answer
    assert wait_for(lambda: ended_of(house, uid, command)) in end


@needs_root
def test_nobody_cancels_anothers(house):
    hers = mcp.Client(house, ALICE)
    hers.initialize()
    connection = hers.open_call("run_command", 1, command="sleep 3; echo done", wait=45)
    wait_for(lambda: begun(house, ALICE, "sleep 3; echo done", "running"))
    mcp.Client(house, BOB, session=hers.session).post(
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}})
    assert hers.read(mcp.whole(connection))["result"]["structuredContent"]["stdout"] == "done\n"


def test_one_that_was_handed_out_goes_on(house, uid):
    it = mcp.Client(house, uid)
    it.initialize()
    with house.connect(uid) as connection:
        message = it.message("tools/call", {"name": "run_command", "arguments": {"command": "sleep 5", "wait": 0}}, id=1)
        run = connection.ask("POST", "/mcp", message, it.headers_for(message)).json()["result"]["structuredContent"]["id"]
    it.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}})
    assert it.good("get_output", run=run, wait=40)["state"] == "exited"


# --- what stays


def test_thousands_of_calls_leave_nothing(own, uid):
    daemon = own(*QUICK, "--log-level", "error").start()
    count = int(os.environ.get("OWHALE_MCP_CALLS", "5000"))
    texts = [b"{", b"[]", b'{"jsonrpc":"2.0","id":1,"method":"no"}', b'{"jsonrpc":"2.0","method":"notifications/x"}',
             json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize",
                         "params": {"protocolVersion": HANDSHAKE}}).encode(),
             json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).encode()]
    texts += [json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}})
              .encode() for name, arguments in (("list_runs", {}), ("check_command", {"command": "rm -rf /"}),
                                                ("run_command", {}), ("kill_run", {"run": "x"}))]

    def many(of):
        with daemon.connect(uid) as connection:
            for i in range(of):
                answer = connection.ask("POST", "/mcp", texts[i % len(texts)], {"Accept": mcp.ACCEPT})
                if "close" in answer.headers.get("connection", ""):
                    raise AssertionError(answer)

    many(1000)
    memory, descriptors = daemon.memory(), daemon.descriptors()
    many(count)
    for _ in range(100):
        assert mcp.Client(daemon, uid).good("run_command", argv=["true"])["exit_code"] == 0
    for i in range(100):  # given up at any moment
        connection = mcp.Client(daemon, uid).open_call("run_command", i, token=i, command="true")
        connection.close()
    assert wait_for(lambda: daemon.get("/v1/status").json()["runs_live"] == 0)
    assert wait_for(lambda: daemon.descriptors() <= descriptors + 4)
    print(f"bytes per call: {(daemon.memory() - memory) / (count + 200):.0f}")
    assert daemon.memory() - memory < 16 << 20
    assert mcp.Client(daemon, uid).good("run_command", command="echo still here")["stdout"] == "still here\n"
