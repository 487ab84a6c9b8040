// What every page needs: a form is sent once, and a file is checked for size before it travels.
"use strict";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (form.method !== "post" || form.hasAttribute("hx-post")) return;
  form.dataset.sent = "1";
  const button = event.submitter;
  if (!button) return;
  // Disabled only after the browser has collected the fields, or the button's own name would be lost.
  setTimeout(() => {
    button.disabled = true;
    if (!button.dataset.busy) return;
    button.dataset.idle = button.textContent;
    button.textContent = button.dataset.busy;
  });
});

// Back to a page kept in the browser's memory: its forms may be sent again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button[disabled]")) {
      button.disabled = false;
      if (button.dataset.idle) button.textContent = button.dataset.idle;
    }
  }
});

document.addEventListener("change", (event) => {
  const input = event.target;
  if (input.type !== "file" || !input.dataset.maxBytes) return;
  const file = input.files[0];
  const heavy = file && file.size > Number(input.dataset.maxBytes);
  input.setCustomValidity(heavy ? input.dataset.tooLarge : "");
  if (heavy) input.reportValidity();
});

// A choice of villages or zones is only read when its radio button is on: choosing one turns it on.
document.addEventListener("change", (event) => {
  const turnsOn = event.target.dataset.turnsOn;
  if (turnsOn) document.getElementById(turnsOn).checked = true;
});

// Enter in a field that has a button of its own presses that one, not the first of the form.
document.addEventListener("keydown", (event) => {
  const own = event.key === "Enter" && event.target.tagName === "INPUT" && event.target.closest("[data-enter]");
  if (!own) return;
  event.preventDefault();
  own.querySelector("button").click();
});
