// The timeline's list, its filters and the evidence of the chosen entry; joins the parts above.
{
  const { $, element, entries } = coldcase;
  const slug = (word) => word.toLowerCase().replace(/[^a-z0-9]/g, "-").slice(0, 24);
  const number = (n) => n.toLocaleString("en-US");

  /** Quoted lines as the evidence section shows them. */
  const figure = (place, lines) => {
    const out = element("figure");
    out.appendChild(element("figcaption")).append(element("code", "", place));
    const pre = out.appendChild(element("pre"));
    for (const line of lines) {
      const row = pre.appendChild(element("span", line.hit ? "hit" : "near"));
      row.append(element("span", "ln", line.number));
      row.append(line.hit ? element("mark", "", line.text) : line.text, "\n");
    }
    return out;
  };

  /** A window over many rows of one height; only what is in sight is in the document. */
  const virtual = (build, onChoose, onOpen) => {
    const list = $("list");
    const space = $("list-height");
    let shown = new Int32Array(0);
    let height = 46;
    let at = -1;
    let rows = new Map();
    const measure = () => {
      height = parseFloat(getComputedStyle(list).getPropertyValue("--row")) || 46;
    };
    const paint = () => {
      const first = Math.max(0, Math.floor(list.scrollTop / height) - 4);
      const last = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / height) + 4);
      const next = new Map();
      for (let k = first; k < last; k += 1) {
        const i = shown[k];
        const row = rows.get(i) ?? space.appendChild(build(i));
        rows.delete(i);
        row.style.transform = `translateY(${k * height}px)`;
        row.setAttribute("aria-posinset", k + 1);
        row.setAttribute("aria-setsize", shown.length);
        row.setAttribute("aria-selected", k === at ? "true" : "false");
        next.set(i, row);
      }
      for (const row of rows.values()) row.remove();
      rows = next;
      const active = at >= 0 && rows.get(shown[at]);
      if (active) list.setAttribute("aria-activedescendant", active.id);
      else list.removeAttribute("aria-activedescendant");
    };
    let waiting = 0;
    const later = () => {
      waiting ||= requestAnimationFrame(() => {
        waiting = 0;
        paint();
      });
    };
    const into = () => {
      const [top, bottom, view] = [at * height, (at + 1) * height, list.clientHeight];
      if (top < list.scrollTop - view || bottom > list.scrollTop + 2 * view) list.scrollTop = top - view / 3;
      else if (top < list.scrollTop) list.scrollTop = top;
      else if (bottom > list.scrollTop + view) list.scrollTop = bottom - view;
    };
    list.addEventListener("scroll", later, { passive: true });
    new ResizeObserver(() => {
      measure();
      space.style.height = `${shown.length * height}px`;
      later();
    }).observe(list);
    list.addEventListener("click", (event) => {
      const row = event.target.closest("[data-i]");
      if (row) onChoose(Number(row.dataset.i), true);
    });
    list.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const page = Math.max(1, Math.floor(list.clientHeight / height) - 1);
      const moves = { ArrowUp: at - 1, ArrowDown: at + 1, PageUp: at - page, PageDown: at + page, Home: 0, End: shown.length - 1 };
      if (event.key === "Enter" && at >= 0) {
        event.preventDefault();
        onOpen();
      } else if (event.key in moves && shown.length) {
        event.preventDefault();
        onChoose(shown[Math.max(0, Math.min(shown.length - 1, moves[event.key]))], false);
      }
    });
    return {
      show(next) {
        const kept = at >= 0 ? shown[at] : -1;
        shown = next;
        at = kept < 0 ? -1 : shown.indexOf(kept);
        measure();
        space.style.height = `${shown.length * height}px`;
        list.hidden = shown.length === 0;
        if (at >= 0) into();
        later();
      },
      choose(i) {
        at = shown.indexOf(i);
        if (at >= 0) into();
        later();
        return at >= 0;
      },
      step: (by) => (shown.length ? shown[Math.max(0, Math.min(shown.length - 1, at + by))] : -1),
      later,
    };
  };

  const start = (c) => {
    const form = $("filters");
    const search = entries.searcher(c);
    const dated = { min: Infinity, max: -Infinity };
    for (let i = 0; i < c.n; i += 1) {
      if (c.start[i] < dated.min) dated.min = c.start[i];
      if (c.end[i] > dated.max) dated.max = c.end[i];
    }
    if (c.captured !== null && c.captured > dated.max) dated.max = c.captured;
    if (!(dated.min < dated.max)) Object.assign(dated, { min: (dated.min || 0) - 1000, max: (dated.min || 0) + 1000 });
    if (!Number.isFinite(dated.min)) Object.assign(dated, { min: 0, max: 1000 });
    const margin = (dated.max - dated.min) * 0.01;
    const whole = { from: dated.min - margin, to: dated.max + margin };
    let state = { hits: new Int32Array(0), shown: new Int32Array(0), min: whole.from, max: whole.to, ...whole, chosen: -1 };

    const build = (i) => {
      const [kind, layer, severity] = c.sorts[c.sort[i]];
      const window_ = c.from !== null && c.start[i] >= c.from && (c.to === null || c.start[i] <= c.to);
      const row = element("div", `row${window_ ? " in-window" : ""}${i === c.first ? " first-anomaly" : ""}`);
      row.id = `row-${i}`;
      row.dataset.i = i;
      row.setAttribute("role", "option");
      const stamp = entries.stamp(c, i);
      const end = entries.ending(c, i);
      const time = row.appendChild(element("span", "time", stamp.slice(11) || stamp));
      const day = stamp.slice(0, 10);
      time.append(element("small", "", end ? `to ${end.slice(0, 10) === day ? end.slice(11) : end}` : day));
      const sev = row.appendChild(element("span", "sev"));
      sev.append(element("span", `tag sev-${slug(severity)}`, severity), element("small", "", layer));
      const what = row.appendChild(element("span", "what"));
      const text = what.appendChild(element("span", "text"));
      if (i === c.first) text.append(element("b", "mark", "First anomaly "));
      text.append(c.texts[c.text[i]]);
      if (c.count.has(i)) text.append(" ", element("b", "", `×${number(c.count.get(i))}`));
      const notes = [kind, entries.name(c, i)];
      if (c.raw.has(i)) notes.push(`written as ${c.raw.get(i)}`);
      what.append(element("small", "", notes.join(" · ")));
      return row;
    };

    /** Everything that is known of an entry, with its quotes. */
    const tell = (i) => {
      const page = $("entry");
      const [kind, layer, severity] = c.sorts[c.sort[i]];
      const out = [];
      const title = element("h3", "", c.texts[c.text[i]]);
      title.prepend(element("span", `tag sev-${slug(severity)}`, severity), " ");
      out.push(title);
      const facts = element("dl", "facts");
      const fact = (name, value) => {
        if (!value) return;
        const div = facts.appendChild(element("div"));
        div.append(element("dt", "", name));
        div.appendChild(element("dd")).append(value);
      };
      fact("Time (UTC)", entries.stamp(c, i));
      fact("To", entries.ending(c, i));
      fact("Written as", c.raw.get(i) ?? entries.stamp(c, i));
      fact("Assumed", c.assumed.get(i));
      fact("Times", c.count.has(i) ? number(c.count.get(i)) : "");
      fact("Kind", `${kind}, ${layer}`);
      const anchor = c.subjects[c.subject[i]][3];
      const object = element(anchor ? "a" : "span", "", entries.name(c, i));
      if (anchor) object.href = `#${anchor}`;
      fact("Object", object);
      const file = c.files[c.file[i]];
      if (file) fact("Written in", element("code", "", c.line[i] ? `${file}:${c.line[i]}` : file));
      const link = element("a", "", "link to this entry");
      link.href = `#t-${entries.anchor(c, i)}`;
      fact("Link", link);
      out.push(facts);
      const cites = c.cites.get(i) ?? [];
      if (!cites.length) out.push(element("p", "note", "Not quoted in this page; its place is named above."));
      for (const cite of cites) {
        if (typeof cite === "number") {
          out.push(figure(...c.quotes[cite]));
          continue;
        }
        const there = $(cite);
        if (!there) continue;
        const copy = there.cloneNode(true);
        copy.removeAttribute("id");
        copy.classList.remove("aside");
        const to = element("a", "", "in the evidence section");
        to.href = `#${cite}`;
        copy.querySelector("figcaption").append(" ", to);
        out.push(copy);
      }
      page.replaceChildren(...out);
      page.scrollTop = 0;
    };

    const iso = (ms) => entries.iso(ms, state.to - state.from < 60_000).replace("T", " ").replace("Z", "");
    const isWhole = () => state.from <= whole.from && state.to >= whole.to;
    const refresh = (again) => {
      if (again) {
        state.hits = entries.filter(c, search, {
          text: $("f-text").value, layer: $("f-layer").value, kind: $("f-kind").value,
          namespace: $("f-namespace").value, rank: Number($("f-severity").value),
        });
      }
      // Undated entries lie in no stretch of time, and in all of it.
      state.shown = isWhole() ? state.hits : entries.within(c, state.hits, state.from, state.to);
      $("f-count").textContent = `${number(state.shown.length)} of ${number(c.n)} entries, ${iso(state.from)} to ${iso(state.to)} UTC.`;
      $("f-none").hidden = state.shown.length > 0;
      for (const [id, ms] of [["f-from", state.from], ["f-to", state.to]]) {
        if (document.activeElement !== $(id)) $(id).value = iso(ms);
        $(id).removeAttribute("aria-invalid");
      }
      chart.show(state, $("f-lanes").value);
      list.show(state.shown);
    };
    let asked = 0;
    let filters = false;
    const later = (again) => {
      filters ||= again;
      asked ||= requestAnimationFrame(() => {
        asked = 0;
        const all = filters;
        filters = false;
        refresh(all);
      });
    };
    const range = (from, to) => {
      const span = Math.min(Math.max(to - from, 20), whole.to - whole.from);
      const middle = (from + to) / 2;
      const left = Math.max(whole.from, Math.min(whole.to - span, middle - span / 2));
      state = { ...state, from: left, to: left + span };
      later(false);
    };
    const all = () => range(whole.from, whole.to);
    const incident = () => {
      if (c.from === null) return all();
      const end = c.to ?? c.captured ?? dated.max;
      const lead = Math.max(600_000, (end - c.from) / 3);
      return range(c.from - lead, end + lead / 6);
    };
    const choose = (i, near) => {
      if (i < 0) return;
      state = { ...state, chosen: i };
      if (!list.choose(i)) {
        // A filter or the zoom hides it: what was asked for wins.
        if (!state.hits.includes(i)) {
          form.reset();
          refresh(true);
        }
        if (!(c.start[i] >= state.from && c.start[i] <= state.to)) {
          const half = (state.to - state.from) / 2;
          range(c.start[i] - half, c.start[i] + half);
          refresh(false);
        }
        list.choose(i);
      }
      tell(i);
      chart.show(state, $("f-lanes").value);
      if (near) $("entry").scrollIntoView({ block: "nearest" });
    };
    const open = () => {
      if (state.chosen < 0) return;
      $("entry").focus();
    };
    const list = virtual(build, choose, open);
    const chart = coldcase.chart(c, { range, choose: (i) => choose(i, true), all, incident, open, step: (by) => choose(list.step(by), false) });

    let typing = 0;
    form.addEventListener("input", (event) => {
      if (event.target.classList.contains("when")) return;
      clearTimeout(typing);
      if (event.target.id === "f-text") typing = setTimeout(later, 60, true);
      else later(true);
    });
    form.addEventListener("change", (event) => {
      if (!event.target.classList.contains("when")) return;
      const time = (id) => Date.parse(`${$(id).value.trim().replace(" ", "T").replace(/Z?$/, "Z")}`);
      const [from, to] = [time("f-from"), time("f-to")];
      if (from < to) range(from, to);
      else event.target.setAttribute("aria-invalid", "true");
    });
    form.addEventListener("reset", () =>
      setTimeout(() => {
        all();
        later(true);
      }),
    );
    form.addEventListener("submit", (event) => event.preventDefault());
    $("f-lanes").addEventListener("change", () => later(true));
    $("z-incident").hidden = c.from === null;
    $("z-incident").addEventListener("click", incident);
    $("z-all").addEventListener("click", all);
    $("z-in").addEventListener("click", () => chart.zoom(0.5));
    $("z-out").addEventListener("click", () => chart.zoom(2));
    $("z-back").addEventListener("click", () => chart.pan(-0.3));
    $("z-on").addEventListener("click", () => chart.pan(0.3));
    $("entry").addEventListener("keydown", (event) => {
      if (event.key === "Escape") $("list").focus();
    });

    coldcase.open = (id) => {
      const i = id.startsWith("t-") ? entries.find(c, id.slice(2)) : -1;
      if (i < 0) return false;
      choose(i, false);
      $("list").scrollIntoView({ block: "center" });
      return true;
    };
    $("tl").hidden = false;
    document.documentElement.classList.add("with-script");
    incident();
    refresh(true);
    if (c.first !== null) {
      state = { ...state, chosen: c.first };
      list.choose(c.first);
      tell(c.first);
    }
  };

  entries
    .read()
    .then((c) => {
      if (c && $("tl")) start(c);
    })
    // An old browser keeps the plain table.
    .catch((error) => {
      document.documentElement.classList.remove("with-script");
      if ($("tl")) $("tl").hidden = true;
      console.warn(`timeline: ${error}`);
    })
    .finally(() => coldcase.reveal());
}
