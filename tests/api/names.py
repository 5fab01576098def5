"""A DNS server of the tests' own (RFC 1035): A records of the names that it knows, and what it was asked."""

import socket
import struct
import threading


def name_of(query):
    """The name of the one question, and where its type stands."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
        at += 1 + query[at]
    return ".".join(labels), at + 1


class Names:
    def __init__(self, address="127.0.0.1", every=None):
        """At this address; `every`: what a name leads to that the table does not have."""
        self.table, self.every, self.asked = {}, every, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.at = "%s:%d" % self.socket.getsockname()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def close(self):
        """Nobody is left who takes the questions of a later one."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it is not connected, and wakes who waits all the same
        self.thread.join(5)
        self.socket.close()

    def serve(self):
        while True:
            query, peer = self.socket.recvfrom(1024)
            if not query:
                return
            name, at = name_of(query)
            self.asked.append(name)
            address = self.table.get(name, self.every)
            is_a = struct.unpack(">H", query[at:at + 2])[0] == 1
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\5\0\4" + socket.inet_aton(address) if address and is_a else b""
            head = struct.pack(">HHHHH", 0x8180 if address else 0x8183, 1, bool(answer), 0, 0)
            self.socket.sendto(query[:2] + head + query[12:at + 4] + answer, peer)
