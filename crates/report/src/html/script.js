"use strict";
(() => {
  const $ = (id) => document.getElementById(id);

  // A link into a folded part opens it; printing opens everything.
  const reveal = () => {
    const target = $(decodeURIComponent(location.hash.slice(1)));
    for (let e = target; e; e = e.parentElement) {
      if (e.tagName === "DETAILS") e.open = true;
    }
    if (target && target.hidden) reset();
    if (target) target.scrollIntoView();
  };
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const d of folded) d.open = true;
  });
  addEventListener("afterprint", () => {
    for (const d of folded) d.open = false;
  });

  const form = $("filters");
  const table = $("timeline-table");
  let rows = [];
  const index = () => {
    rows = [...table.querySelectorAll("tr.entry")].map((tr) => ({ tr, text: tr.textContent.toLowerCase() }));
  };
  const number = (n) => n.toLocaleString("en-US");

  const apply = () => {
    const words = $("f-text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const layer = $("f-layer").value;
    const kind = $("f-kind").value;
    const namespace = $("f-namespace").value;
    const rank = Number($("f-severity").value);
    const windowed = $("f-window").checked;
    let shown = 0;
    for (const { tr, text } of rows) {
      const d = tr.dataset;
      const ok =
        Number(d.rank) <= rank &&
        (!layer || d.layer === layer) &&
        (!kind || d.kind === kind) &&
        (!namespace || d.namespace === namespace) &&
        (!windowed || tr.classList.contains("in-window")) &&
        words.every((w) => text.includes(w));
      if (tr.hidden === ok) tr.hidden = !ok;
      if (ok) shown += 1;
    }
    for (const body of table.tBodies) {
      body.hidden = !body.querySelector("tr.entry:not([hidden])");
    }
    $("f-count").textContent = `${number(shown)} of ${number(rows.length)} entries`;
    $("f-none").hidden = shown > 0;
  };
  const reset = () => {
    if (form) {
      form.reset();
      apply();
    }
  };

  const element = (tag, className, text) => {
    const e = document.createElement(tag);
    if (className) e.className = className;
    if (text !== undefined) e.textContent = text;
    return e;
  };
  const slug = (word) => word.toLowerCase().replace(/[^a-z0-9]/g, "-").slice(0, 24);

  const build = (r) => {
    const tr = element("tr", "entry" + (r.window ? " in-window" : "") + (r.first ? " first-anomaly" : ""));
    tr.id = "t-" + r.anchor;
    Object.assign(tr.dataset, { at: r.at, layer: r.layer, kind: r.kind, rank: r.rank, namespace: r.namespace });
    const time = tr.appendChild(element("td", "time", r.clock));
    if (r.end) time.append(element("span", "end", "to " + r.end));
    tr.append(element("td", "layer", r.layer));
    tr.appendChild(element("td")).append(element("span", "tag sev-" + slug(r.severity), r.severity));
    const what = tr.appendChild(element("td", "what", r.text + (r.count ? " ×" + r.count : "") + " "));
    const notes = [r.kind, r.subject];
    if (r.raw) notes.push("written as " + r.raw);
    if (r.assumed) notes.push("assumed: " + r.assumed);
    what.append(element("small", "", notes.join(" · ")));
    const cites = tr.appendChild(element("td"));
    for (const [anchor, short] of r.cites) {
      const a = element("a", "cite", short);
      a.href = "#" + anchor;
      cites.append(a, " ");
    }
    return tr;
  };

  // Rows and data are both in order of time: merge them day by day.
  const addRest = () => {
    const bodies = new Map([...table.tBodies].map((b) => [b.dataset.day, b]));
    const fresh = new Map();
    for (const r of JSON.parse($("timeline-data").textContent)) {
      if (!fresh.has(r.day)) fresh.set(r.day, []);
      fresh.get(r.day).push(build(r));
    }
    for (const [day, list] of fresh) {
      let body = bodies.get(day);
      if (!body) {
        body = element("tbody");
        body.dataset.day = day;
        const head = element("th", "", day);
        head.scope = "rowgroup";
        head.colSpan = 5;
        body.appendChild(element("tr", "day")).append(head);
        bodies.set(day, body);
      }
      const at = (tr) => Number(tr.dataset.at);
      const all = [...body.querySelectorAll("tr.entry"), ...list].sort((a, b) => at(a) - at(b));
      body.append(...all);
    }
    const first = (body) => Number(body.querySelector("tr.entry").dataset.at);
    table.append(...[...bodies.values()].sort((a, b) => first(a) - first(b)));
  };

  if (form && table) {
    index();
    form.hidden = false;
    let waiting = 0;
    const later = () => {
      cancelAnimationFrame(waiting);
      waiting = requestAnimationFrame(apply);
    };
    form.addEventListener("input", later);
    form.addEventListener("reset", () => setTimeout(apply));
    form.addEventListener("submit", (e) => e.preventDefault());
    const more = $("f-more");
    if (more) {
      more.addEventListener("click", () => {
        addRest();
        index();
        apply();
        more.remove();
        $("f-text").focus();
      });
    }
  }
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
})();
