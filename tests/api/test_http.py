"""HTTP as such: strict framing, one answer per request, limits, and nobody who can hold up the others."""

import os
import resource
import socket
import time

import pytest

from client import request

HEALTH = request("GET", "/v1/health")


def test_requests_follow_each_other_on_one_connection(owhaled):
    with owhaled.connect() as connection:
        for _ in range(3):
            assert connection.ask("GET", "/v1/health").json() == {"status": "ok"}
        connection.send(HEALTH + request("GET", "/v1/nothing") + HEALTH)
        assert [connection.response().status for _ in range(3)] == [200, 404, 200]


def test_head_answers_without_a_body(owhaled):
    with owhaled.connect() as connection:
        head = connection.ask("HEAD", "/v1/health")
        assert head.status == 200 and int(head.headers["content-length"]) > 0
        assert connection.ask("GET", "/v1/health").status == 200


MALFORMED = {
    "bare line feeds": b"GET /v1/health HTTP/1.1\nHost: localhost\n\n",
    "a bare carriage return": b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\nA: b\rc\r\n\r\n",
    "a folded header": b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\nA: b\r\n c\r\n\r\n",
    "space before the colon": b"GET /v1/health HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "two hosts": b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    "no host": b"GET /v1/health HTTP/1.1\r\n\r\n",
    "no version": b"GET /v1/health\r\n\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "NUL": b"GET /v1/health\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a space in the target": b"GET /v1/ health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "both lengths": b"POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n",
    "a negative length": b"POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    "a length that is none": b"POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1e3\r\n\r\n",
    "an unknown coding": b"POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n",
    "a chunk that is none": b"POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "CONNECT": b"CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a broken percent": b"GET /v1/runs/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "an encoded NUL": b"GET /v1/runs/a%00b HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a repeated query key": b"GET /v1/runs?limit=1&limit=2 HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_http_is_refused_by_name(owhaled, name):
    with owhaled.connect() as connection:
        answer = connection.send(MALFORMED[name]).response()
        assert answer.status == 400 and answer.code == "bad_request"
    assert owhaled.get("/v1/health").status == 200


def test_a_smuggled_request_is_not_answered(owhaled):
    """The refused request's body must not become a request of its own."""
    inner = request("GET", "/v1/whoami")
    outer = b"POST /v1/runs HTTP/1.1\r\nHost: evil.example\r\nContent-Length: %d\r\n\r\n" % len(inner)
    with owhaled.connect() as connection:
        assert connection.send(outer + inner).response().code == "host_not_allowed"
        connection.socket.shutdown(socket.SHUT_WR)
        assert connection.ended() and connection.input == b""


@pytest.mark.parametrize("headers, code", [
    ({"Host": "evil.example"}, "host_not_allowed"),
    ({"Host": "localhost.evil.example"}, "host_not_allowed"),
    ({"Host": ""}, "host_not_allowed"),
    ({"Origin": "http://localhost"}, "origin_not_allowed"),
    ({"Origin": "null"}, "origin_not_allowed"),
    ({"Sec-Fetch-Site": "cross-site"}, "origin_not_allowed"),
])
def test_pages_and_rebound_names_are_refused(owhaled, headers, code):
    assert owhaled.get("/v1/health", headers=headers).code == code


@pytest.mark.parametrize("host", ["localhost", "localhost:7717", "127.0.0.1", "[::1]:80", "owhaled"])
def test_this_machine_by_any_of_its_names(owhaled, host):
    assert owhaled.get("/v1/health", headers={"Host": host}).status == 200


def test_an_absolute_target_is_for_this_machine_only(owhaled):
    assert owhaled.get("http://localhost/v1/health").status == 200
    assert owhaled.get("http://evil.example/v1/health").code == "host_not_allowed"


def test_an_unknown_path_names_the_nearest(owhaled):
    answer = owhaled.get("/v1/helth")
    assert answer.code == "not_found" and "/v1/health" in answer.text


def test_another_method_is_405_and_says_which(owhaled):
    for method in ("TRACE", "PUT", "PATCH", "OPTIONS"):
        answer = owhaled.ask(method, "/v1/runs")
        assert answer.code == "method_not_allowed"
        assert set(answer.headers["allow"].split(", ")) == {"GET", "POST"}


def test_a_body_over_one_mebibyte_is_refused(owhaled):
    answer = owhaled.ask("POST", "/v1/runs", b'{"script":"' + b"x" * (1 << 20) + b'"}')
    assert answer.status == 413 and answer.code == "body_too_large"
    with owhaled.connect() as connection:  # and in chunks, whose sum nobody announced
        connection.send(b"POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(20):
            connection.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        assert connection.response().code == "body_too_large"


def test_a_head_over_16_kib_is_refused(owhaled):
    assert owhaled.get("/v1/health", headers={"X": "x" * 20000}).status == 431
    assert owhaled.get("/v1/health?x=" + "x" * 20000).status == 431


def test_curl_posts_a_form_content_type_and_is_understood(owhaled):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert owhaled.ask("POST", "/v1/runs", b'{"argv":["true"],"wait":true}', form).status == 200
    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    assert owhaled.ask("POST", "/v1/runs", b"{}", multipart).code == "bad_request"


def test_half_open_connections_hold_up_nobody(owhaled):
    """Heads and bodies that never end: everyone else is answered, and they get a 408 or a 400 in the end."""
    halves, first = [], time.monotonic()
    for _ in range(100):
        halves.append(owhaled.connect().send(b"GET /v1/hea"))
        halves.append(owhaled.connect().send(b"POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"))
    begun = time.monotonic()
    assert owhaled.get("/v1/health").status == 200
    assert time.monotonic() - begun < 5
    late = halves[0].response()
    assert late.status == 408 and 8 < time.monotonic() - first < 30
    for half in halves:
        half.close()


def test_a_half_closed_client_still_gets_its_answer(owhaled):
    with owhaled.connect() as connection:
        connection.send(HEALTH)
        connection.socket.shutdown(socket.SHUT_WR)
        assert connection.response().status == 200
        assert connection.ended()


def test_a_thousand_idle_clients(owhaled, uid):
    """They cost little memory, the others are answered, and when they go nothing of them stays."""
    before, descriptors = owhaled.memory(), owhaled.descriptors()
    clients = [owhaled.connect(uid) for _ in range(1000)]
    for one in clients:
        assert one.ask("GET", "/v1/health").status == 200
    each = (owhaled.memory() - before) / len(clients)
    print(f"bytes per idle client: {each:.0f}")
    assert each < 16384
    begun = time.monotonic()
    assert owhaled.get("/v1/health").status == 200
    assert time.monotonic() - begun < 5
    for one in clients:
        one.close()
    end = time.monotonic() + 20
    while owhaled.descriptors() > descriptors + 5:
        assert time.monotonic() < end, "descriptors of clients that went are still open"
        time.sleep(0.05)


@pytest.mark.parametrize("files", [1024, 256])
def test_few_descriptors_bound_connections_and_end_nothing(own, uid, files):
    """Where owhaled may open few files, a flood of connections is refused; the runs and the others go on."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    one = own()
    one.limits = {resource.RLIMIT_NOFILE: (files, files if files < 1024 else most[1])}
    one.start()
    run = one.begun(uid, argv=["sleep", "60"])
    held, refused = [], 0
    for _ in range(1200):
        held.append(one.connect(uid))
        try:
            refused += held[-1].ask("GET", "/v1/health").status == 503
        except ConnectionError:
            refused += 1
    assert refused >= 100
    for connection in held:
        connection.close()
    end = time.monotonic() + 20
    while one.get("/v1/health").status != 200:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert one.state_of(run, uid) == "running"
    assert one.ran(uid, argv=["/bin/true"])["exit_code"] == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="acting as another user needs root")
def test_one_user_cannot_take_all_connections(own, alice, bob):
    own = own("--max-connections-per-uid", "10").start()
    held = [own.connect(alice) for _ in range(10)]
    assert all(one.ask("GET", "/v1/health").status == 200 for one in held)
    with own.connect(alice) as over:
        assert over.response().code == "busy"
        assert over.ended()
    assert own.get("/v1/health", uid=bob).status == 200
    held.pop().close()
    end = time.monotonic() + 20
    while own.get("/v1/health", uid=alice).status != 200:
        assert time.monotonic() < end
    for one in held:
        one.close()
