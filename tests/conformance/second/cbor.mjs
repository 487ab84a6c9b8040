// Deterministic CBOR, the part of it this protocol uses: written, and read strictly (protocol, section 4).

const MAX_DEPTH = 16;
const SHORTEST = { 24: 24n, 25: 1n << 8n, 26: 1n << 16n, 27: 1n << 32n };
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A message that is refused; `reason` is one of section 16. */
export class Bad extends Error {
  constructor(reason, detail = '') {
    super(`${reason} ${detail}`);
    this.reason = reason;
  }
}

function head(major, value) {
  const big = BigInt(value);
  if (big < 24n) return Buffer.from([(major << 5) | Number(big)]);
  for (const [short, size] of [[24, 1], [25, 2], [26, 4], [27, 8]]) {
    if (big < 1n << BigInt(8 * size)) {
      const bytes = Buffer.alloc(9);
      bytes[0] = (major << 5) | short;
      bytes.writeBigUInt64BE(big, 1);
      return Buffer.concat([bytes.subarray(0, 1), bytes.subarray(9 - size)]);
    }
  }
  throw new Bad('malformed', 'an integer too large');
}

const byEncoding = (a, b) => a.length - b.length || Buffer.compare(a, b);

/** Objects and Maps become maps, Buffers byte strings. */
export function encode(value) {
  if (value === false) return Buffer.from([0xf4]);
  if (value === true) return Buffer.from([0xf5]);
  if (value === null) return Buffer.from([0xf6]);
  if (typeof value === 'number' || typeof value === 'bigint') {
    const big = BigInt(value);
    return big >= 0n ? head(0, big) : head(1, -1n - big);
  }
  if (typeof value === 'string') {
    const bytes = Buffer.from(value, 'utf8');
    return Buffer.concat([head(3, bytes.length), bytes]);
  }
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(encode)]);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const pairs = entries.filter(([, each]) => each !== undefined).map(([key, each]) => [encode(key), encode(each)]);
  pairs.sort((a, b) => byEncoding(a[0], b[0]));
  return Buffer.concat([head(5, pairs.length), ...pairs.flat()]);
}

/** Major type, argument, and where the head at `at` ends. */
export function headAt(data, at) {
  if (at >= data.length) throw new Bad('malformed', 'cut short');
  const major = data[at] >> 5;
  const short = data[at] & 31;
  if (short < 24) return [major, BigInt(short), at + 1];
  if (!(short in SHORTEST)) throw new Bad('not_canonical', 'indefinite length');
  const end = at + 1 + (1 << (short - 24));
  if (end > data.length) throw new Bad('malformed', 'cut short');
  let value = 0n;
  for (const byte of data.subarray(at + 1, end)) value = (value << 8n) | BigInt(byte);
  if (value < SHORTEST[short]) throw new Bad('not_canonical', 'a long form');
  return [major, value, end];
}

/** The byte string at `at`, and where it ends. */
export function bytesAt(data, at) {
  const [major, length, start] = headAt(data, at);
  const end = start + Number(length);
  if (major !== 2 || end > data.length) throw new Bad('malformed', 'no byte string');
  return [data.subarray(start, end), end];
}

function item(data, at, depth) {
  const literal = { 0xf4: false, 0xf5: true, 0xf6: null };
  if (at < data.length && data[at] in literal) return [literal[data[at]], at + 1];
  const [major, value, end] = headAt(data, at);
  const number = value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  if (major === 0) return [number, end];
  if (major === 1) return [typeof number === 'number' ? -1 - number : -1n - number, end];
  if (major === 2 || major === 3) {
    const stop = end + Number(value);
    if (stop > data.length) throw new Bad('malformed', 'cut short');
    return [major === 2 ? data.subarray(end, stop) : text(data.subarray(end, stop)), stop];
  }
  if ((major !== 4 && major !== 5) || depth === 0) throw new Bad('malformed', 'a tag, a float, or too deep');
  return major === 4 ? array(data, end, number, depth - 1) : map(data, end, number, depth - 1);
}

function text(bytes) {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Bad('malformed', 'no UTF-8');
  }
}

function array(data, start, count, depth) {
  const found = [];
  let at = start;
  for (let n = 0; n < count; n += 1) {
    const [value, end] = item(data, at, depth);
    found.push(value);
    at = end;
  }
  return [found, at];
}

function map(data, start, count, depth) {
  const found = new Map();
  let at = start;
  let before = Buffer.alloc(0);
  for (let n = 0; n < count; n += 1) {
    const [key, end] = item(data, at, depth);
    if (typeof key !== 'string') throw new Bad('malformed', 'a key that is no text');
    const bytes = data.subarray(at, end);
    if (n && byEncoding(before, bytes) >= 0) throw new Bad('not_canonical', 'keys out of order or twice');
    before = bytes;
    const [value, next] = item(data, end, depth);
    found.set(key, value);
    at = next;
  }
  return [found, at];
}

/** One item and nothing after it; maps become Maps. */
export function decode(data) {
  const [value, end] = item(data, 0, MAX_DEPTH);
  if (end !== data.length) throw new Bad('not_canonical', 'bytes after the item');
  return value;
}
