// What daemon/page/vendor/entry.js exports.
export function fromHash(bytes: Uint8Array): Uint8Array;
export function multiply(scalar: bigint, point: Uint8Array): Uint8Array;
export function randomScalar(): bigint;
