"""owhalectl audit verify and checkpoint on the log of a real owhaled, and on what an attacker with its files makes of that."""

import base64
import json
import os
import pathlib
import shutil
import sys
import time

import pytest

import accounts
import ctl
import daemon

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "unit" / "cli"))

import audit_attacks as attacks  # noqa: E402
import audit_log  # noqa: E402

RUNS = 8


def verify(person, *words, code=None):
    done = person("-o", "json", "audit", "verify", *words, code=None)
    assert code is None or done.returncode == code, done
    return json.loads(done.stdout) if done.stdout else done


def copied(state, to):
    """What an attacker takes along, with owners and all."""
    shutil.copytree(state, to, symlinks=True)
    for path in [state, *state.rglob("*")]:
        found = path.lstat()
        if os.geteuid() == 0:
            os.chown(to / path.relative_to(state), found.st_uid, found.st_gid, follow_symlinks=False)
    return to


def act(owhaled, count=RUNS):
    for _ in range(count):
        assert owhaled.run(argv=["true"], cwd="/tmp", wait=True).status in (200, 201)


class Stopped:
    """A log after an orderly stop: its state folder, a copy of when it was younger, and a checkpoint of each time."""

    def __init__(self, base):
        self.base = base
        self.owhaled = daemon.Owhaled(base, *accounts.QUICK).start()
        self.person = ctl.Ctl(base, self.owhaled)
        try:
            act(self.owhaled)
            self.young_note = self.person("audit", "checkpoint")
            self.running = verify(self.person, "--dir", str(self.owhaled.state), code=0)
            self.served = verify(self.person, code=0)
            self.owhaled.stop()
            self.young = copied(self.owhaled.state, base / "young")
            self.owhaled.start()
            act(self.owhaled)
            self.note = self.person("audit", "checkpoint")
            self.key = self.person("audit", "checkpoint", "--key").strip()
        finally:
            self.owhaled.stop()
        self.state = self.owhaled.state
        self.heads = self.state.parent / (self.state.name + "-anchor") / "heads"


@pytest.fixture(scope="module")
def stopped():
    base = daemon.folder()
    yield Stopped(base)
    daemon.remove(base)


@pytest.fixture
def stranger(base):
    """Somebody who remembers nothing, without a journal."""
    return ctl.Ctl(base).with_variables(PATH="/nowhere")


@pytest.fixture
def tampered(stopped, stranger, base):
    """Does something to a copy of the log, without the anchors: the report on it."""
    def attack(attack, *arguments, **more):
        state = copied(stopped.state, base / "state")
        database = attacks.free(state / "audit.db")
        database.execute("BEGIN")
        attack(database, *arguments)
        database.execute("COMMIT")
        database.close()
        for path in state.iterdir():
            if os.geteuid() == 0:
                os.chown(path, state.stat().st_uid, state.stat().st_gid)
        return verify(stranger, "--dir", str(state), **more)
    return attack


def test_a_log_is_whole_running_and_stopped(stopped, stranger):
    assert stopped.running["whole"] and stopped.running["bad"] == 0
    assert stopped.served["whole"] and stopped.served["bad"] == 0
    report = verify(stranger, "--dir", str(stopped.state), code=0)
    assert report["unsigned_events"] == 0 and report["events"] > 3 * RUNS
    assert report["key"] == stopped.key and report["key_from"].startswith("event ")


@pytest.mark.parametrize("attack", [attacks.change_column, attacks.change_time, attacks.change_body, attacks.change_hash],
                         ids=lambda one: one.__name__)
def test_a_changed_event_is_named(tampered, attack):
    report = tampered(attack, 7, code=1)
    assert (report["problems"][0]["seq"], report["problems"][0]["kind"], report["bad"]) == (7, "changed", 1)


def test_an_event_changed_with_its_hash_is_found(tampered):
    problem = tampered(attacks.change_event, 7, code=1)["problems"][0]
    assert problem["kind"] == "changed" and problem["seq"] <= 7 <= problem["through"]


def test_missing_events_are_named(tampered):
    problem = tampered(attacks.delete_event, 7, code=1)["problems"][0]
    assert (problem["seq"], problem["kind"]) == (7, "missing")


def test_a_missing_text_is_named(tampered):
    problem = tampered(attacks.delete_body, 7, code=1)["problems"][0]
    assert (problem["seq"], problem["kind"]) == (7, "missing")


def test_a_missing_end_is_named(tampered, stopped):
    problem = tampered(attacks.cut_after, 20, code=1)["problems"][0]
    assert (problem["seq"], problem["kind"]) == (21, "missing")


def test_inserted_and_swapped_events_are_found(tampered):
    problem = tampered(attacks.insert_event, 7, code=1)["problems"][0]
    assert problem["kind"] == "changed" and problem["seq"] <= 7 <= problem["through"]


def test_swapped_events_are_found(tampered):
    problem = tampered(attacks.swap, 7, 9, code=1)["problems"][0]
    assert (problem["seq"], problem["kind"]) == (7, "reordered") and "event 9 " in problem["what"]


@pytest.mark.parametrize("attack, kind, words", [(attacks.delete_event, "missing", (7,)), (attacks.change_body, "changed", (7,)), (attacks.swap, "reordered", (7, 9))],
                         ids=lambda one: getattr(one, "__name__", None))
def test_an_anchor_that_does_not_hold_hides_no_event(stopped, stranger, base, attack, kind, words):
    """Each that there is: a checkpoint that was kept, what is remembered, and root's heads."""
    state = copied(stopped.state, base / "state")
    saved = base / "saved"
    saved.write_text(stopped.note)
    verify(stranger, "--dir", str(state), code=0)
    database = attacks.free(state / "audit.db")
    attack(database, *words)
    database.close()
    heads = ("--heads", str(stopped.heads)) if os.geteuid() == 0 else ()
    report = verify(stranger, "--dir", str(state), "--checkpoint", str(saved), *heads, code=1)
    assert (report["first_bad"], report["problems"][0]["kind"], report["bad"]) == ({"seq": 7}, kind, 1), report
    assert {one["state"] for one in report["anchors"] if one["name"] in ("checkpoint", "remembered")} <= {"rewritten", "matches"}


def test_a_forged_checkpoint_is_named(tampered):
    def newest(database):
        attacks.break_signature(database, attacks.sizes(database)[-1])
    assert tampered(newest, code=1)["problems"][0]["kind"] == "checkpoint_forged"


def test_the_checkpoint_of_the_stop_is_missed(tampered):
    def newest(database):
        database.execute("DELETE FROM checkpoints WHERE size = ?", (attacks.sizes(database)[-1],))
    assert tampered(newest, code=1)["problems"][0]["kind"] == "checkpoint_missing"


def test_another_key_is_named(tampered, stopped):
    other = audit_log.Key(stopped.key.split("+")[0])
    assert tampered(attacks.sign_again, other, code=1)["problems"][0]["kind"] == "key_swapped"


def test_a_drop_that_no_event_tells_is_named(tampered):
    kinds = {one["kind"] for one in tampered(attacks.invent_drop, 5, 9, code=1)["problems"]}
    assert {"drop_invented", "missing"} <= kinds


def test_an_older_copy_is_found_by_each_anchor(stopped, stranger, base):
    young = str(stopped.young)
    assert "no outside anchor" in stranger("audit", "verify", "--dir", young, "--heads", str(base / "none"))
    saved = base / "saved"
    saved.write_text(stopped.note)
    found = verify(stranger, "--dir", young, "--checkpoint", str(saved), code=1)["problems"][0]
    assert found["kind"] == "older_copy"
    verify(stopped.person, "--dir", str(stopped.state), code=0)  # and remembers it
    assert verify(stopped.person, "--dir", young, code=1)["problems"][0]["kind"] == "older_copy"
    if os.geteuid() == 0:
        assert verify(stranger, "--dir", young, "--heads", str(stopped.heads), code=1)["problems"][0]["kind"] == "older_copy"


def test_a_checkpoint_of_the_past_holds(stopped, stranger, base):
    saved = base / "saved"
    saved.write_text(stopped.young_note)
    report = verify(stranger, "--dir", str(stopped.state), "--checkpoint", str(saved), "--key", stopped.key, code=0)
    assert [one["state"] for one in report["anchors"] if one["name"] == "checkpoint"] == ["matches"]


def test_saving_replaces_what_is_of_the_same_log_alone(own, base):
    owhaled = own(*accounts.QUICK).start()
    person = ctl.Ctl(base, owhaled)
    saved = base / "saved"
    said = person("audit", "checkpoint", "--save", str(saved), code=None).stderr
    ctl_ = f"owhalectl --socket {owhaled.socket}"
    assert f"for whoever may read all of the log (root, an auditor, an admin): {ctl_} audit verify --checkpoint {saved} --key owhaled/" in said, said
    assert f"for everybody, whether the log still goes on from it: {ctl_} audit checkpoint --save {saved}\n" in said, said
    first = saved.read_text()
    act(owhaled, 1)
    person("audit", "checkpoint", "--save", str(saved))
    assert saved.read_text() != first
    report = verify(person, "--checkpoint", str(saved), code=0)
    assert [one["state"] for one in report["anchors"] if one["name"] == "checkpoint"] == ["matches"]
    for wrong in ("something else\n", audit_log.Key("owhaled/other/12345678").note(3, bytes(32))):
        saved.write_text(wrong)
        refused = person("audit", "checkpoint", "--save", str(saved), code=None)
        assert refused.returncode == 1 and "not replaced" in refused.stderr and saved.read_text() == wrong


def test_a_range_is_proved_over_the_api(own, base):
    owhaled = own(*accounts.QUICK).start()
    act(owhaled, 2)
    report = verify(ctl.Ctl(base, owhaled), "--range", "2..5", code=0)
    assert (report["first"], report["last"], report["bad"]) == (2, 5, 0)


def test_who_may_not_read_the_log_gets_nothing_of_it(own, base):
    owhaled = own(*accounts.QUICK).start()
    if os.geteuid() != 0:
        pytest.skip("acting as another user needs root")
    done = ctl.Ctl(base, owhaled, uid=61234)("audit", "verify", code=None)
    assert done.returncode == 4, done
