// A rectangle with axes that fits its place, and a window along x that can be zoomed and moved.

class Chart {
  // full: () => [low, high] of x when nothing is zoomed; draw: what to do when the window changes.
  constructor(place, label, full, draw) {
    this.place = place;
    this.full = full;
    this.draw = draw;
    this.window = null;
    this.svg = svgElement("svg", { role: "img", tabindex: "0", "aria-label": label });
    this.svg.setAttribute("aria-roledescription", "chart");
    place.replaceChildren(this.svg);
    this.svg.addEventListener("keydown", (event) => this.key(event));
  }

  begin(height, margins, y = [0, 1]) {
    this.width = Math.max(this.place.clientWidth, 260);
    this.height = height;
    [this.top, this.rightMargin, this.bottomMargin, this.left] = margins;
    this.right = this.width - this.rightMargin;
    this.bottom = height - this.bottomMargin;
    this.y = y;
    this.x = this.window ?? this.full();
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${height}`);
    this.svg.setAttribute("height", height);
    this.svg.replaceChildren();
  }

  across(x) { return this.left + (x - this.x[0]) / (this.x[1] - this.x[0]) * (this.right - this.left); }
  up(y) { return this.bottom - (y - this.y[0]) / (this.y[1] - this.y[0]) * (this.bottom - this.top); }
  valueAt(event) {
    const box = this.svg.getBoundingClientRect();
    const x = (event.clientX - box.left) * this.width / box.width;
    return this.x[0] + (clamp(x, this.left, this.right) - this.left) / (this.right - this.left) * (this.x[1] - this.x[0]);
  }
  heightAt(event) {
    const box = this.svg.getBoundingClientRect();
    const y = (event.clientY - box.top) * this.height / box.height;
    return this.y[0] + (this.bottom - y) / (this.bottom - this.top) * (this.y[1] - this.y[0]);
  }

  add(name, attributes, text = null) {
    const made = svgElement(name, attributes, text);
    this.svg.append(made);
    return made;
  }
  text(kind, x, y, said) { return this.add("text", { class: kind, x: x.toFixed(1), y: y.toFixed(1) }, said); }

  foot(label) {
    const number = this.width < 520 ? 4 : 8;
    for (const [value, said] of numbered(ticks(...this.x, number))) {
      const x = this.across(value);
      this.add("path", { class: "mark", d: `M${x.toFixed(1)} ${this.bottom}v5` });
      this.text("tick middle", x, this.bottom + 18, said);
    }
    this.add("path", { class: "axis", d: `M${this.left} ${this.bottom}H${this.right}` });
    this.text("label middle", (this.left + this.right) / 2, this.height - 6, label);
  }
  rungs(label) {
    for (const [value, said] of numbered(ticks(...this.y, 6))) {
      const y = this.up(value);
      this.add("path", { class: "grid", d: `M${this.left} ${y.toFixed(1)}H${this.right}` });
      this.text("tick end", this.left - 8, y + 4, said);
    }
    this.text("label", 0, this.top - 14, label);
  }
  // What is drawn here does not leave the rectangle.
  clipped() {
    const id = `clip-${Chart.number = (Chart.number ?? 0) + 1}`;
    const clip = this.add("clipPath", { id });
    clip.append(svgElement("rect", { x: this.left, y: 0, width: Math.max(this.right - this.left, 0), height: this.height }));
    return this.add("g", { "clip-path": `url(#${id})` });
  }

  move(low, high) {
    const [first, last] = this.full(), width = Math.min(high - low, last - first);
    const begin = clamp(low, first, last - width);
    this.window = width >= (last - first) * 0.999 ? null : [begin, begin + width];
    this.draw();
  }
  zoom(factor) {
    const [low, high] = this.x, middle = (low + high) / 2, half = (high - low) * factor / 2;
    this.move(middle - half, middle + half);
  }
  act(what) {
    const [low, high] = this.x, step = (high - low) / 4;
    if (what === "in") this.zoom(0.5);
    if (what === "out") this.zoom(2);
    if (what === "left") this.move(low - step, high - step);
    if (what === "right") this.move(low + step, high + step);
    if (what === "all") { this.window = null; this.draw(); }
  }
  key(event) {
    const what = { "+": "in", "=": "in", "-": "out", ArrowLeft: "left", ArrowRight: "right", 0: "all" }[event.key];
    if (what) { event.preventDefault(); this.act(what); }
  }

  // Let a pointer select seconds: done(from, to).
  brush(event, done) {
    const from = this.valueAt(event), area = this.add("rect", { class: "brush", y: this.top, height: this.bottom - this.top });
    const moved = (now) => {
      const ends = [this.across(from), this.across(this.valueAt(now))].sort((a, b) => a - b);
      area.setAttribute("x", ends[0]);
      area.setAttribute("width", ends[1] - ends[0]);
    };
    this.follow(event, moved, (now) => {
      area.remove();
      const ends = [from, this.valueAt(now)].sort((a, b) => a - b);
      if (this.across(ends[1]) - this.across(ends[0]) > 6) done(...ends);
    });
  }
  follow(event, moved, ended) {
    const svg = this.svg;
    svg.setPointerCapture(event.pointerId);
    const end = (now) => {
      svg.removeEventListener("pointermove", moved);
      svg.removeEventListener("pointerup", end);
      svg.removeEventListener("pointercancel", end);
      ended(now);
    };
    svg.addEventListener("pointermove", moved);
    svg.addEventListener("pointerup", end);
    svg.addEventListener("pointercancel", end);
  }
}
