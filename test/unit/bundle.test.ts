import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

/**
 * Kilobytes of 1000 bytes, compressed. A change that needs more has to earn it. Of the JavaScript the ledger and its
 * redelivery take 8, the chain's word 4, the spellings that a route lets through 2, and signing for an upstream 2; the
 * rest of the whole is libsecp256k1, which recovers a signer in a fraction of the time that JavaScript takes.
 */
const KB_MAX = { script: 60, whole: 180 };

test("the Worker stays small", { timeout: 30_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), "faregate-bundle-test-"));
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" };
  execFileSync("npx", ["wrangler", "deploy", "--dry-run", "--env", "production", "--outdir", directory], { env });
  const uploaded = readdirSync(directory).filter((name) => [".js", ".wasm"].includes(extname(name)));
  const sizes = new Map(uploaded.map((name) => [name, compressedKB(join(directory, name))]));
  rmSync(directory, { recursive: true });
  expect([...sizes.keys()].map((name) => extname(name)).toSorted()).toEqual([".js", ".wasm"]);
  expect(sizes.get("index.js")).toBeLessThan(KB_MAX.script);
  expect(Math.min(...sizes.values())).toBeGreaterThan(10);
  expect([...sizes.values()].reduce((sum, size) => sum + size, 0)).toBeLessThan(KB_MAX.whole);
});

const compressedKB = (file: string): number => gzipSync(readFileSync(file), { level: 9 }).byteLength / 1000;
