"""What happens is in the log: each kind of event provoked by a real client, and found with who, how it came out, and of which run."""

import os
import signal
import time

import pytest

import accounts
import asking
import client
import daemon
from accounts import QUICK
from conftest import ALICE, BOB, needs_root

pytestmark = needs_root

SECRET = {"value": "sk-proj-Zt7Qm2VwXc9LkR4nB8sYd1Hf6Gj3Pa5E", "hosts": [{"host": "api.example.com", "port": 443}]}


class House:
    def __init__(self, base):
        self.d = daemon.Owhaled(base, *QUICK)
        self.d.rule("50-own.toml", asking.asks("medium") + asking.DENIES)
        self.d.start()
        self.admin = accounts.set_up(self.d)
        self.alice = accounts.add(self.admin, "alice", uid=ALICE)
        self.names = 0

    def account(self, *roles):
        self.names += 1
        return accounts.add(self.admin, f"person{self.names}", roles or ("agent",))

    def question(self):
        """A run of ALICE's that people are asked about, and what they are asked."""
        run = self.d.run(ALICE, argv=["seq", "3"], detach=True).json()
        return run["id"], self.admin.get(f"/v1/approvals/{run['approval']}").json()

    def approve(self, **grant):
        run, asked = self.question()
        body = {"digest": asked["digest"], **({"grant": grant} if grant else {})}
        decided = self.admin.do("POST", f"/v1/approvals/{asked['id']}/approve", body)
        self.d.until(run, ["exited"], ALICE)
        return run, decided

    def waits(self, **more):
        """A run that goes on until it is ended."""
        return self.d.begun(ALICE, argv=["cat"], stdin_open=True, **more)

    def newest(self):
        return self.d.get("/v1/audit?limit=1").json()["events"][0]["seq"]

    def found(self, kind, after, patience=20):
        """Those of this kind that came later; some are told a moment after their cause."""
        end = time.monotonic() + patience
        while True:
            rows = self.d.get(f"/v1/audit?event={kind}&limit=1000").json()["events"]
            events = [row["event"] for row in rows if row["seq"] > after]
            if events or time.monotonic() > end:
                return events
            time.sleep(0.05)


@pytest.fixture(scope="module")
def house():
    base = daemon.folder()
    made = House(base)
    yield made
    assert made.d.stop() == 0
    daemon.remove(base)


ADMIN, AGENT = "user:admin", f"unix:{ALICE}"


# Each provokes an event; what it says: of the event, or (data_…) of its data.

def login(h):
    accounts.logged_in(h.d, "alice", h.alice.password, ALICE)
    return {"principal": "user:alice", "outcome": "ok", "verb": "login", "data_account": "alice"}


def login_failed(h):
    assert accounts.login(h.d, "alice", "not her words", ALICE).status == 401
    return {"principal": AGENT, "outcome": "failed", "data_account": "alice"}


def logout(h):
    person = h.account()
    assert person.ask("POST", "/v1/logout").status == 204
    return {"principal": "user:" + person.name, "outcome": "ok"}


def windowed(h, person, then):
    with h.d.connect(ALICE) as connection:
        body = {"password": person.password, "seconds": 60}
        assert connection.ask("POST", "/v1/step-up", body, accounts.bearer(person.token)).status == 200
        assert connection.ask("DELETE", "/v1/step-up", None, accounts.bearer(person.token)).status == 204
        return {"principal": "user:" + person.name, "outcome": "ok", "verb": then}


def step_up(h):
    return {**windowed(h, h.alice, "stepup.open"), "data_window_s": 60}


def step_up_asked(h):
    assert h.admin.ask("POST", "/v1/users", {"name": "nobody", "roles": []}).code == "step_up_required"
    return {"principal": ADMIN, "verb": "users.create", "outcome": "pending"}


def step_up_closed(h):
    return windowed(h, h.alice, "stepup.close")


def step_up_failed(h):
    answer = h.admin.ask("POST", "/v1/users", {"name": "eve", "roles": []}, headers=accounts.proof("not my words"))
    assert answer.status == 401, answer
    return {"outcome": "failed", "data_account": "admin", "data_reason": "wrong name or password"}


def password(h):
    person = h.account()
    body = {"old_password": person.password, "new_password": "quite other words, all new"}
    assert person.ask("POST", "/v1/password", body).status == 204
    return {"principal": "user:" + person.name, "outcome": "ok", "data_account": person.name}


def token_refused(h):
    assert h.d.get("/v1/whoami", headers=accounts.bearer("no.token.atall"), uid=BOB).status == 401
    return {"principal": f"unix:{BOB}", "outcome": "denied", "data_proof": "token"}


def session_revoked(h):
    person = h.account()
    session = person.get("/v1/sessions").json()["sessions"][0]["id"]
    assert h.admin.ask("DELETE", f"/v1/sessions/{session}").status == 204
    return {"principal": ADMIN, "data_account": "user:" + person.name, "data_jti": session}


def sessions_revoked(h):
    person = h.account()
    assert person.ask("DELETE", "/v1/sessions").status == 200
    return {"principal": "user:" + person.name, "data_all": True}


def token_made(h):
    made = h.alice.mint(label="for the test")
    return {"principal": "user:alice", "data_jti": made.id, "data_role": "agent", "data_label": "for the test"}


def token_revoked(h):
    made = h.alice.mint()
    assert h.alice.ask("DELETE", f"/v1/tokens/{made.id}").status == 204
    return {"principal": "user:alice", "data_jti": made.id}


def user(method, path, body=None, status=200, **says):
    def provoke(h):
        person = h.account()
        answer = h.admin.ask(method, "/v1/users/" + person.name + path, body, step_up=True)
        assert answer.status == status, answer
        return {"principal": ADMIN, "outcome": "ok", "data_account": person.name, **says}
    return provoke


def user_enabled(h):
    person = h.account()
    for act in ("disable", "enable"):
        h.admin.do("POST", f"/v1/users/{person.name}/{act}")
    return {"principal": ADMIN, "data_account": person.name}


def user_made(h):
    return {"principal": ADMIN, "data_account": h.account("approver").name, "data_roles": ["approver"]}


def granted_access(h):
    h.admin.do("PUT", "/v1/access/uid:61299", {"roles": ["auditor"]})
    return {"principal": ADMIN, "data_subject": "uid:61299", "data_roles": ["auditor"]}


def removed_access(h):
    granted_access(h)
    h.admin.do("DELETE", "/v1/access/uid:61299", status=204)
    return {"principal": ADMIN, "data_subject": "uid:61299"}


def key_rotated(h):
    h.admin.do("POST", "/v1/keys/rotate")
    return {"principal": ADMIN, "verb": "keys.rotate"}


def verb_denied(h):
    assert h.alice.ask("GET", "/v1/users").status == 403
    assert h.alice.ask("POST", "/v1/users", {"name": "eve", "roles": []}).status == 403
    return {"principal": "user:alice", "verb": "users.create", "outcome": "denied"}


def frozen(h):
    h.admin.ask("POST", "/v1/freeze", {"principal": f"unix:{BOB}", "reason": "the test"})
    h.admin.do("DELETE", f"/v1/freeze?principal=unix:{BOB}")
    return {"principal": ADMIN, "data_frozen": f"unix:{BOB}", "data_reason": "the test"}


def policy_reloaded(h):
    h.admin.do("POST", "/v1/policy/reload")
    return {"principal": ADMIN, "outcome": "ok"}


def checked(decision, *argv, **says):
    def provoke(h):
        verdict = h.d.ask("POST", "/v1/policy/check", {"argv": list(argv)}, uid=ALICE).json()
        assert verdict["decision"] == decision
        return {"principal": AGENT, "outcome": decision, **says}
    return provoke


def ran(outcome):
    def provoke(h):
        run = h.d.ran(ALICE, argv=["echo", "hello"])
        return {"principal": AGENT, "outcome": outcome, "run": run["id"], "verb": "runs.create"}
    return provoke


def run_denied(h):
    assert h.d.run(ALICE, argv=["numfmt", "12"]).status == 403
    return {"principal": AGENT, "outcome": "denied", "data_rule": "own.deny"}


def to_run(path, status=200, body=None, method="POST", **says):
    def provoke(h):
        run = h.waits()
        answer = h.d.ask(method, f"/v1/runs/{run}{path}", body, uid=ALICE)
        assert answer.status == status, answer
        return {"principal": AGENT, "run": run, **says}
    return provoke


def joined(h):
    run = h.waits()
    inner = h.d.ask("POST", f"/v1/runs/{run}/exec", {"argv": ["true"], "wait": True}, uid=ALICE).json()
    return {"principal": AGENT, "run": inner["id"], "verb": "runs.exec", "data_joined": run}


def attached(h):
    run = h.waits()
    with h.d.connect(ALICE) as connection:
        connection.send(client.request("GET", f"/v1/runs/{run}/attach", None, client.handshake()))
        assert connection.response().status == 101
    return {"principal": AGENT, "run": run, "verb": "runs.attach"}


def removed(h):
    run = h.d.ran(ALICE, argv=["true"])["id"]
    assert h.d.ask("DELETE", f"/v1/runs/{run}", uid=ALICE).status == 204
    return {"principal": AGENT, "run": run}


def box_reset(h):
    box = h.d.ran(BOB, argv=["true"])["box"]  # who has no run that goes on
    assert h.d.ask("DELETE", f"/v1/boxes/{box}", uid=BOB).status == 204
    return {"principal": f"unix:{BOB}", "data_box": box}


def box_published(h):
    run = h.waits(net="scoped")
    box = h.d.get(f"/v1/runs/{run}", uid=ALICE).json()["box"]
    body = {"port": {"host": 0, "port": 8000}, "run": run}
    assert h.d.ask("POST", f"/v1/boxes/{box}/publish", body, uid=ALICE).status in (200, 201)
    return {"principal": AGENT, "run": run, "data_box": box, "data_port": 8000}


def asked(h):
    run, question = h.question()
    assert h.d.ask("POST", f"/v1/approvals/{question['id']}/cancel", {}, uid=ALICE).status == 200
    return {"principal": AGENT, "data_approval": question["id"]}


def decided(h):
    run, question = h.approve()
    return {"principal": ADMIN, "run": run, "data_decision": "approve", "data_requester": AGENT}


def denied(h):
    run, question = h.question()
    h.admin.do("POST", f"/v1/approvals/{question['id']}/deny", {"digest": question["digest"], "reason": "no"})
    return {"principal": ADMIN, "run": run, "data_decision": "deny", "data_reason": "no"}


def grant_made(h):
    _, decided = h.approve(times=2)
    h.d.ran(ALICE, argv=["seq", "3"])
    h.admin.ask("DELETE", f"/v1/grants/{decided['grant']}")
    return {"data_grant": decided["grant"], "data_requester": AGENT}


def host_allowed(h):
    entry = h.admin.do("POST", "/v1/hosts", {"rule": {"host": "api.example.com"}}, 201)
    assert h.admin.ask("DELETE", f"/v1/hosts/{entry['id']}").status == 204
    return {"principal": ADMIN, "data_entry": entry["id"]}


def host_refused(h):
    run = h.d.ran(ALICE, argv=["bash", "-c", "curl -s -m 10 http://127.77.0.2:81/ || curl -s -m 10 http://127.77.0.2:81/"],
                  allow_hosts=[{"host": "127.77.0.1", "ports": [81]}], profile="readonly")
    events = [event for event in h.found("host.refused", 0) if event["run"] == run["id"]]
    assert len(events) == 1, "the first of a host and port"
    return {"principal": AGENT, "run": run["id"], "outcome": "denied", "data_host": "127.77.0.2", "data_port": 81}


def secret(method, path, body=None, status=200, **says):
    def provoke(h):
        person = h.account()
        person.do("PUT", "/v1/secrets/KEY", SECRET)
        if path is not None:
            person.do(method, "/v1/secrets/KEY" + path, body, status)
        return {"principal": "user:" + person.name, "data_name": "KEY", **says}
    return provoke


def exported(h):
    with h.d.connect() as connection:
        connection.send(client.request("GET", "/v1/audit/export"))
        connection.more()
    return {"verb": "audit.export"}


KINDS = [
    ("login", login), ("login", login_failed), ("logout", logout), ("step_up", step_up), ("step_up", step_up_failed), ("step_up.asked", step_up_asked),
    ("step_up.closed", step_up_closed), ("password.change", password), ("token.refused", token_refused),
    ("session.revoke", session_revoked), ("session.revoke", sessions_revoked), ("token.create", token_made),
    ("token.revoke", token_revoked), ("user.create", user_made), ("user.disable", user("POST", "/disable")),
    ("user.enable", user_enabled), ("user.reset", user("POST", "/reset")),
    ("user.roles", user("PUT", "/roles", {"roles": ["auditor"]}, data_roles=["auditor"], data_before=["agent"])),
    ("user.remove", user("DELETE", "", status=204)), ("access.grant", granted_access), ("access.remove", removed_access),
    ("key.rotate", key_rotated), ("verb.denied", verb_denied), ("freeze.set", frozen), ("freeze.thaw", frozen),
    ("policy.reload", policy_reloaded), ("policy.checked", checked("allow", "true")),
    ("policy.checked", checked("deny", "numfmt", "12", data_rule="own.deny", data_command=["numfmt", "12"])),
    ("policy.checked", checked("ask", "seq", "3", data_rule="own.ask")),
    ("run.intent", ran("pending")), ("run.start", ran("running")), ("run.outcome", ran("exited")), ("run.intent", joined),
    ("run.denied", run_denied), ("run.attach", attached), ("run.remove", removed),
    ("run.signal", to_run("/signal", body={"signal": "TERM"}, data_signal="SIGTERM")),
    ("run.kill", to_run("/kill", body={}, verb="runs.kill")),
    ("run.input", to_run("/input", body={"text": "one", "close": True}, data_end=True)),
    ("box.reset", box_reset), ("box.publish", box_published), ("approval.requested", asked), ("approval.ended", asked),
    ("approval.decided", decided), ("approval.decided", denied), ("grant.created", grant_made), ("grant.used", grant_made),
    ("grant.ended", grant_made), ("host.allowed", host_allowed), ("host.removed", host_allowed), ("host.refused", host_refused),
    ("secret.set", secret("", None)), ("secret.rotate", secret("POST", "/rotate", {"value": "another value of it"})),
    ("secret.reveal", secret("POST", "/reveal")), ("secret.remove", secret("DELETE", "", status=204)),
    ("audit.exported", exported),
]


def says(event, wanted):
    return all(event["data"].get(name[5:]) == value if name.startswith("data_") else event[name] == value
               for name, value in wanted.items())


@pytest.mark.parametrize("kind, provoke", KINDS, ids=[f"{kind}-{one.__name__}" for kind, one in KINDS])
def test_an_event(house, kind, provoke):
    after = house.newest()
    wanted = provoke(house)
    events = house.found(kind, after)
    assert any(says(event, wanted) for event in events), (wanted, events)


def test_owhaleds_own(own):
    owhaled = own(*QUICK).start()
    kinds = [row["event"]["event"] for row in owhaled.get("/v1/audit?limit=1000").json()["events"]][::-1]
    assert kinds[0] == "audit.opened" and "account.bootstrap" in kinds and "secret.open" in kinds and "daemon.start" in kinds
    assert "config.changed" not in kinds, "it is the first start"
    first = accounts.events(owhaled, "daemon.start")[0]["data"]["settings"]
    assert first["socket"] == str(owhaled.socket) and "state-dir" in first and "mode" not in first
    assert owhaled.stop() == 0
    owhaled.start()
    assert accounts.events(owhaled, "daemon.stop") and not accounts.events(owhaled, "daemon.crashed")
    for pid in [*owhaled.children(), owhaled.process.pid]:
        os.kill(pid, signal.SIGKILL)
    owhaled.process.wait(30)
    owhaled.start()
    assert accounts.events(owhaled, "daemon.crashed")
    assert not accounts.events(owhaled, "config.changed"), "nothing has changed"
    assert owhaled.stop() == 0
    (owhaled.state / "settings-seen").unlink()
    owhaled.start()
    unknown = accounts.events(owhaled, "config.changed")[0]["data"]
    assert {"state-dir", "socket"} <= set(unknown["changed"]) and "mode" not in unknown["changed"] and "before" not in unknown
    assert unknown["sources"]["socket"] == "--socket" and unknown["after"]["socket"] == str(owhaled.socket)


def test_settings_and_rules_that_changed_are_told(own, base):
    config = base / "owhaled.conf"
    config.write_text("log-level = info\npids = 500\n")
    config.chmod(0o644)
    owhaled = own("--config", str(config), *QUICK).start()
    config.write_text("log-level = warning\npids = 500\n")
    owhaled.rule("60-new.toml", asking.DENIES)
    owhaled.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 30
    while not accounts.events(owhaled, "daemon.reload") and time.monotonic() < end:
        time.sleep(0.05)
    event = accounts.events(owhaled, "config.changed")[0]["data"]
    assert sorted(event["changed"]) == ["log-level", "policy-dir files"]
    assert (event["before"]["log-level"], event["after"]["log-level"]) == ("info", "warning")
    assert event["before"]["policy-dir files"] != event["after"]["policy-dir files"]
    assert owhaled.stop() == 0
    config.write_text("log-level = warning\npids = 400\n")
    owhaled.start()
    event = accounts.events(owhaled, "config.changed")[0]["data"]
    assert event["changed"] == ["pids"] and event["after"] == {"pids": "400"} and event["before"] == {"pids": "500"}
