// What only a browser can tell about a report: that it opens from disk in silence, fits every
// window, answers to the keyboard, and can be read by everyone. Missing tools fail, never skip.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium";
const REPORT = process.env.COLDCASE_REPORT && resolve(process.env.COLDCASE_REPORT);
const DESKTOP = { width: 1400, height: 900 };
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let browser;
let url;

before(async () => {
  assert.ok(REPORT, "COLDCASE_REPORT must name a report file");
  assert.ok(existsSync(REPORT), `no report at ${REPORT}`);
  assert.ok(existsSync(CHROMIUM), `no browser at ${CHROMIUM}; set CHROMIUM`);
  url = pathToFileURL(REPORT).href;
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
});

after(async () => browser?.close());

/** Opens the report, records everything it should not do, and closes it. */
async function visit(options, look) {
  const context = await browser.newContext({ viewport: DESKTOP, ...options });
  const page = await context.newPage();
  const noise = [];
  page.on("console", (message) => noise.push(`console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => noise.push(`page error: ${error.message}`));
  page.on("request", (request) => {
    const asked = request.url();
    if (asked.split("#")[0] !== url && !asked.startsWith("data:,")) noise.push(`request: ${asked}`);
  });
  try {
    await page.goto(url, { waitUntil: "load" });
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
    test(`axe finds nothing serious in ${colorScheme} at ${width} px`, async () => {
      const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
      const options = { colorScheme, bypassCSP: true, viewport: { width, height: 900 } };
      await visit(options, async (page) => {
        // Folded parts count too.
        await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
        await page.addScriptTag({ content: axe });
        const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        const bad = violations.filter((v) => ["serious", "critical"].includes(v.impact));
        const said = bad.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.html} ${n.failureSummary}`).join("\n  ")}`);
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

test("the timeline filter works from the keyboard", async () => {
  await visit({}, async (page) => {
    const rows = page.locator("#timeline-table tr.entry");
    assert.ok((await rows.count()) > 1, "the report has no timeline to filter");
    const visible = () => page.locator("#timeline-table tr.entry:visible").count();
    const all = await visible();
    await page.evaluate(() => document.querySelector("#timeline-h").scrollIntoView());

    // Tab from the top until the search field has the focus.
    let reached = false;
    for (let n = 0; n < 400 && !reached; n += 1) {
      await page.keyboard.press("Tab");
      reached = await page.evaluate(() => document.activeElement?.id === "f-text");
    }
    assert.ok(reached, "Tab never reaches the search field");

    const word = await rows.last().locator("td.what").evaluate((td) => td.textContent.trim().split(/\s+/)[0]);
    await page.keyboard.type(word);
    await page.waitForFunction((n) => document.querySelectorAll("#timeline-table tr.entry:not([hidden])").length < n, all);
    const some = await visible();
    assert.ok(some > 0 && some < all, `${some} of ${all} rows after typing ${word}`);
    assert.ok((await page.locator("#f-count").textContent()).startsWith(`${some.toLocaleString("en-US")} of `));

    await page.keyboard.type(" no-such-text-anywhere");
    await page.waitForFunction(() => !document.getElementById("f-none").hidden);
    assert.equal(await visible(), 0);

    await page.locator("#filters button[type=reset]").press("Enter");
    await page.waitForFunction((n) => document.querySelectorAll("#timeline-table tr.entry:not([hidden])").length === n, all);

    await page.selectOption("#f-severity", "1");
    await page.waitForTimeout(100);
    const severe = await page.locator("#timeline-table tr.entry:visible").evaluateAll((list) => list.map((tr) => Number(tr.dataset.rank)));
    assert.ok(severe.every((rank) => rank <= 1), "a filtered row is less severe than asked");
  });
});

test("left-out entries can be added in order", async () => {
  const noise = await visit({}, async (page) => {
    const more = page.locator("#f-more");
    if ((await more.count()) === 0) return;
    const before_ = await page.locator("tr.entry").count();
    await more.press("Enter");
    const order = await page.locator("tr.entry").evaluateAll((list) => list.map((tr) => Number(tr.dataset.at)));
    assert.ok(order.length > before_);
    assert.deepEqual(order, order.toSorted((a, b) => a - b));
  });
  assert.deepEqual(noise, []);
});

test("it is complete without JavaScript", async () => {
  const noise = await visit({ javaScriptEnabled: false }, async (page) => {
    assert.ok(await page.locator("#verdict h1").isVisible());
    assert.ok(await page.locator("#timeline-table tr.entry").first().isVisible());
    assert.equal(await page.locator("#filters").isVisible(), false);
  });
  assert.deepEqual(noise, []);
});

test("printing unfolds everything and hides the tools", async () => {
  await visit({}, async (page) => {
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator("nav").isVisible(), false);
    assert.equal(await page.locator("#filters").isVisible(), false);
    const closed = await page.evaluate(() => {
      window.dispatchEvent(new Event("beforeprint"));
      return document.querySelectorAll("details:not([open])").length;
    });
    assert.equal(closed, 0);
  });
});
