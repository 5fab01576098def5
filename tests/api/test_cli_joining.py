"""owhalectl pair join: whom it believes, where it is somebody's device already, and what it keeps."""

import json
import socket
import ssl
import subprocess
import threading

import accounts
import devices
from conftest import needs_root
from ctl import CTL
from two_machines import BOB, daemon, here, new, pair, pairing, start_join, there, until_joined, url  # noqa: F401

pytestmark = needs_root


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
    maker.until(words)
    maker.until(rf"Replaces.*laptop \(device {old[-8:]}\)")
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


def test_what_pair_join_cannot_reach(there):
    for address, code, said in (("foo", 2, "write it as https://"), ("https://127.0.0.1:1/x", 2, "without a path: https://127.0.0.1:1"),
                                ("https://no-such-host.invalid", 6, "check the name no-such-host.invalid")):
        refused = there("pair", "join", address, code=None)
        assert refused.returncode == code and said in refused.stderr and "http://" not in refused.stderr, refused
    refused = there("pair", "join", "https://127.0.0.1:1", "7K3M-9QXT", code=None)
    assert refused.returncode == 2 and "the code is asked for; it belongs on no command line" in refused.stderr, refused


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
