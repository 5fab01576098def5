"""Runs that speak to owhaled: by a listener of their own, or over TCP on the host's network. Each is known as the run that
it is, whatever it shows, and what it starts is no wider than itself."""

import json
import os
import shlex
import socket
import subprocess
import time

from daemon import Daemon
from people import Root, make_file

GROUP = "runs that ask"
OWN = "/run/owhaled/owhaled.sock"


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def folder_of(person, name):
    return os.path.dirname(make_file(f"{person.home}/{name}/here", person))


def ask_inside(body, path="/v1/runs"):
    """A shell command that asks by the run's own listener; its answer is one line of JSON."""
    words = ["curl", "-s", "-m", "20", "--unix-socket", OWN, f"http://localhost{path}"]
    if body is not None:
        words += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    return shlex.join(words) + "; echo"


def answers(run):
    """The lines of JSON that a run printed."""
    lines = []
    for line in (run.get("stdout") or "").splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            lines.append({"not json": line})
    return lines


def own_listener(report, daemon, person):
    place = folder_of(person, "asks")
    script = ask_inside(None, "/v1/whoami") + "; " + ask_inside(None, "/v1/health")
    run = daemon.run(person, script, place, profile="agent")
    told = (answers(run) + [{}])[0]
    report.check(GROUP, "by its own listener it is itself", told.get("principal") == f"run:{run.get('id')}", str(run)[:900])
    sockets = (run.get("receipt") or {}).get("sockets") or []
    report.check(GROUP, "its receipt says so", any(OWN in line for line in sockets), str(sockets))
    for path in ("/v1/status", "/v1/users", "/v1/audit", "/v1/config", "/v1/sessions", "/v1/tokens", "/v1/boxes"):
        run = daemon.run(person, ask_inside(None, path), place, profile="agent")
        told = (answers(run) + [{}])[0]
        report.check(GROUP, f"nothing else: {path}", told.get("status") in (401, 403, 404), str(told)[:300])
    plain = daemon.run(person, f"ls {OWN}", place)
    report.check(GROUP, "without the profile there is no listener", plain.get("exit_code") != 0, str(plain)[:300])


# (name, the request's members, the code of the refusal)
WIDER = [
    ("a system folder", {"cwd": "/etc"}, "forbidden"),
    ("the home", {"cwd": "{home}"}, "forbidden"),
    ("the folder above", {"cwd": "{place}/.."}, "forbidden"),
    ("a folder beside", {"cwd": "{beside}"}, "forbidden"),
    ("a workspace beside", {"workspace": "{beside}"}, "forbidden"),
    ("a folder beside, by a link of its own", {"cwd": "{place}/link"}, "forbidden"),
    ("nothing at all, by a link of its own", {"cwd": "{place}/dangling"}, "forbidden"),
    ("another profile", {"profile": "default"}, "forbidden"),
    ("a profile that is not there", {"profile": "none"}, "forbidden"),
    ("the host's network", {"net": "host"}, "net_host_denied"),
    ("another user", {"run_as": "nobody"}, "forbidden"),
    ("more memory", {"limits": {"memory": 1 << 40}}, "limit_over_ceiling"),
    ("more processes", {"limits": {"pids": 101}}, "limit_over_ceiling"),
    ("more time", {"timeout_ms": 3600000}, "limit_over_ceiling"),
]


def narrower_runs(report, daemon, person):
    place, beside = folder_of(person, "asks"), folder_of(person, "beside")
    make_file(f"{beside}/secret", person, "the-secret\n", 0o600)
    for name, target in (("link", beside), ("dangling", "/nonexistent/x")):
        if not os.path.lexists(f"{place}/{name}"):
            os.symlink(target, f"{place}/{name}")
    script = "".join(ask_inside({"script": "id -u; pwd", "wait": True} | fill(more, place, beside, person)) + "; "
                     for _, more, _ in WIDER)
    run = daemon.run(person, script, place, profile="agent", limits={"pids": 100}, timeout_ms=60000)
    told = answers(run)
    for index, (name, _, code) in enumerate(WIDER):
        answer = told[index] if index < len(told) else run
        report.check(GROUP, f"wider: {name}", answer.get("code") == code, str(answer)[:400])
    said = [json.dumps(told[i]) for i, row in enumerate(WIDER) if "link of its own" in row[0] and i < len(told)]
    report.check(GROUP, "a link tells nothing of where it leads", len(said) == 2 and said[0] == said[1], str(said))
    child = {"script": f"echo child > made; cat {beside}/secret; ls {OWN}; touch .git/config; id -u", "wait": True}
    narrow = {"script": "touch made-too", "profile": "readonly", "wait": True}
    make_file(f"{place}/.git/config", person, "[core]\n")
    make_file(f"{place}/.git/HEAD", person, "ref: refs/heads/main\n")
    run = daemon.run(person, ask_inside(child) + "; " + ask_inside(narrow), place, profile="agent")
    first, second = (answers(run) + [{}, {}])[:2]
    report.check(GROUP, "control: a run of a run works in its workspace",
                 os.path.exists(f"{place}/made") and str(person.uid) in str(first.get("stdout")), str(first)[:600])
    report.check(GROUP, "it belongs to the run", first.get("principal") == f"run:{run.get('id')}", str(first)[:300])
    report.check(GROUP, "it sees nothing beside", "the-secret" not in str(first.get("stdout")), str(first)[:600])
    report.check(GROUP, "it has no listener", "cannot access" in str(first.get("stderr")), str(first.get("stderr")))
    report.check(GROUP, "what is protected stays so", "Read-only" in str(first.get("stderr")), str(first.get("stderr")))
    report.check(GROUP, "readonly is narrower", second.get("exit_code") not in (0, None) and
                 not os.path.exists(f"{place}/made-too"), str(second)[:300])


def programs_elsewhere(report, daemon, person):
    """What it does not see is as what does not exist: the same words, whatever stands there."""
    place = folder_of(person, "asks")
    for name, mode in (("seen", 0o755), ("closed", 0o600)):
        make_file(f"{person.home}/hidden-programs/{name}", person, "#!/bin/sh\n", mode)
    away = [f"{person.home}/hidden-programs/seen", f"{person.home}/hidden-programs/closed", "/proc/1/exe", "/proc/self/exe",
            "/sys/kernel", "/root/x", "/dev/null"]
    for index, target in enumerate(away):
        if not os.path.lexists(f"{place}/away{index}"):
            os.symlink(target, f"{place}/away{index}")
    make_file(f"{place}/plain", person, "#!/bin/sh\necho ran\n", 0o755)
    make_file(f"{place}/closed", person, "", 0o600)
    names = away + [f"./away{index}" for index in range(len(away))] + ["../hidden-programs/seen", "/nonexistent/x", "./nonexistent"]
    script = "; ".join(ask_inside({"argv": [name], "wait": True}) for name in names + ["./plain", "./closed", "true"])
    run = daemon.run(person, script, place, profile="agent", timeout_ms=60000)
    told = answers(run)
    for index, name in enumerate(names):
        answer = told[index] if index < len(told) else run
        words = str(answer.get("error")).replace(name, "NAME")
        same = (answer.get("exit_code"), answer.get("code")) == (127, "program_not_found") and "is there" not in words
        report.check(GROUP, f"a program that it does not see: {name}", same and "permission" not in words, str(answer)[:400])
        report.check(GROUP, f"nothing of it in the receipt: {name}", "digest" not in str(answer.get("receipt", {}).get("program", "")) and
                     not (answer.get("receipt") or {}).get("program_digest"), str(answer)[:400])
    plain, closed, system = (told[len(names):] + [{}, {}, {}])[:3]
    report.check(GROUP, "control: a program in its workspace", plain.get("stdout") == "ran\n", str(plain)[:300])
    report.check(GROUP, "control: one that is not executable", closed.get("exit_code") == 126, str(closed)[:300])
    report.check(GROUP, "control: one of the system's", system.get("exit_code") == 0, str(system)[:300])


def below_a_repository(report, daemon, person):
    """The run's workspace is a named folder of a repository, whose top it does not see."""
    top = folder_of(person, "asks-repository")
    sub = os.path.dirname(make_file(f"{top}/sub/here", person))
    make_file(f"{top}/.git/HEAD", person, "ref: refs/heads/main\n")
    script = ask_inside({"script": "touch made; ls ..", "wait": True}) + "; " + ask_inside({"script": "true", "cwd": top})
    run = daemon.run(person, script, sub, profile="agent", workspace=sub)
    first, second = (answers(run) + [{}, {}])[:2]
    report.check(GROUP, "a run below a repository's top starts runs where it is", first.get("workspace") == sub and
                 os.path.exists(f"{sub}/made") and ".git" not in str(first.get("stdout")), str(first)[:500])
    report.check(GROUP, "and none at the top", second.get("code") == "forbidden", str(second)[:300])


def fill(members, place, beside, person):
    text = json.dumps(members)
    for name, value in (("place", place), ("beside", beside), ("home", person.home)):
        text = text.replace("{" + name + "}", value)
    return json.loads(text)


def ends_together(report, daemon, person):
    place = folder_of(person, "asks")
    script = ask_inside({"argv": ["sleep", "71.4"], "detach": True}) + "; sleep 60"
    body = {"script": script, "cwd": place, "home": person.home, "profile": "agent", "detach": True}
    status, run = daemon.request("POST", "/v1/runs", body, 30, person)
    report.check(GROUP, "control: a run that asks starts", status == 201, str(run)[:300])
    wait_until(lambda: sleeping(person))
    report.check(GROUP, "control: its run runs", sleeping(person))
    daemon.request("POST", f"/v1/runs/{run['id']}/kill", {"grace_ms": 0}, 20, person)
    report.check(GROUP, "its run ends with it", wait_until(lambda: not sleeping(person)))
    # Detached by a command that ends at once.
    run = daemon.run(person, ask_inside({"argv": ["sleep", "71.4"], "detach": True}), place, profile="agent")
    made = (answers(run) + [{}])[0]
    report.check(GROUP, "control: it was made", "id" in made, str(made)[:300])
    report.check(GROUP, "detached, it ends with it all the same", wait_until(lambda: not sleeping(person)))
    child = daemon.run(person, ask_inside({"script": "printf '%0100000d' 0", "wait": True}), place, profile="agent")
    made = (answers(child) + [{}])[0]
    kept = os.path.join(daemon.state, "runs", made.get("id", "none"))
    report.check(GROUP, "what its runs wrote is kept no longer than it", made.get("stdout_length") == 100000 and
                 wait_until(lambda: not os.path.exists(kept)), str(made)[:300])


def sleeping(person):
    return subprocess.run(["pgrep", "-u", str(person.uid), "-f", "^sleep 71.4"], stdout=subprocess.DEVNULL,
                          check=False).returncode == 0


def wait_until(true, patience=30):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return False


def over_tcp(report, daemon, person, port):
    place = folder_of(person, "asks")
    url = f"http://127.0.0.1:{port}/v1/whoami"
    half = ("python3 -c 'import socket; s = socket.create_connection((\"127.0.0.1\", %d)); "
            "s.sendall(b\"GET /v1/whoami HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n\"); s.shutdown(1); "
            "print(s.recv(9999).decode().split(\"\\r\\n\\r\\n\")[1])'" % port)
    for profile in ("default", "agent"):
        run = daemon.run(person, f"curl -s -m 5 {url}; echo; {half}", place, profile=profile, net="host")
        mine = f"run:{run.get('id')}"
        told = answers(run)
        report.check(GROUP, f"over TCP it is itself ({profile})",
                     len(told) == 2 and all(answer.get("principal") == mine for answer in told), str(run)[:600])
        token = daemon.run(person, f"curl -s -m 5 -H 'Authorization: Bearer a.b.c' {url}", place, profile=profile, net="host")
        told = (answers(token) + [{}])[0]
        report.check(GROUP, f"a token makes it nobody else ({profile})",
                     told.get("status") in (400, 401, 403) or told.get("principal") == f"run:{token.get('id')}", str(told)[:300])
    body = {"argv": ["sleep", "60"], "cwd": place, "home": person.home, "net": "host", "detach": True}
    live = daemon.request("POST", "/v1/runs", body, 30, person)[1]
    entered = daemon.request("POST", f"/v1/runs/{live['id']}/exec", {"argv": ["curl", "-s", "-m", "5", url], "wait": True},
                             30, person)[1]
    told = (answers(entered) + [{}])[0]
    report.check(GROUP, "what entered it is the run too", told.get("principal") == f"run:{live['id']}", str(entered)[:600])
    outside = subprocess.run(["curl", "-s", "-m", "5", url], capture_output=True, text=True, check=False).stdout
    report.check(GROUP, "control: who is outside is not", "run:" not in outside and "principal" in outside, outside[:300])
    own = daemon.run(person, f"curl -s -m 5 {url} || echo unreachable", place)
    report.check(GROUP, "control: a run without the host's network does not come through", "unreachable" in str(own.get("stdout")),
                 str(own)[:300])
    asked = daemon.run(person, "curl -s -m 5 -H 'Content-Type: application/json' -d '{\"argv\":[\"true\"],\"wait\":true}' "
                       f"http://127.0.0.1:{port}/v1/runs", place, net="host")
    told = (answers(asked) + [{}])[0]
    report.check(GROUP, "without the profile it may start nothing", told.get("status") == 403, str(told)[:300])


def limits_together(report, daemon, person):
    """Without cgroups too, what its runs take counts as what it takes."""
    place = folder_of(person, "asks")
    child = {"script": "for i in $(seq 40); do sleep 77.7 & done; wait", "detach": True, "limits": {"pids": 60}}
    script = ask_inside(child) + "; " + ask_inside(child) + "; sleep 20"
    run = daemon.run(person, script, place, profile="agent", limits={"pids": 60}, timeout_ms=30000)
    report.check(GROUP, "two runs of a run are held to its one limit", run.get("limit") == "pids", str(run)[:500])
    alone = daemon.run(person, ask_inside(child) + "; sleep 2", place, profile="agent", limits={"pids": 60}, timeout_ms=30000)
    report.check(GROUP, "control: one of them is within it", alone.get("exit_code") == 0, str(alone)[:500])


def play_rootless(report, person):
    daemon = Daemon(person).start()
    try:
        limits_together(report, daemon, person)
        own_listener(report, daemon, person)
        narrower_runs(report, daemon, person)
        programs_elsewhere(report, daemon, person)
        ends_together(report, daemon, person)
    finally:
        daemon.remove()


def play(report, person):
    play_rootless(report, person)
    port = free_port()
    daemon = Daemon(Root(), tcp=f"127.0.0.1:{port}")
    with open(os.path.join(daemon.folder, "spawner.conf"), "w", encoding="utf-8") as file:
        file.write(f"net-host {person.uid}\n")
    daemon.start()
    try:
        own_listener(report, daemon, person)
        narrower_runs(report, daemon, person)
        programs_elsewhere(report, daemon, person)
        below_a_repository(report, daemon, person)
        ends_together(report, daemon, person)
        over_tcp(report, daemon, person, port)
    finally:
        daemon.remove()
