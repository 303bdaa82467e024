// A sweep's maps, coloured for the threshold that is chosen. A cell opens the curves of its point.

// As NumPy's percentile with method "nearest": ties go to the even place.
const nearest = (sorted, percent) => {
  const place = percent / 100 * (sorted.length - 1), low = Math.floor(place), rest = place - low;
  return sorted[rest > 0.5 || (rest === 0.5 && low % 2) ? low + 1 : low];
};
const short = (seconds) => (seconds === Infinity ? "never" : seconds >= 100 ? words(Math.round(seconds)) : words(seconds, 3));

const sweep = (said, curves) => {
  const place = document.getElementById("sweep"), cells = new Map();
  for (const cell of place.querySelectorAll("[data-map]")) cells.set(`${cell.dataset.map} ${cell.dataset.cell}`, cell);
  const fill = (key, colour, text, dark = false) => {
    const cell = cells.get(key);
    if (!cell) return;
    cell.firstChild.style.fill = colour;
    const label = cell.querySelector("text");
    if (label.textContent) label.textContent = text;
    cell.querySelector("title").textContent = text;
    cell.classList.toggle("on-dark", dark);
  };

  // By method, the sorted seconds of the chosen seeds at a point; a run that is not there is never.
  const times = (part) => {
    const seeds = said.seeds.filter((seed) => chosen.seeds.has(seed)), found = new Map();
    const level = part.levels[curves.column].indexOf(curves.threshold);
    for (const label of data.methods.filter((name) => chosen.methods.has(name))) {
      const runs = part.runs.filter((run) => run.label === label);
      found.set(label, seeds.map((seed) => runs.find((run) => run.seed === seed)?.times[curves.column][level] ?? Infinity).sort((a, b) => a - b));
    }
    return found;
  };
  const draw = () => {
    const all = data.parts.map(times), finite = [];
    for (const found of all) for (const sorted of found.values()) if (median(sorted) < Infinity) finite.push(median(sorted));
    const low = Math.max(Math.min(...finite), 1e-12), high = Math.max(...finite, 1e-12);
    all.forEach((found, k) => {
      const index = said.cells[k];
      const ranked = [...found].filter(([, sorted]) => sorted.length).map(([label, sorted]) => [label, nearest(sorted, 20), median(sorted), nearest(sorted, 80)]);
      for (const label of data.methods) {
        const own = ranked.find(([name]) => name === label), seconds = own ? own[2] : Infinity;
        const share = seconds < Infinity && high > low ? Math.log(Math.max(seconds, low) / low) / Math.log(high / low) : 0;
        const colour = seconds < Infinity ? `color-mix(in oklab, var(--h0), var(--h1) ${(100 * share).toFixed(0)}%)` : "var(--soft)";
        fill(`m:${label} ${index}`, colour, own ? short(seconds) : "", seconds < Infinity && share > 0.6);
      }
      ranked.sort((a, b) => (a[2] === b[2] ? 0 : a[2] - b[2]));
      const [first, second] = ranked;
      if (!first || first[2] === Infinity) { fill(`fastest ${index}`, "var(--rule)", "nobody"); return; }
      const lead = second ? second[2] / first[2] : Infinity, sure = !second || first[3] < second[1];
      fill(`fastest ${index}`, ink(first[0]), `${sure ? "" : "~"}${lead === Infinity ? "alone" : `${Number(lead.toPrecision(2))}x`}`);
    });
    const caption = place.querySelector("[data-caption]");
    caption.textContent = `Seconds until ${curves.part.columns[curves.column]} = ${words(curves.threshold)}, medians over the chosen seeds${said.held}. Pale: never. ~: the bands of seeds overlap.`;
  };

  let now = -1;
  const open = (index) => {
    const k = said.cells.indexOf(Number(index));
    if (k < 0 || k === now) return;
    now = k;
    const part = data.parts[k];
    document.querySelector("[data-title]").textContent = part.title;
    for (const cell of cells.values()) {
      const here = Number(cell.dataset.cell) === said.cells[k];
      cell.classList.toggle("chosen", here);
      if (here) cell.parentNode.append(cell); // over its neighbours
    }
    curves.open(part);
  };
  for (const cell of cells.values()) {
    cell.addEventListener("pointerenter", () => open(cell.dataset.cell));
    cell.addEventListener("click", () => open(cell.dataset.cell));
  }
  const svg = place.querySelector("svg");
  svg.setAttribute("tabindex", "0");
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: said.columns, ArrowDown: -said.columns }[event.key];
    if (!step) return;
    event.preventDefault();
    open(said.cells[Math.max(now, 0)] + step);
  });
  curves.onThreshold = draw;
  open(said.cells[0]);
  return draw;
};
