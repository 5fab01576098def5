// The page: who it is, where it stands, and which view is on the screen.
import { loginView } from './account.js';
import { identity, setDevice } from './api.js';
import { onlyWatches } from './decide.js';
import { explained } from './dialogs.js';
import { fill, h, link, shown } from './dom.js';
import { redButton } from './freeze.js';
import { savedDevice } from './keys.js';
import { changed, connect, hear, live } from './live.js';
import { entryView, logView } from './log.js';
import { moreView } from './more.js';
import { pairView } from './pair.js';
import { requestsView, requestView } from './request.js';
import { runsView, runView } from './runs.js';
import { askTrust } from './trust.js';

/** @typedef {import('./request.js').View} View */

const place = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

// A code comes in the fragment, which no server is sent; it does not stay in the address.
let code = /^#([0-9A-Za-z]{4}-?[0-9A-Za-z]{4})$/.exec(location.hash)?.[1]?.replace('-', '').toUpperCase() ?? '';
if (code !== '') history.replaceState(null, '', '#/pair');

/** @param {string[]} path @returns {View} */
function viewOf([first = '', second = '']) {
    const somebody = identity().device !== null || identity().account !== '';
    if (first === 'login') return loginView();
    if (first === 'pair' || !somebody) {
        const view = pairView(code);
        code = '';
        return view;
    }
    if (first === 'requests' && second !== '') return requestView(second);
    if (first === 'runs') return second === '' ? runsView() : runView(second);
    if (first === 'log') return second === '' ? logView() : entryView(second);
    if (first === 'more') return moreView(second);
    return requestsView();
}

/** @type {View | null} */
let view = null;

function route() {
    const path = location.hash
        .replace(/^#\/?/, '')
        .split('/')
        .map((part) => {
            try {
                return decodeURIComponent(part);
            } catch {
                return '';
            }
        });
    view?.close?.();
    for (const open of document.querySelectorAll('dialog')) open.close();
    view = viewOf(path);
    const heading = h('h1', { tabindex: -1 }, view.title);
    const deep = path.length > 1 && path[1] !== '';
    fill(
        place('view'),
        h('div', { class: 'title' }, deep && h('a', { class: 'back', href: `#/${path[0]}`, 'aria-label': 'Back' }, '‹'), heading),
        view.element,
    );
    for (const tab of document.querySelectorAll('#tabs a')) {
        const current = tab.getAttribute('href') === `#/${path[0] || 'requests'}`;
        if (current) tab.setAttribute('aria-current', 'page');
        else tab.removeAttribute('aria-current');
    }
    title();
    scrollTo(0, 0);
    if (document.activeElement !== document.body || routed) heading.focus({ preventScroll: true });
    routed = true;
}
let routed = false;

function title() {
    const count = live.pending.length;
    document.title = `${count > 0 ? `(${count}) ` : ''}${view?.title ?? ''} – owhaled`;
    place('count').textContent = count > 0 ? String(count) : '';
    place('count-words').textContent = count > 0 ? `, ${count} waiting` : '';
    void (count > 0 ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.())?.catch(() => {});
}

let waiting = 0;

// What a person has to know about this page, always on the screen; changes are said by screen readers.
function banner() {
    const bar = place('state');
    const somebody = identity().device !== null || identity().account !== '';
    place('tabs').hidden = !somebody;
    /** @type {(string | Node)[]} */
    let words = [];
    if (!somebody) words = [];
    else if (live.line === 'refused')
        words = identity().device
            ? ['owhaled does not believe this device any more: ', shown(explained(live.problem)), ' ', link('#/more/device', 'This device')]
            : ['This login has ended. ', link('#/login', 'Log in')];
    else if (live.line === 'lost') words = ['Not connected: what is here may be old. Trying again…'];
    else if (onlyWatches() !== '') words = ['This page only watches. ', h('details', null, h('summary', null, 'Why'), onlyWatches())];
    const text = words.map((word) => (typeof word === 'string' ? word : word.textContent)).join('');
    if (bar.dataset.text !== text) fill(bar, words);
    bar.dataset.text = text;
    bar.className = live.line === 'refused' || live.line === 'lost' ? 'bad' : 'warn';
    bar.hidden = text === '';
    if (live.pending.length > waiting) place('news').textContent = `${live.pending.length} waiting`;
    waiting = live.pending.length;
    title();
}

async function start() {
    place('red').append(redButton());
    hear((event) => event === 'live' && banner());
    const trust = askTrust().then((found) => {
        live.trust = found;
    });
    setDevice((await savedDevice().catch(() => undefined)) ?? null);
    if (!identity().device) await trust;
    addEventListener('hashchange', route);
    await Promise.all([connect(), trust.then(changed)].slice(identity().device ? 0 : 1));
    route();
    banner();
    document.documentElement.dataset.ready = 'yes';
}

// When this page came back from the background, the certificate may be another.
document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible') return;
    void askTrust().then((found) => {
        live.trust = found;
        changed();
    });
});
navigator.serviceWorker?.addEventListener('controllerchange', () => {
    if (controlled) place('update').hidden = false;
    controlled = true;
});
let controlled = navigator.serviceWorker?.controller !== null;
place('update')
    .querySelector('button')
    ?.addEventListener('click', () => location.reload());
// The address's fragment is the route, so the skip link moves the focus by itself.
document.querySelector('.skip')?.addEventListener('click', (event) => {
    event.preventDefault();
    document.querySelector('h1')?.focus();
});
void start();
