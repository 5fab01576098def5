"""Whoever asks as fast as he can does not fill the log: the events of a flood are bounded, and their counts add up to what was refused."""

import collections
import json
import socket
import threading
import time

import pytest

import accounts
import asking
import client
from accounts import QUICK, bearer
from conftest import ALICE, BOB, needs_root
from over_tcp import Tcp, listening

pytestmark = needs_root

AT_ONCE = 100  # requests that are sent before their answers are read


def flood(connection, count, method, path, body=None, headers=None):
    """So many requests over one connection, as fast as they are answered: how often each status came."""
    one = client.request(method, path, body, headers)
    seen = collections.Counter()
    for _ in range(count // AT_ONCE):
        connection.send(one * AT_ONCE)
        for _ in range(AT_ONCE):
            seen[connection.response(method).status] += 1
    return seen


def told(owhaled, *kinds, until=None):
    """Rows of these kinds, and how many events they stand for."""
    end = time.monotonic() + 120
    while True:
        events = [event for kind in kinds for event in accounts.events(owhaled, kind)]
        count = sum(event["data"].get("count", 1) for event in events)
        if until is None or count >= until or time.monotonic() > end:
            return len(events), count
        time.sleep(0.5)


class Clock:
    """A flood's bound: what is written at once, and what each minute of it adds."""
    def __init__(self):
        self.began = time.monotonic()

    def bound(self, at_once, a_minute):
        return at_once + a_minute * ((time.monotonic() - self.began) / 60 + 1)


def test_a_denied_command_is_no_larger_in_the_log_for_what_it_is_made_of(fresh):
    """What escapes to six bytes, and many small arguments, count as they are written."""
    for argv in (["rm", "-rf", "/", "\x01" * 60_000], ["rm", "-rf", "/", *["\x01"] * 9000], ["rm", "-rf", "/", *[""] * 9000]):
        assert fresh.run(ALICE, argv=argv, wait=True).status in (403, 200)
        newest = fresh.get("/v1/audit?event=run.denied&limit=1").json()["events"][0]["event"]
        assert len(str(newest["data"]["command"])) < 40_000 and len(json.dumps(newest)) < 40_000, argv[3][:10]


def test_a_hundred_thousand_refused_requests_are_some_rows(own):
    owhaled = own("--anonymous-rate", "60", "--tcp", "off").start()
    clock = Clock()
    with owhaled.connect(BOB) as connection:
        seen = flood(connection, 100_000, "GET", "/v1/whoami", headers=bearer("no.token.atall"))
    assert seen[401] + seen[429] == 100_000 and seen[401] >= 60 and seen[429] > 90_000, seen
    assert owhaled.stop() == 0  # what is counted is written down
    owhaled.start()
    rows, count = told(owhaled, "token.refused")
    assert count == seen[401] and rows <= clock.bound(2, 2)
    rows, count = told(owhaled, "rate.limited")
    assert count == seen[429] and rows <= clock.bound(2, 2)
    assert {event["principal"] for event in accounts.events(owhaled, "rate.limited")} == {f"unix:{BOB}"}


def test_a_stranger_is_one_row_a_minute_whatever_his_address(own):
    owhaled = listening(own, "--anonymous-rate", "60")
    clock = Clock()
    seen = collections.Counter()
    for source in ("127.0.0.1", "127.0.0.2", "127.9.9.9"):
        with Tcp(owhaled.tcp, source=source) as stranger:
            seen += flood(stranger, 2_000, "GET", "/v1/whoami")
    assert seen[429] > 5_000, seen
    assert owhaled.stop() == 0
    owhaled.start()
    rows, count = told(owhaled, "rate.limited")
    assert count == seen[429] and rows <= clock.bound(2, 2)


def test_connections_that_are_too_many_are_summed(own):
    owhaled = own("--max-connections-per-uid", "4").start()
    clock = Clock()
    held = [owhaled.connect(BOB) for _ in range(4)]
    for one in held:
        assert one.ask("GET", "/v1/health").status == 200
    for _ in range(300):
        with owhaled.connect(BOB) as one:
            one.ended()
    rows, count = told(owhaled, "connection.refused", until=300)
    assert count == 300 and rows <= clock.bound(2, 2)
    assert {event["principal"] for event in accounts.events(owhaled, "connection.refused")} == {f"unix:{BOB}"}


def test_who_is_known_is_told_singly_for_some_and_then_summed(own):
    owhaled = own(*QUICK)
    owhaled.rule("50-own.toml", asking.DENIES)
    owhaled.start()
    alice = accounts.add(accounts.set_up(owhaled), "alice", uid=ALICE)
    clock = Clock()
    with owhaled.connect(ALICE) as connection:
        flood(connection, 20_000, "POST", "/v1/users", {"name": "eve", "roles": []}, bearer(alice.token))
        checks = collections.Counter()
        for way in ("numfmt", "true"):
            for number in range(0, 1_000, AT_ONCE):
                connection.send(b"".join(client.request("POST", "/v1/policy/check", {"argv": [way, str(number + i)]})
                                         for i in range(AT_ONCE)))
                for _ in range(AT_ONCE):
                    checks[connection.response().json()["decision"]] += 1
    assert checks == {"deny": 1_000, "allow": 1_000}
    assert owhaled.stop() == 0
    owhaled.start()
    rows, count = told(owhaled, "verb.denied")
    assert count == 20_000 and rows <= clock.bound(34, 8)
    rows, count = told(owhaled, "policy.checked")
    assert count == 2_000 and rows <= clock.bound(36, 10)
    commands = [event["data"]["command"] for event in accounts.events(owhaled, "policy.checked") if "command" in event["data"]]
    assert ["numfmt", "0"] in commands and len(commands) >= 32, "the first ones can be read"


def test_a_stop_in_the_middle_of_a_flood_loses_no_count(own):
    owhaled = own("--anonymous-rate", "60").start()
    answered = collections.Counter()

    def go_on():
        one = client.request("GET", "/v1/whoami", None, bearer("no.token.atall"))
        with owhaled.connect(BOB) as connection:
            try:
                while True:
                    connection.send(one)
                    answered[connection.response().status] += 1
            except (ConnectionError, socket.timeout):
                pass  # it ended

    flooder = threading.Thread(target=go_on)
    flooder.start()
    while answered.total() < 2_000:
        time.sleep(0.01)
    before = answered.total()
    assert owhaled.stop() == 0
    flooder.join(60)
    owhaled.start()
    _, count = told(owhaled, "token.refused", "rate.limited")
    assert before <= count <= answered.total() + 1, "one may have been answered to nobody"
