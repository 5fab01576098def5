"""How long one run of a program that does nothing takes, each way once a round, in an order drawn anew."""

import os
import random
import time

from client import Client, spawn
from rivals import commands, why_not

WARM_UP = 5


def spent(work):
    began = time.perf_counter_ns()
    result = work()
    return (time.perf_counter_ns() - began) / 1000, result


def ways(socket, control, folder, program, workspace):
    """{name: callable} of all that work here, and {name: why not} of the others."""
    there, absent = {}, {}
    for name, (argv, actions) in commands(program, folder).items():
        why = why_not(argv, actions)
        if why:
            absent[name] = why
        else:
            there[name] = lambda argv=argv, actions=actions: spawn(argv[0], argv, actions)
    client = Client(socket)
    place = {"cwd": folder} if workspace else {}
    there["socket"] = lambda: client.run(argv=[program], **place)
    if not workspace:
        there["socket, workspace"] = lambda: client.run(argv=[program], cwd=folder)
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    quiet = [(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1)]
    words = ["owhalectl", "--socket", socket, "run", "--", program]
    there["owhalectl run"] = lambda: spawn(control, words, quiet)
    return there, absent


def measure(socket, control, folder, program, rounds, workspace=False):
    """Gives [times by name, steps of the runs by name, why others are absent]."""
    os.chdir(folder)
    there, absent = ways(socket, control, folder, program, workspace)
    times, steps = {name: [] for name in there}, {}
    for number in range(-WARM_UP, rounds):
        for name in random.sample(list(there), len(there)):
            microseconds, run = spent(there[name])
            if number < 0:
                continue
            times[name].append(microseconds)
            for step, value in (run["timing"] if name == "socket" else {}).items():
                steps.setdefault(step, []).append(value)
    return [times, steps, absent]
