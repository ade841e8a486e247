// What only a browser can tell about a report: that it opens from disk in silence, fits every
// window, answers to the keyboard, and can be read by everyone. Missing tools fail, never skip.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { launch } from "./browser.mjs";

const REPORT = process.env.COLDCASE_REPORT && resolve(process.env.COLDCASE_REPORT);
const DESKTOP = { width: 1400, height: 900 };

let browser;
let url;

before(async () => {
  assert.ok(REPORT, "COLDCASE_REPORT must name a report file");
  assert.ok(existsSync(REPORT), `no report at ${REPORT}`);
  url = pathToFileURL(REPORT).href;
  browser = await launch();
});

after(async () => browser?.close());

/** Opens the report, records everything it should not do, and closes it. */
async function visit({ fragment, ...options }, look) {
  const context = await browser.newContext({ viewport: DESKTOP, ...options });
  const noise = [];
  // The file itself is all there is: whatever else is asked for is refused, and told.
  await context.route(/^(?!file:|data:)/, (route) => {
    noise.push(`network: ${route.request().url()}`);
    return route.abort();
  });
  const page = await context.newPage();
  page.on("console", (message) => noise.push(`console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => noise.push(`page error: ${error.message}`));
  page.on("request", (request) => {
    const asked = request.url();
    if (asked.split("#")[0] !== url && !asked.startsWith("data:,")) noise.push(`request: ${asked}`);
  });
  try {
    await page.goto(url + (fragment ?? ""), { waitUntil: "load" });
    if (options.javaScriptEnabled !== false) {
      await page.waitForFunction(() => document.documentElement.classList.contains("with-script"), null, { timeout: 15_000 });
    }
    await look(page);
    return noise;
  } finally {
    await context.close();
  }
}

test("it opens in silence: no request, no console message, no error, no policy violation", async () => {
  const noise = await visit({}, async (page) => {
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
    await page.waitForTimeout(200);
  });
  assert.deepEqual(noise, []);
});

test("its policy stops what it did not bring", async () => {
  const noise = await visit({}, async (page) => {
    const ran = await page.evaluate(async () => {
      const script = document.createElement("script");
      script.textContent = "window.injected = true";
      document.body.append(script);
      const image = document.createElement("img");
      image.src = "https://example.invalid/x.png";
      document.body.append(image);
      await new Promise((done) => setTimeout(done, 100));
      return window.injected === true;
    });
    assert.equal(ran, false);
  });
  const refused = noise.filter((line) => /Content Security Policy/i.test(line));
  assert.ok(refused.length >= 2, noise.join("\n"));
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [360, 1400]) {
    test(`axe finds no violation in ${colorScheme} at ${width} px`, async () => {
      const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
      const options = { colorScheme, bypassCSP: true, viewport: { width, height: 900 } };
      await visit(options, async (page) => {
        // Folded parts count too.
        await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
        await page.addStyleTag({ content: "* { content-visibility: visible !important; }" });
        await page.addScriptTag({ content: axe });
        const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        const said = violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.html} ${n.failureSummary}`).join("\n  ")}`);
        assert.deepEqual(said, []);
      });
    });
  }
}

for (const width of [360, 768, 1400]) {
  test(`the page does not scroll sideways at ${width} px`, async () => {
    await visit({ viewport: { width, height: 900 } }, async (page) => {
      for (const folded of [true, false]) {
        const [content, window_] = await page.evaluate((closed) => {
          if (!closed) document.querySelectorAll("details").forEach((d) => (d.open = true));
          return [document.documentElement.scrollWidth, document.documentElement.clientWidth];
        }, folded);
        assert.ok(content <= window_, `${content} > ${window_}${folded ? "" : " with everything unfolded"}`);
      }
    });
  });
}

test("state, cause and first step are in the first screen", async () => {
  await visit({}, async (page) => {
    const verdict = await page.locator("#verdict").boundingBox();
    assert.ok(verdict && verdict.y + verdict.height <= DESKTOP.height, "the verdict is below the fold");
    assert.ok(await page.locator("#verdict .state").isVisible());
    if ((await page.locator(".cause").count()) > 0) {
      const cause = await page.locator(".cause h3").first().boundingBox();
      assert.ok(cause.y + cause.height <= DESKTOP.height, "the first cause is below the fold");
    }
  });
});

test("no id is given twice", async () => {
  await visit({}, async (page) => {
    const ids = await page.evaluate(() => [...document.querySelectorAll("[id]")].map((e) => e.id));
    assert.deepEqual(ids.filter((id, at) => ids.indexOf(id) !== at), []);
  });
});

test("every link inside the page leads somewhere", async () => {
  await visit({}, async (page) => {
    const dead = await page.evaluate(() =>
      [...document.querySelectorAll("a[href], use[href]")]
        .map((a) => a.getAttribute("href"))
        .filter((href) => !href.startsWith("#") || !document.getElementById(decodeURIComponent(href.slice(1)))),
    );
    assert.deepEqual(dead, []);
  });
});

test("a link to something folded opens it", async () => {
  await visit({}, async (page) => {
    const id = await page.evaluate(() => document.querySelector("#findings details .finding")?.id);
    if (!id) return;
    await page.evaluate((hash) => (location.hash = hash), `#${id}`);
    await page.waitForFunction((target) => document.getElementById(target).checkVisibility(), id);
  });
});

const count = (page) => page.locator("#f-count").textContent().then((text) => Number(text.split(" of ")[0].replaceAll(",", "")));
/** The page waits a moment for the next letter, then for the next frame. */
const settled = (page) =>
  page.evaluate(() => new Promise((done) => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 20))), 100)));

/** Presses Tab until an element has the focus. */
async function tabTo(page, id) {
  for (let n = 0; n < 800; n += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.id === wanted, id)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab never reaches #${id}`);
}

test("the timeline is found, filtered, walked and opened with the keyboard alone", async () => {
  const noise = await visit({}, async (page) => {
    await tabTo(page, "f-text");
    await page.locator("#z-all").click();
    await settled(page);
    const all = await count(page);
    assert.ok(all > 1, "the report has no timeline to filter");

    await page.locator("#f-text").focus();
    const word = await page.locator("#list .row .text").last().evaluate((e) => e.textContent.trim().split(/\s+/)[0]);
    await page.keyboard.type(word);
    await settled(page);
    const some = await count(page);
    assert.ok(some > 0 && some <= all, `${some} of ${all} entries after typing ${word}`);
    await page.keyboard.type(" no-such-text-anywhere");
    await settled(page);
    assert.equal(await count(page), 0);
    assert.ok(await page.locator("#f-none").isVisible());
    await page.locator("#filters button[type=reset]").press("Enter");
    await page.waitForFunction((n) => document.getElementById("f-count").textContent.replaceAll(",", "").startsWith(`${n} of`), all);

    await tabTo(page, "chart");
    const shown = () => page.locator("#f-count").textContent();
    const before_ = await shown();
    await page.keyboard.press("+");
    await settled(page);
    assert.notEqual(await shown(), before_, "+ does not zoom");
    const zoomed = await shown();
    await page.keyboard.press("ArrowRight");
    await settled(page);
    assert.notEqual(await shown(), zoomed, "an arrow does not move");
    await page.keyboard.press("0");
    await settled(page);
    assert.equal(await count(page), all);
    await page.keyboard.press("i");
    await settled(page);

    await page.keyboard.press("0");
    await settled(page);
    await tabTo(page, "list");
    await page.keyboard.press("Home");
    await settled(page);
    const chosen = () => page.locator('#list .row[aria-selected="true"]').getAttribute("aria-posinset");
    assert.equal(await chosen(), "1");
    await page.keyboard.press("ArrowDown");
    await settled(page);
    assert.equal(await chosen(), "2");
    assert.equal(
      await page.locator("#list").getAttribute("aria-activedescendant"),
      await page.locator('#list .row[aria-selected="true"]').getAttribute("id"),
    );
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "entry");
    const facts = await page.locator("#entry .facts").textContent();
    assert.ok(facts.includes("Time (UTC)") && facts.includes("Written as"), facts);
    await page.keyboard.press("Escape");
    assert.equal(await page.evaluate(() => document.activeElement.id), "list");
  });
  assert.deepEqual(noise, []);
});

test("the severity filter keeps what is as grave", async () => {
  await visit({}, async (page) => {
    await page.locator("#z-all").click();
    await settled(page);
    const all = await count(page);
    await page.selectOption("#f-severity", "2");
    await settled(page);
    assert.ok((await count(page)) < all || all < 3);
    const words = await page.locator("#list .row .tag").allTextContents();
    assert.ok(words.every((w) => ["critical", "high", "medium"].includes(w)), words.join(" "));
  });
});

test("a drag over the lanes zooms in, the strip moves it, a click tells the evidence", async () => {
  const noise = await visit({}, async (page) => {
    await page.locator("#z-all").click();
    await page.locator("#canvas").scrollIntoViewIfNeeded();
    await settled(page);
    const range = () => page.locator("#f-from").inputValue().then(async (from) => [from, await page.locator("#f-to").inputValue()]);
    const whole = await range();
    const box = await page.locator("#canvas").boundingBox();
    const y = box.y + 40;
    await page.mouse.move(box.x + box.width * 0.6, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, y, { steps: 5 });
    await page.mouse.move(box.x + box.width * 0.9, y, { steps: 5 });
    await page.mouse.up();
    await settled(page);
    const part = await range();
    assert.ok(part[0] > whole[0] && part[1] < whole[1], `${part} in ${whole}`);

    const strip = await page.locator("#strip").boundingBox();
    await page.mouse.move(strip.x + strip.width * 0.1, strip.y + 15);
    await page.mouse.down();
    await page.mouse.move(strip.x + strip.width * 0.5, strip.y + 15, { steps: 8 });
    await page.mouse.up();
    await settled(page);
    const brushed = await range();
    assert.ok(brushed[0] < part[0] && brushed[1] < part[1], `${brushed} before ${part}`);

    await page.locator("#z-all").click();
    await settled(page);
    const lanes = await page.locator("#canvas").boundingBox();
    let told = false;
    for (let x = lanes.width * 0.2; x < lanes.width && !told; x += 5) {
      await page.mouse.move(lanes.x + x, lanes.y + 34);
      told = await page.locator("#tip").isVisible();
    }
    assert.ok(told, "no bar of the first lane tells what it is");
    await page.locator("#list .row").first().click();
    assert.ok((await page.locator("#entry h3").textContent()).length > 3);
    const link = await page.locator("#entry a[href^='#t-']").getAttribute("href");
    const text = await page.locator("#entry h3").textContent();

    // The same link, in another visit, leads to the same entry.
    await visit({ fragment: link }, async (again) => {
      assert.equal(await again.locator("#entry h3").textContent(), text);
    });
  });
  assert.deepEqual(noise, []);
});

test("fingers move and zoom the timeline", async () => {
  await visit({ hasTouch: true, viewport: { width: 390, height: 844 } }, async (page) => {
    await page.locator("#canvas").scrollIntoViewIfNeeded();
    await page.evaluate(() => document.getElementById("z-in").click());
    await settled(page);
    const from = () => page.locator("#f-from").inputValue();
    const start = await from();
    await page.evaluate(async () => {
      const canvas = document.getElementById("canvas");
      canvas.setPointerCapture = () => {};
      const box = canvas.getBoundingClientRect();
      const send = (type, id, x) =>
        canvas.dispatchEvent(new PointerEvent(type, { pointerId: id, pointerType: "touch", clientX: box.left + x, clientY: box.top + 50, bubbles: true }));
      send("pointerdown", 1, 250);
      for (let x = 250; x > 180; x -= 10) send("pointermove", 1, x);
      send("pointerup", 1, 180);
    });
    await settled(page);
    const moved = await from();
    assert.notEqual(moved, start, "one finger does not move it");
    await page.evaluate(async () => {
      const canvas = document.getElementById("canvas");
      const box = canvas.getBoundingClientRect();
      const send = (type, id, x) =>
        canvas.dispatchEvent(new PointerEvent(type, { pointerId: id, pointerType: "touch", clientX: box.left + x, clientY: box.top + 50, bubbles: true }));
      send("pointerdown", 1, 200);
      send("pointerdown", 2, 260);
      for (let d = 0; d < 60; d += 10) send("pointermove", 2, 260 + d);
      send("pointerup", 2, 310);
      send("pointerup", 1, 200);
    });
    await settled(page);
    assert.notEqual(await from(), moved, "two fingers do not zoom");
  });
});

test("a claim leads to its quote, a subject to its object, an edge to its evidence", async () => {
  const noise = await visit({}, async (page) => {
    const cause = page.locator(".cause").first();
    if ((await cause.count()) === 0) return;
    const cite = cause.locator("a.cite").first();
    if ((await cite.count()) > 0) {
      const place = await cite.getAttribute("title");
      const target = (await cite.getAttribute("href")).slice(1);
      await cite.focus();
      await page.keyboard.press("Enter");
      await page.waitForFunction((id) => location.hash === `#${id}`, target);
      const figure = page.locator(`[id="${target}"]`);
      assert.ok(await figure.isVisible());
      assert.ok((await figure.locator("figcaption").textContent()).includes(place));
      const box = await figure.boundingBox();
      assert.ok(box.y < DESKTOP.height && box.y + box.height > 0, "the quote is out of sight");
    }
    const object = cause.locator("a.obj").first();
    if ((await object.count()) > 0) {
      const target = (await object.getAttribute("href")).slice(1);
      await object.click();
      await page.waitForFunction((id) => document.getElementById(id).open, target);
      assert.ok(target.startsWith("object-"));
    }
    const edge = page.locator(".graph a.edge").first();
    if ((await edge.count()) > 0) {
      const target = (await edge.getAttribute("href")).slice(1);
      await edge.focus();
      await page.keyboard.press("Enter");
      await page.waitForFunction((id) => document.getElementById(id).checkVisibility(), target);
      assert.ok((await page.locator(`[id="${target}"] code`).count()) > 0, "the edge names no rule");
    }
  });
  assert.deepEqual(noise, []);
});

test("everything that answers to a click answers to the keyboard", async () => {
  await visit({}, async (page) => {
    const silent = await page.evaluate(() =>
      [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
        .filter((e) => e.checkVisibility() && e.tabIndex < 0)
        .map((e) => e.outerHTML.slice(0, 120)),
    );
    assert.deepEqual(silent, []);
    // Tab goes down the page, never back up.
    const order = await page.evaluate(() => [...document.querySelectorAll("[tabindex]")].every((e) => e.tabIndex <= 0));
    assert.ok(order);
  });
});

test("it is complete without JavaScript", async () => {
  const noise = await visit({ javaScriptEnabled: false }, async (page) => {
    assert.ok(await page.locator("#verdict h1").isVisible());
    assert.ok(await page.locator("#timeline-table tr.entry").first().isVisible());
    assert.ok(/\d+ (of [\d,]+ )?entries|most important of/.test(await page.locator("#tl-plain").textContent()));
    assert.equal(await page.locator("#tl").isVisible(), false);
    const cite = page.locator("main a.cite:visible").first();
    if ((await cite.count()) > 0) {
      const target = (await cite.getAttribute("href")).slice(1);
      await cite.click();
      assert.ok(await page.locator(`[id="${target}"]`).isVisible());
    }
    const object = page.locator("#objects summary").first();
    if ((await object.count()) > 0) {
      await object.click();
      assert.ok(await page.locator("#objects .page").first().isVisible());
    }
  });
  assert.deepEqual(noise, []);
});

test("printing gives a clean post-mortem", async () => {
  await visit({}, async (page) => {
    const pdf = await page.pdf({ format: "A4", printBackground: true });
    assert.equal(pdf.subarray(0, 5).toString(), "%PDF-");
    await page.emulateMedia({ media: "print" });
    for (const tool of ["nav", "#tl", "#objects"]) assert.equal(await page.locator(tool).first().isVisible(), false, tool);
    for (const part of ["#verdict", "#checklist", "#postmortem", "#timeline-table"]) assert.ok(await page.locator(part).isVisible(), part);
    const closed = await page.evaluate(() => {
      window.dispatchEvent(new Event("beforeprint"));
      return document.querySelectorAll("details:not([open]):not(.object)").length;
    });
    assert.equal(closed, 0);
  });
});
