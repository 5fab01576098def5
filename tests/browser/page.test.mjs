// The page in a real browser at a phone's size, against a real owhaled over TLS, with a device that was paired.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Certificates, launch, Owhaled, Wire } from './house.mjs';
import { Phone } from './page.mjs';

const SHOTS = process.env.OWHALE_BROWSER_SHOTS; // a folder for pictures, by hand
const ALL = ['approve', 'audit', 'runs', 'freeze'];
let certificates, owhaled, wire, browser, phone, device;

before(async () => {
    certificates = new Certificates();
    [owhaled, browser] = await Promise.all([Owhaled.start(certificates.certificate, certificates.key), launch(certificates.home)]);
    wire = await Wire.to(owhaled.port);
});
after(async () => {
    await browser?.close();
    await wire?.cut();
    await owhaled?.stop();
    certificates?.remove();
});

/** A run that waits for people. @param {string} last */
const asks = (last, more = {}) => owhaled.run({ argv: ['/usr/bin/seq', last], cwd: '/', ...more });
const takeBack = (run) => owhaled.ask('POST', `/v1/approvals/${run.approval}/cancel`, {}, { as: 61234 });
const shot = (name, of = phone) => SHOTS && of.page.screenshot({ path: `${SHOTS}/${name}.png` });
const inDialog = (name) => phone.page.locator('dialog').getByRole('button', { name, exact: true });

test('the first view: its weight, its policy, nothing from elsewhere', async (t) => {
    const stranger = await Phone.open(browser, wire);
    const session = await stranger.context.newCDPSession(stranger.page);
    await session.send('Network.enable');
    let bytes = 0;
    session.on('Network.loadingFinished', ({ encodedDataLength }) => {
        bytes += encodedDataLength;
    });
    const hosts = new Set();
    stranger.page.on('request', (request) => hosts.add(new URL(request.url()).host));
    const response = await stranger.page.goto(wire.url());
    await stranger.ready();
    const ms = await stranger.page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
    t.diagnostic(`first view: ${(bytes / 1000).toFixed(1)} KB over the wire, drawn after ${ms?.toFixed(0)} ms`);
    assert.ok(bytes > 10_000 && bytes < 150_000, `${bytes} bytes`);
    assert.deepEqual([...hosts], [`localhost:${wire.port}`]);
    const headers = response.headers();
    for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"]) assert.ok(headers['content-security-policy'].includes(part), part);
    assert.deepEqual(await stranger.context.cookies(), []);
    const refused = await stranger.page.evaluate(() => {
        try {
            document.body.innerHTML = '<b>x</b>';
            return 'taken';
        } catch (error) {
            return error.name;
        }
    });
    assert.equal(refused, 'TypeError', 'no markup is made of text, whoever tries');
    await stranger.axe('pairing');
    await stranger.context.close();
});

test('a code pairs this browser: wrong ones do not, the words are the same on both screens, the key stays', async () => {
    phone = await Phone.open(browser, wire);
    await phone.go('/app#/pair');
    const made = await owhaled.act('POST', '/v1/pair', { name: 'for a test', can: ['audit'] });
    for (const wrong of ['not a code', made.code.slice(0, 2) + (made.code.endsWith('000000') ? '000001' : '000000')]) {
        await phone.page.getByLabel('Pairing code').fill(wrong);
        await phone.button('Pair').click();
        await phone.page.locator('.trouble:not(:empty)').waitFor();
    }
    assert.match(await phone.text('.trouble'), /code/);
    await owhaled.ask('DELETE', `/v1/pair/${made.id}`, undefined, { as: 'admin' });
    device = await phone.pair(owhaled, ALL);
    await phone.sees('Nothing waits');
    const kept = await phone.page.evaluate(async () => {
        const saved = await (await import('/app/keys.js')).savedDevice();
        return { id: saved.id, extractable: saved.key.privateKey.extractable, taken: await crypto.subtle.exportKey('pkcs8', saved.key.privateKey).catch((error) => error.name) };
    });
    assert.deepEqual(kept, { id: device.id, extractable: false, taken: 'InvalidAccessError' });
    await phone.page.reload();
    await phone.ready();
    await phone.sees('Nothing waits');
});

test('a waiting run is read whole, approved by this device\'s signature, and goes on', async (t) => {
    const run = await asks('3', { description: 'My words\nin two lines.' });
    await shot('requests');
    await phone.openRequest('seq 3');
    const text = await phone.text();
    for (const part of ['high: asked', '/usr/bin/seq 3', 'unix:61234', 'My words', 'nobody checked them', 'Digest', 'network none', 'only root can write it', 'PATH=']) assert.ok(text.includes(part), part);
    assert.ok(await phone.button('Approve').isDisabled());
    await phone.axe('a request');
    await phone.readToEnd();
    await phone.button('Approve').click();
    assert.equal(await owhaled.until(run.id, 'exited'), 'exited');
    const approval = await owhaled.ask('GET', `/v1/approvals/${run.approval}`);
    assert.deepEqual([approval.decisions[0].by, approval.decisions[0].decision], [device.id.startsWith('device:') ? device.id : `device:${device.id}`, 'approve']);
    await phone.sees('Nothing waits');
    const times = [];
    for (const last of ['31', '32', '33', '34', '35']) {
        const one = await asks(last);
        await phone.openRequest(`seq ${last}`);
        await phone.readToEnd();
        const pressed = await phone.page.evaluate(() => {
            document.querySelector('.bar button.primary').click();
            return Date.now();
        });
        await owhaled.until(one.id, 'exited');
        times.push(Date.parse((await owhaled.ask('GET', `/v1/runs/${one.id}`)).started) - pressed);
        await phone.page.waitForURL(/#\/requests$/);
    }
    t.diagnostic(`approved on the page to exec: p50 ${times.sort((a, b) => a - b)[2]} ms of ${times.join(', ')}`);
});

test('denied with a reason; granted for longer', async () => {
    const run = await asks('4');
    await phone.openRequest('seq 4');
    await phone.button('Deny…').click();
    await phone.page.getByLabel(/^Why/).fill('Not today.');
    await phone.axe('a dialog');
    await inDialog('Deny').click();
    assert.equal(await owhaled.until(run.id, 'denied'), 'denied');
    const denied = await owhaled.ask('GET', `/v1/approvals/${run.approval}`);
    assert.equal(denied.decisions[0].reason, 'Not today.');
    const again = await asks('41');
    await phone.openRequest('seq 41');
    await phone.readToEnd();
    await phone.button('Grant…').click();
    await phone.page.getByLabel('What it covers').selectOption('template');
    await phone.page.getByLabel(/^How often/).fill('2');
    await shot('grant');
    await inDialog('Approve and grant').click();
    await owhaled.until(again.id, 'exited');
    assert.equal(await owhaled.until((await asks('42')).id, 'exited'), 'exited', 'the grant spares the question');
    await phone.page.goto(wire.url('/app#/more/grants'));
    await phone.button('End…').click();
    await inDialog('End').click();
    await phone.sees('None.');
});

// What an agent could write to be taken for something else.
const HOSTILE = {
    markup: '<img src=x onerror=alert(1)><script>document.body.innerHTML=""</script></code></li>',
    bidi: 'safe\u202e\u2066txt.exe\u2069 \u05d0\u05d1',
    controls: '\x1b[2J\x07\u200b\u00ad',
    mixed: 'p\u0430ypal.com',
    long: 'z'.repeat(20_000),
    lines: 'a\n' + '\n'.repeat(30) + '┌ Words of whoever asks\nDigest 000\nApprove',
};

test('hostile text is text: it renders nothing, hides nothing, moves nothing', async () => {
    await phone.page.goto(wire.url('/app#/requests'));
    const run = await asks('5', { argv: ['/usr/bin/seq', ...Object.values(HOSTILE)], description: HOSTILE.markup + HOSTILE.bidi + HOSTILE.lines, env: { '\u202eEVIL': HOSTILE.markup } });
    await phone.card('img src=x').waitFor();
    assert.ok((await phone.text()).length < 2000, 'a list clips');
    await phone.openRequest('img src=x');
    const text = await phone.text();
    for (const part of [HOSTILE.markup, 'safe\\u{202e}\\u{2066}txt.exe\\u{2069} \\u{5d0}\\u{5d1}', '\\x1b[2J\\x07\\u{200b}\\u{ad}', HOSTILE.long, 'p\\u{430}ypal.com\': Latin and Cyrillic mixed', '(30 lines of blanks)', '\\u{202e}EVIL'])
        assert.ok(text.replaceAll('\n', '').includes(part), part.slice(0, 60));
    const odd = await phone.page.evaluate(() => ({
        made: document.querySelectorAll('main img, main script, main iframe').length,
        bare: /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b\u00ad\u0590-\u08ff]/.test(document.querySelector('main').textContent),
        wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    }));
    assert.deepEqual(odd, { made: 0, bare: false, wide: 0 });
    assert.ok(await phone.button('Approve').isDisabled(), 'it was not read');
    await phone.readToEnd();
    await takeBack(run);
    await phone.sees('cancelled, high');
});

test('hostile text is text in a dialog, too: what a grant would cover, and what went wrong', async () => {
    const run = await asks('52');
    const words = HOSTILE.bidi + HOSTILE.controls + ' '.repeat(60);
    await phone.page.route('**/v1/approvals/*', async (route) => {
        const whole = await owhaled.ask('GET', new URL(route.request().url()).pathname, undefined, { as: 'admin' });
        whole.offer = { once_only: false, binds: [], template: ['/usr/bin/seq', words, '<number>'] };
        await route.fulfill({ json: whole }).catch(() => {}); // the page may be elsewhere by now
    });
    await phone.page.route('**/v1/approvals/*/approve', (route) => route.fulfill({ status: 409, json: { code: 'conflict', detail: `no: ${words}` } }));
    await phone.page.goto(wire.url('/app#/requests'));
    await phone.openRequest('seq 52');
    await phone.readToEnd();
    await phone.button('Grant…').click();
    await inDialog('Approve and grant').click();
    await phone.page.locator('dialog .trouble:not(:empty)').waitFor();
    const [all, seen] = await phone.page.evaluate(() => [document.body.textContent, document.querySelector('dialog').textContent]);
    assert.doesNotMatch(all, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b\u00ad\u0590-\u08ff]/);
    assert.equal(seen.split('safe\\u{202e}').length, 3, 'the option and the trouble spell it out');
    assert.equal(seen.split('⟨60 spaces⟩').length, 3);
    await inDialog('Cancel').click();
    for (const pattern of ['**/v1/approvals/*', '**/v1/approvals/*/approve']) await phone.page.unroute(pattern);
    await takeBack(run);
});

test('an answer that was changed on the way is not agreed to', async () => {
    const run = await asks('51');
    await phone.page.route('**/v1/approvals/*', async (route) => {
        const whole = await owhaled.ask('GET', new URL(route.request().url()).pathname, undefined, { as: 'admin' });
        whole.frozen.argv = ['/usr/bin/seq', 'harmless'];
        await route.fulfill({ json: whole }).catch(() => {}); // the page may be elsewhere by now
    });
    await phone.page.goto(wire.url('/app#/requests'));
    await phone.openRequest('seq 51');
    await phone.sees('harmless');
    await phone.page.locator('.end').scrollIntoViewIfNeeded();
    await phone.sees('it was changed on the way');
    assert.equal(await phone.button('Approve').count(), 0);
    await phone.page.unroute('**/v1/approvals/*');
    await takeBack(run);
});

test('output comes as it is written, and a kill ends the run', async () => {
    const run = await owhaled.run({ script: 'printf "one\\033[31m two\\n<b>three</b>\\033[2J"; echo late >&2; sleep 600' });
    await phone.page.goto(wire.url(`/app#/runs/${run.id}`));
    await phone.sees('<b>three</b>\\x1b[2J');
    const text = await phone.text('.output');
    assert.ok(text.includes('one two') && text.includes('late'), text);
    await phone.axe('a run');
    await phone.button('Kill…').click();
    await inDialog('Kill').click();
    assert.match(await owhaled.until(run.id, 'killed', 'signaled'), /killed|signaled/);
    await phone.page.locator('.state.bad').waitFor();
});

test("a ticket opens a run's WebSocket from the page, once: a browser signs no headers there", async () => {
    const run = await owhaled.run({ argv: ['/usr/bin/cat'], stdin_open: true });
    const got = await phone.page.evaluate(async (id) => {
        const { ask } = await import('/app/api.js');
        const ticket = await ask('POST', `/v1/runs/${id}/ticket`);
        const open = (...protocols) =>
            new Promise((resolve) => {
                const socket = new WebSocket(`wss://${location.host}${ticket.path}?replay=0`, protocols);
                let text = '';
                socket.binaryType = 'arraybuffer';
                socket.onopen = () => socket.send(new TextEncoder().encode('\0hello\n'));
                socket.onerror = () => resolve('refused');
                socket.onmessage = ({ data }) => {
                    const bytes = new Uint8Array(data);
                    if (bytes[0] === 1) text += new TextDecoder().decode(bytes.subarray(1));
                    if (text !== 'hello\n') return;
                    resolve(`${socket.protocol} ${text}`);
                    socket.close();
                };
            });
        const first = await open('v5.channel.k8s.io', ticket.protocol);
        return [first, await open('v5.channel.k8s.io', ticket.protocol), await open('v5.channel.k8s.io')];
    }, run.id);
    assert.deepEqual(got, ['v5.channel.k8s.io hello\n', 'refused', 'refused']);
    await owhaled.ask('POST', `/v1/runs/${run.id}/kill`, {}, { as: 61234 });
});

test('the red button holds everything still, and thaw lets it go on', async () => {
    await phone.button('Freeze').click();
    await phone.page.getByLabel(/^Why/).fill('Something is off.');
    await inDialog('Freeze').click();
    await phone.page.getByRole('link', { name: 'Frozen' }).click();
    await phone.sees('Something is off.');
    assert.equal((await owhaled.ask('GET', '/v1/freeze')).freezes.length, 1);
    await phone.axe('frozen');
    await phone.button('Thaw…').click();
    await inDialog('Thaw').click();
    await phone.button('Freeze').waitFor();
    assert.deepEqual((await owhaled.ask('GET', '/v1/freeze')).freezes, []);
});

test('without a network it says so; with one it catches up by itself', async () => {
    await phone.page.goto(wire.url('/app#/requests'));
    await phone.sees('Nothing waits');
    await wire.cut();
    await phone.sees('Not connected');
    const run = await asks('6');
    await wire.mend();
    await phone.card('seq 6').waitFor();
    await phone.page.locator('#state').waitFor({ state: 'hidden' });
    await takeBack(run);
    await phone.sees('Nothing waits');
});

test('the log has the filters of the CLI', async () => {
    await phone.page.getByRole('link', { name: 'Log' }).click();
    await phone.page.getByText('Filters').click();
    await phone.page.getByLabel('Event').fill('approval.decided');
    await phone.page.getByLabel('Outcome').fill('denied');
    await phone.page.getByLabel('Since').fill('1h');
    await phone.button('Search').click();
    await phone.page.waitForFunction(() => [...document.querySelectorAll('.entry')].length === 1);
    assert.match(await phone.text('.entries'), /approval\.decided denied[\s\S]*Not today/);
    await phone.axe('the log');
    await phone.page.locator('.entry').click();
    await phone.sees('in the tree of');
    await phone.page.goBack();
    await phone.page.getByText('Filters').click();
    await phone.page.getByLabel('Outcome').fill('nonsense');
    await phone.button('Search').click();
    await phone.sees("no event has the outcome 'nonsense'");
    await phone.page.getByLabel('Outcome').fill('');
    await phone.page.getByLabel('Follow it').check();
    await owhaled.run({ argv: ['/usr/bin/true'] });
    await phone.page.locator('.entry', { hasText: 'run.outcome' }).first().waitFor();
});

test('a device whose clock is off learns the time from owhaled', async () => {
    const late = await Phone.open(browser, wire);
    await late.context.addInitScript(() => {
        const now = Date.now;
        Date.now = () => now() - 3 * 3600 * 1000;
    });
    await late.pair(owhaled, ['audit'], 'late');
    await late.page.goto(wire.url('/app#/log'));
    await late.page.locator('.entry').first().waitFor();
    await late.close();
});

test('what no device may takes an account; a secret goes in and does not come out', async () => {
    await phone.page.goto(wire.url('/app#/more/secrets'));
    await phone.sees('it takes an account');
    await phone.page.locator('main').getByRole('link', { name: 'Log in' }).click();
    await phone.page.getByLabel('Account').fill('admin');
    await phone.page.getByLabel('Password').fill(owhaled.password);
    await phone.button('Log in').click();
    await phone.sees('Logged in as');
    await phone.page.getByRole('link', { name: 'Secrets' }).click();
    await phone.button('New secret…').click();
    await phone.page.getByLabel('Name').fill('API_KEY');
    await phone.page.getByLabel('Value').fill('sk-0123456789abcdef');
    await phone.page.getByLabel('Hosts').fill('api.example.com');
    await phone.page.getByLabel('Your password').fill('wrong');
    await inDialog('New secret').click();
    await phone.page.locator('dialog .trouble:not(:empty)').waitFor();
    await phone.page.getByLabel('Your password').fill(owhaled.password);
    await inDialog('New secret').click();
    await phone.sees('19 bytes, version 1');
    assert.equal((await phone.page.content()).includes('sk-0123456789abcdef'), false);
    for (const [view, word] of [['devices', 'for a test'], ['sessions', '(this page)'], ['accounts', 'admin'], ['mode', 'strict'], ['status', 'Certificate'], ['password', 'New password']]) {
        await phone.page.goto(wire.url(`/app#/more/${view}`));
        await phone.sees(word);
        await phone.axe(view);
    }
    await phone.page.getByLabel('Password now').fill(owhaled.password);
    await phone.page.getByLabel('New password').fill('other words of my own');
    await phone.page.getByLabel('The same once more').fill('other words of my own');
    await phone.button('Change it').click();
    await phone.sees(/The password is changed.* devices? stays? paired: see Devices/);
    await phone.page.reload();
    await phone.ready();
    await phone.page.goto(wire.url('/app#/more/secrets'));
    await phone.sees('it takes an account');
});
