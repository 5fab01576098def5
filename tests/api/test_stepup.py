"""Step-up: the password with the act, or a window on one connection; never anything that lies in a file."""

import time

import pytest
from accounts import ADMIN, add, bearer, events, logged_in, proof, set_up

BODIES = {"RolesRequest": {"roles": ["agent"]}, "UserRequest": {"name": "mallory", "roles": ["admin"]},
          "TokenRequest": {"role": "agent", "ttl_ms": 3_600_000}}
FILLED = {"{name}": "victim", "{subject}": "uid:61234", "{id}": "01900000-0000-7000-8000-000000000000"}


@pytest.fixture
def admin(fresh):
    admin = set_up(fresh)
    add(admin, "victim")
    return logged_in(fresh, "admin", ADMIN)


def verbs_that_need_it(fresh):
    for path, methods in fresh.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            if not operation.get("x-step-up"):
                continue
            schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            for name, value in FILLED.items():
                path = path.replace(name, value)
            yield method.upper(), path, BODIES.get(schema.get("$ref", "").rsplit("/", 1)[-1])


def test_a_copy_of_the_token_beside_an_open_window_gets_nothing(admin, fresh):
    """The same uid, the same token, another connection: an agent that read the file."""
    with fresh.connect() as human, fresh.connect() as thief:
        opened = human.ask("POST", "/v1/step-up", {"password": ADMIN}, bearer(admin.token))
        assert opened.status == 200 and opened.json()["until"], opened
        tried = 0
        for method, path, body in verbs_that_need_it(fresh):
            answer = thief.ask(method, path, body, bearer(admin.token))
            assert answer.status == 403 and answer.code == "step_up_required", (method, path, answer)
            again = thief.ask(method, path, body, {**bearer(admin.token), **proof("guess " + str(tried))})
            assert again.status in (401, 429), (method, path, again)
            tried += 1
        assert tried >= 9
        assert human.ask("POST", "/v1/users/victim/disable", None, bearer(admin.token)).status in (200, 429)
    users = {user["name"] for user in admin.get("/v1/users").json()["users"]}
    assert users == {"admin", "victim"}


def test_the_password_counts_for_one_act_alone(admin, fresh):
    with fresh.connect() as one:
        assert one.ask("POST", "/v1/users/victim/disable", None, {**bearer(admin.token), **proof(ADMIN)}).status == 200
        assert one.ask("POST", "/v1/users/victim/enable", None, bearer(admin.token)).code == "step_up_required"
    act = events(fresh, "user.disable")[0]["data"]["step_up"]
    assert act.startswith("password for POST /v1/users/victim/disable sha256:"), act


def test_to_be_asked_for_the_password_is_no_refusal(admin, fresh):
    """Clients learn so that they have to ask. Who never can show one is refused, and so is a password that is wrong."""
    body = {"name": "someone", "roles": ["agent"]}
    assert admin.ask("POST", "/v1/users", body).code == "step_up_required"
    admin.do("POST", "/v1/users", body, 201)
    [asked] = events(fresh, "step_up.asked")
    assert (asked["verb"], asked["outcome"], asked["principal"]) == ("users.create", "pending", "user:admin")
    assert asked["data"]["session"] and asked["data"]["peer"] and not events(fresh, "verb.denied")
    agent = admin.mint()
    assert agent.ask("PUT", "/v1/secrets/KEY", {"value": "x"}).status == 403
    assert admin.ask("POST", "/v1/users", body, headers=proof("a guess")).code == "credentials_wrong"
    assert [event["verb"] for event in events(fresh, "verb.denied")] == ["secrets.set"]
    assert [event["outcome"] for event in events(fresh, "step_up")] == ["failed"]
    assert len(events(fresh, "step_up.asked")) == 1


def test_a_window_is_one_connections_one_sessions_and_ends(admin, fresh):
    other = logged_in(fresh, "admin", ADMIN)
    with fresh.connect() as one:
        assert one.ask("POST", "/v1/step-up", {"password": ADMIN, "seconds": 4}, bearer(admin.token)).status == 200
        assert one.ask("GET", "/v1/whoami", None, bearer(admin.token)).json()["stepped_up_until"]
        assert "stepped_up_until" not in one.ask("GET", "/v1/whoami", None, bearer(other.token)).json()
        assert one.ask("POST", "/v1/users/victim/disable", None, bearer(admin.token)).status == 200
        assert one.ask("POST", "/v1/users/victim/enable", None, bearer(other.token)).code == "step_up_required"
        time.sleep(4.1)
        assert one.ask("POST", "/v1/users/victim/enable", None, bearer(admin.token)).code == "step_up_required"
        assert one.ask("POST", "/v1/step-up", {"password": ADMIN}, bearer(admin.token)).status == 200
        assert one.ask("DELETE", "/v1/step-up", None, bearer(admin.token)).status == 204
        assert one.ask("POST", "/v1/users/victim/enable", None, bearer(admin.token)).code == "step_up_required"
    assert events(fresh, "step_up")[-1]["data"]["window_s"] == 4
    assert events(fresh, "user.disable")[0]["data"]["step_up"] == "window"


def test_logout_and_revocation_close_it(admin, fresh):
    with fresh.connect() as one:
        assert one.ask("POST", "/v1/step-up", {"password": ADMIN}, bearer(admin.token)).status == 200
        assert one.ask("POST", "/v1/logout", None, bearer(admin.token)).status == 204
        assert one.ask("POST", "/v1/users/victim/disable", None, bearer(admin.token)).code == "token_revoked"


def test_wrong_ones_are_refused_counted_and_told(admin, fresh):
    for body in ({"password": "wrong words"}, {"password": ""}, {"password": "x" * 129}, {"password": ADMIN, "seconds": 0},
                 {"password": ADMIN, "seconds": 901}, {"seconds": 5}):
        answer = admin.ask("POST", "/v1/step-up", body)
        assert answer.code in ("credentials_wrong", "invalid_value"), (body, answer)
    def told():
        return any(event["outcome"] == "failed" and event["data"]["account"] == "admin" for event in events(fresh, "step_up"))
    end = time.monotonic() + 20
    while not told() and time.monotonic() < end:
        time.sleep(0.05)  # failures are told after the answer
    assert told()
    assert fresh.ask("POST", "/v1/step-up", {"password": ADMIN}).code == "unauthenticated", "a uid has no password"


def test_guessing_on_the_socket_is_delayed(admin, fresh, alice):
    if alice is None:
        pytest.skip("root is never delayed: needs another uid")
    for _ in range(5):
        answer = admin.ask("POST", "/v1/step-up", {"password": "guess"}, uid=alice)
        assert answer.code == "credentials_wrong"
    answer = admin.ask("POST", "/v1/step-up", {"password": ADMIN}, uid=alice)
    assert answer.status == 429 and answer.code == "rate_limited", answer
    assert admin.ask("POST", "/v1/step-up", {"password": ADMIN}).status == 200, "root's connection is not held up"


def test_root_stands_above_accounts_and_alice_does_not(admin, fresh, alice):
    assert fresh.ask("POST", "/v1/users/victim/disable").status == 200
    assert events(fresh, "user.disable")[0]["data"]["step_up"] == "root"
    answer = fresh.ask("POST", "/v1/users/victim/enable", uid=alice)
    assert answer.code == "forbidden" and "needs the role admin" in answer.text and "has agent" in answer.text, answer
    assert fresh.ask("POST", "/v1/tokens", {"role": "agent", "ttl_ms": 1000}).code == "unauthenticated"
