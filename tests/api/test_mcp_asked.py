"""What /mcp does of people's decisions: asked about, refused, given up."""

import os

import pytest

import accounts
import asking
import mcp
from accounts import QUICK
from conftest import ALICE, BOB, needs_root
from mcp import HANDSHAKE, NEWEST, valid, wait_for

LIVE = ["queued", "waiting_approval", "starting", "running"]
RULES = asking.asks("medium") + asking.DENIES


@pytest.fixture
def house(own):
    """One that asks, and refuses, with its admin logged in."""
    daemon = own(*QUICK)
    daemon.rule("50-own.toml", RULES)
    daemon.start()
    daemon.admin = accounts.set_up(daemon)
    daemon.bob = accounts.add(daemon.admin, "bob", ["approver"], uid=BOB if os.geteuid() == 0 else None)
    return daemon


def approve(house, id):
    approval = house.admin.get(f"/v1/approvals/{id}").json()
    answer = house.bob.ask("POST", f"/v1/approvals/{id}/approve", {"digest": approval["digest"]}, step_up=True)
    assert answer.status == 200, answer


def test_a_refusal_names_the_rule_and_what_would_change_it(house, uid):
    it = mcp.Client(house, uid)
    result = it.call("run_command", command="numfmt 12")
    got = valid(it, "run_command", result)
    assert result["isError"] and got["state"] == "denied" and got["verdict"]["rule"] == "own.deny"
    assert "[[rule]]" in got["verdict"]["change"] and "The test refuses." in result["content"][0]["text"]
    assert house.state_of(got["id"], uid) == "denied"


@pytest.mark.parametrize("version", [HANDSHAKE, NEWEST])
def test_a_question_is_told_while_it_waits(house, uid, version):
    it = mcp.Client(house, uid, version)
    connection = it.open_call("run_command", 1, token="p", command="seq 3", wait=40)
    pending = wait_for(lambda: house.admin.get("/v1/approvals?state=pending").json()["approvals"])
    wait_for(lambda: b"waiting for approval" in connection.input or (connection.more() and False))  # before the answer
    approve(house, pending[0]["id"])
    result = it.read(mcp.whole(connection))["result"]
    assert result["structuredContent"]["stdout"] == "1\n2\n3\n", result
    told = it.notifications[0]
    assert told["method"] == "notifications/progress" and told["params"]["progressToken"] == "p"
    assert pending[0]["id"] in told["params"]["message"] and "owhalectl approvals watch" in told["params"]["message"]
    steps = [one["params"]["progress"] for one in it.notifications]
    assert steps == sorted(set(steps))


def test_without_a_token_for_progress_it_is_a_log_message(house, uid):
    it = mcp.Client(house, uid)
    it.initialize()
    got = it.good("run_command", command="seq 3", wait=1)
    assert got["state"] == "waiting_approval"
    assert it.notifications[0]["method"] == "notifications/message" and it.notifications[0]["params"]["level"] == "notice"
    it.notifications = []
    assert it.request("logging/setLevel", {"level": "error"})["result"] == {}
    it.good("run_command", command="seq 4", wait=1)
    assert it.notifications == []
    modern = mcp.Client(house, uid, NEWEST)
    modern.good("run_command", command="seq 5", wait=1)
    assert modern.notifications == []
    modern.request("tools/call", {"name": "run_command", "arguments": {"command": "seq 6", "wait": 1},
                                  "_meta": {mcp.META + "logLevel": "info"}})
    assert modern.notifications[0]["method"] == "notifications/message"


@pytest.mark.parametrize("version", [HANDSHAKE, NEWEST])
def test_one_that_nobody_answered_is_polled_for(house, uid, version):
    """It outlives the call and its connection, and is found by its id."""
    it = mcp.Client(house, uid, version)
    result = it.call("run_command", command="seq 3", wait=1, description="counting")
    got = valid(it, "run_command", result)
    assert not result["isError"] and got["state"] == "waiting_approval" and "stdout" in got
    assert got["approval"] in result["content"][0]["text"] and got["id"] in result["content"][0]["text"]
    assert it.good("get_output", run=got["id"])["state"] == "waiting_approval"
    assert [run["id"] for run in it.good("list_runs", state="waiting_approval")["runs"]] == [got["id"]]
    approve(house, got["approval"])
    done = valid(it, "get_output", it.call("get_output", run=got["id"], wait=40))
    assert done["state"] == "exited" and done["text"] == "1\n2\n3\n"


def test_what_people_refuse_says_so(house, uid):
    it = mcp.Client(house, uid)
    connection = it.open_call("run_command", 1, command="seq 3", wait=40)
    pending = wait_for(lambda: house.admin.get("/v1/approvals?state=pending").json()["approvals"])
    answer = house.bob.ask("POST", f"/v1/approvals/{pending[0]['id']}/deny", {"reason": "not today"}, step_up=True)
    assert answer.status == 200, answer
    result = it.read(mcp.whole(connection))["result"]
    got = valid(it, "run_command", result)
    assert result["isError"] and got["state"] == "denied" and "not today" in got["error"]["message"], result


def ended_of(house, uid, command):
    """How the newest run of this command ended, when it has."""
    runs = house.get("/v1/runs?limit=50", uid=uid).json()["runs"]
    return next((run["state"] for run in runs if run["command"][-1] == command and run["state"] not in LIVE), None)


def begun(house, uid, command, state):
    runs = house.get("/v1/runs?limit=50", uid=uid).json()["runs"]
    return any(run["command"][-1] == command and run["state"] == state for run in runs)


@pytest.mark.parametrize("version", [HANDSHAKE, NEWEST])
@pytest.mark.parametrize("command, state, end", [("sleep 301", "running", ["killed"]),
                                                 ("seq 3", "waiting_approval", ["cancelled"])])
def test_a_closed_stream_ends_what_it_waited_for(house, uid, version, command, state, end):
    it = mcp.Client(house, uid, version)
    connection = it.open_call("run_command", 1, token=3, command=command, wait=45)
    wait_for(lambda: begun(house, uid, command, state))
    connection.close()
    assert wait_for(lambda: ended_of(house, uid, command)) in end


@pytest.mark.parametrize("session", [True, False])
@pytest.mark.parametrize("command, state, end", [("sleep 301", "running", ["killed"]),
                                                 ("seq 3", "waiting_approval", ["cancelled"])])
def test_a_call_is_cancelled(house, uid, session, command, state, end):
    it = mcp.Client(house, uid)
    if session:
        it.initialize()
    connection = it.open_call("run_command", "mine", command=command, wait=45)
    wait_for(lambda: begun(house, uid, command, state))
    other = mcp.Client(house, uid, session="another")
    for client_, id in ((other, "mine"), (it, "not mine"), (it, 1)):  # none of them means it
        client_.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}})
    assert ended_of(house, uid, command) is None
    it.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "mine", "reason": "enough"}})
    answer = mcp.whole(connection)  # no message answers it
    assert answer.status == 200 and b'"result"' not in answer.body and b'"error"' not in answer.body, answer
    assert wait_for(lambda: ended_of(house, uid, command)) in end


@needs_root
def test_nobody_cancels_anothers(house):
    hers = mcp.Client(house, ALICE)
    hers.initialize()
    connection = hers.open_call("run_command", 1, command="sleep 3; echo done", wait=45)
    wait_for(lambda: begun(house, ALICE, "sleep 3; echo done", "running"))
    mcp.Client(house, BOB, session=hers.session).post(
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}})
    assert hers.read(mcp.whole(connection))["result"]["structuredContent"]["stdout"] == "done\n"


def test_one_that_was_handed_out_goes_on(house, uid):
    it = mcp.Client(house, uid)
    it.initialize()
    with house.connect(uid) as connection:
        message = it.message("tools/call", {"name": "run_command", "arguments": {"command": "sleep 5", "wait": 0}}, id=1)
        run = connection.ask("POST", "/mcp", message, it.headers_for(message)).json()["result"]["structuredContent"]["id"]
    it.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}})
    assert it.good("get_output", run=run, wait=40)["state"] == "exited"
