"""status, whoami, doctor, config, profiles, audit, openapi; and clients that others wrote."""

import json
import os
import re
import shutil
import subprocess


TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")


def test_status(owhaled, uid):
    status = owhaled.get("/v1/status", uid=uid).json()
    assert re.match(r"^\d+\.\d+\.\d+", status["version"]) and status["mode"] in ("local", "strict")
    assert TIME.match(status["started"]) and status["connections"] >= 1
    before = status["runs_total"]
    owhaled.ran(uid, argv=["/bin/true"])
    assert owhaled.get("/v1/status", uid=uid).json()["runs_total"] == before + 1


def test_whoami_names_the_daemon(owhaled, uid):
    answer = owhaled.get("/v1/whoami", uid=uid).json()
    assert answer["principal"].startswith("unix:") and answer["why"] and answer["daemon"]


def test_doctor_says_what_is_lost_and_how_to_get_it(owhaled, uid):
    doctor = owhaled.get("/v1/doctor", uid=uid).json()
    assert doctor["summary"] and isinstance(doctor["strict_ready"], bool) and len(doctor["checks"]) >= 5
    for check in doctor["checks"]:
        assert check["state"] in ("ok", "weaker", "missing") and check["name"] and check["detail"], check
        assert check["state"] == "ok" or (check["lost"] and check["fix"]), check


def test_doctor_in_strict_calls_missing_what_every_run_is_refused_for(own):
    doctor = own(environment={"SECURITY_MODE": "strict"}).start().get("/v1/doctor").json()
    lost = [check for check in doctor["checks"] if check["state"] == "missing"]
    assert doctor["strict_ready"] is (not lost) and ("not ready for strict" in doctor["summary"]) is bool(lost), doctor
    assert all("refuses every run" in check["lost"] for check in lost), lost
    weaker = {check["name"] for check in doctor["checks"] if check["state"] == "weaker"}
    assert weaker <= {"kernel", "wsl", "first password"}, weaker


def test_an_outcome_that_no_event_has_is_refused_with_those_there_are(owhaled):
    answer = owhaled.get("/v1/audit?outcome=bogus")
    assert answer.code == "invalid_value" and "denied" in answer.text and "exited" in answer.text, answer
    for outcome in ("ok", "pending", "denied", "exited"):
        assert owhaled.get(f"/v1/audit?outcome={outcome}").status == 200, outcome


def test_config_shows_where_each_setting_comes_from(owhaled, uid):
    rows = {row["key"]: row for row in owhaled.get("/v1/config", uid=uid).json()["settings"]}
    assert rows["state-dir"]["value"] == str(owhaled.state) and "--state-dir" in rows["state-dir"]["source"]
    assert rows["kill-grace"]["source"] == "default" and all(row["help"] for row in rows.values())


def test_profiles(owhaled, uid):
    names = {profile["name"] for profile in owhaled.get("/v1/profiles", uid=uid).json()["profiles"]}
    assert {"default", "readonly", "build"} <= names
    profile = owhaled.get("/v1/profiles/default", uid=uid).json()
    assert profile["text"] and re.match("^[0-9a-f]{64}$", profile["digest"])
    for name in ("nope", "..", "%2e%2e%2fdefault", "default.toml"):
        assert owhaled.get(f"/v1/profiles/{name}", uid=uid).status == 404


def test_the_audit_log_has_intent_before_outcome(owhaled, uid):
    run = owhaled.ran(uid, argv=["/bin/echo", "audited"])
    events = owhaled.get(f"/v1/audit?run={run['id']}", uid=uid).json()["events"]
    by_kind = {event["event"]["event"]: event for event in events}
    intent, outcome = by_kind["run.intent"], by_kind["run.outcome"]
    assert intent["seq"] < outcome["seq"] and intent["event"]["outcome"] == "pending"
    assert outcome["event"]["outcome"] == "exited" and TIME.match(outcome["event"]["time"])
    assert all(re.match("^[0-9a-f]{64}$", event["hash"]) for event in events)
    assert outcome["event"]["data"]["receipt"]["run"] == run["id"]
    one = owhaled.get(f"/v1/audit/{intent['seq']}", uid=uid).json()
    assert {name: one[name] for name in intent} == intent and one["proof"]["index"] == intent["seq"] - 1


def test_the_audit_log_in_pages(owhaled, uid):
    for _ in range(3):
        owhaled.ran(uid, argv=["/bin/true"])
    whole = owhaled.get("/v1/audit?limit=5", uid=uid).json()["events"]
    first = owhaled.get("/v1/audit?limit=2", uid=uid).json()
    second = owhaled.get(f"/v1/audit?limit=2&before={first['next']}", uid=uid).json()
    assert [event["seq"] for event in first["events"] + second["events"]] == [event["seq"] for event in whole[:4]]
    assert owhaled.get("/v1/audit?grep=no-such-text-anywhere", uid=uid).json()["events"] == []


# --- openapi

def references(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def check_schema(schema):
    assert isinstance(schema, dict)
    assert schema.get("type") in (None, "object", "array", "string", "integer", "number", "boolean"), schema
    for inner in schema.get("properties", {}).values():
        check_schema(inner)
    assert set(schema.get("required", [])) <= set(schema.get("properties", {})), schema
    if schema.get("type") == "array":
        check_schema(schema["items"])


def test_openapi_is_well_formed(owhaled):
    answer = owhaled.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert re.match(r"^3\.1\.\d+$", document["openapi"])
    assert document["info"]["title"] and document["info"]["version"]
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        check_schema(schema)
    for reference in references(document):
        _, components, kind, name = reference.split("/")
        assert components == "components" and name in document["components"][kind], reference
    seen = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert method in ("get", "post", "put", "patch", "delete") and operation["operationId"] not in seen
            seen.add(operation["operationId"])
            inside = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert inside == set(re.findall(r"{(\w+)}", path))
            assert all("description" in response or "$ref" in response for response in operation["responses"].values())
    assert len(seen) >= 20


def conforms(value, schema, schemas, where):
    """Enough of JSON Schema for the schemas that owhaled writes."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[-1]]
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
    if "type" in schema:
        assert isinstance(value, kinds[schema["type"]]), (where, value, schema)
    if "minimum" in schema:
        assert value >= schema["minimum"], where
    for name in schema.get("required", []):
        assert name in value, (where, name)
    if schema.get("type") == "object":
        known, extra = schema.get("properties", {}), schema.get("additionalProperties")
        for name, inner in value.items():
            assert name in known or extra, f"{where}.{name} is not in the schema"
            conforms(inner, known.get(name, extra), schemas, f"{where}.{name}")
    if schema.get("type") == "array":
        for index, inner in enumerate(value):
            conforms(inner, schema["items"], schemas, f"{where}[{index}]")


def test_answers_are_what_openapi_says(owhaled, uid):
    document = owhaled.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    run = owhaled.ran(uid, script="echo x; false")
    seq = owhaled.get(f"/v1/audit?run={run['id']}", uid=uid).json()["events"][0]["seq"]
    filled = {"/v1/runs/{id}": run["id"], "/v1/profiles/{name}": "default", "/v1/policy/rules/{rule}": "tests.host-network", "/v1/audit/{seq}": str(seq),
              "/v1/users/{name}": "admin"}
    checked = 0
    for path, methods in document["paths"].items():
        content = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        # Without TLS there is no CA of owhaled's own: tests/api/test_tls.py.
        if path in ("/openapi.json", "/v1/pair/ca") or "application/json" not in content or any(f"{noun}/{{" in path for noun in ("boxes", "tokens", "approvals", "grants", "secrets", "devices", "join")):
            continue
        admins = path.startswith(("/v1/users", "/v1/sessions", "/v1/tokens", "/v1/pair", "/v1/devices"))  # a uid by itself has none of its own
        if admins and os.geteuid() != 0:
            continue
        for pattern, value in filled.items():
            if path.startswith(pattern):
                path = path.replace(pattern[pattern.index("{"):], value)
        query = {"/v1/audit/proof": f"?seq={seq}&size={seq}", "/v1/audit/consistency": f"?from=1&to={seq}"}.get(path, "")
        answer = owhaled.get(path + query, uid=None if admins else uid)
        assert answer.status == 200, (path, answer)
        conforms(answer.json(), content["application/json"]["schema"], schemas, path)
        checked += 1
    assert checked >= 12
    conforms(run, {"$ref": "#/components/schemas/Run"}, schemas, "run")
    problem = owhaled.get("/v1/runs/x", uid=uid)
    conforms(problem.json(), {"$ref": "#/components/schemas/Problem"}, schemas, "problem")


# --- clients of others

def test_curl_is_a_full_client(owhaled):
    answer = subprocess.run(["curl", "-sS", "--unix-socket", str(owhaled.socket), "http://localhost/v1/runs", "-d",
                             '{"argv":["id"],"wait":true}'], capture_output=True, text=True, timeout=30)
    run = json.loads(answer.stdout)
    assert run["exit_code"] == 0 and run["stdout"].startswith("uid="), answer


def test_curl_sends_a_large_body_with_expect(owhaled):
    body = json.dumps({"argv": ["wc", "-c"], "stdin": "x" * 900_000, "wait": True})
    answer = subprocess.run(["curl", "-sS", "--unix-socket", str(owhaled.socket), "http://localhost/v1/runs", "-H",
                             "Expect: 100-continue", "--data-binary", "@-"], input=body, capture_output=True,
                            text=True, timeout=30)
    assert json.loads(answer.stdout)["stdout"].strip() == "900000", answer


def test_curl_reads_why_a_body_is_too_large(owhaled):
    answer = subprocess.run(["curl", "-sS", "-w", "%{http_code}", "--unix-socket", str(owhaled.socket),
                             "http://localhost/v1/runs", "--data-binary", "@-"], input="x" * 3_000_000,
                            capture_output=True, text=True, timeout=30)
    assert answer.stdout.endswith("413") and "body_too_large" in answer.stdout, answer


NODE = """
const http = require('http');
const agent = new http.Agent({keepAlive: true, maxSockets: 2});
const ask = (method, path, body) => new Promise((resolve, reject) => {
  const request = http.request({socketPath: process.argv[1], method, path, agent}, response => {
    let text = '';
    response.on('data', part => text += part).on('end', () => resolve([response.statusCode, JSON.parse(text)]));
  }).on('error', reject);
  request.end(body && JSON.stringify(body)); // in chunks: Node knows no length here
});
(async () => {
  const runs = await Promise.all([1, 2, 3, 4].map(n => ask('POST', '/v1/runs', {argv: ['echo', `${n}`], wait: true})));
  const refused = await ask('POST', '/v1/runs', {argv: 1});
  console.log(JSON.stringify([runs.map(([status, run]) => [status, run.stdout]), refused[0], refused[1].code]));
  agent.destroy();
})();
"""


def test_node_is_a_client(owhaled):
    node = shutil.which("nodejs") or shutil.which("node")
    assert node, "tests/api needs nodejs"
    answer = subprocess.run([node, "-e", NODE, str(owhaled.socket)], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer
    assert json.loads(answer.stdout) == [[[200, f"{n}\n"] for n in (1, 2, 3, 4)], 422, "invalid_value"], answer
