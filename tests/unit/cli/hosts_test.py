#!/usr/bin/env python3
"""owhalectl over TCP: whom it believes, what it remembers, and what it never sends. usage: hosts_test.py OWHALECTL"""
import base64, email.utils, http.server, json, os, re, socket, ssl, stat, subprocess, sys, tempfile, threading, time, unittest
from pathlib import Path

from people import CTL, GOOD, Case, Fake, Terminal


class Hosts(Case):
    @classmethod
    def setUpClass(cls):
        cls.keys = tempfile.TemporaryDirectory()
        for name in ("one", "two"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=x",
                            "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", name + ".key", "-out", name + ".pem"],
                           cwd=cls.keys.name, check=True, capture_output=True)

    @classmethod
    def tearDownClass(cls):
        cls.keys.cleanup()

    def pair(self, name):
        return [os.path.join(self.keys.name, name + end) for end in (".pem", ".key")]

    def print_of(self, name):
        done = subprocess.run(["openssl", "x509", "-in", self.pair(name)[0], "-noout", "-fingerprint", "-sha256"], capture_output=True, text=True)
        return done.stdout.strip().split("=")[1]

    def secure(self, name="one"):
        fake = self.fake(tls=self.pair(name))
        os.environ["OWHALE_SOCKET"] = ""
        os.environ["OWHALE_HOST"] = "https://127.0.0.1:%d" % fake.port
        self.path = fake.path
        return fake

    def known(self):
        return Path(self.home.name) / ".local/state/owhaled/client/known_hosts"

    def test_plain_http_on_this_machine(self):
        fake = self.fake()
        os.environ.pop("OWHALE_SOCKET")
        url = "http://127.0.0.1:%d" % fake.port
        self.ctl("--host", url, "login", "admin", "--password-stdin", stdin="admin\n%s\n" % GOOD)
        self.assertIn("user:admin", self.ctl("--host", url, "whoami").stdout)
        self.assertEqual(self.ctl("--host", url + "/", "run", "echo", "hello").stdout, "hello\n")
        self.assertNotIn("HOME=" + self.home.name, self.ctl("--host", url, "run", "env").stdout)  # ours mean nothing there
        self.ctl("--host", url, "run", "-w", "here", "true", code=125)
        self.assertIn("unix:", self.ctl("--socket", fake.path, "whoami").stdout)  # its own token
        self.assertNotIn("this folder", self.ctl("--host", url, "doctor").stdout)
        self.assertIn("this folder", self.ctl("--socket", fake.path, "doctor").stdout)
        os.environ["OWHALE_HOST"] = "http://localhost:%d" % fake.port
        self.assertIn("unix:", self.ctl("whoami").stdout)

    def test_a_paired_device_signs_by_owhaled_s_clock_and_waits_for_its_start(self):
        """This machine's clock is an hour behind; then owhaled is one that has just started."""
        seen, ahead = [], 3600

        class Answers(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *words):
                pass

            def do_GET(self):
                seen.append((int(re.search(r"created=([0-9]+)", self.headers["Signature-Input"])[1]), self.headers["Signature"], time.time()))
                code, status = {1: ("signature_stale", 401), 2: ("busy", 503)}.get(len(seen), ("", 200))
                body = {"type": "about:blank", "title": "x", "detail": "not yet", "code": code, "status": status}
                if status == 200:
                    body = {"principal": "device:1", "why": "", "roles": [], "permissions": [], "peer": "", "must_change_password": False, "daemon": ""}
                text = json.dumps(body).encode()
                self.send_response_only(status)
                self.send_header("Date", email.utils.formatdate(time.time() + ahead, usegmt=True))
                self.send_header("Content-Type", "application/json" if status == 200 else "application/problem+json")
                self.send_header("Content-Length", str(len(text)))
                if status == 503:
                    self.send_header("Retry-After", "2")
                self.end_headers()
                self.wfile.write(text)

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place, port = self.known().parent, server.server_address[1]
        place.mkdir(parents=True, mode=0o700)
        kept = place / f"device-127.0.0.1_{port}"
        kept.touch(mode=0o600)
        kept.write_text(json.dumps({"host": f"http://127.0.0.1:{port}", "device": "0193a6a0-0000-7000-8000-000000000001", "principal": "user:admin",
                                    "key": base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")}))
        os.environ.pop("OWHALE_SOCKET", None)
        self.assertIn("device:1", self.ctl("--host", f"http://127.0.0.1:{port}", "whoami").stdout)
        self.assertEqual(len(seen), 3)
        self.assertLess(abs(seen[0][0] - time.time()), 60)
        for created, _, at in seen[1:]:
            self.assertLess(abs(created - at - ahead), 3)
        self.assertGreaterEqual(seen[2][2] - seen[1][2], 1.9)
        self.assertEqual(len({signature for _, signature, _ in seen}), 3, "each is signed anew")

    def test_what_host_takes(self):
        self.fake()
        for url in ("127.0.0.1:7717", "ftp://x", "http://127.0.0.1:0", "http://127.0.0.1:70000", "http://u@127.0.0.1", "http://127.0.0.1/v1", "https://",
                    "http://10.0.0.1:7717", "http://example.org", "http://::1:7717", "https://a\r\nb"):
            self.ctl("--host", url, "whoami", code=2, env=dict(os.environ, OWHALE_SOCKET=""))
        self.ctl("--host", "http://127.0.0.1:1", "--socket", "/x", "whoami", code=2)
        self.ctl("whoami", code=2, env=dict(os.environ, OWHALE_HOST="http://127.0.0.1:1"))
        self.ctl("--host", "http://127.0.0.1:1", "whoami", code=6)
        self.ctl("--host", "http://127.0.0.1:1", "--fingerprint", "SHA256:" + "0" * 64, "whoami", code=2)

    def test_a_stranger_on_the_port_is_sent_nothing(self):
        if os.getuid() != 0:
            self.skipTest("another user's listener needs root")
        listener = subprocess.Popen([sys.executable, "-c", "import os,socket,sys\nos.setgid(61234);os.setuid(61234)\ns=socket.socket()\n"
                                     "s.bind(('127.0.0.1',0))\ns.listen()\nprint(s.getsockname()[1],flush=True)\nc=s.accept()[0]\nprint(c.recv(99))"],
                                    stdout=subprocess.PIPE, text=True)
        port = int(listener.stdout.readline())
        refused = self.ctl("--host", "http://127.0.0.1:%d" % port, "login", "admin", "--password-stdin", stdin="secret\n", code=4)
        self.assertRegex(refused.stderr, "belongs to uid 61234, .*nothing was sent")
        self.assertEqual(listener.stdout.read(), "b''\n")
        listener.stdout.close()
        listener.wait(60)

    def test_ones_own_listener_counts_outside_of_cages_alone(self):
        if os.getuid() != 0:
            self.skipTest("to be somebody needs root")
        become = ["setpriv", "--reuid=61234", "--regid=61234", "--clear-groups"]
        # Debian's own: a python below somebody's home is not there for others.
        serve = ["/usr/bin/python3", "-c", "import socket,sys\ns=socket.socket()\ns.bind(('127.0.0.1',0))\ns.listen()\n"
                 "print(s.getsockname()[1],flush=True)\nc=s.accept()[0]\nprint(c.recv(99)[:4])"]
        with tempfile.TemporaryDirectory() as home:
            os.chown(home, 61234, 61234)
            for cage, refused in (([], False), (["unshare", "--pid", "--fork", "--kill-child"], True), (["unshare", "--user"], True)):
                words = cage + become + serve if cage[1:2] == ["--pid"] else become + cage + serve
                listener = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
                port = listener.stdout.readline().strip()
                done = subprocess.run(become + [CTL, "--host", "http://127.0.0.1:" + port, "whoami"], text=True, capture_output=True, timeout=120,
                                      env={"PATH": os.environ["PATH"], "HOME": home})
                self.assertEqual(listener.stdout.read(), "b''\n" if refused else "b'GET '\n", (cage, done.stderr))
                self.assertEqual("runs as you, but in a cage" in done.stderr, refused, (cage, done.stderr))
                listener.stdout.close()
                listener.wait(60)

    def test_first_contact(self):
        self.secure()
        refused = self.ctl("whoami", code=6)
        shown = "SHA256:" + self.print_of("one").replace(":", "").lower()
        self.assertIn(shown, refused.stderr)
        self.assertRegex(refused.stderr, "nothing was sent.*\n  next: .*--fingerprint")
        self.assertFalse(self.known().exists())
        terminal = Terminal("whoami")
        terminal.until(b"Type yes")
        self.assertIn(shown.encode(), terminal.seen)
        terminal.type(b"y\n")
        self.assertEqual(terminal.wait(), 6)
        terminal = Terminal("whoami")
        terminal.until(b"Type yes")
        terminal.type(b"yes\n")
        self.assertEqual(terminal.wait(), 0)
        self.assertIn("remembered in", self.ctl("whoami").stdout)
        self.assertEqual(stat.S_IMODE(self.known().stat().st_mode), 0o600)

    def test_named_fingerprint_in_each_spelling(self):
        self.secure()
        colons = self.print_of("one")
        base = base64.b64encode(bytes.fromhex(colons.replace(":", ""))).decode().rstrip("=")
        self.ctl("--fingerprint", "SHA256:" + "0" * 64, "whoami", code=6)
        self.ctl("--fingerprint", "SHA256:xyz", "whoami", code=2)
        for spelling in (colons, "SHA256:" + colons, "SHA256:" + colons.replace(":", "").lower(), "SHA256:" + base):
            if self.known().exists():
                self.known().unlink()
            self.ctl("--fingerprint", spelling, "whoami")
            self.ctl("whoami")

    def test_a_changed_certificate_is_refused_loudly(self):
        fake = self.secure()
        self.ctl("--fingerprint", self.print_of("one"), "whoami")
        line = self.known().read_text().splitlines()[-1]
        other = Fake(tls=self.pair("two"))
        self.addCleanup(other.stop)
        self.known().write_text("# one\n" + line.replace(":%d" % fake.port, ":%d" % other.port) + "\n")
        os.environ["OWHALE_HOST"] = "https://127.0.0.1:%d" % other.port
        for words in (["whoami"], ["logout"]):
            refused = self.ctl(*words, code=6)
            self.assertRegex(refused.stderr, "HAS CHANGED.*nothing was sent.*known_hosts:2 says.*\n  next: .*--fingerprint")
        self.ctl("--fingerprint", self.print_of("one"), "whoami", code=6)
        named = self.ctl("--fingerprint", self.print_of("two"), "whoami")
        self.assertRegex(named.stderr, "another one than was remembered.*known_hosts:2")
        self.assertEqual(len(self.known().read_text().splitlines()), 2)
        self.assertEqual(self.ctl("--fingerprint", self.print_of("two"), "whoami").stderr, "")
        self.assertIn("remembered in", self.ctl("whoami").stdout)

    def test_logout_after_the_certificate_changed(self):
        self.secure()
        self.ctl("--fingerprint", self.print_of("one"), "whoami")
        self.ctl("login", "admin", "--password-stdin", stdin="admin\n%s\n" % GOOD)
        self.known().write_text(self.known().read_text().replace("SHA256:", "SHA256:0")[:-2] + "\n")
        self.assertEqual(len(self.tokens()), 1)
        gone = self.ctl("logout", code=6)
        self.assertRegex(gone.stderr, "the token is forgotten here, but the session could not be ended there: .*HAS CHANGED")
        self.assertEqual(self.tokens(), [])

    def test_an_authority_of_this_machine_s_is_enough_when_the_name_fits(self):
        fake = self.secure()
        trusting = dict(os.environ, SSL_CERT_FILE=self.pair("one")[0])
        self.assertIn("vouched for", self.ctl("whoami", env=trusting).stdout)
        self.assertFalse(self.known().exists())
        self.assertIn("mismatch", self.ctl("--host", "https://localhost:%d" % fake.port, "whoami", code=6, env=trusting).stderr)

    def test_runs_over_tls(self):
        self.secure()
        self.ctl("--fingerprint", self.print_of("one"), "whoami")
        self.ctl("login", "admin", "--password-stdin", stdin="admin\n%s\n" % GOOD)
        self.assertEqual(self.ctl("-q", "run", "sh", "-c", "cat; exit 3", stdin="in\n", code=3).stdout, "in\n")
        done = subprocess.run([CTL, "run", "-n", "seq", "1", "300000"], capture_output=True, timeout=120)
        self.assertEqual(done.stdout, b"".join(b"%d\n" % i for i in range(1, 300001)))
        text = "0123456789\n" * 100000
        self.assertEqual(self.ctl("run", "wc", "-c", stdin=text).stdout.strip(), str(len(text)))
        terminal = Terminal("run", "-t", "--", "bash", "--norc")
        terminal.wait_raw()
        terminal.ask(b"echo $((6*7))\n", b"42")
        terminal.type(b"exit 5\n")
        self.assertEqual(terminal.wait(), 5)

    def test_what_is_no_tls_and_what_never_answers(self):
        fake = self.fake()
        os.environ.pop("OWHALE_SOCKET")
        self.assertRegex(self.ctl("--host", "https://127.0.0.1:%d" % fake.port, "whoami", code=6).stderr, "no TLS session")

    def test_an_older_tls_is_refused(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(*self.pair("one"))
        with socket.create_server(("127.0.0.1", 0)) as server:
            def serve():
                try:
                    context.wrap_socket(server.accept()[0], server_side=True)
                except OSError:
                    pass
            thread = threading.Thread(target=serve)
            thread.start()
            self.ctl("--host", "https://127.0.0.1:%d" % server.getsockname()[1], "whoami", code=6)
            thread.join()


if __name__ == "__main__":
    unittest.main(verbosity=2)
