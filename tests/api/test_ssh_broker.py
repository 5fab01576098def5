"""A run's ssh agent: the requester's keys, filtered, from inside a real cage."""

import os
import subprocess
import time

import pytest
from client import ask
from conftest import needs_root

pytestmark = needs_root

RULE = """
[[rule]]
id = "tests.ssh"
decision = "allow"
reason = "Tests use a filtered agent in a cage."
program = ["ssh-add", "ssh-keygen", "sh", "git", "--broker"]
overrides = ["*"]
match = ["ssh-add -l"]
no_match = ["ssh-agent"]
"""


@pytest.fixture
def agent(base, uid):
    """An agent of Alice's with one key."""
    home = base / "keys"
    home.mkdir(mode=0o700)
    os.chown(home, uid, uid)
    path = home / "agent.sock"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], user=uid, group=uid, extra_groups=[], stdout=subprocess.DEVNULL)
    try:
        while not path.exists():
            time.sleep(0.05)
        # By root: OpenSSH's programs refuse a uid without a name.
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "alice", "-f", str(home / "id")], check=True)
        subprocess.run(["ssh-add", "-q", str(home / "id")], check=True, env={**os.environ, "SSH_AUTH_SOCK": str(path)})
        yield path
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def house(own):
    one = own("--egress", "on")
    one.rule("ssh.toml", RULE)
    return one.start()


def run(house, workspace, uid, agent, script, **more):
    request = {"argv": ["sh", "-c", script], "cwd": str(workspace), "profile": "build", "brokers": ["ssh-agent"],
               "ssh_auth_sock": str(agent), "wait": True, **more}
    return ask(house.socket, "POST", "/v1/runs", request, uid=uid)


def test_keys_are_listed_and_sign_and_nothing_else_is_done(house, workspace, uid, agent):
    script = "ssh-add -L > id.pub; echo text > text; ssh-keygen -q -Y sign -f id.pub -n git text && echo signed; ssh-add -D; ssh-add -l"
    answer = run(house, workspace, uid, agent, script)
    assert answer.status in (200, 201), answer
    record = answer.json()
    assert "signed" in record["stdout"] and "SHA256:" in record["stdout"], (record["stdout"], record["stderr"], record.get("network"))
    rows = {(row["how"], row["host"]): row for row in record["network"]["hosts"]}
    assert rows[("ssh-agent", "git")]["verdict"] == "allow"
    assert rows[("ssh-agent", "remove all keys")]["verdict"] == "deny"
    events = ask(house.socket, "GET", f"/v1/audit?run={record['id']}", uid=0).body.decode()
    assert "ssh.signed" in events and "ssh.refused" in events, events


def test_without_the_broker_there_is_no_agent(house, workspace, uid, agent):
    record = run(house, workspace, uid, agent, "ssh-add -l", brokers=None, ssh_auth_sock=None).json()
    assert record["exit_code"] != 0 and "SHA256:" not in record["stdout"]


def test_a_profile_without_sockets_and_an_agent_of_somebody_else_are_refused_by_name(house, workspace, uid, agent, bob):
    refused = run(house, workspace, uid, agent, "true", profile="default")
    assert refused.status >= 400 and "--profile build" in refused.body.decode(), refused
    os.chmod(agent.parent, 0o755)
    os.chmod(agent, 0o777)
    stolen = run(house, workspace, bob, agent, "ssh-add -l", cwd="/tmp")
    assert "SHA256:" not in stolen.body.decode(), stolen
