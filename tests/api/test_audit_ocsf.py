"""The export as OCSF 1.5.0 and as CEF: every type of event, also as an attacker would have it told.

ocsf/schema.json holds what the published schema requires of the classes that owhaled writes (ocsf/draw.py drew it).
"""

import copy
import json
import re
import subprocess

import pytest
from jsonschema import Draft7Validator

import daemon
import event_table
from event_table import HOSTILE, lines
from ocsf_schema import SCHEMA, faults

TYPES = event_table.table()
EVENTS = event_table.samples(TYPES)


@pytest.fixture(scope="module")
def ocsf():
    return [json.loads(line) for line in lines("ocsf", EVENTS)]


@pytest.fixture(scope="module")
def cef():
    return [read_cef(line) for line in lines("cef", EVENTS)]


# --- OCSF


def test_every_type_of_event_is_valid(ocsf):
    Draft7Validator.check_schema(SCHEMA)
    assert len(ocsf) == len(EVENTS)
    wrong = {event["metadata"]["event_code"]: found for event in ocsf if (found := faults(event))}
    assert not wrong, json.dumps(wrong, indent=1)
    assert {event["metadata"]["event_code"] for event in ocsf} == {row["name"] for row in TYPES}


def test_numbers_are_those_of_the_table_and_agree(ocsf):
    by_name = {row["name"]: row for row in TYPES}
    for number, event in enumerate(ocsf, 1):
        row = by_name[event["metadata"]["event_code"]]
        assert (event["class_uid"], event["activity_id"]) == (row["class_uid"], row["activity_id"])
        assert event["metadata"]["sequence"] == number
        assert event["time"] == 1795768200123


# Each would be taken by a reader that does not know the specification, and by none that does.
MUTATIONS = {
    "another class": lambda e: e.update(class_uid=3003),
    "a class that there is not": lambda e: e.update(class_uid=3099),
    "a category that is not the class's": lambda e: e.update(category_uid=6),
    "an activity that the class has not": lambda e: e.update(activity_id=42, type_uid=300242),
    "a type that is another activity's": lambda e: e.update(type_uid=300202),
    "a severity that there is not": lambda e: e.update(severity_id=9),
    "a status that there is not": lambda e: e.update(status_id=3),
    "time in words": lambda e: e.update(time="2026-11-27T08:30:00Z"),
    "no time": lambda e: e.pop("time"),
    "no user": lambda e: e.pop("user"),
    "a user of no name": lambda e: e.update(user={"type_id": 1}),
    "no service": lambda e: e.pop("service"),
    "no product": lambda e: e["metadata"].pop("product"),
    "another version": lambda e: e["metadata"].update(version="1.0.0"),
    "an attribute of our own": lambda e: e.update(principal="unix:1000"),
    "an attribute of our own, deeper": lambda e: e["user"].update(role="admin"),
    "an address that is none": lambda e: e.update(src_endpoint={"ip": "nobody"}),
    "a port that is none": lambda e: e.update(src_endpoint={"ip": "192.0.2.1", "port": 70000}),
    "an endpoint that names nothing": lambda e: e.update(src_endpoint={"port": 1}),
    "other without saying what": lambda e: e.update(activity_id=99, type_uid=300299),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_what_is_wrong_is_refused(ocsf, mutation):
    event = copy.deepcopy(next(event for event in ocsf if event["metadata"]["event_code"] == "login"))
    assert not faults(event)
    MUTATIONS[mutation](event)
    assert faults(event)


@pytest.mark.parametrize("row", TYPES, ids=lambda row: row["name"])
def test_a_number_of_the_table_that_is_wrong_is_refused(ocsf, row):
    """For each row: the next class, with all that depends on it."""
    event = copy.deepcopy(next(event for event in ocsf if event["metadata"]["event_code"] == row["name"]))
    event["class_uid"] += 1
    event["type_uid"] += 100
    assert faults(event)
    event["class_uid"] -= 1
    event["activity_id"] = 98
    event["type_uid"] = event["class_uid"] * 100 + 98
    assert faults(event)


def scattered(value):
    """Every text and number in it."""
    if isinstance(value, dict):
        return [one for key, part in value.items() for one in [key, *scattered(part)]]
    if isinstance(value, list):
        return [one for part in value for one in scattered(part)]
    return [value]


def test_nothing_that_an_event_says_is_lost(ocsf):
    for stored, event in zip(EVENTS, ocsf):
        there = scattered(event)
        words = " ".join(map(str, there))
        for said in scattered(list(stored["data"].values())):
            assert str(said) in words or said == "" or address_of(str(said)) in there, (stored["event"], said)
        for name in ("id", "event", "time", "run", "verb", "outcome"):
            assert stored[name] == "" or stored[name] in there


def address_of(peer):
    found = re.fullmatch(r"(?:tcp |ip:)\[?([0-9a-f.:]+?)\]?(?::\d+)?", peer)
    return found and found[1]


def test_who_what_and_where():
    row = {"name": "run.denied"}
    stored = event_table.event(row, "x", 0, [])
    stored.update(principal="unix:1000", outcome="denied", verb="runs.create", run="")
    stored["data"] = {"command": ["rm", "-rf", "/"], "program": "/usr/bin/rm", "cwd": "/srv", "profile": "default", "uid": 1000,
                      "command_digest": "ab" * 32, "reason": "the rule no-rm", "rule": "no-rm", "exit_code": 1}
    event = json.loads(lines("ocsf", [stored])[0])
    assert not faults(event)
    assert event["actor"] == {"user": {"name": "unix:1000", "uid": "1000", "type_id": 1}}
    assert event["process"] == {"uid": "ab" * 32, "cmd_line": "rm -rf /", "path": "/usr/bin/rm", "name": "rm", "sandbox": "default",
                                "working_directory": "/srv", "user": {"uid": "1000"}}
    assert (event["status_id"], event["status"], event["status_detail"]) == (2, "denied", "the rule no-rm")
    assert event["device"]["name"] == "build-host" and event["unmapped"]["rule"] == "no-rm"
    assert event["severity_id"] == 3 and event["message"] == "unix:1000 may not run [\"rm\",\"-rf\",\"/\"]: the rule no-rm"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"event":7}', '{"event":"no.such","data":[]}', '{"event":"login","data":7}',
                                  '{"event":"run.denied","data":{"command":[7],"uid":"x","exit_code":"y","program":null}}',
                                  '{"event":"host.refused","data":{"host":"","port":-1}}', '{"event":"host.refused","data":{"host":"h","port":9e9}}',
                                  '{"event":"login","time":"yesterday"}', '{"event":"secret.set","data":{"version":1e300}}'])
def test_a_text_that_no_owhaled_writes_is_still_a_valid_event(text):
    event = json.loads(lines("ocsf", [text + "\n"])[0])
    assert not faults(event) and event["metadata"]["sequence"] == 1 and event["unmapped"]["leaf_hash"] == "a" * 64
    read_cef(lines("cef", [text + "\n"])[0])


# --- CEF


def split(text, at):
    """At each `at` that no backslash stands before."""
    parts, part, i = [], "", 0
    while i < len(text):
        if text[i] == "\\":
            assert i + 1 < len(text), "a backslash at the end"
            part += text[i:i + 2]
            i += 2
        elif text[i] == at:
            parts.append(part)
            part = ""
            i += 1
        else:
            part += text[i]
            i += 1
    return [*parts, part]


def unescaped(text, allowed):
    out, i = "", 0
    while i < len(text):
        if text[i] == "\\":
            assert text[i + 1] in allowed, text
            out += {"n": "\n", "r": "\r"}.get(text[i + 1], text[i + 1])
            i += 2
        else:
            out += text[i]
            i += 1
    return out


def read_cef(line):
    """By the specification, and no more than it allows: seven bars, then key=value, whose key is letters and digits."""
    assert not re.search("[\x00-\x1f\x7f\x80-\x9f]", line)
    head = split(line, "|")
    rest = "|".join(head[7:])
    assert head[0] == "CEF:0" and len(head) >= 8
    ends = split(rest, "=")
    keys, values = [ends[0]], []
    for end in ends[1:-1]:
        value, _, key = end.rpartition(" ")
        values.append(value)
        keys.append(key)
    values.append(ends[-1])
    assert all(re.fullmatch("[A-Za-z0-9]+", key) for key in keys), keys
    assert len(set(keys)) == len(keys)
    return {"head": [unescaped(one, "\\|") for one in head[1:7]],
            **{key: unescaped(value, "\\=nr") for key, value in zip(keys, values)}}


def test_every_type_is_one_line_of_cef(cef):
    assert len(cef) == len(EVENTS)
    for number, (stored, event) in enumerate(zip(EVENTS, cef), 1):
        assert event["externalId"] == str(number) and event["cs1"] == "a" * 64 and event["rt"] == "1795768200123"
        assert event["head"][:4] == ["owhale", "owhaled", "0.1.0", stored["event"]] and 0 <= int(event["head"][5]) <= 10
        assert event.get("cs2", "") == stored["run"]
        if stored["principal"] != HOSTILE:
            assert event.get("suser", "") == stored["principal"]
        if stored["data"] and len(json.dumps(stored["data"])) < 3000:
            assert json.loads(event["cs3"]).keys() == stored["data"].keys()


def test_cef_addresses_and_limits():
    stored = event_table.event({"name": "login"}, "x", 0, [])
    stored["data"] = {"peer": "tcp [2001:db8::1]:443", "account": "é" * 5000}
    event = read_cef(lines("cef", [stored])[0])
    assert (event["c6a2"], event["spt"]) == ("2001:db8::1", "443") and len(event["cs3"]) <= 4000
    stored["data"] = {"peer": "tcp 192.0.2.7:4711"}
    event = read_cef(lines("cef", [stored])[0])
    assert (event["src"], event["spt"]) == ("192.0.2.7", "4711")


# --- the manual


def test_every_type_and_field_stands_in_the_manual():
    page = (daemon.BUILD / "man" / "owhaled-audit-events.7").read_text()
    shown = subprocess.run(["man", "--nj", "-l", str(daemon.BUILD / "man" / "owhaled-audit-events.7")], capture_output=True, text=True,
                           env={"MANWIDTH": "200", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}, timeout=60)
    text = shown.stdout if shown.returncode == 0 else page.replace("\\-", "-").replace("\\&", "")
    for row in TYPES:
        assert re.search(r"^\s*(?:\.SS )?" + re.escape(row["name"]) + "$", text, re.M), row["name"]
        assert f"MESSAGE_ID={row['message_id']}" in text and f"class {row['class_uid']}, activity {row['activity_id']}." in text
        for field in row["fields"]:
            assert field["name"] in text
