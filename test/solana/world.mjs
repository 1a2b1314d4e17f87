// Everything that a payment on Solana passes, on free ports: the chain, the reference facilitator, a network that can lose
// its answers, the production bundle in workerd, and an API that remembers what reached it.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { ExactSvmScheme } from "@x402/svm/exact/client";
import { startGate } from "../../tools/stack/gate.ts";
import { startFakeUpstream } from "../support/fake-upstream.ts";
import { startLossyProxy } from "../support/lossy-proxy.ts";
import { startChain } from "./chain.mjs";
import { startFacilitator } from "./facilitator.mjs";
import { startRpc } from "./rpc.mjs";

const table = (upstream, facilitator, rpc, payTo) => ({
  upstream: { url: upstream, timeoutSeconds: 5 },
  payTo,
  accepts: ["solana-devnet"],
  facilitators: [{ url: facilitator, settleTimeoutSeconds: 10 }],
  rpc: { "solana-devnet": rpc },
  routes: {
    "/paid": "$0.01",
    "/before": { price: "$0.01", settle: "before" },
    "/async": { price: "$0.01", settle: "async", maxUnsettled: "$1" },
    "/dear": { price: "$0.01", verifyAbove: "$0" },
  },
});

export async function startWorld() {
  const directory = mkdtempSync(join(tmpdir(), "faregate-solana-"));
  const chain = await startChain();
  const reference = await startFacilitator(chain.rpc.url, chain.feePayer);
  // The gate asks another machine of the same chain's, which can be down alone.
  const gateRpc = await startRpc(chain.validator);
  const lose = { settle: "none", verify: "none" };
  const [upstream, lossy] = await Promise.all([startFakeUpstream(), startLossyProxy(reference.url, lose)]);
  const pricingFile = join(directory, "pricing.json");
  const stateDir = join(directory, "state");
  writeFileSync(pricingFile, JSON.stringify(table(upstream.url, lossy.url, gateRpc.url, chain.payee.address)));
  const gate = await startGate({ pricingFile, stateDir });
  await untilOffered(`${gate.url}/paid/ok`);
  const schemeOf = (payer) => new ExactSvmScheme(payer, { rpcUrl: chain.rpc.url });
  return {
    chain,
    gateRpc,
    gate: gate.url,
    stateDir,
    lose,
    asked: reference.asked,
    /** As a stock client pays. */
    fetchPaying: (payer = chain.payer) =>
      wrapFetchWithPayment(fetch, new x402Client().register("solana:*", schemeOf(payer))),
    /** One that signs whatever it is asked for. */
    clientOf: (payer) =>
      x402Client.fromConfig({ schemes: [{ network: "solana:*", client: schemeOf(payer) }], spendControls: false }),
    seen: async (path) => (await fetch(`${upstream.url}/__seen?path=${encodeURIComponent(path)}`)).json(),
    async stop() {
      for (const part of [gate, lossy, upstream, gateRpc, reference, chain]) await part.stop();
      rmSync(directory, { recursive: true });
    },
  };
}

/** Nothing can be offered before the facilitator has said who pays the fees; the first request has it asked. */
async function untilOffered(url) {
  for (const untilMs = Date.now() + 10_000; Date.now() < untilMs; ) {
    if ((await fetch(url)).status === 402) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} is not offered`);
}
