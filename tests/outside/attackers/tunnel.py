"""Data hidden in questions for names: by type, by length, by server, over UDP and TCP."""

import socket
import struct

from common import attempt, question, resolve, sys, tell

marker, foreign = sys.argv[1:3]
TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "NULL": 10, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "NAPTR": 35, "DS": 43,
         "SVCB": 64, "HTTPS": 65, "ANY": 255, "AXFR": 252}


def by_tcp(name, kind, server):
    with socket.create_connection(server, 3) as connection:
        connection.settimeout(3)
        asked = question(name, kind)
        connection.sendall(struct.pack("!H", len(asked)) + asked)
        return connection.recv(4096)[2:].hex()


said = {}
for server in (("127.0.0.1", 53), (foreign, 53)):
    for label, kind in TYPES.items():
        said[f"{server[0]} {label}"] = attempt(resolve, f"{marker}.outside.test", kind, server, 1)
    said[f"{server[0]} tcp"] = attempt(by_tcp, f"{marker}.tcp.outside.test", 16, server)
    said[f"{server[0]} long"] = attempt(resolve, ".".join([marker + "x" * (63 - len(marker))] * 3) + ".outside.test", 1, server, 1)
    said[f"{server[0]} allowed parent"] = attempt(resolve, f"{marker}.web.outside.test", 1, server, 1)
said["too long"] = attempt(resolve, ".".join(["y" * 63] * 4) + ".outside.test", 1)
said["other class"] = attempt(resolve, f"{marker}.outside.test", 16)
tell(said)
