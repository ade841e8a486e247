// The timeline's picture: lanes by layer and object on a canvas, with zoom and brush by mouse, touch and keys.
{
  const { $ } = coldcase;
  const AXIS = 22;
  const LAYER = 24;
  const OBJECT = 18;
  const STRIP = 34;
  /** Objects of a layer that are shown unasked. */
  const NOTABLE = 5;
  const BAR = 3;
  const HEIGHT = [1, 0.82, 0.64, 0.48, 0.32];
  const STEPS = [1e-3, 5e-3, 0.02, 0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 2592000, 31536000].map((s) => s * 1000);
  const NAMES = ["critical", "high", "medium", "low", "info"];

  /** Rows of the picture: each layer, and below it the objects that are to be shown. */
  const layout = (c, hits, shown, mode) => {
    const layers = c.layers.length;
    const worst = new Uint8Array(c.subjects.length * layers).fill(9);
    const first = new Float64Array(worst.length).fill(Infinity);
    const counts = new Int32Array(layers);
    for (const i of hits) counts[c.layer[i]] += 1;
    // Unasked, only objects to which something happens in the shown stretch have a lane.
    for (const i of mode === "some" ? shown : hits) {
      const key = c.subject[i] * layers + c.layer[i];
      if (c.rank[i] < worst[key]) worst[key] = c.rank[i];
      if (c.start[i] < first[key]) first[key] = c.start[i];
    }
    const rows = [];
    const rowOf = new Int32Array(worst.length).fill(-1);
    const layerRow = new Int32Array(layers).fill(-1);
    let y = 0;
    const add = (label, height, big) => {
      rows.push({ label, y, height, big });
      y += height;
      return rows.length - 1;
    };
    for (let l = 0; l < layers; l += 1) {
      if (!counts[l]) continue;
      const keys = [];
      for (let key = l; key < worst.length; key += layers) {
        if (worst[key] < 9 && (mode === "all" || worst[key] <= 2)) keys.push(key);
      }
      keys.sort((a, b) => worst[a] - worst[b] || first[a] - first[b]);
      const shown = mode === "layers" ? [] : mode === "some" ? keys.slice(0, NOTABLE) : keys;
      const more = mode === "some" && keys.length > shown.length ? ` (${keys.length - shown.length} more)` : "";
      layerRow[l] = add(c.layers[l] + more, LAYER, true);
      for (const key of shown) {
        const s = c.subjects[(key - l) / layers];
        rowOf[key] = add(`${s[0]} ${s[2]}`, OBJECT, false);
      }
    }
    return { rows, rowOf, layerRow, layers, height: y };
  };

  coldcase.chart = (c, hooks) => {
    const box = $("lanes");
    const canvas = $("canvas");
    const strip = $("strip");
    const tip = $("tip");
    const pen = canvas.getContext("2d");
    const stripPen = strip.getContext("2d");
    let state = { hits: new Int32Array(0), shown: new Int32Array(0), from: 0, to: 1, min: 0, max: 1, chosen: -1 };
    let plan = layout(c, state.hits, state.shown, "some");
    let stale = false;
    let lanes = "some";
    let width = 0;
    let gutter = 0;
    let brush = null;
    let colours = {};
    let cut = new Map();

    const readColours = () => {
      const style = getComputedStyle(document.documentElement);
      const get = (name) => style.getPropertyValue(name).trim();
      colours = {
        ink: get("--ink"), muted: get("--muted"), line: get("--line"), sunken: get("--sunken"),
        surface: get("--surface"), accent: get("--accent"), band: get("--critical-bg"), bad: get("--critical"),
        rank: [get("--bar-bad"), get("--high"), get("--medium"), get("--low"), get("--muted")],
      };
    };
    const size = (element, pen_, w, h) => {
      const ratio = devicePixelRatio || 1;
      const [pw, ph] = [Math.round(w * ratio), Math.round(h * ratio)];
      if (element.width !== pw || element.height !== ph) {
        element.width = pw;
        element.height = ph;
        element.style.width = `${w}px`;
        element.style.height = `${h}px`;
      }
      pen_.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen_.clearRect(0, 0, w, h);
    };
    const fit = () => {
      const w = box.clientWidth;
      if (w === width) return;
      width = w;
      gutter = Math.round(Math.min(230, w * 0.34));
      cut = new Map();
    };
    const label = (text, room) => {
      const key = `${room} ${text}`;
      if (!cut.has(key)) {
        let short = text;
        if (pen.measureText(short).width > room) {
          // Names differ at their ends.
          let keep = text.length;
          while (keep > 4 && pen.measureText(short).width > room) {
            keep -= 1;
            const head = Math.ceil(keep * 0.6);
            short = `${text.slice(0, head)}…${text.slice(text.length - (keep - head))}`;
          }
        }
        cut.set(key, short);
      }
      return cut.get(key);
    };
    const x = (time) => gutter + ((time - state.from) / (state.to - state.from)) * (width - gutter);
    const time = (px) => state.from + ((px - gutter) / Math.max(1, width - gutter)) * (state.to - state.from);
    const stripX = (t) => ((t - state.min) / (state.max - state.min)) * width;
    const stripTime = (px) => state.min + (px / Math.max(1, width)) * (state.max - state.min);

    const tick = (t, step) => {
      const text = coldcase.entries.iso(t, step < 1000);
      return step >= 43_200_000 ? text.slice(0, 10) : text.slice(11, step < 1000 ? 23 : step < 60_000 ? 19 : 16);
    };
    const axis = (height) => {
      const step = STEPS.find((s) => ((state.to - state.from) / s) * 64 <= width - gutter) || STEPS[STEPS.length - 1];
      pen.font = "11px system-ui, sans-serif";
      pen.textBaseline = "middle";
      pen.textAlign = "left";
      pen.fillStyle = colours.muted;
      const day = coldcase.entries.iso(Math.max(state.from, -6e13), false).slice(0, 10);
      pen.fillText(day, 0, AXIS / 2);
      pen.textAlign = "center";
      let last = -Infinity;
      for (let t = Math.ceil(state.from / step) * step; t <= state.to; t += step) {
        const px = x(t);
        pen.fillStyle = colours.line;
        pen.fillRect(px, AXIS - 4, 1, height - AXIS + 4);
        if (px - last < 60 || px > width - 26) continue;
        last = px;
        pen.fillStyle = colours.muted;
        pen.fillText(tick(t, step), px, AXIS / 2);
      }
    };

    /** The gravest bars and ranges of each row, by pixel. */
    const gather = (from, rows, w) => {
      const cells = Math.ceil(w / BAR) + 1;
      const bars = new Uint8Array(rows * cells).fill(9);
      const ranges = new Int32Array(rows * (cells + 1));
      const scale = w / (state.to - state.from) / BAR;
      const put = (row, a, b, rank, ranged) => {
        const at = row - from;
        if (at < 0 || at >= rows) return;
        if (a >= 0 && a < cells && rank < bars[at * cells + a]) bars[at * cells + a] = rank;
        if (ranged) {
          ranges[at * (cells + 1) + Math.max(0, a)] += 1;
          ranges[at * (cells + 1) + Math.min(cells, b + 1)] -= 1;
        }
      };
      for (const i of state.hits) {
        const [s, e] = [c.start[i], c.end[i]];
        if (!(s <= state.to && e >= state.from)) continue;
        const a = Math.floor((s - state.from) * scale);
        const b = Math.floor((e - state.from) * scale);
        put(plan.layerRow[c.layer[i]], a, b, c.rank[i], e > s);
        const row = plan.rowOf[c.subject[i] * plan.layers + c.layer[i]];
        if (row >= 0) put(row, a, b, c.rank[i], e > s);
      }
      return { bars, ranges, cells };
    };
    const rowAt = (y) => plan.rows.findIndex((row) => y >= row.y && y < row.y + row.height);

    const draw = () => {
      if (stale) plan = layout(c, state.hits, state.shown, lanes);
      stale = false;
      fit();
      if (width < 40) return;
      const height = Math.min(plan.height + AXIS, Math.max(160, Math.min(innerHeight * 0.5, 420)));
      $("lanes-height").style.height = `${plan.height + AXIS}px`;
      box.style.height = `${height}px`;
      size(canvas, pen, width, height);
      const top = box.scrollTop;
      const band = (from, to) => {
        const a = Math.max(gutter, x(from));
        const b = Math.min(width, x(to));
        if (b > a) pen.fillRect(a, AXIS, Math.max(2, b - a), height - AXIS);
      };
      if (c.from !== null) {
        pen.fillStyle = colours.band;
        band(c.from, c.to ?? Math.max(state.max, c.from));
      }
      axis(height);
      pen.save();
      pen.beginPath();
      pen.rect(0, AXIS, width, height - AXIS);
      pen.clip();
      let first = rowAt(top);
      if (first < 0) first = 0;
      let last = first;
      while (last < plan.rows.length && plan.rows[last].y - top < height) last += 1;
      const { bars, ranges, cells } = gather(first, last - first, width - gutter);
      for (let r = first; r < last; r += 1) {
        const row = plan.rows[r];
        const y = AXIS + row.y - top;
        pen.fillStyle = colours.line;
        pen.fillRect(0, y + row.height - 1, width, 1);
        pen.fillStyle = row.big ? colours.ink : colours.muted;
        pen.font = `${row.big ? "600 12px" : "11px"} system-ui, sans-serif`;
        pen.textAlign = "left";
        pen.fillText(label(row.label, gutter - (row.big ? 8 : 20)), row.big ? 0 : 12, y + row.height / 2);
        pen.fillStyle = colours.muted;
        let open = 0;
        let since = -1;
        for (let cell = 0; cell <= cells; cell += 1) {
          open += ranges[(r - first) * (cells + 1) + cell];
          if (open > 0 && since < 0) since = cell;
          if ((open <= 0 || cell === cells) && since >= 0) {
            pen.fillRect(gutter + since * BAR, y + row.height - 5, (cell - since) * BAR, 3);
            since = -1;
          }
        }
      }
      for (let rank = 4; rank >= 0; rank -= 1) {
        pen.beginPath();
        for (let r = first; r < last; r += 1) {
          const row = plan.rows[r];
          const bottom = AXIS + row.y - top + row.height - 2;
          const tall = (row.height - 4) * HEIGHT[rank];
          const offset = (r - first) * cells;
          for (let cell = 0; cell < cells; cell += 1) {
            if (bars[offset + cell] === rank) pen.rect(gutter + cell * BAR, bottom - tall, BAR - 0.6, tall);
          }
        }
        pen.fillStyle = colours.rank[rank];
        pen.fill();
      }
      pen.restore();
      const mark = (t, colour, text) => {
        const px = x(t);
        if (px < gutter || px > width) return;
        pen.fillStyle = colour;
        pen.fillRect(px - 0.5, AXIS - 6, 1.5, height - AXIS + 6);
        if (!text) return;
        pen.font = "600 11px system-ui, sans-serif";
        const room = pen.measureText(text).width + 8;
        const left = Math.max(gutter, Math.min(px, width - room));
        pen.fillStyle = colours.surface;
        pen.fillRect(left, AXIS + 1, room, 15);
        pen.textAlign = "left";
        pen.fillStyle = colour;
        pen.fillText(text, left + 4, AXIS + 9);
      };
      if (c.captured !== null) {
        const near = c.from !== null && Math.abs(x(c.from) - x(c.captured)) < 150;
        mark(c.captured, colours.muted, near ? "" : "capture");
      }
      if (c.from !== null) mark(c.from, colours.bad, "first anomaly");
      if (state.chosen >= 0) mark(c.start[state.chosen], colours.accent, "");
      if (brush) {
        pen.globalAlpha = 0.25;
        pen.fillStyle = colours.accent;
        pen.fillRect(Math.min(brush.a, brush.b), AXIS, Math.abs(brush.b - brush.a), height - AXIS);
        pen.globalAlpha = 1;
      }
      drawStrip();
    };

    const drawStrip = () => {
      size(strip, stripPen, width, STRIP);
      stripPen.fillStyle = colours.sunken;
      stripPen.fillRect(0, 0, width, STRIP);
      if (c.from !== null) {
        stripPen.fillStyle = colours.band;
        const a = stripX(c.from);
        stripPen.fillRect(a, 0, Math.max(2, stripX(c.to ?? state.max) - a), STRIP);
      }
      const cells = Math.ceil(width / 2) + 1;
      const best = new Uint8Array(cells).fill(9);
      const scale = width / (state.max - state.min) / 2;
      for (const i of state.hits) {
        const cell = Math.floor((c.start[i] - state.min) * scale);
        if (c.rank[i] < best[cell]) best[cell] = c.rank[i];
      }
      for (let cell = 0; cell < cells; cell += 1) {
        if (best[cell] === 9) continue;
        const tall = (STRIP - 8) * HEIGHT[best[cell]];
        stripPen.fillStyle = colours.rank[best[cell]];
        stripPen.fillRect(cell * 2, STRIP - 2 - tall, 1.6, tall);
      }
      const [a, b] = [stripX(state.from), stripX(state.to)];
      stripPen.globalAlpha = 0.14;
      stripPen.fillStyle = colours.accent;
      stripPen.fillRect(a, 0, Math.max(2, b - a), STRIP);
      stripPen.globalAlpha = 1;
      stripPen.fillStyle = colours.accent;
      for (const px of [a, b]) stripPen.fillRect(Math.min(width - 3, Math.max(0, px - 1.5)), 0, 3, STRIP);
    };

    /** The entry nearest to a point of the picture, the gravest of equals; -1 if there is none. */
    const nearest = (px, py) => {
      if (px < gutter - 6 || py < AXIS) return -1;
      const row = rowAt(py - AXIS + box.scrollTop);
      if (row < 0) return -1;
      const reach = ((state.to - state.from) / Math.max(1, width - gutter)) * 7;
      const t = time(px);
      let best = -1;
      let score = Infinity;
      for (const i of state.hits) {
        const inRow = plan.layerRow[c.layer[i]] === row || plan.rowOf[c.subject[i] * plan.layers + c.layer[i]] === row;
        if (!inRow || !(c.start[i] - reach <= t && c.end[i] + reach >= t)) continue;
        const off = Math.abs(c.start[i] - t) > reach ? 50 : Math.abs(c.start[i] - t) / reach;
        const value = off + c.rank[i] * 0.4;
        if (value < score) [best, score] = [i, value];
      }
      return best;
    };

    let waiting = 0;
    const later = () => {
      waiting ||= requestAnimationFrame(() => {
        waiting = 0;
        draw();
      });
    };
    const point = (event, target) => {
      const r = target.getBoundingClientRect();
      return [event.clientX - r.left, event.clientY - r.top];
    };
    const zoom = (factor, at) => {
      const middle = at ?? (state.from + state.to) / 2;
      hooks.range(middle - (middle - state.from) * factor, middle + (state.to - middle) * factor);
    };
    const pan = (share) => {
      const by = (state.to - state.from) * share;
      hooks.range(state.from + by, state.to + by);
    };

    // One finger or Shift moves, a plain drag brushes, two fingers zoom; a click chooses.
    const down = new Map();
    let gesture = null;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button > 0) return;
      const [px, py] = point(event, canvas);
      down.set(event.pointerId, [px, py]);
      canvas.setPointerCapture(event.pointerId);
      tip.hidden = true;
      if (down.size === 2) {
        const [[a], [b]] = [...down.values()];
        gesture = { kind: "pinch", apart: Math.max(20, Math.abs(a - b)), from: state.from, to: state.to, at: time((a + b) / 2) };
        brush = null;
      } else {
        const moves = event.pointerType === "touch" || event.shiftKey;
        gesture = { kind: moves ? "pan" : "brush", px, py, from: state.from, to: state.to, moved: false };
      }
    });
    canvas.addEventListener("pointermove", (event) => {
      const [px, py] = point(event, canvas);
      if (!down.has(event.pointerId) || !gesture) {
        hover(px, py);
        return;
      }
      down.set(event.pointerId, [px, py]);
      if (gesture.kind === "pinch") {
        const [[a], [b]] = [...down.values()];
        const factor = gesture.apart / Math.max(20, Math.abs(a - b));
        const { at, from, to } = gesture;
        hooks.range(at - (at - from) * factor, at + (to - at) * factor);
        return;
      }
      if (Math.abs(px - gesture.px) > 4) gesture.moved = true;
      if (!gesture.moved) return;
      if (gesture.kind === "pan") {
        const by = ((gesture.px - px) / Math.max(1, width - gutter)) * (gesture.to - gesture.from);
        hooks.range(gesture.from + by, gesture.to + by);
      } else {
        brush = { a: Math.max(gutter, gesture.px), b: Math.max(gutter, Math.min(width, px)) };
        later();
      }
    });
    const lift = (event) => {
      if (!down.delete(event.pointerId)) return;
      const [px, py] = point(event, canvas);
      const done = gesture;
      if (down.size === 0) gesture = null;
      if (!done || event.type === "pointercancel") {
        brush = null;
      } else if (brush) {
        const [a, b] = [time(Math.min(brush.a, brush.b)), time(Math.max(brush.a, brush.b))];
        brush = null;
        hooks.range(a, b);
      } else if (done.kind !== "pinch" && !done.moved) {
        const i = nearest(px, py);
        if (i >= 0) hooks.choose(i);
        else $("chart").focus({ preventScroll: true });
      }
      later();
    };
    canvas.addEventListener("pointerup", lift);
    canvas.addEventListener("pointercancel", lift);
    canvas.addEventListener("pointerleave", () => (tip.hidden = true));
    canvas.addEventListener("dblclick", (event) => zoom(0.25, time(point(event, canvas)[0])));
    canvas.addEventListener(
      "wheel",
      (event) => {
        if (event.ctrlKey || event.metaKey) {
          event.preventDefault();
          zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.01), time(point(event, canvas)[0]));
        } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
          event.preventDefault();
          pan(((event.deltaX || event.deltaY) / Math.max(1, width)) * 0.8);
        }
      },
      { passive: false },
    );
    const hover = (px, py) => {
      const i = nearest(px, py);
      canvas.style.cursor = i >= 0 ? "pointer" : "crosshair";
      tip.hidden = i < 0;
      if (i < 0) return;
      const times = coldcase.entries.stamp(c, i) + (c.count.has(i) ? ` ×${c.count.get(i)}` : "");
      tip.textContent = `${times} · ${NAMES[c.rank[i]]} · ${coldcase.entries.name(c, i)}: ${c.texts[c.text[i]].slice(0, 160)}`;
      const left = Math.max(0, Math.min(px + 12, width - tip.offsetWidth - 4));
      tip.style.left = `${left}px`;
      tip.style.top = `${STRIP + py + 22}px`;
    };

    // The strip shows all of the time: drag anywhere to choose, inside the chosen part to move it, at its edges to resize.
    let grip = null;
    strip.addEventListener("pointerdown", (event) => {
      const [px] = point(event, strip);
      const [a, b] = [stripX(state.from), stripX(state.to)];
      strip.setPointerCapture(event.pointerId);
      const edge = event.pointerType === "touch" ? 16 : 7;
      const whole = b - a > width - 8;
      if (Math.abs(px - a) < edge) grip = { kind: "edge", fixed: state.to };
      else if (Math.abs(px - b) < edge) grip = { kind: "edge", fixed: state.from };
      else if (px > a && px < b && !whole) grip = { kind: "move", px, from: state.from, to: state.to };
      else grip = { kind: "edge", fixed: stripTime(px), px };
    });
    strip.addEventListener("pointermove", (event) => {
      if (!grip) return;
      const [px] = point(event, strip);
      if (grip.kind === "move") {
        const by = stripTime(px) - stripTime(grip.px);
        hooks.range(grip.from + by, grip.to + by);
      } else if (grip.px === undefined || Math.abs(px - grip.px) > 3) {
        const t = stripTime(Math.max(0, Math.min(width, px)));
        hooks.range(Math.min(t, grip.fixed), Math.max(t, grip.fixed));
      }
    });
    const release = () => (grip = null);
    strip.addEventListener("pointerup", release);
    strip.addEventListener("pointercancel", release);

    $("chart").addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const keys = {
        ArrowLeft: () => pan(-0.15), ArrowRight: () => pan(0.15), "+": () => zoom(0.5, chosenTime()),
        "=": () => zoom(0.5, chosenTime()), "-": () => zoom(2, chosenTime()), 0: hooks.all, Home: hooks.all,
        i: hooks.incident, ArrowUp: () => hooks.step(-1), ArrowDown: () => hooks.step(1),
        PageUp: () => box.scrollBy(0, -200), PageDown: () => box.scrollBy(0, 200), Enter: hooks.open,
      };
      const act = keys[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    });
    const chosenTime = () => {
      const t = state.chosen >= 0 ? c.start[state.chosen] : NaN;
      return t >= state.from && t <= state.to ? t : undefined;
    };
    box.addEventListener("scroll", later, { passive: true });
    new ResizeObserver(later).observe(box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      readColours();
      later();
    });
    readColours();

    return {
      zoom, pan,
      /** Shows entries, in the lanes that are asked for. */
      show(next, mode) {
        stale = stale || next.hits !== state.hits || next.shown !== state.shown || mode !== lanes;
        state = next;
        lanes = mode;
        later();
      },
    };
  };
}
