"""An HTTP server that keeps the very bytes of each connection: what a proxy made of what it was sent.

Every request head gets an answer of its own at once, bodies are not waited for: a request smuggled in a body is answered too."""

import socket

from servers.record import Record, start

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Type: text/plain\r\n\r\ntape"


class Tape:
    def __init__(self, address, ports):
        self.record = Record()  # one bytearray a connection
        for port in ports:
            start(self.accept, socket.create_server((address, port), backlog=128))

    def accept(self, listener):
        while True:
            connection, _ = listener.accept()
            start(self.serve, connection)

    def serve(self, connection):
        tape = bytearray()
        self.record.add(tape)
        answered = 0
        with connection:
            connection.settimeout(10)
            try:
                while data := connection.recv(65536):
                    tape += data
                    heads = bytes(tape).count(b"\r\n\r\n")
                    connection.sendall(ANSWER * (heads - answered))
                    answered = heads
            except OSError:
                pass

    def bytes(self):
        return [bytes(one) for one in self.record.all()]
