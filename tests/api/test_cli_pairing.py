"""Two machines: a code made by owhalectl on one, a device that joins from the other, and what it can do then."""

import hashlib
import json
import os
import re
import socket
import sqlite3
import ssl
import subprocess
import threading

import pytest

import accounts
import asking
import devices
from conftest import ALICE, needs_root
from ctl import CTL, Ctl

pytestmark = needs_root
BOB = "quite other words of hers"


@pytest.fixture
def daemon(own):
    return devices.serve(own, rule=asking.asks("medium"))


@pytest.fixture
def here(base, daemon):
    """The admin, logged in on owhaled's own machine."""
    accounts.set_up(daemon)
    one = Ctl(base, daemon)
    one("login", "admin", "--password-stdin", stdin=accounts.ADMIN + "\n")
    return one


@pytest.fixture
def there(base):
    """Another machine: a home of its own, and no socket."""
    folder = base / "there"
    folder.mkdir()
    return Ctl(folder)


def url(daemon):
    return "https://%s:%d" % daemon.tcp


def new(here, *more, can="approve,audit", password=accounts.ADMIN):
    out = here("pair", "new", "--name", "laptop", "--can", can, "--no-wait", "--password-stdin", *more, stdin=password + "\n")
    return re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", out)[0]


def start_join(there, address, code, *more):
    """`pair join` goes on until it is confirmed."""
    process = subprocess.Popen([CTL, *more, "pair", "join", address], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=there.variables, cwd=there.home, start_new_session=True)
    process.stdin.write(code + "\n")
    process.stdin.close()
    process.stdin = None
    return process


def pairing(here):
    return json.loads(here("-o", "json", "pair", "ls"))["pairings"][0]


def pairing_of(here, state):
    return next(one for one in json.loads(here("-o", "json", "pair", "ls"))["pairings"] if one["state"] == state)


def until_joined(here, process):
    while pairing(here)["state"] == "open":
        assert process.poll() is None, process.communicate()
    return pairing(here)


def pair(here, there, daemon, can="approve,audit"):
    process = start_join(there, url(daemon), new(here, can=can).lower().replace("-", " "))
    one = until_joined(here, process)
    here("pair", "confirm", one["id"], "--words", one["words"], "--password-stdin", stdin=accounts.ADMIN + "\n")
    out, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert one["words"] in said and "a device of user:admin" in out
    return one


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


def test_slips_are_told_before_the_password(daemon, here):
    """No stdin, no terminal: a password would be asked for with exit code 3."""
    good = ("--name", "x", "--can", "audit")
    for words, said in ((("--name", "x", "--can", "fly"), '--can: there is no power "fly"[\\s\\S]*approve, audit, runs, freeze'),
                        (("--name", "x", "--can", "audit,audit"), "--can: audit stands twice"),
                        (("--name", "x"), "--can is missing"), (("--can", "audit"), "--name is missing"),
                        (("--name", "x" * 65, "--can", "audit"), "--name: .*64"),
                        ((*good, "--for", "5s"), "--for 5s: .*a minute to 366 days"), ((*good, "--for", "367d"), "--for 367d"),
                        ((*good, "--for", "soon"), "--for"), ((*good, "--url", "foo"), "'foo' does not begin with https://"),
                        ((*good, "--url", "http://h:1"), "TLS alone"), ((*good, "--url", "https://h/x"), "without a path: https://h")):
        refused = here("pair", "new", *words, code=None)
        assert refused.returncode == 2 and re.search(said, refused.stderr), (words, refused)
    for words in (("pair", "confirm", "01a21c2e", "--can", "fly"), ("devices", "cut", "01a21c2e", "--can", "fly")):
        refused = here(*words, code=None)
        assert refused.returncode == 2 and "--can: there is no power" in refused.stderr, refused
    assert here("pair", "new", *good, "--password-stdin", code=None).returncode == 3


def test_what_is_handed_out(daemon, here):
    """Loopback is said to be that; a tunnel's URL is taken as it is; programs get what the device has to know."""
    made = here("-o", "json", "pair", "new", "--name", "x", "--can", "audit", "--password-stdin", stdin=accounts.ADMIN + "\n", code=None)
    told = json.loads(made.stdout)
    assert told["url"] == url(daemon) and told["fingerprint"] == daemon.fingerprint and told["code"]
    assert "this machine alone" in made.stderr and "tcp = 0.0.0.0:7717 and hosts = NAME" in made.stderr, made
    again = here("pair", "new", "--name", "x", "--can", "audit", "--password-stdin", stdin=accounts.ADMIN + "\n", code=None)
    assert again.returncode == 1 and f"next: end it: owhalectl pair cancel {told['id']}" in again.stderr, again
    first = told["id"]
    assert here("pair", "cancel", first).strip() == first
    made = here("pair", "new", "--name", "x", "--can", "audit", "--no-wait", "--url", "https://build.example.org/app", "--password-stdin",
                stdin=accounts.ADMIN + "\n", code=None)
    assert "owhalectl pair join https://build.example.org:7717\n" in made.stdout and "this machine alone" not in made.stderr, made
    second = pairing_of(here, "open")["id"]
    several = here("pair", "cancel", "01900000-0000-7000-8000-000000000000", second, code=None)
    assert several.returncode == 5 and several.stdout == second + "\n" and "01900000" in several.stderr, several
    for line in here("pair", "ls").splitlines()[1:]:
        assert re.search(r"cancelled +ended", line) and first not in line and "user:admin" not in line, line
    assert first in here("-v", "pair", "ls")


def test_everywhere_is_no_address(own, base):
    """The setting hosts names the machine first."""
    one = devices.serve(own, "--hosts", "build.example.org other.example.org", tcp="0.0.0.0:0")
    accounts.set_up(one)
    admin = Ctl(base, one)
    admin("login", "admin", "--password-stdin", stdin=accounts.ADMIN + "\n")
    made = admin("pair", "new", "--name", "x", "--can", "audit", "--no-wait", "--password-stdin", stdin=accounts.ADMIN + "\n", code=None)
    assert "pair join https://build.example.org:%d\n" % one.tcp[1] in made.stdout and "this machine alone" not in made.stderr, made


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
    for columns, said in ((80, "device user:admin"), (200, f"user:admin (device {device[-8:]})")):
        status, screen = here.on_terminal("audit", "ls", "--event", "approval.decided", rows=24, columns=columns).wait()
        lines = re.sub("\x1b\\[[0-9;]*m", "", screen).splitlines()
        assert status == 0 and said in lines[1] and all(len(line) <= columns for line in lines), screen


def test_joining_again(daemon, here, there, base):
    """A machine that is a device already: nothing is lost unasked, and the old one goes as its maker confirms the new one."""
    pair(here, there, daemon)
    [kept] = there.home.glob(".local/state/owhaled/client/device-*")
    before, [old] = kept.read_bytes(), here("-q", "devices", "ls").split()
    code = new(here)
    process = start_join(there, url(daemon), code)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1 and f"laptop (device {old[-8:]})" in said and str(kept) in said and "--replace" in said, said
    assert kept.read_bytes() == before and pairing(here)["tries"] == 0
    terminal = there.on_terminal("pair", "join", url(daemon))
    terminal.answer("Replace it.*Type yes: ", "no")
    status, screen = terminal.wait()
    assert status == 1 and "nothing is changed" in screen and kept.read_bytes() == before, screen
    terminal = there.on_terminal("pair", "join", url(daemon))
    terminal.answer("Replace it.*Type yes: ", "yes")
    terminal.answer("Code that owhalectl pair new shows there: ", code)
    words = terminal.until("([a-z]{5}-[a-z]{5}-[a-z]{5}-[a-z]{5})")[1].decode()
    while pairing(here)["state"] == "open":
        terminal.more(0.05)
    maker = here.on_terminal("pair", "confirm", pairing(here)["id"], rows=40, columns=100)
    maker.until(rf"Replaces.*laptop \(device {old[-8:]}\)")
    maker.until(words)
    maker.answer("same words", "yes")
    maker.answer("password of user:admin: ", accounts.ADMIN)
    assert maker.wait()[0] == 0
    status, screen = terminal.wait()
    assert status == 0 and "is removed there: this one is in its place" in " ".join(screen.split()), screen
    [device] = here("-q", "devices", "ls").split()
    assert device != old and device in there("--host", url(daemon), "whoami") and kept.read_bytes() != before
    here("devices", "rm", device)
    process = start_join(there, url(daemon), new(here))
    one = until_joined(here, process)
    assert "replaces" not in one, "of a key that is believed no more nothing is left to replace"
    here("pair", "confirm", one["id"], "--words", one["words"], "--password-stdin", stdin=accounts.ADMIN + "\n")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0 and "believed there no more" in said, said


def test_joining_again_for_somebody_else(daemon, here, there):
    """Whose device the machine was has to end that: it is said, and how."""
    pair(here, there, daemon)
    [old] = here("-q", "devices", "ls").split()
    for words in (("users", "add", "bob", "--role", "approver"), ("login", "bob")):
        here(*words, "--password-stdin", stdin=f"{BOB}\n{accounts.ADMIN}\n")
    code = new(here, can="approve", password=BOB)
    process = subprocess.Popen([CTL, "pair", "join", "--replace", url(daemon)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=there.variables, cwd=there.home, start_new_session=True)
    process.stdin.write(code + "\n")
    process.stdin.flush()
    one = until_joined(here, process)
    here("pair", "confirm", one["id"], "--words", one["words"], "--password-stdin", stdin=BOB + "\n")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0 and "stays paired there" in said and f"owhalectl devices rm {old}" in said and "user:admin ends it" in said, said
    here("login", "admin", "--password-stdin", stdin=accounts.ADMIN + "\n")
    assert here("-q", "devices", "ls").split() == [old]


def test_a_join_that_ended_is_not_confirmed(daemon, here, there):
    process = start_join(there, url(daemon), new(here))
    one = until_joined(here, process)
    process.kill()
    process.wait()
    while not pairing(here)["gone"]:
        pass
    refused = here("pair", "confirm", one["id"], "--words", one["words"], "--password-stdin", stdin=accounts.ADMIN + "\n", code=None)
    assert refused.returncode == 1 and "is not there any more" in refused.stderr and f"owhalectl pair cancel {one['id']}" in refused.stderr, refused
    assert here("-q", "devices", "ls") == "" and "gone again" in here("pair", "ls")
    here("pair", "cancel", one["id"])
    new(here)


def test_the_maker_who_waits_is_told_that_the_other_end_has_gone(daemon, here, there):
    """Between the words and the yes: no device is made for nobody."""
    terminal = here.on_terminal("pair", "new", "--name", "phone", "--can", "audit")
    terminal.answer("password of user:admin: ", accounts.ADMIN)
    process = start_join(there, url(daemon), terminal.until("([0-9A-Z]{4}-[0-9A-Z]{4})")[1].decode())
    terminal.until("same words")
    process.kill()
    process.wait()
    while not pairing(here)["gone"]:
        pass
    os.write(terminal.fd, b"yes\n")
    status, screen = terminal.wait()
    assert status == 1 and "not there any more" in " ".join(screen.split()), screen
    assert here("-q", "devices", "ls") == ""


def test_several_devices_are_removed_though_one_is_not_there(daemon, here, there):
    pair(here, there, daemon)
    [device] = here("-q", "devices", "ls").split()
    none = "01900000-0000-7000-8000-000000000000"
    several = here("devices", "rm", none, device, code=None)
    assert several.returncode == 5 and several.stdout == device + "\n" and none in several.stderr, several
    assert here("-q", "devices", "ls") == ""


def test_help_stands_in_one_column(there):
    lines = there("help", "pair", "new").split("\nOptions\n")[1].splitlines()
    columns = {re.match(r" +(-\S, )?--\S+( \S+)? {2,}", line).end() for line in lines if line.startswith("  ")}
    assert len(columns) == 1, lines


@pytest.mark.parametrize("variables, columns, more, said", [
    ({"LC_ALL": "C"}, 100, (), None), ({}, 20, (), "this terminal 20"), ({"LC_ALL": "C"}, 60, (), "this terminal 60"),
    ({}, 100, ("--no-color",), "it needs colours"), ({"TERM": "dumb"}, 100, (), "it needs colours"), ({"NO_COLOR": "1"}, 100, (), "it needs colours")])
def test_a_picture_is_whole_or_none(daemon, here, variables, columns, more, said):
    one = here.with_variables(**variables)
    terminal = one.on_terminal(*more, "pair", "new", "--name", "phone", "--can", "audit", "--no-wait", rows=60, columns=columns)
    terminal.answer("password of user:admin: ", accounts.ADMIN)
    status, screen = terminal.wait()
    assert status == 0 and re.search("[0-9A-Z]{4}-[0-9A-Z]{4}", screen)
    assert "▀" not in screen and "█" not in screen and (variables.get("LC_ALL") != "C" or screen.isascii()), screen
    if said:
        assert "##" not in screen and "no picture of the code" in screen and said in " ".join(screen.split()), screen
        return
    rows = [line for line in re.sub("\x1b\\[[0-9;]*m", "", screen).splitlines() if "##" in line]
    assert len({len(line) for line in rows}) == 1 and len(rows[0]) <= columns and rows[0].startswith("    " + "##" * 7 + "  "), screen


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


def test_what_pair_join_cannot_reach(there):
    for address, code, said in (("foo", 2, "write it as https://"), ("https://127.0.0.1:1/x", 2, "without a path: https://127.0.0.1:1"),
                                ("https://no-such-host.invalid", 6, "check the name no-such-host.invalid")):
        refused = there("pair", "join", address, code=None)
        assert refused.returncode == code and said in refused.stderr and "http://" not in refused.stderr, refused
    refused = there("pair", "join", "https://127.0.0.1:1", "7K3M-9QXT", code=None)
    assert refused.returncode == 2 and "the code is asked for; it belongs on no command line" in refused.stderr, refused


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


def test_on_a_terminal(daemon, here, there):
    """The code as letters and as a picture; the words are compared before the password is asked for once more."""
    terminal = here.on_terminal("pair", "new", "--name", "phone", "--can", "audit")
    terminal.answer("password of user:admin: ", accounts.ADMIN)
    code = terminal.until("([0-9A-Z]{4}-[0-9A-Z]{4})")[1].decode()
    assert "▀".encode() in terminal.screen and url(daemon).encode() in terminal.screen
    process = start_join(there, url(daemon), code)
    words = terminal.until("([a-z]{5}-[a-z]{5}-[a-z]{5}-[a-z]{5})")[1].decode()
    terminal.answer("same words", "yes")
    status, screen = terminal.wait()
    assert status == 0 and "is paired" in screen, screen
    out, said = process.communicate(timeout=60)
    assert process.returncode == 0 and words in said, said


def test_turned_away(daemon, here, there):
    terminal = here.on_terminal("pair", "new", "--name", "phone", "--can", "audit")
    terminal.answer("password of user:admin: ", accounts.ADMIN)
    code = terminal.until("([0-9A-Z]{4}-[0-9A-Z]{4})")[1].decode()
    process = start_join(there, url(daemon), code)
    terminal.answer("same words", "no")
    assert terminal.wait()[0] == 1
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1 and "cancelled" in said
    assert not list(there.home.glob(".local/state/owhaled/client/*"))


@pytest.mark.parametrize("via, said", [("program", "typed into a browser, say no"), ("browser", "if it warned of the certificate, say no"),
                                       ("browser-untrusted", "WARNING: somebody in between could have made the page")])
def test_whoever_confirms_is_told_what_joined(daemon, here, via, said):
    """Also where nothing is asked any more; a page behind a warning can pair, and its maker hears of it."""
    attempt = devices.Attempt(daemon, new(here), via=via)
    assert attempt.begin().status == 200 and attempt.prove().status == 200
    one = pairing(here)
    terminal = here.on_terminal("pair", "confirm", one["id"])
    terminal.answer("same words", "no")
    status, screen = terminal.wait()
    assert status == 1 and said in " ".join(screen.split()), screen
    assert f"from owhaled's own machine, as uid {os.getuid()}: programs of that user can read its key, and approve with it" in " ".join(screen.split())
    attempt = devices.Attempt(daemon, new(here), via=via)
    assert attempt.begin().status == 200 and attempt.prove().status == 200
    done = here("pair", "confirm", pairing(here)["id"], "--words", pairing(here)["words"], "--password-stdin", stdin=accounts.ADMIN + "\n", code=None)
    assert done.returncode == 0 and ("WARNING" in done.stderr) == (via == "browser-untrusted"), done
    assert "from owhaled's own machine" in done.stderr, "also where nothing is asked"


def wrong(code):
    return code[:-1] + ("0" if code[-1] != "0" else "1")


def test_a_wrong_code_and_words_that_differ(daemon, here, there):
    code = new(here)
    process = start_join(there, url(daemon), wrong(code))
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1 and "pairing_failed" in said and "in between" in said
    assert daemon.fingerprint in said, "what it saw, to be compared"
    assert not list(there.home.glob(".local/state/owhaled/client/*")), "nothing is kept"
    process = start_join(there, url(daemon), code)
    one = until_joined(here, process)
    other = here("pair", "confirm", one["id"], "--words", "babab-babab-babab-babab", "--password-stdin", stdin=accounts.ADMIN + "\n", code=None)
    assert other.returncode == 1 and one["words"] in other.stderr
    here("pair", "cancel", one["id"])
    assert process.wait(60) == 1
    for bad in ("12345", "1234567U", ""):
        assert start_join(there, url(daemon), bad).wait(60) in (1, 2), bad


def test_whoever_made_the_code_hears_of_wrong_tries(daemon, here):
    terminal = here.on_terminal("pair", "new", "--name", "phone", "--can", "audit")
    terminal.answer("password of user:admin: ", accounts.ADMIN)
    code = terminal.until("([0-9A-Z]{4}-[0-9A-Z]{4})")[1].decode()

    def guess():
        attempt = devices.Attempt(daemon, wrong(code))
        assert attempt.begin().status == 200 and attempt.prove().code == "pairing_failed"

    for count in (1, 2):
        guess()
        terminal.until(rf"somebody tried a wrong code \({count} of 5\)")
    for _ in range(3):
        guess()
    status, screen = terminal.wait()
    told = " ".join(screen.split())
    assert status == 1 and "five wrong tries: this code has ended" in told and "owhalectl pair new makes another" in told, screen
    listed = here("pair", "ls")
    assert "too many tries" in listed, listed
    assert pairing(here)["state"] == "dead", "to programs as ever"


class InBetween:
    """TLS with a certificate of its own towards the device, and on to owhaled: every byte is relayed."""

    def __init__(self, folder, to):
        self.to, self.seen = to, b""
        certificate, key = folder / "between.pem", folder / "between.key"
        subprocess.run(["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", key, "-out",
                        certificate, "-days", "3", "-subj", "/CN=localhost"], check=True, stderr=subprocess.DEVNULL)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "https://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                near = self.context.wrap_socket(self.listener.accept()[0], server_side=True)
            except OSError:
                return
            far = devices.Tcp(self.to, True).socket
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self.carry, args=(one, other), daemon=True).start()

    def carry(self, one, other):
        try:
            while data := one.recv(65536):
                self.seen += data
                # owhaled answers for its own name alone.
                other.sendall(data.replace(self.url[8:].encode(), b"localhost"))
        except OSError:
            pass
        other.close()


def test_somebody_in_between(daemon, here, there, base):
    """With another certificate than owhaled's: the device keeps nothing, owhaled pairs nothing, and the code was never sent."""
    between = InBetween(base, daemon.tcp)
    code = new(here)
    process = start_join(there, between.url, code)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1 and "in between" in said, said
    assert b"/v1/pair/join" in between.seen and code.encode() not in between.seen and code.replace("-", "").encode() not in between.seen
    assert not list(there.home.glob(".local/state/owhaled/client/*"))
    assert pairing(here)["state"] == "open" and pairing(here)["tries"] == 1
    assert json.loads(here("-o", "json", "devices", "ls"))["devices"] == []
    between.listener.close()


def test_a_certificate_that_was_named(daemon, here, there):
    code = new(here)
    refused = start_join(there, url(daemon), code, "--fingerprint", "SHA256:" + "ab" * 32)
    _, said = refused.communicate(timeout=60)
    assert refused.returncode == 6 and "nothing was sent" in said and pairing(here)["tries"] == 0
    assert start_join(there, "http://127.0.0.1:%d" % daemon.tcp[1], code).wait(60) == 2


def test_a_key_that_others_can_read(daemon, here, there):
    pair(here, there, daemon)
    [kept] = there.home.glob(".local/state/owhaled/client/device-*")
    os.chmod(kept, 0o644)
    refused = there("--host", url(daemon), "whoami", code=None)
    assert refused.returncode == 3 and str(kept) in refused.stderr


def test_the_ca_for_a_phone(daemon, here):
    done = here("pair", "ca", code=None)
    assert done.returncode == 0 and ssl.PEM_cert_to_DER_cert(done.stdout)
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(done.stdout)).hexdigest().upper()
    assert " ".join(digest[i:i + 2] for i in range(0, 64, 2)) in done.stderr and "localhost" in done.stderr
    assert here("-q", "pair", "ca") == done.stdout
    assert json.loads(here("-o", "json", "pair", "ca"))["fingerprint"] == "SHA256:" + digest.lower()


def test_owhaled_without_tls(own, base):
    plain = own(*accounts.QUICK).start()
    accounts.set_up(plain)
    one = Ctl(base, plain)
    one("login", "admin", "--password-stdin", stdin=accounts.ADMIN + "\n")
    answer = one("pair", "new", "--name", "x", "--can", "audit", "--password-stdin", stdin=accounts.ADMIN + "\n", code=None)
    assert answer.returncode != 0 and "TLS" in answer.stderr
    answer = one("pair", "ca", code=None)
    assert answer.returncode != 0 and "TLS" in answer.stderr and answer.stdout == ""


