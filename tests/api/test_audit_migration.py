"""A log that an older owhaled wrote (logs/001.sql: by that owhaled's own code) is brought to the newest schema by a start."""

import os
import pathlib
import socket
import sqlite3
import time

import pytest

import daemon
import merkle
from accounts import QUICK
from conftest import needs_root
from ctl import Ctl
from exporting import exported, give_away

ROWS = (pathlib.Path(__file__).parent / "logs" / "001.sql").read_text()
SCHEMA = (daemon.TOP / "schema" / "audit" / "001.sql").read_text()
NOTED = "CREATE TABLE migrations (number INTEGER PRIMARY KEY, applied TEXT NOT NULL) STRICT;"


@pytest.fixture
def old(own):
    """An owhaled that does not run yet, with the older log, changed by this SQL."""

    def make(sql=""):
        owhaled = own(*QUICK)
        owhaled.state.mkdir(mode=0o700)
        log = sqlite3.connect(owhaled.state / "audit.db")
        log.executescript(f"{NOTED}\n{SCHEMA}\n{ROWS}\n{sql}")
        log.close()
        (owhaled.state / "audit.db").chmod(0o600)
        give_away(owhaled)
        return owhaled

    return make


def test_it_is_moved_byte_for_byte_and_verifies(old, base):
    owhaled = old()
    before = merkle.rows(owhaled.state)
    assert len(before) == 29 and any("漢字 🦉 \u202e".encode() in text for _, _, text in before) and max(len(text) for _, _, text in before) > 5000
    owhaled.start()
    after = merkle.rows(owhaled.state)
    assert after[:29] == before and len(after) > 29
    assert all(hash_ == merkle.leaf(text) for _, hash_, text in after)
    lost = [line["event"] for line in exported(owhaled)[29:-1] if line["event"]["event"] == "run.outcome"]
    assert {event["run"] for event in lost} == {"01a21c32-7e1a-7a40-889d-60774b74f35f", "01a21c32-7e9d-7e73-90df-d75050a84359"}
    assert {event["outcome"] for event in lost} == {"lost"}  # what was open stays known as open
    ctl = Ctl(base, owhaled)
    assert "in the tree of" in ctl("audit", "show", "10")
    assert owhaled.get("/v1/audit?grep=%E6%BC%A2").json()["events"][-1]["event"]["data"]["command"][1] == "grüße 漢字 🦉 \u202e"
    ctl("audit", "verify")  # over the API
    assert owhaled.stop() == 0
    ctl("audit", "verify", "--dir", str(owhaled.state))  # and the file


@needs_root
def test_the_manager_hears_that_a_start_which_migrates_goes_on(old):
    """A large log takes minutes, and systemd would end the start after 90 s; every five seconds it is asked for more."""
    owhaled = old()
    words = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(owhaled.base / "notify"))
        (owhaled.base / "notify").chmod(0o666)
        owhaled.environment["NOTIFY_SOCKET"] = str(owhaled.base / "notify")
        owhaled.start()
        manager.settimeout(60)
        while "READY=1" not in words:
            words += manager.recv(4096).decode().splitlines()
    assert "EXTEND_TIMEOUT_USEC=300000000" in words[:words.index("READY=1")], words


def test_what_was_kept_goes_with_its_age(old):
    """It holds texts of events, which may not outlive what says how long these are kept."""
    owhaled = old()
    owhaled.start()
    kept = owhaled.state / "audit.db.before-002"
    assert kept.exists()
    assert owhaled.stop() == 0
    ago = time.time() - 29 * 86400
    os.utime(kept, (ago, ago))
    owhaled.start()
    assert kept.exists()
    assert owhaled.stop() == 0
    owhaled.flags += ["--audit-retention", "28d"]
    owhaled.start()
    end = time.monotonic() + 60
    while kept.exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not kept.exists()


def unwatched(trigger, sql):
    """Done while the trigger that forbids it is away: as whoever can write the file does it."""
    watch = next(part for part in SCHEMA.split("CREATE TRIGGER ") if part.startswith(trigger)).split("END;")[0]
    return f"DROP TRIGGER {trigger}; {sql} CREATE TRIGGER {watch} END;"


@needs_root
@pytest.mark.parametrize(("sql", "said"), [
    (unwatched("events_never_change", "UPDATE events SET json = replace(json, '/bin/false', '/bin/true') WHERE seq = 15;"), "event 15 is not what its hash says"),
    (unwatched("events_never_go", "DELETE FROM events WHERE seq = 7;"), "event 8 is not what its hash says, or the one before it is missing"),
    ("INSERT INTO migrations VALUES (3, '2027-01-01T00:00:00.000000Z');", "newer owhaled"),
], ids=["changed", "deleted", "newer"])
def test_what_is_damaged_or_newer_is_refused_and_left_as_it_was(old, sql, said):
    owhaled = old(sql)
    before = merkle.rows(owhaled.state)
    code, words = owhaled.refuses(60)
    assert code != 0 and said in words and "audit.db" in words, words
    assert merkle.rows(owhaled.state) == before
    with sqlite3.connect(owhaled.state / "audit.db") as log:
        assert [number for number, in log.execute("SELECT number FROM migrations ORDER BY 1")] == ([1, 3] if "newer" in said else [1])
