"""A program on a pseudo-terminal, typed at and read as a person would: for cases that need `owhalectl run -t`."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

ESCAPES = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[PX^_].*?\x1b\\|[()*+].|[ -/]*[0-~])", re.S)


def folder():
    """The case's own empty folder, now also the current one."""
    os.chdir(os.environ["COMPAT_FOLDER"])
    return os.environ["COMPAT_FOLDER"]


def on_terminal(*command):
    """`command` as it is started in this setting: caged with -t, or plainly in the control run."""
    if os.environ["COMPAT_SETTING"] == "control":
        return list(command)
    profile = ["--profile", os.environ["COMPAT_PROFILE"]] if "COMPAT_PROFILE" in os.environ else []
    return [os.environ["COMPAT_CTL"], "run", "-t", *profile, "--", *command]


class Terminal:
    """One program with a terminal of its own; every wait has an end."""

    def __init__(self, command, rows=24, columns=80):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.seen = b""
        self.unread = 0
        self.process = subprocess.Popen(
            command, stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0), env={**os.environ, "TERM": "xterm-256color"})

    def resize(self, rows, columns):
        """Once, as a window does it: the kernel tells those in the foreground, nobody else does."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait_still(self, seconds=0.3, most=60):
        """Until nothing was written for so long: a program that draws has come to rest."""
        end = time.monotonic() + most
        while select.select([self.master], [], [], seconds)[0] and time.monotonic() < end:
            self.seen += os.read(self.master, 65536)
        self.unread = len(self.seen)

    def type(self, text):
        os.write(self.master, text.encode())

    def type_until(self, text, pattern):
        """Types `text` until `pattern` shows: for what a redraw on its way may wipe out."""
        for _ in range(10):
            self.type(text)
            if self._shows(pattern, time.monotonic() + 1):
                return
        self.wait_for(pattern)

    def screen(self):
        """What was written since the last match, without escape sequences."""
        return ESCAPES.sub(b"", self.seen[self.unread:]).decode(errors="replace")

    def wait_for(self, pattern, seconds=60):
        """Reads until `pattern` shows and returns the match; what comes before it counts as read."""
        match = self._shows(pattern, time.monotonic() + seconds)
        if not match:
            sys.exit(f"case: {pattern!r} did not show; the terminal says:\n{self.screen()[-2000:]}")
        return match

    def _shows(self, pattern, end):
        while True:
            match = re.search(pattern, self.screen())
            if match:
                self.unread = len(self.seen)
                return match
            if not self._read(end - time.monotonic()):
                return None

    def _read(self, seconds):
        ready, _, _ = select.select([self.master], [], [], max(0, min(seconds, 0.2)))
        if ready:
            return self._take()
        if self.process.poll() is not None:
            self._let_go()
            return self._take()
        return seconds > 0

    def _let_go(self):
        """So that the kernel tells the end of what was written: while an end of it is open here, it does not."""
        if self.slave is not None:
            os.close(self.slave)
            self.slave = None

    def _take(self):
        """False at the end, when nobody has the terminal any more and all that was written is read."""
        if not select.select([self.master], [], [], 5)[0]:  # others keep it
            return False
        try:
            self.seen += os.read(self.master, 65536)
        except OSError:  # EIO: the kernel says it behind the last byte
            return False
        return True

    def exit_code(self, seconds=60):
        """Drains what is left and returns how the program ended."""
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() > end:
                self.process.kill()
                sys.exit(f"case: it did not end; the terminal says:\n{self.screen()[-2000:]}")
            ready, _, _ = select.select([self.master], [], [], 0.1)
            if ready:
                self.seen += os.read(self.master, 65536)
        self._let_go()
        while self._take():
            pass
        return self.process.returncode


def same(what, wanted, got):
    if wanted != got:
        sys.exit(f"case: {what}: wanted {wanted!r}, got {got!r}")
