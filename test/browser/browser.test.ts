// A page in a real browser, on another origin than the gate's, pays from its script. CHROMIUM names the browser where
// it is not at Debian's place.

import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { balanceOf } from "../../tools/stack/chain.ts";
import { type Stack, startStack } from "../../tools/stack/index.ts";
import { PAY_TO } from "../support/payment.ts";
import { startServer, type TestServer } from "../support/server.ts";

/** What keeps a browser from calling its maker's servers. */
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let stack: Stack;
let site: TestServer;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [`${import.meta.dirname}/script.ts`],
    bundle: true,
    write: false,
    format: "iife",
  });
  const script = outputFiles[0]?.text ?? "";
  site = await startServer((request, response) => {
    const isScript = request.url === "/script.js";
    response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
    response.end(isScript ? script : '<!doctype html><title>A page</title><script src="/script.js"></script>');
  });
  stack = await startStack({ port: 0 });
  browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: QUIET });
  page = await browser.newPage();
  await page.goto(site.url);
}, 90_000);

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
  await site?.stop();
});

interface PageScript {
  buy(url: string, privateKey: string): Promise<{ status: number; body: unknown; transaction: string }>;
}

test("a script of another origin pays, is served, and reads its receipt", { timeout: 30_000 }, async () => {
  const { gate, rpc, buyer } = stack.ready;
  expect(new URL(gate).origin).not.toBe(new URL(site.url).origin);
  const before = await balanceOf(rpc, PAY_TO);
  const told = await page.evaluate(([url, key]) => (globalThis as unknown as PageScript).buy(url, key), [
    `${gate}/v1/quotes/ETH`,
    buyer.privateKey,
  ] as const);
  expect(told).toMatchObject({ status: 200, body: { symbol: "ETH" } });
  expect(told.transaction).toMatch(/^0x[0-9a-f]{64}$/);
  expect((await balanceOf(rpc, PAY_TO)) - before).toBe(1000n);
});

test("a script may not read what a free route's upstream keeps to itself", { timeout: 30_000 }, async () => {
  const failed = await page.evaluate((url) => fetch(url).then(() => "read", String), `${stack.ready.gate}/health`);
  expect(failed).toContain("TypeError");
});
