// Logging in with an account, for what no device may: accounts, secrets, sessions, passwords, pairing. The token is this page's alone.
import { ask, identity, setAccount } from './api.js';
import { insistOnTrust, onlyWatches } from './decide.js';
import { dialog, explained, note, passwordField } from './dialogs.js';
import { button, field, fill, h, link, shown } from './dom.js';
import { connect, live } from './live.js';

/** @typedef {import('./request.js').View} View */

/** @returns {View} */
export function loginView() {
    const name = field('Account', { autocomplete: 'username', required: true, maxlength: 32 });
    const password = passwordField('Password');
    const trouble = h('p', { class: 'trouble', role: 'alert' });
    const log_in = async () => {
        await insistOnTrust();
        const login = await ask('POST', '/v1/login', {
            as: 'nobody',
            body: { name: name.input.value.trim(), password: password.input.value },
        });
        password.input.value = '';
        setAccount(login.access_token, login.principal);
        if (!identity().device) await connect();
        location.hash = login.must_change_password ? '#/more/password' : identity().device ? '#/more' : '#/requests';
    };
    const form = h(
        'form',
        {
            onsubmit: (event) => {
                event.preventDefault();
                trouble.textContent = '';
                log_in().catch((error) => fill(trouble, shown(explained(error))));
            },
        },
        name.row,
        password.row,
        trouble,
        h('div', { class: 'buttons' }, h('button', { type: 'submit', class: 'primary' }, 'Log in')),
    );
    const why = live.trust.trusted ? '' : onlyWatches();
    const element = h(
        'section',
        null,
        why === '' ? form : h('p', { class: 'notice warn' }, why),
        h(
            'p',
            { class: 'dim' },
            'The login ends when this page is closed. ',
            link('#/pair', 'Pair this device'),
            ' to come back without a password.',
        ),
    );
    return { title: 'Log in', element };
}

export async function logOut() {
    try {
        await ask('POST', '/v1/logout', { as: 'account' });
    } catch {
        // It ends by itself, and here it is forgotten either way.
    }
    setAccount('', '');
    if (!identity().device) await connect();
    location.hash = identity().device ? '#/more' : '#/pair';
}

/** The view, or a word that it takes an account. @param {string} title @param {() => View} view @returns {View} */
export function forAccounts(title, view) {
    if (identity().account !== '') return view();
    return {
        title,
        element: h(
            'section',
            null,
            h('p', null, 'A device has no part in this: it takes an account and its password.'),
            h('div', { class: 'buttons' }, link('#/login', 'Log in')),
        ),
    };
}

/**
 * A list that is read from owhaled, with what can be done to each.
 * @template T @param {string} title @param {string} path @param {(answer: any) => T[]} rows @param {(row: T, again: () => void) => Node} draw
 * @param {(again: () => void) => Node | null} [above] @param {'account' | 'any'} [as] @returns {View}
 */
export function listView(title, path, rows, draw, above, as = 'account') {
    const list = h('ul', { class: 'entries' });
    const said = h('p', { class: 'empty', role: 'status' }, 'Reading…');
    const again = async () => {
        try {
            const all = rows(await ask('GET', path, { as }));
            fill(
                list,
                all.map((row) =>
                    h(
                        'li',
                        { class: 'entry' },
                        draw(row, () => void again()),
                    ),
                ),
            );
            said.hidden = all.length > 0;
            said.textContent = 'None.';
        } catch (error) {
            said.hidden = false;
            fill(said, shown(explained(error)));
        }
    };
    void again();
    return {
        title,
        element: h(
            'section',
            null,
            above?.(() => void again()),
            said,
            list,
        ),
    };
}

/**
 * A button that asks for the password and does one act with it.
 * @param {string} label @param {string} title @param {() => (Node | string)[]} body @param {(password: string) => Promise<unknown>} act @param {() => void} done @param {string} [kind]
 */
export function proven(label, title, body, act, done, kind = '') {
    return button(
        label,
        async () => {
            const proof = passwordField();
            const did = await dialog(
                title,
                [...body(), proof.row],
                label.replace(/…$/, ''),
                async () => {
                    await insistOnTrust();
                    await act(proof.input.value);
                },
                kind || 'primary',
            );
            if (did) done();
        },
        kind,
    );
}

/**
 * What one thing of a list is, and what can be done to it.
 * @param {import('./rows.js').Rows} rows @param {Node[]} acts
 */
export const entry = (rows, ...acts) => h('div', null, rows.list, acts.length > 0 && h('div', { class: 'buttons' }, acts));

/** A button that asks once more and does one act, which needs no password. @param {string} label @param {string} title @param {string} words @param {() => Promise<unknown>} act @param {() => void} done */
export function asked(label, title, words, act, done) {
    return button(
        label,
        async () => {
            const did = await dialog(
                title,
                [h('p', null, shown(words))],
                label.replace(/…$/, ''),
                async () => {
                    await insistOnTrust();
                    await act();
                },
                'danger',
            );
            if (did) done();
        },
        'danger',
    );
}

// A changed password leaves them as they are: whoever feared for it may fear for these, too.
async function devicesLeft() {
    try {
        const { devices } = await ask('GET', '/v1/devices', { as: 'account' });
        const count = devices.filter((/** @type {{ expires: string }} */ one) => Date.parse(one.expires) > Date.now()).length;
        return count === 0 ? '' : ` ${count === 1 ? '1 device stays' : `${count} devices stay`} paired: see Devices.`;
    } catch {
        return '';
    }
}

/** @returns {View} */
export function passwordView() {
    const old = passwordField('Password now');
    const fresh = field(
        'New password',
        { type: 'password', autocomplete: 'new-password', required: true, minlength: 8, maxlength: 512 },
        'It ends your other logins',
    );
    const again = field('The same once more', { type: 'password', autocomplete: 'new-password', required: true, maxlength: 512 });
    const trouble = h('p', { class: 'trouble', role: 'alert' });
    const change = async () => {
        await insistOnTrust();
        if (fresh.input.value !== again.input.value) throw new Error('The two new passwords differ.');
        await ask('POST', '/v1/password', { as: 'account', body: { old_password: old.input.value, new_password: fresh.input.value } });
        for (const { input } of [old, fresh, again]) input.value = '';
        note(`The password is changed. Your other logins have ended.${await devicesLeft()}`);
        if (!identity().device) await connect();
    };
    const form = h(
        'form',
        {
            onsubmit: (event) => {
                event.preventDefault();
                trouble.textContent = '';
                change().catch((error) => fill(trouble, shown(explained(error))));
            },
        },
        old.row,
        fresh.row,
        again.row,
        trouble,
        h('div', { class: 'buttons' }, h('button', { type: 'submit', class: 'primary' }, 'Change it')),
    );
    return { title: 'Password', element: h('section', null, form) };
}
