// What is held of a log: 1…upto and the inclusive ranges above (protocol, section 10).

const MOST = 64;

export class Haves {
  constructor(upto = 0, above = []) {
    this.upto = upto;
    this.above = above;
  }
  has(seq) {
    return seq <= this.upto || this.above.some(([low, high]) => low <= seq && seq <= high);
  }
  /** Count a range as held. */
  add(low, high = low) {
    const ranges = [...this.above, [low, high]].sort((a, b) => a[0] - b[0]);
    this.above = [];
    for (const [from, to] of ranges) {
      const last = this.above.at(-1);
      if (from <= this.upto + 1) this.upto = Math.max(this.upto, to);
      else if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
      else this.above.push([from, to]);
    }
  }
  /** Whether anything from `floor` to `head` is missing. */
  lacks(floor, head) {
    let at = Math.max(floor, this.upto + 1);
    for (const [low, high] of this.above) {
      if (at < low) break;
      at = Math.max(at, high + 1);
    }
    return at <= head;
  }
  wire() {
    return [this.upto, this.above.slice(0, MOST).map(([low, high]) => [low, high])];
  }
}
