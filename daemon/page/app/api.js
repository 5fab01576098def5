// Asking owhaled: by this device's signature, or by the token of an account that logged in to this page. The token is in this
// module's memory alone, and goes with the page.
import { toBase64 } from './canonical.js';
import { signedHeaders } from './signing.js';

/** @typedef {import('./keys.js').Device} Device */

/** A problem (RFC 9457) that owhaled answered, or that it did not answer. */
export class Problem extends Error {
    /** @param {number} status @param {string} code @param {string} detail @param {string} [next] */
    constructor(status, code, detail, next = '') {
        super(detail);
        this.status = status;
        this.code = code;
        this.next = next;
    }

    get unreachable() {
        return this.status === 0;
    }
}

/** @type {{ device: Device | null, token: string, account: string, skew: number }} `skew`: seconds that owhaled's clock is ahead */
const who = { device: null, token: '', account: '', skew: 0 };

export const identity = () => ({ device: who.device, account: who.account });

/** @param {Device | null} device */
export function setDevice(device) {
    who.device = device;
}

/** @param {string} token @param {string} principal */
export function setAccount(token, principal) {
    who.token = token;
    who.account = principal;
}

/** @typedef {{ body?: unknown, as?: 'any' | 'account' | 'nobody', password?: string, signal?: AbortSignal, headers?: Record<string, string>, query?: Record<string, string | number | undefined> }} Asking */

/** @param {Record<string, string | number | undefined>} query */
function queryOf(query) {
    const parts = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
    return parts.length === 0 ? '' : '?' + parts.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&');
}

/** @param {Asking} asking */
const signs = (asking) => (asking.as ?? 'any') === 'any' && who.device !== null;

const MOST_PATIENCE = 6; // seconds

/** @param {string} method @param {string} target @param {string} body @param {Asking} asking */
async function headersOf(method, target, body, asking) {
    /** @type {Record<string, string>} */
    const headers = { ...asking.headers };
    if (body !== '') headers['Content-Type'] = 'application/json';
    if (signs(asking) && who.device) {
        const created = Math.floor(Date.now() / 1000) + who.skew;
        Object.assign(headers, await signedHeaders(who.device, method, target, body, created));
    } else if (who.token !== '' && asking.as !== 'nobody') {
        headers.Authorization = `Bearer ${who.token}`;
    }
    if (asking.password !== undefined) headers['Owhale-Password'] = toBase64(new TextEncoder().encode(asking.password));
    return headers;
}

/** @param {Response} response @returns {Promise<Problem>} */
async function problemOf(response) {
    try {
        const told = await response.json();
        return new Problem(response.status, String(told.code), String(told.detail), told.next ? String(told.next) : '');
    } catch {
        return new Problem(response.status, 'unknown', `owhaled answered ${response.status}`);
    }
}

/**
 * The answer as it comes; a Problem is thrown. A clock that is off is told by owhaled's own Date, once; and an owhaled that has just
 * started takes signatures only after some seconds, which are waited out once.
 * @param {string} method @param {string} path @param {Asking} [asking] @returns {Promise<Response>}
 */
export async function askRaw(method, path, asking = {}) {
    // As it is sent: what is signed has to be what stands in the request line.
    const url = new URL(path + queryOf(asking.query ?? {}), location.origin);
    const target = url.pathname + url.search;
    const body = asking.body === undefined ? '' : JSON.stringify(asking.body);
    for (let corrected = false, waited = false; ; ) {
        const headers = await headersOf(method, target, body, asking);
        /** @type {Response} */
        let response;
        try {
            response = await fetch(target, {
                method,
                headers,
                body: body === '' ? undefined : body,
                signal: asking.signal,
                cache: 'no-store',
                credentials: 'omit',
                redirect: 'error',
            });
        } catch (error) {
            if (asking.signal?.aborted) throw error;
            throw new Problem(0, 'unreachable', 'owhaled does not answer', 'It may be down, or this network does not lead to it.');
        }
        if (response.ok) return response;
        const problem = await problemOf(response);
        const theirs = Date.parse(response.headers.get('Date') ?? '');
        const after = Number(response.headers.get('Retry-After') ?? '0');
        if (signs(asking) && problem.code === 'signature_stale' && !corrected && !Number.isNaN(theirs)) {
            corrected = true;
            who.skew = Math.round((theirs - Date.now()) / 1000);
        } else if (signs(asking) && problem.code === 'busy' && !waited && after > 0 && after <= MOST_PATIENCE) {
            waited = true;
            await new Promise((resolve) => setTimeout(resolve, 1000 * after));
        } else throw problem;
    }
}

/** @param {string} method @param {string} path @param {Asking} [asking] @returns {Promise<any>} the JSON of it, null of none */
export async function ask(method, path, asking = {}) {
    const response = await askRaw(method, path, asking);
    const text = await response.text();
    return text === '' ? null : JSON.parse(text);
}
