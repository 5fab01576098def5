"""owhalectl as people and scripts use it: in pipes without a terminal, and on a terminal of its own, as any user."""

import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import daemon

CTL = pathlib.Path(os.environ.get("OWHALE_TEST_CTL", daemon.BUILD / "cli" / "owhalectl"))


def become(uid):
    if uid is not None and uid != os.geteuid():
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)


class Ctl:
    """One person: a home, and an owhaled to talk to."""

    def __init__(self, base, owhaled=None, uid=None):
        self.uid = uid
        self.home = pathlib.Path(base) / f"home-{uid if uid is not None else 'own'}"
        self.home.mkdir(mode=0o700, exist_ok=True)
        if uid is not None and os.geteuid() == 0:
            os.chown(self.home, uid, uid)
        self.variables = {"PATH": os.environ["PATH"], "HOME": str(self.home), "USER": "somebody", "LANG": "C.UTF-8", "TERM": "xterm"}
        if owhaled:
            self.variables["OWHALE_SOCKET"] = str(owhaled.socket)

    def with_variables(self, **variables):
        one = Ctl(self.home.parent, None, self.uid)
        one.variables = {name: value for name, value in {**self.variables, **variables}.items() if value is not None}
        return one

    def __call__(self, *words, stdin="", code=0, cwd=None):
        """Its stdout; off any terminal. `code` None: whatever it is, and all of the result."""
        done = subprocess.run([CTL, *words], input=stdin, capture_output=True, text=True, timeout=60, env=self.variables,
                              start_new_session=True, cwd=cwd or self.home, preexec_fn=lambda: become(self.uid))
        assert code is None or done.returncode == code, (words, done)
        return done if code != 0 else done.stdout

    def on_terminal(self, *words, rows=0, columns=0):
        return Terminal(self, words, rows, columns)


class Terminal:
    def __init__(self, ctl, words, rows=0, columns=0):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))  # before it looks
            os.chdir(ctl.home)
            become(ctl.uid)
            os.execve(CTL, [str(CTL), *words], ctl.variables)
        self.screen = b""  # all of it
        self.at = 0        # what was looked at

    def more(self, seconds):
        """False at the end, when nobody has the terminal any more and all that was written is read."""
        if select.select([self.fd], [], [], seconds)[0]:
            try:
                self.screen += os.read(self.fd, 65536)
            except OSError:  # EIO: the kernel says it behind the last byte
                return False
        return True

    def until(self, pattern, seconds=20):
        """Past the next match. What is typed before a question for a password is thrown away, so wait for the question."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.search(pattern.encode(), self.screen[self.at:])
            if found:
                self.at += found.end()
                return found
            self.more(0.05)
        raise AssertionError(f"never saw {pattern!r} in {self.screen!r}")

    def answer(self, question, text):
        self.until(question)
        os.write(self.fd, text.encode() + b"\n")

    def interrupt(self):
        os.kill(self.pid, signal.SIGINT)

    def wait(self, seconds=30):
        """Its exit code and all that it showed: what it wrote last may come after its end."""
        code, end = None, time.monotonic() + seconds
        while time.monotonic() < end:
            more = self.more(0.05)
            if code is None:
                done, status = os.waitpid(self.pid, os.WNOHANG)
                if done:
                    code, end = os.waitstatus_to_exitcode(status), time.monotonic() + 5  # others may keep the terminal
            if code is not None and not more:
                break
            if not more:
                time.sleep(0.01)
        if code is not None:
            os.close(self.fd)
            return code, self.screen.decode()
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise AssertionError(f"still there, having shown {self.screen!r}")
