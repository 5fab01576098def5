"""A client of MCP in a few lines: JSON-RPC over POST /mcp, of either era, with what comes before the answer."""

import itertools
import json
import time

import jsonschema
import pytest

import client
import described

NEWEST = "2026-07-28"
HANDSHAKE = "2025-11-25"
ACCEPT = "application/json, text/event-stream"
META = "io.modelcontextprotocol/"


def stateless_meta(**more):
    return {META + "protocolVersion": NEWEST, META + "clientInfo": {"name": "tests", "version": "1"},
            META + "clientCapabilities": {}, **more}


def events(body):
    """The messages of a text/event-stream."""
    for block in body.decode().split("\n\n"):
        data = [line[6:] for line in block.split("\n") if line.startswith("data: ")]
        if data:
            yield json.loads("\n".join(data))


def whole(connection):
    """The answer with all of its body, in chunks too."""
    response = connection.response("POST")
    if response.headers.get("transfer-encoding") != "chunked":
        return response
    while True:
        while b"\r\n" not in connection.input:
            assert connection.more(), "the connection ended inside an answer"
        line, connection.input = connection.input.split(b"\r\n", 1)
        size = int(line, 16)
        while len(connection.input) < size + 2:
            assert connection.more(), "the connection ended inside an answer"
        response.body += connection.input[:size]
        connection.input = connection.input[size + 2:]
        if size == 0:
            return response


class Client:
    """Asks as `uid`, or as whom `headers` say."""

    def __init__(self, owhaled, uid=None, version=HANDSHAKE, headers=None, session=None):
        self.owhaled, self.uid, self.version = owhaled, uid, version
        self.headers = dict(headers or {})
        self.session = session
        self.ids = itertools.count(1)
        self.notifications = []

    def message(self, method, params=None, **more):
        params = dict(params or {})
        if self.version == NEWEST:
            params["_meta"] = {**stateless_meta(), **params.get("_meta", {})}
        return {"jsonrpc": "2.0", "method": method, "params": params, **more}

    def headers_for(self, message):
        headers = {"Accept": ACCEPT, "MCP-Protocol-Version": self.version, **self.headers}
        if self.session:
            headers["Mcp-Session-Id"] = self.session
        if self.version == NEWEST:
            headers["Mcp-Method"] = message["method"]
            if "name" in message["params"]:
                headers["Mcp-Name"] = message["params"]["name"]
        return headers

    def post(self, message, timeout=90, **headers):
        headers = {**self.headers_for(message), **{k.replace("_", "-"): v for k, v in headers.items()}}
        with client.Connection(self.owhaled.socket, self.uid, timeout) as connection:
            answer = whole(connection.send(client.request("POST", "/mcp", message, headers)))
        described.check("POST", "/mcp", answer.status, answer.headers, answer.body)
        return answer

    def read(self, response):
        """The answer; what came before it goes to self.notifications."""
        if response.headers.get("content-type") == "text/event-stream":
            messages = list(events(response.body))
            self.notifications += messages[:-1]
            return messages[-1]
        return response.json()

    def request(self, method, params=None, **more):
        message = self.message(method, params, id=next(self.ids))
        response = self.post(message, **more)
        answer = self.read(response)
        assert answer["jsonrpc"] == "2.0" and answer["id"] == message["id"], answer
        return answer

    def initialize(self, version=None):
        answer = self.post({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": version or self.version, "capabilities": {},
            "clientInfo": {"name": "tests", "version": "1"}}})
        self.session = answer.headers["mcp-session-id"]
        return answer.json()["result"]

    def call(self, name, token=None, **arguments):
        """The result of a tool."""
        params = {"name": name, "arguments": arguments}
        if token is not None:
            params["_meta"] = {"progressToken": token}
        answer = self.request("tools/call", params)
        assert "result" in answer, answer
        return answer["result"]

    def good(self, name, **arguments):
        result = self.call(name, **arguments)
        assert not result["isError"], result
        return result["structuredContent"]

    def open_call(self, name, request_id, token=None, **arguments):
        """A call that is not waited for: its connection."""
        params = {"name": name, "arguments": arguments}
        if token is not None:
            params["_meta"] = {"progressToken": token}
        message = self.message("tools/call", params, id=request_id)
        connection = self.owhaled.connect(self.uid)
        connection.send(client.request("POST", "/mcp", message, self.headers_for(message)))
        return connection


def wait_for(found, patience=30):
    """What `found()` gives when it gives something."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        value = found()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("it did not come about")


def valid(it, name, result):
    """The structured content, held against the tool's own schema."""
    tools = {tool["name"]: tool for tool in it.request("tools/list")["result"]["tools"]}
    jsonschema.Draft202012Validator(tools[name]["outputSchema"]).validate(result["structuredContent"])
    assert result["content"][0]["type"] == "text" and result["content"][0]["text"]
    return result["structuredContent"]


@pytest.fixture(params=[HANDSHAKE, NEWEST])
def either(owhaled, uid, request):
    """A client of each era."""
    return Client(owhaled, uid, request.param)


@pytest.fixture
def it(owhaled, uid):
    return Client(owhaled, uid)
