"""The table of audit events as owhaled has it, and events made from it: of each type, in every way that it may be told."""

import json
import subprocess

import daemon

PAGE = daemon.BUILD / "man" / "audit-events-page"
LINES = daemon.BUILD / "tests" / "api" / "audit-lines"

RUN = "0193a6a0-0000-7000-8000-000000000001"
HOSTILE = 'a|b\\c=d\r\ne\x1b[31m\x7f\u0085\u2028"}\n{"seq":1} externalId=7 CEF:0|x|y|'
PEERS = ["unix:1000 (pid 4, /usr/bin/bash)", "tcp 192.0.2.7:4711", "tcp [2001:db8::1]:443", "ip:192.0.2.7", "tcp 999.1.1.1:70000",
         "local uid 4", "(many)", f"run:{RUN} (pid 9)", "", HOSTILE]
PRINCIPALS = ["unix:1000", "user:alice", "system", "run:" + RUN, "tcp 192.0.2.7:4711", "device:phone", "", HOSTILE]
OUTCOMES = ["ok", "failed", "pending", "denied", "exited", "cancelled", "", HOSTILE]


def table():
    return json.loads(subprocess.run([PAGE, "--json"], check=True, capture_output=True, timeout=60).stdout)


def value(kind, text):
    return {"text": text, "number": 7, "true or false": True, "list": [text, text], "object": {text: text}}[kind]


def event(row, text, number, fields):
    """`number` chooses among peers, principals and outcomes, so that over some events each is there."""
    data = {field["name"]: value(field["kind"], text) for field in fields}
    if "peer" in data:
        data["peer"] = PEERS[number % len(PEERS)]
    return {"event": row["name"], "id": RUN, "outcome": OUTCOMES[number % len(OUTCOMES)], "time": "2026-11-27T08:30:00.123456Z",
            "principal": PRINCIPALS[number // 3 % len(PRINCIPALS)], "run": RUN if number % 2 else "", "v": 1,
            "verb": "audit.list" if number % 3 else "", "data": data}


def samples(rows):
    """Of each type: what is always there; everything; everything, as an attacker would have it. And one without data."""
    out = []
    for number, row in enumerate(rows):
        required = [field for field in row["fields"] if field["required"]]
        every = row["fields"] + row["act_fields"]
        out.append(event(row, "x", number, required))
        out += [event(row, "x", number + more, every) for more in range(len(PEERS))]
        out += [event(row, HOSTILE, number + more, every) for more in range(len(PEERS))]
        out.append(event(row, "x", number, []))
    return out


def lines(format_, events):
    """What an export has of them; the first has number 1."""
    text = "".join(one if isinstance(one, str) else json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n" for one in events)
    done = subprocess.run([LINES, format_], input=text.encode(), check=True, capture_output=True, timeout=120)
    return done.stdout.decode().split("\n")[:-1]
