"""TLS that says another name than was asked for, none, several, hidden, or in pieces; by every door."""

import socket

from common import PROXY, attempt, client_hello, extension, names, sys, talk, tell, through

allowed, other = sys.argv[1:3]
GOOD = client_hello(allowed)
HELLOS = {
    "good": GOOD,
    "other name": client_hello(other),
    "no name": client_hello(None),
    "two names": client_hello(None, names(allowed, other)),
    "the extension twice": client_hello(allowed, names(other)),
    "empty name": client_hello(None, names("")),
    "name with NUL": client_hello(None, names(allowed + "\0." + other)),
    "address as name": client_hello(None, names("127.0.0.1")),
    "other type of name": client_hello(None, extension(0, b"\x00\x08\x01\x00\x05other")),
    "ech": client_hello(allowed, extension(0xFE0D, b"\x00\x00\x01\x00\x01\x01\x00\x20" + bytes(32) + b"\x00\x10" + bytes(16))),
    "esni": client_hello(allowed, extension(0xFFCE, bytes(64))),
    "cut": GOOD[:60],
    "lengths that lie": GOOD[:3] + b"\x00\x20" + GOOD[5:],
    "ssl 2": b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + bytes(37),
    "too large": b"\x16\x03\x01\x40\x00\x01\x00\xff\xff\x03\x03" + bytes(16384),
    "not a hello": b"\x16\x03\x01\x00\x04\x02\x00\x00\x00",
    "alert": b"\x15\x03\x01\x00\x02\x02\x28",
    "plain http": f"GET /stolen HTTP/1.1\r\nHost: {other}\r\n\r\n".encode(),
    "h2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "binary": b"\x00\x01\x02stolen",
}


def directly(data):
    with socket.create_connection((allowed, 443), 5) as connection:
        return talk(connection, data, 2)


chosen = sys.argv[3:] or HELLOS
said = {}
for name in chosen:
    said[f"connect {name}"] = attempt(through, f"{allowed}:443", HELLOS[name])
    said[f"direct {name}"] = attempt(directly, HELLOS[name])
tell(said)
