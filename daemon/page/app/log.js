// The audit log, with the filters of `owhalectl audit ls`.
import { ask, Problem } from './api.js';
import { explained } from './dialogs.js';
import { block, button, field, fill, h, link, shown } from './dom.js';
import { Rows } from './rows.js';
import { called, clipped, inShellWords } from './text.js';
import { local, moment } from './times.js';

/** @typedef {import('../types.d.ts').AuditEntry} AuditEntry */
/** @typedef {import('../types.d.ts').AuditList} AuditList */
/** @typedef {import('./request.js').View} View */

const FILTERS = /** @type {const} */ ([
    ['since', 'Since', '2h (ago), yesterday, 09:00, 2026-11-20'],
    ['until', 'Until', 'as above'],
    ['principal', 'Principal', 'user:alice, unix:1000, device:…'],
    ['verb', 'Verb', 'runs.create, or secrets.*'],
    ['event', 'Event', 'approval.decided, or run.*'],
    ['outcome', 'Outcome', 'denied, failed; several by comma'],
    ['run', 'Run', 'its id'],
    ['grep', 'Words', 'all of them are in it'],
]);
// What an event is about, and how and why: in this order, some behind a word, as in the CLI's column WHAT.
const TOLD =
    'command name secret account subject host frozen verb setting grant approval token kid:key box:box port:port peer path decision device ' +
    'exit_code:exit signal:signal limit:limit rule:rule roles:roles reason why error count:times';

/** @param {unknown} value @returns {string} */
const plain = (value) => (Array.isArray(value) ? value.map(plain).join(',') : typeof value === 'string' ? value : JSON.stringify(value));

/** @param {AuditEntry} entry */
function what(entry) {
    const data = entry.event?.data ?? {};
    const said = TOLD.split(' ').map((one) => {
        const [key = '', label = ''] = one.split(':');
        const value = data[key];
        if (value === undefined || value === null || value === '') return '';
        const text = key === 'command' && Array.isArray(value) ? inShellWords(value.map(plain)) : plain(value);
        return label === '' ? text : `${label} ${text}`;
    });
    return said.filter((text) => text !== '').join(', ');
}

/** @param {AuditEntry} entry */
const told = (entry) => entry.event ?? entry.dropped ?? { time: '', event: 'unreadable', principal: '', outcome: '' };

/** @param {AuditEntry} entry */
function row(entry) {
    const one = told(entry);
    const bad = /denied|failed|refused|killed|lost|void/.test(`${one.outcome} ${one.event}`);
    return h(
        'li',
        null,
        h(
            'a',
            { class: 'entry', href: `#/log/${entry.seq}` },
            h(
                'span',
                { class: 'card-head' },
                h('span', { class: bad ? 'bad' : '' }, shown(one.event), ' ', h('span', { class: 'dim' }, shown(one.outcome ?? ''))),
                h('span', { class: 'age' }, local(one.time)),
            ),
            h(
                'span',
                null,
                shown(called(one.principal, entry.event?.data?.device_name)),
                h('span', { class: 'dim' }, '  ', clipped(entry.dropped ? 'its text is no longer kept' : what(entry), 160)),
            ),
        ),
    );
}

/** @returns {View} */
export function logView() {
    const list = h('ul', { class: 'entries' });
    const said = h('p', { class: 'empty', role: 'status' }, 'Reading the log…');
    const older = button('Older', () => read(false));
    older.hidden = true;
    const fields = FILTERS.map(([name, label, hint]) => ({
        name,
        ...field(label, { name, placeholder: hint, maxlength: 256, enterkeyhint: 'search' }),
    }));
    const follows = h('input', { type: 'checkbox', id: 'follow', onchange: () => void (follows.checked ? follow() : leave.abort()) });
    const form = h(
        'form',
        {
            class: 'filters',
            onsubmit: (event) => {
                event.preventDefault();
                void read(true);
            },
        },
        fields.map(({ row }) => row),
        h('div', { class: 'buttons' }, h('button', { type: 'submit', class: 'primary' }, 'Search')),
    );
    const element = h(
        'section',
        null,
        h('details', null, h('summary', null, 'Filters'), form),
        h('div', { class: 'check' }, follows, h('label', { for: 'follow' }, 'Follow it')),
        said,
        list,
        older,
    );
    let leave = new AbortController();
    /** @type {number | undefined} */
    let next;

    const query = () => {
        /** @type {Record<string, string>} */
        const out = {};
        for (const { name, input } of fields) {
            const text = input.value.trim();
            const time = name === 'since' || name === 'until';
            if (text === '') continue;
            out[name] = time ? moment(text, Date.now()) : text;
            if (out[name] === '')
                throw new Error(
                    `${name}: ${text} is not understood; write 2h (ago), today, yesterday, 09:00, 2026-11-20 or '2026-11-20 09:00'.`,
                );
        }
        return out;
    };

    const read = async (/** @type {boolean} */ fresh) => {
        try {
            const page = /** @type {AuditList} */ (
                await ask('GET', '/v1/audit', { query: { ...query(), limit: 50, before: fresh ? undefined : next }, signal: leave.signal })
            );
            if (fresh) list.replaceChildren();
            list.append(...page.events.map(row));
            next = page.next;
            older.hidden = next === undefined;
            older.textContent = page.complete
                ? 'Older'
                : `Go on: searched back to ${page.searched_until ? local(page.searched_until) : 'an older event'}`;
            said.textContent = list.children.length === 0 ? 'No such events.' : '';
            said.hidden = list.children.length > 0;
        } catch (error) {
            if (leave.signal.aborted) return;
            said.hidden = false;
            fill(said, shown(explained(error)));
        }
    };

    const follow = async () => {
        leave = new AbortController();
        const { signal } = leave;
        await read(true);
        let last = Number(list.querySelector('a')?.getAttribute('href')?.split('/').at(-1) ?? 0);
        while (!signal.aborted) {
            try {
                const page = /** @type {AuditList} */ (
                    await ask('GET', '/v1/audit', { query: { ...query(), after: last, wait: 25, limit: 100 }, signal })
                );
                for (const entry of page.events) {
                    list.prepend(row(entry));
                    last = entry.seq;
                }
                if (page.events.length > 0) said.hidden = true;
                while (list.children.length > 1000) list.lastElementChild?.remove();
            } catch (error) {
                if (signal.aborted) return;
                if (error instanceof Problem && error.status >= 400 && error.status !== 429) return fill(said, shown(explained(error)));
                await new Promise((resolve) => setTimeout(resolve, 2000));
            }
        }
    };
    void read(true);
    return { title: 'Log', element, close: () => leave.abort() };
}

/** @param {string} seq @returns {View} */
export function entryView(seq) {
    const element = h('article', null, h('p', { class: 'dim' }, 'Reading the event…'));
    const load = async () => {
        try {
            const entry = /** @type {AuditEntry} */ (await ask('GET', `/v1/audit/${encodeURIComponent(seq)}`));
            const one = told(entry);
            const rows = new Rows();
            rows.add('Event', one.event, 'strong');
            rows.add('Number', String(entry.seq));
            rows.add('Time', `${local(one.time)} (${one.time})`);
            rows.add('Principal', one.principal);
            const device = entry.event?.data?.device_name;
            if (device) rows.add('Device', plain(device));
            if (one.outcome) rows.add('Outcome', one.outcome);
            if (one.verb) rows.add('Verb', one.verb);
            if (one.run) rows.add('Run', one.run);
            rows.add('Leaf', entry.hash, 'digest');
            if (entry.proof)
                rows.add('Proof', `in the tree of ${entry.proof.size} events, signed; owhalectl audit show ${entry.seq} checks it`);
            if (entry.dropped) rows.add('Text', `no longer kept, since ${local(entry.dropped.dropped_at)}`, 'warn');
            fill(
                element,
                rows.list,
                entry.event && [h('h2', null, 'All of it'), block(JSON.stringify(entry.event, null, 2))],
                one.run && link(`#/runs/${one.run}`, 'Its run'),
            );
        } catch (error) {
            fill(element, h('p', { class: 'trouble', role: 'alert' }, shown(explained(error))));
        }
    };
    void load();
    return { title: `Event ${seq}`, element };
}
