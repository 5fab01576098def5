"""Sessions: what a token is good for, and how it ends."""

import base64
import json
import time

import pytest
from accounts import ADMIN, QUICK, add, bearer, events, logged_in, login, set_up
from conftest import needs_root


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_login_gives_a_token_that_says_who_one_is(admin, fresh):
    answer = login(fresh, "admin", ADMIN).json()
    assert answer["token_type"] == "Bearer" and answer["principal"] == "user:admin" and answer["roles"] == ["admin"]
    said = claims(answer["access_token"])
    assert said["sub"] == "user:admin" and said["aud"] == "owhaled" and said["iss"].startswith("owhaled:")
    assert said["jti"] == answer["session"] and said["exp"] - said["iat"] == 7 * 86400
    who = fresh.get("/v1/whoami", headers=bearer(answer["access_token"])).json()
    assert who["principal"] == "user:admin" and who["session"] == answer["session"] and who["expires"] == answer["expires_at"]
    assert "account admin" in who["why"] and who["peer"].startswith("unix:") and "users:any" in who["permissions"]


def test_logout_ends_this_session_and_no_other(admin, fresh):
    other = logged_in(fresh, "admin", ADMIN)
    assert admin.ask("POST", "/v1/logout").status == 204
    answer = admin.get("/v1/whoami")
    assert answer.status == 401 and answer.code == "token_revoked" and answer.headers["www-authenticate"].startswith("Bearer")
    assert other.get("/v1/whoami").status == 200
    assert fresh.ask("POST", "/v1/logout").code == "unauthenticated"
    assert events(fresh, "logout")[0]["principal"] == "user:admin"


def test_revoking_holds_at_once_on_a_connection_that_is_open(admin, fresh):
    other = logged_in(fresh, "admin", ADMIN)
    mine = other.get("/v1/whoami").json()["session"]
    with fresh.connect() as open_one:
        assert open_one.ask("GET", "/v1/whoami", headers=bearer(other.token)).status == 200
        assert admin.ask("DELETE", f"/v1/sessions/{mine}").status == 204
        assert open_one.ask("GET", "/v1/whoami", headers=bearer(other.token)).code == "token_revoked"
    fresh.stop()
    fresh.start()
    assert other.get("/v1/whoami").code == "token_revoked" and admin.get("/v1/whoami").status == 200


def test_the_list_shows_where_from_and_which_is_this_one(admin, fresh):
    logged_in(fresh, "admin", ADMIN)
    sessions = admin.get("/v1/sessions").json()["sessions"]
    assert len(sessions) == 3 and [one["current"] for one in sessions].count(True) == 1
    assert all(one["peer"].startswith("unix:") and "python" in one["peer"] and "pid" in one["peer"] for one in sessions)
    assert admin.ask("DELETE", "/v1/sessions").json() == {"revoked": 2}
    assert len(admin.get("/v1/sessions").json()["sessions"]) == 1
    ended = [one for one in admin.get("/v1/sessions?all=1").json()["sessions"] if one.get("revoked")]
    assert len(ended) == 2


def test_changing_the_password_ends_the_other_sessions(admin, fresh):
    other = logged_in(fresh, "admin", ADMIN)
    assert admin.ask("POST", "/v1/password", {"old_password": "wrong", "new_password": "quite other words"}).code == "credentials_wrong"
    assert admin.ask("POST", "/v1/password", {"old_password": ADMIN, "new_password": "quite other words"}).status == 204
    assert other.get("/v1/whoami").code == "token_revoked" and admin.get("/v1/whoami").status == 200
    assert login(fresh, "admin", ADMIN).code == "credentials_wrong"


def test_a_session_ends_by_itself(own):
    fresh = own(*QUICK, "--session-ttl", "1m").start()
    admin = set_up(fresh)
    said = claims(admin.token)
    assert said["exp"] - said["iat"] == 60


def test_anothers_session_is_no_session(admin, fresh):
    alice, bob = add(admin, "alice"), add(admin, "bob")
    mine = alice.get("/v1/whoami").json()["session"]
    for who in (bob, alice):
        for path in ("/v1/sessions/01900000-0000-7000-8000-000000000000", "/v1/sessions/x", "/v1/sessions/' OR 1"):
            assert who.ask("DELETE", path.replace(" ", "%20")).status == 404, path
    assert bob.ask("DELETE", f"/v1/sessions/{mine}").code == "not_found"
    assert bob.get("/v1/sessions?user=alice").code == "forbidden"
    assert bob.ask("DELETE", "/v1/sessions?user=alice").code == "forbidden"
    assert [one["principal"] for one in bob.get("/v1/sessions").json()["sessions"]] == ["user:bob"]
    assert admin.get("/v1/sessions?user=alice").json()["sessions"][0]["id"] == mine
    assert admin.get("/v1/sessions?user=nobody").code == "not_found"
    assert admin.ask("DELETE", f"/v1/sessions/{mine}").status == 204
    assert alice.get("/v1/whoami").code == "token_revoked"


@pytest.mark.parametrize("header, code", [
    ("Bearer", "unauthenticated"), ("Bearer ", "unauthenticated"), ("Basic YWRtaW46YWRtaW4=", "unauthenticated"),
    ("Bearer x", "token_malformed"), ("Bearer a.b.c", "token_malformed"), ("Bearer " + "a" * 5000, "token_malformed"),
    ("Bearer " + "." * 3000, "token_malformed"), ("Bearer x y", "token_malformed")])
def test_what_is_no_token_is_refused_and_never_falls_back_to_the_uid(fresh, header, code):
    answer = fresh.get("/v1/whoami", headers={"Authorization": header})
    assert answer.status == 401 and answer.code == code, answer


def test_neither_cookie_nor_query_is_a_token(admin, fresh):
    for headers, path in (({"Cookie": "access_token=" + admin.token}, "/v1/whoami"), ({"X-Access-Token": admin.token}, "/v1/whoami")):
        assert fresh.get(path, headers=headers).json()["principal"].startswith("unix:")
    assert fresh.get("/v1/whoami?access_token=" + admin.token).code == "unknown_field"


def test_a_token_is_of_one_owhaled(own, tmp_path_factory):
    import daemon
    one = own(*QUICK).start()
    token = set_up(one).token
    base = daemon.folder()
    other = daemon.Owhaled(base, *QUICK)
    try:
        other.start()
        set_up(other)
        answer = other.get("/v1/whoami", headers=bearer(token))
        assert answer.code == "token_unknown_key", answer
    finally:
        other.stop()
        daemon.remove(base)


@pytest.mark.parametrize("body, code", [
    ({}, "invalid_value"), ({"name": "admin"}, "invalid_value"), ({"name": "admin", "password": ""}, "invalid_value"),
    ({"name": "admin", "password": "x" * 129}, "invalid_value"), ({"name": "x" * 65, "password": "x"}, "invalid_value"),
    ({"name": "admin", "password": 1}, "invalid_value"), ({"name": ["admin"], "password": "x"}, "invalid_value"),
    ({"name": "admin", "password": "a\u0000b"}, "invalid_value"), ({"name": "admin", "password": "x", "role": "admin"}, "unknown_field"),
    (b'{"name":"admin","name":"admin","password":"x"}', "duplicate_key"), (b'{"name":"admin","password":"\xff"}', "malformed_json"),
    ({"name": "admin", "password": "x", "code": "c" * 129}, "invalid_value")])
def test_logins_fields_at_their_limits(fresh, body, code):
    assert fresh.ask("POST", "/v1/login", body).code == code


def test_wrong_passwords_are_delayed_and_the_delay_names_who(admin, fresh, alice, bob):
    add(admin, "victim")
    if alice is None:
        pytest.skip("needs two uids")
    for _ in range(5):
        assert login(fresh, "victim", "wrong words", bob).code == "credentials_wrong"
    answer = login(fresh, "victim", "words of 6 letters", alice)
    assert answer.status == 429 and answer.code == "rate_limited" and answer.headers["retry-after"] == "1", answer
    assert f"unix:{bob}" in answer.text and "python" in answer.text and "pid" in answer.text
    assert login(fresh, "victim", "words of 6 letters").status == 200, "root is never delayed"
    time.sleep(1.1)
    assert login(fresh, "victim", "words of 6 letters", alice).status == 200
    for _ in range(6):
        login(fresh, "victim", "wrong words", bob)
    assert login(fresh, "victim", "words of 6 letters", alice).status == 200, "who had it right before is not delayed"


def test_a_flood_of_failures_is_told_once_a_second_with_a_count(admin, fresh):
    begun = time.monotonic()
    for _ in range(8):
        login(fresh, "admin", "wrong words")
    took, failures = time.monotonic() - begun, []  # the first after a second, then once a minute
    while sum(event["data"].get("count", 1) for event in failures) < 8 and time.monotonic() - begun < took + 90:
        time.sleep(0.1)
        failures = [event for event in events(fresh, "login") if event["outcome"] == "failed"]
    assert 1 <= len(failures) <= 3 + took and sum(event["data"].get("count", 1) for event in failures) == 8, failures
    assert all(event["data"]["account"] == "admin" and "peer" in event["data"] for event in failures)


@needs_root
def test_a_uid_without_rights_has_its_accounts_on_the_socket(own, alice):
    strict = own(*QUICK, "--mode", "strict").start()
    strict.ask("POST", "/v1/users", {"name": "chief", "roles": ["admin"], "password": "quite good words"})
    assert strict.get("/v1/status", uid=alice).code == "forbidden"
    chief = logged_in(strict, "chief", "quite good words", alice)
    assert chief.get("/v1/status").status == 200
