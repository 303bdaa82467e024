// Controls, and everything in its place.

document.documentElement.classList.add("js");
const controls = document.getElementById("controls");
controls.hidden = false;
controls.addEventListener("submit", (event) => event.preventDefault());

const axes = { time: "time", ...data.axes };
if (!data.parts.some((part) => part.runs.some((run) => run.counts.steps.at(-1) > 0))) delete axes.steps;
if (data.parts.every((part) => part.runs.every((run) => run.money !== null))) axes.money = "money";
const select = (id, options) => {
  const place = document.getElementById(id);
  place.replaceChildren(...Object.entries(options).map(([value, said]) => element("option", said, { value })));
  place.closest("label").hidden = Object.keys(options).length < 2;
  return place;
};
axes.time = data.parts[0].clock;
const axis = select("axis", axes);
const columns = Object.values(data.parts[0].columns);
const column = select("column", Object.fromEntries(columns.map((said, k) => [k, said])));
document.getElementById("seeds").hidden = data.seeds.length < 2;

const sections = [...document.querySelectorAll("section.part")];
const shown = [];
sections.forEach((section, k) => {
  const part = data.parts[k];
  if (section.querySelector("[data-curves]")) {
    const curves = new Curves(section, part);
    shown.push(curves);
    redraws.push(() => curves.draw());
  }
  if (part.timelines) {
    const timeline = new Timeline(section, part);
    redraws.push(() => timeline.draw());
  }
});
if (data.sweep) redraws.push(sweep(data.sweep, shown[0]));

const settle = () => {
  for (const [name, chosenOnes, read] of [["method", chosen.methods, String], ["seed", chosen.seeds, Number]]) {
    chosenOnes.clear();
    for (const box of controls.querySelectorAll(`input[name=${name}]`)) if (box.checked) chosenOnes.add(read(box.value));
  }
  if (axis.value !== chosen.axis) shown.forEach((curves) => { curves.chart.window = null; });
  chosen.axis = axis.value;
  chosen.column = Number(column.value);
  chosen.each = document.getElementById("each").checked;
  for (const place of document.querySelectorAll("[data-method]")) place.hidden = !chosen.methods.has(place.dataset.method);
  redraw();
};
controls.addEventListener("change", settle);
settle();

const theme = document.getElementById("theme");
theme.addEventListener("click", () => {
  const now = document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
});

let width = innerWidth, waiting = null;
const refit = () => { if (innerWidth !== width) { width = innerWidth; redraw(); } };
addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(refit, 60); });
addEventListener("beforeprint", () => document.querySelectorAll("details[data-print]").forEach((one) => { one.dataset.was = one.open; one.open = true; }));
addEventListener("afterprint", () => document.querySelectorAll("details[data-print]").forEach((one) => { one.open = one.dataset.was === "true"; }));
