"""Accounts: the first one, names, passwords, the last admin, and what their end ends."""

import os
import socket
import stat
import subprocess
import threading
import time

import client
import pytest
from accounts import ADMIN, QUICK, add, events, logged_in, login, proof, set_up
from conftest import needs_root


# --- the first account

@needs_root
def test_an_agent_that_is_first_does_not_win(fresh, alice, bob):
    """The race of the first start: whoever else knows admin/admin is refused, before and after the right one came."""
    for uid in (alice, bob):
        answer = login(fresh, "admin", "admin", uid)
        assert answer.status == 403 and answer.code == "forbidden" and "setup" in answer.text, answer
    set_up(fresh)
    for uid in (alice, None):
        assert login(fresh, "admin", "admin", uid).code == "credentials_wrong"
    assert login(fresh, "admin", ADMIN, alice).status == 200


@needs_root
def test_a_caged_run_of_root_does_not_win_either(fresh, workspace):
    """A run may have a socket of its own; it is a run there, whoever started it."""
    script = "curl -sS --unix-socket /run/owhaled/owhaled.sock http://localhost/v1/login " \
             "-d '{\"name\":\"admin\",\"password\":\"admin\"}'"
    answer = fresh.run(None, wait=True, profile="agent", script=script, cwd="/tmp")
    assert answer.status == 200, answer
    run = answer.json()
    assert '"code":"forbidden"' in run["stdout"] and "access_token" not in run["stdout"], run
    assert login(fresh, "admin", "admin").status == 200


def test_the_first_password_is_good_for_changing_it_alone(fresh):
    first = logged_in(fresh, "admin", "admin")
    assert first.get("/v1/whoami").json()["must_change_password"] is True
    for method, path, body in (("GET", "/v1/status", None), ("GET", "/v1/users", None), ("POST", "/v1/runs", {"argv": ["true"]}),
                               ("POST", "/v1/tokens", {"role": "agent", "ttl_ms": 1000}),
                               ("POST", "/v1/step-up", {"password": "admin"}), ("GET", "/v1/sessions", None)):
        answer = first.ask(method, path, body, step_up=True)
        assert answer.status == 403 and answer.code == "password_change_required", (method, path, answer)
    assert first.ask("POST", "/v1/password", {"old_password": "admin", "new_password": "admin"}).code == "password_weak"
    for weak in ("admin's words", "password123", "short"):
        assert first.ask("POST", "/v1/password", {"old_password": "admin", "new_password": weak}).code == "password_weak"


def test_doctor_tells_who_changed_the_first_password(fresh):
    def check():
        return next(one for one in fresh.get("/v1/doctor").json()["checks"] if one["name"] == "first password")
    assert check()["state"] == "weaker" and "setup" in check()["fix"]
    set_up(fresh)
    assert check()["state"] == "ok" and "user:admin" in check()["detail"] and "unix:" in check()["detail"]
    assert len(events(fresh, "account.bootstrap")) == 1


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Tcp(client.Connection):
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        self.input = b""


def test_over_loopback_it_takes_the_code_of_a_private_file(own):
    port = free_port()
    fresh = own(*QUICK, "--tcp", f"127.0.0.1:{port}").start()
    file = fresh.state / "setup-code"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    code = file.read_text().strip()
    def over_tcp(**more):
        with Tcp(port) as one:
            return one.ask("POST", "/v1/login", {"name": "admin", "password": "admin", **more})
    for wrong in ({}, {"code": ""}, {"code": code[:-1]}, {"code": code + "x"}):
        assert over_tcp(**wrong).code == "forbidden"
    assert over_tcp(code=code).status == 200
    set_up(fresh)
    assert not file.exists()
    assert over_tcp(code=code).code == "credentials_wrong"


@needs_root
def test_strict_has_no_account_until_root_makes_one(own, alice):
    strict = own(*QUICK, "--mode", "strict").start()
    assert login(strict, "admin", "admin").code == "credentials_wrong"
    body = {"name": "chief", "roles": ["admin"], "password": "boss of nobody"}
    assert strict.ask("POST", "/v1/users", body, uid=alice).code == "forbidden"
    assert strict.ask("POST", "/v1/users", {**body, "roles": ["agent"]}).code == "invalid_value"
    assert strict.ask("POST", "/v1/users", body).status == 201
    assert login(strict, "chief", body["password"], alice).status == 200
    assert "set by unix:0" in str(strict.get("/v1/doctor").json()["checks"])


# --- accounts

def test_an_account_from_its_making_to_its_end(admin, fresh):
    made = admin.do("POST", "/v1/users", {"name": "alice", "roles": ["agent", "auditor"]}, 201)
    one_time = made["one_time_password"]
    assert made["user"]["roles"] == ["agent", "auditor"] and made["user"]["must_change_password"]
    first = logged_in(fresh, "alice", one_time)
    assert first.get("/v1/status").code == "password_change_required"
    assert first.ask("POST", "/v1/password", {"old_password": one_time, "new_password": "words of my own"}).status == 204
    assert first.get("/v1/status").status == 200
    shown = admin.get("/v1/users/alice").json()
    assert shown["password_changed_by"] == "user:alice" and shown["last_login"] and shown["sessions"] == 1
    assert [user["name"] for user in admin.get("/v1/users").json()["users"]] == ["admin", "alice"]
    admin.do("PUT", "/v1/users/alice/roles", {"roles": ["approver"]})
    assert first.get("/v1/whoami").json()["roles"] == ["approver"], "at once, without a new login"
    reset = admin.do("POST", "/v1/users/alice/reset")
    assert first.get("/v1/whoami").code == "token_revoked"
    assert login(fresh, "alice", "words of my own").code == "credentials_wrong"
    assert login(fresh, "alice", reset["one_time_password"]).json()["must_change_password"] is True
    admin.do("DELETE", "/v1/users/alice", status=204)
    assert admin.get("/v1/users/alice").code == "not_found"
    assert login(fresh, "alice", reset["one_time_password"]).code == "credentials_wrong"
    told = {event["event"] for event in (row["event"] for row in fresh.get("/v1/audit?limit=1000").json()["events"])}
    assert told >= {"user.create", "user.roles", "user.reset", "user.remove", "password.change", "login"}
    assert one_time not in str(fresh.get("/v1/audit?limit=1000").json()), "no password is ever in the log"


NAMES = ["", "Alice", "aLICE", "1alice", "-alice", ".alice", "al ice", "al/ice", "../alice", "alice\n", "alice\u0000", "аlice",
         "al\u202eice", "al\u200bice", "ａlice", "a" * 33, "a" * 5000, "alice@home", "user:alice"]


def test_names_that_could_be_taken_for_others_are_refused_with_the_reason(admin):
    for name in NAMES:
        answer = admin.ask("POST", "/v1/users", {"name": name, "roles": ["agent"]}, step_up=True)
        assert answer.code == "invalid_value" and "a to z" in answer.text, (name, answer)
    assert [user["name"] for user in admin.get("/v1/users").json()["users"]] == ["admin"]


@pytest.mark.parametrize("body", [
    {}, {"name": "alice"}, {"name": "alice", "roles": []}, {"name": "alice", "roles": "agent"},
    {"name": "alice", "roles": ["root"]}, {"name": "alice", "roles": ["agent", "agent"]}, {"name": 1, "roles": ["agent"]},
    {"name": "alice", "roles": ["agent"], "password": 12345678}, {"name": "alice", "roles": ["agent"], "password": "short"},
    {"name": "alice", "roles": ["agent"], "password": "password123"}, {"name": "alice", "roles": ["agent"], "password": "x" * 129},
    {"name": "alice", "roles": ["agent"], "password": "alice and more"}, {"name": "alice", "roles": ["agent"], "admin": True},
    {"name": "alice", "roles": ["agent"], "password": "\u0000" * 10}])
def test_fields_at_their_limits(admin, body):
    answer = admin.ask("POST", "/v1/users", body, step_up=True)
    assert answer.status in (400, 422) and answer.code in ("invalid_value", "unknown_field", "password_weak"), answer
    assert admin.get("/v1/users/alice").status == 404


def test_the_last_admin_stays(admin, fresh):
    for method, path, body in (("DELETE", "/v1/users/admin", None), ("POST", "/v1/users/admin/disable", None),
                               ("PUT", "/v1/users/admin/roles", {"roles": ["agent"]})):
        answer = admin.ask(method, path, body, step_up=True)
        assert answer.status == 409 and answer.code == "last_admin" and "users add" in answer.text, answer
    add(admin, "second", ["admin"])
    admin.do("PUT", "/v1/users/admin/roles", {"roles": ["agent"]})
    assert admin.get("/v1/users").code == "forbidden"


def test_two_admins_who_remove_each_other_at_once(admin, fresh):
    second = add(admin, "second", ["admin"])
    answers = []
    def remove(who, whom):
        answers.append(who.ask("DELETE", f"/v1/users/{whom}", step_up=True))
    threads = [threading.Thread(target=remove, args=pair) for pair in ((admin, "second"), (second, "admin"))]
    [one.start() for one in threads]
    [one.join() for one in threads]
    assert sorted(answer.status for answer in answers)[0] == 204 and len([a for a in answers if a.status == 204]) == 1, answers


def test_two_password_changes_at_once(admin, fresh):
    answers = {}
    def change(new):
        answers[new] = admin.ask("POST", "/v1/password", {"old_password": ADMIN, "new_password": new}).status
    threads = [threading.Thread(target=change, args=(f"new words number {n}",)) for n in range(4)]
    [one.start() for one in threads]
    [one.join() for one in threads]
    assert sorted(answers.values())[0] == 204 and list(answers.values()).count(204) == 1, answers
    works = [new for new in [*answers, ADMIN] if login(fresh, "admin", new).status == 200]
    assert works == [new for new, status in answers.items() if status == 204]


def test_the_same_words_for_a_wrong_name_and_a_wrong_password(admin, fresh):
    answers = [login(fresh, name, "wrong words") for name in ("admin", "nobody", "Admin", "ADMIN", "admin ", "ädmin")]
    assert len({answer.body for answer in answers}) == 1 and answers[0].code == "credentials_wrong", answers


@needs_root
def test_disabling_ends_sessions_tokens_and_runs(admin, fresh, alice, workspace):
    person = add(admin, "alice", uid=alice)
    agent = person.mint()
    runs = []
    for who in (person, agent):
        answer = who.ask("POST", "/v1/runs", {"argv": ["sleep", "60"], "detach": True})
        assert answer.status == 201, answer
        runs.append(answer.json()["id"])
    admin.do("POST", "/v1/users/alice/disable")
    for who in (person, agent):
        assert who.get("/v1/whoami").code == "token_revoked"
    for run in runs:
        end = time.monotonic() + 15
        while (state := admin.get(f"/v1/runs/{run}").json()["state"]) in ("starting", "running") and time.monotonic() < end:
            time.sleep(0.05)
        assert state in ("killed", "signaled"), state
    assert login(fresh, "alice", person.password, alice).code == "forbidden"
    assert login(fresh, "alice", "wrong", alice).code == "credentials_wrong"
    admin.do("POST", "/v1/users/alice/enable")
    assert person.get("/v1/whoami").code == "token_revoked", "what was ended stays so"
    assert login(fresh, "alice", person.password, alice).status == 200
    assert len(events(fresh, "user.disable")) == 1


def strangers(admin, alice):
    """Everybody who must not touch accounts: a uid, an agent's account, and an agent's token of the admin's."""
    yield "a uid", lambda *what: admin.owhaled.ask(*what, uid=alice)
    person = add(admin, "somebody")
    yield "an account", lambda *what: person.ask(*what, step_up=True)
    agent = admin.mint(role="admin")
    yield "an agent's token", agent.ask
    yield "an agent's token with the password", lambda *what: agent.ask(*what, headers=proof(ADMIN))


@needs_root
def test_nobody_else_touches_accounts(admin, fresh, alice):
    add(admin, "victim")
    acts = [("POST", "/v1/users", {"name": "mallory", "roles": ["admin"]}), ("DELETE", "/v1/users/victim", None),
            ("POST", "/v1/users/victim/disable", None), ("POST", "/v1/users/victim/enable", None),
            ("POST", "/v1/users/victim/reset", None), ("PUT", "/v1/users/victim/roles", {"roles": ["admin"]}),
            ("PUT", "/v1/access/uid:61234", {"roles": ["admin"]}), ("DELETE", "/v1/access/uid:61234", None),
            ("POST", "/v1/keys/rotate", None)]
    for who, ask in strangers(admin, alice):
        for act in acts:
            answer = ask(*act)
            assert answer.status == 403 and answer.code in ("forbidden", "step_up_required"), (who, act, answer)
    assert {user["name"] for user in admin.get("/v1/users").json()["users"]} == {"admin", "victim", "somebody"}
    assert len(fresh.get("/.well-known/jwks.json").json()["keys"]) == 1


@needs_root
def test_refusals_are_audited_and_a_flood_of_them_is_counted(admin, fresh, alice):
    for _ in range(80):
        assert fresh.ask("POST", "/v1/users", {"name": "mallory", "roles": ["admin"]}, uid=alice).code == "forbidden"
    def denied():
        return [event for event in events(fresh, "verb.denied") if event["verb"] == "users.create"]
    end = time.monotonic() + 20
    while sum(event["data"].get("count", 1) for event in denied()) < 80 and time.monotonic() < end:
        time.sleep(0.05)
    told = denied()
    assert sum(event["data"].get("count", 1) for event in told) == 80 and 32 <= len(told) < 60, told
    assert all(event["principal"] == f"unix:{alice}" and event["verb"] == "users.create" for event in told), told


# --- keys

def key_of(owhaled):
    return next((owhaled.state / "jwt").glob("*.key"))


def test_a_signing_key_that_is_missing_stops_the_start_and_says_how_to_go_on(fresh, admin):
    fresh.stop()
    key = key_of(fresh)
    kept = key.read_bytes()
    key.unlink()
    code, said = fresh.refuses()
    assert code != 0 and str(key) in said and "missing" in said and "backup" in said, said
    key.with_suffix(".retired").touch()
    fresh.start()
    assert admin.get("/v1/whoami").status == 200, "what it signed is believed"
    assert key_of(fresh) != key and kept != key_of(fresh).read_bytes()


@needs_root
@pytest.mark.parametrize("spoil, word", [(lambda key: os.chown(key, 4242, 4242), "uid 4242"), (lambda key: key.chmod(0o644), "chmod 600"),
                                         (lambda key: key.write_bytes(os.urandom(32)), "another key"),
                                         (lambda key: key.write_bytes(b""), "damaged")])
def test_a_signing_key_that_others_could_have_had_stops_the_start(fresh, admin, spoil, word):
    fresh.stop()
    spoil(key_of(fresh))
    code, said = fresh.refuses()
    assert code != 0 and word in said and str(key_of(fresh)) in said, said


def test_keys_rotate_with_overlap(admin, fresh):
    old = fresh.get("/.well-known/jwks.json").json()["keys"]
    rotated = admin.do("POST", "/v1/keys/rotate")
    keys = {key["kid"]: key for key in fresh.get("/.well-known/jwks.json").json()["keys"]}
    assert rotated["kid"] in keys and rotated["trusted"] == [old[0]["kid"]] and len(keys) == 2
    assert all(set(key) == {"kty", "crv", "x", "kid", "use", "alg"} for key in keys.values()), "no private half"
    assert admin.get("/v1/whoami").status == 200
    fresh.stop()
    fresh.start()
    assert admin.get("/v1/whoami").status == 200 and logged_in(fresh, "admin", ADMIN).get("/v1/whoami").status == 200


@needs_root
def test_nothing_secret_is_readable_by_others(admin, fresh):
    for path in [*fresh.state.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    found = subprocess.run(["grep", "-rl", ADMIN, str(fresh.state), str(fresh.log)], capture_output=True, text=True).stdout
    assert found == "", "a password lies in " + found
    found = subprocess.run(["grep", "-rl", admin.token, str(fresh.state), str(fresh.log)], capture_output=True, text=True).stdout
    assert found == "", "a token lies in " + found
