// An account of the seller's own in the place of a facilitator, as the production bundle finds its key.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { relayer } from "../../tools/stack/accounts.ts";
import { startGate } from "../../tools/stack/gate.ts";
import { PAY_TO } from "../support/payment.ts";

const directory = mkdtempSync(join(tmpdir(), "faregate-own-account-"));
afterAll(() => rmSync(directory, { recursive: true }));

const direct = (key: string, confirmations: number) => ({
  direct: { key: `{{${key}}}`, rpc: "http://127.0.0.1:9", confirmations },
});

test("a gate whose secrets hold one key for one network in two ways serves nobody, and says which they are", async () => {
  const pricingFile = join(directory, "pricing.json");
  const table = {
    upstream: "http://127.0.0.1:9",
    payTo: PAY_TO,
    accepts: ["base-sepolia"],
    facilitators: [direct("RELAYER_KEY", 1)],
    routes: { "/paid": "$0.01", "/dear": { price: "$1", facilitators: [direct("OTHER_KEY", 9)] } },
  };
  writeFileSync(pricingFile, JSON.stringify(table));
  const log: string[] = [];
  const digits = relayer.privateKey.slice(2);
  // The same number, written in two ways.
  const vars = { RELAYER_KEY: `0x${digits}`, OTHER_KEY: digits.toUpperCase() };
  const gate = await startGate({ pricingFile, vars, onLog: (text) => log.push(text) });
  try {
    const response = await fetch(`${gate.url}/paid`);
    expect([response.status, await response.json()]).toMatchObject([500, { error: "misconfigured" }]);
    await expect.poll(() => log.length).toBeGreaterThan(0);
  } finally {
    await gate.stop();
  }
  const said = "RELAYER_KEY and OTHER_KEY hold one key for eip155:84532; write one of them";
  expect(log.join("\n")).toContain(said);
  expect(log.join("\n").toLowerCase()).not.toContain(digits.toLowerCase());
});
