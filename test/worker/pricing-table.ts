// A table that uses everything that can be said in one.

import { inject } from "vitest";

const facilitator = (url: string) => ({ url, verifyTimeoutSeconds: 3, settleTimeoutSeconds: 3 });
const OTHER_DOLLAR = "0x808456652fdb597867f38412077A9182bf77359F";

export default {
  prefix: "/~gate/",
  hosts: ["api.example.com", "api.example.com:8443", "https://shop.example.com"],
  upstream: { url: `${inject("upstream")}/base`, timeoutSeconds: 3, headers: { "x-api-key": "key {{API_KEY}}" } },
  upstreams: {
    other: {
      url: `${inject("otherUpstream")}/other`,
      timeoutSeconds: 3,
      headers: { "x-other-key": "key {{OTHER_KEY}}" },
    },
    tenants: { url: "https://legacy.internal/tenants", service: "LEGACY", host: "client" },
    named: { url: "https://legacy.internal/named", service: "LEGACY", host: "backend.example.net" },
  },
  payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  accepts: ["base-sepolia"],
  tokens: [
    { network: "base-sepolia", asset: OTHER_DOLLAR, name: "Other Dollar", version: "1", decimals: 8, dollar: true },
  ],
  facilitators: [facilitator(inject("facilitator"))],
  bufferBytesMax: 1000,
  bodyBytesMax: 2000,
  maxTimeoutSeconds: 120,
  unmatched: "free",
  routes: {
    "/quotes": "$0.01",
    "/quotes/ok": "$0.03",
    "shop.example.com/quotes": "$0.02",
    "/host-only": "$0.01",
    "GET api.example.com/host-only/open/*": "free",
    "/other/*": { price: "$0.01", upstream: "other" },
    "GET /other/free/*": { price: "free", upstream: "other" },
    "/tenants": { price: "$0.01", upstream: "tenants" },
    "/named": { price: "$0.01", upstream: "named" },
    "/elsewhere": { price: "$0.01", facilitators: [facilitator(inject("otherFacilitator"))] },
    "/two-tokens": {
      price: "$0.01",
      accepts: ["base-sepolia", { network: "base-sepolia", asset: OTHER_DOLLAR }],
    },
    "/atomic": {
      price: { amount: "123", asset: OTHER_DOLLAR },
      accepts: [{ network: "eip155:84532", asset: OTHER_DOLLAR, payTo: "0x1111111111111111111111111111111111111111" }],
      maxTimeoutSeconds: 600,
    },
    "/payee": { price: "$0.01", payTo: "0x2222222222222222222222222222222222222222" },
    "/packages/*": { price: "$0.01", allowEncodedSlash: true },
    "/Cased": { price: "$0.01", caseSensitive: true },
    "/cased": { price: "$0.02", caseSensitive: true },
    "/sold": { price: "$0.01", chargeOn: [404] },
    "/films/*": { price: "$0.01", ranges: true },
    "/films/first/*": { price: "$0.01", ranges: true, settle: "before" },
    "/models/*": {
      price: {
        by: { query: "model" },
        table: { small: "$0.01", large: "$0.02", tiny: "free", secret: "closed" },
      },
    },
    "/tiers/*": {
      price: { by: { header: "X-Tier" }, table: { gold: "$0.02", basic: "$0.01" }, missing: "$0.01" },
    },
    "/images/*": {
      price: {
        by: { body: "/options/size" },
        table: { big: "$0.02", small: "$0.01" },
        missing: "$0.01",
        otherwise: "closed",
      },
      bodyBytesMax: 100,
    },
    "/mcp/:server": {
      price: {
        by: "mcp",
        table: { "tools/call search": "$0.02", "tools/call": "$0.01" },
        otherwise: "closed",
      },
    },
    "/quoted/*": { price: { quote: "/internal/quote", max: "$0.05" } },
    "/unquoted/*": { price: { quote: "/internal/quote/late", max: "$0.05", timeoutSeconds: 0.2, fallback: "$0.01" } },
    "/uploads/*": { price: { by: "bodyBytes", table: { 10: "$0.01", 2000: "$0.02" } } },
    "/observed": { price: "$0.01", mode: "observe", bodyBytesMax: 10 },
    "/extended": {
      price: "$0.01",
      extensions: {
        bazaar: {
          info: { input: { type: "http", method: "GET", queryParams: { q: "x" } }, tags: ["a", "b"] },
          schema: { type: "object" },
        },
        plain: { on: true },
      },
    },
  },
};
