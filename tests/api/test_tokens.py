"""Agents' tokens: narrower than their maker, without a way up, ended with what they were made of."""

import os

import pytest
from accounts import ADMIN, Person, add, events, proof
from conftest import needs_root

HOUR = 3_600_000


def test_a_token_is_its_role_and_is_shown_once(admin, fresh):
    made = admin.do("POST", "/v1/tokens", {"role": "agent", "ttl_ms": HOUR, "profile": "build", "cwd": "/srv/app", "label": "nightly"}, 201)
    token = made["token"]
    assert token["role"] == "agent" and token["principal"] == "user:admin" and token["profile"] == "build" and token["cwd"] == "/srv/app"
    agent = Person(fresh, "admin", "", made["access_token"])
    who = agent.get("/v1/whoami").json()
    assert who["roles"] == ["agent"] and who["profile"] == "build" and who["cwd"] == "/srv/app" and who["session"] == token["id"]
    assert "users" not in str(who["permissions"]) and "account" not in who["permissions"]
    assert made["access_token"] not in str(admin.get("/v1/tokens").json())
    listed = admin.get("/v1/tokens").json()["tokens"]
    assert len(listed) == 1 and listed[0]["last_used"] and listed[0]["label"] == "nightly"
    assert admin.get(f"/v1/tokens/{token['id']}").json() == listed[0]
    event = events(fresh, "token.create")[0]
    assert event["data"]["jti"] == token["id"] and event["data"]["step_up"].startswith("password")


def test_making_one_takes_the_password(admin):
    answer = admin.ask("POST", "/v1/tokens", {"role": "agent", "ttl_ms": HOUR})
    assert answer.status == 403 and answer.code == "step_up_required", answer
    assert admin.get("/v1/tokens").json()["tokens"] == []


@pytest.mark.parametrize("change, code", [
    ({"role": "root"}, "invalid_value"), ({"role": ""}, "invalid_value"), ({"ttl_ms": 0}, "invalid_value"),
    ({"ttl_ms": 367 * 24 * HOUR}, "invalid_value"), ({"ttl_ms": -1}, "invalid_value"), ({"ttl_ms": "1h"}, "invalid_value"),
    ({"profile": "no-such"}, "profile_unknown"), ({"profile": "../default"}, "profile_unknown"), ({"cwd": "relative"}, "invalid_value"),
    ({"cwd": "/a/../b"}, "invalid_value"), ({"cwd": "/" + "a" * 5000}, "invalid_value"), ({"label": ""}, "invalid_value"),
    ({"label": "a\u202eb"}, "invalid_value"), ({"label": "x" * 65}, "invalid_value"), ({"user": "alice"}, "unknown_field")])
def test_fields_at_their_limits(admin, change, code):
    answer = admin.ask("POST", "/v1/tokens", {"role": "agent", "ttl_ms": HOUR, **change}, step_up=True)
    assert answer.code == code, answer
    assert admin.get("/v1/tokens").json()["tokens"] == []


def test_a_token_mints_only_narrower_ones_and_needs_no_password_for_it(admin, fresh):
    first = admin.mint(ttl_ms=HOUR, profile="build", cwd="/srv/app")
    def mint(**more):
        return first.ask("POST", "/v1/tokens", {"role": "agent", "ttl_ms": HOUR // 2, **more})
    for wider in ({"role": "admin"}, {"role": "auditor"}, {"ttl_ms": 2 * HOUR}, {"profile": "default"}, {"cwd": "/srv"}, {"cwd": "/srv/apple"}):
        answer = mint(**wider)
        assert answer.status == 403 and answer.code == "forbidden", (wider, answer)
    answer = mint(cwd="/srv/app/part")
    assert answer.status == 201, answer
    second = Person(fresh, "admin", "", answer.json()["access_token"])
    who = second.get("/v1/whoami").json()
    assert who["profile"] == "build" and who["cwd"] == "/srv/app/part"
    assert answer.json()["token"]["maker"] == first.id
    assert admin.ask("DELETE", f"/v1/tokens/{first.id}").status == 204
    assert first.get("/v1/whoami").code == second.get("/v1/whoami").code == "token_revoked"


def test_an_agents_token_reaches_no_person(admin, fresh):
    agent, other = admin.mint(role="admin"), admin.mint()
    for method, path, body in (("POST", "/v1/logout", None), ("POST", "/v1/password", {"old_password": ADMIN, "new_password": "words of an agent"}),
                               ("POST", "/v1/step-up", {"password": ADMIN}), ("GET", "/v1/sessions", None), ("DELETE", "/v1/sessions", None)):
        answer = agent.ask(method, path, body, headers=proof(ADMIN))
        assert answer.status == 403, (path, answer)
    assert agent.ask("DELETE", f"/v1/tokens/{other.id}").code == "not_found"
    assert [one["id"] for one in agent.get("/v1/tokens").json()["tokens"]] == [agent.id]
    assert admin.get("/v1/whoami").status == other.get("/v1/whoami").status == 200
    assert agent.ask("DELETE", f"/v1/tokens/{agent.id}").status == 204
    assert agent.get("/v1/whoami").code == "token_revoked"


def test_it_outlives_the_login_it_was_made_in_but_not_the_account(admin, fresh):
    person = add(admin, "alice")
    agent = person.mint()
    assert person.ask("POST", "/v1/logout").status == 204
    assert agent.get("/v1/whoami").status == 200
    admin.do("POST", "/v1/users/alice/reset")
    assert agent.get("/v1/whoami").code == "token_revoked", "whoever resets a password trusts nothing made with it"


def test_anothers_token_is_no_token(admin, fresh):
    alice, bob = add(admin, "alice"), add(admin, "bob")
    token = alice.mint()
    for method in ("GET", "DELETE"):
        assert bob.ask(method, f"/v1/tokens/{token.id}").code == "not_found"
    assert bob.get("/v1/tokens?user=alice").code == "forbidden"
    assert admin.get("/v1/tokens?user=alice").json()["tokens"][0]["id"] == token.id
    assert token.get("/v1/whoami").status == 200


@needs_root
def test_its_runs_are_its_accounts_and_keep_to_its_bounds(admin, fresh, alice, workspace):
    person = add(admin, "alice", uid=alice)
    agent = person.mint(profile="readonly", cwd=str(workspace))
    answer = agent.ask("POST", "/v1/runs", {"argv": ["id", "-u"], "wait": True})
    assert answer.status == 200, answer
    run = answer.json()
    assert run["principal"] == "user:alice" and run["stdout"].strip() == str(alice)
    assert run["receipt"]["profile"] == "readonly", run["receipt"]
    assert agent.ask("POST", "/v1/runs", {"argv": ["id"], "profile": "build"}).code == "forbidden"
    assert agent.ask("POST", "/v1/runs", {"argv": ["id"], "cwd": "/tmp"}).code == "forbidden"


@needs_root
def test_a_link_in_its_folders_path_holds_everything(admin, alice, workspace):
    person = add(admin, "alice", uid=alice)
    (workspace / "beside").mkdir()
    os.chown(workspace / "beside", alice, alice)
    agent = person.mint(cwd=str(workspace))
    run = {"argv": ["sh", "-c", "touch made"], "wait": True}
    assert agent.ask("POST", "/v1/runs", {"argv": ["ln", "-s", "beside", "moved"], "wait": True}).json()["exit_code"] == 0
    answer = agent.ask("POST", "/v1/tokens", {"role": "agent", "ttl_ms": HOUR // 2, "cwd": f"{workspace}/moved"})
    assert answer.status == 201, answer
    second = Person(person.owhaled, "alice", "", answer.json()["access_token"], alice)
    for more in ({}, {"cwd": f"{workspace}/moved"}, {"cwd": f"{workspace}/beside"}):
        answer = second.ask("POST", "/v1/runs", run | more)
        assert answer.code == "forbidden" and "link" in str(answer.json()), answer
    assert not (workspace / "beside" / "made").exists()


@needs_root
def test_it_has_no_part_in_boxes_beyond_its_bounds(admin, alice, workspace):
    person = add(admin, "alice", uid=alice)
    for name in ("one", "two"):
        (workspace / name).mkdir()
        os.chown(workspace / name, alice, alice)
    def box_of(who, **more):
        answer = who.ask("POST", "/v1/runs", {"argv": ["true"], "wait": True, **more})
        assert answer.status == 200, answer
        return answer.json()["box"]
    agent = person.mint(profile="build", cwd=f"{workspace}/one")
    own = box_of(agent)
    wider = [box_of(person, cwd=f"{workspace}/two"), box_of(person, cwd=f"{workspace}/one"), box_of(person, cwd=f"{workspace}/two", profile="build"),
             box_of(person), box_of(person, profile="build")]
    for box in wider:
        for method in ("GET", "DELETE"):
            answer = agent.ask(method, f"/v1/boxes/{box}")
            assert answer.code == "forbidden", (box, answer)
    assert {box["id"] for box in person.get("/v1/boxes").json()["boxes"]} >= set(wider)
    assert agent.get(f"/v1/boxes/{own}").status == 200 and agent.ask("DELETE", f"/v1/boxes/{own}").status == 204


def test_whoami_lists_what_a_token_without_a_password_is_good_for(admin, fresh):
    mine = admin.get("/v1/whoami").json()["permissions"]
    assert {"approvals_decide", "approvals_decide:any", "freeze:any", "users:any"} <= set(mine)
    agent = admin.mint(role="admin")
    its = agent.get("/v1/whoami").json()["permissions"]
    assert not any(one.startswith("approvals_decide") for one in its), its
    assert {"approvals_read:any", "freeze:any", "runs_read:any"} <= set(its) <= set(mine)
    root = fresh.get("/v1/whoami").json()["permissions"]
    assert "approvals_decide" not in root and "runs_read:any" in root, "a user id has no password to show"
