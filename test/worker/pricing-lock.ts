// A table whose upstreams know that a request came through the gate, each in another way.

import { inject } from "vitest";

const retired = { keyId: "old", algorithm: "ed25519", key: "{{OLD_KEY}}" };
const signing = { keyId: "new", algorithm: "ed25519", key: "{{NEW_KEY}}" };

export default {
  upstream: { url: `${inject("upstream")}/base`, sign: [signing, retired] },
  upstreams: {
    shared: {
      url: `${inject("upstream")}/shared`,
      sign: { keyId: "shared", algorithm: "hmac-sha256", key: "{{SHARED_KEY}}" },
    },
    old: { url: `${inject("upstream")}/old`, sign: [retired] },
    unsigned: { url: `${inject("upstream")}/unsigned`, headers: { "x-gate-secret": "{{GATE_SECRET}}" } },
  },
  payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  accepts: ["base-sepolia"],
  facilitators: [inject("facilitator")],
  routes: {
    "/free/*": "free",
    "/paid": "$0.01",
    "/before": { price: "$0.01", settle: "before" },
    "/async": { price: "$0.01", settle: "async", maxUnsettled: "$1" },
    "/shared": { price: "$0.01", upstream: "shared" },
    "/old/*": { price: "free", upstream: "old" },
    "/unsigned": { price: "$0.01", upstream: "unsigned" },
  },
};
