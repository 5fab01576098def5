"""Runs with a scoped network, over HTTP: what they reach, what is told of it, what nobody lets through."""

import http.server
import json
import socket
import threading
import time

import pytest

import accounts
from accounts import QUICK, events
from conftest import ALICE, needs_root
from names import Names

pytestmark = needs_root

WGET = ["wget", "-qO-", "-T20", "-t1"]  # of which no rule of the tests knows
CURL = "curl -sS --max-time 20 --noproxy '' -x http://127.0.0.1:3128 "


class Web:
    """A server on a loopback address of its own, which remembers who came."""

    ADDRESS = "127.77.0.1"

    def __init__(self, address=ADDRESS):
        seen = self.seen = []
        self.moved = None  # where it sends everybody to
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                seen.append(dict(self.headers, path=self.path))
                self.send_response(302 if web.moved else 200)
                if web.moved:
                    self.send_header("Location", web.moved)
                self.send_header("Content-Length", "6")
                self.end_headers()
                self.wfile.write(b"hello\n")

            def log_message(self, *ignored):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.host, self.port = self.server.server_address
        self.url = f"http://{self.host}:{self.port}/"
        self.rule = {"host": self.host, "ports": [self.port]}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def web():
    web = Web()
    yield web
    web.server.shutdown()
    web.server.server_close()


@pytest.fixture
def names():
    names = Names(Web.ADDRESS, every=Web.ADDRESS)
    yield names
    names.close()


@pytest.fixture
def house(own, names):
    """An owhaled in local mode, with its first account; every name leads to the web's address."""
    d = own(*QUICK, "--mode", "local", "--dns", names.at).start()
    d.admin = accounts.set_up(d)
    return d


def sh(d, text, **more):
    return d.ran(ALICE, argv=["bash", "-c", text], **more)


def test_a_host_that_is_named_is_reached_and_told(house, web):
    run = sh(house, CURL + web.url, allow_hosts=[web.rule])
    assert run["stdout"] == "hello\n", run
    assert run["net"] == "scoped"
    [row] = [row for row in run["network"]["hosts"] if row["port"] == web.port]
    assert row["host"] == web.host and row["verdict"] == "allow" and row["down"] > 6 and row["count"] == 1, row
    assert run["receipt"]["network"]["hosts"] == run["network"]["hosts"]
    assert run["receipt"]["scope"]["hosts"][0]["host"] == web.host
    assert house.get(f"/v1/runs/{run['id']}", uid=ALICE).json()["network"] == run["network"]
    [intent] = [one for one in events(house, "run.intent") if one["run"] == run["id"]]
    assert intent["data"]["scope"]["hosts"][0]["ports"] == [web.port]


def test_a_run_that_asks_for_nothing_has_no_network(house, web):
    run = sh(house, f"curl -s --max-time 3 {web.url} || echo none")
    assert run["net"] == "none" and run["stdout"] == "none\n" and "network" not in run
    assert web.seen == []


def test_programs_find_the_proxy_and_the_names_by_themselves(house):
    run = sh(house, "env | grep -i _proxy | sort; cat /etc/resolv.conf /etc/hosts; id -u", net="scoped")
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY"):
        assert f"\n{name}=" in "\n" + run["stdout"], run
    assert "nameserver 127.0.0.1" in run["stdout"]
    # The machine's own lines would lead its names past owhaled, to the cage's loopback.
    assert run["stdout"].count("\n127.0.0.1 localhost\n::1 localhost ") == 1
    assert socket.gethostname() not in run["stdout"]


def test_what_the_request_names_itself_stays(house):
    run = sh(house, "echo $HTTP_PROXY", net="scoped", env={"HTTP_PROXY": "http://own.test:1"})
    assert run["stdout"] == "http://own.test:1\n"


def test_another_host_is_refused_with_a_line_and_a_rule(own, web):
    d = own(*QUICK, "--mode", "local").start()
    other = Web("127.77.0.2")
    run = sh(d, CURL + f"-o /dev/null -w '%{{http_code}}' {other.url} || true",
             allow_hosts=[web.rule], profile="readonly")
    asked = run["network"]["hosts"] if "network" in run else []
    assert other.seen == [], run
    assert [row for row in asked if row["port"] == other.port and row["verdict"] != "allow"], run


def test_the_new_members_are_checked(house):
    for request, why in [({"net": "none", "allow_hosts": [{"host": "a.test"}]}, "needs net scoped"),
                         ({"net": "host", "inspect": True}, "needs net scoped"),
                         ({"allow_hosts": [{"host": "a.test"}] * 65}, "more than 64"),
                         ({"allow_hosts": [{"host": "1.2.3.4"}]}, "needs its ports"),
                         ({"allow_hosts": [{"host": "http://a"}]}, "no host"),
                         ({"allow_hosts": [{"host": "@nosuch"}]}, "no list"),
                         *(({"allow_hosts": [{"host": own, "ports": [5432]}]}, "--host-port 5432") for own in ("127.0.0.1", "::1", "localhost")),
                         ({"secrets": [{"name": "a b"}]}, "secrets"),
                         ({"brokers": ["docker"]}, "ssh-agent"),
                         ({"host_ports": [0]}, "above 0"),
                         ({"ports": [{"host": 0, "port": 0}]}, "port in the run")]:
        answer = house.run(ALICE, argv=["true"], wait=True, **request)
        assert answer.status == 422 and answer.code == "invalid_value" and why in answer.text, (request, answer)


def test_egress_off_says_what_would_help(own):
    d = own("--egress", "off").start()
    answer = d.run(ALICE, argv=["true"], wait=True, net="scoped")
    assert answer.code == "unsupported" and "egress = on" in answer.text, answer
    assert d.ran(ALICE, argv=["echo", "x"])["stdout"] == "x\n"


def test_a_new_host_on_the_request_is_a_question(house):
    answer = house.run(ALICE, argv=["true"], detach=True, allow_hosts=[{"host": "api.example.com"}])
    run = answer.json()
    assert run["state"] == "waiting_approval" and run["verdict"]["rule"] == "network.new-host", run
    shown = house.admin.get(f"/v1/approvals/{run['approval']}").json()
    assert shown["frozen"]["scope"]["hosts"] == [{"host": "api.example.com", "from": "request"}], shown
    for words, rule in [({"host_ports": [22]}, "scope.host-port"), ({"ports": [{"address": "0.0.0.0", "host": 8080, "port": 80}]}, "scope.publish"),
                        ({"allow_hosts": [{"host": "127.0.0.2", "ports": [22]}, {"host": "169.254.169.254", "ports": [80]}]}, "network.metadata")]:
        verdict = house.run(ALICE, argv=["true"], detach=True, **words).json()["verdict"]
        assert verdict["rule"] == rule, verdict


def pending(admin, patience=30):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        for one in admin.get("/v1/approvals").json()["approvals"]:
            if one["kind"] == "host" and one["state"] == "pending":
                return one
        time.sleep(0.05)
    raise AssertionError("nobody was asked")


def named(web):
    return f"http://odd.example:{web.port}/"


def asking(house, web):
    """The address may be reached; the name is one that nobody knows."""
    return house.begun(ALICE, argv=["bash", "-c", CURL + f"{named(web)} {named(web)}"], allow_hosts=[web.rule])


def output(house, run):
    house.until(run, {"exited"}, ALICE, 30)
    return house.get(f"/v1/runs/{run}/output?stream=stdout", uid=ALICE).body.decode()


def test_an_unknown_host_is_asked_about_once(house, web, names):
    run = asking(house, web)
    one = pending(house.admin)
    assert one["run"] == run and "odd.example" in one["verdict"]["reason"] and one["principal"] == f"unix:{ALICE}", one
    shown = house.admin.get(f"/v1/approvals/{one['id']}").json()
    assert shown["frozen"]["verb"] == "hosts.connect" and shown["frozen"]["scope"]["hosts"][0]["host"] == "odd.example"
    assert web.seen == [] and names.asked == [], "nothing leaves before the answer"
    said = house.get(f"/v1/runs/{run}/output?stream=stderr", uid=ALICE).body.decode()
    assert f"owhaled: odd.example:{web.port} waits" in said and f"owhalectl approve {one['id']}" in said, said
    answer = house.admin.ask("POST", f"/v1/approvals/{one['id']}/approve", {"digest": one["digest"]}, step_up=True)
    assert answer.status == 200, answer
    assert output(house, run) == "hello\nhello\n"
    assert house.admin.get(f"/v1/approvals/{one['id']}").json()["state"] == "used"
    assert len(house.admin.get("/v1/approvals?all=1").json()["approvals"]) == 1
    [row] = [row for row in house.get(f"/v1/runs/{run}", uid=ALICE).json()["network"]["hosts"] if row["host"] == "odd.example" and row["how"] != "dns"]
    assert row["approval"] == one["id"], row


def agreed_to(house, web, *urls):
    """A command that names its hosts, asked about as a command and agreed to: the run, and what was shown."""
    answer = house.run(ALICE, argv=[*WGET, *urls], allow_hosts=[web.rule])
    run = answer.json()
    assert answer.status == 202 and run["verdict"]["rule"] == "network.new-host", answer
    shown = house.admin.get(f"/v1/approvals/{run['approval']}").json()
    said = house.admin.ask("POST", f"/v1/approvals/{shown['id']}/approve", {"digest": shown["digest"]}, step_up=True)
    assert said.status == 200, said
    return run["id"], [line for line in shown["frozen"]["scope"]["hosts"] if line["from"] == "command"]


def test_a_host_that_the_agreed_command_names_is_not_asked_about_again(house, web, names):
    run, opened = agreed_to(house, web, named(web), named(web))
    assert opened == [{"host": "odd.example", "ports": [web.port], "from": "command"}], opened
    assert output(house, run) == "hello\nhello\n"
    assert [one["kind"] for one in house.admin.get("/v1/approvals?all=1").json()["approvals"]] == ["run"]
    [row] = [row for row in house.get(f"/v1/runs/{run}", uid=ALICE).json()["network"]["hosts"] if row["host"] == "odd.example" and row["how"] != "dns"]
    assert row["verdict"] == "allow" and row["rule"] == "command odd.example", row
    assert not [line for line in house.admin.get("/v1/hosts").json()["hosts"] if line["id"]], "the book stays as it was"
    # Another run is another question, although the command is the same.
    again = house.run(ALICE, argv=[*WGET, named(web), named(web)], allow_hosts=[web.rule])
    assert again.status == 202 and again.json()["state"] == "waiting_approval", again


@pytest.mark.parametrize("elsewhere", ["other.example:{port}", "odd.example:1"], ids=["another host", "another port"])
def test_attack_the_agreed_command_connects_elsewhere(house, web, elsewhere):
    """By a redirect of the server's, which no text shows."""
    to = f"http://{elsewhere.format(port=web.port)}/"
    web.moved = to
    answer = house.run(ALICE, argv=[*WGET, named(web)], allow_hosts=[web.rule])
    shown = house.admin.get(f"/v1/approvals/{answer.json()['approval']}").json()
    assert house.admin.ask("POST", f"/v1/approvals/{shown['id']}/approve", {"digest": shown["digest"]}, step_up=True).status == 200
    one = pending(house.admin)
    assert one["run"] == answer.json()["id"] and to[7:-1] in one["verdict"]["reason"], one
    assert len(web.seen) == 1, "nothing leaves before the answer"
    house.admin.ask("POST", f"/v1/approvals/{one['id']}/deny", {"reason": "no"}, step_up=True)
    house.until(answer.json()["id"], {"exited"}, ALICE, 30)
    assert len(web.seen) == 1


def test_a_host_that_is_not_certain_is_asked_about_by_its_connection(house, web):
    text = f"wget -qO- -T20 -t1 http://$(date +%a).example:{web.port}/"
    answer = house.run(ALICE, argv=["bash", "-c", text], allow_hosts=[web.rule])
    assert answer.status == 202, answer
    shown = house.admin.get(f"/v1/approvals/{answer.json()['approval']}").json()
    assert [line["from"] for line in shown["frozen"]["scope"]["hosts"]] == ["request"], shown


def test_a_refusal_holds_and_is_told(house, web):
    run = asking(house, web)
    one = pending(house.admin)
    assert house.admin.ask("POST", f"/v1/approvals/{one['id']}/deny", {"reason": "no"}, step_up=True).status == 200
    house.until(run, {"exited"}, ALICE, 30)
    assert web.seen == []
    said = house.get(f"/v1/runs/{run}/output?stream=stderr", uid=ALICE).body.decode()
    assert "owhaled: " in said and "odd.example" in said, said


def test_for_a_time_makes_a_standing_line(house, web):
    run = asking(house, web)
    one = pending(house.admin)
    url = f"/v1/approvals/{one['id']}/approve"
    refused = house.admin.ask("POST", url, {"digest": one["digest"], "grant": {"times": 3}}, step_up=True)
    assert refused.code == "invalid_value" and "--for" in refused.text, refused
    assert house.admin.ask("POST", url, {"digest": one["digest"], "grant": {"for_ms": 60_000}}, step_up=True).status == 200
    assert output(house, run) == "hello\nhello\n"
    [entry] = [entry for entry in house.admin.get("/v1/hosts").json()["hosts"] if entry["id"]]
    assert entry["principal"] == f"unix:{ALICE}" and entry["from"] == f"approval {one['id']}" and entry["expires"]
    again = sh(house, CURL + named(web), allow_hosts=[web.rule])
    assert again["stdout"] == "hello\n", again
    [used] = [line for line in house.admin.get("/v1/hosts").json()["hosts"] if line["id"]]
    assert "last_used" not in entry and used["last_used"], used


def test_the_questions_of_a_run_end_with_it(house, web):
    run = asking(house, web)
    one = pending(house.admin)
    house.ask("POST", f"/v1/runs/{run}/kill", {}, uid=ALICE)
    end = time.monotonic() + 30
    while (state := house.admin.get(f"/v1/approvals/{one['id']}").json()["state"]) == "pending" and time.monotonic() < end:
        time.sleep(0.05)
    assert state == "cancelled"
    assert web.seen == []


def test_a_runs_run_reaches_no_more_than_it(house):
    """The agent profile has a listener of its own."""
    text = ("curl -s --noproxy '*' --unix-socket /run/owhaled/owhaled.sock -H 'Content-Type: application/json' -d '"
            + json.dumps({"argv": ["true"], "wait": True, "allow_hosts": [{"host": "b.test"}]}) + "' http://localhost/v1/runs")
    run = sh(house, text, profile="agent", allow_hosts=[{"host": "a.test"}])
    assert '"host_denied"' in run["stdout"] and "b.test" in run["stdout"], run
    none = sh(house, text.replace("b.test", "a.test"), profile="agent")
    assert '"host_denied"' in none["stdout"], none
