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
        phone.page.setDefaultTimeout(15_000);
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
