"""GET /metrics: what it counts is what was done, whoever may not know does not, and others' programs read it."""

import os
import pathlib
import re
import shutil
import subprocess
import time
from urllib.parse import quote

import pytest

import mcp
from accounts import QUICK, add, set_up
from asking import asks
from client import ask
from conftest import needs_root
from ctl import Ctl
from over_tcp import Tcp, bearer, first_account, listening

OPEN = {"Accept": "application/openmetrics-text; version=1.0.0"}
PAGE = pathlib.Path(__file__).resolve().parents[2] / "man" / "owhaled-metrics.7.scd"


def scraped(owhaled, **more):
    """{(sample, labels): value}, by a parser that others wrote."""
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    answer = owhaled.get("/metrics", headers=OPEN, **more)
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    samples = {}
    for family in parser.text_string_to_metric_families(answer.body.decode()):
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in samples, key
            samples[key] = sample.value
    return samples


def one(samples, name, **labels):
    return samples.get((name, tuple(sorted(labels.items()))), 0)


def grown(before, after, name, **labels):
    return one(after, name, **labels) - one(before, name, **labels)


def until(condition, patience=30):
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.05)


def test_counts_are_true_to_what_was_done(own):
    owhaled = own(*QUICK).start()
    before = scraped(owhaled)
    for _ in range(3):
        owhaled.ran(argv=["/bin/true"])
    owhaled.ran(argv=["/bin/false"])
    assert owhaled.run(argv=["/nowhere/no-such-program"], wait=True).status == 200
    assert owhaled.get("/v1/runs/01900000-0000-7000-8000-000000000000").status == 404
    assert owhaled.get("/v1/nothing").status == 404
    after = scraped(owhaled)
    assert grown(before, after, "owhaled_runs_ended_total", state="exited") == 4
    assert grown(before, after, "owhaled_runs_ended_total", state="failed") == 1
    assert grown(before, after, "owhaled_verdicts_total", decision="allow") == 5
    assert grown(before, after, "owhaled_run_start_duration_seconds_count") == 4
    assert grown(before, after, "owhaled_verdict_duration_seconds_count") == 5
    assert grown(before, after, "owhaled_requests_total", verb="runs.create", status="2xx") == 5
    assert grown(before, after, "owhaled_requests_total", verb="runs.show", status="4xx") == 1
    assert grown(before, after, "owhaled_requests_total", verb="none", status="4xx") == 1
    assert grown(before, after, "owhaled_requests_total", verb="metrics", status="2xx") == 1
    assert grown(before, after, "owhaled_request_duration_seconds_count", verb="runs.create") == 5
    assert grown(before, after, "owhaled_connections_accepted_total", listener="unix") >= 7
    assert one(after, "owhaled_connections", listener="unix") >= 1
    assert one(after, "owhaled_runs", state="running") == 0 and one(after, "owhaled_spawner_up") == 1
    if os.geteuid() == 0:
        assert abs(one(after, "process_open_fds") - owhaled.descriptors()) <= 2  # the connection that asks
    assert 0 < one(after, "process_open_fds") < one(after, "process_max_fds")
    assert one(after, "process_resident_memory_bytes") > 1 << 20 and one(after, "process_cpu_seconds_total") > 0
    build = [dict(labels) for name, labels in after if name == "owhaled_build_info"]
    assert build[0]["mode"] in ("local", "strict") and re.match(r"\d+\.\d+", build[0]["version"])


def test_what_is_asked_by_mcp_is_counted_as_what_it_is(own):
    owhaled = own(*QUICK).start()
    it = mcp.Client(owhaled)
    before = scraped(owhaled)
    assert not it.call("run_command", argv=["/bin/true"]).get("isError")
    assert it.call("get_output", run="01900000-0000-7000-8000-000000000000")["isError"]
    after = scraped(owhaled)
    assert grown(before, after, "owhaled_requests_total", verb="mcp", status="2xx") == 2
    assert grown(before, after, "owhaled_requests_total", verb="runs.create", status="2xx") == 1
    assert grown(before, after, "owhaled_request_duration_seconds_count", verb="runs.create") == 1
    assert grown(before, after, "owhaled_requests_total", verb="runs.show", status="4xx") + \
        grown(before, after, "owhaled_requests_total", verb="runs.output", status="4xx") == 1


def test_a_password_that_is_missing_is_counted_with_the_verb(own):
    owhaled = own(*QUICK).start()
    admin = set_up(owhaled)
    before = scraped(owhaled)
    assert admin.ask("POST", "/v1/users", {"name": "alice", "roles": ["agent"]}).code == "step_up_required"
    assert grown(before, scraped(owhaled), "owhaled_requests_total", verb="users.create", status="4xx") == 1


def test_they_agree_with_the_audit_log(own):
    owhaled = own(*QUICK).start()
    admin = set_up(owhaled)
    for _ in range(2):
        owhaled.ran(argv=["/bin/true"])
    admin.do("POST", "/v1/users", {"name": "alice", "roles": ["agent"], "password": "some words of hers"}, 201)
    until(lambda: one(scraped(owhaled), "owhaled_audit_index_behind") == 0)
    samples = scraped(owhaled)
    events = [row["event"]["event"] for row in owhaled.get("/v1/audit?limit=1000").json()["events"]]
    counted = {dict(labels)["event"]: value for (name, labels), value in samples.items() if name == "owhaled_audit_events_total"}
    assert {name: count for name, count in counted.items() if count} == {name: events.count(name) for name in set(events)}
    assert one(samples, "owhaled_audit_sequence") == len(events)
    assert 0 < one(samples, "owhaled_audit_commit_duration_seconds_count") <= len(events)
    assert one(samples, "owhaled_audit_outage") == 0 and one(samples, "owhaled_audit_refused_total") == 0
    assert one(samples, "owhaled_sessions", kind="login") >= 1


def test_questions_and_their_ends(own):
    owhaled = own(*QUICK)
    owhaled.rule("ask.toml", asks("high"))
    owhaled.start()
    before = scraped(owhaled)
    made = owhaled.run(argv=["seq", "3"])
    assert made.status == 202, made
    waiting = scraped(owhaled)
    assert one(waiting, "owhaled_approvals", age="under_1m") == 1
    assert one(waiting, "owhaled_runs", state="waiting_approval") == 1
    assert grown(before, waiting, "owhaled_approvals_asked_total") == 1
    assert grown(before, waiting, "owhaled_verdicts_total", decision="ask") == 1
    assert owhaled.ask("POST", f"/v1/approvals/{made.json()['approval']}/cancel", {}).status == 200
    until(lambda: one(scraped(owhaled), "owhaled_runs", state="waiting_approval") == 0)
    after = scraped(owhaled)
    assert one(after, "owhaled_approvals", age="under_1m") == 0 and one(after, "owhaled_approvals_oldest_seconds") == 0
    assert grown(before, after, "owhaled_approvals_ended_total", state="cancelled") == 1
    assert grown(before, after, "owhaled_runs_ended_total", state="cancelled") == 1


def test_limits_that_are_hit_are_counted(own, alice):
    owhaled = own("--api-rate", "60", "--api-burst", "5", "--max-body", "10K").start()
    before = scraped(owhaled, uid=0)
    with owhaled.connect(alice) as connection:
        refused = [connection.ask("GET", "/v1/whoami").status for _ in range(9)].count(429)
    assert refused >= 3
    assert ask(owhaled.socket, "POST", "/v1/runs", {"argv": ["x" * 20_000]}).status == 413
    after = scraped(owhaled, uid=0)
    assert grown(before, after, "owhaled_limited_total", limit="rate_api") == refused
    assert grown(before, after, "owhaled_limited_total", limit="body") == 1
    assert grown(before, after, "owhaled_requests_total", verb="none", status="4xx") == refused + 1


@needs_root
def test_who_sees_its_own_alone_does_not_see_everybodys(own, alice):
    owhaled = own(*QUICK, "--unix-roles", f"{alice}=agent").start()
    admin = set_up(owhaled)
    answer = owhaled.get("/metrics", uid=alice)
    assert (answer.status, answer.code) == (403, "forbidden") and "auditor" in answer.text
    assert b"owhaled_" not in answer.body
    assert add(admin, "agnes", ["agent"]).get("/metrics").status == 403
    assert add(admin, "otto", ["auditor"]).get("/metrics").status == 200
    assert admin.mint(role="auditor").get("/metrics").status == 200


@needs_root
def test_a_monitor_reads_the_counts_and_nothing_else(own, alice):
    owhaled = own(*QUICK, "--unix-roles", f"{alice}=monitor").start()
    admin = set_up(owhaled)
    scraper = admin.mint(role="monitor")
    assert scraper.get("/metrics").status == owhaled.get("/metrics", uid=alice).status == 200
    assert scraper.get("/v1/whoami").json()["permissions"] == ["metrics", "metrics:any"]
    gated = [path for path, verbs in owhaled.get("/openapi.json").json()["paths"].items()
             if "{" not in path and verbs.get("get", {}).get("x-permission", "none") != "none"]
    assert len(gated) > 10
    assert [path for path in gated if scraper.get(path).status != 403] == ["/metrics"]
    for method, path, body in (("POST", "/v1/runs", {"argv": ["true"]}), ("POST", "/v1/freeze", {}),
                               ("POST", "/v1/tokens", {"role": "monitor", "ttl_ms": 60_000}), ("POST", "/mcp", {})):
        assert scraper.ask(method, path, body).status == 403, path
    # Whoever may not read them makes no token that does.
    agent = add(admin, "agnes", ["agent"])
    assert agent.ask("POST", "/v1/tokens", {"role": "monitor", "ttl_ms": 60_000}).status == 403
    assert add(admin, "moni", ["monitor"]).get("/metrics").status == 200  # with the password that it chose


def test_over_tcp_with_a_token_and_never_without(own):
    owhaled = listening(own)
    token = first_account(owhaled)
    stranger, known = Tcp(owhaled.tcp), Tcp(owhaled.tcp)
    assert stranger.ask("GET", "/metrics").status == 401
    assert known.ask("GET", "/metrics", headers=bearer(token)).status == 200


def test_a_run_reads_nothing_of_it(own, uid, workspace):
    owhaled = own(*QUICK).start()
    script = f"curl -s -o /dev/null -w '%{{http_code}}' --unix-socket {owhaled.socket} http://localhost/metrics || echo none"
    done = owhaled.ran(uid, argv=["sh", "-c", script], profile="agent", cwd=str(workspace))
    assert "200" not in done["stdout"], done


def test_what_strangers_write_is_no_label(own, uid):
    owhaled = own(*QUICK).start()
    before = owhaled.get("/metrics").body
    evil = 'x"} 1\nowhaled_runs_ended_total{state="exited"} 999999\n# EOF'
    for path in ("/v1/" + quote(evil), "/metrics/" + quote(evil), "/metrics?" + quote(evil) + "=1", "/v1/runs/" + quote(evil)):
        owhaled.get(path)
    owhaled.ask(evil.replace("\n", "").replace(" ", "")[:20], "/v1/runs")
    owhaled.run(argv=[evil], wait=True)
    owhaled.run(argv=["/bin/true"], profile=evil, wait=True)
    after = owhaled.get("/metrics").body
    assert b"999999" not in after
    names = {line.split(b" ")[0] for line in after.splitlines() if b"verb=" not in line}
    assert names == {line.split(b" ")[0] for line in before.splitlines() if b"verb=" not in line}
    verbs = set(re.findall(rb'verb="([^"]*)"', after))
    assert verbs <= {b"none", b"metrics", b"runs.show", b"runs.create", b"runs.list", b"health"}, verbs


def test_a_thousand_scrapes_leave_nothing_behind(own):
    owhaled = own(*QUICK).start()
    with owhaled.connect() as connection:
        for _ in range(200):
            connection.ask("GET", "/metrics")
        first = scraped(owhaled)
        for _ in range(1000):
            assert connection.ask("GET", "/metrics", headers=OPEN).status == 200
        last = scraped(owhaled)
    assert one(last, "process_open_fds") == one(first, "process_open_fds")
    assert one(last, "process_resident_memory_bytes") - one(first, "process_resident_memory_bytes") < 4 << 20
    assert set(first) == set(last)
    assert one(last, "owhaled_audit_sequence") == one(first, "owhaled_audit_sequence")  # a scrape is no event


def test_promtool_finds_nothing_wrong(own):
    if shutil.which("promtool") is None:
        pytest.skip("promtool of Debian's package prometheus is not there")
    owhaled = own(*QUICK).start()
    owhaled.ran(argv=["/bin/true"])
    answer = owhaled.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    done = subprocess.run(["promtool", "check", "metrics"], input=answer.body, capture_output=True, timeout=60)
    assert done.returncode == 0 and not done.stderr and not done.stdout, (done, answer.text)


def test_the_page_lists_what_there_is(own):
    owhaled = own(*QUICK).start()
    text = owhaled.get("/metrics", headers=OPEN).body.decode()
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    helps = dict(re.findall(r"^# HELP (\S+) (.+)$", text, re.M))
    told = re.findall(r"^\*([a-z_]+)\* \(([a-z]+)(?:; ([a-z, ]+))?\)\n\t(.+)$", PAGE.read_text(), re.M)
    assert {name: kind for name, kind, _, _ in told} == kinds
    assert {name: said for name, _, _, said in told} == helps
    labels = {}
    for name, keys in re.findall(r"^([a-z_]+)\{(.*)\} ", text, re.M):
        labels.setdefault(name, set()).update(re.findall(r'([a-z]+)="', keys))
    for name, kind, keys, _ in told:
        sample = name + {"counter": "_total", "info": "_info", "histogram": "_bucket"}.get(kind, "")
        if sample in labels:
            assert labels[sample] - {"le"} == set(filter(None, keys.split(", "))), name
    assert text.endswith("# EOF\n") and text.count("# EOF") == 1


def test_owhalectl_prints_it(own, base):
    owhaled = own(*QUICK).start()
    ctl = Ctl(base, owhaled)
    assert ctl("metrics").startswith("# TYPE owhaled_") and "# EOF" not in ctl("metrics")
    assert ctl("metrics", "--openmetrics").endswith("# EOF\n")
    done = ctl("metrics", "-o", "json", code=None)
    assert done.returncode == 2 or done.returncode == 1 and "no JSON" in done.stderr, done
