"""Who may use the socket: owhaled.conf, setup, the mode; at once, on connections that are open."""

import os
import subprocess
import sys
import json

import pytest
from accounts import QUICK, set_up
from conftest import needs_root

pytestmark = needs_root


@pytest.fixture
def strict(own):
    return own(*QUICK, "--mode", "strict").start()


def test_a_row_works_at_once_and_so_does_its_end(strict, alice, bob):
    with strict.connect(alice) as one:
        assert one.ask("GET", "/v1/status").code == "forbidden"
        row = strict.ask("PUT", f"/v1/access/uid:{alice}", {"roles": ["agent", "auditor"]}).json()
        assert row["source"] == "setup" and row["by"] == "unix:0" and row["added"]
        assert one.ask("GET", "/v1/status").status == 200
        who = one.ask("GET", "/v1/whoami").json()
        assert who["roles"] == ["agent", "auditor"] and f"uid:{alice}" in who["why"] and "setup" in who["why"]
        assert strict.get("/v1/status", uid=bob).code == "forbidden"
        assert strict.ask("PUT", f"/v1/access/uid:{alice}", {"roles": ["auditor"]}).status == 200
        assert one.ask("GET", "/v1/whoami").json()["roles"] == ["auditor"]
        assert strict.ask("DELETE", f"/v1/access/uid:{alice}").status == 204
        assert one.ask("GET", "/v1/status").code == "forbidden"
    assert strict.ask("DELETE", f"/v1/access/uid:{alice}").code == "not_found"


def test_rows_survive_a_restart_and_can_shut_out(own, alice, bob):
    local = own(*QUICK).start()
    assert local.ask("PUT", f"/v1/access/uid:{alice}", {"roles": []}).status == 200
    local.stop()
    local.start()
    assert local.get("/v1/status", uid=alice).code == "forbidden" and local.get("/v1/status", uid=bob).status == 200
    rows = local.get("/v1/access").json()["access"]
    assert [row["subject"] for row in rows] == ["uid:0", f"uid:{alice}", "*"]
    assert [row["source"] for row in rows] == ["mode", "setup", "mode"]


def whoami_with_groups(owhaled, uid, groups):
    script = "import os,sys; os.setgroups([int(g) for g in sys.argv[3].split(',')]); os.setgid(int(sys.argv[1]));" \
             "os.setuid(int(sys.argv[1])); os.execvp('curl', ['curl', '-sS', '--unix-socket', sys.argv[2], 'http://localhost/v1/whoami'])"
    done = subprocess.run([sys.executable, "-c", script, str(uid), str(owhaled.socket), ",".join(map(str, groups))],
                          capture_output=True, text=True, timeout=20)
    return json.loads(done.stdout)


def test_a_group_lets_in_whoever_the_kernel_says_is_in_it(strict, alice, bob):
    assert strict.ask("PUT", "/v1/access/gid:54321", {"roles": ["agent"]}).status == 200
    assert whoami_with_groups(strict, alice, [54321, 7])["roles"] == ["agent"]
    assert whoami_with_groups(strict, bob, [7])["roles"] == []


def test_owhaled_conf_comes_first(own, alice, bob):
    local = own(*QUICK, "--unix-roles", f"{alice}=auditor @54321=admin *=auditor").start()
    assert local.get("/v1/whoami", uid=alice).json()["roles"] == ["auditor"]
    assert local.get("/v1/whoami", uid=bob).json()["roles"] == ["auditor"]
    assert "admin" in whoami_with_groups(local, bob, [54321])["roles"]
    assert local.ask("PUT", f"/v1/access/uid:{alice}", {"roles": ["admin"]}).status == 200
    assert local.get("/v1/whoami", uid=alice).json()["roles"] == ["auditor"]
    assert local.get("/v1/whoami").json()["roles"] == ["admin"], "root could edit the database as well"


@pytest.mark.parametrize("setting, word", [("nobody-such=agent", "nobody-such"), ("@no-such=agent", "no-such"), ("root=king", "root=king"),
                                           ("root", "root"), ("root=", "root="), ("=agent", "=agent"), ("root=agent 0=admin", "0=admin")])
def test_a_wrong_word_stops_the_start_by_name(own, setting, word):
    code, said = own(*QUICK, "--unix-roles", setting).refuses()
    assert code != 0 and "unix-roles" in said and word in said, said


@pytest.mark.parametrize("subject", ["uid:-1", "uid:4294967295", "uid:01", "user:alice", "gid:", "root", "uid:1%20", "%2A%2A"])
def test_subjects_that_are_none(strict, subject):
    for method, body in (("PUT", {"roles": ["agent"]}), ("DELETE", None)):
        assert strict.ask(method, f"/v1/access/{subject}", body).code == "invalid_value"


def test_roots_own_row_is_fixed(strict):
    answer = strict.ask("PUT", "/v1/access/uid:0", {"roles": []})
    assert answer.code == "invalid_value" and "fixed" in answer.text
    assert strict.get("/v1/access").json()["access"][0] == {"subject": "uid:0", "roles": ["admin"], "source": "mode"}


def test_everybody_by_a_star(strict, alice):
    assert strict.ask("PUT", "/v1/access/%2A", {"roles": ["auditor"]}).json()["subject"] == "*"
    assert strict.get("/v1/whoami", uid=alice).json()["roles"] == ["auditor"]
