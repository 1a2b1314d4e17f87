// The reference facilitator of the x402 packages behind its three routes, settling on the local chain.

import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { x402Facilitator } from "@x402/core/facilitator";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import { ExactEvmScheme } from "@x402/evm/exact/facilitator";
import { UptoEvmScheme } from "@x402/evm/upto/facilitator";
import { type Context, Hono } from "hono";
import { network, walletFactory } from "./chain.ts";
import { type Listener, listen } from "./listen.ts";
import { relaySigner } from "./relay-signer.ts";

interface PaymentCall {
  paymentPayload: PaymentPayload;
  paymentRequirements: PaymentRequirements;
}

/** Starts it on this port, or on any free one. */
export function startFacilitator(options: { rpc: string; port?: number | undefined }): Promise<Listener> {
  const signer = relaySigner(options.rpc);
  // A wallet that is not there yet is deployed by this factory, and by no other.
  const scheme = new ExactEvmScheme(signer, { eip6492AllowedFactories: [walletFactory] });
  const facilitator = new x402Facilitator().register(network, scheme).register(network, new UptoEvmScheme(signer));
  // Who pays by Permit2 needs no gas: a token's own permit is sent by the scheme itself, an approval by the signer.
  facilitator.registerExtension({ key: "eip2612GasSponsoring" });
  const approvals = { key: "erc20ApprovalGasSponsoring", signer };
  facilitator.registerExtension(approvals);
  const app = routes(facilitator);
  return listen(createAdaptorServer({ fetch: app.fetch }) as Server, options.port ?? 0);
}

function routes(facilitator: x402Facilitator): Hono {
  const app = new Hono();
  app.get("/supported", (context) => context.json(facilitator.getSupported()));
  app.post("/verify", (context) =>
    answer(context, (call) => facilitator.verify(call.paymentPayload, call.paymentRequirements)),
  );
  app.post("/settle", (context) =>
    answer(context, (call) => facilitator.settle(call.paymentPayload, call.paymentRequirements)),
  );
  // What the packages throw (an unknown scheme, a payload of another shape) is an answer without a verdict.
  app.onError((error, context) => context.json({ error: error.message }, 500));
  return app;
}

async function answer(context: Context, ask: (call: PaymentCall) => Promise<object>): Promise<Response> {
  const call = await context.req.json<Partial<PaymentCall>>().catch(() => ({}) as Partial<PaymentCall>);
  const { paymentPayload, paymentRequirements } = call;
  if (!paymentPayload || !paymentRequirements) {
    return context.json({ error: "paymentPayload and paymentRequirements are required" }, 400);
  }
  return context.json(await ask({ paymentPayload, paymentRequirements }));
}
