// Starting Chromium, and where it is.

import { existsSync } from "node:fs";
import assert from "node:assert/strict";

import { chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium";
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

/** A headless browser; a missing one is a failure. */
export const launch = () => {
  assert.ok(existsSync(CHROMIUM), `no browser at ${CHROMIUM}; set CHROMIUM`);
  return chromium.launch({ executablePath: CHROMIUM, args: ARGS });
};
