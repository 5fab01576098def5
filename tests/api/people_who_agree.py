"""Who agrees, for tests: an owhaled whose rules ask, with its people. A file takes the fixtures that it names."""

import hashlib
import os
import time

import pytest

import accounts
from accounts import QUICK
from conftest import ALICE, BOB

RULES = """
[[rule]]
id = "own.ask"
decision = "ask"
severity = "medium"
reason = "The test asks."
program = ["seq", "bash", "tool", "cat", "curl"]
overrides = ["*"]
match = ["seq 3"]
no_match = ["ls"]

[[rule]]
id = "own.critical"
decision = "ask"
severity = "critical"
reason = "The test asks twice."
program = ["numfmt"]
overrides = ["*"]
match = ["numfmt 12"]
no_match = ["ls"]
"""


def sha(data):
    return hashlib.sha256(data).hexdigest()


class House:
    """An owhaled with its people: the admin, an approver at BOB's uid, an approver at ALICE's (her own human)."""

    def __init__(self, own, *flags, tcp="off"):
        self.d = own("--tcp", tcp, *QUICK[2:], *flags)
        self.d.rule("50-own.toml", RULES)
        self.d.start()
        self.admin = accounts.set_up(self.d)
        self.bob = accounts.add(self.admin, "bob", ["approver"], uid=BOB)

    def ask(self, uid=ALICE, **request):
        """A question that nobody stays for: its run, and the request."""
        answer = self.d.run(uid, **request)
        assert answer.status == 202, answer
        run = answer.json()
        assert run["state"] == "waiting_approval" and answer.headers["location"] == "/v1/runs/" + run["id"]
        return run, self.show(run["approval"])

    def show(self, id, who=None):
        answer = (who or self.admin).get(f"/v1/approvals/{id}")
        assert answer.status == 200, answer
        return answer.json()

    def approve(self, approval, who=None, digest=None, **more):
        body = {"digest": approval["digest"] if digest is None else digest, **more}
        return (who or self.bob).ask("POST", f"/v1/approvals/{approval['id']}/approve", body, step_up=True)

    def deny(self, approval, who=None, **more):
        return (who or self.bob).ask("POST", f"/v1/approvals/{approval['id']}/deny", more, step_up=True)

    def state(self, id):
        return self.show(id)["state"]

    def until(self, id, states, patience=30):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if (state := self.state(id)) in states:
                return state
            time.sleep(0.02)
        raise AssertionError(f"{id} is {state}, not one of {states}")

    def end(self, run, patience=30):
        """How a run ended."""
        answer = self.d.get(f"/v1/runs/{run['id']}/wait", headers={"Prefer": f"wait={patience}"})
        assert answer.status == 200, answer
        return answer.json()

    def output(self, run):
        return self.d.get(f"/v1/runs/{run['id']}/output?stream=stdout").body


@pytest.fixture
def house(own):
    return House(own)


@pytest.fixture
def script(workspace):
    path = workspace / "x.sh"
    path.write_text("echo agreed\n")
    os.chown(path, ALICE, ALICE)
    return path
