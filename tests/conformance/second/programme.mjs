// What sounds on the one output, and what gives way (protocol, section 14). Nothing here knows files or networks.

export const begun = (airing) => airing.beganWall !== null;
export const emergency = (airing) => airing.play.class === 3;
export const real = (airing) => emergency(airing) && airing.play.status === 'actual';
const startOf = (airing) => airing.play.start ?? airing.iat;

export function position(airing, now) {
  if (airing.phase !== 'sounding') return airing.position;
  const at = airing.position + Math.max(0, now.mono - airing.since);
  return airing.total === null ? at : Math.min(at, airing.total);
}

export const sounded = (airing, now) => Math.max(0, Math.round(airing.discarded + position(airing, now)));

function compare(a, b) {
  for (let n = 0; n < a.length; n += 1) if (a[n] !== b[n]) return a[n] - b[n];
  return 0;
}

const rank = (airing) => [airing.play.class, Number(airing.play.status === 'actual'), airing.play.level];
const queue = (airing) => [
  ...rank(airing).map((each) => -each), emergency(airing) ? -airing.iat : 0,
  airing.play.turn, airing.play.start ?? 0, airing.iat,
];

function interrupts(challenger, current) {
  if (emergency(current)) {
    return emergency(challenger) && compare([...rank(challenger), challenger.iat], [...rank(current), current.iat]) > 0;
  }
  return challenger.play.class > current.play.class;
}

/** host: begin(airing, resumed, now), pause(airing, now), end(airing, state, reason, now). */
export class Programme {
  constructor(host) {
    this.host = host;
    this.airings = new Map();
    this.permits = () => true;
  }
  get sounding() {
    return [...this.airings.values()].find((airing) => airing.phase === 'sounding');
  }
  advance(now) {
    for (const airing of [...this.airings.values()]) {
      const verdict = this.verdict(airing, now);
      if (verdict) this.end(airing, ...verdict, now);
      else if (airing.phase === 'sounding' && airing.total !== null && position(airing, now) >= airing.total) this.end(airing, 'played', '', now);
    }
    const current = this.sounding;
    const due = [...this.airings.values()].filter((airing) => this.due(airing, now));
    due.sort((a, b) => compare(queue(a), queue(b)));
    const best = due[0];
    const heldUp = best && current && !interrupts(best, current);
    for (const airing of due) if (heldUp || airing !== best) airing.outranked = true;
    if (!best || heldUp) return;
    if (current) this.giveWay(current, now);
    this.begin(best, now);
  }
  begin(airing, now) {
    const resumed = begun(airing);
    airing.phase = 'sounding';
    airing.since = now.mono;
    if (!resumed) airing.beganWall = now.wall;
    this.host.begin(airing, resumed, now);
  }
  giveWay(airing, now) {
    if (airing.play.pre === 'drop') {
      this.end(airing, 'preempted', 'dropped', now);
      return;
    }
    airing.position = position(airing, now);
    airing.phase = 'paused';
    if (airing.play.pre === 'restart') {
      airing.discarded += airing.position;
      airing.position = 0;
    }
    this.host.pause(airing, now);
  }
  end(airing, state, reason, now) {
    this.airings.delete(airing.occ);
    this.host.end(airing, state, reason, now);
  }
  due(airing, now) {
    if (airing.phase === 'sounding' || !airing.ready) return false;
    if (airing.phase === 'paused' || (airing.play.start === null && real(airing))) return true;
    return now.sure && (airing.play.start === null || airing.play.start <= now.wall);
  }
  verdict(airing, now) {
    if (!now.sure) return null;
    const waiting = airing.phase === 'waiting';
    if (now.wall >= airing.exp) {
      if (waiting) return ['missed', airing.play.start === null ? 'expired' : why(airing)];
      if (airing.cut) return ['interrupted', 'power'];
      return [airing.total === null ? 'played' : 'interrupted', 'expired'];
    }
    const { stale, late } = airing.play;
    if (airing.phase === 'paused' && stale !== null && now.wall > airing.beganWall + stale) return ['preempted', 'stale'];
    if (now.wall < (airing.play.start ?? 0)) return null;
    if (!real(airing) && !this.permits(now.wall)) return [waiting ? 'rejected' : 'interrupted', 'outside_hours'];
    if (waiting && !emergency(airing) && now.wall > startOf(airing) + late) return ['missed', why(airing)];
    return null;
  }
  /** A cancel or an all-clear. */
  cancel(airing, reason, now) {
    this.end(airing, airing.total === null && begun(airing) ? 'played' : 'cancelled', reason, now);
  }
  /** A stop, for all of these at once. */
  stop(airings, now) {
    for (const airing of airings) this.end(airing, airing.total === null ? 'played' : 'interrupted', 'stopped', now);
  }
}

function why(airing) {
  if (!airing.ready) return 'not_stored';
  return airing.outranked ? 'busy' : 'late';
}
