"""Several ways to do something, each once a round, in an order drawn anew: what else the machine does falls on each alike."""

import random
import time

WARM_UP = 5  # rounds that do not count


def timed(work):
    began = time.perf_counter_ns()
    result = work()
    return (time.perf_counter_ns() - began) / 1000, result


def in_turns(ways, rounds):
    """Of {name: callable} gives {name: microseconds} and {name: what it returned}, a value for each round."""
    times, results = {name: [] for name in ways}, {name: [] for name in ways}
    for number in range(-WARM_UP, rounds):
        for name in random.sample(list(ways), len(ways)):
            microseconds, result = timed(ways[name])
            if number >= 0:
                times[name].append(microseconds)
                results[name].append(result)
    return times, results


def by_step(timings):
    """{step: values} of runs' timings."""
    steps = {}
    for timing in timings:
        for step, value in timing.items():
            steps.setdefault(step, []).append(value)
    return steps
