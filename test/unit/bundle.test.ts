import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

/**
 * Kilobytes of 1000 bytes. A change that needs more has to earn it, and say here what it costs: of these the ledger and
 * its redelivery take 8, the chain's word 4, the spellings that a route lets through 2, and signing for an upstream 2.
 */
const GZIP_KB_MAX = 70;

test("the Worker's JavaScript stays small", { timeout: 30_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), "faregate-bundle-test-"));
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" };
  execFileSync("npx", ["wrangler", "deploy", "--dry-run", "--env", "production", "--outdir", directory], { env });
  const size = gzipSync(readFileSync(join(directory, "index.js")), { level: 9 }).byteLength / 1000;
  rmSync(directory, { recursive: true });
  expect(size).toBeGreaterThan(10);
  expect(size).toBeLessThan(GZIP_KB_MAX);
});
