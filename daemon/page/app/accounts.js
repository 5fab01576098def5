// Accounts, for who may see to them.
import { ask } from './api.js';
import { asked, entry, listView, proven } from './account.js';
import { tell } from './dialogs.js';
import { field, h } from './dom.js';
import { Rows } from './rows.js';
import { inShellWords, inTemplate } from './text.js';
import { local } from './times.js';

/** @typedef {import('../types.d.ts').User} User */

const ROLES = ['admin', 'approver', 'agent', 'auditor', 'monitor'];

/** @param {readonly string[]} chosen */
function roleBoxes(chosen) {
    const boxes = ROLES.map((role) => {
        const box = h('input', { type: 'checkbox', id: `role-${role}`, value: role, checked: chosen.includes(role) });
        return { box, row: h('div', { class: 'check' }, box, h('label', { for: box.id }, role)) };
    });
    return {
        row: h(
            'fieldset',
            null,
            h('legend', null, 'Roles'),
            boxes.map(({ row }) => row),
        ),
        chosen: () => boxes.filter(({ box }) => box.checked).map(({ box }) => box.value),
    };
}

/** @param {string} name @param {string} password */
const showOnce = (name, password) =>
    void tell('One-time password', [
        h('p', null, `For ${name}, shown this once; it has to be changed at the first login:`),
        h('p', { class: 'fingerprint', translate: 'no' }, password),
    ]);

/** @param {() => void} again */
function addUser(again) {
    const name = field('Name', { required: true, maxlength: 32, pattern: '[a-z][a-z0-9._\\-]*' });
    const roles = roleBoxes(['agent']);
    return proven(
        'Add an account…',
        'Add an account',
        () => [name.row, roles.row],
        async (password) => {
            const made = await ask('POST', '/v1/users', {
                as: 'account',
                password,
                body: { name: name.input.value, roles: roles.chosen() },
            });
            if (made.one_time_password) showOnce(made.user.name, made.one_time_password);
        },
        again,
        'primary',
    );
}

/** @param {User} user @param {() => void} again */
function userRow(user, again) {
    const path = `/v1/users/${encodeURIComponent(user.name)}`;
    const rows = new Rows();
    rows.add('Account', user.name, 'strong');
    rows.add('Roles', user.roles.join(', ') || 'none');
    if (user.disabled) rows.add('', 'disabled', 'bad');
    rows.add('Last login', typeof user.last_login === 'string' ? local(user.last_login) : 'never');
    const roles = roleBoxes(user.roles);
    const act =
        (/** @type {string} */ method, /** @type {string} */ rest, /** @type {unknown} */ body) => (/** @type {string} */ password) =>
            ask(method, path + rest, { as: 'account', password, body });
    return entry(
        rows,
        proven(
            'Roles…',
            `Roles of ${user.name}`,
            () => [roles.row],
            (password) => act('PUT', '/roles', { roles: roles.chosen() })(password),
            again,
        ),
        proven(
            'Reset password…',
            `A one-time password for ${user.name}`,
            () => [h('p', null, "It ends the account's sessions.")],
            async (password) => {
                const made = await act('POST', '/reset', undefined)(password);
                showOnce(made.name, made.one_time_password);
            },
            again,
        ),
        user.disabled
            ? proven('Enable…', `Let ${user.name} log in again`, () => [], act('POST', '/enable', undefined), again)
            : proven(
                  'Disable…',
                  `Disable ${user.name}`,
                  () => [h('p', null, 'Its sessions, devices and live runs end.')],
                  act('POST', '/disable', undefined),
                  again,
                  'danger',
              ),
        proven(
            'Remove…',
            `Remove ${user.name}`,
            () => [h('p', null, 'With its sessions, devices and live runs.')],
            act('DELETE', '', undefined),
            again,
            'danger',
        ),
    );
}

/** @returns {import('./request.js').View} */
export const accountsView = () => listView('Accounts', '/v1/users', (answer) => answer.users, userRow, addUser);

/** @typedef {import('../types.d.ts').Grant} Grant */

/** @returns {import('./request.js').View} */
export function grantsView() {
    return listView(
        'Standing grants',
        '/v1/grants',
        (answer) => answer.grants.filter((/** @type {Grant} */ one) => one.state === 'active'),
        (/** @type {Grant} */ grant, again) => {
            const rows = new Rows();
            const words = grant.template ? inTemplate(grant.template) : inShellWords(grant.command);
            rows.add(grant.template ? 'Template' : 'Command', grant.script ?? words, 'strong');
            rows.add('For', grant.principal);
            rows.add('Folder', grant.cwd);
            rows.add('By', `${grant.by}, ${local(grant.created)}`);
            rows.add('Used', `${grant.used}${grant.times === undefined ? '' : ` of ${grant.times}`} times`);
            if (grant.expires) rows.add('Until', local(grant.expires));
            const end = asked(
                'End…',
                'End this grant',
                'The next run like it is asked about again.',
                () => ask('DELETE', `/v1/grants/${encodeURIComponent(grant.id)}`, { as: 'any' }),
                again,
            );
            return entry(rows, end);
        },
        undefined,
        'any',
    );
}
