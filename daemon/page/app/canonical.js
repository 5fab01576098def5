// RFC 8785 (JSON Canonicalization Scheme) and SHA-256: the digest of a plan, made here of what is shown.

/** Integers alone, as owhaled's plans are. @param {unknown} value @returns {string} */
export function canonical(value) {
    if (value === null || typeof value === 'boolean') return String(value);
    if (typeof value === 'number') {
        if (!Number.isSafeInteger(value)) throw new TypeError('a number is not an integer below 2^53');
        return String(value);
    }
    if (typeof value === 'string') {
        if (!value.isWellFormed()) throw new TypeError('a string is not Unicode');
        return JSON.stringify(value);
    }
    if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
    if (typeof value !== 'object') throw new TypeError('a value is not JSON');
    // JavaScript compares strings by UTF-16 units, as section 3.2.3 wants it.
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([name, member]) => `${canonical(name)}:${canonical(member)}`).join(',')}}`;
}

/** @param {Uint8Array} bytes */
export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** @param {string | Uint8Array<ArrayBuffer>} data */
export async function sha256(data) {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** @param {string} text */
export const sha256Hex = async (text) => toHex(await sha256(text));

/** @param {unknown} plan */
export const digestOf = (plan) => sha256Hex(canonical(plan));

/** @param {Uint8Array} bytes */
export const toBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

/** @param {string} text */
export const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
