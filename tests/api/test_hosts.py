"""The book of hosts: standing lines, lists, and what would come of a URL."""

import pytest

import accounts
from accounts import QUICK, events
from conftest import ALICE, needs_root

pytestmark = needs_root


@pytest.fixture
def house(own, base):
    lists = base / "hosts.d"
    lists.mkdir(mode=0o755)
    (lists / "mirror.toml").write_text('description = "ours"\nhosts = ["mirror.example.net:8443", "*.cdn.example.net"]\n')
    (lists / "mirror.toml").chmod(0o644)
    d = own(*QUICK, "--hosts-dir", str(lists)).start()
    d.lists = lists
    d.admin = accounts.set_up(d)
    return d


def allow(house, host, **more):
    return house.admin.ask("POST", "/v1/hosts", {"rule": host if isinstance(host, dict) else {"host": host}, **more}, step_up=True)


def check(house, url, **more):
    answer = house.admin.ask("POST", "/v1/hosts/check", {"url": url, **more})
    assert answer.status == 200, answer
    return answer.json()


def test_a_line_needs_the_password_and_is_in_the_log(house):
    bare = house.admin.ask("POST", "/v1/hosts", {"rule": {"host": "api.example.com"}})
    assert bare.code == "step_up_required", bare
    entry = allow(house, "API.example.com.").json()
    assert entry["rule"]["host"] == "api.example.com" and entry["from"] == "hosts allow" and "principal" not in entry
    assert check(house, "https://api.example.com/v1")["decision"] == "allow"
    [event] = events(house, "host.allowed")
    assert event["data"]["rule"]["host"] == "api.example.com" and event["principal"] == "user:admin"
    assert house.admin.ask("DELETE", f"/v1/hosts/{entry['id']}").status == 204
    assert events(house, "host.removed")
    assert check(house, "https://api.example.com/v1")["decision"] != "allow"
    assert house.admin.ask("DELETE", f"/v1/hosts/{entry['id']}").status == 404


def test_a_line_is_of_a_principal_and_a_profile(house):
    for request in ({"principal": f"unix:{ALICE}"}, {"profile": "build"}):
        assert allow(house, "api.example.com", **request).status == 201
    run = house.run(ALICE, argv=["true"], wait=True, allow_hosts=[{"host": "api.example.com"}])
    assert run.status == 200 and run.json()["state"] == "exited", run  # a host that is in a list is no question
    other = house.run(ALICE + 1, argv=["true"], detach=True, allow_hosts=[{"host": "api.example.com"}]).json()
    assert other["state"] == "waiting_approval", other
    assert allow(house, "x.example.com", profile="nosuch").code == "profile_unknown"


def test_lines_outlive_a_restart_and_end_in_time(house):
    allow(house, {"host": "10.0.0.0/8", "ports": [443]})
    allow(house, "soon.example.com", for_ms=1)
    house.stop()
    house.start()
    house.admin = accounts.logged_in(house, "admin", house.admin.password)
    hosts = [entry["rule"]["host"] for entry in house.admin.get("/v1/hosts").json()["hosts"] if entry["id"]]
    assert hosts == ["10.0.0.0/8"]


def test_bad_hosts_are_refused_by_name(house):
    for host in ("", "http://a.example", "*", "*.com", "1.2.3.4", "127.1", "a b", "@nosuch", "b\u00fccher.example"):
        answer = allow(house, host)
        assert answer.status == 422 and answer.code == "invalid_value", (host, answer)
    assert allow(house, {"host": "a.example", "methods": ["GET"]}).code == "invalid_value"


def test_lists_are_told_and_used_by_name(house):
    told = [entry for entry in house.admin.get("/v1/hosts").json()["hosts"] if entry["from"].startswith("list mirror")]
    assert {entry["rule"]["host"] for entry in told} == {"mirror.example.net", "*.cdn.example.net"}
    assert check(house, "https://mirror.example.net:8443/")["decision"] != "allow"
    assert allow(house, "@mirror").status == 201
    verdict = check(house, "https://mirror.example.net:8443/")
    assert verdict["decision"] == "allow" and verdict["rule"].startswith("list mirror"), verdict
    assert check(house, "https://mirror.example.net/")["decision"] != "allow"
    assert check(house, "https://a.b.cdn.example.net/")["decision"] == "allow"
    assert check(house, "https://cdn.example.net/")["decision"] != "allow"


def test_a_check_says_what_would_change_it(house):
    verdict = check(house, "https://api.example.com:8443/x?y")
    assert verdict["decision"] == "ask" and verdict["change"] == "owhalectl hosts allow api.example.com:8443", verdict
    assert check(house, "ftp://api.example.com/")["change"] == "owhalectl hosts allow api.example.com:21"
    assert "ports" not in house.admin.ask("POST", "/v1/hosts/check", {"url": "@mirror"}).text
    for url in ("gopher://api.example.com/", "", "https://", "@mirror", "*.example.com", "a b"):
        answer = house.admin.ask("POST", "/v1/hosts/check", {"url": url})
        assert answer.code == "invalid_value", (url, answer)


def test_others_see_and_change_their_own_alone(house):
    entry = allow(house, "api.example.com", principal="unix:1").json()
    assert not [one for one in house.get("/v1/hosts", uid=ALICE).json()["hosts"] if one["id"] == entry["id"]]
    assert house.ask("DELETE", f"/v1/hosts/{entry['id']}", uid=ALICE).status == 404
    everyone = allow(house, "b.example.com").json()
    assert house.ask("DELETE", f"/v1/hosts/{everyone['id']}", uid=ALICE).code == "forbidden"
    assert house.ask("POST", "/v1/hosts", {"rule": {"host": "c.example.com"}}, uid=ALICE).code == "step_up_required"


WGET = ["wget", "-q", "-T1", "-t1", "-O-"]  # the tests' own rules let curl do anything
API = [*WGET, "https://api.example.com/x"]


def judged(house, argv=API, **more):
    answer = house.run(ALICE, argv=argv, detach=True, **more)
    assert answer.status in (200, 201, 202), answer
    return answer.json()


def test_what_was_allowed_is_not_asked_about_again(house):
    assert judged(house, net="scoped")["verdict"]["rule"] == "network.new-host"
    entry = allow(house, "api.example.com").json()
    run = judged(house, net="scoped")
    assert run["verdict"]["decision"] == "allow" and run["net"] == "scoped", run["verdict"]
    for argv, rule in (([*WGET, "https://api.example.com:8443/"], "network.new-host"),
                       ([*WGET, "https://api.example.com.evil.test/"], "network.new-host"),
                       ([*WGET, "--post-data=x=1", "https://api.example.com/"], "network.sends")):
        assert judged(house, argv, net="scoped")["verdict"]["rule"] == rule, argv
    assert judged(house, net="none")["verdict"]["rule"] == "network.new-host"  # of a scoped network alone
    assert house.admin.ask("DELETE", f"/v1/hosts/{entry['id']}").status == 204
    assert judged(house, net="scoped")["verdict"]["rule"] == "network.new-host"


def test_another_ones_line_agrees_to_nothing(house):
    assert allow(house, "api.example.com", principal=f"unix:{ALICE + 1}").status == 201
    assert judged(house, net="scoped")["verdict"]["rule"] == "network.new-host"
    run = judged(house, allow_hosts=[{"host": "api.example.com"}])  # nor does one's own request
    assert run["verdict"]["rule"] == "network.new-host", run


def test_a_list_that_was_let_through_is_agreed_to(house):
    assert allow(house, "@mirror").status == 201
    argv = [*WGET, "https://mirror.example.net:8443/"]
    assert judged(house, argv, net="scoped")["verdict"]["decision"] == "allow"
    assert judged(house, [*WGET, "https://mirror.example.net/"], net="scoped")["verdict"]["rule"] == "network.new-host"


def test_what_enters_a_run_has_the_hosts_that_it_started_with(house):
    def entered(net):
        run = house.begun(ALICE, argv=["sleep", "30"], net=net)
        house.until(run, {"running"}, ALICE)
        verdict = house.ask("POST", f"/v1/runs/{run}/exec", {"argv": API, "detach": True}, uid=ALICE).json()["verdict"]
        house.ask("POST", f"/v1/runs/{run}/kill", {}, uid=ALICE)
        return verdict

    assert entered("scoped")["rule"] == "network.new-host"
    assert allow(house, "api.example.com").status == 201
    assert entered("scoped")["decision"] == "allow"
    assert entered("none")["rule"] == "network.new-host"
