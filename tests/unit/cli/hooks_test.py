#!/usr/bin/env python3
"""owhalectl hook and agents, in each agent's own words, against an owhaled that only judges. usage: hooks_test.py OWHALECTL"""
import http.server, json, os, random, shlex, shutil, signal, socketserver, stat, subprocess, sys, tempfile, threading, time, unittest
from pathlib import Path

CTL = os.path.realpath(sys.argv.pop(1)) if len(sys.argv) > 1 else "owhalectl"
HOOKED = {"claude-code": True, "codex": True, "gemini-cli": True, "copilot-cli": True, "cursor": False}
SHELLS = {"claude-code": "Bash", "codex": "Bash", "gemini-cli": "run_shell_command", "copilot-cli": "bash", "cursor": "beforeShellExecution"}


class Judge(http.server.BaseHTTPRequestHandler):
    """Denies what has "forbidden" in it, asks about "doubtful"."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = body.get("script") or " ".join(body.get("argv", []))
        self.server.seen.append(body)
        if "stuck" in text:
            time.sleep(3)
        decision = "deny" if "forbidden" in text else "ask" if "doubtful" in text else "allow"
        answer = json.dumps({"decision": decision, "reason": "It is \x1b[31mso.", "rule": "syntax" if "unterminated" in text else "test.rule", "severity": "medium",
                             "change": "[[rule]]\nid = \"x\"\n"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


def setUpModule():
    global folder, server, home, work
    folder = tempfile.TemporaryDirectory()
    server = Server(folder.name + "/s", Judge)
    server.seen = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home, work = Path(folder.name, "home"), Path(folder.name, "home/project")
    work.mkdir(parents=True)
    (work / ".git").mkdir()


def tearDownModule():
    server.shutdown()
    folder.cleanup()


def environment(**more):
    return {**os.environ, "OWHALE_SOCKET": folder.name + "/s", "HOME": str(home), "XDG_STATE_HOME": str(home / "state"), **more}


def said(agent, tool, arguments, cwd=None):
    cwd = str(cwd or work)
    if agent == "cursor":
        return {"hook_event_name": tool, "cwd": cwd, **arguments}
    if agent == "copilot-cli":
        return {"sessionId": "s", "timestamp": 1, "cwd": cwd, "toolName": tool, "toolArgs": arguments}
    event = "BeforeTool" if agent == "gemini-cli" else "PreToolUse"
    return {"session_id": "s", "cwd": cwd, "hook_event_name": event, "tool_name": tool, "tool_input": arguments}


def raw(agent, text, *options, **env):
    text = text if isinstance(text, bytes) else text.encode()
    return subprocess.run([CTL, "hook", *options, agent], input=text, capture_output=True, timeout=60, env=environment(**env))


class Said:
    """An answer, in one form for all agents: decision none, allow, ask, deny; command when it was changed."""

    def __init__(self, agent, done):
        self.code, self.reason, self.command, self.rest = done.returncode, done.stderr.decode(), None, {}
        if done.returncode:
            self.decision = "deny" if done.returncode == 2 and self.reason else "broken"
            return
        whole = json.loads(done.stdout)
        special = whole.get("hookSpecificOutput", {})
        if agent in ("claude-code", "codex"):
            self.decision, changed = special.get("permissionDecision", "none"), special.get("updatedInput")
            self.reason = special.get("permissionDecisionReason", "")
        elif agent == "gemini-cli":
            changed = special.get("tool_input")
            self.decision, self.reason = whole.get("decision", "allow" if changed else "none"), whole.get("reason", "")
        elif agent == "copilot-cli":
            self.decision, changed = whole.get("permissionDecision", "none"), whole.get("modifiedArgs")
            self.reason = whole.get("permissionDecisionReason", "")
        else:
            self.decision, changed, self.reason = whole.get("permission", "none"), None, whole.get("agent_message", "")
        if changed is not None:
            self.rest, self.command = changed, changed["command"]


def hook(agent, tool, arguments, cwd=None, **env):
    return Said(agent, raw(agent, json.dumps(said(agent, tool, arguments, cwd)), **env))


def shell(agent, command, **more):
    return hook(agent, SHELLS[agent], {"command": command, **more})


def wrapped(command):
    return [CTL, "run", "-n", "--script=" + command]


class Commands(unittest.TestCase):
    def test_what_is_allowed_becomes_a_run(self):
        for agent, rewrites in HOOKED.items():
            with self.subTest(agent):
                answer = shell(agent, "ls -la | wc")
                self.assertEqual(answer.decision, "allow" if rewrites else "ask", answer.reason)
                if rewrites:
                    self.assertEqual(shlex.split(answer.command), wrapped("ls -la | wc"))
                else:
                    self.assertIn("no cage", answer.reason)

    def test_the_other_arguments_are_kept(self):
        answer = shell("claude-code", "sleep 1", timeout=120000, description="d", run_in_background=True)
        self.assertEqual({**answer.rest, "command": 0}, {"command": 0, "timeout": 120000, "description": "d", "run_in_background": True})
        self.assertEqual(server.seen[-1]["cwd"], str(work))

    def test_ask_waits_in_owhaled_and_deny_says_why(self):
        for agent, rewrites in HOOKED.items():
            with self.subTest(agent):
                self.assertEqual(shell(agent, "doubtful").decision, "allow" if rewrites else "ask")
                answer = shell(agent, "forbidden")
                self.assertEqual(answer.decision, "deny")
                for word in ("test.rule", "[[rule]]", "\\x1b[31m"):
                    self.assertIn(word, answer.reason)
                self.assertNotIn("\x1b", answer.reason)

    def test_every_text_comes_through_a_shell_whole(self):
        for text in ("a 'b' \"c\" $d `e` \\f\\\\", "cat <<'X'\nit's\n$y\nX\n", "-la", "-", "é 漢字 \U0001f40b", "a\tb\r\nc", "!x", "=ls"):
            for shells in ("sh", "bash"):
                line = shell("claude-code", text).command
                out = subprocess.run([shells, "-c", "set -- " + line + "; printf '%s\\0' \"$@\""], capture_output=True).stdout
                self.assertEqual(out.decode().split("\0")[:-1], wrapped(text))

    def test_calls_of_our_own_are_not_caged_twice_and_nothing_slips_in_beside(self):
        for command in ("owhalectl run -- echo hi", CTL + " run --script 'a; b'", "owhalectl runs logs -f 1234", "owhalectl whoami"):
            answer = shell("claude-code", command)
            self.assertEqual([answer.decision, shlex.split(answer.command)], ["allow", [CTL] + shlex.split(command)[1:]])
            again = shell("claude-code", answer.command)
            self.assertEqual(again.command, answer.command)
        first = shell("claude-code", "it's \\ here\n!").command
        self.assertEqual(shell("claude-code", first).command, first)
        fake = work / "owhalectl"
        fake.write_text("#!/bin/sh\n")
        fake.chmod(0o755)
        for command in ("owhalectl run x; rm -rf ~", "owhalectl run x\nrm y", "owhalectl run $(rm y)", "owhalectl run `rm y`", "owhalectl run x > /etc/y",
                        "owhalectl run x & rm y", "A=b owhalectl run x", "owhalectl run x || y", "owhalectl run <(x)", "./owhalectl run x",
                        str(fake) + " run x", "owhalectl --socket /tmp/s run x", "owhalectl run --env-file /etc/passwd env", "owhalectl run --as root x",
                        "owhalectl run -e TOKEN env", "owhalectl run ~/x", "owhalectl run {a,b}", "owhalectl run *", "\\owhalectl run x", "owhalectl nonsense",
                        "owhalectl run \"$x\"", "OWHALE_SOCKET=/tmp/s owhalectl run x", "owhalectl doctor --fix", "owhalectl code python /etc/shadow"):
            with self.subTest(command):
                self.assertEqual(shlex.split(shell("claude-code", command).command), wrapped(command))

    def test_what_is_a_persons_is_denied(self):
        for command in ("approve 1234", "approvals approve x", "grants rm x", "policy reload", "secrets reveal X", "secrets ls", "login", "tokens add",
                        "users add x", "freeze", "thaw", "hosts allow x", "agents rm claude-code", "passwd", "setup", "deny 12", "-q approve 12"):
            with self.subTest(command):
                answer = shell("claude-code", "owhalectl " + command)
                self.assertEqual(answer.decision, "deny")
                self.assertNotIn("password", answer.reason)

    def test_what_does_not_parse_is_denied_at_once(self):
        for agent in HOOKED:
            answer = shell(agent, 'doubtful "unterminated')
            self.assertEqual([answer.decision, answer.command], ["deny", None])
            self.assertIn("Mend it", answer.reason)

    def test_where_nothing_can_be_rewritten_our_own_line_passes_word_for_word(self):
        line = shell("cursor", "ls").reason.split("it runs caged: ")[1]
        self.assertEqual(shell("cursor", line).decision, "allow")
        self.assertEqual(shell("cursor", "owhalectl run ls").decision, "deny")

    def test_another_shell_and_unknown_tools(self):
        self.assertEqual(hook("claude-code", "PowerShell", {"command": "ls"}).decision, "deny")
        self.assertEqual(shlex.split(hook("claude-code", "Monitor", {"command": "ls"}).command), wrapped("ls"))
        self.assertEqual(hook("claude-code", "Unheard", {"command": None}).decision, "deny")
        for member in ("cmd", "script"):
            self.assertEqual(hook("claude-code", "Unheard", {member: "forbidden"}).decision, "deny")
            self.assertEqual(hook("claude-code", "Unheard", {member: "a", "command": "b"}).decision, "deny")
            self.assertEqual(hook("claude-code", "Unheard", {member: ["ls"]}).decision, "deny")
        for tool in ("mcp__owhaled__run_command", "WebFetch", "TodoWrite", "mcp__x__y"):
            arguments = {"command": "rm -rf ~"} if tool.startswith("mcp") else {"url": "x"}
            self.assertEqual(hook("claude-code", tool, arguments).decision, "none")

    def test_too_long_for_a_line(self):
        self.assertEqual(shell("claude-code", "x" * 130000).decision, "deny")


class Closed(unittest.TestCase):
    def test_owhaled_away(self):
        for agent in HOOKED:
            answer = Said(agent, raw(agent, json.dumps(said(agent, SHELLS[agent], {"command": "ls"})), OWHALE_SOCKET="/nonexistent"))
            self.assertEqual(answer.decision, "deny")
            self.assertIn("tell the person you work for: owhaled is not running", answer.reason)
            for way_out in ("--socket", "OWHALE_SOCKET", "quickstart", "start one", "systemctl"):
                self.assertNotIn(way_out, answer.reason)

    def test_owhaled_away_from_the_bridge(self):
        line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}) + "\n"
        done = subprocess.run([CTL, "mcp"], input=line, capture_output=True, text=True, timeout=60, env=environment(OWHALE_SOCKET="/nonexistent"))
        told = json.loads(done.stdout)["error"]
        self.assertEqual(told["data"]["next"], "tell the person you work for: owhaled is not running")
        for way_out in ("--socket", "OWHALE_SOCKET", "quickstart", "start one", "systemctl"):
            self.assertNotIn(way_out, told["message"])

    def test_no_json_says_what_helps(self):
        for text in (b"{", b"[]"):
            self.assertIn(b"man owhalectl-hook", raw("claude-code", text).stderr)

    def test_no_answer_in_time(self):
        began = time.monotonic()
        done = raw("claude-code", json.dumps(said("claude-code", "Bash", {"command": "stuck"})), "--timeout", "0.5s")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"denied", done.stderr)
        self.assertLess(time.monotonic() - began, 30)

    def test_a_caller_that_blocks_the_signal_of_the_deadline(self):
        process = subprocess.Popen([CTL, "hook", "--timeout", "0.3s", "claude-code"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(),
                                   preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM]))
        self.assertEqual(process.wait(30), 2)
        process.communicate()

    def test_an_input_that_never_ends(self):
        process = subprocess.Popen([CTL, "hook", "--timeout", "0.3s", "claude-code"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())
        self.assertEqual(process.wait(30), 2)
        process.communicate()

    def test_hostile_inputs(self):
        good = said("claude-code", "Bash", {"command": "ls"})
        hostile = [b"", b"{", b"[]", b"null", b"\xff\xfe", b"{}" * 3, b"[" * 100000, b'{"a":' * 500, b"x" * (9 << 20), json.dumps(good).encode()[:-1]]
        for without in ("tool_name", "tool_input", "cwd"):
            hostile.append(json.dumps({k: v for k, v in good.items() if k != without}).encode())
        for change in ({"tool_name": 7}, {"tool_input": 7}, {"tool_input": []}, {"tool_input": {}}, {"tool_input": {"command": 7}}, {"tool_input": {"command": ["ls"]}},
                       {"tool_input": {"command": ""}}, {"tool_input": {"command": " \n"}}, {"tool_input": {"command": "a\0b"}}, {"cwd": "relative"}, {"cwd": 7}, {"cwd": "/a\0b"},
                       {"tool_name": "Write", "tool_input": {}}, {"tool_name": "Read", "tool_input": {"file_path": ""}}, {"tool_name": "Edit", "tool_input": {"file_path": "a\0"}}):
            hostile.append(json.dumps({**good, **change}).encode())
        for text in hostile:
            with self.subTest(text[:60]):
                answer = Said("claude-code", raw("claude-code", text))
                self.assertEqual(answer.decision, "deny")

    def test_the_line_that_agents_get_is_closed_even_when_we_are_killed(self):
        line = json.loads((Agents.made("claude-code") / ".claude/settings.json").read_text())["hooks"]["PreToolUse"][0]["hooks"][0]["command"]
        dead = line.replace(CTL, "/nonexistent/owhalectl")
        self.assertNotEqual(dead, line)
        for command in (dead, "sh -c 'kill -SEGV $$' || {" + line.split("|| {")[1]):
            done = subprocess.run(["sh", "-c", command], input=b"{}", capture_output=True)
            self.assertEqual([done.returncode, bool(done.stderr)], [2, True], command)

    def test_no_answer_ever_allows_what_is_not_ours(self):
        chance = random.Random(7)
        pieces = ["owhalectl", CTL, " ", "\n", "run", "--script", "'", '"', ";", "|", "&", "$(", ")", "rm -rf ~", "approve", "x", "\\", "=", "-e", "--", "$HOME", ">", "<<X", "é", "forbidden", "-n", "#"]
        for number in range(150):
            text = "".join(chance.choice(pieces) for _ in range(chance.randint(1, 12)))
            agent = chance.choice(list(HOOKED))
            answer = shell(agent, text)
            if answer.decision != "allow":
                self.assertIn(answer.decision, ("ask", "deny"), text)
                continue
            line = answer.command if HOOKED[agent] else text
            words = shlex.split(line)
            self.assertEqual(words[0], CTL, text)
            self.assertNotIn(words[1], ("approve",), text)
            out = subprocess.run(["bash", "-c", "set -- " + line + '; printf "%s\\0" "$@"'], capture_output=True).stdout
            self.assertEqual(out.decode().split("\0")[:-1], words, text)  # one command, and no expansion in it


class Files(unittest.TestCase):
    def write(self, path, agent="claude-code", cwd=None):
        return hook(agent, "Write", {"file_path": str(path), "content": "x"}, cwd).decision

    def read(self, path):
        return hook("claude-code", "Read", {"file_path": str(path)}).decision

    def test_inside_the_workspace_the_agent_goes_on(self):
        for path in (work / "a.c", "a.c", "src/../b", work / "new/folder/x", "it's\n$x", "é"):
            self.assertEqual(self.write(path), "none", path)
        self.assertEqual(server.seen[-1]["argv"][:2], ["tee", "--"])
        self.assertEqual(self.read(work / "a.c"), "none")
        self.assertEqual(hook("claude-code", "Grep", {"pattern": "x"}).decision, "none")

    def test_outside_and_what_later_runs_is_asked_about(self):
        for path in ("/tmp/x", "../x", work / "../y", ".git/hooks/pre-commit", ".GIT/config", "sub/.envrc", ".vscode/tasks.json", ".claude/settings.json", "sub/.git/config", ".mcp.json"):
            answer = hook("claude-code", "Write", {"file_path": str(path)})
            self.assertEqual(answer.decision, "ask", path)
            self.assertIn("no cage", answer.reason)

    def test_links_are_followed_the_dangling_ones_too(self):
        for name, target in (("one", "/tmp"), ("two", "/tmp/not-there-yet"), ("three", ".git/hooks"), ("loop", "loop"), ("creds", str(home / ".ssh"))):
            (work / name).unlink(missing_ok=True)
            (work / name).symlink_to(target)
        self.assertEqual([self.write("one/x"), self.write("two"), self.write("three/pre-push"), self.write("loop/x"), self.write("creds/id_rsa")], ["ask", "ask", "ask", "deny", "deny"])
        self.assertEqual(self.read("creds/id_rsa"), "deny")

    def test_a_folder_reached_by_a_link_is_the_folder(self):
        (home / "short").symlink_to(work)
        self.assertEqual(self.write("a.c", cwd=home / "short"), "none")
        self.assertEqual(self.write(home / "short/a.c"), "none")

    def test_credentials_and_the_rules(self):
        for path in (home / ".ssh/id_rsa", "~/.aws/credentials", home / ".netrc", "forbidden"):
            self.assertEqual([self.read(path), self.write(path)], ["deny", "deny"], path)
        self.assertEqual([self.read("doubtful"), self.read("/proc/self/environ")], ["ask", "ask"])
        self.assertEqual(hook("claude-code", "Grep", {"pattern": "x", "path": str(home / ".ssh")}).decision, "deny")

    def test_a_path_in_two_ways_is_denied(self):
        for agent, tool, names in (("gemini-cli", "read_file", ("file_path", "absolute_path")), ("gemini-cli", "grep_search", ("path", "dir_path")),
                                   ("copilot-cli", "edit", ("path", "filePath")), ("copilot-cli", "view", ("path", "file_path"))):
            for bad in (str(home / ".ssh/id_ed25519"), 7, ["/etc/passwd"]):
                self.assertEqual(hook(agent, tool, {names[0]: str(work / "a"), names[1]: bad}).decision, "deny", (agent, bad))
            same = {name: str(work / "a") for name in names}
            self.assertNotEqual(hook(agent, tool, {**same, "pattern": "x"}).decision, "deny", agent)

    def test_of_many_files_each_counts(self):
        many = lambda **arguments: hook("gemini-cli", "read_many_files", arguments).decision
        for good in ({"paths": ["a.c", "src/*.c"]}, {"include": ["**/*.md"]}, {"include": "a.c"}, {"paths": ["a"], "include": ["b"]}):
            self.assertEqual(many(**good), "none", good)
        for bad in (["a.c", "~/.ssh/id_rsa"], [str(home / ".netrc")], ["forbidden"], ["forbidden/*"], ["doubtful"], ["~/.s*/id_rsa"], ["/etc/*"], ["**/../../x"],
                    ["{/etc/shadow,x}"], ["../*"], [], [7], ["a\0"], [["a"]], ["x"] * 65, ["/proc/self/environ"]):
            self.assertEqual([many(paths=bad), many(include=bad)], ["deny", "deny"], bad)
        self.assertEqual(many(paths=["a.c"], include=["~/.netrc"]), "deny")

    def test_a_patch_is_as_good_as_its_worst_file(self):
        patch = "*** Begin Patch\n*** Update File: a\n@@\n-x\n+y\n*** Add File: %s\n+z\n*** End Patch"
        answers = [hook("codex", "apply_patch", {"command": patch % name}) for name in ("b", ".git/hooks/x", "forbidden", "/etc/x")]
        self.assertEqual([a.decision for a in answers], ["none", "deny", "deny", "deny"])  # Codex has no ask
        self.assertEqual(hook("codex", "apply_patch", {"command": "nothing"}).decision, "deny")

    def test_blanks_that_the_agent_strips_hide_no_file(self):
        patch = "*** Begin Patch\n*** Update File: a\n@@\n-x\n+y\n%s\n+z\n*** End Patch"
        for line in ("\u00a0*** Add File: .git/hooks/x", "\v\u3000*** Add File: .git/hooks/x", "*** Add File: .git/hooks/x\u2003", "*** Add File:  odd/x"):
            self.assertEqual(hook("codex", "apply_patch", {"command": patch % line}).decision, "deny", line)
        self.assertEqual(hook("codex", "apply_patch", {"command": patch % "*** Add File: c d"}).decision, "none")
        for path in (".git/hooks/x ", " a", "a\n", "a\u00a0", "\ufeffa", "\u2003/etc/x"):
            self.assertEqual(self.write(path), "deny", path)


class Agents(unittest.TestCase):
    names = ("claude-code", "codex", "gemini-cli", "copilot-cli", "cursor", "opencode")

    @staticmethod
    def run_ctl(top, *arguments):
        return subprocess.run([CTL, "agents", *arguments], cwd=top, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
                              env=environment(HOME=str(top)), start_new_session=True)

    @staticmethod
    def made(agent):
        top = Path(tempfile.mkdtemp(dir=folder.name))
        done = Agents.run_ctl(top, "add", agent, "-y")
        assert done.returncode == 0, done.stderr
        return top

    @staticmethod
    def files(top):
        return {str(p.relative_to(top)): (p.read_bytes(), p.stat().st_mode) for p in top.rglob("*") if p.is_file()}

    def test_add_and_rm_leave_nothing(self):
        for name in self.names:
            top = self.made(name)
            before = self.files(top)
            self.assertTrue(before)
            again = self.run_ctl(top, "add", name, "-y")
            self.assertEqual([again.returncode, again.stdout, self.files(top)], [0, "", before])
            self.assertEqual(self.run_ctl(top, "rm", name, "-y").returncode, 0)
            self.assertEqual(self.files(top), {}, name)

    def test_round_trips_byte_for_byte(self):
        shapes = ['{"a": 1}', '{\n  "a": 1\n}\n', '{\n\t"a": 1,\n\t"mcpServers": {\n\t\t"x": {"command": "y"}\n\t}\n}', '{\r\n  "a": [1, 2]\r\n}\r\n',
                  '// top\n{\n    "hooks": {\n        "PreToolUse": [\n            {"matcher": "X", "hooks": []}, // mine\n        ],\n    },\n}\n',
                  '{"hooks":{"PreToolUse":[{"matcher":"A","hooks":[]}]},"mcpServers":{"z":{}}}', '{ /* c */ "a": "}", "b": "\\"//" // end\n}',
                  '{\n  "a": 1 // one\n}\n', '{"mcpServers": {"q": {"command": "r"} } , "x": [ ]  }\n']
        for shape in shapes:
            top = Path(tempfile.mkdtemp(dir=folder.name))
            (top / ".claude").mkdir()
            for place in (".claude.json", ".claude/settings.json"):
                (top / place).write_bytes(shape.encode())
                (top / place).chmod(0o640)
            before = self.files(top)
            added = self.run_ctl(top, "add", "claude-code", "-y")
            self.assertEqual(added.returncode, 0, (shape, added.stderr))
            self.assertNotEqual(self.files(top), before)
            self.assertEqual(self.run_ctl(top, "rm", "claude-code", "-y").returncode, 0)
            self.assertEqual(self.files(top), before)

    def test_toml_round_trips(self):
        for shape in ('model = "o"\n', '# c\n[mcp_servers.x]\ncommand = "y" # z\n', 'a = 1', '[a]\nb = [\n  1,\n]\n'):
            top = Path(tempfile.mkdtemp(dir=folder.name))
            (top / ".codex").mkdir()
            (top / ".codex/config.toml").write_text(shape)
            self.assertEqual(self.run_ctl(top, "add", "codex", "--mcp", "-y").returncode, 0)
            self.assertIn('args = ["mcp"]', (top / ".codex/config.toml").read_text())
            self.assertEqual(self.run_ctl(top, "rm", "codex", "-y").returncode, 0)
            self.assertEqual((top / ".codex/config.toml").read_text().rstrip("\n"), shape.rstrip("\n"))

    def test_what_the_user_changed_since_stays(self):
        top = self.made("claude-code")
        path = top / ".claude/settings.json"
        whole = json.loads(path.read_text())
        whole["hooks"]["PreToolUse"].append({"matcher": "Mine", "hooks": []})
        whole["model"] = "m"
        path.write_text(json.dumps(whole))
        self.run_ctl(top, "rm", "claude-code", "-y")
        self.assertEqual(json.loads(path.read_text()), {"hooks": {"PreToolUse": [{"matcher": "Mine", "hooks": []}]}, "model": "m"})

    def test_what_cannot_be_read_is_left_alone(self):
        for text in ("{", "[]", '{"mcpServers": 7}', '{"mcpServers": {"owhaled": {"command": "other"}}}', '{"mcpServers":{},"mcpServers":{}}', "{} x"):
            top = Path(tempfile.mkdtemp(dir=folder.name))
            (top / ".claude.json").write_text(text)
            done = self.run_ctl(top, "add", "claude-code", "-y")
            self.assertNotEqual(done.returncode, 0, text)
            self.assertEqual(self.files(top), {".claude.json": (text.encode(), self.files(top)[".claude.json"][1])})

    def test_nobody_agrees_in_a_pipe(self):
        top = Path(tempfile.mkdtemp(dir=folder.name))
        done = self.run_ctl(top, "add", "gemini-cli")
        self.assertEqual([done.returncode, self.files(top)], [2, {}])
        self.assertIn("+++ ", done.stdout)
        self.assertIn("-y", done.stderr)
        self.assertEqual(self.run_ctl(top, "add", "gemini-cli", "--print").returncode, 0)
        self.assertEqual(self.files(top), {})

    def test_what_stands_on_one_line_stays_on_one(self):
        entry = '"owhaled": {"type": "stdio", "command": "%s", "args": ["mcp"]}' % CTL
        for text, wanted in (('{"a": 1}', '{"a": 1, "mcpServers": {%s}}' % entry), ('{"mcpServers": {}}\n', '{"mcpServers": {%s}}\n' % entry),
                             ('{"mcpServers": {"x": {}}}', '{"mcpServers": {"x": {}, %s}}' % entry), ('{}', '{\n  "mcpServers": {\n    %s\n  }\n}' % entry)):
            top = Path(tempfile.mkdtemp(dir=folder.name))
            (top / ".claude.json").write_text(text)
            self.run_ctl(top, "add", "claude-code", "--mcp", "-y")
            self.assertEqual((top / ".claude.json").read_text(), wanted)
            self.run_ctl(top, "rm", "claude-code", "--mcp", "-y")
            if "1" in text or "x" in text:  # a file that holds nothing else is taken away
                self.assertEqual((top / ".claude.json").read_text(), text)

    def test_the_shell_of_each(self):
        for agent, line in (("claude-code", "CLAUDE_CODE_SHELL=/"), ("gemini-cli", "PATH=/"), ("codex", "SHELL=owhale-sh codex"), ("generic", "SHELL=owhale-sh my-agent")):
            told = self.run_ctl(tempfile.gettempdir(), "add", agent, "--shell").stderr
            self.assertIn(line, told)
            self.assertNotIn("@", told)
        self.assertIn("/libexec/owhaled/shell/bash claude", self.run_ctl(tempfile.gettempdir(), "add", "claude-code", "--shell").stderr)

    def test_the_diff_is_one_that_patch_takes(self):
        top = Path(tempfile.mkdtemp(dir=folder.name))
        (top / ".claude").mkdir()
        (top / ".claude/settings.json").write_text('{\n  "a": 1,\n  "b": 2\n}')
        diff = self.run_ctl(top, "add", "claude-code", "--hook", "--print").stdout
        self.run_ctl(top, "add", "claude-code", "--hook", "-y")
        wanted = (top / ".claude/settings.json").read_text()
        (top / ".claude/settings.json").write_text('{\n  "a": 1,\n  "b": 2\n}')
        if shutil.which("patch"):
            subprocess.run(["patch", "-s", str(top / ".claude/settings.json")], input=diff, text=True, check=True, cwd=top)
            self.assertEqual((top / ".claude/settings.json").read_text(), wanted)

    def test_a_link_is_followed_and_stays(self):
        top = Path(tempfile.mkdtemp(dir=folder.name))
        (top / "dotfiles").mkdir()
        (top / "dotfiles/claude.json").write_text("{}\n")
        (top / ".claude.json").symlink_to("dotfiles/claude.json")
        self.run_ctl(top, "add", "claude-code", "--mcp", "-y")
        self.assertTrue((top / ".claude.json").is_symlink())
        self.assertIn("owhaled", (top / "dotfiles/claude.json").read_text())

    def test_ls_and_show(self):
        top = self.made("claude-code")
        rows = json.loads(subprocess.run([CTL, "-o", "json", "agents", "ls"], cwd=top, capture_output=True, env=environment(HOME=str(top))).stdout)["agents"]
        self.assertEqual({row["name"] for row in rows}, {*self.names, "generic"})
        self.assertEqual(rows[0]["configured"], "mcp (user), hook (user)")
        (top / ".claude.json").write_text("{")
        self.assertIn("cannot be read: " + str(top / ".claude.json"), self.run_ctl(top, "ls").stdout)
        self.assertIn("code.claude.com", self.run_ctl(top, "show", "claude-code").stdout)
        self.assertIn('"mcpServers"', self.run_ctl(top, "add", "generic").stdout)
        self.assertEqual(self.run_ctl(top, "add", "nobody").returncode, 5)


unittest.main()
