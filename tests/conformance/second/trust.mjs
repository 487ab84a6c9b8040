// Whose signature counts: the authorities' keys, and their change (protocol, sections 6 and 8, keys).

import { open, publicKey } from './cose.mjs';

export class Trust {
  /** enrolled: [{kid, public}]; kept: authority → {seq, keys, old} from flash. */
  constructor(enrolled, kept) {
    this.kept = kept;
    this.enrolled = {};
    for (const { kid, public: raw } of enrolled) {
      const [authority, epoch] = kid.split('#');
      (this.enrolled[authority] ??= []).push({ epoch: Number(epoch), pub: raw, until: Infinity });
    }
    this.parsed = new Map();
    this.lastUsed = new Map();
  }
  entries(authority) {
    const held = this.kept[authority];
    return held ? { keys: held.keys, old: held.old, seq: held.seq } : { keys: this.enrolled[authority] ?? [], old: [], seq: 0 };
  }
  key(raw) {
    if (!this.parsed.has(raw)) this.parsed.set(raw, publicKey(Buffer.from(raw, 'hex')));
    return this.parsed.get(raw);
  }
  /** Open a message of an authority: {authority, epoch, retired, message}. `any`: also by keys that were trusted once. */
  open(kind, data, any = false) {
    let found = null;
    const { kid, message } = open(kind, data, (claimed) => {
      const [authority, epoch] = claimed.split('#');
      if (epoch === undefined) return null;
      const { keys, old } = this.entries(authority);
      const same = (entry) => String(entry.epoch) === epoch;
      const current = keys.find(same);
      const entry = current ?? old.find(same) ?? (any ? (this.enrolled[authority] ?? []).find(same) : undefined);
      if (!entry || (!current && kind !== 'order')) return null;
      found = { authority, epoch: entry.epoch, retired: !current, until: entry.until };
      return this.key(entry.pub);
    });
    if (!found.retired) this.lastUsed.set(found.authority, found.epoch);
    return { kid, message, ...found };
  }
  /** Whether the key that signed last for some authority is past its time. */
  old(now) {
    return [...this.lastUsed].some(([authority, epoch]) => {
      const entry = this.entries(authority).keys.find((each) => each.epoch === epoch);
      return now.sure && entry !== undefined && now.wall > (entry.until ?? Infinity);
    });
  }
  /** What a keys order changes: the new facts, or null when a later one holds. */
  change(order) {
    if (order.seq <= this.entries(order.log).seq) return null;
    return { seq: order.seq, keys: order.body.keys, old: order.body.old };
  }
}
