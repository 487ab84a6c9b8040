// Flash: a journal of JSON lines, durable before `keep` returns; a line cut short by a power cut counts for nothing.

import fs from 'node:fs';
import path from 'node:path';

export class Flash {
  constructor(folder) {
    fs.mkdirSync(folder, { recursive: true });
    this.folder = folder;
    this.file = path.join(folder, 'journal');
    this.state = { boot: 0, haves: {}, orders: {}, marks: {}, receipts: {}, last: 0, tip: '00'.repeat(32), config: null, keys: {}, beacons: {} };
    const text = fs.existsSync(this.file) ? fs.readFileSync(this.file, 'utf8') : '';
    for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) if (line) this.replay(JSON.parse(line));
    this.compact();
  }
  replay([what, key, value]) {
    if (key === null) this.state[what] = value;
    else if (value === null) delete this.state[what][key];
    else this.state[what][key] = value;
  }
  /** Begin the journal anew with one line a fact. */
  compact() {
    const lines = [];
    for (const [what, value] of Object.entries(this.state)) {
      if (['haves', 'orders', 'marks', 'receipts', 'keys', 'beacons'].includes(what)) {
        for (const [key, each] of Object.entries(value)) lines.push([what, key, each]);
      } else lines.push([what, null, value]);
    }
    const fresh = `${this.file}.new`;
    fs.writeFileSync(fresh, lines.map((line) => `${JSON.stringify(line)}\n`).join(''), { flush: true });
    fs.renameSync(fresh, this.file);
    syncFolder(this.folder);
    this.handle = fs.openSync(this.file, 'a');
  }
  /** Change facts, all or none of the lines that reach the disk whole: [what, key or null, value or null to forget]. */
  keep(...changes) {
    for (const change of changes) this.replay(change);
    fs.writeSync(this.handle, changes.map((change) => `${JSON.stringify(change)}\n`).join(''));
    fs.fdatasyncSync(this.handle);
  }
  /** Forget the orders and marks that were over long ago. */
  prune(wall) {
    const old = (what) => Object.entries(this.state[what]).filter(([, kept]) => kept.until < wall).map(([key]) => [what, key, null]);
    const changes = [...old('orders'), ...old('marks')];
    if (changes.length) this.keep(...changes);
  }
}

export function syncFolder(folder) {
  const handle = fs.openSync(folder, 'r');
  fs.fsyncSync(handle);
  fs.closeSync(handle);
}
