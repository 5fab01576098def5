"""A rule that asks, and what is made of measured times."""

import datetime

RULE = """[[rule]]
id = "bench.ask"
decision = "ask"
severity = "medium"
reason = "The benchmark asks."
program = ["seq"]
overrides = ["*"]
match = ["seq 3"]
no_match = ["ls"]
"""


def stamp(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def figures(times):
    times = sorted(times)
    return {"p50_ms": round(times[len(times) // 2], 2), "p99_ms": round(times[min(len(times) - 1, len(times) * 99 // 100)], 2)}
