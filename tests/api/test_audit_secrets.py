"""No byte of the log, its index, its copies or its exports is a secret that somebody planted: searched as bytes, in the files."""

import base64
import signal
import time

import pytest

import accounts
import client
from accounts import QUICK, bearer, proof
from conftest import ALICE, needs_root
from exporting import Export
from test_audit_journal import Journal

pytestmark = needs_root

VAULT = "Zt7Qm2VwXc9LkR4nB8sYd1Hf6Gj3Pa5E"
ROTATED = "Qw3Er5Ty7Ui9Op1As2Df4Gh6Jk8Lz0Xc"
HALVES = ("github_pat_11ABCDEFG0", "aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789aBcDeFgHiJkLmNoPqRsTuVw")
WORDS = {name: f"Planted {name} Vb6Nm2Kx" for name in (
    "wrong login", "name", "wrong proof", "old", "new", "stdin", "input", "terminal", "window", "environment")}
TOKEN = "ghp_" + "c3D4" * 9
ARGUMENT = "pW8xN3vR6kT1yH5q"
HEADER = "hD2mL9sF4gJ7bC0z"


@pytest.fixture
def house(own, base):
    journal = Journal(base / "journal")
    d = own(*QUICK, "--audit-journal", "all", "--audit-journal-socket", str(journal.path)).start()
    d.journal = journal
    d.admin = accounts.set_up(d)
    d.alice = accounts.add(d.admin, "alice", uid=ALICE)
    return d


def plant_passwords(d):
    """What was planted: told so, and found by its bytes."""
    out = {"the admin's": d.admin.password, "alice's": d.alice.password, "the admin's token": d.admin.token}
    assert accounts.login(d, "alice", WORDS["wrong login"], ALICE).status == 401
    assert accounts.login(d, WORDS["name"], "x", ALICE).status in (401, 422)
    assert d.alice.ask("PUT", "/v1/secrets/X", {"value": "y"}, headers=proof(WORDS["wrong proof"])).status == 401
    assert d.alice.ask("POST", "/v1/step-up", {"password": WORDS["window"]}).status == 401
    body = {"old_password": WORDS["old"], "new_password": WORDS["new"]}
    assert d.alice.ask("POST", "/v1/password", body).status == 401
    made = d.admin.do("POST", "/v1/users", {"name": "eve", "roles": ["agent"]}, 201)
    out["a one-time password"] = made["one_time_password"]
    out["another"] = d.admin.do("POST", "/v1/users/eve/reset")["one_time_password"]
    out["an agent's token"] = d.alice.mint().token
    assert d.get("/v1/whoami", headers=bearer(TOKEN), uid=ALICE).status == 401
    broken = d.alice.token[:-4] + "AAAA"
    assert d.get("/v1/whoami", headers=bearer(broken), uid=ALICE).status == 401
    return {**out, "a broken token": broken, "a token that is none": TOKEN}


def plant_values(d):
    hosts = [{"host": "api.example.com", "port": 443}]
    d.alice.do("PUT", "/v1/secrets/KEY", {"value": VAULT, "hosts": hosts})
    d.alice.do("POST", "/v1/secrets/KEY/rotate", {"value": ROTATED})
    d.alice.do("POST", "/v1/secrets/KEY/reveal")
    return {"a value": VAULT, "its next": ROTATED, "its next in base64": base64.b64encode(ROTATED.encode()).decode()}


def plant_runs(d):
    agent = d.alice
    coded = base64.b64encode(ROTATED.encode()).decode()
    script = f"a={HALVES[0]}; b={HALVES[1]}; echo $a$b; curl -H 'Authorization: Bearer {HEADER}' http://x.invalid || true"
    for request in ({"argv": ["echo", ROTATED, coded, "--password", ARGUMENT, "https://me:" + ARGUMENT + "@x.invalid/"]},
                    {"argv": ["echo", TOKEN]}, {"script": script}, {"argv": ["cat"], "stdin": WORDS["stdin"]},
                    {"argv": ["env"], "env": {"WORDS": WORDS["environment"], "API_TOKEN": TOKEN}},
                    {"argv": ["echo", "x"], "description": "with " + ROTATED + " and " + TOKEN}):
        assert agent.ask("POST", "/v1/runs", {"wait": True, **request}).status in (200, 202, 403)
        checked = {name: value for name, value in request.items() if name in ("argv", "script", "env")}
        assert agent.ask("POST", "/v1/policy/check", checked).status == 200
    run = agent.ask("POST", "/v1/runs", {"argv": ["cat"], "stdin_open": True, "detach": True}).json()["id"]
    assert agent.ask("POST", f"/v1/runs/{run}/input", {"text": WORDS["input"] + "\n"}).status == 200
    encoded = base64.b64encode(WORDS["terminal"].encode()).decode()
    assert agent.ask("POST", f"/v1/runs/{run}/input", {"base64": encoded, "close": True}).status == 200
    assert agent.ask("POST", f"/v1/runs/{run}/kill", {}).status in (200, 409)
    return {"a look-alike": TOKEN, "an argument": ARGUMENT, "a header": HEADER, "two halves": "".join(HALVES)}


def places(d):
    """Name to bytes: the log as it lies on the disk while owhaled runs and afterwards, and all that leaves it."""
    last = d.get("/v1/audit?limit=1").json()["events"][0]["seq"]
    d.journal.until(lambda _: last in d.journal.seqs())
    with Export(d) as export:
        out = {"export": export.answer.read()}
    out["list"] = d.get("/v1/audit?limit=1000").body
    out["journal"] = repr(d.journal.entries).encode()
    for moment in ("running", "ended"):
        out.update({f"{path.name} {moment}": path.read_bytes() for path in d.state.glob("audit*") if path.is_file()})
        d.stop()
    out["its own lines"] = d.said().encode()
    return out


def test_no_secret_is_anywhere(house):
    planted = {**plant_passwords(house), **plant_values(house), **plant_runs(house), **WORDS}
    found = places(house)
    assert {"audit.db running", "audit.db-wal running", "audit-index.db running", "export", "journal"} <= set(found)
    assert b"run.intent" in found["export"] and b"run.input" in found["journal"]  # they are not empty
    forms = {(name, form): code(text.encode()) for name, text in planted.items()
             for form, code in (("as it is", bytes), ("base64", base64.b64encode), ("hex", lambda b: b.hex().encode()))}
    hits = [(name, form, place) for (name, form), needle in forms.items() for place, text in found.items() if needle in text]
    assert not hits, hits
