"""Tree heads of the audit log in the spawner's file: it grows, root alone writes it, and a log that does not continue it
is not served."""

import base64
import hashlib
import os
import pathlib
import re
import shutil
import sqlite3
import stat

import pytest

from conftest import needs_root
from ctl import Ctl

pytestmark = needs_root


def heads_of(owhaled):
    return owhaled.base / "state-anchor" / "heads"


def lines_of(owhaled):
    """(size, root, time) of each head; the first line is checked on the way."""
    first, *rest = heads_of(owhaled).read_text().splitlines()
    origin, vkey = first.removeprefix("# owhaled heads 1 ").split(" ")
    assert vkey.startswith(origin + "+") and origin.startswith("owhaled/"), first
    return [(int(size), root, time) for size, root, time in (line.split(" ") for line in rest)]


def root_of(leaves):
    """RFC 6962, 2.1, as it is written there."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root_of(leaves[:half]) + root_of(leaves[half:])).digest()


def bodies(state):
    database = sqlite3.connect(f"file:{state}/audit.db?mode=ro", uri=True)
    try:
        return [json.encode() for (json,) in database.execute("SELECT json FROM bodies ORDER BY seq")]
    finally:
        database.close()


def events(owhaled, name):
    answer = owhaled.get(f"/v1/audit?event={name}")
    assert answer.status == 200, answer
    return [event["event"] for event in answer.json()["events"]]


def row(owhaled, name):
    return next(check for check in owhaled.get("/v1/doctor").json()["checks"] if check["name"] == name)


def lived(owhaled, runs=1):
    """One life: started, some runs, ended."""
    owhaled.start()
    for _ in range(runs):
        owhaled.ran(argv=["true"], cwd="/tmp")
    assert owhaled.stop() == 0
    return owhaled


def copy_of(owhaled, name):
    shutil.copytree(owhaled.state, owhaled.base / name, copy_function=shutil.copy2)
    for path in [owhaled.base / name, *(owhaled.base / name).rglob("*")]:
        owner = (owhaled.state / path.relative_to(owhaled.base / name)).stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def put_back(owhaled, name):
    shutil.rmtree(owhaled.state)
    (owhaled.base / name).rename(owhaled.state)


def refused(owhaled):
    code, said = owhaled.refuses()
    assert code == 1 and "owhaled cannot start" in said, said
    owhaled.log.unlink()
    assert max(map(len, said.splitlines())) < 300, said
    assert commands(said)[-1] == f"mv {heads_of(owhaled)} {heads_of(owhaled)}.old", said  # what to do
    return said


def commands(said):
    """What to type: each on a line of its own."""
    found = [line.strip() for line in said.splitlines() if line.startswith("    ")]
    assert all(command.startswith("mv ") and command.count("mv ") == 1 for command in found), said
    return found


def test_each_life_ends_with_a_head_of_all_its_events(own):
    owhaled = lived(own())
    folder, file = heads_of(owhaled).parent.stat(), heads_of(owhaled).stat()
    assert (folder.st_uid, stat.S_IMODE(folder.st_mode)) == (0, 0o755)
    assert (file.st_uid, stat.S_IMODE(file.st_mode)) == (0, 0o644)
    before = heads_of(owhaled).read_text()
    lived(owhaled)
    assert heads_of(owhaled).read_text().startswith(before) and len(heads_of(owhaled).read_text()) > len(before)
    heads, leaves = lines_of(owhaled), bodies(owhaled.state)
    assert [size for size, _, _ in heads] == sorted(size for size, _, _ in heads)
    assert heads[-1][0] == len(leaves)
    for size, root, _ in heads:
        assert base64.b64decode(root) == root_of(leaves[:size]), size


def test_doctor_tells_of_the_last_head(own, base):
    owhaled = lived(own()).start()
    check = row(owhaled, "audit anchor")
    size, _, time = lines_of(owhaled)[-1]
    assert check["state"] == "ok" and str(heads_of(owhaled)) in check["detail"], check
    assert f"{size} events" in check["detail"] and time[:16] in check["detail"], check
    assert re.search(r"^\d+ events, \d+ MiB, newest checkpoint of \d+ at \S+, \d+ s ago; ", row(owhaled, "audit log")["detail"]), row(owhaled, "audit log")
    assert row(owhaled, "audit index")["state"] == "ok"
    assert "newest checkpoint of" in Ctl(base, owhaled)("status")
    assert not any("audit" in weaker for weaker in owhaled.get("/v1/status").json()["weaker"])


def test_an_older_copy_put_back_is_not_served_until_root_says_so(own):
    owhaled = lived(own())
    copy_of(owhaled, "older")
    size = lines_of(lived(owhaled, 3))[-1][0]
    put_back(owhaled, "older")
    before = everything(owhaled.state)
    there = len(bodies(owhaled.state))
    said = refused(owhaled)
    assert everything(owhaled.state) == before
    assert f"has {there} events" in said and f"the head of {size} events" in said and "older copy" in said, said
    assert len(bodies(owhaled.state)) == there  # and nothing was added to it
    heads_of(owhaled).rename(heads_of(owhaled).with_name("heads.old"))
    owhaled.start()
    missing = events(owhaled, "audit.anchor_missing")
    assert len(missing) == 1 and "moved away" in missing[0]["data"]["why"], missing
    assert owhaled.stop() == 0
    owhaled.start()  # with a head of its own, from then on
    assert len(events(owhaled, "audit.anchor_missing")) == 1


def test_another_past_of_the_same_length_is_not_served(own):
    owhaled = lived(own())
    copy_of(owhaled, "other")
    heads = heads_of(lived(owhaled)).read_text()
    put_back(owhaled, "other")
    heads_of(owhaled).unlink()
    lived(owhaled, 5)  # longer than the first, and other
    heads_of(owhaled).write_text(heads)
    said = refused(owhaled)
    assert "are others than those of" in said, said


def everything(folder):
    """What is in it, and of whom; but for who used it last."""
    return {str(path.relative_to(folder)): (path.stat().st_uid, stat.S_IMODE(path.stat().st_mode), path.read_bytes() if path.is_file() else None)
            for path in [folder, *folder.rglob("*")] if path.name != "lock"}


def test_a_damaged_line_of_the_heads_is_not_told_as_a_changed_log(own, base):
    owhaled = lived(own())
    text = heads_of(owhaled).read_text()
    *before, last = text.splitlines()
    size, root, time = last.split(" ")
    for changed in (root[:9] + ("B" if root[9] == "A" else "A") + root[10:], root[:30] + "AAAAAAAA" + root[38:]):
        heads_of(owhaled).write_text("\n".join([*before, f"{size} {changed} {time}"]) + "\n")
        said = refused(owhaled)
        assert f"the last head in {heads_of(owhaled)}, of {size} events, is damaged" in said and "it was changed" not in said, said
        person = Ctl(base).with_variables(PATH="/nowhere")
        found = person("audit", "verify", "--dir", str(owhaled.state), code=1).stdout
        assert f"line {len(before) + 1} is damaged" in found and "were other ones" not in found and "NOT proved whole" in found, found
    heads_of(owhaled).write_text(text)
    owhaled.start()


def test_a_log_begun_anew_is_not_served(own):
    owhaled = lived(own())
    heads = heads_of(owhaled).read_text()
    shutil.rmtree(owhaled.state)
    assert "audit.db is not there" in refused(owhaled)
    assert list(owhaled.state.iterdir()) == []
    heads_of(owhaled).unlink()
    lived(owhaled)
    heads_of(owhaled).write_text(heads)
    before = everything(owhaled.state)
    assert "is not the one of the head" in refused(owhaled)
    assert everything(owhaled.state).keys() == before.keys()
    assert everything(owhaled.state)["audit.db"] == before["audit.db"]


@pytest.mark.parametrize("emptied", [False, True], ids=["removed", "emptied"])
def test_a_refused_start_leaves_the_folder_of_a_log_that_is_gone_as_it_was(own, base, emptied):
    """Twice, since the first must not make one; then what it says is done, and a new log begins."""
    owhaled = lived(own())
    size = lines_of(owhaled)[-1][0]
    log = owhaled.state / "audit.db"
    log.write_bytes(b"") if emptied else log.unlink()
    before = everything(owhaled.state)
    for _ in range(2):
        said = refused(owhaled)
        assert f"{log} {'has not one byte' if emptied else 'is not there'}" in said and f"the head of {size} events" in said, said
        assert "audit.key" in said, said
        assert everything(owhaled.state) == before
    person = Ctl(base).with_variables(PATH="/nowhere")
    found = person("audit", "verify", "--dir", str(owhaled.state), code=1).stdout
    assert "there is no event in the log" in found and f"it had {size}" in found, found
    for path in (log, owhaled.state / "audit.key", heads_of(owhaled)):
        if path.exists():
            path.rename(path.with_name(path.name + ".old"))
    owhaled.start()
    assert owhaled.ran(argv=["true"], cwd="/tmp")["state"] == "exited"
    assert len(events(owhaled, "audit.opened")) == 1
    assert owhaled.stop() == 0
    assert lines_of(owhaled)[-1][0] == len(bodies(owhaled.state))


def test_a_log_that_went_with_its_heads_is_missed_by_its_key(own):
    """Or a new one would be signed by the old one's key, under its name, and nothing would say so."""
    owhaled = lived(own())
    heads_of(owhaled).unlink()
    for path in owhaled.state.glob("audit*.db*"):
        path.unlink()
    key = owhaled.state / "audit.key"
    before = everything(owhaled.state)
    code, said = owhaled.refuses()
    assert code == 1 and f"the key of one, {key}" in said and commands(said) == [f"mv {key} {key}.old"], said
    assert everything(owhaled.state) == before
    key.rename(f"{key}.old")
    lived(owhaled)


@pytest.mark.parametrize("left", ["no table", "no table and no key", "no identity"])
def test_a_database_without_an_identity_is_given_none_where_there_are_heads(own, left):
    """Not a byte of the folder changes, and no key is made."""
    owhaled = lived(own())
    log = owhaled.state / "audit.db"
    was = log.stat()
    if left == "no identity":
        database = sqlite3.connect(log)
        for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("DELETE FROM identity")
    else:
        for path in owhaled.state.glob("audit.db*"):
            path.unlink()
        database = sqlite3.connect(log)
        database.execute("CREATE TABLE x(a)")
        database.execute("DROP TABLE x")
    database.commit()
    database.close()
    os.chown(log, was.st_uid, was.st_gid)
    os.chmod(log, stat.S_IMODE(was.st_mode))
    if left == "no table and no key":
        (owhaled.state / "audit.key").unlink()
    old_ones = [path for path in (log, owhaled.state / "audit.key", heads_of(owhaled)) if path.exists()]
    before = everything(owhaled.state)
    assert before["audit.db"]
    for _ in range(2):
        said = refused(owhaled)
        assert f"{log} is a database without the identity" in said, said
        assert commands(said) == [f"mv {path} {path}.old" for path in old_ones], said
        assert everything(owhaled.state) == before


def test_what_is_advised_for_a_damaged_log_names_the_heads_too(own, base):
    """A new log in its place would not fit them; and the advice works as it stands there."""
    owhaled = lived(own(), 3)
    whole = (owhaled.state / "audit.db").read_bytes()
    damaged = [whole[:len(whole) // 2], b"no database" * 1000]
    changed = sqlite3.connect(owhaled.state / "audit.db")
    for (name,) in changed.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        changed.execute(f"DROP TRIGGER {name}")
    changed.execute("UPDATE bodies SET json = replace(json, 'true', 'ture') WHERE seq = (SELECT max(seq) FROM bodies WHERE json LIKE '%true%')")
    changed.commit()
    changed.close()
    damaged.append((owhaled.state / "audit.db").read_bytes())
    for bytes_ in damaged:
        (owhaled.state / "audit.db").write_bytes(bytes_)
        before = everything(owhaled.state)
        said = refused(owhaled)
        assert "\n  or move audit.db and audit.key away together, as root: a new log begins:\n" in said, said
        assert "without that log nothing starts" in said and f"copy {owhaled.state.resolve()} away as it is, before anything else\n" in said, said
        for command in commands(said):
            assert pathlib.Path(command.split(" ")[1]).exists(), said
        assert everything(owhaled.state) == before
    advised = re.search(r"`owhalectl (audit verify --dir [^`]*)`", said)
    assert advised and advised[1].endswith(str(owhaled.state.resolve())), said
    assert "NOT whole" in Ctl(base)(*advised[1].split(), code=1).stdout
    (owhaled.state / "audit.db").write_bytes(whole)
    owhaled.start()


def test_without_a_file_of_heads_owhaled_serves_says_so_and_strict_mode_does_not(own):
    owhaled = own()
    heads_of(owhaled).parent.mkdir()
    heads_of(owhaled).symlink_to("/etc/passwd")
    before = open("/etc/passwd", "rb").read()
    owhaled.start()
    check = row(owhaled, "audit anchor")
    assert check["state"] == "weaker" and "symbolic links" in check["detail"], check
    assert any("audit anchor" in weaker for weaker in owhaled.get("/v1/status").json()["weaker"])
    missing = events(owhaled, "audit.anchor_missing")
    assert len(missing) == 1 and "symbolic links" in missing[0]["data"]["why"], missing
    assert owhaled.ran(argv=["true"], cwd="/tmp")["state"] == "exited"
    assert owhaled.stop() == 0
    assert open("/etc/passwd", "rb").read() == before
    owhaled.flags += ["--mode", "strict"]
    code, said = owhaled.refuses()
    assert code == 1 and "runs with an outside anchor only" in said, said


def test_on_a_disk_that_cannot_be_written_the_last_head_still_counts(own):
    owhaled = lived(own())
    command = owhaled.command()
    folder = heads_of(owhaled).parent
    script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    owhaled.command = lambda: ["unshare", "-m", "sh", "-c", script, str(folder), *command]
    before = heads_of(owhaled).read_text()
    copy_of(owhaled, "later")
    owhaled.start()
    check = row(owhaled, "audit anchor")
    assert check["state"] == "weaker" and "Read-only file system" in check["detail"], check
    assert owhaled.ran(argv=["true"], cwd="/tmp")["state"] == "exited"
    assert owhaled.stop() == 0 and heads_of(owhaled).read_text() == before
    put_back(owhaled, "later")
    owhaled.start()  # as old as the head
    assert owhaled.stop() == 0
    shutil.rmtree(owhaled.state)
    assert "audit.db is not there" in refused(owhaled)


@pytest.mark.parametrize("place", ["state/heads", "state/deep/heads", "run/heads"])
def test_heads_where_the_broker_could_write_are_refused(own, base, place):
    code, said = own("--audit-heads", str(base / place)).refuses()
    assert code == 1 and "audit-heads" in said and "root's own" in said, said


def test_no_cage_shows_the_folder_of_the_heads(own):
    owhaled = lived(own()).start()
    answer = owhaled.run(argv=["true"], cwd=str(heads_of(owhaled).parent), wait=True)
    assert answer.status == 403 or answer.json()["state"] == "failed", answer
    assert "no cage may show" in answer.body.decode() or "workspace" in answer.body.decode(), answer
