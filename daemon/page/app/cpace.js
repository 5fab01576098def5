// CPace over ristretto255 (draft-irtf-cfrg-cpace-21, CPACE-RISTR255-SHA512) with key confirmation, as the initiator: this device
// and owhaled prove to each other that they know one short code, which is never sent. The same as shared/pairing/cpace.
import { fromHash, multiply, randomScalar } from './ristretto255.js';

const DSI = 'CPaceRistretto255';
const BLOCK = 128; // bytes that SHA-512 takes at once
const encoder = new TextEncoder();

/** @typedef {{ y: Uint8Array, ad: Uint8Array }} Share one side's message, and what it is bound to */

/** @param {...Uint8Array} parts @returns {Uint8Array<ArrayBuffer>} */
export function concat(...parts) {
    const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
        out.set(part, at);
        at += part.length;
    }
    return out;
}

/** @param {string} text */
export const utf8 = (text) => encoder.encode(text);

/** The draft's lv_cat: each part with its length in LEB128 before it. @param {...Uint8Array} parts */
export const lvCat = (...parts) =>
    concat(
        ...parts.flatMap((part) => {
            const length = [];
            let left = part.length;
            for (; left > 0x7f; left >>= 7) length.push(0x80 | (left & 0x7f));
            return [Uint8Array.from([...length, left]), part];
        }),
    );

/** @param {Uint8Array<ArrayBuffer>} bytes */
const sha512 = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-512', bytes));

/** The generator that a code, a channel identifier and a session make. @param {Uint8Array} code @param {Uint8Array} ci @param {Uint8Array} sid */
export async function generator(code, ci, sid) {
    const used = 1 + lvCat(code).length + lvCat(utf8(DSI)).length;
    const padding = new Uint8Array(Math.max(0, BLOCK - used));
    return fromHash(await sha512(lvCat(utf8(DSI), code, padding, ci, sid)));
}

/** @param {Uint8Array} sid @param {Uint8Array} k @param {Share} initiator @param {Share} responder */
export const sessionKey = (sid, k, initiator, responder) =>
    sha512(concat(lvCat(utf8(DSI + '_ISK'), sid, k), lvCat(initiator.y, initiator.ad), lvCat(responder.y, responder.ad)));

/** @param {Uint8Array} sid @param {Uint8Array} isk */
async function macKey(sid, isk) {
    const bytes = await sha512(concat(utf8('CPaceMac'), sid, isk));
    return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-512' }, false, ['sign', 'verify']);
}

/** @param {Share} share */
const shareText = (share) => lvCat(share.y, share.ad);

export class CPace {
    /** @param {string} code @param {Uint8Array} ci @param {Uint8Array} sid @param {Uint8Array} ad */
    static async begin(code, ci, sid, ad) {
        const y = randomScalar();
        const share = { y: multiply(y, await generator(utf8(code), ci, sid)), ad };
        return new CPace(y, sid, share);
    }

    /** @param {bigint} y @param {Uint8Array} sid @param {Share} own */
    constructor(y, sid, own) {
        this.secret = y;
        this.sid = sid;
        this.own = own;
    }

    /**
     * With the other side's message: our tag to show, if theirs proves that the code is the same and both saw the same messages.
     * @param {Share} their @param {Uint8Array<ArrayBuffer>} tag @returns {Promise<Uint8Array | null>}
     */
    async meet(their, tag) {
        if (their.y.length !== 32 || their.y.every((byte, i) => byte === this.own.y[i])) return null;
        let k;
        try {
            k = multiply(this.secret, their.y);
        } catch {
            return null;
        }
        this.secret = 0n;
        const key = await macKey(this.sid, await sessionKey(this.sid, k, this.own, their));
        if (!(await crypto.subtle.verify('HMAC', key, tag, shareText(their)))) return null;
        return new Uint8Array(await crypto.subtle.sign('HMAC', key, shareText(this.own)));
    }
}
