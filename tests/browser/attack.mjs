// A page of another origin, in Chromium, tries to reach owhaled's TCP port in every way that a page has.
//
// Usage: node attack.mjs MODULES TARGET TOKEN RUN    (MODULES: a node_modules folder with playwright-core)
// Serves the page on a loopback port of its own, and prints as JSON, attempt by attempt, what the page could learn. The
// same attempts against a server that refuses nothing are the control: they show that each of them works.
import { createHash } from 'node:crypto';
import http from 'node:http';
import { createRequire } from 'node:module';

const [modules, target, token, run] = process.argv.slice(2);
const { chromium } = createRequire(modules + '/')('playwright-core');

// Runs in the page. What it returns is all that the page's author would have in hand.
async function attempts({ target, token, run }) {
    const command = JSON.stringify({ argv: ['/usr/bin/touch', '/tmp/owhale-browser-was-here'], wait: true });
    const limit = (work) => Promise.race([work, new Promise((done) => setTimeout(() => done('nothing within 5 s'), 5000))]);
    const ask = async (path, options) => {
        try {
            const response = await fetch(target + path, options);
            return { type: response.type, status: response.status, text: await response.text() };
        } catch (error) {
            return { failed: String(error) };
        }
    };
    const element = (name, attributes) => new Promise((done) => {
        const made = document.createElement(name);
        made.onload = () => done('loaded');
        made.onerror = () => done('error');
        Object.assign(made, attributes);
        document.body.append(made);
    });
    const socket = (address, protocols) => new Promise((done) => {
        const made = new WebSocket(address, protocols);
        made.onopen = () => done('open');
        made.onclose = (event) => done('closed ' + event.code);
    });
    const form = (enctype, fields) => new Promise((done) => {
        const frame = document.createElement('iframe');
        frame.name = 'f' + Math.random();
        document.body.append(frame);
        const made = document.createElement('form');
        Object.assign(made, { method: 'POST', action: target + '/v1/runs', enctype, target: frame.name });
        for (const [name, value] of Object.entries(fields)) {
            const input = document.createElement('input');
            Object.assign(input, { type: 'hidden', name, value });
            made.append(input);
        }
        document.body.append(made);
        frame.onload = () => {
            try {
                done(frame.contentDocument ? 'readable: ' + frame.contentDocument.body.textContent : 'not readable');
            } catch {
                done('not readable');
            }
        };
        made.submit();
    });
    const bearer = { Authorization: 'Bearer ' + token };
    const sockets = target.replace('http', 'ws') + `/v1/runs/${run}/attach`;
    const results = {};
    const tries = {
        'GET': () => ask('/v1/health'),
        'GET, no-cors': () => ask('/v1/health', { mode: 'no-cors' }),
        'GET with cookies': () => ask('/v1/runs', { credentials: 'include' }),
        'GET with the token': () => ask('/v1/runs', { headers: bearer }),
        'POST of a run as text/plain': () => ask('/v1/runs', { method: 'POST', body: command, headers: { 'Content-Type': 'text/plain' } }),
        'POST of a run, no-cors': () => ask('/v1/runs', { method: 'POST', body: command, mode: 'no-cors' }),
        'POST of a run as JSON': () => ask('/v1/runs', { method: 'POST', body: command, headers: { 'Content-Type': 'application/json' } }),
        'POST of a run with the token': () => ask('/v1/runs', { method: 'POST', body: command, headers: { ...bearer, 'Content-Type': 'application/json' } }),
        'POST of a login, no-cors': () => ask('/v1/login', { method: 'POST', body: '{"name":"admin","password":"admin"}', mode: 'no-cors' }),
        'DELETE of the run': () => ask('/v1/runs/' + run, { method: 'DELETE', headers: bearer }),
        'beacon': () => navigator.sendBeacon(target + '/v1/runs', command) && 'sent',
        'image': () => element('img', { src: target + '/v1/health' }),
        'script': () => element('script', { src: target + '/openapi.json' }),
        'stylesheet': () => element('link', { rel: 'stylesheet', href: target + '/v1/health' }),
        'WebSocket': () => socket(sockets, ['v5.channel.k8s.io']),
        'WebSocket with the token as a protocol': () => socket(sockets, ['v5.channel.k8s.io', 'base64url.bearer.' + token.replaceAll('.', '-')]),
        'EventSource': () => new Promise((done) => {
            const made = new EventSource(target + '/v1/runs');
            made.onmessage = (event) => done('message ' + event.data);
            made.onerror = () => done('error');
        }),
        'form': () => form('application/x-www-form-urlencoded', { argv: '/usr/bin/touch' }),
        'form as text/plain that is JSON': () => form('text/plain', { '{"argv":["/usr/bin/touch","/tmp/owhale-browser-was-here"],"x': '":1}' }),
    };
    for (const [name, work] of Object.entries(tries)) results[name] = await limit(work());
    return results;
}

const page_server = http.createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html><title>a page</title><body>');
}).listen(0, '127.0.0.1');
await new Promise((done) => page_server.once('listening', done));

const arrived = [];
const permissive = http.createServer((request, response) => {
    arrived.push(request.method + ' ' + request.url);
    for (const name of ['Origin', 'Headers', 'Methods']) response.setHeader('Access-Control-Allow-' + name, '*');
    response.setHeader('Content-Type', request.url.endsWith('.json') ? 'text/javascript' : 'text/plain');
    response.end('1');
}).on('upgrade', (request, socket) => {
    arrived.push('upgrade ' + request.url);
    const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11');
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${accept.digest('base64')}\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n`);
}).listen(0, '127.0.0.1');
await new Promise((done) => permissive.once('listening', done));

const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    // Names of the attacker's that lead to this machine, as rebound DNS makes them.
    args: ['--no-sandbox', '--host-resolver-rules=MAP evil.example 127.0.0.1, MAP localhost.evil.example 127.0.0.1'],
});
const results = {};
try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${page_server.address().port}/`);
    results.page = await page.evaluate(attempts, { target, token, run });
    const control = `http://127.0.0.1:${permissive.address().port}`;
    results.control = await page.evaluate(attempts, { target: control, token, run });
    results.arrived = arrived;
    // Rebinding: the browser takes owhaled itself for the origin of the page.
    const port = new URL(target).port;
    for (const name of ['evil.example', 'localhost.evil.example']) {
        const rebound = await browser.newPage();
        const response = await rebound.goto(`http://${name}:${port}/v1/health`);
        results['rebound ' + name] = {
            navigation: response.status(),
            inside: await rebound.evaluate(async ({ token }) => {
                const answers = [];
                for (const options of [{}, { headers: { Authorization: 'Bearer ' + token } }]) {
                    const answer = await fetch('/v1/runs', options);
                    answers.push(answer.status);
                }
                return answers;
            }, { token }),
        };
    }
    results.preflights = await page.evaluate(async (address) => {
        try {
            return (await fetch(address, { method: 'PUT', headers: { 'X-Try': '1' } })).status;
        } catch (error) {
            return String(error);
        }
    }, target + '/v1/access/uid:0');
} finally {
    await browser.close();
    page_server.close();
    permissive.close();
    permissive.closeAllConnections();
}
console.log(JSON.stringify(results));
