// One request, whole, with what can be said to it. Nothing is agreed to that was not on the screen to its end, for half a second.
import { ask, Problem } from './api.js';
import { approveOnce, deny, grant, grantable, onlyWatches } from './decide.js';
import { explained, note } from './dialogs.js';
import { button, fill, h, link, shown } from './dom.js';
import { hear, live, refresh } from './live.js';
import { ownDigest } from './plan.js';
import { planView } from './request_view.js';
import { clipped, inShellWords } from './text.js';
import { relative } from './times.js';

/** @typedef {import('../types.d.ts').Approval} Approval */
/** @typedef {{ title: string, element: HTMLElement, close?: () => void }} View */

const LOOK = 500; // ms on the screen before anything counts

/** @param {Approval} approval @param {number} now */
function headline(approval, now) {
    const pending = approval.state === 'pending';
    const parts = [`${approval.state}, ${approval.severity}: asked ${relative(approval.created, now)}`];
    if (pending) parts.push(`, expires ${relative(approval.expires, now)}`);
    if (approval.throttled) parts.push('; its principal asks too much: not announced');
    if (approval.waits) parts.push('; its client waits');
    return parts.join('');
}

/** Calls back once the element's end was on the screen for half a second. @param {Element} end @param {() => void} seen */
function whenRead(end, seen) {
    /** @type {number | undefined} */
    let timer;
    const watch = new IntersectionObserver((entries) => {
        clearTimeout(timer);
        if (!entries.at(-1)?.isIntersecting) return;
        timer = setTimeout(() => {
            watch.disconnect();
            seen();
        }, LOOK);
    });
    watch.observe(end);
    return () => {
        clearTimeout(timer);
        watch.disconnect();
    };
}

/** @param {string} id @returns {View} */
export function requestView(id) {
    const element = h('article', { class: 'request' });
    const body = h('div', { 'aria-busy': 'true' }, h('p', { class: 'dim' }, 'Reading the request…'));
    const bar = h('div', { class: 'bar', role: 'group', 'aria-label': 'Your answer' });
    element.append(body, bar);
    /** @type {Approval | null} */
    let approval = null;
    let read = false;
    let busy = false;
    let stopReading = () => {};
    const head = h('p', { class: 'headline' });

    const act = async (/** @type {(approval: Approval) => Promise<unknown>} */ how) => {
        if (!approval || busy) return;
        busy = true;
        drawBar();
        try {
            if (await how(approval)) location.hash = '#/requests';
        } catch (error) {
            note(explained(error));
        }
        busy = false;
        void refresh('approval');
        await load();
    };

    const drawBar = () => {
        if (!approval) return;
        const open = approval.state === 'pending';
        bar.hidden = !open;
        if (!open) return;
        const why = onlyWatches() || (approval.may_decide === false ? `Not by you: ${approval.why_not ?? 'you may not decide it'}` : '');
        if (why !== '') return fill(bar, h('p', { class: 'why' }, shown(why)));
        if (refused !== '') return fill(bar, h('p', { class: 'why bad' }, refused));
        const approve = button('Approve', () => act(approveOnce), 'primary');
        const longer = button('Grant…', () => act(grant));
        const no = button('Deny…', () => act(deny), 'danger');
        approve.disabled = longer.disabled = !read || busy;
        no.disabled = busy;
        fill(
            bar,
            !read && h('p', { class: 'why', id: 'unread' }, 'Read it to its end to agree.'),
            h('div', { class: 'buttons' }, no, grantable(approval) && longer, approve),
        );
    };

    let refused = '';
    const load = async () => {
        try {
            const now = /** @type {Approval} */ (await ask('GET', `/v1/approvals/${encodeURIComponent(id)}`));
            const same = JSON.stringify(now) === JSON.stringify(approval);
            if (!same) await draw(now);
        } catch (error) {
            if (error instanceof Problem && error.unreachable && approval) return;
            approval = null;
            bar.hidden = true;
            fill(body, h('p', { class: 'trouble', role: 'alert' }, shown(explained(error))), link('#/requests', 'All requests'));
        }
        drawBar();
    };

    // What changed has to be read again.
    const draw = async (/** @type {Approval} */ now) => {
        const plan = await planView(now, Date.now());
        refused = (await ownDigest(now)).refused;
        approval = now;
        read = false;
        stopReading();
        const end = h('div', { class: 'end' });
        head.className = `headline ${now.state} ${now.severity}`;
        head.textContent = headline(now, Date.now());
        const ended = now.ended_because ? h('p', { class: 'warn' }, 'Ended: ', shown(now.ended_because)) : null;
        const away = now.claimable ? h('p', null, `Approved while its client was away: owhalectl approvals claim ${now.id}`) : null;
        fill(body, head, ended, away, plan, end);
        body.removeAttribute('aria-busy');
        stopReading = whenRead(end, () => {
            read = true;
            drawBar();
        });
    };

    const unhear = hear((event) => {
        if (event.startsWith('approval.') || event === 'caught-up') void load();
        if (event === 'live') drawBar();
    });
    const tick = setInterval(() => {
        if (approval) head.textContent = headline(approval, Date.now());
    }, 1000);
    void load();
    return {
        title: 'Request',
        element,
        close: () => {
            unhear();
            clearInterval(tick);
            stopReading();
        },
    };
}

/** @returns {View} */
export function requestsView() {
    const list = h('ul', { class: 'cards' });
    const empty = h('p', { class: 'empty' });
    const element = h('section', null, empty, list);
    /** @type {Map<string, { item: HTMLElement, age: HTMLElement, approval: Approval }>} */
    const cards = new Map();

    const card = (/** @type {Approval} */ approval) => {
        const age = h('span', { class: 'age' });
        const command = h('code', { class: 'command', translate: 'no', dir: 'ltr' }, clipped(inShellWords(approval.command), 300));
        const item = h(
            'li',
            null,
            h(
                'a',
                { class: `card ${approval.severity}`, href: `#/requests/${approval.id}` },
                h('span', { class: 'card-head' }, h('span', { class: 'severity' }, approval.severity), age),
                command,
                h('span', { class: 'dim' }, shown(approval.principal), approval.kind === 'host' ? ', to connect' : ''),
            ),
        );
        return { item, age, approval };
    };

    const draw = () => {
        const ids = new Set(live.pending.map((one) => one.id));
        for (const [id, { item }] of cards)
            if (!ids.has(id)) {
                item.remove();
                cards.delete(id);
            }
        for (const approval of live.pending)
            if (!cards.has(approval.id)) {
                const made = card(approval);
                cards.set(approval.id, made);
                list.append(made.item);
            }
        empty.hidden = live.pending.length > 0;
        empty.textContent = live.listed
            ? 'Nothing waits. What is asked comes here by itself.'
            : live.line === 'lost'
              ? 'Not connected.'
              : 'Reading what waits…';
        tick();
    };
    const tick = () => {
        for (const { age, approval } of cards.values())
            age.textContent = `${relative(approval.created, Date.now())}, ends ${relative(approval.expires, Date.now())}`;
    };
    const unhear = hear((event) => event === 'live' && draw());
    const timer = setInterval(tick, 1000);
    draw();
    return {
        title: 'Requests',
        element,
        close: () => {
            unhear();
            clearInterval(timer);
        },
    };
}
