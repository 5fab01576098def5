"""Pairing: a code that is never sent, the device that knows it, the person who confirms; and everybody in between."""

import os
import time

import pytest

import accounts
import client
import devices
import sodium
from conftest import ALICE, needs_root
from device_scene import admin, daemon  # noqa: F401
from over_tcp import Tcp, bearer


def pairing(person, made):
    [one] = [one for one in person.get("/v1/pair").json()["pairings"] if one["id"] == made["id"]]
    return one


def test_a_device_is_paired(daemon, admin):
    made = devices.code_of(admin, "my phone", ["approve", "audit"], for_ms=3_600_000)
    assert pairing(admin, made)["state"] == "open" and "code" not in pairing(admin, made)
    attempt = devices.joined(daemon, made, name="Fairphone 5")
    assert attempt.told["state"] == "joined" and attempt.told["principal"] == "user:admin"
    seen = pairing(admin, made)
    assert (seen["state"], seen["device_name"], seen["words"]) == ("joined", "Fairphone 5", attempt.told["words"])
    assert seen["uid"] == os.getuid(), "it joined from here"
    one = devices.Device(daemon, attempt.key, attempt.told["device"])
    assert one.get("/v1/whoami").code == "token_revoked", "nobody confirmed it yet"
    device = admin.do("POST", f"/v1/pair/{made['id']}/confirm", {"words": seen["words"]}, 201)
    assert device["can"] == device["now"] == ["approve", "audit"] and device["name"] == "my phone"
    assert attempt.state().json()["state"] == "paired"
    who = one.get("/v1/whoami").json()
    assert who["principal"] == "device:" + device["id"] and who["roles"] == [] and "approvals_decide:any" in who["permissions"]
    shown = admin.get(f"/v1/devices/{device['id']}").json()
    assert shown["last_seen"] and shown["key"] == sodium.b64u(attempt.key.public)
    kinds = [row["event"] for row in daemon.get("/v1/audit?limit=100").json()["events"]]
    assert [one["event"] for one in kinds if one["event"].split(".")[0] in ("pair", "device")] == ["device.add", "pair.join", "pair.create"]
    said = str(kinds) + daemon.said()
    assert devices.canonical(made["code"]) not in said and made["code"] not in said


def test_who_waits_hears_of_the_answer(daemon, admin):
    made = devices.code_of(admin)
    attempt = devices.joined(daemon, made)
    attempt.connection.send(client.request("GET", f"/v1/pair/join/{attempt.join}", headers={"Prefer": "wait=30"}))
    began = time.monotonic()
    admin.do("POST", f"/v1/pair/{made['id']}/confirm", {"words": attempt.told["words"]}, 201)
    assert attempt.connection.response().json()["state"] == "paired" and time.monotonic() - began < 15


def in_time(ask):
    """What it answers, once that is something: a try's row is written when the try is over already."""
    end = time.monotonic() + 20
    while not (told := ask()):
        assert time.monotonic() < end, "it never came"
    return told


def until_gone(person, made, gone):
    """owhaled hears of an end when its kernel does."""
    end = time.monotonic() + 20
    while pairing(person, made)["gone"] != gone:
        assert time.monotonic() < end, pairing(person, made)


@pytest.mark.parametrize("waits", [False, True])
def test_a_device_that_has_gone_is_not_paired(daemon, admin, waits):
    """Nobody would hold its key. One that comes back, as a page does that was put away, can be confirmed."""
    made = devices.code_of(admin)
    assert "gone" not in pairing(admin, made)
    attempt = devices.joined(daemon, made)
    assert pairing(admin, made)["gone"] is False
    if waits:
        attempt.connection.send(client.request("GET", f"/v1/pair/join/{attempt.join}", headers={"Prefer": "wait=60"}))
    attempt.connection.close()
    until_gone(admin, made, True)
    way, words = f"/v1/pair/{made['id']}/confirm", {"words": attempt.told["words"]}
    refused_ = admin.ask("POST", way, words, step_up=True)
    assert refused_.code == "conflict" and "not there any more" in refused_.text and made["id"] in refused_.text, refused_
    assert admin.get("/v1/devices").json()["devices"] == [] and pairing(admin, made)["state"] == "joined"
    attempt.connection = Tcp(daemon.tcp, True)
    stranger = attempt.connection.ask("GET", "/v1/pair/join/" + "A" * 22)
    assert stranger.code == "pairing_failed" and pairing(admin, made)["gone"], "who does not take part brings nobody back"
    assert attempt.state().json()["state"] == "joined"
    until_gone(admin, made, False)
    admin.do("POST", way, words, 201)
    assert attempt.state().json()["state"] == "paired" and "gone" not in pairing(admin, made)


def test_the_maker_can_cut_powers_and_never_widen_them(daemon, admin):
    made = devices.code_of(admin, can=["approve", "audit"])
    attempt = devices.joined(daemon, made)
    way = f"/v1/pair/{made['id']}/confirm"
    words = attempt.told["words"]
    for can, code in ((["approve", "runs"], "forbidden"), ([], "invalid_value"), (["root"], "invalid_value"),
                      (["audit", "audit"], "invalid_value")):
        assert admin.ask("POST", way, {"words": words, "can": can}, step_up=True).code == code
    assert admin.ask("POST", way, {"words": "lusab-babad-gutih-tugad"}, step_up=True).code == "conflict"
    assert admin.ask("POST", way, {"words": words}).code == "step_up_required"
    typed = f" {words.upper().replace('-', ' - ')}\t"
    assert admin.do("POST", way, {"words": typed, "can": ["audit"]}, 201)["can"] == ["audit"], "as a person types them"
    assert admin.ask("POST", way, {"words": words}, step_up=True).code == "conflict"


@pytest.mark.parametrize("body", [{"name": "", "can": ["audit"]}, {"name": "a\u202eb", "can": ["audit"]}, {"name": "x" * 65, "can": ["audit"]},
                                  {"name": "x", "can": []}, {"name": "x", "can": ["all"]}, {"name": "x", "can": ["audit", "audit"]},
                                  {"name": "x", "can": ["audit"], "for_ms": 0}, {"name": "x", "can": ["audit"], "for_ms": 1 << 62}])
def test_what_no_code_is_made_for(admin, body):
    assert admin.ask("POST", "/v1/pair", body, step_up=True).code == "invalid_value"


def test_who_makes_no_codes(daemon, admin):
    body = {"name": "x", "can": ["audit"]}
    assert admin.ask("POST", "/v1/pair", body).code == "step_up_required"
    assert daemon.ask("POST", "/v1/pair", body).status == 401, "a uid has no devices, root's neither"
    agent = admin.mint()
    assert agent.ask("POST", "/v1/pair", body).code == "forbidden"
    device = devices.paired(admin)
    assert device.ask("POST", "/v1/pair", body).code == "forbidden", "a device pairs no device"
    bob = accounts.add(admin, "bob", ["agent"])
    assert bob.ask("POST", "/v1/pair", {"name": "x", "can": ["approve"]}, step_up=True).code == "forbidden"


def test_one_code_at_a_time(daemon, admin):
    made = devices.code_of(admin)
    again = admin.ask("POST", "/v1/pair", {"name": "y", "can": ["audit"]}, step_up=True)
    assert again.code == "conflict" and made["id"] in again.text
    bob = accounts.add(admin, "bob", ["auditor"])
    devices.code_of(bob, can=["audit"])
    assert bob.ask("DELETE", f"/v1/pair/{made['id']}").code == "not_found" and pairing(admin, made)["state"] == "open"
    assert admin.ask("DELETE", f"/v1/pair/{made['id']}").status == 204
    devices.code_of(admin)


def refused(attempt):
    """It was told nothing, and cannot go on."""
    answer = attempt.begin()
    assert answer.status == 200 and not attempt.knows
    return attempt.prove().code == "pairing_failed"


def other(code):
    """Another code that begins as this one does."""
    code = devices.canonical(code)
    return code[:-1] + ("0" if code[-1] != "0" else "1")


def test_a_code_is_dead_after_five_wrong_tries(daemon, admin):
    made = devices.code_of(admin)
    for _ in range(5):
        assert refused(devices.Attempt(daemon, other(made["code"])))
    assert pairing(admin, made)["state"] == "dead"
    assert refused(devices.Attempt(daemon, made["code"])), "the right one, too late"
    assert [one["outcome"] for one in accounts.events(daemon, "pair.join")] != []


def test_the_log_tells_each_wrong_try_and_the_end(daemon, admin):
    """And not those of a code that nobody made as if they were of one that somebody did."""
    made = devices.code_of(admin)
    after = daemon.get("/v1/audit?limit=1").json()["events"][0]["seq"]
    none = devices.canonical(made["code"])
    none = ("1" if none[0] == "0" else "0") + none[1:]
    for _ in range(5):
        assert refused(devices.Attempt(daemon, other(made["code"])))
        assert refused(devices.Attempt(daemon, none))
    assert pairing(admin, made)["wrong"] == 5
    in_time(lambda: accounts.events(daemon, "pair.end"))
    rows = [row["event"] for row in daemon.get(f"/v1/audit?after={after}&event=pair.*").json()["events"]]
    tries = [row for row in rows if row["data"].get("pairing") == made["id"] and row["event"] == "pair.join"]
    assert [row["data"]["reason"].partition(":")[0] for row in tries] == [f"try {n} of 5" for n in range(1, 6)], tries
    assert all(row["outcome"] == "failed" and row["data"]["maker"] == "user:admin" and "count" not in row["data"] for row in tries)
    [end] = [row for row in rows if row["event"] == "pair.end"]
    assert end["outcome"] == "failed" and end["principal"] == "system" and end["data"]["pairing"] == made["id"]
    assert end["data"]["why"] == "five tries of the code were wrong" and end["data"]["maker"] == "user:admin"
    assert sum(row["data"].get("count", 1) for row in rows if "begins so" in row["data"].get("reason", "")) <= 5


def test_a_guess_is_a_try_though_it_is_not_proved(daemon, admin):
    """The first answer can be held against a guess: whoever only asks for it has had a try."""
    made = devices.code_of(admin)
    for _ in range(5):
        assert devices.Attempt(daemon, other(made["code"])).begin().status == 200
    assert refused(devices.Attempt(daemon, made["code"]))


@pytest.mark.parametrize("end", ["used", "cancelled"])
def test_guesses_that_nobody_proves_are_told_when_the_code_ends(daemon, admin, end):
    """Whoever guessed knows from the answer that he was wrong, and has no reason to prove it."""
    made = devices.code_of(admin)
    guesses = [devices.Attempt(daemon, other(made["code"])) for _ in range(4)]
    for guess in guesses:
        assert guess.begin().status == 200 and not guess.knows
    if end == "used":
        devices.joined(daemon, made)
    else:
        assert admin.ask("DELETE", f"/v1/pair/{made['id']}").status == 204
    assert pairing(admin, made)["wrong"] == 4
    assert [guess.prove().code for guess in guesses] == ["pairing_failed"] * 4
    rows = [row["event"] for row in reversed(daemon.get("/v1/audit?event=pair.join,pair.end").json()["events"])]
    rows = [(row["event"], row["outcome"], row["data"].get("reason")) for row in rows if row["data"].get("pairing") == made["id"]]
    told = [("pair.join", "failed", f"try {n} of 5: it was begun, and not proved before the code was used or ended") for n in range(1, 5)]
    assert rows == told + [("pair.join", "ok", None) if end == "used" else ("pair.end", "cancelled", None)], rows


def test_the_fifth_try_may_be_right(daemon, admin):
    made = devices.code_of(admin)
    for _ in range(4):
        assert refused(devices.Attempt(daemon, other(made["code"])))
    devices.joined(daemon, made)


def test_a_code_that_is_not_there_answers_as_one_that_is(daemon, admin):
    made = devices.code_of(admin)
    wrong, none = devices.Attempt(daemon, other(made["code"])), devices.Attempt(daemon, "ZZZZZZZZ")
    if devices.canonical(made["code"])[:2] == "ZZ":
        none = devices.Attempt(daemon, "00000000")
    answers = [one.begin().json() for one in (wrong, none)]
    assert [{name: len(value) for name, value in one.items()} for one in answers] == [{"join": 22, "share": 43, "tag": 86}] * 2
    ends = [one.prove() for one in (wrong, none)]
    assert ends[0].json() == ends[1].json() and ends[0].code == "pairing_failed"


def test_guessing_is_slowed_down(own):
    daemon = devices.serve(own, "--login-rate", "10")
    attempt = devices.Attempt(daemon, "ZZZZZZZZ")
    answers = [attempt.begin() for _ in range(12)]
    codes = [answer.status for answer in answers]
    assert codes[:9] == [200] * 9 and 429 in codes, codes
    told = next(answer for answer in answers if answer.status == 429).json()
    assert "too many tries of a pairing code came from here" in str(told) and "login" not in str(told), told
    limited = in_time(lambda: accounts.events(daemon, "rate.limited"))[-1]
    assert limited["data"]["reason"] == "too many tries of a pairing code: 10 a minute are allowed (login-rate)", limited


def test_all_five_tries_are_told_at_once_at_the_default_rate(own):
    """The proof belongs to a try that was counted when it began: it is not one more."""
    daemon = devices.serve(own, "--login-rate", "10", "--anonymous-rate", "60")
    admin = accounts.set_up(daemon)
    made = devices.code_of(admin)
    for n in range(1, 6):
        assert refused(devices.Attempt(daemon, other(made["code"])))
        assert pairing(admin, made)["wrong"] == n
        told = in_time(lambda: len(rows := accounts.events(daemon, "pair.join")) == n and rows)
        assert told[0]["data"]["reason"].startswith(f"try {n} of 5: the code was wrong"), told
    assert pairing(admin, made)["state"] == "dead"
    begins = [devices.Attempt(daemon, "ZZZZZZZZ").begin().status for _ in range(7)]
    assert begins.count(200) in (5, 6) and begins[-1] == 429, "ten begin in a minute"


def test_proofs_of_no_try_are_a_strangers_requests(own):
    daemon = devices.serve(own, "--anonymous-rate", "60")
    with Tcp(daemon.tcp, True) as stranger:
        body = {"tag": sodium.b64u(bytes(64))}
        seen = [stranger.ask("POST", "/v1/pair/join/" + "A" * 22, body).status for _ in range(80)]
    assert seen[0] != 429 and seen[-1] == 429 and seen.count(429) >= 15, seen


def test_used_cancelled_and_two_devices_with_one_code(daemon, admin):
    made = devices.code_of(admin)
    first, second = (devices.Attempt(daemon, made["code"]) for _ in range(2))
    assert first.begin().status == second.begin().status == 200 and first.knows and second.knows
    assert first.prove().status == 200
    assert second.prove().code == "pairing_failed", "one device a code"
    assert first.prove().code == "pairing_failed", "once"
    assert refused(devices.Attempt(daemon, made["code"]))
    assert admin.ask("DELETE", f"/v1/pair/{made['id']}").status == 204
    assert first.state().json()["state"] == "cancelled" and second.state().code == "pairing_failed"
    assert admin.ask("POST", f"/v1/pair/{made['id']}/confirm", {"words": pairing(admin, made)["words"]}, step_up=True).code == "conflict"
    [ended] = accounts.events(daemon, "pair.end")
    assert ended["outcome"] == "cancelled" and ended["principal"] == "user:admin" and "turned away" in ended["data"]["why"]
    cancelled = devices.code_of(admin)
    assert admin.ask("DELETE", f"/v1/pair/{cancelled['id']}").status == 204
    assert refused(devices.Attempt(daemon, cancelled["code"]))


def test_a_key_is_one_devices(daemon, admin):
    device = devices.paired(admin)
    made = devices.code_of(admin)
    attempt = devices.Attempt(daemon, made["code"], key=device.key)
    assert attempt.begin().status == 200 and attempt.prove().code == "conflict"
    assert refused(devices.Attempt(daemon, made["code"])), "the code is used"


def test_the_maker_is_disabled_meanwhile(daemon, admin):
    bob = accounts.add(admin, "bob", ["approver"])
    made = devices.code_of(bob, can=["approve"])
    attempt = devices.Attempt(daemon, made["code"])
    assert attempt.begin().status == 200 and attempt.knows
    admin.do("POST", "/v1/users/bob/disable")
    assert attempt.prove().code == "pairing_failed"
    assert refused(devices.Attempt(daemon, made["code"]))


def test_the_maker_loses_the_right_before_confirming(daemon, admin):
    bob = accounts.add(admin, "bob", ["approver"])
    made = devices.code_of(bob, can=["approve"])
    attempt = devices.joined(daemon, made)
    admin.do("PUT", "/v1/users/bob/roles", {"roles": ["auditor"]})
    answer = bob.ask("POST", f"/v1/pair/{made['id']}/confirm", {"words": attempt.told["words"]}, step_up=True)
    assert answer.code == "forbidden" and admin.get("/v1/devices?all=1").json()["devices"] == []


def test_somebody_in_between_has_another_certificate(daemon, admin):
    """The device computes with the certificate that it sees, owhaled with its own: they never agree, whoever relays."""
    made = devices.code_of(admin)
    attempt = devices.Attempt(daemon, made["code"], fingerprint="SHA256:" + "ab" * 32)
    assert attempt.begin().status == 200 and not attempt.knows, "the device sees at once that this is not owhaled"
    assert attempt.prove().code == "pairing_failed", "and owhaled sees that this is not the device"


def test_somebody_in_between_swaps_the_key(daemon, admin):
    made = devices.code_of(admin)
    attempt = devices.Attempt(daemon, made["code"])
    assert attempt.begin(key=sodium.b64u(sodium.SigningKey().public)).status == 200 and not attempt.knows
    assert attempt.prove().code == "pairing_failed"
    for changes in ({"name": "another name"}, {"via": "browser"}):
        attempt = devices.Attempt(daemon, made["code"])
        assert attempt.begin(**changes).status == 200 and not attempt.knows


def test_what_joined_is_told_to_its_maker(daemon, admin):
    for via in ("program", "browser", "browser-untrusted"):
        made = devices.code_of(admin)
        assert "via" not in pairing(admin, made)
        devices.joined(daemon, made, via=via)
        assert pairing(admin, made)["via"] == via
        assert accounts.events(daemon, "pair.join")[0]["data"]["via"] == via
        assert admin.ask("DELETE", f"/v1/pair/{made['id']}").status == 204


@pytest.mark.parametrize("changes", [{"hint": "U!"}, {"hint": ""}, {"sid": "AAAA"}, {"sid": ""}, {"share": "A" * 43}, {"share": "_" * 43},
                                     {"key": "A" * 43}, {"key": "AQ" + "A" * 41}, {"name": ""}, {"name": "a\nb"}, {"name": "x" * 65}, {"via": ""}, {"via": "phone"}])
def test_what_no_device_says(daemon, admin, changes):
    made = devices.code_of(admin)
    attempt = devices.Attempt(daemon, made["code"])
    assert attempt.begin(**changes).code == "invalid_value"
    assert pairing(admin, made)["tries"] == 0


def test_the_own_share_sent_back(daemon, admin):
    """Reflected, owhaled's own tag would prove nothing."""
    made = devices.code_of(admin)
    attempt = devices.Attempt(daemon, made["code"])
    answer = attempt.begin().json()
    assert attempt.prove(sodium.from_b64u(answer["tag"])).code == "pairing_failed"
    assert devices.Attempt(daemon, made["code"]).begin(share=answer["share"]).status == 200


def test_codes_are_tried_over_tls_alone(daemon, admin, own):
    made = devices.code_of(admin)
    body = {"hint": devices.canonical(made["code"])[:2], "sid": "A" * 22, "share": "A" * 43, "key": "A" * 43, "name": "x", "via": "program"}
    assert daemon.ask("POST", "/v1/pair/join", body).code == "unsupported"
    assert daemon.ask("GET", "/v1/pair/join/xyz").code == "unsupported"


@needs_root
def test_a_run_pairs_nothing(daemon, admin):
    """Not even one that reaches owhaled, by its own socket."""
    script = ("printf 'POST /v1/pair/join HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: 2\\r\\n\\r\\n{}' | "
              "python3 -c 'import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(\"/run/owhaled/owhaled.sock\"); "
              "s.sendall(sys.stdin.buffer.read()); print(s.recv(9999).decode())'")
    run = daemon.ran(ALICE, script=script, profile="agent")
    assert '"forbidden"' in run["stdout"], run


def test_a_restart_ends_codes_and_keeps_devices(daemon, admin):
    device = devices.paired(admin)
    made = devices.code_of(admin)
    assert daemon.stop() == 0
    daemon.start()
    host, _, port = daemon.get("/v1/status").json()["tcp"].rpartition(":")
    daemon.tcp = device.address = (host.strip("[]"), int(port))
    assert refused(devices.Attempt(daemon, made["code"]))
    end = time.monotonic() + 20
    while device.get("/v1/whoami").status != 200 and time.monotonic() < end:
        time.sleep(0.1)  # what is signed in the seconds after the start could be older by its client's clock
    assert device.get("/v1/whoami").json()["principal"] == "device:" + device.id


def test_others_devices_do_not_exist(daemon, admin):
    device = devices.paired(admin)
    bob = accounts.add(admin, "bob", ["approver"])
    assert bob.get("/v1/devices").json()["devices"] == [] and bob.get("/v1/devices?all=1").json()["devices"] == []
    assert bob.get("/v1/devices?user=admin").code == "forbidden"
    way = f"/v1/devices/{device.id}"
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        assert bob.ask(method, way, body, step_up=True).code == "not_found"
    assert [one["id"] for one in daemon.get("/v1/devices").json()["devices"]] == [device.id], "root sees everybody's"
    with Tcp(daemon.tcp, True) as stranger:
        assert stranger.ask("GET", way).status == 401
        assert stranger.ask("GET", way, headers=bearer(bob.token)).status == 404


def test_a_device_is_renamed_and_its_powers_cut(daemon, admin):
    device = devices.paired(admin, can=["approve", "audit"])
    way = f"/v1/devices/{device.id}"
    assert admin.ask("PATCH", way, {"name": "tablet"}).code == "step_up_required"
    assert admin.ask("PATCH", way, {"can": ["approve", "audit", "runs"]}, step_up=True).code == "forbidden"
    assert admin.ask("PATCH", way, {"name": "\x1b[31m"}, step_up=True).code == "invalid_value"
    assert device.ask("PATCH", way, {"name": "mine"}).code == "forbidden", "not by itself"
    changed = admin.do("PATCH", way, {"name": "tablet", "can": ["audit"]})
    assert (changed["name"], changed["can"]) == ("tablet", ["audit"])
    assert device.get("/v1/approvals").code == "forbidden" and device.get("/v1/audit").status == 200
    [event] = accounts.events(daemon, "device.change")
    assert event["data"]["could"] == ["approve", "audit"] and event["data"]["can"] == ["audit"]
