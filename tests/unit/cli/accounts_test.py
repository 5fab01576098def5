#!/usr/bin/env python3
"""owhalectl's accounts, tokens and step-up, as people and scripts meet them. usage: accounts_test.py OWHALECTL"""
import json, os, signal, stat, subprocess, tempfile, unittest
from pathlib import Path

from people import CTL, GOOD, OTHER, Case, Terminal


class Logins(Case):
    def test_eighty_columns_are_enough(self):
        self.fake()
        self.set_up()
        for words in (["whoami"], ["status"], ["doctor"]):
            terminal = Terminal("--no-color", *words, columns=80)
            terminal.wait()
            lines = terminal.seen.decode().split("\r\n")
            self.assertLessEqual(max(map(len, lines)), 80, lines)
        self.assertTrue(any(len(line) > 80 for line in self.ctl("whoami").stdout.split("\n")))

    def test_first_login_leads_into_a_password_of_one_s_own(self):
        self.fake()
        terminal = Terminal("login")
        terminal.answer(b"Password of admin: ", "admin")
        terminal.answer(rb"8 to 128 characters[\s\S]*New password of admin: ", "short")
        terminal.answer(rb"too short[\s\S]*New password of admin: ", "password1")
        terminal.answer(b"The same again: ", "password2")
        for _ in range(2):
            terminal.answer(b"New password of admin: |again: ", "password1")
        terminal.answer(rb"most common passwords[\s\S]*New password of admin: ", GOOD)
        terminal.answer(b"The same again: ", GOOD)
        self.assertEqual(terminal.wait(), 0)
        self.assertIn(b"logged in as user:admin (admin)", terminal.seen)
        for secret in (b"short\r", b"password1\r", GOOD.encode()):
            self.assertNotIn(secret, terminal.seen)
        self.assertIn("user:admin", self.ctl("whoami").stdout)

    def test_a_script_logs_in_and_out(self):
        self.fake()
        self.set_up()
        file, = self.tokens()
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(file.parent.stat().st_mode), 0o700)
        self.assertIn("user:admin", self.ctl("whoami").stdout)
        self.assertRegex(self.ctl("logout").stderr, "the session of user:admin is over")
        self.assertEqual(self.tokens(), [])
        self.assertIn("unix:", self.ctl("whoami").stdout)
        self.assertIn("not logged in", self.ctl("logout").stderr)

    def test_two_lines_for_a_password_that_must_change(self):
        self.fake()
        stopped = self.ctl("login", "admin", "--password-stdin", stdin="admin\n", code=3)
        self.assertRegex(stopped.stderr, r"\Aowhalectl: password_change_required: .*\n  next: owhalectl passwd")
        self.ctl("runs", "ls", code=3)
        self.ctl("passwd", "--password-stdin", stdin="admin\n%s\n" % GOOD)
        self.ctl("runs", "ls")
        self.ctl("passwd", "--password-stdin", stdin="%s\n%s\n" % (GOOD, OTHER))
        self.assertIn("the password is wrong", self.ctl("login", "admin", "--password-stdin", stdin=GOOD + "\n", code=3).stderr)

    def test_json_shows_no_token(self):
        self.fake()
        done = self.ctl("-o", "json", "login", "admin", "--password-stdin", stdin="admin\n%s\n" % GOOD)
        self.assertEqual(set(json.loads(done.stdout)), {"principal", "roles", "session", "expires_at"})

    def test_an_empty_answer_or_a_wrong_one_asks_again(self):
        self.fake()
        self.set_up()
        self.ctl("logout")
        terminal = Terminal("login", "admin")
        terminal.answer(b"Password of admin: ", "")
        terminal.answer(rb"Nothing was typed.\r\nPassword of admin: ", "wrong one")
        terminal.answer(rb"password is wrong\r\nPassword of admin: ", GOOD)
        self.assertEqual(terminal.wait(), 0)
        terminal = Terminal("users", "add", "bob", "--role", "agent")
        terminal.answer(b"owhaled needs the password of user:admin: ", "")
        for _ in range(2):
            terminal.answer(rb"needs the password of user:admin: ", "wrong")
        terminal.answer(rb"the password is wrong\r\n[^:]*needs the password of user:admin: ", "wrong")
        self.assertEqual(terminal.wait(), 3)
        self.assertIn(b"credentials_wrong: the password is wrong", terminal.seen)
        terminal = Terminal("passwd")
        for _ in range(3):
            terminal.answer(b"Present password of admin: ", "")
        self.assertEqual(terminal.wait(), 3)
        self.assertIn(b"no password was typed", terminal.seen)

    def test_end_of_input_at_a_password(self):
        self.fake()
        terminal = Terminal("login", "admin")
        terminal.until(b"Password of admin: ")
        terminal.type(b"\x04")
        self.assertEqual(terminal.wait(), 3)
        self.assertRegex(terminal.seen, rb"unauthenticated: cancelled: no password was given\r\n  next: start it again")

    def test_an_empty_token_is_no_token(self):
        self.fake()
        self.set_up()
        for words in (["whoami"], ["runs", "ls"]):
            refused = self.ctl(*words, code=3, env=dict(os.environ, OWHALE_TOKEN=""))
            self.assertRegex(refused.stderr, "token_malformed: OWHALE_TOKEN is set and empty\n  next: unset it")
        self.ctl("run", "true", code=125, env=dict(os.environ, OWHALE_TOKEN=""))

    def test_nobody_logs_in_inside_a_cage(self):
        self.fake()
        os.environ["OWHALE_SOCKET"] = self.fake(run=True).path
        for words in (["login", "admin"], ["passwd"], ["setup"]):
            terminal = Terminal(*words)
            self.assertEqual(terminal.wait(), 4)
            self.assertNotIn(b"assword of", terminal.seen)
            self.assertRegex(terminal.seen, rb"forbidden: .*a run[\s\S]*next: .*outside of the cage")

    def test_a_login_ends_the_one_that_it_replaces(self):
        self.fake()
        self.set_up()
        former, = self.tokens()
        former = json.loads(former.read_text())["access_token"]
        self.ctl("login", "admin", "--password-stdin", stdin=GOOD + "\n")
        self.assertIn("token_revoked", self.ctl("whoami", code=3, env=dict(os.environ, OWHALE_TOKEN=former)).stderr)
        self.assertIn("user:admin", self.ctl("whoami").stdout)

    def test_logout_forgets_the_token_of_an_owhaled_that_is_gone(self):
        fake = self.fake()
        self.set_up()
        fake.process.kill()
        fake.process.wait()
        gone = self.ctl("logout", code=6)
        self.assertRegex(gone.stderr, "unreachable: the token is forgotten here, but the session could not be ended there: ")
        self.assertEqual(self.tokens(), [])
        self.assertNotIn("forgotten", self.ctl("logout", code=6).stderr)

    def test_logout_removes_a_file_that_is_no_token(self):
        self.fake()
        self.set_up()
        file, = self.tokens()
        file.write_bytes(b"{}")
        self.ctl("logout")
        self.assertEqual(self.tokens(), [])

    def test_passwd_counts_the_tokens_that_stay(self):
        self.fake()
        self.set_up()
        wrong = self.ctl("passwd", "--password-stdin", stdin="wrong\n%s\n" % OTHER, code=3)
        self.assertIn("credentials_wrong: the present password is wrong", wrong.stderr)
        self.assertNotIn("tokens", self.ctl("passwd", "--password-stdin", stdin="%s\n%s\n" % (GOOD, OTHER)).stderr)
        for _ in range(2):
            self.ctl("tokens", "add", "--role", "agent", "--ttl", "1h", "--password-stdin", stdin=OTHER + "\n")
        done = self.ctl("passwd", "--password-stdin", stdin="%s\n%s\n" % (OTHER, GOOD))
        self.assertRegex(done.stderr, "2 tokens .*stay good")

    def test_no_terminal_and_no_stdin(self):
        self.fake()
        self.assertRegex(self.ctl("login", "admin", code=3).stderr, "no terminal.*\n.*--password-stdin")
        self.assertRegex(self.ctl("login", "admin", "--password-stdin", code=3).stderr, "stdin holds no line")
        self.ctl("login", "admin", "--password-stdin", stdin="x" * 2000 + "\n", code=2)

    def test_interrupted_at_the_password(self):
        self.fake()
        terminal = Terminal("login", "admin")
        terminal.until(b"Password of admin: ")
        terminal.type(b"half of it")
        os.kill(terminal.pid, signal.SIGINT)
        self.assertEqual(terminal.wait(), -signal.SIGINT)
        self.assertNotIn(b"half", terminal.seen)

    def test_undumpable_while_a_password_is_at_hand(self):
        self.fake()
        terminal = Terminal("login", "admin")
        terminal.until(b"Password of admin: ")
        owner = os.stat("/proc/%d/environ" % terminal.pid).st_uid
        self.assertTrue(owner == 0)
        if os.getuid() != 0:
            with self.assertRaises(PermissionError):
                open("/proc/%d/mem" % terminal.pid, "rb")
        os.kill(terminal.pid, signal.SIGKILL)
        os.waitpid(terminal.pid, 0)

    def test_a_short_wait_is_waited_out_and_a_long_one_told(self):
        fake = self.fake()
        self.set_up()
        self.ctl("users", "add", "alice", "--role", "agent", "--password-stdin", stdin="%s\n%s\n" % (OTHER, GOOD))
        terminal = Terminal("login", "hurried")
        terminal.until(b"Password of hurried: ")
        terminal.type(OTHER.encode() + b"\n")
        self.assertEqual(terminal.wait(), 0)
        self.assertIn(b"asks to wait 1 s", terminal.seen)
        long = self.ctl("login", "barred", "--password-stdin", stdin="x\n", code=1)
        self.assertRegex(long.stderr, r"rate_limited: .*\(pid 7, guess\)\n  next: try again in 60 s")
        self.assertEqual(fake.process.poll(), None)

    def test_what_is_in_the_way_of_a_token_file(self):
        self.fake()
        self.set_up()
        file, = self.tokens()
        text = file.read_bytes()
        file.chmod(0o640)
        refused = self.ctl("runs", "ls", code=3)
        self.assertRegex(refused.stderr, "can be read or written by others: it was not used\n  next: .*owhalectl login")
        file.chmod(0o600)
        file.write_bytes(b"{}")
        self.assertIn("token_malformed", self.ctl("runs", "ls", code=3).stderr)
        file.unlink()
        real = Path(self.home.name) / "elsewhere"
        real.write_bytes(text)
        real.chmod(0o600)
        file.symlink_to(real)
        self.assertIn("is a link", self.ctl("runs", "ls", code=3).stderr)
        file.unlink()
        os.mkfifo(file)
        self.assertIn("no plain file", self.ctl("runs", "ls", code=3).stderr)

    @unittest.skipIf(os.getuid() != 0, "another user's file needs root")
    def test_another_user_s_token_file_or_home(self):
        self.fake()
        self.set_up()
        file, = self.tokens()
        os.chown(file, 61234, 61234)
        self.assertRegex(self.ctl("runs", "ls", code=3).stderr, "belongs to uid 61234, not to you")
        file.unlink()
        with tempfile.TemporaryDirectory() as home:
            os.chown(home, 61234, 61234)
            os.environ["HOME"] = home
            self.assertRegex(self.ctl("login", "admin", "--password-stdin", stdin=GOOD + "\n", code=3).stderr, "belongs to uid 61234")
            self.assertEqual(os.listdir(home), [])

    def test_an_ended_session_is_never_another_principal(self):
        self.fake()
        self.set_up()
        subprocess.run(["curl", "-s", "--unix-socket", os.environ["OWHALE_SOCKET"], "http://localhost/fake/expire"], check=True)
        for words in (["whoami"], ["runs", "ls"], ["users", "ls"]):
            self.assertRegex(self.ctl(*words, code=3).stderr, r"token_expired: .*\n  next: log in again")
        self.assertRegex(self.ctl("run", "id", code=125).stderr, "token_expired")
        self.assertIn("was over already", self.ctl("logout").stderr)
        self.assertIn("unix:", self.ctl("whoami").stdout)

    def test_environment_wins(self):
        self.fake()
        self.set_up()
        token = self.ctl("-q", "tokens", "add", "--role", "agent", "--ttl", "1h", "--password-stdin", stdin=GOOD + "\n").stdout.strip()
        self.ctl("logout")
        os.environ["OWHALE_TOKEN"] = token
        self.assertIn("OWHALE_TOKEN", self.ctl("whoami").stdout)
        os.environ["OWHALE_TOKEN"] = "no\r\nHost: token"
        self.assertIn("token_malformed", self.ctl("whoami", code=3).stderr)
        os.environ["OWHALE_TOKEN"] = "a.b.c"
        self.assertRegex(self.ctl("whoami", code=3).stderr, "token_unknown_key: .*\n  next: OWHALE_TOKEN")


class Acts(Case):
    def test_the_password_is_asked_for_with_the_act(self):
        self.fake()
        self.set_up()
        terminal = Terminal("users", "add", "bob", "--role", "agent,auditor")
        terminal.answer(b"To add the account bob, owhaled needs the password of user:admin: ", "wrong one")
        terminal.answer(rb"is wrong\r\nTo add the account bob, owhaled needs the password of user:admin: ", GOOD)
        self.assertEqual(terminal.wait(), 0)
        self.assertRegex(terminal.seen, rb"One-time password\S*\s+\S+")
        self.assertNotIn(GOOD.encode(), terminal.seen)
        acts = [one for one in self.seen() if one["verb"] == "POST v1/users"]
        self.assertEqual([bool(one["password"]) for one in acts], [False, True, True])

    def test_off_a_terminal(self):
        self.fake()
        self.set_up()
        self.assertRegex(self.ctl("users", "add", "bob", "--role", "agent", code=3).stderr, "step_up_required: .*\n  next: .*--password-stdin")
        self.ctl("users", "reset", "admin", "--password-stdin", stdin="wrong\n", code=3)
        once = self.ctl("-q", "users", "add", "bob", "--role", "agent", "--password-stdin", stdin="%s\n%s\n" % (OTHER, GOOD))
        self.assertEqual(once.stdout, "")
        self.ctl("logout")
        self.assertRegex(self.ctl("users", "rm", "bob", code=3).stderr, "not logged in to one\n  next: owhalectl login")

    def test_users_from_first_to_last(self):
        self.fake()
        self.set_up()
        mine = GOOD + "\n"
        proof = ("--password-stdin",)
        self.assertRegex(self.ctl("users", "add", "bob", code=2).stderr, "--role")
        self.ctl("users", "add", "bob", "--role", "agent", "--role", "auditor", *proof, stdin="%s\n%s" % (OTHER, mine))
        self.assertIn("agent, auditor", self.ctl("users", "ls").stdout)
        self.assertEqual(self.ctl("-q", "users", "ls").stdout, "admin\nbob\n")
        self.ctl("users", "disable", "bob", *proof, stdin=mine)
        self.assertIn("disabled", self.ctl("users", "show", "bob").stdout)
        self.ctl("users", "enable", "bob", *proof, stdin=mine)
        self.assertIn("is now admin", self.ctl("users", "role", "bob", "admin", *proof, stdin=mine).stdout)
        once = self.ctl("-q", "users", "reset", "bob", *proof, stdin=mine).stdout.strip()
        self.ctl("login", "bob", "--password-stdin", stdin="%s\n%s\n" % (once, OTHER))
        self.ctl("users", "rm", "admin", *proof, stdin=OTHER + "\n")
        self.assertRegex(self.ctl("users", "show", "admin", code=5).stderr, "not_found: .*\n  next: owhalectl users ls")
        self.assertEqual(json.loads(self.ctl("-o", "json", "users", "ls").stdout)["users"][0]["name"], "bob")

    def test_tokens_and_sessions(self):
        self.fake()
        self.set_up()
        add = ("tokens", "add", "--role", "agent", "--ttl", "24h", "--cwd", ".", "--label", "ci", "--password-stdin")
        done = self.ctl(*add, stdin=GOOD + "\n", cwd="/usr")
        self.assertRegex(done.stdout, r"\A[\w.-]+\n\Z")
        self.assertRegex(done.stderr, "shown this once")
        token, = self.ctl("-q", "tokens", "ls").stdout.split()
        self.assertRegex(self.ctl("tokens", "show", token[:10] + token[10:14]).stdout, r"Folder +/usr\n")
        self.assertRegex(self.ctl("tokens", "add", "--role", "agent", code=2).stderr, "--ttl")
        for folder, why in (("/no/such/folder", "cwd_missing"), ("/etc/passwd", "cwd_not_directory")):
            refused = self.ctl("tokens", "add", "--role", "agent", "--ttl", "1h", "--cwd", folder, code=1)
            self.assertIn(why, refused.stderr)
        self.ctl("tokens", "rm", token)
        self.ctl("tokens", "show", "ffffffff", code=5)
        self.ctl("login", "admin", "--password-stdin", stdin=GOOD + "\n")
        self.assertRegex(self.ctl("sessions", "rm", "--all").stdout, r"ended \d, all but this one")
        self.ctl("sessions", "rm", code=2)
        self.assertEqual(len(self.ctl("-q", "sessions", "ls").stdout.split()), 1)
        self.assertRegex(self.ctl("sessions", "rotate-key", "--password-stdin", stdin=GOOD + "\n").stdout, "new-key[\\s\\S]*old-key")

    def test_mode_shows_each_difference(self):
        self.fake()
        self.assertRegex(self.ctl("mode").stdout, r"mode local \(default\)\n\nthe first account\n  local   admin.*\n  strict  none\n  now     admin")
        self.assertEqual(self.ctl("-q", "mode").stdout, "local\n")


class Setups(Case):
    def test_local_on_a_terminal(self):
        self.fake(root=True)
        terminal = Terminal("setup")
        for _ in range(2):
            terminal.answer(b"New password of admin: |again: ", GOOD)
        if os.getuid() == 0:
            terminal.until(b"Enter to leave it so: ")
            terminal.answer(b"", "root:auditor no-such-user")
            terminal.until(rb"no user 'no-such-user'[\s\S]*leave it so: ")
            self.assertNotIn("uid:0", self.ctl("setup", "--show").stdout)  # one wrong word, and none is applied
            terminal.answer(b"", "root:nothing")
            terminal.answer(rb"no role 'nothing'[\s\S]*leave it so: ", "root:auditor")
            terminal.until(rb"uid:0 \(root\) +auditor")
        self.assertEqual(terminal.wait(), 0)
        self.assertIn(b"Try next:", terminal.seen)
        self.assertNotIn(GOOD.encode(), terminal.seen)
        self.ctl("login", "admin", "--password-stdin", stdin=GOOD + "\n")
        if os.getuid() == 0:
            self.assertRegex(self.ctl("setup", "--show").stdout, r"uid:0 \(root\) +auditor +setup")

    def test_scripts_and_a_second_time(self):
        self.fake()
        self.assertRegex(self.ctl("setup", code=3).stderr, "--password-stdin")
        self.ctl("setup", "--password-stdin", stdin="password123\n", code=1)
        self.ctl("setup", "--password-stdin", stdin=GOOD + "\n")

    def test_idempotent(self):
        self.fake()
        self.ctl("setup", "--password-stdin", stdin=GOOD + "\n")
        again = self.ctl("setup", "--password-stdin", stdin=OTHER + "\n", code=1)
        self.assertRegex(again.stderr, "conflict: .*the password on stdin was not used\n  next: owhalectl passwd")
        self.assertEqual(len(self.tokens()), 0 if os.getuid() == 0 else 1)
        self.ctl("logout")
        done = self.ctl("setup")
        self.assertIn("a password of its own already", done.stderr)
        self.assertNotIn("you are logged in", done.stdout)
        self.assertIn("owhalectl login admin", done.stdout)
        self.assertEqual([one for one in self.seen() if one["verb"] == "POST v1/login"][1:], [])

    def test_strict_makes_the_first_account(self):
        self.fake("strict", root=True)
        self.ctl("setup", "--admin", "chief", "--password-stdin", stdin=GOOD + "\n")
        self.ctl("login", "chief", "--password-stdin", stdin=GOOD + "\n")
        self.assertIn("admin", self.ctl("users", "show", "chief").stdout)

    def test_who_may_use_the_socket(self):
        self.fake(root=True)
        self.ctl("setup", "--allow", "root", "--allow", "@root:agent,auditor", "--allow", "1234:approver", "--deny", "*")
        table = self.ctl("setup", "--show").stdout
        for row in (r"uid:0 \(root\) +agent", r"gid:0 \(root\) +agent, auditor", r"uid:1234 +approver", r"\* \(everybody else\) +none"):
            self.assertRegex(table, row)
        self.ctl("setup", "--forget", "1234")
        self.assertNotIn("1234", self.ctl("setup", "--show").stdout)
        self.ctl("setup", "--allow", "4321", "--allow", "no-such-user", code=2)
        self.ctl("setup", "--allow", "4321:no-such-role", code=2)
        self.assertNotIn("4321", self.ctl("setup", "--show").stdout)
        self.assertRegex(self.ctl("setup", "--show").stdout, r"\* .*mode \(overridden above\)")
        for words in (["--allow", "1"], ["--deny", "*"], ["--forget", "1"], ["--password-stdin"]):
            self.ctl("setup", "--show", *words, code=2)

    @unittest.skipIf(os.getuid() != 0, "only root is asked who may use the socket")
    def test_end_of_input_is_done(self):
        self.fake(root=True)
        self.ctl("setup", "--password-stdin", stdin=GOOD + "\n")
        terminal = Terminal("setup")
        terminal.until(b"leave it so: ")
        terminal.type(b"\x04")
        self.assertEqual(terminal.wait(), 0)
        self.assertIn(b"Try next:", terminal.seen)

    def test_a_stranger_is_sent_to_root(self):
        self.fake("strict", strangers=True)
        if os.getuid() == 0:
            self.skipTest("root is no stranger")
        refused = self.ctl("setup", code=4)
        self.assertRegex(refused.stderr, "forbidden: setup is for root: .*\n  next: sudo owhalectl --socket .* setup")


if __name__ == "__main__":
    unittest.main(verbosity=2)
