"use strict";
// Zoom and hover. All that is told stands in the picture itself; nothing is fetched or made markup.
const SVG = "http://www.w3.org/2000/svg";
const DAY = 86400000;
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000, 60000,
  120000, 300000, 600000, 900000, 1800000, 3600000, 7200000, 10800000, 21600000, 43200000,
  ...[1, 2, 7, 14, 28, 91, 364, 3640].map((days) => days * DAY)];
const MOST_TICKS = 8;
const CLOSEST = 2000; // a drawing has no finer places

const picture = document.querySelector("svg.picture");
const plot = picture.querySelector("svg.plot");
const field = picture.querySelector(".field");
const axis = picture.querySelector(".axis");
const begin = Number(picture.dataset.begin);
const whole = Math.max(1, Number(picture.dataset.end) - begin);
const offset = Number(picture.dataset.offset);
const [, , units, height] = plot.getAttribute("viewBox").split(" ").map(Number);
const size = (name) => Number(field.getAttribute(name));
let view = { from: 0, width: 1 }; // shares of the whole

function written(ms, step) {
  const text = new Date(ms + offset).toISOString();
  if ((ms + offset) % DAY === 0 || step >= DAY) return text.slice(0, 10);
  if (step >= 60000) return text.slice(11, 16);
  return step >= 1000 ? text.slice(11, 19) : text.slice(11, 23);
}

function make(tag, attributes, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

function drawAxis() {
  const from = begin + view.from * whole;
  const span = view.width * whole;
  const step = STEPS.find((each) => span <= each * MOST_TICKS) ?? STEPS.at(-1);
  const parts = [];
  for (let ms = Math.ceil((from + offset) / step) * step - offset; ms <= from + span; ms += step) {
    const x = size("x") + (ms - from) / span * size("width");
    parts.push(make("line", { x1: x, x2: x, y1: 38, y2: size("y") + size("height") }));
    parts.push(make("text", { x, y: 34 }, written(ms, step)));
  }
  axis.replaceChildren(...parts);
}

function show(from, width) {
  width = Math.min(1, Math.max(1 / CLOSEST, width));
  from = Math.min(1 - width, Math.max(0, from));
  view = { from, width };
  plot.setAttribute("viewBox", `${from * units} 0 ${width * units} ${height}`);
  drawAxis();
  const at = (share) => new Date(begin + share * whole + offset).toISOString().slice(0, 19);
  document.querySelector(".shown").textContent =
    `${at(from).replace("T", " ")} to ${at(from + width).replace("T", " ")}`;
}

const zoom = (factor, at = 0.5) =>
  show(view.from + view.width * at * (1 - factor), view.width * factor);
const move = (share) => show(view.from + view.width * share, view.width);

function share(event) {
  const box = field.getBoundingClientRect();
  return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
}

function zooming() {
  const acts = { in: () => zoom(0.5), out: () => zoom(2), left: () => move(-0.25),
    right: () => move(0.25), all: () => show(0, 1) };
  for (const button of document.querySelectorAll("button[data-act]"))
    button.addEventListener("click", acts[button.dataset.act]);
  const keys = { "+": "in", "=": "in", "-": "out", ArrowLeft: "left", ArrowRight: "right", 0: "all" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    acts[keys[event.key]]();
  });
  picture.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // the page scrolls as ever
    event.preventDefault();
    zoom(event.deltaY < 0 ? 0.8 : 1.25, share(event));
  }, { passive: false });
  picture.addEventListener("dblclick", () => show(0, 1));
}

function selecting() {
  const selection = make("rect", { class: "selection", y: size("y"), height: size("height") });
  let begun = null;
  picture.addEventListener("pointerdown", (event) => {
    const box = field.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientY >= box.top && event.clientY <= box.bottom;
    if (event.button === 0 && inside) begun = share(event);
  });
  document.addEventListener("pointermove", (event) => {
    if (begun === null) return;
    const [from, to] = [begun, share(event)].sort((a, b) => a - b);
    selection.setAttribute("x", size("x") + from * size("width"));
    selection.setAttribute("width", (to - from) * size("width"));
    picture.append(selection);
  });
  document.addEventListener("pointerup", (event) => {
    if (begun === null) return;
    const [from, to] = [begun, share(event)].sort((a, b) => a - b);
    begun = null;
    selection.remove();
    if (to - from > 0.005) show(view.from + from * view.width, (to - from) * view.width);
  });
}

function hovering() {
  const about = document.querySelector(".about");
  const told = new Map();
  // Out of the picture, where the browser would show them a second time.
  for (const title of picture.querySelectorAll("title")) {
    told.set(title.parentNode, title.textContent);
    title.remove();
  }
  told.delete(picture);
  document.addEventListener("pointermove", (event) => {
    const found = told.get(event.target) ?? told.get(event.target.parentNode);
    about.hidden = found === undefined;
    if (found === undefined) return;
    about.textContent = found;
    const left = Math.min(event.clientX + 12, innerWidth - about.offsetWidth - 4);
    const below = event.clientY + 16;
    const top = below + about.offsetHeight > innerHeight
      ? event.clientY - about.offsetHeight - 8 : below;
    about.style.left = `${Math.max(4, left)}px`;
    about.style.top = `${Math.max(4, top)}px`;
  });
}

document.querySelector(".controls").hidden = false;
zooming();
selecting();
hovering();
show(0, 1);
