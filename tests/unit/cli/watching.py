"""Requests for approval as tests put them, and the screen of owhalectl approvals watch: against fake_daemon.py."""
import json, os, re, signal, subprocess, tempfile, time

from people import Case, Terminal
from screen import Screen

HOSTILE = {"command": ["bash", "-c", "x"], "principal": "unix:1000", "description": "\x1b[2J\x1b[H approved \u202e drow \x9b1;1H\ny\n└\nDigest  00",
           "cwd": "/home/alice/\x1b[1;1Hx\nAsked by  root",
           "frozen": {"script": "echo \x1b]0;title\x07 \x1b[99;1H\x1b[K\x1b[?1049l \u202e\u2066 \u200b \U000e0061 e\u0301 \u05d0\u05d1 p\u0430ypal 你好\n" + "\n" * 500 + "rm -rf ~" + " " * 3000 + "# end"}}


class Watching(Terminal):
    """owhalectl approvals watch, and what is on its screen."""

    def __init__(self, *arguments, rows=24, columns=80):
        super().__init__(*(arguments or ("approvals", "watch")), rows=rows, columns=columns)
        self.screen = Screen(rows, columns)

    def read(self):
        try:
            self.until(rb"(?!)", 0.1)  # never there: reads what has come
        except AssertionError:
            pass
        self.screen.feed(self.seen)
        return self.screen.text()

    def shows(self, pattern, seconds=60):
        end = time.time() + seconds
        while time.time() < end:
            if re.search(pattern, self.read()):
                return self.screen.text()
        raise AssertionError("never saw %r on\n%s" % (pattern, self.screen.text()))

    def shows_narrow(self, pattern, rows, columns):
        """Frames that were still drawn for the wider screen are passed over, until one fits."""
        for _ in range(200):
            self.screen = Screen(rows, columns)
            self.screen.taken, self.screen.alternate = len(self.seen), True
            try:
                return self.shows(pattern)
            except AssertionError as why:
                if "too wide" not in str(why) and "out of the screen" not in str(why):
                    raise
        raise AssertionError("it goes on to draw for the wider screen")

    def look(self):
        """As long as a person has to, once it stands still; what ticks every second does not count."""
        latest, still = time.time() + 20, time.time() + 0.8
        while time.time() < min(latest, still):
            before = re.sub(r"\d", "", self.screen.text())
            if re.sub(r"\d", "", self.read()) != before:
                still = time.time() + 0.8

    def to_the_end(self):
        for _ in range(60):
            self.look()
            if "space: more" not in self.screen.text():
                return
            self.type(b" ")
        raise AssertionError("it has no end")


class Approvals(Case):
    def waiting(self, *wanted, logged_in=True):
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
            json.dump(list(wanted), file)
        self.addCleanup(os.unlink, file.name)
        os.environ["FAKE_APPROVALS"] = file.name
        self.fake()
        if logged_in:
            self.set_up()

    def post(self, path, body):
        done = subprocess.run(["curl", "-s", "--unix-socket", os.environ["OWHALE_SOCKET"], "http://localhost/" + path, "-d", json.dumps(body)],
                              capture_output=True, check=True)
        return json.loads(done.stdout or b"{}")

    def decided(self):
        return self.post("fake/decided", {})["decided"]

    def ids(self):
        return self.ctl("-q", "approvals", "ls").stdout.split()

    def watch(self, **more):
        watching = Watching(**more)
        self.addCleanup(lambda: self.end(watching))
        return watching

    @staticmethod
    def end(watching):
        try:
            os.kill(watching.pid, signal.SIGKILL)
            os.waitpid(watching.pid, 0)
        except (OSError, ChildProcessError):
            pass
