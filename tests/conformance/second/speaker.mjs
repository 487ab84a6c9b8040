// A minimal speaker, written from docs/protocol.md and its test vectors alone: one loudspeaker that sounds nothing, for
// exactly as long. Without the optional parts: content in blocks, the HTTP carrier, bundles, battery and sleep.

import fs from 'node:fs';
import path from 'node:path';
import { Bad } from './cbor.mjs';
import { privateKey, seal, sha256, sign } from './cose.mjs';
import { Clock } from './clock.mjs';
import { CODECS, Contents } from './contents.mjs';
import { Flash } from './flash.mjs';
import { Haves } from './haves.mjs';
import { Link } from './link.mjs';
import { checkAuthority, meant, namesItsSigner, readAck, readBeacon, readFrame, readOrder } from './messages.mjs';
import { onceOf, versionsOf } from './parts.mjs';
import { Programme, begun, emergency, position, real, sounded } from './programme.mjs';
import { Trust } from './trust.mjs';

const TICK = 40;
const MARK_STEP = 5000;
const MARK_LEAD = 1000;
const ROUND = 5000;
const MOST_IN_ROUND = 20;
const DAY = 86400000;
const ENDS = ['cancel', 'all_clear', 'stop'];

const file = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const { languages } = file.cluster;
const id = (hex) => Buffer.from(hex, 'hex');
const log = (event, detail = '') => process.stderr.write(`${JSON.stringify({ event, detail: String(detail) })}\n`);

class Speaker {
  constructor() {
    this.name = file.device;
    this.key = privateKey(id(file.keys.seed));
    this.secret = id(file.keys.mac);
    this.ownLog = `d/${this.name}`;
    this.logs = [...file.follows, this.ownLog];
    this.flash = new Flash(file.storage.dir);
    this.state = this.flash.state;
    this.clock = new Clock(file.clock.bound_file);
    this.trust = new Trust(file.trust, this.state.keys);
    this.haves = Object.fromEntries(this.logs.map((name) => [name, new Haves(...(this.state.haves[name] ?? []))]));
    this.endings = [];
    this.stops = [];
    this.linked = false;
    this.beats = 0;
    this.beatDue = Infinity;
    this.roundDue = 0;
    this.told = new Map();
    this.started = performance.now();
    this.programme = new Programme(this);
    const capacity = file.storage.capacity_mib * 2 ** 20;
    this.contents = new Contents(path.join(file.storage.dir, 'content'), capacity, () => this.config.content, () => this.turn());
    this.flash.keep(['boot', null, this.state.boot + 1]);
    this.useConfig();
    this.restore();
  }
  get config() {
    const spans = file.hours.spans.map((span) => span.map((at) => Number(at.slice(0, 2)) * 60 + Number(at.slice(3))));
    const enrolled = { hours: spans, offset: file.hours.offset_min, volmax: 100, beat: 20, content: [] };
    const held = this.state.config?.body ?? enrolled;
    return { ...held, content: held.content.length ? held.content : file.content.urls };
  }
  useConfig() {
    const { hours, offset } = this.config;
    this.programme.permits = (wall) => {
      const minute = (((Math.floor(wall / 60000) + offset) % 1440) + 1440) % 1440;
      return !hours.length || hours.some(([from, to]) => from <= minute && minute < to);
    };
  }
  /** After a start: what was kept, in its order, and how far each airing came. */
  restore() {
    const now = this.clock.now();
    const orders = [];
    for (const [orderId, kept] of Object.entries(this.state.orders)) {
      try {
        orders.push(readOrder(this.trust.open('order', id(kept.data), true).message));
      } catch (error) {
        log('lost_order', `${orderId} ${error.message}`);
      }
    }
    orders.sort((a, b) => Number(!ENDS.includes(a.type)) - Number(!ENDS.includes(b.type)) || a.iat - b.iat || a.seq - b.seq);
    for (const order of orders) this.apply(order, now, true);
    this.turn();
  }

  // --- what comes down

  message(topic, payload) {
    try {
      if (topic.endsWith('/down')) this.frame(payload);
      else if (topic.endsWith('/orders')) this.take([payload]);
      else if (topic.endsWith('/head')) this.beacon(payload);
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      log('refused', error.message);
    }
    this.turn();
  }
  guarded(work) {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Bad)) throw error;
      log('refused', error.message);
      return null;
    }
  }
  frame(payload) {
    const frame = readFrame(payload);
    this.take(frame.orders);
    for (const data of frame.beacons) this.guarded(() => this.beacon(data));
    for (const data of frame.acks) this.guarded(() => this.ack(data));
  }
  beacon(data) {
    const { authority, message } = this.trust.open('beacon', data);
    const beacon = readBeacon(message);
    this.check(authority, beacon.log);
    const last = this.state.beacons[beacon.log];
    if (last && (beacon.at < last.at || beacon.head < last.head)) return;
    const haves = this.haves[beacon.log];
    const before = JSON.stringify(haves.wire());
    haves.add(0, beacon.floor - 1);
    for (const [low, high] of beacon.gone) haves.add(low, high);
    const changes = [['beacons', beacon.log, { at: beacon.at, head: beacon.head }]];
    if (JSON.stringify(haves.wire()) !== before) changes.push(['haves', beacon.log, [haves.upto, haves.above]]);
    this.flash.keep(...changes);
    if (changes.length > 1 || haves.lacks(beacon.floor, beacon.head)) this.beatSoon();
  }
  check(authority, logName) {
    checkAuthority(authority, logName, file);
    if (!this.logs.includes(logName)) throw new Bad('foreign', logName);
  }
  ack(data) {
    const { authority, message } = this.trust.open('ack', data);
    const ack = readAck(message);
    if (ack.dev !== this.name) throw new Bad('foreign', ack.dev);
    if (authority !== file.commune) throw new Bad('wrong_authority', authority);
    const gone = Object.entries(this.state.receipts).filter(([, kept]) => ack.receipts.includes(kept.sha));
    if (gone.length) this.flash.keep(...gone.map(([n]) => ['receipts', n, null]));
    for (const [n] of gone) this.told.delete(n);
  }

  // --- orders

  take(envelopes) {
    let waiting = envelopes;
    for (let again = 0; again < 2 && waiting.length; again += 1) {
      const opened = [];
      const unknown = [];
      for (const data of waiting) {
        this.guarded(() => {
          try {
            const signer = this.trust.open('order', data);
            const order = readOrder(signer.message);
            this.check(signer.authority, order.log);
            if (order.type === 'keys' && !order.problem && !namesItsSigner(order, signer)) order.problem = 'malformed';
            opened.push({ order, signer, data });
          } catch (error) {
            if (error.reason === 'unknown_key') unknown.push(data);
            throw error;
          }
        });
      }
      const first = (each) => (each.order.type === 'keys' ? 0 : ENDS.includes(each.order.type) ? 1 : 2);
      opened.sort((a, b) => first(a) - first(b) || (first(a) === 0 ? a.order.seq - b.order.seq : 0));
      for (const each of opened) this.guarded(() => this.one(each));
      waiting = opened.some((each) => each.order.type === 'keys') ? unknown : [];
    }
  }
  one({ order, signer, data }) {
    const now = this.clock.now();
    // Opened before a keys order of the same frame: its key may be retired since.
    const retired = !this.trust.entries(signer.authority).keys.some((entry) => entry.epoch === signer.epoch);
    if (retired && order.seq >= this.trust.entries(signer.authority).seq) throw new Bad('unknown_key', signer.kid);
    const missing = !this.haves[order.log].has(order.seq);
    const fresh = !retired && meant(order.to, file.cluster) && !this.state.orders[order.id] && (missing || now.sure);
    const problem = order.problem ?? (now.sure && now.wall >= order.exp ? 'expired' : '');
    const changes = fresh && !problem ? this.taken(order, data) : [];
    if (missing) {
      this.haves[order.log].add(order.seq);
      changes.push(['haves', order.log, [this.haves[order.log].upto, this.haves[order.log].above]]);
      this.beatSoon();
    }
    // In one write, the order first: counted but not kept, it would never come again.
    if (changes.length) this.flash.keep(...changes);
    if (fresh && !problem) this.apply(order, now, false);
    else if (fresh && missing) this.receipt('rejected', problem, { order: order.id, occ: order.body?.occ }, now);
  }
  /** What is kept of an order that is carried out. */
  taken(order, data) {
    const changes = [['orders', order.id, { data: data.toString('hex'), until: order.exp + DAY }]];
    const change = order.type === 'keys' ? this.trust.change(order) : null;
    if (change) changes.push(['keys', order.log, change]);
    return changes;
  }
  /** How high stands who ordered it: a device follows its commune first, then those above it. */
  height(order) {
    return file.follows.indexOf(order.log === this.ownLog ? file.commune : order.log);
  }
  apply(order, now, again) {
    const { body } = order;
    const height = this.height(order);
    if (order.type === 'play') this.play(order, height, now, again);
    else if (order.type === 'cancel' || order.type === 'all_clear') {
      const reason = order.type === 'cancel' ? 'cancelled' : 'all_clear';
      for (const occ of body.occs) {
        this.endings.push({ occ, reason, height, exp: order.exp });
        const airing = this.programme.airings.get(occ);
        if (airing && height >= airing.height) this.programme.cancel(airing, reason, now);
      }
    } else if (order.type === 'stop') {
      this.stops.push({ upto: body.upto, iat: order.iat, height, exp: order.exp });
      const ended = (airing) => begun(airing) && airing.play.class <= body.upto && airing.iat <= order.iat && (height >= airing.height || !emergency(airing));
      this.programme.stop([...this.programme.airings.values()].filter(ended), now);
    } else if (order.type === 'hold') this.hold(order);
    else if (order.type === 'config' && !(this.state.config?.iat > order.iat) && !again) {
      this.flash.keep(['config', null, { iat: order.iat, body }]);
      this.useConfig();
    }
  }
  play(order, height, now, again) {
    const { body: play } = order;
    const mark = this.state.marks[play.occ] ?? { until: order.exp + DAY };
    if (this.programme.airings.has(play.occ) || mark.final) return;
    const [count, pause] = play.repeat;
    const airing = {
      occ: play.occ, play, order: order.id, iat: order.iat, exp: order.exp, height, mark,
      total: count ? onceOf(play.parts, languages) * count + pause * (count - 1) : null,
      ready: false, phase: 'waiting', position: 0, since: 0, beganWall: null, discarded: 0, outranked: false, cut: false,
    };
    const versions = versionsOf(play.parts, languages);
    const deaf = play.parts.some((part) => part.stream); // it has no decoder, and its hello does not name 'relay'
    if (deaf || versions.some((version) => !version.some((each) => CODECS.includes(each.codec)))) {
      this.end(airing, 'rejected', 'codec', now);
      return;
    }
    if (mark.began !== undefined) {
      if (play.pre === 'drop' || (airing.total !== null && mark.ahead >= airing.total)) {
        this.end(airing, 'interrupted', 'power', now, mark.proven);
        return;
      }
      Object.assign(airing, { phase: 'paused', position: mark.ahead, beganWall: mark.began, discarded: mark.proven - mark.ahead, cut: true });
    }
    const ending = this.endings.find((each) => each.occ === play.occ && each.height >= height);
    const begins = Math.max(play.start ?? 0, order.iat);
    const stopped = !again && this.stops.some((each) => play.class <= each.upto && begins <= each.iat && (each.height >= height || !emergency(airing)));
    if (ending) {
      this.programme.cancel(airing, ending.reason, now);
      return;
    }
    if (stopped) {
      this.end(airing, 'cancelled', 'stopped', now);
      return;
    }
    this.programme.airings.set(play.occ, airing);
    const need = { versions, urgency: airing.play.start ?? 0, light: emergency(airing), real: real(airing), bank: false };
    this.contents.need(play.occ, need);
  }
  hold(order) {
    const { bank, parts } = order.body;
    const held = this.held ??= new Map();
    if (held.get(bank)?.iat > order.iat) return;
    if (held.has(bank)) this.contents.release(`bank ${bank}`);
    held.set(bank, { iat: order.iat, exp: order.exp, order: order.id });
    this.contents.need(`bank ${bank}`, { versions: versionsOf(parts, languages), urgency: order.iat, light: false, real: false, bank: true });
  }

  // --- time

  /** Bring everything up to now. */
  turn() {
    const now = this.clock.now();
    for (const airing of this.programme.airings.values()) this.refresh(airing, now);
    for (const [bank, held] of this.held ?? []) this.watchBank(bank, held, now);
    this.programme.advance(now);
    const airing = this.programme.sounding;
    if (airing && (airing.total === null || airing.mark.ahead < airing.total) && position(airing, now) >= airing.mark.ahead - MARK_LEAD) {
      this.keepMark(airing, position(airing, now) + MARK_LEAD + MARK_STEP, now);
    }
    this.heartbeat(now);
    this.repeat(now);
  }
  refresh(airing, now) {
    const complete = this.contents.complete(airing.occ);
    airing.ready = complete || (emergency(airing) && airing.play.parts.some((part) => part.tone));
    if (complete && !airing.mark.stored) {
      airing.mark = { ...airing.mark, stored: true };
      this.flash.keep(['marks', airing.occ, airing.mark]);
      this.receipt('stored', '', airing, now);
    }
  }
  watchBank(bank, held, now) {
    if (now.sure && now.wall >= held.exp) {
      this.held.delete(bank);
      this.contents.release(`bank ${bank}`);
    } else if (!this.state.marks[held.order] && this.contents.complete(`bank ${bank}`)) {
      this.flash.keep(['marks', held.order, { until: held.exp + DAY }]);
      this.receipt('stored', '', { order: held.order }, now);
    }
  }
  keepMark(airing, ahead, now) {
    const upTo = airing.total === null ? ahead : Math.min(ahead, airing.total);
    airing.mark = { ...airing.mark, ahead: Math.round(upTo), proven: sounded(airing, now), began: airing.beganWall };
    this.flash.keep(['marks', airing.occ, airing.mark]);
  }
  begin(airing, resumed, now) {
    airing.cut = false;
    this.keepMark(airing, airing.position + MARK_STEP, now);
    this.receipt(resumed ? 'resumed' : 'started', '', airing, now, sounded(airing, now));
  }
  pause(airing, now) {
    this.keepMark(airing, airing.position, now);
    this.receipt('paused', '', airing, now, sounded(airing, now));
  }
  end(airing, state, reason, now, heard = sounded(airing, now)) {
    this.flash.keep(['marks', airing.occ, { until: airing.exp + DAY, final: true }]);
    this.receipt(state, reason, airing, now, heard);
    this.contents.release(airing.occ);
  }

  // --- what goes up

  receipt(state, reason, { order, occ }, now, heard = 0) {
    const n = this.state.last + 1;
    const said = {
      v: 1, dev: this.name, n, prev: id(this.state.tip), boot: this.state.boot, order: id(order), clusters: [file.cluster.id],
      state, at: now.wall, bound: now.bound, sounded: Math.round(heard), reason, occ: occ === undefined ? undefined : id(occ),
    };
    const data = sign('receipt', said, this.name, this.key);
    const sha = sha256(data).toString('hex');
    this.flash.keep(['receipts', String(n), { data: data.toString('hex'), sha }], ['last', null, n], ['tip', null, sha]);
    if (this.linked) this.tell(String(n), data, now);
  }
  tell(n, data, now) {
    this.told.set(n, now.mono);
    this.publish('receipt', data);
  }
  repeat(now) {
    if (!this.linked || now.mono < this.roundDue) return;
    const since = (n) => this.told.get(n) ?? -Infinity;
    const due = Object.keys(this.state.receipts).filter((n) => now.mono - since(n) >= ROUND);
    if (!due.length) return;
    due.sort((a, b) => since(a) - since(b) || Number(a) - Number(b));
    for (const n of due.slice(0, MOST_IN_ROUND)) this.tell(n, id(this.state.receipts[n].data), now);
    this.roundDue = now.mono + ROUND;
  }
  report(now) {
    return {
      v: 1, dev: this.name, boot: this.state.boot,
      clock: { state: now.state, now: now.wall, bound: now.bound },
      haves: Object.fromEntries(this.logs.map((name) => [name, this.haves[name].wire()])),
    };
  }
  hello(now) {
    this.publish('hello', sign('hello', { ...this.report(now), fw: 'second 1', model: 'second', codecs: CODECS, parts: ['fill'], clusters: [file.cluster.id] }, this.name, this.key));
  }
  beatSoon() {
    this.beatDue = Math.min(this.beatDue, performance.now() + 100 + 200 * Math.random());
  }
  heartbeat(now) {
    const faults = this.trust.old(now) ? ['key_old'] : [];
    if (faults.length !== this.faults) this.beatSoon();
    this.faults = faults.length;
    if (!this.linked || now.mono < this.beatDue) return;
    this.beats += 1;
    this.beatDue = now.mono + this.config.beat * 1000 * (0.95 + 0.1 * Math.random());
    const playing = this.programme.sounding ? [id(this.programme.sounding.occ)] : [];
    this.publish('heartbeat', seal('heartbeat', {
      ...this.report(now), n: this.beats, playing, vol: this.config.volmax, power: 'grid', link: 'fibre',
      free: this.contents.free >> 10, total: file.storage.capacity_mib << 10, faults, up: Math.floor((now.mono - this.started) / 1000),
    }, this.name, this.secret));
  }
  publish(kind, data) {
    this.link.publish(kind, data);
  }
  /** The broker has accepted it: hello first, then everything anew. */
  up() {
    this.linked = true;
    this.told.clear();
    this.roundDue = 0;
    const now = this.clock.now();
    this.hello(now);
    this.beatDue = now.mono + 100 + 1900 * Math.random();
    this.turn();
  }
}

const speaker = new Speaker();
speaker.link = new Link(file, speaker, log);
speaker.link.connect();
setInterval(() => speaker.turn(), TICK);
setInterval(() => {
  const now = speaker.clock.now();
  if (!now.sure) return;
  speaker.flash.prune(now.wall);
  for (const what of ['endings', 'stops']) speaker[what] = speaker[what].filter((each) => each.exp > now.wall);
}, 3600000);
