// The takes of this page: listening, cutting the ends off, sending one to the server. None is lost unless deleted.
const at = (id) => document.getElementById(id);
const player = at("player"), start = at("start"), end = at("end"), canvas = at("outline"), form = at("use");
const DECODED_S = 900, DECODED_HZ = 8000; // longer ones are drawn from the levels seen while recording: memory
const COLUMNS = 600, SHORTEST_S = 0.5, POLL_MS = 1000, CUT_OFF = 0.99;
const WORK = "/announcements/new/work/";
const ENDINGS = { "audio/mp4": "m4a", "audio/ogg": "ogg" };

const takes = [];
let chosen = null, count = 0, sending = null, working = "", done = false;

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const tenths = new Intl.NumberFormat(document.documentElement.lang, { minimumIntegerDigits: 2, minimumFractionDigits: 1 });
function time(seconds) {
  const rounded = Math.round(seconds * 10) / 10;
  const hours = Math.floor(rounded / 3600), minutes = Math.floor(rounded / 60) % 60;
  const rest = tenths.format(Math.round((rounded % 60) * 10) / 10);
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

document.addEventListener("loa:recording", ({ detail: on }) => {
  player.pause();
  at("takes").hidden = on || !takes.length;
});

document.addEventListener("loa:take", ({ detail }) => {
  count += 1;
  const take = { ...detail, number: count, url: URL.createObjectURL(detail.blob), begun: new Date() };
  takes.push(take);
  list(take);
  at("takes").hidden = false;
  at("takes").scrollIntoView();
  take.label.firstChild.focus({ preventScroll: true });
  choose(take);
});

function list(take) {
  const text = fill(at("list").dataset.take, { number: take.number, time: time(take.seconds) });
  const radio = Object.assign(document.createElement("input"), { type: "radio", name: "take" });
  take.label = document.createElement("label");
  take.label.className = "pick";
  take.label.append(radio, Object.assign(document.createElement("span"), { textContent: text }));
  radio.addEventListener("change", () => choose(take));
  at("list").append(take.label);
}

async function choose(take) {
  chosen = take;
  take.label.firstChild.checked = true;
  at("review").setAttribute("aria-busy", "true");
  at("failed").hidden = true;
  at("save").href = take.url;
  at("save").download = fileName(take);
  player.src = take.url;
  const length_s = await playable(take.seconds);
  if (chosen !== take) return;
  take.length_s ??= length_s;
  take.peaks ??= await outline(take);
  if (chosen !== take) return;
  start.max = end.max = Math.ceil(take.length_s * 10) / 10;
  start.value = take.start_s ?? 0;
  end.value = take.end_s ?? end.max;
  moved();
  at("review").setAttribute("aria-busy", "false");
}

// A recorder's file does not say how long it is; a player knows once it has been sent to the end.
function playable(guess_s) {
  return new Promise((resolve) => {
    const ready = (seconds) => {
      player.ondurationchange = player.onloadedmetadata = player.onerror = null;
      player.currentTime = 0;
      resolve(seconds);
    };
    const look = () => {
      if (Number.isFinite(player.duration)) ready(player.duration);
      else player.currentTime = 1e7;
    };
    player.onloadedmetadata = player.ondurationchange = look;
    player.onerror = () => ready(guess_s);
    player.load();
  });
}

// The loudest of each stretch; a take of less than a minute has fewer levels than columns.
function fold(levels) {
  const columns = Math.min(COLUMNS, levels.length), step = levels.length / columns;
  return Array.from({ length: columns }, (_, column) => {
    let peak = 0;
    const last = Math.floor((column + 1) * step);
    for (let at = Math.floor(column * step); at < last; at += 1) peak = Math.max(peak, Math.abs(levels[at]));
    return peak;
  });
}

// A short take is decoded and looked at closely.
async function outline(take) {
  if (take.length_s > DECODED_S) return fold(take.levels);
  try {
    const context = new OfflineAudioContext(1, 1, DECODED_HZ);
    const sound = await context.decodeAudioData(await take.blob.arrayBuffer());
    return fold(sound.getChannelData(0));
  } catch { return fold(take.levels); }
}

const selection = () => ({ start_s: Number(start.value), end_s: Math.min(Number(end.value), chosen.length_s) });

function draw() {
  if (!chosen?.peaks) return;
  const ratio = window.devicePixelRatio || 1, width = canvas.width = canvas.clientWidth * ratio;
  const height = canvas.height = canvas.clientHeight * ratio, pen = canvas.getContext("2d");
  const colours = getComputedStyle(document.documentElement), colour = (name) => colours.getPropertyValue(name);
  const { start_s, end_s } = selection(), { peaks, length_s } = chosen, step = width / peaks.length;
  const x = (seconds) => seconds / length_s * width;
  pen.fillStyle = colour("--brand-soft");
  pen.fillRect(x(start_s), 0, x(end_s) - x(start_s), height);
  peaks.forEach((peak, column) => {
    const seconds = column / peaks.length * length_s, tall = Math.max(ratio, peak * height);
    const kept = seconds >= start_s && seconds < end_s;
    pen.fillStyle = colour(peak >= CUT_OFF ? "--lost" : kept ? "--brand" : "--line-strong");
    pen.fillRect(column * step, (height - tall) / 2, Math.max(step * 0.8, 1), tall);
  });
  pen.fillStyle = colour("--ink");
  for (const seconds of [start_s, end_s, player.currentTime]) {
    pen.fillRect(Math.min(x(seconds), width - 2 * ratio), 0, 2 * ratio, height);
  }
}

function moved() {
  const { start_s, end_s } = selection();
  Object.assign(chosen, { start_s: start_s, end_s: Number(end.value) });
  for (const [edge, seconds] of [[start, start_s], [end, end_s]]) {
    at(`${edge.id}-at`).textContent = time(seconds);
    edge.setAttribute("aria-valuetext", time(seconds));
  }
  at("kept").textContent = fill(at("kept").dataset.text, { time: time(end_s - start_s) });
  draw();
}

// The handles do not pass each other.
function move(edge, seconds) {
  const least = edge === end ? Number(start.value) + SHORTEST_S : 0;
  const most = edge === start ? Math.max(0, Number(end.value) - SHORTEST_S) : Number(end.max);
  edge.value = Math.min(most, Math.max(least, seconds));
  moved();
}

let playing = false;
function halt() {
  playing = false;
  at("play").textContent = at("play").dataset.play;
  player.pause();
}
function playSelection() {
  if (playing) return halt();
  const { start_s, end_s } = selection();
  playing = true;
  at("play").textContent = at("play").dataset.halt;
  player.currentTime = start_s;
  player.play();
  const watch = () => {
    if (!playing) return;
    draw();
    if (player.currentTime >= end_s || player.ended) halt();
    else requestAnimationFrame(watch);
  };
  requestAnimationFrame(watch);
}

function drop() {
  takes.splice(takes.indexOf(chosen), 1);
  URL.revokeObjectURL(chosen.url);
  chosen.label.remove();
  at("drop").closest("details").open = false;
  halt();
  at("takes").hidden = !takes.length;
  if (takes.length) choose(takes.at(-1));
  else at("record").focus();
}

function fileName({ begun, number, blob }) {
  const two = (value) => String(value).padStart(2, "0");
  const day = `${two(begun.getDate())}-${two(begun.getMonth() + 1)}-${begun.getFullYear()}`;
  const ending = ENDINGS[blob.type.split(";")[0]] ?? "webm";
  return `${form.dataset.name} ${number}, ${day} ${two(begun.getHours())}h${two(begun.getMinutes())}.${ending}`;
}

class Failure extends Error {}

// The server's answers are its pages: where it led to, and what it says there.
async function get(url) {
  const answer = await fetch(url, { signal: sending.signal });
  return { url: answer.url, ok: answer.ok, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
}

function post(data) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("POST", form.action);
    call.responseType = "document";
    call.upload.onprogress = ({ loaded, total }) => { at("sent").value = loaded / total; };
    call.upload.onload = () => {
      at("sent").removeAttribute("value");
      at("sent-text").textContent = at("sent-text").dataset.working;
    };
    call.onload = () => resolve({ url: call.responseURL, ok: call.status < 400, page: call.response });
    call.onerror = call.onabort = () => reject(new Failure(at("failed").dataset.offline));
    sending.signal.addEventListener("abort", () => call.abort());
    call.send(data);
  });
}

function checked(answer) {
  if (new URL(answer.url).pathname === "/sign-in") throw new Failure(at("failed").dataset.signedOut);
  const said = answer.page?.querySelector("main .note.bad:not([hidden]) p")?.textContent;
  if (said || !answer.ok) throw new Failure(said || at("failed").dataset.refused);
  return answer;
}

// While the server works on it the take stays here: what fails there can be sent again.
async function follow(answer) {
  while (new URL(answer.url).pathname.startsWith(WORK)) {
    working = at("away").href = answer.url;
    at("away").hidden = false;
    if (!answer.page.getElementById("progress")) throw new Failure(at("failed").dataset.refused); // ended elsewhere
    const bar = answer.page.querySelector("#progress progress[value]");
    if (bar) at("sent").value = bar.value / bar.max;
    await wait(POLL_MS);
    answer = checked(await get(answer.url));
  }
  return answer.url;
}

async function send(event) {
  event.preventDefault();
  event.stopPropagation();
  if (sending) return;
  halt();
  sending = new AbortController();
  working = "";
  const data = new FormData(form), { start_s, end_s } = selection();
  data.set("file", chosen.blob, fileName(chosen));
  if (start_s > 0) data.set("start_ms", Math.round(start_s * 1000));
  if (Number(end.value) < Number(end.max)) data.set("end_ms", Math.round(end_s * 1000));
  busy(true);
  try {
    // After an hour of recording the secret of the form may be another one: somebody signed in again.
    const fresh = checked(await get(location.href));
    data.set("csrf", fresh.page.querySelector("input[name=csrf]").value);
    const url = await follow(checked(await post(data)));
    done = true;
    location.assign(url);
  } catch (error) {
    const cancelled = sending.signal.aborted;
    const secret = new URLSearchParams({ csrf: data.get("csrf") });
    if (cancelled && working) fetch(`${working}/cancel`, { method: "POST", body: secret });
    at("failed").textContent = error instanceof Failure ? error.message : at("failed").dataset.offline;
    at("failed").hidden = cancelled;
    if (!cancelled) at("send").textContent = at("send").dataset.again;
    busy(false);
  }
}

function busy(on) {
  if (!on) sending = null;
  at("sending").hidden = at("cancel").hidden = !on;
  at("away").hidden = true;
  at("sent").value = 0;
  at("sent-text").textContent = at("sent-text").dataset.sending;
  at("failed").hidden = at("failed").hidden || on;
  for (const each of [at("send"), at("record"), at("drop"), start, end]) each.disabled = on;
  at("list").closest("fieldset").disabled = on;
}

for (const edge of [start, end]) {
  edge.addEventListener("input", () => move(edge, Number(edge.value)));
  at(`${edge.id}-here`).addEventListener("click", () => move(edge, Math.round(player.currentTime * 10) / 10));
}
for (const name of ["timeupdate", "seeked"]) player.addEventListener(name, draw);
player.addEventListener("pause", () => { if (playing) halt(); });
window.addEventListener("resize", draw);
at("play").addEventListener("click", playSelection);
at("drop").addEventListener("click", drop);
at("cancel").addEventListener("click", () => sending?.abort());
at("away").addEventListener("click", () => { done = true; });
form.addEventListener("submit", send);
window.addEventListener("beforeunload", (event) => { if (takes.length && !done) event.returnValue = "stay"; });
