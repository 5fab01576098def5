#!/usr/bin/env python3
"""owhalectl as its users meet it: in a pipe and on a terminal, against fake_daemon.py. usage: owhalectl_test.py OWHALECTL"""
import fcntl, json, os, pty, re, select, signal, socket, struct, subprocess, sys, tempfile, termios, threading, time, unittest
from pathlib import Path

CTL = sys.argv.pop(1) if len(sys.argv) > 1 else "owhalectl"
HERE = Path(__file__).resolve().parent


class Daemon:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "s")
        self.process = subprocess.Popen([sys.executable, HERE / "fake_daemon.py", self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline().startswith(b"ready ")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()
        self.folder.cleanup()


def setUpModule():
    global daemon
    daemon = Daemon()
    os.environ["OWHALE_SOCKET"] = daemon.path
    os.environ.pop("NO_COLOR", None)


def tearDownModule():
    daemon.stop()


def ctl(*arguments, stdin="", **more):
    return subprocess.run([CTL, *arguments], input=stdin, capture_output=True, text=True, timeout=120, **more)


def wait_for_process(*words):
    for _ in range(3000):
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if entry.read_bytes() == b"".join(word.encode() + b"\0" for word in words):
                    return
            except OSError:
                continue
        time.sleep(0.02)
    raise AssertionError("%s never started" % (words,))


class Terminal:
    """owhalectl on a terminal of its own."""

    def __init__(self, *arguments, rows=30, columns=100):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            self.fd = 0
            self.resize(rows, columns)  # before it looks
            os.execv(CTL, [CTL, *arguments])
        self.seen = b""

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, data):
        os.write(self.fd, data)

    def cooked(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ICANON)

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def until(self, pattern, seconds=60):
        end = time.time() + seconds
        while time.time() < end:
            if re.search(pattern, self.seen):
                return self.seen
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    self.seen += os.read(self.fd, 65536)
                except OSError:
                    break
        if re.search(pattern, self.seen):
            return self.seen
        raise AssertionError("never saw %r in %r" % (pattern, self.seen))

    def ask(self, typed, pattern):
        """Until the answer is right: a change may take a moment to arrive."""
        for _ in range(30):
            self.type(typed)
            try:
                return self.until(pattern, 2)
            except AssertionError:
                continue
        return self.until(pattern, 1)

    def wait_raw(self):
        for _ in range(3000):
            if not self.cooked():
                return
            time.sleep(0.02)
        raise AssertionError("the terminal never became raw")

    def more(self, seconds):
        """What comes within these; False at the end, when nobody has the terminal any more and all that was written is read."""
        if select.select([self.fd], [], [], seconds)[0]:
            try:
                self.seen += os.read(self.fd, 65536)
            except OSError:  # EIO: the kernel says it behind the last byte
                return False
        return True

    def wait(self):
        """Its exit code, once all that it showed is in `seen`: what it wrote last may come after its end."""
        code, end = None, time.time() + 60
        while time.time() < end:
            more = self.more(0.05)
            if code is None:
                done, status = os.waitpid(self.pid, os.WNOHANG)
                if done:
                    code, end = os.waitstatus_to_exitcode(status), time.time() + 5  # others may keep the terminal
            if code is not None and not more:
                return code
            if not more:
                time.sleep(0.01)
        if code is not None:
            return code
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise AssertionError("still there, having shown %r" % self.seen)


class Pipes(unittest.TestCase):
    def test_streams_and_exit_code_are_the_command_s(self):
        done = ctl("-q", "run", "sh", "-c", "cat; echo err >&2; exit 3", stdin="in\n")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (3, "in\n", "err\n"))

    def test_options_after_the_command_are_its_own(self):
        self.assertEqual(ctl("run", "echo", "-n", "-t", "--help").stdout, "-t --help")

    def test_quiet_lists_what_names_each(self):
        self.assertEqual(ctl("-q", "audit", "ls").stdout, "12\n11\n")
        self.assertIn("run.intent", ctl("audit", "ls").stdout)
        self.assertRegex(ctl("-v", "audit", "ls").stdout, r"\ASEQ +TIME +PRINCIPAL +EVENT +OUTCOME +VERB +RUN +WHAT\n")

    def test_what_json_cannot_carry_is_refused_by_name(self):
        done = subprocess.run([CTL, "run", "printf", b"\xff"], capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 125)
        self.assertTrue(done.stderr.startswith(b"owhalectl: invalid_value: argument 1 of the command is not UTF-8"))

    def test_closed_standard_descriptors(self):
        self.assertEqual(subprocess.run(["sh", "-c", '"$0" run cat <&-', CTL], timeout=120).returncode, 0)
        closed = subprocess.run(["sh", "-c", '"$0" run echo x >&-', CTL], stderr=subprocess.PIPE, timeout=120)
        self.assertEqual(closed.returncode, 125)
        self.assertTrue(closed.stderr.startswith(b"owhalectl: system: writing to stdout: Bad file descriptor"))

    def test_no_stdin(self):
        self.assertEqual(ctl("run", "-n", "cat", stdin="x").stdout, "")

    def test_signal_not_found_not_executable(self):
        self.assertEqual(ctl("run", "sh", "-c", "kill -9 $$").returncode, 137)
        missing = ctl("run", "no-such-program")
        self.assertEqual(missing.returncode, 127)
        self.assertRegex(missing.stderr, r"\Aowhalectl: program_not_found: .*\n  next: .*runs why")
        self.assertEqual(ctl("run", "/etc/passwd").returncode, 126)

    def test_every_125_names_a_code_and_a_next_step(self):
        for arguments in (["run"], ["run", "--net", "host", "id"], ["run", "--memory", "lots", "id"], ["run", "--nope"], ["run", "-t", "id"],
                          ["--socket", "/nonexistent", "run", "id"], ["exec", "ffffffff", "--", "id"], ["run", "-o", "xml", "id"]):
            with self.subTest(arguments):
                done = ctl(*arguments)
                self.assertEqual(done.returncode, 125)
                self.assertRegex(done.stderr, r"\Aowhalectl: [a-z_]+: .+\n  next: .+\n\Z")

    def test_wrong_words_are_told_in_plain_words(self):
        for arguments, why in ((["-o", "xml", "runs", "ls"], "--output 'xml' is none of table, json, jsonl|-o 'xml' is none of table, json, jsonl"),
                               (["users", "show", "a", "b"], "users show takes one NAME: 'b' is one too many"),
                               (["mode", "x"], "mode takes no words of its own: 'x' is one too many"),
                               (["users", "show"], "users show needs NAME"), (["users", "role"], "users role needs NAME"),
                               (["runs", "rm"], "runs rm needs ID"), (["login", "a", "b"], "login takes one USER")):
            with self.subTest(arguments):
                done = ctl(*arguments)
                self.assertEqual(done.returncode, 2)
                self.assertRegex(done.stderr, r"\Aowhalectl: bad_request: (%s)\n  next: .+\n\Z" % why)

    def test_other_commands_exit_codes(self):
        self.assertEqual(ctl("runs", "show", "ffffffff").returncode, 5)
        self.assertEqual(ctl("runs", "show").returncode, 2)
        self.assertEqual(ctl("--socket", "/nonexistent", "runs", "ls").returncode, 6)

    def test_reader_that_goes_ends_it_quietly(self):
        run = subprocess.Popen([CTL, "run", "yes"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(run.stdout.readline(), b"y\n")
        run.stdout.close()
        self.assertEqual(run.wait(60), 141)
        self.assertEqual(run.stderr.read(), b"")
        run.stderr.close()

    def test_much_output_arrives_whole_and_in_order(self):
        done = subprocess.run([CTL, "run", "-n", "seq", "1", "400000"], capture_output=True, timeout=120)
        self.assertEqual(done.stdout, b"".join(b"%d\n" % i for i in range(1, 400001)))

    def test_much_input_arrives_whole(self):
        text = "0123456789\n" * 200000
        self.assertEqual(ctl("run", "wc", "-c", stdin=text).stdout.strip(), str(len(text)))

    def test_detached_run_and_its_life(self):
        run = ctl("run", "-d", "sh", "-c", "echo one; sleep 60").stdout.strip()
        self.assertRegex(run, r"\A[0-9a-f-]{36}\Z")
        self.assertIn(run, ctl("runs", "ls", "-q").stdout.split())
        self.assertEqual(json.loads(ctl("-o", "json", "runs", "show", run[:13]).stdout)["state"], "running")
        self.assertEqual(ctl("runs", "rm", run).returncode, 1)
        self.assertEqual(ctl("runs", "kill", run).stdout.strip(), run)
        self.assertNotEqual(json.loads(ctl("-o", "json", "runs", "show", run).stdout)["state"], "running")  # it waited
        self.assertEqual(ctl("runs", "wait", run).stdout, "143\n")
        self.assertEqual(ctl("runs", "logs", run).stdout, "one\n")
        self.assertEqual(ctl("runs", "attach", run).returncode, 125)
        self.assertEqual(ctl("runs", "rm", run).returncode, 0)
        self.assertEqual(ctl("runs", "show", run).returncode, 5)

    def test_logs_follow_until_the_end(self):
        run = ctl("run", "-d", "sh", "-c", "for i in 1 2 3; do echo $i; echo e$i >&2; sleep 0.2; done").stdout.strip()
        done = ctl("runs", "logs", "-f", run)
        self.assertEqual((done.stdout, done.stderr), ("1\n2\n3\n", "e1\ne2\ne3\n"))

    def test_code_and_scripts(self):
        self.assertEqual(ctl("code", "python", "-c", "print(6*7)").stdout, "42\n")
        self.assertEqual(ctl("code", "python", "-", stdin="print('from stdin')").stdout, "from stdin\n")
        self.assertEqual(ctl("run", "--script", "echo $1", "arg").stdout, "arg\n")
        self.assertEqual(ctl("run", "--script", "-", stdin="echo piped").stdout, "piped\n")

    def test_environment(self):
        done = ctl("run", "-e", "MY_TOKEN=x", "-e", "FOO", "-e", "A=b c", "env", env=dict(os.environ, FOO="bar", SECRET_THING="no"))
        lines = done.stdout.splitlines()
        self.assertIn("FOO=bar", lines)
        self.assertIn("A=b c", lines)
        self.assertNotIn("SECRET_THING=no", lines)
        self.assertIn("MY_TOKEN looks like a secret", done.stderr)

    def test_json_lines(self):
        events = [json.loads(line) for line in ctl("-o", "jsonl", "run", "sh", "-c", "echo a; exit 2").stdout.splitlines()]
        self.assertEqual(events[0]["event"], "state")
        self.assertIn({"event": "output", "stream": "stdout", "data": "a\n"}, events)
        self.assertEqual((events[-1]["run"]["state"], events[-1]["run"]["exit_code"]), ("exited", 2))
        self.assertEqual(json.loads(ctl("-o", "json", "run", "echo", "x").stdout)["stdout"], "x\n")

    def test_term_goes_to_the_run(self):
        run = subprocess.Popen([CTL, "run", "-n", "sh", "-c", "trap 'echo got; exit 9' TERM; echo ready; while :; do sleep 0.1; done"], stdout=subprocess.PIPE)
        self.assertEqual(run.stdout.readline(), b"ready\n")
        run.send_signal(signal.SIGTERM)
        self.assertEqual(run.stdout.read(), b"got\n")
        self.assertEqual(run.wait(60), 9)
        run.stdout.close()

    def test_an_ignored_signal_stays_ignored(self):
        run = subprocess.Popen(["sh", "-c", "trap '' HUP; exec \"$0\" run -n sh -c 'echo ready; sleep 1; echo over'", CTL], stdout=subprocess.PIPE)
        self.assertEqual(run.stdout.readline(), b"ready\n")
        run.send_signal(signal.SIGHUP)
        self.assertEqual(run.stdout.read(), b"over\n")
        self.assertEqual(run.wait(60), 0)
        run.stdout.close()

    def test_a_daemon_that_goes_is_an_error(self):
        own = Daemon()
        run = subprocess.Popen([CTL, "--socket", own.path, "run", "-n", "sh", "-c", "echo up; sleep 30"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(run.stdout.readline(), "up\n")
        own.process.kill()
        own.stop()
        self.assertEqual(run.wait(60), 125)
        self.assertRegex(run.stderr.read(), r"\Aowhalectl: unreachable: ")
        run.stdout.close()
        run.stderr.close()

    def test_a_stranger_s_socket_is_refused(self):
        if os.getuid() != 0:
            self.skipTest("needs root to make a socket of another user")
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
            path = os.path.join(folder, "s")
            listener.bind(path)
            listener.listen(1)
            os.chown(path, 12345, 12345)
            done = ctl("--socket", path, "runs", "ls")
            self.assertEqual(done.returncode, 4)
            self.assertIn("belongs to uid 12345", done.stderr)

    def test_completion_scripts_are_valid(self):
        for shell in ("bash", "zsh", "fish"):
            script = ctl("completion", shell).stdout
            self.assertIn("runs", script)
            if shell == "bash":
                self.assertEqual(subprocess.run(["bash", "-n"], input=script, text=True).returncode, 0)
                offered = subprocess.run(["bash", "-c", script + '\nCOMP_WORDS=(owhalectl runs l); COMP_CWORD=2; _owhalectl; echo "${COMPREPLY[@]}"'],
                                         capture_output=True, text=True).stdout
                self.assertEqual(offered.split(), ["ls", "logs"])


class OfThisFile(unittest.TestCase):
    def test_what_was_written_last_is_seen_by_who_waits(self):
        """Many at once, so that some end before anybody reads."""
        for _ in range(5):
            terminals = []
            for _ in range(20):
                terminal = Terminal.__new__(Terminal)
                terminal.pid, terminal.fd = pty.fork()
                if terminal.pid == 0:
                    os.execv("/bin/sh", ["sh", "-c", "seq 400; exit 4"])
                terminal.seen = b""
                terminals.append(terminal)
            for terminal in terminals:
                self.assertEqual(terminal.wait(), 4)
                self.assertTrue(terminal.seen.endswith(b"\r\n400\r\n"), terminal.seen[-40:])
                os.close(terminal.fd)


class Terminals(unittest.TestCase):
    def test_shell_with_size_resize_interrupt_and_job_control(self):
        terminal = Terminal("run", "-t", "bash", "--norc", rows=33, columns=111)
        terminal.wait_raw()
        terminal.type(b"stty size\r")
        terminal.until(rb"33 111")
        terminal.resize(44, 122)
        terminal.ask(b"stty size\r", rb"44 122")
        terminal.type(b"sleep 60.25\r")
        wait_for_process("sleep", "60.25")
        terminal.type(b"\x03")
        terminal.type(b"echo rc=$?\r")
        terminal.until(rb"rc=130")
        terminal.type(b"sleep 61.25\r")
        wait_for_process("sleep", "61.25")
        terminal.type(b"\x1a")
        terminal.until(rb"Stopped +sleep 61")
        terminal.type(b"kill -KILL %1; sleep 0.3\r")
        terminal.ask(b"jobs; echo jobs=$(jobs | wc -l)\r", rb"jobs=0")
        terminal.type(b"exit 7\r")
        self.assertEqual(terminal.wait(), 7)
        self.assertTrue(terminal.cooked())

    def test_a_new_size_arrives_before_what_is_typed_after_it(self):
        terminal = Terminal("run", "-t", "sh", "-c", "echo up; while read line; do stty size; done", rows=30, columns=100)
        terminal.until(rb"up")
        for columns in range(101, 151):
            terminal.resize(40, columns)
            terminal.type(b"\r")
            terminal.until(rb"\d+ \d+\r\n")
            self.assertIn(b"40 %d\r\n" % columns, terminal.seen)
            terminal.seen = b""
        terminal.type(b"\x04")
        self.assertEqual(terminal.wait(), 0)

    def test_detach_keys_and_attach(self):
        terminal = Terminal("run", "-t", "cat")
        terminal.wait_raw()
        terminal.type(b"a\x10b\r")
        terminal.until(rb"a\^Pb")
        terminal.type(b"\x10\x11")
        self.assertEqual(terminal.wait(), 0)
        self.assertTrue(terminal.cooked())
        run = re.search(rb"attach ([0-9a-f-]{36})", terminal.seen).group(1).decode()
        again = Terminal("runs", "attach", run)
        again.wait_raw()
        again.type(b"\x04")
        self.assertEqual(again.wait(), 0)

    def test_term_restores_the_terminal(self):
        terminal = Terminal("run", "-t", "cat")
        terminal.wait_raw()
        os.kill(terminal.pid, signal.SIGTERM)
        self.assertEqual(terminal.wait(), 143)
        self.assertTrue(terminal.cooked())

    def test_abort_restores_the_terminal(self):
        terminal = Terminal("run", "-t", "cat")
        terminal.wait_raw()
        os.kill(terminal.pid, signal.SIGABRT)
        self.assertEqual(terminal.wait(), -signal.SIGABRT)
        self.assertTrue(terminal.cooked())

    def test_interrupt_ends_the_run_and_a_second_one_kills_it(self):
        once = Terminal("run", "sh", "-c", "echo ready; exec sleep 60")
        once.until(rb"ready")
        once.type(b"\x03")
        self.assertEqual(once.wait(), 130)
        twice = Terminal("run", "bash", "-c", "trap 'echo no' INT; echo ready; while :; do sleep 0.1; done")
        twice.until(rb"ready")
        twice.type(b"\x03")
        twice.until(rb"no\r")
        twice.type(b"\x03")
        self.assertEqual(twice.wait(), 137)

    def test_progress_is_shown_and_taken_back(self):
        terminal = Terminal("run", "-e", "FAKE_START_DELAY=1.5", "echo", "done")
        self.assertEqual(terminal.wait(), 0)
        self.assertRegex(terminal.seen, rb"starting the run\xe2\x80\xa6\r\x1b\[Kdone")

    def test_hint_line_unless_quiet(self):
        terminal = Terminal("run", "false")
        self.assertEqual(terminal.wait(), 1)
        self.assertRegex(terminal.seen, rb"hint: .* owhalectl runs why [0-9a-f-]{36}\r\n\Z")
        self.assertIn("hint: ", ctl("run", "false").stderr)
        self.assertEqual(ctl("-q", "run", "false").stderr, "")

    def test_what_others_wrote_cannot_steer_the_terminal(self):
        run = ctl("run", "-d", "true", "\x1b]0;owned\x07").stdout.strip()
        listing = Terminal("runs", "ls", "--limit", "1")
        self.assertEqual(listing.wait(), 0)
        self.assertIn(b"\\x1b]0;owned", listing.seen)
        why = Terminal("--no-color", "runs", "why", run)
        self.assertEqual(why.wait(), 0)
        self.assertNotIn(b"\x1b", why.seen)

    def test_width_and_no_color(self):
        run = ctl("run", "-d", "true", "x" * 300).stdout.strip()
        for words in (["runs", "ls", "--limit", "1"], ["runs", "show", run]):
            listing = Terminal("--no-color", *words, columns=80)
            self.assertEqual(listing.wait(), 0)
            self.assertNotIn(b"\x1b", listing.seen)
            self.assertLessEqual(max(len(line.decode()) for line in listing.seen.split(b"\r\n")), 80)
        self.assertIn("x" * 300, ctl("runs", "show", run).stdout)

    def test_a_list_has_short_ids_and_whole_ones_when_they_are_wanted(self):
        run = ctl("run", "-d", "true").stdout.strip()
        self.assertRegex(ctl("runs", "ls").stdout, r"(?m)^ID +STATE[^\n]*\n(?:.*\n)*?%s " % run[-8:])
        self.assertNotIn(run, ctl("runs", "ls").stdout)
        self.assertIn(run, ctl("-v", "runs", "ls").stdout)
        self.assertEqual(json.loads(ctl("-o", "json", "runs", "show", run[-8:]).stdout)["id"], run)

    def test_background_job_is_not_stopped_by_its_terminal(self):
        pid, fd = pty.fork()
        if pid == 0:
            os.execvp("bash", ["bash", "--norc", "-i"])
        shell = Terminal.__new__(Terminal)
        shell.pid, shell.fd, shell.seen = pid, fd, b""
        shell.type(b"%s run sh -c 'sleep 0.7; echo over' & wait; echo rc=$?; exit\r" % CTL.encode())
        shell.until(rb"\nover")
        shell.until(rb"rc=0")
        shell.wait()


if __name__ == "__main__":
    unittest.main(verbosity=2)
