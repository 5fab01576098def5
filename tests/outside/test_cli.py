"""The same by owhalectl, as a person types it: a key that a run uses and cannot read, hosts, and what is shown of them."""

import json

import pytest

import accounts
import cage as cages
import ctl as ctls
import daemon
from conftest import ALICE


@pytest.fixture
def alice(owhaled, admin):
    """Logged in as the admin; her home is no part of a workspace."""
    base = daemon.folder("owhale-home-")
    one = ctls.Ctl(base, owhaled, ALICE)
    one.variables["PATH"] = "/usr/bin:/bin"
    terminal = one.on_terminal("login", "admin")
    terminal.answer("assword", accounts.ADMIN)
    code, screen = terminal.wait()
    assert code == 0, screen
    yield one
    daemon.remove(base)


def test_the_tour(alice, world, secret, workspace):
    key = secret("TOUR_KEY", {"host": "api.outside.test", "port": 443})
    world.forget()
    words = ["run", "--net", "scoped", "--profile", cages.QUIET, "--inspect", "--secret", key.name, "--", "bash", "./tour.sh"]
    # As a file: the shipped rules ask about a command that prints a key, which is not what is tested here.
    script = workspace / "tour.sh"
    script.write_text('echo "key: $TOUR_KEY"\ncurl -sS -H "Authorization: Bearer $TOUR_KEY" https://api.outside.test/echo\n'
                      'curl -s --max-time 5 https://evil.outside.test/\n')
    script.chmod(0o755)
    done = alice(*words, cwd=workspace, code=None)
    assert key.placeholder in done.stdout and key.value not in done.stdout + done.stderr, done
    assert world.odd.received(key.value), done
    assert [line for line in done.stderr.splitlines() if line.startswith("owhaled: ") and "evil.outside.test" in line], done
    runs = json.loads(alice("runs", "ls", "-o", "json"))
    run = (runs["runs"] if isinstance(runs, dict) else runs)[0]["id"]
    network = json.loads(alice("runs", "show", run, "-o", "json"))["network"]
    verdicts = {(row["host"], row["verdict"]) for row in network["hosts"]}
    assert ("api.outside.test", "allow") in verdicts and ("evil.outside.test", "deny") in verdicts, network
    table = alice("runs", "show", run)
    assert "api.outside.test" in table and "evil.outside.test" in table and key.value not in table


def test_allow_host(alice, workspace):
    words = ["run", "--profile", cages.QUIET, "--allow-host", "web.outside.test", "--", "curl", "-sS", "https://web.outside.test/"]
    assert "the web" in alice(*words, cwd=workspace)


def test_standing_hosts(alice, owhaled, admin, workspace, world):
    """An allowed host stays so for later runs, shows in `hosts ls`, and is gone with `hosts rm`."""
    run = ["run", "--net", "scoped", "--profile", cages.QUIET, "--", "curl", "-sS", "--max-time", "5", "--fail", "https://web.outside.test/"]
    assert alice(*run, cwd=workspace, code=None).returncode != 0
    made = admin.ask("POST", "/v1/hosts", {"rule": {"host": "web.outside.test", "ports": [443]}}, step_up=True)
    assert made.status in (200, 201), made
    try:
        assert "the web" in alice(*run, cwd=workspace)
        assert "web.outside.test" in alice("hosts", "ls")
    finally:
        admin.do("DELETE", f"/v1/hosts/{made.json()['id']}", status=204)
    assert alice(*run, cwd=workspace, code=None).returncode != 0
