#!/usr/bin/env python3
"""owhalectl policy as people and programs meet it: in a pipe and on a terminal. usage: policy_test.py OWHALECTL"""
import json, os, pty, re, stat, subprocess, sys, tempfile, time, unittest
from pathlib import Path

CTL = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "owhalectl"
RULE = """[[rule]]
id = "team.no-tables"
decision = "deny"
severity = "high"
reason = "Tables are dropped by hand."
program = "dropper"
match = ["dropper x"]
no_match = ["ls dropper"]
"""


def policy(*arguments, stdin="", cwd=None, **env):
    return subprocess.run([CTL, "policy", *arguments], input=stdin, capture_output=True, text=True, timeout=120, cwd=cwd,
                          env={**os.environ, "HOME": "/home/user", "OWHALE_SOCKET": "/nonexistent", **env})


class Policy(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(dir="/tmp")
        self.top = Path(self.folder.name)
        self.addCleanup(self.folder.cleanup)
        (self.top / "rules").mkdir(mode=0o755)

    def check(self, *arguments, **more):
        return policy("check", "--cwd", "/home/user/project", "--rules", "none", *arguments, **more)

    def test_exit_codes_and_what_is_said(self):
        self.assertEqual(self.check("ls", "-l").returncode, 0)
        asked = self.check("--", "git", "push", "origin", "main")
        self.assertEqual(asked.returncode, 10)
        denied = self.check("--script", "make && rm -rf ~")
        self.assertEqual(denied.returncode, 11)
        self.assertRegex(denied.stdout, r"\Adeny  destroy\.\S+ \(critical\)\n.+\n\n  make && rm -rf ~\n          \^{8}\n")
        self.assertNotIn('[[rule]]', denied.stdout)  # no way round for who has just been stopped
        self.assertTrue(denied.stdout.endswith("\nA rule of your own could change it; `owhalectl policy explain` writes it.\n"))
        self.assertIn('[[rule]]', policy("explain", "--rules", "none", "--cwd", "/home/user/project", "--script", "make && rm -rf ~").stdout)
        self.assertIn('[[rule]]', asked.stdout)
        self.assertEqual(denied.stderr, "")
        self.assertEqual(self.check("-q", "ls").stdout, "allow\n")

    def test_wrong_usage(self):
        for arguments in ([], ["--script", "x", "ls"], ["--mode", "loose", "ls"], ["--stdin", "ls"], ["--nett", "host", "ls"]):
            failed = self.check(*arguments)
            self.assertEqual(failed.returncode, 2, arguments)
            self.assertRegex(failed.stderr, r"\Aowhalectl: bad_request: .+\n  next: .+\n\Z")

    def test_a_script_from_stdin_and_code(self):
        self.assertEqual(self.check("--script", "-", stdin="ls\nrm -rf /\n").returncode, 11)
        code = self.check("-o", "json", "--code", "python", "--script", "import shutil; shutil.rmtree('/etc')")
        self.assertEqual(code.returncode, 11, code.stdout)

    def test_json_for_programs(self):
        answer = json.loads(self.check("--json", "rm", "-rf", "/").stdout)
        self.assertEqual((answer["verdict"], answer["severity"]), ("deny", "critical"))
        self.assertEqual(answer["segment"], {"begin": 0, "end": 8, "text": "rm -rf /"})
        self.assertIn("[[rule]]", answer["change"])
        self.assertEqual(answer["findings"][0]["rule"], answer["rule"])

    def test_strict_asks_about_what_local_allows(self):
        self.assertEqual(self.check("unheard-of").returncode, 0)
        self.assertEqual(self.check("--mode", "strict", "unheard-of").returncode, 10)
        self.assertEqual(self.check("--net", "host", "unheard-of").returncode, 10)

    def test_lines_are_answered_in_order_and_bad_ones_with_an_error(self):
        lines = ['{"id":1,"command":"ls"}', 'nonsense', '{"id":{},"command":"ls"}', '{"id":"a","comand":"ls"}', '', '{"id":null,"argv":["rm","-rf","/"]}',
                 '{"command":"rm -rf .","cwd":"/home/user/project","id":2.5}', '{"id":4}', '[1]', '{"id":5,"command":"ls","cwd":"relative"}',
                 '{"id":6,"command":"x","argv":["x"]}', json.dumps({"id": 7, "command": "ls " + "x" * (1 << 20)}), '{"id":8,"command":"if"}',
                 '{"id":9,"command":"ls\\u0000"}', '{"id":10,"command":"ls"}']
        ran = self.check("--stdin", "--json", stdin="\n".join(lines))
        self.assertEqual(ran.returncode, 0)
        answers = [json.loads(line) for line in ran.stdout.splitlines()]
        self.assertEqual([a["id"] for a in answers], [1, None, None, "a", None, 2.5, 4, None, 5, 6, None, 8, 9, 10])
        self.assertEqual([i for i, a in enumerate(answers) if "error" in a], [1, 3, 6, 7, 8, 9, 10])
        self.assertIn("did you mean `command`?", answers[3]["error"])
        self.assertEqual(answers[4]["verdict"], "deny")
        for answer in answers:
            if "error" not in answer:
                self.assertEqual(set(answer) >= {"verdict", "rule", "severity", "reason", "segment", "opaque", "ceiling"}, True)

    def test_each_answer_comes_before_the_next_question(self):
        process = subprocess.Popen([CTL, "policy", "check", "--stdin", "--json", "--rules", "none"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for number in range(3):
            process.stdin.write(b'{"id":%d,"command":"ls"}\n' % number)
            process.stdin.flush()
            self.assertEqual(json.loads(process.stdout.readline())["id"], number)
        process.stdin.close()
        self.assertEqual(process.wait(60), 0)
        process.stdout.close()

    def test_thousands_of_lines(self):
        # tests/policy/score sends tens of thousands, without sanitizers.
        many = "".join('{"id":%d,"command":"grep -rn foo src | head -%d"}\n' % (i, i) for i in range(2_000))
        ran = self.check("--stdin", "--json", stdin=many)
        self.assertEqual([json.loads(line)["id"] for line in ran.stdout.splitlines()], list(range(2_000)))

    def test_a_reader_that_goes_away(self):
        process = subprocess.Popen(f"yes '{{\"command\":\"ls\"}}' | {CTL} policy check --stdin --rules none | head -n 1; echo ${{PIPESTATUS[1]}}",
                                   shell=True, executable="/bin/bash", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out, _ = process.communicate(timeout=120)
        self.assertEqual(out.splitlines()[-1], b"141")

    def test_explain_draws(self):
        drawn = policy("explain", "--rules", "none", "--cwd", "/home/user/project", "--script", "ls | xargs -n1 rm -rf ~/x").stdout
        self.assertIn("^^^", drawn)
        self.assertIn("removes   /home/user/x and all below", drawn)
        self.assertNotIn("\x1b", drawn)

    def test_on_a_terminal_it_is_coloured_and_safe(self):
        pid, fd = pty.fork()
        if pid == 0:
            os.environ.update(TERM="xterm", HOME="/home/user")
            os.environ.pop("NO_COLOR", None)
            os.execv(CTL, [CTL, "policy", "explain", "--rules", "none", "--script", "rm -rf ~ '\x1b[2J\u202e'"])
        seen = b""
        try:
            while chunk := os.read(fd, 65536):
                seen += chunk
        except OSError:
            pass
        os.waitpid(pid, 0)
        os.close(fd)
        self.assertIn(b"\x1b[31m", seen)
        self.assertNotIn(b"\x1b[2J", seen)
        self.assertNotIn("\u202e".encode(), seen)

    def test_rules_of_the_administrator(self):
        rules = self.top / "rules"
        (rules / "team.toml").write_text(RULE)
        self.assertEqual(policy("check", "--rules", rules, "dropper", "x").returncode, 11)
        shown = policy("rules", "--rules", rules, "team.no-tables").stdout
        self.assertIn(f"# {rules}/team.toml:1\n[[rule]]\nid = \"team.no-tables\"\n", shown)
        self.assertIn("team.no-tables\n", policy("rules", "-q", "--rules", rules).stdout)
        self.assertEqual(policy("rules", "--rules", rules, "team.no-table").returncode, 5)
        (rules / "later.toml").write_text("[[rule]]\nid = 'x'\n")
        failed = policy("check", "--rules", rules, "ls")
        self.assertEqual(failed.returncode, 1)
        self.assertRegex(failed.stderr, r"config_invalid: \S+/later\.toml:1:\d+: ")

    def test_whose_a_file_is_counts(self):
        file = self.top / "rules" / "team.toml"
        file.write_text(RULE)
        file.chmod(0o666)
        self.assertIn("others may write it", policy("check", "--rules", file, "ls").stderr)
        file.chmod(0o644)
        (self.top / "rules").chmod(0o777)
        self.assertIn("others may write it", policy("check", "--rules", self.top / "rules", "ls").stderr)
        (self.top / "rules").chmod(0o755)
        if os.geteuid() == 0:
            os.chown(file, 12345, 12345)
            self.assertIn("belongs to uid 12345", policy("check", "--rules", file, "ls").stderr)
        self.assertEqual(policy("check", "--rules", self.top / "nothing", "ls").returncode, 5)
        os.mkfifo(self.top / "rules" / "pipe.toml")
        self.assertEqual(policy("check", "--rules", self.top / "rules", "ls").returncode, 1)

    def test_a_project_s_own_file_narrows(self):
        project = self.top / "project"
        (project / "src").mkdir(parents=True)
        (project / ".git").mkdir()
        own = project / ".owhaled.toml"
        own.write_text(RULE)
        self.assertEqual(policy("check", "--rules", "none", "dropper", "x", cwd=project / "src").returncode, 11)
        own.write_text(RULE.replace('"deny"', '"allow"'))
        failed = policy("check", "--rules", "none", "ls", cwd=project)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("can only narrow", failed.stderr)

    def test_examples_are_tested(self):
        file = self.top / "rules" / "team.toml"
        file.write_text(RULE + RULE.replace("no-tables", "wrong").replace('"dropper x"', '"ls x"'))
        ran = policy("test", file)
        self.assertEqual(ran.returncode, 1)
        self.assertRegex(ran.stdout, r"team\.toml:15: team\.wrong must match `ls x`: of `ls x` the program is `ls`\n")
        self.assertIn("2 rules, 4 examples, 1 failed\n", ran.stdout)
        file.write_text(RULE)
        self.assertEqual(policy("test", file).returncode, 0)

    def test_the_shipped_examples_hold(self):
        ran = policy("test", "--rules", "none")
        self.assertEqual(ran.returncode, 0, ran.stdout)

    def test_diff_by_commands_of_a_file(self):
        (self.top / "new.toml").write_text(RULE)
        (self.top / "commands").write_text('ls\ndropper a\n{"command":"dropper b","cwd":"/home/user/project"}\n')
        ran = policy("diff", "none", self.top / "new.toml", "--commands", self.top / "commands")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertRegex(ran.stdout, r"allow +deny +team\.no-tables +dropper a\n")
        self.assertIn("2 of 3 commands change: 2 from allow to deny\n", ran.stdout)
        self.assertEqual(policy("diff", "none", "none").returncode, 2)

    def test_diff_on_a_terminal_has_a_line_for_each_command(self):
        (self.top / "new.toml").write_text(RULE)
        (self.top / "commands").write_text(json.dumps({"command": "dropper x \u05d0\nls " + "y" * 200}) + "\n")
        pid, fd = pty.fork()
        if pid == 0:
            os.environ["TERM"] = "dumb"
            os.execv("/bin/sh", ["sh", "-c", "stty cols 80; exec %s policy diff none %s/new.toml --commands %s/commands" % (CTL, self.top, self.top)])
        seen = b""
        try:
            while chunk := os.read(fd, 65536):
                seen += chunk
        except OSError:
            pass
        os.waitpid(pid, 0)
        os.close(fd)
        lines = seen.decode().splitlines()
        self.assertEqual(len(lines), 4, lines)
        self.assertRegex(lines[1], r"dropper x \\u\{5d0\}\\nls y+…$")
        self.assertLessEqual(max(len(line) for line in lines), 80)

    def test_diff_by_what_was_run(self):
        (self.top / "new.toml").write_text(RULE)
        socket = str(self.top / "s")
        fake = subprocess.Popen([sys.executable, Path(__file__).resolve().parent / "fake_daemon.py", socket], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            self.assertTrue(fake.stdout.readline().startswith(b"ready "))
            ran = policy("diff", "none", self.top / "new.toml", "--history", OWHALE_SOCKET=socket)
            self.assertIn("2 of 2 commands change: 2 from allow to deny\n", ran.stdout, ran.stderr)
        finally:
            fake.stdin.close()
            fake.wait(60)
            fake.stdout.close()
        self.assertEqual(policy("diff", "none", "none", "--history").returncode, 6)

    def test_the_suggested_rule_does_what_it_says(self):
        change = json.loads(self.check("--json", "git", "push", "origin", "main").stdout)["change"]
        (self.top / "rules" / "mine.toml").write_text(change)
        again = policy("check", "--cwd", "/home/user/project", "--rules", self.top / "rules", "git", "push", "origin", "main")
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)
        other = policy("check", "--cwd", "/home/user/project", "--rules", self.top / "rules", "git", "push", "--force", "origin", "other")
        self.assertNotEqual(other.returncode, 0)

    def test_permissions_of_claude_code_become_rules(self):
        settings = self.top / "settings.json"
        settings.write_text(json.dumps({"permissions": {
            "allow": ["Bash(git push:*)", "Bash(npm run build)", "mcp__github", "Edit"],
            "ask": ["Bash(docker:*)"],
            "deny": ["Bash(curl:*)", "Read(./.env)", "Read(secrets/**)", "Edit(gen/*.ts)", "WebFetch(domain:evil.example)"],
            "additionalDirectories": ["../docs"], "defaultMode": "acceptEdits"}}))
        ran = policy("import", "claude-code", settings)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        for left in ("mcp__github", "allow Edit", "additionalDirectories ../docs", "defaultMode acceptEdits"):
            self.assertIn(f"not kept: {'' if left[0] in 'ad' else 'allow '}{left}", ran.stderr)
            self.assertIn(left, ran.stdout)
        (self.top / "rules" / "claude.toml").write_text(ran.stdout)
        expected = {"git push origin x": 0, "git pushx": 0, "npm run build": 0, "docker ps": 10, "curl -s https://example.org": 11, "cat .env": 11,
                    "head secrets/a/b": 11, "cat secret": 0, "sed -i s/a/b/ gen/x.ts": 11, "wget https://a.evil.example/x": 11}
        for command, code in expected.items():
            checked = policy("check", "--cwd", "/home/user/project", "--rules", self.top / "rules", "--script", command)
            self.assertEqual(checked.returncode, code, command + "\n" + checked.stdout + checked.stderr)
        self.assertEqual(policy("test", self.top / "rules" / "claude.toml").returncode, 0)
        self.assertEqual(policy("import", "claude-code", "-", stdin="[]").returncode, 2)
        self.assertEqual(policy("import", "other", settings).returncode, 2)

    def test_reload_needs_owhaled(self):
        self.assertEqual(policy("reload").returncode, 6)


if __name__ == "__main__":
    unittest.main()
