// Every tool of owhaled's MCP server, by the SDK of others. One argument, JSON: {sdk: 1 | 2, command | url + token, cwd}.
// Ends with 0 and a line of JSON when all is as it should be.
import assert from "node:assert/strict";

const job = JSON.parse(process.argv[2]);
const v1 = job.sdk === 1;
const { Client, StreamableHTTPClientTransport } = v1
    ? { ...(await import("@modelcontextprotocol/sdk/client/index.js")), ...(await import("@modelcontextprotocol/sdk/client/streamableHttp.js")) }
    : await import("@modelcontextprotocol/client");
const { StdioClientTransport } = await import(v1 ? "@modelcontextprotocol/sdk/client/stdio.js" : "@modelcontextprotocol/client/stdio");

const asked = [];
const options = { capabilities: { elicitation: {}, sampling: {} } };
if (!v1) options.versionNegotiation = { mode: { pin: "2026-07-28" } };
const client = new Client({ name: "tests", version: "1" }, options);
client.fallbackRequestHandler = async (request) => { asked.push(request.method); throw new Error("not here"); };

const headers = job.token ? { Authorization: `Bearer ${job.token}` } : {};
const transport = job.command
    ? new StdioClientTransport({ command: job.command[0], args: job.command.slice(1), stderr: "inherit" })
    : new StreamableHTTPClientTransport(new URL(job.url + "/mcp"), { requestInit: { headers } });
await client.connect(transport);

const request = (name, args, more) => {
    const params = { name, arguments: args };
    return v1 ? client.callTool(params, undefined, more) : client.callTool(params, more);
};
const call = async (name, args, more) => {
    const result = await request(name, args, more);
    assert.ok(result.content[0].text.length > 0, name);
    return result;
};
const good = async (name, args, more) => {
    const result = await call(name, args, more);
    assert.ok(!result.isError, JSON.stringify(result));
    return result.structuredContent;
};
const cwd = job.cwd ? { cwd: job.cwd } : {};
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const until = async (what, found) => {
    for (const end = Date.now() + 30000; Date.now() < end; await pause(100)) {
        const value = await found();
        if (value) return value;
    }
    assert.fail("never: " + what);
};

const { tools } = await client.listTools(); // the SDK checks structured content by these schemas from here on
assert.deepEqual(tools.map((one) => one.name).sort(),
    ["check_command", "get_output", "kill_run", "list_runs", "run_code", "run_command", "send_input"]);

assert.equal((await good("run_command", { command: "echo 'a  b' \"$(echo c)\"; echo no >&2", ...cwd })).stdout, "a  b c\n");
assert.equal((await good("run_command", { argv: ["printf", "%s", "$HOME;"], ...cwd })).stdout, "$HOME;");
const failed = await call("run_command", { command: "exit 3", ...cwd });
assert.equal(failed.isError, true);
assert.equal(failed.structuredContent.exit_code, 3);
assert.equal((await good("run_code", { language: "python", code: "print(6 * 7)", ...cwd })).stdout, "42\n");

const denied = await call("run_command", { command: "numfmt 12", ...cwd });
assert.equal(denied.isError, true);
assert.equal(denied.structuredContent.verdict.rule, "own.deny");
assert.equal((await good("check_command", { command: "seq 3" })).verdict.decision, "ask");

// bounded output, and the rest of it
const long = await good("run_command", { command: "head -c 300000 /dev/zero | tr '\\0' x", max_output: 2048, ...cwd });
assert.equal(long.stdout_length, 300000);
assert.ok(long.stdout.length < 4096);
const rest = await good("get_output", { run: long.id, offset: long.stdout_omitted.offset, length: 1000 });
assert.equal(rest.text, "x".repeat(1000));

// standard input, piece by piece
const open = await good("run_command", { command: "read a; echo got $a; cat", stdin_open: true, wait: 0, ...cwd });
await good("send_input", { run: open.id, text: "one\n" });
await until("the echo", async () => (await good("get_output", { run: open.id })).text === "got one\n");
await good("send_input", { run: open.id, text: "two", close: true });
assert.equal((await good("get_output", { run: open.id, wait: 30 })).text, "got one\ntwo");

// ended by us
const slow = await good("run_command", { command: "sleep 600", wait: 0, ...cwd });
assert.ok((await good("list_runs", { state: "running" })).runs.some((one) => one.id === slow.id));
await good("kill_run", { run: slow.id });
await until("its end", async () => (await call("get_output", { run: slow.id })).structuredContent.state === "killed");

// a person has to agree: told as progress, never asked of the client
const told = [];
const agreed = await good("run_command", { command: "seq 3", ...cwd }, { onprogress: (one) => told.push(one.message ?? "") });
assert.equal(agreed.stdout, "1\n2\n3\n");
assert.ok(told.some((one) => one.includes("approval")), JSON.stringify(told));
const polled = await good("run_command", { command: "seq 4", wait: 0, ...cwd });
assert.equal(polled.state, "waiting_approval");
await until("its output", async () => (await call("get_output", { run: polled.id, wait: 5 })).structuredContent.text === "1\n2\n3\n4\n");

// cancelled: the run is gone
const mark = `sleep 599.${Date.now() % 100000}`;
const stop = new AbortController();
const cancelled = request("run_command", { command: mark, ...cwd }, { signal: stop.signal }).then(() => "answered", () => "cancelled");
const found = await until("the run", async () => (await good("list_runs", { state: "running" })).runs.find((one) => one.command.includes(mark)));
stop.abort("enough");
assert.equal(await cancelled, "cancelled");
await until("the run's end", async () => !["running", "starting"].includes((await call("get_output", { run: found.id })).structuredContent.state));

// wrong arguments, and no such tool
assert.equal((await call("run_command", { command: "true", sudo: true })).isError, true);
assert.equal((await call("get_output", { run: "no" })).isError, true);
await assert.rejects(request("approve_run", { run: slow.id }).then((result) => { if (result.isError) throw new Error("no"); }));

// many at once
const many = await Promise.all([...Array(24).keys()].map((n) => good("run_command", { command: `echo ${n}`, ...cwd })));
assert.deepEqual(many.map((one) => one.stdout), [...Array(24).keys()].map((n) => `${n}\n`));

assert.deepEqual(asked, []);
await client.close();
console.log(JSON.stringify({ ok: true, told }));
