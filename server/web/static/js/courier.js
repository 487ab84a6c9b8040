// The courier's phone: bundles and return files kept in the browser, handed over to a speaker's own page, given up to
// the commune when there is a network.
"use strict";

const words = JSON.parse(document.getElementById("words").textContent);
const at = (id) => document.getElementById(id);
const MB = 1e6;
let store, session = null, pending = null;

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "–");
const megabytes = (size) => `${Math.max(0.1, size / MB).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })} MB`;
const when = (text) => new Date(text).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });

function openStore() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("loa-courier", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("bundles", { keyPath: "id" });
      asked.result.createObjectStore("returns", { keyPath: "key" });
      asked.result.createObjectStore("notes", { keyPath: "key" });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

// One step of the store, durable when it is told so.
function step(name, mode, work) {
  return new Promise((resolve, reject) => {
    const transaction = store.transaction(name, mode, { durability: "strict" });
    const asked = work(transaction.objectStore(name));
    transaction.oncomplete = () => resolve(asked.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}
const all = (name) => step(name, "readonly", (it) => it.getAll());
const get = (name, key) => step(name, "readonly", (it) => it.get(key));
const put = (name, row) => step(name, "readwrite", (it) => it.put(row));
const drop = (name, key) => step(name, "readwrite", (it) => it.delete(key));

function say(text, tone = "") {
  at("said").hidden = !text;
  at("said").className = `note ${tone}`;
  at("said").textContent = text;
}

function make(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

function button(text, work, className = "btn q") {
  const made = make("button", text, className);
  made.type = "button";
  made.addEventListener("click", async () => {
    made.disabled = true;
    try { await work(made); } catch (error) { say(words.failed, "bad"); }
    made.disabled = false;
  });
  return made;
}

function row(title, small, ...ends) {
  const line = document.createElement("li"), text = document.createElement("span"), acts = make("span", "", "acts");
  text.append(make("b", title), document.createElement("br"), make("span", small, "small quiet"));
  acts.append(...ends);
  line.append(text, acts);
  return line;
}

function saveFile(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

async function draw() {
  const [bundles, returns] = [await all("bundles"), await all("returns")];
  const here = bundles.map((it) => {
    const handed = (it.handed || []).map((device) => fill(words.handed, { device }));
    const small = [megabytes(it.size), fill(words.until, { time: when(it.expires) }), ...handed].join(" · ");
    return row(it.label, small, button(words.hand, () => handOver(it), "btn"),
      button(words.save, () => saveFile(it.blob, it.file)), button(words.remove, async () => { await drop("bundles", it.id); await draw(); }));
  });
  at("bundles").replaceChildren(...(here.length ? here : [make("li", words.nothing, "quiet")]));
  const back = returns.sort((a, b) => (a.at < b.at ? 1 : -1)).map((it) => {
    const state = { waiting: words.give_wait, taken: words.gave, refused: words.refused }[it.state];
    const ends = it.blob ? [button(words.save, () => saveFile(it.blob, it.name))] : [];
    if (it.state !== "waiting") ends.push(button(words.remove, async () => { await drop("returns", it.key); await draw(); }));
    return row(it.name, [state, it.text].filter(Boolean).join(" · "), ...ends);
  });
  at("returns").replaceChildren(...(back.length ? back : [make("li", words.no_returns, "quiet")]));
  at("give").hidden = !(session && returns.some((it) => it.state === "waiting"));
  const known = new Set(bundles.map((it) => it.id));
  const ready = (session ? session.bundles : []).filter((it) => !known.has(it.id));
  at("ready-box").hidden = !session;
  at("ready").replaceChildren(...(ready.length ? ready.map(offered) : [make("li", words.none_ready, "quiet")]));
}

function offered(it) {
  const small = [megabytes(it.size), it.devices.join(", ")].join(" · ");
  return row(it.label, small, button(words.load, async (pressed) => {
    pressed.textContent = words.loading;
    const answer = await fetch(`/api/v1/courier-bundles/${it.id}/file`);
    if (!answer.ok) throw new Error(answer.statusText);
    const blob = await answer.blob();
    if (blob.size !== it.size) throw new Error("cut");
    await put("bundles", { ...it, blob, handed: [] });
    await draw();
    await post(`/api/v1/courier-bundles/${it.id}/carriers`, { carrier: session.name });
  }));
}

const post = (path, body) => fetch(path, {
  method: "POST",
  headers: { "Content-Type": "application/json", "X-CSRF-Token": session.csrf },
  body: JSON.stringify(body),
});

// What the commune says; without a network, nothing.
async function look() {
  try {
    const answer = await fetch("/courier/phone/mine", { cache: "no-store", headers: { Accept: "application/json" } });
    session = answer.ok && !answer.redirected ? await answer.json() : null;
    at("signin").hidden = session !== null;
    at("line").textContent = session ? fill(words.online, { name: session.name }) : words.sign_in;
  } catch (error) {
    session = null;
    at("signin").hidden = true;
    at("line").textContent = words.offline;
  }
  await draw();
  if (session) await giveUp();
}

async function giveUp() {
  for (const note of await all("notes")) {
    const answer = await post(`/api/v1/courier-bundles/${note.bundle}/hand-overs`, { device_id: note.device, outcome: note.outcome });
    // Signed out, not allowed, or too often: it is worth saying again later. Anything else below 500 will never be taken.
    if (answer.ok || ![401, 403, 408, 429].includes(answer.status) && answer.status < 500) await drop("notes", note.key);
  }
  const waiting = (await all("returns")).filter((it) => it.state === "waiting");
  for (const it of waiting) {
    const form = new FormData();
    form.append("files", it.blob, it.name);
    const answer = await fetch("/api/v1/courier-returns", { method: "POST", headers: { "X-CSRF-Token": session.csrf, "Accept-Language": document.documentElement.lang }, body: form });
    if (!answer.ok) return;
    const said = (await answer.json()).items[0];
    // A refused file stays on the phone: it may be the only one there is.
    await put("returns", said.accepted ? { ...it, state: "taken", blob: null, text: "" } : { ...it, state: "refused", text: said.detail });
  }
  await draw();
}

async function keepReturn(name, blob, text = "") {
  const key = `${name} ${blob.size}`;
  if ((await get("returns", key))?.state !== "taken") await put("returns", { key, name, blob, state: "waiting", text, at: new Date().toISOString() });
}

function origin() {
  const typed = at("address").value.trim();
  try {
    const url = new URL(typed.includes("://") ? typed : `http://${typed}`);
    if (url.protocol === "http:" || url.protocol === "https:") return url.origin;
  } catch (error) { /* said below */ }
  say(words.address, "bad");
  return null;
}

function handOver(bundle) {
  const speaker = origin();
  if (!speaker) return;
  localStorage.setItem("loa-speaker", at("address").value.trim());
  const opened = window.open(`${speaker}/#courier`);
  pending = opened && { opened, speaker, bundle };
  say(opened ? words.waiting : words.blocked, opened ? "" : "bad");
}

window.addEventListener("message", async (event) => {
  if (!pending || event.source !== pending.opened || event.origin !== pending.speaker || !event.data) return;
  const { bundle, opened, speaker } = pending;
  if (event.data.loa === "ready") {
    opened.postMessage({ loa: "bundle", file: new File([bundle.blob], bundle.file) }, speaker);
    say(words.sent);
  } else if (event.data.loa === "done") {
    pending = null;
    await handed(bundle, event.data);
  }
});

async function handed(bundle, done) {
  const device = String(done.device || ""), outcome = String(done.outcome || "");
  const taken = outcome === "taken" || outcome === "replayed";
  if (done.return instanceof Blob) await keepReturn(String(done.name || `${device}-return.loa`), done.return, fill(words.came_from, { device }));
  if (taken && device) {
    await put("notes", { key: `${bundle.id} ${device}`, bundle: bundle.id, device, outcome });
    await put("bundles", { ...bundle, handed: [...new Set([...(bundle.handed || []), device])] });
  }
  say(String(done.text || outcome), taken ? "ok" : "bad");
  await draw();
  await look();
}

async function begin() {
  store = await openStore();
  at("address").value = localStorage.getItem("loa-speaker") || at("address").value;
  at("give").addEventListener("click", look);
  at("add").addEventListener("change", async (event) => {
    for (const file of event.target.files) await keepReturn(file.name, new Blob([await file.arrayBuffer()]));
    event.target.value = "";
    await look();
  });
  window.addEventListener("online", look);
  window.addEventListener("offline", look);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  if (navigator.storage?.persist) navigator.storage.persist();
  if ("serviceWorker" in navigator) await navigator.serviceWorker.register("/courier/sw.js", { scope: "/courier/" });
  await look();
}

begin().catch(() => say(words.failed, "bad"));
