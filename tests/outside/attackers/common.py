"""What attackers have in common: sockets with a short patience, and one JSON text as their report."""

import json
import os
import socket
import ssl
import struct
import sys

PROXY = ("127.0.0.1", 3128)


def tell(value):
    json.dump(value, sys.stdout)
    sys.stdout.flush()


def attempt(work, *arguments):
    """What it gave, or the error's name."""
    try:
        return work(*arguments)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def exchange(address, port, data, seconds=3, size=65536):
    """What comes back for these bytes, up to the end or until nothing more comes for a while."""
    with socket.create_connection((address, port), seconds) as connection:
        return talk(connection, data, seconds, size)


def talk(connection, data, seconds=3, size=65536):
    connection.settimeout(seconds)
    whole = b""
    try:
        if data:
            connection.sendall(data)
        while len(whole) < size:
            part = connection.recv(65536)
            if not part:
                break
            whole += part
            connection.settimeout(0.7)
    except OSError:
        pass
    return whole.decode("latin-1")


def through(target, data=b"", seconds=5):
    """By CONNECT: (the proxy's answer, what came after it)."""
    with socket.create_connection(PROXY, seconds) as connection:
        connection.settimeout(seconds)
        connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode("latin-1"))
        head = b""
        while b"\r\n\r\n" not in head:
            part = connection.recv(65536)
            if not part:
                return head.decode("latin-1"), None
            head += part
        first, _, rest = head.partition(b"\r\n\r\n")
        if b" 200" not in first.split(b"\r\n")[0]:
            return (first + b"\r\n\r\n" + rest).decode("latin-1"), None
        return first.decode("latin-1"), rest.decode("latin-1") + talk(connection, data, 2)


def socks(host, port, data=b"", command=1, seconds=5):
    """By SOCKS5, a name unless it is an address: (reply code, what came after it)."""
    with socket.create_connection(PROXY, seconds) as connection:
        connection.settimeout(seconds)
        connection.sendall(b"\x05\x01\x00")
        if connection.recv(2) != b"\x05\x00":
            return "method", None
        try:
            target = b"\x01" + socket.inet_aton(host) if host.count(".") == 3 else None
            target = target or b"\x04" + socket.inet_pton(socket.AF_INET6, host)
        except OSError:
            target = b"\x03" + bytes([len(host)]) + host.encode("latin-1")
        connection.sendall(b"\x05" + bytes([command, 0]) + target + struct.pack("!H", port))
        reply = connection.recv(64)
        if len(reply) < 2 or reply[1] != 0:
            return (reply[1] if len(reply) > 1 else "closed"), None
        return 0, talk(connection, data, 2)


def client_hello(name=None, extra=b""):
    """One as OpenSSL sends it, with or without a name, with further extensions; a whole TLS record."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    except ssl.SSLWantReadError:
        pass
    record = outgoing.read()
    hello = record[9:]  # past the record's and the handshake's head
    at = 2 + 32
    at += 1 + hello[at]                                      # session id
    at += 2 + struct.unpack("!H", hello[at:at + 2])[0]       # ciphers
    at += 1 + hello[at]                                      # compression
    extensions = hello[at + 2:] + extra
    hello = hello[:at] + struct.pack("!H", len(extensions)) + extensions
    handshake = b"\x01" + struct.pack("!I", len(hello))[1:] + hello
    return b"\x16\x03\x01" + struct.pack("!H", len(handshake)) + handshake


def extension(kind, content):
    return struct.pack("!HH", kind, len(content)) + content


def names(*several):
    """A server_name extension with these host names."""
    listed = b"".join(b"\x00" + struct.pack("!H", len(one)) + one for one in (name.encode("latin-1") for name in several))
    return extension(0, struct.pack("!H", len(listed)) + listed)


def question(name, kind=1, identity=0x1234):
    labels = b"".join(bytes([len(label)]) + label.encode("latin-1") for label in name.split(".") if label) + b"\0"
    return struct.pack("!HHHHHH", identity, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!HH", kind, 1)


def resolve(name, kind=1, server=("127.0.0.1", 53), seconds=2):
    """(code, answers as text) of one question."""
    one = socket.socket(socket.AF_INET6 if ":" in server[0] else socket.AF_INET, socket.SOCK_DGRAM)
    one.settimeout(seconds)
    one.sendto(question(name, kind), server)
    reply = one.recv(4096)
    code, count = reply[3] & 15, struct.unpack("!H", reply[6:8])[0]
    at = len(question(name, kind))
    found = []
    for _ in range(count):
        at += 10
        size = struct.unpack("!H", reply[at:at + 2])[0]
        data = reply[at + 2:at + 2 + size]
        found.append(socket.inet_ntop({4: socket.AF_INET, 16: socket.AF_INET6}[size], data) if size in (4, 16) else data.hex())
        at += 2 + size
    return code, found


def environment(name):
    return os.environ.get(name, "")
