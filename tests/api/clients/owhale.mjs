// owhaled from Node 18, no dependency: copy this file. `node owhale.mjs run -- uname -a` shows how.
import http from "node:http";
import tls from "node:tls";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { pathToFileURL } from "node:url";

export const STDIN = 0, STDOUT = 1, STDERR = 2, STATUS = 3, RESIZE = 4, CLOSE = 255;
const LONGEST = 60_000; // ms without a byte: more than any wait that we ask for
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);
const LIVE = new Set(["queued", "waiting_approval", "starting", "running"]);
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

/** What owhaled refused: decide by `code`, show the message to people. */
export class Problem extends Error {
  constructor(problem) {
    super(`${problem.code}: ${problem.detail} ${problem.next ?? ""}`.trim());
    this.code = problem.code;
    this.problem = problem;
  }
}

/** One owhaled: {socketPath}, or {url, token} and, for https, the certificate's SHA256:… fingerprint. */
export class Owhaled {
  constructor({ socketPath, url, token, fingerprint }) {
    Object.assign(this, { socketPath, url: url && new URL(url), token, fingerprint });
    if (this.url && this.url.protocol !== "https:" && !LOOPBACK.has(this.url.hostname))
      throw new Error(`plain HTTP to ${this.url.hostname} would show the token to the network: use https`);
  }

  secure() { // the fingerprint is what proves it, and nothing is sent before it was seen
    return new Promise((resolve, reject) => {
      const socket = tls.connect({ host: this.url.hostname, port: this.url.port, rejectUnauthorized: false }, () => {
        const seen = "SHA256:" + createHash("sha256").update(socket.getPeerCertificate().raw).digest("hex");
        if (seen === this.fingerprint) return resolve(socket);
        socket.destroy();
        reject(new Error(`another owhaled, or somebody between: its fingerprint is ${seen}`));
      }).on("error", reject).setTimeout(LONGEST, () => socket.destroy(new Error("no answer in time")));
    });
  }

  async request(method, path, headers = {}) {
    const isTls = this.url?.protocol === "https:";
    const socket = isTls && await this.secure();
    const all = { Host: this.url?.host ?? "localhost", ...(this.token && { Authorization: `Bearer ${this.token}` }), ...headers };
    const where = this.url ? { host: this.url.hostname, port: this.url.port } : { socketPath: this.socketPath };
    return http.request({ ...where, method, path, headers: all, ...(socket ? { createConnection: () => socket } : { agent: false }) });
  }

  async once(method, path, body, headers) {
    const request = await this.request(method, path, headers);
    return new Promise((resolve, reject) => {
      request.setTimeout(LONGEST, () => request.destroy(new Error("no answer in time")));
      request.on("error", reject).on("response", async response => {
        const parts = [];
        try {
          for await (const part of response) parts.push(part);
          resolve({ status: response.statusCode, headers: response.headers, data: Buffer.concat(parts) });
        } catch (error) {
          reject(error);
        }
      }).end(body && JSON.stringify(body));
    });
  }

  /** The answer's JSON; waits and tries again when owhaled says so. */
  async ask(method, path, body, headers) {
    for (;;) {
      const { status, headers: fields, data } = await this.once(method, path, body, headers);
      if ([429, 503].includes(status) && fields["retry-after"]) {
        await sleep(1000 * fields["retry-after"]);
        continue;
      }
      if (status >= 400) throw new Problem(JSON.parse(data));
      return data.length ? JSON.parse(data) : undefined;
    }
  }

  /** Runs to the end and gives the run with its output. What needs approval is told to `onApproval`, and waited for. */
  async run(request, onApproval) {
    const headers = { Prefer: "wait=1", "Idempotency-Key": randomUUID() }; // trying again starts nothing twice
    const run = await this.ask("POST", "/v1/runs", { ...request, wait: true, detach: true }, headers);
    if (run.state === "waiting_approval") onApproval?.(run);
    return this.wait(run);
  }

  /** Until it has ended. owhaled may be away for `patience` ms: the run's id is all that it takes to go on;
   *  what was agreed to since a restart goes on when its asker is there again, and claims it. */
  async wait(run, patience = 60_000) {
    for (let lost = 0; LIVE.has(run.state);) {
      try {
        run = await this.ask("GET", `/v1/runs/${run.id}/wait`, undefined, { Prefer: "wait=10" });
        if (run.state === "waiting_approval" && (await this.ask("GET", `/v1/approvals/${run.approval}`)).claimable)
          run = await this.ask("POST", `/v1/approvals/${run.approval}/claim`, undefined, { Prefer: "wait=1" });
        lost = 0;
      } catch (error) {
        if (error instanceof Problem) throw error;
        lost ||= Date.now();
        if (Date.now() - lost > patience) throw error;
        await sleep(500);
      }
    }
    if (["denied", "expired", "cancelled", "failed", "lost"].includes(run.state))
      throw new Problem({ code: run.code ?? run.state, detail: run.error ?? run.state });
    return { ...run, stdout: await this.output(run.id, "stdout"), stderr: await this.output(run.id, "stderr") };
  }

  async output(run, stream) {
    const { status, data } = await this.once("GET", `/v1/runs/${run}/output?stream=${stream}&limit=4194304`);
    if (status !== 200) throw new Problem(JSON.parse(data));
    return data.toString();
  }

  /** The run's live streams. */
  async attach(run) {
    const request = await this.request("GET", `/v1/runs/${run}/attach`, {
      Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": randomBytes(16).toString("base64"), "Sec-WebSocket-Protocol": "v5.channel.k8s.io",
    });
    return new Promise((resolve, reject) => {
      request.on("error", reject).on("upgrade", (_, socket, head) => resolve(new Channel(socket, head)));
      request.on("response", async response => {
        const parts = [];
        for await (const part of response) parts.push(part);
        reject(new Problem(JSON.parse(Buffer.concat(parts))));
      }).end();
    });
  }
}

/** A WebSocket (RFC 6455) whose messages begin with the number of a stream. */
class Channel {
  constructor(socket, head) {
    socket.unshift(head);
    socket.setTimeout(0); // a run may say nothing for hours
    this.socket = socket.on("error", () => {});
    this.input = Buffer.alloc(0);
  }

  send(channel, data = "") {
    this.frame(2, Buffer.concat([Buffer.of(channel), Buffer.from(data)]));
  }
  endStdin() { this.send(CLOSE, Buffer.of(STDIN)); }
  resize(Width, Height) { this.send(RESIZE, JSON.stringify({ Width, Height })); }
  async detach() {
    this.frame(8, Buffer.of(3, 232));
    for await (const _ of this.messages()); // until owhaled has it all: a close while output comes would lose what was sent
  }

  frame(opcode, data) {
    const head = Buffer.alloc(data.length < 126 ? 2 : data.length < 65536 ? 4 : 10);
    head[0] = 0x80 | opcode;
    head[1] = 0x80 | (data.length < 126 ? data.length : data.length < 65536 ? 126 : 127);
    if (head.length === 4) head.writeUInt16BE(data.length, 2);
    if (head.length === 10) head.writeBigUInt64BE(BigInt(data.length), 2);
    const mask = randomBytes(4);
    this.socket.write(Buffer.concat([head, mask, data.map((byte, i) => byte ^ mask[i & 3])]));
  }

  /** The frame at the front of the input, cut off; undefined while it is not whole. From the server nothing is masked. */
  take() {
    const data = this.input, short = data[1] & 127;
    const begin = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (data.length < begin) return;
    const size = short < 126 ? short : short === 126 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2));
    if (data.length < begin + size) return;
    this.input = data.subarray(begin + size);
    return { last: data[0] >> 7, opcode: data[0] & 15, payload: data.subarray(begin, begin + size) };
  }

  /** [channel, bytes] until owhaled closes: output on 1 and 2, the run as JSON on 3. */
  async *messages() {
    let parts = [];
    for await (const chunk of this.chunks()) {
      this.input = Buffer.concat([this.input, chunk]);
      for (let frame; (frame = this.take());) {
        if (frame.opcode === 8) return;
        if (frame.opcode === 9) this.frame(10, frame.payload);
        if (frame.opcode > 2) continue;
        parts.push(frame.payload);
        if (!frame.last) continue;
        const whole = Buffer.concat(parts);
        parts = [];
        yield [whole[0], whole.subarray(1)];
      }
    }
  }

  async *chunks() {
    try {
      yield* this.socket;
    } catch { /* its end, however it came */ }
    throw new Error("the channel was lost; attach again, the run may go on");
  }
}

/** Our stdin to the run's, the run's output to ours; the run as it was at the end. */
async function stream(channel) {
  process.stdin.on("data", data => channel.send(STDIN, data)).on("end", () => channel.endStdin());
  let run;
  for await (const [number, data] of channel.messages())
    if (number === STATUS) run = JSON.parse(data);
    else (number === STDOUT ? process.stdout : process.stderr).write(data);
  return run;
}

const commands = {
  async run(owhaled, argv) {
    const run = await owhaled.run({ argv });
    process.stderr.write(run.stderr);
    process.stdout.write(run.stdout);
    return run;
  },
  async ask(owhaled, argv) {
    const run = await owhaled.run({ argv }, waiting =>
      process.stderr.write(`needs approval: owhalectl approve ${waiting.approval}\n`));
    process.stdout.write(run.stdout);
    return run;
  },
  async stream(owhaled, argv) {
    const run = await owhaled.ask("POST", "/v1/runs", { argv, attach: true, stdin_open: true, detach: true });
    return stream(await owhaled.attach(run.id));
  },
  /** `attach RUN`; `attach RUN --detach` gives it one piece of stdin, and leaves. */
  async attach(owhaled, [id, leave]) {
    const channel = await owhaled.attach(id);
    if (leave !== "--detach") return stream(channel);
    channel.resize(100, 40);
    for await (const data of process.stdin) {
      channel.send(STDIN, data);
      break;
    }
    await channel.detach();
    return { exit_code: 0 };
  },
};

const USAGE = `usage: owhale.mjs run|ask|stream -- COMMAND [ARG...]
       owhale.mjs attach RUN [--detach]
OWHALE_SOCKET or OWHALE_HOST names owhaled; OWHALE_TOKEN says who you are, OWHALE_FINGERPRINT what its certificate is.`;

async function main([command, ...words]) {
  if (["--help", "-h"].includes(command)) return console.log(USAGE);
  const { OWHALE_SOCKET, OWHALE_HOST, OWHALE_TOKEN, OWHALE_FINGERPRINT } = process.env;
  if (words[0] === "--") words.shift(); // further ones are the command's
  if (!Object.hasOwn(commands, command ?? "") || words.length === 0) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  try {
    const owhaled = new Owhaled({ socketPath: OWHALE_SOCKET ?? "/run/owhaled/owhaled.sock", url: OWHALE_HOST,
                                  token: OWHALE_TOKEN, fingerprint: OWHALE_FINGERPRINT });
    const run = await commands[command](owhaled, words);
    process.exitCode = run?.exit_code ?? 125;
  } catch (error) {
    console.error(error instanceof Problem ? error.message : `unreachable: ${error.message}`);
    process.exitCode = 125;
  }
  process.stdin.destroy();
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) main(process.argv.slice(2));
