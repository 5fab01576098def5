"""The smallest client of owhaled's socket: one connection kept alive, so that no interpreter start and no connect is measured."""

import json
import os
import socket


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(path))

    def request(self, method, path, body=None):
        """Gives (status, decoded body)."""
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        self.socket.sendall(head.encode() + data)
        return self._answer()

    def _answer(self):
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._receive()
        head, _, body = got.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        length = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")), 0)
        while len(body) < length:
            body += self._receive()
        return int(lines[0].split()[1]), json.loads(body) if body else None

    def _receive(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise SystemExit("bench: owhaled closed the connection")
        return data

    def try_run(self, **request):
        """As `run`, or None when owhaled is busy."""
        status, run = self.request("POST", "/v1/runs", {"wait": True, **request})
        return None if status == 503 else self._good(status, run, request)

    def run(self, **request):
        """POST /v1/runs; ends the benchmark unless the command ran and exited 0."""
        status, run = self.request("POST", "/v1/runs", {"wait": True, **request})
        return self._good(status, run, request)

    @staticmethod
    def _good(status, run, request):
        if status not in (200, 201) or (request.get("wait", True) and run.get("exit_code") != 0):
            raise SystemExit(f"bench: owhaled answered {status}: {json.dumps(run)[:1500]}")
        return run

    def close(self):
        self.socket.close()


def spawn(path, arguments, actions=()):
    """posix_spawn and wait; ends the benchmark unless it exited 0."""
    _, status = os.waitpid(os.posix_spawn(path, arguments, os.environ, file_actions=actions), 0)
    if status != 0:
        raise SystemExit(f"bench: {' '.join(arguments)} ended with status {status}")
