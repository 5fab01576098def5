"""Runs per second of many clients at once: audited runs through the socket against bwrap's, in turns."""

import multiprocessing
import time

from client import Client, spawn
from rivals import commands


def through_socket(socket, until, counted, refused):
    client = Client(socket)
    while time.monotonic() < until:
        if client.try_run(argv=["/bin/true"]) is not None:
            counted.value += 1
            continue
        refused.value += 1
        time.sleep(0.05)


def by_spawning(argv, actions, until, counted, _):
    while time.monotonic() < until:
        spawn(argv[0], argv, actions)
        counted.value += 1


def rate(clients, seconds, work, *words):
    """[a second, refused]. Processes, not threads: Python lets one of them work at a time."""
    counts = [multiprocessing.Value("L", lock=False) for _ in range(clients)]
    refused = [multiprocessing.Value("L", lock=False) for _ in range(clients)]
    began = time.monotonic()
    workers = [multiprocessing.Process(target=work, args=(*words, began + seconds, *pair)) for pair in zip(counts, refused)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
        if one.exitcode != 0:
            raise SystemExit("bench: a client failed")
    return [sum(count.value for count in counts) / (time.monotonic() - began), sum(one.value for one in refused)]


def measure(socket, folder, clients, seconds, rounds):
    """{clients: [[owhaled's rate and refusals, bwrap's] of each round]}"""
    bwrap = commands("/bin/true", folder)["bwrap, filter"]
    return {str(count): [[rate(count, seconds, through_socket, socket), rate(count, seconds, by_spawning, *bwrap)]
                         for _ in range(rounds)] for count in clients}
