"""The clients that people and agents use, against real servers: what is allowed works, with the proxy's variables and without."""

import pytest

import cage as cages
import stage

URL = "https://web.outside.test/a/b.txt"
URLLIB = f"import urllib.request as u; print(u.urlopen('{URL}', timeout=20).read().decode())"
FETCH = f"fetch('{URL}').then(r => r.text()).then(t => console.log(t), e => {{ console.error(e); process.exit(1) }})"
CARGO = """
mkdir -p c/src c/.cargo; cd c
printf '[package]\\nname="c"\\nversion="0.1.0"\\nedition="2021"\\n[dependencies]\\nhello={version="1",registry="outside"}\\n' >Cargo.toml
printf '[registries.outside]\\nindex="sparse+https://crates.outside.test/index/"\\n' >.cargo/config.toml
touch src/lib.rs
RUSTC_BOOTSTRAP=1 cargo -Z sparse-registry fetch
cat $HOME/.cargo/registry/src/*/hello-1.0.0/src/lib.rs
"""
GO = """
export GOPROXY=https://go.outside.test GOSUMDB=off GOFLAGS=-mod=mod
mkdir g; cd g; go mod init x
go get outside.test/hello@v1.0.0
go mod download
cat $(go list -m -f '{{.Dir}}' outside.test/hello)/hello.go
"""
PUSH = """
git clone -q https://git.outside.test/repo.git r; cd r
git config user.email a@outside.test; git config user.name A
echo more >more; git add more; git commit -qm more; git push -q origin HEAD:refs/heads/BRANCH; cat README
"""
CLIENTS = {  # the hosts that it needs, a script, what it prints
    "curl": ("web", f"curl -sS --fail {URL}", "a file"),
    "curl, plain": ("web:80", "curl -sS --fail http://web.outside.test/a/b.txt", "a file"),
    "wget": ("web", f"wget -qO- {URL}", "a file"),
    "git": ("git", PUSH, "hello from git"),
    "npm": ("npm", "npm install --no-audit --no-fund --no-update-notifier --registry https://npm.outside.test/ hello\n"
                   "node -p 'require(\"hello\")'", "hello from npm"),
    "pip": ("pypi", "python3 -m pip install -q --no-cache-dir --disable-pip-version-check --index-url https://pypi.outside.test/simple "
                    "--target p hello\nPYTHONPATH=p python3 -c 'import hello; print(hello.words)'", "hello from pip"),
    "urllib": ("web", f'python3 -c "{URLLIB}"', "a file"),
    "requests": ("web", f"python3 -c \"import requests; print(requests.get('{URL}', timeout=20).text)\"", "a file"),
    "node fetch": ("web", f'node -e "{FETCH}"', "a file"),
    "go": ("go", GO, "hello from go"),
    "cargo": ("crates", CARGO, "hello from cargo"),
    "several, one after the other": ("web", f"for i in 1 2 3; do curl -sS --fail {URL}; done", "a file"),
}
WAYS = {"by proxy": True, "transparent": False}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("client", CLIENTS)
def test_allowed(cage, world, client, way):
    short, script, wanted = CLIENTS[client]
    short, _, port = short.partition(":")
    host = stage.name(short)
    done = cage.bash(script.replace("BRANCH", way.replace(" ", "-")), hosts=[f"{host}:{port or 443}"], proxy=WAYS[way])
    assert done.code == 0 and wanted in done.out, done
    rows = done.tried(host, verdict="allow")
    assert rows and not [row for row in done.tries if row["verdict"] == "deny" and row["host"] == host], done
    row = max(rows, key=lambda one: one["down"])
    assert row["port"] == int(port or 443) and row["up"] > 0 and row["down"] > len(wanted) and row["count"] >= 1, done
    assert row["address"] == stage.STATIC and done.network["down"] >= row["down"], done
    # What the server saw is what the client meant: untouched TLS with the name in it.
    assert any(line.startswith(f"{host} {'http' if port else 'https'} ") for line in world.static.requests())


# Where programs look for a proxy, they get one; without they reach the host as if there were a network.
UNLISTED = {
    "curl": "curl -sS --max-time 20 --fail https://evil.outside.test/",
    "curl, plain": "curl -sS --max-time 20 --fail http://evil.outside.test/",
    "curl, socks": "curl -sS --max-time 20 --fail --proxy socks5h://127.0.0.1:3128 https://evil.outside.test/",
    "wget": "wget -q -T 10 -t 1 -O- https://evil.outside.test/",
    "git": "git clone -q https://evil.outside.test/repo.git e",
    "git over ssh": "GIT_SSH_COMMAND='ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o ConnectTimeout=5' git clone -q root@evil.outside.test:repo.git e",
    "pip": "python3 -m pip download --no-cache-dir --disable-pip-version-check --retries 0 --timeout 5 --index-url https://evil.outside.test/simple hello",
    "npm": "npm install --no-audit --no-fund --fetch-retries=0 --registry https://evil.outside.test/ hello",
    "urllib": "python3 -c \"import urllib.request as u; u.urlopen('https://evil.outside.test/', timeout=10)\"",
    "node fetch": "node -e \"fetch('https://evil.outside.test/').catch(() => process.exit(1))\"",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("client", UNLISTED)
def test_unlisted(cage, world, client, way):
    done = cage.bash(UNLISTED[client], hosts=["web.outside.test:443"], proxy=WAYS[way])
    assert done.code not in (0, None), done
    world.untouched()
    assert not world.dns.asked("evil"), "its name is nobody's business"
    assert done.tried("evil.outside.test", verdict="deny") and not done.tried("evil.outside.test", verdict="allow"), done
    [line] = done.warned("evil.outside.test")[:1] or [""]
    assert line, f"owhaled says nothing on stderr: {done}"
    assert "--allow-host" in done.err or "hosts allow" in done.err, done


def test_line_once_a_host(cage):
    done = cage.bash("for i in 1 2 3 4 5; do curl -s --max-time 5 https://evil.outside.test/ || true; done", hosts=["web.outside.test"])
    assert len(done.warned("evil.outside.test")) == 1, done
    assert sum(row["count"] for row in done.tried("evil.outside.test", verdict="deny")) >= 5, done


@pytest.mark.parametrize("way", WAYS)
def test_wildcards_and_ports(cage, world, way):
    """A wildcard is of the labels before it, a rule's ports are the only ones."""
    script = """
for url in https://web.outside.test/ http://odd.outside.test:8080/ok; do curl -sS --max-time 10 --fail $url >/dev/null && echo yes $url; done || true
for url in http://odd.outside.test/ok https://outside.test/ https://notoutside.test/; do curl -s --max-time 10 --fail $url >/dev/null && echo no $url; done || true
"""
    done = cage.bash(script, hosts=["*.outside.test:443,8080"], proxy=WAYS[way])
    assert done.out.count("yes") == 2 and "no" not in done.out.split(), done
    assert not world.odd.requests(peer="x") and len(world.odd.record.all()) == 1, done


def test_ssh_and_git_over_ssh(cage, world):
    key = cage.put("key", world.ssh.key.read_text())
    key.chmod(0o600)
    cage.put("known", world.ssh.known_hosts("ssh.outside.test"))
    options = "-F none -i ./key -o UserKnownHostsFile=./known -o BatchMode=yes -o IdentitiesOnly=yes"
    script = f"ssh {options} {world.ssh.user}@ssh.outside.test echo in\n" \
             f"GIT_SSH_COMMAND='ssh {options}' git clone -q ssh://{world.ssh.user}@ssh.outside.test{world.static.repository} s; cat s/README"
    done = cage.bash(script, hosts=["ssh.outside.test:22"], proxy=False)
    assert done.code == 0 and "in\n" in done.out and "hello from git" in done.out, done
    [row] = done.tried("ssh.outside.test")
    assert row["verdict"] == "allow" and row["port"] == 22 and row["down"] > 1000, done


def test_a_server_that_speaks_first(cage):
    read = "import socket; s = socket.create_connection(('echo.outside.test', 25), 10); print(s.recv(100).decode()); s.sendall(b'abc'); print(s.recv(9))"
    done = cage.run("python3", "-c", read, hosts=["echo.outside.test:25"], proxy=False)
    assert "220 speaks first" in done.out and "b'abc'" in done.out, done


def test_a_host_with_an_ipv6_address_alone(cage, world):
    done = cage.bash("curl -sS --fail --max-time 10 https://six.outside.test/ok", hosts=["six.outside.test:443"], proxy=False)
    assert "all well" in done.out and len(world.odd6.record.all()) == 1, done


def test_half_closed_and_large(cage, world):
    """Bytes in both directions stay in order to the last one, and are counted."""
    script = """
import hashlib, os, socket, threading
data = os.urandom(8 << 20)
s = socket.create_connection(('echo.outside.test', 9000), 20)
got = hashlib.sha256(); n = 0
threading.Thread(target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR))).start()
while part := s.recv(1 << 18):
    got.update(part); n += len(part)
print(n, got.hexdigest() == hashlib.sha256(data).hexdigest())
"""
    cage.put("large.py", script)
    done = cage.run("python3", "large.py", hosts=["echo.outside.test:9000"], proxy=False)
    assert done.out.split() == [str(8 << 20), "True"], done
    [row] = done.tried("echo.outside.test")
    assert row["up"] == row["down"] == 8 << 20 and row["count"] == 1, done


def test_events_come_as_they_are_sent(cage):
    """A stream of events is not held back until its end."""
    script = "import time, urllib.request as u\nfor line in u.urlopen('http://odd.outside.test/events', timeout=10):\n" \
             "    if line.strip(): print(line.decode().split()[2], time.monotonic())"
    cage.put("events.py", script)
    done = cage.run("python3", "events.py", hosts=["odd.outside.test:80"])
    late = [float(got) - float(sent) for sent, got in (line.split() for line in done.out.splitlines())]
    assert len(late) == 5 and max(late) < 0.5, done


def test_no_network_of_its_own_stays_none(cage, world):
    done = cage.bash("curl -sS --max-time 5 https://web.outside.test/ || echo no", net="none", hosts=[], allow_hosts=None)
    assert "no" in done.out and "network" not in done.record, done


def test_variables(cage):
    done = cage.run("env", hosts=["web.outside.test"])
    variables = dict(line.split("=", 1) for line in done.out.splitlines() if "=" in line)
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        assert variables[name] == "http://127.0.0.1:3128", done
    for name in ("all_proxy", "ALL_PROXY"):
        assert variables[name] == "socks5h://127.0.0.1:3128", done
    assert "127.0.0.1" in variables["no_proxy"] and variables["NO_PROXY"] == variables["no_proxy"]
    assert cages.PROXIES
