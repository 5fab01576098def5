"""What an attacker with the database gets of the vault: it closes, and says why."""

import os

import pytest
from vaults import alice_account, database, put, refused, restarted, vault_row


def spoil(owhaled, *statements):
    owhaled.stop()
    with database(owhaled) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()
    db.close()
    owhaled.start()


def closed(owhaled, person, word):
    row = vault_row(owhaled)
    assert row["state"] == "missing" and word in row["detail"], row
    for method, path, body in [("GET", "/v1/secrets", None), ("GET", "/v1/secrets/A", None),
                               ("PUT", "/v1/secrets/N", {"value": "a new value"}), ("POST", "/v1/secrets/A/rotate", {"value": "x"}),
                               ("POST", "/v1/secrets/A/reveal", None), ("DELETE", "/v1/secrets/A", None)]:
        answer = refused(person, method, path, body)
        assert answer.status == 503 and answer.code == "vault_unavailable", (method, path, answer)
    assert "the vault is closed" in owhaled.said()
    assert owhaled.get("/v1/health").status == 200


@pytest.mark.parametrize("statement, word", [
    ("UPDATE secrets SET sealed = (SELECT sealed FROM secrets WHERE name = 'B') WHERE name = 'A'", "/A was changed"),
    ("UPDATE secrets SET (meta, wrapped, sealed) = (SELECT o.meta, o.wrapped, o.sealed FROM secrets o WHERE o.name = 'B') "
     "WHERE name = 'A'", "/A was changed"),
    ("UPDATE secrets SET name = 'C' WHERE name = 'A'", "/C was changed"),
    ("UPDATE secrets SET meta = replace(meta, 'api.example.com', 'evil.example.com') WHERE name = 'A'", "/A was changed"),
    ("UPDATE secrets SET owner = 'user:bob' WHERE name = 'A'", "was changed"),
    ("UPDATE secrets SET sealed = substr(sealed, 1, length(sealed) - 1) WHERE name = 'A'", "/A was changed"),
    ("UPDATE secrets SET sealed = x'' WHERE name = 'A'", "/A was changed"),
    ("UPDATE secrets SET wrapped = (SELECT wrapped FROM secrets WHERE name = 'B') WHERE name = 'A'", "/A was changed"),
    ("UPDATE secrets SET version = 7 WHERE name = 'A'", "/A was changed"),
    ("DELETE FROM secrets WHERE name = 'A'", "removed, added or put back"),
    ("UPDATE vault SET generation = generation - 1", "removed, added or put back"),
    ("UPDATE vault SET head = zeroblob(32)", "removed, added or put back"),
    ("DELETE FROM vault", "head was removed"),
])
def test_an_edited_database_closes_the_vault(fresh, admin, alice_account, statement, word):
    put(alice_account, name="A")
    put(alice_account, name="B", value="the value of B is this")
    spoil(fresh, statement)
    closed(fresh, alice_account, word)


def test_an_old_row_that_is_put_back_closes_it(fresh, admin, alice_account):
    put(alice_account, name="A", value="the first value, leaked")
    fresh.stop()
    with database(fresh) as db:
        old = db.execute("SELECT version, meta, wrapped, sealed FROM secrets WHERE name = 'A'").fetchone()
    db.close()
    fresh.start()
    alice_account.do("POST", "/v1/secrets/A/rotate", {"value": "the second value, good"})
    fresh.stop()
    with database(fresh) as db:
        db.execute("UPDATE secrets SET version = ?, meta = ?, wrapped = ?, sealed = ? WHERE name = 'A'", old)
        db.commit()
    db.close()
    fresh.start()
    closed(fresh, alice_account, "put back")


def test_an_edit_while_owhaled_serves_is_noticed_at_the_use(fresh, admin, alice_account):
    put(alice_account, name="A")
    put(alice_account, name="B", value="the value of B is this")
    with database(fresh) as db:
        db.execute("UPDATE secrets SET sealed = (SELECT sealed FROM secrets WHERE name = 'B') WHERE name = 'A'")
        db.commit()
    db.close()
    assert alice_account.do("POST", "/v1/secrets/B/reveal") == {"value": "the value of B is this"}
    answer = refused(alice_account, "POST", "/v1/secrets/A/reveal")
    assert answer.code == "vault_unavailable" and "A was changed" in answer.text
    assert refused(alice_account, "POST", "/v1/secrets/B/reveal").code == "vault_unavailable"


def saved(owhaled):
    """Copies of the database's files, of an owhaled that does not run."""
    return {path: path.read_bytes() for path in owhaled.state.glob("state.db*")}


def put_back(owhaled, files):
    for path in owhaled.state.glob("state.db*"):
        path.unlink()
    for path, content in files.items():
        path.write_bytes(content)
        owner = owhaled.state.stat()
        os.chown(path, owner.st_uid, owner.st_gid)
        path.chmod(0o600)


def test_a_database_made_anew_opens_where_no_secret_was_ever_kept(fresh):
    """As after the package was purged, which leaves the audit log."""
    fresh.stop()
    put_back(fresh, {})
    fresh.start()
    assert vault_row(fresh)["state"] == "ok"


def test_a_database_made_anew_is_noticed_once_there_was_a_secret(fresh, admin, alice_account):
    fresh.stop()
    new = saved(fresh)
    fresh.start()
    put(alice_account, name="A")
    alice_account.do("DELETE", "/v1/secrets/A", status=204)
    fresh.stop()
    put_back(fresh, new)
    fresh.start()
    closed(fresh, alice_account, "older than the audit log")


def test_an_old_database_that_is_put_back_is_noticed_and_can_be_accepted(fresh, admin, alice_account):
    put(alice_account, name="A", value="the first value, leaked")
    fresh.stop()
    old = saved(fresh)
    fresh.start()
    alice_account.do("POST", "/v1/secrets/A/rotate", {"value": "the second value, good"})
    fresh.stop()
    put_back(fresh, old)
    fresh.start()
    closed(fresh, alice_account, "older than the audit log")
    assert refused(alice_account, "POST", "/v1/vault/rekey?accept=1").status == 403  # an admin's
    done = admin.do("POST", "/v1/vault/rekey?accept=1")
    assert done["secrets"] == 1
    assert alice_account.do("POST", "/v1/secrets/A/reveal") == {"value": "the first value, leaked"}
    restarted(fresh)
    assert vault_row(fresh)["state"] == "ok"


def test_of_a_damaged_vault_what_is_whole_can_be_kept(fresh, admin, alice_account):
    put(alice_account, name="A")
    put(alice_account, name="B", value="the value of B is this")
    spoil(fresh, "UPDATE secrets SET sealed = x'00' WHERE name = 'A'")
    closed(fresh, alice_account, "/A was changed")
    assert admin.do("POST", "/v1/vault/rekey?accept=1")["secrets"] == 1
    assert [one["name"] for one in alice_account.get("/v1/secrets").json()["secrets"]] == ["B"]
    assert alice_account.do("POST", "/v1/secrets/B/reveal") == {"value": "the value of B is this"}
    assert "user:alice/A" in fresh.said()
