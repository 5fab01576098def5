// This device's key: Ed25519, made here, not to be taken out; and what it was paired as. In IndexedDB, under this origin.
import { sha256 } from './canonical.js';

/** @typedef {{ id: string, key: CryptoKeyPair, name: string, principal: string, words: string, can: string[], expires: string, trusted: boolean }} Device `trusted`: whether the certificate was believed as it was paired */

const STORE = 'device';

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const done = (request) =>
    new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });

/** @returns {Promise<IDBDatabase>} */
function open() {
    const request = indexedDB.open('owhaled', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    return done(request);
}

/** @template T @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest<T>} act */
async function within(mode, act) {
    const database = await open();
    try {
        return await done(act(database.transaction(STORE, mode, { durability: 'strict' }).objectStore(STORE)));
    } finally {
        database.close();
    }
}

/** @returns {Promise<Device | undefined>} */
export const savedDevice = () => within('readonly', (store) => store.get('this'));

/** @param {Device} device */
export const saveDevice = (device) => within('readwrite', (store) => store.put(device, 'this'));

export const forgetDevice = () => within('readwrite', (store) => store.delete('this'));

/** The secret half can sign, and nothing can read it: not this page either. */
export const newKey = () => /** @type {Promise<CryptoKeyPair>} */ (crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']));

/** @param {CryptoKeyPair} key */
export const publicBytes = async (key) => new Uint8Array(await crypto.subtle.exportKey('raw', key.publicKey));

const CONSONANTS = 'bdfghjklmnprstvz';
const VOWELS = 'aiou';

/** The first 64 bits of the key's SHA-256 as four proquints (arXiv:0901.4016). @param {Uint8Array<ArrayBuffer>} key */
export async function wordsOf(key) {
    const digest = new DataView((await sha256(key)).buffer);
    return [0, 2, 4, 6].map((at) => wordOf(digest.getUint16(at))).join('-');
}

/** @param {number} bits sixteen */
export function wordOf(bits) {
    const letter = (/** @type {string} */ letters, /** @type {number} */ shift) => letters[(bits >> shift) & (letters.length - 1)];
    return [letter(CONSONANTS, 12), letter(VOWELS, 10), letter(CONSONANTS, 6), letter(VOWELS, 4), letter(CONSONANTS, 0)].join('');
}
