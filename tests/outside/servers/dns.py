"""A DNS server that writes down every question, and whose answers can change from one question to the next."""

import ipaddress
import socket
import struct

from servers.record import Record, start

A, AAAA = 1, 28


def read_name(packet, at):
    labels = []
    while packet[at]:
        size = packet[at]
        labels.append(packet[at + 1:at + 1 + size].decode("latin-1").lower())
        at += 1 + size
    return ".".join(labels), at + 1


class Dns:
    """`names`: full name to addresses; `turns`: full name to a list of such lists, one used up at each question for A."""

    def __init__(self, address, names, port=53):
        self.names, self.turns, self.record = dict(names), {}, Record()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((address, port))
        self.tcp = socket.create_server((address, port))
        start(self.serve_udp)
        start(self.serve_tcp)

    def serve_udp(self):
        while True:
            packet, peer = self.udp.recvfrom(4096)
            self.udp.sendto(self.answer(packet), peer)

    def serve_tcp(self):
        while True:
            connection, _ = self.tcp.accept()
            start(self.serve_connection, connection)

    def serve_connection(self, connection):
        with connection:
            while head := connection.recv(2, socket.MSG_WAITALL):
                packet = connection.recv(struct.unpack("!H", head)[0], socket.MSG_WAITALL)
                reply = self.answer(packet)
                connection.sendall(struct.pack("!H", len(reply)) + reply)

    def addresses(self, name, kind):
        turns = self.turns.get(name)
        known = (turns.pop(0) if len(turns) > 1 else turns[0]) if turns and kind == A else self.names.get(name)
        if known is None and turns is None:
            return None
        wanted = 4 if kind == A else 6
        return [one for one in map(ipaddress.ip_address, known or []) if one.version == wanted]

    def answer(self, packet):
        try:
            name, at = read_name(packet, 12)
            kind = struct.unpack("!H", packet[at:at + 2])[0]
        except (IndexError, struct.error):
            self.record.add(("broken", 0))
            return packet[:2] + b"\x81\x81" + bytes(8)
        self.record.add((name, kind))
        found = self.addresses(name, kind) if kind in (A, AAAA) else []
        code = 3 if found is None else 0
        head = packet[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(found or []), 0, 0)
        rows = b"".join(struct.pack("!HHHIH", 0xC00C, kind, 1, 1, len(one.packed)) + one.packed for one in found or [])
        return head + packet[12:at + 4] + rows

    def asked(self, part=""):
        return [name for name, _ in self.record.all() if part in name]
