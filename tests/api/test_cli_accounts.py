"""Accounts through owhalectl: the first start, a second user, tokens for agents, who may use the socket."""

import json
import os
import re
import shutil
import subprocess

import daemon
import pytest
from conftest import needs_root
from ctl import CTL, Ctl, become

GOOD, OTHER, THIRD = "correct horse 1", "battery staple 2", "three more words 3"
QUICK = ("--tcp", "off", "--argon2-memory", "8M", "--argon2-passes", "1", "--login-rate", "1000")

pytestmark = needs_root


@pytest.fixture
def root(base, fresh):
    return Ctl(base, fresh)


@pytest.fixture
def alice_ctl(base, fresh, alice):
    return Ctl(base, fresh, alice)


@pytest.fixture
def admin(root, alice_ctl):
    """Alice's uid, logged in to the account admin after root has set owhaled up."""
    root("setup", "--password-stdin", stdin=GOOD + "\n")
    alice_ctl("login", "admin", "--password-stdin", stdin=GOOD + "\n")
    return alice_ctl


def events(root):
    return {one["event"]["event"] for one in json.loads(root("-o", "json", "audit", "ls", "--limit", "200"))["events"]}


def test_setup_on_a_terminal(root, alice_ctl):
    assert "weaker" in root("doctor", code=None).stdout.split("first password")[0].splitlines()[-1]
    terminal = root.on_terminal("setup")
    terminal.answer("New password of admin: ", "password1")
    terminal.answer("again: ", "password1")
    terminal.until("owhaled: ")  # says why not
    terminal.answer("New password of admin: ", GOOD)
    terminal.answer("again: ", GOOD)
    terminal.answer("Enter to leave it so: ", "no-such-user-here")
    terminal.answer("no user 'no-such-user-here'[\\s\\S]*so: ", "")
    code, screen = terminal.wait()
    assert code == 0, screen
    assert GOOD not in screen and "password1" not in screen.replace("--password", "")
    assert "owhalectl login admin" in screen
    assert not list(root.home.glob("**/token-*")), "root stays who root is"
    assert "set by user:admin" in root("doctor", code=None).stdout
    again = root("setup", code=None)
    assert again.returncode == 0 and "already" in again.stderr
    alice_ctl("login", "admin", "--password-stdin", stdin=GOOD + "\n")
    assert "user:admin" in alice_ctl("whoami")


def test_only_root_sets_up(alice_ctl):
    refused = alice_ctl("setup", "--password-stdin", stdin=GOOD + "\n", code=None)
    assert refused.returncode == 4, refused
    assert re.search(r"setup is for root: .*\n  next: sudo owhalectl --socket \S+ setup\n", refused.stderr), refused


def test_login_must_change_on_a_terminal(root):
    terminal = root.on_terminal("login")
    terminal.answer("Password of admin: ", "admin")
    terminal.answer("must be changed[\\s\\S]*New password of admin: ", GOOD)
    terminal.answer("again: ", GOOD)
    code, screen = terminal.wait()
    assert code == 0 and "logged in as user:admin" in screen, screen
    assert GOOD not in screen
    assert "user:admin" in root("whoami")


def test_must_change_is_all_that_one_may(root):
    done = root("login", "admin", "--password-stdin", stdin="admin\n", code=3)
    assert "password_change_required" in done.stderr
    assert "password_change_required" in root("users", "ls", code=3).stderr
    assert "owhalectl passwd" in root("whoami")
    root("passwd", "--password-stdin", stdin=f"admin\n{GOOD}\n")
    assert root("-q", "users", "ls") == "admin\n"


def test_wrong_password(admin, root):
    for name in ("admin", "nobody-here"):
        wrong = admin.with_variables(XDG_STATE_HOME=str(admin.home / "else"))("login", name, "--password-stdin", stdin="wrong one\n", code=3)
        assert wrong.stderr.startswith("owhalectl: credentials_wrong: ")
    assert "user:admin" in admin("whoami"), "the login that was there stays"


def test_whoami_and_its_words(admin, root):
    text = admin("whoami")
    for part in ("user:admin", "admin", "run commands", "manage accounts", "Expires", "in 7d", "token-", "pid ", "uid 0"):
        assert part in text, text
    shown = json.loads(admin("-o", "json", "whoami"))
    assert shown["principal"] == "user:admin" and shown["session"]


def test_a_second_user_from_add_to_rm(admin, base, fresh, bob, root):
    terminal = admin.on_terminal("users", "add", "bob", "--role", "agent")
    terminal.answer("To add the account bob, owhaled needs the password of user:admin: ", "wrong one")
    terminal.answer("To add the account bob, owhaled needs the password of user:admin: ", GOOD)
    code, screen = terminal.wait()
    assert code == 0, screen
    once = re.search(r"One-time password\s+(\S+)", re.sub(r"\x1b\[\d*m", "", screen)).group(1)
    bobs = Ctl(base, fresh, bob)
    terminal = bobs.on_terminal("login", "bob")
    terminal.answer("Password of bob: ", once)
    terminal.answer("New password of bob: ", OTHER)
    terminal.answer("again: ", OTHER)
    assert terminal.wait()[0] == 0
    assert bobs("-q", "run", "id", "-u").strip() == str(bob)
    assert bobs("users", "ls", code=4)
    admin("users", "disable", "bob", "--password-stdin", stdin=GOOD + "\n")
    assert bobs("whoami", code=3)
    assert "disabled" in admin("users", "show", "bob")
    admin("users", "enable", "bob", "--password-stdin", stdin=GOOD + "\n")
    assert bobs("whoami", code=3), "what was ended stays ended"
    bobs("login", "bob", "--password-stdin", stdin=OTHER + "\n")
    admin("users", "role", "bob", "agent", "auditor", "--password-stdin", stdin=GOOD + "\n")
    assert "auditor" in bobs("whoami")
    again = admin("-q", "users", "reset", "bob", "--password-stdin", stdin=GOOD + "\n").strip()
    assert bobs("whoami", code=3)
    bobs("login", "bob", "--password-stdin", stdin=f"{again}\n{THIRD}\n")
    admin("users", "rm", "bob", "--password-stdin", stdin=GOOD + "\n")
    assert bobs("whoami", code=3)
    assert admin("users", "show", "bob", code=5)
    assert {"user.create", "user.disable", "user.enable", "user.reset", "user.remove"} <= events(root)


def test_root_needs_no_password_for_accounts(root):
    root("setup", "--password-stdin", stdin=GOOD + "\n")
    once = root("-q", "users", "add", "carol", "--role", "agent").strip()
    assert len(once) > 16
    root("users", "rm", "carol")


def test_the_last_admin(admin):
    for words in (["rm", "admin"], ["disable", "admin"], ["role", "admin", "agent"]):
        done = admin("users", words[0], *words[1:], "--password-stdin", stdin=GOOD + "\n", code=1)
        assert "last_admin" in done.stderr


def test_step_up_off_a_terminal(admin):
    done = admin("users", "add", "bob", "--role", "agent", code=3)
    assert "step_up_required" in done.stderr and "--password-stdin" in done.stderr
    admin("sessions", "rotate-key", "--password-stdin", stdin="wrong\n", code=3)
    admin("sessions", "rotate-key", "--password-stdin", stdin=GOOD + "\n")
    assert "user:admin" in admin("whoami"), "a session outlives the key's rotation"


def test_a_token_for_an_agent(admin, base, fresh, alice, workspace):
    add = ("tokens", "add", "--role", "agent", "--ttl", "24h", "--cwd", str(workspace), "--label", "ci", "--password-stdin")
    token = admin(*add, stdin=GOOD + "\n").strip()
    assert token.count(".") == 2 and "\n" not in token
    agent = admin.with_variables(OWHALE_TOKEN=token, XDG_STATE_HOME=str(admin.home / "nothing"))
    text = agent("whoami")
    assert "OWHALE_TOKEN" in text and str(workspace) in text
    assert agent("-q", "run", "pwd", cwd=workspace).strip() == str(workspace)
    refused = agent("users", "add", "eve", "--role", "agent", "--password-stdin", stdin=f"{OTHER}\n{GOOD}\n", code=None)
    assert refused.returncode in (3, 4), "an agent's token never steps up, whatever it knows"
    ident = admin("-q", "tokens", "ls").strip()
    assert "ci" in admin("tokens", "show", ident)
    admin("tokens", "rm", ident)
    assert "token_revoked" in agent("whoami", code=3).stderr


def test_a_copy_of_the_token_file_is_not_enough(admin, base, fresh, alice):
    """What an uncaged program of the same uid can do with it: not one act that needs the password."""
    thief = Ctl(base, fresh, alice)
    for words in (["users", "add", "eve", "--role", "admin"], ["users", "rm", "admin"], ["users", "reset", "admin"], ["users", "role", "admin", "agent"],
                  ["users", "disable", "admin"], ["tokens", "add", "--role", "admin", "--ttl", "1h"], ["sessions", "rotate-key"],
                  ["setup", "--allow", "61235:admin"], ["setup", "--deny", "*"]):
        assert thief(*words, code=3).stderr.startswith("owhalectl: step_up_required: ")


def test_sessions(admin, root):
    first = admin("-q", "sessions", "ls").split()
    admin("login", "admin", "--password-stdin", stdin=GOOD + "\n")
    last = admin("-q", "sessions", "ls").split()
    assert len(last) == len(first) and last != first, "a login ends the session whose token it replaces"
    admin.with_variables(XDG_STATE_HOME=str(admin.home / "else"))("login", "admin", "--password-stdin", stdin=GOOD + "\n")
    assert len(admin("-q", "sessions", "ls").split()) > len(first)
    assert "ended" in admin("sessions", "rm", "--all")
    mine, = [one["id"] for one in json.loads(admin("-o", "json", "sessions", "ls"))["sessions"] if one["current"]]
    admin("sessions", "rm", mine)
    assert "token_revoked" in admin("whoami", code=3).stderr
    assert "over already" in admin("logout", code=None).stderr
    assert f"unix:{admin.uid}" in admin("whoami")


def test_inside_of_a_cage(root, admin, alice, workspace):
    inside = workspace / "ctl"  # by another name, for the filter asks about owhalectl in a cage
    shutil.copy(CTL, inside)
    inside.chmod(0o755)
    text = admin("-q", "run", "--", "./ctl", "runs", "ls", cwd=workspace, code=6).stderr
    assert "this run has no socket of owhaled's" in text and "--profile agent" in text, text
    for words in (["login", "admin"], ["passwd"]):
        refused = admin("-q", "run", "--profile", "agent", "--", "./ctl", *words, cwd=workspace, code=4).stderr
        assert "inside of a cage" in refused, refused


def test_changed_password_ends_the_others(admin, root, base, fresh, bob):
    other = Ctl(base, fresh, bob)
    other("login", "admin", "--password-stdin", stdin=GOOD + "\n")
    terminal = admin.on_terminal("passwd")
    terminal.answer("Present password of admin: ", GOOD)
    terminal.answer("New password of admin: ", OTHER)
    terminal.answer("again: ", OTHER)
    code, screen = terminal.wait()
    assert code == 0, screen
    assert "user:admin" in admin("whoami")
    assert other("whoami", code=3)


def test_who_may_use_the_socket(root, alice_ctl, alice):
    root("setup", "--password-stdin", stdin=GOOD + "\n")
    alice_ctl("runs", "ls")
    root("setup", "--deny", "*")
    alice_ctl("runs", "ls", code=4)
    root("setup", "--allow", f"{alice}:agent,auditor")
    assert "auditor" in alice_ctl("whoami")
    root("setup", "--allow", f"{alice}")
    assert "auditor" not in alice_ctl("whoami").split("May")[0]
    root("setup", "--forget", f"{alice}", "--forget", "*")
    alice_ctl("runs", "ls")
    assert f"uid:{alice}" not in root("setup", "--show")
    assert alice_ctl("setup", "--allow", f"{alice}:admin", code=None).returncode in (3, 4)


def test_who_may_use_the_socket_by_group(root, alice_ctl, alice):
    root("setup", "--password-stdin", stdin=GOOD + "\n")
    root("setup", "--deny", "*", "--allow", f"@{alice}")
    alice_ctl("runs", "ls")


def test_strict(own, base, alice):
    strict = own(*QUICK, "--mode", "strict", "--tls", "on").start()
    root, alices = Ctl(base, strict), Ctl(base, strict, alice)
    alices("runs", "ls", code=4)
    assert "admin" not in root("users", "ls").split("\n", 1)[1]
    refused = alices("setup", "--password-stdin", stdin=GOOD + "\n", code=4)
    assert re.search(r"forbidden: setup is for root: .*\n  next: sudo owhalectl --socket \S+ setup\n", refused.stderr), refused
    terminal = root.on_terminal("setup", "--admin", "chief")
    terminal.answer("New password of chief: ", GOOD)
    terminal.answer("again: ", GOOD)
    terminal.answer("Enter to leave it so: ", f"{alice}:agent")
    code, screen = terminal.wait()
    assert code == 0, screen
    alices("runs", "ls")
    alices("login", "chief", "--password-stdin", stdin=GOOD + "\n")
    assert "user:chief" in alices("whoami")
    assert "strict" in root("mode")


class Rootless(daemon.Owhaled):
    """Started by an ordinary user."""

    def limit(self):
        super().limit()
        become(self.uid)


@pytest.mark.parametrize("mode", ["local", "strict"])
def test_who_started_owhaled_sets_it_up(base, alice, bob, mode):
    os.chown(base, alice, alice)
    owhaled = Rootless(base, *QUICK, "--mode", mode, environment={"HOME": str(base), "XDG_RUNTIME_DIR": str(base)})
    owhaled.uid = alice
    owhaled.start()
    try:
        alices, bobs = Ctl(base, owhaled, alice), Ctl(base, owhaled, bob)
        assert bobs("setup", "--password-stdin", stdin=GOOD + "\n", code=None).returncode in (4, 6)
        alices("setup", "--password-stdin", stdin=GOOD + "\n")
        assert "user:admin" in alices("whoami"), "who set it up is logged in"
        assert "step_up_required" in alices("users", "add", "bob", "--role", "agent", code=3).stderr
        alices("users", "add", "bob", "--role", "agent", "--password-stdin", stdin=f"{OTHER}\n{GOOD}\n")
        alices("logout")
        assert alices("users", "add", "eve", "--role", "admin", code=None).returncode in (3, 4), "the uid alone no longer may"
    finally:
        owhaled.stop()


def test_a_short_wait_is_waited_out(own, base, alice):
    limited = own(*QUICK[:-1], "30").start()
    alices = Ctl(base, limited, alice)
    done = [alices("login", "nobody", "--password-stdin", stdin="wrong\n", code=None) for _ in range(32)]
    assert {one.returncode for one in done} <= {1, 3}
    assert any("credentials_wrong" in one.stderr for one in done)


def test_a_long_wait_is_told(own, base, alice):
    limited = own(*QUICK[:-1], "1").start()
    alices = Ctl(base, limited, alice)
    said = [alices("login", "nobody", "--password-stdin", stdin="wrong\n", code=None) for _ in range(3)]
    assert said[-1].returncode == 1 and "rate_limited" in said[-1].stderr and re.search(r"next: .*\d+ s", said[-1].stderr), said


def test_a_delay_says_who_caused_it(admin, base, fresh, alice, bob):
    bobs, third = Ctl(base, fresh, bob), Ctl(base, fresh, bob + 1)
    said = [bobs("login", "admin", "--password-stdin", stdin=f"guess {i}\n", code=None) for i in range(9)]
    assert said[0].returncode == 3 and "credentials_wrong" in said[0].stderr
    assert said[-1].returncode == 1 and "rate_limited" in said[-1].stderr, said[-1]
    other = third("login", "admin", "--password-stdin", stdin=GOOD + "\n", code=1)
    assert f"unix:{bob} (pid " in other.stderr and "owhalectl)" in other.stderr and re.search(r"next: .*\d+ s", other.stderr)
    admin("login", "admin", "--password-stdin", stdin=GOOD + "\n")  # who was there before is not held up


def test_no_secret_is_left_behind(admin, root, fresh, base):
    once = admin("-q", "users", "add", "bob", "--role", "agent", "--password-stdin", stdin=f"{OTHER}\n{GOOD}\n")
    token = next(admin.home.glob("**/token-*")).read_text()
    token = json.loads(token)["access_token"]
    fresh.stop()
    assert once == ""
    for path in [fresh.log, *(one for one in fresh.state.rglob("*") if one.is_file())]:
        data = path.read_bytes()
        for secret in (GOOD, OTHER, token, token.split(".")[2]):
            assert secret.encode() not in data, f"{path} holds it"


def test_a_prompting_owhalectl_cannot_be_read(alice_ctl, alice):
    terminal = alice_ctl.on_terminal("login", "admin")
    terminal.until("Password of admin: ")
    for what in ("mem", "environ", "fd/0"):
        done = subprocess.run(["cat", f"/proc/{terminal.pid}/{what}"], capture_output=True, preexec_fn=lambda: (os.setgroups([]), os.setgid(alice), os.setuid(alice)))
        assert done.returncode != 0 and b"Permission denied" in done.stderr
    terminal.interrupt()
    terminal.wait()


def test_completion_asks_owhaled(admin):
    script = """. <(owhalectl completion bash)
COMP_WORDS=(owhalectl users show ''); COMP_CWORD=3; _owhalectl; echo "${COMPREPLY[*]}"
COMP_WORDS=(owhalectl tokens add --role ''); COMP_CWORD=4; _owhalectl; echo "${COMPREPLY[*]}"
COMP_WORDS=(owhalectl us); COMP_CWORD=1; _owhalectl; echo "${COMPREPLY[*]}" """
    variables = {**admin.variables, "PATH": f"{CTL.parent}:{admin.variables['PATH']}"}
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=variables, timeout=60,
                          preexec_fn=lambda: become(admin.uid))
    assert done.stdout.splitlines() == ["admin", "admin approver agent auditor monitor", "users"], done


def test_who_takes_long_to_type_a_password_is_no_stranger_then(admin, fresh):
    """owhaled closes a connection that is idle for a minute; as when it starts again meanwhile."""
    terminal = admin.on_terminal("login", "admin")
    terminal.until("Password of admin: ")
    fresh.stop()
    fresh.start()
    terminal.answer("", GOOD)
    code, screen = terminal.wait()
    assert code == 0 and "logged in as user:admin" in screen, screen
