// Press and hold to broadcast: pointer, Space or Enter, for as long as data-hold says. Letting go earlier sends nothing.
"use strict";

for (const button of document.querySelectorAll("button[data-hold]")) {
  const form = button.form;
  const label = button.querySelector("span");
  const asked = label.textContent;
  let timer = null;

  const begin = () => {
    if (timer !== null || button.disabled) return;
    button.classList.add("holding");
    label.textContent = button.dataset.holding;
    timer = setTimeout(finish, Number(button.dataset.hold));
  };
  const letGo = () => {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    button.classList.remove("holding");
    label.textContent = asked;
  };
  const finish = () => {
    timer = null;
    form.elements.held.value = "1";
    label.textContent = button.dataset.sent;
    form.requestSubmit(button);
  };

  button.addEventListener("pointerdown", (event) => {
    if (event.button === 0) begin();
  });
  for (const name of ["pointerup", "pointercancel", "pointerleave", "blur"]) button.addEventListener(name, letGo);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) begin();
  });
  button.addEventListener("keyup", letGo);
  // A click that no pointer made comes from assistive technology: it may go on to the page that asks with a tick box.
  let pointed = false;
  button.addEventListener("pointerdown", () => { pointed = true; });
  button.addEventListener("click", (event) => {
    if (form.elements.held.value === "1") return;
    if (pointed || event.detail > 0) event.preventDefault();
    pointed = false;
  });
}
