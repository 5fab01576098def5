"""Secrets through owhalectl: asked for, piped, read from files; never from the command line."""

import json
import os
import re

import accounts
import pytest
from conftest import needs_root
from ctl import Ctl

pytestmark = needs_root

VALUE = "sk-proj-Zt7Qm2VwXc9LkR4nB8sYd1Hf6Gj3Pa5E"
WORDS = accounts.ADMIN


@pytest.fixture
def ctl(base, fresh, admin):
    one = Ctl(base, fresh)
    one("login", "admin", "--password-stdin", stdin=WORDS + "\n")
    return one


def stored(ctl, name="OPENAI_API_KEY", value=VALUE, *more):
    return ctl("secrets", "set", name, "--stdin", "--password-stdin", *more, stdin=WORDS + "\n" + value + "\n", code=None)


def revealed(ctl, name):
    return ctl("secrets", "reveal", name, "--password-stdin", stdin=WORDS + "\n")


def test_a_known_name_brings_where_it_goes_and_says_so_first(ctl):
    done = stored(ctl)
    assert done.returncode == 0, done
    assert "goes to api.openai.com as authorization: Bearer" in done.stderr and "OPENAI_BASE_URL" in done.stderr
    assert done.stdout == "OPENAI_API_KEY is stored, version 1\n"
    assert VALUE not in done.stdout + done.stderr
    assert revealed(ctl, "OPENAI_API_KEY") == VALUE
    table = ctl("secrets", "ls")
    assert re.search(r"NAME +OWNER +HOSTS +VERSION +EXPIRES +LAST USED", table)
    assert re.search(r"OPENAI_API_KEY +user:admin +api.openai.com +1 +never +never", table)
    assert ctl("-q", "secrets", "ls") == "OPENAI_API_KEY\n"
    one = json.loads(ctl("-o", "json", "secrets", "show", "OPENAI_API_KEY"))
    assert one["header"] == "authorization" and one["placeholder"].startswith("sk-proj-owhale-")
    assert "sk-proj-owhale-" in ctl("secrets", "show", "OPENAI_API_KEY")


def test_a_value_on_the_command_line_is_refused(ctl):
    for words in (["KEY", "hunter2hunter2"], ["KEY=hunter2hunter2"]):
        done = ctl("secrets", "set", *words, code=2)
        assert "was not taken" in done.stderr and "hunter2" not in done.stdout + done.stderr, done
    assert ctl("-q", "secrets", "ls") == ""


def test_a_file_that_is_not_there_is_not_found(ctl):
    for words, hint in ((["set", "KEY", "--host", "api.example.com", "--file", "none/value"], "--stdin"), (["import", "none/.env"], "NAME=value")):
        done = ctl("secrets", *words, "--password-stdin", stdin=WORDS + "\n", code=5)
        assert f"not_found: {words[-1]}: No such file" in done.stderr and hint in done.stderr, done


def test_it_is_asked_for_twice_without_echo(ctl):
    terminal = ctl.on_terminal("secrets", "set", "mine", "--host", "api.example.com/v1", "--header", "x-api-key", "--ttl", "30d")
    terminal.answer("Value of mine: ", "one value here")
    terminal.answer("The same again: ", "another value")
    terminal.answer("differ.*\n?.*Value of mine: ", "one value here")
    terminal.answer("The same again: ", "one value here")
    terminal.answer("password of user:admin: ", WORDS)
    code, screen = terminal.wait()
    assert code == 0 and "mine is stored" in screen, screen
    assert "one value" not in screen and "another value" not in screen and WORDS not in screen
    one = json.loads(ctl("-o", "json", "secrets", "show", "mine"))
    assert one["hosts"] == [{"host": "api.example.com", "port": 443, "paths": ["/v1"]}]
    assert one["header"] == "x-api-key" and one["prefix"] == "" and "expires" in one
    assert revealed(ctl, "mine") == "one value here"


def test_files_keep_their_lines(ctl, base):
    pem = base / "key.pem"
    pem.write_text("-----BEGIN X-----\nabc\n-----END X-----\n")
    line = base / "line"
    line.write_text("just one line\n")
    done = ctl("secrets", "set", "pem", "--file", str(pem), "--no-host", "--password-stdin", stdin=WORDS + "\n", code=None)
    assert done.returncode == 0, done
    assert revealed(ctl, "pem") == pem.read_text()
    ctl("secrets", "set", "line", "--file", str(line), "--host", "a.example.com:8443", "--password-stdin", stdin=WORDS + "\n")
    assert revealed(ctl, "line") == "just one line"


def test_rotate_change_and_rm(ctl):
    stored(ctl)
    first = json.loads(ctl("-o", "json", "secrets", "show", "OPENAI_API_KEY"))
    done = ctl("secrets", "rotate", "OPENAI_API_KEY", "--stdin", "--password-stdin", stdin=WORDS + "\nnew value of it\n")
    assert done == "OPENAI_API_KEY has a new value, version 2\n"
    changed = ctl("secrets", "set", "OPENAI_API_KEY", "--allow-principal", "user:bob", "--password-stdin", stdin=WORDS + "\n")
    assert changed == "OPENAI_API_KEY is changed, version 2\n"
    now = json.loads(ctl("-o", "json", "secrets", "show", "OPENAI_API_KEY"))
    assert now["hosts"] == first["hosts"] and now["access"] == {"principals": ["user:bob"]}
    assert revealed(ctl, "OPENAI_API_KEY") == "new value of it"
    again = stored(ctl)
    assert again.returncode == 1 and "conflict" in again.stderr and "rotate" in again.stderr
    assert ctl("secrets", "rm", "OPENAI_API_KEY", "--password-stdin", stdin=WORDS + "\n") == "OPENAI_API_KEY\n"
    gone = ctl("secrets", "show", "OPENAI_API_KEY", code=5)
    assert "not_found" in gone.stderr
    assert ctl("secrets", "rotate", "OPENAI_API_KEY", "--stdin", stdin="x", code=5).stdout == ""


def test_a_pipe_that_gives_no_value_is_said(ctl):
    stored(ctl)
    change = ["secrets", "set", "OPENAI_API_KEY", "--host", "api.example.com", "--password-stdin"]
    said = ctl(*change, stdin=WORDS + "\nanother-value\n", code=None)
    assert said.returncode == 0 and "the value stays as it is" in said.stderr and "--stdin" in said.stderr, said
    assert "another-value" not in said.stderr + said.stdout
    assert "stays as it is" not in ctl(*change, stdin=WORDS + "\n", code=None).stderr
    assert revealed(ctl, "OPENAI_API_KEY") == VALUE


def test_a_secret_without_hosts_is_told_to_be_worth_nothing_to_a_run(ctl):
    stored(ctl, "odd", "some-value-here", "--no-host")
    ran = ctl("run", "--secret", "odd", "--", "true", code=None)
    [line] = [line for line in ran.stderr.splitlines() if "odd" in line]
    assert "names no host" in line and "--host HOST" in line and "--secret odd=env" in line, ran
    shown = ctl("runs", "show", ctl("-q", "runs", "ls", "--limit", "1").split()[0])
    assert "names no host" in shown, shown


def test_what_owhaled_refuses_says_why(ctl):
    for more, word in [(["--host", "*.example.com"], "wildcard"), (["--host", "x.workers.dev"], "strangers choose"),
                       (["--host", "10.0.0.1"], "address"), (["--host", "https://a.example"], "URL")]:
        done = stored(ctl, "bad", VALUE, *more)
        assert done.returncode != 0 and word in done.stderr, done
    assert ctl("-q", "secrets", "ls") == ""


def test_import_of_a_dotenv_file(ctl, base):
    env = base / ".env"
    env.write_text("# keys\nexport OPENAI_API_KEY=\"" + VALUE + "\"\nDB_PASSWORD='it is \"quoted\"' # not this\nEMPTY=\nPLAIN=a b c # rest\n")
    asked = ctl("secrets", "import", str(env), stdin="", code=2)
    assert "OPENAI_API_KEY: goes to api.openai.com" in asked.stderr and "EMPTY: empty" in asked.stderr and "-y" in asked.stderr
    assert VALUE not in asked.stderr and ctl("-q", "secrets", "ls") == ""
    done = ctl("secrets", "import", str(env), "-y", "--password-stdin", stdin=WORDS + "\n", code=None)
    assert done.returncode == 0 and done.stdout == "OPENAI_API_KEY\nDB_PASSWORD\nPLAIN\n", done
    assert "still there" in done.stderr and "shred -u" in done.stderr and env.exists()
    assert revealed(ctl, "DB_PASSWORD") == 'it is "quoted"' and revealed(ctl, "PLAIN") == "a b c"
    again = ctl("secrets", "import", str(env), "-y", "--password-stdin", stdin=WORDS + "\n", code=None)
    assert again.returncode == 0 and again.stdout == "" and "left as it is" in again.stderr


@pytest.mark.parametrize("text, word", [
    ("A", "no NAME=value"), ("A=$(id)", "made of others"), ('A="${B}"', "made of others"), ('A="x', "not closed"),
    ("A=1\nA=2", "twice"), ("A=it's", "quote"), ('A="\\q"', "no escape"), ('A="x" y', "follows"), ("1A=x", "no NAME=value"),
])
def test_a_dotenv_line_that_cannot_be_told_is_refused(ctl, base, text, word):
    env = base / ".env"
    env.write_text("GOOD=1\n" + text + "\n")
    done = ctl("secrets", "import", str(env), "-y", "--password-stdin", stdin=WORDS + "\n", code=2)
    assert "line 2" in done.stderr or "line 3" in done.stderr
    assert word in done.stderr, done
    assert ctl("-q", "secrets", "ls") == ""


def test_rekey_with_a_new_key_file(ctl, fresh):
    stored(ctl)
    before = fresh.key_file.read_bytes()
    assert "another file" in ctl("secrets", "rekey", "--file", "/nowhere/vault.key", "--password-stdin", stdin=WORDS + "\n", code=2).stderr
    done = ctl("secrets", "rekey", "--file", str(fresh.key_file), "--password-stdin", stdin=WORDS + "\n")
    assert "secrets sealed anew: 1" in done
    assert fresh.key_file.read_bytes() != before and os.stat(fresh.key_file).st_mode & 0o777 == 0o600
    assert not fresh.key_file.with_name("vault.key.new").exists()
    fresh.stop()
    fresh.start()
    assert revealed(ctl, "OPENAI_API_KEY") == VALUE
    assert "secrets sealed anew: 1" in ctl("secrets", "rekey", "--password-stdin", stdin=WORDS + "\n")


def test_reveal_on_a_terminal_steers_nothing(ctl):
    stored(ctl, "odd", "a\x1b[31mred", "--no-host")
    terminal = ctl.on_terminal("secrets", "reveal", "odd")
    terminal.answer("password of user:admin: ", WORDS)
    code, screen = terminal.wait()
    assert code == 0 and "red" in screen and "\x1b[31m" not in screen


def test_nobody_is_asked_without_a_terminal(ctl):
    done = ctl("secrets", "set", "mine", "--host", "a.example.com", code=2)
    assert "--stdin" in done.stderr and "--file" in done.stderr
    refused = ctl("secrets", "reveal", "mine", code=None)
    assert refused.returncode != 0
