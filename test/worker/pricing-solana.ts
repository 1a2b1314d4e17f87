// A table that accepts Solana, from facilitators that say for whom payers sign, and from some that do not.

import { inject } from "vitest";

const facilitator = (place: string, feePayer?: string) => ({
  url: inject("facilitator") + place,
  verifyTimeoutSeconds: 3,
  settleTimeoutSeconds: 3,
  ...(feePayer !== undefined && { feePayer }),
});
const FEE_PAYER = "EwWqGE4ZFKLofuestmU4LDdK7XM1N4ALgdZccwYugwGd";
const SOLANA = { network: "solana-devnet", payTo: "2wKupLR9q6wXYppw8Gr2NvWxKBUqm4PPJKkQfoxHDBg4" };

export default {
  upstream: { url: `${inject("upstream")}/base`, timeoutSeconds: 3 },
  payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  accepts: [SOLANA],
  facilitators: [facilitator("")],
  bufferBytesMax: 1000,
  routes: {
    "/solana": "$0.01",
    "/dear": "$1",
    "/before": { price: "$0.01", settle: "before" },
    "/async": { price: "$0.01", settle: "async", maxUnsettled: "$0.05" },
    "/both": { price: "$0.01", accepts: ["base-sepolia", SOLANA] },
    "/written": { price: "$0.01", facilitators: [facilitator("/mute", FEE_PAYER)] },
    "/mute": { price: "$0.01", facilitators: [facilitator("/mute")] },
    "/mute/both": { price: "$0.01", accepts: ["base-sepolia", SOLANA], facilitators: [facilitator("/mute")] },
    "/two": { price: "$0.01", facilitators: [facilitator("/other"), facilitator("")] },
  },
};
