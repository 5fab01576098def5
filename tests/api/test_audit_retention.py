"""audit-retention: bodies of old events go, hashes stay, and that they went is an event before they do."""

import datetime
import os
import signal
import sqlite3
import time

import pytest

from accounts import ADMIN, QUICK, logged_in, login, set_up
from ctl import Ctl
from exporting import exported, fill

EVENTS = 3_000


def database(owhaled):
    return sqlite3.connect(f"file:{owhaled.state}/audit.db?mode=ro", uri=True)


def one(owhaled, sql, *values):
    with database(owhaled) as db:
        return db.execute(sql, values).fetchone()[0]


def until(condition, patience=60):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def dropped(owhaled):
    return [row["event"]["data"] for row in owhaled.get("/v1/audit?event=audit.dropped&limit=100").json()["events"]]


def settled(owhaled):
    """Waits until all that was noted to go has gone."""
    until(lambda: one(owhaled, "SELECT count(*) FROM drops") > 0)
    line = one(owhaled, "SELECT max(through) FROM drops")
    until(lambda: one(owhaled, "SELECT count(*) FROM bodies WHERE seq <= ?", line) <= 20)
    return line


@pytest.fixture
def old(own):
    """A log of ninety days that ended today, and an owhaled that keeps thirty."""

    def start(*flags, days=90):
        owhaled = own(*QUICK, *flags)
        fill(owhaled, EVENTS, "--days", str(days), "--last", str(int(time.time())))
        return owhaled.start()

    return start


def test_old_bodies_go_and_everything_else_stays(old):
    owhaled = old("--audit-retention", "30d")
    line = settled(owhaled)
    assert EVENTS * 0.6 < line < EVENTS * 0.7  # two thirds of ninety days
    told = dropped(owhaled)[0]
    assert told["through"] == line and told["count"] == line and told["oldest"] < told["newest"]
    lines = exported(owhaled)
    assert [one["seq"] for one in lines[:-1]] == list(range(1, len(lines)))
    gone = [one["seq"] for one in lines[:-1] if one.get("dropped")]
    assert gone[-1] == line and len(gone) > line - 20
    assert all("event" in one for one in lines[line:-1])
    listed = owhaled.get("/v1/audit?after=0&limit=5").json()["events"]  # by what is left of them
    assert [(one["seq"], one["event"]) for one in listed] == [(one["seq"], None) for one in lines[:5] if one.get("dropped")]
    with database(owhaled) as db:
        assert db.execute("SELECT count(*) FROM events").fetchone()[0] >= EVENTS
        seq, note = db.execute("SELECT seq, (SELECT max(seq) FROM events) FROM drops").fetchone()
        assert line < seq <= note  # told by an event that is in the tree


def test_what_is_left_of_them_is_told(old, base):
    owhaled = old("--audit-retention", "30d")
    line = settled(owhaled)
    with database(owhaled) as db:
        by = db.execute("SELECT seq FROM drops").fetchone()[0]
        seq, micros, *words = db.execute(
            "SELECT e.seq, e.time, v.text, p.text, b.text, o.text FROM events e JOIN words v ON v.id = e.event JOIN words p ON p.id = e.principal"
            " JOIN words b ON b.id = e.verb JOIN words o ON o.id = e.outcome LEFT JOIN bodies ON bodies.seq = e.seq"
            " WHERE bodies.seq IS NULL AND e.run IS NOT NULL AND v.text = 'run.outcome' ORDER BY e.seq LIMIT 1").fetchone()
    listed = owhaled.get(f"/v1/audit?after={seq - 1}&limit=1").json()["events"][0]
    shown = owhaled.get(f"/v1/audit/{seq}").json()
    for one in (listed, shown):
        left = one["dropped"]
        assert one["event"] is None and one["hash"] and left["by"] == by
        assert [left[name] for name in ("event", "principal", "verb", "outcome")] == words
        assert datetime.datetime.fromisoformat(left["time"]).timestamp() == pytest.approx(micros / 1e6, abs=1e-3) and len(left["run"]) == 36
    assert shown["proof"]["index"] == seq - 1
    kept = owhaled.get(f"/v1/audit/{line + 1}").json()
    assert kept["event"] and kept.get("dropped") is None
    ctl = Ctl(base, owhaled)
    said = ctl("audit", "show", str(seq))
    assert "run.outcome" in said and "dropped by retention" in said and "in the tree of" in said
    assert f"no longer kept ({by})" in ctl("audit", "ls", "--since", "3000d", "--run", shown["dropped"]["run"])


def test_dropped_words_are_found_no_more_and_leave_the_files(own):
    """In the index a word lies behind what it shares with the one before it, so its end is looked for."""
    owhaled = own(*QUICK, "--audit-retention", "4s").start()
    set_up(owhaled)

    def bytes_of(name):
        return b"".join(path.read_bytes() for path in sorted(owhaled.state.glob(name + "*")))

    owhaled.ran(argv=["/bin/echo", "xqzebra7781vw"])
    until(lambda: b"ebra7781vw" in bytes_of("audit-index.db"))  # so it is there to be forgotten
    last = one(owhaled, "SELECT max(seq) FROM bodies WHERE json LIKE '%ebra7781vw%'")

    def beyond():
        login(owhaled, "nobody", "wrong words of mine")  # a log in which nothing happens tells no time
        return (one(owhaled, "SELECT max(through) FROM drops") or 0) >= last

    until(beyond)
    until(lambda: one(owhaled, "SELECT count(*) FROM bodies WHERE json LIKE '%ebra7781vw%'") == 0)
    assert owhaled.get("/v1/audit?grep=xqzebra7781vw").json()["events"] == []

    until(lambda: b"ebra7781vw" not in bytes_of("audit"))  # neither the files nor their write-ahead logs


def test_nothing_goes_without_the_setting_nor_when_it_is_lengthened(old):
    owhaled = old()
    assert owhaled.stop() == 0
    assert one(owhaled, "SELECT count(*) FROM drops") == 0
    owhaled.flags += ["--audit-retention", "365d"]
    owhaled.start()
    assert owhaled.stop() == 0
    assert one(owhaled, "SELECT count(*) FROM bodies") == one(owhaled, "SELECT count(*) FROM events")


def test_a_shorter_setting_drops_more(old):
    owhaled = old("--audit-retention", "60d")
    first = settled(owhaled)
    assert owhaled.stop() == 0
    owhaled.flags[-1] = "30d"
    owhaled.start()
    until(lambda: one(owhaled, "SELECT max(through) FROM drops") > first)
    assert settled(owhaled) > first
    assert len(dropped(owhaled)) == 2


def test_a_drop_that_a_crash_cut_off_is_finished(old):
    owhaled = old("--audit-retention", "30d")
    until(lambda: one(owhaled, "SELECT count(*) FROM drops") > 0)
    os.kill(owhaled.broker(), signal.SIGKILL)
    owhaled.stop()
    owhaled.flags = owhaled.flags[:-2]  # the setting is taken back: what was told still is done
    owhaled.start()
    settled(owhaled)


def test_a_clock_ten_years_ahead_leaves_the_newer_half(own):
    """The log's own events say how much time has passed: one step of ten years is no evidence of ten years."""
    owhaled = own(*QUICK, "--audit-retention", "30d")
    fill(owhaled, EVENTS, "--days", "20", "--last", str(int(time.time()) - 3650 * 86_400))
    owhaled.start()
    line = settled(owhaled)
    assert EVENTS * 0.2 < line < EVENTS * 0.3  # of twenty days those before the last fifteen


def test_an_old_vault_put_back_is_found_after_retention(own):
    owhaled = own(*QUICK, "--audit-retention", "4s")
    admin = set_up(owhaled.start())
    admin.do("PUT", "/v1/secrets/OLD", {"value": "one of them"})
    assert owhaled.stop() == 0
    kept = (owhaled.state / "state.db").read_bytes()
    admin = logged_in(owhaled.start(), "admin", ADMIN)
    admin.do("PUT", "/v1/secrets/NEW", {"value": "another one"})
    last = one(owhaled, "SELECT max(n.seq) FROM newest n JOIN words w ON w.id = n.event WHERE w.text = 'secret.set'")

    def beyond():
        login(owhaled, "nobody", "wrong words of mine")  # a log in which nothing happens tells no time
        return (one(owhaled, "SELECT max(through) FROM drops") or 0) > last

    until(beyond)
    assert owhaled.stop() == 0
    (owhaled.state / "state.db").write_bytes(kept)
    for rest in ("state.db-wal", "state.db-shm"):
        (owhaled.state / rest).unlink(missing_ok=True)
    owhaled.start()
    assert "older than the audit log" in owhaled.said()


def test_space_is_used_again(old):
    owhaled = old("--audit-retention", "30d")
    settled(owhaled)
    assert owhaled.stop() == 0
    before = (owhaled.state / "audit.db").stat().st_size
    fill(owhaled, EVENTS // 3, "--days", "1", "--last", str(int(time.time())))
    assert (owhaled.state / "audit.db").stat().st_size < before * 1.05
    owhaled.start()
