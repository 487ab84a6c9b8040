// The envelopes: COSE_Sign1 with Ed25519 and COSE_Mac0 with HMAC 256, in the one form allowed (protocol, section 5).

import crypto from 'node:crypto';
import { Bad, bytesAt, decode, encode } from './cbor.mjs';

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const HEADERS = { sign: Buffer.from('a2012704', 'hex'), mac: Buffer.from('a2010504', 'hex') };
const KID = /^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?(?:#(?:0|[1-9][0-9]{0,8}))?$/;
const LARGEST = { order: 32768, beacon: 1024, ack: 4096 };

export const privateKey = (seed) =>
  crypto.createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
export const publicKey = (raw) =>
  crypto.createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });
export const sha256 = (data) => crypto.createHash('sha256').update(data).digest();

const proven = (context, headers, kind, payload) => encode([context, headers, Buffer.from(`loa/1/${kind}`), payload]);
const whole = (tag, headers, payload, proof) =>
  Buffer.concat([Buffer.from([tag, 0x84]), encode(headers), Buffer.from([0xa0]), encode(payload), encode(proof)]);

/** Sign a message of this kind. */
export function sign(kind, message, kid, key) {
  const headers = Buffer.concat([HEADERS.sign, encode(Buffer.from(kid))]);
  const payload = encode(message);
  return whole(0xd2, headers, payload, crypto.sign(null, proven('Signature1', headers, kind, payload), key));
}

/** Seal a message of this kind with a shared secret. */
export function seal(kind, message, kid, secret) {
  const headers = Buffer.concat([HEADERS.mac, encode(Buffer.from(kid))]);
  const payload = encode(message);
  const code = crypto.createHmac('sha256', secret).update(proven('MAC0', headers, kind, payload)).digest();
  return whole(0xd1, headers, payload, code);
}

/** Open a signed message. keyOf(kid) gives a public key or null. Gives {kid, payload, message}. */
export function open(kind, data, keyOf) {
  if (data.length > LARGEST[kind]) throw new Bad('too_large', kind);
  if (data[0] !== 0xd2 || data[1] !== 0x84) throw new Bad('malformed', 'envelope');
  const [headers, afterHeaders] = bytesAt(data, 2);
  if (data[afterHeaders] !== 0xa0) throw new Bad('malformed', 'unprotected headers');
  const [payload, afterPayload] = bytesAt(data, afterHeaders + 1);
  const [proof, end] = bytesAt(data, afterPayload);
  if (end !== data.length) throw new Bad('not_canonical', 'bytes after the envelope');
  if (proof.length !== 64) throw new Bad('malformed', 'signature');
  const kid = kidIn(headers);
  const key = keyOf(kid);
  if (!key) throw new Bad('unknown_key', kid);
  if (!crypto.verify(null, proven('Signature1', headers, kind, payload), key, proof)) throw new Bad('bad_signature', kind);
  const message = decode(payload);
  if (!(message instanceof Map)) throw new Bad('malformed', 'no map');
  return { kid, message };
}

function kidIn(headers) {
  if (!headers.subarray(0, 4).equals(HEADERS.sign)) throw new Bad('malformed', 'headers');
  const [raw, end] = bytesAt(headers, 4);
  const kid = raw.toString('latin1');
  if (end !== headers.length || !KID.test(kid)) throw new Bad('malformed', 'kid');
  return kid;
}
