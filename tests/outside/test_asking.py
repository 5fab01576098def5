"""A host that nobody knows yet is a question; the connection waits for the answer."""

import threading
import time

import pytest

import accounts

CURL = "curl -sS --max-time 30 --fail "


def waiting(admin, patience=30):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = [one for one in admin.get("/v1/approvals").json()["approvals"] if one.get("kind") == "host" and one["state"] == "pending"]
        if found:
            return admin.get(f"/v1/approvals/{found[0]['id']}").json()
        time.sleep(0.05)
    raise AssertionError("nobody was asked")


def decide(admin, what, answers, **more):
    """Answers the next question from a thread of its own, and from root's socket: a thread must not change the process's uid."""
    admin = accounts.Person(admin.owhaled, admin.name, admin.password, admin.token)

    def work():
        approval = waiting(admin)
        body = {"digest": approval["digest"], **more} if what == "approve" else more
        answers.append((approval, admin.ask("POST", f"/v1/approvals/{approval['id']}/{what}", body, step_up=True)))
    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.parametrize("proxy", [True, False], ids=["proxy", "transparent"])
def test_approved(cage, world, admin, proxy):
    answers = []
    thread = decide(admin, "approve", answers)
    done = cage.bash(CURL + "https://web.outside.test/; " + CURL + "https://web.outside.test/", hosts=["odd.outside.test"], profile="default", proxy=proxy)
    thread.join()
    [(approval, answer)] = answers
    assert answer.status == 200, answer
    assert done.code == 0 and done.out.count("the web") == 2, done
    assert "web.outside.test" in str(approval["frozen"]["scope"]), approval
    [row] = [row for row in done.tried("web.outside.test") if row["how"] != "dns"]
    assert row["verdict"] in ("allow", "asked") and row["approval"] == approval["id"], done


def test_denied(cage, world, admin):
    answers = []
    thread = decide(admin, "deny", answers, reason="not that one")
    done = cage.bash(CURL + "https://evil.outside.test/ || echo no; " + CURL + "https://evil.outside.test/ || echo no", hosts=["odd.outside.test"],
                     profile="default")
    thread.join()
    assert done.out.split() == ["no", "no"] and len(answers) == 1, done
    world.untouched()
    assert not world.dns.asked("evil")
    assert done.tried("evil.outside.test", verdict="deny"), done


def test_nothing_leaves_before_the_answer(cage, world, admin):
    """Neither a connection nor a question for the name."""
    run = cage.begin("curl", "-s", "--max-time", "20", "https://web.outside.test/", hosts=["odd.outside.test"], profile="default")
    approval = waiting(admin)
    time.sleep(0.5)
    before = [line for line in world.static.requests() if line.startswith("web.")]
    assert not world.dns.asked("web")
    cage.kill(run)
    cage.end(run)
    assert [line for line in world.static.requests() if line.startswith("web.")] == before
    end = time.monotonic() + 30
    while (state := admin.get(f"/v1/approvals/{approval['id']}").json()["state"]) == "pending" and time.monotonic() < end:
        time.sleep(0.05)
    assert state == "cancelled"


def test_private_addresses_are_no_question(cage, admin, world):
    """Nobody is asked about what no answer could allow by accident."""
    done = cage.bash("curl -s --max-time 5 http://169.254.169.254/ || echo no", hosts=["odd.outside.test"], profile="default", proxy=False)
    assert "canary" not in done.out, done
    world.untouched()
