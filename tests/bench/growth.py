"""Whether what should cost the same goes on to: a run, and a page of the list, with many runs kept; a verdict with many rules."""

import sqlite3
import statistics
import time

from client import Client
from stage import as_user

RULE = '[[rule]]\nid = "bench.rule-{0}"\ndecision = "deny"\nseverity = "low"\nreason = "None."\nprogram = ["bench-{0}"]\n' \
       'match = ["bench-{0} x"]\nno_match = ["ls"]\n\n'


def keep_runs(state, count):
    """Copies one ended run's row until there are that many. owhaled is not running."""
    database = sqlite3.connect(state / "state.db")
    names = [row[1] for row in database.execute("PRAGMA table_info(runs)")]
    have, = database.execute("SELECT count(*) FROM runs").fetchone()
    picked = ", ".join("printf('00000000-0000-7000-8000-%012x', n)" if name == "id" else name for name in names)
    database.execute(f"WITH RECURSIVE c(n) AS (SELECT {have} UNION ALL SELECT n + 1 FROM c WHERE n < {count}) "
                     f"INSERT INTO runs ({', '.join(names)}) SELECT {picked} FROM c, (SELECT * FROM runs WHERE live = 0 ORDER BY id DESC LIMIT 1)")
    database.commit()
    database.close()


def costs(socket, rounds):
    """Medians, in microseconds: a run less its program and its cage, the policy's part of it, and a page of 50 runs."""
    client = Client(socket)
    own, policy, page = [], [], []
    for number in range(-40, rounds):
        began = time.perf_counter_ns()
        run = client.run(argv=["/bin/echo", "kept"])
        whole = (time.perf_counter_ns() - began) / 1000
        began = time.perf_counter_ns()
        client.request("GET", "/v1/runs")
        listed = (time.perf_counter_ns() - began) / 1000
        if number < 0:
            continue
        timing = run["timing"]
        own.append(whole - timing["run"] - timing["resolve"])
        policy.append(timing["policy"])
        page.append(listed)
    return [statistics.median(values) for values in (own, policy, page)]


def show(stage, owhaled, user, rounds, kept, rules):
    """Starts owhaled anew at each size."""
    print(f"{'':22}{'owhaled itself':>16}{'of it policy':>14}{'page of 50':>12}   medians, us")

    def line(name):
        own, policy, page = as_user(user, lambda: costs(str(owhaled.socket), rounds))
        print(f"{name:22}{own:>16.0f}{policy:>14.0f}{page:>12.0f}", flush=True)

    def again(change):
        owhaled.stop()
        change()
        owhaled.start()

    line("as it is")
    for count in kept:
        again(lambda: keep_runs(stage.place / "rootful-state", count))
        line(f"{count} runs kept")
    for count in rules:
        text = "".join(RULE.format(number) for number in range(count))
        again(lambda: (stage.place / "rootful-policy/bench.toml").write_text(text))
        line(f"{count} more rules")
