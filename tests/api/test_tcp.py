"""TCP: strangers may look, accounts may work, slow ones hold up nobody."""

import os
import socket
import time

import pytest

from conftest import needs_root
from over_tcp import PASSWORD, Tcp, bearer, first_account, listening, login


def test_a_stranger_sees_that_owhaled_lives_and_nothing_else(own):
    daemon = listening(own)
    with Tcp(daemon.tcp) as stranger:
        assert stranger.ask("GET", "/v1/health").status == 200
        who = stranger.ask("GET", "/v1/whoami").json()
        assert who["principal"] == "tcp" and who["roles"] == [] and who["permissions"] == []
        for method, path, body in [("GET", "/v1/runs", None), ("POST", "/v1/runs", {"argv": ["/bin/true"]}),
                                   ("GET", "/v1/status", None), ("GET", "/v1/config", None), ("GET", "/v1/audit", None),
                                   ("GET", "/v1/users", None), ("POST", "/v1/users", {"name": "x", "roles": ["admin"]}),
                                   ("GET", "/v1/mode", None)]:
            answer = stranger.ask(method, path, body)
            assert (answer.status, answer.code) == (401, "unauthenticated"), (path, answer)
            assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_uid_of_a_loopback_client_gives_it_nothing(own):
    """Root over TCP is a stranger too: only the Unix socket tells who somebody is."""
    daemon = listening(own)
    with Tcp(daemon.tcp) as stranger:
        assert stranger.ask("GET", "/v1/whoami").json()["principal"] == "tcp"


@needs_root
def test_an_account_logs_in_and_runs_a_command(own):
    daemon = listening(own)
    first_account(daemon)
    with Tcp(daemon.tcp) as tcp:
        token = login(daemon, over=tcp)
        who = tcp.ask("GET", "/v1/whoami", headers=bearer(token)).json()
        assert who["principal"] == "user:admin" and who["peer"].startswith("tcp 127.0.0.1")
        run = tcp.ask("POST", "/v1/runs", {"argv": ["/usr/bin/id", "-u"], "wait": True}, bearer(token))
        assert run.status == 200, run
        uid = int(run.json()["stdout"])
        assert uid not in (0, os.geteuid()) or os.geteuid() != 0


def test_the_first_login_over_tcp_takes_the_code_from_the_file(own):
    daemon = listening(own)
    message = {"name": "admin", "password": "admin"}
    with Tcp(daemon.tcp) as tcp:
        assert tcp.ask("POST", "/v1/login", message).status == 403
        assert tcp.ask("POST", "/v1/login", {**message, "code": "0" * 32}).status in (401, 403)
        code = (daemon.state / "setup-code").read_text().strip()
        assert tcp.ask("POST", "/v1/login", {**message, "code": code}).status == 200


def test_another_hosts_name_is_refused(own):
    """DNS rebinding: evil.example resolves to 127.0.0.1 the second time, and the page's requests still name it."""
    daemon = listening(own, "--hosts", "box.example")
    for host, status in [("evil.example", 421), (f"evil.example:{daemon.tcp[1]}", 421), ("localhost", 200), ("127.0.0.1", 200),
                         (f"127.0.0.1:{daemon.tcp[1]}", 200), ("box.example:80", 200), ("owhaled", 421), ("127.0.0.2", 421)]:
        with Tcp(daemon.tcp) as tcp:
            assert tcp.ask("GET", "/v1/health", headers={"Host": host}).status == status, host


def test_a_websocket_over_tcp(own):
    from client import handshake
    daemon = listening(own)
    first_account(daemon)
    with Tcp(daemon.tcp) as tcp:
        token = login(daemon, over=tcp)
        run = tcp.ask("POST", "/v1/runs", {"argv": ["/bin/cat"], "stdin_open": True}, bearer(token))
        if run.status == 422:  # the field's name is not this test's matter
            run = tcp.ask("POST", "/v1/runs", {"argv": ["/bin/sleep", "5"]}, bearer(token))
        assert run.status == 201, run
        answer = tcp.ask("GET", f"/v1/runs/{run.json()['id']}/attach", headers={**handshake(), **bearer(token)})
        assert answer.status == 101, answer
    with Tcp(daemon.tcp) as stranger:
        answer = stranger.ask("GET", f"/v1/runs/{run.json()['id']}/attach", headers=handshake())
        assert answer.status == 401, answer


@pytest.fixture
def slow():
    """Opens connections that never finish their request."""
    opened = []

    def open_many(address, count, sources):
        for number in range(count):
            one = socket.create_connection(address, 10, source_address=(sources[number % len(sources)], 0))
            one.sendall(b"GET /v1/health HTTP/1.1\r\nHost: loc")
            opened.append(one)

    yield open_many
    for one in opened:
        one.close()


def test_five_hundred_slow_clients_hold_up_nobody(own, slow):
    daemon = listening(own)
    token = first_account(daemon)
    with Tcp(daemon.tcp) as good:
        assert good.ask("GET", "/v1/whoami", headers=bearer(token)).status == 200
        slow(daemon.tcp, 500, [f"127.0.0.{last}" for last in range(2, 12)])
        for number in range(50):
            began = time.monotonic()
            assert good.ask("GET", "/v1/whoami", headers=bearer(token)).status == 200
            with Tcp(daemon.tcp, source=f"127.0.0.{2 + number % 10}") as newcomer:
                assert newcomer.ask("GET", "/v1/whoami", headers=bearer(token)).status == 200
            assert daemon.get("/v1/health").status == 200
            assert time.monotonic() - began < 8  # a slow head has ten seconds
    assert daemon.get("/v1/status").json()["connections"] < 150


def test_all_of_tcp_full_of_known_clients_leaves_the_unix_socket_its_places(own):
    daemon = listening(own, "--max-connections", "40", "--max-connections-per-address", "100")
    token = first_account(daemon)
    held = []
    refused = 0
    for _ in range(30):
        one = Tcp(daemon.tcp)
        try:
            answer = one.ask("GET", "/v1/whoami", headers=bearer(token))
        except (ConnectionError, OSError):
            refused += 1
            continue
        held.append(one)
        refused += answer.status == 503
    assert refused >= 10, refused
    for _ in range(15):
        held.append(daemon.connect())
        assert held[-1].ask("GET", "/v1/health").status == 200
    for one in held:
        one.close()


def test_an_address_has_its_cap(own):
    daemon = listening(own, "--max-connections-per-address", "4")
    token = first_account(daemon)
    held = [Tcp(daemon.tcp, source=f"127.0.0.{last}") for last in range(2, 6)]
    for one in held:
        assert one.ask("GET", "/v1/whoami", headers=bearer(token)).status == 200
    with Tcp(daemon.tcp) as fifth:
        answer = fifth.response()
        assert answer.status == 503 and answer.code == "busy"
    for one in held:
        one.close()


def test_a_busy_port_that_was_asked_for_stops_the_start(own):
    daemon = listening(own)
    other = own("--tcp", f"127.0.0.1:{daemon.tcp[1]}")
    other.state, other.socket = daemon.base / "other", daemon.base / "other.sock"
    code, said = other.refuses()
    assert code == 1 and str(daemon.tcp[1]) in said


@pytest.mark.parametrize("flags,named", [
    (("--tcp", "0.0.0.0:0", "--tls", "off"), "other machines"),
    (("--tcp", "[::]:0", "--tls", "off"), "other machines"),
    (("--tcp", "127.0.0.1:0", "--tls", "off", "--mode", "strict"), "TLS only"),
    (("--tcp", "owhaled.example:7717"), "not name an address"),
    (("--tcp", "127.0.0.1"), "address with a port"),
    (("--tls-cert", "/etc/ssl/cert.pem"), "belong together"),
    (("--trusted-proxies", "proxy.example"), "not an IP address"),
    (("--hosts", "*"), "neither a host's name"),
])
def test_what_would_be_unsafe_or_means_nothing_stops_the_start(base, flags, named):
    from daemon import Owhaled
    code, said = Owhaled(base, *flags).refuses()
    assert code in (1, 2) and named in said, said


def test_a_proxys_clients_are_told_apart(own):
    daemon = listening(own, "--trusted-proxies", "127.0.0.9", "--anonymous-rate", "5")
    with Tcp(daemon.tcp, source="127.0.0.9") as proxy, Tcp(daemon.tcp, source="127.0.0.8") as liar:
        def ask(by, client):
            return by.ask("GET", "/v1/whoami", headers={"X-Forwarded-For": client}).status
        assert [ask(proxy, "198.51.100.1") for _ in range(6)] == [200] * 5 + [429]
        assert ask(proxy, "198.51.100.2") == 200
        assert [ask(liar, f"198.51.100.{number}") for number in range(3, 9)] == [200] * 5 + [429]


def test_a_password_over_tcp_is_step_up_too(own):
    import base64
    daemon = listening(own)
    first_account(daemon)
    with Tcp(daemon.tcp) as tcp:
        token = login(daemon, over=tcp)
        message = {"name": "bob", "roles": ["agent"]}
        assert tcp.ask("POST", "/v1/users", message, bearer(token)).code == "step_up_required"
        proof = {"Owhale-Password": base64.b64encode(PASSWORD.encode()).decode(), **bearer(token)}
        assert tcp.ask("POST", "/v1/users", message, proof).status == 201
        wrong = {"Owhale-Password": base64.b64encode(b"wrong").decode(), **bearer(token)}
        assert tcp.ask("POST", "/v1/users", {**message, "name": "eve"}, wrong).code == "credentials_wrong"
        assert PASSWORD not in daemon.said() and token not in daemon.said()
