"""Copies of the audit log for journald, by its own protocol: a real datagram socket stands in for the one of systemd."""

import array
import fcntl
import json
import mmap
import os
import socket
import time

import pytest


class Journal:
    """journald's end of the socket."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        path.chmod(0o666)
        self.entries = []

    def read(self):
        """All that is in the queue."""
        while True:
            try:
                data, control, _, _ = self.socket.recvmsg(1 << 20, socket.CMSG_SPACE(4), socket.MSG_DONTWAIT)
            except BlockingIOError:
                return self.entries
            if control:
                data = memory(array.array("i", control[0][2])[0])
            self.entries.append(fields(data))

    def until(self, done, patience=60):
        end = time.monotonic() + patience
        while not done(self.read()):
            assert time.monotonic() < end, f"{len(self.entries)} entries, the last one {self.entries[-1:]}"
            time.sleep(0.02)
        return self.entries

    def seqs(self):
        return [int(entry["OWHALED_SEQ"]) for entry in self.read() if "OWHALED_SEQ" in entry]


def memory(fd):
    """What came as a descriptor: journald takes it when it is sealed."""
    try:
        assert fcntl.fcntl(fd, 1034) & 15 == 15  # F_GET_SEALS: seal, shrink, grow, write
        with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as view:
            return bytes(view)
    finally:
        os.close(fd)


def fields(data):
    out = {}
    while data:
        name, _, rest = data.partition(b"\n")
        size = int.from_bytes(rest[:8], "little")
        assert rest[8 + size:9 + size] == b"\n", (name, size)
        out[name.decode()] = rest[8:8 + size].decode()
        data = rest[9 + size:]
    return out


@pytest.fixture
def journal(base):
    return Journal(base / "journal")


def last_seq(owhaled):
    return owhaled.get("/v1/audit?limit=1").json()["events"][0]["seq"]


def row(owhaled):
    return next(check for check in owhaled.get("/v1/doctor").json()["checks"] if check["name"] == "audit journal")


def flags(base, mode):
    return "--audit-journal", mode, "--audit-journal-socket", str(base / "journal")


def test_checkpoints_are_copied(own, base, journal):
    owhaled = own("--audit-journal-socket", str(base / "journal")).start()
    assert owhaled.stop() == 0
    heads = [entry for entry in journal.read()]
    assert heads and all(entry["SYSLOG_IDENTIFIER"] == "owhaled-audit" for entry in heads)
    last = heads[-1]
    assert set(last) == {"SYSLOG_IDENTIFIER", "MESSAGE", "MESSAGE_ID", "PRIORITY", "OWHALED_ORIGIN", "OWHALED_SIZE", "OWHALED_ROOT",
                         "OWHALED_CHECKPOINT"}
    origin, size, root, empty, signature = last["OWHALED_CHECKPOINT"].splitlines()
    assert (origin, size, root, empty) == (last["OWHALED_ORIGIN"], last["OWHALED_SIZE"], last["OWHALED_ROOT"], "")
    assert signature.startswith(f"\u2014 {origin} ") and len(last["MESSAGE_ID"]) == 32


def test_why_it_does_not_start_is_one_entry_of_several_lines(own, base, journal):
    """Where the journal reads stderr: by its own protocol, since it takes each line of stderr for an entry."""
    owhaled = own("--audit-journal-socket", str(base / "journal")).start()
    assert owhaled.stop() == 0
    (owhaled.state / "audit.db").write_bytes(b"")
    owhaled.log.unlink()
    owhaled.log.touch()
    found = owhaled.log.stat()
    owhaled.environment["JOURNAL_STREAM"] = f"{found.st_dev}:{found.st_ino}"
    journal.read().clear()
    code, said = owhaled.refuses()
    assert code == 1 and "cannot start" not in said, said
    (entry,) = [entry for entry in journal.read() if "cannot start" in entry["MESSAGE"]]
    assert (entry["SYSLOG_IDENTIFIER"], entry["PRIORITY"]) == ("owhaled", "3")
    first, *others = entry["MESSAGE"].splitlines()
    assert first == f"owhaled cannot start: {owhaled.state}/audit.db has not one byte"
    assert "  the folder is left as it is" in others and all(line.startswith("  ") for line in others), entry
    assert [line for line in others if line.startswith("    ")][0] == f"    mv {owhaled.state}/audit.db {owhaled.state}/audit.db.old"
    journal.socket.close()
    owhaled.log.write_text("")  # the same file; nobody reads the other socket any more
    code, said = owhaled.refuses()
    lines = [line for line in said.splitlines() if "mv " in line or "cannot start" in line]
    assert code == 1 and len(lines) > 2 and all(line.startswith("<3>") for line in lines), said


def test_nothing_is_copied_when_it_is_off(own, base, journal):
    owhaled = own(*flags(base, "off")).start()
    owhaled.ran(argv=["true"], cwd="/tmp")
    assert "off" in row(owhaled)["detail"]
    assert owhaled.stop() == 0
    assert journal.read() == []


def test_every_event_is_copied_once_over_a_restart(own, base, journal):
    owhaled = own(*flags(base, "all")).start()
    owhaled.ran(argv=["echo", "one"], cwd="/tmp")
    last = last_seq(owhaled)
    journal.until(lambda _: last in journal.seqs())
    assert row(owhaled)["state"] == "ok" and "every event" in row(owhaled)["detail"]
    assert owhaled.stop() == 0
    owhaled.start()
    owhaled.ran(argv=["echo", "two"], cwd="/tmp")
    last = last_seq(owhaled)
    journal.until(lambda _: last in journal.seqs())
    seqs = journal.seqs()
    assert seqs == list(range(seqs[0], last + 1))
    stored = {event["seq"]: event["event"] for event in owhaled.get("/v1/audit?limit=1000").json()["events"]}
    for entry in journal.entries:
        if "OWHALED_SEQ" not in entry:
            continue
        event = json.loads(entry["OWHALED_JSON"])
        assert event == stored[int(entry["OWHALED_SEQ"])]
        for name in ("event", "principal", "verb", "outcome", "run"):
            assert entry["OWHALED_" + name.upper()] == event[name]
        assert entry["PRIORITY"] in "23456" and len(entry["MESSAGE_ID"]) == 32 and "\n" not in entry["MESSAGE"]
    by_event = {entry["OWHALED_EVENT"]: entry["MESSAGE_ID"] for entry in journal.entries if "OWHALED_EVENT" in entry}
    assert len(set(by_event.values())) == len(by_event)


def test_a_journald_that_takes_nothing_for_a_while_loses_nothing(own, base, journal):
    owhaled = own(*flags(base, "all")).start()
    first = last_seq(owhaled)
    journal.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    while last_seq(owhaled) < first + 150:
        owhaled.ran(argv=["true"], cwd="/tmp")
    last = last_seq(owhaled)
    journal.until(lambda _: last in journal.seqs())
    seqs = journal.seqs()
    assert seqs == list(range(seqs[0], last + 1))


def test_killed_between_two_events_it_repeats_some_and_loses_none(own, base, journal):
    owhaled = own(*flags(base, "all")).start()
    for _ in range(3):
        owhaled.ran(argv=["true"], cwd="/tmp")
    owhaled.process.kill()
    owhaled.process.wait()
    owhaled.start()
    last = last_seq(owhaled)
    journal.until(lambda _: last in journal.seqs())
    seqs = journal.seqs()
    assert set(range(seqs[0], last + 1)) == set(seqs)


def test_owhaled_serves_without_a_journald_and_says_so(own, base):
    owhaled = own(*flags(base, "all")).start()
    assert row(owhaled)["state"] == "weaker" and "nothing listens" in row(owhaled)["detail"]
    owhaled.ran(argv=["true"], cwd="/tmp")


def test_a_socket_that_is_gone_is_tried_again(own, base, journal):
    owhaled = own(*flags(base, "all")).start()
    last = last_seq(owhaled)
    journal.until(lambda _: last in journal.seqs())
    journal.socket.close()
    owhaled.ran(argv=["true"], cwd="/tmp")
    end = time.monotonic() + 30
    while "journald answers" not in row(owhaled)["detail"]:
        assert time.monotonic() < end, row(owhaled)
        time.sleep(0.1)
    assert row(owhaled)["state"] == "weaker"
    assert owhaled.stop() == 0
    (base / "journal").unlink()
    journal = Journal(base / "journal")
    owhaled.start()
    journal.until(lambda _: last + 1 in journal.seqs())
