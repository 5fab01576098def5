"""Servers at addresses that nothing may reach: they answer like anybody else, and tell on whoever came."""

import socket

from servers.record import Record, start

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\ncanary"


class Canary:
    """`record`: ("tcp" or "udp", address, port, first bytes)."""

    def __init__(self, tcp, udp=()):
        self.record = Record()
        for address, port in tcp:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            start(self.accept, socket.create_server((address, port), family=family, backlog=128), address, port)
        for address, port in udp:
            one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
            one.bind((address, port))
            start(self.receive, one, address, port)

    def accept(self, listener, address, port):
        while True:
            connection, _ = listener.accept()
            start(self.serve, connection, address, port)

    def serve(self, connection, address, port):
        with connection:
            connection.settimeout(3)
            try:
                first = connection.recv(65536)
                self.record.add(("tcp", address, port, first))
                connection.sendall(ANSWER)
            except OSError:
                self.record.add(("tcp", address, port, b""))

    def receive(self, one, address, port):
        while True:
            data, peer = one.recvfrom(65536)
            self.record.add(("udp", address, port, data))
            one.sendto(data, peer)
