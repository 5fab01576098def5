"""The vault over the API: what is stored, who sees it, and what an attacker with the disk or a uid gets of it."""

import base64
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import time

import pytest

import accounts
import client
from conftest import needs_root

VALUE = "sk-proj-Zt7Qm2VwXc9LkR4nB8sYd1Hf6Gj3Pa5E"
HOST = {"host": "api.example.com", "port": 443}


@pytest.fixture
def alice_account(admin):
    return accounts.add(admin, "alice")


@pytest.fixture
def bob_account(admin):
    return accounts.add(admin, "bob")


def put(person, name="OPENAI_API_KEY", value=VALUE, status=200, **more):
    return person.do("PUT", f"/v1/secrets/{name}", {"value": value, "hosts": [HOST], **more}, status)


def refused(person, method, path, body=None, step_up=True):
    return person.ask(method, path, body, step_up=step_up)


def database(owhaled):
    return sqlite3.connect(owhaled.state / "state.db")


def restarted(owhaled):
    owhaled.stop()
    return owhaled.start()


def vault_row(owhaled):
    return next(row for row in owhaled.get("/v1/doctor").json()["checks"] if row["name"] == "vault")


# --- the verbs


def test_a_secret_is_stored_shown_used_up_and_removed(alice_account):
    made = put(alice_account, prefix="Bearer ", endpoint_variable="OPENAI_BASE_URL")
    assert made["version"] == 1 and made["owner"] == "user:alice" and made["length"] == len(VALUE)
    assert made["placeholder"].startswith("sk-proj-owhale-") and len(made["placeholder"]) == len(VALUE)
    assert made["variable"] == "OPENAI_API_KEY" and made["header"] == "authorization"
    listed = alice_account.get("/v1/secrets").json()["secrets"]
    assert [one["name"] for one in listed] == ["OPENAI_API_KEY"]
    assert VALUE not in json.dumps(listed)
    shown = alice_account.get("/v1/secrets/OPENAI_API_KEY").json()
    assert shown == listed[0] and shown["uses"] == 0 and "last_used" not in shown
    assert alice_account.do("POST", "/v1/secrets/OPENAI_API_KEY/reveal") == {"value": VALUE}
    turned = alice_account.do("POST", "/v1/secrets/OPENAI_API_KEY/rotate", {"value": VALUE[::-1]})
    assert turned["version"] == 2 and turned["placeholder"] != made["placeholder"] and turned["hosts"] == made["hosts"]
    assert alice_account.do("POST", "/v1/secrets/OPENAI_API_KEY/reveal") == {"value": VALUE[::-1]}
    alice_account.do("DELETE", "/v1/secrets/OPENAI_API_KEY", status=204)
    assert alice_account.get("/v1/secrets/OPENAI_API_KEY").code == "not_found"


def test_metadata_changes_without_the_value_and_a_value_does_not_by_mistake(alice_account):
    put(alice_account)
    changed = alice_account.do("PUT", "/v1/secrets/OPENAI_API_KEY", {"hosts": [{"host": "Other.Example.com", "port": 8443}]})
    assert changed["hosts"] == [{"host": "other.example.com", "port": 8443}] and changed["version"] == 1
    assert alice_account.do("POST", "/v1/secrets/OPENAI_API_KEY/reveal") == {"value": VALUE}
    again = refused(alice_account, "PUT", "/v1/secrets/OPENAI_API_KEY", {"value": "another value"})
    assert again.code == "conflict" and "rotate" in again.text
    assert put(alice_account, value="another value", replace=True)["version"] == 2


def test_bytes_of_any_kind(alice_account):
    raw = bytes(range(256))
    body = {"value_base64": base64.b64encode(raw).decode()}
    alice_account.do("PUT", "/v1/secrets/raw", body)
    answer = alice_account.do("POST", "/v1/secrets/raw/reveal")
    assert base64.b64decode(answer["value_base64"]) == raw
    no_header = refused(alice_account, "PUT", "/v1/secrets/raw", {"hosts": [HOST]})
    assert no_header.code == "invalid_value" and "header" in no_header.text


@pytest.mark.parametrize("change, word", [
    ({"hosts": [{"host": "*.example.com", "port": 443}]}, "wildcard"),
    ({"hosts": [{"host": "192.0.2.7", "port": 443}]}, "address"),
    ({"hosts": [{"host": "2130706433", "port": 443}]}, "address"),
    ({"hosts": [{"host": "[2001:db8::1]", "port": 443}]}, "host name"),
    ({"hosts": [{"host": "mine.s3.amazonaws.com", "port": 443}]}, "shared"),
    ({"hosts": [{"host": "x.workers.dev", "port": 443}]}, "shared"),
    ({"hosts": [{"host": "raw.githubusercontent.com", "port": 443}]}, "shared"),
    ({"hosts": [{"host": "webhook.site", "port": 443}]}, "shared"),
    ({"hosts": [{"host": "a.ngrok.io", "port": 443}]}, "shared"),
    ({"hosts": [{"host": "api.example.com.", "port": 443}]}, "host name"),
    ({"hosts": [{"host": "api.example.com", "port": 0}]}, "port"),
    ({"hosts": [{**HOST, "methods": ["trace"]}]}, "TRACE"),
    ({"hosts": [{**HOST, "paths": ["v1"]}]}, "path"),
    ({"hosts": [{**HOST, "paths": ["/v1/../x"]}]}, "segment"),
    ({"hosts": [{**HOST, "paths": ["/v1%2f"]}]}, "path"),
    ({"hosts": [HOST, HOST]}, "twice"),
    ({"hosts": [{"host": f"h{i}.example.com", "port": 443} for i in range(33)]}, "32 hosts"),
    ({"header": "Host"}, "host"),
    ({"header": "transfer-encoding"}, "transfer-encoding"),
    ({"header": "Connection"}, "connection"),
    ({"header": "a b"}, "header"),
    ({"prefix": "a\r\nb: "}, "prefix"),
    ({"variable": "LD_PRELOAD"}, "variable"),
    ({"variable": "1A"}, "variable"),
    ({"access": {"roles": ["king"]}}, "role"),
    ({"access": {"principals": ["alice"]}}, "principal"),
    ({"value": ""}, "empty"),
    ({"value": "a\nb"}, "header"),
    ({"value": "x" * 65537}, "64 KiB"),
])
def test_what_no_secret_may_be(alice_account, change, word):
    answer = refused(alice_account, "PUT", "/v1/secrets/bad", {"value": VALUE, "hosts": [HOST], **change})
    assert answer.status == 422 or answer.status == 400, answer
    assert answer.code == "invalid_value" and word.lower() in answer.text.lower(), answer
    assert alice_account.get("/v1/secrets/bad").code == "not_found"


def test_a_cookie_may_carry_it(alice_account):
    assert put(alice_account, header="Cookie", prefix="session=")["header"] == "cookie"


# --- who


def test_anothers_secret_is_not_there(alice_account, bob_account):
    put(alice_account)
    for method, path, body in [("GET", "", None), ("POST", "/rotate", {"value": "x"}), ("POST", "/reveal", None),
                               ("DELETE", "", None)]:
        answer = refused(bob_account, method, "/v1/secrets/OPENAI_API_KEY" + path, body)
        assert answer.status == 404 and answer.code == "not_found", (method, path, answer)
    assert bob_account.get("/v1/secrets?owner=user:alice").json() == {"secrets": []}
    assert bob_account.get("/v1/secrets/OPENAI_API_KEY?owner=user:alice").code == "not_found"
    put(bob_account, value="bobs own value")  # beside hers
    assert alice_account.do("POST", "/v1/secrets/OPENAI_API_KEY/reveal") == {"value": VALUE}


def test_an_admin_sees_what_is_told_of_it_and_not_the_value(admin, alice_account):
    put(alice_account)
    assert [one["owner"] for one in admin.get("/v1/secrets?owner=*").json()["secrets"]] == ["user:alice"]
    assert admin.get("/v1/secrets/OPENAI_API_KEY?owner=user:alice").json()["version"] == 1
    assert refused(admin, "POST", "/v1/secrets/OPENAI_API_KEY/reveal").code == "not_found"
    assert refused(admin, "POST", "/v1/secrets/OPENAI_API_KEY/rotate", {"value": "x"}).code == "not_found"
    admin.do("DELETE", "/v1/secrets/OPENAI_API_KEY?owner=user:alice", status=204)
    assert alice_account.get("/v1/secrets").json() == {"secrets": []}


def test_changing_and_reading_take_the_password(alice_account):
    put(alice_account)
    for method, path, body in [("PUT", "", {"header": "x-key"}), ("POST", "/rotate", {"value": "x"}),
                               ("POST", "/reveal", None), ("DELETE", "", None)]:
        answer = refused(alice_account, method, "/v1/secrets/OPENAI_API_KEY" + path, body, step_up=False)
        assert answer.status == 403 and answer.code == "step_up_required", (method, path, answer)


def test_an_agents_token_neither_sets_nor_reveals(alice_account):
    put(alice_account)
    agent = alice_account.mint()
    agent.password = alice_account.password  # though it knew the password
    for method, path, body in [("PUT", "", {"value": "x", "replace": True}), ("POST", "/rotate", {"value": "x"}),
                               ("POST", "/reveal", None), ("DELETE", "", None)]:
        answer = refused(agent, method, "/v1/secrets/OPENAI_API_KEY" + path, body)
        assert answer.status == 403 and answer.code == "step_up_required", (method, path, answer)
    assert agent.get("/v1/secrets").status == 200


def test_what_a_removed_account_leaves_is_an_admins_to_remove(admin, alice_account):
    put(alice_account)
    admin.do("DELETE", "/v1/users/alice", status=204)
    assert refused(alice_account, "POST", "/v1/secrets/OPENAI_API_KEY/reveal").status == 401
    assert [one["owner"] for one in admin.get("/v1/secrets?owner=*").json()["secrets"]] == ["user:alice"]
    admin.do("DELETE", "/v1/secrets/OPENAI_API_KEY?owner=user:alice", status=204)
    assert admin.get("/v1/secrets?owner=*").json() == {"secrets": []}


def test_a_thousand_secrets_and_no_more(alice_account):
    for i in range(1000):
        put(alice_account, name=f"s{i}", value=f"value number {i}")
    answer = refused(alice_account, "PUT", "/v1/secrets/one-more", {"value": "x"})
    assert answer.code == "conflict" and "1000" in answer.text
    assert len(alice_account.get("/v1/secrets").json()["secrets"]) == 1000


def test_in_strict_nothing_is_read_back(own):
    strict = own(*accounts.QUICK, "--mode", "strict").start()
    answer = strict.ask("POST", "/v1/secrets/X/reveal") if os.geteuid() == 0 else None
    if answer is None:
        pytest.skip("root alone acts in a fresh strict owhaled")
    assert answer.status == 403 and answer.code == "forbidden" and "strict" in answer.text
    assert "never" in next(row for row in strict.get("/v1/mode").json()["rows"] if row["name"] == "reveal")["now"]


# --- the log, and what is in it


def test_each_act_is_in_the_log_without_the_value(fresh, admin, alice_account):
    put(alice_account)
    alice_account.do("POST", "/v1/secrets/OPENAI_API_KEY/rotate", {"value": VALUE + "2"})
    alice_account.do("POST", "/v1/secrets/OPENAI_API_KEY/reveal")
    alice_account.do("DELETE", "/v1/secrets/OPENAI_API_KEY", status=204)
    for kind, outcomes in [("secret.set", ["ok", "pending"]), ("secret.rotate", ["ok", "pending"]),
                           ("secret.reveal", ["ok"]), ("secret.remove", ["ok", "pending"])]:
        rows = accounts.events(fresh, kind)
        assert [row["outcome"] for row in rows] == outcomes, rows
        assert rows[0]["data"]["name"] == "OPENAI_API_KEY" and rows[0]["data"]["generation"] >= 1
        assert rows[0]["principal"] == "user:alice"
        assert VALUE not in json.dumps(rows)


def test_the_value_is_nowhere_on_disk_and_in_no_log(fresh, admin, alice_account):
    put(alice_account)
    fresh.ran(argv=["echo", "the value is", VALUE, "?"], uid=None)
    fresh.stop()
    needles = [VALUE.encode(), base64.b64encode(VALUE.encode())[:40], VALUE.encode().hex().encode()]
    for path in pathlib.Path(fresh.base).rglob("*"):
        if path.is_file() and path.name != "vault.key":
            content = path.read_bytes()
            for needle in needles:
                assert needle not in content, path


def test_a_run_that_prints_it_prints_a_mask(fresh, admin, alice_account):
    plain = "plain words, no shape at all"
    alice_account.do("PUT", "/v1/secrets/plain", {"value": plain})
    run = fresh.ran(argv=["printf", "%s|%s|", plain, base64.b64encode(plain.encode()).decode()])
    assert plain not in run["stdout"] and "cGxhaW4gd29yZHM" not in run["stdout"], run["stdout"]
    assert "[redacted:vault]" in run["stdout"]
    assert plain not in json.dumps(run) and plain not in fresh.get("/v1/audit?limit=1000").body.decode()
    restarted(fresh)  # learnt again at the start
    run = fresh.ran(argv=["echo", plain])
    assert "[redacted:vault]" in run["stdout"]


@needs_root
def test_the_brokers_memory_environment_and_core_are_closed(fresh, admin, alice_account):
    put(alice_account)
    pid = fresh.broker()
    for name in ("mem", "environ", "maps"):
        with client.user(65534), pytest.raises(PermissionError):
            open(f"/proc/{pid}/{name}", "rb").read(1)
    as_broker = int(pathlib.Path(f"/proc/{pid}/status").read_text().split("Uid:")[1].split()[0])
    script = f"import sys; open('/proc/{pid}/mem','rb')"
    tried = subprocess.run(["setpriv", f"--reuid={as_broker}", "--clear-groups", "--bounding-set=-all",
                            "/usr/bin/python3", "-c", script], capture_output=True, text=True)
    assert tried.returncode != 0 and "PermissionError" in tried.stderr, tried
    assert VALUE.encode() not in pathlib.Path(f"/proc/{pid}/environ").read_bytes()


# --- an attacker with the database


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


# --- runs


def test_a_run_neither_lists_nor_sets(own, base):
    """Over loopback TCP from a run's cage, or by its own listener, whoever asks is `run:`: it has no permission for this."""
    one = own(*accounts.QUICK).start()
    openapi = one.get("/openapi.json").json()["paths"]
    for path in ("/v1/secrets", "/v1/secrets/{name}", "/v1/vault/rekey"):
        assert all(verb["x-permission"] == "secrets" for verb in openapi[path].values())


@pytest.mark.parametrize("signal_number", [signal.SIGKILL])
def test_after_a_kill_of_the_broker_the_vault_opens_again(fresh, admin, alice_account, signal_number):
    put(alice_account, name="A")
    os.kill(fresh.broker(), signal_number)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            if vault_row(fresh)["state"] == "ok":
                break
        except (OSError, ConnectionError):
            pass
        time.sleep(0.1)
    assert alice_account.do("POST", "/v1/secrets/A/reveal") == {"value": VALUE}
