// The page with others about: a second device, one that is removed, somebody in between, a warning that was clicked away.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Certificates, launch, Owhaled, Wire } from './house.mjs';
import { Phone } from './page.mjs';

let certificates, owhaled, wire, browser, strange;

before(async () => {
    certificates = new Certificates();
    [owhaled, browser, strange] = await Promise.all([Owhaled.start(certificates.certificate, certificates.key), launch(certificates.home), launch(certificates.strange_home)]);
    wire = await Wire.to(owhaled.port);
});
after(async () => {
    await Promise.all([browser?.close(), strange?.close()]);
    await wire?.cut();
    await owhaled?.stop();
    certificates?.remove();
});

const asks = (last) => owhaled.run({ argv: ['/usr/bin/seq', last], cwd: '/' });

test('two devices at once: one decides, the other sees it; what one was not given it cannot do', async () => {
    const one = await Phone.open(browser, wire);
    const two = await Phone.open(browser, wire, { colorScheme: 'dark' });
    await one.pair(owhaled, ['approve'], 'one');
    await two.pair(owhaled, ['approve', 'runs'], 'two');
    const run = await asks('7');
    await Promise.all([one.openRequest('seq 7'), two.openRequest('seq 7')]);
    await two.axe('in the dark');
    await Promise.all([one.readToEnd(), two.readToEnd()]);
    await one.button('Approve').click();
    await owhaled.until(run.id, 'exited');
    await two.sees('approved ');
    await two.page.locator('.bar').waitFor({ state: 'hidden' });
    assert.equal(await one.button('Freeze').count(), 0, 'it was not given the red button');
    await one.page.goto(wire.url('/app#/log'));
    await one.page.locator('.empty', { hasText: 'may approve, not audit.list (power: audit)' }).waitFor();
    await one.close();
    await two.close();
});

test('a device that is removed while its page is open sees and says nothing more', async () => {
    const phone = await Phone.open(browser, wire);
    const device = await phone.pair(owhaled, ['approve'], 'stolen');
    const run = await asks('8');
    await phone.openRequest('seq 8');
    await phone.readToEnd();
    await owhaled.ask('DELETE', `/v1/devices/${device.id}`, undefined, { as: 'admin' });
    await phone.sees('does not believe this device any more');
    const button = phone.button('Approve');
    if (await button.count()) await button.click();
    await phone.page.goto(wire.url('/app#/requests'));
    assert.equal(await phone.card('seq 8').count(), 0);
    assert.equal(await owhaled.state(run.id), 'waiting_approval');
    await owhaled.ask('POST', `/v1/approvals/${run.approval}/cancel`, {}, { as: 61234 });
    await phone.close();
});

// owhaled's certificate, and a browser that does not believe it: the warning is clicked away, as people do.
test('behind a warning that was clicked away it pairs and watches, and decides nothing', async () => {
    const phone = await Phone.open(strange, wire);
    await phone.clickThrough();
    await phone.sees('does not believe the certificate');
    await phone.axe('a notice');
    await phone.page.goto(wire.url('/app#/login'));
    await phone.sees('decides nothing');
    assert.equal(await phone.page.getByLabel('Password').count(), 0, 'it takes no password');
    await phone.pair(owhaled, ['approve', 'runs', 'freeze'], 'careless', 'browser-untrusted');
    const run = await asks('9');
    await phone.openRequest('seq 9');
    await phone.page.locator('.end').scrollIntoViewIfNeeded();
    await phone.sees('This page only watches');
    assert.equal(await phone.button('Approve').count() + await phone.button('Deny…').count(), 0);
    // Not by going past what is shown, either.
    const refused = await phone.page.evaluate(async (id) => {
        const { decide } = await import('/app/decide.js');
        const { ask } = await import('/app/api.js');
        return decide(await ask('GET', `/v1/approvals/${id}`), 'approve', {}).then(() => 'decided', (error) => error.code);
    }, run.approval);
    assert.equal(refused, 'not_trusted');
    await phone.button('Freeze').click();
    await phone.page.locator('dialog').getByRole('button', { name: 'Freeze', exact: true }).click();
    await phone.page.locator('dialog .trouble', { hasText: 'does not believe' }).waitFor();
    assert.equal(await owhaled.state(run.id), 'waiting_approval');
    await owhaled.ask('POST', `/v1/approvals/${run.approval}/cancel`, {}, { as: 61234 });
    await phone.close();
});

// What owhalectl pair ca prints, taken in by a phone: no certificate of anybody else's is needed, and none but owhaled's gains by it.
test("owhaled's own certificate is believed where its CA was taken in, and no other one is by that", async () => {
    const own = await Owhaled.start();
    const authority = await own.ask('GET', '/v1/pair/ca');
    const believing = await launch(certificates.homeOf(authority.certificate));
    const line = await Wire.to(own.port);
    const phone = await Phone.open(believing, line);
    await phone.pair(own, ['approve'], 'mine');
    const run = await own.run({ argv: ['/usr/bin/seq', '11'], cwd: '/' });
    await phone.openRequest('seq 11');
    await phone.readToEnd();
    await phone.button('Approve').click();
    assert.equal(await own.until(run.id, 'exited'), 'exited');
    await phone.close();
    const between = await Wire.to(own.port, { certificate: certificates.other });
    const careful = await Phone.open(believing, between);
    await careful.page.goto(between.url()).catch(() => {});
    await careful.page.waitForFunction(() => document.title === 'Privacy error');
    await careful.context.close();
    await believing.close();
    await Promise.all([between.cut(), line.cut()]);
    await own.stop();
});

test('somebody in between with another certificate finds no page of theirs in a browser that was paired', async () => {
    const phone = await Phone.open(browser, wire);
    await phone.pair(owhaled, ['approve'], 'safe');
    await phone.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    const run = await asks('10');
    await phone.card('seq 10').waitFor();
    const { port } = wire;
    await wire.cut();
    // Their page: what is asked for comes unpacked, and has another name.
    const rewrite = (bytes) => Buffer.from(bytes.toString('latin1').replace(/Accept-Encoding/gi, 'X-Was-Encoding-').replace(/owhaled`;/, 'theirs!`;'), 'latin1');
    const between = await Wire.to(owhaled.port, { certificate: certificates.other, at: port, rewrite });
    await phone.sees('Not connected');
    for (const rest of ['/app', '/app?again', '/theirs', '/v1/health']) {
        await phone.page.goto(wire.url(rest));
        await phone.ready();
        assert.match(await phone.page.title(), /owhaled$/, rest);
        await phone.sees('Not connected');
    }
    const refused = await phone.page.evaluate(async () => (await import('/app/trust.js')).askTrust());
    assert.equal(refused.trusted, false);
    assert.equal(await owhaled.state(run.id), 'waiting_approval');
    // The control: without what was kept, their page is what one sees.
    const other = await Phone.open(strange, wire);
    await other.clickThrough();
    await other.page.waitForFunction(() => document.title.endsWith('theirs!'));
    await other.context.close();
    await between.cut();
    await wire.mend();
    await phone.page.goto(wire.url());
    await phone.card('seq 10').waitFor();
    await owhaled.ask('POST', `/v1/approvals/${run.approval}/cancel`, {}, { as: 61234 });
    await phone.close();
});
