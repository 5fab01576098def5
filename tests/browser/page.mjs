// A phone of the test's, and what its owner does with it.
import assert from 'node:assert/strict';
import { axe, PHONE } from './house.mjs';

const HARMLESS = /Failed to load resource|ERR_|An SSL certificate error/; // what a browser says of a network that is not there

export class Phone {
    /** @param {import('playwright-core').Browser} browser @param {{ url: (rest?: string) => string }} wire */
    static async open(browser, wire, options = {}) {
        const phone = new Phone();
        phone.wire = wire;
        phone.context = await browser.newContext({ ...PHONE, ...options });
        phone.page = await phone.context.newPage();
        phone.said = [];
        phone.page.on('console', (message) => message.type() === 'error' && !HARMLESS.test(message.text()) && phone.said.push(message.text()));
        phone.page.on('pageerror', (error) => phone.said.push(String(error)));
        phone.page.setDefaultTimeout(90_000);
        return phone;
    }

    async go(rest = '/app') {
        await this.page.goto(this.wire.url(rest));
        await this.ready();
        return this;
    }

    ready = () => this.page.waitForSelector('html[data-ready]');
    button = (name, exact = true) => this.page.getByRole('button', { name, exact });
    text = (selector = 'main') => this.page.locator(selector).innerText();
    sees = (text) => this.page.getByText(text).first().waitFor();

    async logIn(name, password) {
        await this.page.goto(this.wire.url('/app#/login'));
        await this.ready();
        await this.page.getByLabel('Account').fill(name);
        await this.page.getByLabel('Password').fill(password);
        await this.button('Log in').click();
        await this.page.waitForURL(/#\/requests$/);
    }

    /** By a code in the address, as a camera opens it, up to the words. @param {import('./house.mjs').Owhaled} owhaled */
    async join(owhaled, can, name = 'a phone') {
        const made = await owhaled.act('POST', '/v1/pair', { name: 'for a test', can });
        await this.page.goto('about:blank');
        await this.go(`/app#${made.code}`);
        assert.equal(new URL(this.page.url()).hash, '#/pair', 'the code does not stay in the address');
        await this.page.getByLabel('What to call this device').fill(name);
        await this.button('Pair').click();
        const words = await this.page.locator('.fingerprint').getAttribute('data-words');
        return { id: made.id, words };
    }

    /** @param {string} via what its maker is told that it is */
    async pair(owhaled, can, name, via = 'browser') {
        const { id, words } = await this.join(owhaled, can, name);
        const { pairings } = await owhaled.ask('GET', '/v1/pair', undefined, { as: 'admin' });
        const pairing = pairings.find((one) => one.id === id);
        assert.equal(words, pairing.words, 'both screens show the same words');
        assert.equal(pairing.via, via);
        const device = await owhaled.act('POST', `/v1/pair/${id}/confirm`, { words });
        await this.page.waitForURL(/#\/requests$/);
        return device;
    }

    /** Past the warning, as people do it. */
    async clickThrough(rest = '/app') {
        await this.page.goto(this.wire.url(rest)).catch(() => {});
        await this.page.waitForFunction(() => document.title === 'Privacy error');
        await this.page.keyboard.type('thisisunsafe');
        await this.ready();
    }

    /** The card of a run's request, by a word of its command. */
    card = (word) => this.page.locator('a.card', { hasText: word });

    async openRequest(word) {
        await this.card(word).click();
        await this.page.locator('.plan').waitFor();
    }

    /** As a person has to: to its end, and then half a second. */
    async readToEnd() {
        await this.page.locator('.end').scrollIntoViewIfNeeded();
        await this.page.locator('.bar button.primary:enabled').waitFor();
    }

    async axe(what) {
        // The page's own policy lets no script in; this one comes by the debugger.
        await this.page.evaluate(axe);
        const { violations } = await this.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
        const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
        assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`), [], what);
    }

    async close() {
        assert.deepEqual(this.said, []);
        await this.context.close();
    }
}
