"""How long one run of a program that does nothing takes, each way in turns."""

import os

from client import Client, spawn
from rivals import commands, why_not, words_of
from turns import by_step, in_turns


def ways(socket, control, folder, program):
    """{name: callable} of all that work here, and {name: why not} of the others."""
    there, absent = {}, {}
    for name, (argv, actions) in commands(program, folder).items():
        why = why_not(argv, actions)
        if why:
            absent[name] = why
        else:
            there[name] = lambda argv=argv, actions=actions: spawn(argv[0], words_of(argv), actions)
    client = Client(socket)
    there["socket"] = lambda: client.run(argv=[program])
    there["socket, workspace"] = lambda: client.run(argv=[program], cwd=folder)
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    quiet = [(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1)]
    words = ["owhalectl", "--socket", socket, "run", "--", program]
    there["owhalectl run"] = lambda: spawn(control, words, quiet)
    return there, absent


def measure(socket, control, folder, program, rounds):
    """Gives [times by name, steps of the runs by name, why others are absent]."""
    os.chdir(folder)
    there, absent = ways(socket, control, folder, program)
    times, results = in_turns(there, rounds)
    return [times, by_step(run["timing"] for run in results["socket"]), absent]
