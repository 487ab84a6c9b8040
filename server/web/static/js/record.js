// Records takes: the microphone, its level, the running time. What becomes of a take is the business of takes.js.
const at = (id) => document.getElementById(id);
const box = at("recorder"), state = at("state");
const LONGEST_S = Number(box.dataset.longestS);
const TYPES = ["audio/webm;codecs=opus", "audio/mp4;codecs=mp4a.40.2", "audio/mp4", "audio/ogg;codecs=opus"];
const TICK_MS = 100, HELD_TICKS = 20, SLICE_MS = 1000, SOON_S = 60;
// Peaks: a voice a hand's width away reaches -20 to -3 dBFS; a switched-off microphone stays under -60.
const NOTHING_DB = -60, QUIET_DB = -30, LOUD_DB = -1, CUT_OFF = 0.99;
const TONES = { nothing: "off", quiet: "late", good: "ok", loud: "bad" };
const MICROPHONE = "loa-microphone";

let take = null, takes = 0, lock = null;

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const pad = (number) => String(number).padStart(2, "0");
function clock(seconds) {
  const whole = Math.floor(seconds), hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return (hours ? `${hours}:${pad(minutes)}` : `${minutes}`) + `:${pad(whole % 60)}`;
}
const elapsed_s = (it) => (it.before_ms + (it.since_ms === null ? 0 : performance.now() - it.since_ms)) / 1000;

function explain(problem) {
  for (const note of at("told").children) note.hidden = note.id !== problem;
  at("otherwise").hidden = !["insecure", "old", "denied", "missing", "taken"].includes(problem);
}

// Which buttons there are: off, asking, recording or paused.
function show(now) {
  const busy = now === "recording" || now === "paused";
  at("record").hidden = busy;
  at("record").disabled = now === "asking";
  if (takes) at("record").textContent = at("record").dataset.again;
  at("pause").hidden = at("stop").hidden = at("sound").hidden = !busy;
  at("pause").textContent = now === "paused" ? at("pause").dataset.goOn : at("pause").dataset.pause;
  at("microphone").disabled = at("helped").disabled = now !== "off";
  document.dispatchEvent(new CustomEvent("loa:recording", { detail: now !== "off" }));
}

function wanted() {
  const helped = at("helped").checked, id = at("microphone").value || localStorage.getItem(MICROPHONE);
  const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: helped, autoGainControl: helped };
  return { audio: id ? { ...audio, deviceId: { ideal: id } } : audio };
}

async function begin() {
  if (take) return;
  explain("");
  // Made while the press still counts as one: Safari starts none later.
  const context = new AudioContext();
  take = { context, chunks: [], levels: [], recent: [], before_ms: 0, since_ms: null, cut: false, told: false };
  show("asking");
  drawTime(0);
  state.textContent = state.dataset.asking;
  try {
    take.stream = await navigator.mediaDevices.getUserMedia(wanted());
    open(take);
  } catch (error) {
    close(take);
    state.textContent = state.dataset.off;
    const known = { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "missing" };
    explain(known[error.name] ?? "taken");
    return;
  }
  listMicrophones();
}

function open(it) {
  it.analyser = it.context.createAnalyser();
  it.analyser.fftSize = 8192; // 170 ms at 48 kHz, more than a tick: no peak slips through
  it.samples = new Float32Array(it.analyser.fftSize);
  it.context.createMediaStreamSource(it.stream).connect(it.analyser);
  it.context.resume();
  const mimeType = TYPES.find((each) => MediaRecorder.isTypeSupported(each));
  const recorder = new MediaRecorder(it.stream, { mimeType, audioBitsPerSecond: Number(box.dataset.bitRateBps) });
  it.recorder = recorder;
  recorder.ondataavailable = ({ data }) => { if (data.size) it.chunks.push(data); };
  recorder.onstart = recorder.onresume = () => {
    it.since_ms = performance.now();
    speaking("recording");
    at("pause").focus({ preventScroll: true });
  };
  recorder.onpause = () => { hold(it); speaking("paused"); };
  recorder.onerror = () => end("lost");
  recorder.onstop = () => finish(it);
  it.stream.getAudioTracks()[0].onended = () => end("lost");
  recorder.start(SLICE_MS);
  it.ticking = setInterval(() => tick(it), TICK_MS);
  stayAwake();
}

function speaking(now) {
  state.textContent = state.dataset[now === "recording" && takes ? "again" : now];
  at("clipped").hidden = !take.cut;
  show(now);
}

function hold(it) {
  it.before_ms = elapsed_s(it) * 1000;
  it.since_ms = null;
}

function tick(it) {
  it.analyser.getFloatTimeDomainData(it.samples);
  let peak = 0;
  for (const sample of it.samples) peak = Math.max(peak, Math.abs(sample));
  it.recent = [...it.recent.slice(1 - HELD_TICKS), peak];
  drawLevel(peak, Math.max(...it.recent), it.recent.length === HELD_TICKS);
  if (it.since_ms === null) return;
  const seconds = elapsed_s(it);
  // By its time, not by its turn: a browser in the background ticks once a second.
  it.levels[Math.floor(seconds * 1000 / TICK_MS)] = peak;
  if (peak >= CUT_OFF && !it.cut) {
    it.cut = true;
    at("clipped").textContent = fill(at("clipped").dataset.text, { time: clock(seconds) });
    at("clipped").hidden = false;
  }
  drawTime(seconds);
  if (LONGEST_S - seconds <= SOON_S && LONGEST_S > 2 * SOON_S && !it.told) {
    it.told = true;
    state.textContent = state.dataset.soon;
  }
  if (seconds >= LONGEST_S) end("full");
}

function drawTime(seconds) {
  at("elapsed").textContent = clock(seconds);
  at("left").textContent = fill(at("left").dataset.text, { time: clock(Math.max(0, Math.ceil(LONGEST_S - seconds))) });
}

function drawLevel(peak, held, sure) {
  const decibels = (value) => Math.max(-60, 20 * Math.log10(value || 1e-6));
  at("level").value = decibels(peak);
  at("held").style.left = `${(decibels(held) + 60) / 60 * 99}%`;
  const found = decibels(held);
  // Too little is only said after two seconds: nobody speaks at once.
  const low = !sure ? "" : found > NOTHING_DB ? "quiet" : "nothing";
  const name = found >= LOUD_DB ? "loud" : found >= QUIET_DB ? "good" : low;
  at("word").className = `s ${TONES[name] ?? ""}`;
  if (at("word").dataset.now === name) return;
  at("word").dataset.now = name;
  at("word").textContent = name && at("word").dataset[name];
}

function end(why) {
  if (!take?.recorder || take.recorder.state === "inactive" && why !== "lost") return;
  take.why ??= why;
  if (take.recorder.state !== "inactive") take.recorder.stop();
}

function finish(it) {
  if (it.since_ms !== null) hold(it);
  const blob = new Blob(it.chunks, { type: it.recorder.mimeType });
  // Whether the microphone or the recorder ends first when it is pulled out depends on the browser.
  if (it.stream.getAudioTracks()[0].readyState === "ended") it.why = "lost";
  if (blob.size) takes += 1;
  close(it);
  state.textContent = blob.size ? state.dataset[it.why === "full" ? "full" : "stopped"] : state.dataset.off;
  explain(!blob.size ? "nothing" : it.why === "lost" ? "lost" : "");
  const seconds = it.before_ms / 1000, levels = Array.from(it.levels, (level) => level ?? 0);
  if (blob.size) document.dispatchEvent(new CustomEvent("loa:take", { detail: { blob, levels, seconds } }));
}

function close(it) {
  clearInterval(it.ticking);
  for (const track of it.stream?.getTracks() ?? []) { track.onended = null; track.stop(); }
  it.context.close();
  lock?.release();
  take = lock = null;
  show("off");
}

// A phone's screen stays on; one that is low on power says no, and the recording goes on all the same.
async function stayAwake() {
  try { lock = await navigator.wakeLock?.request("screen"); } catch { lock = null; }
}

// Browsers name the microphones only once they may be used.
async function listMicrophones() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  const found = devices.filter((it) => it.kind === "audioinput" && it.deviceId);
  const list = at("microphone"), chosen = list.value || localStorage.getItem(MICROPHONE);
  list.replaceChildren(...found.map((it, index) => {
    const name = it.label || fill(list.dataset.nameless, { number: index + 1 });
    return new Option(name, it.deviceId, false, it.deviceId === chosen);
  }));
  at("microphones").hidden = found.length < 2;
}

const problem = !window.isSecureContext ? "insecure" : navigator.mediaDevices && window.MediaRecorder ? "" : "old";
explain(problem);
if (!problem) {
  box.hidden = false;
  drawTime(0);
  listMicrophones();
  navigator.mediaDevices.addEventListener("devicechange", listMicrophones);
  at("record").addEventListener("click", begin);
  at("stop").addEventListener("click", () => end("stopped"));
  at("pause").addEventListener("click", () => take.recorder[take.recorder.state === "paused" ? "resume" : "pause"]());
  at("microphone").addEventListener("change", () => localStorage.setItem(MICROPHONE, at("microphone").value));
  document.addEventListener("visibilitychange", () => { if (take && !document.hidden) stayAwake(); });
  window.addEventListener("beforeunload", (event) => { if (take?.recorder) event.returnValue = "stay"; });
}
