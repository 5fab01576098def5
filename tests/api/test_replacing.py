"""A device that takes the place of another: by that one's key, with its owner's yes, and no other way."""

import accounts
import devices
import sodium
from device_scene import admin, daemon  # noqa: F401


def pairing(person, made):
    [one] = [one for one in person.get("/v1/pair").json()["pairings"] if one["id"] == made["id"]]
    return one


def confirmed(person, made, attempt):
    device = person.do("POST", f"/v1/pair/{made['id']}/confirm", {"words": attempt.told["words"]}, 201)
    return devices.Device(person.owhaled, attempt.key, device["id"], device["words"])


def replacing(daemon, made, by, replaces=None, **more):
    attempt = devices.Attempt(daemon, made["code"], **more)
    assert attempt.begin().status == 200 and attempt.knows
    attempt.answer = attempt.prove(replaces=replaces or by.id, by=by)
    attempt.told = attempt.answer.json()
    return attempt


def test_a_device_takes_the_place_of_the_one_whose_key_it_shows(daemon, admin):
    first = devices.paired(admin, name="old phone")
    made = devices.code_of(admin, "new phone")
    attempt = replacing(daemon, made, first)
    assert attempt.answer.status == 200 and attempt.told["replaces"] == first.id, attempt.told
    seen = pairing(admin, made)
    assert (seen["replaces"], seen["replaces_name"]) == (first.id, "old phone")
    assert first.get("/v1/whoami").status == 200, "until its maker has agreed"
    second = confirmed(admin, made, attempt)
    assert attempt.state().json()["replaces"] == first.id, "its own connection outlives the other's"
    assert first.get("/v1/whoami").code == "token_revoked" and second.get("/v1/whoami").json()["device_name"] == "new phone"
    assert [one["id"] for one in admin.get("/v1/devices").json()["devices"]] == [second.id]
    [removed] = accounts.events(daemon, "device.remove")
    assert removed["data"]["device"] == first.id and removed["principal"] == "user:admin" and removed["verb"] == "pair.confirm"
    assert accounts.events(daemon, "pair.join")[0]["data"]["replaces"] == first.id


def test_who_says_no_keeps_the_old_one(daemon, admin):
    first = devices.paired(admin)
    made = devices.code_of(admin)
    attempt = replacing(daemon, made, first)
    assert admin.ask("DELETE", f"/v1/pair/{made['id']}").status == 204 and attempt.state().json()["state"] == "cancelled"
    assert first.get("/v1/whoami").status == 200


def test_no_device_removes_another_by_its_word(daemon, admin):
    """Whoever joins names one that is in the way: without its key, and with the key of a third one. The code stays good."""
    victim, thief = devices.paired(admin, name="victim"), devices.paired(admin, name="thief")
    made = devices.code_of(admin)
    attempt = devices.Attempt(daemon, made["code"])
    assert attempt.begin().status == 200 and attempt.knows
    for by in (None, thief):
        answer = attempt.prove(replaces=victim.id, by=by)
        assert answer.code == "forbidden" and "not signed by the device that it names" in answer.text, answer
    forged = devices.Device(daemon, thief.key, victim.id)
    assert attempt.prove(replaces=victim.id, by=forged).code == "token_signature"
    assert attempt.prove().status == 200 and "replaces" not in pairing(admin, made)
    attempt.told = {"words": pairing(admin, made)["words"]}
    confirmed(admin, made, attempt)
    assert victim.get("/v1/whoami").status == thief.get("/v1/whoami").status == 200


def test_a_signature_for_one_pairing_replaces_nothing_in_another(daemon, admin):
    """Somebody in between has a signed proof: it is for that attempt, and counts once."""
    victim = devices.paired(admin)
    made = devices.code_of(admin)
    attempt = devices.Attempt(daemon, made["code"])
    assert attempt.begin().status == 200
    body = {"tag": sodium.b64u(attempt.pace.tag()), "replaces": victim.id}
    elsewhere = victim.signed("POST", "/v1/pair/join/" + "A" * 22, body)
    told = elsewhere.replace(b"/v1/pair/join/" + b"A" * 22, b"/v1/pair/join/" + attempt.join.encode(), 1)
    assert attempt.connection.send(told).response().code == "token_signature"
    assert victim.get("/v1/whoami").status == 200 and pairing(admin, made)["state"] == "open"


def test_anothers_device_stays(daemon, admin):
    """Who makes a code for somebody else's machine removes nothing of theirs."""
    bob = accounts.add(admin, "bob", ["approver"])
    theirs = devices.paired(bob, can=["approve"])
    made = devices.code_of(admin)
    attempt = replacing(daemon, made, theirs)
    assert attempt.answer.status == 200 and "replaces" not in attempt.told and "replaces" not in pairing(admin, made)
    confirmed(admin, made, attempt)
    assert theirs.get("/v1/whoami").status == 200


def test_the_old_one_is_removed_meanwhile(daemon, admin):
    first = devices.paired(admin)
    made = devices.code_of(admin)
    attempt = replacing(daemon, made, first)
    assert admin.ask("DELETE", f"/v1/devices/{first.id}").status == 204
    assert confirmed(admin, made, attempt).get("/v1/whoami").status == 200
