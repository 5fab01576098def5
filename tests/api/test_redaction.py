"""Secrets that a run prints: masked in what is kept, in the log, in what is shown of commands; live as the mode says."""

import sqlite3

import pytest

from accounts import QUICK
from test_attach import STDOUT, Attached

TOKEN = "ghp_" + "a1B2" * 9
MASK = "[redacted:github-token]"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\n" + "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n" * 3 + "-----END OPENSSH PRIVATE KEY-----\n"
# In halves, so that the command does not hold it whole.
PRINTS = "a=ghp_; b=" + "a1B2" * 9 + "; echo before $a$b after"


def test_what_is_kept_is_masked(owhaled, uid):
    run = owhaled.ran(uid, script=PRINTS + "; echo $a$b >&2")
    assert run["stdout"] == f"before {MASK} after\n" and run["stderr"] == MASK + "\n"
    assert run["stdout_length"] == len(f"before {TOKEN} after\n"), "the length is of what was written"
    output = owhaled.get(f"/v1/runs/{run['id']}/output?stream=stdout", uid=uid)
    assert output.body == f"before {MASK} after\n".encode() and output.headers["owhale-length"] == str(len(output.body))
    again = owhaled.get(f"/v1/runs/{run['id']}/output?stream=stdout&offset=7", uid=uid)
    assert again.body == f"{MASK} after\n".encode()


def test_a_key_written_byte_by_byte_is_masked(owhaled, uid):
    code = "import sys, time\nfor c in sys.stdin.read():\n sys.stdout.write(c); sys.stdout.flush(); time.sleep(.0005)\n"
    run = owhaled.ran(uid, language="python", code=code, stdin=KEY + "x " + TOKEN + "\n")
    assert run["stdout"].splitlines() == ["-----BEGIN OPENSSH PRIVATE KEY-----"] + ["[redacted:private-key]"] * 3 + \
        ["-----END OPENSSH PRIVATE KEY-----", "x " + MASK]


def test_no_secret_is_on_the_disk(own, uid):
    daemon = own(*QUICK).start()
    daemon.ran(uid, script=PRINTS)
    daemon.ran(uid, argv=["echo", TOKEN])
    run = daemon.ran(uid, argv=["printf", "%s", "x", "--password", "kX9vQ2mZ7pL4wR8t"])
    assert run["command"][-1] == "[redacted:password]"
    listed = daemon.get("/v1/runs", uid=uid).json()["runs"]
    assert ["echo", MASK] in [one["command"] for one in listed]
    daemon.stop()
    needle = TOKEN.encode()
    holding = [path for path in daemon.state.rglob("*") if path.is_file() and needle in path.read_bytes()]
    assert not holding, holding
    database = sqlite3.connect(f"file:{daemon.state}/audit.db?mode=ro", uri=True)
    texts = [row[0] for row in database.execute("SELECT json FROM bodies")]
    assert any(MASK in text for text in texts) and not any(TOKEN in text or "kX9vQ2mZ7pL4wR8t" in text for text in texts)
    assert TOKEN not in daemon.said()


@pytest.fixture
def attached(own, uid):
    """A run of an owhaled with this setting, whose live streams are read."""
    def go(setting, **request):
        daemon = own(*QUICK, "--redact-live", setting).start()
        table = {row["name"]: row for row in daemon.get("/v1/mode").json()["rows"]}
        assert table["redact-live"]["now"] == ("masked" if setting == "on" else "as written")
        run = daemon.begun(uid, attach=True, **request)
        return daemon, run, Attached(daemon, run, uid)
    return go


@pytest.mark.parametrize("setting, shown", [("off", TOKEN), ("on", MASK)])
def test_live_output_is_as_the_setting_says(attached, uid, setting, shown):
    daemon, run, channel = attached(setting, script=PRINTS + "; sleep 0.2; echo -n 'Password: '; sleep 0.3; echo")
    channel.to_the_end()
    assert channel.got[STDOUT] == f"before {shown} after\nPassword: \n".encode()
    kept = daemon.get(f"/v1/runs/{run}/output?stream=stdout", uid=uid).body
    assert kept == f"before {MASK} after\nPassword: \n".encode()
    replayed = Attached(daemon, run, uid)
    replayed.to_the_end()
    assert replayed.got[STDOUT] == kept, "what is not live any more is what is kept"


def test_on_a_terminal_nothing_waits_longer_than_a_moment(attached):
    _, _, channel = attached("on", script="printf 'user: g'; read x; echo hp_ done", tty=True, stdin_open=True)
    channel.until(b"user: g")  # it says no more before it is answered
    channel.send(0, b"\r")
    channel.to_the_end()


def test_who_comes_later_gets_what_is_kept_and_then_what_is_live(attached, uid):
    daemon, run, first = attached("off", script=PRINTS + "; read x; " + PRINTS, stdin_open=True)
    first.until(b"after\n")
    second = Attached(daemon, run, uid)
    second.until(b"after\n")
    first.send(0, b"\n")
    first.to_the_end()
    second.to_the_end()
    line = f"before {TOKEN} after\n"
    assert first.got[STDOUT] == (line * 2).encode()
    assert second.got[STDOUT] == (line.replace(TOKEN, MASK) + line).encode()
