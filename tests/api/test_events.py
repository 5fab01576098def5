"""GET /v1/events: what happens to runs, approvals, grants and freezes, as it happens; resumed without loss or doubles."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

import client
from accounts import QUICK, add, bearer, set_up


class Stream:
    """A reader of text/event-stream by the rules of WHATWG HTML, section 9.2, over a socket that may be read slowly."""

    def __init__(self, owhaled, query="", headers=None, uid=None, timeout=20):
        self.connection = owhaled.connect(uid) if uid is not None else owhaled.connect()
        self.connection.socket.settimeout(timeout)
        self.connection.send(client.request("GET", "/v1/events" + query, None, headers))
        while b"\r\n\r\n" not in self.connection.input:
            if not self.connection.more():
                raise ConnectionError(f"no answer but {self.connection.input!r}")
        head, self.raw = self.connection.input.split(b"\r\n\r\n", 1)
        self.status = int(head.split()[1])
        self.headers = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:])
        self.text, self.retry, self.last, self.comments = "", None, None, 0
        self.over = False

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.connection.close()

    def body(self):
        size = int(self.headers["content-length"])
        while len(self.raw) < size and self.fill():
            pass
        return json.loads(self.raw)

    def fill(self):
        try:
            data = self.connection.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.raw += data
        return bool(data)

    def chunk(self):
        """One chunk of the body more; False at its end."""
        while b"\r\n" not in self.raw:
            if not self.fill():
                self.over = True
                return False
        size, rest = self.raw.split(b"\r\n", 1)
        length = int(size, 16)
        while len(rest) < length + 2:
            if not self.fill():
                self.over = True
                return False
            rest = self.raw.split(b"\r\n", 1)[1]
        assert rest[length:length + 2] == b"\r\n"
        self.raw = rest[length + 2:]
        self.text += rest[:length].decode()
        self.over = length == 0
        return not self.over

    def next(self):
        """The next event: (id, type, data); None when the stream has ended."""
        while True:
            while "\n\n" not in self.text:
                if not self.chunk():
                    return None
            message, self.text = self.text.split("\n\n", 1)
            fields = {"data": []}
            for line in message.split("\n"):
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if name == "":
                    self.comments += 1
                elif name == "data":
                    fields["data"].append(value)
                else:
                    fields[name] = value
            if "retry" in fields:
                self.retry = int(fields["retry"])
            if "id" in fields:
                self.last = int(fields["id"])
            if fields["data"]:
                return self.last, fields["event"], json.loads("\n".join(fields["data"]))

    def take(self, count):
        return [self.next() for _ in range(count)]


def run(owhaled, *argv, uid=None, **more):
    answer = owhaled.post("/v1/runs", {"argv": list(argv), "wait": True, **more}, uid=uid)
    assert answer.status in (200, 201), answer
    return answer.json()


def names(events):
    return [name for _, name, _ in events]
