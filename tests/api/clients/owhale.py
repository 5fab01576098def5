"""owhaled from Python, standard library alone: copy this file. `python3 owhale.py run -- uname -a` shows how."""

import base64
import hashlib
import http.client
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse

STDIN, STDOUT, STDERR, STATUS, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
LONGEST = 60  # seconds without a byte: more than any wait that we ask for
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
LIVE = {"queued", "waiting_approval", "starting", "running"}


class Problem(Exception):
    """What owhaled refused: decide by `code`, show `detail` and `next` to people."""

    def __init__(self, problem):
        super().__init__(f"{problem['code']}: {problem['detail']} {problem.get('next', '')}".strip())
        self.code, self.problem = problem["code"], problem


class Owhaled:
    """One owhaled: a Unix socket, or a URL with a token and, for https, the certificate's SHA256:… fingerprint."""

    def __init__(self, socket_path=None, url=None, token=None, fingerprint=None):
        self.path, self.url = socket_path, urllib.parse.urlsplit(url) if url else None
        self.token, self.fingerprint = token, fingerprint
        if self.url and self.url.scheme != "https" and self.url.hostname not in LOOPBACK:
            raise ValueError(f"plain HTTP to {self.url.hostname} would show the token to the network: use https")

    def connect(self):
        if not self.url:
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(LONGEST)
            sock.connect(self.path)
            return sock
        sock = socket.create_connection((self.url.hostname, self.url.port), LONGEST)
        if self.url.scheme != "https":
            return sock
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the fingerprint is what proves it
        sock = context.wrap_socket(sock)
        seen = "SHA256:" + hashlib.sha256(sock.getpeercert(True)).hexdigest()
        if seen != self.fingerprint:
            sock.close()
            raise ConnectionError(f"another owhaled, or somebody between: its fingerprint is {seen}")
        return sock

    def headers(self):
        host = self.url.netloc if self.url else "localhost"
        return {"Host": host, **({"Authorization": "Bearer " + self.token} if self.token else {})}

    def ask(self, method, path, body=None, headers=None):
        """The answer's JSON; waits and tries again when owhaled says so."""
        while True:
            connection = http.client.HTTPConnection("localhost")
            connection.sock = self.connect()
            try:
                data = None if body is None else json.dumps(body)
                connection.request(method, path, data, {**self.headers(), **(headers or {})})
                answer = connection.getresponse()
                text = answer.read()
            finally:
                connection.close()
            if answer.status in (429, 503) and answer.getheader("Retry-After"):
                time.sleep(int(answer.getheader("Retry-After")))
            elif answer.status >= 400:
                raise Problem(json.loads(text))
            else:
                return json.loads(text) if text else None

    def run(self, on_approval=None, **request):
        """Runs to the end and gives the run. What needs approval is told to `on_approval`, and waited for; the wait
        goes on after a lost connection: the run's id is all that it takes."""
        key = base64.b16encode(os.urandom(16)).decode()  # trying again starts nothing twice
        headers = {"Prefer": "wait=1", "Idempotency-Key": key}
        run = self.ask("POST", "/v1/runs", {**request, "wait": True, "detach": True}, headers)
        if run["state"] == "waiting_approval" and on_approval:
            on_approval(run)
        return self.wait(run)

    def wait(self, run, patience=60):
        """Until it has ended; its output comes with it. owhaled may be away for `patience` seconds: what was agreed to
        since a restart of it goes on when its asker is there again, and claims it."""
        lost = None
        while run["state"] in LIVE:
            try:
                run = self.ask("GET", f"/v1/runs/{run['id']}/wait", headers={"Prefer": "wait=10"})
                if run["state"] == "waiting_approval" and self.ask("GET", f"/v1/approvals/{run['approval']}").get("claimable"):
                    run = self.ask("POST", f"/v1/approvals/{run['approval']}/claim", headers={"Prefer": "wait=1"})
                lost = None
            except (OSError, http.client.HTTPException):
                lost = lost or time.monotonic()
                if time.monotonic() - lost > patience:
                    raise
                time.sleep(0.5)
        if run["state"] in ("denied", "expired", "cancelled", "failed", "lost"):
            raise Problem({"code": run.get("code", run["state"]), "detail": run.get("error", run["state"])})
        for name in ("stdout", "stderr"):
            run[name] = self.output(run["id"], name)
        return run

    def output(self, run, stream="stdout"):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = self.connect()
        try:
            connection.request("GET", f"/v1/runs/{run}/output?stream={stream}&limit=4194304", headers=self.headers())
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise Problem(json.loads(data))
        return data.decode(errors="replace")

    def attach(self, run):
        return Channel(self, run)


class Channel:
    """The live streams of a run: a WebSocket (RFC 6455) whose messages begin with the number of a stream."""

    def __init__(self, owhaled, run):
        self.sock = owhaled.connect()
        self.sock.settimeout(None)  # a run may say nothing for hours
        self.lock = threading.Lock()
        key = base64.b64encode(os.urandom(16)).decode()
        fields = {**owhaled.headers(), "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                  "Sec-WebSocket-Key": key, "Sec-WebSocket-Protocol": "v5.channel.k8s.io"}
        lines = [f"GET /v1/runs/{run}/attach HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        self.sock.sendall("\r\n".join(lines + ["", ""]).encode())
        self.file = self.sock.makefile("rb")
        status = int(self.file.readline().split()[1])
        head = dict(line.decode().rstrip().lower().split(": ", 1) for line in iter(self.file.readline, b"\r\n"))
        if status != 101:
            raise Problem(json.loads(self.file.read(int(head["content-length"]))))

    def send(self, channel, data=b""):
        self.frame(2, bytes([channel]) + data)

    def end_stdin(self):
        self.send(CLOSE, bytes([STDIN]))

    def resize(self, columns, rows):
        self.send(RESIZE, json.dumps({"Width": columns, "Height": rows}).encode())

    def detach(self):
        self.frame(8, struct.pack(">H", 1000))
        for _ in self.messages():  # until owhaled has it all: a close while output comes would lose what was sent
            pass
        self.sock.close()

    def frame(self, opcode, data):
        size = len(data)
        head = bytes([0x80 | opcode]) + (bytes([0x80 | size]) if size < 126 else
                                         b"\xfe" + struct.pack(">H", size) if size < 65536 else
                                         b"\xff" + struct.pack(">Q", size))
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
        with self.lock:
            self.sock.sendall(head + mask + masked)

    def read(self, count):
        try:
            data = self.file.read(count)
        except ConnectionError:
            data = b""
        if len(data) < count:
            raise ConnectionError("the channel was lost; attach again, the run may go on")
        return data

    def messages(self):
        """(channel, bytes) until owhaled closes: output on 1 and 2, the run as JSON on 3."""
        whole = b""
        while True:
            first, size = self.read(2)
            if size >= 126:  # from the server nothing is masked
                size = struct.unpack(">H" if size == 126 else ">Q", self.read(2 if size == 126 else 8))[0]
            data, opcode = self.read(size), first & 15
            if opcode == 8:
                return
            if opcode == 9:
                self.frame(10, data)
            elif opcode in (0, 2):
                whole += data
                if first & 0x80:
                    yield whole[0], whole[1:]
                    whole = b""


def show(channel):
    """Passes output on; the run as it was at the end."""
    run = None
    for number, data in channel.messages():
        if number == STATUS:
            run = json.loads(data)
        else:
            out = (sys.stdout if number == STDOUT else sys.stderr).buffer
            out.write(data)
            out.flush()
    return run


def forward(channel):
    """Our stdin to the run's, in the background."""
    def go():
        try:
            while data := os.read(0, 65536):
                channel.send(STDIN, data)
            channel.end_stdin()
        except OSError:
            pass  # it is over
    threading.Thread(target=go, daemon=True).start()


def exit_code(run):
    return run.get("exit_code", 125) if run else 125


def do_run(owhaled, words):
    run = owhaled.run(argv=list(words))
    sys.stdout.write(run["stdout"])
    sys.stderr.write(run["stderr"])
    return exit_code(run)


def do_ask(owhaled, words):
    def tell(run):
        print(f"needs approval: owhalectl approve {run['approval']}", file=sys.stderr, flush=True)
    run = owhaled.run(argv=words, on_approval=tell)
    sys.stdout.write(run["stdout"])
    return exit_code(run)


def do_stream(owhaled, words):
    run = owhaled.ask("POST", "/v1/runs", {"argv": words, "attach": True, "stdin_open": True, "detach": True})
    channel = owhaled.attach(run["id"])
    forward(channel)
    return exit_code(show(channel))


def do_attach(owhaled, words):
    """`attach RUN`; `attach RUN --detach` gives it one line of stdin, and leaves."""
    channel = owhaled.attach(words[0])
    if words[1:] == ("--detach",):
        channel.resize(100, 40)
        channel.send(STDIN, os.read(0, 65536))
        channel.detach()
        return 0
    forward(channel)
    return exit_code(show(channel))


COMMANDS = {"run": do_run, "stream": do_stream, "ask": do_ask, "attach": do_attach}
USAGE = """usage: owhale.py run|ask|stream -- COMMAND [ARG...]
       owhale.py attach RUN [--detach]
OWHALE_SOCKET or OWHALE_HOST names owhaled; OWHALE_TOKEN says who you are, OWHALE_FINGERPRINT what its certificate is."""


def main(command="", *words):
    if command in ("--help", "-h"):
        print(USAGE)
        return 0
    words = words[1:] if words[:1] == ("--",) else words  # further ones are the command's
    if command not in COMMANDS or not words:
        print(USAGE, file=sys.stderr)
        return 2
    path, url = os.environ.get("OWHALE_SOCKET", "/run/owhaled/owhaled.sock"), os.environ.get("OWHALE_HOST")
    try:
        owhaled = Owhaled(path, url, os.environ.get("OWHALE_TOKEN"), os.environ.get("OWHALE_FINGERPRINT"))
        return COMMANDS[command](owhaled, words)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 125
    except (OSError, ValueError) as error:
        print(f"unreachable: {url or path}: {error}", file=sys.stderr)
        return 125


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
