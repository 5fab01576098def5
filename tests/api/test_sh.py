"""owhale-sh: stands where a program expects a shell, and runs what it is given in a cage."""

import concurrent.futures
import fcntl
import os
import pathlib
import pty
import re
import shlex
import shutil
import signal
import struct
import subprocess
import termios
import time

import pytest

import accounts
import asking
import daemon
from conftest import ALICE
from ctl import Ctl, Terminal, become

SH = daemon.BUILD / "cli" / "owhale-sh"
MARK = r"\036\037owhale-folder:%s\037\036"


class Shell:
    """A person with a workspace, whose shell is owhale-sh."""

    def __init__(self, owhaled, workspace, uid, base):
        self.ctl = Ctl(base, owhaled, uid)
        self.owhaled, self.workspace, self.uid = owhaled, workspace, uid
        self.variables = dict(self.ctl.variables, TMPDIR="/tmp")

    def start(self, *words, program=SH, cwd=None, env=None, **more):
        return subprocess.Popen([program, *words], cwd=cwd or self.workspace, env={**self.variables, **(env or {})},
                                start_new_session=True, preexec_fn=lambda: become(self.uid), **more)

    def __call__(self, *words, stdin=b"", **more):
        process = self.start(*words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
        out, err = process.communicate(stdin, timeout=40)
        return process.returncode, out, err

    def out(self, *words, **more):
        code, out, err = self(*words, **more)
        assert (code, err) == (0, b""), (words, code, out, err)
        return out.decode()

    def file(self, name, text, mode=0o644):
        path = pathlib.Path(self.workspace) / name
        path.write_text(text)
        path.chmod(mode)
        if self.uid is not None:
            os.chown(path, self.uid, self.uid)
        return path

    def temporary(self, name, text=None):
        """A path in the real /tmp; with a text a file of this person's."""
        path = pathlib.Path("/tmp") / name
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text)
            if self.uid is not None:
                os.chown(path, self.uid, self.uid)
        return path


@pytest.fixture
def sh(owhaled, workspace, uid, base):
    os.chmod(base, 0o777)
    return Shell(owhaled, workspace, uid, base)


# --- what a shell is called with

def test_the_options_of_a_shell(sh):
    assert sh.out("-c", "echo hi; pwd") == f"hi\n{sh.workspace}\n"
    assert sh.out("-lc", 'echo "$0 $#"') == "bash 0\n"
    assert sh.out("-c", "-l", 'echo x') == "x\n"
    assert sh.out("-c", 'echo "$0 $1 $#"', "me", "a b", "c") == "me a b 2\n"
    assert sh.out("--norc", "--noprofile", "-c", "echo x") == "x\n"
    assert sh("-ec", "false; echo no")[:2] == (1, b"")
    assert sh("-uc", "echo $nothing")[0] == 127
    assert sh("-eo", "pipefail", "-c", "false | true; echo no")[:2] == (1, b"")
    assert sh("-xc", "echo a")[2] == b"+ echo a\n"
    assert sh.out("-O", "nullglob", "-c", "echo *.none") == "\n"
    assert sh.out("-c", "") == ""
    assert sh.out("-c", "--", "echo x") == "x\n"
    file = sh.file("run.sh", 'echo "$0 $*"; cat')
    assert sh.out("run.sh", "a", "-c", stdin=b"in") == "run.sh a -c\nin"
    assert sh.out(str(file)) == f"{file} \n"
    assert sh("none.sh")[0] == 127
    for words in (["-c"], ["--nonsense"], ["-q", "-c", "echo x"], ["-o"]):
        code, out, err = sh(*words)
        assert (code, out) == (2, b"") and b"owhale-sh: " in err and b"next: " in err, (words, err)
    assert "owhale-sh" in sh.out("--version") and "-c SCRIPT" in sh.out("--help")


def test_stdin_and_streams(sh):
    assert sh("-c", "cat", stdin=b"a\0b\xff\r\n" * 1000) == (0, b"a\0b\xff\r\n" * 1000, b"")
    assert sh("-c", "echo out; echo err >&2") == (0, b"out\n", b"err\n")
    assert sh.out("-c", "[ -t 0 ] || [ -t 1 ] || echo none") == "none\n"
    closed = sh.start("-c", "cat; echo end", stdin=None, stdout=subprocess.PIPE, close_fds=True)
    assert closed.communicate(timeout=60)[0].endswith(b"end\n")
    assert subprocess.run([shutil.which("bash"), "-c", f"{shlex.quote(str(SH))} -c 'cat; echo end' <&-"], env=sh.variables, cwd=sh.workspace,
                          preexec_fn=lambda: become(sh.uid), capture_output=True, timeout=60).stdout == b"end\n"


def test_much_output_and_a_reader_that_leaves(sh):
    process = sh.start("-c", "head -c 100000000 /dev/zero", stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    total = 0
    while chunk := process.stdout.read(1 << 20):
        total += len(chunk)
    assert (process.wait(60), total) == (0, 100000000)
    process = sh.start("-c", "head -c 300000000 /dev/zero", stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    process.stdout.read(10)
    process.stdout.close()
    assert process.wait(60) == 128 + signal.SIGPIPE


def test_exit_codes_and_signals(sh):
    assert sh("-c", "exit 7")[0] == 7
    assert sh("-c", "no-such-program-here")[0] == 127
    assert sh("-c", "/etc/passwd")[0] == 126
    assert sh("-c", "kill -9 $$")[0] == 137
    for number, code in ((signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGQUIT, 131)):
        # Not bash, which ignores SIGQUIT: it would be lost between the word and the start of sleep.
        process = sh.start("-c", "exec dash -c 'echo ready; exec sleep 60'", stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.wait(60) == code, number
    process = sh.start("-c", "trap 'echo caught; exit 3' TERM; echo ready; while :; do sleep 0.1; done", stdout=subprocess.PIPE)
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=60)[0] == b"caught\n" and process.returncode == 3


def test_variables(sh):
    show = "; ".join(f'echo "{name}=${{{name}-none}}"' for name in ["FOO", "LD_DEBUG", "TMPDIR", "SHELL"])
    program = ("import os, subprocess; "
               f"subprocess.run([{str(SH)!r}, '-c', {show!r}], env={{**os.environ, 'TMPDIR': '/tmp/other', **SET}})")
    # What a caller sets for this command passes; what it was itself started with does not, but by name.
    for theirs, for_us, asked, seen in (({}, {"FOO": "for us"}, None, "for us"), ({"FOO": "theirs"}, {}, None, "none"),
                                        ({"FOO": "theirs"}, {}, "F*", "theirs")):
        variables = {**sh.variables, **theirs, **({"OWHALE_SH_ENV": asked} if asked else {})}
        done = subprocess.run(["/usr/bin/python3", "-c", program.replace("SET", repr(for_us))], env=variables, cwd=sh.workspace,
                              capture_output=True, text=True, preexec_fn=lambda: become(sh.uid), timeout=60, stdin=subprocess.DEVNULL)
        assert done.stdout == f"FOO={seen}\nLD_DEBUG=none\nTMPDIR=none\nSHELL=/bin/bash\n", done


# --- it never runs anything uncaged

def test_everything_is_caged(sh):
    secret = sh.temporary("owhale-sh-secret", "outside\n")
    try:
        assert sh("-c", f"cat {secret}")[1] == b""
        code, out, _ = sh("-c", f"echo x > {secret}; cat {secret}")
        assert secret.read_text() == "outside\n"
    finally:
        secret.unlink()


def test_without_owhaled(sh):
    for words in (["-c", "touch made"], ["made.sh"], []):
        code, out, err = sh(*words, stdin=b"touch made\n", env={"OWHALE_SOCKET": "/nowhere/owhaled.sock"})
        assert (code, out) == (125, b"") and err.startswith(b"owhale-sh: unreachable: ") and b"next: " in err, (words, err)
        assert err.count(b"unreachable") == 1, (words, err)
    code, _, err = sh("-c", "true", env={"OWHALE_SH_OPTIONS": "--odd"})
    assert code != 0 and err.startswith(b"owhale-sh: bad_request: OWHALE_SH_OPTIONS: owhalectl run has no option '--odd'"), err
    assert not (pathlib.Path(sh.workspace) / "made").exists()


def test_denied(sh):
    for words in (["-c", "rm -rf /"], ["-c", "true && eval 'rm -rf /' < /dev/null"], ["-e", "-c", "rm -rf /", "name", "x"]):
        code, out, err = sh(*words)
        assert (code, out) == (126, b"") and b"denied: " in err and b"destroy." in err and b"next: " in err, (words, err)


def test_in_a_cage_it_is_no_way_around(sh):
    """Called where no owhaled answers it runs nothing; the cage's own SHELL is bash."""
    shutil.copy(SH, sh.workspace)
    code, out, err = sh("-c", "./owhale-sh -c 'echo ran'")
    assert code != 0 and b"ran" not in out, (code, out, err)


def test_its_own_folder_of_names_is_not_in_the_cages_path(sh, base):
    folder = pathlib.Path(sh.workspace) / "names"
    folder.mkdir()
    (folder / "bash").symlink_to(SH)
    out = sh.out("-c", "bash -c 'echo inner'; echo $PATH", program=folder / "bash", env={"PATH": f"{folder}:/usr/bin:/bin"})
    assert out == "inner\n/usr/bin:/bin\n"


# --- agents' frames

def claude(command, file, snapshot="/home/u/.claude/shell-snapshots/snapshot-bash-1764-ab12.sh", more=""):
    return (f"source {snapshot} 2>/dev/null || true && shopt -u extglob 2>/dev/null || true && "
            f"eval {shlex.quote(command)}{more} < /dev/null && pwd -P >| {file}")


def test_claude_codes_frame(sh):
    file = sh.temporary("claude-t3st-cwd")
    inside = pathlib.Path(sh.workspace) / "deeper place"
    inside.mkdir()
    try:
        assert sh.out("-c", claude("cd 'deeper place'; echo hi", file)) == "hi\n"
        assert file.read_text() == f"{inside}\n" and file.stat().st_uid == (sh.uid if sh.uid is not None else os.geteuid())
        assert sh.out("-c", "-l", claude("echo a", file).replace("< /dev/null", "\\< /dev/null")) == "a\n"
        assert file.read_text() == f"{sh.workspace}\n"
        file.unlink()
        assert sh("-c", claude("exit 3", file))[0] == 3 and not file.exists()
        assert sh("-c", claude("false", file))[0] == 1 and not file.exists()
        code, _, err = sh("-c", claude("cd /tmp", file))
        assert code == 0 and file.read_text() == "/tmp\n"
        file.unlink()
        code, _, err = sh("-c", claude("mkdir /tmp/only-there; cd /tmp/only-there", file))
        assert code == 0 and b"in its cage only" in err and not file.exists()
        code, _, err = sh("-c", claude("rm -rf /", file))
        assert code == 126 and b"destroy." in err
    finally:
        file.unlink(missing_ok=True)


def test_gemini_clis_frames(sh):
    folder = pathlib.Path("/tmp/gemini-shell-t3st")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.chown(folder, sh.uid if sh.uid is not None else -1, -1)
    try:
        code, out, err = sh("-c", f"{{\ncd /usr; false\n}}; __code=$?; pwd > '{folder}/pwd.tmp'; exit $__code")
        assert (code, out, err) == (1, b"", b"") and (folder / "pwd.tmp").read_text() == "/usr\n"
        assert sh("-c", f"(\necho a\n)\n__code=$?; pgrep -P $$ >{folder}/pgrep.tmp 2>&1; exit $__code;") == (0, b"a\n", b"")
    finally:
        shutil.rmtree(folder)


def test_a_frame_that_wants_to_write_elsewhere(sh):
    home = sh.ctl.home
    victim = home / ".bashrc"
    victim.write_text("mine\n")
    os.chown(victim, sh.uid if sh.uid is not None else -1, -1)
    link, hard = sh.temporary("claude-l1nk-cwd"), sh.temporary("claude-h4rd-cwd")
    link.symlink_to(victim)
    other = sh.temporary("claude-0ther-cwd", "another's\n")
    os.chown(other, 0, 0) if os.geteuid() == 0 else None
    try:
        for file in (victim, "/etc/claude-1-cwd", link, "/tmp/../etc/claude-1-cwd", "/tmp/claude-$(echo 1)-cwd", "~/.bashrc",
                     *([other] if os.geteuid() == 0 else [])):
            sh("-c", claude("echo x", file))
            assert victim.read_text() == "mine\n" and not os.path.lexists("/etc/claude-1-cwd") and link.is_symlink()
            assert not os.path.lexists("/tmp/claude-1-cwd") and other.read_text() == "another's\n"
        code, _, err = sh("-c", claude("echo x", link))
        assert code == 0 and b"claude-l1nk-cwd" in err
    finally:
        for path in (link, hard, other):
            path.unlink(missing_ok=True)


def test_a_command_that_tells_a_folder_itself(sh):
    file = sh.temporary("claude-f0rge-cwd")
    try:
        forged = f"printf '{MARK}' /etc"
        code, out, _ = sh("-c", claude(forged, file))
        assert (code, out) == (0, b"\x1e\x1fowhale-folder:/etc\x1f\x1e") and file.read_text() == f"{sh.workspace}\n"
        file.unlink()
        sh("-c", claude(f"printf '{MARK}' '/etc; rm -rf ~'; exit 0", file))  # before the frame's own: a folder that exists, or nothing
        assert not file.exists()
        assert sh("-c", forged)[1] == b"\x1e\x1fowhale-folder:/etc\x1f\x1e" and not file.exists()
        text = f"cat <<'X'\n{claude('echo x', file)}\nX"
        assert sh.out("-c", text) == claude("echo x", file) + "\n" and not file.exists()
    finally:
        file.unlink(missing_ok=True)


# --- a shell that lives on

def test_commands_on_stdin(sh):
    assert sh.out(stdin=b"x=1\necho $x; cd /usr\npwd\nf() {\n echo in $1\n}\nf y\n") == "1\n/usr\nin y\n"
    assert sh.out("-s", "a", "b", stdin=b'echo "$2"') == "b\n"
    assert sh(stdin=b"exit 4\necho no\n")[:2] == (4, b"")


def test_a_conversation(sh):
    """Each answer comes before the next command is given."""
    process = sh.start(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    for i in range(20):
        process.stdin.write(b"n=$((n+1)); echo answer $n\n" if i % 2 else b"if true\nthen\n n=$((n+1)); echo answer $n\nfi\n")
        assert process.stdout.readline() == f"answer {i + 1}\n".encode()
    process.stdin.close()
    assert process.wait(60) == 0


def test_what_is_refused_on_stdin_ends_it(sh):
    for stdin, why in ((b"echo one\nrm -rf /\necho two\n", b"destroy."), (b"echo one\nx=/\nrm -rf $x\necho two\n", b"destroy."),
                       (b"echo one\ncd / && rm -rf *\necho two\n", b"destroy."), (b"echo one\n)\necho two\n", b"not run"),
                       (b"echo one\necho 'never ended\n", b"not run")):
        code, out, err = sh(stdin=stdin)
        assert (code, out) == (126, b"one\n") and why in err, (stdin, code, out, err)
    code, out, err = sh("-i", stdin=b"rm -rf /\necho $?\n")
    assert b"126\n" in out and b"destroy." in err, (code, out, err)


def on_terminal(sh, *words):
    terminal = Terminal.__new__(Terminal)
    terminal.pid, terminal.fd = pty.fork()
    if terminal.pid == 0:
        os.chdir(sh.workspace)
        become(sh.uid)
        os.execve(SH, [str(SH), *words], {**sh.variables, "TERM": "xterm"})
    terminal.screen, terminal.at = b"", 0
    return terminal


def test_on_a_terminal(sh):
    terminal = on_terminal(sh)
    terminal.until(r"\[caged\] ", 60)
    os.write(terminal.fd, b"tty && echo is$((1+1)); stty size\n")
    terminal.until(r"/dev/pts/\d+\r\nis2\r\n", 60)
    os.write(terminal.fd, b"bash -c 'echo ready$((1+1)); sleep 100'\n")
    terminal.until(r"ready2\r\n", 60)
    os.write(terminal.fd, b"\x1a")
    terminal.until(r"Stopped", 60)
    os.write(terminal.fd, b'kill -9 %1; while [ -n "$(jobs -s)" ]; do sleep 0.1; done; echo gone$((1+1))\n')
    terminal.until(r"gone2\r\n", 60)
    os.write(terminal.fd, b"cd /usr; exit 9\n")
    code, _ = terminal.wait(60)
    assert code == 9
    once = on_terminal(sh, "-c", "test -t 0 && test -t 1 && test -t 2 && echo all")
    assert once.wait(60) == (0, "all\r\n")


def test_the_size_of_the_window(sh):
    terminal = on_terminal(sh)
    terminal.until(r"\[caged\] ", 60)
    for rows, columns in ((31, 101), (17, 77)):
        fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.write(terminal.fd, f"until stty size | grep -x '{rows} {columns}'; do sleep 0.1; done; echo size$((1+1))\n".encode())
        terminal.until(rf"{rows} {columns}\r\n(.|\n)*size2\r\n", 60)
    os.write(terminal.fd, b"exit 0\n")
    assert terminal.wait(60)[0] == 0


ASKS = asking.asks("medium")


def test_what_is_asked_about_waits_and_goes_on(own, workspace, alice, base):
    owhaled = own(*accounts.QUICK)
    owhaled.rule("50-own.toml", ASKS)
    person = accounts.add(accounts.set_up(owhaled.start()), "carol", ["approver"])
    process = Shell(owhaled, workspace, alice, base).start("-c", "seq 3; exit 5", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                                           stderr=subprocess.PIPE)
    end = time.monotonic() + 60
    while not (asked := person.get("/v1/approvals?all=1&state=pending").json()["approvals"]):
        assert time.monotonic() < end and process.poll() is None, "nobody was asked"
        time.sleep(0.05)
    digest = person.get(f"/v1/approvals/{asked[0]['id']}").json()["digest"]
    person.do("POST", f"/v1/approvals/{asked[0]['id']}/approve", {"digest": digest})
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (5, b"1\n2\n3\n"), (process.returncode, out, err)
    assert b"waiting" in err and b"owhalectl approvals watch" in err and b"owhalectl approve " not in err, err


# --- who calls a shell

def called_by(sh, *words, **more):
    done = subprocess.run(words, env=sh.variables, cwd=sh.workspace, preexec_fn=lambda: become(sh.uid), capture_output=True,
                          text=True, timeout=120, stdin=subprocess.DEVNULL, start_new_session=True, **more)
    assert done.returncode == 0, done
    return done.stdout


def test_make(sh):
    sh.file("Makefile", f"SHELL = {SH}\nexport WORD = from make\nall: two\n\t@echo one $$WORD; test -e {SH.parent}/none || echo caged\n"
                        "two:\n\t@x=2; \\\n\techo $$x\n\t@-exit 3\n")
    assert called_by(sh, "make", "-s") == "2\none from make\ncaged\n"


def test_python_git_npm_script(sh):
    program = f"import subprocess; print(subprocess.run('echo $0 $((1+1))', shell=True, executable={str(SH)!r}, capture_output=True, text=True).stdout)"
    assert called_by(sh, "/usr/bin/python3", "-c", program).split()[-1] == "2"
    sh.variables["GIT_CONFIG_GLOBAL"] = "/dev/null"
    assert "caged" in called_by(sh, "git", "-c", f"alias.x=!{SH} -c 'echo caged'", "x")
    sh.file("package.json", '{"name": "x", "version": "1.0.0", "scripts": {"t": "echo $npm_lifecycle_event"}}')
    assert called_by(sh, "npm", "--offline", f"--script-shell={SH}", "run", "--silent", "t") == "t\n"
    sh.variables["SHELL"] = str(SH)
    assert "2" in called_by(sh, "script", "-qec", "echo $((1+1)); tty >&2", "/dev/null")


@pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is missing")
def test_under_tmux(sh):
    tmux = ["tmux", "-S", str(sh.workspace / "tmux.sock"), "-f", "/dev/null"]
    sh.variables["SHELL"] = str(SH)
    called_by(sh, *tmux, "new-session", "-d", "-x", "90", "-y", "20")  # its default shell is ours

    def until(text):
        end = time.monotonic() + 60
        while text not in (seen := called_by(sh, *tmux, "capture-pane", "-p")):
            assert time.monotonic() < end, seen
            time.sleep(0.1)

    try:
        until("[caged]")
        called_by(sh, *tmux, "send-keys", "stty size; echo in$((1+1))", "Enter")
        until("in2")
        assert re.search(r"(19|20) 90", called_by(sh, *tmux, "capture-pane", "-p"))
    finally:
        called_by(sh, *tmux, "kill-server")


def test_a_thousand_short_calls_leave_nothing(sh, owhaled):
    def calls(count):
        with concurrent.futures.ThreadPoolExecutor(4) as four:
            assert list(four.map(lambda i: sh("-c", f"exit {i % 126}")[0], range(count))) == [i % 126 for i in range(count)]

    calls(20)
    before = owhaled.descriptors()
    calls(1000)
    end = time.monotonic() + 60
    while owhaled.descriptors() > before + 8:
        assert time.monotonic() < end, (before, owhaled.descriptors())
        time.sleep(0.1)


# --- as bash says it

def scripts():
    text = (pathlib.Path(__file__).parent / "shell_scripts.txt").read_text()
    return [one.strip("\n") for one in text.split("\n%%\n") if one.strip()]


def test_as_bash_says_it(sh):
    """The same stdout, stderr and exit code, but for the name in front of an error."""
    differ = []
    for script in scripts():
        code, out, err = sh("-c", script, program="/bin/bash", stdin=b"line one\nline two\n")
        bash = code if code >= 0 else 128 - code, out, err.replace(b"/bin/bash: ", b"bash: ")
        code, out, err = sh("-c", script, stdin=b"line one\nline two\n")
        said = b"".join(line for line in err.splitlines(True) if not line.startswith(b"owhale-sh: hint: "))
        if bash != (code, out, said):
            differ.append((script, bash, (code, out, err)))
    assert not differ, differ
