"""A second machine that is a device: what it can do with owhalectl, what it is called, and how that ends."""

import json
import os
import re
import socket
import sqlite3
import subprocess

import accounts
from conftest import ALICE, needs_root
from ctl import CTL
from two_machines import BOB, daemon, here, new, pair, start_join, there, until_joined, url  # noqa: F401

pytestmark = needs_root


def test_a_second_machine_approves(daemon, here, there):
    pair(here, there, daemon)
    [kept] = there.home.glob(".local/state/owhaled/client/device-*")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert daemon.fingerprint in (kept.parent / "known_hosts").read_text()
    host = ("--host", url(daemon))
    assert "device:" in there(*host, "whoami") and "laptop" in there(*host, "whoami")
    run = daemon.run(ALICE, argv=["seq", "3"], detach=True).json()
    assert run["approval"] in there(*host, "-q", "approvals", "ls")
    there(*host, "approve", run["approval"], "-y")
    assert daemon.until(run["id"], ["exited"], ALICE)
    assert "approval.decided" in there(*host, "audit", "ls")
    refused = there(*host, "runs", "ls", code=None)
    assert refused.returncode == 4 and "the device laptop may approve and audit, not runs.list (power: runs)" in refused.stderr, refused
    assert "--can approve,audit,runs" in refused.stderr
    refused = there(*host, "secrets", "ls", code=None)
    assert refused.returncode == 4 and "no device may do secrets.list" in refused.stderr and "--host" in refused.stderr, refused
    assert there(*host, "run", "--", "id", code=None).returncode == 125
    told = there(*host, "audit", "verify", code=None)
    assert "1 signed by devices" in told.stdout, told
    listed = here("devices", "ls")
    assert "laptop" in listed and "approve" in listed
    [device] = here("-q", "devices", "ls").split()
    renamed = here("devices", "rename", device[:13], "old laptop", "--password-stdin", stdin=accounts.ADMIN + "\n")
    assert "old laptop" in renamed
    cut = here("devices", "cut", device, "--can", "audit", "--password-stdin", stdin=accounts.ADMIN + "\n")
    assert "audit" in cut and there(*host, "approvals", "ls", code=None).returncode == 4
    changed = here("passwd", "--password-stdin", stdin=f"{accounts.ADMIN}\nquite other words\n", code=None)
    assert changed.returncode == 0 and "1 device stays paired: owhalectl devices ls" in changed.stderr, changed
    assert there(*host, "audit", "ls"), "it does stay"
    assert here("devices", "rm", device).strip() == device
    refused = there(*host, "whoami", code=None)
    assert refused.returncode == 3 and "not paired" in refused.stderr
    assert f"owhalectl pair join {url(daemon)}, with a new code" in refused.stderr and "owhalectl login" not in refused.stderr, refused
    gone = there(*host, "logout", code=None)
    assert gone.returncode == 0 and f"{kept} is removed" in gone.stderr and not kept.exists(), gone
    assert "not paired" in gone.stderr and there(*host, "logout", code=None).returncode == 0


def test_a_device_is_asked_before_it_approves(daemon, here, there):
    """It types no password: what was shown is approved by a yes, and by no Enter that was meant to read on."""
    pair(here, there, daemon)
    run = daemon.run(ALICE, argv=["seq", "3"], detach=True).json()
    for typed in ("", "y"):
        terminal = there.on_terminal("--host", url(daemon), "approve", run["approval"])
        terminal.answer(r"Approve this, once\? Type yes: ", typed)
        status, screen = terminal.wait()
        assert status == 1 and "nothing is approved" in screen, screen
    assert run["approval"] in there("--host", url(daemon), "-q", "approvals", "ls")
    terminal = there.on_terminal("--host", url(daemon), "approve", run["approval"])
    terminal.answer("Type yes: ", "yes")
    assert terminal.wait()[0] == 0
    assert daemon.until(run["id"], ["exited"], ALICE)


def test_a_device_whose_owner_is_disabled(daemon, here, there):
    """An admin helps, and no login and no new code."""
    for words in (("users", "add", "bob", "--role", "approver"), ("login", "bob")):
        here(*words, "--password-stdin", stdin=f"{BOB}\n{accounts.ADMIN}\n")
    process = start_join(there, url(daemon), new(here, can="approve", password=BOB))
    one = until_joined(here, process)
    here("pair", "confirm", one["id"], "--words", one["words"], "--password-stdin", stdin=BOB + "\n")
    assert process.wait(60) == 0
    here("login", "admin", "--password-stdin", stdin=accounts.ADMIN + "\n")
    here("users", "disable", "bob", "--password-stdin", stdin=accounts.ADMIN + "\n")
    refused = there("--host", url(daemon), "whoami", code=None)
    assert refused.returncode == 3 and "next: ask an admin" in refused.stderr, refused
    assert "owhalectl login" not in refused.stderr and "new code" not in refused.stderr


def test_a_device_forgets_its_key(daemon, here, there):
    """Also one that is still paired: then it is said where it has to be removed."""
    pair(here, there, daemon)
    [kept] = there.home.glob(".local/state/owhaled/client/device-*")
    [device] = here("-q", "devices", "ls").split()
    plain = there("--host", "http" + url(daemon).removeprefix("https"), "whoami", code=None)
    assert plain.returncode != 0 and kept.exists(), plain
    gone = there("--host", url(daemon), "logout", code=None)
    assert gone.returncode == 0 and "device key is forgotten" in gone.stderr and f"owhalectl devices rm {device}" in gone.stderr, gone
    assert not kept.exists()
    here("devices", "rm", device)
    pair(here, there, daemon)
    assert daemon.stop() == 0
    gone = there("--host", url(daemon), "logout", code=None)
    assert gone.returncode == 6 and "device key is forgotten" in gone.stderr and not kept.exists(), gone


def test_plain_http_where_this_machine_is_a_device(there, base):
    """Over TLS: nothing is removed for it. A listener of our own has to be there, which is sent nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        authority = "127.0.0.1:%d" % listener.getsockname()[1]
        folder = there.home / ".local/state/owhaled/client"
        folder.mkdir(parents=True, mode=0o700)
        kept = folder / ("device-" + authority.replace(":", "_"))
        kept.write_text(json.dumps({"host": "https://" + authority, "device": "01a21c2e-1112-7341-9ff7-3a6bd7a210d2", "principal": "user:admin",
                                    "key": "A" * 43}))
        kept.chmod(0o600)
        refused = there("--host", "http://" + authority, "whoami", code=None)
        assert refused.returncode == 2 and f"this machine is a device of https://{authority}, and you wrote http://" in refused.stderr, refused
        assert f"next: --host https://{authority}" in refused.stderr and "rm " not in refused.stderr
        assert there("--host", "http://" + authority, "logout", code=None).returncode == 2 and kept.exists()


def test_a_device_is_called_by_its_name(daemon, here, there):
    """In lists, in a run's receipt and in the head of the watch; a name passes for nobody else's."""
    pair(here, there, daemon)
    [device] = here("-q", "devices", "ls").split()
    called = f"laptop (device {device[-8:]})"
    host = ("--host", url(daemon))
    run = daemon.run(ALICE, argv=["seq", "3"], detach=True).json()
    screen = there.on_terminal(*host, "approvals", "watch", rows=24, columns=80)
    screen.until(re.escape(called) + ", signs what it answers")
    os.write(screen.fd, b"q")
    assert screen.wait()[0] == 0
    there(*host, "approve", run["approval"], "-y")
    assert daemon.until(run["id"], ["exited"], ALICE)
    assert re.search(r"Agreed by +" + re.escape(called) + "\n", here("runs", "show", run["id"])), here("runs", "show", run["id"])
    assert called in here("approvals", "show", run["approval"])
    [seq] = here("-q", "audit", "ls", "--event", "approval.decided").split()
    assert f"{called} answered" in here("audit", "show", seq)
    here("devices", "rename", device, "user:admin", "--password-stdin", stdin=accounts.ADMIN + "\n")
    assert here("audit", "ls", "--event", "approval.decided").count(called) == 1
    there(*host, "whoami")
    run = daemon.run(ALICE, argv=["seq", "4"], detach=True).json()
    there(*host, "approve", run["approval"], "-y")
    for columns, said in ((80, "device user:adm"), (200, f"user:admin (device {device[-8:]})")):
        status, screen = here.on_terminal("audit", "ls", "--event", "approval.decided", rows=24, columns=columns).wait()
        lines = re.sub("\x1b\\[[0-9;]*m", "", screen).splitlines()
        assert status == 0 and said in lines[1] and all(len(line) <= columns for line in lines), screen


def test_several_devices_are_removed_though_one_is_not_there(daemon, here, there):
    pair(here, there, daemon)
    [device] = here("-q", "devices", "ls").split()
    none = "01900000-0000-7000-8000-000000000000"
    several = here("devices", "rm", none, device, code=None)
    assert several.returncode == 5 and several.stdout == device + "\n" and none in several.stderr, several
    assert here("-q", "devices", "ls") == ""


def test_lists_fit_a_terminal(daemon, here, there):
    pair(here, there, daemon, can="approve,audit,runs,freeze")
    for noun in ("devices", "pair"):
        terminal = here.on_terminal(noun, "ls", rows=24, columns=80)
        status, screen = terminal.wait()
        lines = re.sub("\x1b\\[[0-9;]*m", "", screen).splitlines()
        assert status == 0 and len(lines) == 2 and all(len(line) <= 80 for line in lines), screen
        assert "OF" not in lines[0].split() and "user:admin" not in lines[1]
    [device] = here("-q", "devices", "ls").split()
    listed = here("devices", "ls")
    assert device not in listed and device[-8:] in listed and device in here("-v", "devices", "ls")
    assert daemon.stop() == 0
    with sqlite3.connect(daemon.state / "state.db") as database:
        database.execute("UPDATE devices SET expires = 1")
    daemon.start()
    assert re.search(r"laptop +nothing +ended", here("devices", "ls"))
    assert "nothing: it has ended" in here("devices", "show", device)


def test_a_device_that_is_removed_watches_no_more(daemon, here, there):
    """On a terminal it offers nothing any more, in a pipe it ends, too: exit 3, and why."""
    pair(here, there, daemon)
    host = ("--host", url(daemon))
    daemon.run(ALICE, argv=["seq", "4"], detach=True)
    screen = there.on_terminal(*host, "approvals", "watch")
    screen.until("seq")
    lines = subprocess.Popen([CTL, *host, "approvals", "watch"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             env=there.variables, cwd=there.home, start_new_session=True)
    assert "seq 4" in lines.stdout.readline()
    [device] = here("-q", "devices", "ls").split()
    here("devices", "rm", device)
    status, said = screen.wait()
    assert status == 3 and "not paired here, or not any more" in said, said
    _, said = lines.communicate(timeout=60)
    assert lines.returncode == 3 and "not paired here, or not any more" in said, said


def test_a_device_that_is_removed_follows_the_log_no_more(daemon, here, there):
    """It is told that it was removed, and not that owhaled went away."""
    pair(here, there, daemon)
    process = subprocess.Popen([CTL, "--host", url(daemon), "-q", "audit", "ls", "-f"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=there.variables, cwd=there.home, start_new_session=True)
    assert process.stdout.readline().strip().isdigit()
    [device] = here("-q", "devices", "ls").split()
    here("devices", "rm", device)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 3 and "not paired here, or not any more" in said and said.startswith("owhalectl: token_revoked"), said
    assert "going on after" not in said and "is back" not in said, said


def test_its_events_are_found_by_what_the_column_shows(daemon, here, there):
    """Also once it is gone, and by the name that it had before."""
    pair(here, there, daemon)
    [device] = here("-q", "devices", "ls").split()
    short = device[-8:]
    unused = here("-q", "audit", "ls", "--principal", "device:" + short)
    assert unused == "", "paired, and has done nothing"
    run = daemon.run(ALICE, argv=["seq", "3"], detach=True).json()
    there("--host", url(daemon), "approve", run["approval"], "-y")
    assert daemon.until(run["id"], ["exited"], ALICE)
    [seq] = here("-q", "audit", "ls", "--event", "approval.decided").split()
    unknown = here("audit", "ls", "--principal", "laptop", code=2)
    assert f"'laptop (device {short})'" in unknown.stderr and "user:laptop" not in unknown.stderr, unknown
    forms = [f"laptop (device {short})", "device laptop", f"device:{short}", f"device {short}", "device:" + device]
    assert all(here("-q", "audit", "ls", "--principal", form).split() == [seq] for form in forms)
    here("devices", "rename", device, "old laptop", "--password-stdin", stdin=accounts.ADMIN + "\n")
    renamed = here("audit", "ls", "--event", "device.change")
    assert "changed the device laptop, which could approve, audit: it is old laptop now, and may approve, audit" in renamed, renamed
    here("devices", "rm", device)
    for form in (*forms, "device old laptop"):
        assert here("-q", "audit", "ls", "--principal", form).split() == [seq], form
    assert "1 event\n" in here("audit", "stats", "--principal", f"device:{short}")
    missing = here("audit", "ls", "--principal", "device:ffffffff", code=2)
    assert "no event of a device whose id begins or ends with 'ffffffff'" in missing.stderr, missing
    for columns in (80, 100, 200):
        status, screen = here.on_terminal("--no-color", "audit", "ls", "--event", "approval.decided", rows=24, columns=columns).wait()
        head, row = screen.splitlines()[:2]
        at = head.index("OUTCOME")
        assert status == 0 and row[at:].startswith("approved ") and len(row) <= columns, screen


def test_a_key_that_others_can_read(daemon, here, there):
    pair(here, there, daemon)
    [kept] = there.home.glob(".local/state/owhaled/client/device-*")
    os.chmod(kept, 0o644)
    refused = there("--host", url(daemon), "whoami", code=None)
    assert refused.returncode == 3 and str(kept) in refused.stderr
