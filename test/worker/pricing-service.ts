// A table whose upstream is another Worker, and which lets through what it does not name.

import { inject } from "vitest";

export default {
  upstream: { url: "https://legacy.internal/", service: "LEGACY" },
  payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  accepts: ["base-sepolia"],
  facilitators: [inject("facilitator")],
  routes: { "GET /paid": "$0.01" },
  unmatched: "free",
};
