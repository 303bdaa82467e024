// What all parts share: the data, small tools, and what is chosen.

const data = JSON.parse(document.getElementById("data").textContent);
const chosen = {
  methods: new Set(data.methods),
  seeds: new Set(data.seeds),
  axis: "time",
  column: 0,
  each: false,
};
const redraws = [];
const redraw = () => redraws.forEach((draw) => draw());

const svgElement = (name, attributes = {}, text = null) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  return made;
};
const element = (name, text = null, attributes = {}) => {
  const made = document.createElement(name);
  if (text !== null) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};
const ink = (label) => `var(--m${data.methods.indexOf(label)})`;
const swatch = (label) => element("span", null, { class: "swatch", style: `--ink:${ink(label)}` });
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// The number of sorted values that are at most x.
const upTo = (values, x) => {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= x) low = middle + 1; else high = middle;
  }
  return low;
};
// The straight line between points at x; NaN outside of them.
const interpolate = (xs, ys, x) => {
  const n = xs.length;
  if (!n || x < xs[0] || x > xs[n - 1]) return NaN;
  const k = clamp(upTo(xs, x), 1, n - 1);
  if (n === 1) return ys[0];
  const width = xs[k] - xs[k - 1];
  return width ? ys[k - 1] + (ys[k] - ys[k - 1]) * (x - xs[k - 1]) / width : ys[k];
};
const quantile = (sorted, share) => {
  const place = share * (sorted.length - 1), k = Math.floor(place);
  const next = sorted[Math.min(k + 1, sorted.length - 1)];
  return sorted[k] + (next - sorted[k]) * (place - k || 0);
};
// Infinity counts as later than all: half way to it is infinite.
const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b), n = sorted.length;
  return n % 2 ? sorted[n >> 1] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
};
const ticks = (low, high, number) => {
  if (!(high > low)) return [low];
  const width = (high - low) / number, power = 10 ** Math.floor(Math.log10(width));
  const step = [1, 2, 5, 10].find((k) => k * power >= width * (1 - 1e-9)) * power;
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) found.push(k * step);
  return found;
};
// A number with so many digits.
const words = (value, digits = 6) => {
  if (value === Infinity) return "never";
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const short = Number(value.toPrecision(digits));
  if (size && (size < 1e-4 || size >= 1e9)) return short.toExponential();
  return short.toLocaleString("en-US", { maximumFractionDigits: 15 }).replace("-", "−");
};
// Ticks with their numbers, of as many digits as tell them apart.
const numbered = (values) => {
  for (let digits = 6; ; digits++) {
    const texts = values.map((value) => words(value, digits));
    if (digits === 15 || new Set(texts).size === texts.length) return values.map((value, k) => [value, texts[k]]);
  }
};
// Places that keep a distance, as near to their own as that lets them.
const apart = (places, least, low, high) => {
  const order = places.map((_, k) => k).sort((a, b) => places[a] - places[b]);
  const moved = order.map((k) => clamp(places[k], low, high));
  for (let k = 1; k < moved.length; k++) moved[k] = Math.max(moved[k], moved[k - 1] + least);
  if (moved.length) moved[moved.length - 1] = Math.min(moved[moved.length - 1], Math.max(high, low));
  for (let k = moved.length - 2; k >= 0; k--) moved[k] = Math.min(moved[k], moved[k + 1] - least);
  const result = [];
  order.forEach((k, at) => { result[k] = moved[at]; });
  return result;
};

const tip = document.getElementById("tip");
const showTip = (lines, event) => {
  tip.replaceChildren(...lines.map((line) => {
    const row = element("div");
    row.append(...(Array.isArray(line) ? line : [line]));
    return row;
  }));
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = event.clientX + 16 + width > innerWidth ? event.clientX - width - 12 : event.clientX + 16;
  tip.style.left = `${Math.max(left, 4)}px`;
  tip.style.top = `${clamp(event.clientY - height / 2, 4, innerHeight - height - 4)}px`;
};
const hideTip = () => { tip.hidden = true; };
