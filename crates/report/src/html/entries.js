// The timeline's entries: columns read from the page, and which of them pass the filters.
{
  const { $ } = coldcase;

  /** The data's text: JSON as it is, or JSON that was deflated. */
  const unpack = async (data) => {
    if (typeof data !== "string") return data;
    const packed = atob(data);
    const bytes = new Uint8Array(packed.length);
    for (let i = 0; i < packed.length; i += 1) bytes[i] = packed.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return JSON.parse(await new Response(stream).text());
  };

  const pairs = (list) => new Map(list);
  const pad = (n, width) => String(n).padStart(width, "0");

  /** Columns in typed arrays; `n` entries, oldest first. */
  const columns = (data) => {
    const n = data.time.length;
    const start = new Float64Array(n);
    const end = new Float64Array(n);
    const rank = new Uint8Array(n);
    const layer = new Uint8Array(n);
    const sort = Uint16Array.from(data.sort);
    const subject = Uint32Array.from(data.subject);
    const text = Uint32Array.from(data.text);
    const layers = [...new Set(data.sorts.map((s) => s[1]))];
    const order = ["control-plane", "node", "storage", "network", "workload"];
    const place = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
    layers.sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
    const layerOf = data.sorts.map((s) => layers.indexOf(s[1]));
    let time = data.start;
    for (let i = 0; i < n; i += 1) {
      time += data.time[i];
      start[i] = time;
      end[i] = time;
      rank[i] = data.sorts[sort[i]][3];
      layer[i] = layerOf[sort[i]];
    }
    for (const [i, span] of data.span) end[i] = start[i] + Math.max(0, span);
    const undated = new Set(data.odd.map(([i]) => i));
    for (const i of undated) {
      start[i] = NaN;
      end[i] = NaN;
    }
    return {
      n, start, end, rank, layer, sort, subject, text, layers, undated,
      sorts: data.sorts, subjects: data.subjects, texts: data.texts, files: data.files,
      file: data.file, line: data.line, quotes: data.quotes, first: data.first, total: data.total,
      from: data.from, to: data.to, captured: data.captured,
      count: pairs(data.count), raw: pairs(data.raw), odd: pairs(data.odd),
      assumed: pairs(data.assumed), anchors: pairs(data.anchors), cites: pairs(data.cites),
    };
  };

  /** `2026-07-07T02:42:31.417Z`, without the fraction where none is known. */
  const iso = (ms, fraction) => {
    const text = new Date(ms).toISOString();
    return fraction ? text : text.replace(/\.\d+Z$/, "Z");
  };
  const fraction = (c, i) => c.sorts[c.sort[i]][4];
  const stamp = (c, i) => (c.undated.has(i) ? c.odd.get(i) : iso(c.start[i], fraction(c, i)));
  const ending = (c, i) => (c.end[i] > c.start[i] ? iso(c.end[i], fraction(c, i)) : "");
  const name = (c, i) => {
    const [kind, namespace, own] = c.subjects[c.subject[i]];
    return namespace ? `${kind} ${namespace}/${own}` : `${kind} ${own}`;
  };

  // Anchors are kind, time and name, numbered among equals: computed as the report computes them.
  const base = (c, i) =>
    `${c.sorts[c.sort[i]][0]}-${stamp(c, i)}-${c.subjects[c.subject[i]][2]}`.toLowerCase().replace(/[^a-z0-9]/gu, "-");
  const anchor = (c, i) => {
    if (c.anchors.has(i)) return c.anchors.get(i);
    const own = base(c, i);
    let number = 1;
    for (let j = i - 1; j >= 0 && c.start[j] === c.start[i]; j -= 1) {
      if (base(c, j) === own) number += 1;
    }
    return number === 1 ? own : `${own}-${number}`;
  };
  /** The entry with an anchor, or -1. */
  const find = (c, wanted) => {
    for (const [i, own] of c.anchors) if (own === wanted) return i;
    const plain = wanted.replace(/-\d{1,6}$/, "");
    for (let i = 0; i < c.n; i += 1) {
      const own = base(c, i);
      if ((own === wanted || own === plain) && anchor(c, i) === wanted) return i;
    }
    return -1;
  };

  /** Finds words in the texts, which are shared, instead of in every entry; each word once. */
  const searcher = (c) => {
    const sources = [
      { list: c.texts, said: (t) => t },
      { list: c.subjects, said: (s) => `${s[0]} ${s[1]}/${s[2]}` },
      { list: c.sorts, said: (s) => s.slice(0, 3).join(" ") },
    ];
    for (const source of sources) source.lower = [];
    // Small letters are made in small steps while nobody waits for them.
    const lower = (limit) => {
      let left = limit;
      for (const { list, said, lower: out } of sources) {
        while (out.length < list.length && left-- > 0) out.push(said(list[out.length]).toLowerCase());
      }
      return left > 0;
    };
    const ahead = () => lower(4000) || setTimeout(ahead, 20);
    setTimeout(ahead, 200);

    const known = new Map();
    const marks = (word) => {
      if (known.has(word)) return known.get(word);
      // Typing makes words longer: what lacks the begin of one lacks the word.
      const shorter = word.length > 1 ? known.get(word.slice(0, -1)) : undefined;
      const out = sources.map(({ lower: texts }, at) => {
        const before = shorter && shorter[at];
        const marked = new Uint8Array(texts.length);
        for (let k = 0; k < marked.length; k += 1) {
          if ((!before || before[k]) && texts[k].includes(word)) marked[k] = 1;
        }
        return marked;
      });
      if (known.size > 24) known.delete(known.keys().next().value);
      known.set(word, out);
      return out;
    };
    return (words) => {
      lower(Infinity);
      const hits = words.map(marks);
      return (i) => {
        for (const [texts, subjects, sorts] of hits) {
          if (!(texts[c.text[i]] || subjects[c.subject[i]] || sorts[c.sort[i]])) return false;
        }
        return true;
      };
    };
  };

  /** Positions of the entries that pass the filters, whatever their time. */
  const filter = (c, search, f) => {
    const words = f.text.toLowerCase().split(/\s+/).filter(Boolean);
    const has = words.length ? search(words) : null;
    const sorts = Uint8Array.from(c.sorts, ([kind, layer, , rank]) =>
      rank <= f.rank && (!f.kind || f.kind === kind) && (!f.layer || f.layer === layer) ? 1 : 0,
    );
    const subjects = Uint8Array.from(c.subjects, (s) => (!f.namespace || s[1] === f.namespace ? 1 : 0));
    const out = new Int32Array(c.n);
    let n = 0;
    for (let i = 0; i < c.n; i += 1) {
      if (sorts[c.sort[i]] && subjects[c.subject[i]] && (!has || has(i))) out[n++] = i;
    }
    return out.subarray(0, n);
  };

  /** Of those, the ones that touch a stretch of time. */
  const within = (c, list, from, to) => {
    const out = new Int32Array(list.length);
    let n = 0;
    for (const i of list) {
      if (c.start[i] <= to && c.end[i] >= from) out[n++] = i;
    }
    return out.subarray(0, n);
  };

  const read = async () => {
    const source = $("timeline-data");
    return source ? columns(await unpack(JSON.parse(source.textContent))) : null;
  };
  coldcase.entries = { read, iso, stamp, ending, name, anchor, find, searcher, filter, within, pad };
}
