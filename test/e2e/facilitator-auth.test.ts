// The reference facilitator behind what Coinbase CDP asks of whoever calls: the production bundle, built for its table,
// pays its way in with a key, and serves nobody where the key is not one.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Network } from "@x402/core/types";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildBundle } from "../../tools/stack/bundle.ts";
import { balanceOf, buyer, network, startChain } from "../../tools/stack/chain.ts";
import { startFacilitator } from "../../tools/stack/facilitator.ts";
import { projectRoot, startGate } from "../../tools/stack/gate.ts";
import { serveWorker } from "../../tools/stack/worker-runtime.ts";
import { type CdpServer, KEY_ID, newEc, newEd25519, startCdpServer } from "../support/cdp.ts";
import { startFakeUpstream } from "../support/fake-upstream.ts";
import { PAY_TO } from "../support/payment.ts";
import { readText } from "../support/server.ts";

const directory = mkdtempSync(join(tmpdir(), "faregate-auth-"));
const { secret, publicKey } = newEc("sec1");
const stops: (() => Promise<void>)[] = [];
let rpc: string;
let cdp: CdpServer;
let pricingFile: string;

const keep = <Part extends { readonly stop: () => Promise<void> }>(part: Part): Part => {
  stops.unshift(part.stop);
  return part;
};

beforeAll(async () => {
  ({ rpc } = keep(await startChain({ port: 0 })));
  const reference = keep(await startFacilitator({ rpc, port: 0 }));
  const upstream = keep(await startFakeUpstream());
  cdp = keep(
    await startCdpServer(publicKey, async (request, response) => {
      const headers = { "content-type": request.headers["content-type"] ?? "" };
      const path = request.url?.replace("/platform/v2/x402", "");
      const answer = await fetch(reference.url + path, { method: "POST", headers, body: await readText(request) });
      response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
    }),
  );
  pricingFile = join(directory, "pricing.json");
  const auth = { cdp: { keyId: "{{CDP_KEY_ID}}", secret: "{{CDP_KEY_SECRET}}" } };
  const table = {
    upstream: upstream.url,
    payTo: PAY_TO,
    accepts: ["base-sepolia"],
    facilitators: [{ url: `${cdp.url}/platform/v2/x402`, auth }],
    routes: { "/paid": "$0.01" },
  };
  writeFileSync(pricingFile, JSON.stringify(table));
});

afterAll(async () => {
  for (const stop of stops) await stop();
  rmSync(directory, { recursive: true });
});

const payingFetch = wrapFetchWithPayment(
  fetch,
  new x402Client().register(network as Network, new ExactEvmScheme(buyer)),
);

/** What the gate says in its log while nobody is served. */
async function refusing(gate: { readonly url: string; readonly log: readonly string[] }): Promise<string> {
  const response = await fetch(`${gate.url}/paid/ok`);
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({ error: "misconfigured" });
  await expect.poll(() => gate.log.length).toBeGreaterThan(0);
  return gate.log.join("\n");
}

describe("a facilitator that asks for a key of Coinbase CDP", () => {
  test("verifies and settles for the gate that has it, call by call", async () => {
    const log: string[] = [];
    const vars = { CDP_KEY_ID: KEY_ID, CDP_KEY_SECRET: secret };
    const gate = keep(await startGate({ pricingFile, vars, onLog: (text) => log.push(text) }));
    const before = await balanceOf(rpc, PAY_TO);
    for (let i = 0; i < 2; i++) {
      const response = await payingFetch(`${gate.url}/paid/ok?call=${i}`);
      expect([response.status, await response.json()]).toEqual([200, { goods: true }]);
    }
    expect((await balanceOf(rpc, PAY_TO)) - before).toBe(20_000n);
    const call = (path: string) => [`POST ${cdp.host}/platform/v2/x402/${path}`, null];
    expect(cdp.asked.map(({ call, refusal }) => [call, refusal])).toEqual([
      ...[call("verify"), call("settle"), call("verify"), call("settle")],
    ]);
    for (const { token } of cdp.asked) expect(log.join("\n")).not.toContain(token);
  });

  test("charges nobody for the gate whose key it does not know: nothing is verified", async () => {
    const vars = { CDP_KEY_ID: KEY_ID, CDP_KEY_SECRET: newEd25519().secret };
    const gate = keep(await startGate({ pricingFile, vars }));
    const before = await balanceOf(rpc, PAY_TO);
    const response = await payingFetch(`${gate.url}/paid/ok`);
    expect([response.status, await response.json()]).toMatchObject([503, { error: "facilitator_unavailable" }]);
    expect(await balanceOf(rpc, PAY_TO)).toBe(before);
    expect(cdp.asked.at(-1)?.refusal).toBe("another algorithm");
  });

  test("is not asked by a gate whose secret is no key: the log says which, without a letter of it", async () => {
    const log: string[] = [];
    const vars = { CDP_KEY_ID: KEY_ID, CDP_KEY_SECRET: secret.replace("EC PRIVATE", "PRIVATE") };
    const gate = keep(await startGate({ pricingFile, vars, onLog: (text) => log.push(text) }));
    const said = await refusing({ url: gate.url, log });
    expect(said).toContain("the secret CDP_KEY_SECRET is none of a Coinbase CDP API key");
    for (const line of secret.split("\n").filter((text) => text.length > 20)) expect(said).not.toContain(line);
  });

  test("is not asked by a bundle that was built for a table without one", async () => {
    const vars = { CDP_KEY_ID: KEY_ID, CDP_KEY_SECRET: secret };
    expect(await refusing(await serveLacking(pricingFile, vars))).toContain("deploy with the build command");
  });
});

test("an RPC is not asked by a bundle that was built for a table without one", async () => {
  const { facilitators, ...table } = JSON.parse(readFileSync(pricingFile, "utf8"));
  const file = join(directory, "asking.json");
  writeFileSync(file, JSON.stringify({ ...table, facilitators: [cdp.url], rpc: { "base-sepolia": rpc } }));
  const said = await refusing(await serveLacking(file, {}));
  expect(said).toContain("the table asks an RPC, and this bundle was built without that");
});

/** Around this table, a bundle that was built for the one that the project comes with. */
async function serveLacking(built: string, vars: { readonly [name: string]: string }) {
  const shipped = join(projectRoot, "pricing.json");
  const files = { built, checked: shipped, fitted: shipped };
  const modules = await buildBundle(projectRoot, files, mkdtempSync(join(directory, "bundle-")));
  const log: string[] = [];
  const options = { vars, onLog: (text: string) => log.push(text) };
  const { url } = keep(await serveWorker(join(projectRoot, "wrangler.toml"), modules, options));
  return { url, log };
}
