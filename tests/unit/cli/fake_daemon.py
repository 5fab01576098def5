#!/usr/bin/env python3
"""A stand-in for owhaled that speaks its HTTP and WebSocket: runs commands uncaged, keeps them in memory.

usage: fake_daemon.py SOCKET [MODE [CERT KEY]]     (for tests of owhalectl alone; ends when its stdin does)

Serves the socket, and plain HTTP or, with a certificate, HTTPS on a port of 127.0.0.1: prints "ready PORT".
"""
import base64, fcntl, hashlib, json, os, pty, select, signal, socket, ssl, struct, subprocess, sys, termios, threading, time
from urllib.parse import parse_qs, unquote, urlsplit

from fake_accounts import Accounts, Refused
from fake_audit import Audit

runs, lock, counter = {}, threading.Lock(), [0]
proven = []  # connections that a password opened a window on
audit = Audit()
accounts = Accounts(sys.argv[2] if len(sys.argv) > 2 else "local")
NAMES = {"argv", "script", "language", "code", "args", "cwd", "workspace", "env", "path", "stdin", "stdin_base64", "profile",
         "limits", "timeout_ms", "wait", "detach", "attach", "stdin_open", "tty", "rows", "cols", "net", "run_as", "home", "description"}
OVER = {"exited", "signaled", "failed", "killed"}


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".000000Z"


class Run:
    def __init__(self, request):
        with lock:
            counter[0] += 1
            self.id = "0190%04x-0000-7000-8000-%012x" % (counter[0], counter[0])
        self.request, self.state, self.code, self.signal, self.error, self.input = request, "running", None, None, None, -1
        self.kept = {1: b"", 2: b""}
        self.changed = threading.Condition()
        argv = request.get("argv") or (["python3", "-c", request["code"]] if "code" in request
                                       else ["bash", "-c", request["script"], "bash"])
        self.argv = argv + request.get("args", [])
        env = dict(request.get("env") or {}, PATH=request.get("path") or os.environ["PATH"], HOME=request.get("home") or "/")
        self.tty = request.get("tty", False)
        want_stdin = request.get("stdin_open", False)
        try:
            if self.tty:
                master, slave = pty.openpty()
                self.resize(master, request.get("rows", 24), request.get("cols", 80))
                self.process = subprocess.Popen(self.argv, stdin=slave, stdout=slave, stderr=slave, env=env, cwd=request.get("cwd"),
                                                start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
                os.close(slave)
                self.input, streams = master, {1: master}
            else:
                self.process = subprocess.Popen(self.argv, stdin=subprocess.PIPE if want_stdin else subprocess.DEVNULL,
                                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=request.get("cwd"),
                                                start_new_session=True)
                self.input = self.process.stdin.fileno() if want_stdin else -1
                streams = {1: self.process.stdout.fileno(), 2: self.process.stderr.fileno()}
        except FileNotFoundError:
            self.state, self.code, self.error = "failed", 127, ("program_not_found", self.argv[0] + ": not found on PATH")
            return
        except PermissionError:
            self.state, self.code, self.error = "failed", 126, ("program_not_executable", self.argv[0] + ": not executable")
            return
        self.readers = [threading.Thread(target=self.read, args=item, daemon=True) for item in streams.items()]
        for reader in self.readers:
            reader.start()
        threading.Thread(target=self.reap, daemon=True).start()

    @staticmethod
    def resize(fd, rows, cols):
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def read(self, channel, fd):
        while True:
            try:
                data = os.read(fd, 65536)
            except OSError:
                data = b""
            if not data:
                return
            with self.changed:
                self.kept[channel] += data
                self.changed.notify_all()

    def reap(self):
        status = self.process.wait()
        for reader in self.readers:
            reader.join(1)
        with self.changed:
            self.state, self.code = ("exited", status) if status >= 0 else ("signaled", 128 - status)
            self.signal = None if status >= 0 else signal.Signals(-status).name
            self.changed.notify_all()

    def shown(self, output=False):
        run = {"id": self.id, "state": self.state, "principal": "unix:%d" % os.getuid(), "created": now(), "command": self.argv,
               "cwd": self.request.get("cwd", "/tmp"), "workspace": self.request.get("cwd", ""), "profile": "default",
               "net": "none", "detached": self.request.get("detach", False), "tty": self.tty, "truncated": False,
               "stdout_length": len(self.kept[1]), "stderr_length": len(self.kept[2]), "hints": [], "timing": {"jail": 1500}}
        if self.code is not None:
            run["exit_code"] = self.code
        if self.signal:
            run["signal"] = self.signal
        if self.error:
            run["code"], run["error"] = self.error
        if self.state in OVER and self.code:
            run["hints"] = [{"what": "exit code %d" % self.code, "next": "look at its output"}]
        if output and self.state in OVER:
            run["stdout"], run["stderr"] = self.kept[1].decode(errors="replace"), self.kept[2].decode(errors="replace")
        return run


class Peer:
    def __init__(self, connection):
        self.connection, self.buffer = connection, b""

    def fill(self):
        data = self.connection.recv(65536)
        if not data:
            raise EOFError
        self.buffer += data

    def take(self, count):
        while len(self.buffer) < count:
            self.fill()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def serve(self):
        try:
            while True:
                while b"\r\n\r\n" not in self.buffer:
                    self.fill()
                head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
                lines = head.decode().split("\r\n")
                method, target, _ = lines[0].split(" ")
                headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
                body = self.take(int(headers.get("content-length", 0)))
                url = urlsplit(target)
                query = {k: v[0] for k, v in parse_qs(url.query).items()}
                parts = [unquote(part) for part in url.path.strip("/").split("/")]
                if headers.get("upgrade", "").lower() == "websocket":
                    return self.attach(headers, parts[2])
                self.answer(method, parts, query, json.loads(body) if body else {}, headers)
        except (EOFError, OSError):
            pass

    def reply(self, status, body, headers=(), kind="application/json"):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %d\r\n" % (status, kind, len(body))
        self.connection.sendall((head + "".join("%s: %s\r\n" % pair for pair in headers) + "\r\n").encode() + body)

    def problem(self, status, code, detail, next_step=None, retry_after=None):
        body = {"type": "about:blank", "title": code, "detail": detail, "code": code, "status": status}
        if next_step:
            body["next"] = next_step
        self.reply(status, body, [("Retry-After", retry_after)] if retry_after else [], "application/problem+json")

    def answer(self, method, parts, query, request, headers):
        if parts == ["fake", "idle"]:  # windows run out, and idle connections are closed, as owhaled does
            for row in accounts.tokens.values():
                row["window"] = 0
            while proven:
                proven.pop().connection.shutdown(socket.SHUT_RDWR)
            return self.reply(200, {})
        if parts == ["v1", "step-up"]:
            proven.append(self)
        try:
            answered = accounts.answer(method, parts, headers, request, query)
        except Refused as refused:
            return self.problem(refused.status, refused.code, refused.detail, retry_after=refused.retry_after)
        if answered:
            return self.reply(*answered)
        if parts[:2] in (["v1", "audit"], ["fake", "audit"]):
            status, body = audit.change(request) if parts[0] == "fake" else audit.answer(parts, query)
            return self.reply(status, body) if body else self.problem(status, "not_found", "there is no such event")
        if parts[:2] != ["v1", "runs"]:
            return self.problem(404, "not_found", "no such path", "see /openapi.json")
        if len(parts) == 2 and method == "GET":
            ordered = sorted(runs.values(), key=lambda run: run.id, reverse=True)
            chosen = [run.shown() for run in ordered if not query.get("before") or run.id < query["before"]]
            return self.reply(200, {"runs": chosen[:int(query.get("limit", 50))]})
        if len(parts) == 2:
            unknown = set(request) - NAMES
            if unknown:
                return self.problem(400, "unknown_field", "unknown field " + unknown.pop())
            if request.get("net") == "host":
                return self.problem(403, "net_host_denied", "the host's network is not for you")
            time.sleep(float((request.get("env") or {}).get("FAKE_START_DELAY", 0)))
            run = Run(request)
            runs[run.id] = run
            return self.reply(201, run.shown(), [("Location", "/v1/runs/" + run.id)])
        run = runs.get(parts[2])
        if run is None:
            return self.problem(404, "not_found", "no run " + parts[2])
        verb = parts[3] if len(parts) > 3 else ""
        if method == "DELETE":
            if run.state not in OVER:
                return self.problem(409, "run_live", "the run is live")
            del runs[run.id]
            return self.reply(204, b"")
        if verb == "exec":
            joined = Run(dict(request, cwd="/tmp"))
            runs[joined.id] = joined
            return self.reply(201, joined.shown())
        if verb == "signal":
            os.killpg(run.process.pid, getattr(signal, "SIG" + request["signal"].removeprefix("SIG")))
        if verb == "kill":
            os.killpg(run.process.pid, signal.SIGKILL if request.get("grace_ms") == 0 else signal.SIGTERM)
        if verb == "wait":
            with run.changed:
                run.changed.wait_for(lambda: run.state in OVER, 20)
        if verb == "why":
            return self.reply(200, {"id": run.id, "state": run.state, "summary": "it said \x1b[31mno", "hints": run.shown()["hints"]})
        if verb == "output":
            channel, offset = {"stdout": 1, "stderr": 2}[query["stream"]], int(query.get("offset", 0))
            with run.changed:
                if "wait" in query:
                    run.changed.wait_for(lambda: len(run.kept[channel]) > offset or run.state in OVER, 20)
                data = run.kept[channel][offset:offset + int(query.get("limit", 1 << 20))]
                headers = [("Owhale-Offset", offset), ("Owhale-Length", len(run.kept[channel])), ("Owhale-State", run.state)]
            return self.reply(200, data, headers, "application/octet-stream")
        return self.reply(200, run.shown(output=verb == "wait"))

    def frame(self, channel, data, opcode=2):
        data = bytes([channel]) + data if opcode == 2 else data
        size = len(data)
        head = bytes([0x80 | opcode])
        head += bytes([size]) if size < 126 else b"\x7e" + struct.pack(">H", size) if size < 65536 else b"\x7f" + struct.pack(">Q", size)
        self.connection.sendall(head + data)

    def read_frame(self):
        head = self.take(2)
        size = head[1] & 127
        if size == 126:
            size = struct.unpack(">H", self.take(2))[0]
        elif size == 127:
            size = struct.unpack(">Q", self.take(8))[0]
        mask = self.take(4)
        data = self.take(size)
        return head[0] & 15, bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))

    def attach(self, headers, run_id):
        run = runs.get(run_id)
        if run is None:
            return self.problem(404, "not_found", "no run " + run_id)
        accept = base64.b64encode(hashlib.sha1((headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        self.connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                b"Sec-WebSocket-Protocol: v5.channel.k8s.io\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
        threading.Thread(target=self.feed, args=(run,), daemon=True).start()
        sent = {1: 0, 2: 0}
        while True:
            with run.changed:
                run.changed.wait_for(lambda: any(len(run.kept[c]) > sent[c] for c in sent) or run.state in OVER)
                pending = {c: run.kept[c][sent[c]:sent[c] + 65536] for c in sent}
                over = run.state in OVER
            for channel, data in pending.items():
                if data:
                    self.frame(channel, data)
                    sent[channel] += len(data)
            if over and all(len(run.kept[c]) == sent[c] for c in sent):
                self.frame(3, json.dumps(run.shown()).encode())
                self.frame(0, struct.pack(">H", 1000), opcode=8)
                time.sleep(0.2)
                self.connection.shutdown(socket.SHUT_RDWR)
                return

    def feed(self, run):
        try:
            while True:
                opcode, data = self.read_frame()
                if opcode != 2:
                    continue
                channel, data = data[0], data[1:]
                if channel == 0 and run.input >= 0:
                    os.write(run.input, data)
                elif channel == 4:
                    size = json.loads(data)
                    if run.tty:
                        run.resize(run.input, size["Height"], size["Width"])
                        os.killpg(run.process.pid, signal.SIGWINCH)
                elif channel == 255 and run.input >= 0 and not run.tty:
                    run.process.stdin.close()
                    run.input = -1
        except (EOFError, OSError):
            pass


def main():
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a background job of a shell without job control ignores it
    local, tcp = socket.socket(socket.AF_UNIX), socket.socket()
    local.bind(sys.argv[1])
    tcp.bind(("127.0.0.1", 0))
    for listener in (local, tcp):
        listener.listen(64)
    context = None
    if len(sys.argv) > 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(*sys.argv[3:5])
    print("ready", tcp.getsockname()[1], flush=True)
    while True:
        ready, _, _ = select.select([local, tcp, sys.stdin], [], [])
        if sys.stdin in ready and not sys.stdin.buffer.read1(1):
            os._exit(0)
        for listener in (local, tcp):
            if listener in ready:
                threading.Thread(target=serve, args=(listener.accept()[0], context if listener is tcp else None), daemon=True).start()


def serve(connection, context):
    try:
        Peer(context.wrap_socket(connection, server_side=True) if context else connection).serve()
    except OSError:
        pass


if __name__ == "__main__":
    main()
