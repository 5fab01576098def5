"""GET /v1/audit/export and `owhalectl audit export`: everything, in order, once, however slowly it is taken."""

import hashlib
import json
import os
import re
import signal
import stat
import subprocess
import time

import pytest

import daemon
import merkle
from accounts import QUICK, add, bearer, login, set_up
from conftest import ALICE, needs_root
from ctl import CTL, Ctl
from exporting import Export, exported, fill
from ocsf_schema import faults

LARGE = 20_000


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """One with a large log, for tests that only add to it."""
    base = daemon.folder()
    running = daemon.Owhaled(base, *QUICK)
    fill(running, LARGE)
    yield running.start()
    running.stop()
    daemon.remove(base)


def newest(owhaled):
    return owhaled.get("/v1/audit?limit=1").json()["events"][0]["seq"]


def event_bytes(line):
    """Of a line of jsonl: the event as it was sent."""
    return line[line.index(b',"event":') + 9:-1]


def exports(owhaled):
    return [row["event"] for row in owhaled.get("/v1/audit?event=audit.exported&limit=50").json()["events"]]


def until(condition, patience=30):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


# --- the verb


def test_every_event_once_in_order_with_bytes_that_hash_to_what_is_said(large):
    with Export(large) as export:
        assert export.answer.headers["content-type"] == "application/x-ndjson"
        lines = export.lines()
    assert [json.loads(line)["seq"] for line in lines[:-1]] == list(range(1, len(lines)))
    for line in lines[:-1]:
        assert hashlib.sha256(b"\0" + event_bytes(line)).hexdigest() == json.loads(line)["hash"]
    origin, size, _ = json.loads(lines[-1])["checkpoint"].splitlines()[:3]
    assert int(size) == len(lines) - 1 and origin.startswith("owhaled/")


def test_the_export_tells_itself_before_its_first_line_and_after_its_last(large):
    lines = exported(large, "?after=5&until_seq=9")
    assert [line["seq"] for line in lines] == [6, 7, 8, 9]
    until(lambda: exports(large)[0]["outcome"] == "ok")
    ended, begun = exports(large)[:2]
    assert begun["outcome"] == "pending" and begun["data"]["from"] == 6 and begun["data"]["to"] == 9
    assert ended["data"]["export"] == begun["data"]["export"] and ended["data"]["count"] == 4
    assert (ended["data"]["from"], ended["data"]["to"]) == (6, 9)
    whole = exported(large, f"?after={newest(large) - 2}")
    assert any(line["event"]["event"] == "audit.exported" for line in whole if "event" in line)  # its own beginning


def test_it_goes_on_after_any_event_and_ends_where_it_is_told(large):
    assert [line["seq"] for line in exported(large, "?after=0&until_seq=2")] == [1, 2]
    assert not any("seq" in line for line in exported(large, f"?after={newest(large) + 1000}"))
    middle = exported(large, f"?after={LARGE - 3}&until_seq={LARGE}")
    assert [line["seq"] for line in middle] == [LARGE - 2, LARGE - 1, LARGE]


def test_by_time(large):
    times = [line["event"]["time"] for line in exported(large, f"?until_seq={LARGE}") if "event" in line]
    since, until_ = times[len(times) // 4], times[len(times) // 4 + 500]
    wanted = [time for time in times if since <= time < until_]
    got = exported(large, f"?until_seq={LARGE}&since={since}&until={until_}")
    assert [line["event"]["time"] for line in got if "event" in line] == wanted and wanted


@pytest.mark.parametrize("query", ["?format=xml", "?after=-1", "?after=x", "?until_seq=1e3", "?follow=2", "?since=yesterday",
                                   "?limit=5", "?after=99999999999999999999"])
def test_what_is_not_understood_is_refused_by_name(large, query):
    with Export(large, query) as export:
        assert export.status in (400, 422), export.json()
        assert query[1:].split("=")[0] in export.json()["detail"]


@needs_root
def test_others_events_are_for_who_may_see_them(large):
    with Export(large, uid=ALICE) as export:
        assert (export.status, export.json()["code"]) == (403, "forbidden")


def test_rights_are_looked_at_while_it_goes_on(own):
    owhaled = own(*QUICK)
    fill(owhaled, LARGE)
    admin = set_up(owhaled.start())
    mallory = add(admin, "mallory", ["auditor"])
    with Export(owhaled, "?follow=1", headers=bearer(mallory.token)) as export:
        assert export.status == 200 and json.loads(export.line())["seq"] == 1
        admin.do("POST", "/v1/users/mallory/disable")
        lines = export.lines()  # what the kernel held already, and no more
    assert "problem" in json.loads(lines[-1]), lines[-1]
    assert len(lines) < LARGE


def test_a_slow_reader_holds_up_nobody_and_costs_no_memory(large):
    before = large.memory()
    with Export(large) as export:
        export.line()
        began = time.monotonic()
        for _ in range(20):  # the writer goes on
            assert large.get("/v1/audit?limit=1").status == 200
            login(large, "nobody-here", "x" * 12)
        assert time.monotonic() - began < 20
        assert large.memory() - before < 32 << 20
        wal = large.state / "audit.db-wal"
        assert not wal.exists() or wal.stat().st_size < 64 << 20
        assert json.loads(export.lines()[-1])["checkpoint"]


def test_a_client_that_goes_ends_it(large):
    export = Export(large)
    export.line()
    export.close()
    until(lambda: exports(large)[0]["outcome"] == "cancelled")


def test_follow_gives_what_comes_and_loses_nothing(large):
    with Export(large, f"?after={LARGE}&follow=1") as export:
        seen = []
        while not seen or seen[-1] < newest(large):
            line = json.loads(export.line())
            if "seq" in line:
                seen.append(line["seq"])
        for _ in range(3):
            large.get("/v1/audit?limit=1")
            exported(large, "?until_seq=1")  # two events each
        while len(seen) < 8:
            text = export.line().strip()
            if text and "seq" in json.loads(text):
                seen.append(json.loads(text)["seq"])
        assert seen == list(range(LARGE + 1, LARGE + 1 + len(seen)))


def test_who_follows_gets_a_tree_head_again_and_again(large, ctl, tmp_path):
    path = tmp_path / "followed.jsonl"
    process = subprocess.Popen([CTL, "audit", "export", "-f", "--file", path], env=ctl.variables, stderr=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL)
    heads = []

    def two_heads():
        exported(large, "?until_seq=1")  # there is always something new
        heads[:] = [line for line in path.read_bytes().splitlines() if line.startswith(b'{"checkpoint"')] if path.exists() else []
        time.sleep(0.5)
        return len(heads) >= 2

    try:
        until(two_heads, 120)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    sizes = [int(json.loads(head)["checkpoint"].splitlines()[1]) for head in heads]
    assert sizes == sorted(set(sizes))
    # The signature is looked at, wherever the newest one stands.
    key = large.get("/v1/audit/checkpoint").json()["key"]
    report = json.loads(ctl("audit", "verify", "--file", str(path), "--key", key, "-o", "json"))
    assert report["whole"] and report["events"] - report["unsigned_events"] == sizes[-1], report


def test_not_too_many_at_once(large):
    some = []
    try:
        for _ in range(20):
            some.append(Export(large, "?follow=1&after=1"))
            if some[-1].status != 200:
                break
        assert some[-1].status == 503 or some[-1].status == 429, some[-1].status
        assert some[-1].json()["code"] == "busy"
    finally:
        for one in some:
            one.close()
    until(lambda: has_room(large))  # owhaled hears of it a little later


def has_room(owhaled):
    with Export(owhaled, "?until_seq=1") as export:
        return export.status == 200


# --- owhalectl


@pytest.fixture
def ctl(large, tmp_path):
    return Ctl(tmp_path, large)


def test_to_a_pipe(large, ctl):
    lines = ctl("audit", "export", "--until-seq", "5").splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3, 4, 5]
    done = subprocess.run(f"{CTL} audit export | head -n 1", shell=True, capture_output=True, text=True, env=ctl.variables)
    assert json.loads(done.stdout)["seq"] == 1 and done.stderr == ""  # a reader that goes is no failure


def test_a_part_is_said_to_prove_nothing(large, ctl, tmp_path):
    part = "this is a part of the log, without a signed tree head, and proves nothing by itself"
    first = json.loads(ctl("audit", "export", "--until-seq", "1"))["event"]["time"]
    for words in (("--after", "3", "--until-seq", "5"), ("--since", first, "--until-seq", "5"), ("--until", "2999-01-01", "--until-seq", "5")):
        for to in ((), ("--file", str(tmp_path / words[0]))):
            done = ctl("audit", "export", *words, *to, code=None)
            assert done.returncode == 0 and done.stderr.count(part) == 1, done
            assert f"owhalectl --socket {large.socket} audit verify --range" in done.stderr or "owhalectl audit verify --range" in done.stderr, done
    for words in (("--until-seq", "5"), ("--after", "3", "--until-seq", "5", "--format", "cef"), ("--since", "2999-01-01"),
                  ("-q", "--after", "3", "--until-seq", "5")):
        assert part not in ctl(*words[:words.count("-q")], "audit", "export", *words[words.count("-q"):], code=None).stderr, words


def test_to_a_file_that_only_its_owner_reads_and_that_nothing_overwrites(ctl, tmp_path):
    path = tmp_path / "out.jsonl"
    ctl("audit", "export", "--until-seq", "10", "--file", str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and len(path.read_text().splitlines()) == 10
    again = ctl("audit", "export", "--file", str(path), code=None)
    assert again.returncode == 1 and "--resume" in again.stderr
    assert len(path.read_text().splitlines()) == 10


def test_resume_cuts_a_torn_line_and_goes_on_without_loss_or_doubles(ctl, tmp_path):
    path = tmp_path / "out.jsonl"
    ctl("audit", "export", "--until-seq", "10", "--resume", str(path))  # begins one, too
    whole = path.read_bytes()
    path.write_bytes(whole[:-25])  # the power went
    ctl("audit", "export", "--until-seq", "4000", "--resume", str(path))
    assert [json.loads(line)["seq"] for line in path.read_text().splitlines()] == list(range(1, 4001))
    ctl("audit", "export", "--resume", str(path))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["seq"] for line in lines[:-1]] == list(range(1, len(lines))) and "checkpoint" in lines[-1]
    ctl("audit", "export", "--resume", str(path))  # behind a tree head
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["seq"] for line in lines if "seq" in line] == list(range(1, lines[-2]["seq"] + 1))


@pytest.mark.parametrize("text", ["hello\n", '{"a":1}\n', '{"a":1}', "CEF:0|x|y externalId=5\n", "\n\n"])
def test_a_file_that_is_no_export_is_left_as_it_is(ctl, tmp_path, text):
    path = tmp_path / "mine.txt"
    path.write_text(text)
    done = ctl("audit", "export", "--resume", str(path), code=None)
    assert done.returncode != 0 and str(path) in done.stderr
    assert path.read_text() == text


def test_an_export_of_another_log_is_not_gone_on_with(ctl, tmp_path):
    path = tmp_path / "out.jsonl"
    ctl("audit", "export", "--until-seq", "10", "--file", str(path))
    lines = path.read_text().splitlines()
    lines[-1] = lines[-1].replace(json.loads(lines[-1])["hash"], "0" * 64)
    path.write_text("\n".join(lines) + "\n")
    done = ctl("audit", "export", "--resume", str(path), code=None)
    assert done.returncode == 1 and "is not the one that owhaled has" in done.stderr
    link = tmp_path / "link"
    link.symlink_to(path)
    assert ctl("audit", "export", "--resume", str(link), code=None).returncode != 0


@pytest.mark.parametrize("format_", ["ocsf", "cef"])
def test_the_formats_of_others_go_on_by_sequence_too(ctl, tmp_path, format_):
    path = tmp_path / ("out." + format_)
    ctl("audit", "export", "--format", format_, "--until-seq", "10", "--file", str(path))
    path.write_bytes(path.read_bytes()[:-25])  # the power went
    ctl("audit", "export", "--format", format_, "--until-seq", "4000", "--resume", str(path))
    lines = path.read_text().splitlines()
    assert [number_of(line) for line in lines] == list(range(1, 4001))
    if format_ == "ocsf":
        assert not [fault for line in lines for fault in faults(json.loads(line))]
    wrong = ctl("audit", "export", "--resume", str(path), code=None)
    assert wrong.returncode != 0 and f"in the format {format_}" in wrong.stderr  # no jsonl behind it
    path.write_text(lines[0].replace(hash_in(lines[0]), "0" * 64) + "\n")
    wrong = ctl("audit", "export", "--format", format_, "--resume", str(path), code=None)
    assert wrong.returncode == 1 and "is not the one that owhaled has" in wrong.stderr


def number_of(line):
    return int(re.search(r"\|externalId=(\d+) ", line)[1]) if line.startswith("CEF:") else json.loads(line)["metadata"]["sequence"]


def hash_in(line):
    return re.search(r"cs1=(\w{64})", line)[1] if line.startswith("CEF:") else json.loads(line)["unmapped"]["leaf_hash"]


@pytest.mark.parametrize("format_, type_", [("ocsf", "application/x-ndjson"), ("cef", "text/plain; charset=utf-8")])
def test_the_formats_of_others_are_the_same_events(large, format_, type_):
    with Export(large, f"?format={format_}&until_seq=200") as export:
        assert export.answer.headers["content-type"] == type_
        lines = [line.decode() for line in export.lines()]
    texts = exported(large, "?until_seq=200")
    assert [(number_of(line), hash_in(line)) for line in lines] == [(one["seq"], one["hash"]) for one in texts]
    with Export(large, f"?format={format_}&after={newest(large) + 100}") as export:
        assert export.lines() == []  # and no tree head, which is none of theirs
    assert exports(large)[1]["data"]["format"] == format_


def test_interrupted_it_says_how_it_goes_on(large, ctl, tmp_path):
    path = tmp_path / "out.jsonl"
    process = subprocess.Popen([CTL, "audit", "export", "--follow", "--file", path], env=ctl.variables,
                               stderr=subprocess.PIPE, text=True, stdout=subprocess.DEVNULL)
    until(lambda: path.exists() and path.stat().st_size > 1 << 20)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130 and f"--resume {path}" in said
    assert path.read_bytes().endswith(b"\n")
    ctl("audit", "export", "--resume", str(path))
    seqs = [line["seq"] for line in map(json.loads, path.read_text().splitlines()) if "seq" in line]
    assert seqs == list(range(1, len(seqs) + 1)) and len(seqs) >= LARGE


def test_follow_survives_a_restart(own, tmp_path):
    owhaled = own(*QUICK).start()
    ctl = Ctl(tmp_path, owhaled)
    path = tmp_path / "out.jsonl"
    process = subprocess.Popen([CTL, "audit", "export", "--follow", "--file", path], env=ctl.variables,
                               stderr=subprocess.PIPE, text=True, stdout=subprocess.DEVNULL)
    try:
        until(lambda: path.exists() and b"audit.exported" in path.read_bytes())
        os.kill(owhaled.broker(), signal.SIGKILL)
        owhaled.stop()
        owhaled.start()
        last = newest(owhaled)
        until(lambda: f'"seq":{last},'.encode() in path.read_bytes())
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    seqs = [line["seq"] for line in map(json.loads, path.read_text().splitlines()) if "seq" in line]
    assert seqs == list(range(1, len(seqs) + 1))


# --- owhaled is stopped


def following(ctl, *words):
    return subprocess.Popen([CTL, *words], env=ctl.variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("format_", ["jsonl", "ocsf", "cef"])
def test_who_follows_gets_the_stop_and_ends_well(own, tmp_path, format_):
    owhaled = own(*QUICK).start()
    ctl = Ctl(tmp_path, owhaled)
    path = tmp_path / "out"
    process = following(ctl, "audit", "export", "-f", "--format", format_, "--file", str(path))
    try:
        until(lambda: path.exists() and b"audit.exported" in path.read_bytes())
        waits = owhaled.begun(argv=["cat"], stdin_open=True)  # its end comes with the stop
        assert owhaled.stop() == 0
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, said
    lines = path.read_text().splitlines()
    events = merkle.whole(owhaled.state)
    numbers = [json.loads(line).get("seq") for line in lines] if format_ == "jsonl" else [number_of(line) for line in lines]
    assert [number for number in numbers if number] == list(range(1, len(events) + 1))
    assert events[-1]["event"] == "daemon.stop" and f"event {len(events)} is its last" in said and "--resume" in said, said
    assert [e["outcome"] for e in events if e["event"] == "audit.exported"] == ["pending", "ok"]
    assert [e["run"] for e in events if e["event"] == "run.outcome"] == [waits]
    if format_ == "jsonl":
        report = json.loads(ctl("audit", "verify", "--file", str(path), "-o", "json"))
        assert report["whole"] and report["unsigned_events"] == 0 and report["events"] == len(events), report


@pytest.mark.parametrize("words", ["--since 2001-01-01", "--event run.start,daemon.*", "--event run.start"])
def test_who_lists_and_follows_ends_well_too(own, tmp_path, words):
    owhaled = own(*QUICK).start()
    path, ctl = tmp_path / "out", Ctl(tmp_path, owhaled)
    with open(path, "wb") as out:
        process = subprocess.Popen([CTL, "-o", "jsonl", "audit", "ls", "-f", *words.split()], env=ctl.variables, stdout=out,
                                   stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: owhaled.get("/v1/status").json()["connections"] > 1)
        for _ in range(2):  # the second one comes to who waits
            owhaled.begun(argv=["cat"], stdin_open=True)
        until(lambda: path.read_bytes().count(b'"event":"run.start"') == 2)
        assert owhaled.stop() == 0
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    events = merkle.whole(owhaled.state)
    assert process.returncode == 0 and f"event {len(events)} is its last" in said, said
    wanted = [seq for seq, event in enumerate(events, 1)
              if words.startswith("--since") or event["event"] == "run.start" or "daemon" in words and event["event"].startswith("daemon.")]
    assert [json.loads(line)["seq"] for line in path.read_text().splitlines()] == wanted


def test_a_stop_is_no_time_for_other_requests_and_nobody_holds_it_up(own):
    """A follower's connection stays for the last event alone: not to act, and not for ever."""
    owhaled = own(*QUICK, "--kill-grace", "30s").start()
    stubborn = owhaled.begun(script="trap '' TERM; echo up; while :; do sleep 1; done")
    until(lambda: b"up" in owhaled.get(f"/v1/runs/{stubborn}/output?stream=stdout").body)
    last = newest(owhaled)
    crowd = [owhaled.connect() for _ in range(4)]
    try:
        for one in crowd:
            assert one.ask("GET", f"/v1/audit?after={last - 1}&wait=1").status == 200  # a follower from now on
        process = owhaled.process
        process.send_signal(signal.SIGTERM)
        until(lambda: "owhaled ends" in owhaled.said())
        answer = crowd[0].ask("POST", "/v1/runs", {"argv": ["/bin/true"]})
        assert answer.status == 503 and answer.code == "busy" and answer.json()["step"] == "stopping", answer
        answer = crowd[1].ask("GET", "/v1/audit?limit=1")
        assert answer.status == 200, answer
        with owhaled.connect() as late:
            answer = late.send(b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n").response()
            assert answer.status == 503 and "stopping" in answer.text, answer
        crowd[2].send(b"GET /v1/audit?after=")  # never whole; and the last one is silent
        assert process.poll() is None
        os.kill(owhaled.broker(), signal.SIGTERM)  # twice: now
        assert owhaled.stop(60) is not None
    finally:
        for one in crowd:
            one.close()


def test_one_that_does_not_follow_does_not_look_whole_when_owhaled_is_stopped(own):
    owhaled = own(*QUICK)
    fill(owhaled, LARGE)
    owhaled.start()
    with Export(owhaled) as export:
        export.line()  # and then reads no further
        assert owhaled.stop() == 0
        try:
            lines = export.lines()
        except Exception as error:  # cut in the middle
            assert type(error).__name__ in ("IncompleteRead", "ConnectionResetError"), error
        else:
            assert "problem" in json.loads(lines[-1]), lines[-1]
