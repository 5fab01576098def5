"""Two machines: a code made by owhalectl on one, a device that joins from the other, and how each is told of the other."""

import hashlib
import json
import os
import re
import ssl

import pytest

import accounts
import devices
from conftest import needs_root
from ctl import Ctl
from two_machines import daemon, here, new, pairing, pairing_of, start_join, there, until_joined, url  # noqa: F401

pytestmark = needs_root


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
    assert "this machine alone" not in again.stderr, "that is not why"
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


def test_who_has_no_account_is_told_how_to_get_one(daemon, base):
    folder = base / "nobody"
    folder.mkdir()
    refused = Ctl(folder, daemon)("pair", "new", "--name", "x", "--can", "audit", "--no-wait", code=None)
    assert refused.returncode == 3 and "owhalectl setup" in refused.stderr and "owhalectl users add" in refused.stderr, refused
    assert "this machine alone" not in refused.stderr, refused


def test_help_names_the_page_of_its_own(there):
    assert there("pair", "--help").endswith("so does man owhalectl-pair.\n")
    assert there("audit", "--help").endswith("so does man owhalectl.\n")


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
    assert [f"wrong code ({count} of 5)" in told for count in range(1, 6)] == [True] * 5, screen
    assert status == 1 and "five wrong tries: this code has ended" in told and "owhalectl pair new makes another" in told, screen
    listed = here("pair", "ls")
    assert "too many tries" in listed, listed
    assert pairing(here)["state"] == "dead", "to programs as ever"


def test_a_guess_under_way_is_told_before_the_question(daemon, here):
    terminal = here.on_terminal("pair", "new", "--name", "phone", "--can", "audit")
    terminal.answer("password of user:admin: ", accounts.ADMIN)
    code = terminal.until("([0-9A-Z]{4}-[0-9A-Z]{4})")[1].decode()
    assert devices.Attempt(daemon, wrong(code)).begin().status == 200
    device = devices.joined(daemon, {"code": code})
    terminal.until(r"somebody tried a wrong code \(1 of 5\)")
    terminal.answer("same words", "no")
    assert terminal.wait()[0] == 1 and device.state().json()["state"] == "cancelled"


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
