"""Requests that a device signs: whose they are, what they may, and every way in which they are not what was signed."""

import os
import socket
import sqlite3
import time

import pytest

import accounts
import asking
import client
import devices
import sodium
from conftest import ALICE, needs_root
from ctl import Ctl
from device_scene import admin, daemon, device  # noqa: F401


PARAMS = devices.COMPONENTS + ';created={now};nonce="{nonce}";keyid="{id}";alg="ed25519"'


def params(device, text):
    return text.format(now=int(time.time()), nonce=sodium.b64u(sodium.os.urandom(18)), id=device.id)


def test_a_signed_request_over_every_way(daemon, device):
    assert device.get("/v1/whoami").json()["principal"] == "device:" + device.id
    assert device.get("/v1/audit?limit=1&event=device.add").json()["events"]
    unix = devices.Device(daemon, device.key, device.id)
    unix.address = None
    assert unix.get("/v1/whoami").json()["principal"] == "device:" + device.id
    with device.connect() as connection:
        for _ in range(3):
            assert device.ask("GET", "/v1/whoami", over=connection).status == 200
        assert connection.ask("GET", "/v1/whoami").json()["principal"] == "tcp", "a signature is for its own request alone"


def test_a_request_counts_once(device):
    request = device.signed("GET", "/v1/whoami")
    for status, code in ((200, None), (401, "signature_replayed")):
        with device.connect() as connection:
            answer = connection.send(request).response()
            assert answer.status == status and (code is None or answer.code == code)


def test_times_that_are_off(device):
    now = int(time.time())
    for created, code in ((now - 75, "signature_stale"), (now + 20, "signature_stale"), (0, "signature_stale")):
        answer = device.get("/v1/whoami", created=created)
        assert answer.code == code and answer.status == 401
    for created in (now - 40, now + 3):  # it was paired since the start: no earlier life of owhaled knows anything of it
        assert device.get("/v1/whoami", created=created).status == 200


def test_another_key_or_id(device, admin):
    assert device.get("/v1/whoami", key=sodium.SigningKey()).code == "token_signature"
    assert device.get("/v1/whoami", keyid="0193a6a0-0000-7000-8000-000000000001").code == "token_revoked"
    second = devices.paired(admin, name="other")
    assert device.get("/v1/whoami", keyid=second.id).code == "token_signature"


def test_a_forged_one_uses_up_no_nonce(device):
    nonce = "n" * 24
    assert device.get("/v1/whoami", key=sodium.SigningKey(), nonce=nonce).code == "token_signature"
    assert device.get("/v1/whoami", nonce=nonce).status == 200
    assert device.get("/v1/whoami", nonce=nonce).code == "signature_replayed"


def sent(device, method, target, body, fields):
    with device.connect() as connection:
        return connection.send(client.request(method, target, body, fields)).response(method)


def test_what_was_signed_is_what_counts(device):
    """Signed for one request, sent with another: method, path, query, body."""
    other = [("GET", "/v1/whoami", b"", "GET", "/v1/status", None), ("GET", "/v1/audit?limit=1", b"", "GET", "/v1/audit?limit=2", None),
             ("GET", "/v1/audit?limit=1", b"", "GET", "/v1/audit", None), ("GET", "/v1/whoami", b"", "GET", "/v1/whoami?", None),
             ("GET", "/v1/whoami", b"", "GET", "/v1/%77hoami", None), ("GET", "/v1/freeze", b"", "POST", "/v1/freeze", b""),
             ("POST", "/v1/freeze", b'{"principal":"unix:1"}', "POST", "/v1/freeze", b'{"principal":"unix:2"}'),
             ("POST", "/v1/freeze", b'{"principal":"unix:1"}', "POST", "/v1/freeze", b"")]
    for method, target, body, sent_method, sent_target, sent_body in other:
        answer = sent(device, sent_method, sent_target, sent_body, device.fields(method, target, body))
        # "?" alone and nothing are the same component (RFC 9421 section 2.2.7).
        same = (sent_target, target) == ("/v1/whoami?", "/v1/whoami")
        assert answer.status == 200 if same else answer.code == "token_signature", (sent_target, answer)


@pytest.mark.parametrize("text", [
    '("@method" "@path" "content-digest");created={now};nonce="{nonce}";keyid="{id}";alg="ed25519"',
    '();created={now};nonce="{nonce}";keyid="{id}";alg="ed25519"',
    devices.COMPONENTS + ';created={now};keyid="{id}";alg="ed25519"',
    devices.COMPONENTS + ';nonce="{nonce}";keyid="{id}";alg="ed25519"',
    devices.COMPONENTS + ';created={now};nonce="short";keyid="{id}";alg="ed25519"',
    devices.COMPONENTS + ';created={now};nonce="{nonce}";keyid="{id}";alg="none"',
    devices.COMPONENTS + ';created={now};nonce="{nonce}";keyid="{id}";alg="ed25519";expires=9999999999',
    devices.COMPONENTS + ';created={now};created={now};nonce="{nonce}";keyid="{id}";alg="ed25519"',
    devices.COMPONENTS + ';created=-1;nonce="{nonce}";keyid="{id}";alg="ed25519"',
])
def test_forms_that_are_not_taken(device, text):
    assert device.get("/v1/whoami", params=params(device, text)).code == "token_malformed"


def test_unsigned_cut_and_doubled(device):
    fields = device.fields("GET", "/v1/whoami")
    for name in ("Signature", "Signature-Input", "Content-Digest"):
        less = {key: value for key, value in fields.items() if key != name}
        assert sent(device, "GET", "/v1/whoami", None, less).code == "token_malformed", name
        cut = {**fields, name: fields[name][:-5]}
        assert sent(device, "GET", "/v1/whoami", None, cut).status == 401, name
    twice = client.request("GET", "/v1/whoami", None, fields)[:-2] + b"Signature: " + fields["Signature"].encode() + b"\r\n\r\n"
    with device.connect() as connection:
        assert connection.send(twice).response().status in (400, 401)
    both = {**fields, "Authorization": "Bearer x"}
    assert sent(device, "GET", "/v1/whoami", None, both).code == "bad_request"
    assert sent(device, "GET", "http://localhost/v1/whoami", None, fields).code == "token_malformed"


def test_a_device_may_what_it_was_given(daemon, admin):
    one = devices.paired(admin, can=["audit"])
    assert one.get("/v1/audit").status == 200 and one.get("/v1/status").status == 200
    for method, target, body in (("GET", "/v1/approvals", None), ("GET", "/v1/runs", None), ("GET", "/v1/freeze", None),
                                 ("POST", "/v1/runs", {"argv": ["id"]}), ("GET", "/v1/users", None), ("GET", "/v1/secrets", None),
                                 ("POST", "/v1/tokens", {"role": "agent", "ttl_ms": 1000}), ("GET", "/v1/devices", None),
                                 ("POST", "/v1/step-up", {"password": accounts.ADMIN}), ("GET", "/v1/sessions", None)):
        answer = one.ask(method, target, body)
        assert answer.code == "forbidden", (target, answer)
    every = devices.paired(admin, name="all of them")
    assert every.ask("POST", "/v1/runs", {"argv": ["id"]}).code == "forbidden", "a device starts nothing"


def test_a_device_is_never_wider_than_its_owner(daemon, admin):
    bob = accounts.add(admin, "bob", ["approver", "auditor"])
    one = devices.paired(bob, can=["approve", "audit"])
    assert one.get("/v1/approvals").status == 200 and one.get("/v1/audit").status == 200
    admin.do("PUT", "/v1/users/bob/roles", {"roles": ["auditor"]})
    [shown] = admin.get("/v1/devices?user=bob").json()["devices"]
    assert shown["can"] == ["approve", "audit"] and shown["now"] == ["audit"]
    assert "approvals_decide" not in str(one.get("/v1/whoami").json()["permissions"]) and one.get("/v1/audit").status == 200
    admin.do("POST", "/v1/users/bob/disable")
    assert one.get("/v1/audit").code == "token_revoked"
    admin.do("POST", "/v1/users/bob/enable")
    assert one.get("/v1/audit").status == 200
    admin.do("POST", "/v1/users/bob/reset")
    assert one.get("/v1/audit").code == "token_revoked", "somebody may have had the password, and paired it"
    assert admin.get("/v1/devices?user=bob").json()["devices"] == []


def started_anew(daemon, device):
    daemon.start()
    host, _, port = daemon.get("/v1/status").json()["tcp"].rpartition(":")
    device.address = (host.strip("[]"), int(port))


def patient(device):
    """As a client does right after a start: it waits for as long as it is told to, and signs anew."""
    answer = device.get("/v1/whoami")
    if answer.status == 503:
        time.sleep(int(answer.headers["retry-after"]))
        answer = device.get("/v1/whoami")
    return answer


def test_a_restart_revives_nothing_that_was_signed_ahead(daemon, device):
    """The nonces are forgotten, and the device's clock runs ahead."""
    request = device.signed("GET", "/v1/whoami", created=int(time.time()) + 4)
    with device.connect() as connection:
        assert connection.send(request).response().status == 200
    assert daemon.stop() == 0
    started_anew(daemon, device)
    first = device.get("/v1/whoami")
    if first.status != 200:  # it may have taken longer to start
        assert (first.status, first.code) == (503, "busy") and 1 <= int(first.headers["retry-after"]) <= 6, first
    end = time.monotonic() + 12
    while time.monotonic() < end:
        with device.connect() as connection:
            assert connection.send(request).response().status in (401, 503)
        time.sleep(0.5)
    assert device.get("/v1/whoami").status == 200


def test_a_device_that_has_expired(daemon, admin):
    one = devices.paired(admin, for_ms=60_000)
    assert one.get("/v1/whoami").status == 200
    # Its row alone knows the time: a minute is too long to wait.
    assert daemon.stop() == 0
    with sqlite3.connect(daemon.state / "state.db") as database:
        database.execute("UPDATE devices SET expires = 1")
    started_anew(daemon, one)
    assert patient(one).code == "token_expired"


def ends(connection):
    try:
        return connection.ended()
    except (ConnectionError, socket.timeout, OSError) as error:
        return not isinstance(error, socket.timeout)


def follows(device):
    connection = device.connect()
    connection.send(device.signed("GET", "/v1/events"))
    while b"\r\n\r\n" not in connection.input:
        assert connection.more()
    assert connection.input.startswith(b"HTTP/1.1 200")
    return connection


def test_removing_a_device_ends_its_connections(daemon, admin, device):
    kept = devices.paired(admin, name="another")
    idle, other = device.connect(), kept.connect()
    assert device.ask("GET", "/v1/whoami", over=idle).status == kept.ask("GET", "/v1/whoami", over=other).status == 200
    streaming = follows(device)
    assert admin.ask("DELETE", f"/v1/devices/{device.id}").status == 204
    assert ends(idle) and ends(streaming)
    assert kept.ask("GET", "/v1/whoami", over=other).status == 200, "others' go on"
    assert device.get("/v1/whoami").code == "token_revoked"
    [event] = accounts.events(daemon, "device.remove")
    assert event["data"]["device"] == device.id


def test_disabling_its_owner_ends_them_too(daemon, admin):
    bob = accounts.add(admin, "bob", ["approver"])
    one = devices.paired(bob, can=["approve"])
    streaming = follows(one)
    admin.do("POST", "/v1/users/bob/disable")
    assert ends(streaming)


def test_removed_in_the_middle_of_a_request(daemon, admin, device):
    """The head was good; the body comes after the device has gone."""
    body = b'{"principal":"unix:61999"}'
    request = device.signed("POST", "/v1/freeze", body)
    connection = device.connect().send(request[:-5])
    assert device.get("/v1/whoami").status == 200  # so that the head has been read
    time.sleep(0.3)
    assert admin.ask("DELETE", f"/v1/devices/{device.id}").status == 204
    connection.send(request[-5:])
    assert ends(connection) and not connection.input.startswith(b"HTTP/1.1 200")
    assert daemon.get("/v1/freeze").json()["freezes"] == []


@pytest.fixture
def asked(own):
    """An owhaled whose rules ask, with an admin."""
    one = devices.serve(own, "--quorum", "high=2", rule=asking.asks("medium") + asking.asks("high").replace("own.ask", "own.two").replace("seq", "numfmt"))
    return one, accounts.set_up(one)


def question(daemon, admin, program="seq"):
    answer = daemon.run(ALICE, argv=[program, "3"], detach=True)
    assert answer.status == 202, answer
    run = answer.json()
    return run["id"], admin.get(f"/v1/approvals/{run['approval']}").json()


@needs_root
def test_a_device_approves_by_its_signature(asked):
    daemon, admin = asked
    device = devices.paired(admin)
    run, about = question(daemon, admin)
    [listed] = device.get("/v1/approvals").json()["approvals"]
    assert listed["id"] == about["id"] and listed["may_decide"]
    way = f"/v1/approvals/{about['id']}/approve"
    assert device.ask("POST", way, {"digest": "0" * 64}).code == "digest_mismatch"
    body = b'{"digest":"' + about["digest"].encode() + b'","reason":"on the train"}'
    assert device.ask("POST", way, body).status == 200
    assert daemon.until(run, ["exited"], ALICE) == "exited"
    [event] = accounts.events(daemon, "approval.decided")
    data = event["data"]
    assert event["principal"] == "device:" + device.id and data["proof"].startswith("signature for POST " + way)
    assert sodium.from_b64u(data["key"]) == device.key.public and data["body"].encode() == body
    assert sodium.verifies(device.key.public, data["signed"].encode(), sodium.from_b64u(data["signature"]))
    assert f'"@path": {way}' in data["signed"]


@needs_root
def test_and_denies(asked):
    daemon, admin = asked
    device = devices.paired(admin)
    run, about = question(daemon, admin)
    assert device.ask("POST", f"/v1/approvals/{about['id']}/deny", {"reason": "no"}).status == 200
    assert daemon.until(run, ["denied"], ALICE)


@needs_root
def test_a_device_that_may_only_look(asked):
    daemon, admin = asked
    run, about = question(daemon, admin)
    one = devices.paired(admin, can=["audit", "runs"])
    answer = one.ask("POST", f"/v1/approvals/{about['id']}/approve", {"digest": about["digest"]})
    assert answer.code == "forbidden" and daemon.state_of(run, ALICE) == "waiting_approval"
    assert one.get(f"/v1/runs/{run}").status == 200 and one.ask("POST", f"/v1/runs/{run}/kill", {}).status == 200


@needs_root
def test_a_person_and_their_devices_are_one_person(asked):
    """No quorum is made of devices."""
    daemon, admin = asked
    bob = accounts.add(admin, "bob", ["approver"])
    one, two = devices.paired(bob, can=["approve"], name="a"), devices.paired(bob, can=["approve"], name="b")
    run, about = question(daemon, admin, "numfmt")
    way, body = f"/v1/approvals/{about['id']}/approve", {"digest": about["digest"]}
    assert one.ask("POST", way, body).json()["state"] == "pending"
    assert two.ask("POST", way, body).code == "conflict"
    assert bob.ask("POST", way, body, step_up=True).code == "conflict"
    assert daemon.state_of(run, ALICE) == "waiting_approval"
    assert bob.ask("DELETE", f"/v1/devices/{one.id}").status == 204
    assert two.ask("POST", way, body).json()["state"] == "pending", "what a device said that is gone counts no more"
    assert admin.do("POST", way, body)["state"] in ("approved", "used")
    assert daemon.until(run, ["exited"], ALICE)


def test_devices_are_in_no_session_list(admin, device):
    assert all(one["id"] != device.id for one in admin.get("/v1/sessions").json()["sessions"])


def test_where_it_joined_is_kept(daemon, device):
    """In strict mode a key that lies on this machine decides nothing of its owner's agents (tests/unit/approvals/desk.cpp)."""
    with sqlite3.connect(daemon.state / "state.db") as database:
        assert database.execute("SELECT id, joined_uid FROM devices").fetchall() == [(device.id, os.geteuid())]


def test_the_log_calls_a_device_by_its_name_of_then(daemon, admin, device):
    """Ids alone tell nobody which it was; and who is renamed, or removed, has not been called so before."""
    def names():
        return [event["data"].get("device_name") for event in accounts.events(daemon, "freeze.set")]

    assert device.ask("POST", "/v1/freeze", {"principal": "unix:61239"}).status in (200, 201)
    assert admin.ask("PATCH", f"/v1/devices/{device.id}", {"name": "user:admin"}, step_up=True).status == 200
    assert device.ask("POST", "/v1/freeze", {"principal": "unix:61238"}).status in (200, 201)
    admin.do("POST", "/v1/freeze", {"principal": "unix:61237"})
    assert admin.ask("DELETE", f"/v1/devices/{device.id}").status == 204
    assert names() == [None, "user:admin", "my phone"]
    assert device.get("/v1/whoami").code == "token_revoked"


@needs_root
def test_who_answered_is_told_by_name(asked):
    daemon, admin = asked
    device = devices.paired(admin)
    _, approval = question(daemon, admin)
    assert device.ask("POST", f"/v1/approvals/{approval['id']}/approve", {"digest": approval["digest"]}).status == 200
    [decision] = admin.get(f"/v1/approvals/{approval['id']}").json()["decisions"]
    assert decision["by"] == "device:" + device.id and decision["device_name"] == "my phone"
    [decided] = accounts.events(daemon, "approval.decided")
    assert decided["data"]["device_name"] == "my phone"


def test_the_log_says_which_device_was_refused(daemon, admin, device):
    """By its name while that is known, by its id after that; and nothing of what is no id."""
    def refusals():
        return [row["data"] for row in accounts.events(daemon, "token.refused")]

    assert device.get("/v1/whoami", key=sodium.SigningKey()).code == "token_signature"
    end = time.monotonic() + 20
    while not refusals():
        assert time.monotonic() < end, "the row is written when the answer is there already"
    [forged] = refusals()
    assert (forged["device"], forged["name"]) == (device.id, "my phone")
    assert forged["proof"] == "signature in the name of the device my phone"
    assert admin.ask("DELETE", f"/v1/devices/{device.id}", step_up=True).status == 204
    assert device.get("/v1/whoami").code == "token_revoked"
    assert device.get("/v1/whoami", keyid="x" * 36).status == 401
    daemon.stop()
    daemon.start()
    told = refusals()
    assert sum(row.get("count", 1) for row in told) == 3 and "x" * 36 not in str(told), told
    assert all(row["proof"].startswith("signature") for row in told)


def test_a_part_of_an_id_that_a_removed_device_has_too_is_nobodys(daemon, admin, base):
    """Who reads the log of "the" device is not to miss that there were two."""
    removed, still = devices.paired(admin, name="old"), devices.paired(admin, name="new")
    for one, uid in ((removed, 61239), (still, 61238)):
        assert one.ask("POST", "/v1/freeze", {"principal": f"unix:{uid}"}).status in (200, 201)
    assert admin.ask("DELETE", f"/v1/devices/{removed.id}").status == 204
    here = Ctl(base, daemon)
    here("login", "admin", "--password-stdin", stdin=accounts.ADMIN + "\n")
    both = os.path.commonprefix([removed.id, still.id])
    refused = here("audit", "ls", "--principal", "device:" + both, code=None)
    assert refused.returncode != 0 and refused.stdout == "" and "more than one device" in refused.stderr, refused
    for one in (removed, still):
        assert len(here("-q", "audit", "ls", "--principal", "device:" + one.id[-12:]).split()) == 1
    quiet = devices.paired(admin, name="quiet")  # it has done nothing yet: no error
    assert here("-q", "audit", "ls", "--principal", "device:" + quiet.id[-12:]).split() == []
