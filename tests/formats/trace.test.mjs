// Trace events in a viewer: speedscope, from disk and without a network, shows the lanes and ranges of a report.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import { chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium";
const COLDCASE = process.env.COLDCASE && resolve(process.env.COLDCASE);
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const VIEWER = join(dirname(createRequire(import.meta.url).resolve("speedscope/package.json")), "dist/release/index.html");

for (const bundle of ["samples/i19-image-tag-missing", "tests/hostile/bundle"]) {
  test(`a trace viewer opens the timeline of ${bundle}`, async () => {
    assert.ok(COLDCASE && existsSync(COLDCASE), "COLDCASE must name the built binary");
    const work = mkdtempSync(join(tmpdir(), "coldcase-trace-"));
    const file = join(work, "timeline.trace.json");
    try {
      execFileSync(COLDCASE, ["analyze", join(ROOT, bundle), "-q", "-o", file]);
    } catch (error) {
      assert.equal(error.status, 1);
    }
    const { traceEvents } = JSON.parse(readFileSync(file, "utf8"));
    const ranges = traceEvents.filter((event) => event.ph === "X");
    assert.ok(ranges.length > 0, "no range to look at");
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--headless", "--no-sandbox", "--disable-gpu"] });
    try {
      const page = await browser.newPage();
      const said = [];
      page.on("dialog", async (dialog) => {
        said.push(dialog.message());
        await dialog.dismiss();
      });
      page.on("pageerror", (error) => said.push(error.message));
      await page.goto(pathToFileURL(VIEWER).href);
      await page.setInputFiles("input[type=file]", file);
      const named = (what, { pid, tid }) => traceEvents.find((e) => e.name === what && e.pid === pid && (what === "process_name" || e.tid === tid)).args.name;
      // What the viewer calls the lanes; it shows one, and how many have ranges.
      const lanes = new Set(ranges.map((e) => `${named("process_name", e)} (pid ${e.pid}), ${named("thread_name", e)} (tid ${e.tid})`));
      await page.waitForFunction(() => document.querySelectorAll("canvas").length > 0, null, { timeout: 20_000 });
      await page.waitForTimeout(500);
      const text = await page.evaluate(() => document.body.innerText);
      assert.deepEqual(said, []);
      assert.ok([...lanes].some((title) => text.includes(title)), `none of ${[...lanes].join("; ")} is in: ${text.slice(0, 400)}`);
      if (lanes.size > 1) assert.match(text, new RegExp(`\\(\\d+/${lanes.size}\\)`));
      if (process.env.SHOT) await page.screenshot({ path: process.env.SHOT });
    } finally {
      await browser.close();
      rmSync(work, { recursive: true, force: true });
    }
  });
}
