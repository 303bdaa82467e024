// Who did what when, and what the server knows at the cursor.

const [COMPUTE, DISCARD, SEND, IDLE, DOWN] = [0, 1, 2, 3, 4];
const MOST_INTERVALS = 4000;

class Timeline {
  constructor(section, part) {
    this.part = part;
    this.all = part.timelines;
    this.at = 0;
    this.knows = section.querySelector("[data-knows]");
    this.chart = new Chart(section.querySelector("[data-lanes]"), "Timelines of the workers", () => [0, this.all.end], () => this.draw());
    this.chart.window = this.all.first < this.all.end ? [0, this.all.first] : null;
    this.bar = section.querySelector("[data-walk]");
    this.bar.hidden = false;
    this.slider = this.bar.querySelector("[data-cursor]");
    this.slider.addEventListener("input", () => {
      const [low, high] = this.chart.x;
      this.go(low + (high - low) * this.slider.value / 1000);
    });
    this.bar.addEventListener("click", (event) => {
      const what = event.target.closest("button")?.dataset.do;
      if (what) this.act(what);
    });
    const svg = this.chart.svg;
    svg.addEventListener("keydown", (event) => {
      const what = { ArrowLeft: "before", ArrowRight: "next", " ": "play" }[event.key];
      if (what) { event.preventDefault(); event.stopImmediatePropagation(); this.act(what); }
    }, { capture: true });
    svg.addEventListener("pointerdown", (event) => this.press(event));
    svg.addEventListener("pointermove", (event) => this.hover(event));
    svg.addEventListener("pointerleave", hideTip);
    this.draw();
  }

  labels() { return Object.keys(this.all.runs).filter((label) => chosen.methods.has(label)); }
  end(label) { return this.part.runs.find((run) => run.label === label && run.seed === this.all.runs[label].seed)?.end ?? this.all.end; }

  act(what) {
    if (what === "play") { this.walk(); return; }
    this.stop();
    if (what === "next" || what === "before") { this.go(this.event(what === "next" ? 1 : -1)); return; }
    if (what === "whole") { this.chart.act("all"); return; }
    const [low, high] = this.chart.x, width = (high - low) * (what === "in" ? 0.5 : 2);
    const begin = what === "in" ? clamp(this.at - width / 2, low, high - width) : this.at - width / 2;
    this.chart.move(begin, begin + width);
  }

  // The next moment at which anything happens, of the methods that are shown.
  event(way) {
    let best = way > 0 ? Infinity : -Infinity;
    const look = (times) => {
      const k = way > 0 ? upTo(times, this.at) : upTo(times, this.at - 1e-12 * (1 + this.at)) - 1;
      const found = times[k] === this.at && way < 0 ? times[k - 1] : times[k];
      if (found !== undefined) best = way > 0 ? Math.min(best, found) : Math.max(best, found);
    };
    for (const label of this.labels()) {
      look(this.all.runs[label].updates.time);
      for (const [starts] of this.all.runs[label].rows) look(starts);
    }
    return Number.isFinite(best) ? best : this.at;
  }

  walk() {
    if (this.timer) { this.stop(); return; }
    this.bar.querySelector("[data-do=play]").textContent = "Stop";
    this.timer = setInterval(() => {
      const [low, high] = this.chart.x, next = this.at + (high - low) / 400;
      this.go(next > high || next < low ? low : next);
      if (next > high) this.stop();
    }, 60);
  }
  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.bar.querySelector("[data-do=play]").textContent = "Walk";
  }

  go(seconds) {
    this.at = clamp(seconds, 0, this.all.end);
    const [low, high] = this.chart.x;
    if (this.at < low || this.at > high) this.chart.move(this.at - (high - low) / 4, this.at + (high - low) * 3 / 4);
    this.point();
  }

  press(event) {
    if (event.button) return;
    event.preventDefault();
    this.stop();
    this.chart.svg.focus({ preventScroll: true });
    const moved = (now) => this.go(this.chart.valueAt(now));
    moved(event);
    this.chart.follow(event, moved, () => {});
  }

  draw() {
    const chart = this.chart, labels = this.labels(), number = this.all.lanes.length;
    const lane = clamp(Math.floor(150 / number), 5, 16), head = 24, tall = head + lane * number;
    const narrow = chart.place.clientWidth < 560, longest = Math.max(...this.all.lanes.map((name) => name.length));
    chart.begin(labels.length * tall + 44, [6, 12, 44, clamp(longest * 6.5 + 14, 26, narrow ? 90 : 180)]);
    this.lane = lane;
    this.tops = new Map();
    chart.foot(this.part.clock);
    const group = chart.clipped();
    labels.forEach((label, k) => {
      const top = k * tall + head, run = this.all.runs[label];
      this.tops.set(label, top);
      chart.text("method", chart.left, top - 8, label);
      const every = lane >= 9 ? 1 : 5;
      this.all.lanes.forEach((name, i) => { if (i % every === 0) chart.text("tick end", chart.left - 6, top + (i + 0.5) * lane + 4, name); });
      const paths = this.exact(label) ? this.intervals(label, top) : this.shares(run, top);
      for (const [state, d] of paths) if (d) group.append(svgElement("path", { style: `fill:var(--s${state})`, d }));
      const [low, high] = chart.x, times = run.updates.time, from = upTo(times, low), to = upTo(times, high);
      if (to - from < chart.width / 2) {
        const d = times.slice(from, to).map((t) => `M${chart.across(t).toFixed(1)} ${top - 6}v5`).join("");
        if (d) chart.add("path", { class: "update", d });
      }
    });
    chart.svg.setAttribute("aria-label", `Timelines of ${labels.join(", ")}, ${words(chart.x[0], 4)} to ${words(chart.x[1], 4)} s`);
    this.cursor = chart.add("path", { class: "cursor", "pointer-events": "none" });
    this.point();
  }

  // Whether the window has intervals, and not too many.
  exact(label) {
    const [low, high] = this.chart.x, rows = this.all.runs[label].rows;
    if (!rows.length || high > Math.max(this.all.exact, 0) * 1.0001) return false;
    return rows.reduce((sum, [starts]) => sum + upTo(starts, high) - upTo(starts, low), 0) < MOST_INTERVALS;
  }
  intervals(label, top) {
    const paths = new Map(), [low, high] = this.chart.x, end = this.end(label), tall = this.lane - 2;
    this.all.runs[label].rows.forEach(([starts, states], i) => {
      const y = top + i * this.lane + 1;
      for (let k = Math.max(upTo(starts, low) - 1, 0); k < starts.length && starts[k] < high; k++) {
        const a = this.chart.across(starts[k]), b = this.chart.across(Math.min(starts[k + 1] ?? end, end));
        const state = Math.max(states[k], 0), wide = Math.max(b - a - 0.4, 0.3).toFixed(2);
        paths.set(state, `${paths.get(state) ?? ""}M${a.toFixed(1)} ${y}h${wide}v${tall}h-${wide}z`);
      }
    });
    return paths;
  }
  shares(run, top) {
    const paths = new Map(), bins = Math.max(...run.shares.flat().map((one) => one.length)), width = this.all.end / bins;
    run.shares.forEach((states, i) => {
      const used = new Float64Array(bins), full = this.lane - 2;
      states.forEach((percents, state) => percents.forEach((percent, k) => {
        if (!percent) return;
        const x = this.chart.across(k * width), wide = (this.chart.across((k + 1) * width) - x + 0.1).toFixed(2), tall = percent / 100 * full;
        const y = top + i * this.lane + 1 + used[k];
        used[k] += tall;
        paths.set(state, `${paths.get(state) ?? ""}M${x.toFixed(1)} ${y.toFixed(2)}h${wide}v${tall.toFixed(2)}h-${wide}z`);
      }));
    });
    return paths;
  }

  // What worker i of a method does at a moment; null after its intervals end.
  doing(label, i, seconds) {
    const row = this.all.runs[label].rows[i];
    if (!row || seconds >= this.all.exact || seconds > this.end(label)) return null;
    const [starts, states, updates] = row, k = upTo(starts, seconds) - 1;
    if (k < 0) return null;
    return { state: Math.max(states[k], 0), since: starts[k], until: starts[k + 1] ?? this.end(label), used: updates[k] };
  }

  point() {
    const chart = this.chart, [low, high] = chart.x, x = chart.across(this.at).toFixed(1);
    const inside = this.at >= low && this.at <= high;
    this.cursor.setAttribute("d", inside ? `M${x} ${chart.top}V${chart.bottom}` : "");
    this.slider.value = Math.round((this.at - low) / (high - low) * 1000);
    const said = `${words(this.at, 5)} s`;
    this.slider.setAttribute("aria-valuetext", said);
    this.bar.querySelector("[data-at]").textContent = said;
    this.tell();
  }

  // What the server knows: what was made and what has arrived until now, nothing later.
  facts(label) {
    const run = this.all.runs[label], u = run.updates, k = upTo(u.time, this.at) - 1;
    const used = k < 0 ? 0 : u.used[k], made = k < 0 ? 0 : u.update[k];
    const facts = {
      "newest iterate": made ? `theta ${made.toLocaleString("en-US")}` : "theta 0",
      "made at": k < 0 ? "the start" : `${words(u.time[k], 5)} s`,
      "gradients used": used.toLocaleString("en-US"),
      "gradients discarded": (k < 0 ? 0 : u.discarded[k]).toLocaleString("en-US"),
      "mean delay, last update": k < 0 ? "–" : words(u.delay[k], 3),
      "return, last update": k < 0 || u.return[k] === null ? "–" : words(u.return[k], 4),
    };
    if (this.at < this.all.exact && this.at <= this.end(label)) {
      let pending = 0;
      const heard = new Set(), now = [0, 0, 0, 0, 0];
      run.rows.forEach(([starts, states, updates], i) => {
        const here = upTo(starts, this.at);
        for (let j = 0; j < here; j++) {
          if (states[j] !== COMPUTE && states[j] !== -1) continue;
          if (updates[j] && updates[j] <= made) heard.add(i);
          if (states[j] === COMPUTE && updates[j] > made && j + 1 < here) pending += 1;
        }
        if (here) now[Math.max(states[here - 1], 0)] += 1;
      });
      const needed = u.update[k + 1] === made + 1 ? u.used[k + 1] - used : null;
      facts["completed, not yet used"] = needed === null ? String(pending) : `${pending}; the next update uses ${needed}`;
      facts["workers heard so far"] = `${heard.size} of ${run.rows.length}`;
      facts["workers now"] = [["computing", now[COMPUTE] + now[DISCARD]], ["sending", now[SEND]], ["idle", now[IDLE]], ["down", now[DOWN]]]
        .filter(([, count]) => count).map(([word, count]) => `${count} ${word}`).join(", ");
    }
    return facts;
  }
  tell() {
    const labels = this.labels(), columns = labels.map((label) => this.facts(label));
    const names = [...new Set(columns.flatMap((facts) => Object.keys(facts)))];
    const table = element("table"), head = element("tr"), body = element("tbody");
    head.append(element("th", `At ${words(this.at, 5)} s the server knows`, { scope: "col" }), ...labels.map((label) => {
      const cell = element("th", null, { scope: "col" });
      cell.append(swatch(label), label);
      return cell;
    }));
    for (const name of names) {
      const row = element("tr");
      row.append(element("th", name, { scope: "row" }), ...columns.map((facts) => element("td", facts[name] ?? "–")));
      body.append(row);
    }
    const top = element("thead");
    top.append(head);
    table.append(top, body);
    const scroll = element("div", null, { class: "scroll" });
    scroll.append(table);
    this.knows.replaceChildren(scroll);
  }

  hover(event) {
    if (event.buttons || event.pointerType === "touch") { hideTip(); return; }
    const box = this.chart.svg.getBoundingClientRect(), y = (event.clientY - box.top) * this.chart.height / box.height;
    const seconds = this.chart.valueAt(event);
    for (const [label, top] of this.tops) {
      const i = Math.floor((y - top) / this.lane);
      if (y < top || i >= this.all.lanes.length) continue;
      const lines = [[element("b", label), `, worker ${this.all.lanes[i]}`], `${words(seconds, 5)} s`], now = this.doing(label, i, seconds);
      if (now) {
        const known = upTo(this.all.runs[label].updates.time, now.since);
        lines.push(`${data.states[now.state]}, ${words(now.since, 5)} to ${words(now.until, 5)} s`);
        if (now.state === COMPUTE || now.state === DISCARD) {
          const newest = known ? this.all.runs[label].updates.update[known - 1] : 0;
          lines.push(`began when theta ${newest} was the newest`, now.used ? `used in update ${now.used}` : "never used");
        }
      }
      showTip(lines, event);
      return;
    }
    hideTip();
  }
}
