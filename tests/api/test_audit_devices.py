"""What audit verify makes of answers that devices signed, and of what a broker that was taken over would write in their place.

It can make the tree anew over its lies, and sign that: so each is held against what the device signed, not against the log alone.
"""

import json
import shutil
import sys
import pathlib

import pytest

import accounts
import asking
import ctl
import daemon
import devices
import sodium
from conftest import ALICE, needs_root

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "unit" / "cli"))

import audit_attacks as attacks  # noqa: E402

pytestmark = needs_root

SECRET = "ghp_0123456789abcdefghijABCDEFGHIJ012345"  # as a token of GitHub's looks


class Answered:
    """A log after its end, in which a device agreed to one question and refused another."""

    def __init__(self, base):
        started = []

        def own(*flags, **more):
            started.append(daemon.Owhaled(base, *flags, **more))
            return started[-1]

        try:
            owhaled = devices.serve(own, rule=asking.asks("medium"))
            admin = accounts.set_up(owhaled)
            self.device = devices.paired(admin)
            for word, body in (("approve", {"reason": "on the train"}), ("deny", {})):
                run = owhaled.run(ALICE, argv=["seq", "3"], detach=True).json()
                about = admin.get(f"/v1/approvals/{run['approval']}").json()
                body = {**body, "digest": about["digest"]} if word == "approve" else None
                nonce = SECRET if word == "approve" else None
                assert self.device.ask("POST", f"/v1/approvals/{about['id']}/{word}", body, nonce=nonce).status == 200
            self.approved, self.denied = ({"seq": row["seq"], **row["event"]} for row in
                                          reversed(owhaled.get("/v1/audit?event=approval.decided").json()["events"]))
        finally:
            for one in started:
                one.stop()
        self.state = started[0].state


@pytest.fixture(scope="module")
def answered():
    base = daemon.folder()
    yield Answered(base)
    daemon.remove(base)


@pytest.fixture
def told(answered, base):
    """The report on a copy of the log, to which something was done."""
    def report(*changes):
        state = base / "state"
        shutil.copytree(answered.state, state, symlinks=True)
        if changes:
            database = attacks.free(state / "audit.db")
            for seq, text in changes:
                attacks.replace(database, seq, text)
            database.close()
        done = ctl.Ctl(base).with_variables(PATH="/nowhere")("-o", "json", "audit", "verify", "--dir", str(state), code=None)
        return json.loads(done.stdout)
    return report


def kinds(report, seq):
    return [one["kind"] for one in report["problems"] if one["seq"] == seq]


def event(of, **data):
    """The event's text with other data; None takes a member away."""
    merged = {**of["data"], **data}
    text = {**{name: of[name] for name in of if name != "seq"}, "data": {name: merged[name] for name in merged if merged[name] is not None}}
    return json.dumps(text, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def test_signed_answers_hold(answered, told):
    report = told()
    assert report["whole"] and report["signed_answers"] == 2, report


LIES = {
    "without its body, it would be good for any plan": {"body": None},
    "another plan": {"digest": "0" * 64},
    "another question": {"approval": "0193a6a0-0000-7000-8000-000000000001"},
    "no signature": {"signature": None},
    "another body": {"body": '{"digest":"' + "0" * 64 + '"}'},
}


@pytest.mark.parametrize("lie", LIES)
def test_what_the_device_did_not_sign_is_found(answered, told, lie):
    report = told((answered.approved["seq"], event(answered.approved, **LIES[lie])))
    assert kinds(report, answered.approved["seq"]) == ["signature_wrong"], report


def test_a_no_is_no_yes(answered, told):
    report = told((answered.denied["seq"], event(answered.denied, decision="approve")))
    assert kinds(report, answered.denied["seq"]) == ["signature_wrong"], report


def test_a_key_that_nobody_paired(answered, told):
    """A broker's own key signs whatever it likes: it has no device.add."""
    own = sodium.SigningKey()
    base = answered.approved["data"]["signed"].replace(answered.device.id, "0193a6a0-0000-7000-8000-000000000002")
    lie = {**answered.approved, "principal": "device:0193a6a0-0000-7000-8000-000000000002"}
    text = event(lie, signed=base, key=sodium.b64u(own.public), signature=sodium.b64u(own.sign(base.encode())))
    report = told((answered.approved["seq"], text))
    assert kinds(report, answered.approved["seq"]) == ["signature_wrong"], report
    assert "ever paired" in str(report["problems"])


def test_a_nonce_that_looks_like_a_secret_is_kept(answered):
    """It is the device's choice, and masked it would make verify cry over a true answer."""
    assert f'nonce="{SECRET}"' in answered.approved["data"]["signed"]
