"""Echoes over TCP and UDP, a server that speaks first, and the packets on the wire between them."""

import socket
import threading
import time

from servers.record import Record, start


class Echo:
    def __init__(self, address, ports=(7, 9000)):
        self.record, self.datagrams = Record(), Record()
        self.lost = []  # why a connection was not served: no descriptor or no thread for it, on a machine that is busy
        for port in ports:
            start(self.accept, socket.create_server((address, port), backlog=1024), self.serve)
        start(self.accept, socket.create_server((address, 25), backlog=64), self.greet)
        for port in (7, 443, 53):
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            one.bind((address, port))
            start(self.receive, one)

    def accept(self, listener, serve):
        while True:
            try:
                connection, _ = listener.accept()
                start(serve, connection)
            except (OSError, RuntimeError) as why:  # the others are served all the same
                self.lost.append(repr(why))
                time.sleep(0.01)

    def serve(self, connection):
        self.record.add(b"")
        with connection:
            try:
                while data := connection.recv(262144):
                    connection.sendall(data)
            except OSError:
                pass

    def greet(self, connection):
        with connection:
            connection.sendall(b"220 speaks first\r\n")
            self.serve(connection)

    def receive(self, one):
        while True:
            data, peer = one.recvfrom(65536)
            self.datagrams.add(data)
            one.sendto(data, peer)


class Wire:
    """Whether a text went over this namespace's lo in any packet, of whatever protocol, while this was entered."""

    def __init__(self, *texts):
        self.texts = [text if isinstance(text, bytes) else text.encode() for text in texts]
        self.seen, self.packets = [], 0

    def __enter__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        self.socket.bind(("lo", 0))
        self.socket.settimeout(0.1)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()
        return self

    def listen(self):
        while True:
            try:
                packet = self.socket.recv(262144)
            except TimeoutError:
                if self.ended.is_set():
                    return
                continue
            self.packets += 1
            self.seen += [text for text in self.texts if text in packet]

    def __exit__(self, *ignored):
        self.ended.set()
        self.thread.join()
        self.socket.close()
