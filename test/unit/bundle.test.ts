import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { buildBundle } from "../../tools/stack/bundle.ts";
import { projectRoot } from "../../tools/stack/gate.ts";
import { table } from "./config/table.ts";

/**
 * Kilobytes of 1000 bytes, compressed. A change that needs more has to earn it. Of the JavaScript the ledger and its
 * redelivery take 8, the spellings that a route lets through 2, signing for an upstream 2, who sponsors
 * an allowance 2, what a table, a facilitator and a client say of Solana 3, and words of prices that follow the request or
 * use 4; the rest of the whole is libsecp256k1, which recovers a signer in a fraction of the time that JavaScript takes.
 */
const KB_MAX = { script: 70, whole: 177 };
/** What a table pays that needs a part which few do. */
const CDP_KB_MAX = 6;
const CHAIN_KB_MAX = 7;
/** Who settles asks an RPC, too. */
const DIRECT_KB_MAX = 12 + CHAIN_KB_MAX;
const SOLANA_KB_MAX = 17;
const COMPUTED_KB_MAX = 7;
const METERED_KB_MAX = 6;

const workshop = mkdtempSync(join(tmpdir(), "faregate-bundles-test-"));
afterAll(() => rmSync(workshop, { recursive: true }));

test("a bundle has no words for who edits a table", async () => {
  const script = await scriptOf("plain-words", table);
  for (const trace of ["did you mean", "would be a host", "the table takes no comments", "write a text in quotes"])
    expect(script).not.toContain(trace);
});

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

test("a bundle has the code for a key of Coinbase CDP where its table has one, and no trace of it elsewhere", async () => {
  const auth = { cdp: { keyId: "{{CDP_KEY_ID}}", secret: "{{CDP_KEY_SECRET}}" } };
  // At the same time and in one checkout, as tests and people do.
  const [plain, withKey] = await Promise.all([
    scriptOf("plain", table),
    scriptOf("cdp", { ...table, facilitators: [{ url: "https://facilitator.example.com", auth }] }),
  ]);
  // Each chooses in a file of its own.
  const chosen = (name: string): string => readFileSync(join(workshop, name, "features.ts"), "utf8");
  expect([chosen("plain"), chosen("cdp")].map((text) => text.includes("import"))).toEqual([false, true]);
  for (const trace of ["ERR_JWS_", "ERR_JWT_", "cdp_service"]) {
    expect(plain).not.toContain(trace);
    expect(withKey).toContain(trace);
  }
  expect(kB(withKey) - kB(plain)).toBeLessThan(CDP_KB_MAX);
});

test("a bundle has the code for what an RPC says where its table names one, and no trace of it elsewhere", async () => {
  const [plain, withRpc] = await Promise.all([
    scriptOf("unasked", table),
    scriptOf("asked", { ...table, rpc: { "base-sepolia": "https://rpc.example.com" } }),
  ]);
  for (const trace of ["eth_getLogs", "eth_getTransactionReceipt", "does not say what the payer has"]) {
    expect(plain).not.toContain(trace);
    expect(withRpc).toContain(trace);
  }
  expect(kB(withRpc) - kB(plain)).toBeLessThan(CHAIN_KB_MAX);
});

test("a bundle has the code to settle with an account of one's own where its table has one, and no trace of it elsewhere", async () => {
  const direct = { key: "{{RELAYER_KEY}}", network: "base-sepolia", rpc: "https://rpc.example" };
  const [plain, withAccount] = await Promise.all([
    scriptOf("without", table),
    scriptOf("direct", { ...table, accepts: ["base-sepolia"], facilitators: [{ direct }] }),
  ]);
  for (const trace of ["relayer_low", "eth_sendRawTransaction", "CREATE TABLE IF NOT EXISTS sent"]) {
    expect(plain).not.toContain(trace);
    expect(withAccount).toContain(trace);
  }
  expect(kB(withAccount) - kB(plain)).toBeLessThan(DIRECT_KB_MAX);
});

test("a bundle has what checks payments on Solana, and asks its chain, where its table does, and no trace of it elsewhere", async () => {
  const payTo = "2wKupLR9q6wXYppw8Gr2NvWxKBUqm4PPJKkQfoxHDBg4";
  const [plain, withSolana] = await Promise.all([
    scriptOf("no-solana", table),
    scriptOf("solana", {
      ...table,
      accepts: ["base-sepolia", { network: "solana", payTo }],
      rpc: { solana: "https://rpc.example.com" },
    }),
  ]);
  const traces = [
    "ProgramDerivedAddress",
    "instructions_compute",
    "alt_resolution",
    "zip215",
    "getSignaturesForAddress",
  ];
  expect(traces.filter((trace) => plain.includes(trace))).toEqual([]);
  expect(traces.filter((trace) => withSolana.includes(trace))).toEqual(traces);
  expect(kB(withSolana) - kB(plain)).toBeLessThan(SOLANA_KB_MAX);
});

test("a bundle has the code for prices that follow the request where its table has some, and no trace of it elsewhere", async () => {
  const computed = { by: { query: "model" }, table: { small: "$0.01" } };
  const [plain, withPrices] = await Promise.all([
    scriptOf("fixed", table),
    scriptOf("computed", { ...table, routes: { "/a": computed } }),
  ]);
  for (const trace of ["price_quote_expired", "bodyBase64", "it can be read there in more than one way"]) {
    expect(plain).not.toContain(trace);
    expect(withPrices).toContain(trace);
  }
  expect(kB(withPrices) - kB(plain)).toBeLessThan(COMPUTED_KB_MAX);
});

test("a bundle has the code for prices that follow use where its table has some, and no trace of it elsewhere", async () => {
  const metered = { upto: "$0.05", meter: [{ usd: "1", per: "1K", of: "usage.units" }] };
  const [plain, withMeter] = await Promise.all([
    scriptOf("unmetered", table),
    scriptOf("metered", { ...table, routes: { "/a": metered } }),
  ]);
  for (const trace of ['faregate-payment"', "include_usage", "nothing was read for too long"]) {
    expect(plain).not.toContain(trace);
    expect(withMeter).toContain(trace);
  }
  expect(kB(withMeter) - kB(plain)).toBeLessThan(METERED_KB_MAX);
});

const kB = (text: string): number => gzipSync(text, { level: 9 }).byteLength / 1000;

async function scriptOf(name: string, pricing: object): Promise<string> {
  const file = join(workshop, `${name}.json`);
  writeFileSync(file, JSON.stringify(pricing));
  const [main] = await buildBundle(projectRoot, { built: file, checked: file }, join(workshop, name));
  return typeof main?.contents === "string" ? main.contents : expect.fail("the main module is no text");
}

const compressedKB = (file: string): number => gzipSync(readFileSync(file), { level: 9 }).byteLength / 1000;
