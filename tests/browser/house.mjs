// What the tests of the page stand on: an owhaled over TLS, a browser that trusts a CA of the test's or none, wires that can be cut,
// and somebody in between.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import readline from 'node:readline';
import tls from 'node:tls';
import { readFileSync } from 'node:fs';

const here = import.meta.dirname;
const modules = createRequire((process.env.OWHALE_BROWSER_MODULES ?? here) + '/');
export const { chromium } = modules('playwright-core');
export const axe = readFileSync(modules.resolve('axe-core/axe.min.js'), 'utf8');

/** A CA, and a certificate of it for this machine's loopback; another that nobody trusts. */
export class Certificates {
    constructor() {
        this.folder = mkdtempSync(join(tmpdir(), 'owhale-ca-'));
        const file = (name) => join(this.folder, name);
        const openssl = (...words) => execFileSync('openssl', words, { stdio: 'pipe' });
        const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
        writeFileSync(file('leaf.conf'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n');
        openssl('req', '-x509', ...key, '-days', '30', '-subj', '/CN=CA of a test', '-keyout', file('ca.key'), '-out', file('ca.pem'));
        openssl('req', ...key, '-subj', '/CN=localhost', '-keyout', file('leaf.key'), '-out', file('leaf.csr'));
        openssl('x509', '-req', '-days', '30', '-in', file('leaf.csr'), '-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-extfile', file('leaf.conf'), '-out', file('leaf.pem'));
        openssl('req', '-x509', ...key, '-days', '30', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', file('other.key'), '-out', file('other.pem'));
        this.certificate = file('leaf.pem');
        this.key = file('leaf.key');
        this.other = { cert: readFileSync(file('other.pem')), key: readFileSync(file('other.key')) };
        // Chromium on Linux believes what the user's NSS database believes: the case of a CA that was given to the phone.
        this.home = this.homeOf(readFileSync(file('ca.pem'), 'utf8'));
        // And one that trusts nothing of the test's.
        this.strange_home = file('strange-home');
        mkdirSync(this.strange_home);
    }

    /** Another home, whose owner took in this CA alone. @param {string} pem */
    homeOf(pem) {
        const home = mkdtempSync(join(this.folder, 'home-'));
        const database = join(home, '.pki/nssdb');
        mkdirSync(database, { recursive: true });
        writeFileSync(join(home, 'ca.pem'), pem);
        execFileSync('certutil', ['-d', `sql:${database}`, '-N', '--empty-password'], { stdio: 'pipe' });
        execFileSync('certutil', ['-d', `sql:${database}`, '-A', '-n', 'owhaled', '-t', 'C,,', '-i', join(home, 'ca.pem')], { stdio: 'pipe' });
        return home;
    }

    remove() {
        rmSync(this.folder, { recursive: true, force: true });
    }
}

/** An owhaled that does what a test asks of it by `served`. */
export class Owhaled {
    static async start(certificate = '', key = '', ...flags) {
        const one = new Owhaled();
        one.process = spawn('/usr/bin/python3', [join(here, 'served'), certificate, key, ...flags], { stdio: ['pipe', 'pipe', 'inherit'] });
        one.lines = readline.createInterface({ input: one.process.stdout })[Symbol.asyncIterator]();
        const first = await one.lines.next();
        if (first.done) throw new Error('owhaled did not start');
        Object.assign(one, JSON.parse(first.value));
        return one;
    }

    async do(wanted) {
        this.process.stdin.write(JSON.stringify(wanted) + '\n');
        const { value, done } = await this.lines.next();
        const answer = done ? { error: 'served ended' } : JSON.parse(value);
        if (answer.error) throw new Error(answer.error);
        return answer;
    }

    async ask(method, path, body, more = {}) {
        const answer = await this.do({ do: 'ask', method, path, body, ...more });
        if (answer.status >= 400) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
        return answer.body;
    }

    /** As the admin, with the password. */
    act = (method, path, body) => this.ask(method, path, body, { as: 'admin', password: true });

    /** A run of uid 61234's, which goes on by itself. */
    run = (request) => this.ask('POST', '/v1/runs', { detach: true, cwd: '/', ...request }, { as: 61234 });
    state = async (run) => (await this.ask('GET', `/v1/runs/${run}`)).state;

    async until(run, ...states) {
        for (let turns = 0; turns < 1800; ++turns) {
            const state = await this.state(run);
            if (states.includes(state)) return state;
            await new Promise((done) => setTimeout(done, 50));
        }
        throw new Error(`${run} is ${await this.state(run)}, not ${states}`);
    }

    async stop() {
        this.process.stdin.end();
        await new Promise((done) => (this.process.exitCode === null ? this.process.once('exit', done) : done()));
    }
}

/** A wire to a port, which can be cut, and mended; with a certificate of its own it is somebody in between, who may rewrite answers. */
export class Wire {
    static async to(port, { certificate, rewrite, at } = {}) {
        const wire = new Wire();
        wire.port = at;
        wire.sockets = new Set();
        wire.target = port;
        const through = (client) => {
            wire.sockets.add(client);
            const server = certificate ? tls.connect({ port: wire.target, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false }) : net.connect(wire.target, '127.0.0.1');
            wire.sockets.add(server);
            for (const [one, other] of [[client, server], [server, client]])
                one.on('error', () => other.destroy()).on('close', () => other.destroy() && wire.sockets.delete(one));
            for (const [from, to] of [[client, server], [server, client]]) {
                if (rewrite) from.on('data', (bytes) => to.write(rewrite(bytes)));
                else from.pipe(to);
            }
        };
        wire.server = certificate ? tls.createServer({ ...certificate, ALPNProtocols: ['http/1.1'] }, through) : net.createServer(through);
        wire.server.on('tlsClientError', () => {});
        await wire.mend();
        return wire;
    }

    mend() {
        return new Promise((done) => this.server.listen(this.port ?? 0, '127.0.0.1', () => {
            this.port = this.server.address().port;
            done();
        }));
    }

    cut() {
        return new Promise((done) => {
            this.server.close(done);
            for (const socket of this.sockets) socket.destroy();
        });
    }

    url = (rest = '/app') => `https://localhost:${this.port}${rest}`;
}

export const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

/** @param {string} home whose certificates it believes */
export const launch = (home) => chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'], env: { ...process.env, HOME: home } });
