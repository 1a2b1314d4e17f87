// mppx's own proxy with its EVM charge, which takes x402's payments and asks the same facilitator.

import { evm } from "mppx/evm/server";
import { Proxy as PaidProxy, Service } from "mppx/proxy";
import { Mppx } from "mppx/server/core";

let app = null;

function build({ UPSTREAM, FACILITATOR, PAY_TO, ASSET, CHAIN_ID }) {
  const charge = evm.charge({
    currency: ASSET,
    recipient: PAY_TO,
    chainId: Number(CHAIN_ID),
    decimals: 6,
    authorization: { name: "USDC", version: "2" },
    x402: { facilitator: FACILITATOR },
  });
  const mppx = Mppx.create({ methods: [charge], realm: "bench.example", secretKey: "0".repeat(64) });
  const paid = mppx.charge({ amount: "0.001" });
  const routes = { "GET /free": true, "GET /priced": paid, "GET /stream": paid };
  return PaidProxy.create({ services: [Service.from("api", { baseUrl: UPSTREAM, routes })] });
}

export default {
  fetch(request, env) {
    app ??= build(env);
    return app.fetch(request);
  },
};
