// Curves of one part: means over seeds with bands, and a threshold with the times to it.

class Curves {
  constructor(section, part) {
    this.section = section;
    this.levels = {};
    this.chart = new Chart(section.querySelector("[data-curves]"), "Curves", () => this.extent(), () => this.draw());
    this.bar = section.querySelector("[data-zoom]");
    this.bar.hidden = false;
    this.bar.addEventListener("click", (event) => {
      const what = event.target.closest("button")?.dataset.do;
      if (what) this.chart.act(what);
    });
    this.slider = section.querySelector("[data-threshold]");
    this.slider?.addEventListener("input", () => this.choose(Number(this.slider.value)));
    const svg = this.chart.svg;
    svg.addEventListener("pointerdown", (event) => this.press(event));
    svg.addEventListener("pointermove", (event) => this.hover(event));
    svg.addEventListener("pointerleave", () => { hideTip(); this.line?.remove(); });
    svg.addEventListener("dblclick", () => this.chart.act("all"));
    this.open(part);
  }

  // Show another part in this place: a point of a sweep.
  open(part) {
    this.part = part;
    this.columns = Object.keys(part.columns);
    this.chart.window = null;
    this.level ??= part.level;
    this.draw();
  }

  get column() { return this.columns[Math.min(chosen.column, this.columns.length - 1)]; }
  get values() { return this.part.levels[this.column]; }
  get threshold() {
    if (!this.values.length) return null;
    return this.values[clamp(this.levels[this.column] ?? this.first(), 0, this.values.length - 1)];
  }
  first() { return this.columns[0] === this.column ? this.part.level : this.values.length >> 1; }

  choose(level) {
    this.levels[this.column] = clamp(Math.round(level), 0, this.values.length - 1);
    this.draw();
    this.onThreshold?.(this.threshold);
  }

  runs() {
    return this.part.runs.filter((run) => chosen.methods.has(run.label) && chosen.seeds.has(run.seed));
  }
  // A run's x at these seconds.
  along(run, seconds) {
    if (chosen.axis === "time") return seconds;
    if (chosen.axis === "money") return seconds.map((t) => t / run.end * run.money);
    return seconds.map((t) => interpolate(this.part.moments, run.counts[chosen.axis], t));
  }
  points(run) {
    const curve = run.curves[this.column], t = curve.t ?? this.part.grid, seconds = [], values = [];
    curve.v.forEach((value, k) => { if (value !== null) { seconds.push(t[k]); values.push(value); } });
    return [this.along(run, seconds), values, seconds];
  }
  extent() {
    const ends = this.part.runs.map((run) => this.along(run, [run.end])[0]).filter(Number.isFinite);
    return [0, Math.max(...ends, 1e-12)];
  }

  // By method: x, mean, 20% and 80%, where all of its chosen runs are under way.
  means() {
    const found = new Map();
    for (const run of this.runs()) {
      if (!found.has(run.label)) found.set(run.label, []);
      found.get(run.label).push(this.points(run));
    }
    for (const [label, lines] of found) {
      const known = lines.filter(([x]) => x.length);
      const low = Math.max(...known.map(([x]) => x[0])), high = Math.min(...known.map(([x]) => x[x.length - 1]));
      const [left, right] = this.chart.window ?? this.extent();
      const begin = Math.max(low, left - (right - left) / 50), end = Math.min(high, right + (right - left) / 50);
      if (known.length < lines.length || !(end >= begin)) { found.set(label, null); continue; }
      const xs = new Set([begin, end]);
      for (let k = 0; k <= 240; k++) xs.add(begin + (end - begin) * k / 240);
      const rows = [...xs].sort((a, b) => a - b).map((x) => {
        const values = lines.map(([a, b]) => interpolate(a, b, x)).filter(Number.isFinite).sort((a, b) => a - b);
        const mean = values.reduce((a, b) => a + b, 0) / values.length;
        return [x, mean, quantile(values, 0.2), quantile(values, 0.8)];
      });
      found.set(label, rows.filter(([, mean]) => Number.isFinite(mean)));
    }
    return new Map([...found].filter(([, rows]) => rows?.length));
  }

  axisWords() {
    return chosen.axis === "time" ? this.part.clock : { ...data.axes, money: "money" }[chosen.axis];
  }

  draw() {
    const chart = this.chart, means = this.means();
    this.drawn = means;
    const all = [...means.values()].flat().flatMap(([, , low, high]) => [low, high]);
    if (chosen.each) for (const run of this.runs()) for (const value of this.points(run)[1]) all.push(value);
    let low = Infinity, high = -Infinity;
    for (const value of all) { low = Math.min(low, value); high = Math.max(high, value); }
    if (low > high) [low, high] = [0, 1];
    const room = (high - low) * 0.04 || 1, narrow = chart.place.clientWidth < 560;
    const longest = Math.max(...data.methods.map((label) => label.length));
    chart.begin(narrow ? 300 : 400, [30, narrow ? 12 : Math.min(longest * 7 + 16, 190), 44, 52], [low - room, high + room]);
    chart.rungs(this.part.columns[this.column]);
    chart.foot(this.axisWords());
    const group = chart.clipped(), ends = [];
    const path = (rows, k) => rows.map((row) => `${chart.across(row[0]).toFixed(1)} ${chart.up(row[k]).toFixed(1)}`).join("L");
    for (const [label, rows] of means) {
      const area = `M${path(rows, 2)}L${path([...rows].reverse(), 3)}Z`;
      group.append(svgElement("path", { class: "band", style: `fill:${ink(label)}`, d: area }));
    }
    if (chosen.each) {
      for (const run of this.runs()) {
        const [x, y] = this.points(run), d = `M${path(x.map((value, k) => [value, y[k]]), 1)}`;
        if (x.length) group.append(svgElement("path", { class: "seed", style: `stroke:${ink(run.label)}`, d }));
      }
    }
    for (const [label, rows] of means) {
      group.append(svgElement("path", { class: "line", "data-line": label, style: data.strokes[data.methods.indexOf(label)], d: `M${path(rows, 1)}` }));
      ends.push([label, chart.up(rows[rows.length - 1][1])]);
    }
    if (!narrow) {
      const places = apart(ends.map(([, y]) => y), 15, chart.top + 4, chart.bottom - 4);
      ends.forEach(([label], k) => chart.text("end-label", chart.right + 8, places[k] + 4, label));
    }
    this.drawThreshold();
    this.tabulate();
    const said = ends.map(([label]) => label).join(", ");
    chart.svg.setAttribute("aria-label", `${this.part.columns[this.column]} over ${this.axisWords()}: ${said || "nothing is chosen"}`);
  }

  drawThreshold() {
    if (this.threshold === null) return;
    const chart = this.chart, y = clamp(chart.up(this.threshold), chart.top, chart.bottom);
    const d = `M${chart.left} ${y.toFixed(1)}H${chart.right}`;
    chart.add("path", { class: "threshold", d });
    this.grip = chart.add("path", { class: "grip", d });
  }

  press(event) {
    if (event.button) return;
    event.preventDefault();
    this.chart.svg.focus({ preventScroll: true });
    if (event.target !== this.grip) { this.chart.brush(event, (low, high) => this.chart.move(low, high)); return; }
    const moved = (now) => {
      const value = this.chart.heightAt(now), after = upTo(this.values, value);
      const nearest = after && (after === this.values.length || value - this.values[after - 1] < this.values[after] - value) ? after - 1 : after;
      this.choose(nearest);
    };
    this.chart.follow(event, moved, () => {});
  }

  hover(event) {
    if (event.buttons || event.pointerType === "touch") { hideTip(); return; }
    const chart = this.chart, x = chart.valueAt(event);
    this.line?.remove();
    this.line = chart.add("path", { class: "hover", d: `M${chart.across(x).toFixed(1)} ${chart.top}V${chart.bottom}`, "pointer-events": "none" });
    const lines = [`${words(x, 4)} ${this.axisWords()}`];
    const rows = [...this.drawn].map(([label, points]) => [label, ...[1, 2, 3].map((k) => interpolate(points.map((p) => p[0]), points.map((p) => p[k]), x))]);
    for (const [label, mean, low, high] of rows.filter((row) => Number.isFinite(row[1])).sort((a, b) => b[1] - a[1])) {
      lines.push([swatch(label), element("b", words(mean, 4)), ` [${words(low, 4)}, ${words(high, 4)}] ${label}`]);
    }
    showTip(lines, event);
  }

  // When each method first reached the threshold, exactly, for the chosen seeds.
  times(label) {
    const level = this.values.indexOf(this.threshold);
    return this.runs().filter((run) => run.label === label).map((run) => run.times[this.column][level] ?? Infinity);
  }
  tabulate() {
    const body = this.section.querySelector("[data-times] tbody");
    if (!body || this.threshold === null) return;
    this.slider.max = this.values.length - 1;
    this.slider.value = this.values.indexOf(this.threshold);
    this.slider.setAttribute("aria-valuetext", words(this.threshold));
    this.section.querySelector("[data-level]").textContent = words(this.threshold);
    const other = chosen.axis !== "time";
    this.section.querySelector("[data-unit]").textContent = other ? `${this.axisWords()}, about` : "seconds";
    const rows = data.methods.filter((label) => chosen.methods.has(label)).map((label) => {
      const runs = this.runs().filter((run) => run.label === label), times = this.times(label);
      const shown = other ? times.map((t, k) => (t === Infinity ? t : this.along(runs[k], [t])[0])) : times;
      return { label, shown, middle: shown.length ? median(shown) : NaN, there: times.filter(Number.isFinite).length };
    }).filter((row) => row.shown.length);
    rows.sort((a, b) => (a.middle === b.middle ? b.there - a.there : a.middle - b.middle));
    body.replaceChildren(...rows.map(({ label, shown, middle, there }) => {
      const row = element("tr"), name = element("th", null, { scope: "row" });
      name.append(swatch(label), label);
      const known = shown.filter(Number.isFinite);
      const title = known.length ? `${words(Math.min(...known), 4)} to ${words(Math.max(...shown), 4)}` : "";
      row.append(name, element("td", words(middle, 4), { title }), element("td", `${there}/${shown.length}`));
      return row;
    }));
  }
}
