// An area drawn around villages on the drawing: its corners are written into the field beside it.
"use strict";

const MOST = 100;

for (const chart of document.querySelectorAll("svg[data-area]")) {
  const field = document.getElementById(chart.dataset.area);
  const line = chart.querySelector("polygon");
  const step = { lat: Number(chart.dataset.lat), lon: Number(chart.dataset.lon) };
  const edge = { north: Number(chart.dataset.north), west: Number(chart.dataset.west) };
  let points = null;

  const draw = (some) => line.setAttribute("points", some.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "));
  const place = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(chart.getScreenCTM().inverse());
  const thinned = (some) => some.filter((_, n) => n % Math.ceil(some.length / MOST) === 0);

  const shown = () => {
    const read = field.value.split(/[;\n]/).map((text) => text.split(",").map(Number));
    const known = read.filter(([lat, lon]) => Number.isFinite(lat) && Number.isFinite(lon));
    draw(known.map(([lat, lon]) => ({ x: (lon - edge.west) / step.lon, y: (edge.north - lat) / step.lat })));
  };

  chart.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    chart.setPointerCapture(event.pointerId);
    points = [place(event)];
    draw(points);
  });
  chart.addEventListener("pointermove", (event) => {
    if (!points) return;
    const at = place(event);
    const last = points[points.length - 1];
    if (Math.hypot(at.x - last.x, at.y - last.y) < 4) return;
    points.push(at);
    draw(points);
  });
  const end = () => {
    if (!points) return;
    const corners = thinned(points).map(({ x, y }) => {
      const lat = edge.north - y * step.lat;
      const lon = edge.west + x * step.lon;
      return `${lat.toFixed(5)}, ${lon.toFixed(5)}`;
    });
    points = null;
    if (corners.length < 3) return shown();
    field.value = corners.join("\n");
    field.dispatchEvent(new Event("change", { bubbles: true }));
  };
  chart.addEventListener("pointerup", end);
  chart.addEventListener("pointercancel", end);
  field.addEventListener("input", shown);
  chart.classList.add("ready");
  const told = chart.parentElement.querySelector("[data-drawn]");
  if (told) told.hidden = false;
  shown();
}
