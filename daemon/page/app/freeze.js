// The red button: nothing starts any more, and what runs is held; and its undoing.
import { ask, identity } from './api.js';
import { insistOnTrust, signsDecisions } from './decide.js';
import { dialog, explained, note, passwordField } from './dialogs.js';
import { button, field, fill, h, shown } from './dom.js';
import { hear, live, may, refresh } from './live.js';
import { relative } from './times.js';

/** @typedef {import('./request.js').View} View */

async function freeze() {
    const whom = field('Whom (empty: everybody)', { maxlength: 128, placeholder: 'unix:1000, user:alice' });
    const why = field('Why (may be empty)', { maxlength: 500, autocapitalize: 'sentences' });
    const done = await dialog(
        'Freeze',
        [h('p', null, 'Nothing starts any more, and what runs is held still until it is thawed.'), whom.row, why.row],
        'Freeze',
        async () => {
            await insistOnTrust();
            const set = await ask('POST', '/v1/freeze', {
                body: { principal: whom.input.value.trim() || undefined, reason: why.input.value || undefined },
            });
            note(`Frozen: ${set.runs} run${set.runs === 1 ? '' : 's'} held still. ${set.weaker.join(' ')}`);
        },
        'danger',
    );
    if (done) await refresh('freeze');
}

/** @param {string} principal */
async function thaw(principal) {
    const proof = identity().device && signsDecisions() ? null : passwordField();
    const whose = principal === '*' ? 'Everybody' : principal;
    const done = await dialog(
        'Thaw',
        [h('p', null, shown(whose), ' may go on: what was held runs on at once.'), ...(proof ? [proof.row] : [])],
        'Thaw',
        async () => {
            await insistOnTrust();
            await ask('DELETE', '/v1/freeze', {
                query: { principal: principal === '*' ? undefined : principal },
                password: proof?.input.value,
            });
        },
    );
    if (done) await refresh('freeze');
}

/** In the head of the page, always in reach. */
export function redButton() {
    const place = h('div', { class: 'red' });
    const draw = () => {
        const frozen = live.freezes.length > 0;
        const all = live.freezes.some((one) => one.principal === '*');
        if (!may('freeze')) return fill(place);
        if (all || frozen) fill(place, h('a', { class: 'button frozen', href: '#/more/freeze' }, all ? 'Frozen' : 'Some frozen'));
        else
            fill(
                place,
                button('Freeze', () => freeze().catch((error) => note(explained(error))), 'red-button'),
            );
    };
    hear((event) => event === 'live' && draw());
    draw();
    return place;
}

/** @returns {View} */
export function freezeView() {
    const list = h('ul', { class: 'entries' });
    const said = h('p', { class: 'empty' });
    const element = h(
        'section',
        null,
        h('p', null, 'The red button: nothing starts any more, and what runs is held still.'),
        button('Freeze…', freeze, 'danger'),
        h('h2', null, 'Who is frozen'),
        said,
        list,
    );
    const draw = () => {
        said.textContent = live.freezes.length === 0 ? 'Nobody.' : '';
        fill(
            list,
            live.freezes.map((one) =>
                h(
                    'li',
                    { class: 'entry' },
                    h('strong', null, one.principal === '*' ? 'Everybody' : shown(one.principal)),
                    ' by ',
                    shown(one.by),
                    `, ${relative(one.since, Date.now())}; ${one.runs} held`,
                    one.reason && h('span', { class: 'dim' }, ': ', shown(one.reason)),
                    one.weaker.map((line) => h('p', { class: 'warn' }, shown(line))),
                    button('Thaw…', () => thaw(one.principal), 'primary'),
                ),
            ),
        );
    };
    const unhear = hear((event) => event === 'live' && draw());
    draw();
    void refresh('freeze');
    return { title: 'Red button', element, close: unhear };
}
