// What of @noble/curves the page needs: three operations of ristretto255 (RFC 9496).
import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';

const { Point } = ristretto255;

/** One-way map of 64 bytes to a point, encoded. @param {Uint8Array} bytes @returns {Uint8Array} */
export const fromHash = (bytes) => ristretto255_hasher.deriveToCurve(bytes).toBytes();

/** Throws for what is no point, and for the identity. @param {bigint} scalar @param {Uint8Array} point @returns {Uint8Array} */
export function multiply(scalar, point) {
    const made = Point.fromBytes(point);
    if (made.is0()) throw new RangeError('the identity is no share');
    return made.multiply(scalar).toBytes();
}

/** @returns {bigint} not zero */
export function randomScalar() {
    const bytes = crypto.getRandomValues(new Uint8Array(64));
    const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n) % Point.Fn.ORDER;
    return value === 0n ? randomScalar() : value;
}
