// What is true now, for all views: who this page is, what waits, who is frozen, whether the line stands. Fed by events.
import { ask, identity, Problem } from './api.js';
import { follow } from './events.js';

/** @typedef {import('../types.d.ts').Approval} Approval */
/** @typedef {import('../types.d.ts').Whoami} Whoami */
/** @typedef {import('../types.d.ts').Freeze} Freeze */
/** @typedef {import('./trust.js').Trust} Trust */

/** @type {{ line: 'closed' | 'open' | 'lost' | 'refused', problem: Problem | null, whoami: Whoami | null, pending: Approval[], listed: boolean, freezes: Freeze[], trust: Trust }} */
export const live = {
    line: 'closed',
    problem: null,
    whoami: null,
    pending: [],
    listed: false,
    freezes: [],
    trust: { trusted: false, why: 'not looked at yet' },
};

/** @type {Set<(event: string) => void>} */
const listeners = new Set();

/** Hears of events by name, and "live" whenever what is here changed. @param {(event: string) => void} listener */
export function hear(listener) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
}

const tell = (/** @type {string} */ event) => [...listeners].forEach((listener) => listener(event));
export const changed = () => tell('live');

/** @param {string} permission */
export const may = (permission) => live.whoami?.permissions.some((one) => one === permission || one === `${permission}:any`) ?? false;

const readers = {
    approval: async () => {
        if (!may('approvals_read')) return;
        const list = await ask('GET', '/v1/approvals', { query: { state: 'pending', limit: 500 } });
        live.pending = list.approvals.toSorted((/** @type {Approval} */ a, /** @type {Approval} */ b) => (a.id < b.id ? -1 : 1));
        live.listed = true;
    },
    freeze: async () => {
        if (!may('freeze')) return;
        live.freezes = (await ask('GET', '/v1/freeze')).freezes;
    },
};

/** @typedef {keyof typeof readers} Topic */
/** @type {Map<Topic, Promise<void>>} */
const under_way = new Map();
/** @type {Set<Topic>} */
const again = new Set();

/** Reads it anew; what changes meanwhile is read once more. @param {Topic} topic @returns {Promise<void>} */
export function refresh(topic) {
    const running = under_way.get(topic);
    if (running) {
        again.add(topic);
        return running;
    }
    const work = readers[topic]()
        .then(changed, noteProblem)
        .finally(() => {
            under_way.delete(topic);
            if (again.delete(topic)) void refresh(topic);
        });
    under_way.set(topic, work);
    return work;
}

/** @param {unknown} error */
function noteProblem(error) {
    if (error instanceof Problem && error.status === 401) refused(error);
}

/** @param {Problem} problem */
function refused(problem) {
    Object.assign(live, { line: 'refused', problem, whoami: null, pending: [], listed: false, freezes: [] });
    changed();
}

let stop = () => {};

/** Begins anew, as whoever this page is now. */
export async function connect() {
    disconnect();
    const { device, account } = identity();
    if (!device && account === '') return;
    try {
        live.whoami = await ask('GET', '/v1/whoami');
        live.problem = null;
    } catch (error) {
        if (error instanceof Problem && error.status === 401) return refused(error);
        live.line = 'lost';
        changed();
    }
    stop = follow({
        types: () =>
            [
                ['approvals_read', 'approval,grant'],
                ['freeze', 'freeze'],
                ['runs_read', 'run'],
            ]
                .filter(([right]) => live.whoami === null || may(right ?? ''))
                .map(([, kinds]) => kinds)
                .join(','),
        event: (event) => {
            const topic = event.split('.')[0];
            if (topic === 'approval' || topic === 'freeze') void refresh(topic);
            tell(event);
        },
        state: (line, problem) => {
            if (line === 'refused' && problem) return refused(problem);
            live.line = line;
            if (line === 'open') void catchUp();
            changed();
        },
    });
}

// What happened while nobody listened is in the lists.
async function catchUp() {
    try {
        live.whoami ??= await ask('GET', '/v1/whoami');
    } catch (error) {
        noteProblem(error);
    }
    await Promise.all([refresh('approval'), refresh('freeze')]);
    tell('caught-up');
}

export function disconnect() {
    stop();
    stop = () => {};
    Object.assign(live, { line: 'closed', whoami: null, pending: [], listed: false, freezes: [] });
}
