// Every machine format of every sample, held against what defines or reads the format: schemas, validators, importers.
// Missing tools fail, never skip.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import addFormats from "ajv-formats";
import Ajv2020 from "ajv/dist/2020.js";
import { parse } from "csv-parse/sync";
import { validateXML } from "xmllint-wasm";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, "../..");
const COLDCASE = process.env.COLDCASE && resolve(process.env.COLDCASE);
const PYTHON = process.env.PYTHON || "python3";
const EXTENSIONS = ["json", "sarif", "xml", "jsonl", "csv", "trace.json"];
// Advice about a home page and about what code scanning of repositories would like; nothing that makes a file invalid.
const ADVICE = new Set(["SARIF2005"]);

let work;
let names;

before(() => {
  assert.ok(COLDCASE && existsSync(COLDCASE), "COLDCASE must name the built binary");
  work = mkdtempSync(join(tmpdir(), "coldcase-formats-"));
  const bundles = readdirSync(join(ROOT, "samples"))
    .filter((name) => existsSync(join(ROOT, "samples", name, "truth.yaml")))
    .map((name) => join(ROOT, "samples", name));
  bundles.push(join(ROOT, "tests/hostile/bundle"));
  names = bundles.map((path) => {
    const name = path.endsWith("bundle") ? "hostile" : path.split("/").pop();
    for (const extension of EXTENSIONS) run("analyze", path, "-q", "-o", join(work, `${name}.${extension}`));
    return name;
  });
  assert.ok(names.length > 20);
});

after(() => rmSync(work, { recursive: true, force: true }));

/** Runs coldcase; 1 says that something was found. */
function run(...args) {
  try {
    return execFileSync(COLDCASE, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    assert.equal(error.status, 1, `${args.join(" ")}: ${error.stderr}`);
    return error.stdout;
  }
}

const text = (name, extension) => readFileSync(join(work, `${name}.${extension}`), "utf8");

test("the JSON report follows the published schema, which is a schema", () => {
  const schema = JSON.parse(run("schema", "report"));
  assert.deepEqual(schema, JSON.parse(readFileSync(join(ROOT, "docs/report.schema.json"), "utf8")));
  const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
  addFormats(ajv);
  const validate = ajv.compile(schema);
  for (const name of names) {
    const report = JSON.parse(text(name, "json"));
    assert.ok(validate(report), `${name}: ${JSON.stringify(validate.errors?.slice(0, 5), null, 1)}`);
    for (const key of Object.keys(report)) assert.ok(schema.properties[key], `${name}: ${key} is not in the schema`);
  }
  const broken = { ...JSON.parse(text(names[0], "json")), verdict: { state: "sure", sentence: 1 } };
  assert.ok(!validate(broken), "the schema accepts anything");
});

test("SARIF passes the reference validator", () => {
  const tool = join(HERE, `node_modules/@microsoft/sarif-multitool-${process.platform}/Sarif.Multitool`);
  chmodSync(tool, 0o755);
  const log = join(work, "validation.sarif.log");
  const env = { ...process.env, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: "1" };
  const files = names.map((name) => join(work, `${name}.sarif`));
  const options = ["--output", log, "--log", "ForceOverwrite", "--rule-kind", "Sarif"];
  try {
    execFileSync(tool, ["validate", ...files, ...options], { env, stdio: "pipe", maxBuffer: 1 << 28 });
  } catch (error) {
    assert.ok(existsSync(log), `the validator did not run: ${error.stderr}`);
  }
  const [validation] = JSON.parse(readFileSync(log, "utf8").replace(/^\ufeff/, "")).runs;
  const bad = (validation.results ?? []).filter((result) => !ADVICE.has(result.ruleId));
  const said = bad.map((result) => {
    const at = result.locations?.[0]?.physicalLocation;
    return `${result.ruleId} ${at?.artifactLocation?.uri}:${at?.region?.startLine} ${JSON.stringify(result.message)}`;
  });
  assert.deepEqual(said.slice(0, 10), []);
  assert.equal(validation.artifacts?.length ?? files.length, files.length);
});

test("JUnit XML follows the schema that Jenkins holds it against", async () => {
  const schema = [{ fileName: "junit-10.xsd", contents: readFileSync(join(HERE, "schemas/junit-10.xsd"), "utf8") }];
  const xml = names.map((name) => ({ fileName: `${name}.xml`, contents: text(name, "xml") }));
  const result = await validateXML({ xml, schema, maxMemoryPages: 16384 });
  assert.deepEqual(result.errors.slice(0, 5), []);
  assert.ok(result.valid);
});

test("CSV and JSON Lines hold the same rows, and a spreadsheet computes none of them", () => {
  for (const name of names) {
    const lines = text(name, "jsonl").split("\n").filter(Boolean).map((line) => JSON.parse(line));
    const rows = parse(text(name, "csv"), { columns: true, relaxQuotes: false, relaxColumnCount: false });
    assert.equal(rows.length, lines.length, name);
    for (const [at, row] of rows.entries()) {
      for (const [column, cell] of Object.entries(row)) {
        assert.ok(/^-?\d+$/.test(cell) || !/^[\s\u200b\ufeff]*[=+\-@|%＝＋－＠]/.test(cell), `${name}: ${cell}`);
        const said = lines[at][column];
        assert.equal(cell.replace(/^'/, ""), typeof said === "string" ? said : JSON.stringify(said), column);
      }
    }
  }
});

test("Timesketch's import client takes every row of both", () => {
  const files = names.flatMap((name) => [join(work, `${name}.jsonl`), join(work, `${name}.csv`)]);
  const said = JSON.parse(execFileSync(PYTHON, [join(HERE, "timesketch.py"), ...files], { encoding: "utf8", maxBuffer: 1 << 28 }));
  for (const name of names) {
    const rows = text(name, "jsonl").split("\n").filter(Boolean).length;
    for (const extension of ["jsonl", "csv"]) {
      const taken = said[join(work, `${name}.${extension}`)];
      assert.deepEqual(taken, { rows, undated: 0, unnamed: 0, untagged: 0 }, `${name}.${extension}`);
    }
  }
});

test("trace events have what the format asks of them", () => {
  for (const name of names) {
    const { traceEvents } = JSON.parse(text(name, "trace.json"));
    assert.ok(traceEvents.length > 0, name);
    const open = new Map();
    for (const event of traceEvents) {
      assert.ok(Number.isInteger(event.pid) && Number.isInteger(event.tid) && typeof event.name === "string");
      assert.ok(["M", "X", "i"].includes(event.ph), event.ph);
      if (event.ph === "M") continue;
      assert.ok(Number.isSafeInteger(event.ts), `${name}: ${event.ts}`);
      const lane = `${event.pid}/${event.tid}`;
      assert.ok(event.ts >= (open.get(lane) ?? -Infinity), `${name}: ${lane} overlaps`);
      if (event.ph === "X") assert.ok(Number.isSafeInteger(event.dur) && event.dur > 0);
      else assert.equal(event.s, "t");
      open.set(lane, event.ts + (event.dur ?? 0));
    }
  }
});
