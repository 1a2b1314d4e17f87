// @x402/hono around a handler that forwards, as its documentation shows it.

import { HTTPFacilitatorClient, x402ResourceServer } from "@x402/core/server";
import { ExactEvmScheme } from "@x402/evm/exact/server";
import { paymentMiddleware } from "@x402/hono";
import { Hono } from "hono";
import { proxy } from "hono/proxy";

let app = null;

function build({ UPSTREAM, FACILITATOR, PAY_TO, NETWORK }) {
  const server = new x402ResourceServer(new HTTPFacilitatorClient({ url: FACILITATOR })).register(
    NETWORK,
    new ExactEvmScheme(),
  );
  const accepts = { scheme: "exact", price: "$0.001", network: NETWORK, payTo: PAY_TO };
  const routes = { "GET /priced": { accepts }, "GET /stream": { accepts } };
  return new Hono()
    .use(paymentMiddleware(routes, server))
    .all("*", ({ req }) => proxy(UPSTREAM + req.path, { raw: req.raw }));
}

export default {
  fetch(request, env, context) {
    // Its first act is to ask the facilitator what it supports, which has to happen inside a request.
    app ??= build(env);
    return app.fetch(request, env, context);
  },
};
