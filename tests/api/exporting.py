"""The audit log as GET /v1/audit/export gives it, read as slowly as a test likes, and a large log to read."""

import http.client
import json
import os
import pathlib
import pwd
import socket
import subprocess

import client
import daemon

RESERVED = 1899999999  # daemon/config/defaults.cpp
MAKE = daemon.BUILD / "tests" / "bench" / "audit-make"


class Export:
    """One export under way: its lines, as bytes."""

    def __init__(self, owhaled, query="", uid=None, headers=None, timeout=60):
        with client.user(uid):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.settimeout(timeout)
            self.socket.connect(str(owhaled.socket))
        self.connection = http.client.HTTPConnection("localhost")
        self.connection.sock = self.socket
        self.connection.request("GET", "/v1/audit/export" + query, headers=headers or {})
        self.answer = self.connection.getresponse()
        self.status = self.answer.status

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()

    def close(self):
        self.answer.close()  # holds the socket, too
        self.connection.close()
        self.socket.close()

    def line(self):
        """The next one; empty at the end."""
        return self.answer.readline()

    def lines(self):
        return self.answer.read().splitlines()

    def json(self):
        return json.loads(self.answer.read())


def exported(owhaled, query="", **more):
    """The lines of a whole export, read as JSON."""
    with Export(owhaled, query, **more) as export:
        assert export.status == 200, export.answer.read()
        return [json.loads(line) for line in export.lines()]


def give_away(owhaled):
    """What was put into the state folder becomes owhaled's."""
    if os.geteuid() != 0:
        return
    try:
        uid, gid = pwd.getpwnam("owhaled")[2:4]
    except KeyError:
        uid, gid = RESERVED, RESERVED
    for path in [owhaled.state, *pathlib.Path(owhaled.state).iterdir()]:
        os.chown(path, uid, gid)


def fill(owhaled, events, *flags):
    """Gives an owhaled that does not run a log of so many events, or so many more."""
    owhaled.state.mkdir(mode=0o700, exist_ok=True)
    for path in owhaled.state.iterdir():  # who makes them writes its own files only
        os.chown(path, os.geteuid(), os.getegid())
    subprocess.run([MAKE, owhaled.state, str(events), "--quiet", *flags], check=True, timeout=120)
    give_away(owhaled)
