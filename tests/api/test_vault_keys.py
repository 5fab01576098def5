"""The vault's master key: where it comes from, what it may not be, and how it is changed."""

import base64
import os

import pytest

import accounts
from conftest import needs_root
from vaults import VALUE, alice_account, database, put, refused, restarted, vault_row


# --- the master key


def test_the_key_file_is_made_once_and_for_its_owner_alone(fresh):
    mode = fresh.key_file.stat()
    assert mode.st_mode & 0o7777 == 0o600 and mode.st_uid == os.geteuid() and mode.st_size == 32
    before = fresh.key_file.read_bytes()
    restarted(fresh)
    assert fresh.key_file.read_bytes() == before
    assert vault_row(fresh)["state"] == "ok"


def other_key(path):
    path.write_bytes(os.urandom(32))


def link(path):
    path.rename(path.with_suffix(".real"))
    path.symlink_to(path.with_suffix(".real"))


def hard_link(path):
    os.link(path, path.with_suffix(".second"))


@pytest.mark.parametrize("spoiled, word", [
    (other_key, "not the key"),
    (lambda path: path.chmod(0o640), "read by others"),
    (link, "symbolic link"),
    (hard_link, "second name"),
    (lambda path: path.write_bytes(b"short"), "is no key"),
    (lambda path: (path.unlink(), os.mkfifo(path, 0o600)), "not a regular file"),
    (lambda path: (path.unlink(), path.mkdir()), "not a regular file"),
    pytest.param(lambda path: os.chown(path, 61234, 61234), "belongs to uid", marks=needs_root),
])
def test_a_key_file_that_is_not_right_closes_the_vault(fresh, admin, alice_account, spoiled, word):
    put(alice_account, name="A")
    fresh.stop()
    spoiled(fresh.key_file)
    fresh.start()
    closed_by_key(fresh, alice_account, word)


def test_no_new_key_is_made_for_secrets_that_are_there(fresh, admin, alice_account):
    put(alice_account, name="A")
    fresh.stop()
    right, fresh.key_file = fresh.key_file, fresh.base / "elsewhere" / "vault.key"  # a name that was mistyped
    fresh.start()
    closed_by_key(fresh, alice_account, "is not there")
    assert not fresh.key_file.exists() and not fresh.key_file.parent.exists()
    row = vault_row(fresh)
    assert str(fresh.key_file) in row["detail"] and "vault-key-file" in row["fix"], row
    fresh.stop()
    fresh.key_file = right
    fresh.start()
    assert alice_account.do("POST", "/v1/secrets/A/reveal") == {"value": VALUE}
    # Once it holds nothing, a key file that was lost costs nothing.
    alice_account.do("DELETE", "/v1/secrets/A", status=204)
    restarted(fresh)
    fresh.stop()
    fresh.key_file.unlink()
    fresh.start()
    assert vault_row(fresh)["state"] == "ok" and fresh.key_file.exists()


def test_an_empty_vault_of_an_older_owhaled_makes_its_key_at_the_second_start(fresh, admin):
    mark = fresh.state / "vault.empty"
    assert mark.exists()
    fresh.stop()
    mark.unlink()
    fresh.key_file.unlink()
    fresh.start()
    row = vault_row(fresh)
    assert row["state"] == "missing" and "start owhaled again" in row["fix"] and not fresh.key_file.exists(), row
    assert mark.exists()
    restarted(fresh)
    assert vault_row(fresh)["state"] == "ok" and fresh.key_file.exists()
    put(admin, name="A")
    assert not mark.exists()


def test_where_the_key_is_lost_one_begins_anew(fresh, admin, alice_account):
    put(alice_account, name="A")
    fresh.stop()
    fresh.key_file.unlink()
    fresh.start()
    closed_by_key(fresh, alice_account, "is not there")
    way = vault_row(fresh)["fix"]
    assert f"sqlite3 {fresh.state}/state.db 'DELETE FROM secrets; DELETE FROM vault'" in way and f"touch {fresh.state}/vault.empty" in way
    fresh.stop()
    with database(fresh) as file:
        file.executescript("DELETE FROM secrets; DELETE FROM vault")
    file.close()
    (fresh.state / "vault.empty").touch()
    for path in fresh.state.glob("state.db*"):
        os.chown(path, fresh.state.stat().st_uid, fresh.state.stat().st_gid)
    fresh.start()
    assert fresh.key_file.exists()
    admin.do("POST", "/v1/vault/rekey?accept=1")
    put(alice_account, name="B")
    assert alice_account.do("POST", "/v1/secrets/B/reveal") == {"value": VALUE}
    restarted(fresh)
    assert vault_row(fresh)["state"] == "ok"


def closed_by_key(owhaled, person, word):
    row = vault_row(owhaled)
    assert row["state"] == "missing" and word in row["detail"], row
    answer = refused(person, "POST", "/v1/secrets/A/reveal")
    assert answer.status == 503 and answer.code == "vault_unavailable" and word in answer.text, answer


def test_off(own):
    off = own(*accounts.QUICK, "--vault-key", "off").start()
    assert not off.key_file.exists() and vault_row(off)["detail"] == "the vault is off"


def test_a_credential(own, base):
    folder = base / "credentials"
    folder.mkdir(mode=0o700)
    (folder / "owhaled-vault-key").write_bytes(os.urandom(32).hex().encode() + b"\n")
    one = own(*accounts.QUICK, environment={"CREDENTIALS_DIRECTORY": str(folder)}).start()
    assert "credential" in vault_row(one)["detail"] and not one.key_file.exists()
    admin = accounts.set_up(one)
    put(admin, name="A")
    restarted(one)
    assert admin.do("POST", "/v1/secrets/A/reveal") == {"value": VALUE}


def test_a_passphrase(own, base):
    folder = base / "credentials"
    folder.mkdir(mode=0o700)
    words = folder / "owhaled-vault-passphrase"
    words.write_text("four words and more\n")
    one = own(*accounts.QUICK, "--vault-key", "passphrase", environment={"CREDENTIALS_DIRECTORY": str(folder)}).start()
    admin = accounts.set_up(one)
    put(admin, name="A")
    admin.do("POST", "/v1/vault/rekey", {"value": "other words"})
    one.stop()
    one.start()
    closed_by_key(one, admin, "not the key")
    one.stop()
    words.write_text("other words")
    one.start()
    assert admin.do("POST", "/v1/secrets/A/reveal") == {"value": VALUE}
    words.unlink()
    one.stop()
    one.start()
    closed_by_key(one, admin, "passphrase was not given")


# --- rekey


def test_rekey_seals_all_anew(fresh, admin, alice_account):
    for i in range(20):
        put(alice_account, name=f"S{i}", value=f"value number {i}, long enough")
    with database(fresh) as db:
        before = dict(db.execute("SELECT name, wrapped FROM secrets"))
    assert refused(alice_account, "POST", "/v1/vault/rekey").status == 403
    done = admin.do("POST", "/v1/vault/rekey")
    assert done["secrets"] == 20
    with database(fresh) as db:
        after = dict(db.execute("SELECT name, wrapped FROM secrets"))
    assert all(before[name] != after[name] for name in before)
    restarted(fresh)
    for i in range(20):
        assert alice_account.do("POST", f"/v1/secrets/S{i}/reveal") == {"value": f"value number {i}, long enough"}


@pytest.mark.parametrize("point", ["vault.put", "rekey.before", "rekey.row", "rekey.uncommitted", "rekey.committed"])
def test_kill_9_in_the_middle_loses_nothing(own, point):
    one = own(*accounts.QUICK).start()
    admin = accounts.set_up(one)
    for i in range(5):
        put(admin, name=f"S{i}", value=f"value number {i}, long enough")
    one.stop()
    one.environment["OWHALE_CRASH_AT"] = point
    one.start()
    try:
        if point == "vault.put":
            admin.ask("PUT", "/v1/secrets/S9", {"value": "a value that does not come to be"}, step_up=True)
        else:
            admin.ask("POST", "/v1/vault/rekey", step_up=True)
        raise AssertionError("it did not end")
    except (ConnectionError, OSError):
        pass
    one.stop()
    del one.environment["OWHALE_CRASH_AT"]
    one.start()
    assert vault_row(one)["state"] == "ok", vault_row(one)
    for i in range(5):
        assert admin.do("POST", f"/v1/secrets/S{i}/reveal") == {"value": f"value number {i}, long enough"}
    assert admin.get("/v1/secrets/S9").status == 404
    assert admin.do("POST", "/v1/vault/rekey")["secrets"] == 5


def test_a_new_master_key_and_what_a_kill_leaves_of_it(fresh, admin):
    put(admin, name="A")
    key = os.urandom(32)
    new = fresh.key_file.with_name("vault.key.new")
    new.write_bytes(key)
    new.chmod(0o600)
    admin.do("POST", "/v1/vault/rekey", {"value_base64": base64.b64encode(key).decode()})
    restarted(fresh)  # before the file got its name
    assert vault_row(fresh)["state"] == "weaker" and "rekey" in vault_row(fresh)["lost"]
    assert admin.do("POST", "/v1/secrets/A/reveal") == {"value": VALUE}
    new.rename(fresh.key_file)
    restarted(fresh)
    assert vault_row(fresh)["state"] == "ok"
    assert refused(admin, "POST", "/v1/vault/rekey", {"value_base64": "AAAA"}).code == "invalid_value"
    assert refused(admin, "POST", "/v1/vault/rekey", {"value": "words"}).code == "invalid_value"
