"""The Model Context Protocol on /mcp: both eras, and whoever means ill with JSON-RPC."""

import json
import os

import jsonschema
import pytest

import accounts
import mcp
import over_tcp
from accounts import QUICK
from conftest import BOB, needs_root
from mcp import HANDSHAKE, NEWEST, either, it, wait_for

TOOLS = ["run_command", "run_code", "check_command", "list_runs", "get_output", "send_input", "kill_run"]


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
