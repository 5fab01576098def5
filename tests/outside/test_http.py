"""Plain HTTP through owhaled: what arrives is one request that owhaled understood, for the host that was allowed."""

import re

import pytest

import stage

HOST, EVIL = "tape.outside.test", "evil.outside.test"
VECTORS = re.findall(r'^    "([^"]+)": ', (__import__("cage").HERE / "attackers/smuggle.py").read_text(), re.M)
FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?[^\r\n\0]*")


def requests(tape):
    """The (method, target, fields) of a connection, read with no patience for anything that two could read differently."""
    found = []
    while tape:
        head, end, rest = tape.partition(b"\r\n\r\n")
        assert end, f"half a request: {tape!r}"
        first, *lines = head.split(b"\r\n")
        method, target, version = first.split(b" ")
        assert re.fullmatch(rb"[A-Za-z]+", method) and version in (b"HTTP/1.1", b"HTTP/1.0") and re.fullmatch(rb"[!-~]+", target), first
        for line in lines:
            assert FIELD.fullmatch(line), line
        fields = [(name.lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
        named = dict(fields)
        for once in (b"host", b"content-length", b"transfer-encoding"):
            assert len([1 for name, _ in fields if name == once]) <= 1, f"{once} twice: {head!r}"
        assert not (b"content-length" in named and b"transfer-encoding" in named), head
        assert named[b"host"] in (HOST.encode(), HOST.encode() + b":80"), head
        if b"transfer-encoding" in named:
            assert named[b"transfer-encoding"] == b"chunked", head
            rest = past_chunks(rest)
        else:
            size = named.get(b"content-length", b"0")
            assert re.fullmatch(rb"\d{1,19}", size), size
            rest = rest[int(size):]
        found.append((method.decode(), target.decode(), named))
        tape = rest
    return found


def past_chunks(rest):
    while True:
        line, end, rest = rest.partition(b"\r\n")
        if not end:
            return b""  # the client went before the end
        assert re.fullmatch(rb"[0-9a-fA-F]{1,16}", line), line
        size = int(line, 16)
        if size == 0:
            assert rest.startswith(b"\r\n"), f"a trailer: {rest!r}"
            return rest[2:]
        assert rest[size:size + 2] in (b"\r\n", b""), rest[:200]
        rest = rest[size + 2:]


GROUPS = 6


@pytest.mark.parametrize("group", range(GROUPS))
def test_smuggling(cage, world, group):
    """Whatever is sent, the server reads whole requests for its own name, and none that was hidden in another."""
    names = VECTORS[group::GROUPS]
    assert len(VECTORS) > 50
    done = cage.attack("smuggle", HOST, EVIL, *names, hosts=[f"{HOST}:80"])
    said = done.said()
    assert len(said) == 2 * len(names), done
    world.untouched()
    for tape in world.tape.bytes():
        for method, target, fields in requests(tape):
            assert target == "/first" or (method, target) == ("OPTIONS", "*"), tape[:2000]
            assert b"x-smuggled" not in fields and b"http2-settings" not in fields and fields.get(b"upgrade") != b"h2c", tape


def test_refusals_are_answers(cage):
    """A program that speaks HTTP is told in HTTP; browsers and people read why."""
    done = cage.bash("curl -s -i --max-time 5 http://evil.outside.test/x", hosts=[f"{HOST}:80"])
    assert done.out.startswith("HTTP/1.1 403 ") and "application/problem+json" in done.out and "host_denied" in done.out, done
    assert "evil.outside.test" in done.out


def test_connect_refusals_are_answers(cage):
    done = cage.bash("curl -s -o /dev/null -w '%{http_connect}' --max-time 5 https://evil.outside.test/x || true", hosts=[f"{HOST}:80"])
    assert done.out == "403", done


@pytest.mark.parametrize("where", [f"http://{stage.METADATA}/latest/meta-data", "http://127.0.0.1/x", f"http://{stage.PRIVATE}/",
                                   "http://evil.outside.test/", "http://loop.outside.test/", f"http://[{stage.STRANGER6}]/"])
@pytest.mark.parametrize("proxy", [True, False], ids=["proxy", "transparent"])
def test_redirect_inwards(cage, world, where, proxy):
    """An allowed host sends the client somewhere else: that is a request of its own."""
    done = cage.bash(f"curl -sS -L -g --max-time 5 --fail 'http://odd.outside.test/redirect?to={where}'", hosts=["odd.outside.test:80"],
                     proxy=proxy)
    assert "canary" not in done.out and done.code != 0, done
    world.untouched()
    assert len(world.odd.record.all()) == 1, done


def test_methods_and_paths_of_plain_http(cage, world):
    """A rule with methods and paths is held to them, however the path is written."""
    rule = {"host": "odd.outside.test", "ports": [80], "methods": ["GET"], "paths": ["/open"]}
    allowed = ["/open", "/open/x", "/open?x=/closed"]
    refused = ["/closed", "/opener", "/open/../closed", "/open/%2e%2e/closed", "/open/..%2fclosed", "/open%2f..%2fclosed", "//open/../closed",
               "/open\\..\\closed", "/%6fpen/../closed", "/open/%00", "/open/..;/closed"]
    lines = [f"curl -s -o /dev/null -w '%{{http_code}} {path}\\n' --path-as-is -g --max-time 5 'http://odd.outside.test{path}' || true"
             for path in allowed + refused]
    lines.append("curl -s -o /dev/null -w '%{http_code} POST\\n' --max-time 5 -d x http://odd.outside.test/open || true")
    done = cage.bash("\n".join(lines), hosts=[rule], inspect=True)
    codes = {path: code for code, _, path in (line.partition(" ") for line in done.out.splitlines())}
    assert {codes[path] for path in allowed} == {"200"}, done
    assert [path for path in refused + ["POST"] if codes[path].startswith("2")] == [], done
    assert all(one["path"].startswith("/open") and ".." not in one["path"] for one in world.odd.record.all())


def test_methods_need_to_be_seen(cage):
    """Inside a TLS that is passed through nobody sees a method: such a rule does not open the host."""
    rule = {"host": "odd.outside.test", "ports": [443], "methods": ["GET"]}
    answer = cage.person.ask("POST", "/v1/runs", {"wait": True, **cage.request(["curl", "-s", "--max-time", "5", "https://odd.outside.test/ok"],
                                                                                hosts=[rule])})
    assert answer.status in (400, 422) and "inspect" in answer.text, answer


def test_slow_loris(cage, world):
    """Connections that never finish their head are ended, and hold nothing up meanwhile."""
    cage.put("loris.py", """
import socket, time, urllib.request
held = [socket.create_connection(("127.0.0.1", 3128)) for _ in range(100)]
for one in held: one.sendall(b"GET http://odd.outside.test/ok HTTP/1.1\\r\\nX: ")
began = time.monotonic()
print(urllib.request.urlopen("http://odd.outside.test/ok", timeout=10).read().decode(), time.monotonic() - began < 8)
""")
    done = cage.run("python3", "loris.py", hosts=["odd.outside.test:80"])
    assert "all well" in done.out and "True" in done.out, done
    assert len(world.odd.record.all()) == 1


def test_keep_alive_changes_its_mind(cage, world):
    """On a connection that was opened for one host, another is judged as if it had come first."""
    cage.put("turn.py", """
import socket
from common import PROXY, talk, tell
said = []
with socket.create_connection(PROXY, 5) as s:
    for host in ("odd.outside.test", "evil.outside.test", "odd.outside.test"):
        said.append(talk(s, f"GET http://{host}/ok HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n".encode(), 3)[:12])
tell(said)
""")
    from cage import HERE
    cage.put("common.py", (HERE / "attackers/common.py").read_text())
    done = cage.run("python3", "turn.py", hosts=["odd.outside.test:80"])
    assert done.said()[0] == "HTTP/1.1 200" and "200" not in done.said()[1], done
    world.untouched()


def test_odd_responses(cage):
    """Answers that two could read differently reach no client as they are."""
    done = cage.bash("for p in split two-lengths; do curl -s -i --max-time 5 http://odd.outside.test/$p || echo refused; done",
                     hosts=["odd.outside.test:80"])
    assert "X-B: 2" not in done.out and "X-A: 1\rX" not in done.out and "HTTP/1.1 200 OK\r\nContent-Length: 1" not in done.out, done


def test_hop_by_hop_stays(cage, world):
    done = cage.bash("curl -s --max-time 5 -H 'Proxy-Authorization: Basic eDp5' -H 'Connection: x-hop' -H 'X-Hop: 1' -H 'TE: trailers' "
                     "-H 'Proxy-Connection: keep-alive' http://odd.outside.test/echo", hosts=["odd.outside.test:80"])
    assert done.code == 0, done
    names = {name for name, _ in world.odd.record.all()[0]["headers"]}
    assert not names & {"proxy-authorization", "x-hop", "proxy-connection", "te", "via", "x-forwarded-for", "forwarded"}, names
