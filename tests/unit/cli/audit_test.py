#!/usr/bin/env python3
"""owhalectl audit ls, show and stats: tables, pages, local times, following, proofs. usage: audit_test.py OWHALECTL"""
import json, os, signal, subprocess, tempfile, unittest

from people import CTL, Case, Terminal

EVIL = "rm -rf \x1b[31m/\u202e\n\r\u0007 end"


class Audit(Case):
    def setUp(self):
        super().setUp()
        self.fake()
        os.environ["TZ"] = "Europe/Berlin"

    def change(self, **request):
        done = subprocess.run(["curl", "-s", "--unix-socket", os.environ["OWHALE_SOCKET"], "-d", json.dumps(request), "http://localhost/fake/audit"],
                              capture_output=True, check=True)
        return json.loads(done.stdout)["last"]

    def events(self, *some):
        return self.change(events=list(some))

    def numbers(self, *arguments):
        return [int(line) for line in self.ctl("-q", "audit", "ls", *arguments).stdout.split()]


class Lists(Audit):
    def test_the_line_says_what_happened(self):
        self.events({"data": {"command": ["git", "push", "--tags", "a b"]}},
                    {"event": "run.denied", "outcome": "denied", "data": {"command": ["rm", "-rf", "/"], "reason": "too much", "rule": "r1"}},
                    {"event": "login", "verb": "login", "outcome": "failed", "data": {"account": "alice", "reason": "wrong password"}},
                    {"event": "run.outcome", "outcome": "exited", "run": "01900000-0000-7000-8000-000000000abc", "data": {"exit_code": 3}},
                    {"event": "of.tomorrow", "data": {"name": "thing", "why": "new"}})
        lines = self.ctl("audit", "ls").stdout.splitlines()
        self.assertRegex(lines[0], r"^SEQ +TIME +PRINCIPAL +EVENT +OUTCOME +WHAT$")
        for line, words in zip(lines[1:], (r"of\.tomorrow +pending +thing, new$", r"run\.outcome +exited +the run 00000abc ended: exited, exit 3$",
                                           r"login +failed +alice, wrong password$", r"denied +may not run rm -rf /: too much, rule r1$",
                                           r"runs git push --tags 'a b'$")):
            self.assertRegex(line, words)
        self.assertRegex(self.ctl("-v", "audit", "ls").stdout, r"OUTCOME +VERB +RUN +WHAT\n")

    def test_a_number_is_told_though_an_id_has_its_digits(self):
        self.events({"event": "run.outcome", "outcome": "exited", "run": "01900000-0000-7000-8000-0000ac2180a0", "data": {"exit_code": 1}},
                    {"event": "audit.exported", "outcome": "ok", "data": {"from": 5, "to": 10, "format": "jsonl", "count": 6}},
                    {"event": "verb.denied", "verb": "approvals.decide", "outcome": "denied", "data": {"peer": "unix:0"}},
                    {"event": "approval.decided", "outcome": "denied", "data": {"approval": "77", "decision": "deny", "reason": "no"}})
        lines = self.ctl("audit", "ls").stdout.splitlines()[1:]
        for line, words in zip(lines, (r"answered 77 with deny, no$", r"may not approvals\.decide$",
                                       r"exports events from 5 as jsonl, up to 10, events 6$", r"ended: exited, exit 1$")):
            self.assertRegex(line, words)

    def test_devices_have_names_and_a_question_for_a_password_is_no_refusal(self):
        device = "device:01a21c2e-1112-7341-9ff7-3a6bd7a210d2"
        for name in ("phone", None, EVIL):
            self.events({"event": "freeze.set", "verb": "freeze", "outcome": "ok", "principal": device,
                         "data": {"frozen": "*", "peer": "tcp 192.0.2.1", **({"device_name": name} if name else {})}})
        self.events({"event": "step_up.asked", "verb": "users.create", "outcome": "pending", "principal": "user:admin", "data": {"peer": "unix:0"}})
        lines = self.ctl("audit", "ls").stdout.splitlines()[1:]
        self.assertRegex(lines[0], r"user:admin +step_up\.asked +pending +was asked for its password: users\.create$")
        self.assertRegex(lines[2], r"Z +device d7a210d2 +freeze\.set +ok +froze \*$")
        self.assertRegex(lines[3], r"Z +phone \(device d7a210d2\) +freeze\.set +ok +froze \*$")
        self.assertTrue(all(line.isprintable() for line in lines), lines)
        shown = self.ctl("audit", "show", "1").stdout
        self.assertRegex(shown, r"phone \(device d7a210d2\) froze \*")
        self.assertRegex(shown, r"device +phone\n")

    def test_pages_go_on_until_there_are_enough(self):
        self.events(*({"data": {"n": n}} for n in range(2500)))
        self.change(budget=400)
        self.assertEqual(self.numbers("--all"), list(range(2500, 0, -1)))
        self.assertEqual(self.numbers("--all", "-r"), list(range(1, 2501)))
        self.assertEqual(self.numbers("--limit", "1200"), list(range(2500, 1300, -1)))
        self.assertEqual(len(self.numbers()), 50)
        self.assertEqual(self.numbers("--grep", '"n":7}'), [8])
        self.assertIn("older ones", self.ctl("audit", "ls").stderr)
        self.assertIn("newer ones", self.ctl("audit", "ls", "-r").stderr)
        self.assertEqual(self.ctl("audit", "ls", "--limit", "2500").stderr, "")
        self.ctl("audit", "ls", "--all", "--limit", "3", code=2)
        self.ctl("audit", "ls", "--limit", "0", code=2)

    def test_json_is_one_object_over_all_pages_and_jsonl_a_line_each(self):
        self.events(*({"data": {"n": n, "evil": EVIL}} for n in range(1500)))
        whole = json.loads(self.ctl("-o", "json", "audit", "ls", "--limit", "1400").stdout)
        self.assertEqual([row["seq"] for row in whole["events"]], list(range(1500, 100, -1)))
        self.assertEqual(whole["next"], 101)
        lines = self.ctl("-o", "jsonl", "audit", "ls", "--all").stdout.splitlines()
        self.assertEqual([json.loads(line)["event"]["data"]["n"] for line in lines], list(range(1499, -1, -1)))
        self.assertTrue(all(line.isprintable() for line in lines))
        self.assertEqual(json.loads(self.ctl("-o", "json", "audit", "ls", "--event", "login").stdout), {"events": []})

    def test_filters_and_what_verb_means(self):
        self.events({"event": "run.start"}, {"event": "run.denied", "outcome": "denied"}, {"event": "secret.used", "verb": "", "outcome": "ok"},
                    {"verb": "runs.exec"}, {"principal": "unix:7"})
        self.assertEqual(self.numbers("--verb", "run.start"), [1])
        self.assertEqual(self.numbers("--verb", "run.start,run.denied"), [2, 1])
        self.assertEqual(self.numbers("--verb", "runs.*"), [5, 4, 2, 1])
        self.assertEqual(self.numbers("--verb", "runs.exec"), [4])
        self.assertEqual(self.numbers("--event", "run.*,secret.used", "--outcome", "denied,ok"), [3, 2])
        self.assertEqual(self.numbers("--principal", "unix:7"), [5])
        for words, found in ((("--verb", "run*"), [5, 4, 2, 1]), (("--verb", "*"), [5, 4, 3, 2, 1]), (("--event", "run*"), [5, 4, 2, 1]),
                             (("--event", "r*d"), [2]), (("--event", "*.used"), [3]), (("--outcome", "den*"), [2]),
                             (("--outcome", "*"), [5, 4, 3, 2, 1]), (("--outcome", "running"), []), (("--verb", "secret*"), [])):
            self.assertEqual(self.numbers(*words), found, words)
        self.assertEqual(self.numbers("--verb", "login"), [])  # the verb: its event has another name here
        self.ctl("audit", "ls", "--verb", "run.start", "--event", "login", code=2)

    def test_a_name_that_there_is_not_is_no_empty_answer(self):
        self.events({"event": "run.start"}, {"event": "secret.used"})
        for words, close in (("ls --event run.strat", "run.start"), ("ls --verb run.start,runs.craete", "runs.create"),
                             ("ls --event secret.x", "secret.used"), ("stats --event run.strat", "run.start"),
                             ("ls -f --event run.strat", "run.start"), ("ls --event runs.create", "--verb runs.create"),
                             ("ls --event run.start,", "owhaled-audit-events"), ("ls --event nothing.*", "owhaled-audit-events"),
                             ("ls --verb " + "x" * 300, "owhaled-audit-events"), ("ls --event runx*", "owhaled-audit-events"),
                             ("ls --outcome deneid", "denied"), ("stats --outcome nothing*", "limit_exceeded"), ("ls --outcome ok,", "limit_exceeded")):
            done = self.ctl("audit", *words.split(), code=2)
            self.assertIn(close, done.stderr)
            self.assertEqual(done.stdout, "")
        self.assertIn("audit ls", self.ctl("audit", "export", "--event", "run.start", code=2).stderr)

    def test_what_is_no_principal_is_no_empty_answer(self):
        self.events({"principal": "unix:7"}, {"principal": "system"}, {"principal": "user:a.b-c"}, {"principal": "tcp 192.0.2.1"})
        for wrong, words in (("x", "user:x"), ("1000", "unix:1000"), ("127.0.0.1", "'tcp 127.0.0.1'"), ("::1", "'tcp ::1'"), ("unix:alice", "unix:UID"), ("unix:", "device:ID"), ("unix:7,system", "unix:UID"),
                             ("user:*", "user:NAME"), ("uid:7", "unix:UID"), ("\x1b[31m", "unix:UID"), ("run:*", "leave --principal out"),
                             ("device:x", "device:ID")):
            for verb in ("ls", "stats"):
                done = self.ctl("audit", verb, "--principal", wrong, code=2)
                self.assertIn("is no principal", done.stderr)
                self.assertIn(words, done.stderr)
                self.assertNotIn("\x1b", done.stderr)
        for right, found in (("unix:7", [1]), ("system", [2]), ("user:a.b-c", [3]), ("tcp 192.0.2.1", [4]), ("device:8f", [])):
            self.assertEqual(self.numbers("--principal", right), found)

    def test_what_the_column_shows_of_a_device_or_a_run_is_taken(self):
        laptop, former = "01a21c2e-1112-7341-9ff7-3a6bd7a210d2", "01a21c2e-2223-7341-9ff7-3a6b8359fcbb"
        made = [{"event": "device.add", "verb": "pair.confirm", "outcome": "ok", "principal": "user:a", "data": {"device": one, "name": name}}
                for one, name in ((laptop, "laptop"), (former, "my phone"), (laptop, "twin"), (former, "twin"))]
        self.events(*made, {"principal": "device:" + laptop, "data": {"device_name": "laptop"}}, {"principal": "device:" + former})
        for shown, found in ((f"laptop (device {laptop[-8:]})", [5]), ("device laptop", [5]), ("device lap…", [5]), ("device my phone", [6]),
                             ("device:" + laptop, [5]), ("device:" + former, [6])):
            self.assertEqual(self.numbers("--principal", shown), found, shown)
        self.assertIn("more than one device is or was called", self.ctl("audit", "ls", "--principal", "device twin", code=2).stderr)
        self.assertIn("'twin (device d7a210d2)'", self.ctl("audit", "ls", "--principal", "device twin", code=2).stderr)
        self.assertIn("no device is called", self.ctl("audit", "ls", "--principal", "device desk", code=5).stderr)

    def test_nothing_is_said_twice_nor_as_often_as_once(self):
        self.events({"event": "pair.join", "verb": "pair.join", "outcome": "failed", "principal": "tcp 127.0.0.1",
                     "data": {"peer": "tcp 127.0.0.1", "reason": "the code was wrong", "count": 1}},
                    {"event": "login", "verb": "login", "outcome": "failed", "principal": "tcp 127.0.0.1",
                     "data": {"peer": "tcp 127.0.0.1", "account": "a", "reason": "no", "count": 2}},
                    {"event": "run.denied", "outcome": "denied", "data": {"command": ["rm"], "reason": "It deletes what the machine needs.", "rule": "r.one"}},
                    {"event": "device.change", "outcome": "ok", "principal": "user:a",
                     "data": {"device": "01a21c2e-1112-7341-9ff7-3a6bd7a210d2", "name": "new", "before": "old", "can": [], "could": ["audit", "runs"]}})
        lines = self.ctl("audit", "ls").stdout.splitlines()[1:]
        self.assertRegex(lines[3], r"^1 .*tcp 127\.0\.0\.1 +pair\.join +failed +the code was wrong$")
        self.assertRegex(lines[2], r"a, no, times 2$")
        self.assertRegex(lines[1], r"may not run rm: It deletes what the machine needs, rule r\.one$")
        self.assertRegex(lines[0], r"changed the device old, which could audit, runs: it is new now, and may nothing$")

    def test_times_are_local(self):
        self.events({"time": "2026-11-20T07:59:59.000000Z"}, {"time": "2026-11-20T08:00:00.000000Z"}, {"time": "2026-11-20T23:30:00.000000Z"})
        self.assertEqual(self.numbers("--since", "2026-11-20 09:00"), [3, 2])
        self.assertEqual(self.numbers("--since", "2026-11-21"), [3])
        self.assertEqual(self.numbers("--until", "2026-11-20T08:00:00Z"), [1])
        self.assertEqual(self.numbers("--since", "2026-11-20T09:00", "--until", "2026-11-20 10:00"), [2])
        for wrong in ("2026-02-31", "tomorrow or so", "25:00", "7", "2026-11-20 09:00:00 or so"):
            self.assertIn("--since", self.ctl("audit", "ls", "--since", wrong, code=2).stderr)

    def test_what_can_choose_nothing_or_everything_is_a_slip(self):
        self.events({}, {})
        for verb in ("ls", "stats", "export"):
            for since, until in (("1m", "2m"), ("2026-11-20", "2026-11-20"), ("2026-11-20T10:00:00+01:00", "2026-11-20T09:00:00Z")):
                said = self.ctl("audit", verb, "--since", since, "--until", until, code=2).stderr
                self.assertIn(f"no time is from --since {since} on and before --until {until}", said)
        self.assertIn("--grep ''", self.ctl("audit", "ls", "--grep", "", code=2).stderr)
        self.assertIn("more than once", self.ctl("audit", "ls", "--grep", "a", "--grep", "b", code=2).stderr)

    def test_an_export_that_got_nothing_leaves_no_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "out")
            done = self.ctl("--socket", os.path.join(folder, "none.sock"), "audit", "export", "--file", path, code=6)
            self.assertFalse(os.path.exists(path), done.stderr)
            self.assertNotIn("--resume", done.stderr)
            with open(path, "w", encoding="utf-8"):
                pass
            self.ctl("--socket", os.path.join(folder, "none.sock"), "audit", "export", "--resume", path, code=6)
            self.assertTrue(os.path.exists(path), "it was there before")

    def test_a_terminal_gets_no_line_that_is_too_wide_and_nothing_it_obeys(self):
        self.events({"principal": "run:01900000-0000-7000-8000-000000000001", "data": {"command": ["sh", "-c", EVIL * 9]}},
                    {"event": "x\x1b[2J" * 20, "data": {"command": ["漢字" * 90]}})
        for columns in (30, 79, 200):
            terminal = Terminal("--no-color", "audit", "ls", columns=columns)
            self.assertEqual(terminal.wait(), 0)
            text = terminal.seen.decode()
            self.assertNotIn("\x1b", text)
            self.assertNotIn("\u202e", text)
            lines = text.split("\r\n")
            self.assertEqual(len(lines), 4, lines)  # headings, two, and the end
            wide = [sum(2 if "\u4e00" <= c <= "\u9fff" else 1 for c in line) for line in lines]
            self.assertLessEqual(max(wide), columns, lines)

    def test_eighty_columns_have_room_for_what_happened(self):
        self.events({"event": "approval.requested", "outcome": "pending", "time": "2026-11-20T08:00:00.000000Z",
                     "data": {"approval": "01a21c2e-1112-7341-9ff7-3a6bd7a210d2", "severity": "high", "rule": "network.sends"}},
                    {"event": "login", "verb": "login", "outcome": "failed", "data": {"account": "alice", "reason": "wrong password"}},
                    {"event": "run.denied", "outcome": "denied", "data": {"command": ["rm", "-rf", "/"], "reason": "too much"}})
        terminal = Terminal("--no-color", "audit", "ls", columns=80)
        self.assertEqual(terminal.wait(), 0)
        lines = terminal.seen.decode().split("\r\n")
        self.assertRegex(lines[0], r"^SEQ +TIME +PRINCIPAL +EVENT +OUTCOME +WHAT$")
        self.assertRegex(lines[1], r"run\.denied +denied +may not run rm")
        self.assertRegex(lines[2], r"login +failed +alice, wrong")
        self.assertRegex(lines[3], r"11-20 08:00Z .*approval\.requested +pending +asks for approval")
        self.assertTrue(all(len(line) <= 80 for line in lines), lines)

    def test_verb_and_run_stand_below_on_eighty_columns(self):
        run = "01900000-0000-7000-8000-000000000abc"
        self.events({"event": "run.outcome", "verb": "runs.create", "outcome": "exited", "run": run, "data": {"exit_code": 3}}, {"event": "login", "verb": ""})
        terminal = Terminal("--no-color", "-v", "audit", "ls", columns=80)
        self.assertEqual(terminal.wait(), 0)
        lines = terminal.seen.decode().split("\r\n")
        self.assertRegex(lines[0], r"^SEQ +TIME +PRINCIPAL +EVENT +OUTCOME +WHAT$")
        self.assertRegex(lines[1], r" login ")
        self.assertRegex(lines[2], r"ended: exited")
        self.assertRegex(lines[3], r"^ +runs\.create, run %s$" % run)
        self.assertTrue(all(len(line) <= 80 for line in lines), lines)
        self.assertRegex(self.ctl("-v", "audit", "ls").stdout, run)

    def test_a_long_search_says_on_a_terminal_how_far_it_is(self):
        self.events(*({"data": {"n": n}} for n in range(3000)))
        self.change(budget=300, slow=0.3)
        terminal = Terminal("audit", "ls", "--grep", '"n":0}', columns=120)
        terminal.until(rb"searching: back to 20\d\d-[^\r]*event \d+")
        self.assertEqual(terminal.wait(), 0)
        self.assertRegex(terminal.seen, rb"\x1b\[K.*SEQ[^\n]*\n1 ")

    def test_a_dropped_event_is_listed_by_what_is_left_of_it(self):
        self.events({"event": "login", "outcome": "ok"}, {"event": "audit.dropped", "data": {"through": 1}})
        self.change(dropped=1)
        self.assertRegex(self.ctl("audit", "ls").stdout, r"1 .* login +ok +no longer kept \(2\)")
        shown = self.ctl("audit", "show", "1").stdout
        self.assertRegex(shown, r"dropped .*event 2 tells")
        self.assertNotIn("as shown", shown)


class Follows(Audit):
    def follow(self, *arguments, output=subprocess.PIPE):
        process = subprocess.Popen([CTL, *arguments], stdout=output, stderr=subprocess.PIPE, text=True, bufsize=1)
        self.addCleanup(lambda: (process.kill(), process.wait(60), process.stdout and process.stdout.close(), process.stderr.close()))
        return process

    def test_each_event_once_and_at_once(self):
        self.events(*({"data": {"n": n}} for n in range(30)))
        process = self.follow("-o", "jsonl", "audit", "ls", "-f", "--event", "run.*")
        self.assertEqual([json.loads(process.stdout.readline())["seq"] for _ in range(10)], list(range(21, 31)))
        for number in range(31, 40):
            self.events({"event": "login"} if number % 3 == 0 else {})
            if number % 3:
                self.assertEqual(json.loads(process.stdout.readline())["seq"], number)
        process.send_signal(signal.SIGINT)
        self.assertIn(process.wait(60), (130, -signal.SIGINT))

    def test_since_shows_what_there_was_first(self):
        self.events(*({"data": {"n": n}} for n in range(1200)))
        process = self.follow("-q", "audit", "ls", "-f", "--since", "2001-01-01")
        self.assertEqual([int(process.stdout.readline()) for _ in range(1200)], list(range(1, 1201)))
        self.events({})
        self.assertEqual(int(process.stdout.readline()), 1201)

    def test_what_cannot_be_followed(self):
        self.events({})
        self.ctl("audit", "ls", "-f", "--until", "now", code=2)
        self.ctl("-o", "json", "audit", "ls", "-f", code=2)

    def test_it_ends_when_nobody_reads(self):
        self.events({})
        reader, writer = os.pipe()
        process = self.follow("audit", "ls", "-f", output=writer)
        os.close(writer)
        self.assertTrue(os.read(reader, 10))
        os.close(reader)
        self.events({})
        self.assertEqual(process.wait(60), 128 + signal.SIGPIPE)
        self.assertEqual(process.stderr.read(), "")


class Shows(Audit):
    def test_an_event_is_verified_here(self):
        self.events(*({"data": {"command": ["true"], "text": EVIL, "n": n}} for n in range(9)))
        shown = self.ctl("audit", "show", "5").stdout
        self.assertRegex(shown, r"Event +5 run\.intent\n")
        self.assertRegex(shown, r"verified +in the tree of 9 events whose root owhaled/fake/12345678 signed")
        self.assertNotIn("\x1b", shown)
        self.assertRegex(self.ctl("audit", "show", "5", "--proof").stdout, r"leaf +4\nsize +9\n(hash +.{44}\n){4}key +owhaled/fake[\s\S]*— owhaled/fake")
        self.assertIn("proof", json.loads(self.ctl("-o", "json", "audit", "show", "5").stdout))
        self.ctl("audit", "show", "10", code=5)
        self.ctl("audit", "show", "0", code=2)

    def test_every_lie_is_found(self):
        self.events(*({"data": {"n": n}} for n in range(9)))
        for forge, words in (("text", "the event was changed"), ("leaf", "not in that tree"), ("path", "not in that tree"), ("note", "does not hold")):
            self.change(forge=forge)
            done = self.ctl("audit", "show", "5", code=1)
            self.assertRegex(done.stdout, "NOT AS LOGGED.*" + words)
            self.assertIn("digest_mismatch: event 5", done.stderr)
            self.ctl("-o", "json", "audit", "show", "5", code=1)
        self.change(forge="no proof")
        self.assertIn("not verified", self.ctl("audit", "show", "5").stdout)


class Counts(Audit):
    def setUp(self):
        super().setUp()
        hours = [0, 0, 0, 0, 1, 1, 5, 30, 30, 30, 30, 30, 30, 30, 30]
        self.events(*({"time": "2026-11-%02dT%02d:10:00.000000Z" % (20 + hour // 24, hour % 24), "event": "login" if hour == 5 else "run.intent"}
                      for hour in hours))

    def test_a_pipe_gets_tables_without_bars(self):
        out = self.ctl("audit", "stats").stdout
        self.assertRegex(out, r"\A15 events\n")
        self.assertRegex(out, r"EVENT +COUNT\nrun\.intent +14\nlogin +1\n")
        self.assertTrue(out.isascii())
        self.assertRegex(self.ctl("audit", "stats", "--by", "hour").stdout, r"HOUR +COUNT\n2026-11-20T00:00:00Z +4\n")
        lines = self.ctl("-o", "jsonl", "audit", "stats", "--by", "type").stdout.splitlines()
        self.assertEqual(json.loads(lines[0]), {"name": "run.intent", "count": 14})
        self.assertEqual(json.loads(self.ctl("-o", "json", "audit", "stats", "--event", "login").stdout)["total"], 1)
        self.ctl("audit", "stats", "--by", "colour", code=2)

    def test_a_terminal_gets_bars_that_fit(self):
        for locale, pattern in (("C.UTF-8", "█".encode() * 8), ("C", rb"########")):
            os.environ["LC_ALL"] = locale
            for columns in (40, 100):
                terminal = Terminal("--no-color", "audit", "stats", columns=columns)
                self.assertEqual(terminal.wait(), 0)
                self.assertRegex(terminal.seen, pattern)
                self.assertIn(b"2026-11-20T00:00:00Z to 20", terminal.seen.replace(b"\r", b""))
                lines = terminal.seen.decode().split("\r\n")
                self.assertLessEqual(max(map(len, lines)), columns, lines)
                if locale == "C":
                    # what is clipped ends in an ellipsis in every locale
                    self.assertTrue(terminal.seen.replace("…".encode(), b"").isascii(), terminal.seen)


if __name__ == "__main__":
    unittest.main()
