// Hostile text in a browser: the HTML report and the Markdown as a lenient renderer shows it run nothing, ask for nothing
// and lead nowhere. Missing tools fail, never skip.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import { marked } from "marked";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium";
const HERE = dirname(fileURLToPath(import.meta.url));
const HTML = process.env.COLDCASE_HOSTILE_HTML && resolve(process.env.COLDCASE_HOSTILE_HTML);
const MARKDOWN = process.env.COLDCASE_HOSTILE_MD && resolve(process.env.COLDCASE_HOSTILE_MD);
const PAYLOADS = JSON.parse(readFileSync(resolve(HERE, "../hostile/payloads.json"), "utf8"));
const ARGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"];

let browser;

before(async () => {
  for (const file of [HTML, MARKDOWN]) assert.ok(file && existsSync(file), "COLDCASE_HOSTILE_HTML and _MD must name reports");
  assert.ok(existsSync(CHROMIUM), `no browser at ${CHROMIUM}; set CHROMIUM`);
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
});

after(async () => browser?.close());

/** Opens a page that tells when anything runs, asks, opens or leads away; gives what it told. */
async function watch(open, look, options = {}) {
  const context = await browser.newContext(options);
  const told = [];
  // What a payload calls is there, so that it need not fail to be noticed.
  await context.addInitScript(() => {
    window.ran = [];
    for (const name of ["alert", "confirm", "prompt", "print", "open"]) window[name] = (text) => window.ran.push(`${name} ${text}`);
  });
  const page = await context.newPage();
  page.on("dialog", async (dialog) => {
    told.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on("console", (message) => told.push(`console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => told.push(`page error: ${error.message}`));
  page.on("popup", (popup) => told.push(`popup: ${popup.url()}`));
  context.on("page", (other) => other !== page && told.push(`page: ${other.url()}`));
  let own;
  page.on("request", (request) => {
    const url = request.url();
    if (url.split("#")[0] !== own && !url.startsWith("data:,") && url !== "about:blank") told.push(`request: ${url.slice(0, 200)}`);
  });
  page.on("framenavigated", (frame) => {
    if (frame !== page.mainFrame()) told.push(`frame: ${frame.url()}`);
  });
  own = await open(page, (url) => (own = url));
  await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  await page.waitForTimeout(300);
  told.push(...(await page.evaluate(() => window.ran)));
  await look(page);
  await context.close();
  return told;
}

const openReport = async (page, own) => {
  own(pathToFileURL(HTML).href);
  await page.goto(pathToFileURL(HTML).href, { waitUntil: "load" });
  return pathToFileURL(HTML).href;
};

/** Elements and attributes of a document that can do something. */
const active = () => {
  const found = [];
  for (const element of document.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      const leads = ["href", "src", "xlink:href", "action", "formaction", "srcdoc", "data", "poster", "background"].includes(name);
      if (name.startsWith("on")) found.push(`${element.tagName} ${name}=${value}`);
      if (leads && !value.startsWith("#") && !value.startsWith("data:,")) found.push(`${element.tagName} ${name}=${value}`);
    }
  }
  for (const element of document.querySelectorAll("iframe, object, embed, img, video, audio, form[action], base, link[rel=stylesheet]"))
    found.push(element.outerHTML.slice(0, 120));
  return found;
};

/** What a reader may see of a payload: no escape sequences, controls as U+FFFD, white space as one space. */
function shown(text) {
  return text
    .replace(/\x1b\[[0-9;]*m/g, "")
    .replace(/\x1b\].*?\x07/g, "")
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200e\u200f]/g, "\ufffd")
    .replace(/\s+/g, " ");
}

for (const javaScriptEnabled of [true, false]) {
  test(`the HTML report does nothing that a text asks for, ${javaScriptEnabled ? "with" : "without"} its own script`, async () => {
    const options = { javaScriptEnabled };
    if (!javaScriptEnabled) {
      // Nothing can be asked inside the page, so the text alone is looked at.
      const context = await browser.newContext(options);
      const page = await context.newPage();
      const asked = [];
      page.on("request", (request) => asked.push(request.url()));
      await page.goto(pathToFileURL(HTML).href, { waitUntil: "load" });
      assert.deepEqual(asked.filter((url) => !url.startsWith("file:") && !url.startsWith("data:,")), []);
      const text = (await page.locator("body").innerText()).replace(/\s+/g, " ");
      assert.ok(text.includes("x-script"));
      await context.close();
      return;
    }
    const told = await watch(openReport, async (page) => {
      assert.deepEqual(await page.evaluate(active), []);
      const scripts = await page.evaluate(() => [...document.scripts].map((s) => [s.type, s.textContent.length > 0]));
      assert.ok(scripts.length > 0 && scripts.every(([, full]) => full));
      const texts = await page.evaluate(() => document.documentElement.textContent.replace(/\s+/g, " "));
      const data = await page.evaluate(() =>
        [...document.querySelectorAll("script[type='application/json']")].map((s) => JSON.stringify(JSON.parse(s.textContent))).join(" "),
      );
      for (const [name, payload] of Object.entries(PAYLOADS)) {
        const text = shown(payload);
        const quoted = JSON.stringify(text).slice(1, -1);
        assert.ok(texts.includes(text) || data.includes(quoted), `${name} is lost: ${text}`);
      }
    }, options);
    assert.deepEqual(told, []);
  });
}

test("its links lead to parts of itself, also when they are followed", async () => {
  const told = await watch(openReport, async (page) => {
    const hrefs = await page.evaluate(() => [...document.querySelectorAll("a[href]")].map((a) => a.getAttribute("href")));
    assert.ok(hrefs.length > 0 && hrefs.every((href) => href.startsWith("#")), hrefs.filter((h) => !h.startsWith("#")).join());
    for (const href of [...new Set(hrefs)].slice(0, 40)) await page.evaluate((to) => (location.hash = to), href);
    // A link somebody sends: its fragment is text too.
    await page.evaluate(() => (location.hash = "#<img src=x onerror=alert(1)>"));
    await page.evaluate(() => (location.hash = "#finding-%3Cscript%3Ealert(1)%3C/script%3E"));
    await page.waitForTimeout(100);
    assert.deepEqual(await page.evaluate(() => window.ran), []);
  });
  assert.deepEqual(told, []);
});

test("typed into its filters, hostile text stays text", async () => {
  const told = await watch(openReport, async (page) => {
    for (const input of await page.locator("input[type=text], input[type=search]").all()) {
      if (!(await input.isVisible())) continue;
      for (const payload of Object.values(PAYLOADS)) await input.fill(shown(payload).replace(/\ufffd/g, ""));
      await input.fill("");
    }
    assert.deepEqual(await page.evaluate(() => window.ran), []);
  });
  assert.deepEqual(told, []);
});

test("Markdown with raw HTML allowed, before any sanitising, does nothing", async () => {
  const markdown = readFileSync(MARKDOWN, "utf8");
  assert.ok([...markdown].length <= 65_536, "too long for an issue");
  const body = marked.parse(markdown, { gfm: true, async: false });
  const open = async (page) => {
    await page.setContent(`<!doctype html><meta charset="utf-8"><title>issue</title>${body}`, { waitUntil: "load" });
    return "about:blank";
  };
  const told = await watch(open, async (page) => {
    assert.deepEqual(await page.evaluate(active), []);
    const tags = await page.evaluate(() => [...new Set([...document.body.querySelectorAll("*")].map((e) => e.tagName.toLowerCase()))]);
    const known = "h1 h2 h3 h4 p ul ol li strong em code pre table thead tbody tr th td".split(" ");
    assert.deepEqual(tags.filter((tag) => !known.includes(tag)), []);
    const text = await page.evaluate(() => document.body.textContent.replace(/\s+/g, " "));
    for (const [name, payload] of Object.entries(PAYLOADS)) assert.ok(text.includes(shown(payload)), `${name} is lost`);
  });
  assert.deepEqual(told, []);
});
