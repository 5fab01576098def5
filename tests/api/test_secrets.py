"""Secrets over the API: what is stored, who sees it, and where its value never is."""

import base64
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

import accounts
import client
from conftest import needs_root
from vaults import HOST, VALUE, alice_account, bob_account, put, refused, restarted, vault_row


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
