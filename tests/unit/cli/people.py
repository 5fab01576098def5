"""People with a home of their own and an owhaled of their own to try owhalectl with. The module that imports this takes
OWHALECTL as its first argument."""
import json, os, subprocess, sys, tempfile, unittest
from pathlib import Path

import owhalectl_test
from owhalectl_test import HERE, Terminal

CTL = owhalectl_test.CTL = os.path.abspath(owhalectl_test.CTL)
GOOD, OTHER = "correct horse 1", "battery staple 2"


class Fake:
    """A stand-in of its own for each test, and a home of its own."""

    def __init__(self, mode="local", tls=None, root=False, run=False, strangers=False):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "s")
        environment = dict(os.environ, **{name: "1" for name, on in (("FAKE_ROOT", root), ("FAKE_RUN", run), ("FAKE_STRANGERS", strangers)) if on})
        self.process = subprocess.Popen([sys.executable, HERE / "fake_daemon.py", self.path, mode, *(tls or ())], env=environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline().split()[1])

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()
        self.folder.cleanup()


def answer(terminal, question, text):
    """Once the question is there: what is typed before is thrown away, as by every program that asks for passwords."""
    terminal.until(question)
    terminal.before = getattr(terminal, "before", b"") + terminal.seen
    terminal.seen = b""
    terminal.type(text.encode() + b"\n")


Terminal.answer = answer


class Case(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.TemporaryDirectory()
        self.addCleanup(self.home.cleanup)
        self.former = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(self.former)))
        os.environ.update(HOME=self.home.name, USER="alice")
        for name in ("XDG_STATE_HOME", "OWHALE_TOKEN", "OWHALE_HOST", "OWHALE_SOCKET", "SUDO_USER"):
            os.environ.pop(name, None)

    def fake(self, *arguments, **more):
        fake = Fake(*arguments, **more)
        self.addCleanup(fake.stop)
        os.environ["OWHALE_SOCKET"] = fake.path
        return fake

    def ctl(self, *arguments, stdin="", code=0, alone=True, **more):
        """On no terminal: in a session of its own."""
        done = subprocess.run([CTL, *arguments], input=stdin, capture_output=True, text=True, timeout=120, start_new_session=alone, **more)
        self.assertEqual(done.returncode, code, done)
        return done

    def seen(self):
        done = subprocess.run(["curl", "-s", "--unix-socket", os.environ["OWHALE_SOCKET"], "http://localhost/fake/seen"],
                              capture_output=True, check=True)
        return json.loads(done.stdout)["seen"]

    def tokens(self):
        return sorted((Path(self.home.name) / ".local/state/owhaled/client").glob("token-*"))

    def set_up(self):
        """admin with a password of its own, logged in."""
        self.ctl("setup", "--password-stdin", stdin=GOOD + "\n")
        self.ctl("login", "admin", "--password-stdin", stdin=GOOD + "\n")
