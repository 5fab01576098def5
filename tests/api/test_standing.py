"""Who may ask is asked again: a slow body, an open channel and an open window outlive nobody's rights."""

import time

import pytest
from accounts import ADMIN, add, bearer, logged_in, proof, set_up
from test_attach import STDIN, STDOUT

import client


def session_of(person):
    return person.get("/v1/whoami").json()["session"]


def disable(admin, name, person):
    admin.do("POST", f"/v1/users/{name}/disable")


def demote(admin, name, person):
    admin.do("PUT", f"/v1/users/{name}/roles", {"roles": ["auditor"]})


def remove(admin, name, person):
    admin.do("DELETE", f"/v1/users/{name}", status=204)


def revoke(admin, name, person):
    assert admin.ask("DELETE", f"/v1/sessions/{session_of(person)}").status == 204


ENDS = [(disable, 401), (demote, 403), (remove, 401), (revoke, 401)]
ASKED = [("POST", "/v1/runs", {"argv": ["true"], "wait": True}),
         ("POST", "/v1/users", {"name": "mallory", "roles": ["admin"], "password": "quite good words"}),
         ("PUT", "/v1/access/uid:61234", {"roles": ["admin"]}),
         ("POST", "/v1/tokens", {"role": "admin", "ttl_ms": 3_600_000})]


@pytest.mark.parametrize("end, status", ENDS, ids=[end.__name__ for end, _ in ENDS])
@pytest.mark.parametrize("by", ["window", "password"])
def test_a_body_that_comes_after_the_rights_went_does_nothing(admin, fresh, end, status, by):
    eve = add(admin, "eve", ["admin"])
    slow = []
    for method, path, body in ASKED:
        connection = fresh.connect()
        headers = bearer(eve.token)
        if by == "window":
            assert connection.ask("POST", "/v1/step-up", {"password": eve.password}, headers).status == 200
        else:
            headers.update(proof(eve.password))
        data = client.request(method, path, body, headers)
        cut = data.index(b"\r\n\r\n") + 5
        connection.send(data[:cut])
        slow.append((path, connection, data[cut:]))
    time.sleep(0.2)  # the heads are in
    end(admin, "eve", eve)
    for path, connection, rest in slow:
        answer = connection.send(rest).response()
        if end is demote and path == "/v1/tokens":
            assert answer.status in (403, 429), answer  # an auditor may mint, but no admin's token
        else:
            assert answer.status == status, (path, answer)
        connection.close()
    assert "mallory" not in [user["name"] for user in admin.get("/v1/users").json()["users"]]
    assert "uid:61234" not in [row["subject"] for row in admin.get("/v1/access").json()["access"]]


def test_a_revoked_agents_token_starts_nothing_with_a_body_under_way(admin, fresh):
    agent = admin.mint()
    data = client.request("POST", "/v1/runs", {"argv": ["true"], "wait": True}, bearer(agent.token))
    with fresh.connect() as connection:
        connection.send(data[:-3])
        time.sleep(0.2)
        assert admin.ask("DELETE", f"/v1/tokens/{agent.id}").status == 204
        assert connection.send(data[-3:]).response().code == "token_revoked"


def attached(fresh, person, run):
    import socket

    import websocket
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.settimeout(20)
    peer.connect(str(fresh.socket))
    return websocket.create_connection(f"ws://localhost/v1/runs/{run}/attach", socket=peer, suppress_origin=True,
                                       subprotocols=[client.PROTOCOL], header=["Authorization: Bearer " + person.token])


@pytest.mark.parametrize("end", [demote, revoke], ids=["demote", "revoke"])
def test_an_open_channel_closes_when_the_right_to_it_goes(admin, fresh, end):
    eve = add(admin, "eve", ["agent"])
    run = eve.ask("POST", "/v1/runs", {"argv": ["sleep", "30"], "detach": True}).json()
    assert "id" in run, run
    channel = attached(fresh, eve, run["id"])
    before = time.monotonic()
    end(admin, "eve", eve)
    while channel.recv_data()[0] != 8:  # a close frame
        pass
    assert time.monotonic() - before < 10
    assert admin.get(f"/v1/runs/{run['id']}").json()["state"] == "running", "its run is another matter"


def test_no_stdin_after_the_right_to_it_went(admin, fresh):
    eve = add(admin, "eve", ["agent"])
    run = eve.ask("POST", "/v1/runs", {"argv": ["cat"], "detach": True, "stdin_open": True}).json()
    channel = attached(fresh, eve, run["id"])
    channel.send_binary(bytes([STDIN]) + b"early words\n")
    while channel.recv_data()[1] != bytes([STDOUT]) + b"early words\n":
        pass
    revoke(admin, "eve", eve)
    channel.send_binary(bytes([STDIN]) + b"late words\n")
    got = b""
    while True:
        opcode, data = channel.recv_data()
        if opcode == 8:
            break
        if data[:1] == bytes([STDOUT]):
            got += data[1:]
    assert b"late" not in got
    time.sleep(0.2)
    kept = admin.get(f"/v1/runs/{run['id']}/output").body
    assert kept == b"early words\n", "it never came to the run"


def test_a_window_ends_with_the_password_that_opened_it(admin, fresh):
    add(admin, "victim")
    with fresh.connect() as open_one:
        assert open_one.ask("POST", "/v1/step-up", {"password": ADMIN}, bearer(admin.token)).status == 200
        change = {"old_password": ADMIN, "new_password": "quite other words"}
        assert admin.ask("POST", "/v1/password", change).status == 204  # the same session, another connection
        answer = open_one.ask("POST", "/v1/users/victim/disable", None, bearer(admin.token))
        assert answer.code == "step_up_required", answer
        assert "stepped_up_until" not in open_one.ask("GET", "/v1/whoami", None, bearer(admin.token)).json()


def test_who_cannot_step_up_locks_nobody_out_of_it(own, alice):
    fresh = own("--tcp", "off", "--argon2-memory", "8M", "--argon2-passes", "1", "--login-rate", "20").start()
    admin = set_up(fresh)  # root is never counted: all that follows comes from alice's uid
    agent = admin.mint()
    for _ in range(30):
        fresh.ask("POST", "/v1/step-up", {"password": "x"}, uid=alice)
        agent.ask("POST", "/v1/step-up", {"password": "x"}, uid=alice)
        refused = fresh.ask("POST", "/v1/tokens", {"role": "agent", "ttl_ms": 1000},
                            {**bearer(agent.token), **proof("guess")}, uid=alice)
        assert refused.status in (201, 403), refused
    assert admin.ask("POST", "/v1/step-up", {"password": ADMIN}, uid=alice).status == 200


def test_an_agents_token_makes_fifty_and_no_more_however_deep(admin, fresh):
    first = admin.mint()
    made, maker = 1, first.token
    for number in range(60):
        # Each ends well before its maker does, however slow this machine is.
        answer = fresh.ask("POST", "/v1/tokens", {"role": "agent", "ttl_ms": 3_600_000 - number * 30_000}, bearer(maker))
        if answer.status != 201:
            break
        made += 1
        if number % 10 == 0:
            maker = answer.json()["access_token"]
    assert answer.code == "conflict" and made == 50, (answer, made)
    assert admin.mint().id, "its person makes others"
