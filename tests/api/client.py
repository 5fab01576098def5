"""HTTP/1.1 over a Unix socket, by hand: what is sent is exactly what is written here."""

import base64
import contextlib
import json
import os
import socket

import described

PROTOCOL = "v5.channel.k8s.io"


class Response:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The problem's code; an answer that is no problem fails the test."""
        assert self.headers["content-type"] == "application/problem+json", self
        problem = self.json()
        assert problem["status"] == self.status and problem["title"] and problem["detail"], self
        return problem["code"]

    @property
    def text(self):
        """All that a person reads of a problem."""
        problem = self.json()
        return problem["detail"] + " " + problem.get("next", "")

    def __repr__(self):
        return f"<{self.status} {self.body[:600]!r}>"


@contextlib.contextmanager
def user(uid):
    """Connections made here are this uid's, without any of our groups."""
    if uid is None or uid == os.geteuid():
        yield
        return
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


class Connection:
    def __init__(self, path, uid=None, timeout=60):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        with user(uid):
            self.socket.connect(str(path))
        self.input = b""

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all was read: the answer says why
        return self

    def ask(self, method, path, body=None, headers=None):
        self.send(request(method, path, body, headers))
        answer = self.response(method)
        described.check(method, path, answer.status, answer.headers, answer.body)
        return answer

    def more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.input += data
        return bool(data)

    def response(self, method="GET"):
        while b"\r\n\r\n" not in self.input:
            if not self.more():
                raise ConnectionError(f"the connection ended instead of an answer, after {self.input!r}")
        head, self.input = self.input.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, value = line.split(": ", 1)
            assert name.lower() not in headers, f"{name} stands twice"
            headers[name.lower()] = value
        size = int(headers.get("content-length", 0)) if method != "HEAD" else 0
        while len(self.input) < size:
            if not self.more():
                raise ConnectionError("the connection ended inside an answer")
        body, self.input = self.input[:size], self.input[size:]
        return Response(int(lines[0].split()[1]), headers, body)

    def ended(self):
        """Waits for the other side to close."""
        while self.more():
            pass
        return True


def request(method, path, body=None, headers=None):
    fields = {"Host": "localhost"}
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    if body is not None:
        fields["Content-Length"] = str(len(body))
    fields.update(headers or {})
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items() if v is not None)
    return head.encode("latin-1") + b"\r\n" + (body or b"")


def ask(path, method, target, body=None, headers=None, uid=None, timeout=60):
    with Connection(path, uid, timeout) as connection:
        return connection.ask(method, target, body, headers)


def handshake(**changes):
    """The headers of a WebSocket upgrade, with some of them changed or (None) left out."""
    fields = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
              "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), "Sec-WebSocket-Protocol": PROTOCOL}
    fields.update(changes)
    return {name: value for name, value in fields.items() if value is not None}
