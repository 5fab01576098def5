"""Standing grants, the prompt budget and its suggestions, by plain HTTP: what an agent with the socket gets, and what not."""

import os
import pathlib
import subprocess

import pytest
from accounts import QUICK, add, events, set_up
from test_events import Stream


RULES = """
[[rule]]
id = "tests.ask"
decision = "ask"
severity = "medium"
reason = "Tests ask about it."
program = ["touch", "wc", "deploy.sh"]
match = ["touch x", "./deploy.sh now"]
no_match = ["true"]

[[rule]]
id = "tests.ask-loudly"
decision = "ask"
severity = "critical"
reason = "Tests ask about it loudly."
program = ["mkfifo"]
match = ["mkfifo x"]
no_match = ["true"]

[[rule]]
id = "tests.deny"
decision = "deny"
severity = "high"
reason = "Tests deny it."
program = ["touch"]
operand = ["forbidden*"]
match = ["touch forbidden"]
no_match = ["touch x"]

[[rule]]
id = "tests.ask-make"
decision = "ask"
severity = "medium"
reason = "Tests ask about it."
program = ["make", "bash"]
match = ["make all"]
no_match = ["true"]
"""


@pytest.fixture
def served(own):
    one = own(*QUICK)
    one.rule("ask.toml", RULES)
    return one.start()


@pytest.fixture
def admin(served):
    return set_up(served)


class Agent:
    """An ordinary user in a workspace, who asks."""

    def __init__(self, served, uid, workspace):
        self.served, self.uid, self.workspace = served, uid, str(workspace)

    def begin(self, *argv, **more):
        answer = self.served.ask("POST", "/v1/runs", {"argv": list(argv), "cwd": self.workspace, "wait": False, **more},
                                 uid=self.uid)
        if answer.status == 403:
            return {"state": "denied", "code": answer.code}
        assert answer.status in (201, 202), answer
        return answer.json()

    def run(self, *argv, **more):
        """Waited for: the run that ended without a question; None when it was asked about (and taken back)."""
        record = self.begin(*argv, **more)
        if record["state"] == "denied":
            return None
        if record["state"] == "waiting_approval":
            done = self.served.ask("POST", f"/v1/approvals/{record['approval']}/cancel", uid=self.uid)
            assert done.status == 200, done
            return None
        return self.wait(record)

    def wait(self, record):
        return self.served.ask("GET", f"/v1/runs/{record['id']}/wait", uid=self.uid).json()


@pytest.fixture
def agent(served, alice, workspace):
    return Agent(served, alice, workspace)


def approve(admin, approval, status=200, **grant):
    shown = admin.get(f"/v1/approvals/{approval}").json()
    body = {"digest": shown["digest"]}
    if grant:
        body["grant"] = grant
    return admin.do("POST", f"/v1/approvals/{approval}/approve", body, status)


def granted(admin, agent, *argv, more=None, **grant):
    """Asks, has it approved with a grant, and waits for the run: the grant's id."""
    record = agent.begin(*argv, **(more or {}))
    assert record["state"] == "waiting_approval", record
    decided = approve(admin, record["approval"], **grant)
    assert decided["state"] in ("approved", "used"), decided
    ended = agent.wait(record)
    assert ended["state"] == "exited", ended
    return decided["grant"]


def test_a_grant_answers_the_same_question_until_it_is_used_up(admin, agent, served):
    grant = granted(admin, agent, "touch", "x", times=2)
    first, second = agent.run("touch", "x"), agent.run("touch", "x")
    assert first["grant"] == second["grant"] == grant
    assert first["receipt"]["grant"] == grant and first["receipt"]["approved_by"] == ["user:admin"]
    assert agent.run("touch", "x") is None
    shown = admin.get(f"/v1/grants/{grant}").json()
    assert shown["state"] == "used" and shown["used"] == 2 and shown["binds"][0]["digest"]
    assert [one["data"]["grant"] for one in events(served, "grant.used")] == [grant] * 2
    assert len(events(served, "grant.created")) == len(events(served, "grant.ended")) == 1


def test_nothing_but_the_very_plan_is_covered(admin, agent, served, bob):
    granted(admin, agent, "touch", "x", times=50)
    assert agent.run("touch", "y") is None
    assert agent.run("touch", "x", "y") is None
    assert agent.run("touch", "-a", "x") is None
    assert agent.run("touch", "x", env={"LD_LIBRARY_PATH": "/tmp"}) is None
    assert agent.run("touch", "x", stdin="something") is None
    assert agent.run("touch", "x", profile="build") is None
    sub = pathlib.Path(agent.workspace) / "sub"
    sub.mkdir()
    os.chown(sub, agent.uid, agent.uid)
    assert agent.run("touch", "x", cwd=str(sub)) is None
    assert agent.run("touch", "x", env={"LC_ALL": "C.UTF-8"})
    assert agent.run("touch", "x")


def test_another_user_of_the_machine_has_no_part_in_it(admin, agent, served, bob):
    grant = granted(admin, agent, "touch", "/tmp/x", times=50)
    other = served.ask("POST", "/v1/runs", {"argv": ["touch", "/tmp/x"], "cwd": agent.workspace, "wait": False}, uid=bob)
    assert other.status == 202, other
    for method in ("GET", "DELETE"):
        assert served.ask(method, f"/v1/grants/{grant}", uid=bob).code == "not_found"
    assert served.get("/v1/grants", uid=bob).json()["grants"] == []


def test_a_template_covers_its_form_and_no_option_more(admin, agent):
    granted(admin, agent, "touch", "a", like=["touch", "<path>"])
    assert agent.run("touch", "b")
    assert agent.run("touch", "deep.txt")
    for argv in (("touch", "-r"), ("touch", "--help"), ("touch", "a", "b"), ("touch",), ("touch", "/etc/x"), ("touch", "../x"),
                 ("touch", "--", "x"), ("touch", "a/../../x")):
        assert agent.run(*argv) is None, argv
    assert agent.begin("touch", "forbidden")["state"] == "denied", "a deny stands above any grant"


def test_a_link_out_of_the_workspace_is_no_path_of_it(admin, agent):
    granted(admin, agent, "touch", "a", like=["touch", "<path>"])
    os.symlink("/tmp", os.path.join(agent.workspace, "out"))
    os.symlink("/etc/passwd", os.path.join(agent.workspace, "file"))
    assert agent.run("touch", "out/x") is None
    assert agent.run("touch", "file") is None
    assert agent.run("touch", "b")


def script_of(agent, text):
    path = pathlib.Path(agent.workspace) / "deploy.sh"
    path.write_text(text)
    path.chmod(0o755)
    os.chown(path, agent.uid, agent.uid)


def test_a_script_that_changed_ends_the_grant(admin, agent, served):
    script_of(agent, "#!/bin/sh\necho one\n")
    grant = granted(admin, agent, "./deploy.sh", "now", times=10)
    assert agent.run("./deploy.sh", "now")["exit_code"] == 0
    script_of(agent, "#!/bin/sh\necho two\n")
    assert agent.run("./deploy.sh", "now") is None
    shown = admin.get(f"/v1/grants/{grant}").json()
    assert shown["state"] == "void" and "deploy.sh changed" in shown["ended_because"]
    script_of(agent, "#!/bin/sh\necho one\n")
    assert agent.run("./deploy.sh", "now") is None, "it ended for good"


@pytest.mark.parametrize("argv, grant, code", [
    (("make", "all"), {"times": 2}, "forbidden"),
    (("bash", "-c", "touch x"), {"times": 2, "trust_workspace": True}, "forbidden"),
    (("env", "A=1", "touch", "x"), {"times": 2}, "forbidden"),
    (("nohup", "touch", "x"), {"for_ms": 1000}, "forbidden"),
    (("mkfifo", "x"), {"times": 2}, "forbidden"),
    (("touch", "x"), {"times": 0}, "invalid_value"),
    (("touch", "x"), {"times": 1001}, "invalid_value"),
    (("touch", "x"), {"for_ms": 40 * 86_400_000}, "invalid_value"),
    (("touch", "x"), {}, None),
    (("touch", "x"), {"like": ["touch", "*"]}, "invalid_value"),
    (("touch", "x"), {"like": ["<word>", "x"]}, "invalid_value"),
    (("touch", "x"), {"like": ["touch", "y"]}, "invalid_value"),
])
def test_what_is_no_grant_is_refused_and_the_request_stays(admin, agent, argv, grant, code):
    record = agent.begin(*argv)
    assert record["state"] == "waiting_approval", record
    shown = admin.get(f"/v1/approvals/{record['approval']}").json()
    if code == "forbidden":
        assert shown["offer"]["once_only"] or shown["offer"]["refused"]
    answer = admin.ask("POST", f"/v1/approvals/{record['approval']}/approve", {"digest": shown["digest"], "grant": grant},
                       step_up=True)
    assert answer.status in (403, 422) and answer.code == (code or "invalid_value"), answer
    assert admin.get(f"/v1/approvals/{record['approval']}").json()["state"] == "pending"
    assert admin.get("/v1/grants").json()["grants"] == []


def test_an_agent_ends_its_grant_but_makes_none(admin, agent, served):
    grant = granted(admin, agent, "touch", "x", times=5)
    record = agent.begin("touch", "y")
    answer = served.ask("POST", f"/v1/approvals/{record['approval']}/approve",
                        {"digest": "0" * 64, "grant": {"times": 5}}, uid=agent.uid)
    assert answer.status == 403, answer
    assert served.ask("DELETE", f"/v1/grants/{grant}", uid=agent.uid).status == 204
    assert served.ask("DELETE", f"/v1/grants/{grant}", uid=agent.uid).code == "conflict"
    assert agent.run("touch", "x") is None


def test_a_restart_keeps_what_is_left(admin, agent, served):
    grant = granted(admin, agent, "touch", "x", times=2)
    assert agent.run("touch", "x")
    served.stop()
    served.start()
    assert agent.run("touch", "x")["grant"] == grant
    assert agent.run("touch", "x") is None


def test_a_grant_is_void_when_another_rule_asks(admin, agent, served):
    grant = granted(admin, agent, "touch", "x", times=5)
    louder = RULES.replace('id = "tests.ask"', 'id = "tests.ask-more"').replace('"medium"', '"high"')
    served.rule("ask.toml", RULES + "\n# a new version\n")
    admin.do("POST", "/v1/policy/reload")
    assert agent.run("touch", "x"), "the same rule asks as loudly"
    served.rule("ask.toml", louder)
    admin.do("POST", "/v1/policy/reload")
    assert agent.run("touch", "x") is None
    assert "tests.ask-more" in admin.get(f"/v1/grants/{grant}").json()["ended_because"]


def test_events_of_grants_are_for_their_owner_and_for_approvers(admin, agent, served, bob):
    petra = add(admin, "petra", ["approver"])
    with Stream(served, "?types=grant", uid=agent.uid) as own, Stream(served, "?types=grant", uid=bob) as other, \
            Stream(served, "?types=grant,approval", headers={"Authorization": "Bearer " + petra.token}) as all_of:
        grant = granted(admin, agent, "touch", "x", times=1)
        assert agent.run("touch", "x")
        told = own.take(3)
        assert [name for _, name, _ in told] == ["grant.created", "grant.used", "grant.ended"]
        assert {data["data"]["grant"] for _, _, data in told} == {grant}
        seen = [all_of.next()[1] for _ in range(5)]
        assert seen[:2] == ["approval.requested", "approval.decided"] or "grant.created" in seen
        other.connection.socket.settimeout(1.5)
        with pytest.raises(TimeoutError):
            other.next()


def test_over_the_budget_nobody_is_asked(own, alice, workspace, bob):
    served = own(*QUICK, "--prompt-budget", "3")
    served.rule("ask.toml", RULES)
    served.start()
    admin = set_up(served)
    agent = Agent(served, alice, workspace)
    with Stream(served, "?types=approval", headers={"Authorization": "Bearer " + admin.token}) as stream:
        for n in range(6):
            agent.begin("touch", f"x{n}")
        told = [stream.next()[1:] for _ in range(4)]
    assert [name for name, _ in told] == ["approval.requested"] * 3 + ["approval.flooded"]
    assert told[-1][1]["data"]["requester"] == f"unix:{alice}"
    stats = admin.get("/v1/approvals/stats").json()
    row = next(one for one in stats["counts"] if one["principal"] == f"unix:{alice}")
    assert (row["asked"], row["throttled"]) == (3, 3)
    assert len(admin.get("/v1/approvals").json()["approvals"]) == 3
    assert len(admin.get("/v1/approvals?all=1").json()["approvals"]) == 6
    assert served.get("/v1/approvals/stats", uid=bob).json()["counts"] == []
    assert served.ask("GET", f"/v1/approvals/stats?principal=unix:{alice}", uid=bob).status == 403


def test_what_was_approved_again_and_again_is_suggested_as_grant_and_as_rule(admin, agent, served):
    for name in ("a1", "a2", "a3", "a1", "a1"):
        record = agent.begin("git", "reset", "--hard", name)  # by a shipped rule: what overrides it stands by itself
        approve(admin, record["approval"])
        agent.wait(record)
    record = agent.begin("wc", "x")
    admin.do("POST", f"/v1/approvals/{record['approval']}/deny", {})
    stats = admin.get("/v1/approvals/stats").json()
    assert sum(row["approved"] for row in stats["counts"]) == 5 and stats["median_answer_ms"] > 0
    grants = [one for one in stats["suggestions"] if one["kind"] == "grant"]
    rules = [one for one in stats["suggestions"] if one["kind"] == "rule"]
    assert grants[0]["text"] == "git reset --hard <word>" and grants[0]["spares"] == 4
    assert rules and "wc" not in rules[0]["text"]
    ctl = pathlib.Path(os.environ.get("OWHALE_BUILD", pathlib.Path(__file__).parents[2] / "build")) / "cli" / "owhalectl"
    said = subprocess.run([ctl, "--socket", str(served.socket), "policy", "suggest"], capture_output=True, text=True)
    assert said.returncode == 0 and "[[rule]]" in said.stdout, said
    path = pathlib.Path(agent.workspace).parent / f"suggested-{os.getpid()}.toml"
    path.write_text(said.stdout)
    path.chmod(0o644)
    try:
        tested = subprocess.run([ctl, "policy", "test", str(path)], capture_output=True, text=True)
        assert tested.returncode == 0, tested
    finally:
        path.unlink()


def test_owhalectl_lists_shows_and_ends_grants_and_counts_questions(admin, agent, served):
    grant = granted(admin, agent, "touch", "a b", times=3)
    assert agent.run("touch", "a b")
    ctl = pathlib.Path(os.environ.get("OWHALE_BUILD", pathlib.Path(__file__).parents[2] / "build")) / "cli" / "owhalectl"

    def said(*words, code=0):
        done = subprocess.run([ctl, "--socket", str(served.socket), *words], capture_output=True, text=True)
        assert done.returncode == code, done
        return done.stdout

    listed = said("grants", "ls")
    assert grant in listed and "touch 'a b'" in listed and "1 of 3" in listed
    shown = said("grants", "show", grant)
    for what in ("tests.ask (medium)", "sha256:", f"unix:{agent.uid}", "by user:admin", agent.workspace):
        assert what in shown, shown
    assert said("grants", "rm", grant) == grant + "\n"
    assert grant not in said("grants", "ls") and "revoked" in said("grants", "ls", "-a")
    counts = said("approvals", "stats")
    assert f"unix:{agent.uid}" in counts and "SPARED" in counts
    print(listed, shown, counts)


def test_a_script_is_granted_as_that_very_text_to_who_trusts_what_it_finds_by_name(admin, agent, served):
    def begin(text):
        answer = served.ask("POST", "/v1/runs", {"script": text, "cwd": agent.workspace, "wait": False}, uid=agent.uid)
        assert answer.status in (201, 202), answer
        return answer.json()

    first = begin("touch x && wc -c x")
    offer = admin.get(f"/v1/approvals/{first['approval']}").json()["offer"]
    assert offer["once_only"] and "refused" not in offer and "template" not in offer
    digest = admin.get(f"/v1/approvals/{first['approval']}").json()["digest"]
    plain = admin.ask("POST", f"/v1/approvals/{first['approval']}/approve", {"digest": digest, "grant": {"times": 2}}, step_up=True)
    assert plain.code == "forbidden" and "--trust-workspace" in plain.text, plain
    grant = approve(admin, first["approval"], times=2, trust_workspace=True)["grant"]
    assert agent.wait(first)["exit_code"] == 0
    assert admin.get(f"/v1/grants/{grant}").json()["script"] == "touch x && wc -c x"
    assert agent.wait(begin("touch x && wc -c x"))["grant"] == grant
    assert begin("touch x  && wc -c x")["state"] == "waiting_approval", "another text"
    for text in ("touch x; own-tool", "touch $X"):
        record = begin(text)
        if record["state"] == "waiting_approval":
            assert admin.get(f"/v1/approvals/{record['approval']}").json()["offer"]["refused"], text
