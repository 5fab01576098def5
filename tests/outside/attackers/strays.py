"""Packets that are neither TCP nor DNS, to an address outside: does any answer come?"""

import socket
import struct

from common import attempt, sys, tell

marker, four, six = sys.argv[1].encode(), sys.argv[2], sys.argv[3]


def datagram(address, port):
    one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    one.settimeout(0.5)
    one.sendto(marker, (address, port))
    return one.recv(4096).decode("latin-1")


def quic(address):
    """A long header with version 1, as browsers send first; padded to 1,200 bytes."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.settimeout(0.5)
    one.sendto(b"\xc3\x00\x00\x00\x01\x08" + marker[:8].ljust(8) + b"\x00\x00\x44\x9e" + marker + bytes(1180 - len(marker)), (address, 443))
    return one.recv(4096).decode("latin-1")


def ping(kind, family, protocol, address):
    one = socket.socket(family, kind, protocol)
    one.settimeout(0.5)
    one.sendto(struct.pack("!BBHHH", 8 if family == socket.AF_INET else 128, 0, 0, 1, 1) + marker, (address, 0))
    return one.recv(4096).decode("latin-1")


def raw(protocol):
    one = socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol)
    one.sendto(marker, (four, 0))
    return "sent"


def packet():
    one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    one.bind(("lo", 0x800))
    one.send(bytes(14) + marker)
    return "sent"


def multicast():
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.settimeout(0.5)
    one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 8)
    one.sendto(marker, ("224.0.0.251", 5353))
    return one.recv(100).decode("latin-1")


def sctp():
    one = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 132)
    one.settimeout(1)
    one.connect((four, 80))
    return "connected"


tell({
    "udp 7": attempt(datagram, four, 7), "udp 9": attempt(datagram, four, 9), "udp 443": attempt(datagram, four, 443), "quic": attempt(quic, four),
    "udp6": attempt(datagram, six, 9), "ntp": attempt(datagram, four, 123), "broadcast": attempt(datagram, "255.255.255.255", 9),
    "ping": attempt(ping, socket.SOCK_DGRAM, socket.AF_INET, 1, four), "ping6": attempt(ping, socket.SOCK_DGRAM, socket.AF_INET6, 58, six),
    "raw icmp": attempt(ping, socket.SOCK_RAW, socket.AF_INET, 1, four), "raw 255": attempt(raw, 255), "packet": attempt(packet),
    "multicast": attempt(multicast), "sctp": attempt(sctp),
})
