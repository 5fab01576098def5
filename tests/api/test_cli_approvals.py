"""Who agrees, as people meet it: owhalectl against a real owhaled, in pipes and on terminals."""

import json
import os
import pathlib
import re
import subprocess
import sys
import time

import pytest

import asking
from conftest import BOB, needs_root
from ctl import CTL, Ctl, become

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "unit" / "cli"))
import screen  # noqa: E402

ADMIN = "correct horse 1"
QUICK = ("--tcp", "off", "--argon2-memory", "8M", "--argon2-passes", "1", "--login-rate", "1000")
RULES = asking.asks("high").replace('["seq"]', '["seq", "curl"]')

pytestmark = needs_root


@pytest.fixture
def people(base, own, alice):
    """Who asks, at one uid; the admin, logged in at another; and root."""
    owhaled = own(*QUICK)
    owhaled.rule("50-own.toml", RULES)
    owhaled.start()
    root, asker, admin = Ctl(base, owhaled), Ctl(base, owhaled, alice), Ctl(base, owhaled, BOB)
    root("setup", "--password-stdin", stdin=ADMIN + "\n")
    admin("login", "admin", "--password-stdin", stdin=ADMIN + "\n")
    return asker, admin, root


def request_of(ctl, seconds=30):
    """The id of the one request that waits."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ids = ctl("-q", "approvals", "ls").split()
        if ids:
            return ids[0]
        time.sleep(0.05)
    raise AssertionError("nobody asked")


def look(terminal, grid, pattern, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        terminal.more(0.05)
        grid.feed(terminal.screen)
        if re.search(pattern, grid.text()):
            return grid.text()
    raise AssertionError(f"never saw {pattern!r} on\n{grid.text()}")


def test_a_run_waits_and_goes_on(people):
    asker, admin, root = people
    waiting = asker.on_terminal("run", "--description", "three numbers", "--", "seq", "3")
    waiting.until(r"waiting \d+s for approver/admin \([0-9a-f]{8}\), ends in 10m; Ctrl-C takes it back")
    name = request_of(admin)
    shown = admin("approvals", "show", name[-8:])
    assert re.search(r"│ seq 3\n +\^+\n", shown) and "│ three numbers" in shown, shown
    admin("approve", name, "-y", "-m", "numbers are fine", "--password-stdin", stdin=ADMIN + "\n")
    code, seen = waiting.wait()
    assert code == 0 and re.search(r"1\r\n2\r\n3\r\n", seen), seen
    run = json.loads(asker("-o", "json", "approvals", "show", name))["run"]
    assert "user:admin" in asker("runs", "show", run)
    logged = {one["event"]["event"] for one in json.loads(root("-o", "json", "audit", "ls", "--limit", "100"))["events"]}
    assert {"approval.requested", "approval.decided"} <= logged


def test_in_a_pipe_one_line_and_denied(people):
    asker, admin, _ = people
    process = start(asker, "run", "--", "seq", "3")
    name = request_of(admin)
    admin("deny", name, "-m", "not \x1b[31mtoday", "--password-stdin", stdin=ADMIN + "\n")
    out, said = process.communicate(timeout=60)
    assert process.returncode == 125 and out == "", said
    assert re.search(r"\Aowhalectl: waiting \d+s for approval [^\n]*\nowhalectl: approval_denied: ", said), said
    assert "\x1b" not in said


def test_that_it_will_have_no_network_is_told_before_anybody_is_waited_for(people):
    asker, admin, _ = people
    process = start(asker, "run", "--", "curl", "-sS", "https://example.org/x")
    name = request_of(admin)
    admin("deny", name, "--password-stdin", stdin=ADMIN + "\n")
    _, said = process.communicate(timeout=60)
    assert re.search(r"\Aowhalectl: even if people agree, it will have no network: [^\n]*example\.org -- --allow-host [^\n]*\n"
                     r"owhalectl: waiting ", said), said
    quiet = start(asker, "-q", "run", "--", "curl", "-sS", "https://example.org/x")
    admin("deny", request_of(admin), "--password-stdin", stdin=ADMIN + "\n")
    assert "even if" not in quiet.communicate(timeout=60)[1]


def start(ctl, *words):
    return subprocess.Popen([CTL, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=ctl.variables, cwd=ctl.home, start_new_session=True, preexec_fn=lambda: become(ctl.uid))


def test_ctrl_c_takes_the_request_back(people):
    asker, admin, _ = people
    for words in (("run", "--", "seq", "3"), ("run", "-t", "--", "seq", "3")):
        waiting = asker.on_terminal(*words)
        waiting.until("takes it back")
        name = request_of(admin)
        os.write(waiting.fd, b"\x03")
        code, seen = waiting.wait()
        assert code == 125 and "approval_cancelled" in seen, (code, seen)
        assert json.loads(asker("-o", "json", "approvals", "show", name))["state"] == "cancelled"


def test_decided_in_place(base, people):
    asker, admin, root = people
    terminal = asker.on_terminal("run", "--approve-here", "--", "seq", "3")
    while not terminal.until(r"Enter shows more, q ends --|Account that decides[^:]*: ").group().startswith(b"Account"):
        os.write(terminal.fd, b"\n")
    os.write(terminal.fd, b"admin\n")
    terminal.answer("Password of admin, to approve what was shown: ", "not-the-one")
    terminal.until("is wrong")
    terminal.answer("Password of admin, to approve what was shown: ", ADMIN)
    code, seen = terminal.wait()
    assert "not-the-one" not in seen
    assert code == 0 and "1\r\n2\r\n3\r\n" in seen, seen
    assert ADMIN not in seen


def test_in_place_off_a_terminal(people):
    asker, _, _ = people
    refused = asker("run", "--approve-here", "--", "seq", "3", code=None)
    assert refused.returncode == 125 and "--approve-here needs a terminal" in refused.stderr


def test_the_asker_cannot_agree(people):
    asker, admin, _ = people
    process = start(asker, "run", "--", "seq", "3")
    name = request_of(asker)
    refused = asker("approve", name, "-y", "--password-stdin", stdin=ADMIN + "\n", code=None)
    assert refused.returncode in (3, 4), refused
    asker("approvals", "cancel", name)
    assert process.wait(20) == 125


def test_watch_shows_decides_and_follows(people):
    asker, admin, _ = people
    watching, grid = admin.on_terminal("approvals", "watch"), screen.Screen(24, 80)
    look(watching, grid, "Nobody waits")
    process = start(asker, "run", "--description", "\x1b[2J\x1b[Happroved \u202e", "--", "seq", "3")
    look(watching, grid, r"1 waiting[\s\S]*> .*seq 3")
    for _ in range(10):
        time.sleep(0.7)
        look(watching, grid, "1 waiting")
        if "space: more" not in grid.text():
            break
        os.write(watching.fd, b" ")
    time.sleep(0.7)
    os.write(watching.fd, b"y")
    look(watching, grid, "Password of user:admin:")
    os.write(watching.fd, ADMIN.encode() + b"\r")
    look(watching, grid, "0 waiting[\\s\\S]*(approved|used)")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and out == "1\n2\n3\n"
    os.write(watching.fd, b"q")
    assert watching.wait()[0] == 0


def test_a_grant_spares_the_next_question(people):
    asker, admin, _ = people
    process = start(asker, "run", "--", "seq", "3")
    name = request_of(admin)
    admin("approve", name, "-y", "--times", "2", "--password-stdin", stdin=ADMIN + "\n")
    assert process.wait(20) == 0
    assert asker("run", "--", "seq", "3") == "1\n2\n3\n"
    assert name not in admin("-q", "approvals", "ls")
