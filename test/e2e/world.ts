// The real parts on free ports: chain, token, reference facilitator, the production bundle in workerd; between the
// gate and the facilitator stands a proxy that can lose answers, and the upstream remembers what reached it.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Network } from "@x402/core/types";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import type { PrivateKeyAccount } from "viem";
import { balanceOf, buyer, network, startChain, transfersTo } from "../../tools/stack/chain.ts";
import { startFacilitator } from "../../tools/stack/facilitator.ts";
import { startGate } from "../../tools/stack/gate.ts";
import { type Seen, startFakeUpstream } from "../support/fake-upstream.ts";
import { PAY_TO } from "../support/payment.ts";
import { readText, startServer, type TestServer } from "../support/server.ts";

/** What the network between gate and facilitator does to an endpoint's answers. */
export type Loss = "none" | "answer";

export interface World {
  readonly gate: string;
  readonly upstream: string;
  readonly lose: { settle: Loss; verify: "none" | "believe" };
  readonly fetchPaying: (account?: PrivateKeyAccount) => typeof fetch;
  readonly payee: () => Promise<bigint>;
  readonly balance: (address: string) => Promise<bigint>;
  readonly transfers: () => Promise<readonly { from: string; value: bigint }[]>;
  readonly seen: (path: string) => Promise<readonly Seen[]>;
  readonly stop: () => Promise<void>;
}

const table = (upstream: string, facilitator: string) => ({
  upstream: { url: upstream, timeoutSeconds: 5 },
  payTo: PAY_TO,
  accepts: ["base-sepolia"],
  facilitators: [{ url: facilitator, settleTimeoutSeconds: 10 }],
  routes: { "/free/*": "free", "/paid": "$0.01", "/closed": "closed" },
});

export async function startWorld(): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), "faregate-world-"));
  const chain = await startChain({ port: 0 });
  const reference = await startFacilitator({ rpc: chain.rpc, port: 0 });
  const lose: World["lose"] = { settle: "none", verify: "none" };
  const [upstream, lossy] = await Promise.all([startFakeUpstream(), startLossyProxy(reference.url, lose)]);
  const pricingFile = join(directory, "pricing.json");
  writeFileSync(pricingFile, JSON.stringify(table(upstream.url, lossy.url)));
  const gate = await startGate({ pricingFile });
  const payee = () => balanceOf(chain.rpc, PAY_TO);
  return {
    gate: gate.url,
    upstream: upstream.url,
    lose,
    fetchPaying: (account = buyer) =>
      wrapFetchWithPayment(fetch, new x402Client().register(network as Network, new ExactEvmScheme(account))),
    payee,
    balance: (address) => balanceOf(chain.rpc, address as `0x${string}`),
    transfers: () => transfersTo(chain.rpc, PAY_TO),
    seen: async (path) => (await fetch(`${upstream.url}/__seen?path=${encodeURIComponent(path)}`)).json(),
    async stop() {
      for (const part of [gate, lossy, upstream, reference, chain]) await part.stop();
      rmSync(directory, { recursive: true });
    },
  };
}

/** Passes everything on. `answer` lets the facilitator settle and then breaks the connection. */
function startLossyProxy(target: string, lose: World["lose"]): Promise<TestServer> {
  return startServer(async (request, response) => {
    const body = await readText(request);
    if (request.url === "/verify" && lose.verify === "believe") {
      const payer = JSON.parse(body).paymentPayload.payload.authorization.from;
      return response.writeHead(200).end(JSON.stringify({ isValid: true, payer }));
    }
    const method = request.method ?? "GET";
    const headers = { "content-type": "application/json" };
    const answer = await fetch(target + request.url, method === "GET" ? {} : { method, headers, body });
    const text = await answer.text();
    if (request.url === "/settle" && lose.settle === "answer") return request.socket.destroy();
    return response.writeHead(answer.status, headers).end(text);
  });
}
