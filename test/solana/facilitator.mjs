// The reference facilitator of the x402 packages for Solana behind its three routes, for both versions of the protocol.

import { x402Facilitator } from "@x402/core/facilitator";
import { toFacilitatorSvmSigner } from "@x402/svm";
import { ExactSvmScheme } from "@x402/svm/exact/facilitator";
import { ExactSvmSchemeV1 } from "@x402/svm/exact/v1/facilitator";
import { readText, startServer } from "../support/server.ts";
import { NETWORK } from "./accounts.mjs";

/** @param feePayer pays the fees of what it settles, and signs for nothing else */
export async function startFacilitator(rpc, feePayer) {
  const signer = toFacilitatorSvmSigner(feePayer, { defaultRpcUrl: rpc });
  const facilitator = new x402Facilitator()
    .register(NETWORK, new ExactSvmScheme(signer))
    .registerV1("solana-devnet", new ExactSvmSchemeV1(signer));
  const routes = {
    "/supported": () => facilitator.getSupported(),
    "/verify": ({ paymentPayload, paymentRequirements }) => facilitator.verify(paymentPayload, paymentRequirements),
    "/settle": ({ paymentPayload, paymentRequirements }) => facilitator.settle(paymentPayload, paymentRequirements),
  };
  /** The routes that were asked, in their order. */
  const asked = [];
  const server = await startServer(async (request, response) => {
    const answer = (status, body) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    const body = await readText(request);
    const route = routes[request.url];
    asked.push(request.url);
    if (!route) return answer(404, { error: "no such route" });
    try {
      return answer(200, await route(body === "" ? {} : JSON.parse(body)));
    } catch (error) {
      // What the packages throw (an unknown scheme, a payload of another shape) is an answer without a verdict.
      return answer(500, { error: String(error) });
    }
  });
  return { ...server, asked };
}
