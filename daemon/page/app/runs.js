// Runs: the list, and one with its output as it comes, and its end at a press.
import { ask, askRaw, Problem } from './api.js';
import { insistOnTrust, onlyWatches } from './decide.js';
import { dialog, explained, note } from './dialogs.js';
import { button, fill, h, shown } from './dom.js';
import { hear, may } from './live.js';
import { Output } from './output.js';
import { Rows } from './rows.js';
import { clipped, inShellWords } from './text.js';
import { local, relative } from './times.js';

/** @typedef {import('../types.d.ts').Run} Run */
/** @typedef {import('./request.js').View} View */

const LIVE = ['queued', 'waiting_approval', 'starting', 'running'];
const BAD = ['signaled', 'timed_out', 'limit_exceeded', 'killed', 'denied', 'failed', 'lost'];

/** @param {Run} run */
const isLive = (run) => LIVE.includes(run.state);

/** @param {Run} run */
function stateOf(run) {
    const bad = BAD.includes(run.state) || (run.exit_code ?? 0) !== 0;
    const how =
        run.state === 'exited'
            ? `exit ${run.exit_code}`
            : run.state.replaceAll('_', ' ') + (run.signal ? ` by ${run.signal}` : '') + (run.limit ? ` (${run.limit})` : '');
    return h('span', { class: `state ${isLive(run) ? 'live' : bad ? 'bad' : 'good'}` }, how);
}

/** @param {() => void} act */
function soon(act) {
    /** @type {number | undefined} */
    let timer;
    return () => {
        clearTimeout(timer);
        timer = setTimeout(act, 150);
    };
}

/** @returns {View} */
export function runsView() {
    const list = h('ul', { class: 'cards' });
    const said = h('p', { class: 'empty' }, 'Reading the runs…');
    const more = button('Older', () => read(next));
    more.hidden = true;
    const element = h('section', null, said, list, more);
    let next = '';

    const read = async (/** @type {string} */ before) => {
        try {
            const all = may('runs_read') && allowedAll ? 1 : undefined;
            const page = await ask('GET', '/v1/runs', { query: { limit: 50, before, all } });
            const rows = page.runs.map(card);
            if (before === '') fill(list, rows);
            else list.append(...rows);
            next = page.next ?? '';
            more.hidden = next === '';
            said.hidden = list.children.length > 0;
            said.textContent = 'No runs yet.';
        } catch (error) {
            if (error instanceof Problem && error.status === 403 && allowedAll) {
                allowedAll = false;
                return read(before);
            }
            said.hidden = false;
            fill(said, shown(explained(error)));
        }
    };
    let allowedAll = true;
    const again = soon(() => void read(''));
    const unhear = hear((event) => (event.startsWith('run.') || event === 'caught-up') && again());
    void read('');
    return { title: 'Runs', element, close: unhear };
}

/** @param {Run} run */
function card(run) {
    return h(
        'li',
        null,
        h(
            'a',
            { class: 'card', href: `#/runs/${run.id}` },
            h('span', { class: 'card-head' }, stateOf(run), h('span', { class: 'age' }, relative(run.created, Date.now()))),
            h('code', { class: 'command', translate: 'no', dir: 'ltr' }, clipped(inShellWords(run.command), 200)),
            h('span', { class: 'dim' }, shown(run.principal)),
        ),
    );
}

/** @param {Run} run */
function facts(run) {
    const rows = new Rows();
    rows.add('Asked by', run.principal, 'strong');
    rows.add('Folder', run.cwd);
    if (run.workspace) rows.add('Workspace', run.workspace);
    rows.add('Cage', `profile ${run.profile}, network ${run.net || 'none'}`);
    rows.add('Asked', local(run.created));
    if (run.ended) rows.add('Ended', local(run.ended));
    if (run.error) rows.add('Because', run.error, 'bad');
    if (run.verdict) rows.add('Verdict', `${run.verdict.decision}: ${run.verdict.reason} (rule ${run.verdict.rule})`);
    if (run.parent) rows.add('Part of', `run ${run.parent}`);
    rows.add('Run', run.id);
    return rows.list;
}

/** @param {string} id @returns {View} */
export function runView(id) {
    const path = `/v1/runs/${encodeURIComponent(id)}`;
    const head = h('div', null, h('p', { class: 'dim' }, 'Reading the run…'));
    const output = new Output();
    const bar = h('div', { class: 'bar' });
    const element = h('article', null, head, output.element, bar);
    const leave = new AbortController();

    const kill = async () => {
        try {
            await insistOnTrust();
        } catch (error) {
            return note(explained(error));
        }
        await dialog(
            'End this run',
            [h('p', null, 'It gets SIGTERM, and ten seconds later SIGKILL.')],
            'Kill',
            () => ask('POST', `${path}/kill`, { body: {} }),
            'danger',
        );
        void load();
    };

    const load = async () => {
        try {
            const run = /** @type {Run} */ (await ask('GET', path, { signal: leave.signal }));
            fill(
                head,
                h('p', { class: 'headline' }, stateOf(run)),
                h('code', { class: 'command whole', translate: 'no', dir: 'ltr' }, shown(inShellWords(run.command))),
                facts(run),
            );
            bar.hidden = !isLive(run) || !may('runs_control');
            if (run.approval && run.state === 'waiting_approval')
                fill(bar, h('a', { class: 'button primary', href: `#/requests/${run.approval}` }, 'It waits for an answer'));
            else fill(bar, onlyWatches() ? h('p', { class: 'why' }, onlyWatches()) : button('Kill…', kill, 'danger'));
        } catch (error) {
            if (leave.signal.aborted) return;
            fill(head, h('p', { class: 'trouble', role: 'alert' }, shown(explained(error))));
        }
    };
    const unhear = hear((event) => (event.startsWith('run.') || event === 'caught-up') && void load());
    void load();
    for (const stream of /** @type {const} */ (['stdout', 'stderr'])) void follow(path, stream, output, leave.signal);
    return {
        title: 'Run',
        element,
        close: () => {
            unhear();
            leave.abort();
        },
    };
}

// A browser has six connections for all pages of an origin: those that nobody looks at hold none.
const lookedAt = () =>
    new Promise((resolve) => {
        if (document.visibilityState === 'visible') return resolve(undefined);
        document.addEventListener('visibilitychange', () => resolve(undefined), { once: true });
    });

/** Reads one stream as it comes, until the run is over. @param {string} path @param {'stdout' | 'stderr'} stream @param {Output} output @param {AbortSignal} signal */
async function follow(path, stream, output, signal) {
    const decoder = new TextDecoder();
    for (let offset = 0; !signal.aborted;) {
        try {
            await lookedAt();
            const response = await askRaw('GET', `${path}/output`, { query: { stream, offset, wait: 1, limit: 262_144 }, signal });
            const bytes = new Uint8Array(await response.arrayBuffer());
            const at = Number(response.headers.get('Owhale-Offset') ?? offset);
            if (at > offset) output.gap(stream, at - offset);
            offset = at + bytes.length;
            output.add(stream, decoder.decode(bytes, { stream: true }));
            const over = !LIVE.includes(response.headers.get('Owhale-State') ?? 'running');
            if (over && offset >= Number(response.headers.get('Owhale-Length') ?? 0)) return;
        } catch (error) {
            if (signal.aborted || (error instanceof Problem && error.status >= 400 && error.status !== 429)) {
                if (error instanceof Problem && error.status !== 404) output.add(stream, '');
                return;
            }
            await new Promise((resolve) => setTimeout(resolve, 1500));
        }
    }
}
