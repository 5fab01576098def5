// Pairing this device: a code, scanned or typed; then four words that have to be the same on both screens.
import { identity, setDevice } from './api.js';
import { HOW_TRUSTED } from './trust.js';
import { explained } from './dialogs.js';
import { button, field, fill, h, link, shown } from './dom.js';
import { forgetDevice, publicBytes, saveDevice, wordsOf } from './keys.js';
import { connect, live } from './live.js';
import { Rows } from './rows.js';

/** @typedef {import('./request.js').View} View */

/** @type {Record<string, string>} */
const POWERS = {
    approve: 'see requests and answer them',
    audit: 'read the audit log',
    runs: 'see runs and end them',
    freeze: 'press the red button',
};

/** @param {readonly string[]} can */
const inWords = (can) => can.map((power) => POWERS[power] ?? power).join('; ');

/** @type {Record<string, string>} */
const ENDS = {
    cancelled: 'The code was cancelled, or whoever made it said no.',
    expired: 'The code is too old.',
    dead: 'The code has ended: there were five wrong tries.',
};

function usualName() {
    const agent = navigator.userAgent;
    const kinds = /** @type {const} */ ([
        ['iPhone', 'iPhone'],
        ['iPad', 'iPad'],
        ['Android', 'Android phone'],
        ['Mac OS', 'Mac'],
        ['Windows', 'Windows PC'],
    ]);
    return kinds.find(([mark]) => agent.includes(mark))?.[1] ?? 'Browser';
}

/** @param {string} code from the page's address, "" none @returns {View} */
export function pairView(code) {
    const element = h('section', { class: 'pair' });
    const leave = new AbortController();
    const typed = field(
        'Pairing code',
        {
            value: code && `${code.slice(0, 4)}-${code.slice(4)}`,
            required: true,
            maxlength: 64,
            autocapitalize: 'characters',
            class: 'code',
            enterkeyhint: 'go',
        },
        'Eight letters and digits: owhalectl pair new shows them, and a picture for the camera',
    );
    const name = field('What to call this device', { value: usualName(), required: true, maxlength: 64, autocapitalize: 'words' });
    const trouble = h('p', { class: 'trouble', role: 'alert' });
    const go = h('button', { type: 'submit', class: 'primary' }, 'Pair');
    const doubt = live.trust.trusted
        ? null
        : h('p', { class: 'notice warn' }, `${live.trust.why} Paired like this, the device can watch and decides nothing. ${HOW_TRUSTED}`);

    const start = async () => {
        const { join, confirmed, readCode } = await import('./joining.js');
        const canonical = readCode(typed.input.value);
        if (canonical === '') throw new Error('A pairing code is eight letters and digits, as in 7K3M-9QXT.');
        const trusted = live.trust.trusted;
        const joined = await join(canonical, name.input.value.trim(), trusted);
        const words = await wordsOf(await publicBytes(joined.key));
        waiting(words, joined.state.can);
        const state = await confirmed(joined, leave.signal);
        if (state.state !== 'paired') throw new Error(ENDS[state.state] ?? `Not paired: ${state.state}.`);
        const device = {
            id: state.device,
            key: joined.key,
            name: joined.name,
            principal: state.principal,
            words,
            can: state.can,
            expires: state.expires,
            trusted,
        };
        await saveDevice(device);
        setDevice(device);
        void navigator.storage?.persist?.();
        await connect();
        location.hash = '#/requests';
    };

    const waiting = (/** @type {string} */ words, /** @type {string[]} */ can) =>
        fill(
            element,
            h('p', null, 'Now whoever made the code confirms this device. Its words have to be the same there:'),
            h(
                'p',
                { class: 'fingerprint', 'data-words': words },
                words.split('-').map((word) => h('span', null, word)),
            ),
            h('p', null, 'It would be able to: ', shown(inWords(can)), '.'),
            h('p', { class: 'dim', role: 'status' }, 'Waiting for the confirmation: owhalectl pair new waits for it, too.'),
            trouble,
        );

    const form = h(
        'form',
        {
            onsubmit: (event) => {
                event.preventDefault();
                trouble.textContent = '';
                go.disabled = true;
                start().catch((error) => {
                    if (leave.signal.aborted) return;
                    fill(trouble, shown(explained(error)));
                    go.disabled = false;
                    fill(element, ...whole());
                });
            },
        },
        typed.row,
        name.row,
        trouble,
        h('div', { class: 'buttons' }, go),
    );
    const whole = () => [
        h('p', null, 'Pair this device, and it can answer for you what agents ask. Its key is made here and stays here.'),
        doubt,
        form,
        h('p', { class: 'dim' }, 'Without pairing: ', link('#/login', 'log in with your account'), ', until this page is closed.'),
    ];
    fill(element, ...whole());
    return { title: 'Pair this device', element, close: () => leave.abort() };
}

/** @returns {View} */
export function thisDeviceView() {
    const { device } = identity();
    if (!device) return pairView('');
    const rows = new Rows();
    rows.add('Name', device.name);
    rows.add('Of', device.principal);
    rows.add('Words', device.words);
    rows.add('Can', inWords(device.can));
    rows.add('Until', device.expires);
    rows.add('Id', device.id);
    rows.add(
        'Certificate',
        device.trusted ? 'believed when it was paired' : 'not believed when it was paired',
        device.trusted ? 'good' : 'bad',
    );
    const forget = async () => {
        await forgetDevice();
        setDevice(null);
        await connect();
        location.hash = '#/pair';
    };
    return {
        title: 'This device',
        element: h(
            'section',
            null,
            rows.list,
            h('p', { class: 'dim' }, 'owhalectl devices rm ends it everywhere, at once. To forget the key here ends nothing there.'),
            button('Forget the key', forget, 'danger'),
        ),
    };
}
