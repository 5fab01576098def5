"""owhalectl over TCP: plain on this machine, TLS with a certificate that is remembered, runs and terminals over both."""

import re
import shutil
import socket

import pytest
from conftest import needs_root
from ctl import Ctl

GOOD = "correct horse 1"

pytestmark = needs_root


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def serve(own, base):
    def start(*flags, tls="off", port=None):
        port = port or free_port()
        one = own("--tcp", f"127.0.0.1:{port}", "--tls", tls, "--argon2-memory", "8M", "--argon2-passes", "1", *flags).start()
        one.url = ("https" if tls == "on" else "http") + f"://127.0.0.1:{port}"
        one.port = port
        return one

    return start


def person(base, owhaled, uid, **variables):
    """On TCP alone."""
    return Ctl(base, None, uid).with_variables(OWHALE_HOST=owhaled.url, **variables)


def set_up(base, owhaled):
    Ctl(base, owhaled)("setup", "--password-stdin", stdin=GOOD + "\n")


def test_plain_http_on_this_machine(serve, base, alice):
    owhaled = serve()
    set_up(base, owhaled)
    alices = person(base, owhaled, alice)
    assert alices("runs", "ls", code=None).returncode in (3, 4)
    alices("login", "admin", "--password-stdin", stdin=GOOD + "\n")
    text = alices("whoami")
    assert "user:admin" in text and owhaled.url in text
    assert alices("-q", "run", "echo", "over TCP") == "over TCP\n"
    there = alices("-q", "run", "pwd").strip()
    assert not there.startswith(str(alices.home)) and alices("-q", "run", "-w", there, "pwd").strip() == there
    assert "whole" in alices("run", "-w", "folder", "pwd", code=125).stderr
    assert alices("-q", "run", "cat", stdin="in\n") == "in\n"
    alices("logout")


def test_first_login_over_tcp_needs_the_setup_code(serve, base, alice):
    owhaled = serve()
    alices = person(base, owhaled, alice)
    refused = alices("login", "admin", "--password-stdin", stdin="admin\n", code=4)
    assert "owhalectl login admin --setup-code FILE" in refused.stderr
    code = alices.home / "code"
    shutil.copy(owhaled.state / "setup-code", code)
    code.chmod(0o644)
    alices("login", "--setup-code", str(code), "--password-stdin", stdin=f"admin\n{GOOD}\n")
    assert "user:admin" in alices("whoami")
    assert not (owhaled.state / "setup-code").exists()


def fingerprint_of(owhaled):
    return re.search(r"SHA256:[0-9a-f]{64}", owhaled.said()).group()


def test_tls_first_contact_then_remembered(serve, base, alice):
    owhaled = serve(tls="on")
    set_up(base, owhaled)
    alices = person(base, owhaled, alice)
    refused = alices("whoami", code=6)
    assert fingerprint_of(owhaled) in refused.stderr and "nothing was sent" in refused.stderr
    terminal = alices.on_terminal("login", "admin")
    terminal.until(fingerprint_of(owhaled))
    terminal.answer("Type yes to go on and remember it: ", "yes")
    terminal.answer("Password of admin: ", GOOD)
    code, screen = terminal.wait()
    assert code == 0, screen
    assert "remembered in" in alices("whoami")
    assert alices("-q", "run", "-n", "seq", "1", "200000") == "".join(f"{i}\n" for i in range(1, 200001))
    text = "0123456789\n" * 100_000
    assert alices("-q", "run", "wc", "-c", stdin=text).strip() == str(len(text))
    ident = alices("-q", "run", "-d", "sh", "-c", "echo one; sleep 30").strip()
    alices("runs", "kill", ident)
    assert alices("runs", "logs", ident) == "one\n"


def test_a_terminal_over_tls(serve, base, alice):
    owhaled = serve(tls="on")
    set_up(base, owhaled)
    alices = person(base, owhaled, alice)
    alices("--fingerprint", fingerprint_of(owhaled), "login", "admin", "--password-stdin", stdin=GOOD + "\n")
    terminal = alices.on_terminal("run", "-t", "--", "bash", "--norc", "-c", "read x; echo got $x; exit 7")
    terminal.answer("", "line")
    terminal.until("got line")
    assert terminal.wait()[0] == 7


def test_a_changed_certificate(serve, base, alice):
    owhaled = serve(tls="on")
    alices = person(base, owhaled, alice)
    alices("--fingerprint", fingerprint_of(owhaled), "whoami")
    owhaled.stop()
    shutil.rmtree(owhaled.state / "tls")
    owhaled.log.unlink()
    owhaled.start()
    refused = alices("whoami", code=6)
    assert "HAS CHANGED" in refused.stderr and "known_hosts:2" in refused.stderr
    alices("--fingerprint", fingerprint_of(owhaled), "whoami")
    assert "remembered in" in alices("whoami")


def test_wrong_scheme_is_explained(serve, base, alice):
    owhaled = serve(tls="on")
    plain = person(base, owhaled, alice).with_variables(OWHALE_HOST=owhaled.url.replace("https", "http"))
    assert "https" in plain("whoami", code=None).stderr
    owhaled.stop()
    other = serve()
    secure = person(base, other, alice).with_variables(OWHALE_HOST=other.url.replace("http", "https"))
    assert "no TLS session" in secure("whoami", code=6).stderr


def test_status_shows_what_to_compare(serve, base):
    owhaled = serve(tls="on")
    assert fingerprint_of(owhaled) in Ctl(base, owhaled)("status")
