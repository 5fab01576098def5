"""What the benchmark of the network does on either side of the cage's wall: orders by one pipe, figures by another.

Usage: network_client.py ORDERS ANSWERS WAY   (WAY: direct, transparent, proxy)"""

import json
import os
import resource
import socket
import ssl
import sys
import time

HOST, PROXY = "web.outside.test", ("127.0.0.1", 3128)
ADDRESS = sys.argv[4] if len(sys.argv) > 4 else HOST


class Door:
    """How a connection to HOST comes about."""

    def __init__(self, way):
        self.by_proxy = way == "proxy"
        self.context = ssl.create_default_context()

    def connect(self, port, host=HOST):
        to = PROXY if self.by_proxy else (ADDRESS if host == HOST else host, port)
        one = socket.create_connection(to, 30)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.by_proxy and port != 80:
            one.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            head = b""
            while b"\r\n\r\n" not in head:
                head += one.recv(4096)
            assert b" 200" in head.split(b"\r\n")[0], head
        return self.context.wrap_socket(one, server_hostname=host) if port == 443 else one

    def target(self, port, path):
        return f"http://{HOST}{path}" if self.by_proxy and port == 80 else path


def read_answer(one, size=65536):
    data = b""
    while b"\r\n\r\n" not in data:
        part = one.recv(size)
        assert part, data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    left = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]) - len(body)
    buffer = bytearray(262144)
    while left > 0:
        got = one.recv_into(buffer, min(left, len(buffer)))
        assert got, "ended early"
        left -= got


def get(door, one, port, path):
    one.sendall(f"GET {door.target(port, path)} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    read_answer(one)


def new_connections(door, port, count):
    times = []
    for _ in range(count):
        began = time.perf_counter_ns()
        with door.connect(port) as one:
            get(door, one, port, "/")
        times.append((time.perf_counter_ns() - began) / 1000)
    return times


def kept_connection(door, port, count):
    times = []
    with door.connect(port) as one:
        get(door, one, port, "/")
        for _ in range(count):
            began = time.perf_counter_ns()
            get(door, one, port, "/")
            times.append((time.perf_counter_ns() - began) / 1000)
    return times


def download(door, port, count):
    """Megabytes a second, `count` times the whole of a large file."""
    rates = []
    with door.connect(port) as one:
        for _ in range(count):
            began = time.perf_counter()
            get(door, one, port, "/big.bin")
            rates.append((64 << 20) / 1e6 / (time.perf_counter() - began))
    return rates


held = []


def hold(door, port, count):
    """Opens this many connections to the echo server and keeps them: milliseconds for all."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    began = time.perf_counter()
    for _ in range(count):
        held.append(door.connect(port, "echo.outside.test"))
        held[-1].sendall(b"x")
    assert all(one.recv(1) == b"x" for one in held)
    return [(time.perf_counter() - began) * 1000]


def let_go(*ignored):
    while held:
        held.pop().close()
    return []


def main():
    orders, answers, door = open(sys.argv[1]), open(sys.argv[2], "w"), Door(sys.argv[3])
    work = {one.__name__: one for one in (new_connections, kept_connection, download, hold, let_go)}
    for line in orders:
        name, port, count = json.loads(line)
        try:
            result = work[name](door, port, count)
        except Exception as error:  # the other side prints it
            result = f"{type(error).__name__}: {error}"
        print(json.dumps(result), file=answers, flush=True)


if __name__ == "__main__":
    main()
