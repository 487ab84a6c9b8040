// Orders, beacons, acks and frames, field by field (protocol, sections 4, 7 to 10 and 12).

import { Bad, decode } from './cbor.mjs';

const MAX_MS = 253402300799999;
const MAX_SEQ = 2 ** 53;
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$/;
const LOG = /^(?:d\/)?[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$/;
const VERSION = 1;

const isInt = (value, low, high) => Number.isInteger(value) && value >= low && value <= high;
const isText = (value, most) => typeof value === 'string' && [...value].length <= most && !value.includes('\u0000');
const isBytes = (value, size) => value instanceof Uint8Array && value.length === size;
const hex = (bytes) => Buffer.from(bytes).toString('hex');

class Fields {
  constructor(map) {
    if (!(map instanceof Map)) throw new Bad('bad_field', 'no map');
    this.map = map;
  }
  value(name, fits) {
    const value = this.map.get(name);
    if (!fits(value)) throw new Bad('bad_field', name);
    return value;
  }
  has(name) {
    return this.map.get(name) !== undefined && this.map.get(name) !== null;
  }
  int(name, low = 0, high = MAX_MS) {
    return this.value(name, (value) => isInt(value, low, high));
  }
  optionalInt(name, low = 0, high = MAX_MS) {
    return this.has(name) ? this.int(name, low, high) : null;
  }
  text(name, most) {
    return this.value(name, (value) => isText(value, most));
  }
  name(name) {
    return this.value(name, (value) => isText(value, 48) && NAME.test(value));
  }
  oneOf(name, values) {
    return this.value(name, (value) => values.includes(value));
  }
  bytes(name, size) {
    return Buffer.from(this.value(name, (value) => isBytes(value, size)));
  }
  array(name, low, high, fits = () => true) {
    return this.value(name, (value) => Array.isArray(value) && value.length >= low && value.length <= high && value.every(fits));
  }
  optionalArray(name, high, fits) {
    return this.has(name) ? this.array(name, 0, high, fits) : [];
  }
  part(name) {
    return new Fields(this.map.get(name));
  }
}

const isName = (value) => isText(value, 48) && NAME.test(value);
const isPair = (lowest, highest) => (value) =>
  Array.isArray(value) && value.length === 2 && value.every((each) => isInt(each, lowest, highest));

function versioned(map) {
  const fields = new Fields(map);
  if (fields.int('v', 0, 1000) !== VERSION) throw new Bad('unknown_version');
  return fields;
}

function audience(fields) {
  return {
    places: fields.optionalArray('places', 500, isName),
    zones: fields.optionalArray('zones', 500, isName),
    clusters: fields.optionalArray('clusters', 1000, isName),
    but: fields.optionalArray('but', 1000, isName),
  };
}

function rendition(map) {
  const fields = new Fields(map);
  return {
    sha: fields.bytes('sha', 32).toString('hex'),
    size: fields.int('size', 1, 536870912),
    codec: fields.text('codec', 16),
    dur: fields.int('dur', 1, 7200000),
  };
}

function speech(fields) {
  const versions = fields.map.get('say');
  if (!(versions instanceof Map) || versions.size < 1 || versions.size > 16) throw new Bad('bad_field', 'say');
  const first = fields.text('first', 16);
  if (!versions.has(first)) throw new Bad('bad_field', 'first');
  const read = {};
  for (const [language, list] of versions) {
    if (!isText(language, 16) || !Array.isArray(list) || list.length < 1 || list.length > 8) throw new Bad('bad_field', 'say');
    read[language] = list.map(rendition);
  }
  return { say: read, first };
}

const isSegment = (value) =>
  Array.isArray(value) && value.length === 4 && isInt(value[0], 0, 5000) && isInt(value[1], 0, 5000) &&
  isInt(value[2], 1, 600000) && isInt(value[3], 0, 2);

function tone(fields) {
  const segments = fields.array('tone', 1, 256, isSegment);
  const n = fields.int('n', 1, 100);
  const gap = fields.int('gap', 0, 600000);
  const ms = segments.reduce((sum, segment) => sum + segment[2], 0) * n + gap * (n - 1);
  if (ms > 900000) throw new Bad('bad_field', 'tone');
  return { tone: ms };
}

function part(map) {
  const fields = new Fields(map);
  if (fields.has('say')) return speech(fields);
  if (fields.has('tone')) return tone(fields);
  if (fields.has('relay')) return stream(fields);
  if (fields.has('fill')) return { fill: fields.int('fill', 1, 86400000), with: fields.has('with') ? speech(new Fields(fields.map.get('with'))) : null };
  return { gap: fields.int('gap', 1, 600000) };
}

const ADDRESS = /^https?:\/\/([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:(\d{1,5}))?([/?][!-"$-~]*)?$/;

function stream(fields) {
  const found = ADDRESS.exec(fields.text('relay', 512));
  if (!found || Number(found[4] ?? 80) < 1 || Number(found[4] ?? 80) > 65535) throw new Bad('bad_field', 'relay');
  const instead = fields.has('else') ? speech(new Fields(fields.map.get('else'))) : null;
  return { stream: fields.int('dur', 1, 86400000), quiet: fields.int('quiet', 1000, 600000), else: instead };
}

const ids = (fields) => fields.array('occs', 1, 256, (value) => isBytes(value, 16)).map(hex);
const isSpan = (value) => isPair(0, 1440)(value) && value[0] < value[1];

function keyEntry(map) {
  const fields = new Fields(map);
  return { epoch: fields.int('epoch', 0, 999999999), pub: fields.bytes('pub', 32).toString('hex'), until: fields.int('until') };
}

const BODIES = {
  play: (fields) => ({
    occ: fields.bytes('occ', 16).toString('hex'),
    start: fields.optionalInt('start'),
    parts: fields.array('parts', 1, 64).map(part),
    class: fields.int('class', 0, 3),
    level: fields.int('level', 1, 3),
    status: fields.oneOf('status', ['actual', 'drill', 'test']),
    late: fields.int('late', 0, 86400000),
    repeat: fields.array('repeat', 2, 2, (value) => isInt(value, 0, 3600000)),
    vol: fields.int('vol', 0, 100),
    pre: fields.oneOf('pre', ['resume', 'restart', 'drop']),
    stale: fields.optionalInt('stale', 0, 86400000),
    turn: fields.int('turn', 0, 1000000),
    title: fields.text('title', 200),
  }),
  cancel: (fields) => ({ occs: ids(fields), reason: fields.text('reason', 200) }),
  all_clear: (fields) => ({ occs: ids(fields) }),
  stop: (fields) => ({ upto: fields.int('upto', 0, 3) }),
  hold: (fields) => ({ bank: fields.name('bank'), parts: fields.array('parts', 1, 64).map(part) }),
  config: (fields) => ({
    hours: fields.array('hours', 0, 16, isSpan),
    offset: fields.int('offset', -1440, 1440),
    volmax: fields.int('volmax', 0, 100),
    beat: fields.int('beat', 5, 3600),
    content: fields.optionalArray('content', 8, (value) => isText(value, 200)),
  }),
  keys: (fields) => {
    const [keys, old] = [fields.array('keys', 1, 16).map(keyEntry), fields.array('old', 0, 16).map(keyEntry)];
    const epochs = [...keys, ...old].map((entry) => entry.epoch);
    if (new Set(epochs).size !== epochs.length) throw new Bad('bad_field', 'epoch');
    return { keys, old };
  },
};

/** A verified order. What cannot be understood but named has `problem`: unsupported or malformed. */
export function readOrder(map) {
  const fields = versioned(map);
  const order = {
    id: fields.bytes('id', 16).toString('hex'),
    log: fields.value('log', (value) => isText(value, 64) && LOG.test(value)),
    seq: fields.int('seq', 1, MAX_SEQ),
    to: audience(fields.part('to')),
  };
  try {
    order.prev = fields.bytes('prev', 32);
    order.iat = fields.int('iat');
    order.exp = fields.int('exp');
    order.type = fields.text('type', 32);
    if (!Object.hasOwn(BODIES, order.type)) return { ...order, problem: 'unsupported' };
    order.body = BODIES[order.type](fields.part('body'));
    if (order.type === 'play' && order.body.repeat[0] > 1000) throw new Bad('bad_field', 'repeat');
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    return { ...order, problem: 'malformed' };
  }
  return order;
}

export function readBeacon(map) {
  const fields = versioned(map);
  const head = fields.int('head', 0, MAX_SEQ);
  return {
    log: fields.value('log', (value) => isText(value, 64) && LOG.test(value)),
    head,
    floor: fields.int('floor', 1, head + 1),
    tip: fields.bytes('tip', 32),
    at: fields.int('at'),
    gone: fields.optionalArray('gone', 64, (value) => isPair(1, MAX_SEQ)(value) && value[0] <= value[1]),
  };
}

export function readAck(map) {
  const fields = versioned(map);
  return { dev: fields.name('dev'), receipts: fields.array('receipts', 0, 100, (value) => isBytes(value, 32)).map(hex) };
}

export function readFrame(data) {
  if (data.length > 65536) throw new Bad('too_large', 'frame');
  const fields = versioned(decode(data));
  const envelopes = (name) => fields.optionalArray(name, 256, (value) => value instanceof Uint8Array).map((each) => Buffer.from(each));
  return { orders: envelopes('orders'), acks: envelopes('acks'), beacons: envelopes('beacons') };
}

/** Whether a cluster is meant. */
export function meant(to, cluster) {
  if (to.but.includes(cluster.id)) return false;
  if (!to.places.length && !to.zones.length && !to.clusters.length) return true;
  return to.clusters.includes(cluster.id) || to.places.some((place) => cluster.places.includes(place)) ||
    to.zones.some((zone) => cluster.zones.includes(zone));
}

/** Whether this authority may speak in a log: its own, or that of a device of its commune. Raises Bad. */
export function checkAuthority(authority, logName, { device, commune }) {
  const owner = logName === `d/${device}` ? commune : logName;
  if (owner !== authority) throw new Bad('wrong_authority', logName);
}

/** Whether a keys order stands in its authority's own log and names the key that signed it. */
export const namesItsSigner = (order, { authority, epoch }) =>
  order.log === authority && order.body.keys.some((entry) => entry.epoch === epoch);
