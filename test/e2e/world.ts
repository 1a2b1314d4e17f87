// The real parts on free ports: chain, token, reference facilitator, the production bundle in workerd; between the
// gate and the facilitator stands a proxy that can lose answers, and the upstream remembers what reached it.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Network } from "@x402/core/types";
import type { ClientEvmSigner } from "@x402/evm";
import { ExactEvmScheme, type ExactEvmSchemeConfig } from "@x402/evm/exact/client";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { minter } from "../../tools/stack/accounts.ts";
import { balanceOf, buyer, network, startChain, type Transfer, transfersTo } from "../../tools/stack/chain.ts";
import { startFacilitator } from "../../tools/stack/facilitator.ts";
import { startGate } from "../../tools/stack/gate.ts";
import { KEY_ID, newEc, startCdpServer } from "../support/cdp.ts";
import { type Seen, startFakeUpstream } from "../support/fake-upstream.ts";
import { type Losses, startLossyProxy, startLossyRpc } from "../support/lossy-proxy.ts";
import { PAY_TO } from "../support/payment.ts";
import { readText } from "../support/server.ts";

/** A wallet of any kind: an account, or a contract whose owner signs. */
export type Signer = Pick<ClientEvmSigner, "address" | "signTypedData">;

export interface World {
  readonly gate: string;
  readonly rpc: string;
  /** What the gate keeps, its seller's books among it. */
  readonly stateDir: string;
  readonly upstream: string;
  readonly lose: Losses;
  /** With an RPC the client looks for its allowance, and signs a permit where it is short. */
  readonly fetchPaying: (account?: Signer, reading?: ExactEvmSchemeConfig) => typeof fetch;
  readonly payee: () => Promise<bigint>;
  readonly balance: (address: string) => Promise<bigint>;
  readonly transfers: () => Promise<readonly Transfer[]>;
  readonly seen: (path: string) => Promise<readonly Seen[]>;
  readonly stop: () => Promise<void>;
}

/** How payments are verified and settled: by the reference facilitator, by the same behind keys of CDP, or by the gate. */
export type Way = "a facilitator" | "a facilitator that asks for a key" | "the gate itself";

/** A token on the world's chain of which the table says no more than Permit2 needs. */
export const PLAIN_DOLLAR = "0x808456652fdb597867f38412077A9182bf77359F";
const PLAIN_TOKEN = {
  network: "base-sepolia",
  asset: PLAIN_DOLLAR,
  name: "Plain Dollar",
  decimals: 6,
  dollar: true,
  assetTransferMethod: "permit2",
};

const BY_PERMIT2 = [{ network: "base-sepolia", assetTransferMethod: "permit2" }, "base-sepolia"];

const table = (upstream: string, facilitators: readonly object[], rpc: string) => ({
  upstream: { url: upstream, timeoutSeconds: 5 },
  payTo: PAY_TO,
  accepts: ["base-sepolia"],
  tokens: [PLAIN_TOKEN],
  facilitators,
  rpc: { "base-sepolia": rpc },
  routes: {
    "/free/*": "free",
    "/paid": "$0.01",
    "/closed": "closed",
    "/before": { price: "$0.01", settle: "before" },
    "/async": { price: "$0.01", settle: "async", maxUnsettled: "$1" },
    "/socket": { price: "$0.01", websocket: true },
    "/permitted": { price: "$0.01", accepts: BY_PERMIT2 },
    "/permitted/before": { price: "$0.01", accepts: BY_PERMIT2, settle: "before" },
    "/plain": { price: "$0.01", accepts: [{ network: "base-sepolia", asset: PLAIN_DOLLAR }] },
    "/wallet": { price: "$0.01", contractWallets: true },
    "/brief": { price: "$0.01", maxTimeoutSeconds: 30 },
  },
});

const vars = { CDP_KEY_ID: KEY_ID, CDP_KEY_SECRET: "", RELAYER_KEY: minter.privateKey };

/** @param settleTimeoutSeconds how long a settlement is waited for, and so a lost one of the gate's own */
export async function startWorld(way: Way = "a facilitator", settleTimeoutSeconds = 10): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), "faregate-world-"));
  const chain = await startChain({ port: 0 });
  const reference = await startFacilitator({ rpc: chain.rpc, port: 0 });
  const lose: Losses = { settle: "none", verify: "none" };
  const [upstream, lossy, rpc] = await Promise.all([
    startFakeUpstream(),
    startLossyProxy(reference.url, lose),
    startLossyRpc(chain.rpc, lose),
  ]);
  const { secret, publicKey } = newEc("sec1");
  const guard = await startCdpServer(publicKey, (request, response) => passOn(lossy.url, request, response));
  const auth = { cdp: { keyId: "{{CDP_KEY_ID}}", secret: "{{CDP_KEY_SECRET}}" } };
  const one = { url: lossy.url, settleTimeoutSeconds };
  const facilitators: { readonly [way in Way]: readonly object[] } = {
    "a facilitator": [one],
    "a facilitator that asks for a key": [{ ...one, url: guard.url, auth }],
    // Permit2 is not its own.
    "the gate itself": [
      { direct: { key: "{{RELAYER_KEY}}", rpc: rpc.url }, verifyTimeoutSeconds: 2, settleTimeoutSeconds },
      { ...one, verifyTimeoutSeconds: 3 },
    ],
  };
  const pricingFile = join(directory, "pricing.json");
  writeFileSync(pricingFile, JSON.stringify(table(upstream.url, facilitators[way], chain.rpc)));
  const stateDir = join(directory, "state");
  const gate = await startGate({ pricingFile, stateDir, vars: { ...vars, CDP_KEY_SECRET: secret } });
  const payee = () => balanceOf(chain.rpc, PAY_TO);
  return {
    gate: gate.url,
    rpc: chain.rpc,
    stateDir,
    upstream: upstream.url,
    lose,
    fetchPaying: (account = buyer, reading = {}) =>
      wrapFetchWithPayment(
        fetch,
        new x402Client()
          .register(network as Network, new ExactEvmScheme(account, reading))
          .setSpendControls({ allowedAssets: [{ network: network as Network, asset: PLAIN_DOLLAR }] }),
      ),
    payee,
    balance: (address) => balanceOf(chain.rpc, address as `0x${string}`),
    transfers: () => transfersTo(chain.rpc, PAY_TO),
    seen: async (path) => (await fetch(`${upstream.url}/__seen?path=${encodeURIComponent(path)}`)).json(),
    async stop() {
      for (const part of [gate, guard, lossy, rpc, upstream, reference, chain]) await part.stop();
      rmSync(directory, { recursive: true });
    },
  };
}

/** As the one who lets it pass does: to the same path below another address. */
export async function passOn(target: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readText(request);
  const headers = { "content-type": "application/json" };
  const init = request.method === "POST" ? { method: "POST", headers, body } : {};
  try {
    const answer = await fetch(target + request.url, init);
    response.writeHead(answer.status, headers).end(await answer.text());
  } catch {
    request.socket.destroy();
  }
}
