// A bundle that was built for a table without Solana, around a table that asks an RPC of it.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { buildBundle } from "../../tools/stack/bundle.ts";
import { projectRoot } from "../../tools/stack/gate.ts";
import { serveWorker } from "../../tools/stack/worker-runtime.ts";

const directory = mkdtempSync(join(tmpdir(), "faregate-lacking-"));
afterAll(() => rmSync(directory, { recursive: true }));

test("serves nobody, and its log says how to deploy", async () => {
  const built = join(directory, "pricing.json");
  const table = {
    upstream: "https://api.example.com",
    payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
    accepts: ["base-sepolia"],
    facilitators: ["https://facilitator.example.com"],
    rpc: { "solana-devnet": "https://rpc.example.com" },
    routes: { "/paid": "$0.01" },
  };
  writeFileSync(built, JSON.stringify(table));
  const shipped = join(projectRoot, "pricing.json");
  const files = { built, checked: shipped, fitted: shipped };
  const modules = await buildBundle(projectRoot, files, join(directory, "bundle"));
  const log = [];
  const gate = await serveWorker(join(projectRoot, "wrangler.toml"), modules, { onLog: (text) => log.push(text) });
  try {
    const response = await fetch(`${gate.url}/paid`);
    expect([response.status, await response.json()]).toMatchObject([500, { error: "misconfigured" }]);
    await expect.poll(() => log.join()).toContain("the table asks an RPC of Solana, and this bundle was built without");
  } finally {
    await gate.stop();
  }
});
