// Runs the test vectors that concern a minimal speaker: what it writes is the same to the byte, what it reads is taken
// or refused for the reason told. Prints how many; ends with 1 at the first that differs.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { Bad, encode } from './cbor.mjs';
import { open, privateKey, publicKey, seal, sha256, sign } from './cose.mjs';
import { checkAuthority, namesItsSigner, readAck, readBeacon, readFrame, readOrder } from './messages.mjs';

const vectors = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const READ = { order: readOrder, beacon: readBeacon, ack: readAck };
const UNREADABLE = { unsupported: 'unknown_type', malformed: 'bad_field' };
const keys = Object.fromEntries(vectors.keys.map((key) => [key.kid, key]));
const secrets = Object.fromEntries(vectors.secrets.map((each) => [each.kid, Buffer.from(each.secret, 'hex')]));
let count = 0;

function value(json) {
  if (Array.isArray(json)) return json.map(value);
  if (json === null || typeof json !== 'object') return json;
  if (typeof json.hex === 'string' && Object.keys(json).length === 1) return Buffer.from(json.hex, 'hex');
  return Object.fromEntries(Object.entries(json).map(([name, each]) => [name, value(each)]));
}

/** Read a message as the receiver of the vectors does. Raises Bad. */
function read(kind, data) {
  const keyOf = (kid) => (keys[kid] ? publicKey(Buffer.from(keys[kid].public, 'hex')) : null);
  const { kid, message } = open(kind, data, keyOf);
  const found = READ[kind](message);
  const [authority, epoch] = kid.includes('#') ? kid.split('#') : ['', ''];
  if (kind === 'ack') {
    if (authority !== vectors.receiver.commune) throw new Bad('wrong_authority');
    return;
  }
  checkAuthority(authority, found.log, vectors.receiver);
  if (found.problem) throw new Bad(UNREADABLE[found.problem]);
  if (found.type === 'keys' && !namesItsSigner(found, { authority, epoch: Number(epoch) })) throw new Bad('bad_field');
}

for (const vector of vectors.accepted) {
  const payload = value(vector.payload);
  assert.equal(encode(payload).toString('hex'), vector.payload_cbor, vector.name);
  const sealed = vector.kind in { heartbeat: 1, want: 1 };
  const ours = sealed
    ? seal(vector.kind, payload, vector.kid, secrets[vector.kid])
    : sign(vector.kind, payload, vector.kid, privateKey(Buffer.from(keys[vector.kid].seed, 'hex')));
  assert.equal(ours.toString('hex'), vector.signed, vector.name);
  assert.equal(sha256(ours).toString('hex'), vector.sha256, vector.name);
  if (vector.kind in READ) read(vector.kind, ours);
  count += 1;
}
for (const vector of vectors.down) {
  const frame = readFrame(Buffer.from(vector.frame, 'hex'));
  const held = [...frame.orders, ...frame.acks, ...frame.beacons].map((data) => data.toString('hex'));
  assert.deepEqual(held, vector.holds.map((name) => vectors.accepted.find((each) => each.name === name).signed), vector.name);
  count += 1;
}
for (const vector of vectors.refused.filter((each) => each.kind in READ)) {
  assert.throws(
    () => read(vector.kind, Buffer.from(vector.signed, 'hex')),
    (error) => error instanceof Bad && error.reason === vector.reason,
    vector.name,
  );
  count += 1;
}
process.stdout.write(`${count} vectors\n`);
