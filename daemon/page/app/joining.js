// A device's half of pairing: CPace over the code, then a wait for the person who made it.
import { ask, Problem } from './api.js';
import { fromBase64, toBase64 } from './canonical.js';
import { CPace, lvCat, utf8 } from './cpace.js';
import { newKey, publicBytes } from './keys.js';

/** @typedef {import('../types.d.ts').JoinState} JoinState */

const CHANNEL = 'owhaled pairing 1';
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Any case, blanks and dashes anywhere, I and L for 1, O for 0; "" for what is no code. @param {string} typed */
export function readCode(typed) {
    const code = typed.toUpperCase().replace(/[-\s]/g, '').replace(/[IL]/g, '1').replaceAll('O', '0');
    return code.length === 8 && [...code].every((letter) => ALPHABET.includes(letter)) ? code : '';
}

/** @param {Uint8Array} bytes */
const toUrl = (bytes) => toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');

/** @param {string} text */
const fromUrl = (text) => fromBase64(text.replaceAll('-', '+').replaceAll('_', '/'));

// A page cannot see its certificate: this is owhaled's word for it, over that very certificate.
async function fingerprint() {
    const response = await fetch('/app/certificate', { cache: 'no-store', credentials: 'omit' });
    const text = response.ok ? (await response.text()).trim() : '';
    if (!/^SHA256:[0-9a-f]{64}$/.test(text))
        throw new Problem(0, 'unreachable', 'owhaled does not tell its certificate', 'Try again in a moment');
    return text;
}

/** @typedef {{ join: string, key: CryptoKeyPair, name: string, state: JoinState }} Joined */

/** @param {string} code canonical @param {string} name @param {boolean} trusted whether the browser believes the certificate @returns {Promise<Joined>} */
export async function join(code, name, trusted) {
    const key = await newKey();
    const own = await publicBytes(key);
    const seen = utf8(await fingerprint());
    const via = trusted ? 'browser' : 'browser-untrusted';
    const sid = crypto.getRandomValues(new Uint8Array(16));
    const side = await CPace.begin(code, utf8(CHANNEL), sid, lvCat(utf8('joiner'), own, utf8(name), utf8(via), seen));
    const body = { hint: code.slice(0, 2), sid: toUrl(sid), share: toUrl(side.own.y), key: toUrl(own), name, via };
    const answer = await ask('POST', '/v1/pair/join', { as: 'nobody', body });
    const tag = await side.meet({ y: fromUrl(answer.share), ad: lvCat(utf8('maker'), seen) }, fromUrl(answer.tag));
    if (!tag)
        throw new Problem(
            403,
            'pairing_failed',
            'The code is another one, or somebody is in between',
            'Look at the code again; after five wrong tries it ends, and owhalectl pair new makes another',
        );
    const state = await ask('POST', `/v1/pair/join/${encodeURIComponent(answer.join)}`, { as: 'nobody', body: { tag: toUrl(tag) } });
    return { join: answer.join, key, name, state };
}

/** Waits until the maker of the code has said yes or no. @param {Joined} joined @param {AbortSignal} signal @returns {Promise<JoinState>} */
export async function confirmed(joined, signal) {
    for (;;) {
        try {
            const state = /** @type {JoinState} */ (
                await ask('GET', `/v1/pair/join/${encodeURIComponent(joined.join)}`, {
                    as: 'nobody',
                    signal,
                    headers: { Prefer: 'wait=20' },
                })
            );
            if (state.state !== 'joined') return state;
        } catch (error) {
            if (!(error instanceof Problem) || (!error.unreachable && error.status !== 429)) throw error;
            await new Promise((resolve) => setTimeout(resolve, 2000));
        }
    }
}
