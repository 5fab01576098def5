"""A scripted agent, standard library alone: speaks MCP to the owhaled of its cage and prints what it was answered, as JSON.
Usage: agent.py [OWHALECTL]: by that program's bridge as well."""

import http.client
import itertools
import json
import os
import socket
import subprocess
import sys

OWN = "/run/owhaled/owhaled.sock"
REVISION = "2025-11-25"


class Socket:
    """POST /mcp, one connection each."""

    def __init__(self):
        self.session = {}

    def send(self, message):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(120)
        connection.sock.connect(OWN)
        connection.request("POST", "/mcp", json.dumps(message), {"Content-Type": "application/json", "MCP-Protocol-Version": REVISION,
                           "Accept": "application/json, text/event-stream", **self.session})
        response = connection.getresponse()
        text = response.read().decode()
        if session := response.getheader("Mcp-Session-Id"):
            self.session = {"Mcp-Session-Id": session}
        if "event-stream" in (response.getheader("Content-Type") or ""):
            text = [line[6:] for line in text.splitlines() if line.startswith("data: ")][-1]
        return json.loads(text) if text else None

    def end(self):
        return 0


class Bridge:
    """`owhalectl mcp`: a line each way."""

    def __init__(self, program):
        self.process = subprocess.Popen([program, "mcp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()
        while "id" in message:
            answer = json.loads(self.process.stdout.readline())
            if answer.get("id") == message["id"]:
                return answer

    def end(self):
        self.process.stdin.close()
        return self.process.wait(60)


class Agent:
    def __init__(self, way):
        self.way, self.ids = way, itertools.count(1)

    def ask(self, method, **params):
        return self.way.send({"jsonrpc": "2.0", "id": next(self.ids), "method": method, "params": params})

    def call(self, name, **arguments):
        return self.ask("tools/call", name=name, arguments=arguments)["result"]

    def works(self):
        said = {"server": self.ask("initialize", protocolVersion=REVISION, capabilities={},
                                   clientInfo={"name": "scripted", "version": "1"})["result"]}
        self.way.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        said["tools"] = [tool["name"] for tool in self.ask("tools/list")["result"]["tools"]]
        said["true"] = self.call("run_command", command="true")
        said["edit"] = self.call("run_command", command="echo by-run >> edited", cwd=os.getcwd())
        said["denied"] = self.call("run_command", command="mkfs.ext4 /dev/sda")
        said["wider"] = self.call("run_command", command="true", net="host")
        begun = self.call("run_command", command="sleep 600", wait=0)
        said["begun"] = begun
        said["killed"] = self.call("kill_run", run=begun["structuredContent"]["id"])
        said["left"] = self.call("run_command", command="sleep 600", wait=0)
        said["end"] = self.way.end()
        return said


if __name__ == "__main__":
    print(json.dumps([Agent(way).works() for way in [Socket(), *map(Bridge, sys.argv[1:])]]))
