// HTTP message signatures (RFC 9421) in owhaled's one form: method, path, query and the body's digest (RFC 9530), with a
// nonce and the time. The same as shared/pairing/http_signature.
import { sha256, toBase64 } from './canonical.js';

const COMPONENTS = '("@method" "@path" "@query" "content-digest")';

/** What is signed. @param {string} method @param {string} target @param {string} digest @param {string} params */
export function requestBase(method, target, digest, params) {
    const question = target.indexOf('?');
    const path = question < 0 ? target : target.slice(0, question);
    const query = question < 0 ? '?' : target.slice(question);
    return `"@method": ${method}\n"@path": ${path}\n"@query": ${query}\n"content-digest": ${digest}\n"@signature-params": ${params}`;
}

/** @param {string} keyid @param {string} nonce @param {number} created seconds */
export const signatureParams = (keyid, nonce, created) =>
    `${COMPONENTS};created=${created};nonce="${nonce}";keyid="${keyid}";alg="ed25519"`;

/**
 * The headers that prove who asks.
 * @param {{ id: string, key: CryptoKeyPair }} device @param {string} method @param {string} target path and query
 * @param {string} body @param {number} created seconds
 */
export async function signedHeaders(device, method, target, body, created) {
    const digest = `sha-256=:${toBase64(await sha256(body))}:`;
    const nonce = toBase64(crypto.getRandomValues(new Uint8Array(18)));
    const params = signatureParams(device.id, nonce, created);
    const base = new TextEncoder().encode(requestBase(method, target, digest, params));
    const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', device.key.privateKey, base));
    return { 'Content-Digest': digest, 'Signature-Input': `sig=${params}`, Signature: `sig=:${toBase64(signature)}:` };
}
