// Values of figures under the pointer, by arrow keys and by touch; tables sorted by a column. The
// page is whole without it. Data becomes text content only, never markup.
"use strict";
(() => {
  const MINUS = "\u2212";

  // Four digits, as the data has.
  function number(value) {
    if (Number.isNaN(value)) return "–";
    if (!Number.isFinite(value)) return value > 0 ? "∞" : MINUS + "∞";
    const size = Math.abs(value);
    const text = size !== 0 && (size < 1e-4 || size >= 1e7)
      ? value.toExponential(3).replace(/\.?0*e/, "e").replace("e+", "e")
      : String(Number(value.toPrecision(size >= 1e4 ? 7 : 4)));
    return text.replaceAll("-", MINUS);
  }

  const read = (value) => (value === null ? NaN : Number(value));

  // From data to units of the drawing. Halves, for a difference may be too large for a number.
  function onto(scale, value, from, to) {
    const at = scale.is_log ? Math.log : (x) => x / 2;
    const share = (at(value) - at(scale.from)) / (at(scale.to) - at(scale.from));
    return from + share * (to - from);
  }

  const place = {
    x: (frame, value) => onto(frame.x, value, frame.left, frame.right),
    y: (frame, value) => onto(frame.y, value, frame.bottom, frame.top),
  };

  // Position of the least number.
  function least(numbers) {
    let best = 0;
    numbers.forEach((value, i) => {
      if (value < numbers[best] || Number.isNaN(numbers[best])) best = i;
    });
    return best;
  }

  // Each kind of figure as stops that are told one at a time: how many there are, which one is
  // nearest to a place of the drawing, how far the arrow keys go, and what is told at one: a head,
  // lines [name, value, color], a place, and shapes that mark it, radii in pixels.
  const KINDS = {
    curves({ x, series, label, y_label, ticks }, frame) {
      const stops = [...new Set(x.flat().map(read))].sort((a, b) => a - b);
      const places = stops.map((stop) => place.x(frame, stop));
      const drawn = places.map((at, i) => i).filter((i) => Number.isFinite(places[i]));
      const index = x.map((list) => new Map(list.map((at, i) => [read(at), i])));
      // By name where the axis has names of its own.
      const named = (value) => {
        if (ticks.length === 0) return number(value);
        const below = ticks.findLast(([at]) => at <= value)?.[1];
        const above = ticks.find(([at]) => at >= value)?.[1];
        return below === above ? below : `${below ?? "below"} to ${above ?? "above"}`;
      };
      return {
        count: stops.length,
        right: 1,
        nearest: (u) => drawn[least(drawn.map((i) => Math.abs(places[i] - u)))],
        tell(stop) {
          const u = places[stop];
          const marks = [["line", { x1: u, x2: u, y1: frame.top, y2: frame.bottom }]];
          const lines = [];
          for (const one of series) {
            const i = index[one.x].get(stops[stop]);
            if (i === undefined) continue;
            const value = read(one.y[i]);
            const ends = (pair) => {
              const read_ends = (pair ?? []).map((end) => read(end[i]));
              return read_ends.every(Number.isNaN) ? "" : read_ends.map(number).join(" to ");
            };
            const range = ends(one.band) && ` (${ends(one.band)})`;
            const interval = ends(one.interval) && ` [95 %: ${ends(one.interval)}]`;
            lines.push([one.label, number(value) + range + interval, one.color]);
            const v = place.y(frame, value);
            if (v >= frame.top && v <= frame.bottom) {
              marks.push(["circle", { cx: u, cy: v, r: 4 }]);
            }
          }
          return { head: `${label} ${named(stops[stop])}`, note: y_label, lines, marks, u };
        },
      };
    },

    cells({ label, row_label, column_label, rows, columns, values }, frame) {
      const width = (frame.right - frame.left) / columns.length;
      const height = (frame.bottom - frame.top) / rows.length;
      const inside = (at, count) => Math.max(0, Math.min(count - 1, Math.floor(at)));
      return {
        count: rows.length * columns.length,
        right: 1,
        down: columns.length,
        nearest: (u, v) => inside((v - frame.top) / height, rows.length) * columns.length
          + inside((u - frame.left) / width, columns.length),
        tell(stop) {
          const column = stop % columns.length;
          const row = (stop - column) / columns.length;
          const x = frame.left + column * width;
          const y = frame.top + row * height;
          return {
            head: `${row_label} ${rows[row]}`,
            lines: [[column_label, columns[column]], [label, number(read(values[stop]))]],
            marks: [["rect", { x, y, width, height }]],
            u: x + width / 2,
            v: y + height / 2,
          };
        },
      };
    },

    network({ nodes }, frame) {
      const places = nodes.map(([, [x, y]]) => [place.x(frame, read(x)), place.y(frame, read(y))]);
      return {
        count: nodes.length,
        right: 1,
        nearest: (u, v) => least(places.map(([x, y]) => Math.hypot(x - u, y - v))),
        tell(stop) {
          const [u, v] = places[stop];
          const marks = [["circle", { cx: u, cy: v, r: 9 }]];
          return { head: nodes[stop][0], lines: [], marks, u, v };
        },
      };
    },

    bars({ label, parts, bars }, frame) {
      const height = (frame.bottom - frame.top) / bars.length;
      return {
        count: bars.length,
        down: 1,
        nearest: (u, v) =>
          Math.max(0, Math.min(bars.length - 1, Math.floor((v - frame.top) / height))),
        tell(stop) {
          const [name, lengths] = bars[stop];
          const y = frame.top + stop * height;
          const width = frame.right - frame.left;
          return {
            head: name,
            note: label,
            lines: parts.map((part, i) => [part, number(read(lengths[i])), i]),
            marks: [["rect", { x: frame.left, y, width, height }]],
            v: y + height / 2,
          };
        },
      };
    },
  };

  // The values of a plot, unpacked.
  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  function element(name, content, className) {
    const made = document.createElement(name);
    made.textContent = content;
    if (className) made.className = className;
    return made;
  }

  class Plot {
    constructor(plot) {
      this.plot = plot;
      this.svg = plot.querySelector("svg");
      this.stop = 0;
      this.asked = 0;
      const title = plot.closest("figure").querySelector("h3, h4").textContent;
      plot.tabIndex = 0;
      plot.setAttribute("role", "group");
      plot.setAttribute("aria-label", `${title}: values by arrow keys`);
      plot.addEventListener("pointermove", (event) => this.point(event));
      plot.addEventListener("pointerdown", (event) => this.point(event));
      plot.addEventListener("pointerleave", (event) => {
        if (event.pointerType === "mouse") this.hide();
      });
      plot.addEventListener("blur", () => this.hide());
      plot.addEventListener("keydown", (event) => this.key(event));
    }

    // Reads the values when they are first asked for.
    async open() {
      this.opened ??= unpack(this.plot.dataset.values).then(({ frame, content }) => {
        this.stops = KINDS[content.kind](content, frame);
        this.box = element("div", "", "readout");
        this.box.setAttribute("role", "status");
        this.plot.append(this.box);
        this.marks = document.createElementNS(this.svg.namespaceURI, "g");
        this.marks.setAttribute("class", "marks");
        this.svg.append(this.marks);
      });
      await this.opened;
    }

    // Whether there is something to tell, and nobody has gone away or asked again meanwhile.
    async isAsked() {
      const asked = ++this.asked;
      await this.open();
      return asked === this.asked && this.stops.count > 0;
    }

    async point(event) {
      const { clientX, clientY } = event;
      if (!(await this.isAsked())) return;
      const at = new DOMPoint(clientX, clientY).matrixTransform(this.svg.getScreenCTM().inverse());
      this.show(this.stops.nearest(at.x, at.y));
    }

    async key(event) {
      const step = {
        ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity,
      }[event.key];
      if (event.key === "Escape") this.hide();
      if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      if (!(await this.isAsked())) return;
      const isUpright = event.key === "ArrowUp" || event.key === "ArrowDown";
      const far = (isUpright ? this.stops.down : this.stops.right)
        ?? this.stops.right ?? this.stops.down;
      const stop = this.isShown ? this.stop + step * far : this.stop;
      this.show(Math.max(0, Math.min(this.stops.count - 1, stop)));
    }

    show(stop) {
      if (stop === undefined) return;
      const told = this.stops.tell(stop);
      this.stop = stop;
      this.isShown = true;
      const pixel = 1 / this.svg.getScreenCTM().a;
      this.marks.replaceChildren(...told.marks.map(([name, attributes]) => {
        const mark = document.createElementNS(this.svg.namespaceURI, name);
        for (const [key, value] of Object.entries(attributes)) {
          mark.setAttribute(key, key === "r" ? value * pixel : value);
        }
        return mark;
      }));
      const lines = element("dl", "");
      for (const [name, value, color] of told.lines) {
        const term = element("dt", name);
        if (color !== undefined) term.style.setProperty("--swatch", `var(--series-${color})`);
        lines.append(term, element("dd", value));
      }
      this.box.replaceChildren(element("strong", told.head));
      if (told.note) this.box.append(" ", element("small", told.note));
      if (told.lines.length) this.box.append(lines);
      this.box.hidden = false;
      this.settle(told);
    }

    // Beside what is told, on the side with more room; below a drawing that is narrow.
    settle({ u, v }) {
      const { box, plot } = this;
      const around = plot.getBoundingClientRect();
      box.removeAttribute("style");
      box.classList.toggle("below", around.width < 480);
      if (around.width < 480) return;
      const at = new DOMPoint(u ?? 0, v ?? 0).matrixTransform(this.svg.getScreenCTM());
      const x = u === undefined ? around.width / 2 : at.x - around.left;
      const gap = 14;
      const isLeft = x > around.width / 2;
      box.style[isLeft ? "right" : "left"] = `${(isLeft ? around.width - x : x) + gap}px`;
      box.style.maxWidth = `${(isLeft ? x : around.width - x) - gap}px`;
      const y = v === undefined ? 0 : at.y - around.top - box.offsetHeight / 2;
      box.style.top = `${Math.max(0, Math.min(around.height - box.offsetHeight, y))}px`;
    }

    hide() {
      this.asked += 1;
      this.isShown = false;
      if (this.box) this.box.hidden = true;
      this.marks?.replaceChildren();
    }
  }

  // What a cell is sorted by: numbers before text, nothing last.
  function key(cell) {
    if (!cell || cell.classList.contains("missing")) return [2, 0];
    const text = cell.textContent;
    if (cell.dataset.number) return [0, Number(cell.dataset.number.replace("inf", "Infinity"))];
    if (!cell.classList.contains("number")) return [1, text];
    return [0, Number((cell.title || text).replace("∞", "Infinity"))];
  }

  function compare([kind, a], [other, b], direction) {
    if (kind !== other) return kind - other;
    return a < b ? -direction : a > b ? direction : 0;
  }

  // Rows that are equal in a column keep their order: sort by several, the last one first.
  function sortable(table) {
    const headers = [...table.tHead.rows[0].cells];
    headers.forEach((header, column) => {
      const button = element("button", header.textContent);
      button.type = "button";
      header.replaceChildren(button);
      button.addEventListener("click", () => {
        const isUp = header.getAttribute("aria-sort") !== "ascending";
        headers.forEach((other) => other.removeAttribute("aria-sort"));
        header.setAttribute("aria-sort", isUp ? "ascending" : "descending");
        const body = table.tBodies[0];
        const rows = [...body.rows].map((row) => [key(row.cells[column]), row]);
        rows.sort(([a], [b]) => compare(a, b, isUp ? 1 : -1));
        body.append(...rows.map(([, row]) => row));
      });
    });
  }

  document.querySelectorAll(".plot").forEach((plot) => new Plot(plot));
  document.querySelectorAll("table.sortable").forEach(sortable);
})();
