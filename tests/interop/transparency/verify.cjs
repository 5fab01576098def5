// The audit log's checkpoints and proofs, held against implementations that others wrote: sigstore's (signed notes and
// inclusion, RFC 6962) and Transmute's (inclusion and consistency, RFC 9162).
//
// Standard input: {vkey, inclusions: [{leaf, index, hashes, checkpoint}], consistencies: [{from: checkpoint, to: checkpoint,
// hashes}], attacks: [{name, inclusion | consistency, vkey?}]}; leaves as text, hashes in base64, checkpoints as signed notes.
// Standard output: {inclusions, consistencies, attacks}: of each which implementations believed it.
"use strict";
const crypto = require("node:crypto");
const { dirname, join } = require("node:path");
const { RFC9162: rfc9162 } = require("@transmute/rfc9162");
const sigstore = join(dirname(require.resolve("@sigstore/verify")), "tlog"); // they are not exported by themselves
const { verifyCheckpoint } = require(join(sigstore, "checkpoint.js"));
const { verifyMerkleInclusion } = require(join(sigstore, "merkle.js"));

// By C2SP signed-note: the key's id is that of its name and bytes, and is computed here, not read.
function logOf(vkey) {
  const [name, , encoded] = vkey.split(/\+([0-9a-f]{8})\+/);
  const typed = Buffer.from(encoded, "base64"); // a one, Ed25519, before the key
  const id = crypto.createHash("sha256").update(name + "\n").update(typed).digest();
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), typed.subarray(1)]); // RFC 8410
  return { logID: id, baseURL: name, publicKey: crypto.createPublicKey({ key: der, format: "der", type: "spki" }) };
}

// The checkpoint of a note whose signature holds.
function checkpointOf(note, vkey) {
  const log = logOf(vkey);
  const checkpoint = verifyCheckpoint({ inclusionProof: { checkpoint: { envelope: note } } }, [log]);
  if (checkpoint.origin !== log.baseURL) throw new Error("another origin");
  return checkpoint;
}

const bytes = (hashes) => hashes.map((hash) => Buffer.from(hash, "base64"));

async function believes(verified) {
  try {
    return (await verified()) !== false;
  } catch (error) {
    if (error instanceof TypeError || error instanceof ReferenceError) throw error; // ours, not a refusal
    return false;
  }
}

async function inclusion({ leaf, index, hashes, checkpoint }, vkey) {
  const proof = bytes(hashes);
  const ours = { canonicalizedBody: Buffer.from(leaf), inclusionProof: { logIndex: String(index), hashes: proof } };
  return {
    sigstore: await believes(() => verifyMerkleInclusion(ours, checkpointOf(checkpoint, vkey))),
    transmute: await believes(async () => {
      const { logSize, logHash } = checkpointOf(checkpoint, vkey);
      const path = { log_id: "", tree_size: Number(logSize), leaf_index: index, inclusion_path: proof };
      return rfc9162.verifyInclusionProof(logHash, await rfc9162.leaf(Buffer.from(leaf)), path);
    }),
  };
}

// sigstore has no consistency proofs. Transmute leaves out step 2 of RFC 9162, 2.1.4.2: before a proof from a tree of a power
// of two its reader has to put that tree's root.
async function consistency({ from, to, hashes }, vkey) {
  return {
    transmute: await believes(async () => {
      const [first, second] = [checkpointOf(from, vkey), checkpointOf(to, vkey)];
      const [before, after] = [Number(first.logSize), Number(second.logSize)];
      const whole = (before & (before - 1)) === 0 ? [first.logHash] : [];
      const proof = { log_id: "", tree_size_1: before, tree_size_2: after, consistency_path: [...whole, ...bytes(hashes)] };
      return rfc9162.verifyConsistencyProof(first.logHash, second.logHash, proof);
    }),
  };
}

async function main() {
  const asked = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
  const answer = { inclusions: [], consistencies: [], attacks: {} };
  for (const one of asked.inclusions) answer.inclusions.push(await inclusion(one, asked.vkey));
  for (const one of asked.consistencies) answer.consistencies.push(await consistency(one, asked.vkey));
  for (const { name, vkey = asked.vkey, ...one } of asked.attacks)
    answer.attacks[name] = one.inclusion ? await inclusion(one.inclusion, vkey) : await consistency(one.consistency, vkey);
  process.stdout.write(JSON.stringify(answer));
}

main();
