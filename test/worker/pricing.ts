// The table that the Worker is tested with; the network around it comes from `support/network.ts`.

import { inject } from "vitest";

const METER = [{ usd: "1", per: "1K", of: "usage.units" }];

export default {
  upstream: { url: `${inject("upstream")}/base`, timeoutSeconds: 1, headers: { "x-api-key": "key {{API_KEY}}" } },
  payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  hosts: ["api.example.com"],
  accepts: ["base-sepolia", "base"],
  facilitators: [{ url: inject("facilitator"), verifyTimeoutSeconds: 1, settleTimeoutSeconds: 1 }],
  bufferBytesMax: 1000,
  routes: {
    "/free/*": "free",
    "GET /free/no": "closed",
    "/paid": { price: "$0.01", description: "Goods", mimeType: "application/json" },
    "/dear/ok": "$1",
    "/sold/:kind/:status": { price: "$0.01", chargeOn: ["2xx", 206, 404] },
    "GET /mixed/paid": "free",
    "/mixed/paid": "$0.01",
    "GET /mixed/other": "free",
    "POST /mixed/other": "$0.01",
    "GET /mixed/closed": "free",
    "OPTIONS /mixed/closed": "closed",
    "/wallet": { price: "$0.01", contractWallets: true },
    "/alone": { price: "$0.01", exact: true },
    "/small": { price: "$0.01", bodyBytesMax: 10 },
    "/free/small/*": { price: "free", bodyBytesMax: 10 },
    "GET,POST /only/*": "$0.01",
    "/closed/*": "closed",
    "/by/query/*": { price: { by: { query: "model" }, table: { small: "$0.01", large: "$0.02", secret: "closed" } } },
    "/by/body/*": { price: { by: { body: "/model" }, table: { small: "$0.01" } }, bodyBytesMax: 100 },
    "/by/length/*": { price: { by: "bodyBytes", table: { 100: "$0.01" } } },
    "/quoted/*": { price: { quote: "/internal/quote", max: "$0.05" } },
    "/metered/*": { price: { upto: "$0.01", meter: METER, includeUsage: true, onMissingUsage: "maximum" } },
    "/unlisted/*": {
      price: { upto: "$0.01", meter: METER, onMissingUsage: "maximum" },
      facilitators: [`${inject("facilitator")}/mute`],
    },
  },
};
