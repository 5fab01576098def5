"""Queries on a log of a hundred thousand events: each finds what a plain scan finds, and a page does not read all of it."""

import collections
import json
import sqlite3
import statistics
import time
import urllib.parse

import pytest

import daemon
from accounts import QUICK
from exporting import fill

EVENTS, LIMIT, PAGES = 100_000, 100, 3
DAYS = 30


@pytest.fixture(scope="module")
def large():
    """One with such a log, indexed, and all events of it as a plain scan reads them."""
    base = daemon.folder()
    owhaled = daemon.Owhaled(base, *QUICK, "--api-rate", "1000000")
    fill(owhaled, EVENTS, "--days", str(DAYS), "--last", "1795000000")
    owhaled.start()
    end = time.monotonic() + 300
    while not (counted := owhaled.get("/v1/audit/stats").json())["complete"] or counted["total"] < EVENTS:
        assert time.monotonic() < end, owhaled.get("/v1/doctor").json()
        time.sleep(0.2)
    began = time.monotonic()
    with sqlite3.connect(f"file:{owhaled.state}/audit.db?mode=ro", uri=True) as log:
        owhaled.all = [(seq, text.lower(), json.loads(text)) for seq, text in log.execute("SELECT seq, json FROM bodies WHERE seq <= ? ORDER BY seq DESC", (EVENTS,))]
    owhaled.scan_s = time.monotonic() - began
    yield owhaled
    code = owhaled.stop()
    daemon.remove(base)
    assert code == 0


def texts(value):
    if isinstance(value, str):
        yield value.lower()
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def has(event, name, value):
    if name in ("since", "until"):
        return (event["time"] >= value) == (name == "since")
    return any(event[name] == one or one.endswith(".*") and event[name].startswith(one[:-1]) for one in value.split(","))


def scan(all_, query):
    """By every event's text; a text that is looked for stands within one string of it."""
    grep, rest = query.get("grep"), [one for one in query.items() if one[0] != "grep"]
    return [seq for seq, text, event in all_
            if (not grep or grep in text) and all(has(event, *one) for one in rest) and (not grep or any(grep in one for one in texts(event)))]


def found(owhaled, query):
    """Its first pages, newest first: (the numbers, all of them were read, seconds of each page that was asked for)."""
    numbers, seconds, before = [], [], EVENTS + 1  # what is newer is the log's own
    while len(numbers) < PAGES * LIMIT:
        asked = urllib.parse.urlencode({**query, "limit": LIMIT, "before": before})
        began = time.monotonic()
        page = owhaled.get("/v1/audit?" + asked).json()
        seconds.append(time.monotonic() - began)
        numbers += [row["seq"] for row in page["events"]]
        if page.get("next") is None:
            return numbers, True, seconds
        before = page["next"]
    return numbers, False, seconds


def queries(all_):
    """The issue's filters, by what this log has: frequent values and rare ones, alone and together."""
    def commonest(name):
        return collections.Counter(event[name] for *_, event in all_).most_common()[0][0]

    def rarest(name):
        return collections.Counter(event[name] for *_, event in all_).most_common()[-1][0]

    times = [event["time"] for *_, event in all_]
    middle, late = times[len(times) // 2], times[len(times) // 50]
    run = next(event["run"] for *_, event in all_[EVENTS // 3:] if event["run"])
    return [
        {}, {"since": late}, {"until": middle}, {"since": middle, "until": late},
        {"principal": commonest("principal")}, {"principal": rarest("principal")}, {"verb": commonest("verb")}, {"event": "run.outcome"},
        {"event": "run.*"}, {"event": rarest("event")}, {"outcome": "denied"}, {"outcome": "failed,denied"}, {"run": run},
        {"run": "01a21c32-7e1a-7a40-889d-60774b74f35f"}, {"grep": "rm -rf"}, {"grep": "rm -rf", "outcome": "denied"}, {"grep": "needle-0"},
        {"grep": "nobody-wrote-this"}, {"grep": "--hidden", "principal": commonest("principal"), "since": middle},
        {"principal": commonest("principal"), "event": "run.intent", "outcome": "pending", "since": middle, "grep": "git commit"},
    ]


def test_each_query_finds_what_a_plain_scan_finds(large):
    spent = []
    for query in queries(large.all):
        expected = scan(large.all, query)
        numbers, whole, seconds = found(large, query)
        assert numbers == (expected if whole else expected[:len(numbers)]), query
        assert whole or len(numbers) >= PAGES * LIMIT, query
        spent += seconds
    # By the machine's own measure: a page costs a part of what it costs to read the log.
    assert statistics.median(spent) < large.scan_s / 10, (statistics.median(spent), large.scan_s)


def test_counts_are_those_of_a_plain_scan(large):
    until = max(event["time"] for *_, event in large.all)
    stats = large.get("/v1/audit/stats?until=" + urllib.parse.quote(until[:14] + "00:00Z")).json()  # whole hours
    counted = [event for *_, event in large.all if event["time"] < until[:14]]
    assert stats["total"] == len(counted) and stats["complete"]
    assert {one["name"]: one["count"] for one in stats["by_event"]} == collections.Counter(event["event"] for event in counted)
