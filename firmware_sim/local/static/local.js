// Takes a bundle from the page that opened this one, hands it to the speaker, and gives the return file back.
// Any page may do so: the speaker itself verifies everything, and what it gives out is meant to be carried.
"use strict"
const said = document.body.dataset
const shown = document.getElementById("result")
let busy = false

function show(text, good) {
  shown.hidden = false
  shown.className = good === null ? "" : good ? "good" : "bad"
  shown.textContent = text
}

async function returned() {
  const answer = await fetch("/return.loa")
  if (!answer.ok) return { blob: null, name: "" }
  const named = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") || "")
  return { blob: await answer.blob(), name: named ? named[1] : "return.loa" }
}

async function handOver(file) {
  const answer = await fetch("/bundle", {
    method: "POST",
    body: file,
    headers: { "Content-Type": "application/octet-stream", Accept: "application/json" },
  })
  const result = await answer.json()
  show(result.text, result.outcome === "taken")
  const back = await returned()
  return { loa: "done", device: said.device, outcome: result.outcome, text: result.text, return: back.blob, name: back.name }
}

window.addEventListener("message", async (event) => {
  const told = event.data
  if (busy || !window.opener || event.source !== window.opener) return
  if (!told || told.loa !== "bundle" || !(told.file instanceof Blob)) return
  busy = true
  show(said.sending, null)
  let done
  try {
    done = await handOver(told.file)
  } catch (error) {
    show(said.lost, false)
    done = { loa: "done", device: said.device, outcome: "failed", text: said.lost, return: null, name: "" }
  }
  busy = false
  window.opener.postMessage(done, event.origin === "null" ? "*" : event.origin)
})

if (window.opener && location.hash === "#courier") window.opener.postMessage({ loa: "ready", device: said.device }, "*")
