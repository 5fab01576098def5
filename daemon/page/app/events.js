// GET /v1/events by signed fetch: server-sent events (WHATWG HTML, section 9.2), with the last id when it comes back.
import { askRaw, Problem } from './api.js';

const LONGEST_WAIT = 15_000; // between two tries
const SILENCE = 40_000; // owhaled says something every 15 s: a line that is quiet for longer is dead

/** Feeds on text as it comes, tells messages. @param {(event: string, id: string) => void} tell */
export function parser(tell) {
    let rest = '';
    let event = '';
    let id = '';
    let data = false;
    const line = (/** @type {string} */ text) => {
        if (text === '') {
            if (data) tell(event || 'message', id);
            event = '';
            data = false;
            return;
        }
        const colon = text.indexOf(':');
        const name = colon < 0 ? text : text.slice(0, colon);
        const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '');
        if (name === 'event') event = value;
        else if (name === 'id') id = value;
        else if (name === 'data') data = true;
    };
    return (/** @type {string} */ text) => {
        rest += text;
        const lines = rest.split(/\r\n|\n|\r(?!$)/);
        rest = lines.pop() ?? '';
        lines.forEach(line);
    };
}

/** @typedef {{ event: (event: string) => void, state: (state: 'open' | 'lost' | 'refused', problem?: Problem) => void, types?: () => string }} Listener */

/** Follows until it is stopped; comes back when it is cut off. @param {Listener} listener */
export function follow(listener) {
    let last = '';
    let stopped = false;
    let controller = new AbortController();
    let wake = () => {};

    const pause = (/** @type {number} */ ms) =>
        new Promise((resolve) => {
            const timer = setTimeout(resolve, ms);
            wake = () => {
                clearTimeout(timer);
                resolve(undefined);
            };
        });

    const once = async () => {
        controller = new AbortController();
        const headers = last === '' ? undefined : { 'Last-Event-ID': last };
        const response = await askRaw('GET', '/v1/events', { signal: controller.signal, headers, query: { types: listener.types?.() } });
        const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
        const decoder = new TextDecoder();
        const feed = parser((event, id) => {
            if (id !== '') last = id;
            listener.event(event);
        });
        listener.state('open');
        for (;;) {
            const quiet = setTimeout(() => controller.abort(), SILENCE);
            const { done, value } = await reader.read().finally(() => clearTimeout(quiet));
            if (done) return;
            feed(decoder.decode(value, { stream: true }));
        }
    };

    const run = async () => {
        for (let wait = 500; !stopped; wait = Math.min(2 * wait, LONGEST_WAIT)) {
            const began = Date.now();
            try {
                await once();
            } catch (error) {
                if (stopped) return;
                if (error instanceof Problem && (error.status === 401 || error.status === 403)) {
                    listener.state('refused', error);
                    return;
                }
            }
            if (stopped) return;
            listener.state('lost');
            if (Date.now() - began > LONGEST_WAIT) wait = 500;
            await pause(wait);
        }
    };
    // The device knows sooner than a timer that there is a network again, or that somebody looks.
    const hurry = () => document.visibilityState === 'visible' && wake();
    addEventListener('online', hurry);
    document.addEventListener('visibilitychange', hurry);
    void run();
    return () => {
        stopped = true;
        controller.abort();
        wake();
        removeEventListener('online', hurry);
        document.removeEventListener('visibilitychange', hurry);
    };
}
