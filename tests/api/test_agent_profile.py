"""The agent itself inside, with the profile `agent`: what it has of the home, its provider and key; and the runs that it asks for,
which are no wider than itself, spend what it has, and end with it."""

import json
import os
import pathlib
import shlex
import shutil
import time

import pytest

import accounts
import ctl
import daemon
from conftest import ALICE, BOB, needs_root

pytestmark = needs_root

OWN = "/run/owhaled/owhaled.sock"
VALUE = "sk-ant-Zt7Qm2VwXc9LkR4nB8sYd1Hf6Gj3Pa5E"


class Home:
    """A home with an agent's state in it, and a program of its name: what it is told to do, it does in a shell."""

    def __init__(self, base, uid=ALICE, name="claude"):
        self.uid, self.path, self.name = uid, base / f"home{uid}", name
        self.shop = self.path / "shop"
        for folder in (".local/bin", ".claude/projects", ".claude/plugins", ".claude/shell-snapshots", ".ssh", "shop"):
            (self.path / folder).mkdir(parents=True)
        self.write(f".local/bin/{name}", "#!/bin/sh\nexec sh -c \"$1\"\n", 0o755)
        for file, text in ((".claude/settings.json", "{}\n"), (".claude/CLAUDE.md", "be kind\n"), (".claude/plugins/p.js", "\n"),
                           (".claude/.credentials.json", "the-login\n"), (".claude.json", "the-login\n"), (".ssh/id", "the-login\n"),
                           (".claude/history.jsonl", "{}\n"), ("notes", "the-login\n"), (".claude/shell-snapshots/s.sh", "true\n")):
            self.write(file, text)
        for top, folders, files in os.walk(self.path):
            for one in [top, *(os.path.join(top, file) for file in folders + files)]:
                os.chown(one, uid, uid)

    def write(self, file, text, mode=0o600):
        path = self.path / file
        path.write_text(text)
        path.chmod(mode)
        os.chown(path, self.uid, self.uid)

    def makes(self, folder):
        (self.path / folder).mkdir()
        os.chown(self.path / folder, self.uid, self.uid)

    def asks(self, text, **more):
        """The request that runs the agent."""
        return {"argv": [self.name, text], "cwd": str(self.shop), "home": str(self.path), "profile": "agent",
                "path": f"{self.path}/.local/bin:/usr/local/bin:/usr/bin:/bin", **more}

    def does(self, owhaled, text, **more):
        return owhaled.ran(self.uid, **self.asks(text, **more))


@pytest.fixture
def home(base):
    return Home(base)


def inside(method, path, body=None):
    """A shell command that asks by the run's own socket; prints the status and, on the same line, the answer."""
    words = ["curl", "-s", "-m", "30", "-o", "-", "-w", "\n%{http_code}\n", "-X", method, "--unix-socket", OWN, f"http://localhost{path}"]
    if body is not None:
        words += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    return shlex.join(words)


def told(run):
    """The answers of several `inside`s: (status, body)."""
    lines = [line for line in run["stdout"].splitlines() if line]
    return [(int(status), json.loads(body)) for body, status in zip(lines[::2], lines[1::2])]


# --- what it has of the home


def test_its_conversations_come_back_out_and_nothing_else_does(owhaled, home):
    run = home.does(owhaled, "cd ~; echo new > .claude/projects/talk; echo more >> .claude/history.jsonl; "
                    "echo own > .claude/fresh; mkdir -p .claude/hooks; echo evil > .claude/hooks/x; echo made > shop/made")
    assert run["exit_code"] == 0, run
    assert (home.path / ".claude/projects/talk").read_text() == "new\n"
    assert (home.path / ".claude/history.jsonl").read_text() == "{}\nmore\n"
    assert (home.shop / "made").exists()
    assert not (home.path / ".claude/fresh").exists() and not (home.path / ".claude/hooks").exists()
    assert run["receipt"]["agent"] == "claude-code"
    state = run["receipt"]["agent_state"]
    assert f"{home.path}/.claude/projects, writable" in state and f"{home.path}/.claude/settings.json, read-only" in state, state


def test_a_program_that_a_later_agent_would_run_does_not_come_out(owhaled, base):
    home = Home(base, name="gemini")
    (home.path / ".gemini/tmp").mkdir(parents=True)
    for folder in (".gemini", ".gemini/tmp"):
        os.chown(home.path / folder, ALICE, ALICE)
    run = home.does(owhaled, "mkdir -p ~/.gemini/tmp/bin; echo evil > ~/.gemini/tmp/bin/rg; cat ~/.gemini/tmp/bin/rg")
    assert run["receipt"]["agent"] == "gemini-cli" and run["stdout"] == "evil\n", run
    assert os.listdir(home.path / ".gemini/tmp") == []


def test_its_settings_are_read_only_and_logins_are_not_there(owhaled, home):
    run = home.does(owhaled, "cd ~; cat .claude/settings.json .claude/CLAUDE.md; for f in .claude/settings.json .claude/CLAUDE.md "
                    ".claude/plugins/p.js; do echo evil >> $f; rm -f $f; mv $f x; done; ln -s x .claude/plugins/y; "
                    "cat .claude/.credentials.json .claude.json .ssh/id notes .claude/shell-snapshots/s.sh; "
                    "mv .claude .moved; mkdir .claude; echo '{\"hooks\":{}}' > .claude/settings.json")
    assert "{}" in run["stdout"] and "be kind" in run["stdout"] and "the-login" not in run["stdout"], run
    assert (home.path / ".claude/settings.json").read_text() == "{}\n"
    assert (home.path / ".claude/CLAUDE.md").read_text() == "be kind\n"
    assert sorted(os.listdir(home.path / ".claude/plugins")) == ["p.js"]


def test_a_link_is_not_followed_and_another_s_folder_is_not_written(owhaled, home, base):
    (base / "away").mkdir()
    os.chown(base / "away", ALICE, ALICE)
    (home.path / ".claude/projects").rmdir()
    (home.path / ".claude/projects").symlink_to(base / "away")
    (home.path / ".claude/todos").mkdir()  # root's
    run = home.does(owhaled, "touch ~/.claude/projects/x ~/.claude/todos/x; echo done")
    assert os.listdir(base / "away") == [] and os.listdir(home.path / ".claude/todos") == [], run
    assert not any("projects" in line or "todos" in line for line in run["receipt"].get("agent_state", [])), run["receipt"]


def settled(path):
    """Waits until what is there is older than any run that begins from now on."""
    end = time.monotonic() + 60
    while time.time() < path.lstat().st_ctime + 3:
        assert time.monotonic() < end
        time.sleep(0.1)


def test_links_that_it_leaves_in_its_state_are_told(owhaled, home):
    """Through one, a later agent that runs uncaged would write where the caged one could not."""
    projects = home.path / ".claude/projects"
    home.write(".bashrc", "true\n")
    home.makes(".claude/plans")
    (projects / "old.jsonl").symlink_to(home.path / "notes")
    settled(projects / "old.jsonl")
    run = home.does(owhaled, "cd ~/.claude; echo talk > projects/talk.jsonl; ln -s ~/.bashrc projects/s.jsonl; mkdir -p projects/a/b; "
                    "ln -s ~/notes projects/a/b/memory; mkfifo plans/p; ln -s x ~/shop/own; mkfifo ~/shop/f")
    planted = run["receipt"]["planted"]
    assert {f"{projects}/s.jsonl -> {home.path}/.bashrc", f"{projects}/a/b/memory -> {home.path}/notes",
            f"{home.path}/.claude/plans/p (a fifo)"} <= set(planted), run
    assert not any("old" in line or "talk" in line or "/shop/" in line for line in planted), planted
    assert (home.path / ".bashrc").read_text() == "true\n"
    settled(projects / "s.jsonl")
    again = home.does(owhaled, "true")
    assert not again["receipt"].get("planted"), again["receipt"]
    moved = home.does(owhaled, "cd ~/.claude/projects; mv s.jsonl t.jsonl; touch -h -d 2001-01-01 t.jsonl")
    assert moved["receipt"]["planted"] == [f"{projects}/t.jsonl -> {home.path}/.bashrc"], moved["receipt"]


def test_a_link_is_not_hidden_in_a_closed_folder_or_among_many(owhaled, home):
    home.makes(".claude/plans")
    run = home.does(owhaled, "cd ~/.claude/projects; mkdir a; ln -s ~/.bashrc a/s; chmod 300 a")
    assert run["receipt"]["planted"] == [f"{home.path}/.claude/projects (not looked through in full)"], run["receipt"]
    (home.path / ".claude/projects/a").chmod(0o700)
    run = home.does(owhaled, "cd ~/.claude/plans; for i in $(seq 60); do ln -s ~/.bashrc $i; done; chmod 0 .")
    assert f"{home.path}/.claude/plans (not looked through in full)" in run["receipt"]["planted"], run["receipt"]
    (home.path / ".claude/plans").chmod(0o700)
    run = home.does(owhaled, "cd ~/.claude/plans; for i in $(seq 60 120); do ln -sf ~/.bashrc $i; done")
    planted = [line for line in run["receipt"]["planted"] if "/plans" in line]
    assert len(planted) == 49 and planted[-1] == f"{home.path}/.claude/plans (not looked through in full)", planted


def test_of_a_run_whose_client_went_the_receipt_says_that_nobody_looked(owhaled, home):
    run = owhaled.begun(ALICE, **home.asks("ln -s ~/notes ~/.claude/projects/s"))
    owhaled.until(run, ["exited"], uid=ALICE, patience=60)
    receipt = owhaled.get(f"/v1/runs/{run}", uid=ALICE).json()["receipt"]
    assert sum("whether it left links in the agent's state was not checked" in line for line in receipt["weaker"]) == 1, receipt


def test_its_human_is_told_of_a_link_on_stderr(owhaled, home, base):
    person = ctl.Ctl(base, owhaled, ALICE).with_variables(HOME=str(home.path), OWHALE_SOCKET=str(owhaled.socket),
                                                          PATH=f"{home.path}/.local/bin:/usr/bin:/bin")
    done = person("run", "--profile", "agent", "--", "claude", "ln -s ~/.bashrc ~/.claude/projects/s.jsonl", code=None, cwd=home.shop)
    link = f"{home.path}/.claude/projects/s.jsonl -> {home.path}/.bashrc"
    said = [line for line in done.stderr.splitlines() if "left a link in your agent's state" in line]
    assert said == [f"owhalectl: the run left a link in your agent's state: {link}; remove it before you start the agent outside"], done
    assert "outside the cage would run" not in done.stderr, done


@pytest.mark.parametrize("argv", [["./claude"], ["{shop}/claude"], ["sh", "-c", "true", "claude"], ["env", "claude"], ["node", "./claude.js"],
                                  ["python3", "{shop}/claude.py"], ["node", "{shop}/node_modules/@openai/codex/codex.js"]])
def test_a_name_in_the_workspace_is_nobody(owhaled, home, argv):
    for file in ("claude", "claude.js", "claude.py", "node_modules/@openai/codex/codex.js"):
        (home.shop / file).parent.mkdir(parents=True, exist_ok=True)
        home.write(f"shop/{file}", "#!/bin/sh\ncat ~/.claude/settings.json\n", 0o755)
    argv = [word.replace("{shop}", str(home.shop)) for word in argv]
    run = owhaled.ran(ALICE, **{**home.asks(""), "argv": argv})
    assert "agent" not in run["receipt"] and "agent_state" not in run["receipt"], run


def test_a_name_that_an_earlier_run_left_in_the_box_is_nobody(owhaled, home):
    (home.path / ".local/bin/claude").unlink()
    path = f"{home.path}/bin:/usr/bin:/bin"
    owhaled.ran(ALICE, **{**home.asks(""), "script": "mkdir -p ~/bin; cp /bin/ls ~/bin/claude; echo planted", "argv": None})
    run = owhaled.ran(ALICE, **{**home.asks(""), "argv": ["claude", "-A", f"{home.path}/.claude"], "path": path})
    assert run["state"] == "exited" and "settings.json" not in run["stdout"], run
    assert "agent" not in run["receipt"], run


def test_other_profiles_have_nothing_of_it(owhaled, home):
    for profile in ("default", "build", "readonly"):
        run = home.does(owhaled, "ls -A ~/.claude 2>&1", profile=profile)
        assert "projects" not in run["stdout"] and "agent" not in run["receipt"], run


# --- what is asked about


def test_inside_it_is_not_asked_about_and_otherwise_it_is(own, base):
    house = own()
    house.rule("tests.toml", None)
    house.start()
    home = Home(base)
    home.write("shop/claude", "#!/bin/sh\ntrue\n", 0o755)
    run = home.does(house, "true")
    assert run["state"] == "exited" and run["receipt"]["agent"] == "claude-code", run
    for more in ({"profile": "build"}, {"net": "host"}, {"argv": ["sh", "-c", "claude x"]}, {"argv": None, "script": "claude x"},
                 {"argv": ["env", "claude", "x"]}, {"allow_hosts": [{"host": "odd.example"}]}, {"argv": ["./claude", "x"]}):
        answer = house.run(ALICE, detach=True, **home.asks("true", **more))
        made = answer.json()
        assert made.get("state") == "waiting_approval" or answer.status == 403, (more, made)
    for flag in ("--dangerously-skip-permissions", "--mcp-config=x"):
        answer = house.run(ALICE, wait=True, **home.asks("true", argv=["claude", flag]))
        assert answer.status == 403, (flag, answer)


# --- its runs


def test_its_runs_see_none_of_its_state(owhaled, home):
    child = {"argv": ["claude", "ls -A ~/.claude; touch ~/.claude/projects/by-child; cat ~/.claude/history.jsonl"], "wait": True,
             "path": f"{home.path}/.local/bin:/usr/bin:/bin"}
    run = home.does(owhaled, inside("POST", "/v1/runs", child))
    status, made = told(run)[0]
    assert status == 200 and "agent" not in made["receipt"] and "projects" not in made["stdout"], made
    assert os.listdir(home.path / ".claude/projects") == []


def test_a_run_names_its_parent_and_the_parent_its_runs(owhaled, home):
    run = home.does(owhaled, inside("POST", "/v1/runs", {"argv": ["true"], "wait": True}) + "; " +
                    inside("GET", "/v1/runs?limit=5"))
    (_, made), (_, listed) = told(run)
    assert made["parent"] == run["id"] and [one["id"] for one in listed["runs"]] == [made["id"]], listed
    shown = owhaled.get(f"/v1/runs/{run['id']}", uid=ALICE).json()
    assert shown["children"] == [made["id"]] and shown["live_children"] == 0, shown


def test_killing_it_says_how_many_end_with_it(owhaled, home):
    child = inside("POST", "/v1/runs", {"argv": ["sleep", "600"], "detach": True})
    run = owhaled.begun(ALICE, **home.asks(f"{child}; {child}; {child}; sleep 600"))
    end = time.monotonic() + 60
    while owhaled.get(f"/v1/runs/{run}", uid=ALICE).json().get("live_children", 0) != 3:
        assert time.monotonic() < end
        time.sleep(0.05)
    ids = owhaled.get(f"/v1/runs/{run}", uid=ALICE).json()["children"]
    for one in ids:  # what is killed while its cage is built has failed to start
        owhaled.until(one, ["running"], uid=0, patience=60)
    answer = owhaled.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": 0}, uid=ALICE).json()
    assert answer["live_children"] == 3, answer
    owhaled.until(run, ["killed"], uid=ALICE, patience=60)
    for one in ids:
        owhaled.until(one, ["killed"], uid=0, patience=60)


def test_it_steers_its_own_runs_and_nobody_else_s(owhaled, home):
    others = owhaled.begun(ALICE, argv=["sleep", "600"], cwd=str(home.shop), home=str(home.path))
    text = ("id=$(" + inside("POST", "/v1/runs", {"argv": ["sleep", "600"], "detach": True}) + " | head -1 | sed 's/^{\"id\":\"\\([^\"]*\\).*/\\1/'); ")
    for id_ in ("$id", others):
        for method, path, body in (("GET", "", None), ("GET", "/output", None), ("GET", "/why", None),
                                   ("POST", "/exec", {"argv": ["true"], "wait": True}), ("POST", "/signal", {"signal": "CONT"}),
                                   ("POST", "/kill", {"grace_ms": 0})):
            text += inside(method, f"/v1/runs/ID{path}", body).replace("ID", f"'{id_}'" if id_ == others else '"$id"') + " | tail -1; "
    run = home.does(owhaled, text)
    owhaled.ask("POST", f"/v1/runs/{others}/kill", {"grace_ms": 0}, uid=ALICE)
    statuses = run["stdout"].split()
    assert statuses[:6] == ["200"] * 6, run
    assert statuses[6:] == ["404"] * 6, run


def test_its_runs_are_its_human_s_too_and_no_stranger_s(owhaled, home):
    child = inside("POST", "/v1/runs", {"argv": ["sh", "-c", "echo told; exec sleep 600"], "detach": True})
    run = owhaled.begun(ALICE, **home.asks(f"{child}; sleep 600"))
    end = time.monotonic() + 60
    while not (ids := owhaled.get(f"/v1/runs/{run}", uid=ALICE).json().get("children")):
        assert time.monotonic() < end
        time.sleep(0.05)
    [one] = ids
    for path in ("", "/output", "/why"):
        assert owhaled.get(f"/v1/runs/{one}{path}", uid=ALICE).status == 200, path
        assert owhaled.get(f"/v1/runs/{one}{path}", uid=BOB).status == 404, path
    assert owhaled.ask("POST", f"/v1/runs/{one}/kill", {"grace_ms": 0}, uid=BOB).status == 404
    assert owhaled.until(one, ["running"], uid=ALICE) == "running"
    for state in ("", "&state=running"):
        assert one in [row["id"] for row in owhaled.get(f"/v1/runs?limit=20{state}", uid=ALICE).json()["runs"]], state
        assert one not in [row["id"] for row in owhaled.get(f"/v1/runs?limit=100{state}", uid=BOB).json()["runs"]], state
    assert owhaled.ask("POST", f"/v1/runs/{one}/kill", {"grace_ms": 0}, uid=ALICE).status == 200
    assert owhaled.until(one, ["killed"], uid=ALICE) == "killed" and owhaled.state_of(run, ALICE) == "running"
    owhaled.ask("POST", f"/v1/runs/{run}/kill", {"grace_ms": 0}, uid=ALICE)
    owhaled.until(run, ["killed"], uid=ALICE, patience=60)
    listed = [row["id"] for row in owhaled.get("/v1/runs?limit=20", uid=ALICE).json()["runs"]]
    assert one in listed and listed == sorted(listed, reverse=True), listed
    assert owhaled.get(f"/v1/runs/{one}", uid=BOB).status == 404


REFUSED = [("GET", "/v1/approvals", None), ("POST", "/v1/approvals/decide", {}), ("GET", "/v1/grants", None), ("GET", "/v1/events", None),
           ("GET", "/v1/secrets", None), ("PUT", "/v1/secrets/X", {"value": "12345678"}), ("POST", "/v1/policy/reload", {}),
           ("GET", "/v1/audit", None), ("POST", "/v1/tokens", {}), ("POST", "/v1/hosts", {}), ("POST", "/v1/freeze", {}),
           ("GET", "/v1/boxes", None), ("POST", "/v1/step-up", {}), ("GET", "/v1/config", None), ("POST", "/v1/password", {})]


def test_it_decides_nothing_and_reads_nothing_of_its_human_s(owhaled, home):
    run = home.does(owhaled, "; ".join(inside(*one) + " | tail -1" for one in REFUSED))
    assert all(status in ("401", "403") for status in run["stdout"].split()) and len(run["stdout"].split()) == len(REFUSED), run


# (what the child asks for, the code of the refusal)
WIDER = [({"run_as": "root"}, "forbidden"), ({"profile": "build"}, "forbidden"), ({"net": "host"}, "net_host_denied"),
         ({"cwd": "{home}"}, "forbidden"), ({"workspace": "{home}/.claude"}, "forbidden"), ({"allow_hosts": [{"host": "a.test"}]}, None),
         ({"secrets": [{"name": "ANTHROPIC_API_KEY"}]}, None), ({"brokers": ["ssh-agent"], "ssh_auth_sock": "/tmp/x"}, None),
         ({"host_ports": [22]}, None), ({"ports": [{"host": 0, "port": 80, "address": "0.0.0.0"}]}, None), ({"inspect": True}, None),
         ({"limits": {"memory": 1 << 40}}, "limit_over_ceiling"), ({"limits": {"pids": 4096}}, "limit_over_ceiling"),
         ({"limits": {"output": 1 << 40}}, "limit_over_ceiling"), ({"limits": {"cpus": 64}}, "limit_over_ceiling"),
         ({"timeout_ms": 36000000}, "limit_over_ceiling")]


def test_no_member_of_a_request_widens_a_run_of_a_run(owhaled, home):
    text = "; ".join(inside("POST", "/v1/runs", {"argv": ["true"], "wait": True,
                     **json.loads(json.dumps(more).replace("{home}", str(home.path)))}) for more, _ in WIDER)
    run = home.does(owhaled, text, net="none", limits={"pids": 200, "cpus": 1.0, "output": 1 << 20}, timeout_ms=600000)
    answers = told(run)
    assert len(answers) == len(WIDER), run
    for (more, code), (status, answer) in zip(WIDER, answers):
        assert status >= 400 and (code is None or answer["code"] == code), (more, status, answer)


def test_a_run_of_a_run_asks_for_nothing(owhaled, home):
    run = home.does(owhaled, inside("POST", "/v1/runs", {"argv": ["sh", "-c", f"test -e {OWN} || echo none"], "wait": True}))
    assert told(run)[0][1]["stdout"] == "none\n", run


def test_what_it_may_have_at_a_time_is_bounded_and_leaves_its_human_places(own, base):
    house = own("--max-runs-per-principal", "16").start()
    home = Home(base)
    child = inside("POST", "/v1/runs", {"argv": ["sleep", "600"], "detach": True})
    run = home.does(house, f"for i in $(seq 15); do {child} | tail -1; done; {child}", timeout=120)
    lines = run["stdout"].split("\n")
    assert [line for line in lines if line in ("201", "503", "429", "409")].count("201") == 14, run
    assert "has the most runs of its own at a time (14" in run["stdout"], run


def test_one_memory_limit_for_all_of_its_runs(owhaled, home):
    """Each takes a tenth of it, and is alone within it; here by the sampler, in tests/vm by the cgroup."""
    takes = "import time; held = bytearray(b'x' * (26 << 20)); print('held', flush=True); time.sleep(600)"
    child = inside("POST", "/v1/runs", {"argv": ["python3", "-c", takes], "detach": True})
    alone = home.does(owhaled, f"{child}; sleep 1", limits={"memory": 256 << 20})
    assert alone["state"] == "exited", alone
    run = home.does(owhaled, f"for i in $(seq 50); do {child} | tail -1; done; sleep 600", limits={"memory": 256 << 20}, timeout=300)
    assert (run["state"], run["limit"]) == ("limit_exceeded", "memory"), run
    shown = owhaled.get(f"/v1/runs/{run['id']}", uid=ALICE).json()
    end = time.monotonic() + 60
    while owhaled.get(f"/v1/runs/{run['id']}", uid=ALICE).json()["live_children"] != 0:
        assert time.monotonic() < end, shown
        time.sleep(0.05)


# --- its provider


def test_its_key_is_a_placeholder_and_its_provider_is_in_scope(fresh, base):
    alice = accounts.add(accounts.set_up(fresh), "alice", uid=ALICE)
    alice.do("PUT", "/v1/secrets/ANTHROPIC_API_KEY", {"value": VALUE, "hosts": [{"host": "api.anthropic.com", "port": 443}],
             "header": "x-api-key", "endpoint_variable": "ANTHROPIC_BASE_URL"}, 200)
    home = Home(base)
    run = alice.ask("POST", "/v1/runs", {**home.asks("echo $ANTHROPIC_API_KEY $ANTHROPIC_BASE_URL"), "wait": True}).json()
    key, url = run["stdout"].split()
    assert VALUE not in json.dumps(run) and url.startswith("http://api.anthropic.com.owhale.internal"), run
    assert [use["name"] for use in run["receipt"]["scope"]["secrets"]] == ["ANTHROPIC_API_KEY"], run["receipt"]
    only = alice.do("PUT", "/v1/secrets/ANTHROPIC_API_KEY", {"access": {"profiles": ["build"]}}, 200)
    without = alice.ask("POST", "/v1/runs", {**home.asks("echo x$ANTHROPIC_API_KEY"), "wait": True}).json()
    assert without["stdout"] == "x\n" and "secrets set" in without["stderr"], (only, without)


def test_without_a_key_it_is_told_how_to_give_one(owhaled, home):
    run = home.does(owhaled, "true")
    assert run["net"] == "scoped", run
    hosts = [rule["host"] for rule in run["receipt"]["scope"]["hosts"]]
    assert hosts == ["api.anthropic.com"], run["receipt"]["scope"]
    assert "owhalectl secrets set ANTHROPIC_API_KEY" in run["stderr"], run
    none = home.does(owhaled, "true", net="none")
    assert none["net"] == "none" and none["receipt"].get("scope") is None, none


def test_hundreds_of_runs_leave_nothing(owhaled, home):
    """Descriptors of the broker, mount points, boxes and listeners are as they were before."""
    def kept():
        mounts = sum(pathlib.Path(f"/proc/{pid}/mountinfo").read_text().count("\n") for pid in owhaled.children())
        return owhaled.descriptors(), mounts

    child = inside("POST", "/v1/runs", {"argv": ["true"], "wait": True})
    script = f"for i in $(seq COUNT); do {child} | tail -1; done | sort | uniq -c"
    home.does(owhaled, script.replace("COUNT", "3"))
    before = kept()
    run = home.does(owhaled, script.replace("COUNT", "300"), timeout=300)
    assert run["stdout"].split() == ["300", "200"], run
    end = time.monotonic() + 60
    while True:
        after = kept()
        if after[0] <= before[0] + 2 and after[1] <= before[1]:
            break
        assert time.monotonic() < end, (before, after)
        time.sleep(0.2)


@pytest.mark.parametrize("signal", ["INT", "TERM"])
def test_what_its_run_waits_for_is_taken_back_by_a_signal(own, base, signal):
    house = own()
    house.rule("tests.toml", None)
    house.start()
    home = Home(base)
    shutil.copy(daemon.BUILD / "cli" / "owhalectl", home.shop / "owhalectl")
    (home.shop / "owhalectl").chmod(0o755)
    run = home.does(house, f"PATH=/usr/bin:/bin timeout -s {signal} -k 60 3 ./owhalectl run -- git push origin main; echo $?", timeout=120)
    assert run["stdout"].strip().splitlines()[-1] != "137" and "waiting for an approval" in run["stderr"], run
    assert "owhalectl approvals watch" in run["stderr"] and "approval_cancelled" in run["stderr"], run
    admin = [one["state"] for one in house.get("/v1/approvals?all=1&state=cancelled", uid=0).json()["approvals"]]
    assert admin == ["cancelled"], admin


def test_a_run_that_fails_is_hinted_nothing_of_listeners(owhaled, home):
    child = {"argv": ["sh", "-c", "exit 9"], "wait": True}
    run = home.does(owhaled, inside("POST", "/v1/runs", child))
    [(_, made)] = told(run)
    assert made["exit_code"] == 9 and not made.get("hints"), made
