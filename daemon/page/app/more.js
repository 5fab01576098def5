// The rest: what is seldom needed, a line each.
import { accountsView, grantsView } from './accounts.js';
import { forAccounts, logOut, passwordView } from './account.js';
import { ask, identity } from './api.js';
import { devicesView, modeView, sessionsView } from './devices.js';
import { button, h, link, shown } from './dom.js';
import { freezeView } from './freeze.js';
import { live } from './live.js';
import { thisDeviceView } from './pair.js';
import { Rows } from './rows.js';
import { secretsView } from './secrets.js';
import { local } from './times.js';

/** @typedef {import('./request.js').View} View */

/** @type {Record<string, () => View>} */
const VIEWS = {
    device: thisDeviceView,
    freeze: freezeView,
    mode: modeView,
    grants: grantsView,
    status: statusView,
    devices: () => forAccounts('Devices', devicesView),
    sessions: () => forAccounts('Sessions', sessionsView),
    accounts: () => forAccounts('Accounts', accountsView),
    secrets: () => forAccounts('Secrets', secretsView),
    password: () => forAccounts('Password', passwordView),
};

/** @returns {View} */
function statusView() {
    const rows = new Rows();
    const element = h('section', null, rows.list);
    void ask('GET', '/v1/status').then(
        (status) => {
            rows.add('Version', status.version);
            rows.add('Mode', status.mode + (status.rootless ? ', rootless' : ''));
            rows.add('Since', local(status.started));
            rows.add('Runs', `${status.runs_live} live, ${status.runs_total} in all`);
            rows.add('Listens', status.tcp);
            rows.add('Certificate', status.tls_fingerprint ?? 'none', 'digest');
            for (const line of status.weaker) rows.add('Weaker', line, 'warn');
        },
        (error) => element.append(h('p', { class: 'trouble', role: 'alert' }, shown(String(error.message)))),
    );
    return { title: 'Status', element };
}

const ENTRIES = /** @type {const} */ ([
    ['device', 'This device'],
    ['freeze', 'Red button'],
    ['grants', 'Standing grants'],
    ['mode', 'Mode'],
    ['status', 'Status'],
    ['devices', 'Devices'],
    ['sessions', 'Sessions'],
    ['accounts', 'Accounts'],
    ['secrets', 'Secrets'],
    ['password', 'Password'],
]);

/** @param {string} name @returns {View} */
export function moreView(name) {
    const view = VIEWS[name];
    if (view) return view();
    const { device, account } = identity();
    const who = h(
        'p',
        null,
        'This page is ',
        h('strong', null, shown(live.whoami?.principal ?? 'nobody yet')),
        device ? h('span', { class: 'dim' }, ' (', shown(device.name), ' of ', shown(device.principal), ')') : '',
    );
    const login =
        account === ''
            ? h('p', null, link('#/login', 'Log in with an account'), ' for what no device may.')
            : h('p', null, 'Logged in as ', h('strong', null, shown(account)), ', until this page is closed. ', button('Log out', logOut));
    const needs = (/** @type {number} */ i) => i >= 5 && account === '' && h('span', { class: 'dim' }, ' takes an account');
    return {
        title: 'More',
        element: h(
            'section',
            null,
            who,
            login,
            h(
                'nav',
                { 'aria-label': 'More' },
                h(
                    'ul',
                    { class: 'menu' },
                    ENTRIES.map(([path, words], i) => h('li', null, h('a', { href: `#/more/${path}` }, words, needs(i)))),
                ),
            ),
        ),
    };
}
