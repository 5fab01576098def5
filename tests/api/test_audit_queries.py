"""GET /v1/audit and owhalectl audit: filters, pages, waiting, following over a crash, and what who may see of it."""

import fnmatch
import json
import os
import signal
import subprocess
import threading
import time

import pytest

import ctl
import daemon
from accounts import QUICK
from conftest import needs_root


def page(owhaled, query="", **more):
    answer = owhaled.get("/v1/audit?" + query, **more)
    assert answer.status == 200, (query, answer)
    return answer.json()


def rows(owhaled, query="", direction="before", **more):
    """All that a search finds, over all of its pages."""
    found, at = [], "" if direction == "before" else "&after=0"
    while True:
        one = page(owhaled, f"{query}&limit=7{at}", **more)
        assert one["complete"] or len(one["events"]) < 7
        found += one["events"]
        if "next" not in one:
            return found
        at = f"&{direction}={one['next']}"


def numbers(found):
    return [row["seq"] for row in found]


def naive(found, **wanted):
    def fits(event):
        return all(any(fnmatch.fnmatchcase(event[name], one) for one in value.split(",")) for name, value in wanted.items())
    return [row["seq"] for row in found if fits(row["event"])]


@pytest.fixture(scope="module")
def busy():
    """An owhaled with something in its log; asked for more small pages than one caller gets in a minute."""
    base = daemon.folder()
    owhaled = daemon.Owhaled(base, "--api-rate", "1000000").start()
    for number in range(4):
        owhaled.ran(argv=["/bin/echo", f"needle-{number}", "/tmp/some where/x.txt", "--force"])
    owhaled.run(wait=True, argv=["/bin/no-such-program"])
    yield owhaled
    owhaled.stop()
    daemon.remove(base)


def test_filters_alone_and_together(busy):
    everything = rows(busy)
    assert numbers(everything) == sorted(numbers(everything), reverse=True)
    for wanted in ({"event": "run.intent"}, {"event": "run.*"}, {"event": "run.intent,run.outcome"}, {"outcome": "exited,pending"},
                   {"verb": "runs.*", "event": "run.outcome"}, {"principal": "unix:0", "event": "run.*", "outcome": "exited"},
                   {"event": "run*"}, {"event": "r*t"}, {"verb": "run*"}, {"event": "*"}, {"outcome": "run*,ex*"}, {"outcome": "running"},
                   {"event": "freeze.*", "verb": "*"}, {"principal": "unix:4294967290"}):
        query = "&".join(f"{name}={value}" for name, value in wanted.items())
        last = everything[0]["seq"]
        found = [seq for seq in numbers(rows(busy, query)) if seq <= last]
        assert found == naive(everything, **wanted), wanted
        forward = [seq for seq in numbers(rows(busy, query, "after")) if seq <= last]
        assert forward == found[::-1], wanted


def test_text_is_found_whole_and_by_its_parts(busy):
    for text in ("needle-2", "NEEDLE-2", "dle-2", "x.txt", "%2Ftmp%2Fsome%20where%2Fx", "--force", "needle-2%22%2C%22%2Ftmp"):
        found = rows(busy, f"grep={text}&event=run.intent")
        if text == "dle-2" or "%22" in text:
            continue  # the middle of a word, and two texts at once: found or not, by owhaled-audit(7), but never an error
        assert found, text
    for text in ("%22", "*", "a%20AND%20NOT", "NEAR(", "col%3Ax", "%00", "%27%3B--", "%F0%9F%92%A9", "(", "%C2%A0", "x" * 256):
        assert busy.get(f"/v1/audit?grep={text}&limit=5").status in (200, 400), text
    assert busy.get("/v1/audit?grep=" + "x" * 257).code == "invalid_value"


def test_times_bound_a_search(busy):
    some = rows(busy, "event=run.intent")
    middle = some[len(some) // 2]["event"]["time"]
    assert [row["event"]["time"] >= middle for row in rows(busy, f"event=run.intent&since={middle}")].count(False) == 0
    assert all(row["event"]["time"] < middle for row in rows(busy, f"event=run.intent&until={middle}"))
    both = numbers(rows(busy, f"event=run.intent&since={middle}")) + numbers(rows(busy, f"event=run.intent&until={middle}"))
    assert sorted(both)[:len(some)] == sorted(numbers(some))
    assert page(busy, "since=2999-01-01")["events"] == [] and page(busy, "until=1999-01-01")["events"] == []
    for wrong in ("since=yesterday", "until=2026-13-01"):
        answer = busy.get("/v1/audit?" + wrong)
        assert answer.code == "invalid_value" and wrong.split("=")[0] in answer.json()["detail"], answer
    assert busy.get("/v1/audit?since=%00").code == "bad_request"


@pytest.mark.parametrize("path", ["/v1/audit", "/v1/audit/stats", "/v1/audit/export"])
def test_an_end_before_the_beginning_is_refused(busy, path):
    """Whoever asks that has the two in each other's place, and would take the empty answer for the truth."""
    early, late = "2026-01-02T00:00:00Z", "2026-01-02T02:00:00%2B01:00"  # an hour later
    answer = busy.get(f"{path}?since={late}&until={early}")
    assert (answer.status, answer.code) == (422, "invalid_value"), answer
    detail = answer.json()["detail"]
    assert "since, 2026-01-02T02:00:00+01:00, is after until, 2026-01-02T00:00:00Z" in detail, detail
    if path.endswith("export"):
        return  # answered line by line: test_audit_export.py has them
    for fits in (f"since={early}&until={late}", f"since={early}&until={early}", f"since={late}", f"until={early}"):
        assert busy.get(f"{path}?{fits}").status == 200, fits


def test_every_event_once_while_others_are_written(busy):
    stop = threading.Event()

    def write():
        while not stop.is_set():
            busy.ran(argv=["/bin/true"])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        backward = numbers(rows(busy))
        forward = numbers(rows(busy, "", "after"))
    finally:
        stop.set()
        writer.join()
    assert backward == list(range(backward[0], 0, -1))
    assert forward[:len(backward)] == backward[::-1] and forward == list(range(1, len(forward) + 1))


def test_values_that_nobody_means(busy):
    for query in ("limit=0", "limit=1001", "limit=-1", "after=x", "before=99999999999999999999", "wait=31&after=0", "wait=-1&after=0", "wait=5",
                  "outcome=ok,bogus", "outcome=bogus*", "event=no.such", "event=,,", "event=.*", "event=run.start,", "verb=no.such", "verb=run.start",
                  "principal=device:00000000", "event=" + "e" * 257, "sort=up", "event=" + ",".join("e%d" % n for n in range(60))):
        answer = busy.get("/v1/audit?" + query)
        assert answer.status in (400, 422), (query, answer)
    for query in ("before=0", "before=1", "after=9007199254740992", "run=nothing", "principal=%2C"):
        assert page(busy, query)["events"] == [], query
    for seq in ("0", "x", "-1", "1e3", "99999999999999", "9" * 40):
        assert busy.get("/v1/audit/" + seq).status == 404, seq
    assert busy.get("/v1/audit/%00").status == 400


# --- waiting


def last_of(owhaled):
    return page(owhaled, "limit=1")["events"][0]["seq"]


def test_a_wait_ends_with_the_event_that_fits(busy):
    last = last_of(busy)
    answers = []
    waiter = threading.Thread(target=lambda: answers.append(page(busy, f"after={last}&wait=30&event=run.outcome", timeout=60)))
    waiter.start()
    run = busy.ran(argv=["/bin/true"])["id"]
    waiter.join(60)
    (answer,) = answers
    assert [row["event"]["event"] for row in answer["events"]] == ["run.outcome"] and answer["events"][0]["event"]["run"] == run
    began = time.monotonic()
    nothing = page(busy, f"after={answer['events'][0]['seq']}&wait=1&event=run.kill")
    assert nothing["events"] == [] and nothing["searched_to"] >= answer["events"][0]["seq"] and time.monotonic() - began >= 0.9
    assert page(busy, "after=9007199254740000&wait=30")["searched_to"] < 9007199254740000, "of another log: told at once"


def test_only_so_many_wait_and_those_who_go_make_room(own):
    owhaled = own(*QUICK).start()
    last = last_of(owhaled)
    waiting = []
    for _ in range(8):
        waiting.append(owhaled.connect())
        waiting[-1].send(f"GET /v1/audit?after={last + 1000}&wait=0 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert waiting[-1].response().status == 200
        waiting[-1].send(f"GET /v1/audit?after={last}&wait=30&event=run.kill HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    end = time.monotonic() + 20
    while (answer := owhaled.get(f"/v1/audit?after={last}&wait=1&event=run.kill")).status == 200 and time.monotonic() < end:
        pass
    assert answer.code == "busy" and int(answer.headers["retry-after"]) > 0, answer
    assert owhaled.get("/v1/audit?limit=1").status == 200, "who does not wait needs no place"
    for one in waiting:
        one.close()
    end = time.monotonic() + 20
    while (answer := owhaled.get(f"/v1/audit?after={last}&wait=1&event=run.kill")).status != 200 and time.monotonic() < end:
        time.sleep(0.1)
    assert answer.status == 200, answer


@needs_root
def test_who_has_many_uids_takes_no_place_of_those_who_watch_over_all(own):
    """An unprivileged user has 65,536 subordinate ones, and a run of its own for each."""
    owhaled = own(*QUICK).start()
    last = last_of(owhaled)
    waiting = []
    try:
        for uid in range(100_000, 100_033):
            for _ in range(8):
                waiting.append(owhaled.connect(uid))
                waiting[-1].send(f"GET /v1/audit?after={last}&wait=30 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        end = time.monotonic() + 60
        while (answer := owhaled.get(f"/v1/audit?after={last}&wait=1", uid=100_040)).status != 503:
            assert time.monotonic() < end, answer
        assert owhaled.get(f"/v1/audit?after={last}&wait=1").status == 200
    finally:
        for one in waiting:
            one.close()


def test_who_loses_the_right_while_waiting_is_told_so(admin, fresh):
    agent = admin.mint()
    last = last_of(fresh)
    answers = []
    waiter = threading.Thread(target=lambda: answers.append(agent.get(f"/v1/audit?after={last}&wait=20&event=run.kill", timeout=60)))
    waiter.start()
    end = time.monotonic() + 20
    while waiter.is_alive() and time.monotonic() < end:
        admin.ask("DELETE", f"/v1/tokens/{agent.id}", step_up=True)
        fresh.ran(argv=["/bin/true"])
    waiter.join(60)
    assert answers[0].status in (401, 403), answers


# --- whose events


@needs_root
def test_others_are_neither_seen_nor_counted(busy, alice, bob):
    mine = busy.ran(alice, argv=["/bin/echo", "alices-own"])["id"]
    busy.ran(bob, argv=["/bin/echo", "bobs-own"])
    own = rows(busy, uid=alice)
    assert own and {row["event"]["principal"] for row in own} == {f"unix:{alice}"}
    assert any(row["event"]["run"] == mine for row in own)
    bobs = rows(busy, f"principal=unix:{bob}")
    for row in bobs:
        assert busy.get(f"/v1/audit/{row['seq']}", uid=alice).status == 404
    for query in (f"principal=unix:{bob}", "principal=system", "principal=unix:0"):
        assert busy.get("/v1/audit?" + query, uid=alice).status == 403
        assert busy.get("/v1/audit/stats?" + query, uid=alice).status == 403
    for query in ("grep=bobs-own", f"run={bobs[0]['event']['run']}", "event=daemon.start"):
        nothing = page(busy, query, uid=alice)
        assert nothing["events"] == [] and "next" not in nothing and "searched_until" not in nothing, query
    counted = busy.get("/v1/audit/stats", uid=alice).json()
    assert counted["total"] == len(rows(busy, uid=alice)) and [one["name"] for one in counted["by_principal"]] == [f"unix:{alice}"]


# --- counts


def test_counts_are_what_a_search_finds(busy):
    counted = busy.get("/v1/audit/stats").json()
    everything = [row for row in rows(busy)][::-1]
    since = everything[0]["event"]["time"]
    until = everything[-1]["event"]["time"]
    counted = busy.get(f"/v1/audit/stats?since={since}&until={until}").json()
    inside = [row["event"] for row in everything if since <= row["event"]["time"] < until]
    assert counted["total"] == len(inside) and counted["complete"]
    for kind, member in (("by_event", "event"), ("by_outcome", "outcome")):
        assert {one["name"]: one["count"] for one in counted[kind]} == \
            {name: [event[member] for event in inside].count(name) for name in {event[member] for event in inside}}
        assert [one["count"] for one in counted[kind]] == sorted((one["count"] for one in counted[kind]), reverse=True)
    assert sum(one["count"] for one in counted["by_hour"]) == len(inside)
    only = busy.get(f"/v1/audit/stats?since={since}&until={until}&event=run.intent&outcome=pending").json()
    assert only["total"] == len([event for event in inside if event["event"] == "run.intent" and event["outcome"] == "pending"])
    for pattern, whole in (("event=run*", "event=run*,run.intent"), ("outcome=ok,exited", "outcome=exited,ok")):
        first, second = (busy.get(f"/v1/audit/stats?since={since}&until={until}&{query}").json()["total"] for query in (pattern, whole))
        assert 0 < first == second < len(inside), pattern
    for wrong in ("since=never", "outcome=bogus", "event=no.such", "outcome=bogus*", "grep=x", "event=" + "e" * 300):
        assert busy.get("/v1/audit/stats?" + wrong).status in (400, 422), wrong


# --- owhalectl


def test_the_issue_s_own_line(busy, base):
    run = busy.ran(argv=["/bin/echo", "rm -rf /"])["id"]
    root = ctl.Ctl(base, busy)
    out = root("-o", "jsonl", "audit", "ls", "--since", "2h", "--principal", f"unix:{os.geteuid()}", "--verb", "run.intent", "--outcome", "pending",
               "--run", run, "--grep", "rm -rf", "--limit", "5")
    (line,) = out.splitlines()
    assert json.loads(line)["event"]["run"] == run
    seq = json.loads(line)["seq"]
    shown = root("audit", "show", str(seq))
    assert "verified" in shown and "signed" in shown and "rm -rf /" in shown
    assert str(seq) in root("audit", "show", str(seq), "--proof")
    assert "run.intent" in root("audit", "stats") and "COUNT" in root("audit", "stats", "--by", "hour")


@needs_root
def test_a_user_sees_and_verifies_its_own(busy, base, alice):
    busy.ran(alice, argv=["/bin/true"])
    user = ctl.Ctl(base, busy, alice)
    seq = user("-q", "audit", "ls", "--limit", "1").split()[0]
    assert "verified" in user("audit", "show", seq)
    assert f"unix:{alice}" in user("audit", "stats", "--by", "principal")
    others = rows(busy, "principal=system")
    user("audit", "show", str(others[0]["seq"]), code=5)


def test_text_of_strangers_stays_text(busy, base):
    evil = "\x1b]0;x\x07\x1b[2J\u202eevil\r\n"
    busy.ran(argv=["/bin/echo", evil])
    terminal = ctl.Ctl(base, busy).on_terminal("--no-color", "audit", "ls", "--limit", "5")
    code, screen = terminal.wait()
    assert code == 0 and "\x1b" not in screen and "\u202e" not in screen and "evil" in screen, screen
    seq = page(busy, "event=run.intent&limit=1")["events"][0]["seq"]
    assert "verified" in ctl.Ctl(base, busy)("audit", "show", str(seq)), "control characters hash as they are stored"


def following(ctl_of_it, *words):
    return subprocess.Popen([ctl.CTL, *words], env=ctl_of_it.variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)


def test_following_goes_on_over_a_crash_without_loss_or_doubles(own, base):
    owhaled = own(*QUICK).start()
    root = ctl.Ctl(base, owhaled)
    process = following(root, "-q", "audit", "ls", "-f", "--since", "2001-01-01")
    try:
        seen = [int(process.stdout.readline())]
        for _ in range(2):
            for _ in range(3):
                owhaled.ran(argv=["/bin/true"])
            os.kill(owhaled.broker(), signal.SIGKILL)
            owhaled.stop()
            owhaled.start()
        owhaled.ran(argv=["/bin/true"])
        last = last_of(owhaled)
        while seen[-1] < last:
            seen.append(int(process.stdout.readline()))
        process.send_signal(signal.SIGINT)
        assert process.wait(60) in (130, -signal.SIGINT)
    finally:
        process.kill()
        process.communicate()
    assert seen == list(range(1, last + 1))


def test_following_says_once_that_owhaled_is_away(own, base):
    owhaled = own(*QUICK).start()
    root = ctl.Ctl(base, owhaled)
    process = following(root, "-o", "jsonl", "audit", "ls", "-f", "--limit", "1")
    try:
        last = json.loads(process.stdout.readline())["seq"]
        os.kill(owhaled.broker(), signal.SIGKILL)
        owhaled.stop()
        assert "going on after event" in process.stderr.readline()
        owhaled.start()
        assert "owhaled is back" in process.stderr.readline()
        after = json.loads(process.stdout.readline())
        assert after["seq"] == last + 1, after
    finally:
        process.kill()
        process.communicate()


def test_another_log_ends_the_following(own, base):
    owhaled = own(*QUICK).start()
    for _ in range(5):
        owhaled.ran(argv=["/bin/true"])
    elsewhere = daemon.folder()
    stranger = daemon.Owhaled(elsewhere, *QUICK, socket=owhaled.socket)
    process = following(ctl.Ctl(base, owhaled), "-q", "audit", "ls", "-f")
    try:
        process.stdout.readline()
        os.kill(owhaled.broker(), signal.SIGKILL)
        owhaled.stop()
        stranger.start()
        assert process.wait(60) == 1
        assert "another audit log" in process.stderr.read()
    finally:
        process.kill()
        process.communicate()
        stranger.stop()
        daemon.remove(elsewhere)
