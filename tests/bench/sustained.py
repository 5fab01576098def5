"""Runs per second of many clients at once: audited runs through the socket against bwrap's, in turns."""

import multiprocessing
import time

from client import Client, spawn
from rivals import commands


def through_socket(socket, until, counted):
    client = Client(socket)
    while time.monotonic() < until:
        client.run(argv=["/bin/true"])
        counted.value += 1


def by_spawning(argv, actions, until, counted):
    while time.monotonic() < until:
        spawn(argv[0], argv, actions)
        counted.value += 1


def rate(clients, seconds, work, *words):
    """Processes, not threads: Python lets one of them work at a time."""
    counts = [multiprocessing.Value("L", lock=False) for _ in range(clients)]
    began = time.monotonic()
    workers = [multiprocessing.Process(target=work, args=(*words, began + seconds, count)) for count in counts]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
        if one.exitcode != 0:
            raise SystemExit("bench: a client failed")
    return sum(count.value for count in counts) / (time.monotonic() - began)


def measure(socket, folder, clients, seconds, rounds):
    """{clients: [[owhaled's, bwrap's] of each round]}"""
    bwrap = commands("/bin/true", folder)["bwrap, filter"]
    return {str(count): [[rate(count, seconds, through_socket, socket), rate(count, seconds, by_spawning, *bwrap)]
                         for _ in range(rounds)] for count in clients}
