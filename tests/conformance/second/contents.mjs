// Contents on flash: what is needed is fetched by HTTP, most urgent first, resumed after cuts (protocol, section 13).

import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { sha256 } from './cose.mjs';
import { syncFolder } from './flash.mjs';

export const CODECS = ['opus16', 'opus8'];
const FIRST_PAUSE = 300;
const LONGEST_PAUSE = 30000;
const SILENT = 20000;
const AT_ONCE = 3;

export class Contents {
  /** bases(): base addresses; changed(): something arrived. */
  constructor(folder, capacity, bases, changed) {
    fs.mkdirSync(folder, { recursive: true });
    Object.assign(this, { folder, capacity, bases, changed });
    this.needs = new Map();
    this.busy = new Map();
    this.failures = new Map();
    this.sizes = new Map();
    for (const name of fs.readdirSync(folder)) this.takeStock(name);
  }
  takeStock(name) {
    const file = path.join(this.folder, name);
    const size = fs.statSync(file).size;
    if (name.endsWith('.part')) this.sizes.set(name.slice(0, -5), size);
    else if (sha256(fs.readFileSync(file)).toString('hex') === name) this.sizes.set(name, size);
    else fs.rmSync(file);
  }
  has(sha) {
    return fs.existsSync(path.join(this.folder, sha));
  }
  /** need: {versions, urgency, light, real, bank}; versions are arrays of renditions. */
  need(key, need) {
    this.needs.set(key, need);
    this.look();
  }
  release(key) {
    if (this.needs.delete(key)) this.look();
  }
  complete(key) {
    const need = this.needs.get(key);
    return need !== undefined && need.versions.every((renditions) => renditions.some((each) => this.has(each.sha)));
  }
  get free() {
    return Math.max(0, this.capacity - [...this.sizes.values()].reduce((sum, size) => sum + size, 0));
  }
  choose(renditions, light) {
    const playable = renditions.filter((each) => CODECS.includes(each.codec));
    return light ? playable.reduce((least, each) => (each.size < least.size ? each : least)) : playable[0];
  }
  /** Begin what is to be fetched now, as far as there is room. */
  look() {
    const wanted = [...this.needs.values()].sort((a, b) => Number(a.bank) - Number(b.bank) || Number(b.real) - Number(a.real) || a.urgency - b.urgency);
    for (const need of wanted) {
      for (const renditions of need.versions) {
        if (renditions.some((each) => this.has(each.sha))) continue;
        const rendition = this.choose(renditions, need.light);
        const { sha } = rendition;
        if (this.busy.has(sha) || this.failures.get(sha)?.waits) continue;
        if (this.busy.size >= AT_ONCE && !need.real) continue;
        if (this.makeRoom(rendition, need)) this.fetch(rendition);
      }
    }
  }
  users(sha) {
    return [...this.needs.values()].filter((need) => need.versions.some((renditions) => renditions.some((each) => each.sha === sha)));
  }
  makeRoom(rendition, need) {
    this.sizes.delete(rendition.sha);
    const others = [...this.sizes.keys()].filter((sha) => !this.busy.has(sha));
    const grades = [(users) => users.length === 0];
    if (need.real) grades.push((users) => users.every((each) => !each.bank && !each.real), (users) => users.every((each) => !each.real));
    for (const mayGo of grades) {
      for (const sha of others) {
        if (this.free >= rendition.size) break;
        if (this.sizes.has(sha) && mayGo(this.users(sha))) this.drop(sha);
      }
    }
    if (this.free < rendition.size) return false;
    this.sizes.set(rendition.sha, rendition.size);
    return true;
  }
  drop(sha) {
    for (const suffix of ['', '.part']) fs.rmSync(path.join(this.folder, sha + suffix), { force: true });
    this.sizes.delete(sha);
  }
  fetch(rendition) {
    const { sha } = rendition;
    const failed = this.failures.get(sha) ?? { count: 0 };
    const bases = this.bases();
    if (!bases.length) return;
    const part = path.join(this.folder, `${sha}.part`);
    const offset = fs.existsSync(part) ? fs.statSync(part).size : 0;
    if (offset >= rendition.size) {
      if (!this.finish(rendition, part)) this.failed(sha, failed.count + 1);
      return;
    }
    const headers = offset ? { Range: `bytes=${offset}-` } : {};
    const request = http.get(`${bases[failed.count % bases.length]}/${sha}`, { headers, agent: false, timeout: SILENT });
    this.busy.set(sha, request);
    let ended = false;
    const done = (error) => {
      if (ended) return;
      ended = true;
      request.destroy();
      this.busy.delete(sha);
      if (error || !this.finish(rendition, part)) this.failed(sha, failed.count + 1);
    };
    request.on('timeout', () => done(new Error('silent')));
    request.on('error', done);
    request.on('response', (response) => this.receive(response, rendition, offset, part, done));
  }
  receive(response, rendition, offset, part, done) {
    const whole = response.statusCode === 200;
    const span = `bytes ${offset}-${rendition.size - 1}/${rendition.size}`;
    if (!whole && !(response.statusCode === 206 && offset && response.headers['content-range'] === span)) {
      done(new Error(`status ${response.statusCode}`));
      return;
    }
    const file = fs.openSync(part, whole ? 'w' : 'a');
    let at = whole ? 0 : offset;
    const close = (error) => {
      fs.fsyncSync(file);
      fs.closeSync(file);
      done(error);
    };
    let closed = false;
    const once = (error) => {
      if (!closed) close(error);
      closed = true;
    };
    response.on('data', (chunk) => {
      if (closed) return;
      const fitting = chunk.subarray(0, rendition.size - at);
      fs.writeSync(file, fitting);
      at += fitting.length;
      if (fitting.length < chunk.length) once(new Error('longer than it should be'));
      else if (at === rendition.size) once();
    });
    response.on('end', () => once(at === rendition.size ? undefined : new Error('cut')));
    response.on('aborted', () => once(new Error('cut')));
    response.on('error', once);
  }
  /** Check the hash of what is whole; whether the content is there. */
  finish(rendition, part) {
    if (!fs.existsSync(part) || fs.statSync(part).size !== rendition.size) return false;
    if (sha256(fs.readFileSync(part)).toString('hex') !== rendition.sha) {
      fs.rmSync(part);
      return false;
    }
    fs.renameSync(part, path.join(this.folder, rendition.sha));
    syncFolder(this.folder);
    this.failures.delete(rendition.sha);
    setImmediate(() => {
      this.changed();
      this.look();
    });
    return true;
  }
  failed(sha, count) {
    const part = path.join(this.folder, `${sha}.part`);
    this.sizes.set(sha, fs.existsSync(part) ? fs.statSync(part).size : 0);
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(count - 1, 10)) * (0.5 + Math.random());
    const waiting = { count, waits: true };
    this.failures.set(sha, waiting);
    setTimeout(() => {
      waiting.waits = false;
      this.look();
    }, pause);
  }
}
