// Payments verified and settled without a third party: over JSON-RPC, with a relayer's own key that pays for the gas
// (`exact` on eip155:*, EIP-3009). It keeps the promises of the facilitator over HTTP: nothing is called a failure that
// may have been mined.

import type { Facilitator } from "../facilitator/index.ts";
import type { LateSettlement, Settlement } from "../x402/index.ts";
import { buildDesk } from "./desk.ts";
import type { DirectParts, DirectSettings } from "./settings.ts";
import { settle } from "./settlement.ts";
import { verify } from "./verdict.ts";

export function buildDirect(settings: DirectSettings, parts: DirectParts): Facilitator {
  const desk = buildDesk(settings, parts);
  return {
    verify: (body) => verify(desk, body),
    settle: ({ facilitatorBody }) => settle(desk, facilitatorBody),
    settleAgain: async (body) => late(await settle(desk, body)),
  };
}

/** An earlier attempt may have settled it, here or with another relayer's key: after it no failure is a rejection. */
const late = (settlement: Settlement): LateSettlement =>
  settlement.kind === "rejected" ? { kind: "unknown", detail: settlement.reason, transaction: null } : settlement;
