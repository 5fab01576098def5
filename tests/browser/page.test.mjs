// The page in a real browser at a phone's size, against a real owhaled over TLS.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Certificates, launch, Owhaled, Wire } from './house.mjs';
import { Phone } from './page.mjs';

const SHOTS = process.env.OWHALE_BROWSER_SHOTS; // a folder for pictures, by hand
let certificates, owhaled, wire, browser;

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
const shot = (phone, name) => SHOTS && phone.page.screenshot({ path: `${SHOTS}/${name}.png` });

async function somebody(options) {
    const phone = await Phone.open(browser, wire, options);
    await phone.logIn('admin', owhaled.password);
    return phone;
}

test('the first view: its weight, its policy, nothing from elsewhere', async (t) => {
    const phone = await Phone.open(browser, wire);
    const session = await phone.context.newCDPSession(phone.page);
    await session.send('Network.enable');
    let bytes = 0;
    session.on('Network.loadingFinished', ({ encodedDataLength }) => {
        bytes += encodedDataLength;
    });
    const hosts = new Set();
    phone.page.on('request', (request) => hosts.add(new URL(request.url()).host));
    const response = await phone.page.goto(wire.url());
    await phone.ready();
    const ms = await phone.page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
    await phone.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    t.diagnostic(`first view: ${(bytes / 1000).toFixed(1)} KB over the wire, drawn after ${ms?.toFixed(0)} ms`);
    assert.ok(bytes > 10_000 && bytes < 150_000, `${bytes} bytes`);
    assert.deepEqual([...hosts], [`localhost:${wire.port}`]);
    const headers = response.headers();
    for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"]) assert.ok(headers['content-security-policy'].includes(part), part);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['set-cookie'], undefined);
    assert.deepEqual(await phone.context.cookies(), []);
    await phone.axe('pairing');
    await phone.close();
});

test('a waiting run is read whole, approved, and goes on', async () => {
    const phone = await somebody();
    await phone.sees('Nothing waits');
    const run = await asks('3', { description: 'My words\nin two lines.' });
    await phone.openRequest('seq 3');
    const text = await phone.text();
    for (const part of ['high: asked', '/usr/bin/seq 3', 'unix:61234', 'My words', 'nobody checked them', 'Digest', 'network none', 'only root can write it', 'PATH=']) assert.ok(text.includes(part), part);
    assert.ok(await phone.button('Approve').isDisabled());
    await phone.axe('a request');
    await shot(phone, 'request-top');
    await phone.readToEnd();
    await shot(phone, 'request');
    await phone.button('Approve').click();
    await phone.page.getByLabel('Your password').fill(owhaled.password);
    await phone.page.locator('dialog').getByRole('button', { name: 'Approve' }).click();
    assert.equal(await owhaled.until(run.id, 'exited'), 'exited');
    await phone.sees('Nothing waits');
    await phone.close();
});

test('denied with a reason', async () => {
    const phone = await somebody();
    const run = await asks('4');
    await phone.openRequest('seq 4');
    await phone.button('Deny…').click();
    await phone.page.getByLabel(/^Why/).fill('Not today.');
    await phone.page.getByLabel('Your password').fill(owhaled.password);
    await phone.axe('a dialog');
    await phone.page.locator('dialog').getByRole('button', { name: 'Deny' }).click();
    assert.equal(await owhaled.until(run.id, 'denied'), 'denied');
    const [approval] = (await owhaled.ask('GET', '/v1/approvals?state=denied')).approvals;
    assert.equal(approval.decisions[0].reason, 'Not today.');
    await phone.close();
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
    const phone = await somebody();
    await phone.context.exposeFunction('owned', () => assert.fail('a stranger\'s script ran'));
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
    await phone.page.locator('.bar').scrollIntoViewIfNeeded();
    assert.ok(await phone.button('Approve').isDisabled(), 'it was not read');
    await phone.readToEnd();
    await shot(phone, 'hostile');
    await owhaled.ask('POST', `/v1/approvals/${run.approval}/cancel`, {}, { as: 61234 });
    await phone.sees('cancelled, high');
    await phone.close();
});

test('output comes as it is written, and a kill ends the run', async () => {
    const phone = await somebody();
    const run = await owhaled.run({ script: 'printf "one\\033[31m two\\n<b>three</b>\\033[2J"; echo late >&2; sleep 600' });
    await phone.page.goto(wire.url(`/app#/runs/${run.id}`));
    await phone.sees('<b>three</b>\\x1b[2J');
    const text = await phone.text('.output');
    assert.ok(text.includes('one two') && text.includes('late'), text);
    await shot(phone, 'run');
    await phone.axe('a run');
    await phone.button('Kill…').click();
    await phone.page.locator('dialog').getByRole('button', { name: 'Kill' }).click();
    assert.match(await owhaled.until(run.id, 'killed', 'signaled'), /killed|signaled/);
    await phone.page.locator('.state.bad').waitFor();
    await phone.close();
});

test('the red button holds everything still, and thaw lets it go on', async () => {
    const phone = await somebody();
    await phone.button('Freeze').click();
    await phone.page.getByLabel(/^Why/).fill('Something is off.');
    await phone.page.locator('dialog').getByRole('button', { name: 'Freeze' }).click();
    await phone.page.getByRole('link', { name: 'Frozen' }).click();
    await phone.sees('Something is off.');
    assert.equal((await owhaled.ask('GET', '/v1/freeze')).freezes.length, 1);
    await phone.axe('frozen');
    await phone.button('Thaw…').click();
    await phone.page.getByLabel('Your password').fill(owhaled.password);
    await phone.page.locator('dialog').getByRole('button', { name: 'Thaw' }).click();
    await phone.button('Freeze').waitFor();
    assert.deepEqual((await owhaled.ask('GET', '/v1/freeze')).freezes, []);
    await phone.close();
});

test('without a network it says so; with one it catches up by itself', async () => {
    const phone = await somebody();
    await phone.sees('Nothing waits');
    await wire.cut();
    await phone.sees('Not connected');
    const run = await asks('6');
    await wire.mend();
    await phone.card('seq 6').waitFor();
    await phone.page.locator('#state').waitFor({ state: 'hidden' });
    await owhaled.ask('POST', `/v1/approvals/${run.approval}/cancel`, {}, { as: 61234 });
    await phone.sees('Nothing waits');
    await phone.close();
});

test('the log has the filters of the CLI', async () => {
    const phone = await somebody();
    await phone.page.getByRole('link', { name: 'Log' }).click();
    await phone.page.getByText('Filters').click();
    await phone.page.getByLabel('Event').fill('approval.decided');
    await phone.page.getByLabel('Outcome').fill('denied');
    await phone.page.getByLabel('Since').fill('1h');
    await phone.button('Search').click();
    await phone.page.waitForFunction(() => [...document.querySelectorAll('.entry')].length === 1);
    assert.match(await phone.text('.entries'), /approval\.decided denied[\s\S]*Not today/);
    await shot(phone, 'log');
    await phone.axe('the log');
    await phone.page.locator('.entry').click();
    await phone.sees('in the tree of');
    await phone.page.goBack();
    await phone.page.getByText('Filters').click();
    await phone.page.getByLabel('Outcome').fill('nonsense');
    await phone.button('Search').click();
    await phone.sees('no event has such an outcome');
    await phone.page.getByLabel('Outcome').fill('');
    await phone.page.getByLabel('Event').fill('');
    await phone.page.getByLabel('Follow it').check();
    await owhaled.run({ argv: ['/usr/bin/true'], description: 'followed' });
    await phone.page.locator('.entry', { hasText: 'run.outcome' }).first().waitFor();
    await phone.close();
});
