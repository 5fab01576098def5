// Paired devices of an account, and codes for new ones.
import { ask } from './api.js';
import { asked, entry, listView, proven } from './account.js';
import { tell } from './dialogs.js';
import { choice, field, h, shown } from './dom.js';
import { Rows } from './rows.js';
import { duration, local } from './times.js';

/** @typedef {import('../types.d.ts').DeviceRow} DeviceRow */
/** @typedef {import('../types.d.ts').Pairing} Pairing */

const POWERS = /** @type {const} */ ([
    ['approve', 'see requests and answer them'],
    ['runs', 'see runs and end them'],
    ['audit', 'read the audit log'],
    ['freeze', 'press the red button'],
]);

/** Boxes to tick, those of `offered` alone. @param {readonly string[]} offered @param {readonly string[]} chosen */
function powerBoxes(offered, chosen) {
    const boxes = POWERS.filter(([name]) => offered.includes(name)).map(([name, words]) => {
        const box = h('input', { type: 'checkbox', id: `can-${name}`, value: name, checked: chosen.includes(name) });
        return { box, row: h('div', { class: 'check' }, box, h('label', { for: box.id }, words)) };
    });
    return { rows: boxes.map(({ row }) => row), chosen: () => boxes.filter(({ box }) => box.checked).map(({ box }) => box.value) };
}

/** @param {string} code */
const shownCode = (code) => code.replaceAll('-', '').replace(/^(.{4})/, '$1-');

/** @param {() => void} again */
function newCode(again) {
    const name = field('Name of the device', { value: 'my phone', required: true, maxlength: 64, autocapitalize: 'words' });
    const powers = powerBoxes(
        POWERS.map(([power]) => power),
        ['approve', 'audit', 'runs'],
    );
    const long = choice(
        'For how long',
        [
            ['7d', '7 days'],
            ['30d', '30 days'],
            ['90d', '90 days'],
            ['365d', 'a year'],
        ],
        '90d',
    );
    return proven(
        'New code…',
        'Pair another device',
        () => [name.row, h('fieldset', null, h('legend', null, 'It may'), powers.rows), long.row],
        async (password) => {
            const body = { name: name.input.value, can: powers.chosen(), for_ms: duration(long.input.value) };
            const made = await ask('POST', '/v1/pair', { as: 'account', body, password });
            again();
            void tell('The code', [
                h('p', { class: 'fingerprint' }, shownCode(made.code)),
                h(
                    'p',
                    null,
                    `Type it on the other device at ${location.origin}/app, or with owhalectl pair join ${location.origin}. It is good until ${local(made.expires)}, once.`,
                ),
                h('p', null, 'Then confirm the device in this list.'),
            ]);
        },
        () => {},
        'primary',
    );
}

const DOUBTFUL =
    'It is a browser that does not believe the certificate of this owhaled: somebody in between could have made the page that the ' +
    'code was typed into, and hold the key that this pairs. Turn it away, unless this is a try in a network of your own.';

/** What joined by its own word, for whoever confirms it. @type {Record<string, string>} */
const JOINED = {
    program: 'It is a program that compares the certificate itself, as owhalectl does. If the code was typed into a browser, turn it away.',
    browser: 'It is a browser, which says that it believes the certificate of this owhaled. If it warned of the certificate, turn it away.',
    'browser-untrusted': DOUBTFUL,
};

/** A device is to be elsewhere than the agents. @param {Pairing} pairing */
const fromHere = (pairing) =>
    `It joined from owhaled's own machine, as uid ${pairing.uid}: programs of that user can read its key, and ` +
    (pairing.can.includes('approve') ? 'approve with it.' : 'use it.');

/** @param {Pairing} pairing @param {() => void} again */
function pairingRow(pairing, again) {
    const path = `/v1/pair/${encodeURIComponent(pairing.id)}`;
    const rows = new Rows();
    rows.add('Code for', pairing.name, 'strong');
    rows.add('State', pairing.state + (pairing.wrong > 0 ? `, wrong tries: ${pairing.wrong} of 5` : ''));
    rows.add('Until', local(pairing.expires));
    const acts = [];
    if (pairing.gone) rows.add('', 'The device that joined is not there any more: wake it, or cancel the code and make another', 'bad');
    if (pairing.replaces) rows.add('Replaces', `${pairing.replaces_name ?? ''}, whose key it has shown: that one is removed`, 'warn');
    if (pairing.state === 'joined') {
        rows.add('Joined', `${pairing.device_name ?? ''} from ${pairing.at ?? ''}`, 'warn');
        rows.add('Words', pairing.words ?? '', 'strong');
        const powers = powerBoxes(pairing.can, pairing.can);
        acts.push(
            proven(
                'Confirm…',
                'Are the words the same there?',
                () => [
                    h(
                        'p',
                        { class: 'fingerprint' },
                        (pairing.words ?? '').split('-').map((word) => h('span', null, word)),
                    ),
                    h('p', { class: `notice ${pairing.via === 'program' ? '' : 'warn'}` }, JOINED[pairing.via ?? ''] ?? DOUBTFUL),
                    ...(pairing.uid === undefined ? [] : [h('p', { class: 'notice warn' }, fromHere(pairing))]),
                    h('fieldset', null, h('legend', null, 'It may'), powers.rows),
                ],
                (password) =>
                    ask('POST', `${path}/confirm`, { as: 'account', password, body: { words: pairing.words, can: powers.chosen() } }),
                again,
                'primary',
            ),
        );
    }
    if (pairing.state === 'open' || pairing.state === 'joined')
        acts.push(
            asked(
                'Cancel…',
                'Cancel this code',
                'Nobody can join by it any more, and who joined is turned away.',
                () => ask('DELETE', path, { as: 'account' }),
                again,
            ),
        );
    return entry(rows, ...acts);
}

/** @param {DeviceRow} device @param {() => void} again */
function deviceRow(device, again) {
    const path = `/v1/devices/${encodeURIComponent(device.id)}`;
    const rows = new Rows();
    rows.add('Name', device.name, 'strong');
    rows.add('Of', device.principal);
    rows.add('Can', device.now.join(', ') || 'nothing: its owner lacks the rights', device.now.length < device.can.length ? 'warn' : '');
    rows.add('Words', device.words, 'dim');
    rows.add('Until', local(device.expires));
    rows.add('Last seen', device.last_seen ? `${local(device.last_seen)}, ${device.last_peer ?? ''}` : 'never');
    const name = field('Name', { value: device.name, required: true, maxlength: 64 });
    return entry(
        rows,
        proven(
            'Rename…',
            'Rename this device',
            () => [name.row],
            (password) => ask('PATCH', path, { as: 'account', password, body: { name: name.input.value } }),
            again,
        ),
        asked(
            'Remove…',
            'Remove this device',
            `${device.name} is believed no more, and its connections end at once.`,
            () => ask('DELETE', path, { as: 'account' }),
            again,
        ),
    );
}

/** @returns {import('./request.js').View} */
export function devicesView() {
    const codes = listView(
        'Codes',
        '/v1/pair',
        (answer) => answer.pairings.filter((/** @type {Pairing} */ one) => ['open', 'joined'].includes(one.state)),
        pairingRow,
        (again) => {
            const poll = setInterval(again, 3000);
            stop = () => clearInterval(poll);
            return newCode(again);
        },
    );
    const devices = listView('Devices', '/v1/devices', (answer) => answer.devices, deviceRow);
    return { title: 'Devices', element: h('div', null, devices.element, h('h2', null, 'Codes'), codes.element), close: () => stop() };
}
let stop = () => {};

/** @returns {import('./request.js').View} */
export function sessionsView() {
    /** @typedef {import('../types.d.ts').Session} Session */
    return listView(
        'Sessions',
        '/v1/sessions',
        (answer) => answer.sessions.filter((/** @type {Session} */ one) => !one.revoked),
        (/** @type {Session} */ session, again) => {
            const rows = new Rows();
            rows.add('Of', session.principal, 'strong');
            rows.add('From', session.peer + (session.current ? ' (this page)' : ''), session.current ? 'good' : '');
            rows.add('Since', local(session.created));
            rows.add('Last used', session.last_used ? local(session.last_used) : 'never');
            rows.add('Until', local(session.expires));
            const end = asked(
                'End…',
                'End this session',
                'Its token is good for nothing any more, at once.',
                () => ask('DELETE', `/v1/sessions/${encodeURIComponent(session.id)}`, { as: 'account' }),
                again,
            );
            return session.current ? entry(rows) : entry(rows, end);
        },
        (again) =>
            asked(
                'End all others…',
                'End all other sessions',
                "All of this account's sessions but this page's.",
                () => ask('DELETE', '/v1/sessions', { as: 'account' }),
                again,
            ),
    );
}

/** @returns {import('./request.js').View} */
export function modeView() {
    /** @typedef {import('../types.d.ts').ModeRow} ModeRow */
    const place = h('section', null, h('p', { class: 'dim' }, 'Reading…'));
    void ask('GET', '/v1/mode').then(
        (table) => {
            const rows = new Rows();
            for (const row of /** @type {ModeRow[]} */ (table.rows)) {
                rows.add(row.name, `${row.what}: ${row.now}`);
                rows.add('', `local: ${row.local}; strict: ${row.strict}`, 'dim');
            }
            place.replaceChildren(
                h('p', { class: 'headline' }, 'Mode ', h('strong', null, shown(table.mode)), ' (', shown(table.source), ')'),
                rows.list,
                h('p', { class: 'dim' }, 'It is set on the machine: SECURITY_MODE, or mode in owhaled.conf.'),
            );
        },
        (error) => place.replaceChildren(h('p', { class: 'trouble', role: 'alert' }, shown(String(error.message)))),
    );
    return { title: 'Mode', element: place };
}
