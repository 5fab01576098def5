"""Two machines: a code made by owhalectl on one, a device that joins from the other, and what it can do then."""

import hashlib
import json
import os
import re
import socket
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


def new(here, *more, can="approve,audit"):
    out = here("pair", "new", "--name", "laptop", "--can", can, "--no-wait", "--password-stdin", *more, stdin=accounts.ADMIN + "\n")
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
    assert there(*host, "runs", "ls", code=None).returncode == 4
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
    attempt = devices.Attempt(daemon, new(here), via=via)
    assert attempt.begin().status == 200 and attempt.prove().status == 200
    done = here("pair", "confirm", pairing(here)["id"], "--words", pairing(here)["words"], "--password-stdin", stdin=accounts.ADMIN + "\n", code=None)
    assert done.returncode == 0 and ("WARNING" in done.stderr) == (via == "browser-untrusted"), done


def wrong(code):
    return code[:-1] + ("0" if code[-1] != "0" else "1")


def test_a_wrong_code_and_words_that_differ(daemon, here, there):
    code = new(here)
    process = start_join(there, url(daemon), wrong(code))
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1 and "pairing_failed" in said and "in between" in said
    assert not list(there.home.glob(".local/state/owhaled/client/*")), "nothing is kept"
    process = start_join(there, url(daemon), code)
    one = until_joined(here, process)
    other = here("pair", "confirm", one["id"], "--words", "babab-babab-babab-babab", "--password-stdin", stdin=accounts.ADMIN + "\n", code=None)
    assert other.returncode == 1 and one["words"] in other.stderr
    here("pair", "cancel", one["id"])
    assert process.wait(60) == 1
    for bad in ("12345", "1234567U", ""):
        assert start_join(there, url(daemon), bad).wait(60) in (1, 2), bad


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


