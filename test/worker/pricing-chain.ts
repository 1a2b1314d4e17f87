// A table whose network can be looked at: what nobody confirmed is found out, and who never paid is in debt.

import { inject } from "vitest";

export default {
  upstream: { url: `${inject("upstream")}/base`, timeoutSeconds: 3 },
  upstreams: { patient: { url: `${inject("upstream")}/base`, timeoutSeconds: 60 } },
  payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  accepts: ["base-sepolia"],
  facilitators: [{ url: inject("facilitator"), verifyTimeoutSeconds: 3, settleTimeoutSeconds: 3 }],
  rpc: { "base-sepolia": `${inject("rpc")}/{{RPC_KEY}}` },
  bufferBytesMax: 1000,
  maxInFlight: 3,
  maxUncharged: 2,
  routes: {
    "/after": "$0.01",
    "/patient": { price: "$0.01", upstream: "patient" },
    "/before": { price: "$0.01", settle: "before" },
    "/async": { price: "$0.01", settle: "async", maxUnsettled: "$0.03" },
    "/named": { price: "$0.01", paymentIdentifier: "required" },
    "/small": { price: "$0.01", maxUnsettled: "$0.01" },
  },
};
