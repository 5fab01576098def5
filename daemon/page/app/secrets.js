// Secrets: a value goes in here, and never comes out.
import { ask } from './api.js';
import { entry, listView, proven } from './account.js';
import { field, h } from './dom.js';
import { Rows } from './rows.js';
import { duration, local } from './times.js';

/** @typedef {import('../types.d.ts').Secret} Secret */

const valueField = (/** @type {string} */ label) =>
    field(label, { type: 'password', autocomplete: 'off', required: true, maxlength: 65536 }, 'It is not shown, here or later');

/** "api.example.com, other.example:8443" @param {string} text */
function hostsOf(text) {
    return text
        .split(/[\s,]+/)
        .filter((part) => part !== '')
        .map((part) => {
            const colon = part.lastIndexOf(':');
            return colon < 0 ? { host: part, port: 443 } : { host: part.slice(0, colon), port: Number(part.slice(colon + 1)) };
        });
}

/** @param {() => void} again */
function newSecret(again) {
    const name = field('Name', {
        required: true,
        maxlength: 64,
        pattern: '[A-Za-z0-9._\\-]+',
        autocapitalize: 'characters',
        placeholder: 'OPENAI_API_KEY',
    });
    const value = valueField('Value');
    const hosts = field(
        'Hosts that it may be sent to',
        { maxlength: 2000, placeholder: 'api.example.com' },
        'Several by comma; none: it goes nowhere by a placeholder',
    );
    const time = field('Good for', { maxlength: 8, placeholder: '30d' }, 'Empty: for ever');
    return proven(
        'New secret…',
        'A new secret',
        () => [name.row, value.row, hosts.row, time.row],
        async (password) => {
            const ttl = time.input.value.trim() === '' ? undefined : duration(time.input.value);
            if (Number.isNaN(ttl)) throw new Error('Good for: write 12h or 30d.');
            const list = hostsOf(hosts.input.value);
            const body = { value: value.input.value, hosts: list.length > 0 ? list : undefined, ttl_ms: ttl };
            await ask('PUT', `/v1/secrets/${encodeURIComponent(name.input.value)}`, { as: 'account', password, body });
            value.input.value = '';
        },
        again,
        'primary',
    );
}

/** @param {Secret} secret @param {() => void} again */
function secretRow(secret, again) {
    const path = `/v1/secrets/${encodeURIComponent(secret.name)}`;
    const rows = new Rows();
    rows.add('Name', secret.name, 'strong');
    rows.add('Of', secret.owner);
    rows.add(
        'Hosts',
        secret.hosts.map((one) => (one.port === 443 ? one.host : `${one.host}:${one.port}`)).join(', ') || 'none',
        secret.hosts.length === 0 ? 'warn' : '',
    );
    rows.add('Value', `${secret.length} bytes, version ${secret.version}, since ${local(secret.updated)}`);
    rows.add('Used', `${secret.uses} times${secret.last_used ? `, last ${local(secret.last_used)}` : ''}`);
    if (secret.expires) rows.add('Until', local(secret.expires));
    const value = valueField('New value');
    return entry(
        rows,
        proven(
            'Rotate…',
            `A new value of ${secret.name}`,
            () => [value.row],
            async (password) => {
                await ask('POST', `${path}/rotate`, { as: 'account', password, body: { value: value.input.value } });
                value.input.value = '';
            },
            again,
        ),
        proven(
            'Remove…',
            `Remove ${secret.name}`,
            () => [h('p', null, 'At once: runs that use it get nothing more.')],
            (password) => ask('DELETE', path, { as: 'account', password }),
            again,
            'danger',
        ),
    );
}

/** @returns {import('./request.js').View} */
export const secretsView = () => listView('Secrets', '/v1/secrets', (answer) => answer.secrets, secretRow, newSecret);
