"""An HTTP server that does to the secret it is shown whatever a hostile or careless one would, by path."""

import base64
import gzip
import http.server
import json
import socket
import socketserver
import ssl
import time
import urllib.parse
import zlib

from servers.record import Record, start


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    def log_message(self, *ignored):
        pass

    def value(self):
        """What follows the scheme in Authorization, else x-api-key."""
        shown = self.headers.get("authorization") or self.headers.get("x-api-key") or ""
        return shown.split(" ", 1)[-1]

    def body(self):
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            whole = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                whole += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return whole
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def answer(self):
        self.path_only, _, query = self.path.partition("?")
        self.query = dict(urllib.parse.parse_qsl(query))
        self.content = self.body()
        self.server.record.add({"method": self.command, "path": self.path, "headers": [(k.lower(), v) for k, v in self.headers.items()],
                                "body": self.content, "tls": self.server.tls, "peer": self.client_address[0]})
        deed = getattr(self, "do_" + self.path_only.strip("/").split("/")[-1].replace("-", "_"), None) or self.do_ok
        deed()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_TRACE = do_OPTIONS = answer

    def do_HEAD(self):
        self.answer()

    def reply(self, body=b"", status=200, reason=None, **headers):
        self.send_response(status, reason)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_ok(self):
        self.reply(b"all well\n")

    def do_echo(self):
        said = {"headers": dict(self.headers.items()), "body": self.content.decode("latin-1"), "path": self.path}
        self.reply(json.dumps(said).encode(), Content_Type="application/json")

    def do_echo_header(self):
        self.reply(b"see the head\n", X_Echo=self.value(), Set_Cookie="k=" + self.value(), ETag=f'"{self.value()}"')

    def do_reason(self):
        self.reply(b"see the reason\n", reason="OK " + self.value())

    def do_gzip(self):
        self.reply(gzip.compress(b"got " + self.value().encode()), Content_Encoding="gzip")

    def do_deflate(self):
        self.reply(zlib.compress(b"got " + self.value().encode()), Content_Encoding="deflate")

    def do_strange_coding(self):
        self.reply(b"got " + self.value().encode()[::-1], Content_Encoding="br")

    def do_gzip_unsaid(self):
        """Compressed, and nobody says so."""
        self.reply(gzip.compress(b"got " + self.value().encode()))

    def do_base64(self):
        self.reply(b"\n".join(base64.b64encode(b"x" * lead + self.value().encode() + b"tail") for lead in range(3)))

    def do_base64url(self):
        self.reply(base64.urlsafe_b64encode(self.value().encode()))

    def do_hex(self):
        self.reply((self.value().encode().hex() + " " + self.value().encode().hex().upper()).encode())

    def do_percent(self):
        self.reply(urllib.parse.quote(self.value(), safe="").encode())

    def do_chunks(self):
        """One byte a chunk, and the value in a trailer as well."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Trailer", "X-Late")
        self.end_headers()
        for byte in b"got " + self.value().encode() + b" that":
            self.wfile.write(b"1\r\n" + bytes([byte]) + b"\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\nX-Late: " + self.value().encode() + b"\r\n\r\n")

    def do_border(self):
        """The value across every likely border of a buffer."""
        body = bytearray(b"." * 300_000)
        value = self.value().encode()
        for border in (1024, 4096, 8192, 16384, 32768, 65536, 131072, 262144):
            body[border - len(value) // 2:border - len(value) // 2 + len(value)] = value
        self.reply(bytes(body))

    def do_redirect(self):
        to = self.query.get("to", "http://evil.outside.test/")
        self.reply(b"", int(self.query.get("status", "302")), Location=to.replace("VALUE", self.value()))

    def do_store(self):
        self.server.stored = self.value()
        self.reply(b"kept\n")

    def do_stored(self):
        self.reply(b"kept was " + self.server.stored.encode())

    def do_slow(self):
        time.sleep(float(self.query.get("s", "1")))
        self.do_ok()

    def do_events(self):
        """Server-sent events, one each 100 ms, with the time at which each was sent."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for number in range(5):
            self.wfile.write(f"data: {number} {time.monotonic()}\n\n".encode())
            self.wfile.flush()
            time.sleep(0.1)
        self.close_connection = True

    def do_big(self):
        left = int(self.query.get("n", "1000000"))
        self.send_response(200)
        self.send_header("Content-Length", str(left))
        self.end_headers()
        while left > 0:
            self.wfile.write(b"b" * min(left, 65536))
            left -= 65536

    def do_ws(self):
        """Becomes a WebSocket that says the value in a frame of its own, then echoes raw bytes."""
        self.connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Echo: " +
                                self.value().encode() + b"\r\nSec-WebSocket-Accept: x\r\n\r\n")
        said = self.value().encode()
        self.connection.sendall(b"\x81" + bytes([len(said)]) + said)
        while data := self.rfile.read1(4096):
            self.connection.sendall(data)
        self.close_connection = True

    def do_part(self):
        """The value's halves by ranges, whatever was asked for."""
        value = self.value()
        half = len(value) // 2
        asked = "range" in self.headers
        body = (value[:half] if self.query.get("half") == "1" else value[half:]) if asked else value
        self.reply(body.encode(), 206 if asked else 200)

    def do_split(self):
        """A header with a line's end in it, written raw."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-A: 1\rX-B: 2\r\nContent-Length: 2\r\n\r\nok")

    def do_two_lengths(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nX")


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *ignored):
        pass  # clients that go away are what is tested

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # no look-up of this host's name


class Server6(Server):
    address_family = socket.AF_INET6


class Odd:
    """The same on port 80, with TLS on 443, and in plain on 8080."""

    def __init__(self, address, certificate):
        self.record = Record()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        for port, tls in ((80, False), (443, True), (8080, False), (8443, True)):
            server = (Server6 if ":" in address else Server)((address, port), Handler)
            server.record, server.tls, server.stored = self.record, tls, ""
            if tls:
                # The handshake is the thread's: one client that says nothing holds nobody up.
                server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            start(server.serve_forever)

    def requests(self, **wanted):
        return [one for one in self.record.all() if all(one[key] == value for key, value in wanted.items())]

    def received(self, text):
        """Whether the text came in anything at all."""
        return any(text in repr(one) for one in self.record.all())
