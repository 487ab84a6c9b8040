// What the device knows of the time (protocol, section 15): the machine's clock, as far as its time keeper vouches for it.

import fs from 'node:fs';

const SURE = 2000;
const SYNCED = 500;
const DRIFT = 1e-4;
const NEVER_SET = 3155760000000;

export class Clock {
  constructor(boundFile) {
    this.boundFile = boundFile;
    this.asked = -Infinity;
    this.set = null;
  }
  now() {
    const [wall, mono] = [Date.now(), performance.now()];
    if (mono - this.asked >= 500) {
      this.asked = mono;
      const stated = this.stated();
      if (stated !== null) this.set = { wall, mono, bound: stated };
    }
    if (!this.set) return { wall, mono, sure: false, bound: NEVER_SET, state: 'unset' };
    const age = mono - this.set.mono;
    const bound = Math.round(this.set.bound + age * DRIFT);
    return { wall: Math.round(this.set.wall + age), mono, sure: bound <= SURE, bound, state: bound <= SYNCED ? 'synced' : 'drifting' };
  }
  stated() {
    try {
      const bound = Number.parseInt(fs.readFileSync(this.boundFile, 'ascii'), 10);
      return Number.isNaN(bound) ? null : Math.max(0, bound);
    } catch {
      return null;
    }
  }
}
